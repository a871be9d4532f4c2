/* The table of statuses, as a whole and where people will look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "smb/ntstatus.h"
#include "smb/smb.h"

static void
table_is_sorted_and_whole(void **state)
{
	(void)state;
	assert_true(ntstatus_count() >= 80);
	for (size_t i = 0; i < ntstatus_count(); i++) {
		const struct smb_status_info *s = ntstatus_row(i);

		if (i > 0)
			assert_true(s->ntstatus > ntstatus_row(i - 1)->ntstatus);
		assert_ptr_equal(smb_status(s->ntstatus), s);
		assert_true(str_starts(s->name, "STATUS_"));
		assert_true(strlen(s->text) > 3);
		assert_false(str_ends(s->text, ".")); /* it is followed by the name */
		assert_null(strchr(s->text, '\n'));
		if (s->ntstatus != NT_SUCCESS) {
			assert_true(s->win32 > 0);
			assert_true(s->kind == ERR_REQUEST || s->kind == ERR_ATTEMPT ||
				    s->kind == ERR_ADDRESS || s->kind == ERR_SITE);
		}
	}
}

static void
whose_fault(void **state)
{
	static const struct {
		uint32_t ntstatus;
		const char *name;
		uint32_t win32;
		enum err_kind kind;
		const char *in_text;
	} rows[] = {
	    {NT_BAD_NETWORK_NAME, "STATUS_BAD_NETWORK_NAME", 67, ERR_ADDRESS,
	     "share's name"},
	    {NT_LOGON_FAILURE, "STATUS_LOGON_FAILURE", 1326, ERR_ADDRESS, "password"},
	    {0xC0000072, "STATUS_ACCOUNT_DISABLED", 1331, ERR_ADDRESS, "enable it"},
	    {0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", 1909, ERR_ADDRESS, "unlock"},
	    {NT_ACCESS_DENIED, "STATUS_ACCESS_DENIED", 5, ERR_ADDRESS, "rights"},
	    {NT_DISK_FULL, "STATUS_DISK_FULL", 112, ERR_SITE, "make room"},
	    {0xC0000044, "STATUS_QUOTA_EXCEEDED", 1816, ERR_SITE, "quota"},
	    {0xC0000802, "STATUS_DISK_QUOTA_EXCEEDED", 1295, ERR_SITE, "quota"},
	    {0xC00000A2, "STATUS_MEDIA_WRITE_PROTECTED", 19, ERR_SITE,
	     "write-protected"},
	    {NT_SHARING_VIOLATION, "STATUS_SHARING_VIOLATION", 32, ERR_ATTEMPT, "open"},
	    {NT_OBJECT_NAME_COLLISION, "STATUS_OBJECT_NAME_COLLISION", 183, ERR_SITE,
	     "already"},
	    {NT_OBJECT_NAME_INVALID, "STATUS_OBJECT_NAME_INVALID", 123, ERR_REQUEST,
	     "name"},
	    {NT_OBJECT_NAME_NOT_FOUND, "STATUS_OBJECT_NAME_NOT_FOUND", 2, ERR_ATTEMPT,
	     "no "},
	    {NT_OBJECT_PATH_NOT_FOUND, "STATUS_OBJECT_PATH_NOT_FOUND", 3, ERR_ATTEMPT,
	     "folder"},
	    {NT_NETWORK_NAME_DELETED, "STATUS_NETWORK_NAME_DELETED", 64, ERR_ATTEMPT,
	     "dropped"},
	    {NT_REQUEST_NOT_ACCEPTED, "STATUS_REQUEST_NOT_ACCEPTED", 71, ERR_ATTEMPT,
	     "limit"},
	    {NT_PATH_NOT_COVERED, "STATUS_PATH_NOT_COVERED", 1232, ERR_ADDRESS, "DFS"},
	    {NT_USER_SESSION_DELETED, "STATUS_USER_SESSION_DELETED", 59, ERR_ATTEMPT,
	     "session"},
	    {NT_NETWORK_SESSION_EXPIRED, "STATUS_NETWORK_SESSION_EXPIRED", 1394,
	     ERR_ATTEMPT, "expired"},
	    {0xC0000904, "STATUS_FILE_TOO_LARGE", 223, ERR_REQUEST, "too large"},
	    {0xC0000906, "STATUS_VIRUS_INFECTED", 225, ERR_REQUEST, "virus"},
	    {NT_NOT_A_DIRECTORY, "STATUS_NOT_A_DIRECTORY", 267, ERR_SITE,
	     "file stands"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct smb_status_info *s = smb_status(rows[i].ntstatus);

		assert_string_equal(s->name, rows[i].name);
		assert_int_equal(s->ntstatus, rows[i].ntstatus);
		assert_int_equal(s->win32, rows[i].win32);
		assert_int_equal(s->kind, rows[i].kind);
		assert_non_null(strstr(s->text, rows[i].in_text));
	}
}

static void
unknown_says_so(void **state)
{
	static const uint32_t rows[] = {1, 0xC0000005, 0xC000FFFF, 0xFFFFFFFE,
					0xFFFFFFFF};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct smb_status_info *s = smb_status(rows[i]);

		assert_non_null(s);
		assert_string_equal(s->name, "unknown status");
		assert_int_equal(s->kind, ERR_ATTEMPT);
		assert_int_equal(s->win32, 59);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_is_sorted_and_whole),
	    cmocka_unit_test(whose_fault),
	    cmocka_unit_test(unknown_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
