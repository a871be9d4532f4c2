/* What an attempt tells of its address, and what it does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "config/build.h"
#include "dispatch/learn.h"

/* Mon 2026-11-23 23:30 in Berlin */
#define AT_MS   INT64_C(1795473000000)
#define HOUR_MS INT64_C(3600000)

static void
long_sendings_tell_a_speed(void **state)
{
	static const struct {
		struct outbox_attempt a;
		bool after_others;
		int64_t held_ms;
		int64_t samples, connect_ms;
	} rows[] = {
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     false,
	     0,
	     1,
	     30},
	    /* the time to connect is also that of others */
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     true,
	     0,
	     1,
	     LEARN_CONNECT_MS},
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     false,
	     201,
	     0,
	     30},
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     false,
	     200,
	     1,
	     30},
	    /* tiny, short, not to its end */
	    {{.result = "sent", .bytes_sent = LEARN_BYTES - 1, .send_ms = 2000},
	     false,
	     0,
	     0,
	     30},
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 99}, false, 0, 0, 30},
	    {{.result = "retry", .bytes_sent = 4000000, .send_ms = 2000},
	     false,
	     0,
	     0,
	     30},
	};
	static const char text[] = "[site MS1]\n[address MS1.1]\ntype = dir\n"
				   "path = /x\nzone = Europe/Berlin\n";
	struct outbox_learnt failed;
	struct config *c = NULL;
	struct err e;

	(void)state;
	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_attempt a = rows[i].a;
		struct outbox_learnt l;

		a.started_at_ms = AT_MS;
		a.publish_ms = 70;
		a.connect_ms = 30;
		l = learn_reached(c->sites[0].addresses, &a, rows[i].after_others,
				  rows[i].held_ms);
		assert_string_equal(l.address, "MS1.1");
		assert_int_equal(l.hour, 23);
		assert_int_equal(l.samples, rows[i].samples);
		assert_int_equal(l.connects, 1);
		assert_int_equal(l.failed, 0);
		assert_int_equal(l.connect_ms, rows[i].connect_ms);
		assert_int_equal(l.publish_ms, rows[i].samples ? 70 : 0);
		assert_true(fabs(l.log_sum - (rows[i].samples ? log(2e6) : 0)) < 1e-9);
	}
	failed = learn_failed(c->sites[0].addresses, AT_MS);
	assert_string_equal(failed.address, "MS1.1");
	assert_int_equal(failed.hour, 23);
	assert_int_equal(failed.failed, 1);
	assert_int_equal(failed.connects, 0);
	assert_int_equal(failed.samples, 0);
	config_free(c);
}

/* Also on days on which an hour is left out, or comes twice, and before 1970. */
static void
the_hour_is_what_the_clocks_show(void **state)
{
	static const struct {
		int64_t at_ms;
		int hour;
	} rows[] = {
	    {AT_MS, 23},
	    {INT64_C(1774738799999), 23}, /* Sat 2026-03-28 23:59:59.999 */
	    {INT64_C(1774745999999), 1},  /* Sun 2026-03-29 01:59:59.999 */
	    {INT64_C(1774746000000), 3},
	    {INT64_C(1774821599999), 23},
	    {INT64_C(1792889999999), 2}, /* Sun 2026-10-25 02:59:59.999, the first */
	    {INT64_C(1792890000000), 2},
	    {INT64_C(1792893600000), 3},
	    {INT64_C(1792969199999), 23},
	    {-HOUR_MS - 1, 23}, /* Wed 1969-12-31 23:59:59.999 */
	};
	struct zone *berlin = NULL;
	struct config_address a = {0};
	struct err e;

	(void)state;
	if (zone_load("Europe/Berlin", &berlin, &e) < 0)
		fail_msg("%s", e.text);
	a.zone = berlin;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(learn_hour(&a, rows[i].at_ms), rows[i].hour);
	zone_free(berlin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(long_sendings_tell_a_speed),
	    cmocka_unit_test(the_hour_is_what_the_clocks_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
