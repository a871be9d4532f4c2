/* forecast.h - when send requests will arrive: the world is run some dozens of times
 * with weather drawn anew.  Pure: the same input and seed give the same answer. */
#ifndef DISPATCH_FORECAST_H
#define DISPATCH_FORECAST_H

#include "dispatch/dispatch.h"
#include "dispatch/weather.h"
#include "dispatch/world.h"

/* Of 59 courses the third and the third last: what comes next lies between them with a
 * chance of 54 / 60, which is 90 %. */
enum { FORECAST_COURSES = 59 };

/* 60 days: what is not there by then is said not to come; a choice. */
#define FORECAST_HORIZON_MS (60 * INT64_C(86400000))

struct forecast_site {
	size_t site; /* index into config->sites */
	struct world_site_state state;
};

/* What is being sent just now: it is connected already, and goes on so fast. */
struct forecast_underway {
	int64_t id;          /* of the request */
	int64_t bytes_per_s; /* 0: not known */
	bool is_limited;     /* its line may be faster than that */
};

struct forecast_input {
	const struct rate_facts *facts;
	struct weather *weather;
	const struct world_request *requests; /* in any order; ids differ */
	size_t count;
	const struct forecast_site *sites; /* that are not as new */
	size_t site_count;
	const struct forecast_underway *underway;
	size_t underway_count;
	int64_t now_ms, until_at_ms; /* what has not arrived by then never does */
	uint64_t seed;
	int64_t drained_until_at_ms; /* 0: it is not */
	int courses;                 /* FORECAST_COURSES; fewer make a rougher range */
};

/* What one course has seen while it went; may be NULL. */
struct forecast_watch {
	/* at its begin, and after each event */
	void (*each)(void *self, const struct world *w);
	void (*ended)(void *self, const struct world_end *end);
	void *self;
};

/* Step by step: *in is copied, what it points to must stay. */
struct forecast;
struct forecast *forecast_new(const struct forecast_input *in,
			      const struct forecast_watch *watch) MUST_USE;
/* Go on for so many events, or the begin of a course, which takes as long as one for
 * each request.  false: there is nothing more to do. */
bool forecast_go(struct forecast *f, int events);
/* After that; out: as many as requests. */
void forecast_sum(struct forecast *f, struct dispatch_arrival *out);
void forecast_free(struct forecast *f);

/* All at once.  `watch` sees the first course. */
void forecast_run(const struct forecast_input *in, const struct forecast_watch *watch,
		  struct dispatch_arrival *out);

#endif
