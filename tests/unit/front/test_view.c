/* Requests as people see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
		assert_string_equal(view_remark(r, remark, sizeof(remark)),
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
	(void)view_remark(r, remark, sizeof(remark));
	assert_int_equal(strlen(remark), strlen("(53) ") + 59 + strlen("..."));
	assert_true(str_starts(remark, "(53) xxx"));
	assert_string_equal(remark + strlen(remark) - 4, "x...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_has_its_number_where_there_is_one),
	    cmocka_unit_test(a_long_error_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
