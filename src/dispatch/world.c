#include "dispatch/world.h"

#include "base/mem.h"
#include "dispatch/restart.h"
#include "dispatch/world_state.h"

/* --- begin and end ---------------- */

struct world *
world_new(const struct world_options *o)
{
	struct world *w = mem_zero(1, sizeof(*w));
	const struct choose_rules rules = choose_rules_of(&o->facts->config->sender);

	w->o = *o;
	w->config = o->facts->config;
	w->now_ms = o->now_ms;
	w->dice.state = o->seed;
	w->agenda = agenda_new(&rules);
	world_set_budgets(w);
	w->carried = mem_zero(w->config->line_count + 1, sizeof(*w->carried));
	w->site_count = o->facts->config->site_count;
	w->sites = mem_zero(w->site_count + 1, sizeof(*w->sites));
	for (size_t i = 0; i < w->site_count; i++) {
		struct world_site *s = &w->sites[i];

		s->config = &o->facts->config->sites[i];
		s->addresses =
		    mem_zero(s->config->address_count + 1, sizeof(*s->addresses));
		for (size_t k = 0; k < s->config->address_count; k++)
			s->addresses[k].number = s->config->addresses[k].number;
	}
	return w;
}

void
world_free(struct world *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->site_count; i++) {
		for (int k = 0; k < CHOOSE_BESTS; k++)
			queue_done(&w->sites[i].ready[k]);
		queue_done(&w->sites[i].later);
		mem_free(w->sites[i].addresses);
	}
	queue_done(&w->lifetimes);
	agenda_free(w->agenda);
	mem_free(w->used);
	route_looks_done(&w->looks);
	mem_free(w->carried);
	mem_free(w->sites);
	mem_free(w->courses);
	mem_free(w->attempts);
	mem_free(w);
}

void
world_add(struct world *w, const struct world_request *r)
{
	const int64_t ready_at_ms =
	    r->ready_at_ms > r->filed_at_ms ? r->ready_at_ms : r->filed_at_ms;
	const struct queue_item end = {.since_ms = r->expires_at_ms,
				       .request = w->course_count};
	struct course *c;

	w->courses =
	    mem_grow(w->courses, w->course_count, &w->course_room, sizeof(*w->courses));
	c = &w->courses[w->course_count];
	*c = (struct course){.request = *r, .bytes_left = (double)r->bytes_left};
	world_queue(w, w->course_count++, ready_at_ms, r->resumes);
	queue_push(&w->lifetimes, &end);
	w->unfinished++;
	world_put(w, r->site);
}

void
world_set_site(struct world *w, size_t site, const struct world_site_state *state)
{
	struct world_site *s = &w->sites[site];

	s->failures = state->failures;
	s->hold_until_at_ms = state->hold_until_at_ms;
	s->last_sent_at_ms = state->last_sent_at_ms;
	for (size_t i = 0; i < s->config->address_count; i++)
		for (size_t k = 0; k < state->failed_count; k++)
			if (s->addresses[i].number == state->failed[k].number)
				s->addresses[i] = state->failed[k];
	world_put(w, site);
}

static bool
is_drained(const struct world *w)
{
	return w->o.drained_until_at_ms > w->now_ms;
}

/* --- events ---------------- */

/* Everything that may begin or must end now. */
static void
settle(struct world *w)
{
	struct agenda_pick pick;
	size_t site;

	world_expire(w);
	world_look_at_attempts(w);
	while (agenda_due(w->agenda, w->now_ms, &site))
		world_put(w, site);
	while (!is_drained(w)) {
		while (agenda_next(w->agenda, &w->load, w->now_ms, &pick)) {
			world_start(w, &pick);
			agenda_started(w->agenda, &pick);
			world_put(w, pick.site);
		}
		if (!world_preempt(w))
			break;
	}
	if (w->rates_stale || w->now_ms >= w->rates_until_at_ms)
		world_share_rates(w);
}

static int64_t
next_at_ms(const struct world *w)
{
	const int64_t look = agenda_look_at_ms(w->agenda, w->attempt_count == 0);
	const struct queue_item *end = queue_top(&w->lifetimes);
	int64_t at = world_next_attempt_ms(w);

	at = look < at ? look : at;
	if (end && end->since_ms < at)
		at = end->since_ms;
	if (is_drained(w) && w->o.drained_until_at_ms < at)
		at = w->o.drained_until_at_ms;
	if (w->attempt_count > 0 && w->rates_until_at_ms < at)
		at = w->rates_until_at_ms;
	return at;
}

static void
attempts_due(struct world *w)
{
	for (size_t n = w->attempt_count; n-- > 0;)
		if (n < w->attempt_count && w->attempts[n].event_at_ms <= w->now_ms)
			world_attempt_event(w, n);
}

bool
world_step(struct world *w, int64_t until_at_ms)
{
	int64_t at;

	settle(w);
	at = next_at_ms(w);
	if (at <= w->now_ms)
		at = w->now_ms + 1; /* time goes on, whatever policy asks for */
	if (at > until_at_ms) {
		world_advance(w, until_at_ms);
		return false;
	}
	world_advance(w, at);
	attempts_due(w);
	settle(w);
	w->events++;
	return true;
}

/* --- persons ---------------- */

void
world_set_orders(struct world *w, const struct rate_facts *orders)
{
	w->facts.overrides = orders->overrides;
	w->facts.override_count = orders->override_count;
	w->facts.opens = orders->opens;
	w->facts.open_count = orders->open_count;
	for (size_t n = 0; n < w->attempt_count; n++) {
		w->attempts[n].slot_until_at_ms = 0;
		w->attempts[n].path.count = 0;
	}
	w->rates_stale = true;
	for (size_t i = 0; i < w->site_count; i++)
		world_put(w, i);
}

/* At the next block, which in the world is at once; but not when it is publishing. */
static void
stop_sending(struct world *w, size_t course)
{
	size_t n = 0;

	while (w->attempts[n].request != course)
		n++;
	if (w->attempts[n].phase != WORLD_PUBLISHING)
		world_leave(w, n);
}

void
world_hold(struct world *w, size_t nth)
{
	struct course *c = &w->courses[nth];

	c->held = true;
	if (c->active)
		stop_sending(w, nth);
	world_put(w, c->request.site);
}

void
world_release(struct world *w, size_t nth)
{
	struct course *c = &w->courses[nth];

	c->held = false;
	if (!c->queued && !c->active && !c->ended)
		world_queue(w, nth, w->now_ms,
			    c->bytes_left < (double)c->request.bytes_left);
	world_put(w, c->request.site);
}

/* --- looking ---------------- */

int64_t
world_now_ms(const struct world *w)
{
	return w->now_ms;
}

size_t
world_active(const struct world *w)
{
	return w->attempt_count;
}

struct world_sending
world_sending(const struct world *w, size_t n)
{
	const struct attempt_course *a = &w->attempts[n];

	return (struct world_sending){
	    .request = &w->courses[a->request].request,
	    .address = a->address,
	    .phase = a->phase,
	    .rate_bytes_per_s = a->phase == WORLD_SENDING ? a->rate_bytes_per_s : 0,
	    .speed_bytes_per_s = a->weather.speed_bytes_per_s,
	    .path = a->phase == WORLD_SENDING ? &a->path : NULL,
	    .by_share = a->by_share,
	};
}

struct verdict
world_verdict(const struct world *w, size_t site)
{
	return agenda_verdict(w->agenda, site);
}

struct verdict
world_waits(const struct world *w, size_t site)
{
	if (is_drained(w))
		return (struct verdict){REASON_DRAINED, w->o.drained_until_at_ms, 0};
	return agenda_waits(w->agenda, site, &w->load);
}

struct rate_path
world_path(const struct world *w, size_t site, unsigned address)
{
	const struct config_site *s = w->sites[site].config;

	return rate_plan(&w->facts, s, config_address(s, address), w->now_ms);
}

size_t
world_unfinished(const struct world *w)
{
	return w->unfinished;
}

int64_t
world_hold_until_at_ms(const struct world *w, size_t site)
{
	return w->sites[site].hold_until_at_ms;
}

int64_t
world_carried(const struct world *w, size_t line)
{
	return (int64_t)(w->carried[line] + 0.5);
}

int64_t
world_events(const struct world *w)
{
	return w->events;
}
