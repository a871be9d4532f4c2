/* learn.h - what an attempt tells of an address: for the forecast.  Pure. */
#ifndef DISPATCH_LEARN_H
#define DISPATCH_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "outbox/outbox.h"

enum {
	LEARN_BYTES = 262144, /* less tells of round trips, not of the line; a choice */
	LEARN_SEND_MS = 100,  /* likewise */
	LEARN_HELD_PERCENT = 10, /* of the time: the line was hardly slower; a choice */
	/* Of one that was reached after others had failed: the attempt's own time holds
	 * theirs as well.  A few round trips of a far line; a choice. */
	LEARN_CONNECT_MS = 500,
};

/* The hour that the clocks of an address show: what is learnt belongs to it. */
int learn_hour(const struct config_address *address, int64_t at_ms);

/* Each is to be added to what is known of the address. */

/* It could not be reached in the attempt that began then. */
struct outbox_learnt learn_failed(const struct config_address *address,
				  int64_t started_at_ms);
/* It was reached, and what that attempt did over it.  after_others: others of its site
 * had failed first.  held_ms: its bytes waited for limits; who
 * waited for more than a tenth of the time tells nothing of the line. */
struct outbox_learnt learn_reached(const struct config_address *address,
				   const struct outbox_attempt *a, bool after_others,
				   int64_t held_ms);

#endif
