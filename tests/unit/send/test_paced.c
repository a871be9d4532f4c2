/* How long a sending's bytes waited for its limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/paced.h"

static int64_t now_us;

__typeof__(clock_us) wrap_clock_us __asm__("__wrap_clock_us");

int64_t
wrap_clock_us(void)
{
	return now_us;
}

/* Asks until all is granted, each time when it was told to; how long that took. */
static int64_t
send_bytes(struct pace *pace, int64_t bytes)
{
	const int64_t from_us = now_us;

	while (bytes > 0) {
		int64_t wait_us = 0;
		const int64_t got = pace->take(pace->self, bytes, &wait_us);

		bytes -= got;
		if (got == 0)
			now_us += wait_us;
	}
	return now_us - from_us;
}

static void
what_waits_is_counted(void **state)
{
	static char code[] = "MS1", section[] = "MS1.1";
	const struct config_site site = {.code = code};
	const struct config_address address = {.section = section};
	struct limiter *l = limiter_new();
	struct paced p;
	struct pace pace;
	int64_t took_us;

	(void)state;
	now_us = 1000000;
	paced_init(&p, REQUEST_MEDIUM);
	paced_join(&p, l, &site, &address, &pace);
	assert_int_equal(send_bytes(&pace, 5000000), 0);
	assert_int_equal(p.held_us, 0);
	/* 1 MB at 100 kB/s */
	limiter_set(l, "site MS1", &(struct send_rate){.bytes_per_s = 100000}, now_us);
	took_us = send_bytes(&pace, 1000000);
	assert_in_range(took_us, 9500000, 10500000);
	assert_int_equal(p.held_us, took_us);
	/* A line that takes longer than the limit wants: nothing waits for it. */
	for (int i = 0; i < 100; i++) {
		now_us += 200000;
		(void)send_bytes(&pace, 1000);
	}
	assert_int_equal(p.held_us, took_us);
	paced_leave(&p);
	limiter_free(l);
}

/* The connection broke while bytes waited, and a minute later there is another. */
static void
a_retry_is_not_waited_for_by_the_limit(void **state)
{
	static char code[] = "MS1", section[] = "MS1.1";
	const struct config_site site = {.code = code};
	const struct config_address address = {.section = section};
	struct limiter *l = limiter_new();
	struct paced p;
	struct pace pace;
	int64_t wait_us = 0;

	(void)state;
	now_us = 1000000;
	limiter_set(l, "site MS1", &(struct send_rate){.bytes_per_s = 1000}, now_us);
	paced_init(&p, REQUEST_MEDIUM);
	paced_join(&p, l, &site, &address, &pace);
	while (pace.take(pace.self, 1000, &wait_us) > 0) {
	}
	assert_true(wait_us > 0);
	now_us += 60000000;
	limiter_set(l, "site MS1", &(struct send_rate){.bytes_per_s = INT64_MAX},
		    now_us);
	paced_join(&p, l, &site, &address, &pace);
	assert_int_equal(send_bytes(&pace, 1000), 0);
	assert_int_equal(p.held_us, 0);
	paced_leave(&p);
	limiter_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_waits_is_counted),
	    cmocka_unit_test(a_retry_is_not_waited_for_by_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
