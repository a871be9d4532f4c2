/* What held packages up: a row for each cause, in worlds of two sites. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/build.h"
#include "dispatch/conflict.h"

#define NOW_MS INT64_C(1795424400000) /* Mon 2026-11-23 09:00 UTC */
#define DAY_MS INT64_C(86400000)

enum { HOUR_MS = 3600000, BYTES = 100000000, FIRST_ID = 3, NEVER_REACHED = -1 };

/* 10 MB/s; what is called DEAD never answers. */
static void
weather(void *self, const struct world_try *t, uint64_t dice, struct world_weather *out)
{
	(void)self;
	(void)dice;
	*out = (struct world_weather){!str_starts(t->address->section, "DEAD"), 10,
				      10000000, 10};
}

struct rig {
	struct conflicts *conflicts;
	struct config *config;
};

static void
ended(void *self, const struct world_end *end)
{
	struct rig *g = self;

	if (end->request->id >= FIRST_ID)
		conflicts_end(g->conflicts, (size_t)(end->request->id - FIRST_ID),
			      end->at_ms);
}

#define UTC "[sender]\nzone = UTC\n"
#define TWO                                                                            \
	"[site MS1]\nline = south\n[address MS1.1]\ntype = dir\npath = /x\n"           \
	"[site MS2]\nline = south\n[address MS2.1]\ntype = dir\npath = /x\n"
#define SOUTH "[line south]\n"

static const struct {
	const char *config;
	int64_t drained_ms; /* or NEVER_REACHED: its sites were not, so far */
	const char *told;   /* the worst first: what, of how many, s, most, with */
} rows[] = {
    {UTC SOUTH TWO, 0, ""},
    /* limits; each gets half, so half of the time is lost */
    {UTC SOUTH "rate = 10MB/s\n" TWO, 0,
     "rate of line south (south): 2 sites, 20 s, MS1 10 s, with MS1 MS2\n"},
    {UTC "rate = 10MB/s\n" SOUTH TWO, 0,
     "rate of all sendings: 2 sites, 20 s, MS1 10 s, with MS1 MS2\n"},
    {UTC SOUTH TWO "rate = 1MB/s\n", 0,
     "rate of the address: 1 sites, 90 s, MS2 90 s, with\n"},
    {UTC SOUTH "[site MS1]\nrate = 1MB/s\n[address MS1.1]\ntype = dir\npath = /x\n"
	       "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\n",
     0, "rate of the site: 1 sites, 90 s, MS1 90 s, with\n"},
    /* a limit that nobody fills is none */
    {UTC SOUTH "rate = 30MB/s\n" TWO, 0, ""},
    /* the hours, and what the month may carry */
    {UTC SOUTH TWO "schedule = 08-10 closed\n", 0,
     "the window is closed: 1 sites, 3600 s, MS2 3600 s, with\n"},
    {UTC SOUTH "budget = 150MB per day\n" TWO, 0,
     "budget of line south is spent (south): 2 sites, 107985 s, MS1 53992 s, with\n"},
    {UTC SOUTH TWO "budget = 50MB per day\n", 0,
     "budget of the address is spent: 1 sites, 53995 s, MS2 53995 s, with\n"},
    /* no sending is free: one goes after the other */
    {UTC "max_sendings = 1\n" SOUTH TWO, 0,
     "all sendings are in use: 1 sites, 10 s, MS2 10 s, with MS1\n"},
    /* the same of one that connects beside the slots, and waits for one then */
    {UTC "max_sendings = 1\n" SOUTH TWO, NEVER_REACHED,
     "all sendings are in use: 1 sites, 10 s, MS2 10 s, with MS1\n"},
    /* each by something else, the worst first; the same, by what it is */
    {UTC SOUTH "[site MS1]\nrate = 1MB/s\n[address MS1.1]\ntype = dir\npath = /x\n"
	       "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\nrate = 500kB/s\n",
     0,
     "rate of the address: 1 sites, 190 s, MS2 190 s, with\n"
     "rate of the site: 1 sites, 90 s, MS1 90 s, with\n"},
    {UTC SOUTH "[site MS1]\nrate = 1MB/s\n[address MS1.1]\ntype = dir\npath = /x\n"
	       "[site MS2]\n[address MS2.1]\ntype = dir\npath = /x\nrate = 1MB/s\n",
     0,
     "rate of the address: 1 sites, 90 s, MS2 90 s, with\n"
     "rate of the site: 1 sites, 90 s, MS1 90 s, with\n"},
    /* a line that is down; a sender that is drained */
    {UTC "site_hold = 1h\nretry_delay = 1s\n"
	 "[site DEAD]\n[address DEAD.1]\ntype = dir\npath = /x\n"
	 "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n",
     0, "it waits for its restart time: 1 sites, 172795 s, DEAD 172795 s, with\n"},
    {UTC SOUTH TWO, HOUR_MS,
     "a person drains the sender: 2 sites, 7200 s, MS1 3600 s, with\n"},
};

static void
add_told(struct str *out, const struct dispatch_conflict *c)
{
	str_addf(out, "%s%s%s%s: %zu sites, %lld s, %s %lld s, with", c->text,
		 c->line ? " (" : "", c->line ? c->line : "", c->line ? ")" : "",
		 c->site_count, (long long)(c->lost_ms + 500) / 1000, c->most_site,
		 (long long)(c->most_ms + 500) / 1000);
	for (size_t i = 0; i < c->with_count; i++)
		str_addf(out, " %s", c->with[i]);
	str_add(out, "\n");
}

static void
look_at(const struct rate_facts *facts, int64_t drained_ms, struct str *out)
{
	struct rig g = {0};
	const struct world_options o = {.facts = facts,
					.now_ms = NOW_MS,
					.seed = 1,
					.drained_until_at_ms =
					    drained_ms > 0 ? NOW_MS + drained_ms : 0,
					.weather = weather,
					.ended = ended,
					.self = &g};
	struct world *w = world_new(&o);
	struct world_request own[2];
	struct dispatch_simulated told = {0};

	for (int64_t i = 0; i < 2; i++) {
		own[i] = (struct world_request){.id = FIRST_ID + i,
						.site = (size_t)i,
						.priority = REQUEST_MEDIUM,
						.filed_at_ms = NOW_MS,
						.expires_at_ms = NOW_MS + 2 * DAY_MS,
						.bytes_left = BYTES};
		world_add(w, &own[i]);
		if (drained_ms != NEVER_REACHED)
			world_set_site(
			    w, (size_t)i,
			    &(struct world_site_state){.last_sent_at_ms = NOW_MS});
	}
	g.conflicts = conflicts_new(facts->config, own, 2, FIRST_ID, NOW_MS);
	(void)world_step(w, NOW_MS);
	conflicts_look(g.conflicts, w);
	conflicts_look(g.conflicts, w); /* nothing has changed, nothing is lost */
	while (world_unfinished(w) > 0 && world_step(w, NOW_MS + 3 * DAY_MS))
		conflicts_look(g.conflicts, w);
	conflicts_tell(g.conflicts, &told);
	for (size_t i = 0; i < told.conflict_count; i++)
		add_told(out, &told.conflicts[i]);
	dispatch_simulated_done(&told);
	conflicts_free(g.conflicts);
	world_free(w);
}

static void
a_row_per_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str told = {0};
		struct rate_facts facts = {0};
		struct config *c;
		struct err e;

		if (config_from_bytes("t.conf", rows[i].config, strlen(rows[i].config),
				      &c, &e) < 0)
			fail_msg("%s", e.text);
		facts.config = c;
		look_at(&facts, rows[i].drained_ms, &told);
		if (strcmp(rows[i].told, str_text(&told)) != 0)
			fail_msg("row %zu:\n%s", i, str_text(&told));
		config_free(c);
	}
	conflicts_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_per_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
