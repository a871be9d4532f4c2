/* outlook.h - what the sender thinks of its requests: why each does not go, when it
 * arrives, and whether its deadline has become unlikely.  Kept in the outbox, for
 * whoever looks; said in the log when a deadline becomes unlikely, and when it is
 * likely again.  The dispatcher's thread only.
 *
 * A look is made each minute, and soon after something changed.  It goes in slices of
 * some milliseconds, with pauses of so many times their length that it takes 0.7 % of a
 * core, or five while something is sent: what is queued makes a look take longer, not
 * the dispatcher slower. */
#ifndef DISPATCH_OUTLOOK_H
#define DISPATCH_OUTLOOK_H

#include "base/attr.h"
#include "dispatch/board.h"
#include "dispatch/dispatch.h"
#include "outbox/outbox.h"
#include "send/send.h"

enum {
	OUTLOOK_EVERY_MS = 60000,
	OUTLOOK_SOON_MS =
	    5000,              /* between two looks, when something changed; a choice */
	OUTLOOK_SLICE_MS = 20, /* so long nothing else is done; a choice             */
	/* One of 19 comes before the first of 19 others, or after the last, with a
	 * chance of 1 / 20 each: 90 % lie between, as with FORECAST_COURSES, by a third
	 * of the work. */
	OUTLOOK_COURSES = 19,
	/* Those with a deadline first, then the oldest: a look at so many takes some
	 * 8 s of a core; a choice: each of 10,000 sites has one. */
	OUTLOOK_MOST = 10000,
	/* A deadline is unlikely below the one, and likely again from the other on, so
	 * that it is not said at every look; choices. */
	OUTLOOK_UNLIKELY_PERCENT = 50,
	OUTLOOK_LIKELY_PERCENT = 75,
};

struct outlook;

struct outlook_by {
	struct outbox *outbox;
	struct board *board;
	struct pool *pool;
	struct log *log;
	const struct clock *clock;
};
struct outlook *outlook_new(const struct outlook_by *by) MUST_USE;
void outlook_free(struct outlook *l);

/* What persons ordered has changed: the next look comes soon. */
void outlook_hurry(struct outlook *l);
/* The configuration has: a look that is under way is given up, too. */
void outlook_restart(struct outlook *l);

/* Go on for a slice, if it is time.  What fails (an outbox that cannot be read) is said
 * in the log, and tried again a minute later. */
void outlook_go(struct outlook *l, const struct config *config);
/* When to call again: mono. */
int64_t outlook_next_at_ms(const struct outlook *l);

#endif
