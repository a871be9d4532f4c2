/* Strings that grow, and comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"

static void
test_grows(void **state)
{
	AUTO_STR struct str b = {0};

	(void)state;
	assert_string_equal(str_text(&b), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&b, "%03d,", i);
	assert_int_equal(b.len, 4000);
	assert_int_equal(strlen(str_text(&b)), 4000);
	assert_memory_equal(b.s + 3996, "999,", 4);
	str_clear(&b);
	assert_string_equal(str_text(&b), "");
	str_add(&b, "a");
	str_add_char(&b, 'b');
	str_add_len(&b, "cdX", 2);
	str_addf(&b, "%s", "");
	assert_string_equal(str_text(&b), "abcd");
}

static void
test_take(void **state)
{
	struct str b = {0};
	char *text = str_take(&b);

	(void)state;
	assert_string_equal(text, "");
	mem_free(text);
	str_add(&b, "mine");
	text = str_take(&b);
	assert_string_equal(text, "mine");
	assert_null(b.s);
	mem_free(text);
	str_done(&b);
}

static void
test_copy(void **state)
{
	char buf[5] = "????";

	(void)state;
	assert_int_equal(str_copy(buf, sizeof(buf), "four"), 0);
	assert_string_equal(buf, "four");
	assert_int_equal(str_copy(buf, sizeof(buf), "fives"), -1);
	assert_string_equal(buf, "");
	assert_int_equal(str_copy_len(buf, sizeof(buf), "abcdef", 3), 0);
	assert_string_equal(buf, "abc");
	assert_int_equal(str_copy_len(buf, 0, "", 0), -1);
}

static void
test_copy_cut(void **state)
{
	static const struct {
		const char *text;
		size_t room;
		const char *want;
	} rows[] = {
	    {"abc", 8, "abc"},
	    {"abc", 4, "abc"},
	    {"abcd", 4, "abc"},
	    {"abcd", 1, ""},
	    {"\xC3\xA4\xC3\xA4", 5, "\xC3\xA4\xC3\xA4"},
	    {"\xC3\xA4\xC3\xA4", 4, "\xC3\xA4"},
	    {"a\xE2\x82\xAC", 4, "a"},
	    {"a\xF0\x9F\x98\x80", 5, "a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[16];

		str_copy_cut(buf, rows[i].room, rows[i].text);
		assert_string_equal(buf, rows[i].want);
	}
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "A"));
	assert_false(str_eq("a", NULL));
	assert_false(str_eq(NULL, "a"));
	assert_true(str_eq(NULL, NULL));
	assert_true(str_eq_nocase("dssms", "DSSMS"));
	assert_false(str_eq_nocase("dssms", "DSSM"));
	assert_true(str_starts("\\\\DSSMS", "\\\\"));
	assert_false(str_starts("D", "DS"));
	assert_true(str_ends("a.log", ".log"));
	assert_false(str_ends("log", ".log"));
	assert_false(str_ends("a.lo_", ".log"));
}

static void
test_case(void **state)
{
	char text[] = "aZ@[`{ \xc3\xbc"
		      "mz";

	(void)state;
	str_upper(text);
	assert_string_equal(text, "AZ@[`{ \xc3\xbc"
				  "MZ");
	str_lower(text);
	assert_string_equal(text, "az@[`{ \xc3\xbc"
				  "mz");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows),   cmocka_unit_test(test_take),
	    cmocka_unit_test(test_copy),    cmocka_unit_test(test_copy_cut),
	    cmocka_unit_test(test_compare), cmocka_unit_test(test_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
