/* Is the forecast honest?  Deliveries are simulated with weather of the test's own;
 * what was learnt are samples of that weather; the forecast is made from these, and
 * then what comes is compared with what it said.  Of 1,000 arrivals the 90 % range must
 * hold 85 to 95 %. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/build.h"
#include "dispatch/chance.h"
#include "dispatch/forecast.h"

enum {
	DELIVERIES = 1000,
	REQUESTS = 4, /* in one outbox; each counts for a quarter of the tries */
	HOUR_MS = 3600000,
};
#define DAY_MS   INT64_C(86400000)
/* Sun 2026-11-22 19:00 UTC */
#define BEGAN_MS INT64_C(1795374000000)

static const char text[] =
    "[sender]\nzone = Europe/Berlin\nmax_sendings = 2\nreserved_high = none\n"
    "[line south]\nrate = 08-18 4Mbit/s\n"
    "[site MS1]\nline = south\n[address MS1.1]\ntype = dir\npath = /x\n"
    "schedule = 07-08 closed\n"
    "[site MS2]\nline = south\n[address MS2.1]\ntype = dir\npath = /x\n"
    "[site MS3]\n[address MS3.1]\ntype = dir\npath = /x\n"
    "[address MS3.2]\ntype = dir\npath = /x\n";
enum { SITES = 3, ADDRESSES = 4 };
static const char *const names[ADDRESSES] = {"MS1.1", "MS2.1", "MS3.1", "MS3.2"};

/* What the lines of one trial really are like. */
struct truth {
	double mean[ADDRESSES], deviation[ADDRESSES], fails[ADDRESSES];
	struct chance dice;
	int64_t arrived[REQUESTS];
};

static size_t
index_of(const char *section)
{
	size_t i = 0;

	while (strcmp(names[i], section) != 0)
		i++;
	return i;
}

static void
make_truth(struct truth *t, uint64_t seed)
{
	t->dice.state = seed;
	for (size_t i = 0; i < ADDRESSES; i++) {
		t->mean[i] = log(500000) + 0.8 * chance_normal(&t->dice);
		t->deviation[i] = 0.2 + 0.6 * chance_uniform(&t->dice);
		t->fails[i] = 0.15 * chance_uniform(&t->dice);
	}
}

/* Some sendings of the days before. */
static size_t
learn(struct truth *t, struct outbox_learnt rows[ADDRESSES])
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct outbox_learnt *r = &rows[i];

		*r = (struct outbox_learnt){.hour = 20};
		(void)snprintf(r->address, sizeof(r->address), "%s", names[i]);
		for (int64_t n = 3 + (int64_t)(chance_next(&t->dice) % 30); n > 0;
		     n--) {
			const double x =
			    t->mean[i] + t->deviation[i] * chance_normal(&t->dice);

			if (chance_uniform(&t->dice) < t->fails[i]) {
				r->failed++;
				continue;
			}
			r->connects++;
			r->samples++;
			r->connect_ms += 100;
			r->publish_ms += 200;
			r->log_sum += x;
			r->log_squares += x * x;
		}
	}
	return ADDRESSES;
}

static void
true_weather(void *self, const struct world_try *try, uint64_t dice,
	     struct world_weather *out)
{
	struct truth *t = self;
	const size_t i = index_of(try->address->section);
	struct chance c = {dice};

	out->connects = chance_uniform(&c) >= t->fails[i];
	out->connect_ms = out->connects ? 100 : 21000;
	out->speed_bytes_per_s =
	    (int64_t)exp(t->mean[i] + t->deviation[i] * chance_normal(&c));
	out->publish_ms = 200;
}

static void
true_end(void *self, const struct world_end *end)
{
	struct truth *t = self;

	if (end->outcome == WORLD_SENT)
		t->arrived[end->request->id - 1] = end->at_ms;
}

static void
make_requests(struct truth *t, struct world_request r[REQUESTS])
{
	for (size_t i = 0; i < REQUESTS; i++)
		r[i] = (struct world_request){
		    .id = (int64_t)i + 1,
		    .site = (size_t)(chance_next(&t->dice) % SITES),
		    .priority = (enum request_priority)(REQUEST_HIGH +
							chance_next(&t->dice) % 3),
		    .filed_at_ms = BEGAN_MS,
		    .expires_at_ms = BEGAN_MS + 7 * DAY_MS,
		    .bytes_left =
			1000000 + (int64_t)(chance_next(&t->dice) % 4000000000),
		};
}

static void
deliver(struct truth *t, const struct rate_facts *facts,
	const struct world_request r[REQUESTS])
{
	const struct world_options o = {
	    .facts = facts,
	    .now_ms = BEGAN_MS,
	    .seed = chance_next(&t->dice),
	    .weather = true_weather,
	    .ended = true_end,
	    .self = t,
	};
	struct world *w = world_new(&o);

	for (size_t i = 0; i < REQUESTS; i++) {
		t->arrived[i] = INT64_MAX;
		world_add(w, &r[i]);
	}
	while (world_unfinished(w) > 0 && world_step(w, BEGAN_MS + 8 * DAY_MS))
		;
	world_free(w);
}

static void
forecast(const struct rate_facts *facts, const struct outbox_learnt *rows,
	 size_t row_count, const struct world_request r[REQUESTS],
	 struct dispatch_arrival out[REQUESTS])
{
	struct weather *weather = weather_new(facts->config, rows, row_count);
	const struct forecast_input in = {
	    .facts = facts,
	    .weather = weather,
	    .requests = r,
	    .count = REQUESTS,
	    .now_ms = BEGAN_MS,
	    .until_at_ms = BEGAN_MS + 8 * DAY_MS,
	    .seed = 1,
	    .courses = FORECAST_COURSES,
	};

	forecast_run(&in, NULL, out);
	weather_free(weather);
}

static void
the_range_holds_nine_of_ten(void **state)
{
	struct config *c = NULL;
	struct rate_facts facts = {0};
	int held, before = 0, after = 0, earlier = 0;
	struct err e;

	(void)state;
	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	facts.config = c;
	for (uint64_t trial = 0; trial < DELIVERIES / REQUESTS; trial++) {
		struct truth t;
		struct outbox_learnt rows[ADDRESSES];
		struct world_request r[REQUESTS];
		struct dispatch_arrival said[REQUESTS];

		make_truth(&t, trial);
		make_requests(&t, r);
		forecast(&facts, rows, learn(&t, rows), r, said);
		deliver(&t, &facts, r);
		for (size_t i = 0; i < REQUESTS; i++) {
			before += t.arrived[i] < said[i].early_at_ms;
			after += t.arrived[i] > said[i].late_at_ms;
			earlier += t.arrived[i] < said[i].likely_at_ms;
		}
	}
	held = DELIVERIES - before - after;
	print_message("%d of %d in the range, %d before, %d after; %d before the "
		      "likely time\n",
		      held, DELIVERIES, before, after, earlier);
	assert_in_range(held, DELIVERIES * 85 / 100, DELIVERIES * 95 / 100);
	assert_in_range(earlier, DELIVERIES * 40 / 100, DELIVERIES * 60 / 100);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_range_holds_nine_of_ten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
