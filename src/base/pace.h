/* pace.h - how fast bytes may leave: who sends asks, who limits answers.
 *
 * A value; its functions are called in the thread that sends, never block, and must
 * not call back.  What counts is what the sender hands to the kernel (for SMB: headers,
 * signatures and encryption with it), not what TCP and IP put around it. */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include <stdint.h>

struct pace {
	/* May some of want_bytes (> 0) go now?  Returns how many: these are taken, and
	 * count as sent.  0: not yet; ask again *wait_us (> 0) later. */
	int64_t (*take)(void *self, int64_t want_bytes, int64_t *wait_us);
	/* These went without asking (a log-on): what comes behind them pays.  Below 0:
	 * so many were granted and did not go. */
	void (*owe)(void *self, int64_t bytes);
	/* How long one write may be, so that it does not take long; INT64_MAX: nothing
	 * is limited. */
	int64_t (*write_bytes)(void *self);
	void *self; /* lives as long as somebody may ask */
};

#endif
