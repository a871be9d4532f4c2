/* conflict.h - what held packages up in one course of the world, for how long, and
 * which sites competed for it.  Pure; one thread.
 *
 * Looked at from outside, after events: what held a request up at one look is taken to
 * hold it up until the next.  A request that is sent at a part of the speed of its line
 * loses the rest of the time. */
#ifndef DISPATCH_CONFLICT_H
#define DISPATCH_CONFLICT_H

#include "base/attr.h"
#include "dispatch/dispatch.h"
#include "dispatch/world.h"

struct conflicts;

/* The requests that are looked at have the ids first_id, first_id + 1, ... in the
 * world, which begins at now_ms; all are borrowed. */
struct conflicts *conflicts_new(const struct config *config,
				const struct world_request *requests, size_t count,
				int64_t first_id, int64_t now_ms) MUST_USE;
void conflicts_free(struct conflicts *c);

/* At the begin of the course, and after each event. */
void conflicts_look(struct conflicts *c, const struct world *w);
/* The n-th has ended, sent or not. */
void conflicts_end(struct conflicts *c, size_t n, int64_t at_ms);

/* The worst first; without those of less than a second. */
void conflicts_tell(const struct conflicts *c, struct dispatch_simulated *out);

#endif
