#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/restart.h"

static const struct config_sender defaults = {
    .heartbeat_ms = 300000,
    .retry_delay_ms = 60000,
    .retries = 2,
};

/* sms-sender.md 2.8: one formula, monotone in the three knobs. */
static void
the_formula(void **state)
{
	struct config_sender s = defaults;

	(void)state;
	assert_int_equal(restart_delay_ms(&s), 540000);
	s.heartbeat_ms = 900000;
	s.retries = 5;
	assert_int_equal(restart_delay_ms(&s), 1500000);
	s.retry_delay_ms *= 2;
	assert_int_equal(restart_delay_ms(&s), 2100000);
}

static void
spread_by_a_tenth_at_the_most(void **state)
{
	const int64_t now = 1000;
	uint64_t seed = 88172645463325252U;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t at;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		at = restart_at_ms(&defaults, now, INT64_MAX, seed);
		assert_true(at >= now + 540000);
		assert_true(at <= now + 594000);
	}
	assert_int_equal(restart_at_ms(&defaults, now, INT64_MAX, 54000), now + 594000);
}

static void
never_later_than_its_lifetime(void **state)
{
	(void)state;
	assert_int_equal(restart_at_ms(&defaults, 1000, 5000, 7), 5000);
	assert_int_equal(restart_at_ms(&defaults, 1000, 900, 0), 541000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_formula),
	    cmocka_unit_test(spread_by_a_tenth_at_the_most),
	    cmocka_unit_test(never_later_than_its_lifetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
