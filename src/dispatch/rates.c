#include "dispatch/rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "dispatch/sendings.h"

/* A block of an address counts beside its rate: a node of its own, below it. */
static void
tell_pulse(struct pool *pool, const struct config_address *a)
{
	const struct send_rate rate = {.bytes_per_s = INT64_MAX,
				       .pulse_bytes = a->pulse.block_bytes,
				       .pulse_ms = a->pulse.every_ms};
	char node[OUTBOX_NODE_ROOM];

	(void)snprintf(node, sizeof(node), "pulse %s", a->section);
	pool_set_rate(pool, node, &rate);
}

/* Until the next look, a second later, not more than what is left of its budget:
 * however fast the line is, it is not overrun. */
static int64_t
within_budget(const struct rate_node *n)
{
	return n->left_bytes < n->bytes_per_s ? n->left_bytes : n->bytes_per_s;
}

static void
tell_path(struct pool *pool, const struct rate_path *path)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct rate_node *n = &path->nodes[i];
		const struct send_rate rate = {.bytes_per_s = within_budget(n)};

		pool_set_rate(pool, n->name, &rate);
	}
}

void
rates_tell_site(struct pool *pool, const struct rate_facts *f, const char *site,
		int64_t now_ms)
{
	const struct config_site *s = config_site(f->config, site);

	for (size_t i = 0; s && i < s->address_count; i++) {
		const struct rate_path path = rate_plan(f, s, &s->addresses[i], now_ms);

		tell_path(pool, &path);
		tell_pulse(pool, &s->addresses[i]);
	}
}

static int
by_site(const void *a, const void *b)
{
	const struct pool_sending *x = a, *y = b;

	return strcmp(x->site, y->site);
}

void
rates_tell_active(struct pool *pool, const struct rate_facts *f, int64_t now_ms)
{
	AUTO_FREE struct pool_sending *active = NULL;
	const size_t count = sendings_list(pool, &active);

	qsort(active, count, sizeof(*active), by_site);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !str_eq(active[i].site, active[i - 1].site))
			rates_tell_site(pool, f, active[i].site, now_ms);
}
