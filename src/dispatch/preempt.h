/* preempt.h - who is suspended for whom.  Pure. */
#ifndef DISPATCH_PREEMPT_H
#define DISPATCH_PREEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/choose.h"

/* A sending that holds a slot. */
struct preempt_active {
	int64_t id;
	size_t site;
	int class_index; /* of choose_key, as it would be now */
	int64_t bytes_done;
	bool publishing; /* its renames are under way: too late */
	bool by_share;   /* its class was due: it keeps its slot */
	bool leaving;    /* asked to suspend already */
};

/* For one of high priority that lacks nothing but a slot: of the whole sender
 * (own_site_only: of its site), whom to suspend?  The lowest class, of these the one
 * with the least done, then the highest id; an index.  -1: nobody, or one is leaving
 * already and the slot will be free. */
ptrdiff_t preempt_victim(const struct preempt_active *all, size_t count, size_t site,
			 bool own_site_only);

#endif
