/* Numbers as people write them; every refusal leaves the output alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/num.h"

enum { UNTOUCHED = -77 };

struct row {
	const char *text;
	int64_t want; /* UNTOUCHED: refused */
};

static void
check_rows(const struct row *rows, size_t count,
	   int (*parse)(const char *text, int64_t *out))
{
	for (size_t i = 0; i < count; i++) {
		int64_t got = UNTOUCHED;
		int rc = parse(rows[i].text, &got);

		if (got != rows[i].want || rc != (rows[i].want == UNTOUCHED ? -1 : 0))
			fail_msg("\"%s\" gave %d, %lld", rows[i].text, rc,
				 (long long)got);
	}
}

static int
small_int(const char *text, int64_t *out)
{
	return num_int(text, -5, 999, out);
}

static int
any_int(const char *text, int64_t *out)
{
	return num_int(text, INT64_MIN, INT64_MAX, out);
}

static void
test_int(void **state)
{
	static const struct row small[] = {
	    {"0", 0},          {"999", 999},       {"1000", UNTOUCHED},
	    {"-5", -5},        {"-6", UNTOUCHED},  {"", UNTOUCHED},
	    {"-", UNTOUCHED},  {"+1", UNTOUCHED},  {" 1", UNTOUCHED},
	    {"1 ", UNTOUCHED}, {"1x", UNTOUCHED},  {"0x1", UNTOUCHED},
	    {"007", 7},        {"--1", UNTOUCHED},
	};
	static const struct row any[] = {
	    {"9223372036854775807", INT64_MAX},
	    {"9223372036854775808", UNTOUCHED},
	    {"-9223372036854775807", -INT64_MAX},
	    {"99999999999999999999999", UNTOUCHED},
	};

	(void)state;
	check_rows(small, COUNT(small), small_int);
	check_rows(any, COUNT(any), any_int);
}

static void
test_duration(void **state)
{
	static const struct row rows[] = {
	    {"500ms", 500},
	    {"90s", 90000},
	    {"90sec", 90000},
	    {"1min", 60000},
	    {"1m", 60000},
	    {"1h30min", 5400000},
	    {"7d", 604800000},
	    {"1w", 604800000},
	    {"0s", 0},
	    {"5", UNTOUCHED},
	    {"", UNTOUCHED},
	    {"h", UNTOUCHED},
	    {"1x", UNTOUCHED},
	    {"1h30", UNTOUCHED},
	    {"-1s", UNTOUCHED},
	    {"1 h", UNTOUCHED},
	    {"1H", UNTOUCHED},
	    {"9223372036854775807w", UNTOUCHED},
	    {"9223372036854775807ms1ms", UNTOUCHED},
	};

	(void)state;
	check_rows(rows, COUNT(rows), num_duration_ms);
}

static void
test_bytes(void **state)
{
	static const struct row rows[] = {
	    {"4096", 4096},      {"4096B", 4096},      {"64KiB", 65536},
	    {"64K", 65536},      {"64KB", 64000},      {"64kB", 64000},
	    {"1MB", 1000000},    {"2GiB", 2147483648}, {"1 TiB", 1099511627776},
	    {"", UNTOUCHED},     {"K", UNTOUCHED},     {"1Kib", UNTOUCHED},
	    {"1  K", UNTOUCHED}, {"1 ", UNTOUCHED},    {"8388608TiB", UNTOUCHED},
	    {"-1", UNTOUCHED},   {"1.5M", UNTOUCHED},
	};

	(void)state;
	check_rows(rows, COUNT(rows), num_bytes);
}

static void
test_rate(void **state)
{
	static const struct row rows[] = {
	    {"512kbit/s", 64000},
	    {"16Mbit/s", 2000000},
	    {"2MB/s", 2000000},
	    {"1MiB/s", 1048576},
	    {"7bit/s", 0},
	    {"9bit/s", 1},
	    {"1", UNTOUCHED},
	    {"1MB", UNTOUCHED},
	    {"1mbit/s", UNTOUCHED},
	    {"", UNTOUCHED},
	    {"9223372036854775807GB/s", UNTOUCHED},
	};

	(void)state;
	check_rows(rows, COUNT(rows), num_rate);
}

static void
test_duration_text(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
	    {0, "0 ms"},
	    {350, "350 ms"},
	    {1999, "1 s"},
	    {60000, "1 min"},
	    {125000, "2 min 5 s"},
	    {3600000, "1 h"},
	    {5400000, "1 h 30 min"},
	    {86400000, "1 d"},
	    {90000000, "1 d 1 h"},
	    {604800000, "7 d"},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(num_duration_text(rows[i].ms, buf, sizeof(buf)),
				    rows[i].want);
}

static void
test_rate_text(void **state)
{
	static const struct {
		int64_t bytes_per_s;
		const char *want;
	} rows[] = {
	    {0, "0 bit/s"},
	    {41, "328 bit/s"},
	    {64000, "512 kbit/s"},
	    {124999, "1 Mbit/s"}, /* not 1000.0 */
	    {187500, "1.5 Mbit/s"},
	    {125000000, "1 Gbit/s"},
	    {125000000000, "1000 Gbit/s"},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(
		    num_rate_text(rows[i].bytes_per_s, buf, sizeof(buf)), rows[i].want);
}

static void
test_bytes_text(void **state)
{
	static const struct {
		int64_t bytes;
		const char *want;
	} rows[] = {
	    {0, "0 B"},
	    {1023, "1023 B"},
	    {1024, "1.0 KiB"},
	    {3482, "3.4 KiB"},
	    {1048575, "1.0 MiB"}, /* not 1024.0 KiB */
	    {1048576, "1.0 MiB"},
	    {INT64_C(1288490189), "1.2 GiB"},
	    {INT64_MAX, "8.0 EiB"},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(num_bytes_text(rows[i].bytes, buf, sizeof(buf)),
				    rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_int),           cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_bytes),         cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_duration_text), cmocka_unit_test(test_rate_text),
	    cmocka_unit_test(test_bytes_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
