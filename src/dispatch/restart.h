/* restart.h - when a send request that failed retryably may be tried again.  Pure. */
#ifndef DISPATCH_RESTART_H
#define DISPATCH_RESTART_H

#include <stdint.h>

#include "config/config.h"

/* heartbeat + retry delay x retries x 2: one formula, monotone in the three knobs
 * (Q214485, as printed there; 9 minutes with the defaults). */
int64_t restart_delay_ms(const struct config_sender *s);

/* The instant, spread by up to a tenth so that requests do not come back in step; dice
 * is any number.  Never later than expires_at_ms, so that its lifetime ends it in time.
 */
int64_t restart_at_ms(const struct config_sender *s, int64_t now_ms,
		      int64_t expires_at_ms, uint64_t dice);

#endif
