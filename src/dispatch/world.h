/* world.h - the sender in virtual time: sites, addresses, send requests and sendings as
 * plain values, moved from event to event by the rules that the dispatcher keeps to
 * (agenda, route, week, restart, preempt) and the shares that the limiter brings about.
 *
 * What happens on the lines is not the world's business: it asks `weather` once for
 * each address that an attempt tries.  The same input and seed give the same course.
 * The forecast runs it with what was learnt, `simulate` with what a person supposes,
 * tests with the worst they can think of.  One thread; nothing here reads a clock.
 *
 * Behind it: world.c (the events), world_site.c (what a site looks like to policy),
 * world_send.c (sendings and their rates), queue.c, share.c */
#ifndef DISPATCH_WORLD_H
#define DISPATCH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "config/config.h"
#include "dispatch/rate_plan.h"
#include "dispatch/reason.h"
#include "outbox/outbox.h"

struct world;

/* A send request, as the outbox has it. */
struct world_request {
	int64_t id;
	size_t site; /* index into config->sites */
	enum request_priority priority;
	unsigned prefer;        /* number of an address; 0: none */
	int64_t filed_at_ms;    /* nobody knows of it before     */
	int64_t ready_at_ms;    /* not before, restart time; 0: at once */
	int64_t deadline_at_ms; /* 0: none */
	int64_t expires_at_ms;
	int64_t bytes_left;
	bool resumes; /* it was begun: before others of its class */
};

/* One address is tried for one request. */
struct world_try {
	const struct world_request *request;
	const struct config_address *address;
	int64_t now_ms;
};
struct world_weather {
	bool connects;
	int64_t connect_ms;        /* until the connection stands, or has failed     */
	int64_t speed_bytes_per_s; /* when no limit holds it up; > 0                  */
	int64_t publish_ms;        /* from the last byte to the manifest              */
};

enum world_outcome { WORLD_SENT, WORLD_EXPIRED };
struct world_end {
	const struct world_request *request;
	enum world_outcome outcome;
	int64_t at_ms;
	int64_t attempts;      /* that were begun */
	int64_t suspended;     /* how often it was */
	int64_t started_at_ms; /* the first of them; 0: none */
};

struct world_options {
	const struct rate_facts *facts; /* configuration and orders; must stay */
	int64_t now_ms;
	uint64_t seed;
	int64_t drained_until_at_ms; /* nothing is begun before; 0: it is not drained */
	void (*weather)(void *self, const struct world_try *t, uint64_t dice,
			struct world_weather *out);
	void (*ended)(void *self, const struct world_end *end); /* may be NULL */
	void *self;
};

struct world *world_new(const struct world_options *o) MUST_USE;
void world_free(struct world *w);

/* Before the first step: */
void world_add(struct world *w, const struct world_request *r);
struct world_site_state {
	int64_t failures, hold_until_at_ms, last_sent_at_ms;
	const struct outbox_address *failed; /* addresses that are left alone; copied */
	size_t failed_count;
};
void world_set_site(struct world *w, size_t site, const struct world_site_state *s);

/* On to the next event, not beyond until_at_ms.  false: nothing more happens by then,
 * and it is until_at_ms now. */
bool world_step(struct world *w, int64_t until_at_ms);

/* What persons order on the way.  Limits and opened sites, in place of those before;
 * borrowed.  And the n-th request that was added is held, or goes on. */
void world_set_orders(struct world *w, const struct rate_facts *orders);
void world_hold(struct world *w, size_t nth);
void world_release(struct world *w, size_t nth);

/* --- what it looks like now, for tests and reports ---------------- */

enum world_phase { WORLD_CONNECTING, WORLD_WAITING, WORLD_SENDING, WORLD_PUBLISHING };
struct world_sending {
	const struct world_request *request;
	const struct config_address *address;
	enum world_phase phase;
	int64_t rate_bytes_per_s;     /* SENDING */
	int64_t speed_bytes_per_s;    /* of its line */
	const struct rate_path *path; /* SENDING: its limits; else NULL */
	bool by_share;
};

int64_t world_now_ms(const struct world *w);
size_t world_active(const struct world *w);
struct world_sending world_sending(const struct world *w, size_t n);
struct verdict world_verdict(const struct world *w, size_t site);
/* Why the first of the site does not go: agenda_waits(), or REASON_DRAINED. */
struct verdict world_waits(const struct world *w, size_t site);
/* The limits on the way to that address, by its number. */
struct rate_path world_path(const struct world *w, size_t site, unsigned address);
size_t world_unfinished(const struct world *w);
int64_t world_hold_until_at_ms(const struct world *w, size_t site);
/* Bytes of files that went over a line of the configuration, so far; over all, by
 * line_count. */
int64_t world_carried(const struct world *w, size_t line);
int64_t world_events(const struct world *w); /* steps that did something */

#endif
