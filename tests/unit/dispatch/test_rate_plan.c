/* What each node may do, from a configuration as a person writes it.
 *
 * sms-sender.md section 6 row 5 (a change of rate is seen at once: nothing is kept),
 * row 22 (arithmetic at the ends of its range).  peers.md B 2 (by the hour, in bytes),
 * B 5 (all > line > site > address), B 34 (so many bytes a day or month). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../wall_clock.h"
#include "base/attr.h"
#include "config/build.h"
#include "dispatch/metered.h"
#include "dispatch/rate_plan.h"

static const char text[] = "[sender]\n"
			   "zone = UTC\n"
			   "rate = 80Mbit/s\n"
			   "[line south]\n"
			   "speed = 16Mbit/s\n"
			   "rate = mon-fri 08-18 50%\n"
			   "budget = 10GB per month\n"
			   "[site MS1]\n"
			   "line = South\n"
			   "rate = 12-13 4Mbit/s\n"
			   "[address MS1.1]\n"
			   "type = dir\n"
			   "path = /x\n"
			   "zone = Asia/Kolkata\n"
			   "rate = 22-06 800kbit/s\n"
			   "budget = 1GB per day\n"
			   "pulse = 3KB every 5s\n"
			   "[site MS2]\n"
			   "[address MS2.1]\n"
			   "type = dir\n"
			   "path = /x\n";

struct plan {
	struct config *config;
	struct rate_facts facts;
	const struct config_site *ms1, *ms2;
};

static int
setup(void **state)
{
	static struct plan p;
	struct err e;

	p = (struct plan){0};
	if (config_from_bytes("t.conf", text, strlen(text), &p.config, &e) < 0)
		fail_msg("%s", e.text);
	p.facts.config = p.config;
	p.ms1 = config_site(p.config, "MS1");
	p.ms2 = config_site(p.config, "MS2");
	*state = &p;
	return 0;
}

static int
teardown(void **state)
{
	config_free(((struct plan *)*state)->config);
	return 0;
}

static void
each_node_by_its_week(void **state)
{
	const struct plan *p = *state;
	static const struct {
		const char *at;
		int64_t all, line, site, address;
		const char *until;
	} rows[] = {
	    /* a Monday; 22:00 in India is 16:30 */
	    {"2026-11-23 00:00", 10000000, INT64_MAX, INT64_MAX, 100000,
	     "2026-11-23 00:30"},
	    {"2026-11-23 00:30", 10000000, INT64_MAX, INT64_MAX, INT64_MAX,
	     "2026-11-23 08:00"},
	    {"2026-11-23 08:00", 10000000, 1000000, INT64_MAX, INT64_MAX,
	     "2026-11-23 12:00"},
	    {"2026-11-23 12:00", 10000000, 1000000, 500000, INT64_MAX,
	     "2026-11-23 13:00"},
	    {"2026-11-23 13:00", 10000000, 1000000, INT64_MAX, INT64_MAX,
	     "2026-11-23 16:30"},
	    {"2026-11-23 16:30", 10000000, 1000000, INT64_MAX, 100000,
	     "2026-11-23 18:00"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rate_path path = rate_plan(
		    &p->facts, p->ms1, &p->ms1->addresses[0], utc(rows[i].at));
		const int64_t want[] = {rows[i].all, rows[i].line, rows[i].site,
					rows[i].address};
		int64_t least = INT64_MAX;

		assert_int_equal(path.count, RATE_LEVELS);
		for (size_t n = 0; n < RATE_LEVELS; n++) {
			assert_int_equal(path.nodes[n].level, n);
			assert_int_equal(path.nodes[n].bytes_per_s, want[n]);
			least = want[n] < least ? want[n] : least;
		}
		assert_int_equal(path.bytes_per_s, least);
		assert_int_equal(path.until_at_ms, utc(rows[i].until));
		assert_int_equal(path.spent_until_at_ms, 0);
		assert_int_equal(path.pulse.block_bytes, 3000);
		assert_int_equal(path.pulse.every_ms, 5000);
	}
}

static void
names_and_paths(void **state)
{
	const struct plan *p = *state;
	struct rate_path path = rate_plan(&p->facts, p->ms1, &p->ms1->addresses[0],
					  utc("2026-11-23 00:00"));

	assert_string_equal(path.nodes[0].name, "all");
	assert_string_equal(path.nodes[1].name, "line south");
	assert_string_equal(path.nodes[2].name, "site MS1");
	assert_string_equal(path.nodes[3].name, "address MS1.1");
	path = rate_plan(&p->facts, p->ms1, NULL, utc("2026-11-23 00:00"));
	assert_int_equal(path.count, 3);
	assert_int_equal(path.pulse.block_bytes, 0);
	path = rate_plan(&p->facts, p->ms2, &p->ms2->addresses[0],
			 utc("2026-11-23 00:00"));
	assert_int_equal(path.count, 3); /* no line */
	assert_string_equal(path.nodes[2].name, "address MS2.1");
	assert_int_equal(path.bytes_per_s, 10000000);
	assert_int_equal(path.until_at_ms, INT64_MAX);
}

static void
a_person_orders_otherwise(void **state)
{
	struct plan *p = *state;
	const int64_t now = utc("2026-11-23 12:00");
	struct rate_override overrides[] = {
	    {"site MS1", 125, now + 1000},
	    {"all", INT64_MAX, INT64_MAX},
	    {"line south", 2000000, now}, /* is over */
	};
	struct rate_path path;

	rate_sort(overrides, COUNT(overrides), sizeof(overrides[0]));
	p->facts.overrides = overrides;
	p->facts.override_count = COUNT(overrides);
	path = rate_plan(&p->facts, p->ms1, &p->ms1->addresses[0], now);
	assert_int_equal(path.nodes[RATE_ALL].bytes_per_s, INT64_MAX);
	assert_int_equal(path.nodes[RATE_ALL].until_at_ms, INT64_MAX);
	assert_int_equal(path.nodes[RATE_LINE].bytes_per_s, 1000000);
	assert_int_equal(path.nodes[RATE_SITE].bytes_per_s, 125);
	assert_int_equal(path.until_at_ms, now + 1000);
	path = rate_plan(&p->facts, p->ms1, &p->ms1->addresses[0], now + 1000);
	assert_int_equal(path.nodes[RATE_SITE].bytes_per_s, 500000);
	assert_int_equal(path.until_at_ms, utc("2026-11-23 13:00"));
}

static void
a_person_opens_a_site(void **state)
{
	struct plan *p = *state;
	const struct open_override opens[] = {{"A", 50}, {"MS1", 100}, {"MS2", 200}};

	assert_int_equal(rate_open_until_at_ms(&p->facts, "MS1", 0), 0);
	p->facts.opens = opens;
	p->facts.open_count = COUNT(opens);
	assert_int_equal(rate_open_until_at_ms(&p->facts, "MS1", 99), 100);
	assert_int_equal(rate_open_until_at_ms(&p->facts, "MS1", 100), 0);
	assert_int_equal(rate_open_until_at_ms(&p->facts, "MS3", 0), 0);
}

/* "address MS1.1" has 1 GB a day in India, where it begins at 18:30; "line south" 10 GB
 * a month of UTC. */
static void
budgets(void **state)
{
	struct plan *p = *state;
	static const struct {
		const char *at, *node, *from;
		int64_t bytes;
		int64_t address_left, line_left;
		const char *spent_until; /* NULL: not spent */
	} rows[] = {
	    {"2026-11-23 09:00", "address MS1.1", "2026-11-22 18:30", 400000000,
	     600000000, 10000000000, NULL},
	    {"2026-11-23 09:00", "address MS1.1", "2026-11-22 18:30", 999999999, 1,
	     10000000000, NULL},
	    {"2026-11-23 09:00", "address MS1.1", "2026-11-22 18:30", 1000000000, 0,
	     10000000000, "2026-11-23 18:30"},
	    {"2026-11-23 09:00", "address MS1.1", "2026-11-22 18:30", INT64_MAX, 0,
	     10000000000, "2026-11-23 18:30"},
	    /* of the day before: it begins anew */
	    {"2026-11-23 09:00", "address MS1.1", "2026-11-21 18:30", INT64_MAX,
	     1000000000, 10000000000, NULL},
	    {"2026-11-23 18:30", "address MS1.1", "2026-11-22 18:30", 1000000000,
	     1000000000, 10000000000, NULL},
	    {"2026-11-23 09:00", "line south", "2026-11-01 00:00", 10000000000,
	     1000000000, 0, "2026-12-01 00:00"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rate_used used = {.from_at_ms = utc(rows[i].from),
					 .bytes = rows[i].bytes};
		const bool of_line = rows[i].node[0] == 'l';
		const struct rate_node *n;
		struct rate_path path;

		memcpy(used.node, rows[i].node, strlen(rows[i].node) + 1);
		p->facts.used = &used;
		p->facts.used_count = 1;
		path = rate_plan(&p->facts, p->ms1, &p->ms1->addresses[0],
				 utc(rows[i].at));
		n = &path.nodes[of_line ? RATE_LINE : RATE_ADDRESS];
		assert_int_equal(path.nodes[RATE_ADDRESS].left_bytes,
				 rows[i].address_left);
		assert_int_equal(path.nodes[RATE_LINE].left_bytes, rows[i].line_left);
		assert_int_equal(path.nodes[RATE_SITE].left_bytes, INT64_MAX);
		assert_int_equal(path.spent_until_at_ms,
				 rows[i].spent_until ? utc(rows[i].spent_until) : 0);
		assert_int_equal(n->spent_until_at_ms, path.spent_until_at_ms);
		if (rows[i].spent_until)
			assert_int_equal(path.bytes_per_s, 0);
		assert_true(path.until_at_ms > utc(rows[i].at));
		n = &path.nodes[RATE_ADDRESS];
		assert_true(path.until_at_ms <=
			    metered_span(&n->limits->budget, n->zone, utc(rows[i].at))
				.until_at_ms);
	}
}

/* P2: a spent budget stays closed whatever rate a person ordered. */
static void
an_order_does_not_fill_a_budget(void **state)
{
	struct plan *p = *state;
	const struct rate_override order = {"address MS1.1", INT64_MAX, INT64_MAX};
	const struct rate_used used = {"address MS1.1", utc("2026-11-22 18:30"),
				       1000000000};
	struct rate_path path;

	p->facts.overrides = &order;
	p->facts.used = &used;
	p->facts.override_count = p->facts.used_count = 1;
	path = rate_plan(&p->facts, p->ms1, &p->ms1->addresses[0],
			 utc("2026-11-23 09:00"));
	assert_int_equal(path.nodes[RATE_ADDRESS].bytes_per_s, 0);
	assert_int_equal(path.nodes[RATE_ADDRESS].until_at_ms, utc("2026-11-23 18:30"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_node_by_its_week, setup, teardown),
	    cmocka_unit_test_setup_teardown(names_and_paths, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_person_orders_otherwise, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_person_opens_a_site, setup, teardown),
	    cmocka_unit_test_setup_teardown(budgets, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_order_does_not_fill_a_budget, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
