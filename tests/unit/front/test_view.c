/* Requests as people see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "front/view.h"

static void
an_error_has_its_number_where_there_is_one(void **state)
{
	static const struct {
		uint32_t win32;
		const char *text, *want;
	} rows[] = {
	    {53, "no such server", "(53) no such server"},
	    {0, "held by a person", "held by a person"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *got = view_error(rows[i].win32, rows[i].text);
		AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
		char remark[80];

		assert_string_equal(got, rows[i].want);
		r->state = REQUEST_HELD;
		r->error_kind = ERR_SITE;
		r->error_win32 = rows[i].win32;
		str_copy_cut(r->error_text, sizeof(r->error_text), rows[i].text);
		assert_string_equal(view_remark(r, true, remark, sizeof(remark)),
				    rows[i].want);
	}
}

static void
a_long_error_is_cut(void **state)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	char remark[200];

	(void)state;
	r->error_kind = ERR_SITE;
	r->error_win32 = 53;
	memset(r->error_text, 'x', 100);
	(void)view_remark(r, true, remark, sizeof(remark));
	assert_int_equal(strlen(remark), strlen("(53) ") + 59 + strlen("..."));
	assert_true(str_starts(remark, "(53) xxx"));
	assert_string_equal(remark + strlen(remark) - 4, "x...");
}

/* What an earlier attempt met is no remark on the one that is under way. */
static void
a_remark_is_of_now(void **state)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	char remark[80];

	(void)state;
	r->error_kind = ERR_SITE;
	str_copy_cut(r->error_text, sizeof(r->error_text), "lost");
	r->state = REQUEST_PENDING;
	assert_string_equal(view_remark(r, true, remark, sizeof(remark)), "lost");
	r->state = REQUEST_SENDING;
	assert_string_equal(view_remark(r, true, remark, sizeof(remark)), "");
	assert_string_equal(view_remark(r, false, remark, sizeof(remark)),
			    "no sender runs: it stands still");
	r->outlook = (struct outbox_outlook){.doubted_at_ms = 5, .in_time_percent = 12};
	assert_string_equal(view_remark(r, true, remark, sizeof(remark)),
			    "deadline unlikely (12 %)");
	r->state = REQUEST_FAILED;
	assert_string_equal(view_remark(r, true, remark, sizeof(remark)), "lost");
	assert_string_equal(view_remark(r, false, remark, sizeof(remark)), "lost");
}

/* 1999-03-17 15:47 UTC, and when it is thought to arrive. */
static void
an_arrival_is_short(void **state)
{
	static const int64_t now_ms = 921685636123;
	static const struct {
		enum request_state state;
		bool runs, looked_at;
		int64_t likely_at_ms;
		const char *want;
	} rows[] = {
	    {REQUEST_PENDING, true, true, 921685636123 + 60000, "15:48"},
	    {REQUEST_SENDING, true, true, 921685636123 + 60000, "15:48"},
	    {REQUEST_PENDING, true, true, INT64_MAX, "never"},
	    {REQUEST_PENDING, true, false, INT64_MAX, ""},
	    {REQUEST_PENDING, false, true, 921685636123 + 60000, ""},
	    {REQUEST_HELD, true, true, INT64_MAX, ""},
	    {REQUEST_FAILED, true, true, INT64_MAX, ""},
	};

	(void)state;
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
		char buf[24];

		r->state = rows[i].state;
		r->outlook.made_at_ms = rows[i].looked_at ? now_ms : 0;
		r->outlook.likely_at_ms = rows[i].likely_at_ms;
		assert_string_equal(
		    view_arrival(r, rows[i].runs, now_ms, buf, sizeof(buf)),
		    rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_has_its_number_where_there_is_one),
	    cmocka_unit_test(a_long_error_is_cut),
	    cmocka_unit_test(a_remark_is_of_now),
	    cmocka_unit_test(an_arrival_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
