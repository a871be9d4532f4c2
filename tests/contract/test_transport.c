/* One set of cases against every transport: what transport.h promises holds for each.
 * The share is added when LANSENDER_TEST_SMB says where one is:
 * "HOST:PORT SHARE USER PASSWORD-FILE" (tools/samba-up starts one). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "transport/transport.h"
#include "transport_backends.h"

enum {
	MIB = 1 << 20,
	MTIME_2026 = 1795356000, /* s; has no meaning but not being now */
};

struct fixture {
	struct transport *t;
	struct err e;
};

static const struct backend *backend; /* the one that a group is run against */

static int
set_up(void **state)
{
	struct fixture *f = mem_zero(1, sizeof(*f));

	if (backend->open(&f->t, &f->e)) {
		print_error("%s: %s\n", backend->name, f->e.text);
		mem_free(f);
		return -1;
	}
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	transport_free(f->t);
	mem_free(f);
	return backend->clean();
}

/* --- a file that makes its own bytes ---------------------------------------------- */

struct source {
	int64_t fail_at; /* its read fails from this offset on; -1: never */
	int64_t acked;
	bool is_wrong; /* told of less than before, or after the end */
	unsigned done_count;
	bool ok;
	struct err why;
};

static char
byte_at(int64_t offset)
{
	return (char)(offset * 31 + (offset >> 12));
}

static int
source_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	const struct source *s = self;
	char *bytes = buf;

	if (s->fail_at >= 0 && offset + (int64_t)len > s->fail_at)
		return err_set(e, ERR_REQUEST, 0, "the source went away");
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(offset + (int64_t)i);
	return 0;
}

static void
source_acked(void *self, int64_t upto_bytes)
{
	struct source *s = self;

	/* No assert here: it would jump out of the middle of the transport. */
	s->is_wrong |= upto_bytes < s->acked || s->done_count > 0;
	s->acked = upto_bytes;
}

static void
source_done(void *self, const struct err *e)
{
	struct source *s = self;

	s->done_count++;
	s->ok = !e;
	if (e)
		s->why = *e;
}

/* Put `size` bytes at path and wait for it. */
static void
put(struct fixture *f, const char *path, int64_t start, int64_t size, struct source *s)
{
	struct transport_put p = {
	    .path = path,
	    .size_bytes = size,
	    .start_bytes = start,
	    .mtime_ns = MTIME_2026 * INT64_C(1000000000) + 123456700,
	    .read = source_read,
	    .acked = source_acked,
	    .done = source_done,
	    .self = s,
	};

	s->acked = start;
	if (transport_put(f->t, &p, &f->e))
		fail_msg("put: %s", f->e.text);
	if (transport_drain(f->t, &f->e))
		fail_msg("drain: %s", f->e.text);
	assert_int_equal(s->done_count, 1);
	assert_false(s->is_wrong);
}

static void
put_ok(struct fixture *f, const char *path, int64_t size)
{
	struct source s = {.fail_at = -1};

	put(f, path, 0, size, &s);
	if (!s.ok)
		fail_msg("put %s: %s", path, s.why.text);
	assert_int_equal(s.acked, size);
}

/* Is what lies there what the source makes? */
static void
assert_bytes(struct fixture *f, const char *path, int64_t size)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (transport_read(f->t, path, 16 * MIB, &text, &len, &f->e) != 1)
		fail_msg("read %s: %s", path, f->e.text);
	assert_int_equal(len, size);
	assert_int_equal(text[len], '\0');
	for (size_t i = 0; i < len; i++)
		if (text[i] != byte_at((int64_t)i))
			fail_msg("%s differs at byte %zu", path, i);
}

static void
make(struct fixture *f, const char *path)
{
	if (transport_mkdir(f->t, path, false, &f->e) != 1)
		fail_msg("mkdir %s: %s", path, f->e.text);
}

static int
stat_of(struct fixture *f, const char *path, struct transport_stat *st)
{
	int rc = transport_stat(f->t, path, st, &f->e);

	if (rc < 0)
		fail_msg("stat %s: %s", path, f->e.text);
	return rc;
}

/* The call failed, as `kind` (any: ERR_NONE) and with this code (any: 0), said in
 * words, and the connection lives on. */
static void
assert_failed(struct fixture *f, int rc, enum err_kind kind, uint32_t win32)
{
	assert_int_equal(rc, -1);
	if (kind)
		assert_string_equal(err_kind_name(f->e.kind), err_kind_name(kind));
	if (win32)
		assert_int_equal(f->e.win32, win32);
	assert_true(strlen(f->e.text) > 10);
	assert_true(transport_alive(f->t));
}

/* --- cases ------------------------------------------------------------------------ */

static void
test_stat(void **state)
{
	struct fixture *f = *state;
	struct transport_stat st;

	assert_int_equal(stat_of(f, "", &st), 1);
	assert_true(st.is_dir);
	assert_int_equal(stat_of(f, "missing", &st), 0);
	assert_int_equal(stat_of(f, "missing/too", &st), 0);
	put_ok(f, "file", 5);
	assert_int_equal(stat_of(f, "file", &st), 1);
	assert_false(st.is_dir);
	assert_false(st.is_link);
	assert_int_equal(st.size_bytes, 5);
	assert_int_equal(stat_of(f, "file/below", &st), 0);
}

static void
test_mkdir(void **state)
{
	struct fixture *f = *state;
	struct transport_stat st;

	assert_int_equal(transport_mkdir(f->t, "a", true, &f->e), 1);
	assert_int_equal(transport_mkdir(f->t, "a", true, &f->e), 0);
	assert_int_equal(transport_mkdir(f->t, "a/b", false, &f->e), 1);
	assert_int_equal(stat_of(f, "a/b", &st), 1);
	assert_true(st.is_dir);
	put_ok(f, "file", 1);
	assert_failed(f, transport_mkdir(f->t, "file", false, &f->e), ERR_SITE, 183);
	assert_failed(f, transport_mkdir(f->t, "no/such", false, &f->e), ERR_NONE, 3);
}

static void
test_put_sizes(void **state)
{
	static const int64_t sizes[] = {0,       1,       4096,        65535,
					65536,   MIB - 1, MIB,         MIB + 1,
					2 * MIB, 5 * MIB, 9 * MIB + 7, 10};
	struct fixture *f = *state;
	struct transport_stat st;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		put_ok(f, "file", sizes[i]); /* also over what was there */
		assert_bytes(f, "file", sizes[i]);
		assert_int_equal(stat_of(f, "file", &st), 1);
		assert_int_equal(st.size_bytes, sizes[i]);
		assert_int_equal(st.mtime_ns,
				 MTIME_2026 * INT64_C(1000000000) + 123456700);
	}
}

static void
test_put_resumes(void **state)
{
	struct fixture *f = *state;
	struct source broken = {.fail_at = 3 * MIB};
	struct source rest = {.fail_at = -1};
	struct transport_stat st;

	put(f, "file", 0, 6 * MIB, &broken);
	assert_false(broken.ok);
	assert_string_equal(err_kind_name(broken.why.kind), "request");
	assert_non_null(strstr(broken.why.text, "the source went away"));
	assert_true(transport_alive(f->t));
	assert_int_equal(stat_of(f, "file", &st), 1);
	assert_true(broken.acked <= 3 * MIB);
	assert_true(st.size_bytes >= broken.acked); /* acked means: it is there */

	put(f, "file", broken.acked, 6 * MIB, &rest);
	assert_true(rest.ok);
	assert_bytes(f, "file", 6 * MIB);

	/* What was there may be longer than what it is to be. */
	rest = (struct source){.fail_at = -1};
	put(f, "file", MIB, 2 * MIB, &rest);
	assert_true(rest.ok);
	assert_bytes(f, "file", 2 * MIB);

	/* Nothing left to send: only size and time. */
	rest = (struct source){.fail_at = 0};
	put(f, "file", 2 * MIB, 2 * MIB, &rest);
	assert_true(rest.ok);
	assert_bytes(f, "file", 2 * MIB);
}

static void
test_put_where_it_cannot(void **state)
{
	static const char *const paths[] = {"no/such/folder", "folder", "file/below"};
	struct fixture *f = *state;

	make(f, "folder");
	put_ok(f, "file", 1);
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct source s = {.fail_at = -1};

		put(f, paths[i], 0, 10, &s);
		assert_false(s.ok);
		assert_true(s.why.kind != ERR_NONE && s.why.kind != ERR_STOP);
		assert_true(strlen(s.why.text) > 10);
		assert_true(transport_alive(f->t));
	}
	put_ok(f, "folder/works", 10);
}

static int
make_queued(struct fixture *f, const char *path, struct source *s)
{
	const struct transport_change c = {.kind = TRANSPORT_MAKE_FOLDER,
					   .path = path,
					   .done = source_done,
					   .self = s};

	return transport_change(f->t, &c, &f->e);
}

static void
test_many_puts(void **state)
{
	enum { FILES = 300 };
	struct fixture *f = *state;
	struct source *sources = mem_zero(FILES, sizeof(*sources));
	char(*paths)[32] = mem_zero(FILES, sizeof(*paths));
	struct source folder = {.fail_at = -1};

	assert_int_equal(make_queued(f, "many", &folder), 0);
	for (int i = 0; i < FILES; i++) {
		struct transport_put p = {.path = paths[i],
					  .size_bytes = i * 37,
					  .read = source_read,
					  .done = source_done,
					  .self = &sources[i]};

		sources[i].fail_at = i % 50 == 49 ? 0 : -1;
		(void)snprintf(paths[i], sizeof(paths[i]), "many/%03d", i);
		assert_int_equal(transport_put(f->t, &p, &f->e), 0);
	}
	assert_int_equal(transport_drain(f->t, &f->e), 0);
	assert_int_equal(folder.done_count, 1);
	assert_true(folder.ok);
	for (int i = 0; i < FILES; i++) {
		assert_int_equal(sources[i].done_count, 1);
		assert_int_equal(sources[i].ok, i % 50 != 49);
		if (i % 60 == 0)
			assert_bytes(f, paths[i], i * 37);
	}
	mem_free(sources);
	mem_free(paths);
}

static int
change(struct fixture *f, const struct transport_change *what, struct source *s)
{
	struct transport_change c = *what;

	c.done = source_done;
	c.self = s;
	return transport_change(f->t, &c, &f->e);
}

/* What is to be seen of each is seen by plain calls. */
static void
test_queued_changes(void **state)
{
	static const struct {
		const char *what;
		struct transport_change change;
		bool ok;
	} rows[] = {
	    {"rename", {.kind = TRANSPORT_RENAME, .path = "file", .to = "new"}, true},
	    {"onto a file",
	     {.kind = TRANSPORT_RENAME, .path = "new", .to = "other"},
	     false},
	    {"onto a folder",
	     {.kind = TRANSPORT_RENAME, .path = "new", .to = "empty"},
	     false},
	    {"nothing",
	     {.kind = TRANSPORT_RENAME, .path = "missing", .to = "newer"},
	     false},
	    {"to no name",
	     {.kind = TRANSPORT_RENAME, .path = "new", .to = "../x"},
	     false},
	    {"look", {.kind = TRANSPORT_LOOK, .path = "new"}, true},
	    {"try to move", {.kind = TRANSPORT_TRY_MOVE, .path = "new"}, true},
	    {"try to move a folder",
	     {.kind = TRANSPORT_TRY_MOVE, .path = "full"},
	     true},
	    {"look at a folder", {.kind = TRANSPORT_LOOK, .path = "full"}, true},
	    {"look at nothing", {.kind = TRANSPORT_LOOK, .path = "file"}, false},
	    {"look below nothing", {.kind = TRANSPORT_LOOK, .path = "no/file"}, false},
	    {"remove", {.kind = TRANSPORT_REMOVE_FOLDER, .path = "empty"}, true},
	    {"remove again", {.kind = TRANSPORT_REMOVE_FOLDER, .path = "empty"}, true},
	    {"not empty", {.kind = TRANSPORT_REMOVE_FOLDER, .path = "full"}, false},
	};
	struct fixture *f = *state;
	struct source s[COUNT(rows)] = {0};

	make(f, "empty");
	make(f, "full");
	put_ok(f, "full/file", 1);
	put_ok(f, "file", 7);
	put_ok(f, "other", 3);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(change(f, &rows[i].change, &s[i]), 0);
		assert_int_equal(transport_drain(f->t, &f->e), 0);
		assert_int_equal(s[i].done_count, 1);
		if (s[i].ok != rows[i].ok)
			fail_msg("%s: %s", rows[i].what, s[i].ok ? "worked" : "failed");
		if (rows[i].change.kind == TRANSPORT_LOOK && !rows[i].ok)
			assert_true(s[i].why.win32 == 2 || s[i].why.win32 == 3);
		if (strncmp(rows[i].what, "onto", 4) == 0)
			assert_int_equal(s[i].why.win32, 183);
	}
	assert_bytes(f, "new", 7);
	assert_bytes(f, "other", 3);
	assert_bytes(f, "full/file", 1);
}

static void
test_queued_mkdir(void **state)
{
	struct fixture *f = *state;
	struct source again = {0}, broken = {0};

	make(f, "there");
	put_ok(f, "file", 1);
	assert_int_equal(make_queued(f, "there", &again), 0);
	assert_int_equal(make_queued(f, "file", &broken), 0);
	assert_int_equal(transport_drain(f->t, &f->e), 0);
	assert_int_equal(again.done_count, 1);
	assert_true(again.ok);
	assert_int_equal(broken.done_count, 1);
	assert_false(broken.ok);
	assert_int_equal(broken.why.win32, 183);
}

struct seen {
	int count, folders;
	int64_t bytes;
	int stop_after;
};

static int
see(void *self, const char *name, const struct transport_stat *st)
{
	struct seen *seen = self;

	assert_true(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	seen->count++;
	seen->folders += st->is_dir;
	seen->bytes += st->size_bytes;
	return seen->count == seen->stop_after ? 7 : 0;
}

static void
test_list(void **state)
{
	struct fixture *f = *state;
	struct seen empty = {0}, all = {0}, two = {.stop_after = 2};

	assert_int_equal(transport_list(f->t, "", see, &empty, &f->e), 0);
	assert_int_equal(empty.count, 0);
	make(f, "folder");
	assert_int_equal(transport_list(f->t, "folder", see, &empty, &f->e), 0);
	assert_int_equal(empty.count, 0);
	put_ok(f, "one", 10);
	put_ok(f, "folder/below", 100);
	put_ok(f, "zw\xc3\xb6lf \xf0\x9f\x93\xa6", 12);
	assert_int_equal(transport_list(f->t, "", see, &all, &f->e), 0);
	assert_int_equal(all.count, 3);
	assert_int_equal(all.folders, 1);
	assert_int_equal(all.bytes, 22);
	assert_int_equal(transport_list(f->t, "", see, &two, &f->e), 7);
	assert_int_equal(two.count, 2);
	assert_failed(f, transport_list(f->t, "missing", see, &all, &f->e), ERR_NONE,
		      0);
}

static void
test_rename(void **state)
{
	struct fixture *f = *state;
	struct transport_stat st;

	make(f, "from");
	make(f, "to");
	put_ok(f, "from/a", 10);
	put_ok(f, "to/b", 20);
	assert_int_equal(transport_rename(f->t, "from/a", "to/a", false, &f->e), 0);
	assert_int_equal(stat_of(f, "from/a", &st), 0);
	assert_bytes(f, "to/a", 10);

	assert_failed(f, transport_rename(f->t, "to/a", "to/b", false, &f->e), ERR_SITE,
		      183);
	assert_bytes(f, "to/b", 20);
	assert_int_equal(transport_rename(f->t, "to/a", "to/b", true, &f->e), 0);
	assert_bytes(f, "to/b", 10);
	assert_int_equal(stat_of(f, "to/a", &st), 0);

	/* A folder goes with what is in it, and is never replaced, not even empty. */
	assert_failed(f, transport_rename(f->t, "to/b", "from", true, &f->e), ERR_NONE,
		      0);
	assert_failed(f, transport_rename(f->t, "to", "from", true, &f->e), ERR_NONE,
		      0);
	assert_failed(f, transport_rename(f->t, "to", "from", false, &f->e), ERR_SITE,
		      183);
	assert_int_equal(transport_rename(f->t, "to", "new", false, &f->e), 0);
	assert_bytes(f, "new/b", 10);
	assert_int_equal(stat_of(f, "to", &st), 0);
	assert_failed(f, transport_rename(f->t, "gone", "x", false, &f->e), ERR_NONE,
		      0);
	assert_failed(f, transport_rename(f->t, "gone", "x", true, &f->e), ERR_NONE, 0);
}

static void
test_remove(void **state)
{
	struct fixture *f = *state;
	struct transport_stat st;

	make(f, "folder");
	put_ok(f, "folder/file", 10);
	assert_failed(f, transport_remove(f->t, "folder", true, &f->e), ERR_ATTEMPT,
		      145);
	assert_int_equal(transport_remove(f->t, "folder/file", false, &f->e), 1);
	assert_int_equal(transport_remove(f->t, "folder/file", false, &f->e), 0);
	assert_int_equal(transport_remove(f->t, "folder", true, &f->e), 1);
	assert_int_equal(transport_remove(f->t, "folder", true, &f->e), 0);
	assert_int_equal(transport_remove(f->t, "folder/file", false, &f->e), 0);
	assert_int_equal(stat_of(f, "folder", &st), 0);
}

static void
test_remove_tree(void **state)
{
	struct fixture *f = *state;
	struct transport_stat st;
	char path[32];

	make(f, "top");
	make(f, "top/deep");
	make(f, "top/deep/er");
	put_ok(f, "top/deep/er/file", 10);
	make(f, "keep");
	put_ok(f, "keep/file", 1);
	for (int i = 0; i < 300; i++) { /* more than one batch of names */
		(void)snprintf(path, sizeof(path), "top/f%d", i);
		make(f, path);
	}
	assert_int_equal(transport_remove_tree(f->t, "top", &f->e), 0);
	assert_int_equal(stat_of(f, "top", &st), 0);
	assert_int_equal(transport_remove_tree(f->t, "top", &f->e), 0);
	assert_int_equal(transport_remove_tree(f->t, "keep/file", &f->e), 0);
	assert_int_equal(stat_of(f, "keep/file", &st), 0);
	assert_int_equal(stat_of(f, "keep", &st), 1);
}

static void
test_read(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t len = 77;

	assert_int_equal(transport_read(f->t, "missing", 10, &text, &len, &f->e), 0);
	assert_null(text);
	assert_int_equal(len, 77);
	put_ok(f, "ten", 10);
	assert_failed(f, transport_read(f->t, "ten", 9, &text, &len, &f->e),
		      ERR_REQUEST, 223);
	assert_non_null(strstr(f->e.text, "it has 10 bytes, more than the 9"));
	assert_null(text);
	assert_int_equal(transport_read(f->t, "ten", 10, &text, &len, &f->e), 1);
	assert_int_equal(len, 10);
	mem_free(text);
	text = NULL;
	put_ok(f, "empty", 0);
	assert_int_equal(transport_read(f->t, "empty", 10, &text, &len, &f->e), 1);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
	mem_free(text);
	text = NULL;
	make(f, "folder");
	assert_failed(f, transport_read(f->t, "folder", 10, &text, &len, &f->e),
		      ERR_NONE, 0);
}

static int
touch(struct fixture *f, const char *path, int64_t mtime_ns, struct source *s)
{
	const struct transport_change c = {.kind = TRANSPORT_TOUCH_FOLDER,
					   .path = path,
					   .mtime_ns = mtime_ns,
					   .done = source_done,
					   .self = s};

	return transport_change(f->t, &c, &f->e);
}

static void
test_folder_times(void **state)
{
	static const int64_t times[] = {0, -100, 100, INT64_C(921685636123456700),
					INT64_C(-86400000000000)};
	struct fixture *f = *state;
	struct transport_stat st;

	make(f, "folder");
	for (size_t i = 0; i < COUNT(times); i++) {
		struct source s = {0};

		assert_int_equal(touch(f, "folder", times[i], &s), 0);
		assert_int_equal(transport_drain(f->t, &f->e), 0);
		assert_true(s.ok);
		assert_int_equal(stat_of(f, "folder", &st), 1);
		assert_int_equal(st.mtime_ns, times[i]);
	}
}

/* The time of a folder stays, whatever was made in it and set in the same breath. */
static void
test_queued_touch(void **state)
{
	struct fixture *f = *state;
	struct source outer = {0}, inner = {0}, missing = {0}, bad = {0};
	const int64_t ns = INT64_C(921685636123456700);
	struct transport_stat st;

	make(f, "outer");
	make(f, "outer/inner");
	put_ok(f, "outer/inner/file", 1);
	assert_int_equal(touch(f, "outer", ns, &outer), 0);
	assert_int_equal(touch(f, "outer/inner", ns + 100, &inner), 0);
	assert_int_equal(touch(f, "missing", ns, &missing), 0);
	assert_int_equal(touch(f, "../x", ns, &bad), 0);
	assert_int_equal(transport_drain(f->t, &f->e), 0);
	assert_true(outer.ok && inner.ok);
	assert_int_equal(missing.done_count, 1);
	assert_false(missing.ok);
	assert_int_equal(bad.done_count, 1);
	assert_false(bad.ok);
	assert_int_equal(stat_of(f, "outer", &st), 1);
	assert_int_equal(st.mtime_ns, ns);
	assert_int_equal(stat_of(f, "outer/inner", &st), 1);
	assert_int_equal(st.mtime_ns, ns + 100);
}

static void
test_bad_paths(void **state)
{
	static const struct {
		const char *path, *why;
	} rows[] = {
	    {"..", "\"..\""},
	    {"a/../b", "\"..\""},
	    {"./a", "\".\""},
	    {"/a", "empty"},
	    {"a/", "empty"},
	    {"a//b", "empty"},
	    {"a\\b", "a backslash"},
	    {"a\xff", "UTF-8"},
	    {"\xc0\xae\xc0\xae", "UTF-8"},
	};
	struct fixture *f = *state;
	struct transport_stat st;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct source s = {.fail_at = -1};

		assert_failed(f, transport_stat(f->t, rows[i].path, &st, &f->e),
			      ERR_REQUEST, 123);
		assert_non_null(strstr(f->e.text, rows[i].why));
		assert_failed(f, transport_mkdir(f->t, rows[i].path, false, &f->e),
			      ERR_REQUEST, 123);
		assert_failed(f,
			      transport_rename(f->t, "x", rows[i].path, false, &f->e),
			      ERR_REQUEST, 123);
		assert_failed(f, transport_remove_tree(f->t, rows[i].path, &f->e),
			      ERR_REQUEST, 123);
		put(f, rows[i].path, 0, 1, &s);
		assert_false(s.ok);
		assert_int_equal(s.why.win32, 123);
	}
	/* The top itself is nobody's to make, move or remove. */
	assert_failed(f, transport_remove_tree(f->t, "", &f->e), ERR_REQUEST, 123);
	assert_failed(f, transport_rename(f->t, "", "x", false, &f->e), ERR_REQUEST,
		      123);
}

static void
test_space_and_probe(void **state)
{
	struct fixture *f = *state;
	struct transport_facts facts;
	int64_t free_bytes = -1;

	assert_int_equal(transport_space(f->t, &free_bytes, &f->e), 0);
	assert_true(free_bytes > 0);
	assert_int_equal(transport_probe(f->t, &f->e), 0);
	put_ok(f, "file", 1000);
	transport_get_facts(f->t, &facts);
	assert_true(facts.bytes_sent >= 1000);
	assert_non_null(facts.dialect);
	assert_non_null(facts.cipher);
	assert_non_null(facts.signature);
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();
	struct source s = {.fail_at = -1};
	struct transport_put p = {.path = "late",
				  .size_bytes = 10,
				  .read = source_read,
				  .done = source_done,
				  .self = &s};
	struct transport_stat st;

	put_ok(f, "before", 10);
	transport_set_stop(f->t, stop);
	assert_int_equal(stat_of(f, "before", &st), 1);
	stop_throw(stop);
	assert_int_equal(transport_stat(f->t, "before", &st, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	assert_false(transport_alive(f->t));
	assert_int_equal(transport_put(f->t, &p, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "stop");
	assert_int_equal(s.done_count, 1);
	assert_string_equal(err_kind_name(s.why.kind), "stop");
	assert_int_equal(transport_drain(f->t, &f->e), -1);
	transport_free(f->t);
	f->t = NULL; /* it knows the switch that goes away now */
	stop_free(stop);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest cases[] = {
	    CASE(test_stat),
	    CASE(test_mkdir),
	    CASE(test_put_sizes),
	    CASE(test_put_resumes),
	    CASE(test_put_where_it_cannot),
	    CASE(test_many_puts),
	    CASE(test_queued_changes),
	    CASE(test_queued_mkdir),
	    CASE(test_list),
	    CASE(test_rename),
	    CASE(test_remove),
	    CASE(test_remove_tree),
	    CASE(test_read),
	    CASE(test_folder_times),
	    CASE(test_queued_touch),
	    CASE(test_bad_paths),
	    CASE(test_space_and_probe),
	    CASE(test_stop),
	};
	int failed = 0;

	for (int i = 0; i < BACKENDS; i++) {
		backend = &backends[i];
		if (backend->missing && backend->missing()) {
			print_message("[  SKIPPED ] %s: %s\n", backend->name,
				      backend->missing());
			continue;
		}
		failed += cmocka_run_group_tests_name(backend->name, cases, NULL, NULL);
	}
	return failed;
}
