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
begin(struct rig *g, const char *text)
{
	struct world_options o = {.facts = &g->facts,
				  .now_ms = NOW_MS,
				  .seed = 1,
				  .weather = fair_weather,
				  .ended = keep_end,
				  .self = g};

	*g = (struct rig){0};
	if (config_from_bytes("t.conf", text, strlen(text), &g->config, &g->e) < 0)
		fail_msg("%s", g->e.text);
	g->facts.config = g->config;
	g->world = world_new(&o);
}

static void
file(struct rig *g, int64_t id, size_t site, enum request_priority p, int64_t at_ms)
{
	world_add(g->world,
		  &(struct world_request){.id = id,
					  .site = site,
					  .priority = p,
					  .filed_at_ms = at_ms,
					  .expires_at_ms = NOW_MS + 100 * HOUR_MS,
					  .bytes_left = BYTES});
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_has_aged_is_not_suspended),
	    cmocka_unit_test(one_that_waits_for_a_slot_gets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
