/* The rules of choose.h, one row each; names of the rules stand in the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/choose.h"

enum { NOW = 1000000, HOUR = 3600000 };

static const struct choose_limits limits = {
    .max_sendings = 5,
    .max_per_site = 3,
    .max_unproven = 2,
    .restart_delay_ms = 540000,
};

static struct choose_site
site(int64_t id)
{
	return (struct choose_site){
	    .best = {id},
	    .priority = REQUEST_MEDIUM,
	    .filed_at_ms = NOW - 1000,
	    .proven = true,
	};
}

static void
check(struct choose_site s, struct choose_load load, enum choose_answer want)
{
	assert_int_equal(choose_may_go(&s, &load, &limits, NOW), want);
}

static void
nothing_to_send(void **state)
{
	(void)state;
	check(site(0), (struct choose_load){0}, CHOOSE_NOTHING);
}

static void
a_proven_site_takes_a_slot(void **state)
{
	(void)state;
	check(site(1), (struct choose_load){0}, CHOOSE_MAY_GO);
	check(site(1), (struct choose_load){.sending = 4}, CHOOSE_MAY_GO);
	check(site(1), (struct choose_load){.sending = 5}, CHOOSE_FULL);
	check(site(1), (struct choose_load){.sending = 3, .connecting_proven = 2},
	      CHOOSE_FULL);
	check(site(1), (struct choose_load){.sending = 4, .retrying = 7},
	      CHOOSE_MAY_GO);
}

/* sms-sender.md 6 row 9: a dead site makes others fail. */
static void
unproven_sites_cost_no_slot(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	check(s, (struct choose_load){.sending = 4, .connecting_unproven = 2},
	      CHOOSE_MAY_GO);
	s.proven = false;
	check(s, (struct choose_load){.sending = 5}, CHOOSE_MAY_GO);
	check(s, (struct choose_load){.connecting_unproven = 2}, CHOOSE_PROBES_FULL);
	s.connecting = s.active = 1;
	check(s, (struct choose_load){.connecting_unproven = 1}, CHOOSE_PROBING);
}

static void
a_site_has_its_share_only(void **state)
{
	struct choose_site s = site(1);

	(void)state;
	s.active = 2;
	check(s, (struct choose_load){.sending = 2}, CHOOSE_MAY_GO);
	s.active = 3;
	check(s, (struct choose_load){.sending = 3}, CHOOSE_SITE_FULL);
}

static void
whoever_waits_goes_first_unless_it_is_urgent(void **state)
{
	struct choose_site s = site(1);
	const struct choose_load load = {.sending = 4, .waiting = 1};

	(void)state;
	s.proven = false;
	check(s, load, CHOOSE_FULL);
	s.priority = REQUEST_HIGH;
	check(s, load, CHOOSE_MAY_GO);
}

/* "won't try send requests going to site MS1 for an hour or until there are no active
 * send requests" (Q235753; sms-sender.md 2.9). */
static void
a_held_site_waits_while_anything_is_active(void **state)
{
	static const struct choose_load busy[] = {
	    {.sending = 1},           {.waiting = 1},
	    {.connecting_proven = 1}, {.connecting_unproven = 1},
	    {.retrying = 1},
	};
	struct choose_site s = site(1);

	(void)state;
	s.hold_until_at_ms = NOW + 1;
	s.hold_began_at_ms = s.hold_until_at_ms - HOUR;
	s.proven = false;
	for (size_t i = 0; i < COUNT(busy); i++)
		check(s, busy[i], CHOOSE_ON_HOLD);
	check(s, (struct choose_load){0}, CHOOSE_MAY_GO);
	s.hold_until_at_ms = NOW; /* the hour is up */
	check(s, (struct choose_load){.sending = 1}, CHOOSE_MAY_GO);
}

/* An idle sender with one dead site must not spin (Q276259). */
static void
an_idle_sender_probes_once_a_restart_delay(void **state)
{
	struct choose_site s = site(1);
	const struct choose_load idle = {0};

	(void)state;
	s.proven = false;
	s.hold_began_at_ms = NOW - limits.restart_delay_ms + 1;
	s.hold_until_at_ms = s.hold_began_at_ms + HOUR;
	s.filed_at_ms = s.hold_began_at_ms - 1;
	check(s, idle, CHOOSE_ON_HOLD);
	assert_int_equal(choose_look_again_at_ms(&s, &idle, &limits, NOW), NOW + 1);
	assert_int_equal(choose_look_again_at_ms(
			     &s, &(struct choose_load){.sending = 1}, &limits, NOW),
			 s.hold_until_at_ms);
	s.hold_began_at_ms--;
	check(s, idle, CHOOSE_MAY_GO);
	s.hold_began_at_ms = NOW - 10;
	s.filed_at_ms = NOW - 9; /* filed since: somebody wants to know */
	check(s, idle, CHOOSE_MAY_GO);
}

/* A hold that is over while the site has its share of threads: nothing to wait for, or
 * the dispatcher would turn without end. */
static void
what_has_come_is_not_waited_for(void **state)
{
	struct choose_site s = site(1);
	const struct choose_load busy = {.sending = 3};

	(void)state;
	s.active = 3;
	s.hold_until_at_ms = NOW - 4000;
	s.hold_began_at_ms = s.hold_until_at_ms - HOUR;
	assert_true(choose_look_again_at_ms(&s, &busy, &limits, NOW) == INT64_MAX);
	assert_true(choose_look_again_at_ms(&s, &(struct choose_load){0}, &limits,
					    NOW) == INT64_MAX);
	s.hold_until_at_ms = NOW + 4000;
	assert_int_equal(choose_look_again_at_ms(&s, &busy, &limits, NOW), NOW + 4000);
	s.hold_until_at_ms = 0;
	assert_true(choose_look_again_at_ms(&s, &busy, &limits, NOW) == INT64_MAX);
}

/* sms-sender.md 6 row 24: 1 is high, and high goes first. */
static void
priority_then_age_then_id(void **state)
{
	struct choose_site a = site(1), b = site(2);

	(void)state;
	assert_true(choose_before(&a, &b));
	assert_false(choose_before(&b, &a));
	b.filed_at_ms--;
	assert_true(choose_before(&b, &a));
	a.priority = REQUEST_HIGH;
	assert_true(choose_before(&a, &b));
	b.priority = REQUEST_HIGH;
	a.priority = REQUEST_LOW;
	assert_true(choose_before(&b, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_to_send),
	    cmocka_unit_test(a_proven_site_takes_a_slot),
	    cmocka_unit_test(unproven_sites_cost_no_slot),
	    cmocka_unit_test(a_site_has_its_share_only),
	    cmocka_unit_test(whoever_waits_goes_first_unless_it_is_urgent),
	    cmocka_unit_test(a_held_site_waits_while_anything_is_active),
	    cmocka_unit_test(an_idle_sender_probes_once_a_restart_delay),
	    cmocka_unit_test(what_has_come_is_not_waited_for),
	    cmocka_unit_test(priority_then_age_then_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
