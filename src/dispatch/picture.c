#include "dispatch/picture.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"

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

/* A node that may have a budget. */
struct metered {
	enum rate_level level;
	const char *of;
	const struct config_limits *limits;
	const struct zone *zone;
};

static int
read_used(struct picture *p, struct outbox *o, const struct metered *m, int64_t now_ms,
	  struct err *e)
{
	const struct rate_node node = {.limits = m->limits, .zone = m->zone};
	struct rate_used u = {0};

	if (m->limits->budget.bytes == 0)
		return 0;
	(void)rate_node_name(m->level, m->of, u.node);
	u.from_at_ms = rate_budget_span(&node, now_ms).from_at_ms;
	if (outbox_usage_get(o, u.node, u.from_at_ms, &u.bytes, e) < 0)
		return -1;
	p->used =
	    mem_grow(p->used, p->facts.used_count, &p->used_room, sizeof(*p->used));
	p->used[p->facts.used_count++] = u;
	return 0;
}

static int
read_used_of_site(struct picture *p, struct outbox *o, const struct config_site *s,
		  int64_t now_ms, struct err *e)
{
	const struct zone *zone = p->facts.config->sender.zone;
	struct metered m = {RATE_SITE, s->code, &s->limits, zone};

	if (read_used(p, o, &m, now_ms, e) < 0)
		return -1;
	for (size_t i = 0; i < s->address_count; i++) {
		const struct config_address *a = &s->addresses[i];

		m = (struct metered){RATE_ADDRESS, a->section, &a->limits, a->zone};
		if (read_used(p, o, &m, now_ms, e) < 0)
			return -1;
	}
	return 0;
}

static int
read_budgets(struct picture *p, struct outbox *o, int64_t now_ms, struct err *e)
{
	const struct config *c = p->facts.config;
	struct metered m = {RATE_ALL, "", &c->sender.limits, c->sender.zone};

	if (read_used(p, o, &m, now_ms, e) < 0)
		return -1;
	m.level = RATE_LINE;
	for (size_t i = 0; i < c->line_count; i++) {
		m.of = c->lines[i].name;
		m.limits = &c->lines[i].limits;
		if (read_used(p, o, &m, now_ms, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->site_count; i++)
		if (read_used_of_site(p, o, &c->sites[i], now_ms, e) < 0)
			return -1;
	rate_sort(p->used, p->facts.used_count, sizeof(*p->used));
	p->facts.used = p->used;
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
