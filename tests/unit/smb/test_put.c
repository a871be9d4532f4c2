/* The pipeline, against a server of the test's own. */
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

enum { FILES = 40, FILE_BYTES = 3 * 1024 * 1024 + 77 };

struct file {
	char path[32];
	int64_t acked;
	bool acked_fell;
	int done;
	bool failed;
	struct err err;
	int64_t fail_read_at; /* 0: never */
};

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct file *f = self;

	if (f->fail_read_at && offset + (int64_t)len > f->fail_read_at)
		return err_set(e, ERR_LOCAL, 5, "the package is damaged");
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)((offset + (int64_t)i) * 31 >> 3);
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

static struct smb_put
a_put(struct file *f, int64_t size_bytes)
{
	return (struct smb_put){.path = f->path,
				.size_bytes = size_bytes,
				.mtime_100ns = 132539328000000000,
				.read = fill,
				.acked = acked,
				.done = done,
				.self = f};
}

static void
check_content(const struct fake *f, int64_t from, int64_t to)
{
	for (int64_t i = from; i < to; i++)
		if (f->file[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %lld is wrong", (long long)i);
}

/* Send one file.  Returns what smb_drain() did. */
static int
send_one(struct smb *s, struct file *file, int64_t size_bytes)
{
	struct smb_put p = a_put(file, size_bytes);
	struct err e;

	(void)snprintf(file->path, sizeof(file->path), "folder/file");
	if (smb_put(s, &p, &e) < 0)
		return -1;
	return smb_drain(s, &e);
}

/* --- what must work --------------------------------------------------------------- */

static void
a_large_file_arrives(void **state)
{
	static const struct {
		const char *what;
		struct fake fake;
		bool plain_chain;
	} rows[] = {
	    {"plain", {0}, false},
	    {"signed", {.sign = true}, false},
	    {"sealed", {.seal = true}, false},
	    {"short writes", {.write_most = 10000}, false},
	    {"short writes, signed", {.write_most = 65535, .sign = true}, false},
	    {"later, then the answer", {.lie = FAKE_PENDING_ONCE}, false},
	    {"oplock breaks", {.lie = FAKE_BREAKS}, false},
	    {"byte by byte", {.lie = FAKE_BYTEWISE, .sign = true}, false},
	    {"one credit at a time", {.grant = 1}, false},
	    {"all credits at once", {.grant = 65535}, false},
	    {"no compounds", {.no_compounds = true}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = rows[i].fake;
		struct file file = {0};
		struct smb *s = fake_start(&f, clock_real());

		s->compounds = !rows[i].plain_chain;
		print_message("%s\n", rows[i].what);
		assert_int_equal(send_one(s, &file, FILE_BYTES), 0);
		assert_true(smb_alive(s));
		fake_stop(&f, s);
		assert_int_equal(file.done, 1);
		assert_false(file.failed);
		assert_false(file.acked_fell);
		assert_int_equal(file.acked, FILE_BYTES);
		assert_int_equal(f.written_upto, FILE_BYTES);
		assert_int_equal(f.open_now, 0);
		check_content(&f, 0, FILE_BYTES);
		fake_done(&f);
	}
}

static void
many_small_files_are_one_pdu_each(void **state)
{
	struct fake f = {.sign = true, .hold = 0};
	struct file files[FILES] = {0};
	struct smb *s = fake_start(&f, clock_real());
	struct err e;

	(void)state;
	for (int i = 0; i < FILES; i++) {
		struct smb_put p = a_put(&files[i], i * 7);

		(void)snprintf(files[i].path, sizeof(files[i].path), "f%d", i);
		assert_int_equal(smb_put(s, &p, &e), 0);
	}
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	for (int i = 0; i < FILES; i++) {
		assert_int_equal(files[i].done, 1);
		assert_false(files[i].failed);
	}
	assert_int_equal(f.pdus, FILES + 1); /* and LOGOFF */
	assert_int_equal(f.compounds, FILES);
	assert_int_equal(f.count[PDU_WRITE], FILES - 1); /* the empty one has none */
	check_content(&f, 0, (FILES - 1) * 7);
	fake_done(&f);
}

static void
answers_may_come_in_any_order(void **state)
{
	struct fake f = {.hold = 8, .grant = 64, .sign = true};
	struct file files[8] = {0};
	struct smb *s = fake_start(&f, clock_real());
	struct err e;

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct smb_put p = a_put(&files[i], 100);

		(void)snprintf(files[i].path, sizeof(files[i].path), "f%d", i);
		assert_int_equal(smb_put(s, &p, &e), 0);
	}
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	for (int i = 0; i < 8; i++)
		assert_int_equal(files[i].done, 1);
	fake_done(&f);
}

static void
one_bad_file_does_not_hurt_the_others(void **state)
{
	static const struct {
		const char *what;
		enum pdu_command command;
		uint32_t status;
		int64_t size_bytes;
		const char *text; /* in the message */
		unsigned closes;
	} rows[] = {
	    {"CREATE, small", PDU_CREATE, NT_ACCESS_DENIED, 100, "f2: ", 5},
	    {"CREATE, large", PDU_CREATE, NT_SHARING_VIOLATION, 200000, "f2: ", 2},
	    {"WRITE, small", PDU_WRITE, NT_DISK_FULL, 100, "f2: ", 4},
	    {"WRITE, large", PDU_WRITE, NT_DISK_FULL, 200000, "f2: ", 3},
	    {"SET_INFO, small", PDU_SET_INFO, NT_ACCESS_DENIED, 100, "f2: ", 4},
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct fake f = {.fail_file = 2, .sign = true};
		struct file files[3] = {0};
		struct smb *s = fake_start(&f, clock_real());
		struct err e;

		print_message("%s\n", rows[r].what);
		f.status[rows[r].command] = rows[r].status;
		for (int i = 0; i < 3; i++) {
			struct smb_put p = a_put(&files[i], rows[r].size_bytes);

			(void)snprintf(files[i].path, sizeof(files[i].path), "f%d",
				       i + 1);
			assert_int_equal(smb_put(s, &p, &e), 0);
			assert_int_equal(smb_drain(s, &e), 0);
		}
		assert_true(smb_alive(s));
		fake_stop(&f, s);
		assert_false(files[0].failed);
		assert_true(files[1].failed);
		assert_false(files[2].failed);
		assert_int_equal(files[1].err.ntstatus, rows[r].status);
		assert_non_null(strstr(files[1].err.text, rows[r].text));
		assert_int_equal(f.open_now, 0);
		fake_done(&f);
	}
}

static void
a_resumed_file_goes_on_where_it_stopped(void **state)
{
	enum { START = 1000000 };
	struct fake f = {.size_bytes = START + 5};
	struct file file = {.path = "f"};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_put p = a_put(&file, FILE_BYTES);
	struct err e;

	(void)state;
	p.start_bytes = START;
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	assert_false(file.failed);
	assert_int_equal(file.acked, FILE_BYTES);
	check_content(&f, START, FILE_BYTES);
	assert_int_equal(f.file[START - 1], 0); /* not sent again */
	fake_done(&f);
}

static void
what_was_sent_before_must_be_there(void **state)
{
	struct fake f = {.size_bytes = 999};
	struct file file = {.path = "f"};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_put p = a_put(&file, FILE_BYTES);
	struct err e;

	(void)state;
	p.start_bytes = 1000;
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	assert_true(file.failed);
	assert_int_equal(file.err.kind, ERR_ATTEMPT);
	assert_string_equal(file.err.text,
			    "f: 1000 bytes should be there already, but it has 999");
	assert_int_equal(f.count[PDU_WRITE], 0);
	assert_int_equal(f.open_now, 0);
	fake_done(&f);
}

/* A resumed file that has become shorter is cut; the last two requests are one PDU. */
static void
too_long_a_file_is_cut(void **state)
{
	struct fake f = {.size_bytes = 300000};
	struct file file = {.path = "f"};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_put p = a_put(&file, 200000);
	struct err e;

	(void)state;
	p.start_bytes = 200000;
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	assert_false(file.failed);
	assert_int_equal(f.count[PDU_SET_INFO], 2);
	assert_int_equal(f.count[PDU_WRITE], 0);
	fake_done(&f);
}

static void
our_own_failure_to_read_closes_the_file(void **state)
{
	struct fake f = {0};
	struct file file = {.fail_read_at = 1000000};
	struct smb *s = fake_start(&f, clock_real());

	(void)state;
	assert_int_equal(send_one(s, &file, FILE_BYTES), 0);
	assert_true(smb_alive(s));
	fake_stop(&f, s);
	assert_true(file.failed);
	assert_int_equal(file.err.kind, ERR_LOCAL);
	assert_string_equal(file.err.text, "the package is damaged");
	assert_int_equal(f.open_now, 0);
	fake_done(&f);
}

static void
writes_are_no_dearer_than_the_credits(void **state)
{
	struct fake f = {.grant = 1};
	struct file file = {0};
	struct smb *s = fake_start(&f, clock_real());

	(void)state;
	s->conn->credits.available = 4;
	s->conn->credits.target = 0; /* the server gives no more than it got back */
	assert_int_equal(send_one(s, &file, FILE_BYTES), 0);
	fake_stop(&f, s);
	assert_false(file.failed);
	assert_true(f.largest_write <= 3 * PDU_CREDIT_BYTES);
	check_content(&f, 0, FILE_BYTES);
	fake_done(&f);
}

static void
flushed_when_asked(void **state)
{
	struct fake f = {0};
	struct file file = {0};
	struct smb *s = fake_start(&f, clock_real());

	(void)state;
	s->flush = true;
	assert_int_equal(send_one(s, &file, FILE_BYTES), 0);
	fake_stop(&f, s);
	assert_int_equal(f.count[PDU_FLUSH], 1);
	assert_int_equal(f.compounds, 1); /* with CLOSE */
	fake_done(&f);
}

static int
make_queued(struct smb *s, struct file *f, struct err *e)
{
	const struct smb_change c = {
	    .kind = SMB_MAKE_FOLDER, .path = f->path, .done = done, .self = f};

	return smb_change(s, &c, e);
}

static void
folders_and_files_in_order(void **state)
{
	struct fake f = {0};
	struct file files[4] = {
	    {.path = "a"}, {.path = "a/b"}, {.path = "a/b/c"}, {.path = "a/b/c/d"}};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_put p = a_put(&files[3], 10);
	struct err e;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(make_queued(s, &files[i], &e), 0);
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	fake_stop(&f, s);
	for (int i = 0; i < 4; i++)
		assert_int_equal(files[i].done, 1);
	assert_int_equal(f.count[PDU_CREATE], 4);
	fake_done(&f);
}

/* --- what must end ---------------------------------------------------------------- */

static void
a_lie_ends_the_connection(void **state)
{
	static const struct {
		enum fake_lie lie;
		bool sign, seal;
		const char *text;
	} rows[] = {
	    {FAKE_UNSIGNED, true, false, "sign"},
	    {FAKE_WRONG_SIGNATURE, true, false, "sign"},
	    {FAKE_IN_CLEAR, false, true, "in clear"},
	    {FAKE_NOT_A_BREAK, false, false, "nobody asked for"},
	    {FAKE_UNKNOWN_ID, false, false, "was not made"},
	    {FAKE_WRONG_COMMAND, false, false, "what was not asked"},
	    {FAKE_TWICE, false, false, "was not made"},
	    {FAKE_PENDING_FOR_EVER, false, false, "without end"},
	    {FAKE_CUT, false, false, "closed the connection"},
	    {FAKE_HUGE, false, false, "longer than anything"},
	    {FAKE_SMB1, false, false, "SMB 1"},
	    {FAKE_BAD_COMPOUND, false, false, "makes no sense"},
	    {FAKE_WRITES_TOO_MUCH, false, false, "bytes"},
	    {FAKE_WRITES_NOTHING, false, false, "bytes"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		size_t r = i / 2;
		struct fake f = {.lie = rows[r].lie,
				 .sign = rows[r].sign,
				 .seal = rows[r].seal,
				 .honest_first = i % 2 ? 3 : 0};
		struct file files[2] = {{.path = "f1"}, {.path = "f2"}};
		struct smb *s = fake_start(&f, clock_real());
		struct smb_put p1 = a_put(&files[0], FILE_BYTES);
		struct smb_put p2 = a_put(&files[1], FILE_BYTES);
		struct err e;

		print_message("%s\n", rows[r].text);
		(void)!smb_put(s, &p1, &e);
		(void)!smb_put(s, &p2, &e);
		assert_int_equal(smb_drain(s, &e), -1);
		assert_false(smb_alive(s));
		assert_non_null(strstr(e.text, rows[r].text));
		for (int k = 0; k < 2; k++) {
			assert_int_equal(files[k].done, 1);
			assert_true(files[k].failed);
			assert_string_equal(files[k].err.text, e.text);
		}
		/* dead for ever, with the same words */
		assert_int_equal(smb_put(s, &p1, &e), -1);
		assert_int_equal(files[0].done, 2);
		assert_string_equal(files[0].err.text, e.text);
		fake_stop(&f, s);
		fake_done(&f);
	}
}

/* P3: what was acknowledged before the end is there. */
static void
the_acknowledged_prefix_is_honest(void **state)
{
	struct fake f = {.lie = FAKE_CUT, .honest_first = 30};
	struct file file = {0};
	struct smb *s = fake_start(&f, clock_real());

	(void)state;
	assert_int_equal(send_one(s, &file, 8 * 1024 * 1024 - 1), -1);
	fake_stop(&f, s);
	assert_true(file.failed);
	assert_true(file.acked > 0);
	assert_true(file.acked <= f.written_upto);
	check_content(&f, 0, file.acked);
	fake_done(&f);
}

/* A clock that runs a second each time somebody looks. */
static int64_t
hurry(void *self)
{
	int64_t *now_ms = self;

	*now_ms += 1000;
	return *now_ms;
}

static void
silence_ends(void **state)
{
	int64_t now_ms = 0;
	struct clock clock = {.mono_ms = hurry, .wall_ms = hurry, .self = &now_ms};
	struct fake f = {.lie = FAKE_SILENT};
	struct file file = {0};
	struct smb *s = fake_start(&f, &clock);

	(void)state;
	assert_int_equal(send_one(s, &file, 100), -1);
	assert_true(file.failed);
	assert_int_equal(file.err.kind, ERR_ATTEMPT);
	assert_string_equal(file.err.text,
			    "DSSMS: no byte moved for 30 s; the line or the "
			    "server is dead");
	fake_stop(&f, s);
	fake_done(&f);
}

struct leaping {
	int64_t now_ms;
	struct smb *s; /* NULL: not yet */
};

/* A clock that stands nearly still until the server has said "later". */
static int64_t
leap(void *self)
{
	struct leaping *l = self;
	const struct op *op = l->s ? l->s->conn->flight.first : NULL;

	l->now_ms += op && op->pendings ? 40000 : 1;
	return l->now_ms;
}

/* Who has said "later" may be silent longer than the line, but not without end. */
static void
a_busy_server_has_the_time_of_a_request(void **state)
{
	struct leaping l = {0};
	struct clock clock = {.mono_ms = leap, .wall_ms = leap, .self = &l};
	struct fake f = {.lie = FAKE_PENDING_SILENT};
	struct file file = {0};
	struct smb *s = fake_start(&f, &clock);

	(void)state;
	l.s = s;
	s->conn->request_ms = 600000;
	assert_int_equal(send_one(s, &file, 100), -1);
	assert_int_equal(file.done, 1);
	assert_int_equal(file.err.kind, ERR_ATTEMPT);
	assert_string_equal(file.err.text,
			    "DSSMS: a request was not answered within 600 s");
	l.s = NULL;
	fake_stop(&f, s);
	fake_done(&f);
}

/* Whether an idle connection is still good shall be known soon. */
static void
an_echo_waits_two_seconds(void **state)
{
	int64_t now_ms = 0;
	struct clock clock = {.mono_ms = hurry, .wall_ms = hurry, .self = &now_ms};
	struct fake silent = {.lie = FAKE_SILENT}, honest = {0};
	struct smb *s = fake_start(&silent, &clock);
	struct err e;

	(void)state;
	assert_int_equal(smb_echo(s, &e), -1);
	assert_int_equal(e.kind, ERR_ATTEMPT);
	assert_string_equal(e.text, "DSSMS: no byte moved for 2 s; the line or the "
				    "server is dead");
	assert_false(smb_alive(s));
	fake_stop(&silent, s);
	fake_done(&silent);

	s = fake_start(&honest, clock_real());
	assert_int_equal(smb_echo(s, &e), 0);
	assert_int_equal(s->conn->progress_ms, 30000); /* as before */
	fake_stop(&honest, s);
	fake_done(&honest);
}

static void
stop_ends_the_wait(void **state)
{
	struct fake f = {.lie = FAKE_SILENT};
	struct file file = {0};
	struct smb *s = fake_start(&f, clock_real());
	struct stop *stop = stop_new();

	(void)state;
	smb_set_stop(s, stop);
	stop_throw(stop);
	assert_int_equal(send_one(s, &file, 100), -1);
	assert_int_equal(file.done, 1);
	assert_int_equal(file.err.kind, ERR_STOP);
	fake_stop(&f, s);
	stop_free(stop);
	fake_done(&f);
}

static void
freeing_in_the_middle_gives_everything_back(void **state)
{
	struct fake f = {.lie = FAKE_SILENT};
	struct file files[3] = {{.path = "f1"}, {.path = "f2"}, {.path = "f3"}};
	struct smb *s = fake_start(&f, clock_real());
	struct err e;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct smb_put p = a_put(&files[i], i == 1 ? FILE_BYTES : 100);

		assert_int_equal(smb_put(s, &p, &e), 0);
	}
	fake_stop(&f, s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(files[i].done, 1);
		assert_true(files[i].failed);
	}
	fake_done(&f);
}

/* A link is looked at and renamed itself: what follows it empties the folder that it
 * leads to. */
static void
links_are_not_followed(void **state)
{
	struct fake f = {0};
	struct smb *s = fake_start(&f, clock_real());
	struct smb_stat st;
	struct err e;
	uint32_t stat_options, rename_options, delete_options;

	(void)state;
	assert_int_equal(smb_stat(s, "a", &st, &e), 1);
	fake_stop(&f, s);
	stat_options = f.create_options;
	fake_done(&f);
	f = (struct fake){0};
	s = fake_start(&f, clock_real());
	assert_int_equal(smb_rename(s, "a", "b", false, &e), 0);
	fake_stop(&f, s);
	rename_options = f.create_options;
	fake_done(&f);
	f = (struct fake){0};
	s = fake_start(&f, clock_real());
	assert_int_equal(smb_delete(s, "a", SMB_DIR, &e), 1);
	fake_stop(&f, s);
	delete_options = f.create_options;
	fake_done(&f);
	assert_int_equal(stat_options, PDU_OPEN_REPARSE);
	assert_int_equal(rename_options, PDU_OPEN_REPARSE);
	assert_int_equal(delete_options, PDU_OPEN_REPARSE | PDU_DIRECTORY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_large_file_arrives),
	    cmocka_unit_test(many_small_files_are_one_pdu_each),
	    cmocka_unit_test(answers_may_come_in_any_order),
	    cmocka_unit_test(one_bad_file_does_not_hurt_the_others),
	    cmocka_unit_test(a_resumed_file_goes_on_where_it_stopped),
	    cmocka_unit_test(what_was_sent_before_must_be_there),
	    cmocka_unit_test(too_long_a_file_is_cut),
	    cmocka_unit_test(our_own_failure_to_read_closes_the_file),
	    cmocka_unit_test(writes_are_no_dearer_than_the_credits),
	    cmocka_unit_test(flushed_when_asked),
	    cmocka_unit_test(folders_and_files_in_order),
	    cmocka_unit_test(a_lie_ends_the_connection),
	    cmocka_unit_test(the_acknowledged_prefix_is_honest),
	    cmocka_unit_test(links_are_not_followed),
	    cmocka_unit_test(silence_ends),
	    cmocka_unit_test(a_busy_server_has_the_time_of_a_request),
	    cmocka_unit_test(an_echo_waits_two_seconds),
	    cmocka_unit_test(stop_ends_the_wait),
	    cmocka_unit_test(freeing_in_the_middle_gives_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
