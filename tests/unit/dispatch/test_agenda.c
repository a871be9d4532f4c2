/* The agenda against a naive model: all sites judged anew and scanned, at every step of
 * random histories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/agenda.h"

enum { SITES = 24, STEPS = 1500, SEEDS = 20, NOW = 1000000, HOUR = 3600000 };

static struct choose_rules rules = {
    .max_sendings = 6,
    .max_per_site = 3,
    .max_unproven = 3,
    .max_failed = 2,
    .reserved_high = 2,
    .restart_delay_ms = 50,
    .ageing_ms = 400,
    .share_percent = {0, 20, 10},
};

static uint64_t seed;

static int
dice(int sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)(seed % (uint64_t)sides);
}

/* --- the model ------------------------------------------------------------------- */

struct model {
	struct choose_site sites[SITES];
	int64_t now_ms;
	struct choose_shares shares;
	int64_t next_id;
};

static bool
is_ready(const struct model *m, size_t site, struct choose_judgement *j)
{
	*j = choose_judge(&m->sites[site], &rules, m->now_ms);
	return j->verdict.reason == REASON_MAY_GO;
}

static bool
may_go(const struct choose_key *key, const struct choose_judgement *j,
       const struct choose_load *load)
{
	return choose_shared(key, j->reach, load, &rules).reason == REASON_MAY_GO;
}

/* The one of a class that goes first; can: of those that the shared rules let go. */
static struct agenda_pick
model_first(const struct model *m, const struct choose_load *load, int class_index,
	    bool can)
{
	const int candidates = class_index == 0 ? 2 : 1;
	struct agenda_pick best = {0};

	for (size_t i = 0; i < SITES; i++) {
		struct choose_judgement j;
		const struct choose_key *keys[2] = {&j.first[class_index], &j.high};

		if (!is_ready(m, i, &j))
			continue;
		for (int k = 0; k < candidates; k++) {
			if (keys[k]->id == 0 || (can && !may_go(keys[k], &j, load)))
				continue;
			if (best.key.id == 0 || choose_before(keys[k], &best.key))
				best = (struct agenda_pick){.site = i, .key = *keys[k]};
		}
	}
	return best;
}

/* 0: nobody; else the id that goes next.  Of sites on hold any whose time has come. */
static int64_t
model_next(const struct model *m, const struct choose_load *load)
{
	struct agenda_pick best[CHOOSE_CLASSES];
	bool can[CHOOSE_CLASSES];
	int due;

	for (int c = 0; c < CHOOSE_CLASSES; c++) {
		best[c] = model_first(m, load, c, true);
		can[c] = best[c].key.id != 0;
	}
	due = choose_due_class(&m->shares, can);
	for (int c = 0; due < 0 && c < CHOOSE_CLASSES; c++)
		if (can[c])
			due = c;
	return due < 0 ? 0 : best[due].key.id;
}

static bool
model_probe(const struct model *m, size_t site)
{
	struct choose_judgement j;

	(void)is_ready(m, site, &j);
	return j.verdict.reason == REASON_SITE_HOLD && j.probe_at_ms <= m->now_ms;
}

/* --- a random history ------------------------------------------------------------- */

static void
shuffle_site(struct model *m, size_t site)
{
	struct choose_site *s = &m->sites[site];
	const struct verdict closed = {REASON_WINDOW_CLOSED, m->now_ms + 1 + dice(60),
				       1};
	const struct verdict open = {REASON_MAY_GO, m->now_ms + 1 + dice(200), 0};

	*s = (struct choose_site){.failures = dice(3) ? 0 : dice(3), .served = dice(9)};
	for (int i = 0; i < CHOOSE_CLASSES; i++) {
		if (dice(3) == 0)
			continue;
		s->best[i] = (struct choose_best){
		    .id = ++m->next_id,
		    .since_ms = m->now_ms - dice(900),
		    .filed_at_ms = m->now_ms - dice(900),
		    .deadline_at_ms = dice(4) == 0 ? m->now_ms + dice(500) : 0,
		    .expires_at_ms = m->now_ms + dice(1000),
		    .bytes = dice(5),
		    .resumes = dice(6) == 0,
		    .route = dice(4) == 0 ? closed : open,
		};
	}
	s->next_at_ms = dice(3) == 0 ? m->now_ms + dice(50) : 0;
	if (dice(4) == 0) {
		s->hold_until_at_ms = m->now_ms + dice(100);
		s->hold_began_at_ms = s->hold_until_at_ms - 100;
	}
	s->proven_until_at_ms = m->now_ms - 50 + dice(200);
	s->active = dice(5) == 0 ? dice(4) : 0;
	s->connecting = s->active > 0 ? dice(2) : 0;
}

static struct choose_load
random_load(void)
{
	struct choose_load l = {0};

	if (dice(4) == 0)
		return l;
	l.sending = dice(7);
	l.connecting_proven = dice(2);
	l.connecting_unproven = dice(4);
	l.connecting_failed = dice(l.connecting_unproven + 1);
	l.waiting = dice(5) == 0;
	l.high = dice(l.sending + 1);
	return l;
}

static void
check_next(struct model *m, struct agenda *a)
{
	const struct choose_load load = random_load();
	const int64_t want = model_next(m, &load);
	struct agenda_pick pick;
	bool probe = false;

	for (size_t i = 0; i < SITES; i++)
		probe = probe || model_probe(m, i);
	if (!agenda_next(a, &load, m->now_ms, &pick)) {
		assert_int_equal(want, 0);
		assert_true(choose_load_total(&load) > 0 || !probe);
		return;
	}
	if (pick.is_probe) {
		assert_int_equal(want, 0);
		assert_int_equal(choose_load_total(&load), 0);
		assert_true(model_probe(m, pick.site));
		return;
	}
	assert_int_equal(pick.key.id, want);
	for (int c = 0; c < CHOOSE_CLASSES; c++)
		assert_int_equal(pick.has[c],
				 model_first(m, &load, c, false).key.id != 0);
	if (dice(2)) {
		agenda_started(a, &pick);
		choose_count_start(&m->shares, &rules, pick.has, pick.key.class_index);
		shuffle_site(m, pick.site);
		agenda_put(a, pick.site, &m->sites[pick.site], m->now_ms);
	}
}

static void
check_sites(const struct model *m, const struct agenda *a)
{
	int64_t look_at_ms = INT64_MAX;
	size_t due;

	for (size_t i = 0; i < SITES; i++) {
		struct choose_judgement j;
		struct agenda_pick crowded;

		(void)is_ready(m, i, &j);
		assert_int_equal(agenda_verdict(a, i).reason, j.verdict.reason);
		assert_true(j.verdict.until_at_ms > m->now_ms);
		if (j.verdict.until_at_ms < look_at_ms)
			look_at_ms = j.verdict.until_at_ms;
		assert_int_equal(agenda_crowded(a, i, &crowded),
				 j.verdict.reason == REASON_SITE_FULL &&
				     j.high.id != 0);
	}
	assert_int_equal(agenda_look_at_ms(a, false), look_at_ms);
	assert_false(agenda_due(a, m->now_ms, &due));
}

static void
check_urgent(const struct model *m, const struct agenda *a)
{
	struct choose_key best = {0};
	struct agenda_pick pick;

	for (size_t i = 0; i < SITES; i++) {
		struct choose_judgement j;

		if (is_ready(m, i, &j) && j.reach == REACH_PROVEN && j.high.id &&
		    (best.id == 0 || choose_before(&j.high, &best)))
			best = j.high;
	}
	assert_int_equal(agenda_urgent(a, &pick), best.id != 0);
	assert_int_equal(pick.key.id, best.id);
}

static void
run_history(uint64_t from_seed)
{
	struct model m = {.now_ms = NOW};
	struct agenda *a = agenda_new(&rules);
	size_t site;

	seed = from_seed;
	for (size_t i = 0; i < SITES; i++)
		agenda_put(a, i, &m.sites[i], m.now_ms);
	for (int step = 0; step < STEPS; step++) {
		m.now_ms += dice(3) ? 0 : dice(40);
		while (agenda_due(a, m.now_ms, &site))
			agenda_put(a, site, &m.sites[site], m.now_ms);
		site = (size_t)dice(SITES);
		shuffle_site(&m, site);
		agenda_put(a, site, &m.sites[site], m.now_ms);
		check_sites(&m, a);
		check_urgent(&m, a);
		check_next(&m, a);
	}
	agenda_free(a);
}

static void
is_what_a_scan_of_everything_says(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= SEEDS; i++) {
		rules.small_first = i % 2;
		run_history(i * 0x9e3779b97f4a7c15);
	}
}

static void
knows_nothing_of_a_site_never_put(void **state)
{
	struct agenda *a = agenda_new(&rules);
	const struct choose_load idle = {0};
	struct agenda_pick pick;
	size_t site;

	(void)state;
	assert_int_equal(agenda_verdict(a, 5).reason, REASON_NOTHING);
	assert_false(agenda_crowded(a, 5, &pick));
	assert_false(agenda_next(a, &idle, NOW, &pick));
	assert_false(agenda_urgent(a, &pick));
	assert_false(agenda_due(a, NOW, &site));
	assert_true(agenda_look_at_ms(a, true) == INT64_MAX);
	agenda_free(a);
	agenda_free(NULL);
}

/* An idle sender is told when it may probe; a busy one when the hold is over. */
static void
a_hold_is_looked_at_by_who_is_idle(void **state)
{
	struct choose_site s = {.hold_until_at_ms = NOW + HOUR,
				.hold_began_at_ms = NOW - 1};
	const struct choose_load idle = {0};
	const struct choose_load busy = {.sending = 1};
	struct agenda *a;
	struct agenda_pick pick;

	(void)state;
	rules.ageing_ms = 0;
	a = agenda_new(&rules);
	s.best[1] = (struct choose_best){.id = 7,
					 .since_ms = NOW - 2,
					 .filed_at_ms = NOW - 2,
					 .expires_at_ms = INT64_MAX,
					 .route = {REASON_MAY_GO, INT64_MAX, 0}};
	agenda_put(a, 0, &s, NOW);
	assert_false(agenda_next(a, &idle, NOW, &pick));
	assert_int_equal(agenda_look_at_ms(a, true), NOW + 49);
	assert_int_equal(agenda_look_at_ms(a, false), NOW + HOUR);
	assert_false(agenda_next(a, &busy, NOW + 49, &pick));
	assert_true(agenda_next(a, &idle, NOW + 49, &pick));
	assert_true(pick.is_probe);
	assert_int_equal(pick.key.id, 7);
	agenda_started(a, &pick);
	agenda_free(a);
}

/* Turns of sites that have the same to send. */
static void
sites_take_turns(void **state)
{
	enum { MANY = 5, ROUNDS = 4 };
	struct choose_site s[MANY] = {0};
	const struct choose_load idle = {0};
	struct agenda *a = agenda_new(&rules);

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		s[i].proven_until_at_ms = INT64_MAX;
		s[i].best[1] = (struct choose_best){.id = (int64_t)i * 100 + 1,
						    .since_ms = NOW - (int64_t)i,
						    .expires_at_ms = INT64_MAX,
						    .route = {0, INT64_MAX, 0}};
		agenda_put(a, i, &s[i], NOW);
	}
	for (int n = 0; n < MANY * ROUNDS; n++) {
		struct agenda_pick pick;

		assert_true(agenda_next(a, &idle, NOW, &pick));
		assert_int_equal(pick.site, MANY - 1 - n % MANY);
		agenda_started(a, &pick);
		s[pick.site].served = n + 1;
		s[pick.site].best[1].id++;
		agenda_put(a, pick.site, &s[pick.site], NOW);
	}
	agenda_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_what_a_scan_of_everything_says),
	    cmocka_unit_test(knows_nothing_of_a_site_never_put),
	    cmocka_unit_test(a_hold_is_looked_at_by_who_is_idle),
	    cmocka_unit_test(sites_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
