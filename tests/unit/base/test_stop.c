/* The stop switch: thrown once, seen by all. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stop.h"
#include "base/thread.h"

static bool
is_readable(const struct stop *s)
{
	struct pollfd p = {.fd = stop_fd(s), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void
test_thrown(void **state)
{
	struct stop *s = stop_new();

	(void)state;
	assert_false(stop_thrown(s));
	assert_false(is_readable(s));
	assert_false(stop_wait(s, 0));
	assert_false(stop_wait(s, 1));
	stop_throw(s);
	stop_throw(s);
	assert_true(stop_thrown(s));
	assert_true(is_readable(s));
	assert_true(stop_wait(s, 0));
	assert_true(stop_wait(s, -1));
	assert_true(stop_wait(s, INT64_MAX));
	stop_free(s);
	stop_free(NULL);
}

static void
throw_it(void *self)
{
	stop_throw(self);
}

/* A wait without end ends when another thread throws. */
static void
test_wakes(void **state)
{
	static const int64_t waits_ms[] = {-1, INT64_MAX, 600000};

	(void)state;
	for (size_t i = 0; i < COUNT(waits_ms); i++) {
		struct stop *s = stop_new();
		struct thread *t;
		struct err e;

		assert_int_equal(thread_start("thrower", throw_it, s, &t, &e), 0);
		assert_true(stop_wait(s, waits_ms[i]));
		thread_join(t);
		stop_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_thrown),
	    cmocka_unit_test(test_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
