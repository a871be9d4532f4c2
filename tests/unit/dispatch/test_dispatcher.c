/* The dispatcher's loop with real threads, a real outbox and folders as sites.  Nothing
 * here waits for time to pass; what goes wrong is ordered (between.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/thread.h"
#include "between.h"
#include "dispatch/dispatch.h"
#include "fixture.h"

enum {
	LONG_MS = 30000,
	SHORT_MS = 300,
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	STOP_LIMIT_MS = 2000
};

/* --- set-up ---------------------------------------------------------------------- */

struct rig {
	struct fixture f; /* package, folders, log; its MS1.2 is our MS2.1 */
	struct config_site sites[2];
	struct config config;
	struct outbox *outbox;
	struct stop *stop;
};

static int
enter(void **state)
{
	struct rig *g = mem_zero(1, sizeof(*g));
	struct config_sender *s = &g->config.sender;

	between_begin();
	fixture_init(&g->f, true, 1000);
	g->sites[0] = g->f.site;
	g->sites[1] = (struct config_site){.code = mem_dup("MS2"),
					   .limits = g->f.site.limits,
					   .addresses = &g->f.addresses[1],
					   .address_count = 1};
	g->config.sites = g->sites;
	g->config.site_count = COUNT(g->sites);
	*s = g->f.settings;
	s->max_sendings = 5;
	s->max_sendings_per_site = 3;
	s->progress_save_ms = LONG_MS;
	s->idle_connection_ms = LONG_MS;
	s->site_hold_ms = DAY_MS;
	assert_int_equal(outbox_open(g->f.root, &g->outbox, &g->f.e), 0);
	g->stop = stop_new();
	*state = g;
	return 0;
}

static int
leave(void **state)
{
	struct rig *g = *state;

	gate_set(NULL, false);
	outbox_close(g->outbox);
	stop_free(g->stop);
	mem_free(g->sites[1].code);
	fixture_done(&g->f);
	mem_free(g);
	return 0;
}

/* Filed an hour ago. */
static struct request_id
file_for(struct rig *g, const char *site, int64_t lifetime_ms)
{
	const struct outbox_new n = {.package = &g->f.request.package,
				     .sites = &site,
				     .site_count = 1,
				     .priority = REQUEST_MEDIUM,
				     .now_ms = clock_wall_ms(clock_real()) - HOUR_MS,
				     .lifetime_ms = lifetime_ms};
	struct request_id id;

	assert_int_equal(outbox_add(g->outbox, &n, &id, &g->f.e), 1);
	return id;
}

static struct request_id
file(struct rig *g, const char *site)
{
	return file_for(g, site, DAY_MS);
}

static void
command(struct rig *g, struct request_id id, enum outbox_command c)
{
	const int64_t now_ms = clock_wall_ms(clock_real());

	assert_int_equal(outbox_command(g->outbox, id, c, now_ms, DAY_MS, &g->f.e), 1);
}

/* A request that nobody sends keeps the package in the store. */
static struct request_id
file_held(struct rig *g)
{
	const struct request_id id = file(g, "MS2");

	command(g, id, OUTBOX_HOLD);
	return id;
}

static struct request
look(struct rig *g, struct request_id id)
{
	struct request r;

	assert_int_equal(outbox_get(g->outbox, id, &r, &g->f.e), 1);
	return r;
}

static int
run(struct rig *g, bool until_idle)
{
	const struct dispatch_options o = {.config = &g->config,
					   .state_folder = g->f.root,
					   .until_idle = until_idle,
					   .log = g->f.log,
					   .clock = &gate_clock,
					   .stop = g->stop};

	wrong.calls = 0;
	g->f.e = (struct err){0};
	return dispatch_run(&o, &g->f.e);
}

/* The next line at or after `at` that begins so; the one after it is returned. */
static const char *
skip_to(const char *at, const char *begins)
{
	while (*at) {
		const char *end = at + strcspn(at, "\n");
		const bool found = str_starts(at, begins);

		at = *end ? end + 1 : end;
		if (found)
			return at;
	}
	return NULL;
}

/* Do these stand in the log, in this order?  Each is a line or begins one. */
static void
check_log(struct rig *g, const char *const *lines, size_t count)
{
	AUTO_FREE char *log = fixture_log(&g->f);
	const char *at = log;

	for (size_t i = 0; i < count; i++) {
		const char *after = skip_to(at, lines[i]);

		if (after)
			at = after;
		else
			fail_msg("\"%s\" is not in its place:\n%s", lines[i], log);
	}
}

static bool
was_said(struct rig *g, const char *text)
{
	AUTO_FREE char *log = fixture_log(&g->f);

	return strstr(log, text) != NULL;
}

/* --- sending --------------------------------------------------------------------- */

static void
sends_and_frees_the_package(void **state)
{
	static const char *const lines[] = {
	    "Checking for sending capacity. Used 0 out of 5.",
	    "Found send request.  ID: 1, Dest Site: MS1",
	    "Checking for site-specific sending capacity.  Used 0 out of 3.",
	    "Created sending thread (Thread ID = ",
	    "Trying the No. 1 address (out of 1)",
	    "Sending completed successfully",
	    "event=attempt request=1 site=MS1 try=1 result=sent ",
	};
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	assert_true(fixture_there(g->f.store, g->f.request.package.id));
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
	assert_true(fixture_there(g->f.share[0], "setup/m/big"));
	assert_true(fixture_there(g->f.share[0], "setup.sha256"));
	assert_false(fixture_there(g->f.store, g->f.request.package.id));
	assert_int_equal(outbox_site(g->outbox, "MS1", 0, &site, &g->f.e), 1);
	assert_string_equal(site.address, "MS1.1");
	check_log(g, lines, COUNT(lines));
	assert_true(was_said(g, "No (more) send requests found to process.\n"));
}

static void
nothing_to_do(void **state)
{
	struct rig *g = *state;
	AUTO_FREE char *log = NULL;

	assert_int_equal(run(g, true), 0);
	log = fixture_log(&g->f);
	assert_string_equal(log, "");
}

static void
a_held_request_stays(void **state)
{
	struct rig *g = *state;
	const struct request_id sent = file(g, "MS1");
	const struct request_id held = file_held(g);

	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, sent).state, REQUEST_SENT);
	assert_int_equal(look(g, held).state, REQUEST_HELD);
	assert_int_equal(look(g, held).attempts, 0);
	fixture_check_published(&g->f, 0); /* the package is still in the store */
	command(g, held, OUTBOX_RELEASE);
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, held).state, REQUEST_SENT);
}

/* sms-sender.md 6 row 18: not tried, not held, not failed; said once. */
static void
a_type_that_nobody_here_knows(void **state)
{
	static char courier[] = "courier";
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	for (int i = 0; i < 2; i++) {
		g->f.addresses[i].type = CONFIG_TYPE_UNKNOWN;
		g->f.addresses[i].type_name = courier;
	}
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
	assert_int_equal(look(g, id).attempts, 0);
	assert_int_equal(outbox_site(g->outbox, "MS1", 0, &site, &g->f.e), 1);
	assert_int_equal(site.hold_until_at_ms, 0);
	assert_true(was_said(g, "Address MS1.1 is of type courier, which is not known "
				"here: it is not used (and 1 more).\n"));
	assert_false(was_said(g, "Found send request"));
	for (int i = 0; i < 2; i++) {
		g->f.addresses[i].type = CONFIG_TYPE_DIR;
		g->f.addresses[i].type_name = NULL;
	}
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
}

/* More than may be sent at once, to two sites. */
static void
many_requests(void **state)
{
	enum { MANY = 12 };
	struct rig *g = *state;
	struct request_id ids[MANY];

	for (size_t i = 0; i < MANY; i++)
		ids[i] = file(g, i % 2 ? "MS1" : "MS2");
	assert_int_equal(run(g, true), 0);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(look(g, ids[i]).state, REQUEST_SENT);
}

/* --- a site that is down --------------------------------------------------------- */

static void
take_away(struct rig *g, size_t share)
{
	assert_int_equal(path_remove_tree(g->f.share[share], &g->f.e), 0);
}

/* The seed (design.md section 8), with a folder for the share. */
static void
a_missing_folder_puts_the_site_on_hold(void **state)
{
	static const char *const lines[] = {
	    "Created sending thread (Thread ID = ",
	    "Trying the No. 1 address (out of 1)",
	    "Error during WNetAddConnection2 to ",
	    "No (more) send requests found to process.",
	    "There is no existing connection, Win32 error = 0",
	    "Operation is retryable.",
	    "Cannot connect to server /",
	    "Could not establish connection.",
	    "Attempt to connect failed.",
	    "There is no existing connection, Win32 error = 0",
	    "No need to disconnect",
	    "Restart time = ",
	    "event=attempt request=1 site=MS1 try=1 result=no_connection ",
	};
	struct rig *g = *state;
	const int64_t from_ms = clock_wall_ms(clock_real());
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	take_away(g, 0);
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_WAITING);
	assert_true(look(g, id).restart_at_ms >= from_ms + 60000);
	assert_non_null(strstr(look(g, id).error_text, g->f.share[0]));
	assert_int_equal(outbox_site(g->outbox, "MS1", from_ms, &site, &g->f.e), 1);
	assert_true(site.hold_until_at_ms >= from_ms + DAY_MS);
	assert_int_equal(site.failures, 1);
	check_log(g, lines, COUNT(lines));
}

static void
retry_lifts_the_hold(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	take_away(g, 0);
	assert_int_equal(run(g, true), 1);
	assert_int_equal(path_make(g->f.share[0], 0700, &g->f.e), 0);
	assert_int_equal(run(g, true), 1); /* waits for its restart time */
	assert_int_equal(look(g, id).attempts, 1);
	command(g, id, OUTBOX_RETRY);
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
	assert_int_equal(outbox_site(g->outbox, "MS1", 0, &site, &g->f.e), 1);
	assert_int_equal(site.hold_until_at_ms, 0);
	assert_int_equal(site.failures, 0);
}

/* What the configuration caused, the configuration ends. */
static void
an_address_ends_the_hold_for_the_want_of_one(void **state)
{
	struct rig *g = *state;
	const size_t addresses = g->sites[0].address_count;
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	g->sites[0].address_count = 0;
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_WAITING);
	assert_int_equal(run(g, true), 1); /* still none */
	assert_int_equal(look(g, id).attempts, 1);
	assert_int_equal(outbox_site(g->outbox, "MS1", 0, &site, &g->f.e), 1);
	assert_true(site.hold_until_at_ms > 0);
	g->sites[0].address_count = addresses;
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
	assert_int_equal(look(g, id).attempts, 2);
}

/* It failed as well before: that hold is another's, and stays. */
static void
a_dead_sites_hold_outlives_a_new_address(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	take_away(g, 0);
	assert_int_equal(run(g, true), 1);
	g->sites[0].address_count = 0;
	assert_int_equal(run(g, true), 1);
	g->sites[0].address_count = 1;
	assert_int_equal(path_make(g->f.share[0], 0700, &g->f.e), 0);
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_WAITING);
	assert_int_equal(look(g, id).attempts, 1);
}

static void
a_dead_site_does_not_hinder_a_live_one(void **state)
{
	struct rig *g = *state;
	struct request_id dead[2], live[4];

	take_away(g, 0);
	for (size_t i = 0; i < COUNT(dead); i++)
		dead[i] = file(g, "MS1");
	for (size_t i = 0; i < COUNT(live); i++)
		live[i] = file(g, "MS2");
	assert_int_equal(run(g, true), 1);
	for (size_t i = 0; i < COUNT(live); i++)
		assert_int_equal(look(g, live[i]).state, REQUEST_SENT);
	for (size_t i = 0; i < COUNT(dead); i++)
		assert_false(request_state_final(look(g, dead[i]).state));
	assert_int_equal(look(g, dead[0]).state, REQUEST_WAITING);
}

/* --- stop ------------------------------------------------------------------------ */

static void
stop_before_anything(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	stop_throw(g->stop);
	assert_int_equal(run(g, false), 0);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
	assert_int_equal(look(g, id).attempts, 0);
}

/* The sending hears it, and the request is given back. */
static void
stop_while_sending(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");
	const int64_t from_ms = clock_mono_ms(clock_real());

	gate_set(g->stop, false);
	assert_int_equal(run(g, false), 0);
	assert_true(clock_mono_ms(clock_real()) - from_ms < STOP_LIMIT_MS);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
	assert_int_equal(look(g, id).attempts, 1);
	assert_false(fixture_there(g->f.share[0], "setup.sha256"));
}

/* A sending that does not hear it in time is not waited for: its lease brings the
 * request back, at the next start of this sender at once. */
static void
stop_that_is_not_heard(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	gate_set(g->stop, true);
	assert_int_equal(run(g, false), 0);
	assert_true(request_state_active(look(g, id).state));
	gate_set(NULL, false);
	stop_free(g->stop);
	g->stop = stop_new();
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
	assert_true(was_said(g, "Heartbeat is expired.\n"));
}

/* The outbox has no room for such a name. */
static void
a_host_name_that_is_too_long(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	wrong.no_host_name = true;
	gate_set(g->stop, true);
	assert_int_equal(run(g, false), 0);
	assert_true(str_starts(look(g, id).owner, "localhost#"));
}

/* A sender that runs on: what is filed meanwhile goes without being asked for. */
static struct rig *running;

static void
run_on(void *self)
{
	int *rc = self;
	const struct dispatch_options o = {.config = &running->config,
					   .state_folder = running->f.root,
					   .log = running->f.log,
					   .clock = clock_real(),
					   .stop = running->stop};
	struct err e;

	*rc = dispatch_run(&o, &e);
}

static void
wait_sent(struct rig *g, struct request_id id)
{
	const int64_t until_ms = clock_mono_ms(clock_real()) + LONG_MS;

	while (look(g, id).state != REQUEST_SENT) {
		assert_true(clock_mono_ms(clock_real()) < until_ms);
		(void)outbox_wait(g->outbox, g->stop, LONG_MS);
	}
}

static void
what_is_filed_meanwhile_goes(void **state)
{
	struct rig *g = *state;
	struct thread *thread;
	int64_t from_ms;
	int rc = -1;

	(void)file_held(g);
	running = g;
	assert_int_equal(thread_start("test", run_on, &rc, &thread, &g->f.e), 0);
	for (int i = 0; i < 3; i++)
		wait_sent(g, file(g, "MS1"));
	from_ms = clock_mono_ms(clock_real());
	stop_throw(g->stop);
	thread_join(thread);
	assert_true(clock_mono_ms(clock_real()) - from_ms < STOP_LIMIT_MS);
	assert_int_equal(rc, 0);
}

/* Nobody has to come back for it. */
static void
a_drain_ends_when_its_time_is_over(void **state)
{
	struct rig *g = *state;
	const int64_t until_ms = clock_wall_ms(clock_real()) + SHORT_MS;
	const struct outbox_override drain = {.kind = OUTBOX_DRAIN,
					      .set_at_ms = until_ms - SHORT_MS,
					      .until_at_ms = until_ms};
	const struct request_id id = file(g, "MS1");
	struct thread *thread;
	int rc = -1;

	assert_int_equal(outbox_override_set(g->outbox, &drain, &g->f.e), 0);
	running = g;
	assert_int_equal(thread_start("test", run_on, &rc, &thread, &g->f.e), 0);
	wait_sent(g, id);
	assert_true(clock_wall_ms(clock_real()) >= until_ms);
	stop_throw(g->stop);
	thread_join(thread);
	assert_int_equal(rc, 0);
	assert_true(was_said(g, "The sender is no longer drained."));
}

/* --- our own troubles ------------------------------------------------------------ */

/* Every call that the dispatcher makes of the outbox fails once: it ends and says so,
 * and the next run brings everything to its end. */
static void
every_outbox_call_fails_once(struct rig *g, bool stopped)
{
	int rc = -1;

	(void)file_held(g);
	for (unsigned k = 1; rc < 0; k++) {
		const struct request_id id = file(g, "MS1");

		assert_true(k < 100);
		stop_free(g->stop);
		g->stop = stop_new();
		gate_set(stopped ? g->stop : NULL, false);
		wrong.fail_at = k;
		rc = run(g, !stopped);
		gate_set(NULL, false);
		if (rc < 0) {
			assert_int_equal(g->f.e.kind, ERR_LOCAL);
			assert_non_null(strstr(g->f.e.text, "of the outbox failed"));
		} else {
			assert_true(wrong.calls < k); /* a run without a failure */
			assert_true(k > 5);
		}
		wrong.fail_at = 0;
		stop_free(g->stop);
		g->stop = stop_new();
		assert_int_equal(run(g, true), 1); /* only the held one is left */
		assert_int_equal(look(g, id).state, REQUEST_SENT);
		fixture_check_published(&g->f, 0);
	}
}

static void
the_outbox_fails(void **state)
{
	every_outbox_call_fails_once(*state, false);
}

static void
the_outbox_fails_while_stopping(void **state)
{
	every_outbox_call_fails_once(*state, true);
}

/* When all is over and only the end is to be written, or the rest to be looked for. */
static void
the_outbox_fails_at_last(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	wrong.fail_after_stop = true;
	gate_set(g->stop, false);
	assert_int_equal(run(g, false), -1);
	assert_non_null(strstr(g->f.e.text, "of the outbox failed"));
	between_begin();
	stop_free(g->stop);
	g->stop = stop_new();
	assert_true(request_state_active(look(g, id).state));
	wrong.fail_after_stop = true;
	assert_int_equal(run(g, true), -1);
	assert_non_null(strstr(g->f.e.text, "of the outbox failed"));
	assert_int_equal(look(g, id).state, REQUEST_SENT);
}

/* Another process writes for long: it is waited for, and said. */
static void
the_outbox_is_busy(void **state)
{
	struct rig *g = *state;
	bool is_over = false;
	int waited = 0;

	(void)file_held(g);
	for (unsigned k = 1; !is_over; k++) {
		const struct request_id id = file(g, "MS1");
		char said[64];
		int rc;

		wrong.win32 = OUTBOX_BUSY_WIN32;
		wrong.fail_at = k;
		rc = run(g, true);
		is_over = wrong.calls < k;
		wrong.fail_at = 0;
		(void)snprintf(said, sizeof(said), "call %u of the outbox failed\n", k);
		if (rc < 0) /* before there was a sender, or after it */
			assert_false(was_said(g, said));
		waited += was_said(g, said);
		if (look(g, id).state != REQUEST_SENT)
			assert_int_equal(run(g, true), 1);
		assert_int_equal(look(g, id).state, REQUEST_SENT);
		assert_int_equal(look(g, id).attempts, 1);
	}
	assert_true(waited >= 2); /* choosing and claiming, at least */
}

/* Not the request's fault: it goes back, and no more work is taken for a while. */
static void
no_thread_for_sending(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	wrong.no_thread = "sending";
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
	assert_true(was_said(g, "no more threads\n"));
	wrong.no_thread = NULL;
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
}

static void
no_thread_for_watching(void **state)
{
	struct rig *g = *state;

	wrong.no_thread = "outbox watch";
	assert_int_equal(run(g, true), -1);
	assert_string_equal(g->f.e.text, "no more threads");
}

static void
a_package_that_cannot_be_removed(void **state)
{
	struct rig *g = *state;

	(void)file(g, "MS1");
	wrong.keep_packages = true;
	assert_int_equal(run(g, true), 0); /* sent all the same */
	assert_true(was_said(g, " cannot be removed\n"));
	assert_true(fixture_there(g->f.store, g->f.request.package.id));
	wrong.keep_packages = false;
	assert_int_equal(run(g, true), 0); /* the next start sees to it */
	assert_false(fixture_there(g->f.store, g->f.request.package.id));
}

/* A sending that failed for our own sake: nothing is held against the site, and no more
 * work is taken for a while. */
static void
trouble_of_our_own(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");
	struct outbox_site site;

	wrong.no_outbox = true;
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
	assert_int_equal(look(g, id).attempts, 1);
	assert_int_equal(outbox_site(g->outbox, "MS1", 0, &site, &g->f.e), 1);
	assert_int_equal(site.hold_until_at_ms, 0);
	assert_true(was_said(g, "no more descriptors\n"));
	wrong.no_outbox = false;
	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_SENT);
}

static struct rig *quicker;

static void
hold_it(void)
{
	wrong.before_claim = NULL;
	command(quicker, (struct request_id){1}, OUTBOX_HOLD);
}

/* Between looking and claiming a person held it: then it does not go. */
static void
somebody_was_quicker(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	quicker = g;
	wrong.before_claim = hold_it;
	assert_int_equal(run(g, true), 1);
	assert_int_equal(look(g, id).state, REQUEST_HELD);
	assert_int_equal(look(g, id).attempts, 0);
}

static void
throw_stop(void)
{
	stop_throw(quicker->stop);
}

/* A sender that takes no work for a while still hears stop at once. */
static void
stop_in_a_pause(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file(g, "MS1");

	quicker = g;
	wrong.before_claim = throw_stop;
	wrong.no_thread = "sending";
	assert_int_equal(run(g, false), 0);
	assert_int_equal(look(g, id).state, REQUEST_PENDING);
}

static void
a_lifetime_that_is_over(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file_for(g, "MS1", HOUR_MS / 2);

	assert_int_equal(run(g, true), 0);
	assert_int_equal(look(g, id).state, REQUEST_FAILED);
	assert_true(was_said(g, "The send request to site MS1 is older than the "
				"request lifetime and has failed.\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sends_and_frees_the_package),
	    TEST(nothing_to_do),
	    TEST(a_type_that_nobody_here_knows),
	    TEST(a_held_request_stays),
	    TEST(many_requests),
	    TEST(a_missing_folder_puts_the_site_on_hold),
	    TEST(retry_lifts_the_hold),
	    TEST(an_address_ends_the_hold_for_the_want_of_one),
	    TEST(a_dead_sites_hold_outlives_a_new_address),
	    TEST(a_dead_site_does_not_hinder_a_live_one),
	    TEST(stop_before_anything),
	    TEST(stop_while_sending),
	    TEST(stop_that_is_not_heard),
	    TEST(a_host_name_that_is_too_long),
	    TEST(what_is_filed_meanwhile_goes),
	    TEST(a_drain_ends_when_its_time_is_over),
	    TEST(the_outbox_fails),
	    TEST(the_outbox_fails_while_stopping),
	    TEST(the_outbox_fails_at_last),
	    TEST(the_outbox_is_busy),
	    TEST(no_thread_for_sending),
	    TEST(stop_in_a_pause),
	    TEST(no_thread_for_watching),
	    TEST(a_package_that_cannot_be_removed),
	    TEST(trouble_of_our_own),
	    TEST(somebody_was_quicker),
	    TEST(a_lifetime_that_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
