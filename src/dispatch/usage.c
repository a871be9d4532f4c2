#include "dispatch/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* A node with a budget. */
struct metered {
	char node[OUTBOX_NODE_ROOM];
	struct config_budget budget;
	const struct zone *zone;
	struct zone_span span; /* of the budget: used counts in it */
	int64_t sent_bytes;    /* of the pool's count, kept already */
};

struct usage {
	const struct config *config; /* that the list was made of */
	struct metered *nodes;
	struct rate_used *used; /* beside nodes: by name as well */
	size_t count, room, used_room;
};

struct usage *
usage_new(void)
{
	return mem_zero(1, sizeof(struct usage));
}

void
usage_free(struct usage *u)
{
	if (!u)
		return;
	mem_free(u->nodes);
	mem_free(u->used);
	mem_free(u);
}

/* --- which nodes --------------------------------------------------------------- */

static void
add(struct usage *u, enum rate_level level, const char *of,
    const struct config_limits *limits, const struct zone *zone)
{
	struct metered *m;

	if (limits->budget.bytes == 0)
		return;
	u->nodes = mem_grow(u->nodes, u->count, &u->room, sizeof(*u->nodes));
	u->used = mem_grow(u->used, u->count, &u->used_room, sizeof(*u->used));
	m = &u->nodes[u->count];
	*m = (struct metered){.budget = limits->budget, .zone = zone};
	(void)rate_node_name(level, of, m->node);
	u->used[u->count++] = (struct rate_used){0};
}

static int
by_node(const void *a, const void *b)
{
	const struct metered *x = a, *y = b;

	return strcmp(x->node, y->node);
}

/* Sorted, as the rate plan wants what was used. */
static void
list_nodes(struct usage *u, const struct config *c)
{
	const struct zone *zone = c->sender.zone;

	u->config = c;
	u->count = 0;
	add(u, RATE_ALL, "", &c->sender.limits, zone);
	for (size_t i = 0; i < c->line_count; i++)
		add(u, RATE_LINE, c->lines[i].name, &c->lines[i].limits, zone);
	for (size_t i = 0; i < c->site_count; i++) {
		const struct config_site *s = &c->sites[i];

		add(u, RATE_SITE, s->code, &s->limits, zone);
		for (size_t k = 0; k < s->address_count; k++)
			add(u, RATE_ADDRESS, s->addresses[k].section,
			    &s->addresses[k].limits, s->addresses[k].zone);
	}
	if (u->count > 0)
		qsort(u->nodes, u->count, sizeof(*u->nodes), by_node);
}

/* --- how much ------------------------------------------------------------------ */

static int
begin_period(struct usage *u, size_t n, struct outbox *o, int64_t now_ms, struct err *e)
{
	struct metered *m = &u->nodes[n];
	const enum zone_period period =
	    m->budget.per == CONFIG_PER_DAY ? ZONE_DAY : ZONE_MONTH;
	const struct zone_span span = zone_span_at(m->zone, period, now_ms);
	int64_t bytes;

	if (outbox_usage_get(o, m->node, span.from_at_ms, &bytes, e) < 0)
		return -1;
	m->span = span;
	str_copy_cut(u->used[n].node, sizeof(u->used[n].node), m->node);
	u->used[n].from_at_ms = span.from_at_ms;
	u->used[n].bytes = bytes;
	return 0;
}

static bool
is_within(const struct zone_span *s, int64_t at_ms)
{
	return s->from_at_ms <= at_ms && at_ms < s->until_at_ms;
}

/* What went since is of the day it is now: a second at midnight is not worth more. */
static int
keep(struct usage *u, struct pool *pool, struct outbox *o, int64_t now_ms,
     struct err *e)
{
	struct outbox_usage *rows = mem_zero(u->count, sizeof(*rows));
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < u->count; i++) {
		const struct metered *m = &u->nodes[i];
		const int64_t more = pool_sent_bytes(pool, m->node) - m->sent_bytes;
		struct outbox_usage *row = &rows[count];

		if (more <= 0)
			continue;
		str_copy_cut(row->node, sizeof(row->node), m->node);
		row->day_at_ms = zone_span_at(m->zone, ZONE_DAY, now_ms).from_at_ms;
		row->bytes = more;
		count++;
	}
	if (count > 0)
		rc = outbox_usage_add(o, rows, count, e);
	for (size_t i = 0, k = 0; rc == 0 && k < count; i++) {
		if (!str_eq(u->nodes[i].node, rows[k].node))
			continue;
		u->nodes[i].sent_bytes += rows[k].bytes;
		u->used[i].bytes += rows[k++].bytes;
	}
	mem_free(rows);
	return rc;
}

/* Another configuration: what was counted is kept under the old names first. */
static int
change_config(struct usage *u, const struct config *c, struct pool *pool,
	      struct outbox *o, int64_t now_ms, struct err *e)
{
	if (u->count > 0 && keep(u, pool, o, now_ms, e) < 0)
		return -1;
	list_nodes(u, c);
	for (size_t i = 0; i < u->count; i++)
		u->nodes[i].sent_bytes = pool_sent_bytes(pool, u->nodes[i].node);
	return 0;
}

int
usage_look(struct usage *u, const struct config *c, struct pool *pool, struct outbox *o,
	   int64_t now_ms, struct err *e)
{
	if (u->config != c && change_config(u, c, pool, o, now_ms, e) < 0)
		return -1;
	if (u->count == 0)
		return 0;
	if (keep(u, pool, o, now_ms, e) < 0)
		return -1;
	for (size_t i = 0; i < u->count; i++)
		if (!is_within(&u->nodes[i].span, now_ms) &&
		    begin_period(u, i, o, now_ms, e) < 0)
			return -1;
	return 0;
}

void
usage_add_facts(const struct usage *u, struct rate_facts *f)
{
	f->used = u->used;
	f->used_count = u->count;
}
