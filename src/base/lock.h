/* lock.h - for what several threads share: one at a time.  Held briefly; no I/O, no
 * callback and no second lock while one is held. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>

struct lock {
	pthread_mutex_t mutex;
};

#define LOCK_INIT                                                                      \
	{                                                                              \
		PTHREAD_MUTEX_INITIALIZER                                              \
	}

void lock_take(struct lock *l); /* waits for it */
void lock_give(struct lock *l);

#endif
