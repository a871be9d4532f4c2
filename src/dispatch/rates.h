/* rates.h - what the rate plan says, told to the pool.  The dispatcher's thread. */
#ifndef DISPATCH_RATES_H
#define DISPATCH_RATES_H

#include <stdint.h>

#include "dispatch/rate_plan.h"
#include "send/send.h"

enum { RATES_LOOK_MS = 1000 }; /* while something is sent; a change is felt after it */

/* Of all nodes on the way to that site.  Before a sending of it begins. */
void rates_tell_site(struct pool *pool, const struct rate_facts *f, const char *site,
		     int64_t now_ms);

/* Of every site that is being sent to, once each; at least once in RATES_LOOK_MS. */
void rates_tell_active(struct pool *pool, const struct rate_facts *f, int64_t now_ms);

#endif
