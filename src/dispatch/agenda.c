/* agenda.c - binary heaps of sites; each site knows where it stands in each of them, so
 * that a change finds it at once.
 *
 * Invariants between two calls:
 *   A1  a site is in READY + 3g + r when its own rules let it go, its key of group g is
 *       set, and r is its reach; in IDLE when it is on hold; in TIMER when
 *       time alone changes something; nowhere else
 *   A2  entry.at[h] is its place in heap h, or NOWHERE
 *   A3  nobody stands before the one above it */
#include "dispatch/agenda.h"

#include "base/mem.h"

/* High that is high, raised to high, medium, low. */
enum { GROUPS = CHOOSE_CLASSES + 1 };
enum { READY, TIMER = READY + CHOOSE_REACHES * GROUPS, IDLE, HEAPS };
#define NOWHERE SIZE_MAX

struct entry {
	struct verdict verdict;
	struct choose_key keys[GROUPS]; /* id 0: none */
	int64_t probe_at_ms;
	enum choose_reach reach;
	size_t at[HEAPS];
};

struct heap {
	size_t *sites;
	size_t count, room;
};

struct agenda {
	struct choose_rules rules;
	struct choose_shares shares;
	struct entry *entries; /* by site */
	size_t count, room;
	struct heap heaps[HEAPS];
};

struct agenda *
agenda_new(const struct choose_rules *rules)
{
	struct agenda *a = mem_zero(1, sizeof(*a));

	a->rules = *rules;
	return a;
}

void
agenda_free(struct agenda *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < HEAPS; i++)
		mem_free(a->heaps[i].sites);
	mem_free(a->entries);
	mem_free(a);
}

void
agenda_set_rules(struct agenda *a, const struct choose_rules *rules)
{
	a->rules = *rules;
}

/* --- a heap ---------------------------------------------------------------------- */

/* Times first, then the number of the site: a strict order. */
static bool
is_earlier(int64_t x_ms, size_t x, int64_t y_ms, size_t y)
{
	return x_ms != y_ms ? x_ms < y_ms : x < y;
}

static bool
stands_before(const struct agenda *a, size_t h, size_t x, size_t y)
{
	const struct entry *p = &a->entries[x];
	const struct entry *q = &a->entries[y];

	if (h == TIMER)
		return is_earlier(p->verdict.until_at_ms, x, q->verdict.until_at_ms, y);
	if (h == IDLE)
		return is_earlier(p->probe_at_ms, x, q->probe_at_ms, y);
	return choose_before(&p->keys[(h - READY) / CHOOSE_REACHES],
			     &q->keys[(h - READY) / CHOOSE_REACHES]);
}

static void
set_place(struct agenda *a, size_t h, size_t place, size_t site)
{
	a->heaps[h].sites[place] = site;
	a->entries[site].at[h] = place;
}

static void
rise(struct agenda *a, size_t h, size_t place)
{
	const size_t *sites = a->heaps[h].sites;
	const size_t site = sites[place];

	while (place > 0 && stands_before(a, h, site, sites[(place - 1) / 2])) {
		set_place(a, h, place, sites[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	set_place(a, h, place, site);
}

static void
sink(struct agenda *a, size_t h, size_t place)
{
	const struct heap *heap = &a->heaps[h];
	const size_t site = heap->sites[place];
	size_t below;

	while ((below = 2 * place + 1) < heap->count) {
		if (below + 1 < heap->count &&
		    stands_before(a, h, heap->sites[below + 1], heap->sites[below]))
			below++;
		if (!stands_before(a, h, heap->sites[below], site))
			break;
		set_place(a, h, place, heap->sites[below]);
		place = below;
	}
	set_place(a, h, place, site);
}

static void
leave(struct agenda *a, size_t h, size_t site)
{
	struct heap *heap = &a->heaps[h];
	const size_t place = a->entries[site].at[h];

	if (place == NOWHERE)
		return;
	a->entries[site].at[h] = NOWHERE;
	if (place == --heap->count)
		return;
	set_place(a, h, place, heap->sites[heap->count]);
	rise(a, h, place);
	sink(a, h, place);
}

static void
join(struct agenda *a, size_t h, size_t site)
{
	struct heap *heap = &a->heaps[h];

	heap->sites =
	    mem_grow(heap->sites, heap->count, &heap->room, sizeof(*heap->sites));
	set_place(a, h, heap->count, site);
	rise(a, h, heap->count++);
}

/* The first of a heap, or NOWHERE. */
static size_t
top(const struct agenda *a, size_t h)
{
	return a->heaps[h].count > 0 ? a->heaps[h].sites[0] : NOWHERE;
}

/* --- sites ----------------------------------------------------------------------- */

static void
add_entry(struct agenda *a)
{
	struct entry *e;

	a->entries = mem_grow(a->entries, a->count, &a->room, sizeof(*a->entries));
	e = &a->entries[a->count++];
	*e = (struct entry){.verdict = {REASON_NOTHING, INT64_MAX, 0}};
	for (size_t h = 0; h < HEAPS; h++)
		e->at[h] = NOWHERE;
}

static void
describe(struct entry *e, const struct choose_judgement *j)
{
	e->verdict = j->verdict;
	e->probe_at_ms = j->probe_at_ms;
	e->reach = j->reach;
	e->keys[0] = j->high;
	for (int i = 0; i < CHOOSE_CLASSES; i++)
		e->keys[i + 1] = j->first[i];
}

void
agenda_put(struct agenda *a, size_t site, const struct choose_site *s, int64_t now_ms)
{
	const struct choose_judgement j = choose_judge(s, &a->rules, now_ms);
	struct entry *e;

	while (a->count <= site)
		add_entry(a);
	e = &a->entries[site];
	for (size_t h = 0; h < HEAPS; h++)
		leave(a, h, site);
	describe(e, &j);
	if (e->verdict.until_at_ms != INT64_MAX)
		join(a, TIMER, site);
	if (e->verdict.reason == REASON_SITE_HOLD)
		join(a, IDLE, site);
	for (size_t g = 0; e->verdict.reason == REASON_MAY_GO && g < GROUPS; g++)
		if (e->keys[g].id)
			join(a, READY + CHOOSE_REACHES * g + e->reach, site);
}

bool
agenda_due(const struct agenda *a, int64_t now_ms, size_t *site)
{
	const size_t first = top(a, TIMER);

	if (first == NOWHERE || a->entries[first].verdict.until_at_ms > now_ms)
		return false;
	*site = first;
	return true;
}

int64_t
agenda_look_at_ms(const struct agenda *a, bool idle)
{
	const size_t first = top(a, TIMER);
	const size_t probe = top(a, IDLE);
	int64_t at_ms = INT64_MAX;

	if (first != NOWHERE)
		at_ms = a->entries[first].verdict.until_at_ms;
	if (idle && probe != NOWHERE && a->entries[probe].probe_at_ms < at_ms)
		at_ms = a->entries[probe].probe_at_ms;
	return at_ms;
}

struct verdict
agenda_verdict(const struct agenda *a, size_t site)
{
	if (site >= a->count)
		return (struct verdict){REASON_NOTHING, INT64_MAX, 0};
	return a->entries[site].verdict;
}

struct verdict
agenda_waits(const struct agenda *a, size_t site, const struct choose_load *load)
{
	const struct verdict v = agenda_verdict(a, site);

	for (size_t g = 0; v.reason == REASON_MAY_GO && g < GROUPS; g++)
		if (a->entries[site].keys[g].id)
			return choose_shared(&a->entries[site].keys[g],
					     a->entries[site].reach, load, &a->rules);
	return v;
}

/* --- who goes next --------------------------------------------------------------- */

static int
class_of(size_t group)
{
	return group == 0 ? 0 : (int)group - 1;
}

static void
take(const struct agenda *a, size_t site, size_t group, struct agenda_pick *out)
{
	out->site = site;
	out->key = a->entries[site].keys[group];
	out->reach = a->entries[site].reach;
}

/* The better one of what is there and the first of heap h. */
static void
offer(const struct agenda *a, size_t h, struct agenda_pick *best)
{
	const size_t site = top(a, h);
	const size_t group = (h - READY) / CHOOSE_REACHES;

	if (best->key.id == 0 ||
	    choose_before(&a->entries[site].keys[group], &best->key))
		take(a, site, group, best);
}

/* The first of each class of those that the shared rules let go, and which classes have
 * any at all. */
static void
collect(const struct agenda *a, const struct choose_load *load,
	struct agenda_pick best[CHOOSE_CLASSES], bool has[CHOOSE_CLASSES])
{
	for (size_t h = READY; h < TIMER; h++) {
		const size_t site = top(a, h);
		const size_t group = (h - READY) / CHOOSE_REACHES;
		const struct entry *e;

		if (site == NOWHERE)
			continue;
		e = &a->entries[site];
		has[class_of(group)] = true;
		if (choose_shared(&e->keys[group], e->reach, load, &a->rules).reason ==
		    REASON_MAY_GO)
			offer(a, h, &best[class_of(group)]);
	}
}

/* Nothing is active and nothing else may go: a site on hold. */
static bool
next_probe(const struct agenda *a, int64_t now_ms, struct agenda_pick *out)
{
	const size_t site = top(a, IDLE);

	if (site == NOWHERE || a->entries[site].probe_at_ms > now_ms)
		return false;
	for (size_t g = 0; g < GROUPS; g++) {
		const struct choose_key *k = &a->entries[site].keys[g];

		if (k->id && (out->key.id == 0 || choose_before(k, &out->key)))
			take(a, site, g, out);
	}
	out->is_probe = true;
	return true;
}

bool
agenda_next(const struct agenda *a, const struct choose_load *load, int64_t now_ms,
	    struct agenda_pick *out)
{
	struct agenda_pick best[CHOOSE_CLASSES] = {0};
	bool has[CHOOSE_CLASSES] = {false};
	bool can[CHOOSE_CLASSES];
	int first = -1, due;

	*out = (struct agenda_pick){0};
	collect(a, load, best, has);
	for (int i = CHOOSE_CLASSES - 1; i >= 0; i--) {
		can[i] = best[i].key.id != 0;
		if (can[i])
			first = i;
	}
	if (first < 0)
		return choose_load_total(load) == 0 && next_probe(a, now_ms, out);
	due = choose_due_class(&a->shares, can);
	*out = best[due >= 0 ? due : first];
	out->by_share = due > first;
	for (int i = 0; i < CHOOSE_CLASSES; i++)
		out->has[i] = has[i];
	return true;
}

void
agenda_started(struct agenda *a, const struct agenda_pick *pick)
{
	if (!pick->is_probe)
		choose_count_start(&a->shares, &a->rules, pick->has,
				   pick->key.class_index);
}

bool
agenda_urgent(const struct agenda *a, struct agenda_pick *out)
{
	const size_t site = top(a, READY + REACH_PROVEN); /* they need a slot */

	*out = (struct agenda_pick){0};
	if (site == NOWHERE)
		return false;
	take(a, site, 0, out);
	return true;
}

bool
agenda_crowded(const struct agenda *a, size_t site, struct agenda_pick *out)
{
	*out = (struct agenda_pick){0};
	if (site >= a->count || a->entries[site].verdict.reason != REASON_SITE_FULL ||
	    a->entries[site].keys[0].id == 0)
		return false;
	take(a, site, 0, out);
	return true;
}
