/* What the steps of an attempt share: connections that cannot be had, and idle ones
 * that others have used before; what is kept, when it cannot be true; sources that
 * cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"
#include "send/files.h"
#include "send/link.h"

enum { BIG = 5 << 20 }; /* bytes: several blocks of the folder transport */

/* --- put before the real ones (see meson.build) ----------------------------------- */

static struct {
	struct err errors[4]; /* of the n-th new connection; ERR_NONE: it works */
	unsigned links;       /* new connections asked for                      */
	const char *source;   /* every file of the package is this; or NULL     */
	bool one_by_one;      /* what a new connection says of itself           */
	bool congestion_refused;
} wrong;

static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
} telling;

static void
telling_facts(void *impl, struct transport_facts *out)
{
	telling.inner->facts(impl, out);
	out->one_by_one = wrong.one_by_one;
	out->congestion_refused = wrong.congestion_refused;
}

__typeof__(link_open) real_link_open __asm__("__real_link_open");
__typeof__(link_open) wrap_link_open __asm__("__wrap_link_open");

int
wrap_link_open(const struct config_address *a, const char *password,
	       const struct clock *clock, const struct stop *stop,
	       struct transport **out, struct err *e)
{
	const unsigned n = wrong.links++;

	if (n < COUNT(wrong.errors) && wrong.errors[n].kind != ERR_NONE) {
		*e = wrong.errors[n];
		return -1;
	}
	if (real_link_open(a, password, clock, stop, out, e) < 0)
		return -1;
	telling.inner = (*out)->ops;
	telling.ops = *telling.inner;
	telling.ops.facts = telling_facts;
	(*out)->ops = &telling.ops;
	return 0;
}

__typeof__(package_open_file)
    real_package_open_file __asm__("__real_package_open_file");
__typeof__(package_open_file)
    wrap_package_open_file __asm__("__wrap_package_open_file");

int
wrap_package_open_file(struct package *p, struct package_entry *entry, int *fd,
		       struct err *e)
{
	if (!wrong.source)
		return real_package_open_file(p, entry, fd, e);
	*fd = open(wrong.source, O_RDONLY | O_CLOEXEC);
	assert_true(*fd >= 0);
	return 0;
}

static void
begin(struct fixture *f, bool is_tree, size_t big_bytes)
{
	memset(&wrong, 0, sizeof(wrong));
	fixture_init(f, is_tree, big_bytes);
}

/* --- connections ------------------------------------------------------------------ */

/* A password that is refused once the session was lost is not tried again: that would
 * lock the account. */
static void
test_refused_after_lost_session(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	begin(&f, false, BIG);
	f.fault.ntstatus = 0xC0000203; /* STATUS_USER_SESSION_DELETED */
	f.fail_at[0] = 6;
	wrong.errors[0] =
	    (struct err){.kind = ERR_ADDRESS, .win32 = 1326, .text = "wrong password"};
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_NO_CONNECTION);
	assert_int_equal(r.error.win32, 1326);
	assert_int_equal(wrong.links, 1);
	fixture_done(&f);
}

/* Another trouble of connecting then is one that retries are for. */
static void
test_unreachable_after_lost_session(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, false, BIG);
	f.fault.ntstatus = 0xC0000203;
	f.fail_at[0] = 6;
	wrong.errors[0] =
	    (struct err){.kind = ERR_ADDRESS, .win32 = 53, .text = "nobody there"};
	assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
	assert_int_equal(wrong.links, 2);
	fixture_check_published(&f, 0);
	fixture_done(&f);
}

/* That the first address was full is no news once the second has taken it. */
static void
test_sent_by_second_address(void **state)
{
	AUTO_FREE char *log = NULL;
	struct attempt_result r;
	struct fixture f;

	(void)state;
	begin(&f, true, 10);
	f.site.address_count = 2;
	wrong.errors[0] =
	    (struct err){.kind = ERR_SITE, .win32 = 112, .text = "no room"};
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(r.error.kind, ERR_NONE);
	fixture_check_published(&f, 1);
	log = fixture_log(&f);
	assert_non_null(strstr(log, "no room\n"));
	assert_null(strstr(log, "There is not enough space on the disk."));
	fixture_done(&f);
}

/* What is not as it was asked for is said when the connection stands. */
static void
test_how_it_is_connected(void **state)
{
	static const struct {
		bool one_by_one, congestion_refused;
		const char *line;
	} rows[] = {
	    {false, false, "(not signed, not encrypted)\n"},
	    {true, false,
	     "(not signed, not encrypted, one request at a time: it takes no "
	     "compounds)\n"},
	    {false, true,
	     "(not signed, not encrypted, this host's own congestion control: it does "
	     "not allow bbr)\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *log = NULL;
		char bbr[] = "bbr";
		struct fixture f;

		begin(&f, false, 10);
		wrong.one_by_one = rows[i].one_by_one;
		wrong.congestion_refused = rows[i].congestion_refused;
		f.addresses[0].congestion = bbr;
		assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
		log = fixture_log(&f);
		if (!strstr(log, rows[i].line))
			fail_msg("not \"%s\" in:\n%s", rows[i].line, log);
		fixture_done(&f);
	}
}

static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
	unsigned asked; /* how often for facts                  */
	bool cannot_remove;
} lent;

/* 7 of others before us, and 2 of ours. */
static void
lent_facts(void *impl, struct transport_facts *out)
{
	lent.inner->facts(impl, out);
	out->bytes_sent = lent.asked ? 1200 : 1000;
	out->retransmits = lent.asked ? 9 : 7;
	out->connections = 3;
	lent.asked++;
}

static int
lent_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	if (lent.cannot_remove && strstr(path, "/f0/"))
		return err_set(e, ERR_SITE, 19, "the disk over there is read-only");
	return lent.inner->remove(impl, path, is_dir, e);
}

static void
lend(struct fixture *f)
{
	memset(&lent, 0, sizeof(lent));
	assert_int_equal(transport_open_dir(f->share[0], f->stop, &f->lent, &f->e), 0);
	lent.inner = f->lent->ops;
	lent.ops = *lent.inner;
	lent.ops.facts = lent_facts;
	lent.ops.remove = lent_remove;
	f->lent->ops = &lent.ops;
}

/* Of a connection that was idle, an attempt counts its own part only. */
static void
test_counts_of_an_idle_connection(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	begin(&f, false, 10);
	lend(&f);
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_SENT);
	assert_int_equal(wrong.links, 0);
	assert_int_equal(r.history.wire_bytes, 200);
	assert_int_equal(r.history.retransmits, 2);
	assert_int_equal(r.history.connections, 3);
	fixture_done(&f);
}

/* --- staging ---------------------------------------------------------------------- */

/* A staging of which a part is gone counts as gone, and has no manifest first. */
static void
test_staging_half_removed(void **state)
{
	struct attempt_result r;
	struct fixture f;

	(void)state;
	begin(&f, true, BIG);
	f.order = OUTBOX_ORDER_CANCEL;
	f.order_after = 52; /* among the files */
	lend(&f);
	lent.cannot_remove = true;
	fixture_write(f.share[0], ".lansender/812-00c0ffee00c0ffee/setup.sha256", "x");
	r = fixture_run(&f);
	assert_int_equal(r.outcome, ATTEMPT_ORDERED);
	assert_true(r.forget_progress);
	assert_true(
	    fixture_there(f.share[0], ".lansender/812-00c0ffee00c0ffee/setup/f0"));
	assert_false(
	    fixture_there(f.share[0], ".lansender/812-00c0ffee00c0ffee/setup.sha256"));
	fixture_done(&f);
}

/* What the outbox keeps may be wrong, after a repair or by another hand. */
static void
test_impossible_progress(void **state)
{
	static const struct request_progress rows[] = {
	    {1000, 0, 0}, {1000, 5, 5},      {INT64_MAX, 0, 0}, {3, INT64_MAX, 7},
	    {3, 7, 5},    {3, 7, INT64_MAX}, {-1, 0, 0},        {3, -1, 0},
	    {3, 0, -1},   {INT64_MIN, 7, 7}, {3, 7, 1 << 30},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;

		begin(&f, true, 10);
		f.order = OUTBOX_ORDER_HOLD;
		f.order_after = 12;
		assert_int_equal(fixture_run(&f).outcome, ATTEMPT_ORDERED);
		assert_true(
		    fixture_there(f.share[0], ".lansender/812-00c0ffee00c0ffee/setup"));
		f.order_after = 0;
		f.request.progress = rows[i];
		assert_int_equal(fixture_run(&f).outcome, ATTEMPT_SENT);
		assert_int_equal(f.last.bytes_done, f.request.package.total_bytes);
		fixture_check_published(&f, 0);
		fixture_done(&f);
	}
}

/* --- sources ---------------------------------------------------------------------- */

/* The disk that a source filed by reference lies on is not the one we live on: other
 * requests go on. */
static void
test_unreadable(void **state)
{
	static const struct {
		bool by_reference;
		enum attempt_outcome outcome;
		enum err_kind kind;
		const char *words;
	} rows[] = {
	    {true, ATTEMPT_RETRY, ERR_ATTEMPT,
	     "read \"setup\", filed by reference from "},
	    {false, ATTEMPT_LOCAL, ERR_LOCAL, "read \"setup\" of the package: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct attempt_result r;
		struct fixture f;

		begin(&f, false, 100);
		fixture_file(&f, rows[i].by_reference);
		wrong.source = f.root; /* a folder: EISDIR */
		r = fixture_run(&f);
		assert_int_equal(r.outcome, rows[i].outcome);
		assert_int_equal(r.error.kind, rows[i].kind);
		assert_non_null(strstr(r.error.text, rows[i].words));
		fixture_done(&f);
	}
}

/* A manifest that cannot be queued in the middle of an answer, where nobody hears of
 * it: what comes next says so, and nothing is published without it. */
static void
test_local_file_missing(void **state)
{
	struct fixture f;
	struct files files;
	struct run r = {0};
	struct err e;

	(void)state;
	begin(&f, false, 100);
	assert_int_equal(transport_open_dir(f.share[0], f.stop, &r.transport, &f.e), 0);
	files_init(&files, &r);
	assert_int_equal(files_drain(&files, &e), 0);
	assert_int_equal(files_put_local(&files, "/nowhere/setup", "setup", &e), -1);
	e.text[0] = '\0';
	assert_int_equal(files_drain(&files, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_non_null(strstr(e.text, "look at /nowhere/setup: "));
	files_done(&files);
	transport_free(r.transport);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused_after_lost_session),
	    cmocka_unit_test(test_unreachable_after_lost_session),
	    cmocka_unit_test(test_sent_by_second_address),
	    cmocka_unit_test(test_how_it_is_connected),
	    cmocka_unit_test(test_counts_of_an_idle_connection),
	    cmocka_unit_test(test_staging_half_removed),
	    cmocka_unit_test(test_impossible_progress),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_local_file_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
