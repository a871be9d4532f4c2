/* The pipeline: changes, what lies in folders that are being made, and the end of a
 * large file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake.h"
#include "smb/ntstatus.h"
#include "smb/put.h"

enum { FILE_BYTES = 1024 * 1024 + 77 };

struct file {
	char path[32];
	int done;
	bool failed;
	struct err err;
};

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)offset;
	(void)e;
	memset(buf, 'x', len);
	return 0;
}

static void
done(void *self, const struct err *e)
{
	struct file *f = self;

	f->done++;
	f->failed = e != NULL;
	if (e)
		f->err = *e;
}

static struct smb_put
a_put(struct file *f, int64_t size_bytes)
{
	return (struct smb_put){.path = f->path,
				.size_bytes = size_bytes,
				.read = fill,
				.done = done,
				.self = f};
}

static int
make_queued(struct smb *s, struct file *f, struct err *e)
{
	const struct smb_change c = {
	    .kind = SMB_MAKE_FOLDER, .path = f->path, .done = done, .self = f};

	return smb_change(s, &c, e);
}

/* Samba before 4.17 wants no FLUSH in front of others.  It is said by INTERNAL_ERROR,
 * and the CLOSE behind it runs all the same: the file is opened once more, and the next
 * one is flushed first. */
static void
flushed_alone_where_it_must_be(void **state)
{
	struct fake f = {.flush_alone = true, .size_bytes = FILE_BYTES};
	struct file files[2] = {0};
	struct smb *s = fake_start(&f, clock_real());
	struct err e;

	(void)state;
	s->flush = true;
	for (int i = 0; i < 2; i++) {
		struct smb_put p = a_put(&files[i], FILE_BYTES);

		assert_int_equal(smb_put(s, &p, &e), 0);
		assert_int_equal(smb_drain(s, &e), 0);
	}
	fake_stop(&f, s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(files[i].done, 1);
		if (files[i].failed)
			fail_msg("%s", files[i].err.text);
	}
	assert_int_equal(f.count[PDU_CREATE], 3);
	assert_int_equal(f.count[PDU_FLUSH], 3);
	assert_int_equal(f.open_now, 0);
	fake_done(&f);
}

/* P5: a server that works on requests side by side may not have the folder yet: it
 * answers the second request first. */
static void
what_comes_before_its_folder_is_sent_again(void **state)
{
	static const struct {
		const char *what;
		const char *path;
		int64_t size_bytes;
		uint32_t status;
		bool works;
	} rows[] = {
	    {"small", "a/f", 10, NT_OBJECT_PATH_NOT_FOUND, true},
	    {"large", "a/f", FILE_BYTES, NT_OBJECT_NAME_NOT_FOUND, true},
	    {"another folder", "ab/f", 10, NT_OBJECT_PATH_NOT_FOUND, false},
	    {"another reason", "a/f", 10, NT_ACCESS_DENIED, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = {.hold = 2,
				 .hold_once = true,
				 .fail_file = 1,
				 .status[PDU_CREATE] = rows[i].status};
		struct file folder = {.path = "a"}, file = {0};
		struct smb *s = fake_start(&f, clock_real());
		struct smb_put p;
		struct err e;

		print_message("%s\n", rows[i].what);
		(void)snprintf(file.path, sizeof(file.path), "%s", rows[i].path);
		p = a_put(&file, rows[i].size_bytes);
		assert_int_equal(make_queued(s, &folder, &e), 0);
		assert_int_equal(smb_put(s, &p, &e), 0);
		assert_int_equal(smb_drain(s, &e), 0);
		assert_int_equal(s->puts->folders, 0);
		fake_stop(&f, s);
		assert_int_equal(folder.done, 1);
		assert_int_equal(file.done, 1);
		assert_false(folder.failed);
		assert_int_equal(file.failed, !rows[i].works);
		assert_int_equal(f.count[PDU_CREATE], rows[i].works ? 3 : 2);
		fake_done(&f);
	}
}

/* Once is enough: the second answer counts. */
static void
what_is_not_found_again_fails(void **state)
{
	struct fake f = {.hold = 2,
			 .hold_once = true,
			 .status[PDU_CREATE] = NT_OBJECT_PATH_NOT_FOUND};
	struct file folder = {.path = "a"}, file = {.path = "a/f"};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_put p = a_put(&file, 10);
	struct err e;

	(void)state;
	assert_int_equal(make_queued(s, &folder, &e), 0);
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	assert_int_equal(folder.done, 1);
	assert_true(folder.failed);
	assert_int_equal(file.done, 1);
	assert_true(file.failed);
	assert_int_equal(f.count[PDU_CREATE], 3);
	fake_done(&f);
}

/* Every kind of change, and whether it is told as what it is. */
static void
changes_and_their_ends(void **state)
{
	static const struct {
		const char *what;
		struct smb_change change;
		uint32_t create, set;
		uint32_t win32; /* 0: it works */
	} rows[] = {
	    {"make", {.kind = SMB_MAKE_FOLDER}, 0, 0, 0},
	    {"touch", {.kind = SMB_TOUCH_FOLDER}, 0, 0, 0},
	    {"rename", {.kind = SMB_RENAME, .to = "b"}, 0, 0, 0},
	    {"remove", {.kind = SMB_REMOVE_FOLDER}, 0, 0, 0},
	    {"look", {.kind = SMB_LOOK}, 0, 0, 0},
	    {"a file in the way",
	     {.kind = SMB_MAKE_FOLDER},
	     NT_NOT_A_DIRECTORY,
	     0,
	     183},
	    {"touch what is not there",
	     {.kind = SMB_TOUCH_FOLDER},
	     NT_OBJECT_NAME_NOT_FOUND,
	     0,
	     2},
	    {"rename onto something",
	     {.kind = SMB_RENAME, .to = "b"},
	     0,
	     NT_OBJECT_NAME_COLLISION,
	     183},
	    {"remove what is not there",
	     {.kind = SMB_REMOVE_FOLDER},
	     NT_OBJECT_NAME_NOT_FOUND,
	     0,
	     0},
	    {"remove a full one",
	     {.kind = SMB_REMOVE_FOLDER},
	     0,
	     NT_DIRECTORY_NOT_EMPTY,
	     145},
	    {"try to move", {.kind = SMB_TRY_MOVE}, 0, 0, 0},
	    {"what others hold", {.kind = SMB_TRY_MOVE}, NT_SHARING_VIOLATION, 0, 32},
	    {"look at nothing", {.kind = SMB_LOOK}, NT_OBJECT_NAME_NOT_FOUND, 0, 2},
	    {"look below nothing", {.kind = SMB_LOOK}, NT_OBJECT_PATH_NOT_FOUND, 0, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = {.status[PDU_CREATE] = rows[i].create,
				 .status[PDU_SET_INFO] = rows[i].set};
		struct file file = {.path = "a"};
		struct smb *s = fake_start(&f, clock_real());
		struct smb_change c = rows[i].change;
		struct err e;

		print_message("%s\n", rows[i].what);
		c.path = file.path;
		c.done = done;
		c.self = &file;
		assert_int_equal(smb_change(s, &c, &e), 0);
		assert_int_equal(smb_drain(s, &e), 0);
		fake_stop(&f, s);
		assert_int_equal(file.done, 1);
		assert_int_equal(file.failed ? file.err.win32 : 0, rows[i].win32);
		assert_int_equal(f.open_now, 0);
		fake_done(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flushed_alone_where_it_must_be),
	    cmocka_unit_test(what_comes_before_its_folder_is_sent_again),
	    cmocka_unit_test(what_is_not_found_again_fails),
	    cmocka_unit_test(changes_and_their_ends),
	};

	return cmocka_run_group_tests_name("smb changes", tests, NULL, NULL);
}
