/* worker.h - a sending thread of the pool, and the pool.  pool.c has the life of both;
 * slots.c whose turn it is; work.c what a thread does; worker.c what others want of a
 * sending and see of it: calls, configuration, where it is. */
#ifndef SEND_WORKER_H
#define SEND_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "send/paced.h"
#include "send/send.h"

/* A configuration as long as somebody uses it. */
struct generation {
	struct generation *newer;
	const struct config *config;
	struct config *owned; /* NULL: somebody else's */
	int64_t era;          /* of idle connections */
};

enum stage { CONNECTING, WAITING, SENDING, RETRYING, ENDED };

/* What people see of it; see struct pool_sending. */
struct whereabouts {
	unsigned thread_number;
	const struct config_address *address;
	char path[512];
	int64_t offset_bytes, size_bytes, bytes_sent;
	int64_t started_at_ms;
	/* How much there was at two instants (mono), for the rate. */
	int64_t mark_ms, mark_bytes, before_ms, before_bytes;
};

struct worker {
	struct worker *next;            /* guarded by lock */
	enum stage stage;               /* guarded by lock */
	enum request_priority priority; /* guarded by lock */
	bool publishing;                /* guarded by lock */
	struct pool_why why;            /* guarded by lock */
	atomic_int call; /* enum attempt_call; written under lock                  */
	int64_t
	    hurry_at_ms; /* guarded by lock; mono: then it is stopped; 0: never    */

	pthread_mutex_t at_lock;
	struct whereabouts at; /* guarded by at_lock */

	struct pool *pool; /* read-only, as all below but the report */
	struct thread *thread;
	struct stop *stop; /* thrown when it is to end, wherever it is */
	struct generation *generation;
	bool has_route;
	struct attempt_route route;
	struct paced paced;        /* the thread's own, but for the class */
	struct outbox *outbox;     /* the thread's own                    */
	struct attempt attempt;    /* its own                             */
	int64_t lease_until_at_ms; /* its own; wall                       */
	struct pool_report report; /* request, proven: read-only; else its own */
};

struct pool {
	struct pool_options options; /* read-only; config: only at the beginning */
	char *state_folder, *store;  /* read-only */
	struct stop *stop;
	struct idle *idle;
	struct limiter *limiter;
	int wake; /* eventfd: readable when pool_wait() shall look again */
	struct generation first;
	struct generation *oldest; /* dispatcher's own                          */
	pthread_mutex_t lock;      /* before an at_lock, where both are held    */
	pthread_cond_t moved;      /* a slot may be free, a call, stop          */
	struct worker *workers;    /* guarded by lock                           */
	struct generation *newest; /* guarded by lock; the dispatcher writes it */
};

/* --- in the worker's own thread --------------------------------------------------- */

void worker_begins(struct worker *w);
enum attempt_call worker_call(const struct worker *w);
/* It asks now: what it was called for by pool_order() is done with. */
void worker_asks(struct worker *w);
/* From now on nothing interrupts it. */
void worker_publishes(struct worker *w);
/* Settings of the configuration in force. */
void worker_follow(struct worker *w);
void worker_at(struct worker *w, const struct attempt_at *now);

/* --- in the dispatcher's thread --------------------------------------------------- */

/* Before its thread begins: pool is set. */
void worker_init(struct worker *w);
/* Stop those that did not come to the end of a block in time. */
void pool_hurry(struct pool *p);
/* wait_ms (< 0: for ever), or shorter when one is to be stopped before. */
int64_t pool_hurry_ms(struct pool *p, int64_t wait_ms);
/* Free configurations that nobody uses any more. */
void pool_drop_generations(struct pool *p);

#endif
