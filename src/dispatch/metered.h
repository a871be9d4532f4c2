/* metered.h - the nodes of a configuration that have a budget.  Pure; any thread. */
#ifndef DISPATCH_METERED_H
#define DISPATCH_METERED_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/zone.h"
#include "config/config.h"
#include "outbox/outbox.h"

struct metered {
	char node[OUTBOX_NODE_ROOM]; /* as rate_node_name() has it */
	struct config_budget budget;
	const struct zone *zone; /* its day or month is one of this zone */
};

/* All of them, sorted by strcmp() of node; *out is the caller's (mem_free).  Returns
 * how many. */
size_t metered_list(const struct config *c, struct metered **out);

/* The day or month that it counts at that instant. */
struct zone_span metered_span(const struct config_budget *budget,
			      const struct zone *zone, int64_t at_ms);

#endif
