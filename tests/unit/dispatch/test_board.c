/* What the dispatcher knows of every site: a real outbox, a configuration as a person
 * writes it, and a pool without threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/build.h"
#include "dispatch/board.h"
#include "fake_pool.h"
#include "faulty_outbox.h"
#include "fixture.h"

enum { MIN_MS = 60000, HOUR_MS = 60 * MIN_MS, DAY_MS = 24 * HOUR_MS };

/* NOW is Wed 1999-03-17 10:46:16 UTC. */
#define SENDER "[sender]\nzone = UTC\n"
#define MS1    "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
#define MS2    "[site MS2]\n[address MS2.1]\ntype = dir\npath = /y\n"

struct rig {
	struct fixture *f;
	struct config *config;
	struct rate_facts facts;
	struct board *board;
};

static struct rig rig;

static struct config *
read_config(const char *text)
{
	struct config *c = NULL;
	struct err e;

	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

static void
begin(const char *text)
{
	rig.config = read_config(text);
	rig.facts = (struct rate_facts){.config = rig.config};
	rig.board = board_new(rig.config, NULL);
	board_set_facts(rig.board, &rig.facts);
}

static int
enter(void **state)
{
	if (fixture_enter(state) != 0)
		return -1;
	fake = (struct fake_pool){0};
	rig = (struct rig){.f = *state};
	return 0;
}

static int
leave(void **state)
{
	board_free(rig.board);
	config_free(rig.config);
	return fixture_leave(state);
}

static void
refresh(int64_t now_ms)
{
	if (board_refresh(rig.board, rig.f->o, now_ms, &rig.f->e) < 0)
		fail_msg("%s", rig.f->e.text);
}

/* The request that goes next; 0: none may. */
static int64_t
next(int64_t now_ms)
{
	struct agenda_pick pick;
	struct choose_load load;

	return board_next(rig.board, now_ms, &pick, &load) ? pick.key.id : 0;
}

static struct agenda_pick
start_next(int64_t now_ms)
{
	struct agenda_pick pick = {0};
	struct choose_load load;

	assert_true(board_next(rig.board, now_ms, &pick, &load));
	board_started(rig.board, &pick);
	return pick;
}

static void
hold_for_the_want_of_an_address(const char *site)
{
	struct fixture *f = rig.f;
	struct err why;

	attempt_no_address(site, &why);
	if (outbox_site_hold(f->o, site, NOW + HOUR_MS, why.text, &f->e) < 0)
		fail_msg("%s", f->e.text);
}

static void
an_address_that_came_back_ends_its_hold(void **state)
{
	struct config *next_config = read_config(SENDER MS1 "[site MS2]\n");
	struct fixture *f = *state;
	struct outbox_site s;

	begin(SENDER "[site MS1]\n[site MS2]\n");
	(void)fixture_file(f, "MS1");
	(void)fixture_file(f, "MS2");
	hold_for_the_want_of_an_address("MS1");
	hold_for_the_want_of_an_address("MS2");
	/* somebody is active: no probes */
	(void)fake_add(9, "MS9", REQUEST_LOW);
	refresh(NOW);
	assert_int_equal(next(NOW), 0);
	board_reload(rig.board, next_config);
	config_free(rig.config);
	rig.config = next_config;
	refresh(NOW);
	assert_int_equal(next(NOW), 1);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.hold_until_at_ms, 0);
	fixture_site(f, "MS2", NOW, &s);
	assert_int_equal(s.hold_until_at_ms, NOW + HOUR_MS);
}

static void
set_used(int64_t bytes)
{
	static struct rate_used used;

	used = (struct rate_used){
	    "line south", zone_span_at(zone_utc(), ZONE_DAY, NOW).from_at_ms, bytes};
	rig.facts.used = &used;
	rig.facts.used_count = 1;
	board_set_facts(rig.board, &rig.facts);
}

static void
a_budget_that_others_spent_stops_the_rest(void **state)
{
	static const char text[] =
	    SENDER "[line south]\nbudget = 1MB per day\n"
		   "[site MS1]\nline = south\n[address MS1.1]\ntype = dir\npath = /x\n"
		   "[site MS2]\nline = south\n[address MS2.1]\ntype = dir\npath = /x\n";
	const int64_t tomorrow_ms = zone_span_at(zone_utc(), ZONE_DAY, NOW).until_at_ms;

	begin(text);
	(void)fixture_file(*state, "MS1");
	(void)fixture_file(*state, "MS2");
	set_used(0);
	refresh(NOW);
	assert_int_equal(next(NOW), 1);
	set_used(1000000); /* and no site was put anew */
	assert_int_equal(next(NOW), 0);
	assert_int_equal(board_look_at_ms(rig.board), tomorrow_ms);
	refresh(tomorrow_ms);
	assert_int_equal(next(tomorrow_ms), 1);
}

static void
set_opens(const struct open_override *opens, size_t count)
{
	rig.facts.opens = opens;
	rig.facts.open_count = count;
	board_set_facts(rig.board, &rig.facts);
}

static void
a_site_that_a_person_opened(void **state)
{
	static const struct open_override one[] = {{"MS1", NOW + HOUR_MS}},
					  other[] = {{"MS2", NOW + HOUR_MS}},
					  longer[] = {{"MS2", NOW + 2 * HOUR_MS}};

	begin(SENDER MS1 "schedule = closed\n" MS2 "schedule = closed\n");
	(void)fixture_file(*state, "MS1");
	(void)fixture_file(*state, "MS2");
	refresh(NOW);
	assert_int_equal(next(NOW), 0);
	set_opens(one, 1);
	assert_int_equal(next(NOW), 1);
	set_opens(one, 1);
	assert_int_equal(next(NOW), 1);
	set_opens(other, 1);
	assert_int_equal(next(NOW), 2);
	assert_int_equal(board_look_at_ms(rig.board), NOW + HOUR_MS);
	set_opens(longer, 1);
	assert_int_equal(board_look_at_ms(rig.board), NOW + 2 * HOUR_MS);
	set_opens(NULL, 0);
	assert_int_equal(next(NOW), 0);
}

/* Nothing is chosen during a pause, and so nothing is refreshed: a window that closes
 * meanwhile is seen all the same. */
static void
what_is_being_sent_goes_on_while_its_window_is_open(void **state)
{
	static const struct {
		const char *site, *address;
		enum request_priority priority;
		int64_t at_ms;
		enum reason reason;
	} rows[] = {
	    {"MS1", "MS1.1", REQUEST_HIGH, NOW, REASON_MAY_GO},
	    {"MS1", "MS1.2", REQUEST_LOW, NOW, REASON_MAY_GO},
	    {"MS1", "MS1.2", REQUEST_LOW, NOW + HOUR_MS, REASON_WINDOW_PRIORITY},
	    {"MS1", "MS1.2", REQUEST_HIGH, NOW + HOUR_MS, REASON_MAY_GO},
	    {"MS1", "MS1.2", REQUEST_HIGH, NOW + 3 * HOUR_MS, REASON_WINDOW_CLOSED},
	    /* what is not configured any more is another's affair (orders.h) */
	    {"MS1", "MS1.3", REQUEST_LOW, NOW, REASON_MAY_GO},
	    {"MS9", "MS9.1", REQUEST_LOW, NOW, REASON_MAY_GO},
	};

	(void)state;
	begin(SENDER MS1 "[address MS1.2]\ntype = dir\npath = /y\n"
			 "schedule = 11-12 high\nschedule = 12-18 closed\n");
	refresh(NOW);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(board_goes_on(rig.board, rows[i].site, rows[i].address,
					       rows[i].priority, rows[i].at_ms)
				     .reason,
				 rows[i].reason);
}

static void
the_route_of_a_pick_is_of_now(void **state)
{
	struct attempt_route route;
	struct agenda_pick pick;

	begin(SENDER MS1 "[address MS1.2]\ntype = dir\npath = /y\n"
			 "[address MS1.3]\ntype = dir\npath = /y\nschedule = closed\n");
	(void)fixture_file(*state, "MS1");
	refresh(NOW);
	pick = start_next(NOW);
	board_route(rig.board, &pick, &route);
	assert_int_equal(route.count, 2);
	assert_int_equal(route.numbers[0], 1);
	assert_int_equal(route.numbers[1], 2);
	board_started(rig.board, &pick); /* and another of it */
	/* its site has threads now, until the pool has none of it */
	(void)fake_add(1, "MS1", REQUEST_MEDIUM);
	refresh(NOW);
	assert_int_equal(board_active(rig.board, pick.site), 1);
	fake.count = 0;
	refresh(NOW);
	assert_int_equal(board_active(rig.board, pick.site), 0);
}

static void
what_was_refused_rests_for_a_second(void **state)
{
	struct agenda_pick pick;
	struct choose_load load;

	begin(SENDER MS1 MS2);
	(void)fixture_file(*state, "MS1");
	(void)fixture_file(*state, "MS2");
	refresh(NOW);
	assert_true(board_next(rig.board, NOW, &pick, &load));
	assert_int_equal(pick.key.id, 1);
	board_refused(rig.board, pick.site);
	assert_int_equal(next(NOW), 2);
	refresh(NOW + 1000);
	assert_int_equal(next(NOW + 1000), 1);
}

static int
look_for_the_first_time(void *self, struct err *e)
{
	struct board *b = board_new(rig.config, NULL);
	int rc;

	board_set_facts(b, &rig.facts);
	rc = board_refresh(b, self, NOW, e);
	board_free(b);
	return rc;
}

static int
look_later(void *self, struct err *e)
{
	return board_refresh(rig.board, self, NOW + 2 * MIN_MS, e);
}

static void
an_outbox_that_fails_is_asked_again(void **state)
{
	struct fixture *f = *state;
	struct outbox_site s;
	struct request r;
	unsigned calls;

	begin(SENDER MS1 MS2);
	(void)fixture_file(f, "MS1");
	(void)fixture_file_as(f, "MS2",
			      (struct outbox_new){.not_before_at_ms = NOW + MIN_MS});
	hold_for_the_want_of_an_address("MS1");
	assert_int_equal(faulty_outbox(look_for_the_first_time, f->o, &calls), 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.hold_until_at_ms, 0);
	refresh(NOW);
	assert_int_equal(next(NOW), 1);
	fixture_claim(f, (struct request_id){1}, NOW, &r);
	refresh(NOW);
	assert_int_equal(next(NOW), 0);
	assert_int_equal(faulty_outbox(look_later, f->o, &calls), 0);
	assert_int_equal(calls, 2);
	assert_int_equal(next(NOW + 2 * MIN_MS), 2);
	assert_true(board_anything_left(rig.board));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_address_that_came_back_ends_its_hold),
	    TEST(a_budget_that_others_spent_stops_the_rest),
	    TEST(a_site_that_a_person_opened),
	    TEST(what_is_being_sent_goes_on_while_its_window_is_open),
	    TEST(the_route_of_a_pick_is_of_now),
	    TEST(what_was_refused_rests_for_a_second),
	    TEST(an_outbox_that_fails_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
