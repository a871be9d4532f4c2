#include "dispatch/metered.h"

#include "base/mem.h"
#include "dispatch/rate_plan.h"

struct list {
	struct metered *all;
	size_t count, room;
};

static void
add(struct list *l, enum rate_level level, const char *of,
    const struct config_limits *limits, const struct zone *zone)
{
	struct metered *m;

	if (limits->budget.bytes == 0)
		return;
	l->all = mem_grow(l->all, l->count, &l->room, sizeof(*l->all));
	m = &l->all[l->count++];
	*m = (struct metered){.budget = limits->budget, .zone = zone};
	(void)rate_node_name(level, of, m->node);
}

size_t
metered_list(const struct config *c, struct metered **out)
{
	const struct zone *zone = c->sender.zone;
	struct list l = {0};

	add(&l, RATE_ALL, "", &c->sender.limits, zone);
	for (size_t i = 0; i < c->line_count; i++)
		add(&l, RATE_LINE, c->lines[i].name, &c->lines[i].limits, zone);
	for (size_t i = 0; i < c->site_count; i++) {
		const struct config_site *s = &c->sites[i];

		add(&l, RATE_SITE, s->code, &s->limits, zone);
		for (size_t k = 0; k < s->address_count; k++)
			add(&l, RATE_ADDRESS, s->addresses[k].section,
			    &s->addresses[k].limits, s->addresses[k].zone);
	}
	rate_sort(l.all, l.count, sizeof(*l.all));
	*out = l.all;
	return l.count;
}

struct zone_span
metered_span(const struct config_budget *budget, const struct zone *zone, int64_t at_ms)
{
	return zone_span_at(zone, budget->per == CONFIG_PER_DAY ? ZONE_DAY : ZONE_MONTH,
			    at_ms);
}
