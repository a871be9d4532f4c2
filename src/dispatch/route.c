#include "dispatch/route.h"

#include "base/mem.h"
#include "dispatch/week.h"

enum { ALONE_MS = 60000 }; /* after the first failure, 1 min; a choice */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- one address ----------------------------------------------------------------- */

static bool
is_spent(const struct route_address *a, int64_t now_ms)
{
	return a->spent_until_at_ms > now_ms;
}

static bool
is_alone(const struct route_address *a, int64_t now_ms)
{
	return a->alone_until_at_ms > now_ms;
}

/* When its slot or its budget changes. */
static int64_t
changes_at_ms(const struct route_address *a, int64_t now_ms)
{
	int64_t at_ms = INT64_MAX;

	if (a->slot_until_at_ms > now_ms)
		at_ms = a->slot_until_at_ms;
	if (is_spent(a, now_ms))
		at_ms = earlier(at_ms, a->spent_until_at_ms);
	return at_ms;
}

struct route_address
route_look(const struct rate_facts *f, const struct config_site *site,
	   const struct config_address *a, int64_t now_ms)
{
	const struct slot_now slot =
	    slot_at(a, rate_open_until_at_ms(f, site->code, now_ms), now_ms);
	struct route_address r = {
	    .number = a->number,
	    .unknown_type = a->type == CONFIG_TYPE_UNKNOWN,
	    .lowest = slot.lowest,
	    .no_substitute = slot.no_substitute,
	    .slot_until_at_ms = slot.until_at_ms,
	};

	if (f->used_count > 0) /* else there is no budget */
		r.spent_until_at_ms = rate_plan(f, site, a, now_ms).spent_until_at_ms;
	return r;
}

static int64_t
alone_until_ms(const struct route_site *s, unsigned number)
{
	for (size_t i = 0; i < s->failed_count; i++)
		if (s->failed[i].number == number)
			return s->failed[i].alone_until_at_ms;
	return 0;
}

void
route_look_all(const struct route_site *s, int64_t now_ms, struct route_looks *out)
{
	out->count = 0;
	for (size_t i = 0; i < s->config->address_count; i++) {
		struct route_address *a;

		out->all = mem_grow(out->all, i, &out->room, sizeof(*out->all));
		a = &out->all[out->count++];
		*a = route_look(s->facts, s->config, &s->config->addresses[i], now_ms);
		a->alone_until_at_ms = alone_until_ms(s, a->number);
	}
}

void
route_looks_done(struct route_looks *l)
{
	mem_free(l->all);
}

struct verdict
route_goes_on(const struct route_address *a, enum request_priority priority,
	      int64_t now_ms)
{
	struct verdict v = {REASON_MAY_GO, changes_at_ms(a, now_ms), a->number};

	if (a->lowest == 0)
		v.reason = REASON_WINDOW_CLOSED;
	else if (priority > a->lowest)
		v.reason = REASON_WINDOW_PRIORITY;
	else if (is_spent(a, now_ms))
		v.reason = REASON_BUDGET;
	return v;
}

int64_t
route_alone_ms(int64_t failures, int64_t longest_ms, uint64_t dice)
{
	int64_t ms = ALONE_MS;

	for (int64_t i = 1; i < failures && ms < longest_ms; i++)
		ms *= 2;
	if (ms > longest_ms)
		ms = longest_ms;
	return ms - (int64_t)(dice % ((uint64_t)ms / 4 + 1));
}

/* --- all of a site ---------------------------------------------------------------- */

/* A walk over the addresses, the preferred one first. */
struct walk {
	const struct route_ask *ask;
	const struct route_address *preferred; /* NULL: none */
	struct route *out;
	struct verdict why; /* of the first address that does not do */
	bool has_first;     /* one let it in: later ones stand in (R3) */
	bool tries_all;     /* R4 */
};

static void
refuse(struct walk *w, enum reason reason, const struct route_address *a)
{
	/* A closed window says more than that the rest cannot stand in for it. */
	if (w->why.reason != REASON_MAY_GO && w->why.reason != REASON_UNKNOWN_TYPE)
		return;
	w->why.reason = reason;
	w->why.number = a->number;
}

static void
add(struct walk *w, const struct route_address *a)
{
	if (w->out->count < ROUTE_ROOM)
		w->out->order[w->out->count++] = (uint32_t)(a - w->ask->addresses);
}

static void
consider(struct walk *w, const struct route_address *a)
{
	const int64_t now_ms = w->ask->now_ms;
	const struct verdict open = route_goes_on(a, w->ask->priority, now_ms);
	const bool stands_in = w->has_first;

	if (a->unknown_type) {
		refuse(w, REASON_UNKNOWN_TYPE, a);
		return;
	}
	w->why.until_at_ms = earlier(w->why.until_at_ms, open.until_at_ms);
	if (open.reason != REASON_MAY_GO) {
		refuse(w, open.reason, a);
		return;
	}
	w->has_first = true;
	if (stands_in && a->no_substitute) {
		refuse(w, REASON_NO_SUBSTITUTE, a);
		return;
	}
	if (!w->tries_all && is_alone(a, now_ms)) {
		w->why.until_at_ms = earlier(w->why.until_at_ms, a->alone_until_at_ms);
		refuse(w, REASON_ADDRESS_FAILED, a);
		return;
	}
	add(w, a);
}

static const struct route_address *
find_preferred(const struct route_ask *ask)
{
	for (size_t i = 0; ask->prefer && i < ask->count; i++)
		if (ask->addresses[i].number == ask->prefer)
			return &ask->addresses[i];
	return NULL;
}

static void
walk_all(struct walk *w)
{
	const struct route_ask *ask = w->ask;

	w->out->count = 0;
	w->has_first = false;
	w->why = (struct verdict){REASON_MAY_GO, INT64_MAX, 0};
	if (w->preferred)
		consider(w, w->preferred);
	for (size_t i = 0; i < ask->count; i++)
		if (&ask->addresses[i] != w->preferred)
			consider(w, &ask->addresses[i]);
}

struct route
route_find(const struct route_ask *ask)
{
	struct route r = {.verdict = {REASON_NO_ADDRESS, INT64_MAX, 0}};
	struct walk w = {.ask = ask, .preferred = find_preferred(ask), .out = &r};

	if (ask->count == 0)
		return r;
	if (w.preferred && w.preferred->unknown_type) { /* R5 */
		r.verdict.reason = REASON_UNKNOWN_TYPE;
		r.verdict.number = w.preferred->number;
		return r;
	}
	walk_all(&w);
	if (r.count == 0 && w.has_first && ask->site_failed) {
		w.tries_all = true;
		walk_all(&w);
	}
	r.verdict = w.why;
	if (r.count > 0)
		r.verdict = (struct verdict){REASON_MAY_GO, w.why.until_at_ms, 0};
	return r;
}
