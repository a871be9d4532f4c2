/* Speeds that the forecast draws: none that there are not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "config/build.h"
#include "dispatch/chance.h"
#include "dispatch/weather.h"

enum { COURSES = 2000 };

/* Speeds are stated of the sender, a line, a site, an address; none of the first. */
static const char free_text[] = "[sender]\nzone = UTC\n"
				"[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n";
static const char stated_text[] =
    "[sender]\nzone = UTC\nspeed = 1Gbit/s\n"
    "[line south]\nspeed = 80Mbit/s\n"
    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
    "[site MS2]\nline = south\n[address MS2.1]\ntype = dir\npath = /x\n"
    "[site MS3]\nline = south\nspeed = 8Mbit/s\n"
    "[address MS3.1]\ntype = dir\npath = /x\n"
    "[address MS3.2]\ntype = dir\npath = /x\nspeed = 800kbit/s\n";

static struct config *
configure(const char *text)
{
	struct config *c = NULL;
	struct err e;

	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

/* The slowest and the fastest of many courses. */
static void
extremes(const struct config *c, const struct outbox_learnt *rows, size_t count,
	 const struct world_try *t, int64_t *slowest, int64_t *fastest)
{
	struct weather *w = weather_new(c, rows, count);
	struct chance dice = {7};

	*slowest = INT64_MAX;
	*fastest = 0;
	for (int i = 0; i < COURSES; i++) {
		struct world_weather out;

		weather_begin(w, chance_next(&dice));
		weather_draw(w, t, chance_next(&dice), &out);
		if (out.speed_bytes_per_s < *slowest)
			*slowest = out.speed_bytes_per_s;
		if (out.speed_bytes_per_s > *fastest)
			*fastest = out.speed_bytes_per_s;
	}
	weather_free(w);
}

static void
what_nobody_measured_is_plausible(void **state)
{
	struct config *c = configure(free_text);
	const struct world_request r = {.site = 0};
	const struct world_try t = {&r, &c->sites[0].addresses[0], 0};
	int64_t slowest, fastest;

	(void)state;
	extremes(c, NULL, 0, &t, &slowest, &fastest);
	assert_in_range(slowest, 1000, 100000);
	assert_in_range(fastest, 10000000, 1250000000);
	config_free(c);
}

static void
nothing_is_faster_than_its_line_is_said_to_be(void **state)
{
	static const struct {
		size_t site, address;
		int64_t most;
	} rows[] = {
	    {0, 0, 125000000}, {1, 0, 10000000}, {2, 0, 1000000}, {2, 1, 100000}};
	struct config *c = configure(stated_text);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct world_request r = {.site = rows[i].site};
		const struct world_try t = {
		    &r, &c->sites[r.site].addresses[rows[i].address], 0};
		int64_t slowest, fastest;

		extremes(c, NULL, 0, &t, &slowest, &fastest);
		assert_int_equal(fastest, rows[i].most);
	}
	config_free(c);
}

/* But when it was seen to be: the statement was wrong. */
static void
what_was_seen_counts_more(void **state)
{
	struct config *c = configure(stated_text);
	const double seen = log(1e6);
	const struct outbox_learnt row = {.address = "MS3.2",
					  .hour = 3,
					  .samples = 50,
					  .log_sum = 50 * seen,
					  .log_squares = 50 * seen * seen,
					  .connects = 50};
	const struct world_request r = {.site = 2};
	const struct world_try t = {&r, &c->sites[2].addresses[1], 0};
	int64_t slowest, fastest;

	(void)state;
	extremes(c, &row, 1, &t, &slowest, &fastest);
	assert_in_range(slowest, 200000, 999999);
	assert_in_range(fastest, 1200000, 2000000);
	config_free(c);
}

/* What rounding made less than nothing is nothing; an hour in which it was only reached
 * says nothing of its speed. */
static void
sums_that_were_rounded(void **state)
{
	struct config *c = configure(free_text);
	const double seen = log(1e6);
	const struct outbox_learnt rows[] = {
	    {.address = "MS1.1", .hour = 3, .connects = 9},
	    {.address = "MS1.1",
	     .hour = 4,
	     .samples = 500,
	     .log_sum = 500 * seen,
	     .log_squares = 500 * seen * seen * (1 - 1e-6),
	     .connects = 500}};
	const struct world_request r = {.site = 0};
	const struct world_try t = {&r, &c->sites[0].addresses[0],
				    3 * INT64_C(3600000)};
	int64_t slowest, fastest;

	(void)state;
	extremes(c, rows, COUNT(rows), &t, &slowest, &fastest);
	assert_in_range(slowest, 700000, 999999);
	assert_in_range(fastest, 1000001, 1400000);
	config_free(c);
	weather_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_nobody_measured_is_plausible),
	    cmocka_unit_test(nothing_is_faster_than_its_line_is_said_to_be),
	    cmocka_unit_test(what_was_seen_counts_more),
	    cmocka_unit_test(sums_that_were_rounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
