#include "dispatch/picture.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/metered.h"

static void
keep_override(struct picture *p, const struct outbox_override *v)
{
	const int64_t until_at_ms = v->until_at_ms ? v->until_at_ms : INT64_MAX;

	if (v->kind == OUTBOX_DRAIN) {
		p->drained_until_at_ms = until_at_ms;
	} else if (v->kind == OUTBOX_OPEN) {
		struct open_override *to = &p->opens[p->facts.open_count++];

		str_copy_cut(to->site, sizeof(to->site), v->what);
		to->until_at_ms = until_at_ms;
	} else {
		struct rate_override *to = &p->limits[p->facts.override_count++];

		str_copy_cut(to->node, sizeof(to->node), v->what);
		to->bytes_per_s = v->value;
		to->until_at_ms = until_at_ms;
	}
}

static int
read_orders(struct picture *p, struct outbox *o, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (outbox_override_list(o, now_ms, &all, &count, e) < 0)
		return -1;
	p->limits = mem_zero(count + 1, sizeof(*p->limits));
	p->opens = mem_zero(count + 1, sizeof(*p->opens));
	for (size_t i = 0; i < count; i++)
		keep_override(p, &all[i]);
	p->facts.overrides = p->limits;
	p->facts.opens = p->opens;
	rate_sort(p->limits, p->facts.override_count, sizeof(*p->limits));
	rate_sort(p->opens, p->facts.open_count, sizeof(*p->opens));
	return 0;
}

static int
read_budgets(struct picture *p, struct outbox *o, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct metered *all = NULL;
	const size_t count = metered_list(p->facts.config, &all);

	p->used = mem_zero(count + 1, sizeof(*p->used));
	for (size_t i = 0; i < count; i++) {
		const struct metered *m = &all[i];
		struct rate_used *u = &p->used[i];

		str_copy_cut(u->node, sizeof(u->node), m->node);
		u->from_at_ms = metered_span(&m->budget, m->zone, now_ms).from_at_ms;
		if (outbox_usage_get(o, u->node, u->from_at_ms, &u->bytes, e) < 0)
			return -1;
	}
	p->facts.used = p->used;
	p->facts.used_count = count;
	return 0;
}

int
picture_read(struct picture *p, const struct config *c, struct outbox *o,
	     int64_t now_ms, struct err *e)
{
	*p = (struct picture){.facts = {.config = c}};
	if (read_orders(p, o, now_ms, e) < 0)
		return -1;
	return read_budgets(p, o, now_ms, e);
}

void
picture_done(struct picture *p)
{
	mem_free(p->limits);
	mem_free(p->opens);
	mem_free(p->used);
}
