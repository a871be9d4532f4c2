/* Random verbs against a small model: what the outbox tells is what the model says,
 * after each of them.  The seed is printed; TEST_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "fixture.h"

enum { REQUESTS = 40, SITES = 3, NAMES = 6, STEPS = 600, SEEDS = 5, COMPARE_EACH = 8 };

/* What a request must look like, by the simplest bookkeeping there is. */
struct model {
	struct request_id id;
	int site, name;
	enum request_state state;
	enum request_priority priority;
	enum outbox_order order;
	int64_t restart_at_ms, expires_at_ms, lease_until_at_ms;
	int64_t attempts;
	struct request_progress progress;
	char owner[OUTBOX_OWNER_ROOM];
};

struct world {
	struct fixture *f;
	struct model all[REQUESTS];
	int count;
	int64_t now_ms;
	uint64_t dice;
};

static const char *const codes[SITES] = {"A", "B", "C"};
static const char *const names[NAMES] = {"a", "b", "c", "d", "e", "f"};

/* Steele, Lea, Flood: SplitMix64; the constants are theirs. */
static unsigned
roll(struct world *w, unsigned sides)
{
	uint64_t z = (w->dice += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % sides);
}

static void
rest(struct model *m, enum request_state to)
{
	m->state = to;
	m->order = OUTBOX_GO_ON;
	m->owner[0] = '\0';
	m->lease_until_at_ms = 0;
	m->restart_at_ms = 0;
}

static bool
in_line(const struct model *m)
{
	return !request_state_final(m->state) && m->state != REQUEST_HELD;
}

static bool
same_line(const struct model *a, const struct model *b)
{
	return a->site == b->site && a->name == b->name;
}

/* Of those in line for its site and name, is it the one on its way, or, when none is,
 * the oldest? */
static bool
has_turn(const struct world *w, const struct model *m)
{
	for (int i = 0; i < w->count; i++) {
		const struct model *other = &w->all[i];

		if (other == m || !same_line(other, m) || !in_line(other))
			continue;
		if (request_state_active(other->state))
			return false;
		if (other->id.n < m->id.n && !request_state_active(m->state))
			return false;
	}
	return in_line(m);
}

/* Is a later one of its line on its way, or sent? */
static bool
is_overtaken(const struct world *w, const struct model *m)
{
	for (int i = 0; i < w->count; i++) {
		const struct model *other = &w->all[i];

		if (same_line(other, m) && other->id.n > m->id.n &&
		    (request_state_active(other->state) ||
		     other->state == REQUEST_SENT))
			return true;
	}
	return false;
}

static bool
may_be_claimed(const struct world *w, const struct model *m)
{
	const int64_t now_ms = w->now_ms;

	if (!has_turn(w, m) || m->expires_at_ms <= now_ms)
		return false;
	return m->state == REQUEST_PENDING || m->state == REQUEST_SUSPENDED ||
	       (m->state == REQUEST_WAITING && m->restart_at_ms <= now_ms);
}

/* Who waits in line makes those before it as urgent. */
static void
raise_line(struct world *w, const struct model *m)
{
	if (!in_line(m) || has_turn(w, m))
		return;
	for (int i = 0; i < w->count; i++) {
		struct model *other = &w->all[i];

		if (same_line(other, m) && in_line(other) && other->id.n < m->id.n &&
		    other->priority > m->priority)
			other->priority = m->priority;
	}
}

static void
do_file(struct world *w)
{
	struct model *m = &w->all[w->count];

	if (w->count == REQUESTS)
		return;
	m->site = (int)roll(w, SITES);
	m->priority = (enum request_priority)(1 + roll(w, 3));
	m->name = (int)roll(w, NAMES);
	m->id = fixture_file_named(
	    w->f, codes[m->site], names[m->name],
	    (struct outbox_new){.priority = m->priority, .now_ms = w->now_ms});
	m->state = REQUEST_PENDING;
	m->expires_at_ms = w->now_ms + LIFETIME;
	w->count++;
	raise_line(w, m);
}

static void
do_claim(struct world *w, struct model *m)
{
	struct request r;
	int rc = outbox_claim(w->f->o, m->id, "host:1", w->now_ms, LEASE, &r, &w->f->e);

	assert_int_equal(rc, may_be_claimed(w, m));
	if (rc == 0)
		return;
	rest(m, REQUEST_CONNECTING);
	m->lease_until_at_ms = w->now_ms + LEASE;
	assert_int_equal(str_copy(m->owner, sizeof(m->owner), r.owner), 0);
}

static void
do_step(struct world *w, struct model *m)
{
	enum request_state to =
	    m->state == REQUEST_CONNECTING ? REQUEST_SENDING : REQUEST_PUBLISHING;
	bool possible = m->state == REQUEST_CONNECTING || m->state == REQUEST_SENDING;

	if (m->state == REQUEST_PUBLISHING)
		return;
	assert_int_equal(
	    outbox_step(w->f->o, m->id, m->owner, to, "x", w->now_ms, &w->f->e),
	    possible ? 0 : -1);
	if (possible)
		m->state = to;
}

static void
do_beat(struct world *w, struct model *m)
{
	const struct request_progress p = {roll(w, 9), roll(w, 9), roll(w, 9)};
	enum outbox_order order = OUTBOX_GO_ON;

	assert_int_equal(outbox_heartbeat(w->f->o, m->id, m->owner, w->now_ms, LEASE,
					  &p, &order, &w->f->e),
			 0);
	if (!request_state_active(m->state)) {
		assert_int_equal(order, OUTBOX_LOST);
		return;
	}
	assert_int_equal(order, m->order);
	m->lease_until_at_ms = w->now_ms + LEASE;
	m->progress = p;
}

static void
do_finish(struct world *w, struct model *m)
{
	static const enum request_state ends[] = {
	    REQUEST_SENT,      REQUEST_WAITING, REQUEST_FAILED,   REQUEST_PENDING,
	    REQUEST_SUSPENDED, REQUEST_HELD,    REQUEST_CANCELLED};
	const struct outbox_attempt a = {.result = "x"};
	enum request_state to = ends[roll(w, COUNT(ends))];
	struct outbox_end end = {
	    .to = to, .restart_at_ms = w->now_ms + LEASE / 2, .attempt = &a};
	int rc = outbox_finish(w->f->o, m->id, m->owner, w->now_ms, &end, &w->f->e);

	if (!request_state_active(m->state)) {
		assert_int_equal(rc, 1);
		return;
	}
	if (to == REQUEST_SENT && m->state != REQUEST_PUBLISHING) {
		assert_int_equal(rc, -1);
		return;
	}
	assert_int_equal(rc, 0);
	if (!request_state_final(to) && m->order != OUTBOX_GO_ON)
		to = m->order == OUTBOX_ORDER_HOLD ? REQUEST_HELD : REQUEST_CANCELLED;
	else if (to == REQUEST_HELD)
		to = REQUEST_PENDING; /* nobody holds it any more */
	rest(m, to);
	m->attempts++;
	if (to == REQUEST_WAITING)
		m->restart_at_ms = end.restart_at_ms;
}

/* 1 done, -1 refused: and the model is moved. */
static int
order_active(struct model *m, enum outbox_command c)
{
	if (c == OUTBOX_RETRY ||
	    (c == OUTBOX_RELEASE && m->order != OUTBOX_ORDER_HOLD) ||
	    (c == OUTBOX_HOLD && m->order == OUTBOX_ORDER_CANCEL))
		return -1;
	m->order = c == OUTBOX_HOLD     ? OUTBOX_ORDER_HOLD
		   : c == OUTBOX_CANCEL ? OUTBOX_ORDER_CANCEL
					: OUTBOX_GO_ON;
	return 1;
}

static int
command_resting(const struct world *w, struct model *m, enum outbox_command c)
{
	bool final = request_state_final(m->state);
	bool retry = m->state == REQUEST_WAITING || m->state == REQUEST_FAILED;

	if (c == OUTBOX_RETRY     ? !retry
	    : c == OUTBOX_RELEASE ? m->state != REQUEST_HELD
				  : final)
		return -1;
	if ((c == OUTBOX_RETRY || c == OUTBOX_RELEASE) && !in_line(m) &&
	    is_overtaken(w, m))
		return -1;
	if (c == OUTBOX_RETRY)
		m->expires_at_ms = w->now_ms + LIFETIME;
	rest(m, c == OUTBOX_HOLD     ? REQUEST_HELD
		: c == OUTBOX_CANCEL ? REQUEST_CANCELLED
				     : REQUEST_PENDING);
	return 1;
}

static void
do_command(struct world *w, struct model *m)
{
	enum outbox_command c = (enum outbox_command)roll(w, 4);
	int rc = outbox_command(w->f->o, m->id, c, w->now_ms, LIFETIME, &w->f->e);
	int want = request_state_active(m->state) ? order_active(m, c)
						  : command_resting(w, m, c);

	assert_int_equal(rc, want);
}

static void
do_priority(struct world *w, struct model *m)
{
	enum request_priority p = (enum request_priority)(1 + roll(w, 3));
	int rc = outbox_set_priority(w->f->o, m->id, p, &w->f->e);

	assert_int_equal(rc, request_state_final(m->state) ? -1 : 1);
	if (rc <= 0)
		return;
	m->priority = p;
	raise_line(w, m);
}

static void
do_recover(struct world *w)
{
	assert_int_equal(outbox_recover(w->f->o, NULL, w->now_ms, NULL, NULL, &w->f->e),
			 0);
	/* once more: what came back from a lease may be over its lifetime */
	assert_int_equal(outbox_recover(w->f->o, NULL, w->now_ms, NULL, NULL, &w->f->e),
			 0);
	for (int i = 0; i < w->count; i++) {
		struct model *m = &w->all[i];

		if (request_state_active(m->state) &&
		    m->lease_until_at_ms <= w->now_ms) {
			m->attempts++;
			rest(m, m->order == OUTBOX_ORDER_HOLD     ? REQUEST_HELD
				: m->order == OUTBOX_ORDER_CANCEL ? REQUEST_CANCELLED
								  : REQUEST_PENDING);
		}
		if (!request_state_active(m->state) && !request_state_final(m->state) &&
		    m->expires_at_ms <= w->now_ms)
			rest(m, REQUEST_FAILED);
	}
}

static void
do_something(struct world *w)
{
	struct model *m = w->count ? &w->all[roll(w, (unsigned)w->count)] : NULL;
	unsigned what = roll(w, 40);

	w->now_ms += roll(w, (unsigned)LEASE / 10);
	if (what == 39)
		w->now_ms += LIFETIME / 8;
	if (what < 2 || !m)
		do_file(w);
	else if (what < 10)
		do_claim(w, m);
	else if (what < 18)
		do_step(w, m);
	else if (what < 24)
		do_beat(w, m);
	else if (what < 30)
		do_finish(w, m);
	else if (what < 33)
		do_command(w, m);
	else if (what < 36)
		do_priority(w, m);
	else
		do_recover(w);
}

/* --- what it tells is what the model says --- */

static void
compare_request(struct world *w, const struct model *m)
{
	struct request r;

	fixture_get(w->f, m->id, &r);
	assert_int_equal(r.state, m->state);
	assert_int_equal(r.priority, m->priority);
	assert_int_equal(r.order, m->order);
	assert_int_equal(r.attempts, m->attempts);
	assert_int_equal(r.restart_at_ms, m->restart_at_ms);
	assert_int_equal(r.expires_at_ms, m->expires_at_ms);
	assert_int_equal(r.lease_until_at_ms, m->lease_until_at_ms);
	assert_string_equal(r.owner, m->owner);
	assert_string_equal(r.site, codes[m->site]);
}

/* Ids rise: of two that end together the first is the one that was filed first. */
static void
add_best(const struct model *m, struct outbox_best *b)
{
	const bool suspended = m->state == REQUEST_SUSPENDED;

	const bool goes_first = suspended != b->is_suspended
				    ? suspended
				    : m->expires_at_ms < b->expires_at_ms;

	if (b->id.n && !goes_first)
		return;
	b->id = m->id;
	b->is_suspended = suspended;
	b->expires_at_ms = m->expires_at_ms;
}

static void
add_to_site(const struct world *w, const struct model *m, struct outbox_site *s)
{
	s->pending += m->state == REQUEST_PENDING;
	s->waiting += m->state == REQUEST_WAITING;
	s->suspended += m->state == REQUEST_SUSPENDED;
	s->held += m->state == REQUEST_HELD;
	s->active += request_state_active(m->state);
	s->sent += m->state == REQUEST_SENT;
	s->failed += m->state == REQUEST_FAILED;
	s->queued_bytes += request_state_final(m->state) ? 0 : 1000;
	if (may_be_claimed(w, m))
		add_best(m, &s->bests[2 * (m->priority - REQUEST_HIGH)]);
	if (has_turn(w, m) && m->state == REQUEST_WAITING &&
	    m->restart_at_ms > w->now_ms &&
	    (!s->next_at_ms || m->restart_at_ms < s->next_at_ms))
		s->next_at_ms = m->restart_at_ms;
}

static void
compare_site(struct world *w, int site)
{
	struct outbox_site want = {.pending = 0};
	struct outbox_site got;
	bool any = false;

	for (int i = 0; i < w->count; i++) {
		if (w->all[i].site == site) {
			add_to_site(w, &w->all[i], &want);
			any = true;
		}
	}
	if (!any)
		return;
	fixture_site(w->f, codes[site], w->now_ms, &got);
	assert_int_equal(got.pending, want.pending);
	assert_int_equal(got.waiting, want.waiting);
	assert_int_equal(got.suspended, want.suspended);
	assert_int_equal(got.held, want.held);
	assert_int_equal(got.active, want.active);
	assert_int_equal(got.sent, want.sent);
	assert_int_equal(got.failed, want.failed);
	assert_int_equal(got.queued_bytes, want.queued_bytes);
	for (int i = 0; i < OUTBOX_BESTS; i++) {
		assert_int_equal(got.bests[i].id.n, want.bests[i].id.n);
		assert_int_equal(got.bests[i].is_suspended, want.bests[i].is_suspended);
	}
	assert_int_equal(got.next_at_ms, want.next_at_ms);
}

static void
run_one(struct fixture *f, uint64_t seed)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->f = f;
	w->now_ms = NOW;
	w->dice = seed;
	for (int i = 0; i < STEPS; i++) {
		do_something(w);
		for (int k = i % COMPARE_EACH; k < w->count; k += COMPARE_EACH)
			compare_request(w, &w->all[k]);
		for (int k = 0; k < SITES; k++)
			compare_site(w, k);
	}
	/* the next seed has an outbox of its own */
	test_free(w);
}

static void
any_order_of_verbs_keeps_to_the_model(void **state)
{
	const char *given = getenv("TEST_SEED");
	int64_t seed = 0;

	(void)state;
	if (given && num_int(given, 0, INT64_MAX, &seed) < 0)
		fail_msg("TEST_SEED=%s is no number", given);
	for (int i = 0; i < (given ? 1 : SEEDS); i++) {
		void *fixture = NULL;

		if (!given)
			seed = 1 + i;
		print_message("seed %lld\n", (long long)seed);
		assert_int_equal(fixture_enter(&fixture), 0);
		run_one(fixture, (uint64_t)seed);
		assert_int_equal(fixture_leave(&fixture), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_order_of_verbs_keeps_to_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
