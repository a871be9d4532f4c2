/* What holds at an instant, against stepping through local time minute by minute.
 *
 * sms-sender.md section 6 row 5 (a closing hour is seen when it comes: the answer is
 * computed anew at each instant, and says until when it holds), row 24 (high before
 * low: which priorities a slot lets in). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "../wall_clock.h"
#include "base/attr.h"
#include "dispatch/week.h"

#define MIN_MS  INT64_C(60000)
#define HOUR_MS (60 * MIN_MS)
#define DAY_MS  (24 * HOUR_MS)

/* ---- against a naive model ----------------------------------------------------- */

static uint64_t
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX */
	return *seed >> 33;
}

enum { STEPS_MAX = 24 };

/* Some steps anywhere in the week, with few values, so that ends and begins are alike
 * now and then. */
static struct config_week
random_week(uint64_t *seed, struct config_step *steps)
{
	struct config_week w = {.steps = steps};
	int32_t at_min = 0;

	while (w.step_count < STEPS_MAX && at_min < CONFIG_WEEK_MIN) {
		const int64_t value = (int64_t)(next_random(seed) % 3);

		if (w.step_count == 0 || steps[w.step_count - 1].value != value)
			steps[w.step_count++] = (struct config_step){at_min, value};
		at_min += 1 + (int32_t)(next_random(seed) %
					(next_random(seed) % 4 ? 2000 : 90));
	}
	if (w.step_count < 2)
		return (struct config_week){.always = steps[0].value};
	return w;
}

/* By the calendar of libc and the list from its front. */
static int64_t
naive_value(const struct config_week *w, const struct zone *z, int64_t at_ms)
{
	const time_t local_s = (time_t)(at_ms / 1000 + zone_offset_s(z, at_ms));
	int64_t value = w->always;
	struct tm tm;
	int32_t minute;

	assert_non_null(gmtime_r(&local_s, &tm));
	minute = ((tm.tm_wday + 6) % 7 * 24 + tm.tm_hour) * 60 + tm.tm_min;
	for (int32_t i = 0; i < w->step_count && w->steps[i].from_min <= minute; i++)
		value = w->steps[i].value;
	return value;
}

/* Backwards, so that the next change is known when a minute is looked at. */
static void
compare(const struct config_week *w, const struct zone *z, int64_t middle_ms)
{
	int64_t next_ms = -1;

	for (int64_t at_ms = middle_ms + 16 * DAY_MS; at_ms > middle_ms - 5 * DAY_MS;
	     at_ms -= MIN_MS) {
		const int64_t value = naive_value(w, z, at_ms);

		if (naive_value(w, z, at_ms + MIN_MS) != value)
			next_ms = at_ms + MIN_MS;
		if (next_ms < 0 || at_ms > middle_ms + 4 * DAY_MS)
			continue;
		for (int64_t into_ms = 0; into_ms < MIN_MS; into_ms += MIN_MS - 1) {
			const struct week_now now = week_at(w, z, at_ms + into_ms);

			assert_int_equal(now.value, value);
			assert_int_equal(now.until_at_ms, next_ms);
		}
	}
}

static void
every_minute_round_every_change(void **state)
{
	static const char *const zones[] = {
	    "UTC",
	    "Europe/Berlin",
	    "America/New_York",
	    "Asia/Kolkata",
	    "Australia/Lord_Howe",
	    "America/Santiago",
	    "Australia/Sydney",
	    "Africa/Casablanca",
	    "Asia/Beirut",
	    "Pacific/Chatham",
	};
	struct config_step steps[STEPS_MAX];
	uint64_t seed = 4;

	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct zone *z = load(zones[i]);
		int64_t at_ms = utc("2026-01-01 00:00");

		for (int n = 0; n < 4; n++) {
			const struct config_week w = random_week(&seed, steps);

			at_ms = zone_change_at_ms(z, at_ms);
			if (at_ms == INT64_MAX)
				at_ms = utc("2026-05-03 21:00") + n * 77 * DAY_MS;
			if (w.step_count > 0)
				compare(&w, z, at_ms);
		}
		zone_free(z);
	}
}

/* Samoa had no 30 December 2011. */
static void
a_day_that_is_left_out(void **state)
{
	struct zone *apia = load("Pacific/Apia");
	struct config_step steps[STEPS_MAX];
	uint64_t seed = 7;

	(void)state;
	for (int n = 0; n < 4; n++) {
		const struct config_week w = random_week(&seed, steps);

		if (w.step_count > 0)
			compare(&w, apia, utc("2011-12-30 10:00"));
	}
	zone_free(apia);
}

/* ---- by hand -------------------------------------------------------------------- */

static void
nights_of_change(void **state)
{
	/* 02:30 to 03:30 on Sunday is 1, else 0 */
	static struct config_step steps[] = {
	    {0, 0}, {6 * 1440 + 150, 1}, {6 * 1440 + 210, 0}};
	static const struct config_week w = {.steps = steps, .step_count = 3};
	static const struct {
		const char *zone, *at;
		int64_t value;
		const char *until;
	} rows[] = {
	    /* spring: 02:30 never comes, it is 1 from 03:00 on */
	    {"Europe/Berlin", "2026-03-29 00:59", 0, "2026-03-29 01:00"},
	    {"Europe/Berlin", "2026-03-29 01:00", 1, "2026-03-29 01:30"},
	    /* autumn: 02:30 comes twice, and between it is 02:00 again */
	    {"Europe/Berlin", "2026-10-25 00:29", 0, "2026-10-25 00:30"},
	    {"Europe/Berlin", "2026-10-25 00:30", 1, "2026-10-25 01:00"},
	    {"Europe/Berlin", "2026-10-25 01:00", 0, "2026-10-25 01:30"},
	    {"Europe/Berlin", "2026-10-25 01:30", 1, "2026-10-25 02:30"},
	    {"Europe/Berlin", "2026-10-25 02:30", 0, "2026-11-01 01:30"},
	    /* from one week into the next */
	    {"UTC", "2026-11-22 03:30", 0, "2026-11-29 02:30"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = load(rows[i].zone);
		const struct week_now now = week_at(&w, z, utc(rows[i].at));

		assert_int_equal(now.value, rows[i].value);
		assert_int_equal(now.until_at_ms, utc(rows[i].until));
		zone_free(z);
	}
}

static void
what_never_changes(void **state)
{
	const struct config_week w = {.always = 42};
	const struct week_now now = week_at(&w, zone_utc(), 0);

	(void)state;
	assert_int_equal(now.value, 42);
	assert_int_equal(now.until_at_ms, INT64_MAX);
}

/* ---- slots ---------------------------------------------------------------------- */

static void
who_is_let_in(void **state)
{
	static const struct {
		int64_t value;
		bool high, medium, low, no_substitute;
	} rows[] = {
	    {CONFIG_SLOT_ALL, true, true, true, false},
	    {CONFIG_SLOT_MEDIUM, true, true, false, false},
	    {CONFIG_SLOT_HIGH, true, false, false, false},
	    {CONFIG_SLOT_CLOSED, false, false, false, false},
	    {CONFIG_SLOT_HIGH | CONFIG_SLOT_NO_SUBSTITUTE, true, false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct config_address a = {.zone = zone_utc(),
						 .schedule = {.always = rows[i].value}};
		const struct slot_now s = slot_at(&a, 0, 1000);
		const struct slot_now opened = slot_at(&a, 5000, 1000);

		assert_int_equal(slot_lets(&s, REQUEST_HIGH), rows[i].high);
		assert_int_equal(slot_lets(&s, REQUEST_MEDIUM), rows[i].medium);
		assert_int_equal(slot_lets(&s, REQUEST_LOW), rows[i].low);
		assert_int_equal(s.no_substitute, rows[i].no_substitute);
		assert_int_equal(s.until_at_ms, INT64_MAX);
		assert_true(slot_lets(&opened, REQUEST_LOW));
		assert_false(opened.no_substitute);
		assert_int_equal(opened.until_at_ms, 5000);
		/* a person's word ends on time */
		assert_int_equal(slot_at(&a, 5000, 5000).until_at_ms, INT64_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_minute_round_every_change),
	    cmocka_unit_test(a_day_that_is_left_out),
	    cmocka_unit_test(nights_of_change),
	    cmocka_unit_test(what_never_changes),
	    cmocka_unit_test(who_is_let_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
