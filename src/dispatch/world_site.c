#include "dispatch/world_state.h"

/* --- routes ---------------- */

struct route
world_route(struct world *w, const struct world_site *s, const struct world_request *r)
{
	const struct route_site site = {
	    .facts = &w->facts,
	    .config = s->config,
	    .failed = s->addresses,
	    .failed_count = s->config->address_count,
	};

	route_look_all(&site, w->now_ms, &w->looks);
	return route_find(&(struct route_ask){
	    .addresses = w->looks.all,
	    .count = w->looks.count,
	    .priority = r->priority,
	    .prefer = r->prefer,
	    .site_failed = s->failures > 0,
	    .now_ms = w->now_ms,
	});
}

/* --- queues ---------------- */

/* One that waits for its preferred address holds up no other. */
struct queue *
world_ready(struct world *w, size_t course)
{
	const struct world_request *r = &w->courses[course].request;
	const int prefers = r->prefer ? CHOOSE_CLASSES : 0;

	return &w->sites[r->site].ready[(int)r->priority - REQUEST_HIGH + prefers];
}

/* Its place among those that are ready, as the outbox orders them. */
static struct queue_item
ready_item(const struct world *w, size_t course, int64_t since_ms, bool resumes)
{
	const struct world_request *r = &w->courses[course].request;

	return (struct queue_item){
	    .first = resumes,
	    .end_at_ms = r->deadline_at_ms ? r->deadline_at_ms : INT64_MAX,
	    .bytes = w->config->sender.small_first ? r->bytes_left : 0,
	    .since_ms = since_ms,
	    .request = course,
	};
}

void
world_queue(struct world *w, size_t course, int64_t ready_at_ms, bool resumes)
{
	const struct world_request *r = &w->courses[course].request;
	struct world_site *s = &w->sites[r->site];
	struct queue_item item = {.since_ms = ready_at_ms, .request = course};

	w->courses[course].queued = true;
	if (ready_at_ms > w->now_ms) {
		queue_push(&s->later, &item);
		return;
	}
	item = ready_item(w, course, ready_at_ms, resumes);
	queue_push(world_ready(w, course), &item);
}

/* The first that has not ended while it waited, and that nobody holds. */
static const struct queue_item *
first_alive(struct world *w, struct queue *q)
{
	const struct queue_item *top;

	while ((top = queue_top(q))) {
		struct course *c = &w->courses[top->request];

		if (!c->ended && !c->held)
			break;
		c->queued = false;
		queue_pop(q);
	}
	return top;
}

/* Those whose time has come. */
static void
bring_forward(struct world *w, struct world_site *s)
{
	const struct queue_item *top;

	while ((top = first_alive(w, &s->later)) && top->since_ms <= w->now_ms) {
		const size_t course = top->request;
		const struct queue_item item =
		    ready_item(w, course, top->since_ms, false);

		queue_pop(&s->later);
		queue_push(world_ready(w, course), &item);
	}
}

void
world_expire(struct world *w)
{
	const struct queue_item *top;

	while ((top = queue_top(&w->lifetimes)) && top->since_ms <= w->now_ms) {
		const size_t n = top->request;
		const struct course *c = &w->courses[n];

		queue_pop(&w->lifetimes);
		/* What is on its way may still arrive. */
		if (c->ended || c->active)
			continue;
		world_finish(w, n, WORLD_EXPIRED, c->request.expires_at_ms);
		world_put(w, c->request.site);
	}
}

/* --- what policy sees ---------------- */

static struct choose_best
best_of(struct world *w, struct world_site *s, int best)
{
	const struct queue_item *top = first_alive(w, &s->ready[best]);
	const struct world_request *r;

	if (!top)
		return (struct choose_best){0};
	r = &w->courses[top->request].request;
	return (struct choose_best){
	    .id = (int64_t)top->request + 1,
	    .since_ms = top->since_ms,
	    .filed_at_ms = r->filed_at_ms,
	    .deadline_at_ms = r->deadline_at_ms,
	    .expires_at_ms = r->expires_at_ms,
	    .bytes = (int64_t)w->courses[top->request].bytes_left,
	    .prefer = r->prefer,
	    .resumes = top->first,
	    .route = world_route(w, s, r).verdict,
	};
}

void
world_put(struct world *w, size_t site)
{
	struct world_site *s = &w->sites[site];
	const struct queue_item *later;
	struct choose_site c = {
	    .hold_until_at_ms = s->hold_until_at_ms,
	    .hold_began_at_ms = s->hold_until_at_ms - w->config->sender.site_hold_ms,
	    .failures = s->failures,
	    .proven_until_at_ms =
		s->failures ? 0 : s->last_sent_at_ms + CHOOSE_PROVEN_MS,
	    .active = s->active,
	    .connecting = s->connecting,
	    .served = s->served,
	};

	bring_forward(w, s);
	for (int i = 0; i < CHOOSE_BESTS; i++)
		c.best[i] = best_of(w, s, i);
	later = first_alive(w, &s->later);
	c.next_at_ms = later ? later->since_ms : 0;
	agenda_put(w->agenda, site, &c, w->now_ms);
}
