/* What the sender thinks of its requests: against a real outbox and board, a pool of
 * the test's own, and a clock that a look at it moves on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "config/build.h"
#include "dispatch/outlook.h"
#include "fixture.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, MOST_LOG = 1 << 20, FEW = 3 };

/* MS1 is thin; MS2 stays closed, MS3 opens in an hour (NOW is 10:46 UTC); MS4 has no
 * address; nobody limits MS5. */
static const char text[] =
    "[sender]\nzone = UTC\nmax_sendings = 2\nreserved_high = none\n"
    "[site MS1]\nrate = 80kbit/s\n[address MS1.1]\ntype = dir\npath = /x\n"
    "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\nschedule = closed\n"
    "[site MS3]\n[address MS3.1]\ntype = dir\npath = /x\nschedule = 08-12 closed\n"
    "[site MS4]\n"
    "[site MS5]\n[address MS5.1]\ntype = dir\npath = /x\n"
    "[address MS5.2]\ntype = dir\npath = /x\npulse = 1KB every 1s\n"
    "[site MS6]\n[address MS6.1]\ntype = dir\npath = /x\nschedule = high\n";

/* --- the pool -------------------------------------------------------------------- */

static struct pool_sending sendings[FEW];
static size_t sending_count;
static struct pool_counts counts;

__typeof__(pool_site_active) wrap_pool_site_active __asm__("__wrap_pool_site_active");
__typeof__(pool_list) wrap_pool_list __asm__("__wrap_pool_list");
__typeof__(pool_get_counts) wrap_pool_get_counts __asm__("__wrap_pool_get_counts");

int
wrap_pool_site_active(struct pool *p, const char *site)
{
	(void)p;
	assert_null(site);
	return (int)sending_count;
}

size_t
wrap_pool_list(struct pool *p, struct pool_sending *out, size_t room)
{
	(void)p;
	assert_true(room >= sending_count);
	memcpy(out, sendings, sending_count * sizeof(*out));
	return sending_count;
}

void
wrap_pool_get_counts(struct pool *p, struct pool_counts *out)
{
	(void)p;
	*out = counts;
}

static int64_t cpu_ms; /* what the thread used: all that the clock went on */

__typeof__(clock_thread_cpu_ms)
    wrap_clock_thread_cpu_ms __asm__("__wrap_clock_thread_cpu_ms");

int64_t
wrap_clock_thread_cpu_ms(void)
{
	return cpu_ms;
}

static void
add_sending(struct request_id id, const char *site, const char *address,
	    const char *stage, int64_t bytes_per_s)
{
	struct pool_sending *s = &sendings[sending_count++];

	*s = (struct pool_sending){
	    .request = id, .stage = stage, .bytes_per_s = bytes_per_s};
	str_copy_cut(s->site, sizeof(s->site), site);
	str_copy_cut(s->address, sizeof(s->address), address);
}

/* --- set-up ---------------------------------------------------------------------- */

struct rig {
	struct fixture *f;
	struct config *config;
	struct rate_facts facts;
	struct board *board;
	struct outlook *outlook;
	struct log *log;
	char *log_path;
	struct clock clock;
	int64_t mono_ms, wall_ms;
	int64_t look_takes_ms; /* each look at the clock moves it on so much */
};

static int64_t
mono_ms(void *self)
{
	struct rig *g = self;

	g->mono_ms += g->look_takes_ms;
	cpu_ms += g->look_takes_ms;
	return g->mono_ms;
}

static int64_t
wall_ms(void *self)
{
	return ((struct rig *)self)->wall_ms;
}

static int
enter(void **state)
{
	struct rig *g = mem_zero(1, sizeof(*g));
	struct log_options o = {.echo_fd = -1, .clock = &g->clock};
	void *fixture = NULL;

	assert_int_equal(fixture_enter(&fixture), 0);
	g->f = fixture;
	sending_count = 0;
	counts = (struct pool_counts){0};
	g->clock = (struct clock){mono_ms, wall_ms, g};
	g->mono_ms = 1000;
	g->wall_ms = NOW;
	assert_int_equal(
	    config_from_bytes("t.conf", text, strlen(text), &g->config, &g->f->e), 0);
	g->facts.config = g->config;
	o.path = g->log_path = mem_printf("%s/sender.log", g->f->folder);
	assert_int_equal(log_open(&o, &g->log, &g->f->e), 0);
	g->board = board_new(g->config, NULL);
	g->outlook = outlook_new(
	    &(struct outlook_by){g->f->o, g->board, NULL, g->log, &g->clock});
	*state = g;
	return 0;
}

static int
leave(void **state)
{
	struct rig *g = *state;
	void *fixture = g->f;

	outlook_free(g->outlook);
	board_free(g->board);
	log_close(g->log);
	config_free(g->config);
	mem_free(g->log_path);
	mem_free(g);
	return fixture_leave(&fixture);
}

static struct request_id
file_by(struct rig *g, const char *site, int64_t deadline_at_ms)
{
	return fixture_file_as(g->f, site,
			       (struct outbox_new){.deadline_at_ms = deadline_at_ms});
}

static void
refresh(struct rig *g)
{
	board_set_facts(g->board, &g->facts);
	assert_int_equal(board_refresh(g->board, g->f->o, g->wall_ms, &g->f->e), 0);
}

static void
go(struct rig *g)
{
	outlook_go(g->outlook, g->config);
}

static void
pass(struct rig *g, int64_t ms)
{
	g->mono_ms += ms;
	g->wall_ms += ms;
}

/* A whole look, now. */
static void
look(struct rig *g)
{
	refresh(g);
	go(g);
}

static struct request
get(struct rig *g, struct request_id id)
{
	struct request r;

	fixture_get(g->f, id, &r);
	return r;
}

/* How often the log says it. */
static int
said(struct rig *g, const char *what)
{
	AUTO_FREE char *log = NULL;
	size_t len = 0;
	int n = 0;

	if (path_read_file(g->log_path, MOST_LOG, ERR_LOCAL, &log, &len, &g->f->e) < 0)
		fail_msg("%s", g->f->e.text);
	for (const char *at = log; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* --- arrivals -------------------------------------------------------------------- */

/* 1,000 bytes at 10,000 a second at most, none of it known. */
static void
a_request_arrives_within_its_range(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");
	struct request r;

	look(g);
	r = get(g, id);
	assert_int_equal(r.outlook.made_at_ms, NOW);
	assert_int_equal(r.outlook.why.code, REASON_MAY_GO);
	assert_in_range(r.outlook.early_at_ms, NOW + 100, NOW + 5000);
	assert_true(r.outlook.early_at_ms <= r.outlook.likely_at_ms &&
		    r.outlook.likely_at_ms <= r.outlook.late_at_ms);
	assert_in_range(r.outlook.late_at_ms, NOW + 100, NOW + 3 * HOUR_MS);
	assert_int_equal(r.outlook.in_time_percent, 100);
	assert_int_equal(r.outlook.doubted_at_ms, 0);
}

static void
what_keeps_it_back_is_told(void **state)
{
	struct rig *g = *state;
	const struct request_id closed = fixture_file(g->f, "MS2");
	const struct request_id opens = fixture_file(g->f, "MS3");
	const struct request_id first = fixture_file(g->f, "MS1");
	const struct request_id next = fixture_file(g->f, "MS1");
	const struct request_id gone = fixture_file(g->f, "MS9");
	const struct request_id put_off = fixture_file_as(
	    g->f, "MS1", (struct outbox_new){.not_before_at_ms = NOW + HOUR_MS});
	const struct request_id behind =
	    fixture_file_named(g->f, "MS5", "same", (struct outbox_new){0});
	const struct request_id behind_it =
	    fixture_file_named(g->f, "MS5", "same", (struct outbox_new){0});
	const struct request_id alone = fixture_file(g->f, "MS4");
	const struct request_id held = fixture_file(g->f, "MS3");
	const struct {
		struct request_id id;
		int code;
		int64_t until_at_ms;
		bool arrives;
	} rows[] = {
	    {closed, REASON_WINDOW_CLOSED, INT64_MAX, false},
	    {opens, REASON_WINDOW_CLOSED, 921672000000, true}, /* 12:00 */
	    {first, REASON_MAY_GO, INT64_MAX, true},
	    {next, REASON_SITE_NEXT, INT64_MAX, true},
	    {gone, REASON_NO_ADDRESS, INT64_MAX, false},
	    {put_off, REASON_NOT_BEFORE, NOW + HOUR_MS, true},
	    {behind, REASON_MAY_GO, INT64_MAX, true},
	    {behind_it, REASON_SAME_NAME, INT64_MAX, true},
	    {alone, REASON_MAY_GO, INT64_MAX, false},
	};
	struct request r;

	assert_int_equal(
	    outbox_command(g->f->o, held, OUTBOX_HOLD, NOW, LIFETIME, &g->f->e), 1);
	look(g);
	for (size_t i = 0; i < COUNT(rows); i++) {
		r = get(g, rows[i].id);
		assert_int_equal(r.outlook.made_at_ms, NOW);
		assert_int_equal(r.outlook.why.code, rows[i].code);
		assert_true(r.outlook.why.until_at_ms == rows[i].until_at_ms);
		assert_int_equal(r.outlook.likely_at_ms != INT64_MAX, rows[i].arrives);
	}
	r = get(g, opens);
	assert_in_range(r.outlook.early_at_ms, 921672000000, 921672000000 + MINUTE_MS);
	r = get(g, held);
	assert_int_equal(r.outlook.request.n, 0);
}

/* The site's window is open, but not for all of them; and one that the board has not
 * heard of yet. */
static void
what_keeps_back_one_of_a_site(void **state)
{
	struct rig *g = *state;
	const struct request_id low =
	    fixture_file_as(g->f, "MS6", (struct outbox_new){.priority = REQUEST_LOW});
	const struct request_id high =
	    fixture_file_as(g->f, "MS6", (struct outbox_new){.priority = REQUEST_HIGH});
	struct request_id unheard;

	refresh(g);
	unheard = fixture_file(g->f, "MS5");
	go(g);
	assert_int_equal(get(g, low).outlook.why.code, REASON_WINDOW_PRIORITY);
	assert_true(get(g, low).outlook.likely_at_ms == INT64_MAX);
	assert_int_equal(get(g, high).outlook.why.code, REASON_MAY_GO);
	assert_true(get(g, high).outlook.likely_at_ms != INT64_MAX);
	assert_int_equal(get(g, unheard).outlook.why.code, REASON_NOTHING);
}

/* The first address of its site is left alone: it goes over the second at once. */
static void
an_address_that_failed_is_heeded(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS5");
	const struct outbox_address failed = {1, 3, NOW + HOUR_MS};
	struct request r;

	assert_int_equal(outbox_address_result(g->f->o, "MS5", &failed, &g->f->e), 0);
	g->config->sites[4].addresses[1].limits.rate.always = 1;
	look(g);
	r = get(g, id);
	assert_int_equal(r.outlook.why.code, REASON_MAY_GO);
	assert_true(r.outlook.likely_at_ms >
		    NOW + 10 * MINUTE_MS); /* a byte a second */
}

/* What waits for its restart time, for its site, for a slot. */
static void
what_failed_or_waits_for_others(void **state)
{
	struct rig *g = *state;
	const struct request_id waits = fixture_file(g->f, "MS5");
	const struct request_id on_hold = fixture_file(g->f, "MS5");
	const struct request_id sent = fixture_file(g->f, "MS1");
	const struct request_id full = fixture_file(g->f, "MS1");
	const struct err dead = {.kind = ERR_SITE, .text = "dead"};
	struct request r;

	fixture_bring(g->f, waits, REQUEST_WAITING, &r);
	fixture_bring(g->f, sent, REQUEST_SENT, &r);
	assert_int_equal(outbox_site_result(g->f->o, "MS5", NULL, &dead, NOW, &g->f->e),
			 0);
	assert_int_equal(
	    outbox_site_hold(g->f->o, "MS5", NOW + HOUR_MS, "dead", &g->f->e), 0);
	counts.sending = 2;
	look(g);
	r = get(g, waits);
	assert_int_equal(r.outlook.why.code, REASON_RESTART);
	assert_true(r.outlook.why.until_at_ms == r.restart_at_ms);
	assert_true(r.outlook.early_at_ms > r.restart_at_ms);
	r = get(g, on_hold);
	assert_int_equal(r.outlook.why.code, REASON_SITE_HOLD);
	r = get(g, full);
	assert_int_equal(r.outlook.why.code, REASON_SLOTS_FULL);
}

/* Nothing else leads there: it goes when the address is tried again. */
static void
what_waits_for_an_address_that_failed(void **state)
{
	const struct outbox_address alone = {1, 3, NOW + HOUR_MS};
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");

	assert_int_equal(outbox_address_result(g->f->o, "MS1", &alone, &g->f->e), 0);
	look(g);
	assert_int_equal(get(g, id).outlook.why.code, REASON_ADDRESS_FAILED);
	assert_in_range(get(g, id).outlook.early_at_ms, NOW + HOUR_MS,
			NOW + HOUR_MS + MINUTE_MS);
}

/* --- what is being sent ---------------------------------------------------------- */

/* 1,000 bytes are left.  It goes on as fast as it goes, unless a limit holds it up. */
static void
what_is_being_sent_goes_on_so_fast(void **state)
{
	struct rig *g = *state;
	static const struct {
		const char *site, *address, *stage;
		int64_t bytes_per_s;
		int64_t from_ms, to_ms; /* of the likely arrival, from now */
	} rows[] = {
	    {"MS5", "MS5.1", "sending", 10, 60000, 180000},
	    {"MS5", "MS5.1", "sending", 1000, 1000, 3000},
	    {"MS5", "MS5.1", "sending", 0, 400, 1500},
	    {"MS5", "MS5.1", "connecting", 10, 500, 2500},
	    {"MS1", "MS1.1", "sending", 10, 100, 3000},
	    {"MS5", "MS5.2", "sending", 10, 100, 3000},
	    {"MS5", "", "sending", 10, 100, 3000},
	    {"MS9", "MS9.1", "sending", 10, 0, 0},
	};

	(void)fixture_file(g->f, "MS2"); /* waits, and is older */
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct request_id id = fixture_file(g->f, rows[i].site);
		int64_t likely_ms;
		struct request r;

		fixture_bring(g->f, id, REQUEST_SENDING, &r);
		sending_count = 0;
		add_sending(id, rows[i].site, rows[i].address, rows[i].stage,
			    rows[i].bytes_per_s);
		outlook_restart(g->outlook);
		pass(g, OUTLOOK_SOON_MS);
		look(g);
		r = get(g, id);
		assert_int_equal(r.outlook.made_at_ms, g->wall_ms);
		assert_int_equal(r.outlook.why.code, REASON_ACTIVE);
		likely_ms = r.outlook.likely_at_ms - g->wall_ms;
		if (rows[i].to_ms)
			assert_in_range(likely_ms, rows[i].from_ms, rows[i].to_ms);
		else
			assert_true(r.outlook.likely_at_ms == INT64_MAX);
		assert_int_equal(
		    outbox_command(g->f->o, id, OUTBOX_CANCEL, NOW, LIFETIME, &g->f->e),
		    1);
		fixture_finish(g->f, &r, REQUEST_CANCELLED, g->wall_ms);
	}
}

/* --- deadlines ------------------------------------------------------------------- */

static void
an_unlikely_deadline_is_told_once(void **state)
{
	struct rig *g = *state;
	const int64_t deadline_at_ms = NOW + 10 * MINUTE_MS;
	const struct request_id id = file_by(g, "MS1", deadline_at_ms);
	const struct request_id never = file_by(g, "MS2", deadline_at_ms);
	struct request r, sent;

	look(g);
	assert_int_equal(get(g, id).outlook.doubted_at_ms, 0);
	r = get(g, never);
	assert_int_equal(r.outlook.doubted_at_ms, NOW);
	assert_int_equal(r.outlook.in_time_percent, 0);
	assert_int_equal(said(g, "has become unlikely (0 %); expected arrival: not at"),
			 1);
	/* It is sent, but too slowly. */
	fixture_bring(g->f, id, REQUEST_SENDING, &sent);
	add_sending(id, "MS1", "MS1.1", "sending", 1);
	pass(g, MINUTE_MS);
	look(g);
	r = get(g, id);
	assert_int_equal(r.outlook.doubted_at_ms, 0); /* MS1 may be faster */
	g->config->sites[0].limits.rate.always = CONFIG_RATE_UNLIMITED;
	for (int i = 0; i < 3; i++) {
		pass(g, MINUTE_MS);
		look(g);
		r = get(g, id);
		assert_int_equal(r.outlook.doubted_at_ms, NOW + 2 * MINUTE_MS);
		assert_true(r.outlook.likely_at_ms > deadline_at_ms);
	}
	assert_int_equal(said(g, "has become unlikely"), 2);
	assert_int_equal(said(g, "request=1 site=MS1"), 1);
	/* It goes faster again. */
	sendings[0].bytes_per_s = 1000;
	pass(g, MINUTE_MS);
	look(g);
	assert_int_equal(get(g, id).outlook.doubted_at_ms, 0);
	assert_int_equal(said(g, "is likely again (100 %)"), 1);
	fixture_finish(g->f, &sent, REQUEST_PENDING, g->wall_ms);
}

/* While a person drains, without an end or for an hour. */
static void
a_drain_is_no_doubt(void **state)
{
	struct rig *g = *state;
	const struct request_id id = file_by(g, "MS1", NOW + HOUR_MS / 2);
	struct outbox_override v = {.kind = OUTBOX_DRAIN, .set_at_ms = NOW};
	struct request r;

	assert_int_equal(outbox_override_set(g->f->o, &v, &g->f->e), 0);
	look(g);
	r = get(g, id);
	assert_int_equal(r.outlook.why.code, REASON_DRAINED);
	assert_true(r.outlook.likely_at_ms == INT64_MAX);
	assert_int_equal(r.outlook.doubted_at_ms, 0);
	v.until_at_ms = NOW + HOUR_MS;
	assert_int_equal(outbox_override_set(g->f->o, &v, &g->f->e), 0);
	outlook_hurry(g->outlook);
	pass(g, OUTLOOK_SOON_MS);
	look(g);
	r = get(g, id);
	assert_true(r.outlook.why.until_at_ms == NOW + HOUR_MS);
	assert_int_equal(r.outlook.doubted_at_ms, g->wall_ms);
}

/* --- when it looks --------------------------------------------------------------- */

static void
it_looks_each_minute_or_when_something_changed(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");

	assert_true(outlook_next_at_ms(g->outlook) <= g->mono_ms);
	look(g);
	assert_int_equal(outlook_next_at_ms(g->outlook), g->mono_ms + MINUTE_MS);
	pass(g, MINUTE_MS - 1);
	go(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, NOW);
	pass(g, 1);
	go(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, NOW + MINUTE_MS);
	/* Another one is filed. */
	(void)fixture_file(g->f, "MS1");
	pass(g, 1);
	look(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, NOW + MINUTE_MS);
	assert_int_equal(outlook_next_at_ms(g->outlook),
			 g->mono_ms - 1 + OUTLOOK_SOON_MS);
	pass(g, OUTLOOK_SOON_MS - 1);
	go(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, g->wall_ms);
	assert_int_equal(outlook_next_at_ms(g->outlook), g->mono_ms + MINUTE_MS);
	/* The configuration is read anew. */
	board_reload(g->board, g->config);
	outlook_restart(g->outlook);
	assert_int_equal(outlook_next_at_ms(g->outlook), g->mono_ms + OUTLOOK_SOON_MS);
}

static void
with_nothing_queued_nothing_is_written(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");
	int64_t before;

	look(g);
	assert_int_equal(
	    outbox_command(g->f->o, id, OUTBOX_CANCEL, NOW, LIFETIME, &g->f->e), 1);
	pass(g, MINUTE_MS);
	look(g);
	assert_int_equal(fixture_number(g->f, "SELECT count(*) FROM outlook"), 0);
	before = fixture_number(g->f, "PRAGMA data_version");
	fixture_sql(g->f, "INSERT INTO outlook VALUES (9, 9, 0, 0, 0, 0, 0, 0, 0, 0)");
	pass(g, MINUTE_MS);
	look(g);
	assert_int_equal(fixture_number(g->f, "SELECT count(*) FROM outlook"), 1);
	assert_int_equal(fixture_number(g->f, "PRAGMA data_version"), before);
}

/* A long look is cut into slices, with pauses; what one costs is told by the clock. */
static void
it_takes_less_than_one_percent_of_a_core(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");
	const int64_t began_ms = g->mono_ms;
	int slices = 0;

	for (int i = 0; i < 20; i++)
		(void)fixture_file(g->f, "MS1");
	g->look_takes_ms = 10;
	refresh(g);
	while (get(g, id).outlook.made_at_ms == 0) {
		const int64_t at_ms = outlook_next_at_ms(g->outlook);
		int64_t used_ms;

		if (at_ms > g->mono_ms)
			pass(g, at_ms - g->mono_ms);
		used_ms = g->mono_ms;
		go(g);
		used_ms = g->mono_ms - used_ms;
		assert_in_range(used_ms, OUTLOOK_SLICE_MS, 5 * OUTLOOK_SLICE_MS);
		slices++;
		if (get(g, id).outlook.made_at_ms)
			break;
		if (slices == 2)
			add_sending((struct request_id){99}, "MS1", "", "connecting",
				    0);
		assert_in_range(outlook_next_at_ms(g->outlook) - g->mono_ms,
				(slices < 2 ? 140 : 15) * (used_ms - 20),
				150 * used_ms);
	}
	assert_true(slices > 3);
	assert_true(g->mono_ms - began_ms > slices * 15 * OUTLOOK_SLICE_MS);
}

/* Of many it is known at once why they do not go; when they arrive, slice by slice. */
static void
reasons_come_before_arrivals(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS3");
	struct config_week *closed = &g->config->sites[1].addresses[0].schedule;
	const struct config_week open_at_noon =
	    g->config->sites[2].addresses[0].schedule;
	struct request r;

	look(g);
	for (int i = 0; i < 300; i++)
		(void)fixture_file(g->f, "MS3");
	g->config->sites[2].addresses[0].schedule = *closed;
	*closed = open_at_noon;
	pass(g, MINUTE_MS);
	g->look_takes_ms = 10;
	board_reload(g->board, g->config);
	refresh(g);
	for (int i = 0; i < 3; i++) {
		go(g);
		pass(g, outlook_next_at_ms(g->outlook) - g->mono_ms);
	}
	r = get(g, id);
	assert_true(r.outlook.why.until_at_ms == INT64_MAX);
	assert_int_equal(r.outlook.made_at_ms, NOW);
	assert_true(r.outlook.likely_at_ms != INT64_MAX);
	g->look_takes_ms = 0;
	go(g);
	r = get(g, id);
	assert_true(r.outlook.made_at_ms > NOW);
	assert_true(r.outlook.likely_at_ms == INT64_MAX);
}

/* In the middle of a look: what it points to may go. */
static void
a_look_that_is_under_way_is_given_up(void **state)
{
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");

	for (int i = 0; i < 20; i++)
		(void)fixture_file(g->f, "MS1");
	g->look_takes_ms = 10;
	refresh(g);
	for (int i = 0; i < 3; i++) {
		go(g);
		pass(g, outlook_next_at_ms(g->outlook) - g->mono_ms);
	}
	assert_int_equal(get(g, id).outlook.made_at_ms, 0);
	outlook_restart(g->outlook);
	g->look_takes_ms = 0;
	pass(g, OUTLOOK_SOON_MS);
	go(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, g->wall_ms);
}

/* However much is queued: what has a deadline comes first. */
static void
many_are_not_all_looked_at(void **state)
{
	struct rig *g = *state;
	const struct request_id old = fixture_file(g->f, "MS1");
	const struct request_id promised = fixture_file(g->f, "MS2");
	char more[512];

	(void)snprintf(more, sizeof(more),
		       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		       " WHERE i < %d) INSERT INTO request (state, priority, site,"
		       " package, line, bytes, ready_at_ms, filed_at_ms, renewed_at_ms,"
		       " not_before_at_ms, deadline_at_ms, expires_at_ms, goes_at_ms,"
		       " prefer, token, turn) SELECT state, priority, site, package,"
		       " line, bytes, ready_at_ms, filed_at_ms, renewed_at_ms,"
		       " not_before_at_ms, filed_at_ms + 900000, filed_at_ms + 900000,"
		       " goes_at_ms, prefer, token, turn FROM request, n WHERE id = %d",
		       OUTLOOK_MOST, (int)promised.n);
	fixture_sql(g->f, more);
	look(g);
	assert_int_equal(get(g, old).outlook.request.n, 0);
	assert_int_equal(fixture_number(g->f, "SELECT count(*) FROM outlook"),
			 OUTLOOK_MOST);
}

/* --- trouble --------------------------------------------------------------------- */

static void
an_outbox_that_cannot_be_read_is_tried_again(void **state)
{
	static const char *const broken[] = {
	    "ALTER TABLE override RENAME TO missing",
	    "ALTER TABLE learnt RENAME TO missing",
	    "ALTER TABLE site RENAME TO missing",
	    "ALTER TABLE outlook RENAME TO missing",
	    ("CREATE TRIGGER full BEFORE INSERT ON outlook "
	     "BEGIN SELECT RAISE(ABORT, 'no more room'); END"),
	};
	static const char *const mended[] = {
	    "ALTER TABLE missing RENAME TO override",
	    "ALTER TABLE missing RENAME TO learnt",
	    "ALTER TABLE missing RENAME TO site",
	    "ALTER TABLE missing RENAME TO outlook",
	    "DROP TRIGGER full",
	};
	struct rig *g = *state;
	const struct request_id id = fixture_file(g->f, "MS1");

	refresh(g);
	for (size_t i = 0; i < COUNT(broken); i++) {
		fixture_sql(g->f, broken[i]);
		outlook_restart(g->outlook);
		pass(g, MINUTE_MS);
		go(g);
		assert_int_equal(outlook_next_at_ms(g->outlook),
				 g->mono_ms + MINUTE_MS);
		fixture_sql(g->f, mended[i]);
	}
	assert_int_equal(said(g, "event:176"), (int)COUNT(broken));
	pass(g, MINUTE_MS);
	go(g);
	assert_int_equal(get(g, id).outlook.made_at_ms, g->wall_ms);
	outlook_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_request_arrives_within_its_range),
	    CASE(what_keeps_it_back_is_told),
	    CASE(what_keeps_back_one_of_a_site),
	    CASE(an_address_that_failed_is_heeded),
	    CASE(what_failed_or_waits_for_others),
	    CASE(what_waits_for_an_address_that_failed),
	    CASE(what_is_being_sent_goes_on_so_fast),
	    CASE(an_unlikely_deadline_is_told_once),
	    CASE(a_drain_is_no_doubt),
	    CASE(it_looks_each_minute_or_when_something_changed),
	    CASE(with_nothing_queued_nothing_is_written),
	    CASE(it_takes_less_than_one_percent_of_a_core),
	    CASE(reasons_come_before_arrivals),
	    CASE(a_look_that_is_under_way_is_given_up),
	    CASE(many_are_not_all_looked_at),
	    CASE(an_outbox_that_cannot_be_read_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
