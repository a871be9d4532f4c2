/* What a status means depends on what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf.h"
#include "smb/blame.h"
#include "smb/ntstatus.h"

static void
text_says_it_all(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(blame_set(&e, BLAME_TREE, NT_BAD_NETWORK_NAME,
				   "connecting to \\\\%s\\%s", "DSSMS", "SMS_SITE"),
			 -1);
	assert_string_equal(
	    e.text, "connecting to \\\\DSSMS\\SMS_SITE: there is no share of that "
		    "name on the server; check the share's name "
		    "(STATUS_BAD_NETWORK_NAME, 0xC00000CC)");
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 67);
	assert_int_equal(e.ntstatus, NT_BAD_NETWORK_NAME);
}

static void
depends_on_what_was_asked(void **state)
{
	static const struct {
		enum blame_op op;
		uint32_t ntstatus;
		enum err_kind kind;
		uint32_t win32;
		const char *in_text;
	} rows[] = {
	    {BLAME_CREATE, NT_ACCESS_DENIED, ERR_ADDRESS, 5, "no right"},
	    {BLAME_RENAME, NT_ACCESS_DENIED, ERR_ATTEMPT, 5, "open there"},
	    {BLAME_DELETE, NT_ACCESS_DENIED, ERR_ATTEMPT, 5, "open there"},
	    {BLAME_TREE, NT_ACCESS_DENIED, ERR_ADDRESS, 5, "encrypt = required"},
	    {BLAME_LOGON, NT_ACCESS_DENIED, ERR_ADDRESS, 5, "log on"},
	    {BLAME_RENAME, NT_SHARING_VIOLATION, ERR_ATTEMPT, 32, "open"},
	    {BLAME_WRITE, NT_DISK_FULL, ERR_SITE, 112, "make room"},
	    {BLAME_NEGOTIATE, NT_NOT_SUPPORTED, ERR_ADDRESS, 50,
	     "no SMB dialect in common"},
	    {BLAME_NEGOTIATE, NT_INVALID_PARAMETER, ERR_ADDRESS, 87, "dialect_max"},
	    {BLAME_LOGON, NT_INVALID_PARAMETER, ERR_ADDRESS, 87, "auth = ntlm"},
	    {BLAME_TICKET, NT_INVALID_PARAMETER, ERR_ADDRESS, 87, "auth = ntlm"},
	    {BLAME_LOGON, NT_LOGON_FAILURE, ERR_ADDRESS, 1326, "password is wrong"},
	    {BLAME_TICKET, NT_LOGON_FAILURE, ERR_ADDRESS, 1326,
	     "the KDC gave a ticket, but the server does not take it"},
	    {BLAME_CREATE, NT_INVALID_PARAMETER, ERR_ATTEMPT, 87, "something wrong"},
	    {BLAME_TREE, NT_OBJECT_PATH_NOT_FOUND, ERR_ADDRESS, 3, "behind the share"},
	    {BLAME_CREATE, NT_OBJECT_PATH_NOT_FOUND, ERR_ATTEMPT, 3, "on the way"},
	    {BLAME_OTHER, 0xC000FFFF, ERR_ATTEMPT, 59, "unknown status, 0xC000FFFF"},
	    /* never "none": nobody could act upon it */
	    {BLAME_OTHER, NT_SUCCESS, ERR_ATTEMPT, 0, "STATUS_SUCCESS"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		assert_int_equal(blame_set(&e, rows[i].op, rows[i].ntstatus, "x"), -1);
		assert_int_equal(e.kind, rows[i].kind);
		assert_int_equal(e.win32, rows[i].win32);
		assert_int_equal(e.ntstatus, rows[i].ntstatus);
		assert_memory_equal(e.text, "x: ", 3);
		assert_non_null(strstr(e.text, rows[i].in_text));
	}
}

/* A path of any length leaves room for the meaning. */
static void
long_context_does_not_hide_the_meaning(void **state)
{
	char path[4000];
	struct err e = {0};

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(blame_set(&e, BLAME_WRITE, NT_DISK_FULL, "writing %s", path),
			 -1);
	assert_non_null(strstr(e.text, "(STATUS_DISK_FULL, 0xC000007F)"));
}

/* Wherever a long path is cut, it is not cut inside a character. */
static void
long_context_is_cut_between_characters(void **state)
{
	char path[ERR_TEXT_BYTES * 2];
	struct err e = {0};

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		size_t len = shift;

		memset(path, 'p', shift);
		for (; len + 3 < sizeof(path); len += 3)
			memcpy(path + len, "\xe4\xb8\xad", 3);
		path[len] = '\0';
		assert_int_equal(blame_set(&e, BLAME_WRITE, NT_DISK_FULL, "%s", path),
				 -1);
		assert_true(utf_valid(e.text, strlen(e.text)));
		assert_non_null(strstr(e.text, "(STATUS_DISK_FULL, 0xC000007F)"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_says_it_all),
	    cmocka_unit_test(depends_on_what_was_asked),
	    cmocka_unit_test(long_context_does_not_hide_the_meaning),
	    cmocka_unit_test(long_context_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
