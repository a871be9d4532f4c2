#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/oserr.h"

/* A folder's troubles are blamed as a share's would be. */
static void
test_blame(void **state)
{
	static const struct {
		int no;
		enum err_kind kind;
		uint32_t win32;
		const char *text;
	} rows[] = {
	    {ENOSPC, ERR_SITE, 112,
	     "write \"a\" in folder /mnt: No space left on device (make room there)"},
	    {EDQUOT, ERR_SITE, 112,
	     "write \"a\" in folder /mnt: Disk quota exceeded (the account's quota is "
	     "used up)"},
	    {EROFS, ERR_SITE, 19,
	     "write \"a\" in folder /mnt: Read-only file system (the folder is on a "
	     "read-only file system)"},
	    {EACCES, ERR_ADDRESS, 5,
	     "write \"a\" in folder /mnt: Permission denied (the account has no right "
	     "to "
	     "do that)"},
	    {ESTALE, ERR_ADDRESS, 55,
	     "write \"a\" in folder /mnt: Stale file handle (is it still mounted?)"},
	    {ENAMETOOLONG, ERR_REQUEST, 206,
	     "write \"a\" in folder /mnt: File name too long (the name is too long "
	     "there)"},
	    {EINVAL, ERR_REQUEST, 123,
	     "write \"a\" in folder /mnt: Invalid argument (the name cannot be stored "
	     "there)"},
	    {EFBIG, ERR_REQUEST, 223,
	     "write \"a\" in folder /mnt: File too large (the file is too large for "
	     "that "
	     "file system)"},
	    {ETXTBSY, ERR_ATTEMPT, 32,
	     "write \"a\" in folder /mnt: Text file busy (a program there is using "
	     "it)"},
	    {EBUSY, ERR_ATTEMPT, 32,
	     "write \"a\" in folder /mnt: Device or resource busy (a program there is "
	     "using it)"},
	    {EMFILE, ERR_LOCAL, 4,
	     "write \"a\" in folder /mnt: Too many open files (raise the limit of open "
	     "files (LimitNOFILE))"},
	    {EPROTO, ERR_ATTEMPT, 31,
	     "write \"a\" in folder /mnt: Protocol error (it will be tried again)"},
	    {99999, ERR_ATTEMPT, 31,
	     "write \"a\" in folder /mnt: unknown error (it will be tried again)"},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
		    oserr_set(&e, rows[i].no, "write \"%s\" in folder %s", "a", "/mnt"),
		    -1);
		assert_string_equal(e.text, rows[i].text);
		assert_string_equal(err_kind_name(e.kind), err_kind_name(rows[i].kind));
		assert_int_equal(e.win32, rows[i].win32);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
