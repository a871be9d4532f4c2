/* The walk: its order, and every refusal. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"
#include "package/names.h"
#include "package/read.h"

/* Walk over the source: its entries, one a line, a folder with '/'. */
static int
walk(struct fixture *f, bool follow, struct str *out)
{
	struct reader_options o = {.path = f->source, .follow = follow};
	struct reader *r = reader_open(&o);
	struct reader_entry entry;
	int rc;

	while ((rc = reader_next(r, &entry, &f->e)) > 0)
		str_addf(out, "%s%s\n", entry.path, entry.is_folder ? "/" : "");
	if (!rc)
		rc = reader_verdict(r, &f->e);
	reader_close(r);
	return rc;
}

static void
assert_walk(struct fixture *f, bool follow, const char *lines)
{
	AUTO_STR struct str out = {0};

	if (walk(f, follow, &out))
		fail_msg("%s", f->e.text);
	assert_string_equal(str_text(&out), lines);
}

/* The walk ends in a refusal whose text is, after "cannot send PATH: ", this. */
static void
assert_refused(struct fixture *f, bool follow, const char *text)
{
	AUTO_STR struct str out = {0};
	const char *list;

	assert_int_equal(walk(f, follow, &out), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_true(str_starts(f->e.text, "cannot send "));
	list = strstr(f->e.text, "/src: ");
	assert_non_null(list);
	assert_string_equal(list + strlen("/src: "), text);
}

static void
test_order(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "b");
	fixture_make(f, "b/empty");
	fixture_write(f, "b/z", "1");
	fixture_write(f, "b/A", "2");
	fixture_write(f, "a.txt", "");
	fixture_write(f, "c", "3");
	fixture_write(f, "\xc3\xa4", "4");
	assert_walk(f, false, "/\na.txt\nb/\nb/A\nb/empty/\nb/z\nc\n\xc3\xa4\n");
}

static void
test_one_file(void **state)
{
	struct fixture *f = *state;
	struct reader_options o = {0};
	struct reader_entry entry;
	struct reader *r;
	char byte;

	fixture_write(f, "one", "1");
	o.path = fixture_path(f, "one");
	r = reader_open(&o);
	assert_int_equal(reader_next(r, &entry, &f->e), 1);
	assert_string_equal(entry.path, "");
	assert_false(entry.is_folder);
	assert_int_equal(entry.st.st_size, 1);
	assert_int_equal(pread(entry.fd, &byte, 1, 0), 1);
	assert_int_equal(byte, '1');
	assert_int_equal(reader_next(r, &entry, &f->e), 0);
	assert_int_equal(reader_verdict(r, &f->e), 0);
	reader_close(r);
}

static void
test_nothing_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rmdir(f->source), 0);
	assert_refused(f, false, "it cannot be looked at: No such file or directory");
}

static void
make_socket(struct fixture *f, const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    str_copy(at.sun_path, sizeof(at.sun_path), fixture_path(f, name)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void
test_what_cannot_travel(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "fine", "1");
	assert_int_equal(mkfifo(fixture_path(f, "pipe"), 0600), 0);
	make_socket(f, "socket");
	assert_int_equal(symlink("fine", fixture_path(f, "link")), 0);
	assert_refused(
	    f, false,
	    "\"link\" is a symbolic link (--follow sends what it points to); "
	    "\"pipe\" is a named pipe; \"socket\" is a socket");
}

static void
test_device(void **state)
{
	struct fixture *f = *state;
	struct reader_options o = {.path = "/dev/null"};
	struct reader *r = reader_open(&o);
	struct reader_entry entry;

	assert_int_equal(reader_next(r, &entry, &f->e), 0);
	assert_int_equal(reader_verdict(r, &f->e), -1);
	assert_string_equal(f->e.text, "cannot send /dev/null: it is a device");
	reader_close(r);
}

/* Files that are made as they are read: size 0 with content, and 4096 with little. */
static void
test_no_true_size(void **state)
{
	static const char *const paths[] = {
	    "/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"};
	struct fixture *f = *state;
	struct reader_entry entry;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct reader_options o = {.path = paths[i]};
		struct reader *r;
		AUTO_FREE char *text = NULL;

		if (access(paths[i], R_OK) < 0)
			continue; /* a system without it */
		r = reader_open(&o);
		assert_int_equal(reader_next(r, &entry, &f->e), 1);
		assert_int_equal(reader_verdict(r, &f->e), -1);
		text = mem_printf("cannot send %s: it is not as long as its size says "
				  "(as files of /proc and /sys are, which are made as "
				  "they are read): send a copy of it",
				  paths[i]);
		assert_string_equal(f->e.text, text);
		reader_close(r);
	}
}

/* A hole takes no room on the disk either, and its size is true. */
static void
test_hole(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "hole", "");
	assert_int_equal(truncate(fixture_path(f, "hole"), 1 << 20), 0);
	assert_walk(f, false, "/\nhole\n");
}

static void
test_names(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "sub");
	fixture_write(f, "sub/aux.txt", "");
	fixture_write(f, "a:b", "");
	fixture_write(f, "dot.", "");
	fixture_write(f, "line\nbreak", "");
	fixture_write(f, "bad\xff", "");
	assert_refused(
	    f, false,
	    "\"a:b\" holds one of <>:\"|?*/\\; \"bad\\xff\" is not valid "
	    "UTF-8; \"dot.\" ends in a dot; \"line\\x0abreak\" holds a control "
	    "character; \"sub/aux.txt\" is a reserved name");
}

/* What is in a folder that cannot be called so is not looked at. */
static void
test_bad_folder(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "nul");
	fixture_write(f, "nul/aux", "");
	assert_refused(f, false, "\"nul\" is a reserved name");
}

static void
test_case_collisions(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "sub");
	fixture_write(f, "sub/Readme", "1");
	fixture_write(f, "sub/README", "2");
	fixture_write(f, "sub/readme2", "3");
	fixture_make(f, "\xc3\x84pfel");
	fixture_write(f, "\xc3\xa4pfel", "4");
	assert_refused(f, false,
		       "\"\xc3\xa4pfel\" differs from \"\xc3\x84pfel\" only in case; "
		       "\"sub/Readme\" differs from \"README\" only in case");
}

static void
test_same_name_in_two_folders(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "a");
	fixture_make(f, "b");
	fixture_write(f, "a/x", "1");
	fixture_write(f, "b/X", "2");
	assert_walk(f, false, "/\na/\na/x\nb/\nb/X\n");
}

static void
count_refused(void *self, const char *path, const char *reason)
{
	int *count = self;

	assert_true(*path == 'n');
	assert_string_equal(reason, "ends in a dot");
	++*count;
}

/* The first 20 are listed, the rest is counted, and who asks hears of all. */
static void
test_many_refusals(void **state)
{
	struct fixture *f = *state;
	int told = 0;
	struct reader_options o = {
	    .path = f->source, .refused = count_refused, .self = &told};
	struct reader *r;
	struct reader_entry entry;
	char name[32];

	for (int i = 0; i < 25; i++) {
		(void)snprintf(name, sizeof(name), "n%02d.", i);
		fixture_write(f, name, "");
	}
	r = reader_open(&o);
	assert_int_equal(reader_next(r, &entry, &f->e), 1); /* the folder */
	assert_int_equal(reader_next(r, &entry, &f->e), 0);
	assert_int_equal(reader_verdict(r, &f->e), -1);
	reader_close(r);
	assert_int_equal(told, 25);
	assert_non_null(strstr(f->e.text, "\"n00.\" ends in a dot; \"n01.\" ends"));
	assert_non_null(strstr(f->e.text, "\"n19.\" ends in a dot; and 5 more"));
	assert_null(strstr(f->e.text, "n20"));
}

/* Long paths: their end is shown, and the count still fits. */
static void
test_long_refusals(void **state)
{
	struct fixture *f = *state;
	char name[250];

	for (int i = 0; i < 15; i++) {
		memset(name, 'x', sizeof(name));
		(void)snprintf(name + 200, 50, "%02d.", i);
		fixture_write(f, name, "");
	}
	{
		AUTO_STR struct str out = {0};

		assert_int_equal(walk(f, false, &out), -1);
	}
	assert_non_null(strstr(f->e.text, "\"...xxx"));
	assert_non_null(strstr(f->e.text, "xx00.\" ends in a dot; \"..."));
	assert_true(str_ends(f->e.text, " more"));
	assert_true(strlen(f->e.text) < ERR_TEXT_BYTES - 1);
}

static void
test_follow(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "folder");
	fixture_write(f, "folder/file", "1");
	assert_int_equal(symlink("folder", fixture_path(f, "to-folder")), 0);
	assert_int_equal(symlink("folder/file", fixture_path(f, "to-file")), 0);
	assert_walk(f, true,
		    "/\nfolder/\nfolder/file\nto-file\nto-folder/\nto-folder/file\n");
}

static void
test_follow_into_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(symlink("gone", fixture_path(f, "dangling")), 0);
	assert_int_equal(symlink("self", fixture_path(f, "self")), 0);
	assert_refused(
	    f, true,
	    "\"dangling\" is a symbolic link that leads nowhere; \"self\" is a "
	    "symbolic link that leads nowhere");
}

static void
test_follow_in_a_circle(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "a");
	fixture_make(f, "a/b");
	assert_int_equal(symlink("..", fixture_path(f, "a/b/up")), 0);
	assert_int_equal(symlink("..", fixture_path(f, "a/top")), 0);
	assert_refused(
	    f, true,
	    "\"a/b/up\" leads back to a folder that it is in; \"a/top\" leads "
	    "back to a folder that it is in");
}

/* Root may read everything: be nobody for as long as the walk takes. */
enum { NOBODY = 65534 };

static void
test_unreadable(void **state)
{
	struct fixture *f = *state;
	bool is_root = geteuid() == 0;

	fixture_write(f, "secret", "1");
	fixture_make(f, "shut");
	assert_int_equal(chmod(fixture_path(f, "secret"), 0), 0);
	assert_int_equal(chmod(fixture_path(f, "shut"), 0), 0);
	assert_int_equal(chmod(f->source, 0755), 0);
	assert_int_equal(chmod(f->top, 0755), 0);
	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_refused(
	    f, false,
	    "\"secret\" cannot be read: Permission denied; \"shut\" cannot be "
	    "read: Permission denied");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(fixture_path(f, "shut"), 0700), 0);
}

/* Folders in folders, made one by one: their path gets longer than PATH_MAX. */
static int
make_deep(struct fixture *f, const char *name, int depth)
{
	int at = open(f->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(at, name, 0700), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(at);
		at = next;
	}
	return at;
}

static void
test_depth(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str out = {0};
	int fd = make_deep(f, "d", DEPTH_MAX - 1);

	assert_int_equal(walk(f, false, &out), 0);
	assert_int_equal(mkdirat(fd, "e", 0700), 0);
	assert_int_equal(walk(f, false, &out), -1);
	assert_true(str_ends(f->e.text, "d/d/e\" is more than 256 folders deep"));
	(void)close(fd);
}

static void
test_path_length(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str out = {0};
	char name[NAME_UNITS_MAX + 1] = {0};
	int fd;

	memset(name, 'p', NAME_UNITS_MAX);
	fd = make_deep(f, name, 125); /* 125 * 256 - 1 = 31999 units */
	assert_int_equal(walk(f, false, &out), 0);
	assert_int_equal(mkdirat(fd, "e", 0700), 0);
	assert_int_equal(walk(f, false, &out), -1);
	assert_true(str_ends(f->e.text,
			     "p/e\" is a path of more than 32000 UTF-16 units (Windows "
			     "holds 32767, server, share and staging included)"));
	assert_int_equal(unlinkat(fd, "e", AT_REMOVEDIR), 0);
	(void)close(fd);
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	struct reader_options o = {.path = f->source, .stop = stop};
	struct reader *r = reader_open(&o);
	struct reader_entry entry;

	fixture_write(f, "file", "1");
	assert_int_equal(reader_next(r, &entry, &f->e), 1);
	stop_throw(stop);
	assert_int_equal(reader_next(r, &entry, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	reader_close(r);
	stop_free(stop);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_order),
	    CASE(test_one_file),
	    CASE(test_nothing_there),
	    CASE(test_what_cannot_travel),
	    CASE(test_device),
	    CASE(test_no_true_size),
	    CASE(test_hole),
	    CASE(test_names),
	    CASE(test_bad_folder),
	    CASE(test_case_collisions),
	    CASE(test_same_name_in_two_folders),
	    CASE(test_many_refusals),
	    CASE(test_long_refusals),
	    CASE(test_follow),
	    CASE(test_follow_into_nothing),
	    CASE(test_follow_in_a_circle),
	    CASE(test_unreadable),
	    CASE(test_depth),
	    CASE(test_path_length),
	    CASE(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
