/* What people and machines read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/mem.h"
#include "front/print.h"

static void
test_clean(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"plain", "plain"},
	    {"\x1B[31mred", "?[31mred"},
	    {"a\nb\tc", "a?b?c"},
	    {"\xC2\x9B"
	     "2J",
	     "?2J"},
	    {"txt\xE2\x80\xAE"
	     "exe",
	     "txt?exe"},
	    {"bad\xFF", "bad?"},
	    {"B\xC3\xBCro", "B\xC3\xBCro"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str out = {0};

		print_clean(&out, rows[i].text);
		assert_string_equal(str_text(&out), rows[i].want);
	}
}

static void
test_table(void **state)
{
	static const char *const headings[] = {"ID", "SITE", "REMARK"};
	static const char *const cells[] = {"7",  "MS1",         "",
					    "12", "B\xC3\xBCro", "a\nb"};
	struct table t = {.columns = 3, .headings = headings, .right = {[0] = true}};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	table_print(&t, out);
	(void)fflush(out);
	assert_int_equal(len, 0);
	for (size_t i = 0; i < COUNT(cells); i++)
		table_add(&t, cells[i]);
	table_print(&t, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "ID  SITE  REMARK\n"
				  " 7  MS1\n"
				  "12  B\xC3\xBCro  a?b\n");
	assert_int_equal(t.count, 0);
	mem_free(text);
}

/* Columns become wider, not narrower; the headings come once. */
static void
test_table_in_pages(void **state)
{
	static const char *const headings[] = {"ID", "SITE"};
	static const char *const cells[] = {"7", "MS1", "1234", "B", "5", "MADISON"};
	struct table t = {.columns = 2, .headings = headings, .right = {[0] = true}};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		table_add(&t, cells[i]);
		if (i % 2)
			table_print(&t, out);
	}
	table_print(&t, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "ID  SITE\n"
				  " 7  MS1\n"
				  "1234  B\n"
				  "   5  MADISON\n");
	mem_free(text);
}

static void
test_json(void **state)
{
	json_t *text = print_json_text("a\"\xFF\x1B"),
	       *at = print_json_at(921685636123);
	char *dump = json_dumps(text, JSON_ENCODE_ANY);

	(void)state;
	assert_string_equal(dump, "\"a\\\"?\\u001B\"");
	assert_string_equal(json_string_value(at), "1999-03-17T15:47:16.123Z");
	assert_true(json_is_null(print_json_at(0)));
	assert_true(json_is_null(print_json_at(INT64_MAX)));
	assert_true(json_is_null(print_json_text(NULL)));
	mem_free(dump);
	json_decref(text);
	json_decref(at);
}

static void
test_at(void **state)
{
	char buf[24];

	(void)state;
	(void)setenv("TZ", "EST5EDT", 1);
	tzset();
	assert_string_equal(print_at(921685636123, buf, sizeof(buf)),
			    "1999-03-17 10:47:16");
	assert_string_equal(print_at(0, buf, sizeof(buf)), "");
	assert_string_equal(print_at(INT64_MAX, buf, sizeof(buf)), "never");
}

/* 1999-03-17 10:47 in New York, a Wednesday. */
static void
test_soon(void **state)
{
	static const struct {
		int64_t after_ms;
		const char *want;
	} rows[] = {
	    {0, "10:47"},
	    {13 * INT64_C(3600000), "23:47"},
	    {14 * INT64_C(3600000), "Thu 00:47"},
	    {5 * INT64_C(86400000), "Mon 10:47"},
	    {6 * INT64_C(86400000), "1999-03-23"},
	    {365 * INT64_C(86400000), "2000-03-16"},
	    {-11 * INT64_C(3600000), "1999-03-16"},
	};
	char buf[24];

	(void)state;
	(void)setenv("TZ", "EST5EDT", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(print_soon(921685636123 + rows[i].after_ms,
					       921685636123, buf, sizeof(buf)),
				    rows[i].want);
	assert_string_equal(print_soon(0, 921685636123, buf, sizeof(buf)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_table_in_pages),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_at),
	    cmocka_unit_test(test_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
