/* The world keeps to the dispatcher's rules; tests/sim/worlds.c looks at thousands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "config/build.h"
#include "dispatch/world.h"

#define NOW_MS INT64_C(1795424400000) /* Mon 2026-11-23 09:00 UTC */

enum { HOUR_MS = 3600000, MIN_MS = 60000, BYTES = 100000000 };

struct rig {
	struct config *config;
	struct rate_facts facts;
	struct world *world;
	struct world_end ends[3]; /* by id; the requests are gone by then */
	struct err e;
};

/* 1 MB/s, and at once. */
static void
fair_weather(void *self, const struct world_try *t, uint64_t dice,
	     struct world_weather *out)
{
	(void)self;
	(void)t;
	(void)dice;
	*out = (struct world_weather){true, 10, 1000000, 10};
}

static void
keep_end(void *self, const struct world_end *end)
{
	struct rig *g = self;

	g->ends[end->request->id] = *end;
}

static void
begin_world(struct rig *g)
{
	struct world_options o = {.facts = &g->facts,
				  .now_ms = NOW_MS,
				  .seed = 1,
				  .weather = fair_weather,
				  .ended = keep_end,
				  .self = g};

	g->world = world_new(&o);
}

static void
begin(struct rig *g, const char *text)
{
	*g = (struct rig){0};
	if (config_from_bytes("t.conf", text, strlen(text), &g->config, &g->e) < 0)
		fail_msg("%s", g->e.text);
	g->facts.config = g->config;
	begin_world(g);
}

static void
file_bytes(struct rig *g, int64_t id, size_t site, enum request_priority p,
	   int64_t at_ms, int64_t bytes)
{
	world_add(g->world,
		  &(struct world_request){.id = id,
					  .site = site,
					  .priority = p,
					  .filed_at_ms = at_ms,
					  .expires_at_ms = NOW_MS + 100 * HOUR_MS,
					  .bytes_left = bytes});
}

static void
file(struct rig *g, int64_t id, size_t site, enum request_priority p, int64_t at_ms)
{
	file_bytes(g, id, site, p, at_ms, BYTES);
}

static void
run(struct rig *g)
{
	while (world_step(g->world, NOW_MS + 24 * HOUR_MS))
		;
	world_free(g->world);
	config_free(g->config);
}

/* As the dispatcher does (patrol.c): who waited so long that it counts as high is not
 * suspended for another that is high. */
static void
what_has_aged_is_not_suspended(void **state)
{
	static const struct {
		const char *ageing;
		int64_t suspended;
	} rows[] = {{"1h", 0}, {"10d", 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig g;
		char text[400];

		(void)snprintf(text, sizeof(text),
			       "[sender]\nzone = UTC\nmax_sendings = 1\nageing = %s\n"
			       "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
			       "schedule = 08-12 closed\n"
			       "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\n",
			       rows[i].ageing);
		begin(&g, text);
		/* reached lately: it connects in a slot */
		world_set_site(g.world, 1,
			       &(struct world_site_state){.last_sent_at_ms =
							      NOW_MS + 3 * HOUR_MS});
		file(&g, 1, 0, REQUEST_LOW, NOW_MS); /* goes at 12:00 */
		file(&g, 2, 1, REQUEST_HIGH, NOW_MS + 3 * HOUR_MS + 10000);
		run(&g);
		assert_int_equal(g.ends[1].outcome, WORLD_SENT);
		assert_int_equal(g.ends[1].suspended, rows[i].suspended);
		assert_true((g.ends[1].at_ms < g.ends[2].at_ms) ==
			    (rows[i].suspended == 0));
	}
}

/* One that is connected waits for a slot: it gets that of the bulk one. */
static void
one_that_waits_for_a_slot_gets_it(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\nmax_sendings = 1\n"
	    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
	    "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\n";
	struct rig g;

	(void)state;
	begin(&g, text);
	file(&g, 1, 0, REQUEST_LOW, NOW_MS);
	/* never reached: it connects beside the slots, and is connected then */
	file(&g, 2, 1, REQUEST_HIGH, NOW_MS + 10000);
	run(&g);
	assert_int_equal(g.ends[1].suspended, 1);
	assert_int_equal(g.ends[2].suspended, 0);
	assert_in_range(g.ends[2].at_ms, NOW_MS + 10000 + 100000,
			NOW_MS + 10000 + 100000 + 1000);
}

static void
run_until(struct rig *g, int64_t at_ms)
{
	while (world_step(g->world, at_ms))
		;
}

/* Held in the middle it keeps what went and goes on from there; held while it is
 * published it ends; held while it waits it waits on. */
static void
what_a_person_holds(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\n"
	    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
	    "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\n";
	static const struct {
		int64_t held_ms, released_ms, low_ms, high_ms; /* of NOW_MS */
	} rows[] = {
	    {50000, HOUR_MS, HOUR_MS + 50000, HOUR_MS + 50200},
	    {100015, HOUR_MS, 100000, 100100},
	    {0, HOUR_MS, HOUR_MS + 100000, HOUR_MS + 100200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig g;

		begin(&g, text);
		file(&g, 2, 1, REQUEST_MEDIUM, NOW_MS);
		file(&g, 1, 0, REQUEST_MEDIUM, NOW_MS);
		if (rows[i].held_ms > 0)
			run_until(&g, NOW_MS + rows[i].held_ms);
		world_hold(g.world, 1);
		run_until(&g, NOW_MS + rows[i].released_ms);
		world_release(g.world, 1);
		run(&g);
		assert_int_equal(g.ends[1].outcome, WORLD_SENT);
		if (g.ends[1].at_ms < NOW_MS + rows[i].low_ms ||
		    g.ends[1].at_ms > NOW_MS + rows[i].high_ms)
			fail_msg("row %zu: after %lld ms", i,
				 (long long)(g.ends[1].at_ms - NOW_MS));
		assert_in_range(g.ends[2].at_ms, NOW_MS + 100000, NOW_MS + 100100);
	}
}

/* Its window closes when its lifetime is over already: it does not wait on. */
static void
a_lifetime_ends_while_it_is_sent(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\n[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
	    "schedule = 09:01-10 closed\n";
	struct rig g;

	(void)state;
	begin(&g, text);
	world_add(g.world, &(struct world_request){.id = 1,
						   .priority = REQUEST_MEDIUM,
						   .filed_at_ms = NOW_MS,
						   .expires_at_ms = NOW_MS + 30000,
						   .bytes_left = BYTES});
	run(&g);
	assert_int_equal(g.ends[1].outcome, WORLD_EXPIRED);
	assert_int_equal(g.ends[1].at_ms, NOW_MS + MIN_MS);
}

/* A person's limit that leaves each less than a byte a second: nothing goes until it is
 * over, and time does not stand still for it. */
static void
a_limit_of_next_to_nothing(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\n"
	    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
	    "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\n";
	static const struct rate_override thin = {"all", 1, NOW_MS + HOUR_MS};
	struct rig g;

	(void)state;
	begin(&g, text);
	world_free(g.world);
	g.facts.overrides = &thin;
	g.facts.override_count = 1;
	begin_world(&g);
	file(&g, 1, 0, REQUEST_MEDIUM, NOW_MS);
	file(&g, 2, 1, REQUEST_MEDIUM, NOW_MS);
	run(&g);
	for (int64_t id = 1; id <= 2; id++) {
		assert_int_equal(g.ends[id].outcome, WORLD_SENT);
		assert_in_range(g.ends[id].at_ms, NOW_MS + HOUR_MS + 99000,
				NOW_MS + HOUR_MS + 101000);
	}
}

/* What was used of a budget before counts; and a package may be empty. */
static void
what_was_used_before_counts(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\nbudget = 100MB per day\n"
	    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n";
	const struct zone_span day = zone_span_at(zone_utc(), ZONE_DAY, NOW_MS);
	const struct rate_used used = {"all", day.from_at_ms, 60000000};
	struct rig g;

	(void)state;
	begin(&g, text);
	world_free(g.world);
	g.facts.used = &used;
	g.facts.used_count = 1;
	begin_world(&g);
	file_bytes(&g, 1, 0, REQUEST_HIGH, NOW_MS, 0);
	file(&g, 2, 0, REQUEST_LOW, NOW_MS);
	run(&g);
	assert_in_range(g.ends[1].at_ms, NOW_MS, NOW_MS + 100);
	assert_int_equal(g.ends[2].suspended, 1);
	/* 40 MB today, 60 MB from midnight on */
	assert_in_range(g.ends[2].at_ms, day.until_at_ms + 60000,
			day.until_at_ms + 61000);
}

/* Over a while a pulse is a rate, which all sendings of the address share. */
static void
a_pulse_is_waited_for(void **state)
{
	static const char text[] =
	    "[sender]\nzone = UTC\n"
	    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
	    "pulse = 200KB every 2s\n";
	const int64_t done_ms = NOW_MS + INT64_C(2000) * BYTES / 100000;
	struct rig g;

	(void)state;
	begin(&g, text);
	file(&g, 1, 0, REQUEST_MEDIUM, NOW_MS);
	file(&g, 2, 0, REQUEST_MEDIUM, NOW_MS);
	run(&g);
	for (int64_t id = 1; id <= 2; id++)
		assert_in_range(g.ends[id].at_ms, done_ms - 1000, done_ms + 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_has_aged_is_not_suspended),
	    cmocka_unit_test(one_that_waits_for_a_slot_gets_it),
	    cmocka_unit_test(a_limit_of_next_to_nothing),
	    cmocka_unit_test(what_a_person_holds),
	    cmocka_unit_test(a_lifetime_ends_while_it_is_sent),
	    cmocka_unit_test(what_was_used_before_counts),
	    cmocka_unit_test(a_pulse_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
