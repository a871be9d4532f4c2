/* bench_month - a month of 10,000 sites in virtual time: seconds, events, and a
 * fingerprint of the course, which the same seed must give again.
 *
 *   bench_month [SEED [SITES]]
 *
 * Each site has an address with a night window, one in five shares a line with a
 * limit, one in fifty is dead at any time.  Every day a package of 20 MB goes to all,
 * every week one of 200 MB; now and then something small and urgent to one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "dispatch/chance.h"
#include "dispatch/world.h"

enum { DAYS = 30, LINES = 40 };
#define DAY_MS   INT64_C(86400000)
/* Thu 2026-10-01 00:00 UTC: the month has a night of 25 hours */
#define BEGAN_MS INT64_C(1790812800000)

struct bench {
	int64_t sent, expired;
	uint64_t course;
};

static void
weather(void *self, const struct world_try *t, uint64_t dice, struct world_weather *out)
{
	const uint64_t day = (uint64_t)(t->now_ms / DAY_MS);

	(void)self;
	out->connects = (t->request->site * 7919 + day * 104729) % 50 != 0;
	out->connect_ms = out->connects ? 40 + (int64_t)(dice % 400) : 21000;
	out->speed_bytes_per_s = 2000000 + (int64_t)((dice >> 16) % 8000000);
	out->publish_ms = 100;
}

static void
ended(void *self, const struct world_end *end)
{
	struct bench *b = self;

	b->sent += end->outcome == WORLD_SENT;
	b->expired += end->outcome == WORLD_EXPIRED;
	b->course = (b->course ^ (uint64_t)end->request->id) * UINT64_C(0x100000001B3);
	b->course = (b->course ^ (uint64_t)end->at_ms) * UINT64_C(0x100000001B3);
}

static struct config *
make_config(int sites)
{
	char path[] = "/tmp/lansender-month-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	struct config *c = NULL;
	struct err e;

	if (!f)
		return NULL;
	(void)fputs("[sender]\nzone = Europe/Berlin\nmax_sendings = 200\n", f);
	for (int i = 0; i < LINES; i++)
		(void)fprintf(f, "[line l%d]\nrate = mon-fri 08-18 8Mbit/s\n", i);
	for (int i = 0; i < sites; i++) {
		(void)fprintf(f, "[site S%d]\n", i);
		if (i % 5 == 0)
			(void)fprintf(f, "line = l%d\n", i / 5 % LINES);
		(void)fprintf(f,
			      "[address S%d.1]\ntype = dir\npath = /x\n"
			      "schedule = mon-fri 07-19 high\n",
			      i);
	}
	(void)fclose(f);
	if (config_load(path, &c, &e) < 0)
		(void)fprintf(stderr, "%s\n", e.text);
	(void)remove(path);
	return c;
}

static void
add(struct world *w, int64_t id, size_t site, enum request_priority p, int64_t at_ms,
    int64_t bytes)
{
	world_add(w, &(struct world_request){
			 .id = id,
			 .site = site,
			 .priority = p,
			 .filed_at_ms = at_ms,
			 .expires_at_ms = at_ms + 7 * DAY_MS,
			 .bytes_left = bytes,
		     });
}

static int64_t
add_requests(struct world *w, size_t sites, uint64_t seed)
{
	struct chance dice = {seed};
	int64_t id = 0;

	for (int day = 0; day < DAYS; day++) {
		const int64_t at_ms = BEGAN_MS + day * DAY_MS;

		for (size_t s = 0; s < sites; s++)
			add(w, ++id, s, REQUEST_MEDIUM, at_ms + 18 * DAY_MS / 24,
			    20000000);
		for (size_t s = 0; day % 7 == 1 && s < sites; s++)
			add(w, ++id, s, REQUEST_LOW, at_ms + 12 * DAY_MS / 24,
			    200000000);
		for (int i = 0; i < 100; i++)
			add(w, ++id, (size_t)(chance_next(&dice) % sites), REQUEST_HIGH,
			    at_ms + (int64_t)(chance_next(&dice) % (uint64_t)DAY_MS),
			    200000);
	}
	return id;
}

int
main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	const int sites = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10000;
	struct config *c = make_config(sites);
	const struct rate_facts facts = {.config = c};
	struct bench b = {0};
	const struct world_options o = {.facts = &facts,
					.now_ms = BEGAN_MS,
					.seed = seed,
					.weather = weather,
					.ended = ended,
					.self = &b};
	const int64_t began_us = clock_us();
	struct world *w;
	int64_t filed;

	if (!c)
		return 1;
	w = world_new(&o);
	filed = add_requests(w, (size_t)sites, seed);
	while (world_step(w, BEGAN_MS + DAYS * DAY_MS))
		;
	(void)printf("%.1f s, %" PRId64 " events, %" PRId64 " filed, %" PRId64
		     " sent, %" PRId64 " expired, %zu left, course %016" PRIx64 "\n",
		     (double)(clock_us() - began_us) / 1e6, world_events(w), filed,
		     b.sent, b.expired, world_unfinished(w), b.course);
	world_free(w);
	config_free(c);
	return 0;
}
