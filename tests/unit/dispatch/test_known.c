/* What the row of a request, or of a site, tells without looking around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/dispatch.h"
#include "dispatch/reason.h"

enum { NOW_MS = 1000000 };

/* Looked at: it arrives then; INT64_MAX: not at all, for that reason. */
#define SEEN(reason, likely_ms)                                                        \
	.outlook = {.request = {1},                                                    \
		    .made_at_ms = NOW_MS,                                              \
		    .why = {(reason), 7, 8},                                           \
		    .likely_at_ms = (likely_ms)}
#define PENDING .state = REQUEST_PENDING

/* clang-format off */
static const struct {
	struct request r;
	bool runs;
	int code; /* -1: nothing is known */
	int64_t until_at_ms, number;
	const char *no_arrival; /* NULL: it is told */
} requests[] = {
	{{.state = REQUEST_SENT}, true, -1, INT64_MAX, 0, "it is over"},
	{{.state = REQUEST_HELD, SEEN(REASON_SITE_HOLD, 9)}, true,
	 REASON_HELD, INT64_MAX, 0, "a person holds it"},
	{{PENDING}, true, -1, INT64_MAX, 0, "the sender has not looked at it yet"},
	{{PENDING, SEEN(REASON_SITE_HOLD, 9)}, false, -1, INT64_MAX, 0, "no sender runs"},
	{{PENDING, SEEN(REASON_SITE_HOLD, 9)}, true, REASON_SITE_HOLD, 7, 8, NULL},
	{{PENDING, SEEN(REASON_WINDOW_CLOSED, INT64_MAX)}, true,
	 REASON_WINDOW_CLOSED, 7, 8, "the window is closed"},
	{{PENDING, SEEN(REASON_MAY_GO, INT64_MAX)}, true,
	 REASON_MAY_GO, 7, 8, "its time ends before"},
	{{PENDING, SEEN(REASON_ACTIVE, INT64_MAX)}, true,
	 -1, INT64_MAX, 0, "its time ends before"},
	{{PENDING, SEEN(999, INT64_MAX)}, true, -1, INT64_MAX, 0, "its time ends before"},
	{{.state = REQUEST_SENDING, SEEN(REASON_SITE_HOLD, 9)}, true,
	 -1, INT64_MAX, 0, NULL},
	{{.state = REQUEST_WAITING, .restart_at_ms = 5, .attempts = 3}, false,
	 REASON_RESTART, 5, 3, "no sender runs"},
	{{.state = REQUEST_WAITING, .restart_at_ms = NOW_MS + 1, .attempts = 3,
	  SEEN(REASON_WINDOW_CLOSED, 9)}, true, REASON_RESTART, NOW_MS + 1, 3, NULL},
	{{.state = REQUEST_WAITING, .restart_at_ms = NOW_MS,
	  SEEN(REASON_WINDOW_CLOSED, 9)}, true, REASON_WINDOW_CLOSED, 7, 8, NULL},
	{{.state = REQUEST_WAITING, .restart_at_ms = NOW_MS, .is_behind = true,
	  SEEN(REASON_WINDOW_CLOSED, 9)}, true, REASON_SAME_NAME, INT64_MAX, 0, NULL},
	{{.state = REQUEST_WAITING, .restart_at_ms = NOW_MS,
	  SEEN(REASON_WINDOW_CLOSED, 9)}, false, REASON_RESTART, NOW_MS, 0,
	 "no sender runs"},
	{{PENDING, .is_behind = true}, false,
	 REASON_SAME_NAME, INT64_MAX, 0, "no sender runs"},
};
/* clang-format on */

static void
of_a_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		const struct dispatch_known k =
		    dispatch_known(&requests[i].r, requests[i].runs);
		const char *none =
		    dispatch_no_arrival(&requests[i].r, requests[i].runs);

		assert_int_equal(k.code, requests[i].code);
		assert_true(k.until_at_ms == requests[i].until_at_ms);
		assert_int_equal(k.number, requests[i].number);
		if (k.code < 0) {
			assert_string_equal(k.name, "");
			assert_string_equal(k.words, "");
		} else {
			assert_string_equal(k.name, reason_name((enum reason)k.code));
			assert_string_equal(k.words, reason_words((enum reason)k.code));
		}
		if (requests[i].no_arrival)
			assert_string_equal(none, requests[i].no_arrival);
		else
			assert_null(none);
	}
}

static void
of_a_site(void **state)
{
	static const struct request best = {.state = REQUEST_PENDING,
					    SEEN(REASON_SLOTS_FULL, 9)};
	static const struct {
		struct outbox_site s;
		bool has_best;
		int code;
		int64_t until_at_ms;
	} rows[] = {
	    {{.waiting = 0}, false, -1, INT64_MAX},
	    {{.hold_until_at_ms = NOW_MS + 1, .waiting = 1},
	     true,
	     REASON_SITE_HOLD,
	     NOW_MS + 1},
	    {{.hold_until_at_ms = NOW_MS, .waiting = 1}, true, REASON_SLOTS_FULL, 7},
	    {{.waiting = 1, .next_at_ms = 3, .held = 1}, false, REASON_RESTART, 3},
	    {{.waiting = 1}, false, REASON_RESTART, INT64_MAX},
	    {{.held = 1}, false, REASON_HELD, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dispatch_known k = dispatch_known_site(
		    &rows[i].s, rows[i].has_best ? &best : NULL, true, NOW_MS);

		assert_int_equal(k.code, rows[i].code);
		assert_true(k.until_at_ms == rows[i].until_at_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_a_request),
	    cmocka_unit_test(of_a_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
