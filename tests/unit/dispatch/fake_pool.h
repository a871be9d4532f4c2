/* fake_pool.h - a pool without threads: it has the sendings that a test gives it, and
 * keeps what it is told.  Its functions take the place of the real ones
 * (-Wl,--wrap=pool_..., see meson.build); struct pool itself is never looked at. */
#ifndef TESTS_DISPATCH_FAKE_POOL_H
#define TESTS_DISPATCH_FAKE_POOL_H

#include "send/send.h"

enum { FAKE_ROOM = 8 };

struct fake_rate {
	char node[OUTBOX_NODE_ROOM];
	struct send_rate rate;
	int times; /* it was told */
};

struct fake_pool {
	struct pool_sending sendings[FAKE_ROOM];
	size_t count;
	/* what it was told */
	struct pool_why suspended[FAKE_ROOM]; /* beside sendings; reason 0: goes on */
	bool ordered[FAKE_ROOM];
	enum request_priority priority[FAKE_ROOM]; /* 0: none was set */
	bool all_suspended;
	struct fake_rate rates[32];
	size_t rate_count;
};
extern struct fake_pool fake;

/* One more of that request, to that site, over its address 1, sending. */
struct pool_sending *fake_add(int64_t request, const char *site,
			      enum request_priority priority);
/* What was told of that node; NULL: nothing. */
const struct fake_rate *fake_rate(const char *node);

#endif
