/* A folder for one process: where it is made, and who sweeps what a kill left. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "front/private_folder.h"

static char base[] = "/tmp/lansender-test-private-XXXXXX";

static int
make(void **state)
{
	(void)state;
	return mkdtemp(base) && setenv("XDG_RUNTIME_DIR", "", 1) == 0 &&
		       setenv("TMPDIR", base, 1) == 0
		   ? 0
		   : -1;
}

static int
clear(void **state)
{
	struct err e;

	(void)state;
	return path_remove_tree(base, &e);
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* An empty variable is as none: not the root folder. */
static void
it_is_made_where_the_variables_say(void **state)
{
	struct private_folder own, other;
	struct err e;

	(void)state;
	assert_int_equal(private_folder_make(&own, &e), 0);
	assert_true(str_starts(own.path, base));
	assert_int_equal(setenv("TMPDIR", "", 1), 0);
	assert_int_equal(private_folder_make(&other, &e), 0);
	assert_true(str_starts(other.path, "/tmp/lansender."));
	assert_int_equal(private_folder_end(&other, &e), 0);
	assert_int_equal(setenv("TMPDIR", base, 1), 0);
	assert_int_equal(private_folder_end(&own, &e), 0);
	assert_int_equal(private_folder_end(&own, &e), 0); /* no more */
}

/* Makes one and tells its path; waits to be killed. */
static pid_t
start_owner(int *from)
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct private_folder own;
		struct err e;

		if (private_folder_make(&own, &e) < 0 ||
		    write(ends[1], own.path, strlen(own.path) + 1) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	*from = ends[0];
	return child;
}

static void
what_a_kill_left_is_swept_and_nothing_else(void **state)
{
	AUTO_FREE char *theirs = path_join(base, "lansender.backup");
	AUTO_FREE char *named = path_join(base, "lansender-other.abc");
	AUTO_FREE char *state_folder = path_join(base, "lansender.states");
	AUTO_FREE char *state_lock = path_join(state_folder, "lock");
	char path[256] = "";
	int from, status;
	const pid_t child = start_owner(&from);
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(theirs, 0700), 0); /* no lock: not one of ours */
	assert_int_equal(mkdir(named, 0700), 0);
	assert_int_equal(mkdir(state_folder, 0700), 0); /* `run --state` works there */
	assert_int_equal(mknod(state_lock, S_IFREG | 0600, 0), 0);
	assert_true(read(from, path, sizeof(path) - 1) > 0);
	(void)close(from);

	private_folder_sweep(0);
	assert_true(is_there(path)); /* its owner lives */
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	private_folder_sweep(PRIVATE_FOLDER_YOUNG_MS);
	assert_true(is_there(path)); /* it may be about to be locked */
	private_folder_sweep(0);
	assert_false(is_there(path));
	assert_int_equal(stat(theirs, &st), 0);
	assert_int_equal(stat(named, &st), 0);
	assert_int_equal(stat(state_lock, &st), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_made_where_the_variables_say),
	    cmocka_unit_test(what_a_kill_left_is_swept_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
