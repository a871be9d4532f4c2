/* What every backend of the outbox must do: lists, sites, two handles, waiting.  These
 * cases know the door only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"

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
		    .site = rows[i].site,
		    .unfinished_only = rows[i].unfinished,
		    .after_id = rows[i].after ? first + rows[i].after - 1 : 0,
		    .limit = rows[i].limit,
		};
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

static int64_t
best_of(struct fixture *f, enum request_priority p, bool prefers)
{
	struct outbox_site s;

	fixture_site(f, "MS1", NOW, &s);
	return s.bests[2 * (p - REQUEST_HIGH) + prefers].id.n;
}

/* Within a priority the earliest end; a deadline is one (sms-sender.md 6 row 29). */
static void
the_earliest_end_goes_first(void **state)
{
	struct fixture *f = *state;
	struct request_id first = fixture_file(f, "MS1");
	struct request_id soon =
	    fixture_file_as(f, "MS1", (struct outbox_new){.deadline_at_ms = NOW + 100});
	struct request_id sooner =
	    fixture_file_as(f, "MS1", (struct outbox_new){.deadline_at_ms = NOW + 50});
	struct outbox_site s;
	struct request r;

	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), sooner.n);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.bests[2].deadline_at_ms, NOW + 50);
	assert_int_equal(s.bests[2].expires_at_ms, NOW + 50);
	assert_int_equal(s.bests[2].goes_at_ms, NOW);
	fixture_claim(f, sooner, NOW, &r);
	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), soon.n);
	fixture_claim(f, soon, NOW, &r);
	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), first.n);
	assert_int_equal(best_of(f, REQUEST_HIGH, false), 0);
}

/* One whose address is not to be had holds up none of the others (row 18). */
static void
who_prefers_an_address_stands_apart(void **state)
{
	struct fixture *f = *state;
	struct request_id prefers =
	    fixture_file_as(f, "MS1", (struct outbox_new){.prefer = 2});
	struct request_id other = fixture_file(f, "MS1");
	struct outbox_site s;
	struct request r;

	assert_int_equal(best_of(f, REQUEST_MEDIUM, true), prefers.n);
	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), other.n);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.bests[3].prefer, 2);
	assert_int_equal(s.bests[2].prefer, 0);
	fixture_get(f, prefers, &r);
	assert_int_equal(r.prefer, 2);
}

static void
small_ones_first_when_wanted(void **state)
{
	struct fixture *f = *state;
	const struct outbox_package large = {.id = "00000000000000000000000000000001",
					     .name = "large",
					     .file_count = 1,
					     .total_bytes = 5000};
	struct outbox_package larger = large;
	struct request_id big =
	    fixture_file_as(f, "MS1", (struct outbox_new){.package = &large});
	struct request_id small = fixture_file(f, "MS1");
	struct request_id due = {0};

	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), big.n);
	outbox_set_small_first(f->o, true);
	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), small.n);
	larger.id[0] = '2';
	larger.name[0] = 'b';
	due = fixture_file_as(
	    f, "MS1",
	    (struct outbox_new){.package = &larger, .deadline_at_ms = NOW + 9000});
	assert_int_equal(best_of(f, REQUEST_MEDIUM, false), due.n);
	outbox_set_small_first(f->o, false);
}

static int
count_sites(void *self, const struct outbox_site *s)
{
	(void)s;
	++*(int *)self;
	return 0;
}

static void
addresses_that_failed(void **state)
{
	struct fixture *f = *state;
	const struct outbox_address a = {2, 3, NOW + 70}, b = {1, 1, NOW + 50};
	struct outbox_site s;
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	int64_t cursor = 0;
	int told = 0;

	assert_int_equal(outbox_address_result(f->o, "MS9", &a, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_int_equal(
	    outbox_sites_changed(f->o, NOW, &cursor, count_sites, &told, &f->e), 0);
	assert_int_equal(told, 1);
	assert_int_equal(outbox_address_result(f->o, "MS1", &a, &f->e), 0);
	assert_int_equal(outbox_address_result(f->o, "MS1", &b, &f->e), 0);
	assert_int_equal(
	    outbox_sites_changed(f->o, NOW, &cursor, count_sites, &told, &f->e), 0);
	assert_int_equal(told, 2);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.failed_address_count, 2);
	assert_int_equal(s.failed_addresses[1].number, 2);
	assert_int_equal(s.failed_addresses[1].failures, 3);
	assert_int_equal(s.failed_addresses[1].alone_until_at_ms, NOW + 70);
	assert_int_equal(outbox_address_result(
			     f->o, "MS1", &(struct outbox_address){2, 0, 0}, &f->e),
			 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.failed_address_count, 1);
	fixture_bring(f, id, REQUEST_WAITING, &r);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 1);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.failed_address_count, 0);
}

/* Why it is suspended is kept until it goes on. */
static void
a_suspended_one_says_why(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct outbox_end end = {.to = REQUEST_SUSPENDED,
				       .why = {22, NOW + 500, 1}};
	struct request r;

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_SUSPENDED);
	assert_int_equal(r.why.code, 22);
	assert_int_equal(r.why.until_at_ms, NOW + 500);
	assert_int_equal(r.why.number, 1);
	fixture_claim(f, id, NOW, &r);
	fixture_get(f, id, &r);
	assert_int_equal(r.why.code, 0);
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

/* It was reached, and has no room: that is the site's last error until it works. */
static void
an_attempt_that_could_connect_leaves_its_error(void **state)
{
	struct fixture *f = *state;
	const struct err full = {ERR_SITE, 112, 0, "no room"};
	const struct outbox_end end = {
	    .to = REQUEST_WAITING, .restart_at_ms = NOW + 5, .error = &full};
	struct request_id id = fixture_file(f, "MS1");
	struct outbox_site s;
	struct request r;

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	assert_int_equal(outbox_site_result(f->o, "MS1", "MS1.1", NULL, NOW, &f->e), 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.failures, 0);
	assert_string_equal(s.address, "MS1.1");
	assert_int_equal(s.error_win32, 112);
	assert_int_equal(s.error_at_ms, NOW);
	assert_string_equal(s.error_text, "no room");
	assert_int_equal(outbox_site_result(f->o, "MS1", "MS1.1", NULL, NOW + 1, &f->e),
			 0);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.error_win32, 0);
	assert_int_equal(s.error_at_ms, 0);
	assert_string_equal(s.error_text, "");
}

/* "For an hour or until there are no active send requests." */
static void
a_hold_ends_with_the_sites_last_request(void **state)
{
	static const enum request_state ends[] = {REQUEST_SENT, REQUEST_FAILED,
						  REQUEST_CANCELLED};
	static const enum request_state goes_on[] = {REQUEST_PENDING, REQUEST_WAITING,
						     REQUEST_SUSPENDED, REQUEST_HELD,
						     REQUEST_CONNECTING};
	struct fixture *f = *state;
	struct outbox_site s;
	struct request r;
	char site[8];

	for (size_t i = 0; i < COUNT(goes_on); i++) {
		(void)snprintf(site, sizeof(site), "ON%zu", i);
		fixture_bring(f, fixture_file(f, site), goes_on[i], &r);
		assert_int_equal(outbox_site_hold(f->o, site, NOW + 5, "dead", &f->e),
				 0);
		fixture_site(f, site, NOW, &s);
		assert_int_equal(s.hold_until_at_ms, NOW + 5);
		/* another request does not lift it */
		(void)fixture_file(f, site);
		fixture_site(f, site, NOW, &s);
		assert_int_equal(s.hold_until_at_ms, NOW + 5);
		assert_string_equal(s.hold_reason, "dead");
	}
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct request_id id;

		(void)snprintf(site, sizeof(site), "END%zu", i);
		id = fixture_file(f, site);
		assert_int_equal(outbox_site_hold(f->o, site, NOW + 5, "dead", &f->e),
				 0);
		fixture_bring(f, id, ends[i], &r);
		fixture_site(f, site, NOW, &s);
		assert_int_equal(s.hold_until_at_ms, 0);
		assert_string_equal(s.hold_reason, "");
		/* nor does it come back */
		(void)fixture_file(f, site);
		fixture_site(f, site, NOW, &s);
		assert_int_equal(s.hold_until_at_ms, 0);
	}
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
	    CASE(lists_by_site_and_state_and_page),
	    CASE(a_site_tells_counts_and_the_best),
	    CASE(age_decides_within_a_priority),
	    CASE(the_earliest_end_goes_first),
	    CASE(who_prefers_an_address_stands_apart),
	    CASE(small_ones_first_when_wanted),
	    CASE(addresses_that_failed),
	    CASE(a_suspended_one_says_why),
	    CASE(sites_are_told_by_code_and_by_change),
	    CASE(who_stops_in_the_middle_gets_the_rest_again),
	    CASE(counts_of_ended_ones_only_on_demand),
	    CASE(a_site_remembers_hold_and_results),
	    CASE(an_attempt_that_could_connect_leaves_its_error),
	    CASE(a_hold_ends_with_the_sites_last_request),
	    CASE(what_one_writes_the_other_reads),
	    CASE(a_wait_ends_at_once_when_another_changed_something),
	    CASE(a_wait_ends_when_stop_is_thrown),
	    cmocka_unit_test(nobody_minds_a_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
