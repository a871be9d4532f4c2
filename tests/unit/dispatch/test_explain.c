/* `why` from a real outbox: who goes first, what is being sent, and who shares a way.
 * The words themselves are test_why.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/str.h"
#include "config/build.h"
#include "dispatch/dispatch.h"
#include "faulty_outbox.h"
#include "fixture.h"

#define MIN_MS 60000

/* NOW is Wed 1999-03-17 10:46:16 UTC. */
static const char text[] = "[sender]\n"
			   "zone = UTC\n"
			   "max_sendings = 3\n"
			   "reserved_high = none\n"
			   "[line south]\n"
			   "rate = 08-18 512kbit/s\n"
			   "[site MS1]\n"
			   "line = south\n"
			   "budget = 1MB per day\n"
			   "[address MS1.1]\n"
			   "type = dir\n"
			   "path = /x\n"
			   "[site MS2]\n"
			   "line = south\n"
			   "[address MS2.1]\n"
			   "type = dir\n"
			   "path = /y\n"
			   "[site MS3]\n"
			   "[address MS3.1]\n"
			   "type = dir\n"
			   "path = /z\n"
			   "[site MS4]\n"
			   "[address MS4.1]\n"
			   "type = dir\n"
			   "path = /z\n"
			   "schedule = closed\n";

#define RATE " | rate 512 kbit/s (line south)"

static struct config *config;

static int
setup(void **state)
{
	struct err e;

	if (config_from_bytes("t.conf", text, strlen(text), &config, &e) < 0)
		fail_msg("%s", e.text);
	return fixture_enter(state);
}

static int
teardown(void **state)
{
	config_free(config);
	return fixture_leave(state);
}

/* The chain of one request, with " | " between its links. */
static void
says(struct fixture *f, struct request_id id, const char *expected)
{
	AUTO_STR struct str said = {0};
	struct dispatch_why why;

	if (dispatch_why(config, f->o, id, NOW, &why, &f->e) != 1)
		fail_msg("%s", f->e.text);
	for (size_t i = 0; i < why.count; i++)
		str_addf(&said, "%s%s", i ? " | " : "", why.reasons[i].text);
	assert_string_equal(str_text(&said), expected);
}

/* "%s in line behind ..." */
static struct request_id
file(struct fixture *f, const char *site, enum request_priority priority)
{
	return fixture_file_as(f, site, (struct outbox_new){.priority = priority});
}

static void
one_that_is_not_there_or_over(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = fixture_file(f, "MS1");
	const struct request_id gone = fixture_file(f, "GONE");
	struct dispatch_why why;
	struct request r;

	assert_int_equal(
	    dispatch_why(config, f->o, (struct request_id){99}, NOW, &why, &f->e), 0);
	says(f, id, "it may go: nothing holds it back" RATE " until Wed 18:00");
	fixture_bring(f, id, REQUEST_SENT, &r);
	says(f, id, "sent");
	says(f, gone, "GONE is not in the configuration any more");
}

/* Those of its own site that could go now stand before it one by one, of another site
 * the first alone: what is behind that one is that site's own affair. */
static void
the_line_it_stands_in(void **state)
{
	struct fixture *f = *state;
	struct request_id late, id;
	struct request r;

	file(f, "MS3", REQUEST_LOW);           /* 1: behind it */
	file(f, "MS2", REQUEST_MEDIUM);        /* 2 */
	file(f, "MS2", REQUEST_MEDIUM);        /* 3: behind 2 */
	file(f, "GONE", REQUEST_HIGH);         /* 4: nobody can send it */
	file(f, "MS4", REQUEST_HIGH);          /* 5: closed for good */
	late = file(f, "MS1", REQUEST_MEDIUM); /* 6: suspended, so first of its class */
	id = file(f, "MS1", REQUEST_MEDIUM);   /* 7 */
	says(f, id, "third in line behind 2 and 6" RATE " until Wed 18:00");
	says(f, (struct request_id){1}, "third in line behind 2 and 6");
	file(f, "MS1", REQUEST_HIGH); /* 8 */
	file(f, "MS1", REQUEST_LOW);  /* 9: behind it */
	says(f, id, "fourth in line behind 8, 2 and 1 more" RATE " until Wed 18:00");
	fixture_bring(f, late, REQUEST_SUSPENDED, &r);
	says(f, id, "fourth in line behind 8, 6 and 1 more" RATE " until Wed 18:00");
}

static void
who_waits_for_something_else_stands_in_no_line(void **state)
{
	struct fixture *f = *state;
	struct request r;
	struct request_id id;

	fixture_bring(f, file(f, "MS1", REQUEST_HIGH), REQUEST_HELD, &r);
	fixture_bring(f, file(f, "MS1", REQUEST_HIGH), REQUEST_WAITING, &r);
	(void)fixture_file_as(f, "MS1",
			      (struct outbox_new){.priority = REQUEST_HIGH,
						  .not_before_at_ms = NOW + MIN_MS});
	(void)fixture_file_named(f, "MS1", "setup", (struct outbox_new){0});
	/* behind the one before it, under the same name */
	(void)fixture_file_named(f, "MS1", "setup",
				 (struct outbox_new){.priority = REQUEST_HIGH});
	id = fixture_file(f, "MS1");
	says(f, id, "second in line behind 4" RATE " until Wed 18:00");
}

/* One was sent to that site then. */
static void
reached(struct fixture *f, const char *site, int64_t at_ms)
{
	const struct request_id id =
	    fixture_file_as(f, site, (struct outbox_new){.now_ms = at_ms});
	struct request r;

	fixture_claim(f, id, at_ms, &r);
	if (outbox_step(f->o, id, r.owner, REQUEST_SENDING, "", at_ms, &f->e) < 0 ||
	    outbox_step(f->o, id, r.owner, REQUEST_PUBLISHING, "", at_ms, &f->e) < 0)
		fail_msg("%s", f->e.text);
	fixture_finish(f, &r, REQUEST_SENT, at_ms);
}

static void
failed(struct fixture *f, const char *site)
{
	const struct err down = {.kind = ERR_ADDRESS, .win32 = 53, .text = "is down"};

	if (outbox_site_result(f->o, site, NULL, &down, NOW, &f->e) < 0)
		fail_msg("%s", f->e.text);
}

/* Each of those that are under way takes of what is shared with it. */
static void
what_is_being_sent(void **state)
{
	struct fixture *f = *state;
	struct request_id id;
	struct request r;

	reached(f, "MS1", NOW - MIN_MS);
	id = fixture_file(f, "MS1");
	fixture_bring(f, fixture_file(f, "MS1"), REQUEST_SENDING, &r);
	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_SENDING, &r);
	says(f, id,
	     "it may go: nothing holds it back" RATE " shared with 2 until Wed 18:00");
	says(f, r.id,
	     "it is being sent (sending)" RATE " shared with 1 until Wed 18:00");
	/* a reload took its site away, and it is still there */
	fixture_bring(f, fixture_file(f, "GONE"), REQUEST_SENDING, &r);
	says(f, id, "all 3 sendings are in use" RATE " shared with 2 until Wed 18:00");
}

/* A site that was reached lately connects in a slot, another beside them. */
static void
who_connects_takes_a_slot_or_none(void **state)
{
	struct fixture *f = *state;
	struct request_id id;
	struct request r;

	reached(f, "MS3", NOW - MIN_MS);
	id = fixture_file(f, "MS3");
	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_CONNECTING, &r);
	fixture_bring(f, file(f, "MS2", REQUEST_HIGH), REQUEST_CONNECTING, &r);
	fixture_bring(f, fixture_file(f, "MS1"), REQUEST_CONNECTING, &r);
	failed(f, "MS1");
	says(f, id, "it may go: nothing holds it back");
	reached(f, "MS2", NOW - 11 * MIN_MS); /* long ago is not lately */
	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_CONNECTING, &r);
	says(f, id, "it may go: nothing holds it back");
	reached(f, "MS2", NOW - MIN_MS);
	says(f, id, "all 3 sendings are in use");
}

static void
its_site_is_being_tried(void **state)
{
	struct fixture *f = *state;
	const struct request_id id = fixture_file(f, "MS3");
	struct request r;

	fixture_bring(f, fixture_file(f, "MS3"), REQUEST_CONNECTING, &r);
	says(f, id, "another is finding out whether the site can be reached");
}

static int
explain(void *self, struct err *e)
{
	struct fixture *f = self;
	struct dispatch_why why;

	return dispatch_why(config, f->o, (struct request_id){1}, NOW, &why, e);
}

static void
an_outbox_that_cannot_be_read_is_said(void **state)
{
	struct fixture *f = *state;
	struct request r;
	unsigned calls;

	(void)fixture_file(f, "MS1");
	fixture_bring(f, fixture_file(f, "MS2"), REQUEST_SENDING, &r);
	assert_int_equal(faulty_outbox(explain, f, &calls), 1);
	/* the request, its site, orders, the budget of MS1, its neighbours, all sites,
	 * what goes to MS2 */
	assert_int_equal(calls, 7);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_that_is_not_there_or_over),
	    TEST(the_line_it_stands_in),
	    TEST(who_waits_for_something_else_stands_in_no_line),
	    TEST(what_is_being_sent),
	    TEST(who_connects_takes_a_slot_or_none),
	    TEST(its_site_is_being_tried),
	    TEST(an_outbox_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
