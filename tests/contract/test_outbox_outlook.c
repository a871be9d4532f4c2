/* What every backend of the outbox must do: what the sender thinks of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "fixture.h"

static struct outbox_outlook
thought(struct request_id id, int64_t made_at_ms)
{
	return (struct outbox_outlook){
	    .request = id,
	    .made_at_ms = made_at_ms,
	    .why = {22, INT64_MAX, 1},
	    .early_at_ms = NOW + 1,
	    .likely_at_ms = NOW + 2,
	    .late_at_ms = INT64_MAX,
	    .in_time_percent = 40,
	    .doubted_at_ms = NOW,
	};
}

static void
it_stands_beside_the_request(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = fixture_file(f, "MS1");
	const struct request_id other = fixture_file(f, "MS2");
	const struct outbox_outlook row = thought(id, NOW);
	struct request r;

	fixture_get(f, id, &r);
	assert_int_equal(r.outlook.request.n, 0);
	assert_int_equal(outbox_outlook_set(f->o, &row, 1, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.outlook.request.n, id.n);
	assert_int_equal(r.outlook.made_at_ms, NOW);
	assert_int_equal(r.outlook.why.code, 22);
	assert_int_equal(r.outlook.why.number, 1);
	assert_true(r.outlook.why.until_at_ms == INT64_MAX);
	assert_int_equal(r.outlook.early_at_ms, NOW + 1);
	assert_int_equal(r.outlook.likely_at_ms, NOW + 2);
	assert_true(r.outlook.late_at_ms == INT64_MAX);
	assert_int_equal(r.outlook.in_time_percent, 40);
	assert_int_equal(r.outlook.doubted_at_ms, NOW);
	fixture_get(f, other, &r);
	assert_int_equal(r.outlook.request.n, 0);
}

/* The next look takes the place of all that was thought before. */
static void
what_was_thought_before_is_forgotten(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = fixture_file(f, "MS1");
	const struct request_id other = fixture_file(f, "MS2");
	const struct outbox_outlook first[] = {thought(id, NOW), thought(other, NOW)};
	const struct outbox_outlook next = thought(other, NOW + 5);
	struct request r;

	assert_int_equal(outbox_outlook_set(f->o, first, 2, &f->e), 0);
	assert_int_equal(outbox_outlook_set(f->o, &next, 1, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.outlook.made_at_ms, 0);
	fixture_get(f, other, &r);
	assert_int_equal(r.outlook.made_at_ms, NOW + 5);
	assert_int_equal(outbox_outlook_set(f->o, NULL, 0, &f->e), 0);
	fixture_get(f, other, &r);
	assert_int_equal(r.outlook.made_at_ms, 0);
}

static int
count_site(void *self, const struct outbox_site *s)
{
	(void)s;
	++*(int *)self;
	return 0;
}

/* It is no change of the request or its site: nobody is told to choose anew, and who
 * has read the request may change it. */
static void
nobody_chooses_anew(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = fixture_file(f, "MS1");
	const struct outbox_outlook row = thought(id, NOW);
	int64_t cursor = 0;
	int told = 0;
	struct request r;

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(
	    outbox_sites_changed(f->o, NOW, &cursor, count_site, &told, &f->e), 0);
	assert_int_equal(told, 1);
	assert_int_equal(outbox_outlook_set(f->o, &row, 1, &f->e), 0);
	assert_int_equal(
	    outbox_sites_changed(f->o, NOW, &cursor, count_site, &told, &f->e), 0);
	assert_int_equal(told, 1);
	fixture_finish(f, &r, REQUEST_PENDING, NOW);
}

static int
keep_ids(void *self, const struct request *r)
{
	int64_t **at = self;

	*(*at)++ = r->id.n;
	return 0;
}

static void
those_with_a_deadline_are_listed(void **state)
{
	struct fixture *f = *state;
	const struct outbox_new promised = {.deadline_at_ms = NOW + 5000};
	const struct request_id a = fixture_file_as(f, "MS1", promised);
	const struct request_id b = fixture_file_as(f, "MS2", promised);
	const struct request_id over = fixture_file_as(f, "MS3", promised);
	const struct outbox_filter all = {.site = "MS1", .promised_only = true};
	const struct outbox_filter after = {.promised_only = true, .after_id = a.n};
	int64_t ids[4] = {0}, *at = ids;

	(void)fixture_file(f, "MS1");
	assert_int_equal(
	    outbox_command(f->o, over, OUTBOX_CANCEL, NOW, LIFETIME, &f->e), 1);
	assert_int_equal(outbox_list(f->o, &all, keep_ids, &at, &f->e), 0);
	assert_int_equal(at - ids, 2);
	assert_int_equal(ids[0], a.n);
	assert_int_equal(ids[1], b.n);
	at = ids;
	assert_int_equal(outbox_list(f->o, &after, keep_ids, &at, &f->e), 0);
	assert_int_equal(at - ids, 1);
	assert_int_equal(ids[0], b.n);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(it_stands_beside_the_request),
	    CASE(what_was_thought_before_is_forgotten),
	    CASE(nobody_chooses_anew),
	    CASE(those_with_a_deadline_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
