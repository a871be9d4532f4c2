/* One attempt over a local folder with every single call failing once, and with stop
 * thrown at every report: in the end the package is published, whole, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/send/fixture.h"
#include "base/attr.h"

enum { BIG = 3 << 20 }; /* bytes: three blocks of the folder transport */

/* The k-th call of the first connection fails, the second one is good: one attempt. */
static bool
survive(bool is_tree, unsigned k)
{
	struct attempt_result r;
	struct fixture f;
	bool broke;

	fixture_init(&f, is_tree, BIG);
	f.fail_at[0] = k;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	fixture_check_published(&f, 0);
	broke = f.connections > 1;
	assert_int_equal(f.paused, broke ? 2 : 1);
	assert_int_equal(f.begun, broke ? 2 : 1);
	fixture_done(&f);
	return broke;
}

static void
test_every_break(void **state)
{
	unsigned k;

	(void)state;
	for (k = 1; survive(true, k); k++)
		;
	assert_true(k > 40);
	for (k = 1; survive(false, k); k++)
		;
	assert_true(k > 10);
}

static void
test_stop_anywhere(void **state)
{
	bool stopped = true;

	(void)state;
	for (int64_t at = 1; stopped; at += 3) {
		struct attempt_result r;
		struct fixture f;

		fixture_init(&f, true, BIG);
		f.stop_after = at;
		r = fixture_run(&f);
		stopped = r.outcome == ATTEMPT_STOPPED;
		if (stopped)
			assert_int_equal(r.error.kind, ERR_STOP);
		else
			assert_int_equal(r.outcome, ATTEMPT_SENT);
		assert_true(at > 30 || stopped);
		if (stopped) {
			stop_free(f.stop);
			f.stop = stop_new();
			f.stop_after = 0;
			assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
		}
		fixture_check_published(&f, 0);
		fixture_done(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_break),
	    cmocka_unit_test(test_stop_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
