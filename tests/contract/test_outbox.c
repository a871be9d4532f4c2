/* What every backend of the outbox must do: these cases know the door only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"

/* --- filing --- */

static void
a_filing_goes_to_all_its_sites(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1", "MS2", "MS3"};
	const struct outbox_package p = {.id = "abc",
					 .name = "setup-4.2",
					 .is_tree = true,
					 .file_count = 7,
					 .folder_count = 2,
					 .total_bytes = INT64_C(5000000000)};
	const struct outbox_new n = {.package = &p,
				     .sites = sites,
				     .site_count = 3,
				     .priority = REQUEST_HIGH,
				     .now_ms = NOW,
				     .not_before_at_ms = NOW + 5,
				     .deadline_at_ms = NOW + 9,
				     .lifetime_ms = LIFETIME};
	struct request_id ids[3];
	struct request r;

	assert_int_equal(outbox_add(f->o, &n, ids, &f->e), 1);
	for (size_t i = 0; i < COUNT(sites); i++) {
		fixture_get(f, ids[i], &r);
		assert_string_equal(r.site, sites[i]);
		assert_string_equal(r.package.id, "abc");
		assert_string_equal(r.package.name, "setup-4.2");
		assert_true(r.package.is_tree);
		assert_false(r.package.by_reference);
		assert_int_equal(r.package.file_count, 7);
		assert_int_equal(r.package.folder_count, 2);
		assert_int_equal(r.package.total_bytes, INT64_C(5000000000));
		assert_int_equal(r.priority, REQUEST_HIGH);
		assert_int_equal(r.state, REQUEST_PENDING);
		assert_int_equal(r.filed_at_ms, NOW);
		assert_int_equal(r.not_before_at_ms, NOW + 5);
		assert_int_equal(r.deadline_at_ms, NOW + 9);
		assert_int_equal(r.expires_at_ms, NOW + LIFETIME);
		assert_int_equal(strlen(r.token), 16);
		assert_int_equal(r.attempts, 0);
	}
	assert_int_equal(outbox_get(f->o, (struct request_id){ids[2].n + 1}, &r, &f->e),
			 0);
}

static void
tokens_differ(void **state)
{
	struct fixture *f = *state;
	struct request a;
	struct request b;

	fixture_get(f, fixture_file(f, "MS1"), &a);
	fixture_get(f, fixture_file(f, "MS1"), &b);
	assert_string_not_equal(a.token, b.token);
}

static void
what_cannot_be_filed_is_refused_in_words(void **state)
{
	struct fixture *f = *state;
	const char *const one[] = {"MS1"};
	const char *const twice[] = {"MS2", "MS1", "MS2"};
	const char *const empty[] = {""};
	const char *const too_long[] = {"123456789012345678901234567890123"};
	const struct outbox_package p = {.id = "a", .name = "n"};
	const struct outbox_package bad = {.id = "a", .name = "n", .total_bytes = -1};
	const struct outbox_package nameless = {.id = "a"};
	const struct {
		struct outbox_new n;
		const char *words;
	} rows[] = {
	    {{&p, one, 0, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "a request needs a site to go to"},
	    {{&p, twice, 3, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "site MS2 stands twice in one filing: name it once"},
	    {{&p, empty, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "site code \"\": it must have 1 to 32 bytes"},
	    {{&p, too_long, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "site code \"123456789012345678901234567890123\": it must have 1 to 32 "
	     "bytes"},
	    {{&p, one, 1, 0, NOW, 0, 0, LIFETIME, NULL},
	     "priority 0: high, medium or low"},
	    {{&p, one, 1, 4, NOW, 0, 0, LIFETIME, NULL},
	     "priority 4: high, medium or low"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, 0, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, INT64_MAX, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, -1, 0, LIFETIME, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, ""},
	     "the key of a filing must not be empty"},
	    {{&bad, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "package n has a negative size"},
	    {{&nameless, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL},
	     "a package needs an id and a name"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_id ids[3] = {{-1}, {-1}, {-1}};

		assert_int_equal(outbox_add(f->o, &rows[i].n, ids, &f->e), -1);
		assert_int_equal(f->e.kind, ERR_INPUT);
		assert_string_equal(f->e.text, rows[i].words);
		assert_int_equal(ids[0].n, -1);
	}
}

static void
the_same_key_files_once(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1", "MS2"};
	const char *const others[] = {"MS1", "MS3"};
	const struct outbox_package first = {.id = "first", .name = "n"};
	const struct outbox_package second = {.id = "second", .name = "n"};
	struct outbox_new n = {&first, sites, 2,        REQUEST_LOW, NOW,
			       0,      0,     LIFETIME, "k1"};
	struct request_id a[2];
	struct request_id b[2];

	assert_int_equal(outbox_add(f->o, &n, a, &f->e), 1);
	n.package = &second;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), 0);
	assert_int_equal(a[0].n, b[0].n);
	assert_int_equal(a[1].n, b[1].n);
	assert_int_equal(outbox_has_package(f->o, "first", &f->e), 1);
	assert_int_equal(outbox_has_package(f->o, "second", &f->e), 0);

	n.sites = others;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "the key k1 was used to file to other sites (MS2, "
			    "not MS3): use another key");
	n.site_count = 1;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), -1);
	assert_string_equal(f->e.text,
			    "the key k1 was used to file to 2 sites, not to 1: use "
			    "another key");
	n.key = "k2";
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), 1);
	assert_int_equal(b[0].n, a[1].n + 1);
}

/* --- claims, leases --- */

static void
a_claim_takes_once(void **state)
{
	struct fixture *f = *state;
	struct outbox *other = fixture_open(f);
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	struct request r2 = {.id = {77}};

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
	assert_int_equal(r.lease_until_at_ms, NOW + LEASE);
	assert_true(str_starts(r.owner, "host:1#"));
	assert_int_equal(outbox_claim(other, id, "host:2", NOW, LEASE, &r2, &f->e), 0);
	assert_int_equal(r2.id.n, 77);
	assert_int_equal(outbox_claim(other, (struct request_id){id.n + 1}, "host:2",
				      NOW, LEASE, &r2, &f->e),
			 0);
	outbox_close(other);
}

static void
claims_keep_to_the_time(void **state)
{
	struct fixture *f = *state;
	struct request_id later = fixture_file_as(
	    f, "MS1", (struct outbox_new){.not_before_at_ms = NOW + 1000});
	struct request_id waits = fixture_file(f, "MS1");
	struct request_id suspended = fixture_file(f, "MS1");
	struct request r;

	assert_int_equal(
	    outbox_claim(f->o, later, "host:1", NOW + 999, LEASE, &r, &f->e), 0);
	fixture_claim(f, later, NOW + 1000, &r);

	fixture_bring(f, waits, REQUEST_WAITING, &r);
	assert_int_equal(r.restart_at_ms, NOW + 60000);
	assert_int_equal(
	    outbox_claim(f->o, waits, "host:1", NOW + 59999, LEASE, &r, &f->e), 0);
	fixture_claim(f, waits, NOW + 60000, &r);
	assert_int_equal(r.restart_at_ms, 0);

	fixture_bring(f, suspended, REQUEST_SUSPENDED, &r);
	fixture_claim(f, suspended, NOW, &r);
}

static void
names_of_senders_are_checked(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	static const char *const names[] = {
	    "", "a#b", "12345678901234567890123456789012345678901234567890"};

	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(
		    outbox_claim(f->o, id, names[i], NOW, LEASE, &r, &f->e), -1);
		assert_non_null(
		    strstr(f->e.text, "must have 1 to 47 bytes and no '#'"));
	}
}

static void
progress_is_kept_and_lasts(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {3, INT64_C(5000000001), INT64_C(7000000000)};
	enum outbox_order order = OUTBOX_LOST;
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW + 10, LEASE, &p, &order, &f->e), 0);
	assert_int_equal(order, OUTBOX_GO_ON);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW + 20, LEASE, NULL, &order, &f->e),
	    0);
	outbox_close(f->o);
	f->o = fixture_open(f);
	fixture_get(f, id, &r);
	assert_int_equal(r.progress.entries_done, 3);
	assert_int_equal(r.progress.offset_bytes, INT64_C(5000000001));
	assert_int_equal(r.progress.bytes_done, INT64_C(7000000000));
	assert_int_equal(r.lease_until_at_ms, NOW + 20 + LEASE);
}

/* I8: who lost the lease changes nothing, not even under the same name. */
static void
who_lost_the_lease_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {9, 9, 9};
	const struct outbox_attempt a = {.result = "sent"};
	const struct outbox_end end = {.to = REQUEST_FAILED, .attempt = &a};
	enum outbox_order order = OUTBOX_GO_ON;
	struct request old;
	struct request new;
	struct request now;

	fixture_bring(f, id, REQUEST_SENDING, &old);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LEASE, NULL, NULL, &f->e), 0);
	fixture_claim(f, id, NOW + LEASE, &new);
	assert_string_not_equal(old.owner, new.owner);

	assert_int_equal(
	    outbox_heartbeat(f->o, id, old.owner, NOW, LEASE, &p, &order, &f->e), 0);
	assert_int_equal(order, OUTBOX_LOST);
	assert_int_equal(
	    outbox_step(f->o, id, old.owner, REQUEST_SENDING, "x", NOW, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_STOP);
	assert_non_null(strstr(f->e.text, "is no longer ours: its lease ran out"));
	assert_int_equal(outbox_finish(f->o, id, old.owner, NOW, &end, &f->e), 1);
	fixture_get(f, id, &now);
	assert_memory_equal(&now, &new, sizeof(now));

	/* a request that is not there at all */
	assert_int_equal(outbox_finish(f->o, (struct request_id){id.n + 1}, new.owner,
				       NOW, &end, &f->e),
			 1);
	assert_int_equal(outbox_heartbeat(f->o, (struct request_id){id.n + 1},
					  new.owner, NOW, LEASE, &p, &order, &f->e),
			 0);
	assert_int_equal(order, OUTBOX_LOST);
}

static void
another_staging_place_starts_from_nothing(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {3, 4, 5};
	struct outbox_end end = {.to = REQUEST_PENDING, .progress = &p};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r); /* on \\DSSMS\SMS_SITE */
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(r.progress.offset_bytes, 4); /* the same place: goes on */
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_step(f->o, id, r.owner, REQUEST_SENDING,
				     "\\\\OTHER\\SMS_SITE", NOW, &f->e),
			 0);
	fixture_get(f, id, &r);
	assert_string_equal(r.staged_on, "\\\\OTHER\\SMS_SITE");
	assert_int_equal(r.progress.entries_done, 0);
	assert_int_equal(r.progress.offset_bytes, 0);
	assert_int_equal(r.progress.bytes_done, 0);

	end.forget_progress = true;
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_string_equal(r.staged_on, "");
	assert_int_equal(r.progress.bytes_done, 0);
}

static void
a_staging_place_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	char place[PLACE_ROOM + 1];
	struct request r;

	memset(place, 'x', PLACE_ROOM);
	place[PLACE_ROOM] = '\0';
	fixture_claim(f, id, NOW, &r);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_SENDING, place, NOW, &f->e), -1);
	assert_non_null(strstr(f->e.text, "is longer than 383 bytes"));
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
}

/* --- what persons do --- */

/* Every state with every command: what the answer is, and where it leads. */
static void
commands_in_every_state(void **state)
{
	struct fixture *f = *state;
	enum { NO = -1 };
	static const struct {
		enum request_state from;
		int to[4]; /* hold release cancel retry */
	} rows[] = {
	    {REQUEST_PENDING, {REQUEST_HELD, NO, REQUEST_CANCELLED, NO}},
	    {REQUEST_CONNECTING, {REQUEST_CONNECTING, NO, REQUEST_CONNECTING, NO}},
	    {REQUEST_SENDING, {REQUEST_SENDING, NO, REQUEST_SENDING, NO}},
	    {REQUEST_PUBLISHING, {REQUEST_PUBLISHING, NO, REQUEST_PUBLISHING, NO}},
	    {REQUEST_SENT, {NO, NO, NO, NO}},
	    {REQUEST_WAITING, {REQUEST_HELD, NO, REQUEST_CANCELLED, REQUEST_PENDING}},
	    {REQUEST_SUSPENDED, {REQUEST_HELD, NO, REQUEST_CANCELLED, NO}},
	    {REQUEST_HELD, {REQUEST_HELD, REQUEST_PENDING, REQUEST_CANCELLED, NO}},
	    {REQUEST_FAILED, {NO, NO, NO, REQUEST_PENDING}},
	    {REQUEST_CANCELLED, {NO, NO, NO, NO}},
	};
	static const char *const words[] = {"held", "released", "cancelled", "retried"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int c = 0; c < 4; c++) {
			struct request_id id = fixture_file(f, "MS1");
			struct request r;
			char said[128];
			int rc = 0;

			fixture_bring(f, id, rows[i].from, &r);
			rc = outbox_command(f->o, id, (enum outbox_command)c, NOW,
					    LIFETIME, &f->e);
			assert_int_equal(rc, rows[i].to[c] == NO ? -1 : 1);
			fixture_get(f, id, &r);
			if (rc == 1) {
				assert_int_equal(r.state, rows[i].to[c]);
				continue;
			}
			assert_int_equal(r.state, rows[i].from);
			assert_int_equal(f->e.kind, ERR_INPUT);
			(void)snprintf(said, sizeof(said),
				       "request %lld cannot be %s: it is %s",
				       (long long)id.n, words[c],
				       request_state_name(rows[i].from));
			assert_true(str_starts(f->e.text, said));
		}
	}
	assert_int_equal(outbox_command(f->o, (struct request_id){9999}, OUTBOX_HOLD,
					NOW, LIFETIME, &f->e),
			 0);
}

/* An order that was given while it was active wins at the end over what would let it go
 * on, and loses against what is final. */
static void
orders_win_at_the_end(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum request_state end, with_hold, with_cancel;
	} rows[] = {
	    {REQUEST_WAITING, REQUEST_HELD, REQUEST_CANCELLED},
	    {REQUEST_PENDING, REQUEST_HELD, REQUEST_CANCELLED},
	    {REQUEST_SUSPENDED, REQUEST_HELD, REQUEST_CANCELLED},
	    {REQUEST_HELD, REQUEST_HELD, REQUEST_CANCELLED},
	    {REQUEST_SENT, REQUEST_SENT, REQUEST_SENT},
	    {REQUEST_FAILED, REQUEST_FAILED, REQUEST_FAILED},
	    {REQUEST_CANCELLED, REQUEST_CANCELLED, REQUEST_CANCELLED},
	};

	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		bool hold = i % 2 == 0;
		struct request_id id = fixture_file(f, "MS1");
		enum outbox_order order = OUTBOX_GO_ON;
		struct request r;

		fixture_bring(f, id, REQUEST_PUBLISHING, &r);
		assert_int_equal(outbox_command(f->o, id,
						hold ? OUTBOX_HOLD : OUTBOX_CANCEL, NOW,
						LIFETIME, &f->e),
				 1);
		assert_int_equal(outbox_heartbeat(f->o, id, r.owner, NOW, LEASE, NULL,
						  &order, &f->e),
				 0);
		assert_int_equal(order, hold ? OUTBOX_ORDER_HOLD : OUTBOX_ORDER_CANCEL);
		fixture_finish(f, &r, rows[i / 2].end, NOW);
		fixture_get(f, id, &r);
		assert_int_equal(r.state, hold ? rows[i / 2].with_hold
					       : rows[i / 2].with_cancel);
		assert_int_equal(r.order, OUTBOX_GO_ON);
	}
}

static void
an_order_can_be_taken_back_or_sharpened(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RELEASE, NOW, LIFETIME, &f->e),
			 1);
	fixture_get(f, id, &r);
	assert_int_equal(r.order, OUTBOX_GO_ON);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_CANCEL, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 -1);
	assert_non_null(strstr(f->e.text, "it is sending, and being cancelled"));
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RELEASE, NOW, LIFETIME, &f->e),
			 -1);
	assert_non_null(strstr(f->e.text, "it is sending, and nobody holds it"));
	fixture_get(f, id, &r);
	assert_int_equal(r.order, OUTBOX_ORDER_CANCEL);
}

static void
retry_gives_a_new_lifetime_and_keeps_progress(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {1, 2, 3};
	struct err why = {ERR_REQUEST, 87, 0, "no"};
	const struct outbox_end end = {
	    .to = REQUEST_FAILED, .progress = &p, .error = &why};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW + 5, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.ended_at_ms, NOW + 5);
	assert_int_equal(r.error_kind, ERR_REQUEST);
	assert_int_equal(r.error_win32, 87);
	assert_string_equal(r.error_text, "no");
	assert_int_equal(
	    outbox_command(f->o, id, OUTBOX_RETRY, NOW + LIFETIME, LIFETIME, &f->e), 1);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	assert_int_equal(r.ended_at_ms, 0);
	assert_int_equal(r.expires_at_ms, NOW + 2 * LIFETIME);
	assert_int_equal(r.filed_at_ms, NOW);
	assert_int_equal(r.progress.offset_bytes, 2);
}

static void
priority_changes_until_the_end(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct request_id other = fixture_file(f, "MS1");
	struct outbox_site site;
	struct request r;

	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.best.n, id.n);
	assert_int_equal(outbox_set_priority(f->o, other, REQUEST_HIGH, &f->e), 1);
	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.best.n, other.n);
	assert_int_equal(site.best_priority, REQUEST_HIGH);
	assert_int_equal(outbox_set_priority(f->o, id, 0, &f->e), -1);
	assert_string_equal(f->e.text, "priority 0: high, medium or low");
	assert_int_equal(
	    outbox_set_priority(f->o, (struct request_id){99}, REQUEST_LOW, &f->e), 0);
	fixture_bring(f, id, REQUEST_SENT, &r);
	assert_int_equal(outbox_set_priority(f->o, id, REQUEST_LOW, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_non_null(strstr(f->e.text, "is sent: its priority no longer matters"));
}

/* --- ends and history --- */

static int
keep_last(void *self, const struct outbox_attempt *a)
{
	struct outbox_attempt *all = self;

	assert_in_range(a->number, 1, 3);
	all[a->number - 1] = *a;
	return 0;
}

static void
each_attempt_is_kept_whole(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct err why = {ERR_SITE, 67, 0xC00000CC, "Error 67"};
	const struct outbox_attempt first = {.started_at_ms = NOW,
					     .ended_at_ms = NOW + 9,
					     .address = "MS1.1",
					     .server = "\\\\DSSMS\\SMS_SITE",
					     .result = "retry",
					     .error_kind = ERR_SITE,
					     .error_win32 = 67,
					     .error_ntstatus = 0xC00000CC,
					     .error_text = "Error 67",
					     .bytes_sent = INT64_C(5000000000),
					     .wire_bytes = INT64_C(5000000009),
					     .connect_ms = 1,
					     .send_ms = 2,
					     .flush_ms = 3,
					     .publish_ms = 4,
					     .rtt_us = 5,
					     .retransmits = 6,
					     .cipher = "AES-128-GCM",
					     .signature = "AES-GMAC",
					     .dialect = "3.1.1"};
	const struct outbox_attempt second = {.result = "sent"};
	struct outbox_end end = {.to = REQUEST_WAITING,
				 .restart_at_ms = NOW + 10,
				 .error = &why,
				 .attempt = &first};
	struct outbox_attempt got[3] = {0};
	struct outbox_site site;
	struct request r;

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW + 9, &end, &f->e), 0);
	fixture_site(f, "MS1", NOW + 9, &site);
	assert_int_equal(site.error_win32, 67);
	assert_int_equal(site.error_at_ms, NOW + 9);
	assert_string_equal(site.error_text, "Error 67");
	fixture_claim(f, id, NOW + 10, &r);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_SENDING, "x", NOW, &f->e), 0);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_PUBLISHING, NULL, NOW, &f->e), 0);
	end = (struct outbox_end){.to = REQUEST_SENT, .attempt = &second};
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW + 20, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.attempts, 2);
	assert_int_equal(r.error_kind, ERR_NONE);
	assert_int_equal(r.ended_at_ms, NOW + 20);

	assert_int_equal(outbox_attempts(f->o, id, keep_last, got, &f->e), 0);
	assert_int_equal(got[0].number, 1);
	got[0].number = 0;
	got[0].request.n = 0;
	assert_memory_equal(&got[0], &first, sizeof(first));
	assert_string_equal(got[1].result, "sent");
	assert_int_equal(got[1].request.n, id.n);
	assert_int_equal(got[2].number, 0);

	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.last_sent_at_ms, NOW + 20);
	assert_int_equal(site.error_win32, 0);
	assert_int_equal(site.sent, 1);
}

static void
sent_comes_from_publishing_only(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct outbox_end end = {.to = REQUEST_SENT};
	const struct outbox_end nonsense = {.to = REQUEST_SENDING};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), -1);
	assert_non_null(
	    strstr(f->e.text, "is sending: \"sent\" is no step from there"));
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &nonsense, &f->e), -1);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_SENDING);
}

/* --- recovery --- */

struct heard {
	int leases, lifetimes;
	struct request last;
};

static void
hear(void *self, const struct request *r, bool expired_lifetime)
{
	struct heard *h = self;

	h->leases += !expired_lifetime;
	h->lifetimes += expired_lifetime;
	h->last = *r;
}

static void
a_lease_that_ran_out_gives_the_request_back(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {1, 2, 3};
	enum outbox_order order = OUTBOX_GO_ON;
	struct outbox_attempt got[3] = {0};
	struct heard h = {0};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW + 1, LEASE, &p, &order, &f->e), 0);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LEASE, hear, &h, &f->e), 0);
	assert_int_equal(h.leases, 0);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LEASE + 1, hear, &h, &f->e),
			 0);
	assert_int_equal(h.leases, 1);
	assert_int_equal(h.last.id.n, id.n);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	assert_int_equal(r.progress.offset_bytes, 2);
	assert_int_equal(r.attempts, 1);
	assert_string_equal(r.owner, "");
	assert_int_equal(outbox_attempts(f->o, id, keep_last, got, &f->e), 0);
	assert_string_equal(got[0].result, "lost");
	assert_int_equal(got[0].started_at_ms, NOW);
	assert_int_equal(got[0].ended_at_ms, NOW + LEASE + 1);
	assert_string_equal(got[0].server, "\\\\DSSMS\\SMS_SITE");
	assert_true(
	    str_starts(got[0].error_text, "Heartbeat is expired: the sender host:1#"));
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LEASE + 1, hear, &h, &f->e),
			 0);
	assert_int_equal(h.leases, 1);
}

static void
a_sender_that_starts_takes_back_what_was_its_own(void **state)
{
	struct fixture *f = *state;
	struct request_id mine = fixture_file(f, "MS1");
	struct request_id other = fixture_file(f, "MS1");
	struct request_id held = fixture_file(f, "MS1");
	struct request_id cancelled = fixture_file(f, "MS1");
	struct heard h = {0};
	struct request r;

	fixture_claim(f, mine, NOW, &r);
	fixture_claim(f, held, NOW, &r);
	fixture_claim(f, cancelled, NOW, &r);
	assert_int_equal(outbox_claim(f->o, other, "host:12", NOW, LEASE, &r, &f->e),
			 1);
	assert_int_equal(outbox_command(f->o, held, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(
	    outbox_command(f->o, cancelled, OUTBOX_CANCEL, NOW, LIFETIME, &f->e), 1);
	assert_int_equal(outbox_recover(f->o, "host:1", NOW + 1, hear, &h, &f->e), 0);
	assert_int_equal(h.leases, 3);
	fixture_get(f, mine, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	fixture_get(f, other, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
	fixture_get(f, held, &r);
	assert_int_equal(r.state, REQUEST_HELD);
	fixture_get(f, cancelled, &r);
	assert_int_equal(r.state, REQUEST_CANCELLED);
}

static void
a_lifetime_that_is_over_fails_what_rests(void **state)
{
	struct fixture *f = *state;
	struct request_id rests[4];
	static const enum request_state states[] = {REQUEST_PENDING, REQUEST_WAITING,
						    REQUEST_SUSPENDED, REQUEST_HELD};
	struct request_id active = fixture_file(f, "MS1");
	struct heard h = {0};
	struct request r;

	for (size_t i = 0; i < COUNT(rests); i++) {
		rests[i] = fixture_file(f, "MS1");
		fixture_bring(f, rests[i], states[i], &r);
	}
	assert_int_equal(
	    outbox_claim(f->o, active, "host:1", NOW, 2 * LIFETIME, &r, &f->e), 1);
	assert_int_equal(
	    outbox_recover(f->o, NULL, NOW + LIFETIME - 1, hear, &h, &f->e), 0);
	assert_int_equal(h.lifetimes, 0);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LIFETIME, hear, &h, &f->e),
			 0);
	assert_int_equal(h.lifetimes, COUNT(rests));
	for (size_t i = 0; i < COUNT(rests); i++) {
		fixture_get(f, rests[i], &r);
		assert_int_equal(r.state, REQUEST_FAILED);
		assert_int_equal(r.error_kind, ERR_REQUEST);
		assert_int_equal(r.error_win32, 1460);
		assert_string_equal(r.error_text,
				    "not sent within 7 days of being filed "
				    "or retried; last error: none");
		assert_int_equal(r.ended_at_ms, NOW + LIFETIME);
	}
	fixture_get(f, active, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
}

static void
recovery_goes_through_more_than_one_portion(void **state)
{
	struct fixture *f = *state;
	struct outbox_site site;
	struct heard h = {0};
	struct request r;

	for (int i = 0; i < 150; i++) {
		struct request_id id = fixture_file(f, "MS1");

		if (i < 70)
			fixture_claim(f, id, NOW, &r);
	}
	assert_int_equal(outbox_recover(f->o, "host:1", NOW, hear, &h, &f->e), 0);
	assert_int_equal(h.leases, 70);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LIFETIME, hear, &h, &f->e),
			 0);
	assert_int_equal(h.lifetimes, 150);
	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.failed, 150);
	assert_int_equal(site.pending, 0);
}

/* --- looking --- */

struct seen {
	int64_t ids[300];
	size_t count;
	size_t stop_at;
};

static int
see(void *self, const struct request *r)
{
	struct seen *s = self;

	s->ids[s->count++] = r->id.n;
	return s->count == s->stop_at ? 42 : 0;
}

static void
lists_by_site_and_state_and_page(void **state)
{
	struct fixture *f = *state;
	int64_t first = fixture_file(f, "A").n;
	struct request r;
	static const struct {
		const char *site;
		bool unfinished;
		int64_t after, limit;
		size_t count;
		int64_t from; /* first id, counted from the first filed */
	} rows[] = {
	    {NULL, false, 0, 0, 200, 0},    {NULL, false, 0, 7, 7, 0},
	    {NULL, false, 150, 0, 50, 150}, {NULL, false, 0, 64, 64, 0},
	    {NULL, false, 0, 65, 65, 0},    {"A", false, 0, 0, 100, 0},
	    {"B", false, 0, 0, 100, 1},     {"B", false, 100, 3, 3, 101},
	    {"A", true, 0, 0, 90, 20},      {NULL, true, 0, 0, 190, 1},
	    {"C", false, 0, 0, 0, 0},       {NULL, false, 200, 0, 0, 0},
	};

	for (int i = 1; i < 200; i++)
		(void)fixture_file(f, i % 2 ? "B" : "A");
	for (int i = 0; i < 20; i += 2) /* ten of A are cancelled */
		fixture_bring(f, (struct request_id){first + i}, REQUEST_CANCELLED, &r);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct outbox_filter filter = {
		    rows[i].site, rows[i].unfinished,
		    rows[i].after ? first + rows[i].after - 1 : 0, rows[i].limit};
		struct seen s = {.count = 0};

		assert_int_equal(outbox_list(f->o, &filter, see, &s, &f->e), 0);
		assert_int_equal(s.count, rows[i].count);
		for (size_t k = 1; k < s.count; k++)
			assert_true(s.ids[k - 1] < s.ids[k]);
		if (s.count > 0)
			assert_int_equal(s.ids[0], first + rows[i].from);
	}
	struct seen s = {.stop_at = 5};

	assert_int_equal(outbox_list(f->o, &(struct outbox_filter){0}, see, &s, &f->e),
			 42);
	assert_int_equal(s.count, 5);
}

static int
add_up(void *self, const struct outbox_site *s)
{
	struct str *out = self;

	str_addf(out, "%s:%lld ", s->site, (long long)s->best.n);
	return 0;
}

static void
a_site_tells_counts_and_the_best(void **state)
{
	struct fixture *f = *state;
	struct request_id low =
	    fixture_file_as(f, "MS1", (struct outbox_new){.priority = REQUEST_LOW});
	struct request_id later =
	    fixture_file_as(f, "MS1",
			    (struct outbox_new){.priority = REQUEST_HIGH,
						.not_before_at_ms = NOW + 50});
	struct request_id waits = fixture_file(f, "MS1");
	struct request_id held = fixture_file(f, "MS1");
	struct outbox_site s;
	struct request r;

	fixture_bring(f, waits, REQUEST_WAITING, &r); /* until NOW + 60000 */
	fixture_bring(f, held, REQUEST_HELD, &r);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.pending, 2);
	assert_int_equal(s.waiting, 1);
	assert_int_equal(s.held, 1);
	assert_int_equal(s.active, 0);
	assert_int_equal(s.queued_bytes, 4000);
	assert_int_equal(s.best.n, low.n);
	assert_int_equal(s.best_priority, REQUEST_LOW);
	assert_int_equal(s.best_filed_at_ms, NOW);
	assert_int_equal(s.next_at_ms, NOW + 50);

	fixture_site(f, "MS1", NOW + 50, &s);
	assert_int_equal(s.best.n, later.n);
	assert_false(s.best_is_restart);
	assert_int_equal(s.next_at_ms, NOW + 60000);
	fixture_claim(f, later, NOW + 50, &r);

	fixture_site(f, "MS1", NOW + 60000, &s);
	assert_int_equal(s.best.n, waits.n);
	assert_true(s.best_is_restart);
	assert_int_equal(s.next_at_ms, 0);
	assert_int_equal(s.active, 1);
	/* recovery tidies what is due; the answer stays */
	assert_int_equal(outbox_recover(f->o, NULL, NOW + 60000, NULL, NULL, &f->e), 0);
	fixture_site(f, "MS1", NOW + 60000, &s);
	assert_int_equal(s.best.n, waits.n);
	assert_true(s.best_is_restart);
	assert_int_equal(outbox_site(f->o, "MS9", NOW, &s, &f->e), 0);
}

static void
age_decides_within_a_priority(void **state)
{
	struct fixture *f = *state;
	struct request_id first = fixture_file(f, "MS1");
	struct request_id second = fixture_file(f, "MS1");
	struct outbox_site s;
	struct request r;

	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.best.n, first.n);
	fixture_bring(f, first, REQUEST_SUSPENDED, &r);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.best.n, first.n); /* resumed first, not from behind */
	fixture_claim(f, first, NOW, &r);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.best.n, second.n);
}

static void
sites_are_told_by_code_and_by_change(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str got = {0};
	struct request_id b = fixture_file(f, "B");
	struct request_id a = fixture_file(f, "A");
	int64_t cursor = 0;
	char want[64];
	struct request r;
	enum outbox_order order = OUTBOX_GO_ON;

	assert_int_equal(outbox_sites(f->o, NOW, true, add_up, &got, &f->e), 0);
	(void)snprintf(want, sizeof(want), "A:%lld B:%lld ", (long long)a.n,
		       (long long)b.n);
	assert_string_equal(str_text(&got), want);

	str_clear(&got);
	assert_int_equal(outbox_sites_changed(f->o, NOW, &cursor, add_up, &got, &f->e),
			 0);
	assert_int_equal(got.len, strlen(want));
	str_clear(&got);
	assert_int_equal(outbox_sites_changed(f->o, NOW, &cursor, add_up, &got, &f->e),
			 0);
	assert_string_equal(str_text(&got), "");

	fixture_claim(f, b, NOW, &r);
	assert_int_equal(outbox_sites_changed(f->o, NOW, &cursor, add_up, &got, &f->e),
			 0);
	assert_string_equal(str_text(&got), "B:0 ");
	str_clear(&got);
	assert_int_equal(
	    outbox_heartbeat(f->o, b, r.owner, NOW, LEASE, NULL, &order, &f->e), 0);
	assert_int_equal(outbox_sites_changed(f->o, NOW, &cursor, add_up, &got, &f->e),
			 0);
	assert_string_equal(str_text(&got), "");
	assert_int_equal(outbox_set_priority(f->o, a, REQUEST_HIGH, &f->e), 1);
	assert_int_equal(outbox_site_hold(f->o, "B", NOW + 1, "dead", &f->e), 0);
	assert_int_equal(outbox_sites_changed(f->o, NOW, &cursor, add_up, &got, &f->e),
			 0);
	assert_int_equal(got.len, strlen("A:1 B:0 "));
}

static int
stop_at_once(void *self, const struct outbox_site *s)
{
	(void)s;
	(*(int *)self)++;
	return 5;
}

static void
who_stops_in_the_middle_gets_the_rest_again(void **state)
{
	struct fixture *f = *state;
	int64_t cursor = 0;
	int calls = 0;

	(void)fixture_file(f, "A");
	(void)fixture_file(f, "B");
	assert_int_equal(
	    outbox_sites_changed(f->o, NOW, &cursor, stop_at_once, &calls, &f->e), 5);
	assert_int_equal(cursor, 0);
	assert_int_equal(outbox_sites(f->o, NOW, true, stop_at_once, &calls, &f->e), 5);
	assert_int_equal(calls, 2);
}

static int
see_ended(void *self, const struct outbox_site *s)
{
	*(int64_t *)self += s->sent + s->failed + s->queued_bytes;
	assert_int_equal(s->pending, 1);
	return 0;
}

static void
counts_of_ended_ones_only_on_demand(void **state)
{
	struct fixture *f = *state;
	int64_t n = 0;
	struct request r;

	fixture_bring(f, fixture_file(f, "A"), REQUEST_SENT, &r);
	fixture_bring(f, fixture_file(f, "A"), REQUEST_FAILED, &r);
	(void)fixture_file(f, "A");
	assert_int_equal(outbox_sites(f->o, NOW, false, see_ended, &n, &f->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(outbox_sites(f->o, NOW, true, see_ended, &n, &f->e), 0);
	assert_int_equal(n, 1 + 1 + 1000);
}

static void
a_site_remembers_hold_and_results(void **state)
{
	struct fixture *f = *state;
	struct err why = {ERR_SITE, 53, 0, "unreachable"};
	struct outbox_site s;

	assert_int_equal(outbox_site_hold(f->o, "MS1", 5, "dead", &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text, "no request was ever filed to site MS1");
	(void)fixture_file(f, "MS1");
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW + 5, "dead", &f->e), 0);
	assert_int_equal(outbox_site_result(f->o, "MS1", "MS1.1", &why, NOW, &f->e), 0);
	assert_int_equal(outbox_site_result(f->o, "MS1", NULL, &why, NOW + 1, &f->e),
			 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.hold_until_at_ms, NOW + 5);
	assert_string_equal(s.hold_reason, "dead");
	assert_int_equal(s.failures, 2);
	assert_int_equal(s.error_win32, 53);
	assert_int_equal(s.error_at_ms, NOW + 1);
	assert_string_equal(s.error_text, "unreachable");
	assert_string_equal(s.address, "");
	assert_int_equal(outbox_site_result(f->o, "MS1", "MS1.2", NULL, NOW, &f->e), 0);
	assert_int_equal(outbox_site_hold(f->o, "MS1", 0, NULL, &f->e), 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.failures, 0);
	assert_int_equal(s.hold_until_at_ms, 0);
	assert_int_equal(s.error_win32, 0);
	assert_string_equal(s.hold_reason, "");
	assert_string_equal(s.address, "MS1.2");
}

/* --- packages --- */

static int
freed(void *self, const char *id)
{
	str_addf(self, "%s ", id);
	return 0;
}

static int
cannot_free(void *self, const char *id)
{
	(void)id;
	(*(int *)self)++;
	return -7;
}

static struct request_id
file_package(struct fixture *f, const char *package_id, const char *site)
{
	struct outbox_package p = {.name = "n"};

	assert_int_equal(str_copy(p.id, sizeof(p.id), package_id), 0);
	return fixture_file_as(f, site, (struct outbox_new){.package = &p});
}

static void
packages_are_freed_when_nobody_needs_them(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str got = {0};
	struct request_id a1 = file_package(f, "pa", "A");
	struct request_id a2 = file_package(f, "pa", "B");
	struct request_id b = file_package(f, "pb", "A");
	struct request r;

	fixture_bring(f, a1, REQUEST_SENT, &r);
	fixture_bring(f, b, REQUEST_FAILED, &r); /* at NOW */
	assert_int_equal(outbox_free_packages(f->o, NOW, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "");
	fixture_bring(f, a2, REQUEST_CANCELLED, &r);
	assert_int_equal(outbox_free_packages(f->o, NOW, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
	assert_int_equal(outbox_has_package(f->o, "pa", &f->e), 0);
	assert_int_equal(outbox_has_package(f->o, "pb", &f->e), 1);
	assert_int_equal(outbox_has_package(f->o, "pc", &f->e), 0);
	/* a failed one can be retried as long as its package is kept */
	assert_int_equal(outbox_command(f->o, b, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
	fixture_bring(f, b, REQUEST_FAILED, &r);
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa pb ");
	assert_int_equal(outbox_command(f->o, b, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_non_null(strstr(f->e.text, "its package was freed since: file it anew"));
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa pb ");
}

static void
a_package_that_could_not_be_freed_comes_again(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str got = {0};
	const char *const sites[] = {"A"};
	const struct outbox_package p = {.id = "pa", .name = "n"};
	const struct outbox_new n = {&p, sites, 1,        REQUEST_LOW, NOW,
				     0,  0,     LIFETIME, NULL};
	struct request_id id = file_package(f, "pa", "A");
	struct request r;
	int calls = 0;

	fixture_bring(f, id, REQUEST_FAILED, &r);
	assert_int_equal(
	    outbox_free_packages(f->o, NOW + 1, cannot_free, &calls, &f->e), -7);
	assert_int_equal(calls, 1);
	/* its bytes may be half gone: nobody may use them any more */
	assert_int_equal(outbox_has_package(f->o, "pa", &f->e), 0);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 -1);
	assert_int_equal(outbox_add(f->o, &n, &id, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "package pa (n) is no longer in the store: file it anew");
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
}

/* --- two handles --- */

static void
what_one_writes_the_other_reads(void **state)
{
	struct fixture *f = *state;
	struct outbox *other = fixture_open(f);
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	int64_t count = -1;

	assert_int_equal(outbox_get(other, id, &r, &f->e), 1);
	assert_int_equal(outbox_command(other, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_HELD);
	assert_int_equal(outbox_quarantined(other, &count, &f->e), 0);
	assert_int_equal(count, 0);
	outbox_close(other);
}

static void
a_wait_ends_at_once_when_another_changed_something(void **state)
{
	struct fixture *f = *state;
	struct outbox *other = fixture_open(f);

	assert_false(outbox_wait(other, NULL, 0));
	(void)fixture_file(f, "MS1"); /* between the last look and the wait */
	assert_true(outbox_wait(other, NULL, -1));
	assert_false(outbox_wait(other, NULL, 0));
	(void)fixture_file(f, "MS1");
	(void)fixture_file(f, "MS1");
	assert_true(outbox_wait(other, NULL, 60000));
	assert_false(outbox_wait(other, NULL, 1));
	assert_false(outbox_wait(f->o, NULL, 0)); /* one's own do not count */
	outbox_close(other);
}

static void
a_wait_ends_when_stop_is_thrown(void **state)
{
	struct fixture *f = *state;
	struct stop *stop = stop_new();

	stop_throw(stop);
	assert_false(outbox_wait(f->o, stop, -1));
	stop_free(stop);
}

static void
nobody_minds_a_null(void **state)
{
	(void)state;
	outbox_close(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_filing_goes_to_all_its_sites),
	    CASE(tokens_differ),
	    CASE(what_cannot_be_filed_is_refused_in_words),
	    CASE(the_same_key_files_once),
	    CASE(a_claim_takes_once),
	    CASE(claims_keep_to_the_time),
	    CASE(names_of_senders_are_checked),
	    CASE(progress_is_kept_and_lasts),
	    CASE(who_lost_the_lease_changes_nothing),
	    CASE(another_staging_place_starts_from_nothing),
	    CASE(a_staging_place_that_is_too_long_is_refused),
	    CASE(commands_in_every_state),
	    CASE(orders_win_at_the_end),
	    CASE(an_order_can_be_taken_back_or_sharpened),
	    CASE(retry_gives_a_new_lifetime_and_keeps_progress),
	    CASE(priority_changes_until_the_end),
	    CASE(each_attempt_is_kept_whole),
	    CASE(sent_comes_from_publishing_only),
	    CASE(a_lease_that_ran_out_gives_the_request_back),
	    CASE(a_sender_that_starts_takes_back_what_was_its_own),
	    CASE(a_lifetime_that_is_over_fails_what_rests),
	    CASE(recovery_goes_through_more_than_one_portion),
	    CASE(lists_by_site_and_state_and_page),
	    CASE(a_site_tells_counts_and_the_best),
	    CASE(age_decides_within_a_priority),
	    CASE(sites_are_told_by_code_and_by_change),
	    CASE(who_stops_in_the_middle_gets_the_rest_again),
	    CASE(counts_of_ended_ones_only_on_demand),
	    CASE(a_site_remembers_hold_and_results),
	    CASE(packages_are_freed_when_nobody_needs_them),
	    CASE(a_package_that_could_not_be_freed_comes_again),
	    CASE(what_one_writes_the_other_reads),
	    CASE(a_wait_ends_at_once_when_another_changed_something),
	    CASE(a_wait_ends_when_stop_is_thrown),
	    cmocka_unit_test(nobody_minds_a_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
