#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
now_ms(clockid_t which)
{
	struct timespec t;

	(void)clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_thread_cpu_ms(void)
{
	return now_ms(CLOCK_THREAD_CPUTIME_ID);
}

static int64_t
real_mono_ms(void *self)
{
	(void)self;
	return now_ms(CLOCK_MONOTONIC);
}

static int64_t
real_wall_ms(void *self)
{
	(void)self;
	return now_ms(CLOCK_REALTIME);
}

const struct clock *
clock_real(void)
{
	static const struct clock real = {real_mono_ms, real_wall_ms, NULL};

	return &real;
}

/* Whole seconds, towards the past also before 1970. */
static time_t
seconds(int64_t wall_ms)
{
	return (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
}

const char *
clock_iso(int64_t wall_ms, char *buf, size_t room)
{
	const time_t s = seconds(wall_ms);
	struct tm tm;
	char day[24];

	if (!gmtime_r(&s, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		(void)snprintf(day, sizeof(day), "out-of-range");
	(void)snprintf(buf, room, "%s.%03dZ", day,
		       (int)((wall_ms % 1000 + 1000) % 1000));
	return buf;
}

const char *
clock_sms(int64_t wall_ms, char *buf, size_t room)
{
	const time_t s = seconds(wall_ms);
	struct tm tm;

	/* A year of two digits: the original's log, word for word. */
	if (!localtime_r(&s, &tm)) /* ms cannot name a year that is too far */
		tm = (struct tm){.tm_zone = "out of range"}; /* GCOVR_EXCL_LINE */
	(void)snprintf(buf, room, "%02d/%02d/%02d %02d:%02d:%02d %s", tm.tm_mon + 1,
		       tm.tm_mday, tm.tm_year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec,
		       tm.tm_zone);
	return buf;
}
