/* week.h - what the hours of a week say at an instant, and until when.
 *
 * A week is one of local time: an hour that comes twice in autumn counts twice, one
 * that is left out in spring counts not at all.  Nothing here remembers anything: at
 * each instant the answer is computed anew, so that a clock that is set, midnight and
 * the end of the week need no care.  Pure; any thread. */
#ifndef DISPATCH_WEEK_H
#define DISPATCH_WEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"
#include "config/config.h"
#include "outbox/outbox.h"

struct week_now {
	int64_t value;
	int64_t until_at_ms; /* it is another one then; INT64_MAX: never */
};
struct week_now week_at(const struct config_week *w, const struct zone *z,
			int64_t at_ms);

/* The slot of an address: the lowest priority that it lets in (0: closed), and whether
 * it may stand in for an address that failed. */
struct slot_now {
	enum request_priority lowest;
	bool no_substitute;
	int64_t until_at_ms;
};
/* open_until_at_ms: until then a person opened the site for all (`open SITE for 2h`);
 * 0: nobody did. */
struct slot_now slot_at(const struct config_address *a, int64_t open_until_at_ms,
			int64_t at_ms);

/* "Mon 18:00"; with its date, when it is not within six days.  Returns buf; room >=
 * ZONE_TEXT_ROOM. */
const char *week_when(const struct zone *z, int64_t now_ms, int64_t at_ms, char *buf,
		      size_t room);

/* Does it let that priority in? */
bool slot_lets(const struct slot_now *s, enum request_priority p);

#endif
