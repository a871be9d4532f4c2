#include "dispatch/rates.h"

#include <stdio.h>

#include "base/auto.h"
#include "base/mem.h"

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

static void
tell_path(struct pool *pool, const struct rate_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		pool_set_rate(
		    pool, path->nodes[i].name,
		    &(struct send_rate){.bytes_per_s = path->nodes[i].bytes_per_s});
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

void
rates_tell_active(struct pool *pool, const struct rate_facts *f, int64_t now_ms)
{
	const size_t room = (size_t)pool_site_active(pool, NULL);
	AUTO_FREE struct pool_sending *active = NULL;
	size_t count;

	if (room == 0)
		return;
	active = mem_zero(room, sizeof(*active));
	count = pool_list(pool, active, room);
	for (size_t i = 0; i < count; i++)
		rates_tell_site(pool, f, active[i].site, now_ms);
}
