/* What clocks show at a place: against libc, and at the nights that matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../wall_clock.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/zone.h"

enum { HOUR_S = 3600 };

static const char *const zones[] = {
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Gaza",
    "America/Santiago",
    "Antarctica/Troll",
    "Pacific/Kiritimati",
    "Asia/Beirut",
};

/* In the zone of TZ: libc reads the same tables by other code. */
static int64_t
libc_offset_s(int64_t at_s)
{
	const time_t at = (time_t)at_s;
	struct tm tm;

	assert_non_null(localtime_r(&at, &tm));
	return tm.tm_gmtoff;
}

static void
agrees_with_libc(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct zone *z = load(zones[i]);
		/* 2038 and 2100; GLib 2.74 takes Ireland's rule, whose winter time
		 * counts as daylight saving, for none from 2038 on (ADR 0005). */
		const int64_t end_s =
		    strcmp(zones[i], "Europe/Dublin") == 0 ? 2145916800 : 4102444800;

		assert_int_equal(setenv("TZ", zones[i], 1), 0);
		tzset();
		/* No change is missed, at odd times of the day, and none is early or
		 * late. */
		for (int64_t at_s = 1; at_s < end_s; at_s += 73 * HOUR_S + 17 * 60)
			assert_int_equal(zone_offset_s(z, at_s * 1000),
					 libc_offset_s(at_s));
		for (int64_t at_ms = zone_change_at_ms(z, 0); at_ms < end_s * 1000;
		     at_ms = zone_change_at_ms(z, at_ms)) {
			assert_int_equal(zone_offset_s(z, at_ms),
					 libc_offset_s(at_ms / 1000));
			assert_int_equal(zone_offset_s(z, at_ms - 1),
					 libc_offset_s(at_ms / 1000 - 1));
		}
		zone_free(z);
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static void
the_nights_of_change(void **state)
{
	static const struct {
		const char *zone, *from, *change;
		int64_t before_s, after_s;
	} rows[] = {
	    {"Europe/Berlin", "2026-01-01 00:00", "2026-03-29 01:00", 3600, 7200},
	    {"Europe/Berlin", "2026-03-29 01:00", "2026-10-25 01:00", 7200, 3600},
	    {"America/New_York", "2026-01-01 00:00", "2026-03-08 07:00", -18000,
	     -14400},
	    {"America/New_York", "2026-03-08 07:00", "2026-11-01 06:00", -14400,
	     -18000},
	    {"Australia/Lord_Howe", "2026-01-01 00:00", "2026-04-04 15:00", 39600,
	     37800},
	    {"Australia/Lord_Howe", "2026-04-04 15:00", "2026-10-03 15:30", 37800,
	     39600},
	    {"Australia/Sydney", "2026-01-01 00:00", "2026-04-04 16:00", 39600, 36000},
	    {"Europe/Berlin", "2060-01-01 00:00", "2060-03-28 01:00", 3600, 7200},
	    /* a whole day left out: Samoa went over the date line */
	    {"Pacific/Apia", "2011-12-01 00:00", "2011-12-30 10:00", -36000, 50400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = load(rows[i].zone);
		const int64_t change = utc(rows[i].change);

		assert_string_equal(zone_name(z), rows[i].zone);
		assert_int_equal(zone_change_at_ms(z, utc(rows[i].from)), change);
		assert_int_equal(zone_change_at_ms(z, change - 1), change);
		assert_true(zone_change_at_ms(z, change) > change);
		assert_int_equal(zone_offset_s(z, change - 1), rows[i].before_s);
		assert_int_equal(zone_offset_s(z, change), rows[i].after_s);
		zone_free(z);
	}
}

static void
zones_that_stay(void **state)
{
	static const struct {
		const char *zone;
		int64_t offset_s;
	} rows[] = {
	    {"UTC", 0},
	    {"+02:00", 7200},
	    {"-03:30", -12600},
	    {"Asia/Kolkata", 19800},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = load(rows[i].zone);
		const int64_t at = utc("2026-06-01 00:00");

		assert_int_equal(zone_change_at_ms(z, at), INT64_MAX);
		assert_int_equal(zone_offset_s(z, at), rows[i].offset_s);
		assert_int_equal(zone_local_ms(z, at), at + rows[i].offset_s * 1000);
		assert_int_equal(zone_local_ms(z, INT64_MAX),
				 rows[i].offset_s < 0
				     ? INT64_MAX + rows[i].offset_s * 1000
				     : INT64_MAX);
		zone_free(z);
	}
	assert_int_equal(zone_offset_s(zone_utc(), 0), 0);
	assert_string_equal(zone_name(zone_utc()), "UTC");
}

static void
local_times_that_come_never_or_twice(void **state)
{
	static const struct {
		const char *zone, *local, *instant;
	} rows[] = {
	    {"Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"},
	    {"Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"},
	    {"Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"},
	    {"Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"},
	    {"Europe/Berlin", "2026-03-29 03:01", "2026-03-29 01:01"},
	    {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"},
	    {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"},
	    {"Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"},
	    {"Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"},
	    {"+02:00", "2026-10-25 02:30", "2026-10-25 00:30"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = load(rows[i].zone);

		assert_int_equal(zone_instant_at_ms(z, utc(rows[i].local)),
				 utc(rows[i].instant));
		zone_free(z);
	}
}

static void
days_and_months(void **state)
{
	static const struct {
		const char *zone, *at;
		enum zone_period period;
		const char *from, *until;
	} rows[] = {
	    {"UTC", "2026-02-28 12:00", ZONE_MONTH, "2026-02-01 00:00",
	     "2026-03-01 00:00"},
	    {"UTC", "2028-02-29 23:59", ZONE_DAY, "2028-02-29 00:00",
	     "2028-03-01 00:00"},
	    {"UTC", "2026-12-31 23:59", ZONE_MONTH, "2026-12-01 00:00",
	     "2027-01-01 00:00"},
	    {"UTC", "1969-12-31 23:59", ZONE_MONTH, "1969-12-01 00:00",
	     "1970-01-01 00:00"},
	    {"Europe/Berlin", "2026-03-29 12:00", ZONE_DAY, "2026-03-28 23:00",
	     "2026-03-29 22:00"}, /* 23 hours */
	    {"Europe/Berlin", "2026-10-25 12:00", ZONE_DAY, "2026-10-24 22:00",
	     "2026-10-25 23:00"}, /* 25 hours */
	    {"Europe/Berlin", "2026-10-31 23:00", ZONE_MONTH, "2026-10-31 23:00",
	     "2026-11-30 23:00"},
	    /* midnight itself is left out: Beirut goes from 24:00 to 01:00 */
	    {"Asia/Beirut", "2026-03-29 05:00", ZONE_DAY, "2026-03-28 22:00",
	     "2026-03-29 21:00"},
	    /* and the hour before it comes twice */
	    {"Asia/Beirut", "2026-10-24 21:30", ZONE_DAY, "2026-10-23 21:00",
	     "2026-10-24 22:00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = load(rows[i].zone);
		const struct zone_span span =
		    zone_span_at(z, rows[i].period, utc(rows[i].at));

		assert_int_equal(span.from_at_ms, utc(rows[i].from));
		assert_int_equal(span.until_at_ms, utc(rows[i].until));
		zone_free(z);
	}
}

/* No instant belongs to none or to two, in 130 years of each zone. */
static void
periods_leave_no_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct zone *z = load(zones[i]);

		for (unsigned p = ZONE_DAY; p <= ZONE_MONTH; p++) {
			struct zone_span span = zone_span_at(z, p, 0), next;

			for (; span.until_at_ms < 4102444800000LL; span = next) {
				next = zone_span_at(z, p, span.until_at_ms);
				assert_int_equal(next.from_at_ms, span.until_at_ms);
				assert_true(next.until_at_ms > next.from_at_ms);
				next = zone_span_at(z, p, next.until_at_ms - 1);
				assert_int_equal(next.from_at_ms, span.until_at_ms);
			}
		}
		zone_free(z);
	}
}

static void
in_words(void **state)
{
	struct zone *berlin = load("Europe/Berlin");
	char buf[ZONE_TEXT_ROOM];

	(void)state;
	assert_string_equal(
	    zone_week_text(berlin, utc("2026-11-22 17:05"), buf, sizeof(buf)),
	    "Sun 18:05");
	assert_string_equal(
	    zone_week_text(berlin, utc("1969-12-28 23:00"), buf, sizeof(buf)),
	    "Mon 00:00");
	assert_string_equal(
	    zone_date_text(berlin, utc("2026-12-31 23:30"), buf, sizeof(buf)),
	    "2027-01-01 00:30");
	zone_free(berlin);
}

static void
the_systems_zone(void **state)
{
	static const struct {
		const char *tz;
		int64_t offset_s;
	} rows[] = {
	    {"Asia/Kolkata", 19800},
	    {":Asia/Kolkata", 19800},
	    {"XYZ-3", 10800}, /* POSIX rules, as libc takes them */
	    {"no/zone", 0},   /* UTC, as libc takes it */
	};
	struct zone *z;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(setenv("TZ", rows[i].tz, 1), 0);
		z = load(NULL);
		assert_int_equal(zone_offset_s(z, 0), rows[i].offset_s);
		zone_free(z);
	}
	assert_int_equal(unsetenv("TZ"), 0);
	z = load(NULL); /* whatever /etc/localtime is, or is not */
	assert_true(zone_name(z)[0] != '\0');
	zone_free(z);
}

static void
unknown_zones(void **state)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
	    {"Europe/Berln",
	     "there is no time zone \"Europe/Berln\"; did you mean \"Europe/Berlin\"?"},
	    {"europe/berlin", "there is no time zone \"europe/berlin\"; did you mean "
			      "\"Europe/Berlin\"?"},
	    {"Asia/Kalkutta", "there is no time zone \"Asia/Kalkutta\"; did you mean "
			      "\"Asia/Calcutta\"?"},
	    {"Mars/Olympus", "there is no time zone \"Mars/Olympus\" in "
			     "/usr/share/zoneinfo: type it as "
			     "in Europe/Berlin, UTC or +02:00"},
	};
	static const char *const others[] = {
	    "",  "Europe", "zone.tab", "/etc/localtime", "../../../etc/localtime",
	    "5", "+",      "+25:00",   "Europe/Berlin ", "CET-1CEST,M3.5.0,M10.5.0/3",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = NULL;
		struct err e = {0};

		assert_int_equal(zone_load(rows[i].name, &z, &e), -1);
		assert_null(z);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, rows[i].says);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		struct zone *z = NULL;
		struct err e = {0};

		if (zone_load(others[i], &z, &e) == 0)
			fail_msg("taken: %s", others[i]);
	}
}

static void
write_text(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	struct err e;

	assert_int_equal(path_write_file(path, text, strlen(text), 0600, &e), 0);
}

static void
what_is_said_of(const char *name, const char *says)
{
	struct zone *z = NULL;
	struct err e = {0};

	assert_int_equal(zone_load(name, &z, &e), -1);
	if (!strstr(e.text, says))
		fail_msg("%s does not say \"%s\"", e.text, says);
}

/* As on a host with an odd tzdata, or none. */
static void
other_folders(void **state)
{
	char dir[] = "/tmp/test_zone.XXXXXX";
	AUTO_STR struct str list = {0};
	struct err e;

	(void)state;
	str_add(&list, "# version 1\nR x 1 2\nZ ");
	for (int i = 0; i < 1000; i++)
		str_add_char(&list, 'y');
	str_add(&list, " 0\nZ Here/There 1\nL Here/There Here/Where\n");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(setenv("TZDIR", dir, 1), 0);
	what_is_said_of("Here/Ther", dir);
	write_text(dir, "tzdata.zi", str_text(&list));
	what_is_said_of("Here/Ther", "did you mean \"Here/There\"?");
	what_is_said_of("Here/Wher", "did you mean \"Here/Where\"?");
	write_text(dir, "Torn", "no such thing");
	what_is_said_of("Torn", dir);
	assert_int_equal(unsetenv("TZDIR"), 0);
	assert_int_equal(path_remove_tree(dir, &e), 0);
	zone_free(NULL);
}

static void
the_ends_of_time(void **state)
{
	struct zone *z = load("-01:00");

	(void)state;
	assert_int_equal(zone_local_ms(z, INT64_MIN), INT64_MIN);
	zone_free(z);
	z = load("+01:00");
	assert_int_equal(zone_local_ms(z, INT64_MAX), INT64_MAX);
	zone_free(z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_with_libc),
	    cmocka_unit_test(the_nights_of_change),
	    cmocka_unit_test(zones_that_stay),
	    cmocka_unit_test(local_times_that_come_never_or_twice),
	    cmocka_unit_test(days_and_months),
	    cmocka_unit_test(periods_leave_no_gap),
	    cmocka_unit_test(in_words),
	    cmocka_unit_test(the_systems_zone),
	    cmocka_unit_test(unknown_zones),
	    cmocka_unit_test(other_folders),
	    cmocka_unit_test(the_ends_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
