/* route.h - which addresses of a site one send request may use at one instant, in which
 * order, and how long an address that failed is left alone.  Pure; plain values.
 *
 *   R1  an address lets a request in when its type is known here, its slot is open for
 *       the priority, and its budget is not spent
 *   R2  in the order of their numbers; the preferred one comes first
 *   R3  the first that lets it in is the site's address for it at that hour; those
 *       after it stand in when it failed, unless their slot says no-substitute
 *   R4  one that failed is left alone for its time; when all failed, the site hold
 *       alone decides, and all of them are tried
 *   R5  a preferred one of a type that is not known here is waited for: whoever asked
 *       for it did not mean another (sms-sender.md 6 row 18) */
#ifndef DISPATCH_ROUTE_H
#define DISPATCH_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/rate_plan.h"
#include "dispatch/reason.h"
#include "outbox/outbox.h"

/* An address at one instant. */
struct route_address {
	unsigned number; /* MS1.2: 2 */
	bool unknown_type;
	enum request_priority lowest; /* that its slot lets in; 0: closed             */
	bool no_substitute;           /* its slot may not stand in for a failed one   */
	int64_t slot_until_at_ms;     /* INT64_MAX: the slot never changes            */
	int64_t spent_until_at_ms;    /* its budget is spent till then; 0: it is not  */
	int64_t alone_until_at_ms;    /* after failures; 0: none                      */
};

/* By its hours, what persons opened and its budgets; failures are the caller's to add.
 */
struct route_address route_look(const struct rate_facts *f,
				const struct config_site *site,
				const struct config_address *a, int64_t now_ms);

/* A site, with what the outbox tells of its addresses that failed. */
struct route_site {
	const struct rate_facts *facts;
	const struct config_site *config;
	const struct outbox_address *failed; /* in any order */
	size_t failed_count;
};
/* All addresses of a site, in the order of their numbers.  Zeroed is empty; may be used
 * again. */
struct route_looks {
	struct route_address *all;
	size_t count, room;
};
void route_look_all(const struct route_site *s, int64_t now_ms,
		    struct route_looks *out);
void route_looks_done(struct route_looks *l);
#define AUTO_LOOKS AUTO(route_looks_done)

struct route_ask {
	const struct route_address *addresses; /* in the order of their numbers */
	size_t count;
	enum request_priority priority;
	unsigned prefer;  /* number of an address; 0, or one that is not there: none */
	bool site_failed; /* the last attempt reached none of them */
	int64_t now_ms;
};

enum { ROUTE_ROOM = 16 }; /* addresses tried in one attempt; a choice */

struct route {
	uint32_t order[ROUTE_ROOM]; /* indexes into addresses */
	size_t count;
	struct verdict verdict; /* MAY_GO, or why none may be used; until_at_ms: when
				 * time alone changes this answer, in both cases */
};

struct route route_find(const struct route_ask *ask);

/* May a request of that priority that is on its way over address `a` go on over it?
 * MAY_GO, WINDOW_CLOSED, WINDOW_PRIORITY or BUDGET. */
struct verdict route_goes_on(const struct route_address *a,
			     enum request_priority priority, int64_t now_ms);

/* How long to leave an address alone that failed `failures` times in a row (1, 2, ...):
 * 1 min, doubling up to longest_ms, less a random quarter; dice is any number. */
int64_t route_alone_ms(int64_t failures, int64_t longest_ms, uint64_t dice);

#endif
