/* Thousands of small worlds, each from a seed: sites, lines, addresses, windows, rates,
 * zones, outages, nights on which the clocks change.  After every step what must hold
 * is looked at from outside: with the configuration in hand, not with what policy
 * keeps.
 *
 *   S1  no limit is exceeded: in all, of a line, a site, an address    (6 rows 5, 22)
 *   S2  nothing is sent through a closed window, or one for higher priorities (row 5)
 *   S3  not more sendings than allowed, in all and per site; slots kept for high (29)
 *   S4  a site on hold is left alone while anything else is active     (row 9, 2.9)
 *   S5  work is conserved: with slots free, nobody whose site lets it go waits (29)
 *   S6  no spin: steps are few for what happens                        (row 30)
 *   S7  nobody is starved: every request ends                          (rows 9, 29)
 *   S8  the same seed gives the same course
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
#include "config/config.h"
#include "dispatch/week.h"
#include "dispatch/world.h"

enum {
	WORLDS = 2000,
	SITES_MOST = 8,
	REQUESTS_MOST = 40,
	HOUR_MS = 3600000,
	DAY_MS = 24 * HOUR_MS,
};
/* Sat 2026-03-28 and Sat 2026-10-24, 12:00 UTC: the clocks change the night after. */
static const int64_t spring_ms = INT64_C(1774699200000);
static const int64_t autumn_ms = INT64_C(1792843200000);

struct trial {
	uint64_t seed, random;
	struct config *config;
	struct rate_facts facts;
	struct world *world;
	int64_t began_ms;
	int64_t sent, expired, tries;
	uint64_t course; /* of all ends: a fingerprint */
	const char *failed;
};

static uint64_t
roll(struct trial *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

static int64_t
between(struct trial *t, int64_t low, int64_t high)
{
	return low + (int64_t)(roll(t) % (uint64_t)(high - low + 1));
}

static bool
chance(struct trial *t, int percent)
{
	return between(t, 1, 100) <= percent;
}

static void
fail_trial(struct trial *t, const char *what)
{
	if (!t->failed)
		t->failed = what;
}

/* --- a configuration ---------------- */

static const char *const zones[] = {"Europe/Berlin", "America/New_York", "UTC",
				    "Australia/Lord_Howe"};
static const char *const days[] = {"mon-fri", "sat,sun", "sun", "tue-thu", ""};
static const char *const slots[] = {"all", "medium", "high", "closed", "closed"};

/* A closed one stands in for none as it is. */
static void
write_slot(struct trial *t, FILE *f)
{
	const char *slot = slots[between(t, 0, 4)];
	const bool alone = strcmp(slot, "closed") != 0 && chance(t, 30);

	(void)fprintf(f, "%s%s\n", slot, alone ? " no-substitute" : "");
}

static void
write_week(struct trial *t, FILE *f, bool rates)
{
	for (int64_t n = between(t, 0, 3); n > 0; n--) {
		const int64_t from = between(t, 0, 23), to = between(t, 0, 23);

		if (from == to)
			continue;
		(void)fprintf(f, "%s = %s %02d:%02d-%02d ", rates ? "rate" : "schedule",
			      days[between(t, 0, 4)], (int)from,
			      (int)between(t, 0, 3) * 15, (int)to);
		if (rates)
			(void)fprintf(f, "%dkB/s\n", (int)between(t, 20, 2000));
		else
			write_slot(t, f);
	}
}

static void
write_site(struct trial *t, FILE *f, int64_t n)
{
	const int64_t addresses = between(t, 1, 3);

	(void)fprintf(f, "[site S%d]\n", (int)n);
	if (chance(t, 50))
		(void)fputs("line = south\n", f);
	if (chance(t, 30))
		write_week(t, f, true);
	for (int64_t i = 1; i <= addresses; i++) {
		(void)fprintf(f,
			      "[address S%d.%d]\ntype = dir\npath = /srv\nzone = %s\n",
			      (int)n, (int)i, zones[between(t, 0, 3)]);
		write_week(t, f, false);
		if (chance(t, 40))
			write_week(t, f, true);
	}
}

static void
write_config(struct trial *t, FILE *f)
{
	const int64_t most = between(t, 1, 6);

	(void)fprintf(f,
		      "[sender]\nzone = %s\nmax_sendings = %d\n"
		      "max_sendings_per_site = %d\nreserved_high = %s\npreempt = %s\n"
		      "small_first = %s\nageing = %dh\nrequest_lifetime = 30d\n",
		      zones[between(t, 0, 3)], (int)most, (int)between(t, 1, most),
		      most > 1 && chance(t, 50) ? "1" : "none",
		      chance(t, 50) ? "on" : "off", chance(t, 50) ? "yes" : "no",
		      (int)between(t, 1, 48));
	if (chance(t, 30))
		write_week(t, f, true);
	(void)fputs("[line south]\n", f);
	write_week(t, f, true);
	for (int64_t n = between(t, 1, SITES_MOST); n > 0; n--)
		write_site(t, f, n);
}

static struct config *
make_config(struct trial *t)
{
	char path[] = "/tmp/lansender-worlds-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	struct config *c = NULL;
	struct err e;

	assert_non_null(f);
	write_config(t, f);
	assert_int_equal(fclose(f), 0);
	if (config_load(path, &c, &e) < 0)
		fail_msg("seed %llu: %s", (unsigned long long)t->seed, e.text);
	(void)unlink(path);
	return c;
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

/* The sum of those for whom belongs() is true, against one limit. */
static void
look_at_limit(struct trial *t, const struct config_limits *l, const struct zone *zone,
	      bool (*belongs)(const struct trial *t, const struct world_sending *s,
			      const void *what),
	      const void *what)
{
	const int64_t limit = week_at(&l->rate, zone, world_now_ms(t->world)).value;
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

	look_at_limit(t, &c->sender.limits, zone, is_any, NULL);
	for (size_t i = 0; i < c->line_count; i++)
		look_at_limit(t, &c->lines[i].limits, zone, is_of_line, &c->lines[i]);
	for (size_t i = 0; i < c->site_count; i++) {
		const struct config_site *s = &c->sites[i];

		look_at_limit(t, &s->limits, zone, is_of_site, s);
		for (size_t k = 0; k < s->address_count; k++)
			look_at_limit(t, &s->addresses[k].limits, s->addresses[k].zone,
				      is_of_address, &s->addresses[k]);
	}
}

static void
look_at_windows(struct trial *t)
{
	for (size_t i = 0; i < world_active(t->world); i++) {
		const struct world_sending s = world_sending(t->world, i);
		const struct slot_now slot =
		    slot_at(s.address, 0, world_now_ms(t->world));

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

/* A thread is free for all: then nobody whose own site lets it go is left. */
static void
look_at_work(struct trial *t)
{
	if (world_active(t->world) > 0)
		return;
	for (size_t i = 0; i < t->config->site_count; i++)
		if (world_verdict(t->world, i).reason == REASON_MAY_GO)
			fail_trial(t, "S5: idle, while somebody may go");
}

static void
look(struct trial *t)
{
	look_at_limits(t);
	look_at_windows(t);
	look_at_slots(t);
	look_at_work(t);
}

/* --- one world ---------------- */

static int64_t
add_requests(struct trial *t)
{
	const int64_t count = between(t, 1, REQUESTS_MOST);

	for (int64_t id = 1; id <= count; id++) {
		const int64_t filed = t->began_ms + between(t, 0, 2 * DAY_MS);
		const struct world_request r = {
		    .id = id,
		    .site = (size_t)between(t, 0, (int64_t)t->config->site_count - 1),
		    .priority = (enum request_priority)between(t, 1, 3),
		    .prefer = chance(t, 20) ? 2 : 0,
		    .filed_at_ms = filed,
		    .ready_at_ms = chance(t, 20) ? filed + between(t, 0, DAY_MS) : 0,
		    .deadline_at_ms = chance(t, 20) ? filed + 3 * (int64_t)DAY_MS : 0,
		    .expires_at_ms = filed + 30 * (int64_t)DAY_MS,
		    .bytes_left = between(t, 0, 200000000),
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

/* Can it ever be sent?  Some windows of some addresses never open for low ones. */
static bool
has_a_way(const struct trial *t)
{
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
run_trial(struct trial *t, uint64_t seed)
{
	struct world_options o = {.weather = weather, .ended = ended, .self = t};
	int64_t count;

	*t = (struct trial){.seed = seed, .random = seed * 2 + 88172645463325252U};
	for (int i = 0; i < 8; i++)
		(void)roll(t);
	t->began_ms = (chance(t, 50) ? spring_ms : autumn_ms) + between(t, 0, DAY_MS);
	t->config = make_config(t);
	t->facts.config = t->config;
	o.facts = &t->facts;
	o.now_ms = t->began_ms;
	o.seed = seed;
	t->world = world_new(&o);
	count = add_requests(t);
	while (!t->failed && world_step(t->world, t->began_ms + 45 * (int64_t)DAY_MS))
		look(t);
	if (t->sent + t->expired != count && !t->failed)
		fail_trial(t, "S7: a request never ended");
	if (t->expired > 0 && has_a_way(t) && !t->failed)
		fail_trial(t, "S7: a request that could go was starved");
	/* Each try has a few events; each hour of 45 days a window that opens. */
	if (world_events(t->world) > 20 * t->tries + 24 * 45 * SITES_MOST * 3)
		fail_trial(t, "S6: it spins");
	world_free(t->world);
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
