#include "config/week.h"

#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/str.h"
#include "config/keys.h"

enum {
	DAYS = 7,
	PERCENT_MAX = 100,
	WORD_ROOM = 256, /* RANGES_MAX times "08:30-18:15," and a reserve */
	QUOTE_ROOM = 64,
};

static const char *const day_names[DAYS] = {"mon", "tue", "wed", "thu",
					    "fri", "sat", "sun"};

/* ---- steps ------------------------------------------------------------------ */

void
week_done(struct config_week *w)
{
	mem_free(w->steps);
	*w = (struct config_week){0};
}

/* Unless it says what holds there already. */
static void
add_step(struct config_week *w, int32_t from_min, int64_t value)
{
	if (w->step_count > 0 && w->steps[w->step_count - 1].value == value)
		return;
	w->steps[w->step_count++] =
	    (struct config_step){.from_min = from_min, .value = value};
}

/* From from_min to to_min, both within the week, the value holds. */
static void
paint(struct config_week *w, int32_t from_min, int32_t to_min, int64_t value)
{
	const struct config_step whole = {0, w->always};
	const struct config_step *old = w->step_count ? w->steps : &whole;
	const int32_t count = w->step_count ? w->step_count : 1;
	struct config_week out = {
	    .steps = mem_zero((size_t)count + 2, sizeof(out.steps[0]))};
	int64_t after = value;

	for (int32_t i = 0; i < count && old[i].from_min < from_min; i++)
		add_step(&out, old[i].from_min, old[i].value);
	add_step(&out, from_min, value);
	for (int32_t i = 0; i < count && old[i].from_min <= to_min; i++)
		after = old[i].value;
	if (to_min < CONFIG_WEEK_MIN)
		add_step(&out, to_min, after);
	for (int32_t i = 0; i < count; i++)
		if (old[i].from_min > to_min)
			add_step(&out, old[i].from_min, old[i].value);
	if (out.step_count == 1) {
		const int64_t always = out.steps[0].value;

		week_done(&out);
		out.always = always;
	}
	week_done(w);
	*w = out;
}

/* ---- days and hours --------------------------------------------------------- */

struct range {
	int32_t from_min, to_min; /* of the day; to <= from: into the next */
};

enum { RANGES_MAX = 16 }; /* in one line; a choice */

struct when {
	unsigned days; /* bit 0: Monday */
	struct range ranges[RANGES_MAX];
	size_t range_count;
};

/* The next word of *text; moves past it and blanks. */
static int
take_word(const char **text, char word[WORD_ROOM], struct err *e)
{
	const size_t len = strcspn(*text, " \t");

	if (str_copy_len(word, WORD_ROOM, *text, len) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "a word of %zu bytes is more than the %d that can be: "
			       "type it in several lines",
			       len, WORD_ROOM - 1);
	*text += len;
	*text += strspn(*text, " \t");
	return 0;
}

/* 0 to 6; -1: it is none. */
static int
day_at(const char *text, size_t len)
{
	char name[4];

	if (len != 3 || str_copy_len(name, sizeof(name), text, len) < 0)
		return -1;
	for (int i = 0; i < DAYS; i++)
		if (str_eq_nocase(name, day_names[i]))
			return i;
	return -1;
}

static bool
begins_like_days(const char *text)
{
	return strlen(text) >= 3 && day_at(text, 3) >= 0;
}

/* "mon-fri", "sat,sun", "fri-mon" */
static int
read_days(const char *word, unsigned *out, struct err *e)
{
	unsigned days = 0;

	for (const char *p = word;; p++) {
		const size_t len = strcspn(p, ",");
		const char *dash = memchr(p, '-', len);
		const int first = day_at(p, dash ? (size_t)(dash - p) : len);
		const int last =
		    dash ? day_at(dash + 1, (size_t)(p + len - dash - 1)) : first;

		if (first < 0 || last < 0)
			return err_set(e, ERR_INPUT, 0,
				       "\"%s\" are not days: type mon, tue, wed, thu, "
				       "fri, sat, sun, as in mon-fri or sat,sun",
				       word);
		for (int day = first;; day = (day + 1) % DAYS) {
			days |= 1U << day;
			if (day == last)
				break;
		}
		p += len;
		if (*p == '\0')
			break;
	}
	*out = days;
	return 0;
}

/* "8", "08", "08:30", "24" at *text; moves past it.  -1: it is no time of day. */
static int
read_time(const char **text, int32_t *out_min)
{
	const char *p = *text;
	int32_t hour = 0, minute = 0;
	int digits = 0;

	for (; isdigit((unsigned char)*p) && digits < 3; p++, digits++)
		hour = hour * 10 + (*p - '0');
	if (digits == 0 || digits > 2)
		return -1;
	if (*p == ':') {
		if (!isdigit((unsigned char)p[1]) || !isdigit((unsigned char)p[2]))
			return -1;
		minute = (p[1] - '0') * 10 + (p[2] - '0');
		p += 3;
	}
	if (minute >= 60 || hour * 60 + minute > CONFIG_DAY_MIN)
		return -1;
	*text = p;
	*out_min = hour * 60 + minute;
	return 0;
}

static int
read_range(const char **text, struct range *out)
{
	if (read_time(text, &out->from_min) < 0 || **text != '-')
		return -1;
	++*text;
	if (read_time(text, &out->to_min) < 0 || (**text != ',' && **text != '\0'))
		return -1;
	return out->from_min < CONFIG_DAY_MIN ? 0 : -1;
}

/* "08-18", "08:30-12,13-18:15", "22-06" */
static int
read_hours(const char *word, struct when *out, struct err *e)
{
	const char *p = word;

	for (out->range_count = 0;;) {
		struct range *r = &out->ranges[out->range_count];

		if (read_range(&p, r) < 0)
			return err_set(e, ERR_INPUT, 0,
				       "\"%s\" are not hours: type them from 00 to 24, "
				       "as in 08-18, 08:30-18:15 or 22-06",
				       word);
		if (r->from_min == r->to_min)
			return err_set(e, ERR_INPUT, 0,
				       "\"%s\" end when they begin: type 00-24 for the "
				       "whole day",
				       word);
		out->range_count++;
		if (*p++ == '\0')
			return 0;
		if (out->range_count == RANGES_MAX)
			return err_set(e, ERR_INPUT, 0,
				       "\"%s\" are more than %d times in one line: "
				       "type the rest in another",
				       word, RANGES_MAX);
	}
}

static bool
begins_like_hours(const char *text)
{
	const size_t len = strcspn(text, " \t");

	return isdigit((unsigned char)text[0]) && strcspn(text, "-:") < len;
}

/* [DAYS] [HOURS]; what is left of *text is the value.  `is_value` tells a word that
 * says what from one that says when. */
static int
read_when(const char **text, bool (*is_value)(const char *word), struct when *out,
	  struct err *e)
{
	const char *rest = *text;
	char word[WORD_ROOM];

	*out = (struct when){.days = (1U << DAYS) - 1,
			     .ranges = {{0, CONFIG_DAY_MIN}},
			     .range_count = 1};
	if (take_word(&rest, word, e) < 0)
		return -1;
	if (begins_like_days(word) ||
	    (isalpha((unsigned char)word[0]) && *rest && !is_value(word))) {
		if (read_days(word, &out->days, e) < 0)
			return -1;
		*text = rest;
	}
	if (!begins_like_hours(*text))
		return 0;
	if (take_word(text, word, e) < 0)
		return -1;
	return read_hours(word, out, e);
}

static void
paint_range(struct config_week *w, int32_t from_min, const struct range *r,
	    int64_t value)
{
	const int32_t begin = from_min + r->from_min;
	const int32_t end =
	    from_min + r->to_min + (r->to_min <= r->from_min ? CONFIG_DAY_MIN : 0);

	paint(w, begin, end < CONFIG_WEEK_MIN ? end : CONFIG_WEEK_MIN, value);
	if (end > CONFIG_WEEK_MIN) /* Sunday night goes on on Monday */
		paint(w, 0, end - CONFIG_WEEK_MIN, value);
}

static void
paint_when(struct config_week *w, const struct when *when, int64_t value)
{
	for (int32_t day = 0; day < DAYS; day++)
		for (size_t i = 0; (when->days & 1U << day) && i < when->range_count;
		     i++)
			paint_range(w, day * CONFIG_DAY_MIN, &when->ranges[i], value);
}

/* ---- values ----------------------------------------------------------------- */

static const struct {
	const char *word;
	int64_t value;
} slots[] = {
    {"all", CONFIG_SLOT_ALL},
    {"medium", CONFIG_SLOT_MEDIUM},
    {"high", CONFIG_SLOT_HIGH},
    {"closed", CONFIG_SLOT_CLOSED},
};

static int64_t
slot_of(const char *word)
{
	for (size_t i = 0; i < COUNT(slots); i++)
		if (str_eq_nocase(word, slots[i].word))
			return slots[i].value;
	return -1;
}

static bool
is_slot(const char *word)
{
	return slot_of(word) >= 0;
}

/* "high", "all no-substitute" */
static int
read_slot(const char *text, int64_t *out, struct err *e)
{
	struct nearest near = {0};
	char word[WORD_ROOM], said[QUOTE_ROOM];
	int64_t slot;

	if (take_word(&text, word, e) < 0)
		return -1;
	str_copy_cut(said, sizeof(said), text);
	near.wanted = word;
	slot = slot_of(word);
	for (size_t i = 0; slot < 0 && i < COUNT(slots); i++)
		nearest_offer(&near, slots[i].word);
	if (word[0] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "says when, but not what: type all, medium, high or "
			       "closed behind it, as in mon-fri 08-18 high");
	if (slot < 0)
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is nothing that a schedule says: type all, "
			       "medium, high or closed, as in mon-fri 08-18 high%s%s%s",
			       word, near.best ? "; did you mean \"" : "",
			       near.best ? near.best : "", near.best ? "\"?" : "");
	if (*text && !str_eq_nocase(text, "no-substitute"))
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" cannot follow %s: nothing does but "
			       "no-substitute, as in mon-fri 08-18 all no-substitute",
			       said, word);
	if (*text && slot == CONFIG_SLOT_CLOSED)
		return err_set(e, ERR_INPUT, 0,
			       "a closed address stands in for no other one as it is: "
			       "leave no-substitute out");
	*out = slot | (*text ? CONFIG_SLOT_NO_SUBSTITUTE : 0);
	return 0;
}

static int
read_percent(const char *text, int64_t *out)
{
	char digits[QUOTE_ROOM];
	const size_t len = strlen(text);
	int64_t percent;

	if (len < 2 || text[len - 1] != '%' ||
	    str_copy_len(digits, sizeof(digits), text, len - 1) < 0 ||
	    num_int(digits, 1, PERCENT_MAX, &percent) < 0)
		return -1;
	*out = -percent;
	return 0;
}

static bool
is_rate(const char *word)
{
	return str_eq_nocase(word, "unlimited");
}

/* "512kbit/s", "50%", "unlimited" */
static int
read_rate(const char *text, int64_t *out, struct err *e)
{
	char said[QUOTE_ROOM];
	int64_t rate;

	str_copy_cut(said, sizeof(said), text);
	if (*text == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "says when, but not what: type a rate behind it, as in "
			       "mon-fri 08-18 512kbit/s");
	if (is_rate(text)) {
		*out = CONFIG_RATE_UNLIMITED;
		return 0;
	}
	if (read_percent(text, out) == 0)
		return 0;
	if (num_rate(text, &rate) == 0 && rate >= CONFIG_RATE_MIN &&
	    rate <= WEEK_RATE_MAX) {
		*out = rate;
		return 0;
	}
	if (text[0] == '0' && strspn(text + 1, "0.") == strcspn(text + 1, "%kMGBbit/ "))
		return err_set(e, ERR_INPUT, 0,
			       "a rate of 0 is refused, because it would stop all "
			       "sending without a word: type unlimited, or closed in "
			       "the schedule of the address");
	return err_set(
	    e, ERR_INPUT, 0,
	    "\"%s\" is no rate: type 1kbit/s to 1000Gbit/s in bit/s, kbit/s, "
	    "Mbit/s, Gbit/s, B/s, kB/s, MB/s, KiB/s or MiB/s, or 1%% to 100%% "
	    "of speed, or unlimited, as in mon-fri 08-18 512kbit/s",
	    said);
}

int
week_add_schedule(struct config_week *w, const char *text, struct err *e)
{
	struct when when;
	int64_t value;

	if (read_when(&text, is_slot, &when, e) < 0 || read_slot(text, &value, e) < 0)
		return -1;
	paint_when(w, &when, value);
	return 0;
}

int
week_add_rate(struct config_week *w, const char *text, struct err *e)
{
	struct when when;
	int64_t value;

	if (read_when(&text, is_rate, &when, e) < 0 || read_rate(text, &value, e) < 0)
		return -1;
	paint_when(w, &when, value);
	return 0;
}

bool
week_has_percent(const struct config_week *w)
{
	for (int32_t i = 0; i < w->step_count; i++)
		if (w->steps[i].value < 0)
			return true;
	return w->step_count == 0 && w->always < 0;
}

static int64_t
resolve(int64_t value, int64_t speed_bytes_per_s)
{
	int64_t rate;

	if (value >= 0)
		return value;
	rate = speed_bytes_per_s * -value / PERCENT_MAX; /* speed <= WEEK_RATE_MAX */
	return rate > 0 ? rate : 1;
}

void
week_resolve(struct config_week *w, int64_t speed_bytes_per_s)
{
	struct config_week out = *w;

	out.step_count = 0;
	out.always = resolve(w->always, speed_bytes_per_s);
	/* Two that were said differently may be the same now. */
	for (int32_t i = 0; i < w->step_count; i++)
		add_step(&out, w->steps[i].from_min,
			 resolve(w->steps[i].value, speed_bytes_per_s));
	if (out.step_count == 1) {
		out.always = out.steps[0].value;
		out.step_count = 0;
		mem_free(out.steps);
		out.steps = NULL;
	}
	*w = out;
}
