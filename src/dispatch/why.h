/* why.h - the chain of reasons why a send request does not go now, from plain values,
 * by the functions that decide (route, week, choose, rate_plan).  Pure.
 *
 * Each link says what holds the request back, in the order in which it would have to be
 * out of the way: the request's own time, a person's order, the addresses, the site,
 * the slots, the line of those that go first; at the end how fast its way is.  The
 * addresses are looked at for the instant at which the request itself is ready. */
#ifndef DISPATCH_WHY_H
#define DISPATCH_WHY_H

#include "dispatch/choose.h"
#include "dispatch/dispatch.h"
#include "dispatch/rate_plan.h"
#include "dispatch/route.h"

enum { WHY_NAMED = 2 }; /* that go first, by their ids; the others are counted */

struct why_ask {
	const struct config *config;
	const struct config_site *site; /* NULL: no longer configured */
	const struct rate_facts *facts;
	const struct request *request;
	const struct outbox_site *kept; /* its site, as the outbox has it */
	struct choose_rules rules;
	struct choose_load load;
	int64_t drained_until_at_ms; /* 0: a person drains nothing */
	int64_t ahead;               /* go first                   */
	int64_t first_ahead[WHY_NAMED];
	/* what is being sent through each node of its way but itself, by rate_level */
	int64_t sharing[RATE_LEVELS];
	int connecting; /* to its site */
	int64_t now_ms;
};
void why_find(const struct why_ask *ask, struct dispatch_why *out);

/* What the site's addresses let such a request do at an instant. */
struct why_way {
	const struct config *config;
	const struct config_site *site;
	const struct rate_facts *facts;
	const struct outbox_site *kept;
};
struct route why_route(const struct why_way *way, enum request_priority priority,
		       unsigned prefer, int64_t at_ms);

/* The request alone at its site, judged: its key, and what its site says to it. */
struct choose_judgement why_judge(const struct outbox_site *kept,
				  enum request_priority priority,
				  const struct choose_best *best,
				  const struct choose_rules *rules, int64_t now_ms);
/* Where it stands; id 0: its own site does not let it go. */
struct choose_key why_key(const struct choose_judgement *j);

#endif
