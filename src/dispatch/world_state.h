/* world_state.h - what world.c, world_site.c and world_send.c share. */
#ifndef DISPATCH_WORLD_STATE_H
#define DISPATCH_WORLD_STATE_H

#include "dispatch/agenda.h"
#include "dispatch/chance.h"
#include "dispatch/queue.h"
#include "dispatch/route.h"
#include "dispatch/world.h"

/* A request with its course so far. */
struct course {
	struct world_request request;
	struct world_end so_far;
	double bytes_left;
	bool active, ended;
	bool held;   /* by a person */
	bool queued; /* it stands in a queue of its site */
};

/* A site as policy sees it. */
struct world_site {
	const struct config_site *config;
	struct outbox_address *addresses; /* as config has them */
	struct queue ready[CHOOSE_BESTS]; /* as choose.h has them */
	struct queue later;               /* by since_ms: when they become ready */
	int64_t failures, hold_until_at_ms, last_sent_at_ms;
	int64_t served;
	int active, connecting;
};

/* One attempt. */
struct attempt_course {
	size_t request; /* of world.courses */
	size_t site;
	struct route route;
	size_t tried; /* of the route */
	const struct config_address *address;
	struct world_weather weather;
	enum world_phase phase;
	enum choose_reach reach;
	int class_index; /* as it was chosen */
	bool by_share;
	int64_t event_at_ms; /* of the phase; INT64_MAX: none by itself */
	int64_t slot_until_at_ms;
	struct rate_path path; /* SENDING: its limits */
	int64_t rate_bytes_per_s;
};

struct world {
	struct world_options o;
	const struct config *config;
	struct rate_facts facts; /* used: our own count */
	struct rate_used *used;
	struct route_looks looks; /* of one site, for a moment */
	int64_t now_ms;
	struct chance dice; /* every number follows from the seed */
	struct agenda *agenda;
	struct choose_load load;
	struct world_site *sites;
	size_t site_count;
	struct course *courses;
	size_t course_count, course_room;
	struct attempt_course *attempts;
	size_t attempt_count, attempt_room;
	struct queue lifetimes; /* by since_ms: when they are over */
	double *carried;        /* by line, the last is all: bytes */
	size_t unfinished;
	int64_t starts, events;
	int64_t rates_until_at_ms; /* the plan of the limits holds till then */
	bool rates_stale;
};

/* --- world_site.c ---------------- */

/* Policy looks at the site again. */
void world_put(struct world *w, size_t site);
/* Lifetimes that are over. */
void world_expire(struct world *w);
/* Where a request stands in its site's queue: ready or later. */
void world_queue(struct world *w, size_t course, int64_t ready_at_ms, bool resumes);
struct route world_route(struct world *w, const struct world_site *s,
			 const struct world_request *r);

/* --- world_send.c ---------------- */

void world_start(struct world *w, const struct agenda_pick *pick);
/* The attempt's own event has come: at n.  It may be gone afterwards. */
void world_attempt_event(struct world *w, size_t n);
/* Windows that closed, urgent ones that overtake, slots that are free. */
void world_look_at_attempts(struct world *w);
/* true: somebody was suspended for an urgent one. */
bool world_preempt(struct world *w);
int64_t world_next_attempt_ms(const struct world *w);
void world_finish(struct world *w, size_t course, enum world_outcome outcome,
		  int64_t at_ms);

/* The attempt ends here, and nothing is put back. */
void world_leave(struct world *w, size_t n);
/* The queue of its site that it stands in when it is ready. */
struct queue *world_ready(struct world *w, size_t course);

/* --- world_rate.c ---------------- */

void world_set_budgets(struct world *w);
void world_share_rates(struct world *w);
/* Bytes that went since. */
void world_advance(struct world *w, int64_t to_ms);

#endif
