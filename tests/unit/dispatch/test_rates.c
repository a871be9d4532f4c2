/* What the rate plan says reaches the pool: of each site that is sent to, once a look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/build.h"
#include "dispatch/rates.h"
#include "fake_pool.h"

#define NOW INT64_C(1795500000000)

static const char text[] = "[sender]\n"
			   "zone = UTC\n"
			   "rate = 8Mbit/s\n"
			   "[site MS1]\n"
			   "rate = 80kbit/s\n"
			   "budget = 1MB per day\n"
			   "[address MS1.1]\n"
			   "type = dir\n"
			   "path = /x\n"
			   "pulse = 3KB every 5s\n"
			   "[address MS1.2]\n"
			   "type = dir\n"
			   "path = /y\n"
			   "[site MS2]\n"
			   "[address MS2.1]\n"
			   "type = dir\n"
			   "path = /z\n";

static struct rate_facts facts;

static int
setup(void **state)
{
	static struct config *config;
	struct err e;

	fake = (struct fake_pool){0};
	if (config_from_bytes("t.conf", text, strlen(text), &config, &e) < 0)
		fail_msg("%s", e.text);
	facts = (struct rate_facts){.config = config};
	*state = config;
	return 0;
}

static int
teardown(void **state)
{
	config_free(*state);
	return 0;
}

static int64_t
told(const char *node)
{
	const struct fake_rate *r = fake_rate(node);

	if (!r)
		fail_msg("nothing was told of %s", node);
	return r->rate.bytes_per_s;
}

static void
all_on_the_way_to_a_site(void **state)
{
	const struct rate_used used = {
	    .node = "site MS1",
	    .from_at_ms = zone_span_at(zone_utc(), ZONE_DAY, NOW).from_at_ms,
	    .bytes = 995000,
	};

	(void)state;
	facts.used = &used;
	facts.used_count = 1;
	rates_tell_site(NULL, &facts, "MS1", NOW);
	assert_int_equal(told("all"), 1000000);
	/* never more than is left of the budget */
	assert_int_equal(told("site MS1"), 5000);
	assert_int_equal(told("address MS1.1"), INT64_MAX);
	assert_int_equal(told("address MS1.2"), INT64_MAX);
	assert_int_equal(told("pulse MS1.1"), INT64_MAX);
	assert_int_equal(fake_rate("pulse MS1.1")->rate.pulse_bytes, 3000);
	assert_int_equal(fake_rate("pulse MS1.1")->rate.pulse_ms, 5000);
	assert_int_equal(fake_rate("pulse MS1.2")->rate.pulse_bytes, 0);
	assert_null(fake_rate("site MS2"));
}

static void
a_site_that_is_sent_to_twice_is_told_once(void **state)
{
	(void)state;
	fake_add(1, "MS2", REQUEST_LOW);
	fake_add(2, "MS1", REQUEST_LOW);
	fake_add(3, "MS2", REQUEST_HIGH);
	fake_add(4, "MS2", REQUEST_LOW);
	rates_tell_active(NULL, &facts, NOW);
	assert_int_equal(fake_rate("site MS1")->times, 2); /* by each address */
	assert_int_equal(fake_rate("address MS2.1")->times, 1);
	assert_int_equal(fake_rate("site MS2")->times, 1);
}

/* A site that a reload took away is still being sent to for a while. */
static void
what_nobody_sends_to_or_knows(void **state)
{
	(void)state;
	rates_tell_active(NULL, &facts, NOW);
	assert_int_equal(fake.rate_count, 0);
	fake_add(1, "GONE", REQUEST_LOW);
	rates_tell_active(NULL, &facts, NOW);
	assert_int_equal(fake.rate_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(all_on_the_way_to_a_site, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_site_that_is_sent_to_twice_is_told_once,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(what_nobody_sends_to_or_knows, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
