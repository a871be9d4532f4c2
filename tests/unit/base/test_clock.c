/* Instants as text, in fixed zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/clock.h"

static void
test_iso(void **state)
{
	static const struct {
		int64_t at_ms;
		const char *want;
	} rows[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {-1, "1969-12-31T23:59:59.999Z"},
	    {-1000, "1969-12-31T23:59:59.000Z"},
	    {INT64_C(921685636123), "1999-03-17T15:47:16.123Z"},
	    {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
	    {INT64_MAX, "out-of-range.807Z"},
	    {INT64_MIN, "out-of-range.192Z"},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(clock_iso(rows[i].at_ms, buf, sizeof(buf)),
				    rows[i].want);
}

/* The seed's restart time. */
static void
test_sms(void **state)
{
	static const struct {
		const char *zone;
		int64_t at_ms;
		const char *want;
	} rows[] = {
	    {"EST5EDT", INT64_C(921685636000), "03/17/99 10:47:16 EST"},
	    {"UTC0", INT64_C(921685636999), "03/17/99 15:47:16 UTC"},
	    {"EST5EDT", INT64_C(931685636000), "07/11/99 05:33:56 EDT"},
	    {"UTC0", 0, "01/01/70 00:00:00 UTC"},
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)setenv("TZ", rows[i].zone, 1);
		tzset();
		assert_string_equal(clock_sms(rows[i].at_ms, buf, sizeof(buf)),
				    rows[i].want);
	}
}

static void
test_real(void **state)
{
	const struct clock *c = clock_real();
	int64_t before = clock_mono_ms(c);

	(void)state;
	assert_true(clock_mono_ms(c) >= before);
	assert_true(clock_us() / 1000 >= before);
	assert_true(clock_wall_ms(c) > INT64_C(1700000000000)); /* after 2023 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_iso),
	    cmocka_unit_test(test_sms),
	    cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
