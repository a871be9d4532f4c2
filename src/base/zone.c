#include "base/zone.h"

#include <assert.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/str.h"

/* clang-format off */
#define S    ((int64_t)1000) /* ms */
#define DAY  (86400 * S)
/* clang-format on */

#define LIMIT_MS (DAY * 3652059) /* 9,999 years: where calendars end */

static const int64_t first_at_s = 0; /* 1970: no schedule looks further back */
static const int64_t last_at_s =
    4102444800LL; /* 2100-01-01; a choice                 */

enum {
	NAME_MAX_BYTES = 63,      /* the longest of tzdata has 32                    */
	FILE_MAX_BYTES = 1 << 20, /* the largest of tzdata has 0.11 MB               */
};

struct change {
	int64_t at_ms; /* of the first: INT64_MIN */
	int64_t offset_s;
};

/* At least one change; neighbours differ. */
struct zone {
	char *name;
	struct change *changes;
	size_t count, room;
};

static void
auto_tz(GTimeZone **tz)
{
	if (*tz)
		g_time_zone_unref(*tz);
}

/* ---- loading ---------------------------------------------------------------- */

static const char *
tz_folder(void)
{
	const char *dir = getenv("TZDIR"); /* as GLib looks for it */

	return dir ? dir : "/usr/share/zoneinfo";
}

/* A file of the folder, whole; NULL: it cannot be read. */
static char *
read_file(const char *name, size_t *len)
{
	AUTO_FREE char *path = path_join(tz_folder(), name);
	char *bytes = NULL;
	struct err e;

	if (path_read_file(path, FILE_MAX_BYTES, ERR_INPUT, &bytes, len, &e) < 0)
		return NULL;
	return bytes;
}

/* GLib complains on stderr about a file that holds no zone; so it is not asked. */
static bool
has_file(const char *name)
{
	size_t len;
	AUTO_FREE char *bytes = read_file(name, &len);

	return bytes && str_starts(bytes, "TZif"); /* RFC 8536, 3.1 */
}

static bool
is_name(const char *name)
{
	const size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_BYTES && name[0] != '/' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_+-/:") == len;
}

/* The name in one line of tzdata.zi: "Z NAME ..." or "L TARGET NAME"; "": none. */
static void
name_in_line(const char *line, char name[NAME_MAX_BYTES + 1])
{
	if (str_starts(line, "L "))
		line += 2 + strcspn(line + 2, " \n");
	else if (str_starts(line, "Z "))
		line++;
	else
		line = " ";
	if (str_copy_len(name, NAME_MAX_BYTES + 1, line + 1, strcspn(line + 1, " \n")) <
	    0)
		*name = '\0';
}

/* The name that is most like it, where tzdata brings its list; "": none is. */
static void
nearest_name(const char *wanted, char best[NAME_MAX_BYTES + 1])
{
	size_t len;
	AUTO_FREE char *list = read_file("tzdata.zi", &len);
	struct nearest near = {.wanted = wanted};

	*best = '\0';
	for (const char *line = list; line; line = strchr(line, '\n')) {
		char name[NAME_MAX_BYTES + 1];

		line += *line == '\n';
		name_in_line(line, name);
		if (*name)
			nearest_offer(&near, name);
		if (near.best != name)
			continue;
		str_copy_cut(best, NAME_MAX_BYTES + 1, name);
		near.best = best;
	}
}

static int
unknown(const char *name, struct err *e)
{
	char best[NAME_MAX_BYTES + 1], cut[NAME_MAX_BYTES + 1];

	str_copy_cut(cut, sizeof(cut), name);
	nearest_name(cut, best);
	if (*best)
		return err_set(e, ERR_INPUT, 0,
			       "there is no time zone \"%s\"; did you mean \"%s\"?",
			       cut, best);
	return err_set(e, ERR_INPUT, 0,
		       "there is no time zone \"%s\" in %s: type it as in "
		       "Europe/Berlin, UTC or +02:00",
		       cut, tz_folder());
}

static GTimeZone *
find_named(const char *name)
{
	const bool is_fixed = name[0] == '+' || name[0] == '-' || str_eq(name, "UTC");

	if (!is_name(name) || (!is_fixed && !has_file(name)))
		return NULL;
	return g_time_zone_new_identifier(name);
}

/* Never NULL. */
static GTimeZone *
find_system(void)
{
	GTimeZone *tz = g_time_zone_new_identifier(getenv("TZ"));

	return tz ? tz : g_time_zone_new_utc();
}

static int
interval_at(GTimeZone *tz, int64_t at_s)
{
	return g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at_s);
}

/* The first second after `at_s` that lies in another interval; last_at_s: none does.
 * Intervals are numbered in their order. */
static int64_t
interval_end_s(GTimeZone *tz, int64_t at_s)
{
	const int here = interval_at(tz, at_s);
	int64_t inside = at_s, outside = last_at_s;

	while (outside - inside > 1) {
		const int64_t middle = inside + (outside - inside) / 2;

		if (interval_at(tz, middle) == here)
			inside = middle;
		else
			outside = middle;
	}
	return outside;
}

static struct zone *
expand(GTimeZone *tz, const char *name)
{
	struct zone *z = mem_zero(1, sizeof(*z));

	z->name = mem_dup(name ? name : g_time_zone_get_identifier(tz));
	for (int64_t at_s = first_at_s; at_s < last_at_s;
	     at_s = interval_end_s(tz, at_s)) {
		const int64_t offset_s =
		    g_time_zone_get_offset(tz, interval_at(tz, at_s));

		if (z->count > 0 && z->changes[z->count - 1].offset_s == offset_s)
			continue;
		z->changes =
		    mem_grow(z->changes, z->count, &z->room, sizeof(z->changes[0]));
		z->changes[z->count] = (struct change){
		    .at_ms = z->count ? at_s * S : INT64_MIN, .offset_s = offset_s};
		z->count++;
	}
	return z;
}

int
zone_load(const char *name, struct zone **out, struct err *e)
{
	AUTO(auto_tz) GTimeZone *tz = name ? find_named(name) : find_system();

	if (!tz)
		return unknown(name, e);
	*out = expand(tz, name);
	return 0;
}

void
zone_free(struct zone *z)
{
	if (!z)
		return;
	mem_free(z->changes);
	mem_free(z->name);
	mem_free(z);
}

const struct zone *
zone_utc(void)
{
	static char name[] = "UTC";
	static struct change none[] = {{INT64_MIN, 0}};
	static const struct zone utc = {.name = name, .changes = none, .count = 1};

	return &utc;
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* ---- arithmetic ------------------------------------------------------------- */

/* The last change that is not after at_ms. */
static size_t
change_before(const struct zone *z, int64_t at_ms)
{
	size_t low = 0, high = z->count; /* changes[low].at_ms <= at_ms */

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (z->changes[middle].at_ms <= at_ms)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int64_t
zone_offset_s(const struct zone *z, int64_t at_ms)
{
	return z->changes[change_before(z, at_ms)].offset_s;
}

int64_t
zone_change_at_ms(const struct zone *z, int64_t at_ms)
{
	const size_t next = change_before(z, at_ms) + 1;

	return next < z->count ? z->changes[next].at_ms : INT64_MAX;
}

/* At the ends of int64_t the sum stays there. */
static int64_t
plus(int64_t at_ms, int64_t ms)
{
	int64_t sum;

	if (__builtin_add_overflow(at_ms, ms, &sum))
		return ms < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

int64_t
zone_local_ms(const struct zone *z, int64_t at_ms)
{
	return plus(at_ms, zone_offset_s(z, at_ms) * S);
}

int64_t
zone_instant_at_ms(const struct zone *z, int64_t local_ms)
{
	/* No offset reaches two days: RFC 8536, 3.2. */
	size_t i = change_before(z, plus(local_ms, -2 * DAY));

	for (;; i++) {
		const int64_t begin_ms = z->changes[i].at_ms;
		const int64_t at_ms = plus(local_ms, -z->changes[i].offset_s * S);

		if (at_ms < begin_ms)
			return begin_ms; /* it was leapt over just here */
		if (i + 1 == z->count || at_ms < z->changes[i + 1].at_ms)
			return at_ms;
	}
}

/* ---- the calendar ----------------------------------------------------------- */

struct date {
	int64_t year;
	int64_t month, day; /* 1 is the first */
};

static int64_t
floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

/* Years that begin in March end in the leap day, and so each month begins at a fixed
 * day: (153 m + 2) / 5.  400 years have 146,097 days. */
static struct date
date_of_day(int64_t day)
{
	const int64_t d = day + 719468; /* days from 0000-03-01 to 1970-01-01 */
	const int64_t era = floor_div(d, 146097);
	const int64_t in_era = d - era * 146097;
	const int64_t year =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	const int64_t march = (5 * in_year + 2) / 153;

	return (struct date){
	    .year = year + era * 400 + (march >= 10),
	    .month = march < 10 ? march + 3 : march - 9,
	    .day = in_year - (153 * march + 2) / 5 + 1,
	};
}

static int64_t
day_of_date(const struct date *date)
{
	const int64_t year = date->year - (date->month <= 2);
	const int64_t march = date->month > 2 ? date->month - 3 : date->month + 9;
	const int64_t era = floor_div(year, 400);
	const int64_t y = year - era * 400;

	return era * 146097 + y * 365 + y / 4 - y / 100 + (153 * march + 2) / 5 +
	       date->day - 1 - 719468;
}

/* The first day of the period that is `ahead` after the one of `day`. */
static int64_t
first_day(enum zone_period period, int64_t day, int64_t ahead)
{
	struct date date = date_of_day(day);
	int64_t months;

	if (period == ZONE_DAY)
		return day + ahead;
	months = date.year * 12 + date.month - 1 + ahead;
	date = (struct date){.year = floor_div(months, 12), .day = 1};
	date.month = months - date.year * 12 + 1;
	return day_of_date(&date);
}

struct zone_span
zone_span_at(const struct zone *z, enum zone_period period, int64_t at_ms)
{
	const int64_t day = floor_div(zone_local_ms(z, at_ms), DAY);
	struct zone_span span = {0};

	assert(at_ms > -LIMIT_MS && at_ms < LIMIT_MS);

	/* Clocks that are set back over midnight show the day before once more; that
	 * belongs to the new one, as a period ends once. */
	for (int64_t ahead = 0; span.until_at_ms <= at_ms || ahead == 0; ahead++) {
		span.from_at_ms =
		    zone_instant_at_ms(z, first_day(period, day, ahead) * DAY);
		span.until_at_ms =
		    zone_instant_at_ms(z, first_day(period, day, ahead + 1) * DAY);
	}
	return span;
}

const char *
zone_week_text(const struct zone *z, int64_t at_ms, char *buf, size_t room)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun",
					   "Mon", "Tue", "Wed"}; /* 1970 began so */
	const int64_t local_min = floor_div(zone_local_ms(z, at_ms), 60 * S);
	const int64_t day = floor_div(local_min, 1440);
	const int64_t minute = local_min - day * 1440;

	(void)snprintf(buf, room, "%s %02d:%02d", days[day - floor_div(day, 7) * 7],
		       (int)(minute / 60), (int)(minute % 60));
	return buf;
}

const char *
zone_date_text(const struct zone *z, int64_t at_ms, char *buf, size_t room)
{
	const int64_t local_min = floor_div(zone_local_ms(z, at_ms), 60 * S);
	const int64_t day = floor_div(local_min, 1440);
	const int64_t minute = local_min - day * 1440;
	const struct date date = date_of_day(day);

	(void)snprintf(buf, room, "%04lld-%02d-%02d %02d:%02d", (long long)date.year,
		       (int)date.month, (int)date.day, (int)(minute / 60),
		       (int)(minute % 60));
	return buf;
}
