/* Times there and back, and whatever a server may send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "transport/filetime.h"

static const int64_t EPOCH_1970 = INT64_C(116444736000000000);

static void
there_and_back(void **state)
{
	static const struct {
		int64_t ns, filetime;
	} rows[] = {
	    {0, INT64_C(116444736000000000)},
	    {100, INT64_C(116444736000000001)},
	    {-100, INT64_C(116444735999999999)},
	    {INT64_C(1700000000) * 1000000000, INT64_C(133444736000000000)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(filetime_of(rows[i].ns), rows[i].filetime);
		assert_int_equal(filetime_to_ns(rows[i].filetime), rows[i].ns);
	}
}

static void
rounded_down(void **state)
{
	(void)state;
	assert_int_equal(filetime_of(199), EPOCH_1970 + 1);
	assert_int_equal(filetime_of(-1), EPOCH_1970 - 1);
	assert_int_equal(filetime_of(-199), EPOCH_1970 - 2);
}

static void
what_does_not_fit_is_cut(void **state)
{
	static const struct {
		int64_t filetime, ns;
	} rows[] = {
	    {0, INT64_MIN},         {-1, INT64_MIN},
	    {INT64_MIN, INT64_MIN}, {INT64_MIN + 1, INT64_MIN},
	    {INT64_MAX, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(filetime_to_ns(rows[i].filetime), rows[i].ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(rounded_down),
	    cmocka_unit_test(what_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
