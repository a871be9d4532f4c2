#include <assert.h>

#include "base/mem.h"
#include "dispatch/preempt.h"
#include "dispatch/restart.h"
#include "dispatch/world_state.h"

static struct world_request *
request_of(const struct world *w, const struct attempt_course *a)
{
	return &w->courses[a->request].request;
}

/* --- counting ---------------- */

static bool
counts_as_high(const struct world *w, const struct attempt_course *a)
{
	if (request_of(w, a)->priority != REQUEST_HIGH)
		return false;
	return a->phase != WORLD_CONNECTING || a->reach == REACH_PROVEN;
}

/* by: 1 the attempt comes into its phase, -1 it leaves it. */
static void
count(struct world *w, const struct attempt_course *a, int by)
{
	struct world_site *s = &w->sites[a->site];

	w->load.high += counts_as_high(w, a) ? by : 0;
	if (a->phase == WORLD_CONNECTING) {
		*(a->reach == REACH_PROVEN ? &w->load.connecting_proven
					   : &w->load.connecting_unproven) += by;
		w->load.connecting_failed += a->reach == REACH_FAILED ? by : 0;
		s->connecting += by;
	} else if (a->phase == WORLD_WAITING) {
		w->load.waiting += by;
	} else {
		w->load.sending += by;
	}
	w->rates_stale = true;
}

static void
enter(struct world *w, struct attempt_course *a, enum world_phase phase,
      int64_t event_at_ms)
{
	count(w, a, -1);
	a->phase = phase;
	a->event_at_ms = event_at_ms;
	count(w, a, 1);
}

/* The attempt is over: its place is taken by the last one. */
void
world_leave(struct world *w, size_t n)
{
	struct attempt_course *a = &w->attempts[n];
	const size_t site = a->site;

	count(w, a, -1);
	w->courses[a->request].active = false;
	w->sites[site].active--;
	*a = w->attempts[--w->attempt_count];
	world_put(w, site);
}

/* --- ends ---------------- */

void
world_finish(struct world *w, size_t course, enum world_outcome outcome, int64_t at_ms)
{
	struct course *c = &w->courses[course];

	c->so_far.request = &c->request;
	c->so_far.outcome = outcome;
	c->so_far.at_ms = at_ms;
	c->ended = true;
	w->unfinished--;
	if (w->o.ended)
		w->o.ended(w->o.self, &c->so_far);
}

/* To be sent later, unless its lifetime ended on the way. */
static void
put_back(struct world *w, const struct attempt_course *a, int64_t ready_at_ms,
	 bool resumes)
{
	if (request_of(w, a)->expires_at_ms <= w->now_ms)
		world_finish(w, a->request, WORLD_EXPIRED, w->now_ms);
	else
		world_queue(w, a->request, ready_at_ms, resumes);
}

/* No address could be reached: the site is left alone, the request waits. */
static void
end_no_connection(struct world *w, size_t n)
{
	const struct config_sender *settings = &w->config->sender;
	const struct attempt_course a = w->attempts[n];
	struct world_site *s = &w->sites[a.site];
	const struct world_request *r = request_of(w, &a);

	s->failures++;
	s->hold_until_at_ms = w->now_ms + settings->site_hold_ms;
	put_back(
	    w, &a,
	    restart_at_ms(settings, w->now_ms, r->expires_at_ms, chance_next(&w->dice)),
	    false);
	world_leave(w, n);
}

static void
suspend(struct world *w, size_t n)
{
	const struct attempt_course a = w->attempts[n];

	w->courses[a.request].so_far.suspended++;
	put_back(w, &a, w->now_ms, true);
	world_leave(w, n);
}

/* --- one attempt ---------------- */

static void
try_address(struct world *w, struct attempt_course *a)
{
	const struct world_site *s = &w->sites[a->site];
	struct world_try t;

	a->address = &s->config->addresses[a->route.order[a->tried]];
	t = (struct world_try){request_of(w, a), a->address, w->now_ms};
	a->weather = (struct world_weather){0};
	w->o.weather(w->o.self, &t, chance_next(&w->dice), &a->weather);
	a->event_at_ms = w->now_ms + a->weather.connect_ms;
}

void
world_start(struct world *w, const struct agenda_pick *pick)
{
	const size_t course = (size_t)pick->key.id - 1;
	struct world_site *s = &w->sites[pick->site];
	struct course *c = &w->courses[course];
	struct attempt_course *a;

	queue_pop(world_ready(w, course));
	c->queued = false;
	w->attempts = mem_grow(w->attempts, w->attempt_count, &w->attempt_room,
			       sizeof(*w->attempts));
	a = &w->attempts[w->attempt_count++];
	*a = (struct attempt_course){
	    .request = course,
	    .site = pick->site,
	    .route = world_route(w, s, &c->request),
	    .phase = WORLD_CONNECTING,
	    .reach = pick->reach,
	    .class_index = pick->key.class_index,
	    .by_share = pick->by_share,
	};
	c->active = true;
	s->active++;
	s->served = ++w->starts;
	count(w, a, 1);
	if (c->so_far.attempts++ == 0)
		c->so_far.started_at_ms = w->now_ms;
	try_address(w, a);
}

/* What is known of the address, and whether it is tried next. */
static void
connect_failed(struct world *w, size_t n)
{
	struct attempt_course *a = &w->attempts[n];
	struct outbox_address *address =
	    &w->sites[a->site].addresses[a->route.order[a->tried]];

	address->failures++;
	address->alone_until_at_ms =
	    w->now_ms + route_alone_ms(address->failures,
				       w->config->sender.site_hold_ms,
				       chance_next(&w->dice));
	if (++a->tried < a->route.count)
		try_address(w, a);
	else
		end_no_connection(w, n);
}

static void
connected(struct world *w, struct attempt_course *a)
{
	const uint32_t index = a->route.order[a->tried];
	struct world_site *s = &w->sites[a->site];

	s->addresses[index] = (struct outbox_address){.number = a->address->number};
	s->failures = 0;
	s->hold_until_at_ms = 0;
	s->last_sent_at_ms = w->now_ms;
	a->slot_until_at_ms = 0; /* the hour may be another one by now */
	enter(w, a, WORLD_WAITING, INT64_MAX);
	world_put(w, a->site);
}

static void
sent(struct world *w, size_t n)
{
	const size_t course = w->attempts[n].request;

	w->sites[w->attempts[n].site].last_sent_at_ms = w->now_ms;
	world_leave(w, n);
	world_finish(w, course, WORLD_SENT, w->now_ms);
}

void
world_attempt_event(struct world *w, size_t n)
{
	struct attempt_course *a = &w->attempts[n];

	assert(a->phase != WORLD_WAITING); /* for a slot, and that is no event */
	if (a->phase == WORLD_PUBLISHING)
		sent(w, n);
	else if (a->phase == WORLD_SENDING)
		enter(w, a, WORLD_PUBLISHING, w->now_ms + a->weather.publish_ms);
	else if (a->weather.connects)
		connected(w, a);
	else
		connect_failed(w, n);
}

/* --- windows, slots, urgent ones ---------------- */

/* Connected, and it may still go: or its window has closed meanwhile. */
static bool
goes_on(struct world *w, struct attempt_course *a)
{
	const struct world_site *s = &w->sites[a->site];
	struct route_address now;

	if (w->now_ms < a->slot_until_at_ms && w->facts.used_count == 0)
		return true;
	now = route_look(&w->facts, s->config, a->address, w->now_ms);
	a->slot_until_at_ms = now.slot_until_at_ms;
	return route_goes_on(&now, request_of(w, a)->priority, w->now_ms).reason ==
	       REASON_MAY_GO;
}

static bool
goes_before(const struct world_request *a, const struct world_request *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->id < b->id;
}

/* As the pool gives its slots: by priority, then by age.  There is one. */
static struct attempt_course *
first_waiting(struct world *w)
{
	struct attempt_course *first = w->attempts;

	while (first->phase != WORLD_WAITING)
		first++;
	for (struct attempt_course *a = first; a < w->attempts + w->attempt_count; a++)
		if (a->phase == WORLD_WAITING &&
		    goes_before(request_of(w, a), request_of(w, first)))
			first = a;
	return first;
}

/* A site never has more attempts than it may have sendings: rule 4 of choose.h. */
static void
give_slots(struct world *w)
{
	while (w->load.waiting > 0 && w->load.sending < w->config->sender.max_sendings)
		enter(w, first_waiting(w), WORLD_SENDING, INT64_MAX);
}

void
world_look_at_attempts(struct world *w)
{
	for (size_t n = w->attempt_count; n-- > 0;) {
		struct attempt_course *a = &w->attempts[n];

		if ((a->phase == WORLD_WAITING || a->phase == WORLD_SENDING) &&
		    !goes_on(w, a))
			suspend(w, n);
	}
	give_slots(w);
}

int64_t
world_next_attempt_ms(const struct world *w)
{
	int64_t at = INT64_MAX;

	for (size_t n = 0; n < w->attempt_count; n++) {
		const struct attempt_course *a = &w->attempts[n];

		if (a->event_at_ms < at)
			at = a->event_at_ms;
		if ((a->phase == WORLD_WAITING || a->phase == WORLD_SENDING) &&
		    a->slot_until_at_ms < at)
			at = a->slot_until_at_ms;
	}
	return at;
}

/* --- an urgent one overtakes ---------------- */

static struct preempt_active *
describe_active(const struct world *w)
{
	struct preempt_active *all = mem_zero(w->attempt_count + 1, sizeof(*all));

	for (size_t n = 0; n < w->attempt_count; n++) {
		const struct attempt_course *a = &w->attempts[n];
		const struct course *c = &w->courses[a->request];
		struct agenda_pick crowded;

		all[n] = (struct preempt_active){
		    .id = c->request.id,
		    .site = a->site,
		    .class_index = a->class_index,
		    .bytes_done = c->request.bytes_left - (int64_t)c->bytes_left,
		    .publishing = a->phase == WORLD_PUBLISHING,
		    .by_share = a->by_share,
		    .holds_slot = a->phase > WORLD_WAITING,
		    .waits_urgent = a->phase == WORLD_WAITING &&
				    c->request.priority == REQUEST_HIGH,
		};
		if (agenda_crowded(w->agenda, a->site, &crowded))
			all[n].crowded = crowded.key.id;
	}
	return all;
}

bool
world_preempt(struct world *w)
{
	struct preempt_ask ask = {.count = w->attempt_count,
				  .max_sendings = w->config->sender.max_sendings};
	struct preempt_active *all;
	struct preempt_found found;
	struct agenda_pick pick;
	bool any;

	if (!w->config->sender.preempt || w->attempt_count == 0)
		return false;
	ask.all = all = describe_active(w);
	if (agenda_urgent(w->agenda, &pick))
		ask.urgent = pick.key.id;
	any = preempt_next(&ask, &found);
	mem_free(all);
	if (!any)
		return false;
	suspend(w, found.victim);
	give_slots(w); /* to one that is connected, if that is whom it was for */
	return true;
}
