/* work.c - what a sending thread does: one attempt, and what that asks of the pool.
 * All in the worker's own thread. */
#include "send/work.h"

#include "base/auto.h"
#include "base/crash.h"
#include "base/str.h"
#include "base/thread.h"
#include "send/idle.h"
#include "send/slots.h"

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

	slot_enter(w, WAITING);
	while (rc == 0 && !slot_wait_turn(w))
		rc = go_on_waiting(w, e);
	if (rc < 0)
		slot_enter(w,
			   RETRYING); /* W2: who no longer wants a slot blocks none */
	else
		pool_poke(w->pool);
	return rc;
}

static void
hook_pause(void *self)
{
	slot_enter(self, RETRYING);
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
	w->report.result.held_ms = w->paced.held_us / 1000;
	paced_leave(&w->paced);
}

void
worker_work(void *self)
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
	slot_enter(w, ENDED);
}
