/* overrides.h - what persons ordered over the configuration, as the outbox has it:
 * drain, open, limit.  Plain values, read at one instant. */
#ifndef DISPATCH_OVERRIDES_H
#define DISPATCH_OVERRIDES_H

#include "base/attr.h"
#include "base/err.h"
#include "dispatch/rate_plan.h"
#include "outbox/outbox.h"

/* Zeroed is empty. */
struct overrides {
	struct rate_override *limits; /* both sorted, as struct rate_facts wants them */
	struct open_override *opens;
	size_t limit_count, open_count;
	int64_t drained_since_ms;    /* 0: not drained                               */
	int64_t drained_until_at_ms; /* INT64_MAX: until taken back; 0: not drained  */
	int64_t next_at_ms; /* the first of them is over then; INT64_MAX: none is */
};

/* Takes the place of what *v was.  -1: nothing changed. */
int overrides_read(struct overrides *v, struct outbox *o, int64_t now_ms,
		   struct err *e) MUST_USE;
void overrides_done(struct overrides *v);

/* Limits and opens for a plan; borrowed. */
void overrides_add_facts(const struct overrides *v, struct rate_facts *f);

#endif
