/* picture.h - what the outbox says of the sender at one instant, as plain values for
 * policy: orders of persons, what is used of budgets, what is being sent. */
#ifndef DISPATCH_PICTURE_H
#define DISPATCH_PICTURE_H

#include "base/attr.h"
#include "base/err.h"
#include "dispatch/overrides.h"
#include "dispatch/rate_plan.h"
#include "dispatch/world.h"
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
/* A send request as the world wants it; false: its site is not configured, or a person
 * holds it. */
bool picture_request(const struct config *c, const struct request *r,
		     struct world_request *out);
void picture_done(struct picture *p);
#define AUTO_PICTURE AUTO(picture_done)

#endif
