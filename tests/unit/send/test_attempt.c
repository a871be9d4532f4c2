/* One attempt over a local folder: good, broken in the middle, ordered, stopped, and
 * over two addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fixture.h"

enum { BIG = 5 << 20 }; /* bytes: several blocks of the folder transport */

/* --- good ------------------------------------------------------------------------ */

static void
check_sent(bool is_tree, size_t big_bytes)
{
	struct attempt_result r;
	struct fixture f;

	fixture_init(&f, is_tree, big_bytes);
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(r.error.kind, ERR_NONE);
	assert_true(r.connected);
	assert_ptr_equal(r.address, &f.addresses[0]);
	fixture_check_published(&f, 0);
	assert_int_equal(f.step_count, 2);
	assert_int_equal(f.steps[0], REQUEST_SENDING);
	assert_string_equal(f.places[0], f.share[0]);
	assert_int_equal(f.steps[1], REQUEST_PUBLISHING);
	assert_int_equal(f.begun, 1);
	assert_int_equal(f.given_back, 1);
	assert_int_equal(f.hashed, 1);
	assert_int_equal(f.last.bytes_done, f.request.package.total_bytes);
	assert_int_equal(f.last.entries_done,
			 f.request.package.file_count + f.request.package.folder_count);
	assert_string_equal(r.history.result, "sent");
	assert_string_equal(r.history.address, "MS1.1");
	assert_string_equal(r.history.server, f.share[0]);
	assert_int_equal(r.history.number, 1);
	assert_true(r.history.bytes_sent >= f.request.package.total_bytes);
	fixture_done(&f);
}

static void
test_tree(void **state)
{
	(void)state;
	check_sent(true, BIG);
}

static void
test_file(void **state)
{
	(void)state;
	check_sent(false, BIG);
}

static void
test_empty_file(void **state)
{
	(void)state;
	check_sent(false, 0);
}

static void
test_log(void **state)
{
	static const char *const wanted[] = {
	    "Trying the No. 1 address (out of 1)\n",
	    "Package file = setup\n",
	    "Instruction file = ",
	    "Checking for remote file ",
	    "Attempt to create/open the remote file ",
	    "Created/opened the remote file ",
	    "Sending Started [setup]\n",
	    "Attempt to write 5242880 bytes to ",
	    "Wrote 5242880 bytes to ",
	    "Sending completed [setup]\n",
	    "Finished sending SWD package setup version 1 to site MS1\n",
	    "Renaming remote file ",
	    "Rename completed [",
	    "Sending completed successfully\n",
	};
	struct fixture f;
	AUTO_FREE char *log = NULL;
	const char *at;

	(void)state;
	fixture_init(&f, false, BIG);
	f.settings.progress_save_ms = 60000; /* one span */
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	at = log = fixture_log(&f);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const char *found = strstr(at, wanted[i]);

		if (found)
			at = found;
		else
			fail_msg("\"%s\" is not in its place in:\n%s", wanted[i], log);
	}
	fixture_done(&f);
}

/* A server, or several connections, on which the folders' times overtake the files. */
static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
	struct transport_put put[64]; /* that wait */
	size_t puts;
	unsigned touches;
	int64_t connections;
} late;

static int
late_put(void *impl, const struct transport_put *p, struct err *e)
{
	(void)impl;
	(void)e;
	assert_true(late.puts < COUNT(late.put));
	late.put[late.puts++] = *p;
	return 0;
}

static int
late_change(void *impl, const struct transport_change *c, struct err *e)
{
	late.touches += c->kind == TRANSPORT_TOUCH_FOLDER;
	return late.inner->change(impl, c, e);
}

static int
late_drain(void *impl, struct err *e)
{
	for (size_t i = 0; i < late.puts; i++)
		if (late.inner->put(impl, &late.put[i], e) < 0)
			return -1;
	late.puts = 0;
	return late.inner->drain(impl, e);
}

static void
test_times_that_come_too_early(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	memset(&late, 0, sizeof(late));
	assert_int_equal(transport_open_dir(f.share[0], f.stop, &f.lent, &f.e), 0);
	late.inner = f.lent->ops;
	late.ops = *late.inner;
	late.ops.put = late_put;
	late.ops.change = late_change;
	late.ops.drain = late_drain;
	f.lent->ops = &late.ops;
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	fixture_check_published(&f, 0);
	assert_true(f.request.package.folder_count > 0);
	assert_int_equal(late.touches, 2 * f.request.package.folder_count);
	fixture_done(&f);
}

/* Answers that come in order say nothing when they come from several connections. */
static void
late_facts(void *impl, struct transport_facts *out)
{
	late.inner->facts(impl, out);
	out->connections = late.connections;
}

static void
test_times_over_several_connections(void **state)
{
	(void)state;
	for (int64_t connections = 1; connections <= 2; connections++) {
		struct fixture f;

		fixture_init(&f, true, BIG);
		memset(&late, 0, sizeof(late));
		late.connections = connections;
		assert_int_equal(transport_open_dir(f.share[0], f.stop, &f.lent, &f.e),
				 0);
		late.inner = f.lent->ops;
		late.ops = *late.inner;
		late.ops.change = late_change;
		late.ops.facts = late_facts;
		f.lent->ops = &late.ops;
		assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
		assert_true(f.request.package.folder_count > 0);
		assert_int_equal(late.touches,
				 connections * f.request.package.folder_count);
		fixture_done(&f);
	}
}

/* A line that stands still once all is acknowledged: saving is due only then. */
static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
	struct fixture *f;
	int64_t puts, steps, reports;
	struct request_progress kept;
} still;

static int
still_put(void *impl, const struct transport_put *p, struct err *e)
{
	still.puts++;
	return still.inner->put(impl, p, e);
}

static int
still_drain(void *impl, struct err *e)
{
	struct fixture *f = still.f;

	if (still.puts == 0 || still.steps == 3)
		return still.inner->drain(impl, e);
	if (still.steps++ == 0) {
		still.reports = f->reports;
		f->settings.progress_save_ms = 0;
	}
	still.kept = f->last;
	return 1;
}

static void
test_kept_on_a_still_line(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	memset(&still, 0, sizeof(still));
	still.f = &f;
	f.settings.progress_save_ms = 60000;
	assert_int_equal(transport_open_dir(f.share[0], f.stop, &f.lent, &f.e), 0);
	still.inner = f.lent->ops;
	still.ops = *still.inner;
	still.ops.put = still_put;
	still.ops.drain = still_drain;
	f.lent->ops = &still.ops;
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	assert_int_equal(still.steps, 3);
	assert_int_equal(still.reports, 0);
	assert_true(still.kept.bytes_done >= BIG);
	fixture_done(&f);
}

/* --- broken ---------------------------------------------------------------------- */

/* Bytes that were acknowledged are not sent again. */
static void
test_resume_within(void **state)
{
	struct attempt_result r;
	struct fixture f;
	AUTO_FREE char *log = NULL;

	(void)state;
	fixture_init(&f, false, BIG);
	f.fail_at[0] = 8; /* space, .lansender, staging, put, four blocks */
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	fixture_check_published(&f, 0);
	log = fixture_log(&f);
	assert_non_null(strstr(log, "line cut, Win32 error = 64\n"));
	assert_non_null(strstr(log, "before retry No. 1 (out of 2)\n"));
	assert_non_null(strstr(log, "Resuming "));
	assert_null(strstr(log, " at position 5242880\n"));
	assert_true(r.history.bytes_sent < BIG + 4096);
	fixture_done(&f);
}

/* The lease is renewed while a retry is waited for, however long that is
 * (sms-sender.md 6 row 2: a delay longer than the lease lost it). */
static void
test_delay_longer_than_lease(void **state)
{
	struct fixture f;
	int64_t usual;

	(void)state;
	fixture_init(&f, false, BIG);
	f.fail_at[0] = 8;
	f.settings.progress_save_ms = 60000;
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	usual = f.reports;
	fixture_done(&f);

	fixture_init(&f, false, BIG);
	f.fail_at[0] = 8;
	f.settings.progress_save_ms = 60000;
	f.settings.heartbeat_ms = 6;
	f.settings.retry_delay_ms = 60;
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	assert_true(f.reports >= usual + 3 * 10); /* three a lease, ten leases */
	fixture_done(&f);
}

/* Each connection breaks, and each gets a little further: never given up. */
static void
test_progress_counts_anew(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, false, BIG);
	f.settings.retries = 1;
	for (size_t i = 0; i < 4; i++)
		f.fail_at[i] = i == 0 ? 6 : 8;
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	assert_true(f.connections > 2);
	fixture_check_published(&f, 0);
	fixture_done(&f);
}

static void
test_retries_used_up(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	for (size_t i = 0; i < COUNT(f.fail_at); i++)
		f.fail_at[i] = 2;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_RETRY);
	assert_int_equal(r.error.kind, ERR_ATTEMPT);
	assert_string_equal(r.error.text, "line cut");
	assert_string_equal(r.history.result, "retry");
	assert_string_equal(r.history.error_text, "line cut");
	assert_int_equal(f.connections, 3); /* the first and two retries */
	fixture_done(&f);
}

/* A session that the server forgot is nobody's failure: on at once, no retry spent. */
static void
test_session_lost(void **state)
{
	struct attempt_result r;
	struct fixture f;
	AUTO_FREE char *log = NULL;

	(void)state;
	fixture_init(&f, false, BIG);
	f.fault.ntstatus = 0xC0000203; /* STATUS_USER_SESSION_DELETED */
	f.fail_at[0] = 8;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(f.connections, 2);
	fixture_check_published(&f, 0);
	log = fixture_log(&f);
	assert_non_null(strstr(log, "line cut, Win32 error = 64\n"));
	assert_null(strstr(log, "before retry"));
	assert_non_null(strstr(log, "Resuming "));
	fixture_done(&f);
}

/* Three for nothing, and from then on they count. */
static void
test_session_lost_for_ever(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	f.fault.ntstatus = 0xC00000C9; /* STATUS_NETWORK_NAME_DELETED */
	for (size_t i = 0; i < COUNT(f.fail_at); i++)
		f.fail_at[i] = 2;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_RETRY);
	assert_int_equal(f.connections, 6); /* the first, three, two retries */
	fixture_done(&f);
}

/* What one attempt got there, the next one goes on with; and checks it. */
static void
test_resume_later(void **state)
{
	struct attempt_result r;
	struct fixture f;
	int64_t first_bytes;

	(void)state;
	fixture_init(&f, true, BIG);
	f.settings.retries = 1;
	f.fail_at[0] = 34;
	f.fail_at[1] = f.fail_at[2] = 3;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_RETRY);
	first_bytes = r.history.bytes_sent;
	assert_true(r.progress.entries_done > 0);
	memset(f.fail_at, 0, sizeof(f.fail_at));
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(r.history.number, 2);
	assert_true(first_bytes + r.history.bytes_sent <
		    f.request.package.total_bytes + BIG);
	fixture_check_published(&f, 0);
	fixture_done(&f);
}

/* Somebody tampered with what was staged: sizes are compared before publishing. */
static void
test_staging_was_changed(void **state)
{
	static const char *const ways[] = {"cut", "grow", "remove", "remove folder",
					   "remove all"};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		AUTO_FREE char *staged = NULL;
		AUTO_FREE char *folder = NULL;
		struct attempt_result r;
		struct fixture f;

		fixture_init(&f, true, BIG);
		f.order = OUTBOX_ORDER_HOLD;
		f.order_after = 52; /* among the files */
		r = fixture_run(&f);
		assert_int_equal(r.outcome, ATTEMPT_ORDERED);
		assert_true(r.progress.entries_done > 5);
		folder = mem_printf("%s/.lansender/812-%s/setup", f.share[0],
				    f.request.token);
		staged = mem_printf("%s/f0/sub/file0", folder);
		assert_int_equal(access(staged, F_OK), 0);
		if (i == 0)
			assert_int_equal(truncate(staged, 1), 0);
		else if (i == 1)
			assert_int_equal(truncate(staged, 100), 0);
		else if (i == 2)
			assert_int_equal(unlink(staged), 0);
		else
			*strrchr(folder, i == 3 ? '\0' : '/') = '\0';
		if (i == 3) {
			AUTO_FREE char *sub = mem_printf("%s/f0", folder);

			assert_int_equal(path_remove_tree(sub, &f.e), 0);
		}
		if (i == 4)
			assert_int_equal(path_remove_tree(folder, &f.e), 0);
		f.order_after = 0;
		r = fixture_run(&f);
		assert_int_equal(r.outcome, ATTEMPT_SENT);
		fixture_check_published(&f, 0);
		fixture_done(&f);
	}
}

/* --- asked to end ---------------------------------------------------------------- */

static void
test_orders(void **state)
{
	static const struct {
		enum outbox_order order;
		enum attempt_outcome outcome;
		bool staging_stays;
		int64_t after; /* 12: among the folders, 52: among the files */
	} rows[] = {
	    {OUTBOX_ORDER_HOLD, ATTEMPT_ORDERED, true, 12},
	    {OUTBOX_ORDER_HOLD, ATTEMPT_ORDERED, true, 52},
	    {OUTBOX_ORDER_CANCEL, ATTEMPT_ORDERED, false, 12},
	    {OUTBOX_ORDER_CANCEL, ATTEMPT_ORDERED, false, 52},
	    {OUTBOX_LOST, ATTEMPT_LOST, true, 52},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct attempt_result r;
		struct fixture f;

		fixture_init(&f, true, BIG);
		f.order = rows[i].order;
		f.order_after = rows[i].after;
		r = fixture_run(&f);
		assert_int_equal(r.outcome, rows[i].outcome);
		assert_int_equal(r.order, rows[i].order);
		assert_int_equal(r.forget_progress, !rows[i].staging_stays);
		assert_int_equal(
		    fixture_there(f.share[0], ".lansender/812-00c0ffee00c0ffee"),
		    rows[i].staging_stays);
		assert_false(fixture_there(f.share[0], "setup"));
		fixture_done(&f);
	}
}

/* What was left of a request that is over goes; what is not ours stays. */
static void
test_leftovers(void **state)
{
	static const struct {
		const char *path;
		bool stays;
	} rows[] = {
	    {"7-0123456789abcdef/setup/file", false},
	    {"7-fedcba9876543210/setup/file", true}, /* another sender's 7 */
	    {"8-0123456789abcdef/setup/file", true},
	    {"7-0123456789abcdef0/file", true},
	    {"7x-0123456789abcdef/file", true},
	    {"previous/other", true},
	    {"notes", true},
	};
	AUTO_FREE char *log = NULL;
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, 10);
	f.over = "0123456789abcdef";
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *path = mem_printf(".lansender/%s", rows[i].path);

		fixture_write(f.share[0], path, "text");
	}
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	fixture_check_published(&f, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *path = mem_printf(".lansender/%s", rows[i].path);

		assert_int_equal(fixture_there(f.share[0], path), rows[i].stays);
	}
	assert_false(fixture_there(f.share[0], ".lansender/7-0123456789abcdef"));
	log = fixture_log(&f);
	assert_non_null(strstr(log, "Deleting remote file "));
	assert_non_null(strstr(log, ".lansender/7-0123456789abcdef\n"));
	fixture_done(&f);
}

/* --- addresses ------------------------------------------------------------------- */

static void
test_no_address(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, false, 10);
	f.site.address_count = 0;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_NO_ADDRESS);
	assert_null(r.address);
	assert_string_equal(r.error.text,
			    "site MS1 has no address in the configuration: add a "
			    "section [address MS1.1]");
	fixture_done(&f);
}

static void
test_second_address(void **state)
{
	struct attempt_result r;
	AUTO_FREE char *log = NULL;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, 10);
	f.site.address_count = 2;
	assert_int_equal(rmdir(f.share[0]), 0);
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_ptr_equal(r.address, &f.addresses[1]);
	fixture_check_published(&f, 1);
	log = fixture_log(&f);
	assert_non_null(strstr(log, "Trying the No. 1 address (out of 2)\nError during "
				    "WNetAddConnection2 to "));
	assert_non_null(strstr(log, "Trying the No. 2 address (out of 2)\nConnected"));
	fixture_done(&f);
}

static void
test_no_address_answers(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, 10);
	f.site.address_count = 2;
	assert_int_equal(rmdir(f.share[0]), 0);
	assert_int_equal(rmdir(f.share[1]), 0);
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_NO_CONNECTION);
	assert_int_equal(r.error.kind, ERR_ADDRESS);
	assert_false(r.connected);
	assert_ptr_equal(r.address, &f.addresses[1]);
	assert_non_null(strstr(r.error.text, f.share[1]));
	assert_int_equal(f.begun, 0);
	fixture_done(&f);
}

/* Each kind of trouble in the middle ends the attempt in its own way. */
static void
test_blame(void **state)
{
	static const struct {
		enum err_kind kind;
		uint32_t win32;
		enum attempt_outcome outcome;
		const char *line;
	} rows[] = {
	    {ERR_REQUEST, 123, ATTEMPT_FAILED, NULL},
	    {ERR_SITE, 112, ATTEMPT_SITE, "There is not enough space on the disk.\n"},
	    {ERR_SITE, 19, ATTEMPT_SITE, NULL},
	    {ERR_LOCAL, 0, ATTEMPT_LOCAL, NULL},
	    {ERR_STOP, 0, ATTEMPT_STOPPED, NULL},
	    {ERR_ADDRESS, 5, ATTEMPT_REFUSED, NULL}, /* its settler tells why */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *log = NULL;
		struct attempt_result r;
		struct fixture f;

		fixture_init(&f, false, BIG);
		f.fault.kind = rows[i].kind;
		f.fault.win32 = rows[i].win32;
		f.fail_at[0] = 6;
		r = fixture_run(&f);
		assert_int_equal(r.outcome, rows[i].outcome);
		assert_int_equal(r.error.kind, rows[i].kind);
		assert_string_equal(r.error.text, "line cut");
		assert_int_equal(f.connections, 1);
		log = fixture_log(&f);
		if (rows[i].line)
			assert_non_null(strstr(log, rows[i].line));
		assert_false(fixture_there(f.share[0], "setup"));
		fixture_done(&f);
	}
}

/* Refused in the middle: the next address gets all of it. */
static void
test_refused_in_the_middle(void **state)
{
	AUTO_FREE char *log = NULL;
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	f.site.address_count = 2;
	f.fault.kind = ERR_ADDRESS;
	f.fail_at[0] = 20;
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	log = fixture_log(&f);
	assert_non_null(strstr(log, "line cut, Win32 error = 64\n"
				    "Trying the No. 2 address (out of 2)\n"));
	assert_ptr_equal(r.address, &f.addresses[1]);
	assert_int_equal(f.step_count, 3);
	assert_string_equal(f.places[1], f.share[1]);
	fixture_check_published(&f, 1);
	fixture_done(&f);
}

/* --- published already ----------------------------------------------------------- */

/* A crash after the last rename, before the outbox knew: nothing is sent again. */
static void
test_published_already(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	fixture_init(&f, true, BIG);
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(r.history.bytes_sent, 0);
	assert_false(fixture_there(f.share[0], ".lansender/previous/setup"));
	fixture_check_published(&f, 0);
	fixture_done(&f);
}

/* The same package for the second time, as a request of its own. */
static void
test_published_again(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, true, 10);
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	f.request.progress = (struct request_progress){0};
	f.request.staged_on[0] = '\0';
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	assert_true(fixture_there(f.share[0], ".lansender/previous/setup"));
	fixture_check_published(&f, 0);
	fixture_done(&f);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(attempt_outcome_name(ATTEMPT_SENT), "sent");
	assert_string_equal(attempt_outcome_name(ATTEMPT_REFUSED), "refused");
	assert_string_equal(attempt_outcome_name(ATTEMPT_NO_CONNECTION),
			    "no_connection");
	assert_string_equal(attempt_outcome_name((enum attempt_outcome)99), "unknown");
}

/* --- check ----------------------------------------------------------------------- */

static void
add_step(void *self, const char *step, const char *detail, bool ok)
{
	str_addf(self, "%s:%s%s ", step, ok ? "ok" : "no", ok || *detail ? "" : "?");
}

static void
test_check(void **state)
{
	AUTO_STR struct str steps = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f, false, 10);
	assert_int_equal(attempt_check(&f.addresses[0], NULL, f.stop, clock_real(),
				       add_step, &steps, &f.e),
			 0);
	assert_string_equal(str_text(&steps),
			    "open the folder:ok ask for free space:ok write a file:ok "
			    "rename it:ok delete it:ok ");
	str_clear(&steps);
	assert_int_equal(path_remove_tree(f.share[0], &f.e), 0);
	assert_int_equal(attempt_check(&f.addresses[0], NULL, f.stop, clock_real(),
				       add_step, &steps, &f.e),
			 -1);
	assert_int_equal(f.e.kind, ERR_ADDRESS);
	assert_string_equal(str_text(&steps), "open the folder:no ");
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_empty_file),
	    cmocka_unit_test(test_log),
	    cmocka_unit_test(test_times_that_come_too_early),
	    cmocka_unit_test(test_times_over_several_connections),
	    cmocka_unit_test(test_kept_on_a_still_line),
	    cmocka_unit_test(test_resume_within),
	    cmocka_unit_test(test_delay_longer_than_lease),
	    cmocka_unit_test(test_progress_counts_anew),
	    cmocka_unit_test(test_retries_used_up),
	    cmocka_unit_test(test_session_lost),
	    cmocka_unit_test(test_session_lost_for_ever),
	    cmocka_unit_test(test_resume_later),
	    cmocka_unit_test(test_staging_was_changed),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_leftovers),
	    cmocka_unit_test(test_no_address),
	    cmocka_unit_test(test_second_address),
	    cmocka_unit_test(test_no_address_answers),
	    cmocka_unit_test(test_blame),
	    cmocka_unit_test(test_refused_in_the_middle),
	    cmocka_unit_test(test_published_already),
	    cmocka_unit_test(test_published_again),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
