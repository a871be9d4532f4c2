/* The rules of choose.h, one row each; names of the rules stand in the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/choose.h"

enum { NOW = 100000000, HOUR = 3600000, DAY = 86400000, RESTART = 540000 };

static const struct choose_rules rules = {
    .max_sendings = 5,
    .max_per_site = 3,
    .max_unproven = 3,
    .max_failed = 2,
    .reserved_high = 1,
    .restart_delay_ms = RESTART,
    .ageing_ms = HOUR,
    .share_percent = {0, 20, 10},
};

static const struct verdict may_go = {REASON_MAY_GO, INT64_MAX, 0};

static struct choose_best
best(int64_t id)
{
	return (struct choose_best){.id = id,
				    .since_ms = NOW - 1000,
				    .filed_at_ms = NOW - 1000,
				    .expires_at_ms = NOW + DAY,
				    .bytes = 1000,
				    .route = may_go};
}

/* A proven site with one medium request. */
static struct choose_site
site(int64_t id)
{
	struct choose_site s = {.proven_until_at_ms = NOW + DAY};

	s.best[1] = best(id);
	return s;
}

static void
check(const struct choose_site *s, enum reason reason, int64_t until_at_ms)
{
	const struct verdict v = choose_judge(s, &rules, NOW).verdict;

	assert_string_equal(reason_name(v.reason), reason_name(reason));
	assert_int_equal(v.until_at_ms, until_at_ms);
}

/* --- one site -------------------------------------------------------------------- */

static void
nothing_to_send(void **state)
{
	struct choose_site s = {0};

	(void)state;
	check(&s, REASON_NOTHING, INT64_MAX);
	s.next_at_ms = NOW; /* what has come is not waited for */
	check(&s, REASON_NOTHING, INT64_MAX);
	s.next_at_ms = NOW + 7;
	check(&s, REASON_NOTHING, NOW + 7);
}

static void
no_address_may_be_used(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	s.best[1].route = (struct verdict){REASON_WINDOW_CLOSED, NOW + 50, 2};
	check(&s, REASON_WINDOW_CLOSED, NOW + 50);
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.number, 2);
	/* another priority may: then the site may */
	s.best[2] = best(2);
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_MAY_GO);
	assert_int_equal(choose_judge(&s, &rules, NOW).first[2].id, 2);
	assert_int_equal(choose_judge(&s, &rules, NOW).first[1].id, 0);
}

static void
a_site_has_its_share_only(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	s.best[0] = best(9);
	s.active = 2;
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_MAY_GO);
	s.active = 3;
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason,
			 REASON_SITE_FULL);
	assert_int_equal(choose_judge(&s, &rules, NOW).high.id, 9);
}

static void
a_site_that_is_being_tried(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	s.active = s.connecting = 1;
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_MAY_GO);
	s.proven_until_at_ms = NOW;
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_PROBING);
	s.connecting = 0;
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_MAY_GO);
	assert_int_equal(choose_judge(&s, &rules, NOW).reach, REACH_UNKNOWN);
	s.proven_until_at_ms = NOW + 1;
	assert_int_equal(choose_judge(&s, &rules, NOW).reach, REACH_PROVEN);
	s.failures = 1; /* since: what was is no longer so */
	assert_int_equal(choose_judge(&s, &rules, NOW).reach, REACH_FAILED);
}

/* "won't try send requests going to site MS1 for an hour or until there are no active
 * send requests" (Q235753; sms-sender.md 2.9).  An idle sender with one dead site must
 * not spin (Q276259): it probes once a restart delay. */
static void
a_held_site_waits(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	s.proven_until_at_ms = 0;
	s.failures = 4;
	s.hold_until_at_ms = NOW + 10;
	s.hold_began_at_ms = NOW + 10 - HOUR;
	s.best[1].filed_at_ms = s.hold_began_at_ms;
	check(&s, REASON_SITE_HOLD, NOW + 10);
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.number, 4);
	assert_int_equal(choose_judge(&s, &rules, NOW).probe_at_ms,
			 s.hold_began_at_ms + RESTART);
	s.best[1].filed_at_ms++; /* filed since: somebody wants to know */
	assert_int_equal(choose_judge(&s, &rules, NOW).probe_at_ms, 0);
	s.hold_until_at_ms = NOW; /* the hour is up */
	assert_int_equal(choose_judge(&s, &rules, NOW).verdict.reason, REASON_MAY_GO);
}

static void
tells_when_time_changes_it(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	/* aged in an hour less a second, no longer proven in a day */
	check(&s, REASON_MAY_GO, NOW - 1000 + HOUR);
	s.next_at_ms = NOW + 900;
	check(&s, REASON_MAY_GO, NOW + 900);
	s.proven_until_at_ms = NOW + 800;
	check(&s, REASON_MAY_GO, NOW + 800);
	s.best[1].route.until_at_ms = NOW + 700;
	check(&s, REASON_MAY_GO, NOW + 700);
	s.best[1].expires_at_ms = NOW + 600 + HOUR; /* its end counts from there */
	check(&s, REASON_MAY_GO, NOW + 600);
	s.hold_until_at_ms = NOW + 500;
	check(&s, REASON_SITE_HOLD, NOW + 500);
}

/* --- all sites ------------------------------------------------------------------- */

struct row {
	struct choose_load load;
	enum request_priority priority;
	enum choose_reach reach;
	enum reason reason;
};

/* clang-format off */
static const struct row rows[] = {
	{{0}, REQUEST_LOW, REACH_PROVEN, REASON_MAY_GO},
	{{0}, REQUEST_LOW, REACH_UNKNOWN, REASON_MAY_GO},
	/* 6 */
	{{.sending = 1, .waiting = 1}, REQUEST_MEDIUM, REACH_PROVEN, REASON_OTHERS_WAIT},
	{{.sending = 1, .waiting = 1}, REQUEST_MEDIUM, REACH_UNKNOWN, REASON_OTHERS_WAIT},
	{{.sending = 1, .waiting = 1}, REQUEST_HIGH, REACH_PROVEN, REASON_MAY_GO},
	/* 7: sms-sender.md 6 row 9: a dead site makes others fail */
	{{.sending = 5}, REQUEST_MEDIUM, REACH_UNKNOWN, REASON_MAY_GO},
	{{.connecting_unproven = 1}, REQUEST_MEDIUM, REACH_UNKNOWN, REASON_MAY_GO},
	{{.connecting_unproven = 3}, REQUEST_MEDIUM, REACH_UNKNOWN, REASON_PROBES_FULL},
	{{.connecting_unproven = 3}, REQUEST_HIGH, REACH_FAILED, REASON_PROBES_FULL},
	{{.connecting_unproven = 2, .connecting_failed = 1}, REQUEST_LOW, REACH_FAILED, REASON_MAY_GO},
	{{.connecting_unproven = 2, .connecting_failed = 2}, REQUEST_HIGH, REACH_FAILED, REASON_PROBES_FULL},
	{{.connecting_unproven = 2, .connecting_failed = 2}, REQUEST_LOW, REACH_UNKNOWN, REASON_MAY_GO},
	{{.sending = 3, .connecting_unproven = 3}, REQUEST_LOW, REACH_PROVEN, REASON_MAY_GO},
	/* 8 */
	{{.sending = 5}, REQUEST_HIGH, REACH_PROVEN, REASON_SLOTS_FULL},
	{{.sending = 3, .connecting_proven = 2}, REQUEST_HIGH, REACH_PROVEN, REASON_SLOTS_FULL},
	{{.sending = 4}, REQUEST_HIGH, REACH_PROVEN, REASON_MAY_GO},
	{{.sending = 3, .retrying = 7}, REQUEST_MEDIUM, REACH_PROVEN, REASON_MAY_GO},
	/* row 29: a slot is kept for what is urgent */
	{{.sending = 4}, REQUEST_MEDIUM, REACH_PROVEN, REASON_RESERVED},
	{{.sending = 4, .high = 1}, REQUEST_MEDIUM, REACH_PROVEN, REASON_MAY_GO},
	{{.sending = 5, .high = 1}, REQUEST_MEDIUM, REACH_PROVEN, REASON_SLOTS_FULL},
	{{.sending = 2, .connecting_proven = 2}, REQUEST_LOW, REACH_PROVEN, REASON_RESERVED},
};
/* clang-format on */

static void
what_all_sites_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct choose_key k = {.priority = rows[i].priority, .id = 1};
		const struct verdict v =
		    choose_shared(&k, rows[i].reach, &rows[i].load, &rules);

		if (v.reason != rows[i].reason)
			fail_msg("row %zu: %s", i, reason_name(v.reason));
	}
}

/* --- order ----------------------------------------------------------------------- */

static struct choose_key
key(const struct choose_best *b, enum request_priority p, int64_t served,
    const struct choose_rules *r)
{
	struct choose_site s = {.served = served};
	struct choose_judgement j;

	s.best[p - REQUEST_HIGH] = *b;
	j = choose_judge(&s, r, NOW);
	if (j.high.id)
		return j.high;
	for (int i = 0; i < CHOOSE_CLASSES; i++)
		if (j.first[i].id)
			return j.first[i];
	fail_msg("nobody");
	return (struct choose_key){0};
}

static void
goes_before(const struct choose_key *a, const struct choose_key *b)
{
	assert_true(choose_before(a, b));
	assert_false(choose_before(b, a));
	assert_false(choose_before(a, a));
}

/* Each next thing that counts beats all that count less (sms-sender.md 6 row 24: 1 is
 * high, and high goes first; row 29: small before large, when wanted). */
static void
class_reach_end_size_turn_age_id(void **state)
{
	struct choose_rules small = rules;
	struct choose_best a = best(1), b = best(2);
	struct choose_key x, y;
	int failures = 0;

	(void)state;
	small.small_first = true;
#define GOES_BEFORE(p, q, served_a, served_b)                                          \
	x = key(&a, p, served_a, &small);                                              \
	y = key(&b, q, served_b, &small);                                              \
	y.failed = failures > 0;                                                       \
	goes_before(&x, &y)
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 0, 0);
	a.id = 3;
	a.since_ms--;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 0, 0);
	b.since_ms -= 2;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 4, 5);
	a.bytes--;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 6, 5);
	b.bytes = 1;
	a.deadline_at_ms = a.expires_at_ms = NOW + HOUR / 2;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 6, 5);
	b.deadline_at_ms = b.expires_at_ms = NOW + HOUR / 2 - 1;
	a.resumes = true;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 6, 5);
	b.resumes = true;
	failures = 1; /* of b's site */
	a.resumes = false;
	GOES_BEFORE(REQUEST_LOW, REQUEST_LOW, 6, 5);
	failures = 0;
	GOES_BEFORE(REQUEST_MEDIUM, REQUEST_LOW, 6, 5);
	GOES_BEFORE(REQUEST_HIGH, REQUEST_MEDIUM, 6, 5);
#undef GOES_BEFORE
}

static void
size_counts_only_when_wanted(void **state)
{
	struct choose_best a = best(1), b = best(2);
	struct choose_key x, y;

	(void)state;
	b.bytes = 1;
	x = key(&a, REQUEST_LOW, 0, &rules);
	y = key(&b, REQUEST_LOW, 0, &rules);
	goes_before(&x, &y);
}

static void
who_waits_long_counts_as_more(void **state)
{
	static const struct {
		int64_t waited_ms;
		int class_index;
	} cases[] = {
	    {-5, 2},           {HOUR - 1, 2}, {HOUR, 1},
	    {2 * HOUR - 1, 1}, {2 * HOUR, 0}, {9 * HOUR, 0},
	};
	struct choose_rules never = rules;
	struct choose_best b = best(1);
	struct choose_key aged, high;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		b.since_ms = NOW - cases[i].waited_ms;
		aged = key(&b, REQUEST_LOW, 0, &rules);
		assert_int_equal(aged.class_index, cases[i].class_index);
		assert_int_equal(aged.priority, REQUEST_LOW);
	}
	never.ageing_ms = 0;
	assert_int_equal(key(&b, REQUEST_LOW, 0, &never).class_index, 2);
	b = best(2);
	high = key(&b, REQUEST_HIGH, 0, &rules);
	goes_before(&aged, &high); /* of one class: the older */
}

/* Of a site, only the better one of a class stands there; high apart. */
static void
of_a_site_each_class_has_one(void **state)
{
	struct choose_site s = {0};
	struct choose_judgement j;

	(void)state;
	for (int i = 0; i < CHOOSE_CLASSES; i++)
		s.best[i] = best(i + 1);
	s.best[2].since_ms = NOW - HOUR;
	j = choose_judge(&s, &rules, NOW);
	assert_int_equal(j.high.id, 1);
	assert_int_equal(j.first[0].id, 0);
	assert_int_equal(j.first[1].id, 3);
	assert_int_equal(j.first[2].id, 0);
	s.best[2].since_ms = NOW - 2 * HOUR;
	j = choose_judge(&s, &rules, NOW);
	assert_int_equal(j.first[0].id, 3);
	assert_int_equal(j.first[1].id, 2);
}

/* --- shares ---------------------------------------------------------------------- */

/* Starts of each class in `count`, when all have more. */
static void
start_many(int count, const bool has[CHOOSE_CLASSES], int starts[CHOOSE_CLASSES])
{
	struct choose_shares s = {0};

	for (int i = 0; i < count; i++) {
		int due = choose_due_class(&s, has);

		for (int c = 0; due < 0 && c < CHOOSE_CLASSES; c++)
			if (has[c])
				due = c;
		if (due > 0 && has[0] && s.credit[due] < 100)
			due = 0;
		starts[due]++;
		choose_count_start(&s, &rules, has, due);
		for (int c = 0; c < CHOOSE_CLASSES; c++)
			assert_in_range(s.credit[c], 0, 200);
	}
}

static void
low_is_never_starved(void **state)
{
	int starts[CHOOSE_CLASSES] = {0};

	(void)state;
	start_many(1000, (const bool[]){true, true, true}, starts);
	assert_in_range(starts[1], 160, 200);
	assert_in_range(starts[2], 85, 100);
	assert_in_range(starts[0], 700, 750);
}

static void
who_has_nothing_saves_nothing_up(void **state)
{
	const bool high_only[CHOOSE_CLASSES] = {true};
	const bool all[CHOOSE_CLASSES] = {true, true, true};
	struct choose_shares s = {.credit = {0, 80, 190}};

	(void)state;
	assert_int_equal(choose_due_class(&s, all), 2);
	assert_int_equal(choose_due_class(&s, high_only), -1);
	choose_count_start(&s, &rules, high_only, 0);
	assert_int_equal(s.credit[1], 0);
	assert_int_equal(s.credit[2], 0);
	for (int i = 0; i < 9; i++)
		choose_count_start(&s, &rules, all, 0);
	assert_int_equal(s.credit[2], 90);
	assert_int_equal(choose_due_class(&s, all), 1);
	choose_count_start(&s, &rules, all, 1);
	assert_int_equal(s.credit[1], 80);
	assert_int_equal(choose_due_class(&s, all), 2);
	/* however long none of its class can be started: two starts, not a hundred */
	for (int i = 0; i < 100; i++)
		choose_count_start(&s, &rules, all, 0);
	assert_int_equal(s.credit[1], 200);
	assert_int_equal(s.credit[2], 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_to_send),
	    cmocka_unit_test(no_address_may_be_used),
	    cmocka_unit_test(a_site_has_its_share_only),
	    cmocka_unit_test(a_site_that_is_being_tried),
	    cmocka_unit_test(a_held_site_waits),
	    cmocka_unit_test(tells_when_time_changes_it),
	    cmocka_unit_test(what_all_sites_share),
	    cmocka_unit_test(class_reach_end_size_turn_age_id),
	    cmocka_unit_test(size_counts_only_when_wanted),
	    cmocka_unit_test(who_waits_long_counts_as_more),
	    cmocka_unit_test(of_a_site_each_class_has_one),
	    cmocka_unit_test(low_is_never_starved),
	    cmocka_unit_test(who_has_nothing_saves_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
