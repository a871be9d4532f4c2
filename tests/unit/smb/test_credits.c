/* The credit ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "smb/credits.h"

static void
charge_is_one_per_64_kib(void **state)
{
	static const struct {
		bool multi;
		int64_t bytes;
		uint32_t charge;
	} rows[] = {
	    {true, 0, 1},     {true, 1, 1},      {true, 65536, 1},
	    {true, 65537, 2}, {true, 131072, 2}, {true, 1048576, 16},
	    {false, 0, 1},    {false, 65536, 1}, {false, 1048576, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct credits c = {.multi = rows[i].multi};

		assert_int_equal(credits_charge(&c, rows[i].bytes), rows[i].charge);
	}
}

/* C1, C2, C3 */
static void
what_is_taken_comes_back(void **state)
{
	struct credits c;

	(void)state;
	credits_init(&c, 100);
	assert_true(credits_cover(&c, 1, 0));
	assert_false(credits_cover(&c, 1, 1));
	assert_false(credits_cover(&c, 2, 0));
	assert_int_equal(credits_take(&c, 1), 0);
	assert_false(credits_cover(&c, 1, 0));
	assert_int_equal(credits_most(&c), 1);
	credits_spent(&c, 1);
	assert_int_equal(credits_most(&c), 0); /* the server gave none back */
	credits_grant(&c, 32);
	assert_int_equal(credits_take(&c, 16), 1);
	assert_int_equal(credits_take(&c, 1), 17);
	assert_int_equal(c.available, 15);
	assert_int_equal(credits_most(&c), 32);
}

static void
asks_for_the_way_to_the_target(void **state)
{
	static const struct {
		uint32_t available, in_flight, target, charge;
		uint16_t ask;
	} rows[] = {
	    {0, 1, 100, 1, 100},       {100, 0, 100, 1, 1}, {90, 10, 100, 16, 16},
	    {500, 0, 100, 4, 4},       {0, 1, 0, 1, 1},     {0, 0, 1000000, 1, 65535},
	    {65535, 65535, 100, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct credits c = {.available = rows[i].available,
				    .in_flight = rows[i].in_flight,
				    .target = rows[i].target};

		assert_int_equal(credits_ask(&c, rows[i].charge), rows[i].ask);
	}
}

static void
grants_cannot_run_over(void **state)
{
	struct credits c;

	(void)state;
	credits_init(&c, 100);
	for (int i = 0; i < 100000; i++)
		credits_grant(&c, 65535);
	assert_int_equal(c.available, 65535);
	credits_grant(&c, 0);
	assert_int_equal(c.available, 65535);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(charge_is_one_per_64_kib),
	    cmocka_unit_test(what_is_taken_comes_back),
	    cmocka_unit_test(asks_for_the_way_to_the_target),
	    cmocka_unit_test(grants_cannot_run_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
