/* The lock that a running sender holds. */
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
#include "front/place.h"

enum { STARTS = 500 };

static char folder[] = "/tmp/lansender-test-place-XXXXXX";

static int
make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
clear(void **state)
{
	struct err e;

	(void)state;
	return path_remove_tree(folder, &e);
}

static void
one_sender_at_a_time(void **state)
{
	int first = -1, second = -1;
	int64_t pid = 0;
	struct err e;

	(void)state;
	assert_false(place_is_locked(folder));
	assert_int_equal(place_lock(folder, &first, &pid, &e), 1);
	assert_true(place_is_locked(folder));
	assert_int_equal(place_lock(folder, &second, &pid, &e), 0);
	assert_int_equal(pid, getpid());
	(void)close(first);
	assert_false(place_is_locked(folder));
}

/* What an empty outbox and a store with a package say: something was lost. */
static void
a_lost_outbox_is_told_and_left_alone(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	AUTO_FREE char *own = path_join(folder, "lost");
	AUTO_FREE char *package = mem_printf("%s/store/%s", own, id);
	AUTO_FREE char *file = path_join(own, "outbox.db");
	const struct call call = {.state = own};
	struct outbox *o = NULL;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(place_open_outbox(&call, &o, &e), 0);
	outbox_close(o);
	assert_int_equal(path_make(package, 0700, &e), 0);
	assert_int_equal(place_open_outbox(&call, &o, &e), 0);
	/* While it is open too, it is not taken for an empty one. */
	assert_int_equal(place_check_outbox(own, &e), 0);
	outbox_close(o);

	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(place_open_outbox(&call, &o, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_non_null(strstr(e.text, "lost/outbox.db is missing or empty, but 1 "
				       "package that it filed still lies in "));
	assert_non_null(strstr(e.text, "bring outbox.db back from a backup"));
	assert_int_equal(place_open_outbox_readonly(&call, &o, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 0);

	assert_int_equal(unlink(file), 0);
	assert_int_equal(place_open_outbox(&call, &o, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_int_equal(stat(file, &st), -1);

	assert_int_equal(rmdir(package), 0);
	assert_int_equal(place_open_outbox_readonly(&call, &o, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT); /* none yet */
	assert_int_equal(place_open_outbox(&call, &o, &e), 0);
	outbox_close(o);
}

/* In a process of its own, which may be nobody. */
static bool
state_is(uid_t user, const char *xdg, const char *home, const char *is)
{
	int status;
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const struct call call = {0};
		char *state = NULL;

		if ((geteuid() != user && setuid(user) < 0) ||
		    unsetenv("LANSENDER_STATE") < 0 ||
		    setenv("XDG_STATE_HOME", xdg, 1) < 0 || setenv("HOME", home, 1) < 0)
			_exit(2);
		state = place_state(&call);
		_exit(strcmp(state, is) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

static void
the_state_folder_is_where_the_manual_says(void **state)
{
	const uid_t somebody = geteuid() == 0 ? 65534 : geteuid();

	(void)state;
	assert_true(state_is(somebody, "/x/state", "/h", "/x/state/lansender"));
	assert_true(state_is(somebody, "", "/h", "/h/.local/state/lansender"));
	if (geteuid() == 0)
		assert_true(state_is(0, "/x/state", "/h", "/var/lib/lansender"));
}

static void
a_lock_ends_with_its_process(void **state)
{
	int pipe_of[2], status;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipe_of), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd;
		int64_t pid;
		struct err e;

		(void)close(pipe_of[0]);
		if (place_lock(folder, &fd, &pid, &e) != 1 ||
		    write(pipe_of[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(pipe_of[1]);
	assert_int_equal(read(pipe_of[0], &byte, 1), 1);
	(void)close(pipe_of[0]);
	assert_true(place_is_locked(folder));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(place_is_locked(folder));
}

/* Who looks must not keep a sender from starting in that instant. */
static void
looking_takes_nothing(void **state)
{
	int refused = 0, status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		for (;;)
			(void)place_is_locked(folder);
	for (int i = 0; i < STARTS; i++) {
		int fd;
		int64_t pid;
		struct err e;

		if (place_lock(folder, &fd, &pid, &e) == 1)
			(void)close(fd);
		else
			refused++;
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(refused, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_sender_at_a_time),
	    cmocka_unit_test(a_lost_outbox_is_told_and_left_alone),
	    cmocka_unit_test(the_state_folder_is_where_the_manual_says),
	    cmocka_unit_test(a_lock_ends_with_its_process),
	    cmocka_unit_test(looking_takes_nothing),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
