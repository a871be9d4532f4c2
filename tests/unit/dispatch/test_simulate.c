/* What would happen if a package were filed: with what a real outbox has queued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/build.h"
#include "dispatch/dispatch.h"
#include "faulty_outbox.h"
#include "fixture.h"

enum {
	MIN_MS = 60000,
	HOUR_MS = 60 * MIN_MS,
	DAY_MS = 24 * HOUR_MS,
	MOST = 100000, /* requests that it looks at */
};

/* NOW is Wed 1999-03-17 10:46:16 UTC.  A tenth of a MB takes 10 s over the line. */
static const char text[] = "[sender]\n"
			   "zone = UTC\n"
			   "max_sendings = 9\n"
			   "request_lifetime = 2d\n"
			   "[line south]\n"
			   "rate = 10kB/s\n"
			   "[site MS1]\n"
			   "line = south\n"
			   "[address MS1.1]\n"
			   "type = dir\n"
			   "path = /x\n"
			   "[site MS2]\n"
			   "[address MS2.1]\n"
			   "type = dir\n"
			   "path = /y\n"
			   "[site MS3]\n"
			   "[address MS3.1]\n"
			   "type = dir\n"
			   "path = /z\n"
			   "schedule = closed\n";

enum { BYTES = 100000 };

static struct config *config;
static struct dispatch_simulated out;

static int
enter(void **state)
{
	struct err e;

	if (config_from_bytes("t.conf", text, strlen(text), &config, &e) < 0)
		fail_msg("%s", e.text);
	out = (struct dispatch_simulated){0};
	return fixture_enter(state);
}

static int
leave(void **state)
{
	dispatch_simulated_done(&out);
	config_free(config);
	return fixture_leave(state);
}

static const char *const one_site[] = {"MS1"};

static struct dispatch_simulate
ask_one(void)
{
	return (struct dispatch_simulate){.sites = one_site,
					  .site_count = 1,
					  .bytes = BYTES,
					  .priority = REQUEST_MEDIUM,
					  .now_ms = NOW,
					  .seed = 7,
					  .courses = 1};
}

static void
simulate(struct fixture *f, const struct dispatch_simulate *ask)
{
	struct err e;

	dispatch_simulated_done(&out);
	out = (struct dispatch_simulated){0};
	if (dispatch_simulate(config, f ? f->o : NULL, ask, &out, &e) < 0)
		fail_msg("%s", e.text);
}

/* A second or two for the connection, and a connection may have to be tried again. */
static void
arrives_within(int64_t low_ms, int64_t high_ms)
{
	const int64_t at_ms = out.sites[0].arrival.likely_at_ms;

	assert_in_range(at_ms, NOW + low_ms, NOW + high_ms);
}

static void
the_line_is_used_by_what_is_queued_too(void **state)
{
	struct fixture *f = *state;
	const struct dispatch_simulate ask = ask_one();
	struct outbox_package p = {.id = "0123456789abcdef0123456789abcdef",
				   .name = "big",
				   .file_count = 1,
				   .total_bytes = BYTES};

	simulate(f, &ask);
	arrives_within(9000, 16000);
	assert_int_equal(out.others, 0);
	assert_in_range(out.lines[0].bytes, BYTES - 1, BYTES + 1);
	assert_in_range(out.lines[1].bytes, BYTES - 1, BYTES + 1); /* all */
	assert_int_equal(out.lines[0].peak_bytes_per_s, 10000);
	assert_in_range(out.lines[0].busy_ms, 9900, 10100);
	assert_int_equal(out.sites[0].attempts, 1);
	assert_int_equal(out.sites[0].suspended, 0);
	(void)fixture_file_as(f, "MS1", (struct outbox_new){.package = &p});
	simulate(f, &ask);
	arrives_within(18000, 32000);
	assert_int_equal(out.others, 1);
	assert_in_range(out.lines[0].bytes, 2 * BYTES - 1, 2 * BYTES + 1);
	assert_int_equal(out.conflict_count, 1);
	assert_string_equal(out.conflicts[0].text, "rate of line south");
}

static void
it_may_be_filed_later(void **state)
{
	struct dispatch_simulate ask = ask_one();

	ask.at_ms = NOW + HOUR_MS;
	simulate(*state, &ask);
	assert_int_equal(out.filed_at_ms, NOW + HOUR_MS);
	arrives_within(HOUR_MS + 9000, HOUR_MS + 16000);
	/* nothing queued, nothing learnt: no outbox at all */
	simulate(NULL, &ask);
	arrives_within(HOUR_MS + 9000, HOUR_MS + 16000);
}

static void
what_becomes_of_the_others_is_counted(void **state)
{
	struct fixture *f = *state;
	const struct dispatch_simulate ask = ask_one();
	struct request r;

	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_HELD, &r);
	(void)fixture_file(f, "GONE");
	(void)fixture_file(f, "MS2"); /* arrives */
	(void)fixture_file(f, "MS3"); /* never goes */
	(void)fixture_file_as(f, "MS3",
			      (struct outbox_new){.deadline_at_ms = NOW + HOUR_MS});
	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_WAITING, &r);
	simulate(f, &ask);
	assert_int_equal(out.others_held, 1);
	assert_int_equal(out.others, 4);
	assert_int_equal(out.others_late, 1);
	assert_int_equal(out.others_expired, 1);
}

/* As the sender found it: an address that is left alone, a site on hold, a drain. */
static void
what_the_sender_knows_counts(void **state)
{
	const struct outbox_address alone = {1, 3, NOW + HOUR_MS};
	const struct outbox_override drain = {
	    .kind = OUTBOX_DRAIN, .set_at_ms = NOW, .until_at_ms = NOW + 3 * HOUR_MS};
	const struct dispatch_simulate ask = ask_one();
	struct fixture *f = *state;

	(void)fixture_file(f, "MS1");
	(void)fixture_file(f, "GONE");
	if (outbox_address_result(f->o, "MS1", &alone, &f->e) < 0)
		fail_msg("%s", f->e.text);
	simulate(f, &ask);
	arrives_within(HOUR_MS, HOUR_MS + 20000);
	if (outbox_site_hold(f->o, "MS1", NOW + 2 * HOUR_MS, "down", &f->e) < 0 ||
	    outbox_override_set(f->o, &drain, &f->e) < 0)
		fail_msg("%s", f->e.text);
	simulate(f, &ask);
	assert_int_equal(out.drained_until_at_ms, NOW + 3 * HOUR_MS);
	arrives_within(3 * HOUR_MS, 3 * HOUR_MS + 20000);
}

static void
a_deadline_ends_it_like_its_lifetime(void **state)
{
	static const char *const closed[] = {"MS3"};
	struct dispatch_simulate ask = ask_one();

	ask.sites = closed;
	ask.deadline_at_ms = NOW + HOUR_MS;
	simulate(*state, &ask);
	assert_int_equal(out.sites[0].arrival.likely_at_ms, INT64_MAX);
	assert_int_equal(out.sites[0].arrival.in_time_percent, 0);
	assert_int_equal(out.sites[0].started_at_ms, 0);
	/* later than its lifetime ends */
	ask.sites = one_site;
	ask.deadline_at_ms = NOW + 10 * (int64_t)DAY_MS;
	simulate(*state, &ask);
	assert_int_equal(out.sites[0].arrival.in_time_percent, 100);
}

static void
too_many_are_refused(void **state)
{
	const char **sites = mem_zero(MOST, sizeof(*sites));
	struct dispatch_simulate ask = ask_one();
	struct fixture *f = *state;

	for (size_t i = 0; i < MOST; i++)
		sites[i] = "MS1";
	(void)fixture_file(f, "MS1");
	ask.sites = sites;
	ask.site_count = MOST;
	assert_int_equal(dispatch_simulate(config, f->o, &ask, &out, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_non_null(strstr(f->e.text, "more than 100000 requests are queued"));
	mem_free(sites);
}

static int
simulate_again(void *self, struct err *e)
{
	const struct dispatch_simulate ask = ask_one();
	struct dispatch_simulated unused = {0};
	const int rc = dispatch_simulate(config, self, &ask, &unused, e);

	dispatch_simulated_done(&unused);
	return rc;
}

static void
an_outbox_that_cannot_be_read_is_said(void **state)
{
	struct fixture *f = *state;
	unsigned calls;

	assert_int_equal(faulty_outbox(simulate_again, f->o, &calls), 0);
	assert_int_equal(calls, 4); /* orders, what was learnt, sites, requests */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_line_is_used_by_what_is_queued_too),
	    TEST(it_may_be_filed_later),
	    TEST(what_becomes_of_the_others_is_counted),
	    TEST(what_the_sender_knows_counts),
	    TEST(a_deadline_ends_it_like_its_lifetime),
	    TEST(too_many_are_refused),
	    TEST(an_outbox_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
