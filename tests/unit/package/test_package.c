/* Reading a package back, and what is said when it, or its source, is not what it was.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fixture.h"

#define HASH_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct package *
open_it(struct fixture *f)
{
	struct package *p;

	if (package_open(f->store, f->info.id, &p, &f->e))
		fail_msg("%s", f->e.text);
	return p;
}

/* The entry of that path; ends the test when there is none. */
static struct package_entry
find(struct fixture *f, struct package *p, const char *path)
{
	struct package_entry entry;
	int rc;

	assert_int_equal(package_rewind(p, &f->e), 0);
	while ((rc = package_next(p, &entry, &f->e)) > 0)
		if (str_eq(entry.path, path))
			return entry;
	fail_msg("%s: %s", path, rc < 0 ? f->e.text : "is not in it");
	return entry;
}

/* --- what it is ---------------------------------------------------------------- */

static void
content_of(struct fixture *f, char hex[DIGEST_HEX_ROOM])
{
	struct package *p;

	fixture_add(f);
	p = open_it(f);
	assert_int_equal(package_content(p, hex, &f->e), 0);
	package_close(p);
}

static void set_time(struct fixture *f, const char *name, int64_t seconds, long ns);

/* Names, folders and bytes; neither times nor what it is called. */
static void
test_content(void **state)
{
	struct fixture *f = *state;
	char first[DIGEST_HEX_ROOM], now[DIGEST_HEX_ROOM];

	fixture_make(f, "sub");
	fixture_write(f, "sub/abc", "abc");
	content_of(f, first);
	set_time(f, "sub/abc", 1, 0);
	f->o.name = "other";
	f->o.by_reference = true;
	content_of(f, now);
	assert_string_equal(now, first);

	fixture_write(f, "sub/abc", "abd");
	content_of(f, now);
	assert_string_not_equal(now, first);
	fixture_write(f, "sub/abc", "abc");
	fixture_make(f, "empty");
	content_of(f, now);
	assert_string_not_equal(now, first);
	assert_int_equal(rmdir(fixture_path(f, "empty")), 0);
	content_of(f, now);
	assert_string_equal(now, first);
}

/* --- entries ---------------------------------------------------------------------- */

static void
set_time(struct fixture *f, const char *name, int64_t seconds, long ns)
{
	struct timespec times[2] = {{seconds, ns}, {seconds, ns}};

	assert_int_equal(utimensat(AT_FDCWD, fixture_path(f, name), times, 0), 0);
}

static void
test_entries(void **state)
{
	struct fixture *f = *state;
	struct package_entry entry;
	struct package *p;
	char text[4];
	int fd;

	fixture_make(f, "sub");
	fixture_make(f, "sub/empty");
	fixture_write(f, "sub/abc", "abc");
	set_time(f, "sub/abc", 921685636, 123456789);
	set_time(f, "sub/empty", -1, 5);
	set_time(f, "sub", 1, 0);
	fixture_add(f);
	p = open_it(f);
	assert_int_equal(package_get_info(p)->file_count, 1);
	assert_int_equal(package_get_info(p)->folder_count, 3);
	assert_string_equal(package_get_info(p)->id, f->info.id);
	assert_string_equal(package_get_info(p)->name, "src");
	assert_true(package_get_info(p)->is_hashed);
	assert_null(package_source(p));
	assert_int_equal(access(package_manifest_path(p), R_OK), 0);

	for (int round = 0; round < 2; round++) {
		assert_int_equal(package_next(p, &entry, &f->e), 1);
		assert_int_equal(entry.number, 0);
		assert_true(entry.is_folder);
		assert_string_equal(entry.path, "");
		assert_int_equal(package_next(p, &entry, &f->e), 1);
		assert_string_equal(entry.path, "sub");
		assert_true(entry.mtime_ns == 1000000000);
		assert_int_equal(package_next(p, &entry, &f->e), 1);
		assert_string_equal(entry.path, "sub/abc");
		assert_int_equal(entry.number, 2);
		assert_false(entry.is_folder);
		assert_int_equal(entry.size_bytes, 3);
		assert_true(entry.mtime_ns == INT64_C(921685636123456789));
		assert_string_equal(entry.sha256, HASH_ABC);
		assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
		assert_int_equal(pread(fd, text, sizeof(text), 0), 3);
		assert_memory_equal(text, "abc", 3);
		assert_int_equal(package_check_file(p, &entry, fd, &f->e), 0);
		(void)close(fd);
		assert_int_equal(package_next(p, &entry, &f->e), 1);
		assert_string_equal(entry.path, "sub/empty");
		assert_true(entry.mtime_ns == -999999995);
		assert_int_equal(package_next(p, &entry, &f->e), 0);
		assert_int_equal(package_next(p, &entry, &f->e), 0);
		assert_int_equal(package_rewind(p, &f->e), 0);
	}
	package_close(p);
	package_close(NULL);
}

/* Nothing of 64-bit sizes is lost; sparse, so that the test is small. */
static void
test_beyond_4_gib(void **state)
{
	static const int64_t SIZE = (INT64_C(5) << 30) + 3;
	struct fixture *f = *state;
	struct package_entry entry;
	struct package *p;
	char path[4096], byte = 0;
	int fd;

	str_copy_cut(path, sizeof(path), fixture_path(f, "big"));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(pwrite(fd, "x", 1, SIZE - 1), 1);
	(void)close(fd);
	f->o.path = path;
	f->o.by_reference = true;
	f->o.hash_later = true;
	fixture_add(f);
	assert_true(f->info.total_bytes == SIZE);
	p = open_it(f);
	entry = find(f, p, "");
	assert_true(entry.size_bytes == SIZE);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
	assert_int_equal(pread(fd, &byte, 1, SIZE - 1), 1);
	assert_int_equal(byte, 'x');
	(void)close(fd);
	package_close(p);
}

/* --- by reference: what changed --------------------------------------------------- */

static void
change_size(struct fixture *f)
{
	fixture_write(f, "new", "abcd");
	assert_int_equal(truncate(fixture_path(f, "sub/file"), 4), 0);
	set_time(f, "sub/file", 1000, 0);
}

static void
change_time(struct fixture *f)
{
	set_time(f, "sub/file", 1001, 0);
}

static void
change_rights(struct fixture *f)
{
	assert_int_equal(chmod(fixture_path(f, "sub/file"), 0640), 0);
}

static void
change_file(struct fixture *f)
{
	char to[4096];

	fixture_write(f, "new", "abc");
	set_time(f, "new", 1000, 0);
	str_copy_cut(to, sizeof(to), fixture_path(f, "sub/file"));
	assert_int_equal(rename(fixture_path(f, "new"), to), 0);
}

static void
remove_file(struct fixture *f)
{
	assert_int_equal(unlink(fixture_path(f, "sub/file")), 0);
}

static void
remove_folder(struct fixture *f)
{
	remove_file(f);
	assert_int_equal(rmdir(fixture_path(f, "sub")), 0);
}

static void
test_changed_since(void **state)
{
	static const struct {
		void (*change)(struct fixture *f);
		const char *text; /* behind the path of the source */
	} rows[] = {
	    {change_size, "/src (size 4, was 3 bytes): file it again"},
	    {change_time, "/src (time of last change): file it again"},
	    {change_rights, "/src (owner, rights, links or content (ctime)): file it "
			    "again"},
	    {change_file, "/src (it is another file of the same name): file it again"},
	    {remove_file,
	     "/src and cannot be opened any more: No such file or directory"},
	    {remove_folder, "/src and cannot be opened any more: No such file or "
			    "directory"},
	};
	struct fixture *f = *state;

	f->o.by_reference = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct package_entry entry;
		struct package *p;
		int fd = -1;

		fixture_make(f, "sub");
		(void)unlink(fixture_path(f, "sub/file"));
		fixture_write(f, "sub/file", "abc");
		set_time(f, "sub/file", 1000, 0);
		fixture_add(f);
		p = open_it(f);
		assert_string_equal(package_source(p), f->source);
		entry = find(f, p, "sub/file");
		assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
		assert_int_equal(package_check_file(p, &entry, fd, &f->e), 0);
		(void)close(fd);
		rows[i].change(f);
		assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
		assert_string_equal(err_kind_name(f->e.kind), "request");
		assert_true(str_starts(f->e.text, "\"sub/file\" "));
		if (!str_ends(f->e.text, rows[i].text))
			fail_msg("row %zu: %s", i, f->e.text);
		package_close(p);
	}
}

/* That this process has too many files open says nothing about the package. */
static void
test_no_descriptor_left(void **state)
{
	static const bool kinds[] = {true, false};
	struct fixture *f = *state;
	struct rlimit before, none;
	int fd;

	fixture_make(f, "sub");
	fixture_write(f, "sub/file", "abc");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct package_entry entry;
		struct package *p;

		f->o.by_reference = kinds[i];
		fixture_add(f);
		p = open_it(f);
		entry = find(f, p, "sub/file");
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
		none = before;
		none.rlim_cur = 3;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_string_equal(err_kind_name(f->e.kind), "local");
		assert_non_null(strstr(f->e.text, "Too many open files"));
		package_close(p);
	}
}

/* It changes after it was opened: the check after the last byte says so. */
static void
test_changes_while_sent(void **state)
{
	struct fixture *f = *state;
	struct package_entry entry;
	struct package *p;
	char path[4096];
	int fd;

	fixture_write(f, "one", "abc");
	str_copy_cut(path, sizeof(path), fixture_path(f, "one"));
	f->o.path = path;
	f->o.by_reference = true;
	fixture_add(f);
	p = open_it(f);
	entry = find(f, p, "");
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(package_check_file(p, &entry, fd, &f->e), -1);
	assert_true(str_starts(f->e.text, "\"one\" has changed since it was filed by "
					  "reference from "));
	assert_non_null(strstr(f->e.text, "size 1, was 3 bytes"));
	(void)close(fd);
	package_close(p);
}

/* --- a store that is not what it was ---------------------------------------------- */

static char *
kept_path(const struct fixture *f, const char *name)
{
	return mem_printf("%s/%s/%s", f->store, f->info.id, name);
}

static void
test_not_in_store(void **state)
{
	static const char *const ids[] = {"", "..", "../x", "0123456789abcdef",
					  "0123456789ABCDEF0123456789ABCDEF"};
	struct fixture *f = *state;
	struct package *p;

	assert_int_equal(
	    package_open(f->store, "0123456789abcdef0123456789abcdef", &p, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_true(
	    str_starts(f->e.text, "the package is not in the store any more ("));
	assert_true(str_ends(f->e.text, "): file it again"));
	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_int_equal(package_open(f->store, ids[i], &p, &f->e), -1);
		assert_true(str_ends(f->e.text, "\" is no id of a package"));
	}
}

static void
test_damaged_store(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *data = NULL;
	AUTO_FREE char *index = NULL;
	struct package_entry entry;
	struct package *p;
	int fd;

	fixture_write(f, "file", "abc");
	fixture_add(f);
	data = kept_path(f, "data/file");
	index = kept_path(f, "index");
	p = open_it(f);
	entry = find(f, p, "file");
	assert_int_equal(truncate(data, 2), 0);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_true(str_starts(f->e.text, "\"file\" is damaged in the package store "));
	assert_int_equal(unlink(data), 0);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_true(str_starts(f->e.text, "\"file\" cannot be read from the package "
					  "store "));
	package_close(p);

	assert_int_equal(truncate(index, 40), 0);
	assert_int_equal(package_open(f->store, f->info.id, &p, &f->e), -1);
	assert_true(str_starts(f->e.text, "the package's index is damaged (line "));
	assert_int_equal(unlink(index), 0);
	assert_int_equal(package_open(f->store, f->info.id, &p, &f->e), -1);
	assert_true(
	    str_starts(f->e.text, "the package is not in the store any more ("));
}

/* --- a copy that was touched ------------------------------------------------------ */

static void
copy_written(struct fixture *f, const char *data)
{
	int fd = open(data, O_WRONLY | O_CLOEXEC);

	(void)f;
	assert_int_equal(pwrite(fd, "d", 1, 2), 1);
	(void)close(fd);
}

/* A hand that covers its tracks: size and time are what they were. */
static void
copy_written_secretly(struct fixture *f, const char *data)
{
	struct timespec times[2];
	struct stat before;

	assert_int_equal(stat(data, &before), 0);
	copy_written(f, data);
	times[0] = before.st_atim;
	times[1] = before.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, data, times, 0), 0);
}

static void
copy_owned_anew(struct fixture *f, const char *data)
{
	(void)f;
	assert_int_equal(chmod(data, 0640), 0);
}

/* The store was copied to another disk. */
static void
copy_moved(struct fixture *f, const char *data)
{
	AUTO_FREE char *other = mem_printf("%s/other", f->top);

	if (path_write_file(other, "abc", 3, 0600, &f->e))
		fail_msg("%s", f->e.text);
	assert_int_equal(rename(other, data), 0);
}

/* The kernel stamps files with a clock that ticks: until it gives another time, seen at
 * the source, which nobody reads any more. */
static void
await_tick(struct fixture *f, const char *data)
{
	struct stat then, now;

	assert_int_equal(stat(data, &then), 0);
	do {
		assert_int_equal(chmod(fixture_path(f, "file"), 0600), 0);
		assert_int_equal(stat(f->path, &now), 0);
	} while (now.st_ctim.tv_sec == then.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == then.st_ctim.tv_nsec);
}

static void
test_copy_touched(void **state)
{
	static const struct {
		void (*touch)(struct fixture *f, const char *data);
		bool hash_later; /* and not hashed yet: nothing proves the bytes */
		bool is_refused;
	} rows[] = {
	    {copy_written, false, true},     {copy_written_secretly, false, true},
	    {copy_owned_anew, false, false}, {copy_moved, false, false},
	    {copy_written, true, true},      {copy_moved, true, true},
	};
	struct fixture *f = *state;

	fixture_write(f, "file", "abc");
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *data = NULL;
		struct package_entry entry;
		struct package *p;
		int fd, late;

		f->o.hash_later = rows[i].hash_later;
		fixture_add(f);
		data = kept_path(f, "data/file");
		p = open_it(f);
		entry = find(f, p, "file");
		assert_int_equal(package_open_file(p, &entry, &late, &f->e), 0);
		await_tick(f, data);
		rows[i].touch(f, data);
		if (rows[i].is_refused) {
			assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
			assert_string_equal(err_kind_name(f->e.kind), "request");
			assert_true(str_starts(f->e.text, "\"file\" in the package "
							  "store (package "));
			assert_true(str_ends(f->e.text, ") has changed since it was "
							"filed: file it again"));
		} else {
			assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
			assert_int_equal(package_check_file(p, &entry, fd, &f->e), 0);
			(void)close(fd);
		}
		/* And who had it open sees it at its end. */
		if (rows[i].touch != copy_moved)
			assert_int_equal(package_check_file(p, &entry, late, &f->e),
					 rows[i].is_refused ? -1 : 0);
		(void)close(late);
		package_close(p);
	}
}

/* Reading it all again takes as long as it takes: a stop ends it. */
static void
test_copy_stopped(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	AUTO_FREE char *data = NULL;
	struct package_entry entry;
	struct package *p;
	int fd;

	fixture_write(f, "file", "abc");
	fixture_add(f);
	data = kept_path(f, "data/file");
	p = open_it(f);
	entry = find(f, p, "file");
	package_set_stop(p, stop);
	stop_throw(stop);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
	(void)close(fd);
	await_tick(f, data);
	assert_int_equal(chmod(data, 0640), 0);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	package_close(p);
	stop_free(stop);
}

/* A stop shows whether it was read: at its end it is not, unless it was touched again.
 */
static void
test_copy_read_again_once(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	AUTO_FREE char *data = NULL;
	struct package_entry entry;
	struct package *p;
	int fd;

	fixture_write(f, "file", "abc");
	fixture_add(f);
	data = kept_path(f, "data/file");
	p = open_it(f);
	entry = find(f, p, "file");
	package_set_stop(p, stop);
	await_tick(f, data);
	assert_int_equal(chmod(data, 0640), 0);
	assert_int_equal(package_open_file(p, &entry, &fd, &f->e), 0);
	stop_throw(stop);
	assert_int_equal(package_check_file(p, &entry, fd, &f->e), 0);
	await_tick(f, data);
	assert_int_equal(chmod(data, 0600), 0);
	assert_int_equal(package_check_file(p, &entry, fd, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	(void)close(fd);
	package_close(p);
	stop_free(stop);
}

/* --- hash_later ------------------------------------------------------------------- */

static void
test_hash(void **state)
{
	struct fixture *f = *state;

	fixture_make(f, "sub");
	fixture_write(f, "sub/abc", "abc");
	f->o.hash_later = true;
	for (int reference = 0; reference < 2; reference++) {
		AUTO_FREE char *manifest = NULL;
		struct package *p;
		size_t len;

		f->o.by_reference = reference;
		fixture_add(f);
		p = open_it(f);
		assert_false(package_get_info(p)->is_hashed);
		assert_string_equal(find(f, p, "sub/abc").sha256, "");
		assert_int_equal(package_rewind(p, &f->e), 0);
		/* Twice: the second finds it done. */
		assert_int_equal(package_hash(f->store, f->info.id, NULL, &f->e), 0);
		assert_int_equal(package_hash(f->store, f->info.id, NULL, &f->e), 0);
		assert_false(package_get_info(p)->is_hashed);
		assert_string_equal(find(f, p, "sub/abc").sha256, HASH_ABC);
		assert_true(package_get_info(p)->is_hashed);
		assert_int_equal(path_read_file(package_manifest_path(p), 1000,
						ERR_LOCAL, &manifest, &len, &f->e),
				 0);
		assert_string_equal(manifest, HASH_ABC "  src/sub/abc\n");
		package_close(p);
	}
}

static void
test_hash_fails(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	struct package *p;

	fixture_make(f, "sub");
	fixture_write(f, "sub/file", "abc");
	f->o.by_reference = true;
	f->o.hash_later = true;
	fixture_add(f);
	stop_throw(stop);
	assert_int_equal(package_hash(f->store, f->info.id, stop, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	stop_free(stop);

	change_rights(f);
	assert_int_equal(package_hash(f->store, f->info.id, NULL, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_non_null(strstr(f->e.text, "has changed since it was filed"));

	/* It is still what it was, and nothing half made lies beside it. */
	p = open_it(f);
	assert_false(package_get_info(p)->is_hashed);
	(void)find(f, p, "sub/file");
	package_close(p);
	{
		AUTO_FREE char *index = kept_path(f, "index.new");
		AUTO_FREE char *manifest = kept_path(f, "manifest.new");

		assert_int_equal(access(index, F_OK), -1);
		assert_int_equal(access(manifest, F_OK), -1);
	}
	assert_int_equal(
	    package_hash(f->store, "00000000000000000000000000000000", NULL, &f->e),
	    -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_content),
	    CASE(test_entries),
	    CASE(test_beyond_4_gib),
	    CASE(test_changed_since),
	    CASE(test_no_descriptor_left),
	    CASE(test_changes_while_sent),
	    CASE(test_not_in_store),
	    CASE(test_damaged_store),
	    CASE(test_copy_touched),
	    CASE(test_copy_stopped),
	    CASE(test_copy_read_again_once),
	    CASE(test_hash),
	    CASE(test_hash_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
