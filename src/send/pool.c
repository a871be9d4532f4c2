/* pool.c - sending threads: one for each send request that is under way.
 *
 *   pool_start        begin             pause             attempt_run() returns
 *   CONNECTING --> WAITING --> SENDING -------> RETRYING       ENDED --> pool_wait()
 *                     ^           (slot)           |
 *                     +----------------------------+
 *                WAITING, stopped or ordered: RETRYING until it ended
 *
 * Invariants, whenever the lock is free:
 *   W1  at most max_sendings workers are SENDING, of a site at most its own maximum; of
 *       other than high priority at most reserved_high fewer
 *   W2  when a slot is free, it is taken by the first of those WAITING whose site has
 *       room: by priority, then by age
 *   W3  a worker is in the list from pool_start() until its report was taken
 *   W4  of a worker that has not ENDED, others read only what is guarded by the lock
 * slots.c holds W1 and W2, work.c is what a thread does.
 * The dispatcher is woken by an event descriptor whenever a thread has moved on. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/thread.h"
#include "send/idle.h"
#include "send/work.h"

/* --- begin and end --------------------------------------------------------------- */

static int
new_wake(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0) {
		/* GCOVR_EXCL_START: ends the process, as stop_new() does */
		perror("lansender: no descriptor left for the pool");
		abort();
		/* GCOVR_EXCL_STOP */
	}
	return fd;
}

struct pool *
pool_new(const struct pool_options *o)
{
	struct pool *p = mem_zero(1, sizeof(*p));
	pthread_condattr_t attr;

	p->options = *o;
	p->first.config = o->config; /* the caller's own: never freed here */
	p->oldest = p->newest = &p->first;
	p->state_folder = mem_dup(o->state_folder);
	p->store = path_join(o->state_folder, "store");
	p->stop = stop_new();
	p->idle = idle_new((size_t)o->config->sender.max_sendings, p->stop);
	p->limiter = limiter_new();
	p->wake = new_wake();
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->moved, &attr);
	(void)pthread_condattr_destroy(&attr);
	return p;
}

void
pool_poke(struct pool *p)
{
	const uint64_t one = 1;

	if (write(p->wake, &one, sizeof(one)) < 0)
		return; /* full: it is readable already */
}

void
pool_stop(struct pool *p)
{
	stop_throw(p->stop);
	/* Under the lock, so that nobody is between looking at stop and waiting. */
	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w; w = w->next)
		stop_throw(w->stop);
	(void)pthread_cond_broadcast(&p->moved);
	(void)pthread_mutex_unlock(&p->lock);
	(void)idle_close(p->idle, INT64_MAX);
}

static void
worker_free(struct worker *w)
{
	thread_join(w->thread);
	stop_free(w->stop);
	(void)pthread_mutex_destroy(&w->at_lock);
	mem_free(w);
}

void
pool_free(struct pool *p)
{
	if (!p)
		return;
	pool_stop(p);
	while (p->workers) {
		struct worker *w = p->workers;

		/* Joined first: a thread walks the list to find its turn. */
		thread_join(w->thread);
		w->thread = NULL;
		(void)pthread_mutex_lock(&p->lock);
		p->workers = w->next;
		(void)pthread_mutex_unlock(&p->lock);
		worker_free(w);
	}
	idle_free(p->idle);
	limiter_free(p->limiter);
	pool_drop_generations(p);
	if (p->newest != &p->first) {
		config_free(p->newest->owned);
		mem_free(p->newest);
	}
	(void)close(p->wake);
	(void)pthread_cond_destroy(&p->moved);
	(void)pthread_mutex_destroy(&p->lock);
	stop_free(p->stop);
	mem_free(p->state_folder);
	mem_free(p->store);
	mem_free(p);
}

int
pool_start(struct pool *p, const struct request *r, const struct attempt_route *route,
	   bool proven, struct err *e)
{
	struct worker *w = mem_zero(1, sizeof(*w));

	w->pool = p;
	w->report.proven = proven;
	w->report.request = *r;
	if (route) {
		w->has_route = true;
		w->route = *route;
	}
	w->priority = r->priority;
	paced_init(&w->paced, r->priority);
	w->lease_until_at_ms = r->lease_until_at_ms;
	w->generation = p->newest;
	w->attempt.settings = &w->generation->config->sender;
	w->stop = stop_new();
	worker_init(w);
	if (stop_thrown(p->stop))
		stop_throw(w->stop);
	(void)pthread_mutex_lock(&p->lock);
	w->next = p->workers;
	p->workers = w;
	(void)pthread_mutex_unlock(&p->lock);
	if (thread_start("sending", worker_work, w, &w->thread, e) == 0)
		return 0;
	(void)pthread_mutex_lock(&p->lock);
	for (struct worker **at = &p->workers; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
	worker_free(w);
	return -1;
}

/* --- what the dispatcher asks ---------------------------------------------------- */

/* A worker that ended, out of the list; NULL: none. */
static struct worker *
take_ended(struct pool *p)
{
	struct worker *found = NULL;

	(void)pthread_mutex_lock(&p->lock);
	for (struct worker **at = &p->workers; *at; at = &(*at)->next) {
		if ((*at)->stage != ENDED)
			continue;
		found = *at;
		*at = found->next;
		break;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return found;
}

static int
take_report(struct pool *p, struct pool_report *out)
{
	struct worker *w = take_ended(p);

	if (!w)
		return 0;
	*out = w->report;
	out->why = w->why;
	worker_free(w);
	return 1;
}

int
pool_wait(struct pool *p, const struct stop *stop, int64_t wait_ms,
	  struct pool_report *out)
{
	struct pollfd fds[] = {
	    {.fd = p->wake, .events = POLLIN},
	    {.fd = stop ? stop_fd(stop) : -1, .events = POLLIN},
	};
	uint64_t pokes;

	pool_drop_generations(p); /* the report before this one was settled */
	if (take_report(p, out))
		return 1;
	wait_ms = pool_hurry_ms(p, wait_ms);
	if (poll(fds, COUNT(fds), io_poll_ms(wait_ms)) > 0 && fds[0].revents &&
	    read(p->wake, &pokes, sizeof(pokes)) < 0)
		return 0; /* somebody else read it: nobody does, but no harm either */
	pool_hurry(p);
	return take_report(p, out);
}

int64_t
pool_close_idle(struct pool *p)
{
	const int64_t keep_ms = p->newest->config->sender.idle_connection_ms;
	const int64_t now_ms = clock_mono_ms(p->options.clock);
	const int64_t oldest_ms = idle_close(p->idle, now_ms - keep_ms);

	return oldest_ms == INT64_MAX ? INT64_MAX : oldest_ms + keep_ms + 1;
}
