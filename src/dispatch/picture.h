/* picture.h - what the outbox says of the sender at one instant, as plain values for
 * policy: orders of persons, what is used of budgets, what is being sent. */
#ifndef DISPATCH_PICTURE_H
#define DISPATCH_PICTURE_H

#include "base/attr.h"
#include "base/err.h"
#include "dispatch/overrides.h"
#include "dispatch/rate_plan.h"
#include "outbox/outbox.h"

/* Zeroed is empty. */
struct picture {
	struct rate_facts facts; /* points into what follows */
	struct overrides overrides;
	struct rate_used *used;
};

/* *p points to the configuration, which must stay.  -1: *p is to be ended too. */
int picture_read(struct picture *p, const struct config *c, struct outbox *o,
		 int64_t now_ms, struct err *e) MUST_USE;
void picture_done(struct picture *p);
#define AUTO_PICTURE AUTO(picture_done)

#endif
