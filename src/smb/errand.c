/* errand.c - see errand.h.
 *
 * I1: exactly one of the two sides lets go of self: whoever comes second to `state`.
 * I2: a job's memory is freed by whoever joins its thread, after joining it.
 * I3: a job is on the list of abandoned ones only when no caller knows it any more. */
#include "smb/errand.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"

enum state {
	RUNNING,
	FINISHED,  /* run() has returned while the caller was waiting */
	ABANDONED, /* the caller has left while run() was running */
};

struct job {
	void (*run)(void *self);
	void (*drop)(void *self);
	void *self;
	struct thread *thread;
	int done_fd; /* eventfd, readable when finished */
	atomic_int state;
	atomic_bool joinable; /* the thread is about to return */
	struct job *next;     /* in the list of abandoned ones */
};

/* A stack without a lock: pushed one by one, always taken whole. */
static _Atomic(struct job *) abandoned;

static void
push(struct job *j)
{
	j->next = atomic_load(&abandoned);
	while (!atomic_compare_exchange_weak(&abandoned, &j->next, j))
		;
}

static void
job_free(struct job *j)
{
	thread_join(j->thread);
	(void)close(j->done_fd);
	mem_free(j);
}

size_t
errand_reap(void)
{
	struct job *j = atomic_exchange(&abandoned, NULL);
	size_t out = 0;

	while (j) {
		struct job *next = j->next;

		if (atomic_load(&j->joinable)) {
			job_free(j);
		} else {
			push(j);
			out++;
		}
		j = next;
	}
	return out;
}

static void
work(void *self)
{
	struct job *j = self;
	uint64_t one = 1;

	j->run(j->self);
	if (atomic_exchange(&j->state, FINISHED) == ABANDONED)
		j->drop(j->self);
	else
		/* Cannot fail: the counter is far from its end. */
		(void)!write(j->done_fd, &one, sizeof(one));
	atomic_store(&j->joinable, true);
}

/* One wait: ERRAND_DONE when the helper has finished, ERRAND_LATE when it is time to
 * leave, ERRAND_STOPPED. */
static enum errand_end
wait_for(const struct job *j, const struct errand *t)
{
	for (;;) {
		int64_t left_ms = t->deadline_at_ms - clock_mono_ms(t->clock);
		struct pollfd fds[2] = {{.fd = j->done_fd, .events = POLLIN},
					{.fd = -1, .events = POLLIN}};

		if (t->stop)
			fds[1].fd = stop_fd(t->stop);
		if (poll(fds, 2, io_poll_ms(left_ms > 0 ? left_ms : 0)) < 0 &&
		    errno != EINTR)
			return ERRAND_LATE;
		if (fds[0].revents)
			return ERRAND_DONE;
		if (t->stop && stop_thrown(t->stop))
			return ERRAND_STOPPED;
		if (clock_mono_ms(t->clock) >= t->deadline_at_ms)
			return ERRAND_LATE;
	}
}

static struct job *
start(const struct errand *t, struct err *e)
{
	struct job *j = mem_zero(1, sizeof(*j));

	j->run = t->run;
	j->drop = t->drop;
	j->self = t->self;
	atomic_init(&j->state, RUNNING);
	atomic_init(&j->joinable, false);
	j->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (j->done_fd < 0) {
		(void)err_sys(e, ERR_LOCAL, "eventfd for %s", t->name);
		mem_free(j);
		return NULL;
	}
	if (thread_start(t->name, work, j, &j->thread, e)) {
		(void)close(j->done_fd);
		mem_free(j);
		return NULL;
	}
	return j;
}

enum errand_end
errand_run(const struct errand *t, struct err *e)
{
	enum errand_end end;
	struct job *j;

	(void)errand_reap();
	j = start(t, e);
	if (!j)
		return ERRAND_FAILED;
	end = wait_for(j, t);
	if (end != ERRAND_DONE && atomic_exchange(&j->state, ABANDONED) == RUNNING) {
		push(j);
		return end;
	}
	/* Finished, be it in the last moment. */
	job_free(j);
	return ERRAND_DONE;
}
