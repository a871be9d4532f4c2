/* What follows from how an attempt ended: a row for each outcome, against a real
 * outbox, with the lines read back from the log file. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "dispatch/settle.h"
#include "faulty_outbox.h"
#include "fixture.h"

enum {
	HOUR_MS = 3600000,
	OLD_HOLD_MS = 77, /* the hold that stood before, from NOW */
	LOG_MOST_BYTES = 65536,
};

static int64_t
now_ms(void *self)
{
	(void)self;
	return NOW;
}

static const struct clock stopped_clock = {now_ms, now_ms, NULL};

/* --- set-up ---------------------------------------------------------------------- */

struct rig {
	struct fixture *f;
	struct config config;
	struct config_address address;
	char *log_path;
	struct log *log;
	struct dispatch_options options;
	struct request request;
	struct pool_report report;
};

static void
rig_init(struct rig *g, struct fixture *f)
{
	static char section[] = "MS1.1";
	static const char typed[] = "\\\\DSSMS\\SMS_SITE";
	struct log_options o = {.echo_fd = -1, .clock = &stopped_clock};

	*g = (struct rig){.f = f};
	g->config.sender = (struct config_sender){.heartbeat_ms = 300000,
						  .retry_delay_ms = 60000,
						  .retries = 2,
						  .site_hold_ms = HOUR_MS};
	g->address.section = section;
	assert_int_equal(address_parse(typed, strlen(typed), &g->address.where, &f->e),
			 0);
	o.path = g->log_path = mem_printf("%s/sender.log", f->folder);
	assert_int_equal(log_open(&o, &g->log, &f->e), 0);
	g->options = (struct dispatch_options){.config = &g->config,
					       .state_folder = f->folder,
					       .log = g->log,
					       .clock = &stopped_clock};
}

static void
rig_done(struct rig *g)
{
	log_close(g->log);
	mem_free(g->log_path);
}

/* A request in `state` at a site that is on hold, and the report of its attempt. */
static void
rig_report(struct rig *g, enum request_state state, enum attempt_outcome outcome,
	   const struct err *error)
{
	struct fixture *f = g->f;
	struct attempt_result *r = &g->report.result;

	assert_int_equal(outbox_site_result(f->o, "MS1", NULL, &f->e, NOW, &f->e), 0);
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW + OLD_HOLD_MS, "", &f->e),
			 0);
	fixture_bring(f, g->request.id, state, &g->request);
	g->report = (struct pool_report){.request = g->request, .thread_number = 205};
	r->outcome = outcome;
	r->error = *error;
	r->progress = (struct request_progress){0, 10, 10};
	r->history.request = g->request.id;
	r->history.number = 1;
	r->history.error_kind = error->kind;
	r->history.error_win32 = error->win32;
	str_copy_cut(r->history.result, sizeof(r->history.result),
		     attempt_outcome_name(outcome));
}

static int
settle_it(struct rig *g, bool *local)
{
	const struct settle_by by = {g->f->o, &g->options};

	return settle(&by, &g->report, local, &g->f->e);
}

/* The lines of the log, joined by '\n'; yours. */
static char *
log_lines(const struct rig *g)
{
	AUTO_STR struct str hold = {0};
	AUTO_FREE char *text = NULL;
	struct str out = {0};
	size_t len;

	assert_int_equal(path_read_file(g->log_path, LOG_MOST_BYTES, ERR_LOCAL, &text,
					&len, &g->f->e),
			 0);
	for (char *line = text, *end; *line; line = end + 1) {
		struct log_event ev;

		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		str_clear(&hold);
		assert_int_equal(log_parse(line, &hold, &ev), 0);
		assert_int_equal(ev.thread, 205);
		str_addf(&out, "%s\n", ev.text);
	}
	return str_take(&out);
}

/* --- the table ------------------------------------------------------------------- */

enum hold { KEPT, LIFTED, SET };

struct row {
	enum attempt_outcome outcome;
	struct err error;
	bool connected, too_large;
	enum outbox_order order;
	enum request_state from, to;
	enum hold hold;
	bool local;
	const char *lines; /* @: the restart time */
};

#define RETRYABLE "Operation is retryable.\n"
#define NONE      "There is no existing connection, Win32 error = 0\n"

static const struct row rows[] = {
    {.outcome = ATTEMPT_SENT,
     .connected = true,
     .from = REQUEST_PUBLISHING,
     .to = REQUEST_SENT,
     .hold = LIFTED,
     .lines = ""},
    {.outcome = ATTEMPT_FAILED,
     .error = {.kind = ERR_REQUEST, .win32 = 123, .text = "no such name"},
     .connected = true,
     .from = REQUEST_SENDING,
     .to = REQUEST_FAILED,
     .hold = LIFTED,
     .lines = "no such name, Win32 error = 123\nError is considered fatal.\n"},
    {.outcome = ATTEMPT_RETRY,
     .error = {.kind = ERR_ATTEMPT, .win32 = 64, .text = "line cut"},
     .connected = true,
     .from = REQUEST_SENDING,
     .to = REQUEST_WAITING,
     .hold = LIFTED,
     .lines = RETRYABLE "Restart time = @\n"},
    /* design.md section 8, from the sixth line on: the seed */
    {.outcome = ATTEMPT_NO_CONNECTION,
     .error = {.kind = ERR_ADDRESS, .win32 = 67, .text = "no such share"},
     .from = REQUEST_CONNECTING,
     .to = REQUEST_WAITING,
     .hold = SET,
     .lines = NONE RETRYABLE
     "Cannot connect to server \\\\DSSMS at remote site MS1, won't try send "
     "requests going to site MS1 for an hour or until there are no active send "
     "requests.\n"
     "Could not establish connection.\n"
     "Attempt to connect failed.\n" NONE "No need to disconnect\n"
     "Restart time = @\n"},
    {.outcome = ATTEMPT_SITE,
     .error = {.kind = ERR_SITE, .win32 = 112, .text = "the disk is full"},
     .connected = true,
     .from = REQUEST_SENDING,
     .to = REQUEST_WAITING,
     .hold = SET,
     .lines = "the disk is full, Win32 error = 112\n" RETRYABLE "Restart time = @\n"},
    /* a smaller one may still have room there */
    {.outcome = ATTEMPT_SITE,
     .error = {.kind = ERR_SITE, .win32 = 112, .text = "1 GB is too large"},
     .connected = true,
     .too_large = true,
     .from = REQUEST_SENDING,
     .to = REQUEST_WAITING,
     .hold = LIFTED,
     .lines = "1 GB is too large, Win32 error = 112\n" RETRYABLE "Restart time = @\n"},
    /* Q276259, with its spelling */
    {.outcome = ATTEMPT_NO_ADDRESS,
     .error = {.kind = ERR_SITE, .text = "no address"},
     .from = REQUEST_CONNECTING,
     .to = REQUEST_WAITING,
     .hold = SET,
     .lines = "There is no longer an address to destination site MS1\n"
	      "Returning send request to pending because address cannot not be "
	      "found.\n"
	      "Site MS1 added to list of busy sites because there is no available "
	      "address.\n"
	      "Restart time = @\n"},
    {.outcome = ATTEMPT_LOCAL,
     .error = {.kind = ERR_LOCAL, .text = "our own disk is full"},
     .from = REQUEST_SENDING,
     .to = REQUEST_PENDING,
     .hold = KEPT,
     .local = true,
     .lines = "our own disk is full\n"},
    {.outcome = ATTEMPT_STOPPED,
     .error = {.kind = ERR_STOP, .text = "stopped"},
     .from = REQUEST_CONNECTING,
     .to = REQUEST_PENDING,
     .hold = KEPT,
     .lines = ""},
    {.outcome = ATTEMPT_ORDERED,
     .error = {.kind = ERR_STOP, .text = "ordered"},
     .connected = true,
     .order = OUTBOX_ORDER_HOLD,
     .from = REQUEST_SENDING,
     .to = REQUEST_HELD,
     .hold = LIFTED,
     .lines = "The send request was held by a person.\n"},
    {.outcome = ATTEMPT_ORDERED,
     .error = {.kind = ERR_STOP, .text = "ordered"},
     .connected = true,
     .order = OUTBOX_ORDER_CANCEL,
     .from = REQUEST_SENDING,
     .to = REQUEST_CANCELLED,
     .hold = LIFTED,
     .lines = "The send request was cancelled by a person.\n"},
};

/* What the log shall hold, but for the end of its last line. */
static char *
expected_lines(const struct rig *g, const struct row *row, const struct request *after)
{
	struct str out = {0};
	char at[64];

	for (const char *c = row->lines; *c; c++) {
		if (*c == '@')
			str_add(&out, clock_sms(after->restart_at_ms, at, sizeof(at)));
		else
			str_add_char(&out, *c);
	}
	str_addf(&out,
		 "event=attempt request=%" PRId64 " site=MS1 try=1 result=%s fault=%s "
		 "win32=%" PRIu32 " ",
		 g->request.id.n, attempt_outcome_name(row->outcome),
		 err_kind_name(row->error.kind), row->error.win32);
	return str_take(&out);
}

static void
check_lines(const struct rig *g, const struct row *row, const struct request *after)
{
	AUTO_FREE char *want = expected_lines(g, row, after);
	AUTO_FREE char *got = log_lines(g);
	const char *end;

	if (!str_starts(got, want))
		fail_msg("%s: the log says\n%s\nnot\n%s",
			 attempt_outcome_name(row->outcome), got, want);
	end = strchr(got + strlen(want), '\n');
	assert_non_null(end);
	assert_string_equal(end, "\n"); /* the attempt's line is the last */
}

static void
check_site(struct fixture *f, const struct row *row)
{
	struct outbox_site site;

	fixture_site(f, "MS1", NOW, &site);
	switch (row->hold) {
	case KEPT:
		assert_int_equal(site.hold_until_at_ms, NOW + OLD_HOLD_MS);
		assert_int_equal(site.failures, 1);
		break;
	case LIFTED:
		assert_int_equal(site.hold_until_at_ms, 0);
		assert_int_equal(site.failures, 0);
		assert_string_equal(site.address, "MS1.1");
		break;
	case SET:
		assert_int_equal(site.hold_until_at_ms, NOW + HOUR_MS);
		assert_string_equal(site.hold_reason, row->error.text);
		assert_int_equal(site.failures, 2);
		break;
	}
}

static void
check_request(const struct request *after, const struct row *row)
{
	assert_int_equal(after->state, row->to);
	assert_int_equal(after->attempts, 1);
	assert_int_equal(after->error_kind, row->error.kind);
	if (row->to == REQUEST_WAITING) {
		/* heartbeat + delay x retries x 2, and up to a tenth of that */
		assert_true(after->restart_at_ms >= NOW + 540000);
		assert_true(after->restart_at_ms <= NOW + 594000);
	}
}

static void
settle_row(struct fixture *f, const struct row *row)
{
	struct request after;
	bool local = false;
	struct rig g;

	rig_init(&g, f);
	g.request.id = fixture_file(f, "MS1");
	rig_report(&g, row->from, row->outcome, &row->error);
	g.report.result.connected = row->connected;
	g.report.result.too_large = row->too_large;
	g.report.result.order = row->order;
	if (row->order == OUTBOX_ORDER_HOLD &&
	    outbox_command(f->o, g.request.id, OUTBOX_HOLD, NOW, LIFETIME, &f->e) != 1)
		fail_msg("hold: %s", f->e.text);
	if (row->outcome != ATTEMPT_NO_ADDRESS)
		g.report.result.address = &g.address;
	if (settle_it(&g, &local) < 0)
		fail_msg("%s: %s", attempt_outcome_name(row->outcome), f->e.text);
	assert_int_equal(local, row->local);
	fixture_get(f, g.request.id, &after);
	check_request(&after, row);
	check_site(f, row);
	check_lines(&g, row, &after);
	rig_done(&g);
}

static void
every_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		void *fresh = NULL;

		assert_int_equal(fixture_enter(&fresh), 0);
		settle_row(fresh, &rows[i]);
		assert_int_equal(fixture_leave(&fresh), 0);
	}
}

/* --- beside the table ------------------------------------------------------------ */

/* Somebody else has the request now: hands off. */
static void
a_lost_lease_changes_nothing(void **state)
{
	const struct err lost = {.kind = ERR_STOP, .text = "lost"};
	struct fixture *f = *state;
	AUTO_FREE char *lines = NULL;
	struct request after;
	bool local = false;
	struct rig g;

	rig_init(&g, f);
	g.request.id = fixture_file(f, "MS1");
	rig_report(&g, REQUEST_SENDING, ATTEMPT_LOST, &lost);
	assert_int_equal(settle_it(&g, &local), 0);
	fixture_get(f, g.request.id, &after);
	assert_int_equal(after.state, REQUEST_SENDING);
	assert_int_equal(after.attempts, 0);
	lines = log_lines(&g);
	assert_true(str_starts(lines, "Heartbeat is expired.\nevent=attempt "));
	rig_done(&g);
}

/* No address of the configuration was tried when a connection was lent that failed. */
static void
without_an_address_no_server_is_named(void **state)
{
	const struct err down = {.kind = ERR_ADDRESS, .win32 = 53, .text = "down"};
	struct fixture *f = *state;
	AUTO_FREE char *lines = NULL;
	bool local = false;
	struct rig g;

	rig_init(&g, f);
	g.request.id = fixture_file(f, "MS1");
	rig_report(&g, REQUEST_CONNECTING, ATTEMPT_NO_CONNECTION, &down);
	g.report.result.connected = true;
	assert_int_equal(settle_it(&g, &local), 0);
	lines = log_lines(&g);
	assert_non_null(strstr(lines, "Cannot connect to server  at remote site MS1,"));
	rig_done(&g);
}

/* The end of an attempt that was not kept is an error of ours, at each of its steps. */
static void
a_damaged_outbox_is_said(void **state)
{
	static const struct {
		enum attempt_outcome outcome;
		const char
		    *site; /* of the report; NOWHERE: the outbox has no such row */
		const char *damage;
	} steps[] = {
	    {ATTEMPT_NO_CONNECTION, "NOWHERE", ""},
	    {ATTEMPT_RETRY, "NOWHERE", ""},
	    {ATTEMPT_RETRY, "MS1", "DROP TABLE attempt"},
	};
	const struct err down = {.kind = ERR_ADDRESS, .win32 = 53, .text = "down"};
	struct fixture *f = *state;
	struct rig g;

	rig_init(&g, f);
	for (size_t i = 0; i < COUNT(steps); i++) {
		bool local = false;

		g.request.id = fixture_file(f, "MS1");
		rig_report(&g, REQUEST_SENDING, steps[i].outcome, &down);
		g.report.result.connected = true;
		g.report.result.address = &g.address;
		str_copy_cut(g.report.request.site, SITE_CODE_ROOM, steps[i].site);
		fixture_sql(f, steps[i].damage);
		f->e = (struct err){0};
		assert_int_equal(settle_it(&g, &local), -1);
		assert_true(*f->e.text);
	}
	rig_done(&g);
}

/* A rig whose site has two addresses. */
struct two {
	struct rig g;
	struct config_address both[2];
	struct config_site site;
	bool first_failed;
};

static void rig_unlimited(struct rig *g, struct config_site *site);

static void
two_init(struct two *t, struct fixture *f)
{
	static char code[] = "MS1", second_name[] = "MS1.2";

	*t = (struct two){0};
	rig_init(&t->g, f);
	t->site = (struct config_site){
	    .code = code, .addresses = t->both, .address_count = 2};
	rig_unlimited(&t->g, &t->site);
	t->both[0] = t->both[1] = t->g.address;
	t->both[0].number = 1;
	t->both[1].number = 2;
	t->both[1].section = second_name;
}

/* A new request each time; after each success it is the other address that works. */
static int
settle_one_of_two(void *self, struct err *e)
{
	struct two *t = self;
	const struct err none = {0};
	bool local = false;
	int rc;
	const struct settle_by by = {t->g.f->o, &t->g.options};

	faulty_outbox_prepares = true;
	t->g.request.id = fixture_file(t->g.f, "MS1");
	rig_report(&t->g, REQUEST_PUBLISHING, ATTEMPT_SENT, &none);
	faulty_outbox_prepares = false;
	if (t->first_failed)
		t->g.report.result.failed = (struct attempt_route){{1}, 1};
	t->g.report.result.connected = true;
	t->g.report.result.address = &t->both[t->first_failed ? 1 : 0];
	rc = settle(&by, &t->g.report, &local, e);
	if (rc == 0)
		t->first_failed = !t->first_failed;
	return rc;
}

/* What the site is to be remembered by may fail to be kept, the end of the attempt was
 * kept before: nothing is sent twice for it. */
static void
every_call_of_the_outbox_may_fail(void **state)
{
	struct two t;
	struct request after;
	unsigned calls;

	two_init(&t, *state);
	t.first_failed = true;
	for (int i = 0; i < 2; i++)
		assert_int_equal(faulty_outbox(settle_one_of_two, &t, &calls), 0);
	for (int64_t id = 1; id <= t.g.request.id.n; id++) {
		fixture_get(t.g.f, (struct request_id){id}, &after);
		assert_int_equal(after.state, REQUEST_SENT);
	}
	rig_done(&t.g);
}

/* Another process that writes, in the outbox's own terms: it holds the write lock until
 * so many waits were waited. */
static sqlite3 *writer;
static int waits, writes_for;

__typeof__(stop_wait) real_stop_wait __asm__("__real_stop_wait");
__typeof__(stop_wait) wrap_stop_wait __asm__("__wrap_stop_wait");

static void
writer_ends(void)
{
	assert_int_equal(sqlite3_close(writer), SQLITE_OK);
	writer = NULL;
}

bool
wrap_stop_wait(const struct stop *s, int64_t wait_ms)
{
	if (!writer)
		return real_stop_wait(s, wait_ms);
	assert_true(wait_ms > 0);
	if (++waits == writes_for)
		writer_ends();
	return stop_thrown(s);
}

static void
writer_begins(const struct fixture *f, int its_waits)
{
	AUTO_FREE char *path = mem_printf("%s/outbox.db", f->folder);

	assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
	assert_int_equal(sqlite3_exec(writer, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	waits = 0;
	writes_for = its_waits;
}

/* The end of an attempt is worth waiting for, but for a stop. */
static void
a_busy_outbox_is_waited_for_until_stop(void **state)
{
	static const struct {
		bool stopped;
		int writes_for, waits, rc;
		enum request_state state;
	} rows_of_two[] = {{false, 3, 3, 0, REQUEST_SENT},
			   {true, 3, 1, -1, REQUEST_PUBLISHING}};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows_of_two); i++) {
		struct stop *stop = stop_new();
		const struct err none = {0};
		struct request after;
		bool local = false;
		struct rig g;

		rig_init(&g, f);
		g.options.stop = stop;
		g.request.id = fixture_file(f, "MS1");
		rig_report(&g, REQUEST_PUBLISHING, ATTEMPT_SENT, &none);
		outbox_set_patience(f->o, 0);
		if (rows_of_two[i].stopped)
			stop_throw(stop);
		writer_begins(f, rows_of_two[i].writes_for);
		assert_int_equal(settle_it(&g, &local), rows_of_two[i].rc);
		assert_int_equal(waits, rows_of_two[i].waits);
		if (writer) {
			assert_int_equal(f->e.win32, OUTBOX_BUSY_WIN32);
			writer_ends();
		}
		fixture_get(f, g.request.id, &after);
		assert_int_equal(after.state, rows_of_two[i].state);
		rig_done(&g);
		stop_free(stop);
	}
}

/* A newer one put an end to it while it was sent: the line names it. */
static void
a_newer_one_that_took_its_place_is_named(void **state)
{
	const struct err ordered = {.kind = ERR_STOP, .text = "ordered"};
	struct fixture *f = *state;
	AUTO_FREE char *lines = NULL;
	bool local = false;
	struct rig g;

	rig_init(&g, f);
	g.request.id = fixture_file_named(f, "MS1", "setup", (struct outbox_new){0});
	rig_report(&g, REQUEST_SENDING, ATTEMPT_ORDERED, &ordered);
	g.report.result.order = OUTBOX_ORDER_CANCEL;
	(void)fixture_file_named(f, "MS1", "setup",
				 (struct outbox_new){.supersede = true});
	assert_int_equal(settle_it(&g, &local), 0);
	lines = log_lines(&g);
	if (!strstr(lines, " 2"))
		fail_msg("%s", lines);
	assert_null(strstr(lines, "by a person"));
	rig_done(&g);
}

/* So often it was reached, and so often it was not. */
static void
check_learnt(struct rig *g, const char *address, int64_t connects, int64_t failed)
{
	AUTO_FREE struct outbox_learnt *all = NULL;
	int64_t reached = 0, not_reached = 0;
	size_t count = 0;

	assert_int_equal(outbox_learnt_list(g->f->o, &all, &count, &g->f->e), 0);
	for (size_t i = 0; i < count; i++)
		if (str_eq(all[i].address, address)) {
			reached += all[i].connects;
			not_reached += all[i].failed;
		}
	assert_int_equal(reached, connects);
	assert_int_equal(not_reached, failed);
}

static struct outbox_site
site_now(struct rig *g)
{
	struct outbox_site site;

	fixture_site(g->f, "MS1", NOW, &site);
	return site;
}

static void
rig_unlimited(struct rig *g, struct config_site *site)
{
	g->config.sender.zone = g->address.zone = zone_utc();
	g->config.sender.limits.rate.always = CONFIG_RATE_UNLIMITED;
	g->address.limits.rate.always = CONFIG_RATE_UNLIMITED;
	site->limits.rate.always = CONFIG_RATE_UNLIMITED;
	g->config.sites = site;
	g->config.site_count = 1;
}

/* The first failed, the second was used: each has its own account; a success settles
 * it (sms-sender.md 2.4). */
static void
addresses_are_kept_apart(void **state)
{
	struct two t;
	struct rig *g = &t.g;
	const struct err none = {0};
	bool local = false;

	two_init(&t, *state);
	for (int n = 1; n <= 2; n++) {
		g->request.id = fixture_file(g->f, "MS1");
		rig_report(g, REQUEST_PUBLISHING, ATTEMPT_SENT, &none);
		g->report.result.failed = (struct attempt_route){{1}, 1};
		g->report.result.connected = true;
		g->report.result.address = &t.both[1];
		assert_int_equal(settle_it(g, &local), 0);
		assert_int_equal(site_now(g).failed_address_count, 1);
		assert_int_equal(site_now(g).failed_addresses[0].number, 1);
		assert_int_equal(site_now(g).failed_addresses[0].failures, n);
		assert_in_range(site_now(g).failed_addresses[0].alone_until_at_ms,
				NOW + n * 45000, NOW + n * 60000);
		check_learnt(g, "MS1.1", 0, n);
		check_learnt(g, "MS1.2", n, 0);
		assert_int_equal(site_now(g).hold_until_at_ms, 0);
	}
	g->request.id = fixture_file(g->f, "MS1");
	rig_report(g, REQUEST_PUBLISHING, ATTEMPT_SENT, &none);
	g->report.result.connected = true;
	g->report.result.address = &t.both[0];
	assert_int_equal(settle_it(g, &local), 0);
	assert_int_equal(site_now(g).failed_address_count, 0);
	check_learnt(g, "MS1.1", 1, 2);

	/* The first was reached and refused, the second was not reached. */
	g->request.id = fixture_file(g->f, "MS1");
	rig_report(g, REQUEST_SENDING, ATTEMPT_NO_CONNECTION, &none);
	g->report.result.failed = (struct attempt_route){{1, 2}, 2};
	g->report.result.connected = true;
	g->report.result.address = &t.both[1];
	assert_int_equal(settle_it(g, &local), 0);
	check_learnt(g, "MS1.1", 1, 3);
	check_learnt(g, "MS1.2", 2, 1);
	rig_done(g);
}

static int64_t
samples_after(struct fixture *f, int64_t held_ms)
{
	static char code[] = "MS1";
	AUTO_FREE struct outbox_learnt *all = NULL;
	struct rig g;
	struct config_site site = {
	    .code = code, .addresses = &g.address, .address_count = 1};
	struct outbox_attempt *h = &g.report.result.history;
	const struct err none = {0};
	int64_t samples = 0;
	size_t count = 0;
	bool local = false;

	rig_init(&g, f);
	rig_unlimited(&g, &site);
	g.address.number = 1;
	g.request.id = fixture_file(f, "MS1");
	rig_report(&g, REQUEST_PUBLISHING, ATTEMPT_SENT, &none);
	g.report.result.connected = true;
	g.report.result.address = &g.address;
	h->started_at_ms = NOW - 3000;
	h->bytes_sent = 4000000;
	h->send_ms = 2000;
	g.report.result.held_ms = held_ms;
	assert_int_equal(settle_it(&g, &local), 0);
	assert_int_equal(outbox_learnt_list(f->o, &all, &count, &f->e), 0);
	for (size_t i = 0; i < count; i++)
		samples += all[i].samples;
	rig_done(&g);
	return samples;
}

/* A tenth of the time at most: the line was hardly slower for it. */
static void
what_a_limit_held_up_tells_no_speed(void **state)
{
	static const struct {
		int64_t held_ms, samples;
	} tried[] = {{0, 1}, {200, 1}, {201, 0}, {1900, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(tried); i++) {
		void *fresh = NULL;

		assert_int_equal(fixture_enter(&fresh), 0);
		if (samples_after(fresh, tried[i].held_ms) != tried[i].samples)
			fail_msg("row %zu", i);
		assert_int_equal(fixture_leave(&fresh), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_outcome),
	    cmocka_unit_test_setup_teardown(a_lost_lease_changes_nothing, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(without_an_address_no_server_is_named,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(addresses_are_kept_apart, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test(what_a_limit_held_up_tells_no_speed),
	    cmocka_unit_test_setup_teardown(a_damaged_outbox_is_said, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(every_call_of_the_outbox_may_fail,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(a_busy_outbox_is_waited_for_until_stop,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(a_newer_one_that_took_its_place_is_named,
					    fixture_enter, fixture_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
