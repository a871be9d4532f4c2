/* Filing: what is kept, what is refused, and that failures leave nothing behind. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* FIPS 180-4's example, and the hash of nothing. */
#define HASH_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HASH_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { MIB = 1 << 20 };

/* A small tree with all that travels. */
static void
make_tree(struct fixture *f)
{
	fixture_make(f, "empty folder");
	fixture_make(f, "sub");
	fixture_write(f, "sub/abc", "abc");
	fixture_write(f, "sub/none", "");
	fixture_write(f, "top", "top");
}

static char *
read_kept(struct fixture *f, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/%s/%s", f->store, f->info.id, name);
	char *text;
	size_t len;

	if (path_read_file(path, 16 * MIB, ERR_LOCAL, &text, &len, &f->e))
		fail_msg("%s", f->e.text);
	return text;
}

static bool
is_kept(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/%s/%s", f->store, f->info.id, name);

	return access(path, F_OK) == 0;
}

/* --- what is kept ----------------------------------------------------------------- */

static void
test_tree(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *manifest = NULL;
	AUTO_FREE char *abc = NULL;

	make_tree(f);
	fixture_add(f);
	assert_string_equal(f->info.name, "src");
	assert_int_equal(strlen(f->info.id), 32);
	assert_true(f->info.is_tree);
	assert_true(f->info.is_hashed);
	assert_false(f->info.by_reference);
	assert_int_equal(f->info.file_count, 3);
	assert_int_equal(f->info.folder_count, 3);
	assert_int_equal(f->info.total_bytes, 6);
	manifest = read_kept(f, "manifest");
	assert_true(str_starts(manifest, HASH_ABC "  src/sub/abc\n" HASH_EMPTY
						  "  src/sub/none\n"));
	assert_non_null(strstr(manifest, "  src/top\n"));
	abc = read_kept(f, "data/sub/abc");
	assert_string_equal(abc, "abc");
	assert_true(is_kept(f, "data/empty folder"));
	assert_true(is_kept(f, "data/sub/none"));
	assert_int_equal(fixture_count(f), 1);
}

static void
test_one_file(void **state)
{
	struct fixture *f = *state;
	char path[4096];
	AUTO_FREE char *manifest = NULL;
	AUTO_FREE char *data = NULL;

	fixture_write(f, "one.bin", "abc");
	str_copy_cut(path, sizeof(path), fixture_path(f, "one.bin"));
	f->o.path = path;
	fixture_add(f);
	assert_string_equal(f->info.name, "one.bin");
	assert_false(f->info.is_tree);
	assert_int_equal(f->info.file_count, 1);
	assert_int_equal(f->info.folder_count, 0);
	manifest = read_kept(f, "manifest");
	assert_string_equal(manifest, HASH_ABC "  one.bin\n");
	data = read_kept(f, "data");
	assert_string_equal(data, "abc");
}

/* The store is the account's alone: packages may hold secrets. */
static void
test_rights(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	AUTO_FREE char *path = NULL;

	make_tree(f);
	fixture_add(f);
	assert_int_equal(stat(f->store, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	path = mem_printf("%s/%s/data/sub/abc", f->store, f->info.id);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

/* Blocks, and holes at the start, in the middle and at the end. */
static void
test_large_and_sparse(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *kept = NULL;
	struct stat st;
	int fd;

	fd = open(fixture_path(f, "sparse"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(pwrite(fd, "x", 1, 2 * MIB + 1), 1);
	assert_int_equal(pwrite(fd, "y", 1, 4 * MIB), 1);
	assert_int_equal(ftruncate(fd, 6 * MIB + 7), 0);
	(void)close(fd);
	fixture_add(f);
	assert_int_equal(f->info.total_bytes, 6 * MIB + 7);
	kept = read_kept(f, "data/sparse");
	assert_int_equal(kept[2 * MIB + 1], 'x');
	assert_int_equal(kept[4 * MIB], 'y');
	for (int i = 0; i < 6 * MIB + 7; i++)
		if (i != 2 * MIB + 1 && i != 4 * MIB)
			assert_int_equal(kept[i], 0);
	mem_free(kept);
	kept = mem_printf("%s/%s/data/sparse", f->store, f->info.id);
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(st.st_size, 6 * MIB + 7);
	assert_true(st.st_blocks * 512 < 4 * MIB);
}

/* Its size needs more than 32 bits; hashing it would take long, and is not needed. */
static void
test_over_4_gib(void **state)
{
	const int64_t size = (INT64_C(5) << 30) + 7;
	struct fixture *f = *state;
	struct package_entry entry;
	struct package *p;
	int fd = open(fixture_path(f, "large"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, size), 0);
	(void)close(fd);
	f->o.by_reference = true;
	f->o.hash_later = true;
	fixture_add(f);
	assert_true(f->info.total_bytes == size);
	assert_int_equal(package_open(f->store, f->info.id, &p, &f->e), 0);
	assert_int_equal(package_next(p, &entry, &f->e), 1);
	assert_int_equal(package_next(p, &entry, &f->e), 1);
	assert_string_equal(entry.path, "large");
	assert_true(entry.size_bytes == size);
	package_close(p);
}

static void
test_names(void **state)
{
	static const struct {
		const char *path, *name, *is;
	} rows[] = {
	    {"sub", NULL, "sub"},
	    {"sub/", NULL, "sub"},
	    {"sub///", NULL, "sub"},
	    {"sub/.", NULL, "sub"},
	    {"sub/..", NULL, "src"},
	    {"sub", "other", "other"},
	    {"top", "t\xc3\xb6p", "t\xc3\xb6p"},
	};
	struct fixture *f = *state;
	char path[4096];

	make_tree(f);
	for (size_t i = 0; i < COUNT(rows); i++) {
		str_copy_cut(path, sizeof(path), fixture_path(f, rows[i].path));
		f->o.path = path;
		f->o.name = rows[i].name;
		fixture_add(f);
		assert_string_equal(f->info.name, rows[i].is);
	}
}

static void
test_by_reference(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *index = NULL;
	AUTO_FREE char *line = mem_printf("source %s\n", f->source);

	make_tree(f);
	f->o.by_reference = true;
	fixture_add(f);
	assert_true(f->info.by_reference);
	assert_true(f->info.is_hashed);
	assert_false(is_kept(f, "data"));
	assert_true(is_kept(f, "manifest"));
	index = read_kept(f, "index");
	assert_non_null(strstr(index, "kind tree reference\n"));
	assert_non_null(strstr(index, line));
}

static void
test_hash_later(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *kept = NULL;

	make_tree(f);
	f->o.hash_later = true;
	fixture_add(f);
	assert_false(f->info.is_hashed);
	assert_int_equal(f->info.total_bytes, 6);
	assert_false(is_kept(f, "manifest"));
	kept = read_kept(f, "data/sub/abc");
	assert_string_equal(kept, "abc");
}

static void
note_progress(void *self, int64_t files, int64_t bytes)
{
	int64_t *seen = self;

	assert_true(files >= seen[0] && bytes >= seen[1]);
	seen[0] = files;
	seen[1] = bytes;
}

static void
test_progress(void **state)
{
	struct fixture *f = *state;
	int64_t seen[2] = {0};

	make_tree(f);
	f->o.progress = note_progress;
	f->o.self = seen;
	fixture_add(f);
	assert_int_equal(seen[0], 3);
	assert_int_equal(seen[1], 6);
}

/* --- what is refused -------------------------------------------------------------- */

static void
test_refused_names(void **state)
{
	struct fixture *f = *state;

	make_tree(f);
	fixture_write(f, "sub/a:b", "");
	fixture_refuse(f, ERR_REQUEST, "/src: \"sub/a:b\" holds one of <>:\"|?*/\\");
	f->o.by_reference = true;
	f->o.hash_later = true;
	fixture_refuse(f, ERR_REQUEST, "/src: \"sub/a:b\" holds one of <>:\"|?*/\\");
	f->o.name = "aux";
	fixture_refuse(f, ERR_REQUEST,
		       "the package cannot be called \"aux\": that name is "
		       "a reserved name; choose another");
	f->o.name = NULL;
	f->o.path = "/";
	fixture_refuse(f, ERR_REQUEST,
		       "\"/\" has no name that the package could have: name it "
		       "with --as");
	f->o.path = "/no/such/place";
	fixture_refuse(f, ERR_REQUEST,
		       "cannot send /no/such/place: it cannot be looked "
		       "at: No such file or directory");
}

/* Also the source itself may be a symlink; a slash at its end does not change that. */
static void
test_linked_source(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *link = path_join(f->top, "link");
	AUTO_FREE char *slash = path_join(f->top, "link/");

	make_tree(f);
	assert_int_equal(symlink("src", link), 0);
	f->o.path = link;
	fixture_refuse(
	    f, ERR_REQUEST,
	    "/link: it is a symbolic link (--follow sends what it points to)");
	f->o.path = slash;
	fixture_refuse(
	    f, ERR_REQUEST,
	    "/link: it is a symbolic link (--follow sends what it points to)");
	f->o.follow = true;
	fixture_add(f);
	assert_string_equal(f->info.name, "link");
	assert_int_equal(f->info.file_count, 3);
}

static void
test_store_in_source(void **state)
{
	struct fixture *f = *state;

	mem_free(f->store);
	f->store = path_join(f->source, "store");
	make_tree(f);
	fixture_refuse(f, ERR_REQUEST, "/src: \"store\" is the package store itself");
}

static void
test_store_cannot_be(void **state)
{
	struct fixture *f = *state;

	make_tree(f);
	mem_free(f->store);
	f->store = path_join(f->source, "top/store"); /* below a file */
	fixture_refuse(f, ERR_LOCAL, "make folder ");
}

/* --- what changes meanwhile ------------------------------------------------------- */

/* Does something to the source once the first block was read. */
struct meddler {
	struct fixture *f;
	void (*meddle)(struct fixture *f);
};

static void
meddle_once(void *self, int64_t files, int64_t bytes)
{
	struct meddler *m = self;
	void (*meddle)(struct fixture * f) = m->meddle;

	(void)files;
	(void)bytes;
	m->meddle = NULL;
	if (meddle)
		meddle(m->f);
}

static void
append(struct fixture *f)
{
	int fd = open(fixture_path(f, "big"), O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(write(fd, "x", 1), 1);
	(void)close(fd);
}

static void
shorten(struct fixture *f)
{
	assert_int_equal(truncate(fixture_path(f, "big"), 10), 0);
}

/* Same size, and the time of change set back: ctime tells. */
static void
overwrite(struct fixture *f)
{
	struct timespec times[2];
	struct stat st;
	int fd = open(fixture_path(f, "big"), O_WRONLY | O_CLOEXEC);

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "X", 1, 0), 1);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(futimens(fd, times), 0);
	(void)close(fd);
}

static void
add_file(struct fixture *f)
{
	fixture_write(f, "dir/more", "more");
}

static void
test_changes(void **state)
{
	static const struct {
		void (*meddle)(struct fixture *f);
		const char *text;
	} rows[] = {
	    {append, "/src: \"big\" changed while it was read"},
	    {overwrite, "/src: \"big\" changed while it was read"},
	    {shorten, "/src: \"big\" changed while it was read"},
	    {add_file,
	     "/src: it changed while it was read (from 1 files with 3145728 "
	     "bytes to 2 files with 3145732 bytes): file it when nobody writes "
	     "there"},
	};
	struct fixture *f = *state;
	struct meddler m = {.f = f};
	AUTO_FREE char *big = mem_alloc(3 * MIB + 1);

	memset(big, 'b', 3 * MIB);
	big[3 * MIB] = '\0';
	fixture_make(f, "dir");
	f->o.progress = meddle_once;
	f->o.self = &m;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int reference = 0; reference < 2; reference++) {
			fixture_write(f, "big", big);
			(void)unlink(fixture_path(f, "dir/more"));
			m.meddle = rows[i].meddle;
			f->o.by_reference = reference;
			fixture_refuse(f, ERR_REQUEST, rows[i].text);
		}
	}
}

/* --- failures of ours ------------------------------------------------------------- */

static void
throw_stop(void *self, int64_t files, int64_t bytes)
{
	(void)files;
	if (bytes >= 2 * MIB)
		stop_throw(self);
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	AUTO_FREE char *big = mem_alloc(9 * MIB + 1);

	memset(big, 'b', 9 * MIB);
	big[9 * MIB] = '\0';
	fixture_write(f, "big", big);
	f->o.stop = stop;
	f->o.progress = throw_stop;
	f->o.self = stop;
	fixture_refuse(f, ERR_STOP, "stopped while reading the package");
	fixture_refuse(f, ERR_STOP, "stopped while reading "); /* at once */
	stop_free(stop);
}

/* With room for one descriptor more each time, until all goes well: each failure says
 * that it is ours, and leaves nothing. */
static void
test_every_descriptor(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, now;
	bool done = false;

	make_tree(f);
	assert_int_equal(path_make(f->store, 0700, &f->e), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (rlim_t n = 3; !done; n++) {
		int rc;

		assert_true(n < 64);
		now = was;
		now.rlim_cur = n;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		rc = package_add(f->store, &f->o, &f->info, &f->e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		done = !rc;
		if (rc && f->e.kind != ERR_LOCAL)
			fail_msg("%d descriptors: %s", (int)n, f->e.text);
		assert_int_equal(fixture_count(f), done);
	}
}

/* A disk that is full after so many bytes, as far as a process can see. */
static void
test_full_disk(void **state)
{
	static const rlim_t limits[] = {0, 1, 100, 1000, 3 * MIB - 1};
	struct fixture *f = *state;
	AUTO_FREE char *big = mem_alloc(3 * MIB + 1);
	struct rlimit was, now;

	memset(big, 'b', 3 * MIB);
	big[3 * MIB] = '\0';
	fixture_write(f, "big", big);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	for (size_t i = 0; i < COUNT(limits); i++) {
		int rc;

		now = was;
		now.rlim_cur = limits[i];
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
		rc = package_add(f->store, &f->o, &f->info, &f->e);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		assert_int_equal(rc, -1);
		assert_string_equal(err_kind_name(f->e.kind), "local");
		assert_non_null(strstr(f->e.text, "File too large"));
		assert_int_equal(fixture_count(f), 0);
	}
	fixture_add(f);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_tree),
	    CASE(test_one_file),
	    CASE(test_rights),
	    CASE(test_large_and_sparse),
	    CASE(test_over_4_gib),
	    CASE(test_names),
	    CASE(test_by_reference),
	    CASE(test_hash_later),
	    CASE(test_progress),
	    CASE(test_refused_names),
	    CASE(test_linked_source),
	    CASE(test_store_in_source),
	    CASE(test_store_cannot_be),
	    CASE(test_changes),
	    CASE(test_stop),
	    CASE(test_every_descriptor),
	    CASE(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
