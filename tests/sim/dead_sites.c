/* Dead sites beside live ones, on a simulated clock, with the dispatcher's own policy.
 *
 * Every live site always has something to send (10 s each); a dead one takes 15 s to be
 * found dead.  Checked: what the live ones get through is what they get without the
 * dead ones; no dead site is tried more often than its restart times allow
 * (sms-sender.md 6 rows 6, 9, 30); limits are never exceeded.  The seed is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dispatch/choose.h"
#include "dispatch/restart.h"

enum {
	CONNECT_OK_MS = 400,
	CONNECT_DEAD_MS = 15000,
	SEND_MS = 10000,
	HOUR_MS = 3600000
};

enum step { IDLE, CONNECTING, WAITING, SENDING };

/* One request per site at a time; the next one is filed when it ends. */
struct sim_site {
	bool dead, proven;
	enum step step;
	int64_t done_at_ms; /* of the step */
	int64_t restart_at_ms, hold_until_at_ms, hold_began_at_ms, filed_at_ms;
	int64_t id, sent, tried;
};

struct sim {
	struct sim_site *sites;
	size_t count;
	int64_t now_ms, next_id;
	uint64_t seed;
	struct choose_limits limits;
	struct config_sender settings;
};

static uint64_t
dice(struct sim *m)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return m->seed;
}

static struct choose_load
load_of(const struct sim *m)
{
	struct choose_load l = {0};

	for (size_t i = 0; i < m->count; i++) {
		const struct sim_site *s = &m->sites[i];

		l.sending += s->step == SENDING;
		l.waiting += s->step == WAITING;
		l.connecting_proven += s->step == CONNECTING && s->proven;
		l.connecting_unproven += s->step == CONNECTING && !s->proven;
	}
	return l;
}

static struct choose_site
describe(const struct sim *m, const struct sim_site *s)
{
	const bool may_go = s->step == IDLE && s->restart_at_ms <= m->now_ms;

	return (struct choose_site){
	    .best = {may_go ? s->id : 0},
	    .priority = REQUEST_MEDIUM,
	    .filed_at_ms = s->filed_at_ms,
	    .hold_until_at_ms = s->hold_until_at_ms,
	    .hold_began_at_ms = s->hold_began_at_ms,
	    .proven = s->proven,
	    .active = s->step != IDLE,
	    .connecting = s->step == CONNECTING,
	};
}

static void
start_all(struct sim *m)
{
	for (;;) {
		const struct choose_load load = load_of(m);
		struct sim_site *first = NULL;
		struct choose_site best = {0};

		assert_true(load.sending <= m->limits.max_sendings);
		assert_true(load.connecting_unproven <= m->limits.max_unproven);
		for (size_t i = 0; i < m->count; i++) {
			const struct choose_site s = describe(m, &m->sites[i]);

			if (choose_may_go(&s, &load, &m->limits, m->now_ms) ==
				CHOOSE_MAY_GO &&
			    (!first || choose_before(&s, &best))) {
				first = &m->sites[i];
				best = s;
			}
		}
		if (!first)
			return;
		first->step = CONNECTING;
		first->tried++;
		first->done_at_ms =
		    m->now_ms + (first->dead ? CONNECT_DEAD_MS : CONNECT_OK_MS);
	}
}

static void
end_dead(struct sim *m, struct sim_site *s)
{
	s->step = IDLE;
	s->proven = false;
	s->hold_began_at_ms = m->now_ms;
	s->hold_until_at_ms = m->now_ms + m->settings.site_hold_ms;
	s->restart_at_ms = restart_at_ms(&m->settings, m->now_ms, INT64_MAX, dice(m));
}

static void
end_sent(struct sim *m, struct sim_site *s)
{
	s->step = IDLE;
	s->sent++;
	s->proven = true;
	s->hold_until_at_ms = 0;
	s->id = ++m->next_id;
	s->filed_at_ms = m->now_ms;
}

/* Steps that end now; then slots for those who wait. */
static void
end_steps(struct sim *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct sim_site *s = &m->sites[i];

		if (s->step == IDLE || s->step == WAITING || s->done_at_ms > m->now_ms)
			continue;
		if (s->step == SENDING)
			end_sent(m, s);
		else if (s->dead)
			end_dead(m, s);
		else
			s->step = WAITING;
	}
	for (size_t i = 0; i < m->count; i++) {
		struct sim_site *s = &m->sites[i];

		if (s->step != WAITING || load_of(m).sending >= m->limits.max_sendings)
			continue;
		s->step = SENDING;
		s->done_at_ms = m->now_ms + SEND_MS;
	}
}

/* Requests sent to live sites in `hours`. */
static int64_t
run(size_t live, size_t dead, int hours, uint64_t seed)
{
	struct sim m = {
	    .count = live + dead,
	    .seed = seed,
	    .settings = {.heartbeat_ms = 300000,
			 .retry_delay_ms = 60000,
			 .retries = 2,
			 .site_hold_ms = HOUR_MS},
	    .limits = {.max_sendings = 5, .max_per_site = 3, .max_unproven = 32},
	};
	const int64_t end_ms = (int64_t)hours * HOUR_MS;
	int64_t sent = 0;

	m.limits.restart_delay_ms = restart_delay_ms(&m.settings);
	m.sites = mem_zero(m.count, sizeof(*m.sites));
	for (size_t i = 0; i < m.count; i++) {
		m.sites[i].id = ++m.next_id;
		m.sites[i].dead = dice(&m) % (m.count - i) < dead;
		dead -= m.sites[i].dead;
	}
	for (; m.now_ms < end_ms; m.now_ms += 100) {
		end_steps(&m);
		start_all(&m);
	}
	for (size_t i = 0; i < m.count; i++) {
		const struct sim_site *s = &m.sites[i];

		sent += s->sent;
		if (s->dead) {
			assert_int_equal(s->sent, 0);
			assert_true(s->tried >= 1);
			assert_true(s->tried <= 1 + end_ms / m.limits.restart_delay_ms);
		}
	}
	mem_free(m.sites);
	return sent;
}

static void
live_sites_do_not_notice_dead_ones(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		const int64_t alone = run(5, 0, 2, seed);
		const int64_t beside = run(5, 5, 2, seed);

		(void)printf("seed %d: %d sent alone, %d beside five dead sites\n",
			     (int)seed, (int)alone, (int)beside);
		assert_true(beside * 105 >= alone * 100);
	}
}

static void
a_hundred_dead_sites(void **state)
{
	const int64_t alone = run(5, 0, 3, 7);
	const int64_t beside = run(5, 100, 3, 7);

	(void)state;
	(void)printf("%d sent alone, %d beside a hundred dead sites\n", (int)alone,
		     (int)beside);
	assert_true(beside * 105 >= alone * 100);
}

/* Nothing but dead sites: tried at their restart times, no more. */
static void
only_dead_sites_do_not_spin(void **state)
{
	(void)state;
	assert_int_equal(run(0, 3, 24, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(live_sites_do_not_notice_dead_ones),
	    cmocka_unit_test(a_hundred_dead_sites),
	    cmocka_unit_test(only_dead_sites_do_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
