/* wall_clock.h - instants and time zones as a test writes them. */
#ifndef TESTS_UNIT_WALL_CLOCK_H
#define TESTS_UNIT_WALL_CLOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/zone.h"

static inline struct zone *
load(const char *name)
{
	struct zone *z = NULL;
	struct err e;

	if (zone_load(name, &z, &e) < 0)
		fail_msg("%s", e.text);
	return z;
}

/* "2026-03-29 01:00" in UTC. */
static inline int64_t
utc(const char *text)
{
	struct tm tm = {0};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
	return (int64_t)timegm(&tm) * 1000;
}

#endif
