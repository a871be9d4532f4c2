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
 * The dispatcher is woken by an event descriptor whenever a thread has moved on. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/crash.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "base/thread.h"
#include "send/idle.h"
#include "send/worker.h"

enum {
	SLOT_BEAT_MS = 1000, /* how often a waiting thread hears orders; a choice */
};

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

/* --- slots ----------------------------------------------------------------------- */

/* Does `a` go before `b`? */
static bool
goes_first(const struct worker *a, const struct worker *b)
{
	const struct request *x = &a->report.request;
	const struct request *y = &b->report.request;

	if (a->priority != b->priority)
		return a->priority < b->priority;
	return x->id.n < y->id.n;
}

/* How many are SENDING, all of them or to one site.  Under the lock. */
static int64_t
count_sending(const struct pool *p, const char *site)
{
	int64_t count = 0;

	for (const struct worker *w = p->workers; w; w = w->next)
		count += w->stage == SENDING &&
			 (!site || str_eq_nocase(site, w->report.request.site));
	return count;
}

/* May it have one of the slots that are free?  Some are for high only.  Under the lock.
 */
static bool
has_room(const struct worker *w)
{
	const struct pool *p = w->pool;
	const struct config_sender *s = &p->newest->config->sender;
	int64_t others = 0;

	if (count_sending(p, w->report.request.site) >= s->max_sendings_per_site)
		return false;
	if (w->priority == REQUEST_HIGH || s->reserved_high >= s->max_sendings)
		return true;
	for (const struct worker *v = p->workers; v; v = v->next)
		others += v->stage == SENDING && v->priority != REQUEST_HIGH;
	return others < s->max_sendings - s->reserved_high;
}

/* The one whose turn it is (W1, W2); NULL: nobody's.  Under the lock. */
static const struct worker *
next_to_send(const struct pool *p)
{
	const struct worker *first = NULL;

	if (count_sending(p, NULL) >= p->newest->config->sender.max_sendings)
		return NULL;
	for (const struct worker *w = p->workers; w; w = w->next)
		if (w->stage == WAITING && (!first || goes_first(w, first)) &&
		    has_room(w))
			first = w;
	return first;
}

/* Under the lock. */
static void
move_to(struct worker *w, enum stage stage)
{
	w->stage = stage;
	(void)pthread_cond_broadcast(&w->pool->moved);
}

static void
enter(struct worker *w, enum stage stage)
{
	(void)pthread_mutex_lock(&w->pool->lock);
	move_to(w, stage);
	(void)pthread_mutex_unlock(&w->pool->lock);
	pool_poke(w->pool);
}

static int64_t
slot_beat_ms(const struct worker *w)
{
	const struct config_sender *s = w->attempt.settings;
	const int64_t lease_ms = s->heartbeat_ms / CONFIG_BEATS_IN_LEASE;

	return lease_ms < SLOT_BEAT_MS ? lease_ms : SLOT_BEAT_MS;
}

/* Wait until it is this one's turn: 1, and it is SENDING then; or for one beat, or
 * until it is called: 0. */
static int
wait_turn(struct worker *w)
{
	struct pool *p = w->pool;
	/* The condition waits by the real clock, whatever the policy is told. */
	const int64_t until_ms = clock_mono_ms(clock_real()) + slot_beat_ms(w);
	const struct timespec until = {.tv_sec = until_ms / 1000,
				       .tv_nsec = until_ms % 1000 * 1000000};
	int late = 0;

	(void)pthread_mutex_lock(&p->lock);
	while (next_to_send(p) != w && !stop_thrown(w->stop) && late != ETIMEDOUT &&
	       worker_call(w) == ATTEMPT_GO_ON)
		late = pthread_cond_timedwait(&p->moved, &p->lock, &until);
	if (next_to_send(p) == w && worker_call(w) == ATTEMPT_GO_ON)
		move_to(w, SENDING);
	late = w->stage != SENDING;
	(void)pthread_mutex_unlock(&p->lock);
	return !late;
}

/* --- the hooks of an attempt: all in the worker's own thread ---------------------- */

/* The outbox was busy, with another's large filing say: is there time in the lease to
 * ask once more? */
static bool
may_ask_again(const struct worker *w, int64_t now_ms, const struct err *e)
{
	return e->kind == ERR_LOCAL && e->win32 == OUTBOX_BUSY_WIN32 &&
	       now_ms + 2 * (int64_t)OUTBOX_PATIENCE_MS < w->lease_until_at_ms;
}

/* One that comes too soon is left out: the next one says the same and more. */
static int
heartbeat(struct worker *w, const struct request_progress *progress,
	  enum outbox_order *order, struct err *e)
{
	const struct pool_options *o = &w->pool->options;
	const struct request *r = &w->report.request;
	const int64_t now_ms = clock_wall_ms(o->clock);
	int64_t lease_ms;

	worker_follow(w);
	worker_asks(w);
	lease_ms = w->attempt.settings->heartbeat_ms;
	if (outbox_heartbeat(w->outbox, r->id, r->owner, now_ms, lease_ms, progress,
			     order, e) == 0) {
		w->lease_until_at_ms = now_ms + lease_ms;
		return 0;
	}
	if (!may_ask_again(w, now_ms, e))
		return -1;
	*order = OUTBOX_GO_ON;
	return 0;
}

/* One beat without a slot: 0 to go on. */
static int
go_on_waiting(struct worker *w, struct err *e)
{
	enum outbox_order order = OUTBOX_GO_ON;

	if (stop_thrown(w->stop))
		return err_set(e, ERR_STOP, 0,
			       "stopped while waiting for a sending slot");
	if (worker_call(w) == ATTEMPT_SUSPEND)
		return err_set(e, ERR_STOP, 0,
			       "suspended while waiting for a sending slot");
	if (heartbeat(w, NULL, &order, e) < 0)
		return -1;
	if (order != OUTBOX_GO_ON)
		return err_set(e, ERR_STOP, 0,
			       "ordered while waiting for a sending slot");
	return 0;
}

static int
hook_begin(void *self, struct err *e)
{
	struct worker *w = self;
	int rc = 0;

	enter(w, WAITING);
	while (rc == 0 && !wait_turn(w))
		rc = go_on_waiting(w, e);
	if (rc < 0)
		enter(w, RETRYING); /* W2: who no longer wants a slot blocks none */
	else
		pool_poke(w->pool);
	return rc;
}

static void
hook_pause(void *self)
{
	enter(self, RETRYING);
}

static int
hook_step(void *self, enum request_state to, const char *staged_on, struct err *e)
{
	struct worker *w = self;
	const struct request *r = &w->report.request;
	int64_t now_ms = 0;
	int rc = 0;

	if (to == REQUEST_PUBLISHING)
		worker_publishes(w);
	do {
		now_ms = clock_wall_ms(w->pool->options.clock);
		rc = outbox_step(w->outbox, r->id, r->owner, to, staged_on, now_ms, e);
	} while (rc < 0 && may_ask_again(w, now_ms, e) && !stop_thrown(w->stop));
	if (rc < 0)
		return may_ask_again(w, now_ms, e)
			   ? err_set(e, ERR_STOP, 0,
				     "stopped while the outbox was busy")
			   : -1;
	crash_point(to == REQUEST_SENDING ? "pool.after-step-sending"
					  : "pool.after-step-publishing");
	return 0;
}

static int
hook_progress(void *self, const struct request_progress *p, enum outbox_order *order,
	      struct err *e)
{
	return heartbeat(self, p, order, e);
}

static struct transport *
hook_borrow(void *self, const struct config_address *a)
{
	const struct worker *w = self;

	return idle_take(w->pool->idle, a);
}

static void
hook_give_back(void *self, const struct config_address *a, struct transport *t)
{
	const struct worker *w = self;
	struct pool *p = w->pool;

	if (stop_thrown(p->stop)) {
		transport_set_stop(t, p->stop); /* no long farewell */
		transport_free(t);
		return;
	}
	idle_give(p->idle, a, t, clock_mono_ms(p->options.clock), w->generation->era);
}

static void
hook_pace(void *self, const struct config_address *a, struct pace *out)
{
	struct worker *w = self;

	paced_join(&w->paced, w->pool->limiter, w->attempt.site, a, out);
}

/* Nothing becomes of them any more (I6 of the outbox).  FAILED may be retried. */
static bool
hook_is_over(void *self, int64_t request, const char *token)
{
	const struct worker *w = self;
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	struct err unused;

	return outbox_get(w->outbox, (struct request_id){request}, r, &unused) > 0 &&
	       str_eq(r->token, token) &&
	       (r->state == REQUEST_CANCELLED || r->state == REQUEST_SENT);
}

static enum attempt_call
hook_call(void *self)
{
	return worker_call(self);
}

static void
hook_at(void *self, const struct attempt_at *at)
{
	worker_at(self, at);
}

/* --- the thread ------------------------------------------------------------------ */

/* An attempt that did not even begin. */
static void
fail(struct worker *w, const struct err *e)
{
	const struct request *r = &w->report.request;
	struct attempt_result *out = &w->report.result;
	struct outbox_attempt *h = &out->history;
	const int64_t now_ms = clock_wall_ms(w->pool->options.clock);

	*out = (struct attempt_result){.outcome = ATTEMPT_LOCAL, .error = *e};
	if (e->kind == ERR_REQUEST)
		out->outcome = ATTEMPT_FAILED;
	out->progress = r->progress;
	h->request = r->id;
	h->number = r->attempts + 1;
	h->started_at_ms = h->ended_at_ms = now_ms;
	str_copy_cut(h->result, sizeof(h->result), attempt_outcome_name(out->outcome));
	h->error_kind = e->kind;
	h->error_win32 = e->win32;
	str_copy_cut(h->error_text, sizeof(h->error_text), e->text);
}

static void
run_attempt(struct worker *w, struct package *package)
{
	struct pool *p = w->pool;
	const struct config *config = w->generation->config;
	struct request *r = &w->report.request;
	/* A site that is gone from the configuration has no address. */
	struct config_site unknown = {.code = r->site, .description = r->site};
	const struct config_site *site = config_site(config, r->site);

	w->attempt = (struct attempt){
	    .request = r,
	    .site = site ? site : &unknown,
	    .route = w->has_route ? &w->route : NULL,
	    .settings = &config->sender,
	    .package = package,
	    .log = p->options.log,
	    .clock = p->options.clock,
	    .stop = w->stop,
	    .hooks = {.begin = hook_begin,
		      .pause = hook_pause,
		      .step = hook_step,
		      .progress = hook_progress,
		      .borrow = hook_borrow,
		      .give_back = hook_give_back,
		      .pace = hook_pace,
		      .is_over = hook_is_over,
		      .call = hook_call,
		      .at = hook_at,
		      .self = w},
	};
	attempt_run(&w->attempt, &w->report.result);
	paced_leave(&w->paced);
}

static void
work(void *self)
{
	struct worker *w = self;
	struct pool *p = w->pool;
	struct request *r = &w->report.request;
	const struct event_about about = {.request = r->id.n, .site = r->site};
	struct package *package = NULL;
	struct err e;

	w->report.thread_number = thread_id();
	worker_begins(w);
	event_log(p->options.log, &about, EVENT_THREAD, w->report.thread_number);
	if (outbox_open(p->state_folder, &w->outbox, &e) < 0 ||
	    package_open(p->store, r->package.id, &package, &e) < 0)
		fail(w, &e);
	else
		run_attempt(w, package);
	package_close(package);
	outbox_close(w->outbox);
	enter(w, ENDED);
}

int
pool_start(struct pool *p, const struct request *r, const struct attempt_route *route,
	   bool proven, struct err *e)
{
	struct worker *w = mem_zero(1, sizeof(*w));

	w->pool = p;
	w->proven = w->report.proven = proven;
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
	if (thread_start("sending", work, w, &w->thread, e) == 0)
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

/* Does it count against max_sendings where the dispatcher counts? */
static bool
wants_slot(const struct worker *w)
{
	return w->stage == SENDING || w->stage == WAITING ||
	       (w->stage == CONNECTING && w->proven);
}

void
pool_get_counts(struct pool *p, struct pool_counts *out)
{
	struct pool_counts c = {0};

	(void)pthread_mutex_lock(&p->lock);
	for (const struct worker *w = p->workers; w; w = w->next) {
		c.high += w->priority == REQUEST_HIGH && wants_slot(w);
		switch (w->stage) {
		case CONNECTING:
			c.connecting_proven += w->proven;
			c.connecting_unproven += !w->proven;
			break;
		case WAITING:
			c.waiting++;
			break;
		case SENDING:
			c.sending++;
			break;
		case RETRYING:
		case ENDED:
			c.retrying++;
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
	*out = c;
}

static int
count_site(struct pool *p, const char *site, bool connecting_only)
{
	int count = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (const struct worker *w = p->workers; w; w = w->next)
		count +=
		    (!site || str_eq_nocase(site, w->report.request.site)) &&
		    (!connecting_only || w->stage == CONNECTING || w->stage == ENDED);
	(void)pthread_mutex_unlock(&p->lock);
	return count;
}

int
pool_site_active(struct pool *p, const char *site)
{
	return count_site(p, site, false);
}

int
pool_site_connecting(struct pool *p, const char *site)
{
	return count_site(p, site, true);
}

int64_t
pool_close_idle(struct pool *p)
{
	const int64_t keep_ms = p->newest->config->sender.idle_connection_ms;
	const int64_t now_ms = clock_mono_ms(p->options.clock);
	const int64_t oldest_ms = idle_close(p->idle, now_ms - keep_ms);

	return oldest_ms == INT64_MAX ? INT64_MAX : oldest_ms + keep_ms + 1;
}
