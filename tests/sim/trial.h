/* trial.h - one world of worlds.c: what is drawn for it, and what is known of it. */
#ifndef TESTS_SIM_TRIAL_H
#define TESTS_SIM_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "dispatch/metered.h"
#include "dispatch/world.h"

enum {
	SITES_MOST = 8,
	REQUESTS_MOST = 40,
	HOUR_MS = 3600000,
	DAY_MS = 24 * HOUR_MS,
	ORDERS_MOST = 8,
	NODES_MOST = 2 + SITES_MOST * 4, /* all, a line, sites with 3 addresses */
	SENDINGS_MOST = 64,
	/* More than a millisecond of all lines together, which is how exactly the world
	 * hits an instant. */
	BUDGET_SLACK_BYTES = 64 << 10,
};

/* Through a node with a budget, in the day or month that began at from_ms. */
struct went {
	int64_t from_ms;
	double bytes;
};

struct trial {
	uint64_t seed, random;
	struct config *config;
	struct rate_facts facts; /* orders: the lists below */
	struct rate_override limits[ORDERS_MOST];
	struct open_override opens[ORDERS_MOST];
	int64_t order_at_ms[ORDERS_MOST + 1]; /* the last: INT64_MAX */
	size_t orders_done;
	bool held[REQUESTS_MOST];   /* as they were added */
	bool active[REQUESTS_MOST]; /* at the last look */
	struct metered *metered;    /* S9: nodes with a budget, and what went */
	size_t metered_count;
	struct went went[NODES_MOST];
	struct world_sending going[SENDINGS_MOST]; /* at the last look */
	size_t going_count;
	int64_t looked_ms;
	struct world *world;
	int64_t began_ms, filed;
	int64_t sent, expired, tries;
	uint64_t course; /* of all ends: a fingerprint */
	const char *failed;
};

/* All that follows comes from the seed. */
void trial_begin(struct trial *t, uint64_t seed);

/* From low to high, both included. */
int64_t trial_between(struct trial *t, int64_t low, int64_t high);
bool trial_chance(struct trial *t, int percent);

/* A configuration of its own: from the dice. */
struct config *trial_config(struct trial *t);

/* When persons order something, from the dice; and what, when the time has come.  The
 * last of them lets everything go that is held. */
void trial_plan_orders(struct trial *t);
void trial_give_order(struct trial *t);

#endif
