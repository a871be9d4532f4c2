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
#define AT_MS     INT64_C(1795473000000)
#define UNLIMITED CONFIG_RATE_UNLIMITED

static void
long_sendings_tell_a_speed(void **state)
{
	static const struct {
		struct outbox_attempt a;
		int64_t limit;
		bool connected;
		int64_t samples, connects, failed;
	} rows[] = {
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     UNLIMITED,
	     true,
	     1,
	     1,
	     0},
	    /* a limit that was far away; one that held it up */
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     2600000,
	     true,
	     1,
	     1,
	     0},
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 2000},
	     2400000,
	     true,
	     0,
	     1,
	     0},
	    /* tiny, short, not to its end */
	    {{.result = "sent", .bytes_sent = LEARN_BYTES - 1, .send_ms = 2000},
	     UNLIMITED,
	     true,
	     0,
	     1,
	     0},
	    {{.result = "sent", .bytes_sent = 4000000, .send_ms = 99},
	     UNLIMITED,
	     true,
	     0,
	     1,
	     0},
	    {{.result = "retry", .bytes_sent = 4000000, .send_ms = 2000},
	     UNLIMITED,
	     true,
	     0,
	     1,
	     0},
	    {{.result = "retry", .connect_ms = 9}, UNLIMITED, false, 0, 0, 1},
	};
	static const char text[] = "[site MS1]\n[address MS1.1]\ntype = dir\n"
				   "path = /x\nzone = Europe/Berlin\n";
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
		if (rows[i].connected)
			a.connect_ms = 30;
		l = learn_from(&a, c->sites[0].addresses, rows[i].limit,
			       rows[i].connected);
		assert_string_equal(l.address, "MS1.1");
		assert_int_equal(l.hour, 23);
		assert_int_equal(l.samples, rows[i].samples);
		assert_int_equal(l.connects, rows[i].connects);
		assert_int_equal(l.failed, rows[i].failed);
		assert_int_equal(l.connect_ms, rows[i].connects ? 30 : 0);
		assert_int_equal(l.publish_ms, rows[i].samples ? 70 : 0);
		assert_true(fabs(l.log_sum - (rows[i].samples ? log(2e6) : 0)) < 1e-9);
	}
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(long_sendings_tell_a_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
