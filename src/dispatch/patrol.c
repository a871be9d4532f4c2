#include "dispatch/patrol.h"

#include "base/mem.h"
#include "base/str.h"
#include "dispatch/preempt.h"

/* How it was chosen. */
struct chosen {
	int64_t id;
	enum request_priority priority;
	int class_index;
	bool by_share;
};

struct patrol {
	struct board *board;
	struct pool *pool;
	struct chosen *chosen; /* of those that are under way, and some that ended */
	size_t chosen_count, chosen_room;
	struct pool_sending *sendings;
	struct preempt_active *active;
	size_t room; /* of both */
};

struct patrol *
patrol_new(struct board *board, struct pool *pool)
{
	struct patrol *p = mem_zero(1, sizeof(*p));

	p->board = board;
	p->pool = pool;
	return p;
}

void
patrol_free(struct patrol *p)
{
	if (!p)
		return;
	mem_free(p->chosen);
	mem_free(p->sendings);
	mem_free(p->active);
	mem_free(p);
}

void
patrol_started(struct patrol *p, const struct agenda_pick *pick)
{
	p->chosen =
	    mem_grow(p->chosen, p->chosen_count, &p->chosen_room, sizeof(*p->chosen));
	p->chosen[p->chosen_count++] = (struct chosen){
	    pick->key.id, pick->key.priority, pick->key.class_index, pick->by_share};
}

/* As it was chosen at its last start; or by its priority now, when that was changed. */
static struct chosen
find_chosen(const struct patrol *p, const struct pool_sending *s)
{
	for (size_t i = p->chosen_count; i > 0; i--) {
		const struct chosen *c = &p->chosen[i - 1];

		if (c->id == s->request.n && c->priority == s->priority)
			return *c;
		if (c->id == s->request.n)
			break;
	}
	return (struct chosen){s->request.n, s->priority,
			       (int)s->priority - REQUEST_HIGH, false};
}

static bool
is_under_way(const struct patrol *p, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (p->sendings[i].request.n == id)
			return true;
	return false;
}

static void
forget_ended(struct patrol *p, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < p->chosen_count; i++)
		if (is_under_way(p, count, p->chosen[i].id))
			p->chosen[left++] = p->chosen[i];
	p->chosen_count = left;
}

static size_t
list(struct patrol *p)
{
	const size_t threads = (size_t)pool_site_active(p->pool, NULL);
	size_t count;

	if (threads > p->room) {
		p->room = threads;
		p->sendings = mem_resize(p->sendings, p->room, sizeof(*p->sendings));
		p->active = mem_resize(p->active, p->room, sizeof(*p->active));
	}
	count = pool_list(p->pool, p->sendings, p->room);
	if (p->chosen_count > 2 * p->room)
		forget_ended(p, count);
	return count;
}

static void
suspend(struct patrol *p, struct pool_sending *s, const struct verdict *v)
{
	const struct pool_why why = {(int)v->reason, v->until_at_ms, v->number};

	if (pool_suspend(p->pool, s->request, &why) > 0)
		s->suspending = true;
}

/* --- windows and budgets --------------------------------------------------------- */

static void
look_at_windows(struct patrol *p, size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		struct pool_sending *s = &p->sendings[i];
		struct verdict v;

		if (s->suspending || s->address[0] == '\0')
			continue;
		v = board_goes_on(p->board, s->site, s->address, s->priority, now_ms);
		if (v.reason != REASON_MAY_GO)
			suspend(p, s, &v);
	}
}

/* --- one that cannot wait -------------------------------------------------------- */

static bool
holds_slot(const struct pool_sending *s)
{
	return str_eq(s->stage, "sending") || str_eq(s->stage, "publishing");
}

/* As preempt.h wants to know them. */
static void
describe_active(struct patrol *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct pool_sending *s = &p->sendings[i];
		const struct chosen c = find_chosen(p, s);
		struct agenda_pick crowded;

		p->active[i] = (struct preempt_active){
		    .id = s->request.n,
		    .site = board_site(p->board, s->site),
		    .class_index = c.class_index,
		    .bytes_done = s->bytes_done,
		    .publishing = str_eq(s->stage, "publishing"),
		    .by_share = c.by_share,
		    .leaving = s->suspending,
		    .holds_slot = holds_slot(s),
		    .waits_urgent =
			s->priority == REQUEST_HIGH && str_eq(s->stage, "waiting"),
		};
		if (board_crowded(p->board, s->site, &crowded))
			p->active[i].crowded = crowded.key.id;
	}
}

static void
look_at_urgent(struct patrol *p, const struct config_sender *settings, size_t count)
{
	struct preempt_ask ask = {
	    .all = p->active, .count = count, .max_sendings = settings->max_sendings};
	struct preempt_found found;
	struct agenda_pick pick;

	describe_active(p, count);
	if (board_urgent(p->board, &pick))
		ask.urgent = pick.key.id;
	while (preempt_next(&ask, &found)) {
		const struct verdict v = {REASON_PREEMPTED, 0, found.urgent};

		suspend(p, &p->sendings[found.victim], &v);
		p->active[found.victim].leaving = true;
	}
}

void
patrol_look(struct patrol *p, const struct config_sender *settings, int64_t now_ms)
{
	const size_t count = list(p);

	look_at_windows(p, count, now_ms);
	if (settings->preempt)
		look_at_urgent(p, settings, count);
}
