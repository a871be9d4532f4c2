#include "front/when.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

static int
refuse(const char *text, const char *why, struct err *e)
{
	return err_set(
	    e, ERR_INPUT, 0,
	    "\"%s\" is no time%s%s; type \"2026-11-22 06:00\" (local, or UTC "
	    "with a Z at the end), \"06:00\" (the next one) or \"+2h\" (from "
	    "now)",
	    text, why[0] ? ": " : "", why);
}

/* A number of exactly that many digits at *text; moves past it. */
static bool
number(const char **text, int count, int *out)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*text)[i]))
			return false;
		n = n * 10 + ((*text)[i] - '0');
	}
	*text += count;
	*out = n;
	return true;
}

static bool
sign(const char **text, const char *any_of)
{
	if (**text == '\0' || !strchr(any_of, **text))
		return false;
	(*text)++;
	return true;
}

static bool
time_of_day(const char **text, struct tm *tm)
{
	if (!number(text, 2, &tm->tm_hour) || !sign(text, ":") ||
	    !number(text, 2, &tm->tm_min))
		return false;
	tm->tm_sec = 0;
	if (sign(text, ":") && !number(text, 2, &tm->tm_sec))
		return false;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool
date(const char **text, struct tm *tm)
{
	if (!number(text, 4, &tm->tm_year) || !sign(text, "-") ||
	    !number(text, 2, &tm->tm_mon) || !sign(text, "-") ||
	    !number(text, 2, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return true;
}

/* Is it the same minute after the C library has made sense of it?  February 30 and the
 * hour that summer time skips are not. */
static bool
same_minute(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min;
}

static int
parse_date(const char *text, int64_t *out_ms, struct err *e)
{
	struct tm tm = {.tm_isdst = -1}, made;
	const char *at = text;
	bool is_utc;
	time_t s;

	if (!date(&at, &tm) || !sign(&at, " Tt") || !time_of_day(&at, &tm))
		return refuse(text, "", e);
	is_utc = sign(&at, "Zz");
	if (*at != '\0')
		return refuse(text, "", e);
	made = tm;
	s = is_utc ? timegm(&made) : mktime(&made);
	if (!same_minute(&tm, &made))
		return refuse(text, "there is no such day, or no such hour on it", e);
	*out_ms = (int64_t)s * 1000;
	return 0;
}

/* The next time that a clock on the wall shows it: today, else tomorrow. */
static int
parse_clock(const char *text, int64_t now_ms, int64_t *out_ms, struct err *e)
{
	const time_t now = (time_t)(now_ms / 1000);
	struct tm tm, wanted = {0};
	const char *at = text;

	if (!time_of_day(&at, &wanted) || *at != '\0' || !localtime_r(&now, &tm))
		return refuse(text, "", e);
	for (int days = 0; days < 2; days++) {
		struct tm day = tm;

		day.tm_mday += days;
		day.tm_hour = wanted.tm_hour;
		day.tm_min = wanted.tm_min;
		day.tm_sec = wanted.tm_sec;
		day.tm_isdst = -1;
		*out_ms = (int64_t)mktime(&day) * 1000;
		if (*out_ms > now_ms)
			break;
	}
	return 0;
}

/* 10000-01-01 00:00 UTC: a later instant cannot be shown as it would be typed. */
static const int64_t END_MS = INT64_C(253402300800) * 1000;

static int
parse_wait(const char *text, int64_t now_ms, int64_t *out_ms, struct err *e)
{
	int64_t at_ms;

	if (num_duration_ms(text + 1, &at_ms) < 0)
		return refuse(text, "", e);
	if (__builtin_add_overflow(now_ms, at_ms, &at_ms))
		at_ms = INT64_MAX;
	*out_ms = at_ms;
	return 0;
}

int
when_parse(const char *text, int64_t now_ms, int64_t *out_ms, struct err *e)
{
	int64_t at_ms;
	int rc;

	if (text[0] == '+')
		rc = parse_wait(text, now_ms, &at_ms, e);
	else
		rc = strchr(text, '-') ? parse_date(text, &at_ms, e)
				       : parse_clock(text, now_ms, &at_ms, e);
	if (rc < 0)
		return -1;
	if (at_ms <= 0 || at_ms >= END_MS)
		return refuse(text, "it must be after 1970 and before the year 10000",
			      e);
	*out_ms = at_ms;
	return 0;
}
