/* request.h - the life of a send request: its states, what may happen in each, and what
 * must be true of a row.  Pure; any thread.  A room of outbox. */
#ifndef OUTBOX_REQUEST_H
#define OUTBOX_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "outbox/outbox.h"

enum request_event {
	EVENT_CLAIM,     /* a sending thread takes it                              */
	EVENT_SENDING,   /* connected: bytes may flow                              */
	EVENT_PUBLISH,   /* all staged: the renames begin                          */
	EVENT_SENT,      /* the manifest is in place                               */
	EVENT_RETRY_AT,  /* the attempt failed: again at its restart time          */
	EVENT_FAIL,      /* the attempt found that it can never work               */
	EVENT_GIVE_BACK, /* the sender stops, or the request is taken back         */
	EVENT_SUSPEND,   /* window closed, pre-empted                              */
	EVENT_OBEY_HOLD, /* its sending heard the order                            */
	EVENT_OBEY_CANCEL,
	EVENT_LEASE_OVER, /* its sender was not heard of: "Heartbeat is expired."   */
	EVENT_EXPIRE,     /* its lifetime is over                                   */
	EVENT_HOLD,       /* a person ...                                           */
	EVENT_RELEASE,
	EVENT_CANCEL,
	EVENT_RETRY,
};
enum { REQUEST_EVENTS = 16 };
const char *request_event_name(enum request_event ev); /* "claim" ... */

/* What request_next() says besides a state. */
enum {
	NEXT_NO = -1,    /* cannot happen in this state                            */
	NEXT_ORDER = -2, /* active: kept as an order, which its sending hears      */
};
int request_next(enum request_state s, enum request_event ev);

/* Where it stands in the line of its site and name: kept by the backend (L1-L3). */
enum request_turn {
	TURN_NONE = -1, /* not in line: final, or held            */
	TURN_WAITS = 0, /* another goes first                     */
	TURN_HAS = 1,   /* it may go, or is on its way            */
};

/* A request as a row: what the door shows and what it does not. */
struct kept_request {
	struct request r;
	int64_t version;       /* counted by each change                             */
	int64_t ready_at_ms;   /* -1 may not go; 0 at once; else when                */
	int64_t renewed_at_ms; /* filed, or retried: its life begins here, or at its
				* not-before when that is later */
	int64_t claimed_at_ms; /* active states: since when                          */
	enum request_turn turn;
	bool package_freed; /* its bytes are gone, or going                       */
};

/* Put it into state `to`, with all that follows from that (I1-I6). */
void request_enter(struct kept_request *k, enum request_state to, int64_t now_ms);

/* When its life ends: `lifetime_ms` after it may first go, or at its deadline (0: none)
 * when that is earlier. */
struct request_life {
	int64_t now_ms, not_before_at_ms, deadline_at_ms, lifetime_ms;
};
int64_t request_expires_at_ms(const struct request_life *l);

/* Is this row possible?  NULL: yes; else what is wrong with it, in words. */
const char *request_wrong(const struct kept_request *k);

/* Does the lease belong to `owner`, and is the request active? */
bool request_owned(const struct kept_request *k, const char *owner);

/* Was it claimed under this sender's name? */
bool request_claimed_by(const struct kept_request *k, const char *name);

#endif
