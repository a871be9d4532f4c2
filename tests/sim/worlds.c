/* Thousands of small worlds, each from a seed: sites, lines, addresses, windows, rates,
 * zones, budgets, outages, nights on which the clocks change, and persons who limit,
 * open, hold and release.  After every step what must hold is looked at from outside:
 * with the configuration and the orders in hand, not with what policy keeps.
 *
 *   S1  no limit is exceeded: in all, of a line, a site, an address    (6 rows 5, 22)
 *   S2  nothing is sent through a closed window, or one for higher priorities (row 5),
 *       unless a person opened the site
 *   S3  not more sendings than allowed, in all and per site; slots kept for high (29)
 *   S4  a site on hold is left alone while anything else is active     (row 9, 2.9)
 *   S5  work is conserved: with slots free, nobody whose site lets it go waits (29)
 *   S6  no spin: steps are few for what happens                        (row 30)
 *   S7  nobody is starved: every request ends                          (rows 9, 29)
 *   S8  the same seed gives the same course
 *   S9  no budget is exceeded: in all, of a line, a site, an address
 *   S10 what a person holds is not sent                                       (row 36)
 * A seed that fails is printed; `worlds SEED` runs it alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dispatch/week.h"
#include "dispatch/world.h"
#include "trial.h"

enum { WORLDS = 2000 };
/* Sat 2026-03-28 and Sat 2026-10-24, 12:00 UTC: the clocks change the night after. */
static const int64_t spring_ms = INT64_C(1774699200000);
static const int64_t autumn_ms = INT64_C(1792843200000);

static void
fail_trial(struct trial *t, const char *what)
{
	if (!t->failed)
		t->failed = what;
}

/* --- weather ---------------- */

/* An address is down for some hours of some days; which ones follows from the seed and
 * the hour, so that asking twice gives the same answer. */
static bool
is_down(const struct trial *t, const struct config_address *a, int64_t now_ms)
{
	const uint64_t hour = (uint64_t)(now_ms / (3 * HOUR_MS));
	uint64_t z = t->seed ^ (hour * UINT64_C(0x9E3779B97F4A7C15));

	for (const char *c = a->section; *c; c++)
		z = (z ^ (uint64_t)*c) * UINT64_C(0x100000001B3);
	return (z >> 33) % 100 < 15;
}

static void
look_at_hold(struct trial *t, const struct world_try *try)
{
	const struct world *w = t->world;

	if (world_hold_until_at_ms(w, try->request->site) <= try->now_ms)
		return;
	/* Another failed meanwhile: this one was begun before, and ends of itself. */
	if (t->active[try->request->id - 1])
		return;
	for (size_t i = 0; i < world_active(w); i++)
		if (world_sending(w, i).request != try->request)
			fail_trial(t, "S4: a site on hold was tried beside another");
}

static void
weather(void *self, const struct world_try *try, uint64_t dice,
	struct world_weather *out)
{
	struct trial *t = self;

	t->tries++;
	look_at_hold(t, try);
	out->connects = !is_down(t, try->address, try->now_ms);
	out->connect_ms = out->connects ? 50 + (int64_t)(dice % 500) : 15000;
	out->speed_bytes_per_s = 20000 + (int64_t)((dice >> 20) % 3000000);
	out->publish_ms = 20 + (int64_t)((dice >> 8) % 300);
}

static void
ended(void *self, const struct world_end *end)
{
	struct trial *t = self;

	t->sent += end->outcome == WORLD_SENT;
	t->expired += end->outcome == WORLD_EXPIRED;
	t->course = (t->course ^ (uint64_t)end->request->id) * UINT64_C(0x100000001B3);
	t->course = (t->course ^ (uint64_t)end->at_ms) * UINT64_C(0x100000001B3);
}

/* --- what must hold ---------------- */

static const struct config_site *
site_of(const struct trial *t, const struct world_sending *s)
{
	return &t->config->sites[s->request->site];
}

static bool
is_on_line(const struct world_sending *s)
{
	return s->phase == WORLD_SENDING;
}

struct node {
	const struct config_limits *limits;
	const struct zone *zone;
	enum rate_level level;
	const char *of;
};

/* What a person ordered comes before what the week says. */
static int64_t
limit_now(const struct trial *t, const struct node *n)
{
	const int64_t now_ms = world_now_ms(t->world);
	char name[OUTBOX_NODE_ROOM];

	(void)rate_node_name(n->level, n->of, name);
	for (size_t i = 0; i < t->facts.override_count; i++)
		if (strcmp(t->limits[i].node, name) == 0 &&
		    now_ms < t->limits[i].until_at_ms)
			return t->limits[i].bytes_per_s;
	return week_at(&n->limits->rate, n->zone, now_ms).value;
}

/* The sum of those for whom belongs() is true, against one limit. */
static void
look_at_limit(struct trial *t, const struct node *node,
	      bool (*belongs)(const struct trial *t, const struct world_sending *s,
			      const void *what),
	      const void *what)
{
	const int64_t limit = limit_now(t, node);
	double sum = 0;

	for (size_t i = 0; i < world_active(t->world); i++) {
		const struct world_sending s = world_sending(t->world, i);

		if (is_on_line(&s) && belongs(t, &s, what))
			sum += (double)s.rate_bytes_per_s;
	}
	if (limit != CONFIG_RATE_UNLIMITED && sum > (double)limit + 1)
		fail_trial(t, "S1: a limit is exceeded");
}

static bool
is_any(const struct trial *t, const struct world_sending *s, const void *what)
{
	(void)t;
	(void)s;
	(void)what;
	return true;
}

static bool
is_of_line(const struct trial *t, const struct world_sending *s, const void *what)
{
	return site_of(t, s)->line == what;
}

static bool
is_of_site(const struct trial *t, const struct world_sending *s, const void *what)
{
	return site_of(t, s) == what;
}

static bool
is_of_address(const struct trial *t, const struct world_sending *s, const void *what)
{
	(void)t;
	return s->address == what;
}

static void
look_at_limits(struct trial *t)
{
	const struct config *c = t->config;
	const struct zone *zone = c->sender.zone;

	look_at_limit(t, &(struct node){&c->sender.limits, zone, RATE_ALL, ""}, is_any,
		      NULL);
	for (size_t i = 0; i < c->line_count; i++) {
		const struct config_line *l = &c->lines[i];

		look_at_limit(t, &(struct node){&l->limits, zone, RATE_LINE, l->name},
			      is_of_line, l);
	}
	for (size_t i = 0; i < c->site_count; i++) {
		const struct config_site *s = &c->sites[i];

		look_at_limit(t, &(struct node){&s->limits, zone, RATE_SITE, s->code},
			      is_of_site, s);
		for (size_t k = 0; k < s->address_count; k++) {
			const struct config_address *a = &s->addresses[k];

			look_at_limit(t,
				      &(struct node){&a->limits, a->zone, RATE_ADDRESS,
						     a->section},
				      is_of_address, a);
		}
	}
}

static int64_t
opened_until_ms(const struct trial *t, const char *site)
{
	for (size_t i = 0; i < t->facts.open_count; i++)
		if (strcmp(t->opens[i].site, site) == 0 &&
		    world_now_ms(t->world) < t->opens[i].until_at_ms)
			return t->opens[i].until_at_ms;
	return 0;
}

static void
look_at_windows(struct trial *t)
{
	for (size_t i = 0; i < world_active(t->world); i++) {
		const struct world_sending s = world_sending(t->world, i);
		const struct slot_now slot =
		    slot_at(s.address, opened_until_ms(t, site_of(t, &s)->code),
			    world_now_ms(t->world));

		if (is_on_line(&s) && !slot_lets(&slot, s.request->priority))
			fail_trial(t, "S2: sent through a closed window");
	}
}

struct tally {
	int64_t all, low, site[SITES_MOST];
};

static struct tally
count_sendings(const struct trial *t)
{
	struct tally y = {0};

	for (size_t i = 0; i < world_active(t->world); i++) {
		const struct world_sending s = world_sending(t->world, i);

		if (s.phase != WORLD_SENDING && s.phase != WORLD_PUBLISHING)
			continue;
		y.all++;
		y.low += s.request->priority != REQUEST_HIGH;
		y.site[s.request->site]++;
	}
	return y;
}

static void
look_at_slots(struct trial *t)
{
	const struct config_sender *s = &t->config->sender;
	const struct tally y = count_sendings(t);

	if (y.all > s->max_sendings)
		fail_trial(t, "S3: more than max_sendings");
	for (size_t i = 0; i < t->config->site_count; i++)
		if (y.site[i] > s->max_sendings_per_site)
			fail_trial(t, "S3: more than max_sendings_per_site");
}

/* With slots left over for all, nobody whose own site lets it go waits. */
static void
look_at_work(struct trial *t)
{
	const struct config_sender *s = &t->config->sender;

	if ((int64_t)world_active(t->world) >= s->max_sendings - s->reserved_high)
		return;
	for (size_t i = 0; i < t->config->site_count; i++)
		if (world_verdict(t->world, i).reason == REASON_MAY_GO)
			fail_trial(t, "S5: slots are free, and somebody may go");
}

static void
remember_active(struct trial *t)
{
	memset(t->active, 0, sizeof(t->active));
	for (size_t i = 0; i < world_active(t->world); i++)
		t->active[world_sending(t->world, i).request->id - 1] = true;
}

static void
look_at_held(struct trial *t)
{
	for (size_t i = 0; i < world_active(t->world); i++) {
		const struct world_sending s = world_sending(t->world, i);

		if (t->held[s.request->id - 1] && s.phase != WORLD_PUBLISHING)
			fail_trial(t, "S10: what is held is sent");
	}
}

static bool
goes_through(const struct trial *t, const struct world_sending *s, const char *node)
{
	const struct config_site *site = site_of(t, s);
	char name[OUTBOX_NODE_ROOM];

	return strcmp(node, rate_node_name(RATE_ALL, "", name)) == 0 ||
	       (site->line &&
		strcmp(node, rate_node_name(RATE_LINE, site->line->name, name)) == 0) ||
	       strcmp(node, rate_node_name(RATE_SITE, site->code, name)) == 0 ||
	       strcmp(node, rate_node_name(RATE_ADDRESS, s->address->section, name)) ==
		   0;
}

/* What went since the last look went at the rates of then. */
static void
look_at_budget(struct trial *t, size_t n)
{
	const struct metered *m = &t->metered[n];
	const double passed_s = (double)(world_now_ms(t->world) - t->looked_ms) / 1000;
	const int64_t from_ms =
	    metered_span(&m->budget, m->zone, t->looked_ms).from_at_ms;
	struct went *w = &t->went[n];

	if (w->from_ms != from_ms)
		*w = (struct went){from_ms, 0};
	for (size_t i = 0; i < t->going_count; i++)
		if (goes_through(t, &t->going[i], m->node))
			w->bytes += passed_s * (double)t->going[i].rate_bytes_per_s;
	if (w->bytes > (double)(m->budget.bytes + BUDGET_SLACK_BYTES))
		fail_trial(t, "S9: a budget is exceeded");
}

static void
look_at_budgets(struct trial *t)
{
	for (size_t n = 0; n < t->metered_count; n++)
		look_at_budget(t, n);
	t->looked_ms = world_now_ms(t->world);
	t->going_count = 0;
	for (size_t i = 0; i < world_active(t->world) && i < SENDINGS_MOST; i++) {
		const struct world_sending s = world_sending(t->world, i);

		if (is_on_line(&s))
			t->going[t->going_count++] = s;
	}
}

static void
look(struct trial *t)
{
	look_at_limits(t);
	look_at_windows(t);
	look_at_slots(t);
	look_at_work(t);
	look_at_held(t);
	remember_active(t);
	if (t->metered_count > 0)
		look_at_budgets(t);
}

/* --- one world ---------------- */

static int64_t
add_requests(struct trial *t)
{
	const int64_t count = trial_between(t, 1, REQUESTS_MOST);

	for (int64_t id = 1; id <= count; id++) {
		const int64_t filed = t->began_ms + trial_between(t, 0, 2 * DAY_MS);
		const struct world_request r = {
		    .id = id,
		    .site =
			(size_t)trial_between(t, 0, (int64_t)t->config->site_count - 1),
		    .priority = (enum request_priority)trial_between(t, 1, 3),
		    .prefer = trial_chance(t, 20) ? 2 : 0,
		    .filed_at_ms = filed,
		    .ready_at_ms =
			trial_chance(t, 20) ? filed + trial_between(t, 0, DAY_MS) : 0,
		    .deadline_at_ms =
			trial_chance(t, 20) ? filed + 3 * (int64_t)DAY_MS : 0,
		    .expires_at_ms = filed + 30 * (int64_t)DAY_MS,
		    .bytes_left = trial_between(t, 0, 200000000),
		};

		world_add(t->world, &r);
	}
	return count;
}

static bool
ever_opens(const struct config_week *w, int value)
{
	if (w->step_count == 0)
		return (w->always & CONFIG_SLOT_LETS) == value;
	for (int32_t i = 0; i < w->step_count; i++)
		if ((w->steps[i].value & CONFIG_SLOT_LETS) == value)
			return true;
	return false;
}

/* Can it ever be sent?  Some windows of some addresses never open for low ones, and a
 * budget may be too small for all. */
static bool
has_a_way(const struct trial *t)
{
	if (t->metered_count > 0)
		return false;
	for (size_t i = 0; i < t->config->site_count; i++) {
		const struct config_site *s = &t->config->sites[i];
		bool way = false;

		for (size_t k = 0; k < s->address_count; k++)
			way = way ||
			      ever_opens(&s->addresses[k].schedule, CONFIG_SLOT_ALL);
		if (!way)
			return false;
	}
	return true;
}

static void
live(struct trial *t, int64_t until_ms)
{
	bool goes_on = true;

	while (!t->failed && goes_on) {
		const int64_t order_ms = t->order_at_ms[t->orders_done];

		goes_on =
		    world_step(t->world, order_ms < until_ms ? order_ms : until_ms);
		look(t);
		if (goes_on || order_ms > until_ms)
			continue;
		trial_give_order(t);
		goes_on = world_step(t->world, order_ms); /* who may begin begins */
		look(t);
		goes_on = true;
	}
}

static void
run_trial(struct trial *t, uint64_t seed)
{
	struct world_options o = {.weather = weather, .ended = ended, .self = t};

	trial_begin(t, seed);
	t->began_ms =
	    (trial_chance(t, 50) ? spring_ms : autumn_ms) + trial_between(t, 0, DAY_MS);
	t->config = trial_config(t);
	t->facts.config = t->config;
	o.facts = &t->facts;
	o.now_ms = t->began_ms;
	o.seed = seed;
	t->world = world_new(&o);
	t->looked_ms = t->began_ms;
	t->metered_count = metered_list(t->config, &t->metered);
	t->filed = add_requests(t);
	trial_plan_orders(t);
	live(t, t->began_ms + 45 * (int64_t)DAY_MS);
	if (t->sent + t->expired != t->filed && !t->failed)
		fail_trial(t, "S7: a request never ended");
	if (t->expired > 0 && has_a_way(t) && !t->failed)
		fail_trial(t, "S7: a request that could go was starved");
	/* Each try has a few events; each hour of 45 days a window that opens. */
	if (world_events(t->world) > 20 * t->tries + 24 * 45 * SITES_MOST * 3)
		fail_trial(t, "S6: it spins");
	world_free(t->world);
	mem_free(t->metered);
	config_free(t->config);
}

static void
look_at_trial(const struct trial *t)
{
	if (t->failed)
		fail_msg("seed %llu: %s", (unsigned long long)t->seed, t->failed);
}

static uint64_t only_seed;

static void
thousands_of_worlds(void **state)
{
	struct trial t;
	int64_t sent = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		if (only_seed && seed != only_seed)
			continue;
		run_trial(&t, seed);
		look_at_trial(&t);
		sent += t.sent;
	}
	assert_true(sent > 0);
}

static void
same_seed_same_course(void **state)
{
	struct trial a, b;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_trial(&a, seed);
		run_trial(&b, seed);
		assert_true(a.course == b.course);
		assert_int_equal(a.sent, b.sent);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thousands_of_worlds),
	    cmocka_unit_test(same_seed_same_course),
	};

	only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
