/* One file over several connections: each its part, together the whole, whatever
 * becomes of one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake.h"
#include "smb/bundle.h"
#include "smb/ntstatus.h"

enum { LANES = 4, FILE_BYTES = 7 * 1024 * 1024 + 77 };

struct file {
	int64_t read_upto;
	int64_t acked;
	bool read_fell, acked_fell;
	int done;
	bool failed;
	struct err err;
};

static uint8_t
byte_at(int64_t at)
{
	return (uint8_t)((at * 31 >> 3) | 1); /* never what an empty file holds */
}

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct file *f = self;

	(void)e;
	f->read_fell = f->read_fell || offset != f->read_upto;
	f->read_upto = offset + (int64_t)len;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = byte_at(offset + (int64_t)i);
	return 0;
}

static void
acked(void *self, int64_t upto_bytes)
{
	struct file *f = self;

	f->acked_fell = f->acked_fell || upto_bytes <= f->acked;
	f->acked = upto_bytes;
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

/* A connection and its companions, and a file over all of them.  Returns what
 * smb_drain() did; the servers have ended. */
static int
send_over(struct fake fake[LANES], struct file *file)
{
	struct smb *s[LANES];
	struct smb_put put = {.path = "file",
			      .size_bytes = FILE_BYTES,
			      .mtime_100ns = 132539328000000000,
			      .read = fill,
			      .acked = acked,
			      .done = done,
			      .self = file};
	struct err e;
	int rc;

	for (int i = 0; i < LANES; i++)
		s[i] = fake_start(&fake[i], clock_real());
	s[0]->o.connections = LANES;
	s[0]->flush = true;
	assert_int_equal(smb_put(s[0], &put, &e), 0);
	for (int i = 1; i < LANES; i++)
		bundle_add(s[0]->puts, s[i]);
	rc = smb_drain(s[0], &e);
	/* The others are gone by now. */
	for (int i = 0; i < LANES; i++)
		fake_stop(&fake[i], i == 0 ? s[0] : NULL);
	return rc;
}

static void
check_content(const struct fake fake[LANES])
{
	for (int64_t at = 0; at < FILE_BYTES; at++) {
		bool there = false;

		for (int i = 0; i < LANES; i++)
			there = there || fake[i].file[at] == byte_at(at);
		if (!there)
			fail_msg("byte %lld is nowhere", (long long)at);
	}
}

static void
all_done(struct fake fake[LANES])
{
	for (int i = 0; i < LANES; i++)
		fake_done(&fake[i]);
}

static void
check_arrived(const struct fake fake[LANES], const struct file *file)
{
	assert_int_equal(file->done, 1);
	if (file->failed)
		fail_msg("%s", file->err.text);
	assert_false(file->read_fell);
	assert_false(file->acked_fell);
	assert_int_equal(file->acked, FILE_BYTES);
	check_content(fake);
	assert_int_equal(fake[0].open_now, 0);
}

static void
each_takes_a_part(void **state)
{
	struct fake fake[LANES] = {
	    /* slow, so that there is something left for the others */
	    {.sign = true, .write_most = 1000},
	    {.sign = true},
	    {.seal = true},
	    {0}};
	struct file file = {0};
	unsigned helped = 0;

	(void)state;
	assert_int_equal(send_over(fake, &file), 0);
	check_arrived(fake, &file);
	for (int i = 1; i < LANES; i++) {
		helped += fake[i].count[PDU_WRITE] > 0;
		assert_true(fake[i].count[PDU_CREATE] <= 1);
		assert_int_equal(fake[i].count[PDU_CLOSE], fake[i].count[PDU_CREATE]);
		assert_int_equal(fake[i].count[PDU_FLUSH], 0);
		assert_int_equal(fake[i].count[PDU_SET_INFO], 0);
		assert_int_equal(fake[i].open_now, 0);
	}
	assert_true(helped > 0);
	assert_int_equal(fake[0].count[PDU_FLUSH], 1);
	all_done(fake);
}

static void
what_one_leaves_the_others_take(void **state)
{
	static const struct {
		const char *what;
		struct fake fake; /* the second's */
	} rows[] = {
	    {"breaks at once", {.lie = FAKE_CUT}},
	    {"breaks in the middle", {.lie = FAKE_CUT, .honest_first = 5}},
	    {"lies", {.lie = FAKE_WRITES_TOO_MUCH, .honest_first = 3}},
	    {"does not sign", {.lie = FAKE_UNSIGNED, .honest_first = 3, .sign = true}},
	    {"has no handle to give",
	     {.status = {[PDU_CREATE] = NT_SHARING_VIOLATION}}},
	    {"forgets the session", {.expire_after = 4}},
	    {"writes short", {.write_most = 1000}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake[LANES] = {{0}, rows[i].fake, {0}, {0}};
		struct file file = {0};

		print_message("%s\n", rows[i].what);
		assert_int_equal(send_over(fake, &file), 0);
		check_arrived(fake, &file);
		all_done(fake);
	}
}

static void
all_but_one_may_break(void **state)
{
	struct fake fake[LANES] = {{0},
				   {.lie = FAKE_CUT, .honest_first = 2},
				   {.lie = FAKE_CUT, .honest_first = 4},
				   {.lie = FAKE_CUT, .honest_first = 6}};
	struct file file = {0};

	(void)state;
	assert_int_equal(send_over(fake, &file), 0);
	check_arrived(fake, &file);
	all_done(fake);
}

/* What is acknowledged then is what a resume may build upon. */
static void
the_first_ends_all(void **state)
{
	struct fake fake[LANES] = {{.lie = FAKE_CUT, .honest_first = 4}, {0}, {0}, {0}};
	struct file file = {0};

	(void)state;
	assert_int_equal(send_over(fake, &file), -1);
	assert_int_equal(file.done, 1);
	assert_true(file.failed);
	assert_int_equal(file.err.kind, ERR_ATTEMPT);
	assert_false(file.acked_fell);
	for (int64_t at = 0; at < file.acked; at++) {
		bool there = false;

		for (int i = 0; i < LANES; i++)
			there = there || fake[i].file[at] == byte_at(at);
		if (!there)
			fail_msg("byte %lld was called acknowledged", (long long)at);
	}
	all_done(fake);
}

static void
a_write_that_fails_fails_the_file(void **state)
{
	const struct fake full = {.status = {[PDU_WRITE] = NT_DISK_FULL}};
	/* the first is slow, so that others write */
	struct fake fake[LANES] = {{.write_most = 1000}, full, full, full};
	struct file file = {0};

	(void)state;
	assert_int_equal(send_over(fake, &file), 0);
	assert_int_equal(file.done, 1);
	assert_true(file.failed);
	assert_int_equal(file.err.win32, 112);
	for (int i = 0; i < LANES; i++)
		assert_int_equal(fake[i].open_now, 0);
	all_done(fake);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_takes_a_part),
	    cmocka_unit_test(what_one_leaves_the_others_take),
	    cmocka_unit_test(all_but_one_may_break),
	    cmocka_unit_test(the_first_ends_all),
	    cmocka_unit_test(a_write_that_fails_fails_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
