/* The dispatcher's picture of the sites: what changed, and what time alone made due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dispatch/sites.h"
#include "fixture.h"

static size_t told; /* how many sites changed */

static void
tell(void *self, size_t site)
{
	assert_true(site < sites_count(self));
	told++;
}

static void
refresh(struct sites *s, struct fixture *f, int64_t now_ms)
{
	told = 0;
	if (sites_refresh(s, f->o, now_ms, tell, s, &f->e) < 0)
		fail_msg("refresh: %s", f->e.text);
	for (size_t i = 0; i < sites_count(s); i++)
		if (sites_ask(s, f->o, i, now_ms, &f->e) < 0)
			fail_msg("ask: %s", f->e.text);
}

/* The n-th of `count`. */
static const struct site *
site(const struct sites *s, size_t n, size_t count)
{
	assert_int_equal(sites_count(s), count);
	return count ? sites_get(s, n) : NULL;
}

static const struct choose_best *
best(const struct sites *s, size_t n, size_t count)
{
	return &site(s, n, count)->best[REQUEST_MEDIUM - REQUEST_HIGH];
}

static void
keep_their_numbers(void **state)
{
	static const char *const filed[] = {"MS3", "MS1", "MS9", "MS2", "MS1"};
	static const char *const numbered[] = {"MS3", "MS1", "MS9", "MS2"};
	struct fixture *f = *state;
	struct sites *s = sites_new();

	refresh(s, f, NOW);
	(void)site(s, 0, 0);
	assert_true(sites_find(s, "MS1") == SIZE_MAX);
	for (size_t i = 0; i < COUNT(filed); i++) {
		(void)fixture_file(f, filed[i]);
		refresh(s, f, NOW);
		assert_int_equal(told, 1);
	}
	for (size_t i = 0; i < COUNT(numbered); i++) {
		assert_string_equal(site(s, i, COUNT(numbered))->code, numbered[i]);
		assert_int_equal(sites_find(s, numbered[i]), i);
	}
	assert_true(sites_find(s, "MS10") == SIZE_MAX);
	assert_int_equal(site(s, 1, 4)->unfinished, 2);
	assert_int_equal(best(s, 1, 4)->id, 2); /* filed first of its two */
	assert_int_equal(best(s, 1, 4)->filed_at_ms, NOW);
	assert_int_equal(site(s, 1, 4)->best[REQUEST_HIGH - 1].id, 0);
	assert_int_equal(best(s, 0, 4)->id, 1);
	refresh(s, f, NOW);
	assert_int_equal(told, 0);
	sites_free(s);
}

static void
follow_what_becomes_of_requests(void **state)
{
	struct fixture *f = *state;
	struct sites *s = sites_new();
	const struct request_id id = fixture_file(f, "MS1");
	struct request r;

	refresh(s, f, NOW);
	assert_int_equal(best(s, 0, 1)->id, id.n);
	fixture_claim(f, id, NOW, &r);
	refresh(s, f, NOW);
	assert_int_equal(best(s, 0, 1)->id, 0);
	assert_int_equal(site(s, 0, 1)->unfinished, 1);
	fixture_finish(f, &r, REQUEST_FAILED, NOW);
	refresh(s, f, NOW);
	assert_int_equal(site(s, 0, 1)->unfinished, 0);
	sites_free(s);
}

static void
show_the_hold_and_the_failures(void **state)
{
	const struct err down = {.kind = ERR_ADDRESS, .win32 = 53, .text = "is down"};
	struct fixture *f = *state;
	struct sites *s = sites_new();
	const struct request_id id = fixture_file(f, "MS1");
	struct request r;

	assert_int_equal(outbox_site_result(f->o, "MS1", NULL, &down, NOW, &f->e), 0);
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW + 5, "is down", &f->e), 0);
	refresh(s, f, NOW);
	assert_int_equal(site(s, 0, 1)->hold_until_at_ms, NOW + 5);
	assert_int_equal(site(s, 0, 1)->failures, 1);
	assert_int_equal(site(s, 0, 1)->last_sent_at_ms, 0);
	assert_int_equal(outbox_site_result(f->o, "MS1", "MS1.1", NULL, NOW, &f->e), 0);
	assert_int_equal(outbox_site_hold(f->o, "MS1", 0, "", &f->e), 0);
	fixture_bring(f, id, REQUEST_SENT, &r);
	refresh(s, f, NOW);
	assert_int_equal(site(s, 0, 1)->hold_until_at_ms, 0);
	assert_int_equal(site(s, 0, 1)->failures, 0);
	assert_int_equal(site(s, 0, 1)->last_sent_at_ms, NOW);
	sites_free(s);
}

/* The outbox tells of no change when a not-before passes: the time itself does. */
static void
a_time_that_came_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct sites *s = sites_new();
	const struct request_id id = fixture_file_as(
	    f, "MS1", (struct outbox_new){.not_before_at_ms = NOW + 1000});

	(void)fixture_file(f, "MS2");
	refresh(s, f, NOW);
	assert_int_equal(best(s, 0, 2)->id, 0);
	assert_int_equal(site(s, 0, 2)->next_at_ms, NOW + 1000);
	refresh(s, f, NOW + 999);
	assert_int_equal(best(s, 0, 2)->id, 0);
	refresh(s, f, NOW + 1000);
	assert_int_equal(best(s, 0, 2)->id, id.n);
	assert_int_equal(site(s, 0, 2)->next_at_ms, 0);
	sites_free(s);
}

/* So does a lifetime that ended, once its claim has failed. */
static void
what_could_not_be_claimed_is_asked_for_again(void **state)
{
	struct fixture *f = *state;
	struct sites *s = sites_new();
	const struct request_id id = fixture_file(f, "MS1");

	refresh(s, f, NOW + LIFETIME - 1);
	refresh(s, f, NOW + LIFETIME);
	assert_int_equal(best(s, 0, 1)->id, id.n);
	refresh(s, f, NOW + LIFETIME);
	assert_int_equal(best(s, 0, 1)->id, id.n);
	sites_doubt(s, 0);
	refresh(s, f, NOW + LIFETIME);
	assert_int_equal(best(s, 0, 1)->id, 0);
	sites_free(s);
}

/* Its row was taken out by hand: it is not asked for at every turn. */
static void
a_site_that_is_gone_is_let_be(void **state)
{
	struct fixture *f = *state;
	struct sites *s = sites_new();

	(void)fixture_file_as(f, "MS1",
			      (struct outbox_new){.not_before_at_ms = NOW + 1000});
	refresh(s, f, NOW);
	fixture_sql(f, "DELETE FROM site");
	refresh(s, f, NOW + 1000);
	assert_int_equal(site(s, 0, 1)->next_at_ms, 0);
	assert_int_equal(best(s, 0, 1)->id, 0);
	sites_free(s);
}

static void
a_damaged_outbox_is_said(void **state)
{
	struct fixture *f = *state;
	struct sites *s = sites_new();

	(void)fixture_file_as(f, "MS1",
			      (struct outbox_new){.not_before_at_ms = NOW + 1000});
	refresh(s, f, NOW);
	fixture_sql(f, "DROP TABLE request");
	refresh(s, f, NOW + 999); /* nothing is asked of it yet */
	assert_int_equal(sites_ask(s, f->o, 0, NOW + 1000, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_non_null(strstr(f->e.text, "outbox.db"));
	fixture_sql(f, "DROP TABLE change");
	assert_int_equal(sites_refresh(s, f->o, NOW, tell, s, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	sites_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(keep_their_numbers, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(follow_what_becomes_of_requests,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(show_the_hold_and_the_failures,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(a_time_that_came_is_noticed, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(
		what_could_not_be_claimed_is_asked_for_again, fixture_enter,
		fixture_leave),
	    cmocka_unit_test_setup_teardown(a_site_that_is_gone_is_let_be,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(a_damaged_outbox_is_said, fixture_enter,
					    fixture_leave),
	};

	sites_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
