/* The state table: every state with every event, in the open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "outbox/request.h"

static const enum request_event events[REQUEST_EVENTS] = {
    EVENT_CLAIM,     EVENT_SENDING,     EVENT_PUBLISH,    EVENT_SENT,
    EVENT_RETRY_AT,  EVENT_FAIL,        EVENT_GIVE_BACK,  EVENT_SUSPEND,
    EVENT_OBEY_HOLD, EVENT_OBEY_CANCEL, EVENT_LEASE_OVER, EVENT_EXPIRE,
    EVENT_HOLD,      EVENT_RELEASE,     EVENT_CANCEL,     EVENT_RETRY};

/* What may happen, written once more and in another form than in request.c: one line a
 * state, the words "event>state", in the order of events; all else may not. */
static const struct {
	enum request_state from;
	const char *may;
} rows[] = {
    {REQUEST_PENDING, "claim>connecting expire>failed hold>held cancel>cancelled "},
    {REQUEST_CONNECTING,
     "sending>sending retry_at>waiting fail>failed give_back>pending "
     "suspend>suspended obey_hold>held obey_cancel>cancelled "
     "lease_over>pending hold>order release>order cancel>order "},
    {REQUEST_SENDING, "sending>sending publish>publishing retry_at>waiting fail>failed "
		      "give_back>pending "
		      "suspend>suspended obey_hold>held obey_cancel>cancelled "
		      "lease_over>pending hold>order release>order cancel>order "},
    {REQUEST_PUBLISHING, "sent>sent retry_at>waiting fail>failed give_back>pending "
			 "suspend>suspended obey_hold>held obey_cancel>cancelled "
			 "lease_over>pending hold>order release>order cancel>order "},
    {REQUEST_SENT, ""},
    {REQUEST_WAITING,
     "claim>connecting expire>failed hold>held cancel>cancelled retry>pending "},
    {REQUEST_SUSPENDED, "claim>connecting expire>failed hold>held cancel>cancelled "},
    {REQUEST_HELD, "expire>failed hold>held release>pending cancel>cancelled "},
    {REQUEST_FAILED, "retry>pending "},
    {REQUEST_CANCELLED, ""},
};

static void
every_state_with_every_event(void **state)
{
	(void)state;
	assert_int_equal(COUNT(rows), REQUEST_STATES);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str got = {0};

		for (size_t k = 0; k < REQUEST_EVENTS; k++) {
			int to = request_next(rows[i].from, events[k]);

			if (to != NEXT_NO)
				str_addf(&got, "%s>%s ", request_event_name(events[k]),
					 to == NEXT_ORDER ? "order"
							  : request_state_name((
								enum request_state)to));
		}
		assert_string_equal(str_text(&got), rows[i].may);
	}
}

static void
no_state_and_no_event_beyond_the_table(void **state)
{
	(void)state;
	assert_int_equal(request_next((enum request_state)REQUEST_STATES, EVENT_CLAIM),
			 NEXT_NO);
	assert_int_equal(
	    request_next(REQUEST_PENDING, (enum request_event)REQUEST_EVENTS), NEXT_NO);
}

static void
names_go_there_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < REQUEST_STATES; i++) {
		enum request_state s = (enum request_state)REQUEST_STATES;

		assert_int_equal(request_state_from_name(
				     request_state_name((enum request_state)i), &s),
				 0);
		assert_int_equal(s, i);
	}
	for (int i = REQUEST_HIGH; i <= REQUEST_LOW; i++) {
		enum request_priority p = 0;

		assert_int_equal(
		    request_priority_from_name(
			request_priority_name((enum request_priority)i), &p),
		    0);
		assert_int_equal(p, i);
	}
	enum request_state s = REQUEST_HELD;
	enum request_priority p = REQUEST_LOW;

	assert_int_equal(request_state_from_name("gone", &s), -1);
	assert_int_equal(s, REQUEST_HELD);
	assert_int_equal(request_priority_from_name("urgent", &p), -1);
	assert_int_equal(p, REQUEST_LOW);
	assert_int_equal(request_priority_from_name("High", &p), 0);
	assert_int_equal(p, REQUEST_HIGH);
	assert_string_equal(request_state_name((enum request_state)77), "unknown");
	assert_string_equal(request_priority_name((enum request_priority)0), "unknown");
}

static struct kept_request
sound(enum request_state s)
{
	struct kept_request k = {.r = {.id = {1},
				       .token = "0123456789abcdef",
				       .site = "MS1",
				       .package = {.id = "p", .name = "setup"},
				       .priority = REQUEST_LOW,
				       .filed_at_ms = 5,
				       .expires_at_ms = 100}};

	if (request_state_active(s)) {
		k.r.lease_until_at_ms = 50;
		k.claimed_at_ms = 10;
		memcpy(k.r.owner, "a#1", 4);
		k.r.order = OUTBOX_ORDER_HOLD;
	}
	if (s == REQUEST_WAITING)
		k.r.restart_at_ms = 30;
	request_enter(&k, s, 20);
	return k;
}

/* Whatever state one enters from whatever other: the row is possible. */
static void
entering_a_state_makes_a_possible_row(void **state)
{
	(void)state;
	for (int from = 0; from < REQUEST_STATES; from++) {
		for (int to = 0; to < REQUEST_STATES; to++) {
			struct kept_request k = sound((enum request_state)from);
			bool had_owner = k.r.owner[0] != '\0';

			assert_null(request_wrong(&k));
			request_enter(&k, (enum request_state)to, 25);
			if (request_state_active((enum request_state)to) && !had_owner)
				continue; /* the claim gives the owner */
			assert_null(request_wrong(&k));
		}
	}
}

static void
when_it_may_go(void **state)
{
	static const struct {
		enum request_state s;
		int64_t not_before_ms, restart_ms, ready_ms;
	} cases[] = {
	    {REQUEST_PENDING, 0, 0, 0},      {REQUEST_PENDING, 20, 0, 0},
	    {REQUEST_PENDING, 21, 0, 21},    {REQUEST_WAITING, 0, 40, 40},
	    {REQUEST_WAITING, 60, 40, 60},   {REQUEST_WAITING, 0, 20, 0},
	    {REQUEST_SUSPENDED, 60, 0, 60},  {REQUEST_SUSPENDED, 0, 0, 0},
	    {REQUEST_HELD, 0, 0, -1},        {REQUEST_SENT, 0, 0, -1},
	    {REQUEST_CONNECTING, 60, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kept_request k = sound(cases[i].s);

		k.r.not_before_at_ms = cases[i].not_before_ms;
		k.r.restart_at_ms = cases[i].restart_ms;
		request_enter(&k, cases[i].s, 20);
		assert_int_equal(k.ready_at_ms, cases[i].ready_ms);
	}
}

/* Each of these breaks a row that was sound. */
#define BREAK(name, change)                                                            \
	static void name(struct kept_request *k)                                       \
	{                                                                              \
		change;                                                                \
	}
/* clang-format off */
BREAK(no_state, k->r.state = (enum request_state)10)
BREAK(priority, k->r.priority = 4)
BREAK(order, k->r.order = OUTBOX_LOST)
BREAK(error_kind, k->r.error_kind = 99)
BREAK(token_text, k->r.token[3] = 'X')
BREAK(token_length, k->r.token[15] = 0)
BREAK(no_site, k->r.site[0] = 0)
BREAK(no_package, k->r.package.id[0] = 0)
BREAK(no_package_name, k->r.package.name[0] = 0)
BREAK(files, k->r.package.file_count = -1)
BREAK(folders, k->r.package.folder_count = -1)
BREAK(size, k->r.package.total_bytes = -1)
BREAK(entries, k->r.progress.entries_done = -1)
BREAK(bytes, k->r.progress.bytes_done = -1)
BREAK(attempts, k->r.attempts = -1)
BREAK(progress, k->r.progress.offset_bytes = -1)
BREAK(priority_0, k->r.priority = 0)
BREAK(filed, k->r.filed_at_ms = -1)
BREAK(not_before, k->r.not_before_at_ms = -1)
BREAK(deadline, k->r.deadline_at_ms = -1)
BREAK(expires, k->r.expires_at_ms = -1)
BREAK(restart, k->r.restart_at_ms = -1)
BREAK(ended, k->r.ended_at_ms = -1)
BREAK(lease_until, k->r.lease_until_at_ms = -1)
BREAK(renewed, k->renewed_at_ms = -1)
BREAK(claimed_at, k->claimed_at_ms = -1)
BREAK(ready_at, k->ready_at_ms = -2)
BREAK(no_owner, k->r.owner[0] = 0)
BREAK(owner, k->r.owner[0] = 'a')
BREAK(no_lease, k->r.lease_until_at_ms = 0)
BREAK(lease, k->r.lease_until_at_ms = 9)
BREAK(claimed, k->claimed_at_ms = 9)
BREAK(no_end, k->r.ended_at_ms = 0)
BREAK(end, k->r.ended_at_ms = 7)
BREAK(ready, k->ready_at_ms = 0)
BREAK(no_turn, k->turn = TURN_NONE)
BREAK(turn, k->turn = TURN_WAITS)
BREAK(cancel, k->r.order = OUTBOX_ORDER_CANCEL)
/* clang-format on */

static void
impossible_rows_are_told(void **state)
{
	static const struct {
		enum request_state from;
		void (*spoil)(struct kept_request *k);
		const char *words;
	} cases[] = {
	    {REQUEST_PENDING, no_turn,
	     "its place in line does not fit its state (I10)"},
	    {REQUEST_SENT, turn, "its place in line does not fit its state (I10)"},
	    {REQUEST_PENDING, no_state, "there is no such state"},
	    {REQUEST_PENDING, priority, "there is no such priority"},
	    {REQUEST_PENDING, order, "there is no such order"},
	    {REQUEST_PENDING, error_kind, "there is no such kind of error"},
	    {REQUEST_PENDING, token_text, "its token is not 16 hex digits"},
	    {REQUEST_PENDING, token_length, "its token is not 16 hex digits"},
	    {REQUEST_PENDING, no_site, "it has no site"},
	    {REQUEST_PENDING, no_package, "it has no package"},
	    {REQUEST_PENDING, no_package_name, "it has no package"},
	    {REQUEST_PENDING, priority_0, "there is no such priority"},
	    {REQUEST_PENDING, files, "its package has a negative size"},
	    {REQUEST_PENDING, folders, "its package has a negative size"},
	    {REQUEST_PENDING, size, "its package has a negative size"},
	    {REQUEST_PENDING, entries, "its progress or its attempts are negative"},
	    {REQUEST_PENDING, progress, "its progress or its attempts are negative"},
	    {REQUEST_PENDING, bytes, "its progress or its attempts are negative"},
	    {REQUEST_PENDING, attempts, "its progress or its attempts are negative"},
	    {REQUEST_PENDING, filed, "one of its times is negative"},
	    {REQUEST_PENDING, not_before, "one of its times is negative"},
	    {REQUEST_PENDING, deadline, "one of its times is negative"},
	    {REQUEST_PENDING, expires, "one of its times is negative"},
	    {REQUEST_PENDING, restart, "one of its times is negative"},
	    {REQUEST_PENDING, ended, "one of its times is negative"},
	    {REQUEST_PENDING, lease_until, "one of its times is negative"},
	    {REQUEST_PENDING, renewed, "one of its times is negative"},
	    {REQUEST_PENDING, claimed_at, "one of its times is negative"},
	    {REQUEST_PENDING, ready_at, "one of its times is negative"},
	    {REQUEST_SENDING, no_owner, "its lease does not fit its state (I1)"},
	    {REQUEST_SENDING, no_lease, "its lease does not fit its state (I1)"},
	    {REQUEST_HELD, lease, "its lease does not fit its state (I1)"},
	    {REQUEST_HELD, owner, "its lease does not fit its state (I1)"},
	    {REQUEST_HELD, claimed, "its lease does not fit its state (I1)"},
	    {REQUEST_SENT, no_end, "its end does not fit its state (I2)"},
	    {REQUEST_HELD, end, "its end does not fit its state (I2)"},
	    {REQUEST_HELD, ready, "when it may go does not fit its state (I3)"},
	    {REQUEST_HELD, cancel, "it has an order but nobody who could hear it (I5)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kept_request k = sound(cases[i].from);

		cases[i].spoil(&k);
		assert_non_null(request_wrong(&k));
		assert_string_equal(request_wrong(&k), cases[i].words);
	}
}

static void
when_it_expires(void **state)
{
	static const struct {
		struct request_life life;
		int64_t want_ms;
	} cases[] = {
	    {{.now_ms = 10, .lifetime_ms = 5}, 15},
	    {{.now_ms = 10, .not_before_at_ms = 20, .lifetime_ms = 5}, 25},
	    {{.now_ms = 10, .lifetime_ms = 5, .deadline_at_ms = 12}, 12},
	    {{.now_ms = 10, .lifetime_ms = 5, .deadline_at_ms = 30}, 15},
	    {{.now_ms = 10, .lifetime_ms = INT64_MAX}, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(request_expires_at_ms(&cases[i].life),
				 cases[i].want_ms);
}

static void
owners_are_compared_whole(void **state)
{
	struct kept_request k = sound(REQUEST_SENDING);

	(void)state;
	assert_true(request_owned(&k, "a#1"));
	assert_false(request_owned(&k, "a#12"));
	assert_false(request_owned(&k, "a"));
	assert_false(request_owned(&k, ""));
	assert_true(request_claimed_by(&k, "a"));
	assert_false(request_claimed_by(&k, "a#1"));
	assert_false(request_claimed_by(&k, ""));
	request_enter(&k, REQUEST_PENDING, 20);
	assert_false(request_owned(&k, "a#1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_state_with_every_event),
	    cmocka_unit_test(no_state_and_no_event_beyond_the_table),
	    cmocka_unit_test(names_go_there_and_back),
	    cmocka_unit_test(entering_a_state_makes_a_possible_row),
	    cmocka_unit_test(when_it_may_go),
	    cmocka_unit_test(impossible_rows_are_told),
	    cmocka_unit_test(when_it_expires),
	    cmocka_unit_test(owners_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
