#include "dispatch/forecast.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "dispatch/chance.h"

struct forecast {
	struct forecast_input in;
	const struct forecast_watch *watch; /* NULL: nobody, in this course */
	struct chance seeds;
	struct world *world; /* of the course that is going on; NULL: between two */
	int64_t *arrived;    /* by request and course; INT64_MAX: never */
	int course;
};

/* How much what is being sent varies around how fast it goes now, as a deviation of
 * ln(speed): nine of ten within 1.6 times; a choice. */
static const double underway_deviation = 0.3;

static const struct forecast_underway *
find_underway(const struct forecast_input *in, const struct world_try *t)
{
	const int64_t id = in->requests[t->request->id - 1].id;

	/* Later it has to connect like any other. */
	if (t->now_ms != in->now_ms)
		return NULL;
	for (size_t i = 0; i < in->underway_count; i++)
		if (in->underway[i].id == id)
			return &in->underway[i];
	return NULL;
}

static void
go_on(const struct forecast_underway *u, uint64_t dice, struct world_weather *out)
{
	struct chance c = {~dice};
	const double speed =
	    (double)u->bytes_per_s * exp(underway_deviation * chance_normal(&c));

	out->connects = true;
	out->connect_ms = 0;
	if (u->bytes_per_s > 0 &&
	    (!u->is_limited || (double)out->speed_bytes_per_s < speed))
		out->speed_bytes_per_s = speed < 1 ? 1 : (int64_t)speed;
}

static void
weather(void *self, const struct world_try *t, uint64_t dice, struct world_weather *out)
{
	const struct forecast *f = self;
	const struct forecast_underway *u = find_underway(&f->in, t);

	weather_draw(f->in.weather, t, dice, out);
	if (u)
		go_on(u, dice, out);
}

/* The world's ids are ours: a request's place in the input, counted from 1. */
static void
ended(void *self, const struct world_end *end)
{
	struct forecast *f = self;
	const size_t n = (size_t)end->request->id - 1;
	struct world_request named = *end->request;
	struct world_end told = *end;

	if (end->outcome == WORLD_SENT)
		f->arrived[n * (size_t)f->in.courses + (size_t)f->course] = end->at_ms;
	if (!f->watch)
		return;
	named.id = f->in.requests[n].id;
	told.request = &named;
	f->watch->ended(f->watch->self, &told);
}

static void
begin_course(struct forecast *f)
{
	const struct forecast_input *in = &f->in;
	const struct world_options o = {
	    .facts = in->facts,
	    .now_ms = in->now_ms,
	    .seed = chance_next(&f->seeds),
	    .drained_until_at_ms = in->drained_until_at_ms,
	    .weather = weather,
	    .ended = ended,
	    .self = f,
	};

	f->world = world_new(&o);
	weather_begin(in->weather, o.seed);
	for (size_t i = 0; i < in->site_count; i++)
		world_set_site(f->world, in->sites[i].site, &in->sites[i].state);
	for (size_t i = 0; i < in->count; i++) {
		struct world_request q = in->requests[i];

		q.id = (int64_t)i + 1;
		world_add(f->world, &q);
	}
	/* What begins at once: seen by who watches. */
	(void)world_step(f->world, in->now_ms);
	if (f->watch)
		f->watch->each(f->watch->self, f->world);
}

static void
end_course(struct forecast *f)
{
	world_free(f->world);
	f->world = NULL;
	f->watch = NULL;
	f->course++;
}

bool
forecast_go(struct forecast *f, int events)
{
	while (f->course < f->in.courses) {
		if (!f->world) {
			begin_course(f);
			events -= (int)f->in.count; /* filing each is one, too */
		}
		while (world_unfinished(f->world) > 0 && events-- > 0 &&
		       world_step(f->world, f->in.until_at_ms))
			if (f->watch)
				f->watch->each(f->watch->self, f->world);
		if (events < 0)
			return true;
		end_course(f);
	}
	return false;
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

struct forecast *
forecast_new(const struct forecast_input *in, const struct forecast_watch *watch)
{
	struct forecast *f = mem_zero(1, sizeof(*f));
	const size_t all = in->count * (size_t)in->courses;

	f->in = *in;
	f->watch = watch;
	f->seeds.state = in->seed;
	f->arrived = mem_zero(all + 1, sizeof(*f->arrived));
	for (size_t i = 0; i < all; i++)
		f->arrived[i] = INT64_MAX;
	return f;
}

void
forecast_sum(struct forecast *f, struct dispatch_arrival *out)
{
	const size_t courses = (size_t)f->in.courses;

	for (size_t i = 0; i < f->in.count; i++)
		out[i] = sum_up(&f->arrived[i * courses], courses,
				f->in.requests[i].deadline_at_ms);
}

void
forecast_free(struct forecast *f)
{
	if (!f)
		return;
	world_free(f->world);
	mem_free(f->arrived);
	mem_free(f);
}

void
forecast_run(const struct forecast_input *in, const struct forecast_watch *watch,
	     struct dispatch_arrival *out)
{
	struct forecast *f = forecast_new(in, watch);

	while (forecast_go(f, INT_MAX))
		;
	forecast_sum(f, out);
	forecast_free(f);
}
