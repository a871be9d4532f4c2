#include "dispatch/outlook.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/forecast.h"
#include "dispatch/picture.h"
#include "dispatch/sendings.h"

enum {
	PORTION = 256, /* requests read at once: some ms */
	MANY = 200,    /* take longer than a slice or some */
	EVENTS = 64,   /* of a course, between two looks at the clock: 1 ms */
	/* Pauses, in lengths of what was done before. */
	PAUSES_IDLE = 149,
	PAUSES_BUSY = 19,
};

enum stage { RESTING, READING_PROMISED, READING_OTHERS, RUNNING };

/* What is kept of a request between the stages, beside its row. */
struct promise {
	int64_t deadline_at_ms; /* 0: none */
	char site[SITE_CODE_ROOM];
};

struct outlook {
	struct outlook_by by;
	const struct config *config; /* of this look */
	enum stage stage;
	int64_t began_at_ms, rests_until_ms, goes_on_at_ms; /* mono */
	int64_t changes; /* of the board, when it began */
	bool kept_none;  /* of the last look nothing is kept */

	int64_t now_ms;   /* wall: the instant that is looked at */
	int64_t after_id; /* READING */
	struct picture picture;
	struct weather *weather;
	struct forecast *forecast; /* RUNNING */
	struct forecast_site *sites;
	struct outbox_address *failed; /* of all sites, one after the other */
	struct forecast_underway *underway;
	struct outbox_outlook *rows;
	struct promise *promises; /* by row */
	size_t count, rows_room, promises_room;
	struct world_request *requests; /* id: number of the row */
	size_t request_count, request_room;
};

struct outlook *
outlook_new(const struct outlook_by *by)
{
	struct outlook *l = mem_zero(1, sizeof(*l));

	l->by = *by;
	l->changes = -1; /* at once */
	return l;
}

/* What one look needs. */
static void
drop(struct outlook *l)
{
	forecast_free(l->forecast);
	weather_free(l->weather);
	picture_done(&l->picture);
	mem_free(l->sites);
	mem_free(l->failed);
	mem_free(l->underway);
	l->forecast = NULL;
	l->weather = NULL;
	l->picture = (struct picture){0};
	l->sites = NULL;
	l->failed = NULL;
	l->underway = NULL;
	l->count = l->request_count = 0;
	l->stage = RESTING;
}

void
outlook_free(struct outlook *l)
{
	if (!l)
		return;
	drop(l);
	mem_free(l->rows);
	mem_free(l->promises);
	mem_free(l->requests);
	mem_free(l);
}

void
outlook_hurry(struct outlook *l)
{
	l->changes = -1;
}

void
outlook_restart(struct outlook *l)
{
	drop(l);
	outlook_hurry(l);
}

/* --- reading ---------------------------------------------------------------------- */

static int
begin(struct outlook *l, const struct config *config, struct err *e)
{
	AUTO_FREE struct outbox_learnt *learnt = NULL;
	size_t count = 0;

	l->config = config;
	l->began_at_ms = clock_mono_ms(l->by.clock);
	l->now_ms = clock_wall_ms(l->by.clock);
	l->changes = board_changes(l->by.board);
	l->after_id = 0;
	if (picture_read(&l->picture, config, l->by.outbox, l->now_ms, e) < 0 ||
	    outbox_learnt_list(l->by.outbox, &learnt, &count, e) < 0)
		return -1;
	l->weather = weather_new(config, learnt, count);
	l->stage = READING_PROMISED;
	return 0;
}

/* The first reason of the chain that `why` gives. */
static struct verdict
reason_of(const struct outlook *l, const struct request *r)
{
	const int64_t drained_ms = l->picture.overrides.drained_until_at_ms;

	if (request_state_active(r->state))
		return (struct verdict){REASON_ACTIVE, INT64_MAX, 0};
	if (!config_site(l->config, r->site))
		return (struct verdict){REASON_NO_ADDRESS, INT64_MAX, 0};
	if (r->not_before_at_ms > l->now_ms)
		return (struct verdict){REASON_NOT_BEFORE, r->not_before_at_ms, 0};
	if (r->state == REQUEST_WAITING && r->restart_at_ms > l->now_ms)
		return (struct verdict){REASON_RESTART, r->restart_at_ms, r->attempts};
	if (r->is_behind)
		return (struct verdict){REASON_SAME_NAME, INT64_MAX, 0};
	if (drained_ms)
		return (struct verdict){REASON_DRAINED, drained_ms, 0};
	return board_verdict(l->by.board, r->site, r->id.n);
}

static void
add_row(struct outlook *l, const struct request *r)
{
	const struct verdict v = reason_of(l, r);
	struct promise *p;

	l->rows = mem_grow(l->rows, l->count, &l->rows_room, sizeof(*l->rows));
	l->promises =
	    mem_grow(l->promises, l->count, &l->promises_room, sizeof(*l->promises));
	p = &l->promises[l->count];
	p->deadline_at_ms = r->deadline_at_ms;
	str_copy_cut(p->site, sizeof(p->site), r->site);
	l->rows[l->count] = r->outlook; /* until it is known anew when it arrives */
	l->rows[l->count].request = r->id;
	l->rows[l->count].why =
	    (struct outbox_why){(int)v.reason, v.until_at_ms, v.number};
	l->count++;
}

static int
keep(void *self, const struct request *r)
{
	struct outlook *l = self;
	struct world_request q;

	l->after_id = r->id.n;
	if (l->count == OUTLOOK_MOST || r->state == REQUEST_HELD ||
	    (l->stage == READING_OTHERS && r->deadline_at_ms))
		return 0;
	add_row(l, r);
	if (!picture_request(l->config, r, &q))
		return 0;
	q.id = (int64_t)l->count - 1;
	l->requests = mem_grow(l->requests, l->request_count, &l->request_room,
			       sizeof(*l->requests));
	l->requests[l->request_count++] = q;
	return 0;
}

static int
read_portion(struct outlook *l, struct err *e)
{
	const int64_t before = l->after_id;
	const struct outbox_filter f = {
	    .unfinished_only = true,
	    .promised_only = l->stage == READING_PROMISED,
	    .after_id = l->after_id,
	    .limit = PORTION,
	};

	if (outbox_list(l->by.outbox, &f, keep, l, e) < 0)
		return -1;
	if (l->after_id != before && l->count < OUTLOOK_MOST)
		return 0;
	l->after_id = 0;
	l->stage = l->stage == READING_PROMISED ? READING_OTHERS : RUNNING;
	/* Why they do not go is known, when they arrive after many slices. */
	return l->stage == RUNNING && l->count > MANY
		   ? outbox_outlook_set(l->by.outbox, l->rows, l->count, e)
		   : 0;
}

/* --- the forecast ----------------------------------------------------------------- */

/* For addresses that are left alone, of all sites: the board's own change between two
 * slices. */
static void
make_room_for_failed(struct outlook *l, const struct sites *all)
{
	size_t room = 0;

	for (size_t i = 0; i < sites_count(all); i++)
		room += sites_get(all, i)->failed_count;
	l->failed = mem_zero(room + 1, sizeof(*l->failed));
}

static size_t
read_sites(struct outlook *l)
{
	const struct sites *all = board_sites(l->by.board);
	size_t count = 0, failed = 0;

	make_room_for_failed(l, all);
	l->sites = mem_zero(sites_count(all) + 1, sizeof(*l->sites));
	for (size_t i = 0; i < sites_count(all); i++) {
		const struct site *s = sites_get(all, i);
		const struct config_site *site = config_site(l->config, s->code);

		if (!site)
			continue;
		l->sites[count++] = (struct forecast_site){
		    .site = (size_t)(site - l->config->sites),
		    .state = {s->failures, s->hold_until_at_ms, s->last_sent_at_ms,
			      &l->failed[failed], s->failed_count},
		};
		for (size_t k = 0; k < s->failed_count; k++)
			l->failed[failed++] = s->failed[k];
	}
	return count;
}

/* May a limit hold up what goes over this address? */
static bool
is_limited(const struct outlook *l, const struct pool_sending *s)
{
	const struct config_site *site = config_site(l->config, s->site);

	for (size_t i = 0; site && i < site->address_count; i++) {
		const struct config_address *a = &site->addresses[i];

		if (str_eq(a->section, s->address)) {
			const struct rate_path path =
			    rate_plan(&l->picture.facts, site, a, l->now_ms);

			return path.bytes_per_s != CONFIG_RATE_UNLIMITED ||
			       path.pulse.block_bytes > 0;
		}
	}
	return true; /* nothing is known of its way */
}

/* The row that has it; the count: none. */
static size_t
find_row(const struct outlook *l, int64_t request)
{
	size_t i = 0;

	while (i < l->count && l->rows[i].request.n != request)
		i++;
	return i;
}

/* Its site was reached, though nothing may have arrived there for long. */
static void
prove(struct outlook *l, size_t site_count, const char *code)
{
	const struct config_site *site = config_site(l->config, code);

	for (size_t i = 0; site && i < site_count; i++)
		if (l->sites[i].site == (size_t)(site - l->config->sites))
			l->sites[i].state =
			    (struct world_site_state){.last_sent_at_ms = l->now_ms};
}

/* Those that are connected: what connects may fail to, like any other. */
static size_t
read_underway(struct outlook *l, size_t site_count)
{
	AUTO_FREE struct pool_sending *all = NULL;
	const size_t active = sendings_list(l->by.pool, &all);
	size_t count = 0;

	l->underway = mem_zero(active + 1, sizeof(*l->underway));
	for (size_t i = 0; i < active; i++) {
		if (str_eq(all[i].stage, "connecting"))
			continue;
		prove(l, site_count, all[i].site);
		l->underway[count++] = (struct forecast_underway){
		    .id = (int64_t)find_row(l, all[i].request.n),
		    .bytes_per_s = all[i].bytes_per_s,
		    .is_limited = is_limited(l, &all[i]),
		};
	}
	return count;
}

static void
begin_forecast(struct outlook *l)
{
	const size_t site_count = read_sites(l);
	const size_t underway_count = read_underway(l, site_count);
	const struct forecast_input in = {
	    .facts = &l->picture.facts,
	    .weather = l->weather,
	    .requests = l->requests,
	    .count = l->request_count,
	    .site_count = site_count,
	    .sites = l->sites,
	    .underway_count = underway_count,
	    .underway = l->underway,
	    .now_ms = l->now_ms,
	    .until_at_ms = l->now_ms + FORECAST_HORIZON_MS,
	    .seed = (uint64_t)l->now_ms,
	    .drained_until_at_ms = l->picture.overrides.drained_until_at_ms,
	    .courses = OUTLOOK_COURSES,
	};

	l->forecast = forecast_new(&in, NULL);
}

/* --- what follows ----------------------------------------------------------------- */

static bool
is_doubted(const struct outbox_outlook *row)
{
	return row->in_time_percent <
	       (row->doubted_at_ms ? OUTLOOK_LIKELY_PERCENT : OUTLOOK_UNLIKELY_PERCENT);
}

static void
say_doubt(struct outlook *l, const struct outbox_outlook *row, const struct promise *p)
{
	const struct event_about about = {row->request.n, p->site, 0};
	char deadline[64], likely[64];

	(void)clock_sms(p->deadline_at_ms, deadline, sizeof(deadline));
	if (!row->doubted_at_ms) {
		event_log(l->by.log, &about, EVENT_LIKELY, deadline,
			  row->in_time_percent);
		return;
	}
	event_log(l->by.log, &about, EVENT_UNLIKELY, deadline, row->in_time_percent,
		  row->likely_at_ms == INT64_MAX
		      ? "not at all"
		      : clock_sms(row->likely_at_ms, likely, sizeof(likely)));
}

/* All rows first: those that the world does not have never arrive. */
static void
take_arrivals(struct outlook *l)
{
	AUTO_FREE struct dispatch_arrival *all =
	    mem_zero(l->request_count + 1, sizeof(*all));

	for (size_t i = 0; i < l->count; i++) {
		struct outbox_outlook *row = &l->rows[i];

		row->made_at_ms = l->now_ms;
		row->early_at_ms = row->likely_at_ms = row->late_at_ms = INT64_MAX;
		row->in_time_percent = 0;
	}
	if (!l->forecast)
		return;
	forecast_sum(l->forecast, all);
	for (size_t i = 0; i < l->request_count; i++) {
		struct outbox_outlook *row = &l->rows[l->requests[i].id];

		row->early_at_ms = all[i].early_at_ms;
		row->likely_at_ms = all[i].likely_at_ms;
		row->late_at_ms = all[i].late_at_ms;
		row->in_time_percent = all[i].in_time_percent;
	}
}

/* Doubts that came or went are said when they are kept: a crash between makes that
 * they are not said, and one before that they are said after it. */
static int
finish(struct outlook *l, struct err *e)
{
	AUTO_FREE bool *changed = mem_zero(l->count + 1, sizeof(*changed));

	take_arrivals(l);
	for (size_t i = 0; l->forecast && i < l->count; i++) {
		struct outbox_outlook *row = &l->rows[i];
		const bool doubted = l->promises[i].deadline_at_ms && is_doubted(row);

		changed[i] = doubted != (row->doubted_at_ms > 0);
		if (changed[i])
			row->doubted_at_ms = doubted ? l->now_ms : 0;
	}
	if ((l->count > 0 || !l->kept_none) &&
	    outbox_outlook_set(l->by.outbox, l->rows, l->count, e) < 0)
		return -1;
	l->kept_none = l->count == 0;
	for (size_t i = 0; i < l->count; i++)
		if (changed[i])
			say_doubt(l, &l->rows[i], &l->promises[i]);
	drop(l);
	return 0;
}

/* --- a slice ---------------------------------------------------------------------- */

static int
step(struct outlook *l, const struct config *config, struct err *e)
{
	switch (l->stage) {
	case RESTING:
		return begin(l, config, e);
	case READING_PROMISED:
	case READING_OTHERS:
		return read_portion(l, e);
	case RUNNING:
		break;
	}
	/* While a person drains without an end nothing arrives, and nobody is to be
	 * told so of each request. */
	if (!l->forecast && l->picture.overrides.drained_until_at_ms != INT64_MAX)
		begin_forecast(l);
	if (l->forecast && forecast_go(l->forecast, EVENTS))
		return 0;
	return finish(l, e);
}

static bool
is_changed(const struct outlook *l)
{
	return l->changes != board_changes(l->by.board);
}

int64_t
outlook_next_at_ms(const struct outlook *l)
{
	const int64_t every_ms = is_changed(l) ? OUTLOOK_SOON_MS : OUTLOOK_EVERY_MS;
	int64_t at_ms = l->goes_on_at_ms;

	if (l->stage == RESTING && l->rests_until_ms > at_ms)
		at_ms = l->rests_until_ms;
	if (l->stage == RESTING && l->began_at_ms && l->began_at_ms + every_ms > at_ms)
		at_ms = l->began_at_ms + every_ms;
	return at_ms;
}

void
outlook_go(struct outlook *l, const struct config *config)
{
	const int64_t began_at_ms = clock_mono_ms(l->by.clock);
	const int64_t used_before_ms = clock_thread_cpu_ms();
	int64_t now_ms;
	int rc = 0;
	struct err e;

	if (began_at_ms < outlook_next_at_ms(l))
		return;
	do {
		rc = step(l, config, &e);
		now_ms = clock_mono_ms(l->by.clock);
	} while (rc == 0 && l->stage != RESTING &&
		 now_ms - began_at_ms < OUTLOOK_SLICE_MS);
	l->goes_on_at_ms =
	    now_ms +
	    (clock_thread_cpu_ms() - used_before_ms) *
		(pool_site_active(l->by.pool, NULL) > 0 ? PAUSES_BUSY : PAUSES_IDLE);
	if (rc == 0)
		return;
	event_log(l->by.log, NULL, EVENT_LOCAL_TROUBLE, e.text);
	l->rests_until_ms = now_ms + OUTLOOK_EVERY_MS;
	drop(l);
}
