/* zone.h - what the clocks on the wall show at a place, as plain values.
 *
 * A zone is read once, when the configuration is, and expanded into a table of the
 * changes of its offset from 1970 to 2100; beyond, the last one stays.  From then on it
 * never changes and everything here is arithmetic: pure, any thread, no lock. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct zone;

/* "Europe/Berlin", "UTC", "+02:00"; NULL: what TZ says, else /etc/localtime, else UTC,
 * and cannot fail.  -1: ERR_INPUT, with the name that is most like it.  Not for several
 * threads at a time. */
int zone_load(const char *name, struct zone **out, struct err *e) MUST_USE;
void zone_free(struct zone *z);

const struct zone *zone_utc(void); /* static */
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at that instant. */
int64_t zone_offset_s(const struct zone *z, int64_t at_ms);

/* The next instant after at_ms at which the offset changes; INT64_MAX: never. */
int64_t zone_change_at_ms(const struct zone *z, int64_t at_ms);

/* What a clock there shows, counted as if it were UTC. */
int64_t zone_local_ms(const struct zone *z, int64_t at_ms);

/* When a clock there shows that: the first time when it does so twice, the instant of
 * the leap when it never does. */
int64_t zone_instant_at_ms(const struct zone *z, int64_t local_ms);

/* The day or month of the calendar that holds an instant: from_at_ms <= at_ms <
 * until_at_ms, and the next one begins where it ends. */
enum zone_period { ZONE_DAY, ZONE_MONTH };
struct zone_span {
	int64_t from_at_ms, until_at_ms;
};
struct zone_span zone_span_at(const struct zone *z, enum zone_period period,
			      int64_t at_ms);

/* "Mon 18:00".  Returns buf; room >= ZONE_TEXT_ROOM. */
enum { ZONE_TEXT_ROOM = 32 };
const char *zone_week_text(const struct zone *z, int64_t at_ms, char *buf, size_t room);
/* "2026-11-22 18:00".  Returns buf; room >= ZONE_TEXT_ROOM. */
const char *zone_date_text(const struct zone *z, int64_t at_ms, char *buf, size_t room);

#endif
