#include "dispatch/forecast.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dispatch/chance.h"

struct run {
	const struct forecast_input *in;
	const struct forecast_watch *watch; /* NULL: nobody, in this course */
	int64_t *arrived; /* by request and course; INT64_MAX: never */
	int course;
};

static void
weather(void *self, const struct world_try *t, uint64_t dice, struct world_weather *out)
{
	const struct run *r = self;

	weather_draw(r->in->weather, t, dice, out);
}

/* The world's ids are ours: a request's place in the input, counted from 1. */
static void
ended(void *self, const struct world_end *end)
{
	struct run *r = self;
	const size_t n = (size_t)end->request->id - 1;
	struct world_request named = *end->request;
	struct world_end told = *end;

	if (end->outcome == WORLD_SENT)
		r->arrived[n * (size_t)r->in->courses + (size_t)r->course] = end->at_ms;
	if (!r->watch)
		return;
	named.id = r->in->requests[n].id;
	told.request = &named;
	r->watch->ended(r->watch->self, &told);
}

static void
run_course(struct run *r, uint64_t seed)
{
	const struct forecast_input *in = r->in;
	const struct world_options o = {
	    .facts = in->facts,
	    .now_ms = in->now_ms,
	    .seed = seed,
	    .drained_until_at_ms = in->drained_until_at_ms,
	    .weather = weather,
	    .ended = ended,
	    .self = r,
	};
	struct world *w = world_new(&o);

	weather_begin(in->weather, seed);
	for (size_t i = 0; i < in->site_count; i++)
		world_set_site(w, in->sites[i].site, &in->sites[i].state);
	for (size_t i = 0; i < in->count; i++) {
		struct world_request q = in->requests[i];

		q.id = (int64_t)i + 1;
		world_add(w, &q);
	}
	(void)world_step(w, in->now_ms); /* what begins at once: seen by who watches */
	if (r->watch)
		r->watch->each(r->watch->self, w);
	while (world_unfinished(w) > 0 && world_step(w, in->until_at_ms))
		if (r->watch)
			r->watch->each(r->watch->self, w);
	world_free(w);
}

static int
compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static struct dispatch_arrival
sum_up(int64_t *arrived, size_t courses, int64_t deadline_at_ms)
{
	/* A twentieth on each side: of FORECAST_COURSES the two outermost. */
	const size_t skipped = courses < 20 ? 0 : (courses + 1) / 20 - 1;
	size_t in_time = 0;

	qsort(arrived, courses, sizeof(*arrived), compare);
	for (size_t i = 0; i < courses; i++)
		in_time += arrived[i] != INT64_MAX &&
			   (deadline_at_ms == 0 || arrived[i] <= deadline_at_ms);
	return (struct dispatch_arrival){
	    .early_at_ms = arrived[skipped],
	    .likely_at_ms = arrived[courses / 2],
	    .late_at_ms = arrived[courses - 1 - skipped],
	    .in_time_percent = (int)(100 * in_time / courses),
	};
}

void
forecast_run(const struct forecast_input *in, const struct forecast_watch *watch,
	     struct dispatch_arrival *out)
{
	const size_t courses = (size_t)in->courses;
	struct run r = {.in = in, .watch = watch};
	struct chance seeds = {in->seed};

	r.arrived = mem_zero(in->count * courses + 1, sizeof(*r.arrived));
	for (size_t i = 0; i < in->count * courses; i++)
		r.arrived[i] = INT64_MAX;
	for (r.course = 0; r.course < in->courses; r.course++) {
		run_course(&r, chance_next(&seeds));
		r.watch = NULL;
	}
	for (size_t i = 0; i < in->count; i++)
		out[i] = sum_up(&r.arrived[i * courses], courses,
				in->requests[i].deadline_at_ms);
	mem_free(r.arrived);
}
