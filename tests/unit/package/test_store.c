/* What is in the store, and what a crash left there. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fixture.h"
#include "package/store.h"

#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"

struct seen {
	int count;
	int64_t age_ms;
	char id[PACKAGE_ID_ROOM];
	int answer;
};

static int
see(void *self, const char *id, int64_t age_ms)
{
	struct seen *seen = self;

	seen->count++;
	seen->age_ms = age_ms;
	str_copy_cut(seen->id, sizeof(seen->id), id);
	return seen->answer;
}

/* A folder in the store with a file in it, last changed so long ago. */
static void
leave(struct fixture *f, const char *name, int64_t age_s)
{
	AUTO_FREE char *folder = path_join(f->store, name);
	AUTO_FREE char *file = path_join(folder, "index");
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

	times[1].tv_sec = clock_wall_ms(clock_real()) / 1000 - age_s;
	assert_int_equal(path_make(folder, 0700, &f->e), 0);
	assert_int_equal(path_write_file(file, "x", 1, 0600, &f->e), 0);
	assert_int_equal(utimensat(AT_FDCWD, folder, times, 0), 0);
}

static bool
is_there(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = path_join(f->store, name);

	return access(path, F_OK) == 0;
}

static void
test_ids(void **state)
{
	(void)state;
	assert_true(store_is_id(ID_A));
	assert_false(store_is_id(""));
	assert_false(store_is_id(ID_A "0"));
	assert_false(store_is_id(ID_A STORE_PART));
	assert_false(store_is_id("0123456789ABCDEF0123456789ABCDEF"));
	assert_false(store_is_id("../../../../../../../../../../etc"));
}

static void
test_no_store(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	assert_int_equal(package_each(f->store, see, &seen, &f->e), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(package_sweep(f->store, 0, &f->e), 0);
	assert_int_equal(package_remove(f->store, ID_A, &f->e), 0);
}

static void
test_each(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0}, first = {.answer = 7};

	leave(f, ID_A, 100);
	assert_int_equal(package_each(f->store, see, &seen, &f->e), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.id, ID_A);
	assert_in_range(seen.age_ms, 99000, 3600000);

	/* Half made ones and strangers are none. */
	leave(f, ID_B STORE_PART, 100);
	leave(f, ID_B STORE_GONE, 100);
	leave(f, "lost+found", 100);
	seen.count = 0;
	assert_int_equal(package_each(f->store, see, &seen, &f->e), 0);
	assert_int_equal(seen.count, 1);

	leave(f, ID_B, -3600); /* the clock was set back since */
	assert_int_equal(package_each(f->store, see, &first, &f->e), 7);
	assert_int_equal(first.count, 1);
	assert_true(first.age_ms >= 0);
}

static void
test_remove(void **state)
{
	struct fixture *f = *state;
	struct package *p;

	fixture_write(f, "file", "abc");
	fixture_add(f);
	assert_int_equal(package_open(f->store, f->info.id, &p, &f->e), 0);
	package_close(p);
	leave(f, ID_A, 0);
	assert_int_equal(package_remove(f->store, f->info.id, &f->e), 0);
	assert_int_equal(fixture_count(f), 1);
	assert_true(is_there(f, ID_A));
	assert_int_equal(package_remove(f->store, f->info.id, &f->e), 0); /* again */
	assert_int_equal(package_open(f->store, f->info.id, &p, &f->e), -1);

	assert_int_equal(package_remove(f->store, "../src", &f->e), -1);
	assert_string_equal(f->e.text, "\"../src\" is no id of a package");
	assert_int_equal(access(f->source, F_OK), 0);
}

/* A crash in the middle of removing: what is left goes with the next removal. */
static void
test_remove_after_crash(void **state)
{
	struct fixture *f = *state;

	leave(f, ID_A, 0);
	leave(f, ID_A STORE_GONE, 0);
	assert_int_equal(package_remove(f->store, ID_A, &f->e), 0);
	assert_int_equal(fixture_count(f), 0);
	leave(f, ID_A STORE_GONE, 0);
	assert_int_equal(package_remove(f->store, ID_A, &f->e), 0);
	assert_int_equal(fixture_count(f), 0);
}

static void
test_sweep(void **state)
{
	struct fixture *f = *state;

	leave(f, ID_A, 1000);
	leave(f, ID_A STORE_PART, 1000);
	leave(f, ID_B STORE_PART, 10);
	leave(f, ID_B STORE_GONE, 1000);
	leave(f, "somebody.part", 1000);
	leave(f, "somebody", 1000);
	assert_int_equal(package_sweep(f->store, 100000, &f->e), 0);
	assert_true(is_there(f, ID_A));
	assert_false(is_there(f, ID_A STORE_PART));
	assert_true(is_there(f, ID_B STORE_PART));
	assert_false(is_there(f, ID_B STORE_GONE));
	assert_true(is_there(f, "somebody.part"));
	assert_true(is_there(f, "somebody"));
	assert_int_equal(package_sweep(f->store, 0, &f->e), 0);
	assert_false(is_there(f, ID_B STORE_PART));
	assert_int_equal(fixture_count(f), 3);
}

/* However old: who makes a package holds its lock. */
static void
test_sweep_leaves_what_is_made(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = path_join(f->store, ID_A STORE_PART);
	int fd;

	leave(f, ID_A STORE_PART, 100000);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(package_sweep(f->store, 0, &f->e), 0);
	assert_true(is_there(f, ID_A STORE_PART));
	(void)close(fd);
	assert_int_equal(package_sweep(f->store, 0, &f->e), 0);
	assert_false(is_there(f, ID_A STORE_PART));
}

/* package_add() does hold it: sweeping while it works takes nothing away. */
static void
sweep(void *self, int64_t files, int64_t bytes)
{
	struct fixture *f = self;

	(void)files;
	(void)bytes;
	assert_int_equal(package_sweep(f->store, 0, &f->e), 0);
}

static void
test_sweep_while_filing(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "file", "abc");
	f->o.progress = sweep;
	f->o.self = f;
	fixture_add(f);
	assert_true(is_there(f, f->info.id));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids),
	    CASE(test_no_store),
	    CASE(test_each),
	    CASE(test_remove),
	    CASE(test_remove_after_crash),
	    CASE(test_sweep),
	    CASE(test_sweep_leaves_what_is_made),
	    CASE(test_sweep_while_filing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
