/* preempt.h - who is suspended for whom.  Pure.
 *
 * For one of high priority that is connected, or could connect at once, and lacks
 * nothing but a slot of the sender; and for one that lacks nothing but a slot of its
 * site.  The dispatcher (patrol.c) and the world ask until nobody is left. */
#ifndef DISPATCH_PREEMPT_H
#define DISPATCH_PREEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/choose.h"

/* A sending. */
struct preempt_active {
	int64_t id;
	size_t site;
	int class_index; /* as it was chosen: high by ageing is high */
	int64_t bytes_done;
	bool publishing;   /* its renames are under way: too late */
	bool by_share;     /* its class was due: it keeps its slot */
	bool leaving;      /* asked to suspend already */
	bool holds_slot;   /* sending or publishing */
	bool waits_urgent; /* of high priority, connected, and waits for a slot */
	int64_t crowded;   /* one of high priority that lacks a slot of its site; 0 */
};

struct preempt_ask {
	const struct preempt_active *all;
	size_t count;
	int64_t max_sendings;
	int64_t urgent; /* of high priority, would connect in a slot now; 0: none */
};

struct preempt_found {
	size_t victim; /* index into all */
	int64_t urgent;
};

/* Of the lowest class, of these the one with the least done, then the highest id.  The
 * caller suspends it, says so in `all`, and asks again.  false: nobody (more), or one
 * is leaving already and its slot will do. */
bool preempt_next(const struct preempt_ask *ask, struct preempt_found *out);

#endif
