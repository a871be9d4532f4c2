/* paced.h - one sending as a user of the limiter.
 *
 * Nodes are called "all", "line south", "site MS1", "address MS1.1", as in the outbox's
 * usage and dispatch/rate_plan.h; below an address "pulse MS1.1", for its blocks.  The
 * sending's own thread, but for the class. */
#ifndef SEND_PACED_H
#define SEND_PACED_H

#include <stdatomic.h>

#include "send/limiter.h"
#include "send/send.h"

#define PACED_ALL "all"

struct paced {
	struct limiter_user *user; /* NULL: none yet */
	atomic_int class;          /* any thread may change it */
	int class_told;            /* to the limiter */
	int64_t held_since_us;     /* bytes wait for the limit; 0: none do */
	int64_t held_us;           /* they did, since paced_init() */
};

void paced_init(struct paced *p, enum request_priority priority);
void paced_set_priority(struct paced *p, enum request_priority priority);

/* From now on by that address; *out is its pace, which lives until the next call. */
void paced_join(struct paced *p, struct limiter *l, const struct config_site *site,
		const struct config_address *a, struct pace *out);
void paced_leave(struct paced *p);

#endif
