/* learn.h - what an attempt tells of an address: for the forecast.  Pure. */
#ifndef DISPATCH_LEARN_H
#define DISPATCH_LEARN_H

#include <stdbool.h>

#include "config/config.h"
#include "outbox/outbox.h"

enum {
	LEARN_BYTES = 262144, /* less tells of round trips, not of the line; a choice */
	LEARN_SEND_MS = 100,  /* likewise */
};

/* To be added to what is known of the address.  limit_bytes_per_s: what the rate plan
 * let it have; a sending that came near it tells nothing of the line. */
struct outbox_learnt learn_from(const struct outbox_attempt *a,
				const struct config_address *address,
				int64_t limit_bytes_per_s, bool connected);

#endif
