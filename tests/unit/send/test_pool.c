/* The pool with real threads, a real outbox and folders as sites.  Nothing here waits
 * for time to pass: a gate in the clock holds a thread where the test wants it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fixture.h"
#include "send/idle.h"

enum { REQUESTS_MAX = 16, LONG_MS = 30000 };

/* --- a clock that can hold threads ------------------------------------------------ */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int room; /* how many are held at most; 0: it is open */
	int look; /* at which look of theirs */
	int held;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local int looks_at_clock;

/* A sending thread looks at the clock when it begins, and next when it has a slot and
 * keeps that it is SENDING: there it is held, at its second look. */
static int64_t
gate_wall_ms(void *self)
{
	(void)self;
	if (looks_at_clock >= 0 && ++looks_at_clock > 1) {
		(void)pthread_mutex_lock(&gate.lock);
		if (looks_at_clock == gate.look && gate.held < gate.room) {
			gate.held++;
			(void)pthread_cond_broadcast(&gate.changed);
			while (gate.room > 0 && looks_at_clock == gate.look)
				(void)pthread_cond_wait(&gate.changed, &gate.lock);
			gate.held--;
			(void)pthread_cond_broadcast(&gate.changed);
		}
		(void)pthread_mutex_unlock(&gate.lock);
	}
	return clock_wall_ms(clock_real());
}

static int64_t
gate_mono_ms(void *self)
{
	(void)self;
	return clock_mono_ms(clock_real());
}

static const struct clock gate_clock = {gate_mono_ms, gate_wall_ms, NULL};

static void
gate_set(int room)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.room = room;
	gate.look = 2;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.lock);
}

/* Who is held goes on; threads are held at another look from now on. */
static void
gate_move(int look)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.look = look;
	(void)pthread_cond_broadcast(&gate.changed);
	while (gate.held > 0)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

static void
gate_wait_held(int count)
{
	(void)pthread_mutex_lock(&gate.lock);
	while (gate.held < count)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

/* --- set-up ---------------------------------------------------------------------- */

struct rig {
	struct fixture f; /* package, folders, log */
	struct config_site sites[2];
	struct config config;
	struct outbox *outbox;
	struct pool *pool;
	struct pool_report report;
	unsigned filed;
};

static void
rig_init(struct rig *g, int64_t max_sendings)
{
	struct pool_options o = {.config = &g->config, .clock = &gate_clock};

	looks_at_clock = -1; /* the test itself is not held */
	*g = (struct rig){0};
	fixture_init(&g->f, true, 1000);
	g->sites[0] = g->f.site;
	g->sites[1] = (struct config_site){.code = (char[]){"MS2"}, .address_count = 0};
	g->config.sites = g->sites;
	g->config.site_count = 1;
	g->config.sender = g->f.settings;
	g->config.sender.max_sendings = max_sendings;
	g->config.sender.max_sendings_per_site = max_sendings;
	g->config.sender.progress_save_ms = LONG_MS;
	g->config.sender.idle_connection_ms = LONG_MS;
	assert_int_equal(outbox_open(g->f.root, &g->outbox, &g->f.e), 0);
	o.state_folder = g->f.root;
	o.log = g->f.log;
	g->pool = pool_new(&o);
}

static void
rig_done(struct rig *g)
{
	gate_set(0);
	pool_free(g->pool);
	outbox_close(g->outbox);
	fixture_done(&g->f);
}

/* From the second on a package of its own: none stands in line behind another. */
static const struct outbox_package *
next_package(struct rig *g)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "setup-%u", g->filed);
	if (g->filed++ > 0)
		fixture_file_named(&g->f, name, false);
	return &g->f.request.package;
}

static struct request_id
file(struct rig *g, const char *site, enum request_priority priority)
{
	const int64_t now_ms = clock_wall_ms(clock_real());
	const struct outbox_new n = {.package = next_package(g),
				     .sites = &site,
				     .site_count = 1,
				     .priority = priority,
				     .now_ms = now_ms,
				     .lifetime_ms = LONG_MS * 100};
	struct request_id id;

	assert_int_equal(outbox_add(g->outbox, &n, &id, &g->f.e), 1);
	return id;
}

static struct request
claim(struct rig *g, struct request_id id)
{
	struct request r;

	assert_int_equal(outbox_claim(g->outbox, id, "test",
				      clock_wall_ms(clock_real()), LONG_MS * 10, &r,
				      &g->f.e),
			 1);
	return r;
}

static void
start(struct rig *g, struct request_id id, bool proven)
{
	const struct request r = claim(g, id);

	assert_int_equal(pool_start(g->pool, &r, NULL, proven, &g->f.e), 0);
}

/* The next report; the test fails when none comes. */
static const struct attempt_result *
next(struct rig *g)
{
	const int64_t until_ms = clock_mono_ms(clock_real()) + LONG_MS;

	while (!pool_wait(g->pool, NULL, LONG_MS, &g->report))
		assert_true(clock_mono_ms(clock_real()) < until_ms);
	return &g->report.result;
}

/* Until that many wait for a slot. */
static void
wait_waiting(struct rig *g, int count)
{
	struct pool_counts c;

	do {
		(void)pool_wait(g->pool, NULL, 1, &g->report);
		pool_get_counts(g->pool, &c);
	} while (c.waiting < count);
}

/* Until that many have one. */
static void
wait_sending(struct rig *g, int count)
{
	struct pool_counts c;

	do {
		(void)pool_wait(g->pool, NULL, 1, &g->report);
		pool_get_counts(g->pool, &c);
	} while (c.sending < count);
}

/* --- tests ----------------------------------------------------------------------- */

static void
test_many(void **state)
{
	struct rig g;

	(void)state;
	rig_init(&g, 2);
	for (int i = 0; i < REQUESTS_MAX; i++)
		start(&g, file(&g, "MS1", REQUEST_MEDIUM), true);
	assert_int_equal(pool_site_active(g.pool, "ms1"), REQUESTS_MAX);
	assert_int_equal(pool_site_active(g.pool, NULL), REQUESTS_MAX);
	assert_int_equal(pool_site_active(g.pool, "MS2"), 0);
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const struct attempt_result *r = next(&g);
		struct pool_counts c;
		struct outbox_end end = {.to = REQUEST_SENT};

		pool_get_counts(g.pool, &c);
		assert_true(c.sending <= 2);
		assert_string_equal(r->error.text, "");
		assert_int_equal(r->outcome, ATTEMPT_SENT);
		assert_true(g.report.proven);
		assert_true(g.report.thread_number > 0);
		assert_int_equal(outbox_finish(g.outbox, g.report.request.id,
					       g.report.request.owner, 1, &end, &g.f.e),
				 0);
	}
	assert_int_equal(pool_site_active(g.pool, NULL), 0);
	assert_int_equal(pool_wait(g.pool, NULL, 0, &g.report), 0);
	rig_done(&g);
}

/* With one slot: who has it keeps it, then by priority, then by age. */
static void
test_order_of_slots(void **state)
{
	static const struct {
		enum request_priority priority;
		int64_t place; /* in the order of sending */
	} rows[] = {
	    {REQUEST_LOW, 0}, /* alone at first */
	    {REQUEST_LOW, 4},    {REQUEST_MEDIUM, 2},
	    {REQUEST_MEDIUM, 3}, {REQUEST_HIGH, 1},
	};
	struct request_id ids[COUNT(rows)];
	AUTO_FREE char *log = NULL;
	const char *at;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	ids[0] = file(&g, "MS1", rows[0].priority);
	start(&g, ids[0], true);
	gate_wait_held(1);
	for (size_t i = 1; i < COUNT(rows); i++) {
		ids[i] = file(&g, "MS1", rows[i].priority);
		start(&g, ids[i], true);
	}
	wait_waiting(&g, (int)COUNT(rows) - 1);
	gate_set(0);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	log = fixture_read(g.f.root, "sender.log");
	at = log;
	for (int64_t place = 0; place < (int64_t)COUNT(rows); place++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			char mark[64];

			if (rows[i].place != place)
				continue;
			at = strstr(at, "Sending Started [setup");
			assert_non_null(at);
			(void)snprintf(mark, sizeof(mark), "context=\"request=%d site",
				       (int)ids[i].n);
			assert_memory_equal(strstr(at, "context="), mark, strlen(mark));
			at++;
		}
	}
	rig_done(&g);
}

static void
test_stop(void **state)
{
	struct rig g;
	int64_t from_ms;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	start(&g, file(&g, "MS1", REQUEST_LOW), true);
	gate_wait_held(1);
	start(&g, file(&g, "MS1", REQUEST_LOW), true);
	wait_waiting(&g, 1);
	from_ms = clock_mono_ms(clock_real());
	pool_stop(g.pool);
	assert_int_equal(next(&g)->outcome, ATTEMPT_STOPPED);
	assert_true(clock_mono_ms(clock_real()) - from_ms < 2000);
	assert_int_equal(pool_site_active(g.pool, "MS1"), 1);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_STOPPED);
	rig_done(&g);
}

static void
test_ordered_while_waiting(void **state)
{
	struct request_id id;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(2);
	start(&g, file(&g, "MS1", REQUEST_LOW), true);
	gate_wait_held(1);
	id = file(&g, "MS1", REQUEST_LOW);
	start(&g, id, true);
	wait_waiting(&g, 1);
	assert_int_equal(outbox_command(g.outbox, id, OUTBOX_HOLD,
					clock_wall_ms(clock_real()), LONG_MS, &g.f.e),
			 1);
	gate_wait_held(2); /* its next beat */
	gate_set(0);
	for (int i = 0; i < 2; i++) {
		const struct attempt_result *r = next(&g);

		if (g.report.request.id.n != id.n) {
			assert_int_equal(r->outcome, ATTEMPT_SENT);
			continue;
		}
		assert_int_equal(r->outcome, ATTEMPT_ORDERED);
		assert_int_equal(r->order, OUTBOX_ORDER_HOLD);
	}
	rig_done(&g);
}

/* Whoever ends its waiting may be long about it (what it staged goes away): no slot is
 * kept free for it meanwhile. */
static void
test_ordered_waits_no_more(void **state)
{
	struct pool_counts c;
	struct request r;
	struct rig g;

	(void)state;
	rig_init(&g, 0); /* no slot, ever */
	r = claim(&g, file(&g, "MS1", REQUEST_HIGH));
	assert_int_equal(outbox_command(g.outbox, r.id, OUTBOX_CANCEL,
					clock_wall_ms(clock_real()), LONG_MS, &g.f.e),
			 1);
	gate_set(1);
	gate_move(3); /* the second is the beat that hears of it */
	assert_int_equal(pool_start(g.pool, &r, NULL, true, &g.f.e), 0);
	gate_wait_held(1);
	pool_get_counts(g.pool, &c);
	assert_int_equal(c.waiting, 0);
	assert_int_equal(c.retrying, 1);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_ORDERED);
	assert_int_equal(g.report.result.order, OUTBOX_ORDER_CANCEL);
	rig_done(&g);
}

/* --- what others want ------------------------------------------------------------- */

static const struct pool_why because = {.reason = 80, .until_at_ms = 7, .number = 12};

/* One that waits for a slot is suspended at once; it hears it without a beat, which
 * would come in a second. */
static void
test_suspend_while_waiting(void **state)
{
	struct request_id id;
	struct pool_counts c;
	struct rig g;

	(void)state;
	rig_init(&g, 0); /* no slot, ever */
	id = file(&g, "MS1", REQUEST_LOW);
	start(&g, id, true);
	wait_waiting(&g, 1);
	assert_int_equal(pool_suspend(g.pool, (struct request_id){id.n + 1}, &because),
			 0);
	assert_int_equal(pool_suspend(g.pool, id, &because), 1);
	assert_int_equal(pool_suspend(g.pool, id, &because), 0); /* it is leaving */
	assert_int_equal(next(&g)->outcome, ATTEMPT_SUSPENDED);
	assert_int_equal(g.report.why.reason, 80);
	assert_int_equal(g.report.why.number, 12);
	pool_get_counts(g.pool, &c);
	assert_int_equal(c.waiting + c.retrying, 0);
	rig_done(&g);
}

/* In the middle of a tree: the next block is the last, and it goes on from there. */
static void
test_suspend_at_a_block(void **state)
{
	struct pool_sending seen[2];
	struct request_id id;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	id = file(&g, "MS1", REQUEST_LOW);
	start(&g, id, true);
	gate_wait_held(1); /* as it becomes SENDING */
	assert_int_equal(pool_list(g.pool, seen, COUNT(seen)), 1);
	assert_int_equal(seen[0].request.n, id.n);
	assert_string_equal(seen[0].site, "MS1");
	assert_string_equal(seen[0].stage, "sending");
	assert_string_equal(seen[0].address, "MS1.1");
	assert_true(seen[0].thread_number > 0);
	assert_int_equal(seen[0].bytes_total, g.f.request.package.total_bytes);
	assert_false(seen[0].suspending);
	assert_int_equal(pool_suspend(g.pool, (struct request_id){0}, &because), 1);
	(void)pool_list(g.pool, seen, COUNT(seen));
	assert_true(seen[0].suspending);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_SUSPENDED);
	assert_string_equal(g.report.result.history.result, "suspended");
	assert_false(g.report.result.forget_progress);
	assert_false(fixture_there(g.f.share[0], "setup"));
	rig_done(&g);
}

/* The order is heard though the beat is half a minute. */
static void
test_order_is_asked_for(void **state)
{
	struct request_id id;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	id = file(&g, "MS1", REQUEST_LOW);
	start(&g, id, true);
	gate_wait_held(1);
	assert_int_equal(outbox_command(g.outbox, id, OUTBOX_CANCEL,
					clock_wall_ms(clock_real()), LONG_MS, &g.f.e),
			 1);
	pool_order(g.pool, id);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_ORDERED);
	assert_int_equal(g.report.result.order, OUTBOX_ORDER_CANCEL);
	assert_int_equal(pool_list(g.pool, NULL, 0), 0);
	rig_done(&g);
}

/* Asked, and there was nothing: it goes on, and nobody stops it half a second later. */
static void
test_asked_for_nothing(void **state)
{
	struct request_id id;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	id = file(&g, "MS1", REQUEST_LOW);
	start(&g, id, true);
	gate_wait_held(1);
	pool_order(g.pool, id);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	rig_done(&g);
}

/* sms-sender.md 6 row 29: what is urgent finds a slot, whatever else is being sent. */
static void
test_a_slot_for_high(void **state)
{
	struct request_id medium[2], high;
	struct pool_counts c;
	struct rig g;

	(void)state;
	rig_init(&g, 2);
	g.config.sender.reserved_high = 1;
	gate_set(3); /* also the one that waits, should it look at the clock there */
	for (size_t i = 0; i < COUNT(medium); i++) {
		medium[i] = file(&g, "MS1", REQUEST_MEDIUM);
		start(&g, medium[i], true);
	}
	wait_waiting(&g, 1);
	gate_wait_held(1);
	pool_get_counts(g.pool, &c);
	assert_int_equal(c.sending, 1);
	assert_int_equal(c.high, 0);
	high = file(&g, "MS1", REQUEST_HIGH);
	start(&g, high, true);
	wait_sending(&g, 2);
	pool_get_counts(g.pool, &c);
	assert_int_equal(c.sending, 2);
	assert_int_equal(c.waiting, 1);
	assert_int_equal(c.high, 1);
	gate_set(0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	rig_done(&g);
}

/* The first of those that wait is another after a word from a person. */
static void
test_priority_while_waiting(void **state)
{
	static const size_t order[] = {0, 2, 1};
	AUTO_FREE char *log = NULL;
	struct request_id ids[COUNT(order)];
	const char *at;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	gate_set(1);
	for (size_t i = 0; i < COUNT(ids); i++) {
		ids[i] = file(&g, "MS1", REQUEST_LOW);
		start(&g, ids[i], true);
		if (i == 0)
			gate_wait_held(1);
	}
	wait_waiting(&g, 2);
	pool_set_priority(g.pool, ids[2], REQUEST_HIGH);
	gate_set(0);
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	log = fixture_read(g.f.root, "sender.log");
	at = log;
	for (size_t i = 0; i < COUNT(order); i++) {
		char mark[64];

		at = strstr(at, "Sending Started [setup");
		assert_non_null(at);
		(void)snprintf(mark, sizeof(mark), "context=\"request=%d site",
			       (int)ids[order[i]].n);
		assert_memory_equal(strstr(at, "context="), mark, strlen(mark));
		at++;
	}
	rig_done(&g);
}

/* --- another configuration -------------------------------------------------------- */

/* As a file would give it: MS1 with a folder as its only address, or no site. */
static struct config *
new_config(const struct rig *g, const char *folder, int64_t max_sendings)
{
	AUTO_FREE char *path = path_join(g->f.root, "new.conf");
	AUTO_STR struct str text = {0};
	struct config *c;
	struct err e;

	str_addf(&text,
		 "[sender]\nsite_code = CEN\nmax_sendings = %lld\n"
		 "reserved_high = none\n",
		 (long long)max_sendings);
	if (folder)
		str_addf(&text, "[site MS1]\n[address MS1.1]\ntype = dir\npath = %s\n",
			 folder);
	assert_int_equal(path_write_file(path, str_text(&text), text.len, 0600, &e), 0);
	if (config_load(path, &c, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

/* What is being sent goes on with what it began with, and the slots are the new ones at
 * once: the second request gets one while the first is still held. */
static void
test_reload(void **state)
{
	struct pool_sending seen[2];
	struct request_id ids[2];
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	pool_reload(g.pool, new_config(&g, g.f.share[0], 1));
	gate_set(1);
	for (size_t i = 0; i < COUNT(ids); i++) {
		ids[i] = file(&g, "MS1", REQUEST_LOW);
		start(&g, ids[i], true);
		if (i == 0)
			gate_wait_held(1);
	}
	wait_waiting(&g, 1);
	pool_reload(g.pool, new_config(&g, g.f.share[0], 2));
	assert_int_equal(pool_config(g.pool)->sender.max_sendings, 2);
	assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	assert_int_equal(g.report.request.id.n, ids[1].n);
	assert_int_equal(pool_list(g.pool, seen, COUNT(seen)), 1);
	assert_false(seen[0].address_gone);
	pool_reload(g.pool, new_config(&g, g.f.share[1], 2)); /* leads elsewhere */
	(void)pool_list(g.pool, seen, COUNT(seen));
	assert_true(seen[0].address_gone);
	pool_reload(g.pool, new_config(&g, NULL, 2));
	(void)pool_list(g.pool, seen, COUNT(seen));
	assert_true(seen[0].address_gone);
	gate_set(0);
	assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	assert_string_equal(g.report.result.address->section, "MS1.1");
	start(&g, file(&g, "MS1", REQUEST_LOW), true);
	assert_int_equal(next(&g)->outcome, ATTEMPT_NO_ADDRESS);
	rig_done(&g);
}

static void
test_no_way(void **state)
{
	struct rig g;
	struct pool_counts c;

	(void)state;
	rig_init(&g, 1);
	start(&g, file(&g, "MS2", REQUEST_LOW), false); /* not in the configuration */
	assert_int_equal(next(&g)->outcome, ATTEMPT_NO_ADDRESS);
	assert_false(g.report.proven);
	str_copy_cut(g.f.request.package.id, sizeof(g.f.request.package.id),
		     "00000000000000000000000000000000");
	g.filed = 0; /* that one is filed, no new one */
	start(&g, file(&g, "MS1", REQUEST_LOW), false);
	assert_int_equal(next(&g)->outcome, ATTEMPT_FAILED);
	assert_int_equal(g.report.result.history.number, 1);
	assert_string_equal(g.report.result.history.result, "failed");
	assert_string_equal(g.report.result.history.error_text,
			    g.report.result.error.text);
	pool_get_counts(g.pool, &c);
	assert_int_equal(c.retrying + c.sending + c.waiting + c.connecting_unproven, 0);
	rig_done(&g);
}

static void
test_connection_is_kept(void **state)
{
	AUTO_FREE char *log = NULL;
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	assert_true(pool_close_idle(g.pool) == INT64_MAX);
	for (int i = 0; i < 2; i++) {
		start(&g, file(&g, "MS1", REQUEST_LOW), true);
		assert_int_equal(next(&g)->outcome, ATTEMPT_SENT);
	}
	log = fixture_log(&g.f);
	assert_non_null(
	    strstr(log, "Passed the xmit file test, use the existing connection\n"));
	assert_true(pool_close_idle(g.pool) < INT64_MAX);
	g.config.sender.idle_connection_ms = -1; /* all are too old */
	assert_true(pool_close_idle(g.pool) == INT64_MAX);
	rig_done(&g);
}

static void
test_poke_and_stop_end_a_wait(void **state)
{
	struct stop *stop = stop_new();
	struct rig g;

	(void)state;
	rig_init(&g, 1);
	pool_poke(g.pool);
	assert_int_equal(pool_wait(g.pool, stop, -1, &g.report), 0);
	stop_throw(stop);
	assert_int_equal(pool_wait(g.pool, stop, -1, &g.report), 0);
	rig_done(&g);
	stop_free(stop);
}

/* --- kept connections ------------------------------------------------------------- */

static void
test_idle(void **state)
{
	const struct config_address *a, *b;
	struct transport *t[3];
	struct idle *list = idle_new(2, NULL);
	struct fixture f;

	(void)state;
	fixture_init(&f, false, 1);
	a = &f.addresses[0];
	b = &f.addresses[1];
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(transport_open_dir(f.root, NULL, &t[i], &f.e), 0);
		idle_give(list, i == 1 ? b : a, t[i], 10 + (int64_t)i, 0);
	}
	/* t[0] was the oldest of three, where two are kept. */
	assert_ptr_equal(idle_take(list, a), t[2]);
	assert_null(idle_take(list, a));
	idle_give(list, a, t[2], 20, 0);
	assert_int_equal(idle_close(list, 11), 11);
	assert_int_equal(idle_close(list, 12), 20);
	assert_null(idle_take(list, b));
	assert_true(idle_close(list, INT64_MAX) == INT64_MAX);
	idle_free(list);
	fixture_done(&f);
}

/* A server that does not answer the farewell. */
struct slow {
	const struct stop *stop;
	int *cut_short;
};

static void
slow_set_stop(void *impl, const struct stop *stop)
{
	struct slow *s = impl;

	s->stop = stop;
}

static void
slow_free(void *impl)
{
	struct slow *s = impl;

	*s->cut_short += s->stop && stop_wait(s->stop, LONG_MS);
	mem_free(s);
}

static void
nobody_waits_for_a_farewell(void **state)
{
	static const struct transport_ops ops = {.free = slow_free,
						 .set_stop = slow_set_stop};
	static const struct config_address to;
	struct stop *stop = stop_new();
	struct idle *list = idle_new(3, stop);
	int cut_short = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct transport *t = mem_zero(1, sizeof(*t));
		struct slow *s = mem_zero(1, sizeof(*s));

		s->cut_short = &cut_short;
		*t = (struct transport){.ops = &ops, .impl = s};
		idle_give(list, &to, t, i, 0);
	}
	/* Not even whoever closes them: its farewell lasts until stop. */
	assert_int_equal(idle_close(list, 1), 1);
	assert_int_equal(idle_close(list, 2), 2);
	stop_throw(stop);
	idle_free(list);
	assert_int_equal(cut_short, 3);
	stop_free(stop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_order_of_slots),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_ordered_while_waiting),
	    cmocka_unit_test(test_ordered_waits_no_more),
	    cmocka_unit_test(test_suspend_while_waiting),
	    cmocka_unit_test(test_suspend_at_a_block),
	    cmocka_unit_test(test_order_is_asked_for),
	    cmocka_unit_test(test_a_slot_for_high),
	    cmocka_unit_test(test_asked_for_nothing),
	    cmocka_unit_test(test_priority_while_waiting),
	    cmocka_unit_test(test_reload),
	    cmocka_unit_test(test_no_way),
	    cmocka_unit_test(test_connection_is_kept),
	    cmocka_unit_test(test_poke_and_stop_end_a_wait),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(nobody_waits_for_a_farewell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
