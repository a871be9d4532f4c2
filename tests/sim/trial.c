/* trial.c - what the dice make of a world: its configuration, what persons order. */
#include "trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dispatch/rate_plan.h"

static uint64_t
roll(struct trial *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

void
trial_begin(struct trial *t, uint64_t seed)
{
	*t = (struct trial){.seed = seed, .random = seed * 2 + 88172645463325252U};
	for (int i = 0; i < 8; i++)
		(void)roll(t);
}

int64_t
trial_between(struct trial *t, int64_t low, int64_t high)
{
	return low + (int64_t)(roll(t) % (uint64_t)(high - low + 1));
}

bool
trial_chance(struct trial *t, int percent)
{
	return trial_between(t, 1, 100) <= percent;
}

/* --- a configuration ---------------- */

static const char *const zones[] = {"Europe/Berlin", "America/New_York", "UTC",
				    "Australia/Lord_Howe"};
static const char *const days[] = {"mon-fri", "sat,sun", "sun", "tue-thu", ""};
static const char *const slots[] = {"all", "medium", "high", "closed", "closed"};

/* A closed one stands in for none as it is. */
static void
write_slot(struct trial *t, FILE *f)
{
	const char *slot = slots[trial_between(t, 0, 4)];
	const bool alone = strcmp(slot, "closed") != 0 && trial_chance(t, 30);

	(void)fprintf(f, "%s%s\n", slot, alone ? " no-substitute" : "");
}

static void
write_week(struct trial *t, FILE *f, bool rates)
{
	for (int64_t n = trial_between(t, 0, 3); n > 0; n--) {
		const int64_t from = trial_between(t, 0, 23),
			      to = trial_between(t, 0, 23);

		if (from == to)
			continue;
		(void)fprintf(f, "%s = %s %02d:%02d-%02d ", rates ? "rate" : "schedule",
			      days[trial_between(t, 0, 4)], (int)from,
			      (int)trial_between(t, 0, 3) * 15, (int)to);
		if (rates)
			(void)fprintf(f, "%dkB/s\n", (int)trial_between(t, 20, 2000));
		else
			write_slot(t, f);
	}
}

static void
write_budget(struct trial *t, FILE *f, int percent)
{
	if (trial_chance(t, percent))
		(void)fprintf(f, "budget = %dMB per %s\n",
			      (int)trial_between(t, 5, 500),
			      trial_chance(t, 50) ? "day" : "month");
}

static void
write_site(struct trial *t, FILE *f, int64_t n)
{
	const int64_t addresses = trial_between(t, 1, 3);

	(void)fprintf(f, "[site S%d]\n", (int)n);
	if (trial_chance(t, 50))
		(void)fputs("line = south\n", f);
	if (trial_chance(t, 30))
		write_week(t, f, true);
	write_budget(t, f, 8);
	for (int64_t i = 1; i <= addresses; i++) {
		(void)fprintf(f,
			      "[address S%d.%d]\ntype = dir\npath = /srv\nzone = %s\n",
			      (int)n, (int)i, zones[trial_between(t, 0, 3)]);
		write_week(t, f, false);
		if (trial_chance(t, 40))
			write_week(t, f, true);
		write_budget(t, f, 8);
	}
}

static void
write_config(struct trial *t, FILE *f)
{
	const int64_t most = trial_between(t, 1, 6);

	(void)fprintf(f,
		      "[sender]\nzone = %s\nmax_sendings = %d\n"
		      "max_sendings_per_site = %d\nreserved_high = %s\npreempt = %s\n"
		      "small_first = %s\nageing = %dh\nrequest_lifetime = 30d\n",
		      zones[trial_between(t, 0, 3)], (int)most,
		      (int)trial_between(t, 1, most),
		      most > 1 && trial_chance(t, 50) ? "1" : "none",
		      trial_chance(t, 50) ? "on" : "off",
		      trial_chance(t, 50) ? "yes" : "no", (int)trial_between(t, 1, 48));
	if (trial_chance(t, 30))
		write_week(t, f, true);
	write_budget(t, f, 8);
	(void)fputs("[line south]\n", f);
	write_week(t, f, true);
	write_budget(t, f, 15);
	for (int64_t n = trial_between(t, 1, SITES_MOST); n > 0; n--)
		write_site(t, f, n);
}

struct config *
trial_config(struct trial *t)
{
	char path[] = "/tmp/lansender-worlds-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	struct config *c = NULL;
	struct err e;

	assert_non_null(f);
	write_config(t, f);
	assert_int_equal(fclose(f), 0);
	if (config_load(path, &c, &e) < 0)
		fail_msg("seed %llu: %s", (unsigned long long)t->seed, e.text);
	(void)unlink(path);
	return c;
}

/* --- persons ---------------- */

/* Any node of the configuration. */
static void
some_node(struct trial *t, char node[OUTBOX_NODE_ROOM])
{
	const struct config *c = t->config;
	const struct config_site *s =
	    &c->sites[trial_between(t, 0, (int64_t)c->site_count - 1)];

	switch (trial_between(t, 0, 3)) {
	case 0:
		(void)rate_node_name(RATE_ALL, "", node);
		return;
	case 1:
		(void)rate_node_name(RATE_LINE, c->lines[0].name, node);
		return;
	case 2:
		(void)rate_node_name(RATE_SITE, s->code, node);
		return;
	default:
		(void)rate_node_name(RATE_ADDRESS, s->addresses[0].section, node);
	}
}

/* What was ordered of it before is over. */
static void
order_limit(struct trial *t)
{
	struct rate_override o = {.bytes_per_s = trial_between(t, 20, 2000) * 1000,
				  .until_at_ms = world_now_ms(t->world) +
						 trial_between(t, 1, 20) * HOUR_MS};
	struct rate_override *same;

	some_node(t, o.node);
	if (trial_chance(t, 20))
		o.bytes_per_s = CONFIG_RATE_UNLIMITED;
	same = rate_find(o.node, t->limits, t->facts.override_count, sizeof(o));
	if (same)
		*same = o;
	else
		t->limits[t->facts.override_count++] = o;
	rate_sort(t->limits, t->facts.override_count, sizeof(o));
}

static void
order_open(struct trial *t)
{
	const size_t site =
	    (size_t)trial_between(t, 0, (int64_t)t->config->site_count - 1);
	struct open_override o = {.until_at_ms = world_now_ms(t->world) +
						 trial_between(t, 1, 20) * HOUR_MS};
	struct open_override *same;

	(void)snprintf(o.site, sizeof(o.site), "%s", t->config->sites[site].code);
	same = rate_find(o.site, t->opens, t->facts.open_count, sizeof(o));
	if (same)
		*same = o;
	else
		t->opens[t->facts.open_count++] = o;
	rate_sort(t->opens, t->facts.open_count, sizeof(o));
}

static void
order_hold(struct trial *t)
{
	const size_t n = (size_t)trial_between(t, 0, t->filed - 1);

	world_hold(t->world, n);
	t->held[n] = true;
}

/* All that are held. */
static void
order_release(struct trial *t)
{
	for (size_t n = 0; n < (size_t)t->filed; n++)
		if (t->held[n])
			world_release(t->world, n);
	memset(t->held, 0, sizeof(t->held));
}

/* The last one lets everything go that is held. */
void
trial_give_order(struct trial *t)
{
	const int64_t what = trial_between(t, 0, 4);

	if (t->order_at_ms[++t->orders_done] == INT64_MAX || what == 4)
		order_release(t);
	else if (what <= 1)
		order_limit(t);
	else if (what == 2)
		order_open(t);
	else
		order_hold(t);
	world_set_orders(t->world, &t->facts);
}

void
trial_plan_orders(struct trial *t)
{
	const int64_t count =
	    trial_chance(t, 50) ? trial_between(t, 1, ORDERS_MOST) : 0;
	int64_t at_ms = t->began_ms;

	for (int64_t i = 0; i < count; i++) {
		at_ms += trial_between(t, 0, 12 * HOUR_MS);
		t->order_at_ms[i] = at_ms;
	}
	t->order_at_ms[count] = INT64_MAX;
	t->facts.overrides = t->limits;
	t->facts.opens = t->opens;
}
