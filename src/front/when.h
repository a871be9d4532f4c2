/* when.h - an instant as a person types it.  Pure, but for the zone of the process. */
#ifndef FRONT_WHEN_H
#define FRONT_WHEN_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* "2026-11-22 06:00[:30]" (or with T; local time, UTC with a Z at the end), "06:00"
 * (the next one), "+2h" (from now).  -1: ERR_INPUT with what would be right. */
int when_parse(const char *text, int64_t now_ms, int64_t *out_ms,
	       struct err *e) MUST_USE;

#endif
