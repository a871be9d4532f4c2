#include "dispatch/share.h"

#include <math.h>
#include <stdbool.h>

#include "base/mem.h"

/* A limit while it is shared out. */
struct part {
	double left;    /* bytes/s; HUGE_VAL: no limit    */
	double weights; /* of the flows not yet settled   */
};

static const double unsettled = -1;

static void
count_weights(struct part *parts, const struct share_flow *flows, size_t flow_count)
{
	for (size_t i = 0; i < flow_count; i++)
		for (size_t k = 0; k < flows[i].depth; k++)
			parts[flows[i].nodes[k]].weights += flows[i].weight;
}

/* The limit that gives least for each weight is the next one that is used up.
 * HUGE_VAL: none is left. */
static double
lowest_level(const struct part *parts, size_t count, size_t *which)
{
	double level = HUGE_VAL;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].weights <= 0 || parts[i].left / parts[i].weights >= level)
			continue;
		level = parts[i].left / parts[i].weights;
		*which = i;
	}
	return level;
}

static bool
goes_through(const struct share_flow *f, size_t node)
{
	for (size_t k = 0; k < f->depth; k++)
		if (f->nodes[k] == node)
			return true;
	return false;
}

/* This flow has its rate: what it takes is gone for the others. */
static void
settle_flow(struct part *parts, const struct share_flow *f, double rate)
{
	for (size_t k = 0; k < f->depth; k++) {
		struct part *p = &parts[f->nodes[k]];

		p->weights -= f->weight;
		p->left = p->left > rate ? p->left - rate : 0;
	}
}

static int64_t
whole(double rate)
{
	return rate < 0 || rate >= (double)INT64_MAX ? INT64_MAX : (int64_t)rate;
}

void
share_rates(const int64_t *limits, size_t limit_count, struct share_flow *flows,
	    size_t flow_count)
{
	struct part *parts = mem_zero(limit_count + 1, sizeof(*parts));
	double *rates = mem_zero(flow_count + 1, sizeof(*rates));
	double level;
	size_t node = 0;

	for (size_t i = 0; i < limit_count; i++)
		parts[i].left = limits[i] == INT64_MAX ? HUGE_VAL : (double)limits[i];
	for (size_t i = 0; i < flow_count; i++)
		rates[i] = unsettled;
	count_weights(parts, flows, flow_count);
	while ((level = lowest_level(parts, limit_count, &node)) < HUGE_VAL)
		for (size_t i = 0; i < flow_count; i++) {
			if (rates[i] >= 0 || !goes_through(&flows[i], node))
				continue;
			rates[i] = level * flows[i].weight;
			settle_flow(parts, &flows[i], rates[i]);
		}
	for (size_t i = 0; i < flow_count; i++)
		flows[i].rate_bytes_per_s = whole(rates[i]);
	mem_free(parts);
	mem_free(rates);
}
