/* reason.h - why a send request does not go now: codes that stay.
 *
 * Numbers and names are for good: the outbox keeps them with what is suspended, JSON
 * readers and runbooks know them.  A new reason takes a new number.  Pure; any thread.
 */
#ifndef DISPATCH_REASON_H
#define DISPATCH_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* In brackets: what verdict.number says; nothing: 0. */
/* clang-format off */
enum reason {
	REASON_MAY_GO = 0,           /*                                               */
	/* the request itself */
	REASON_NOTHING = 1,          /* nothing of the site may go now                */
	REASON_NOT_BEFORE = 2,       /* put off by who filed it                       */
	REASON_RESTART = 3,          /* waits for its restart time   [attempts]       */
	REASON_HELD = 4,             /* by a person                                   */
	REASON_SAME_NAME = 5,        /* another to the site under its name goes first */
	REASON_ACTIVE = 6,           /* it is being sent                              */
	REASON_FINAL = 7,            /* sent, failed or cancelled                     */
	REASON_SITE_NEXT = 8,        /* another of the same site goes first [request] */
	REASON_DEADLINE = 9,         /* its deadline is unlikely      [percent]       */
	/* the addresses */
	REASON_NO_ADDRESS = 20,      /* the site has none                             */
	REASON_UNKNOWN_TYPE = 21,    /* no sender for the type here   [address]       */
	REASON_WINDOW_CLOSED = 22,   /*                               [address]       */
	REASON_WINDOW_PRIORITY = 23, /* open for higher priorities only [address]     */
	REASON_BUDGET = 24,          /* so many bytes a day or month were sent [address] */
	REASON_ADDRESS_FAILED = 25,  /* left alone after failures     [address]       */
	REASON_NO_SUBSTITUTE = 26,   /* may not stand in now          [address]       */
	REASON_RATE = 27,            /* it goes no faster             [bytes/s]       */
	/* the site */
	REASON_SITE_HOLD = 40,       /* could not be reached          [failures]      */
	REASON_SITE_FULL = 41,       /* its share of sendings is used [sendings]      */
	REASON_PROBING = 42,         /* one is finding out whether it can be reached  */
	/* all sites */
	REASON_SLOTS_FULL = 60,      /* all sendings are used         [sendings]      */
	REASON_RESERVED = 61,        /* what is left is for high      [slots]         */
	REASON_PROBES_FULL = 62,     /* so many sites are being tried [sites]         */
	REASON_OTHERS_WAIT = 63,     /* connected ones wait for a slot                */
	REASON_IN_LINE = 64,         /* others go first               [how many]      */
	/* the sender */
	REASON_DRAINED = 80,         /* a person ended all sending                    */
	REASON_PREEMPTED = 81,       /* an urgent one took its place  [request]       */
	REASON_PAUSED = 82,          /* our own disk was in trouble                   */
	REASON_ADDRESS_CHANGED = 83, /* the configuration was read anew               */
};
/* clang-format on */

/* Why, until when, and what it is about. */
struct verdict {
	enum reason reason;
	int64_t until_at_ms; /* wall; time alone may change it then; INT64_MAX: never */
	int64_t number;
};

/* "window_closed"; NULL: no such reason. */
const char *reason_name(enum reason r);
/* What a person reads: "its window is closed".  NULL: no such reason. */
const char *reason_words(enum reason r);

/* All of them, in the order of their numbers; *at is 0 at first.  false: no more. */
bool reason_next(size_t *at, enum reason *out);

#endif
