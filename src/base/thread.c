#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { NAME_ROOM = 16 }; /* pthread_setname_np(3): 15 bytes and the NUL */

struct thread {
	pthread_t handle;
	char name[NAME_ROOM];
	void (*fn)(void *self);
	void *self;
};

static void *
run(void *arg)
{
	struct thread *t = arg;

	(void)pthread_setname_np(pthread_self(), t->name);
	t->fn(t->self);
	return NULL;
}

int
thread_start(const char *name, void (*fn)(void *self), void *self, struct thread **out,
	     struct err *e)
{
	struct thread *t = mem_zero(1, sizeof(*t));
	sigset_t all, before;
	int failed;

	str_copy_cut(t->name, sizeof(t->name), name);
	t->fn = fn;
	t->self = self;
	/* A thread inherits the mask of its maker. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&t->handle, NULL, run, t);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		errno = failed;
		(void)err_sys(e, ERR_LOCAL, "start thread %s", t->name);
		mem_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

void
thread_join(struct thread *t)
{
	if (!t)
		return;
	(void)pthread_join(t->handle, NULL);
	mem_free(t);
}

unsigned
thread_id(void)
{
	return (unsigned)gettid();
}
