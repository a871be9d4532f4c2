/* simulate.c - what would happen if a package were filed: the world with all that is
 * queued, as a report by site and by line. */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "dispatch/conflict.h"
#include "dispatch/forecast.h"
#include "dispatch/picture.h"

/* Of the queue and the package: a minute of a core; a choice. */
enum { REQUESTS_MOST = 100000 };

struct simulation {
	const struct dispatch_simulate *ask;
	struct dispatch_simulated *out;
	const struct config *config;
	struct picture picture;
	struct world_request *requests;
	size_t count, room;
	size_t first_own; /* those of the package begin here */
	int64_t filed_at_ms;
	struct err *e;
	struct forecast_site *sites;
	size_t site_count, site_room;
	int64_t last_ms; /* until then the use of lines is added up */
	double *rates;   /* by line, the last is all: until the next event */
	struct conflicts *conflicts;
	struct outbox_address *failed; /* of all sites, one after the other */
	size_t failed_count, failed_room;
};

/* --- what is there ---------------------------------------------------------------- */

static void
add(struct simulation *s, const struct world_request *r)
{
	s->requests = mem_grow(s->requests, s->count, &s->room, sizeof(*s->requests));
	s->requests[s->count++] = *r;
}

static int
keep_request(void *self, const struct request *r)
{
	struct simulation *s = self;
	struct world_request q;

	s->out->others_held += r->state == REQUEST_HELD;
	if (!picture_request(s->config, r, &q))
		return 0;
	s->out->others++;
	if (s->count + s->ask->site_count >= REQUESTS_MOST)
		return err_set(s->e, ERR_INPUT, 0,
			       "more than %d requests are queued or asked about: "
			       "simulate looks at no more, it would take too long",
			       REQUESTS_MOST);
	add(s, &q);
	return 0;
}

static int
keep_site(void *self, const struct outbox_site *o)
{
	struct simulation *s = self;
	const struct config_site *site = config_site(s->config, o->site);

	if (!site)
		return 0;
	s->sites = mem_grow(s->sites, s->site_count, &s->site_room, sizeof(*s->sites));
	s->sites[s->site_count++] = (struct forecast_site){
	    .site = (size_t)(site - s->config->sites),
	    .state = {.failures = o->failures,
		      .hold_until_at_ms = o->hold_until_at_ms,
		      .last_sent_at_ms = o->last_sent_at_ms,
		      .failed_count = o->failed_address_count},
	};
	for (size_t i = 0; i < o->failed_address_count; i++) {
		s->failed = mem_grow(s->failed, s->failed_count, &s->failed_room,
				     sizeof(*s->failed));
		s->failed[s->failed_count++] = o->failed_addresses[i];
	}
	return 0;
}

/* Once all are there, they stay where they are. */
static void
point_at_failed(struct simulation *s)
{
	size_t at = 0;

	for (size_t i = 0; i < s->site_count; i++) {
		if (s->sites[i].state.failed_count > 0)
			s->sites[i].state.failed = &s->failed[at];
		at += s->sites[i].state.failed_count;
	}
}

static int
read_outbox(struct simulation *s, struct outbox *o, struct outbox_learnt **learnt,
	    size_t *count, struct err *e)
{
	const struct outbox_filter unfinished = {.unfinished_only = true};
	const int64_t now_ms = s->ask->now_ms;

	if (picture_read(&s->picture, s->config, o, now_ms, e) < 0 ||
	    outbox_learnt_list(o, learnt, count, e) < 0 ||
	    outbox_sites(o, now_ms, false, keep_site, s, e) < 0)
		return -1;
	point_at_failed(s);
	s->out->drained_until_at_ms = s->picture.overrides.drained_until_at_ms;
	return outbox_list(o, &unfinished, keep_request, s, e);
}

static void
add_own(struct simulation *s)
{
	const struct dispatch_simulate *a = s->ask;
	const int64_t life_ends_at_ms =
	    s->filed_at_ms + s->config->sender.request_lifetime_ms;

	s->first_own = s->count;
	for (size_t i = 0; i < a->site_count; i++) {
		const struct config_site *site = config_site(s->config, a->sites[i]);

		add(s, &(struct world_request){
			   .id = -1 - (int64_t)i,
			   .site = (size_t)(site - s->config->sites),
			   .priority = a->priority,
			   .filed_at_ms = s->filed_at_ms,
			   .deadline_at_ms = a->deadline_at_ms,
			   .expires_at_ms =
			       a->deadline_at_ms && a->deadline_at_ms < life_ends_at_ms
				   ? a->deadline_at_ms
				   : life_ends_at_ms,
			   .bytes_left = a->bytes,
		       });
	}
}

/* --- watching one course ---------------- */

static void
use_lines(struct simulation *s, int64_t now_ms)
{
	for (size_t i = 0; i <= s->config->line_count; i++) {
		struct dispatch_line_use *u = &s->out->lines[i];

		if (s->rates[i] <= 0)
			continue;
		u->busy_ms += now_ms - s->last_ms;
		if ((int64_t)s->rates[i] > u->peak_bytes_per_s)
			u->peak_bytes_per_s = (int64_t)s->rates[i];
	}
	s->last_ms = now_ms;
}

/* What went since the last event went at the rates of then. */
static void
each(void *self, const struct world *w)
{
	struct simulation *s = self;
	const struct config *c = s->config;

	use_lines(s, world_now_ms(w));
	conflicts_look(s->conflicts, w);
	for (size_t i = 0; i <= c->line_count; i++) {
		s->out->lines[i].bytes = world_carried(w, i);
		s->rates[i] = 0;
	}
	for (size_t n = 0; n < world_active(w); n++) {
		const struct world_sending g = world_sending(w, n);
		const struct config_line *line = c->sites[g.request->site].line;

		s->rates[c->line_count] += (double)g.rate_bytes_per_s;
		if (line)
			s->rates[line - c->lines] += (double)g.rate_bytes_per_s;
	}
}

static void
ended(void *self, const struct world_end *end)
{
	struct simulation *s = self;
	const struct world_request *r = end->request;
	const bool late = end->outcome == WORLD_EXPIRED && r->deadline_at_ms &&
			  r->expires_at_ms >= r->deadline_at_ms;

	if (r->id < 0) {
		struct dispatch_site_course *to = &s->out->sites[-1 - r->id];

		to->started_at_ms = end->started_at_ms;
		to->attempts = end->attempts;
		to->suspended = end->suspended;
		conflicts_end(s->conflicts, (size_t)(-1 - r->id), end->at_ms);
		return;
	}
	s->out->others_late += late;
	s->out->others_expired += end->outcome == WORLD_EXPIRED && !late;
}

/* --- the door ---------------- */

static void
run(struct simulation *s, const struct outbox_learnt *learnt, size_t learnt_count)
{
	struct weather *weather = weather_new(s->config, learnt, learnt_count);
	struct dispatch_arrival *all = mem_zero(s->count + 1, sizeof(*all));
	const struct forecast_watch watch = {each, ended, s};
	const int64_t begin_ms = s->ask->now_ms;
	const struct forecast_input in = {
	    .facts = &s->picture.facts,
	    .weather = weather,
	    .requests = s->requests,
	    .count = s->count,
	    .sites = s->sites,
	    .site_count = s->site_count,
	    .now_ms = begin_ms,
	    .until_at_ms = s->filed_at_ms + FORECAST_HORIZON_MS,
	    .seed = s->ask->seed,
	    .drained_until_at_ms = s->out->drained_until_at_ms,
	    .courses = s->ask->courses,
	};

	s->last_ms = begin_ms;
	s->out->filed_at_ms = s->filed_at_ms;
	/* The world counts requests from 1. */
	s->conflicts =
	    conflicts_new(s->config, s->requests + s->first_own, s->ask->site_count,
			  (int64_t)s->first_own + 1, begin_ms);
	forecast_run(&in, &watch, all);
	conflicts_tell(s->conflicts, s->out);
	conflicts_free(s->conflicts);
	for (size_t i = 0; i < s->ask->site_count; i++)
		s->out->sites[i].arrival = all[s->first_own + i];
	mem_free(all);
	weather_free(weather);
}

int
dispatch_simulate(const struct config *c, struct outbox *o,
		  const struct dispatch_simulate *ask, struct dispatch_simulated *out,
		  struct err *e)
{
	AUTO_FREE struct outbox_learnt *learnt = NULL;
	struct simulation s = {
	    .ask = ask,
	    .out = out,
	    .config = c,
	    .filed_at_ms = ask->at_ms ? ask->at_ms : ask->now_ms,
	    .e = e,
	};
	size_t learnt_count = 0;
	int rc = 0;

	s.picture.facts.config = c;
	s.rates = mem_zero(c->line_count + 1, sizeof(*s.rates));
	out->sites = mem_zero(ask->site_count + 1, sizeof(*out->sites));
	out->lines = mem_zero(c->line_count + 1, sizeof(*out->lines));
	if (o)
		rc = read_outbox(&s, o, &learnt, &learnt_count, e);
	if (rc == 0) {
		add_own(&s);
		run(&s, learnt, learnt_count);
	}
	picture_done(&s.picture);
	mem_free(s.requests);
	mem_free(s.sites);
	mem_free(s.failed);
	mem_free(s.rates);
	return rc < 0 ? -1 : 0;
}

void
dispatch_simulated_done(struct dispatch_simulated *s)
{
	for (size_t i = 0; i < s->conflict_count; i++)
		mem_free(s->conflicts[i].with);
	mem_free(s->conflicts);
	mem_free(s->sites);
	mem_free(s->lines);
}
