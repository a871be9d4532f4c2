/* choose.h - which send request may go now.  Pure: state and time in, decision out.
 *
 * The rules, first that fits decides (sms-sender.md 2.9 and 6 rows 9 and 29):
 *   1  nothing of the site may go now                         -> NOTHING
 *   2  the site is on hold, and something is being sent       -> ON_HOLD
 *      (with nothing active a probe costs nobody anything: it may go when its restart
 *      delay is over, or once for a request that was filed after the hold began)
 *   3  the site has its share of threads already              -> SITE_FULL
 *   4  somebody who is connected waits for a slot: only a
 *      high priority may pass                                 -> FULL
 *   5  the site was not reached lately: it connects outside
 *      the sending slots, one thread at a time                -> PROBING
 *      and at most max_unproven sites together                -> PROBES_FULL
 *   6  the site was reached lately: connecting counts as
 *      sending                                                -> FULL
 * Of those that may go: highest priority, then the oldest, then the lowest id. */
#ifndef DISPATCH_CHOOSE_H
#define DISPATCH_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* What is known of one site. */
struct choose_site {
	struct request_id best; /* n = 0: nothing may go now */
	enum request_priority priority;
	int64_t filed_at_ms;
	int64_t hold_until_at_ms; /* 0: no hold */
	int64_t hold_began_at_ms;
	bool proven;    /* reached lately              */
	int active;     /* threads for it              */
	int connecting; /* of these: not yet connected */
};

/* What the threads do now, all sites together. */
struct choose_load {
	int connecting_proven;
	int connecting_unproven;
	int waiting; /* connected, without a slot */
	int sending;
	int retrying;
};

struct choose_limits {
	int max_sendings;
	int max_per_site;
	int max_unproven;
	int64_t restart_delay_ms; /* how soon an idle sender probes a site on hold */
};

enum choose_answer {
	CHOOSE_MAY_GO,
	CHOOSE_NOTHING,
	CHOOSE_ON_HOLD,
	CHOOSE_SITE_FULL,
	CHOOSE_PROBING,
	CHOOSE_PROBES_FULL,
	CHOOSE_FULL,
};

enum choose_answer choose_may_go(const struct choose_site *s,
				 const struct choose_load *load,
				 const struct choose_limits *limits, int64_t now_ms);

/* Does a go before b? */
bool choose_before(const struct choose_site *a, const struct choose_site *b);

/* When time alone may change the answer for a site on hold: later than now_ms, or
 * INT64_MAX: never. */
int64_t choose_look_again_at_ms(const struct choose_site *s,
				const struct choose_load *load,
				const struct choose_limits *limits, int64_t now_ms);

/* All threads of the load. */
int choose_load_total(const struct choose_load *load);

#endif
