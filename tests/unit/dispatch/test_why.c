/* The chain of reasons: a row for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/str.h"
#include "config/build.h"
#include "dispatch/why.h"

#define SITE   "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"
#define UTC    "[sender]\nzone = UTC\n"
#define MIN_MS 60000

/* Mon 2026-11-23 09:00 UTC */
#define NOW_MS INT64_C(1795424400000)

struct row {
	const char *config, *says; /* links, with " | " between */
	struct request r;
	struct outbox_site kept;
	struct choose_load load;
	int64_t drained_until_at_ms, ahead, sharing;
	int connecting;
	struct rate_used used;
};

#define PENDING .id = {7}, .site = "MS1", .priority = REQUEST_MEDIUM, .filed_at_ms = 1

static const struct row rows[] = {
    {UTC SITE, "it may go: nothing holds it back", .r = {PENDING}},
    /* the request itself */
    {UTC SITE, "sent", .r = {PENDING, .state = REQUEST_SENT}},
    {UTC SITE, "failed: (2) no such file",
     .r = {PENDING, .state = REQUEST_FAILED, .error_text = "(2) no such file"}},
    {UTC SITE, "held by a person; `lansender release 7`",
     .r = {PENDING, .state = REQUEST_HELD}},
    {UTC SITE, "put off until Mon 10:00 by who filed it",
     .r = {PENDING, .not_before_at_ms = NOW_MS + 60 * MIN_MS}},
    {UTC SITE, "restart time Mon 09:09; attempt 2 failed: (53) not found",
     .r = {PENDING, .state = REQUEST_WAITING, .restart_at_ms = NOW_MS + 9 * MIN_MS,
	   .attempts = 2, .error_win32 = 53, .error_text = "not found"}},
    {UTC SITE, "restart time Mon 09:09; attempt 2 failed: an error of ours",
     .r = {PENDING, .state = REQUEST_WAITING, .restart_at_ms = NOW_MS + 9 * MIN_MS,
	   .attempts = 2, .error_text = "an error of ours"}},
    {UTC SITE, "behind an earlier request to MS1 under the same name",
     .r = {PENDING, .is_behind = true}},
    {UTC SITE, "suspended: an urgent one took its place (request 9)",
     .r = {PENDING, .state = REQUEST_SUSPENDED, .why = {81, 0, 9}}},
    {UTC SITE, "suspended: an urgent one took its place (request 9)",
     .r = {PENDING, .state = REQUEST_SUSPENDED, .why = {81, NOW_MS + 5 * MIN_MS, 9}}},
    /* the window that suspended it is open again */
    {UTC SITE, "it may go: nothing holds it back",
     .r = {PENDING, .state = REQUEST_SUSPENDED, .why = {22, NOW_MS - MIN_MS, 1}}},
    {UTC SITE, "it may go: nothing holds it back",
     .r = {PENDING, .state = REQUEST_WAITING, .restart_at_ms = NOW_MS, .attempts = 1}},
    {UTC SITE, "put off until 2026-12-03 09:00 by who filed it",
     .r = {PENDING, .not_before_at_ms = NOW_MS + 10 * 1440 * (int64_t)MIN_MS}},
    {UTC SITE, "it is being sent (sending)", .r = {PENDING, .state = REQUEST_SENDING}},
    /* its deadline */
    {UTC SITE,
     "it is being sent (sending) | its deadline, Mon 10:00, is unlikely (12 %)",
     .r = {PENDING, .state = REQUEST_SENDING, .deadline_at_ms = NOW_MS + 60 * MIN_MS,
	   .outlook = {.doubted_at_ms = 5, .in_time_percent = 12}}},
    {UTC SITE,
     "it may go: nothing holds it back | its deadline, Mon 10:00, is unlikely (0 %)",
     .r = {PENDING, .deadline_at_ms = NOW_MS + 60 * MIN_MS,
	   .outlook = {.doubted_at_ms = 5}}},
    /* the sender */
    {UTC SITE, "a person drains the sender; `lansender drain off`", .r = {PENDING},
     .drained_until_at_ms = INT64_MAX},
    /* the addresses */
    {UTC "[site MS2]\n", "MS1 is not in the configuration any more", .r = {PENDING}},
    {UTC "[site MS1]\n", "MS1: the site has no address", .r = {PENDING}},
    /* sms-sender.md 6 row 18: a type that nobody here knows is waited for */
    {UTC "[site MS1]\n[address MS1.1]\ntype = courier\n",
     "no address of a type known here: MS1.1 has type \"courier\"", .r = {PENDING}},
    {UTC SITE "[address MS1.2]\ntype = courier\n", "it may go: nothing holds it back",
     .r = {PENDING}},
    {UTC SITE "[address MS1.2]\ntype = courier\n",
     "the preferred address MS1.2 has type \"courier\", which is not known here",
     .r = {PENDING, .prefer = 2}},
    {UTC SITE "zone = Europe/Berlin\nschedule = 08-22 closed\n",
     "window of MS1.1 closed until Mon 22:00 (Europe/Berlin)", .r = {PENDING}},
    /* closed, and after that open for high only: until it lets this one in */
    {UTC SITE "schedule = 08-12 closed\nschedule = 12-18 high\n",
     "window of MS1.1 closed until Mon 18:00 (UTC)", .r = {PENDING}},
    {UTC SITE "schedule = closed\n", "window of MS1.1 closed for good (UTC)",
     .r = {PENDING}},
    {UTC SITE "schedule = 08-18 high\n",
     "window of MS1.1 open for higher priorities only until Mon 18:00 (UTC)",
     .r = {PENDING}},
    /* open every day, and never for this one */
    {UTC SITE "schedule = high\nschedule = 12-13 closed\n",
     "window of MS1.1 open for higher priorities only, for good (UTC)", .r = {PENDING}},
    /* open now, but not when it is ready */
    {UTC SITE "schedule = 10-11 closed\n",
     "put off until Mon 10:30 by who filed it | "
     "window of MS1.1 closed until Mon 11:00 (UTC)",
     .r = {PENDING, .not_before_at_ms = NOW_MS + 90 * MIN_MS}},
    {UTC SITE "budget = 1MB per day\n",
     "budget (address MS1.1) on the way to MS1.1 spent until Tue 00:00 (UTC)",
     .r = {PENDING}, .used = {"address MS1.1", INT64_C(1795392000000), 1000000}},
    {UTC "[line south]\nbudget = 1MB per day\n"
	 "[site MS1]\nline = south\n[address MS1.1]\ntype = dir\npath = /x\n"
	 "budget = 2MB per day\n",
     "budget (line south) on the way to MS1.1 spent until Tue 00:00 (UTC)",
     .r = {PENDING}, .used = {"line south", INT64_C(1795392000000), 1000000}},
    {UTC SITE,
     "MS1.1: the address failed and is left alone for a while until Mon 09:02",
     .r = {PENDING},
     {.failed_addresses = {{1, 1, NOW_MS + 2 * MIN_MS}}, .failed_address_count = 1}},
    /* the site */
    {UTC SITE,
     "site hold until Mon 09:30 after 2 failures; last error (53) not found",
     .r = {PENDING},
     {.hold_until_at_ms = NOW_MS + 30 * MIN_MS,
      .failures = 2,
      .hold_reason = "(53) not found"}},
    {UTC SITE,
     "site hold until Mon 09:30 after 1 failure; last error (64) line cut",
     .r = {PENDING},
     {.hold_until_at_ms = NOW_MS + 30 * MIN_MS,
      .failures = 1,
      .error_text = "(64) line cut"}},
    {UTC SITE,
     "all 3 sendings of MS1 are in use",
     .r = {PENDING},
     {.active = 3, .last_sent_at_ms = NOW_MS}},
    {UTC SITE,
     "another is finding out whether the site can be reached",
     .r = {PENDING},
     {.active = 1},
     .connecting = 1},
    /* the slots */
    {UTC SITE,
     "all 5 sendings are in use",
     .r = {PENDING},
     {.last_sent_at_ms = NOW_MS},
     {.sending = 5}},
    {UTC SITE,
     "the sending that is left is kept for high priority",
     .r = {PENDING},
     {.last_sent_at_ms = NOW_MS},
     {.sending = 4}},
    {UTC SITE,
     "others are connected and wait for a sending",
     .r = {PENDING},
     {.last_sent_at_ms = NOW_MS},
     {.waiting = 1}},
    {UTC SITE,
     "enough sites that were not reached lately are being tried",
     .r = {PENDING},
     {.failures = 0},
     {.connecting_unproven = 32}},
    /* the line */
    {UTC SITE, "second in line behind 812", .r = {PENDING}, .ahead = 1},
    {UTC SITE, "third in line behind 812 and 815", .r = {PENDING}, .ahead = 2},
    {UTC SITE, "fourth in line behind 812, 815 and 1 more", .r = {PENDING}, .ahead = 3},
    {UTC SITE, "12th in line behind 812, 815 and 9 more", .r = {PENDING}, .ahead = 11},
    {UTC SITE, "22nd in line behind 812, 815 and 19 more", .r = {PENDING}, .ahead = 21},
    {UTC SITE, "21st in line behind 812, 815 and 18 more", .r = {PENDING}, .ahead = 20},
    {UTC SITE, "23rd in line behind 812, 815 and 20 more", .r = {PENDING}, .ahead = 22},
    {UTC SITE, "113th in line behind 812, 815 and 110 more", .r = {PENDING},
     .ahead = 112},
    /* its way */
    {UTC "[line south]\nrate = 08-18 512kbit/s\n"
	 "[site MS1]\nline = south\n[address MS1.1]\ntype = dir\npath = /x\n",
     "it is being sent (sending) | rate 512 kbit/s (line south) shared with 3 until "
     "Mon 18:00",
     .r = {PENDING, .state = REQUEST_SENDING}, .sharing = 3},
    {UTC SITE "rate = 512kbit/s\n",
     "it may go: nothing holds it back | rate 512 kbit/s (address MS1.1)",
     .r = {PENDING}},
};

static void
a_row_per_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *w = &rows[i];
		AUTO_STR struct str says = {0};
		struct rate_facts facts = {.used = &w->used,
					   .used_count = w->used.bytes ? 1 : 0};
		struct dispatch_why why;
		struct why_ask ask;
		struct config *c = NULL;
		struct err e;

		if (config_from_bytes("t.conf", w->config, strlen(w->config), &c, &e) <
		    0)
			fail_msg("%s", e.text);
		facts.config = c;
		ask = (struct why_ask){
		    .config = c,
		    .site = config_site(c, "MS1"),
		    .facts = &facts,
		    .request = &w->r,
		    .kept = &w->kept,
		    .rules = choose_rules_of(&c->sender),
		    .load = w->load,
		    .drained_until_at_ms = w->drained_until_at_ms,
		    .ahead = w->ahead,
		    .first_ahead = {812, 815},
		    .sharing = {w->sharing, w->sharing, w->sharing, w->sharing},
		    .connecting = w->connecting,
		    .now_ms = NOW_MS,
		};
		why_find(&ask, &why);
		for (size_t k = 0; k < why.count; k++) {
			assert_non_null(why.reasons[k].name);
			str_addf(&says, "%s%s", k ? " | " : "", why.reasons[k].text);
		}
		assert_string_equal(str_text(&says), w->says);
		config_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_per_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
