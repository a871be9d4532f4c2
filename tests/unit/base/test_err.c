/* Errors: what a person reads, and the kind that decides. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/utf.h"

static void
test_set(void **state)
{
	struct err e = {.ntstatus = 7};

	(void)state;
	assert_int_equal(err_set(&e, ERR_ADDRESS, 67, "no share %s", "SMS_SITE"), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 67);
	assert_int_equal(e.ntstatus, 0);
	assert_string_equal(e.text, "no share SMS_SITE");
}

/* Arguments may point into the text that is replaced. */
static void
test_set_from_itself(void **state)
{
	struct err e = {0};

	(void)state;
	(void)err_set(&e, ERR_SITE, 0, "inner");
	(void)err_set(&e, ERR_SITE, 0, "outer of %s", e.text);
	assert_string_equal(e.text, "outer of inner");
	(void)err_wrap(&e, "again %s", e.text);
	assert_string_equal(e.text, "again outer of inner: outer of inner");
}

static void
test_sys(void **state)
{
	static const struct {
		int sys;
		uint32_t win32;
		const char *text;
	} rows[] = {
	    {ENOENT, 2, "open x: No such file or directory"},
	    {EACCES, 5, "open x: Permission denied"},
	    {ENOSPC, 112, "open x: No space left on device"},
	    {ETIMEDOUT, 0, "open x: Connection timed out"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		errno = rows[i].sys;
		assert_int_equal(err_sys(&e, ERR_LOCAL, "open %s", "x"), -1);
		assert_int_equal(errno, rows[i].sys);
		assert_int_equal(e.kind, ERR_LOCAL);
		assert_int_equal(e.win32, rows[i].win32);
		assert_string_equal(e.text, rows[i].text);
	}
}

static void
test_disk(void **state)
{
	static const struct {
		int sys;
		uint32_t win32;
		const char *remedy, *text;
	} rows[] = {
	    {ENOSPC, 112, NULL, "write: no space on /x: make room there"},
	    {ENOSPC, 112, "wait", "write: no space on /x: wait"},
	    {EDQUOT, 1295, NULL,
	     "write: no space on /x (the disk quota is used up): make room there"},
	    {EIO, 0, "wait", "write /x: Input/output error"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		errno = rows[i].sys;
		assert_int_equal(err_disk(&e, "write", "/x", rows[i].remedy), -1);
		assert_int_equal(errno, rows[i].sys);
		assert_int_equal(e.kind, ERR_LOCAL);
		assert_int_equal(e.win32, rows[i].win32);
		assert_string_equal(e.text, rows[i].text);
	}
}

static void
test_wrap_keeps_the_rest(void **state)
{
	struct err e = {0};

	(void)state;
	(void)err_set(&e, ERR_SITE, 53, "refused");
	e.ntstatus = 0xC0000236;
	assert_int_equal(err_wrap(&e, "MS%d", 1), -1);
	assert_string_equal(e.text, "MS1: refused");
	assert_int_equal(e.kind, ERR_SITE);
	assert_int_equal(e.win32, 53);
	assert_int_equal(e.ntstatus, 0xC0000236);
}

/* A text that is cut stays valid UTF-8: JSON and the outbox refuse anything else. */
static void
test_cut_is_valid_utf8(void **state)
{
	char longest[ERR_TEXT_BYTES + 64];
	struct err e = {0};

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(longest, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(longest); i += 3)
			memcpy(longest + i, "\xE2\x82\xAC", 3);
		longest[shift + (ERR_TEXT_BYTES + 30) / 3 * 3] = '\0';
		(void)err_set(&e, ERR_INPUT, 0, "%s", longest);
		assert_true(utf_valid(e.text, strlen(e.text)));
		assert_in_range(strlen(e.text), ERR_TEXT_BYTES - 4, ERR_TEXT_BYTES - 1);
		(void)err_wrap(&e, "x");
		assert_true(utf_valid(e.text, strlen(e.text)));
		errno = ENOENT;
		(void)err_sys(&e, ERR_INPUT, "%s", longest);
		assert_true(utf_valid(e.text, strlen(e.text)));
	}
}

static void
test_kind_names(void **state)
{
	(void)state;
	for (int k = ERR_NONE; k <= ERR_INPUT; k++) {
		const char *name = err_kind_name((enum err_kind)k);

		assert_string_not_equal(name, "unknown");
		assert_int_equal(err_kind_from_name(name), k);
	}
	assert_string_equal(err_kind_name((enum err_kind)99), "unknown");
	assert_int_equal(err_kind_from_name("no such"), ERR_NONE);
	assert_int_equal(err_kind_from_name(NULL), ERR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_set_from_itself),
	    cmocka_unit_test(test_sys),
	    cmocka_unit_test(test_disk),
	    cmocka_unit_test(test_wrap_keeps_the_rest),
	    cmocka_unit_test(test_cut_is_valid_utf8),
	    cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
