/* Instants as a person types them, in a zone with summer time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/str.h"
#include "front/when.h"

/* 2026-11-22 14:08:05 UTC, a Sunday: 09:08:05 in New York. */
#define NOW_MS INT64_C(1795356485000)

static int
set_zone(void **state)
{
	(void)state;
	(void)setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	return 0;
}

static void
test_understood(void **state)
{
	static const struct {
		const char *text;
		int64_t want_ms;
	} rows[] = {
	    {"2026-11-22 14:08:05Z", NOW_MS},
	    {"2026-11-22T14:08:05Z", NOW_MS},
	    {"2026-11-22 09:08:05", NOW_MS},
	    {"2026-11-22 09:08", NOW_MS - 5000},
	    {"2026-07-01 12:00", INT64_C(1782921600000)}, /* summer: 16:00 UTC */
	    {"2028-02-29 00:00Z", INT64_C(1835395200000)},
	    {"09:09", NOW_MS + 55000},                    /* still today        */
	    {"09:08", NOW_MS - 5000 + INT64_C(86400000)}, /* gone: tomorrow     */
	    {"09:08:05", NOW_MS + INT64_C(86400000)},
	    {"+2h", NOW_MS + 7200000},
	    {"+1h30min", NOW_MS + 5400000},
	    {"+0s", NOW_MS},
	    {"9999-12-31 23:59Z", INT64_C(253402300740000)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = 0;
		struct err e = {0};

		if (when_parse(rows[i].text, NOW_MS, &got, &e) < 0)
			fail_msg("%s", e.text);
		if (got != rows[i].want_ms)
			fail_msg("\"%s\" gave %lld, not %lld", rows[i].text,
				 (long long)got, (long long)rows[i].want_ms);
	}
}

static void
test_refused(void **state)
{
	static const char *const rows[] = {
	    "",
	    "tomorrow",
	    "2026-11-22",
	    "2026-11-22 ",
	    "2026-11-22 6:00",
	    "2026-11-22 24:00",
	    "2026-11-22 12:60",
	    "2026-11-22 12:00:61",
	    "2026-11-22 12:00 CET",
	    "2026-11-22  12:00",
	    "2026-02-30 12:00", /* no such day              */
	    "2026-13-01 12:00",
	    "2026-03-08 02:30", /* the hour summer time skips */
	    "26-11-22 12:00",
	    "12:00Z",
	    "1200",
	    "+",
	    "+2",
	    "+2 h",
	    "-2h",
	    "+9223372036854775807ms",
	    "+99999999999d", /* behind the year 9999 */
	    "+106751991166d",
	    "1969-12-31 23:59Z",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = -77;
		struct err e = {0};

		if (when_parse(rows[i], NOW_MS, &got, &e) != -1)
			fail_msg("\"%s\" was understood as %lld", rows[i],
				 (long long)got);
		assert_int_equal(got, -77);
		assert_int_equal(e.kind, ERR_INPUT);
	}
}

static void
test_message(void **state)
{
	int64_t got;
	struct err e = {0};

	(void)state;
	assert_int_equal(when_parse("2026-02-30 12:00", NOW_MS, &got, &e), -1);
	assert_string_equal(
	    e.text,
	    "\"2026-02-30 12:00\" is no time: there is no such day, or no such hour on "
	    "it; type \"2026-11-22 06:00\" (local, or UTC with a Z at the end), "
	    "\"06:00\" (the next one) or \"+2h\" (from now)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_understood),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
