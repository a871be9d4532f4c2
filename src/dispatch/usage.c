#include "dispatch/usage.h"

#include "base/mem.h"
#include "base/str.h"
#include "dispatch/metered.h"

/* What was counted of a node. */
struct counted {
	struct zone_span span; /* of the budget: used counts in it */
	struct zone_span day;  /* of the last look */
	int64_t sent_bytes;    /* of the pool's count, kept already */
};

/* Three lists beside one another, by the names of the nodes. */
struct usage {
	const struct config *config; /* that the lists were made of */
	struct metered *nodes;
	struct counted *counted;
	struct rate_used *used;
	size_t count;
};

struct usage *
usage_new(void)
{
	return mem_zero(1, sizeof(struct usage));
}

static void
free_lists(struct usage *u)
{
	mem_free(u->nodes);
	mem_free(u->counted);
	mem_free(u->used);
}

void
usage_free(struct usage *u)
{
	if (!u)
		return;
	free_lists(u);
	mem_free(u);
}

/* --- how much ------------------------------------------------------------------ */

static int
begin_period(struct usage *u, size_t n, struct outbox *o, int64_t now_ms, struct err *e)
{
	const struct metered *m = &u->nodes[n];
	const struct zone_span span = metered_span(&m->budget, m->zone, now_ms);
	int64_t bytes;

	if (outbox_usage_get(o, m->node, span.from_at_ms, &bytes, e) < 0)
		return -1;
	u->counted[n].span = span;
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
static void
begin_days(struct usage *u, int64_t now_ms)
{
	for (size_t i = 0; i < u->count; i++)
		if (!is_within(&u->counted[i].day, now_ms))
			u->counted[i].day =
			    zone_span_at(u->nodes[i].zone, ZONE_DAY, now_ms);
}

/* Asks no zone: it also keeps what was counted by a configuration that is gone. */
static int
keep(struct usage *u, struct pool *pool, struct outbox *o, struct err *e)
{
	struct outbox_usage *rows = mem_zero(u->count, sizeof(*rows));
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < u->count; i++) {
		const struct metered *m = &u->nodes[i];
		const int64_t more =
		    pool_sent_bytes(pool, m->node) - u->counted[i].sent_bytes;
		struct outbox_usage *row = &rows[count];

		if (more <= 0)
			continue;
		str_copy_cut(row->node, sizeof(row->node), m->node);
		row->day_at_ms = u->counted[i].day.from_at_ms;
		row->bytes = more;
		count++;
	}
	if (count > 0)
		rc = outbox_usage_add(o, rows, count, e);
	for (size_t i = 0, k = 0; rc == 0 && k < count; i++) {
		if (!str_eq(u->nodes[i].node, rows[k].node))
			continue;
		u->counted[i].sent_bytes += rows[k].bytes;
		u->used[i].bytes += rows[k++].bytes;
	}
	mem_free(rows);
	return rc;
}

/* Another configuration: what was counted is kept under the old names first. */
static int
change_config(struct usage *u, const struct config *c, struct pool *pool,
	      struct outbox *o, struct err *e)
{
	if (u->count > 0 && keep(u, pool, o, e) < 0)
		return -1;
	free_lists(u);
	u->config = c;
	u->count = metered_list(c, &u->nodes);
	u->counted = mem_zero(u->count + 1, sizeof(*u->counted));
	u->used = mem_zero(u->count + 1, sizeof(*u->used));
	for (size_t i = 0; i < u->count; i++) {
		const char *node = u->nodes[i].node;

		str_copy_cut(u->used[i].node, sizeof(u->used[i].node), node);
		u->counted[i].sent_bytes = pool_sent_bytes(pool, node);
	}
	return 0;
}

int
usage_look(struct usage *u, const struct config *c, struct pool *pool, struct outbox *o,
	   int64_t now_ms, struct err *e)
{
	if (u->config != c && change_config(u, c, pool, o, e) < 0)
		return -1;
	if (u->count == 0)
		return 0;
	begin_days(u, now_ms);
	if (keep(u, pool, o, e) < 0)
		return -1;
	for (size_t i = 0; i < u->count; i++)
		if (!is_within(&u->counted[i].span, now_ms) &&
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
