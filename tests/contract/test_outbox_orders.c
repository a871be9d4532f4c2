/* What every backend of the outbox must do: commands of persons in every state, and
 * recovery.  These cases know the door only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"

static int
keep_last(void *self, const struct outbox_attempt *a)
{
	struct outbox_attempt *all = self;

	assert_in_range(a->number, 1, 3);
	all[a->number - 1] = *a;
	return 0;
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

/* "held by a person" is why it stands still, and no longer true when it does not; any
 * other error of its last attempt stays. */
static void
a_release_takes_the_words_of_the_hold_away(void **state)
{
	static const enum err_kind kinds[] = {ERR_STOP, ERR_ATTEMPT};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct request_id id = fixture_file(f, "MS1");
		struct outbox_end end = {.to = REQUEST_HELD, .error = &f->e};
		struct request r;

		fixture_bring(f, id, REQUEST_SENDING, &r);
		assert_int_equal(
		    outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e), 1);
		(void)err_set(&f->e, kinds[i], 0, "why it ended");
		assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
		fixture_get(f, id, &r);
		assert_int_equal(r.state, REQUEST_HELD);
		assert_string_equal(r.error_text, "why it ended");
		assert_int_equal(
		    outbox_command(f->o, id, OUTBOX_RELEASE, NOW, LIFETIME, &f->e), 1);
		fixture_get(f, id, &r);
		assert_int_equal(r.error_kind,
				 kinds[i] == ERR_STOP ? ERR_NONE : kinds[i]);
		assert_string_equal(r.error_text,
				    kinds[i] == ERR_STOP ? "" : "why it ended");
	}
}

/* A hold that was heard, and taken back before the attempt ended. */
static void
a_release_is_not_lost(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct err held = {ERR_STOP, 0, 0, "held by a person"};
	const struct outbox_end end = {.to = REQUEST_HELD, .error = &held};
	enum outbox_order order = OUTBOX_GO_ON;
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW, LEASE, NULL, &order, &f->e), 0);
	assert_int_equal(order, OUTBOX_ORDER_HOLD);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RELEASE, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	assert_int_equal(r.error_kind, ERR_NONE);
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

/* The end of its life: what may not go yet has its whole lifetime still before it, and
 * a deadline is never outlived, not by a retry either. */
static void
a_life_begins_with_not_before_and_ends_with_the_deadline(void **state)
{
	struct fixture *f = *state;
	enum { HOUR = 3600000, NEVER = 0 };
	static const struct {
		int64_t not_before_ms, deadline_ms; /* from NOW; 0: none */
		int64_t end_ms;
		const char *text;
		int64_t retry_ms;     /* from NOW */
		int64_t retry_end_ms; /* NEVER: refused */
	} rows[] = {
	    {0, 0, LIFETIME, "not sent within 7 days of being filed or retried",
	     LIFETIME, 2 * LIFETIME},
	    {0, HOUR, HOUR,
	     "not sent by its deadline, 1 h after being filed or retried", HOUR, NEVER},
	    {0, 2 * LIFETIME, LIFETIME,
	     "not sent within 7 days of being filed or retried", LIFETIME + HOUR,
	     2 * LIFETIME},
	    {2 * LIFETIME, 0, 3 * LIFETIME,
	     "not sent within 7 days of the time it was put off to", 3 * LIFETIME,
	     4 * LIFETIME},
	    {2 * LIFETIME, 2 * LIFETIME + HOUR, 2 * LIFETIME + HOUR,
	     "not sent by its deadline, 14 d 1 h after being filed or retried",
	     3 * LIFETIME, NEVER},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int64_t before_ms = rows[i].not_before_ms;
		const int64_t deadline_ms = rows[i].deadline_ms;
		struct request_id id = fixture_file_as(
		    f, "MS1",
		    (struct outbox_new){
			.not_before_at_ms = before_ms ? NOW + before_ms : 0,
			.deadline_at_ms = deadline_ms ? NOW + deadline_ms : 0});
		const int64_t end_at_ms = NOW + rows[i].end_ms;
		char said[128];
		struct request r;
		int rc = 0;

		assert_int_equal(
		    outbox_recover(f->o, NULL, end_at_ms - 1, NULL, NULL, &f->e), 0);
		fixture_get(f, id, &r);
		assert_int_equal(r.expires_at_ms, end_at_ms);
		assert_int_equal(r.state, REQUEST_PENDING);
		assert_int_equal(
		    outbox_recover(f->o, NULL, end_at_ms, NULL, NULL, &f->e), 0);
		fixture_get(f, id, &r);
		assert_int_equal(r.state, REQUEST_FAILED);
		(void)snprintf(said, sizeof(said), "%s; last error: none",
			       rows[i].text);
		assert_string_equal(r.error_text, said);
		rc = outbox_command(f->o, id, OUTBOX_RETRY, NOW + rows[i].retry_ms,
				    LIFETIME, &f->e);
		assert_int_equal(rc, rows[i].retry_end_ms == NEVER ? -1 : 1);
		fixture_get(f, id, &r);
		if (rc < 0) {
			assert_int_equal(f->e.kind, ERR_INPUT);
			assert_non_null(strstr(f->e.text,
					       "it is failed, and its deadline is "
					       "over: file it anew"));
			continue;
		}
		assert_int_equal(r.expires_at_ms, NOW + rows[i].retry_end_ms);
		assert_int_equal(
		    outbox_command(f->o, id, OUTBOX_CANCEL, NOW, LIFETIME, &f->e), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(commands_in_every_state),
	    CASE(orders_win_at_the_end),
	    CASE(an_order_can_be_taken_back_or_sharpened),
	    CASE(a_release_takes_the_words_of_the_hold_away),
	    CASE(a_release_is_not_lost),
	    CASE(retry_gives_a_new_lifetime_and_keeps_progress),
	    CASE(priority_changes_until_the_end),
	    CASE(a_lease_that_ran_out_gives_the_request_back),
	    CASE(a_sender_that_starts_takes_back_what_was_its_own),
	    CASE(a_life_begins_with_not_before_and_ends_with_the_deadline),
	    CASE(a_lifetime_that_is_over_fails_what_rests),
	    CASE(recovery_goes_through_more_than_one_portion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
