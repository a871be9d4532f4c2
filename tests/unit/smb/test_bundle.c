/* One file over several connections: each its part, together the whole, whatever
 * becomes of one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "fake.h"
#include "smb/bundle.h"
#include "smb/ntstatus.h"

enum { LANES = 4, FILE_BYTES = 7 * 1024 * 1024 + 77 };

struct file {
	int64_t read_upto;
	int64_t acked;
	bool read_again; /* small: once for each connection that it goes over */
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
	f->read_fell = f->read_fell || (offset != f->read_upto && !f->read_again);
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

/* The second connection of several. */
static const struct {
	const char *what;
	struct fake fake;
	bool has_handles; /* else a small file would fail, and not go elsewhere */
} troubles[] = {
    {"breaks at once", {.lie = FAKE_CUT}, true},
    {"breaks in the middle", {.lie = FAKE_CUT, .honest_first = 5}, true},
    {"lies", {.lie = FAKE_WRITES_TOO_MUCH, .honest_first = 3}, true},
    {"does not sign", {.lie = FAKE_UNSIGNED, .honest_first = 3, .sign = true}, true},
    {"has no handle to give", {.status = {[PDU_CREATE] = NT_SHARING_VIOLATION}}, false},
    {"forgets the session", {.expire_after = 4}, true},
    {"writes short", {.write_most = 999}, true},
};

static void
what_one_leaves_the_others_take(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(troubles); i++) {
		struct fake fake[LANES] = {{0}, troubles[i].fake, {0}, {0}};
		struct file file = {0};

		print_message("%s\n", troubles[i].what);
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

/* --- small files ------------------------------------------------------------------ */

enum { SMALL_FILES = 600, SMALL_BYTES = 1000 };

struct smalls {
	struct file file[SMALL_FILES];
	unsigned connections;
};

/* The same with many small files. */
static int
send_smalls(struct fake fake[LANES], struct smalls *all)
{
	struct smb *s[LANES];
	struct smb_facts facts;
	struct err e;
	int rc = 0;

	for (int i = 0; i < LANES; i++)
		s[i] = fake_start(&fake[i], clock_real());
	s[0]->o.connections = LANES;
	for (int i = 0; i < SMALL_FILES && rc == 0; i++) {
		struct smb_put put = {.path = "folder/file",
				      .size_bytes = SMALL_BYTES,
				      .mtime_100ns = 132539328000000000,
				      .read = fill,
				      .acked = acked,
				      .done = done,
				      .self = &all->file[i]};

		all->file[i].read_again = true;
		rc = smb_put(s[0], &put, &e);
		for (int k = 1; k < LANES && i == 0; k++)
			bundle_add(s[0]->puts, s[k]);
	}
	rc = smb_drain(s[0], &e);
	smb_get_facts(s[0], &facts);
	all->connections = facts.connections;
	for (int i = 0; i < LANES; i++)
		fake_stop(&fake[i], i == 0 ? s[0] : NULL);
	return rc;
}

/* Each is told once; how many failed. */
static unsigned
count_failed(const struct smalls *all)
{
	unsigned failed = 0;

	for (int i = 0; i < SMALL_FILES; i++) {
		const struct file *f = &all->file[i];

		assert_int_equal(f->done, 1);
		assert_int_equal(f->acked, f->failed ? 0 : SMALL_BYTES);
		failed += f->failed;
	}
	return failed;
}

static void
small_files_go_over_all(void **state)
{
	struct fake fake[LANES] = {
	    {.sign = true}, {.sign = true}, {.seal = true}, {.no_compounds = true}};
	struct smalls all = {0};
	unsigned created = 0;

	(void)state;
	assert_int_equal(send_smalls(fake, &all), 0);
	assert_int_equal(count_failed(&all), 0);
	/* The last hangs up on compounds: its files went over the others. */
	assert_int_equal(all.connections, LANES);
	for (int i = 0; i < LANES - 1; i++) {
		assert_true(fake[i].count[PDU_CREATE] > 0);
		assert_int_equal(fake[i].compounds, fake[i].count[PDU_CREATE]);
		assert_int_equal(fake[i].count[PDU_CLOSE], fake[i].count[PDU_CREATE]);
		assert_int_equal(fake[i].open_now, 0);
		created += fake[i].count[PDU_CREATE];
	}
	assert_int_equal(created, SMALL_FILES);
	all_done(fake);
}

static void
a_connection_that_breaks_costs_no_small_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(troubles); i++) {
		struct fake fake[LANES] = {{0}, troubles[i].fake, {0}, {0}};
		struct smalls all = {0};

		if (!troubles[i].has_handles)
			continue;
		print_message("%s\n", troubles[i].what);
		assert_int_equal(send_smalls(fake, &all), 0);
		assert_int_equal(count_failed(&all), 0);
		all_done(fake);
	}
}

static void
a_small_file_fails_alone(void **state)
{
	const struct fake refuses_one = {.status = {[PDU_CREATE] = NT_ACCESS_DENIED},
					 .fail_file = 3};
	struct fake fake[LANES] = {{0}, refuses_one, refuses_one, {0}};
	struct smalls all = {0};

	(void)state;
	assert_int_equal(send_smalls(fake, &all), 0);
	assert_int_equal(count_failed(&all), 2);
	for (int i = 0; i < SMALL_FILES; i++)
		if (all.file[i].failed)
			assert_int_equal(all.file[i].err.win32, 5);
	all_done(fake);
}

static void
the_first_ends_small_ones_too(void **state)
{
	/* The others keep what they take, so that the first gets enough to break. */
	struct fake fake[LANES] = {{.lie = FAKE_CUT, .honest_first = 20},
				   {.lie = FAKE_SILENT},
				   {.lie = FAKE_SILENT},
				   {.lie = FAKE_SILENT}};
	struct smalls all = {0};

	(void)state;
	assert_int_equal(send_smalls(fake, &all), -1);
	for (int i = 0; i < SMALL_FILES; i++)
		assert_true(all.file[i].done <= 1);
	assert_int_equal(all.file[0].done, 1);
	all_done(fake);
}

/* P7: another connection would be faster than the folder. */
static void
what_lies_in_a_folder_comes_behind_it(void **state)
{
	struct fake fake = {.lie = FAKE_SILENT}, other = {0};
	struct smb *s = fake_start(&fake, clock_real());
	struct smb *s_other = fake_start(&other, clock_real());
	struct file folder = {0}, inside = {0}, beside = {0};
	const struct smb_change make = {
	    .kind = SMB_MAKE_FOLDER, .path = "a", .done = done, .self = &folder};
	struct smb_put put = {
	    .path = "a\\file", .size_bytes = 9, .read = fill, .done = done};
	struct lane lane = {.s = s_other};
	struct err e;

	(void)state;
	assert_int_equal(smb_change(s, &make, &e), 0);
	put.self = &inside;
	assert_int_equal(smb_put(s, &put, &e), 0);
	put.path = "b/file";
	put.self = &beside;
	assert_int_equal(smb_put(s, &put, &e), 0);
	lane.puts = s->puts;
	window_init(&lane.window, 65536, 65536);

	assert_int_equal(s->puts->folders, 1);
	assert_false(small_take(&lane));
	assert_true(small_take(&s->puts->first));
	assert_true(small_take(&lane));
	assert_false(small_take(&lane)); /* there is no more */
	assert_int_equal(s->puts->first.small, 1);
	assert_int_equal(lane.small, 1);

	fake_stop(&other, s_other); /* gives back what it has */
	assert_int_equal(beside.done, 0);
	assert_int_equal(lane.small, 0);
	fake_stop(&fake, s);
	assert_int_equal(folder.done, 1);
	assert_int_equal(inside.done, 1);
	assert_int_equal(beside.done, 1);
	fake_done(&fake);
	fake_done(&other);
}

/* --- logging on ----------------------------------------------------------------- */

/* smb_connect(), linked in its place: the connections that it hands out, or none. */
__typeof__(smb_connect) wrap_smb_connect __asm__("__wrap_smb_connect");
static struct smb **connections;
static uint32_t why_not; /* none: the Win32 code */
static atomic_int tries;

int
wrap_smb_connect(const struct smb_options *o, struct smb **out, struct err *e)
{
	const int number = atomic_fetch_add(&tries, 1);

	(void)o;
	if (!connections)
		return err_set(e, ERR_ADDRESS, why_not, "told by the test");
	*out = connections[number];
	return 0;
}

/* A sending that wants more connections: how many log-ons did it try? */
static int
tries_of_one_more(struct smb *s, const struct smb_put *put)
{
	struct err e;

	atomic_store(&tries, 0);
	assert_int_equal(smb_put(s, put, &e), 0);
	bundle_open(s->puts, LANES);
	assert_int_equal(smb_drain(s, &e), 0);
	return atomic_load(&tries);
}

/* Each is a wrong password that is counted against the account. */
static void
one_tries_before_the_rest(void **state)
{
	struct fake fake = {0};
	struct smb *s = fake_start(&fake, clock_real());
	struct file file = {0};
	const struct smb_put put = {
	    .path = "a", .size_bytes = 9, .read = fill, .done = done, .self = &file};
	struct err e;

	(void)state;
	connections = NULL;
	why_not = 1326; /* the password was changed */
	atomic_store(&tries, 0);
	s->o.connections = LANES;
	assert_int_equal(smb_put(s, &put, &e), 0);
	bundle_open(s->puts, LANES);
	bundle_open(s->puts, LANES);
	bundle_free(s->puts); /* waits for all that have begun */
	assert_int_equal(atomic_load(&tries), 1);
	assert_int_equal(smb_drain(s, &e), 0);
	assert_int_equal(file.done, 1);
	assert_false(file.failed);

	/* Nor is another tried for what is sent over the same connection later. */
	assert_int_equal(tries_of_one_more(s, &put), 0);
	/* Where it failed for another reason, it is. */
	s->lanes_refused = false;
	why_not = 53;
	assert_int_equal(tries_of_one_more(s, &put), 1);
	assert_int_equal(tries_of_one_more(s, &put), 1);
	fake_stop(&fake, s);
	fake_done(&fake);
}

static void
the_rest_follow_who_was_let_in(void **state)
{
	struct fake fake[LANES] = {0};
	struct smb *s[LANES];
	struct file file = {0};
	const struct smb_put put = {
	    .path = "a", .size_bytes = 9, .read = fill, .done = done, .self = &file};
	struct err e;

	(void)state;
	for (int i = 0; i < LANES; i++)
		s[i] = fake_start(&fake[i], clock_real());
	connections = s + 1;
	atomic_store(&tries, 0);
	s[0]->o.connections = LANES;
	assert_int_equal(smb_put(s[0], &put, &e), 0);
	bundle_open(s[0]->puts, LANES);
	while (bundle_lanes(s[0]->puts) < LANES)
		bundle_tend(s[0]->puts);
	assert_int_equal(atomic_load(&tries), LANES - 1);
	assert_int_equal(smb_drain(s[0], &e), 0);
	assert_int_equal(file.done, 1);
	assert_false(file.failed);
	for (int i = 0; i < LANES; i++) {
		fake_stop(&fake[i], i == 0 ? s[0] : NULL);
		fake_done(&fake[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_takes_a_part),
	    cmocka_unit_test(one_tries_before_the_rest),
	    cmocka_unit_test(the_rest_follow_who_was_let_in),
	    cmocka_unit_test(what_one_leaves_the_others_take),
	    cmocka_unit_test(all_but_one_may_break),
	    cmocka_unit_test(the_first_ends_all),
	    cmocka_unit_test(a_write_that_fails_fails_the_file),
	    cmocka_unit_test(small_files_go_over_all),
	    cmocka_unit_test(a_connection_that_breaks_costs_no_small_file),
	    cmocka_unit_test(a_small_file_fails_alone),
	    cmocka_unit_test(the_first_ends_small_ones_too),
	    cmocka_unit_test(what_lies_in_a_folder_comes_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
