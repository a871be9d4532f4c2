/* usage.h - what the budgets have carried: counted from the pool, kept in the outbox,
 * and handed to the rate plan.  The dispatcher's thread only. */
#ifndef DISPATCH_USAGE_H
#define DISPATCH_USAGE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "dispatch/rate_plan.h"
#include "outbox/outbox.h"
#include "send/send.h"

enum { USAGE_LOOK_MS = 1000 }; /* so late a spent budget is noticed */

struct usage;

struct usage *usage_new(void) MUST_USE;
void usage_free(struct usage *u);

/* Count what went since the last time and keep it; with a new configuration (or a new
 * day or month) ask the outbox how much there was before; the one of the last look may
 * be gone by then.  Costs nothing without budgets.  -1: the outbox cannot be used;
 * nothing is lost, it is counted next time. */
int usage_look(struct usage *u, const struct config *c, struct pool *pool,
	       struct outbox *o, int64_t now_ms, struct err *e) MUST_USE;

/* Into f; borrowed until the next look. */
void usage_add_facts(const struct usage *u, struct rate_facts *f);

#endif
