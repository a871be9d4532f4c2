/* Requests to one site whose packages have one name: one at a time, in the order in
 * which they were filed, so that an older version never takes the place of a newer one.
 * L1-L3 of src/outbox/request.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/str.h"
#include "fixture.h"

static struct request_id
file(struct fixture *f, const char *site, const char *name)
{
	return fixture_file_named(f, site, name, (struct outbox_new){0});
}

static int64_t
best(struct fixture *f, int64_t now_ms)
{
	struct outbox_site s;

	fixture_site(f, "MS1", now_ms, &s);
	return s.best.n;
}

static int
claim(struct fixture *f, struct request_id id)
{
	struct request r;

	return outbox_claim(f->o, id, "host:1", NOW, LEASE, &r, &f->e);
}

static bool
is_behind(struct fixture *f, struct request_id id)
{
	struct request r;

	fixture_get(f, id, &r);
	return r.is_behind;
}

static enum request_priority
priority(struct fixture *f, struct request_id id)
{
	struct request r;

	fixture_get(f, id, &r);
	return r.priority;
}

/* It can go no sooner than they. */
static void
an_urgent_one_makes_those_before_it_urgent(void **state)
{
	struct fixture *f = *state;
	const struct outbox_new low = {.priority = REQUEST_LOW};
	const struct outbox_new high = {.priority = REQUEST_HIGH};
	const struct outbox_new later = {.priority = REQUEST_HIGH,
					 .not_before_at_ms = NOW + 1};
	const struct request_id active = fixture_file_named(f, "MS1", "setup", low);
	const struct request_id old = fixture_file_named(f, "MS1", "Setup", low);
	const struct request_id held = fixture_file_named(f, "MS1", "setup", low);
	const struct request_id other = fixture_file_named(f, "MS1", "fonts", low);
	const struct request_id there = fixture_file_named(f, "MS2", "setup", low);
	struct request_id new;
	struct request r;

	fixture_claim(f, active, NOW, &r);
	assert_int_equal(outbox_command(f->o, held, OUTBOX_HOLD, NOW, LIFETIME, &f->e),
			 1);
	(void)fixture_file_named(f, "MS1", "setup", later);
	assert_int_equal(priority(f, active), REQUEST_LOW); /* it may be gone by then */
	new = file(f, "MS1", "setup");
	assert_int_equal(priority(f, active), REQUEST_MEDIUM);
	assert_int_equal(priority(f, old), REQUEST_MEDIUM);
	assert_int_equal(outbox_set_priority(f->o, new, REQUEST_HIGH, &f->e), 1);
	assert_int_equal(priority(f, active), REQUEST_HIGH);
	assert_int_equal(priority(f, old), REQUEST_HIGH);
	/* Not taken back: it is a person's to lower them. */
	assert_int_equal(outbox_set_priority(f->o, new, REQUEST_LOW, &f->e), 1);
	assert_int_equal(priority(f, old), REQUEST_HIGH);
	assert_int_equal(priority(f, held), REQUEST_LOW);
	assert_int_equal(priority(f, other), REQUEST_LOW);
	assert_int_equal(priority(f, there), REQUEST_LOW);
	(void)fixture_file_named(f, "MS2", "setup", high);
	assert_int_equal(priority(f, there), REQUEST_HIGH);
}

static void
one_at_a_time_the_oldest_first(void **state)
{
	struct fixture *f = *state;
	const struct request_id old = file(f, "MS1", "setup");
	const struct request_id new = fixture_file_named(
	    f, "MS1", "setup", (struct outbox_new){.priority = REQUEST_HIGH});
	const struct request_id other = file(f, "MS1", "fonts");
	struct request r;

	assert_int_equal(best(f, NOW), old.n);
	assert_true(is_behind(f, new));
	assert_false(is_behind(f, old));
	assert_int_equal(claim(f, new), 0);
	fixture_claim(f, old, NOW, &r);
	assert_int_equal(best(f, NOW), other.n); /* what waits blocks nobody else */
	assert_int_equal(claim(f, new), 0);
	assert_int_equal(claim(f, other), 1);
	assert_int_equal(best(f, NOW), 0);
	fixture_finish(f, &r, REQUEST_FAILED, NOW);
	assert_int_equal(best(f, NOW), new.n);
	assert_false(is_behind(f, new));
	assert_int_equal(claim(f, new), 1);
}

static void
another_site_or_name_is_another_line(void **state)
{
	static const struct {
		const char *site, *name;
		int claimed;
	} rows[] = {
	    {"MS1", "setup-4", 1},      {"MS2", "setup-4", 1}, {"MS1", "setup-5", 1},
	    {"MS1", "SETUP-4", 0},      /* a server sees no difference */
	    {"MS3", "\xc3\xa4rger", 1}, /* a with two dots, small, large */
	    {"MS3", "\xc3\x84RGER", 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(claim(f, file(f, rows[i].site, rows[i].name)),
				 rows[i].claimed);
}

/* From every way out of the line the turn is handed on; from every way back it stays.
 */
static void
the_turn_is_handed_on(void **state)
{
	static const struct {
		enum request_state to;
		bool leaves;
	} rows[] = {
	    {REQUEST_SENT, true},       {REQUEST_FAILED, true},
	    {REQUEST_CANCELLED, true},  {REQUEST_HELD, true},
	    {REQUEST_PENDING, false},   {REQUEST_WAITING, false},
	    {REQUEST_SUSPENDED, false}, {REQUEST_SENDING, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[2] = {(char)('a' + i), 0};
		const struct request_id old = file(f, "MS1", name);
		const struct request_id new = file(f, "MS1", name);
		const struct request_id last = file(f, "MS1", name);
		struct request r;

		fixture_bring(f, old, rows[i].to, &r);
		assert_int_equal(is_behind(f, new), !rows[i].leaves);
		assert_true(is_behind(f, last));
		assert_int_equal(claim(f, new), rows[i].leaves);
		assert_int_equal(claim(f, last), 0);
	}
}

/* Whoever was put off to Sunday means: after what is filed until then. */
static void
what_is_put_off_stands_at_its_time(void **state)
{
	struct fixture *f = *state;
	const struct request_id sunday = fixture_file_named(
	    f, "MS1", "setup", (struct outbox_new){.not_before_at_ms = NOW + 1000});
	struct request_id now;

	assert_false(is_behind(f, sunday));
	now = file(f, "MS1", "setup");
	assert_true(is_behind(f, sunday));
	assert_int_equal(best(f, NOW), now.n);
	assert_int_equal(best(f, NOW + 1000), now.n);
	assert_int_equal(claim(f, now), 1);
	assert_int_equal(best(f, NOW + 1000), 0);
}

/* A clock that was set back makes no two of them go. */
static void
one_on_its_way_keeps_its_turn(void **state)
{
	struct fixture *f = *state;
	const struct request_id active = file(f, "MS1", "setup");
	struct request_id early, more;
	struct request r;

	fixture_claim(f, active, NOW, &r);
	early = fixture_file_named(f, "MS1", "setup",
				   (struct outbox_new){.now_ms = NOW - 1000});
	more = file(f, "MS1", "setup");
	assert_true(is_behind(f, early));
	assert_int_equal(claim(f, early), 0);
	fixture_finish(f, &r, REQUEST_FAILED, NOW);
	assert_int_equal(best(f, NOW), early.n);
	assert_true(is_behind(f, more));
}

static int
command(struct fixture *f, struct request_id id, enum outbox_command c)
{
	return outbox_command(f->o, id, c, NOW, LIFETIME, &f->e);
}

/* The newer one went meanwhile: releasing or retrying the older one would take its
 * place back. */
static void
who_was_overtaken_does_not_come_back(void **state)
{
	static const enum request_state newer[] = {REQUEST_SENDING, REQUEST_SENT};
	struct fixture *f = *state;
	struct request r;

	for (size_t i = 0; i < COUNT(newer); i++) {
		char name[2] = {(char)('a' + i), 0};
		const struct request_id failed = file(f, "MS1", name);
		const struct request_id held = file(f, "MS1", name);
		const struct request_id new = file(f, "MS1", name);
		char words[192];

		fixture_bring(f, failed, REQUEST_FAILED, &r);
		fixture_bring(f, held, REQUEST_HELD, &r);
		fixture_bring(f, new, newer[i], &r);
		assert_int_equal(command(f, held, OUTBOX_RELEASE), -1);
		assert_int_equal(f->e.kind, ERR_INPUT);
		(void)snprintf(words, sizeof(words),
			       "request %lld cannot be released: it is held, and "
			       "request %lld, filed later under the same name, is on "
			       "its way or sent: cancel this one, or file it anew",
			       (long long)held.n, (long long)new.n);
		assert_string_equal(f->e.text, words);
		assert_int_equal(command(f, failed, OUTBOX_RETRY), -1);
		assert_int_equal(command(f, held, OUTBOX_CANCEL), 1);
	}
}

static void
who_was_not_overtaken_comes_back_in_front(void **state)
{
	struct fixture *f = *state;
	const struct request_id failed = file(f, "MS1", "setup");
	const struct request_id held = file(f, "MS1", "setup");
	const struct request_id new = file(f, "MS1", "setup");
	struct request r;

	fixture_bring(f, failed, REQUEST_FAILED, &r);
	fixture_bring(f, held, REQUEST_HELD, &r);
	assert_int_equal(best(f, NOW), new.n);
	assert_int_equal(command(f, held, OUTBOX_RELEASE), 1);
	assert_int_equal(best(f, NOW), held.n);
	assert_int_equal(command(f, failed, OUTBOX_RETRY), 1);
	assert_int_equal(best(f, NOW), failed.n);
	assert_int_equal(claim(f, held), 0);
	assert_int_equal(claim(f, failed), 1);
}

/* --- lifetimes --- */

static void
who_is_over_its_lifetime_is_not_claimed(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = file(f, "MS1", "setup");
	const struct request_id next = file(f, "MS1", "fonts");
	struct outbox_new longer = {.lifetime_ms = 2 * LIFETIME};
	const struct request_id last = fixture_file_named(f, "MS1", "last", longer);
	struct request r;

	assert_int_equal(best(f, NOW + LIFETIME - 1), id.n);
	assert_int_equal(best(f, NOW + LIFETIME), last.n);
	assert_int_equal(
	    outbox_claim(f->o, next, "host:1", NOW + LIFETIME, LEASE, &r, &f->e), 0);
	assert_int_equal(
	    outbox_claim(f->o, last, "host:1", NOW + LIFETIME, LEASE, &r, &f->e), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(one_at_a_time_the_oldest_first),
	    CASE(an_urgent_one_makes_those_before_it_urgent),
	    CASE(another_site_or_name_is_another_line),
	    CASE(the_turn_is_handed_on),
	    CASE(what_is_put_off_stands_at_its_time),
	    CASE(one_on_its_way_keeps_its_turn),
	    CASE(who_was_overtaken_does_not_come_back),
	    CASE(who_was_not_overtaken_comes_back_in_front),
	    CASE(who_is_over_its_lifetime_is_not_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
