/* worker.c - what others want of a sending and see of it.
 *
 * A call is heard at the next block.  What comes to no block in time (a thin line, a
 * connect that takes long) is stopped in the middle of it: its own stop switch is
 * thrown, and the attempt ends as it was called.  What is not acknowledged then is sent
 * again later; nothing else is lost. */
#include "send/worker.h"

#include "base/mem.h"
#include "base/str.h"
#include "send/idle.h"
#include "send/link.h"

enum {
	HURRY_MS = 500, /* effect within a second is promised; half of it; a choice   */
	MARK_MS = 2000, /* a rate is that of the last 2 to 4 s; a choice              */
};

/* --- calls ----------------------------------------------------------------------- */

enum attempt_call
worker_call(const struct worker *w)
{
	return (enum attempt_call)atomic_load(&w->call);
}

/* Under the lock. */
static void
call(struct worker *w, enum attempt_call what)
{
	if (w->hurry_at_ms == 0)
		w->hurry_at_ms = clock_mono_ms(w->pool->options.clock) + HURRY_MS;
	atomic_store(&w->call, (int)what);
}

void
worker_asks(struct worker *w)
{
	int ask = ATTEMPT_ASK;

	if (worker_call(w) != ATTEMPT_ASK)
		return;
	(void)pthread_mutex_lock(&w->pool->lock);
	if (atomic_compare_exchange_strong(&w->call, &ask, ATTEMPT_GO_ON))
		w->hurry_at_ms = 0;
	(void)pthread_mutex_unlock(&w->pool->lock);
}

void
worker_publishes(struct worker *w)
{
	(void)pthread_mutex_lock(&w->pool->lock);
	w->publishing = true;
	(void)pthread_mutex_unlock(&w->pool->lock);
}

/* Nobody waits for the end of one that is publishing: the renames take as long as they
 * take, and half of them is worse than none. */
static bool
may_be_called(const struct worker *w, struct request_id id)
{
	return w->stage != ENDED && !w->publishing &&
	       (id.n == 0 || w->report.request.id.n == id.n);
}

int
pool_suspend(struct pool *p, struct request_id id, const struct pool_why *why)
{
	int called = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w; w = w->next) {
		if (!may_be_called(w, id) || worker_call(w) == ATTEMPT_SUSPEND)
			continue;
		w->why = *why;
		call(w, ATTEMPT_SUSPEND);
		called++;
	}
	(void)pthread_cond_broadcast(&p->moved);
	(void)pthread_mutex_unlock(&p->lock);
	return called;
}

void
pool_order(struct pool *p, struct request_id id)
{
	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w; w = w->next)
		if (may_be_called(w, id) && worker_call(w) != ATTEMPT_SUSPEND)
			call(w, ATTEMPT_ASK);
	(void)pthread_cond_broadcast(&p->moved);
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_set_priority(struct pool *p, struct request_id id, enum request_priority to)
{
	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w; w = w->next)
		if (w->report.request.id.n == id.n) {
			w->priority = to;
			paced_set_priority(&w->paced, to);
		}
	(void)pthread_cond_broadcast(&p->moved);
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_set_rate(struct pool *p, const char *node, const struct send_rate *rate)
{
	limiter_set(p->limiter, node, rate, clock_us());
}

int64_t
pool_sent_bytes(struct pool *p, const char *node)
{
	return limiter_sent_bytes(p->limiter, node);
}

/* Under the lock.  One that publishes is never hurried. */
static bool
is_hurried(const struct worker *w)
{
	return w->hurry_at_ms > 0 && w->stage != ENDED && !w->publishing &&
	       !stop_thrown(w->stop);
}

void
pool_hurry(struct pool *p)
{
	const int64_t now_ms = clock_mono_ms(p->options.clock);

	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w; w = w->next)
		if (is_hurried(w) && now_ms >= w->hurry_at_ms)
			stop_throw(w->stop);
	(void)pthread_mutex_unlock(&p->lock);
}

int64_t
pool_hurry_ms(struct pool *p, int64_t wait_ms)
{
	const int64_t now_ms = clock_mono_ms(p->options.clock);

	(void)pthread_mutex_lock(&p->lock);
	for (const struct worker *w = p->workers; w; w = w->next) {
		int64_t left_ms = w->hurry_at_ms - now_ms;

		if (is_hurried(w) && (wait_ms < 0 || left_ms < wait_ms))
			wait_ms = left_ms > 0 ? left_ms : 0;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return wait_ms;
}

/* --- the configuration ----------------------------------------------------------- */

void
worker_follow(struct worker *w)
{
	(void)pthread_mutex_lock(&w->pool->lock);
	w->attempt.settings = &w->pool->newest->config->sender;
	(void)pthread_mutex_unlock(&w->pool->lock);
}

const struct config *
pool_config(const struct pool *p)
{
	return p->newest->config;
}

void
pool_reload(struct pool *p, struct config *next)
{
	struct generation *g = mem_zero(1, sizeof(*g));

	g->config = g->owned = next;
	g->era = idle_renew(p->idle, (size_t)next->sender.max_sendings);
	(void)pthread_mutex_lock(&p->lock);
	p->newest->newer = g;
	p->newest = g;
	/* Each asks at its next block, and follows; there is no hurry about that. */
	for (struct worker *w = p->workers; w; w = w->next)
		if (worker_call(w) == ATTEMPT_GO_ON)
			atomic_store(&w->call, ATTEMPT_ASK);
	(void)pthread_cond_broadcast(&p->moved); /* there may be more slots */
	(void)pthread_mutex_unlock(&p->lock);
}

/* A sending holds what it began with and follows newer ones, so what is older than the
 * oldest beginning is free. */
void
pool_drop_generations(struct pool *p)
{
	struct generation *used = p->newest;
	struct generation *g = p->oldest;

	(void)pthread_mutex_lock(&p->lock);
	for (; g != p->newest; g = g->newer) {
		bool is_used = false;

		for (const struct worker *w = p->workers; w && !is_used; w = w->next)
			is_used = w->generation == g;
		if (is_used) {
			used = g;
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
	while (p->oldest != used) {
		g = p->oldest;
		p->oldest = g->newer;
		config_free(g->owned);
		if (g != &p->first)
			mem_free(g);
	}
}

/* --- where it is ----------------------------------------------------------------- */

void
worker_init(struct worker *w)
{
	const struct clock *clock = w->pool->options.clock;

	(void)pthread_mutex_init(&w->at_lock, NULL);
	w->at.started_at_ms = clock_wall_ms(clock);
	w->at.mark_ms = w->at.before_ms = clock_mono_ms(clock);
}

void
worker_begins(struct worker *w)
{
	(void)pthread_mutex_lock(&w->at_lock);
	w->at.thread_number = w->report.thread_number;
	(void)pthread_mutex_unlock(&w->at_lock);
}

void
worker_at(struct worker *w, const struct attempt_at *now)
{
	const int64_t now_ms = clock_mono_ms(w->pool->options.clock);
	struct whereabouts *at = &w->at;

	(void)pthread_mutex_lock(&w->at_lock);
	at->address = now->address;
	str_copy_cut(at->path, sizeof(at->path), now->path);
	at->offset_bytes = now->offset_bytes;
	at->size_bytes = now->size_bytes;
	at->bytes_sent = now->bytes_sent;
	if (now_ms - at->mark_ms >= MARK_MS) {
		at->before_ms = at->mark_ms;
		at->before_bytes = at->mark_bytes;
		at->mark_ms = now_ms;
		at->mark_bytes = now->bytes_sent;
	}
	(void)pthread_mutex_unlock(&w->at_lock);
}

static const char *
stage_name(const struct worker *w)
{
	static const char *const names[] = {
	    [CONNECTING] = "connecting", [WAITING] = "waiting", [SENDING] = "sending",
	    [RETRYING] = "retrying",     [ENDED] = "ended",
	};

	return w->stage == SENDING && w->publishing ? "publishing" : names[w->stage];
}

/* Does the configuration in force still lead where this sending goes? */
static bool
is_gone(const struct config *c, const struct worker *w, const struct config_address *a)
{
	const struct config_site *site = config_site(c, w->report.request.site);

	for (size_t i = 0; site && a && i < site->address_count; i++)
		if (config_address_same(&site->addresses[i], a))
			return false;
	return a != NULL;
}

static void
describe_place(const struct whereabouts *at, struct pool_sending *out)
{
	char place[ADDRESS_TEXT_ROOM];

	if (!at->address)
		return;
	str_copy_cut(out->address, sizeof(out->address), at->address->section);
	str_copy_cut(out->server, sizeof(out->server),
		     link_place(at->address, place, sizeof(place)));
}

/* Under both locks. */
static void
describe(const struct worker *w, int64_t now_ms, struct pool_sending *out)
{
	const struct request *r = &w->report.request;
	const struct whereabouts *at = &w->at;
	const int64_t span_ms = now_ms - at->before_ms;

	*out = (struct pool_sending){
	    .request = r->id,
	    .priority = w->priority,
	    .stage = stage_name(w),
	    .suspending = worker_call(w) == ATTEMPT_SUSPEND,
	    .address_gone = is_gone(w->pool->newest->config, w, at->address),
	    .thread_number = at->thread_number,
	    .offset_bytes = at->offset_bytes,
	    .size_bytes = at->size_bytes,
	    .bytes_sent = at->bytes_sent,
	    .bytes_done = r->progress.bytes_done + at->bytes_sent,
	    .bytes_total = r->package.total_bytes,
	    .started_at_ms = at->started_at_ms,
	};
	if (out->bytes_done > out->bytes_total)
		out->bytes_done = out->bytes_total; /* some were sent again */
	if (span_ms > 0)
		out->bytes_per_s = (at->bytes_sent - at->before_bytes) * 1000 / span_ms;
	str_copy_cut(out->site, sizeof(out->site), r->site);
	str_copy_cut(out->path, sizeof(out->path), at->path);
	describe_place(at, out);
}

size_t
pool_list(struct pool *p, struct pool_sending *out, size_t room)
{
	const int64_t now_ms = clock_mono_ms(p->options.clock);
	size_t count = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (struct worker *w = p->workers; w && count < room; w = w->next) {
		if (w->stage == ENDED)
			continue;
		(void)pthread_mutex_lock(&w->at_lock);
		describe(w, now_ms, &out[count++]);
		(void)pthread_mutex_unlock(&w->at_lock);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return count;
}
