/* Dead sites beside live ones, on a simulated clock, with the dispatcher's own agenda.
 *
 * Every live site always has something to send (10 s each); a dead one takes 15 s to be
 * found dead.  Checked: what the live ones get through is what they get without the
 * dead ones, to 99 %, up to 9,900 dead beside 100 live; no dead site is tried more
 * often than its restart times allow (sms-sender.md 6 rows 6, 9, 30); limits are never
 * exceeded; nothing is waited for that has come.  The seed is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dispatch/agenda.h"
#include "dispatch/restart.h"

enum {
	CONNECT_OK_MS = 400,
	CONNECT_DEAD_MS = 15000,
	SEND_MS = 10000,
	HOUR_MS = 3600000,
	PROVEN_MS = 600000,
	THREADS_MAX = 64
};

enum step { CONNECTING, WAITING, SENDING };

/* One request per site at a time; the next one is filed when it ends. */
struct sim_site {
	bool dead, is_active;
	int64_t restart_at_ms, hold_until_at_ms, filed_at_ms, sent_at_ms;
	int64_t failures, id, served, sent, tried;
};

struct sim_thread {
	size_t site;
	enum step step;
	bool proven;
	int64_t done_at_ms; /* of the step */
};

struct sim {
	struct sim_site *sites;
	size_t count;
	struct sim_thread threads[THREADS_MAX];
	size_t thread_count;
	int64_t now_ms, next_id, starts, turns, events;
	uint64_t seed;
	struct choose_rules rules;
	struct config_sender settings;
	struct agenda *agenda;
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

	for (size_t i = 0; i < m->thread_count; i++) {
		const struct sim_thread *t = &m->threads[i];

		l.sending += t->step == SENDING;
		l.waiting += t->step == WAITING;
		l.connecting_proven += t->step == CONNECTING && t->proven;
		l.connecting_unproven += t->step == CONNECTING && !t->proven;
		l.connecting_failed +=
		    t->step == CONNECTING && m->sites[t->site].failures > 0;
	}
	return l;
}

static void
put(struct sim *m, size_t site)
{
	const struct sim_site *s = &m->sites[site];
	struct choose_site c = {
	    .hold_until_at_ms = s->hold_until_at_ms,
	    .hold_began_at_ms = s->hold_until_at_ms - m->settings.site_hold_ms,
	    .failures = s->failures,
	    .proven_until_at_ms =
		s->failures || !s->sent_at_ms ? 0 : s->sent_at_ms + PROVEN_MS,
	    .active = s->is_active,
	    .connecting = s->is_active,
	    .served = s->served,
	};

	if (!s->is_active && s->restart_at_ms > m->now_ms)
		c.next_at_ms = s->restart_at_ms;
	else if (!s->is_active)
		c.best[1] = (struct choose_best){.id = s->id,
						 .since_ms = s->filed_at_ms,
						 .filed_at_ms = s->filed_at_ms,
						 .expires_at_ms = INT64_MAX,
						 .route = {0, INT64_MAX, 0}};
	agenda_put(m->agenda, site, &c, m->now_ms);
}

static void
start_all(struct sim *m)
{
	struct agenda_pick pick;
	size_t due;

	m->turns++;
	for (;;) {
		const struct choose_load load = load_of(m);
		struct sim_site *s;

		assert_true(load.sending <= m->rules.max_sendings);
		assert_true(load.connecting_unproven <= m->rules.max_unproven);
		while (agenda_due(m->agenda, m->now_ms, &due))
			put(m, due);
		if (!agenda_next(m->agenda, &load, m->now_ms, &pick))
			return;
		assert_true(m->thread_count < THREADS_MAX);
		s = &m->sites[pick.site];
		s->is_active = true;
		s->tried++;
		s->served = ++m->starts;
		m->threads[m->thread_count++] = (struct sim_thread){
		    .site = pick.site,
		    .proven = pick.reach == REACH_PROVEN,
		    .done_at_ms =
			m->now_ms + (s->dead ? CONNECT_DEAD_MS : CONNECT_OK_MS),
		};
		agenda_started(m->agenda, &pick);
		put(m, pick.site);
	}
}

static void
end(struct sim *m, struct sim_site *s)
{
	s->is_active = false;
	if (s->dead) {
		s->failures++;
		s->hold_until_at_ms = m->now_ms + m->settings.site_hold_ms;
		s->restart_at_ms =
		    restart_at_ms(&m->settings, m->now_ms, INT64_MAX, dice(m));
		return;
	}
	s->sent++;
	s->sent_at_ms = m->now_ms;
	s->failures = s->hold_until_at_ms = 0;
	s->id = ++m->next_id;
	s->filed_at_ms = m->now_ms;
}

/* Steps that end now. */
static void
end_steps(struct sim *m)
{
	for (size_t i = 0; i < m->thread_count;) {
		struct sim_thread *t = &m->threads[i];
		struct sim_site *s = &m->sites[t->site];
		const size_t site = t->site;

		if (t->step == WAITING || t->done_at_ms > m->now_ms) {
			i++;
			continue;
		}
		m->events++;
		if (t->step == CONNECTING && !s->dead) {
			t->step = WAITING;
			i++;
			continue;
		}
		end(m, s);
		*t = m->threads[--m->thread_count];
		put(m, site);
	}
}

/* Slots for those who wait. */
static void
give_slots(struct sim *m)
{
	for (size_t i = 0; i < m->thread_count; i++) {
		struct sim_thread *t = &m->threads[i];

		if (t->step != WAITING || load_of(m).sending >= m->rules.max_sendings)
			continue;
		t->step = SENDING;
		t->done_at_ms = m->now_ms + SEND_MS;
	}
}

/* The next instant at which anything happens. */
static void
sleep_until_next(struct sim *m)
{
	int64_t at_ms = agenda_look_at_ms(m->agenda, m->thread_count == 0);

	for (size_t i = 0; i < m->thread_count; i++)
		if (m->threads[i].step != WAITING && m->threads[i].done_at_ms < at_ms)
			at_ms = m->threads[i].done_at_ms;
	assert_true(at_ms > m->now_ms); /* or it would turn without end */
	m->now_ms = at_ms;
}

static void
check_ends(const struct sim *m, int64_t from_ms, int64_t *sent)
{
	const int64_t passed_ms = m->now_ms - from_ms;

	for (size_t i = 0; i < m->count; i++) {
		const struct sim_site *s = &m->sites[i];

		*sent += s->sent;
		if (!s->dead)
			continue;
		assert_int_equal(s->sent, 0);
		assert_true(s->tried <= 1 + passed_ms / m->rules.restart_delay_ms);
	}
}

/* Requests sent to live sites in `hours`. */
static int64_t
run(size_t live, size_t dead, int hours, uint64_t seed)
{
	const int64_t from_ms = HOUR_MS, end_ms = from_ms + (int64_t)hours * HOUR_MS;
	struct sim m = {
	    .count = live + dead,
	    .seed = seed,
	    .now_ms = from_ms,
	    .settings = {.heartbeat_ms = 300000,
			 .retry_delay_ms = 60000,
			 .retries = 2,
			 .site_hold_ms = HOUR_MS},
	    .rules = {.max_sendings = 5,
		      .max_per_site = 3,
		      .max_unproven = 32,
		      .max_failed = 24},
	};
	int64_t sent = 0;

	m.rules.restart_delay_ms = restart_delay_ms(&m.settings);
	m.agenda = agenda_new(&m.rules);
	m.sites = mem_zero(m.count, sizeof(*m.sites));
	for (size_t i = 0; i < m.count; i++) {
		m.sites[i].id = ++m.next_id;
		m.sites[i].filed_at_ms = from_ms;
		m.sites[i].dead = dice(&m) % (m.count - i) < dead;
		dead -= m.sites[i].dead;
		put(&m, i);
	}
	while (m.now_ms < end_ms) {
		end_steps(&m);
		give_slots(&m);
		start_all(&m);
		sleep_until_next(&m);
	}
	check_ends(&m, from_ms, &sent);
	(void)printf(
	    "%zu live, %zu in all, %d h, seed %d: %d sent, %d turns, %d starts\n", live,
	    m.count, hours, (int)seed, (int)sent, (int)m.turns, (int)m.starts);
	agenda_free(m.agenda);
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

		assert_true(beside * 100 >= alone * 99);
	}
}

static void
a_hundred_dead_sites(void **state)
{
	(void)state;
	assert_true(run(5, 100, 3, 7) * 100 >= run(5, 0, 3, 7) * 99);
}

static void
nine_thousand_nine_hundred_dead_sites(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		assert_true(run(100, 9900, 24, seed) * 100 >=
			    run(100, 0, 24, seed) * 99);
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
	    cmocka_unit_test(nine_thousand_nine_hundred_dead_sites),
	    cmocka_unit_test(only_dead_sites_do_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
