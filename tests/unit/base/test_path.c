/* Local files and folders, in a folder of the test's own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

static int
enter_folder(void **state)
{
	char *folder = mem_dup("/tmp/test_path.XXXXXX");

	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static int
leave_folder(void **state)
{
	struct err e;
	int rc = chdir("/") < 0 ? -1 : path_remove_tree(*state, &e);

	mem_free(*state);
	return rc;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
test_join(void **state)
{
	static const struct {
		const char *dir, *name, *want;
	} rows[] = {
	    {"/a", "b", "/a/b"},   {"/a/", "b", "/a/b"}, {"/", "b", "/b"},
	    {"a", "b/c", "a/b/c"}, {"", "b", "/b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *got = path_join(rows[i].dir, rows[i].name);

		assert_string_equal(got, rows[i].want);
	}
}

static void
test_make(void **state)
{
	struct err e = {0};
	struct stat st;

	(void)state;
	assert_int_equal(path_make("a/b//c/", 0700, &e), 0);
	assert_int_equal(path_make("a/b/c", 0700, &e), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(path_make("/", 0700, &e), 0);
	assert_int_equal(path_make("", 0700, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
}

/* A file in the way is no folder. */
static void
test_make_on_file(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(path_write_file("f", "", 0, 0600, &e), 0);
	assert_int_equal(path_make("f", 0700, &e), -1);
	assert_string_equal(e.text, "make folder f: Not a directory");
	assert_int_equal(path_make("f/g", 0700, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_int_equal(path_remove_tree("f/g", &e), -1);
	assert_string_equal(e.text, "remove f/g: Not a directory");
	assert_int_equal(symlink("nowhere", "broken"), 0);
	assert_int_equal(path_make("broken", 0700, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
}

static void
test_remove_tree(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(path_make("t/deep/er", 0700, &e), 0);
	assert_int_equal(path_make("outside", 0700, &e), 0);
	assert_int_equal(path_write_file("outside/kept", "x", 1, 0600, &e), 0);
	assert_int_equal(path_write_file("t/deep/f", "x", 1, 0600, &e), 0);
	assert_int_equal(symlink("../outside", "t/link"), 0);
	assert_int_equal(symlink("nowhere", "t/broken"), 0);
	assert_int_equal(path_remove_tree("t", &e), 0);
	assert_false(is_there("t"));
	assert_true(is_there("outside/kept"));
	assert_int_equal(path_remove_tree("t", &e), 0);
	assert_int_equal(path_remove_tree("outside/kept", &e), 0);
	assert_false(is_there("outside/kept"));
	/* A symlink at the top is removed, not followed. */
	assert_int_equal(symlink("outside", "top"), 0);
	assert_int_equal(path_remove_tree("top", &e), 0);
	assert_true(is_there("outside"));
}

static void
test_files(void **state)
{
	struct err e = {0};
	char *text = NULL;
	size_t len = 0;
	struct stat st;

	(void)state;
	assert_int_equal(path_write_file("file", "ab\0c", 4, 0600, &e), 0);
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(path_read_file("file", 4, ERR_INPUT, &text, &len, &e), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "ab\0c", 5);
	mem_free(text);
	assert_int_equal(path_write_file("file", "", 0, 0600, &e), 0);
	assert_int_equal(path_read_file("file", 4, ERR_INPUT, &text, &len, &e), 0);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
	mem_free(text);
	assert_false(is_there("file.part"));
}

static void
test_file_errors(void **state)
{
	struct err e = {0};
	char *text = NULL;
	size_t len = 99;

	(void)state;
	assert_int_equal(path_read_file("none", 4, ERR_INPUT, &text, &len, &e), -1);
	assert_string_equal(e.text, "open none: No such file or directory");
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(e.win32, 2);
	assert_int_equal(path_read_file(".", 4, ERR_REQUEST, &text, &len, &e), -1);
	assert_string_equal(e.text, "read .: Is a directory");
	assert_int_equal(path_write_file("big", "12345", 5, 0600, &e), 0);
	assert_int_equal(path_read_file("big", 4, ERR_INPUT, &text, &len, &e), -1);
	assert_string_equal(e.text, "big is larger than 4 bytes");
	assert_null(text);
	assert_int_equal(len, 99);
	assert_int_equal(path_write_file("no/such", "", 0, 0600, &e), -1);
	assert_string_equal(e.text, "make no/such.part: No such file or directory");
	assert_int_equal(path_make("dir", 0700, &e), 0);
	assert_int_equal(path_write_file("dir", "", 0, 0600, &e), -1);
	assert_string_equal(e.text, "write dir: Is a directory");
	assert_false(is_there("dir.part"));
	assert_int_equal(path_sync_dir("none", &e), -1);
	assert_string_equal(e.text, "open folder none: No such file or directory");
	assert_int_equal(path_sync_dir(".", &e), 0);
}

/* A disk that takes some bytes and then no more; nothing of the file is left. */
static void
test_full(void **state)
{
	const struct rlimit little = {4, RLIM_INFINITY};
	struct err e = {0};
	struct rlimit before;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	int rc;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	rc = path_write_file("file", "12345", 5, 0600, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, handler);
	assert_int_equal(rc, -1);
	assert_string_equal(e.text, "write file: File too large");
	assert_false(is_there("file"));
	assert_false(is_there("file.part"));
}

/* A kind of folder that cannot be flushed. */
static void
test_sync(void **state)
{
	struct err e = {0};

	(void)state;
	if (!is_there("/proc/self"))
		skip();
	assert_int_equal(path_sync_dir("/proc", &e), -1);
	assert_string_equal(e.text, "flush folder /proc: Invalid argument");
}

static void
test_streams(void **state)
{
	FILE *f = path_open_stream("s", "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fcntl(fileno(f), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(fputs("line\n", f) >= 0);
	assert_int_equal(path_close_stream(f), 0);
	assert_null(path_open_stream("no/such", "r"));
	/* What could not be written is told at the end, also when an earlier flush
	 * already lost it. */
	f = path_open_stream("/dev/full", "w");
	if (!f)
		skip();
	assert_true(fputs("lost", f) >= 0);
	assert_int_not_equal(fflush(f), 0);
	assert_int_equal(path_close_stream(f), -1);
	f = path_open_stream("/dev/full", "w");
	assert_non_null(f);
	assert_true(fputs("lost", f) >= 0);
	assert_int_equal(path_close_stream(f), -1);
}

int
main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_join),  IN_FOLDER(test_make),
	    IN_FOLDER(test_make_on_file), IN_FOLDER(test_remove_tree),
	    IN_FOLDER(test_files),        IN_FOLDER(test_file_errors),
	    IN_FOLDER(test_streams),      IN_FOLDER(test_full),
	    cmocka_unit_test(test_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
