/* Lines of a schedule or a rate, against a table of all minutes of the week.
 *
 * sms-sender.md section 6 row 12 (0 is refused, it stopped all sending without a word),
 * row 22 (rates and percentages at the ends of their range). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"
#include "base/str.h"
#include "config/week.h"

static int64_t
value_at(const struct config_week *w, int32_t minute)
{
	int64_t value = w->always;

	for (int32_t i = 0; i < w->step_count && w->steps[i].from_min <= minute; i++)
		value = w->steps[i].value;
	return value;
}

/* What struct config_week promises. */
static void
check_form(const struct config_week *w)
{
	assert_true(w->step_count == 0 || w->step_count >= 2);
	assert_true(w->step_count == 0 || w->steps[0].from_min == 0);
	for (int32_t i = 1; i < w->step_count; i++) {
		assert_true(w->steps[i].from_min > w->steps[i - 1].from_min);
		assert_true(w->steps[i].from_min < CONFIG_WEEK_MIN);
		assert_true(w->steps[i].value != w->steps[i - 1].value);
	}
}

/* ---- random lines ---------------------------------------------------------------- */

static uint64_t
dice(uint64_t *seed, uint64_t sides)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX */
	return (*seed >> 33) % sides;
}

static const char *const days[] = {"mon", "TUE", "wed", "Thu", "fri", "sat", "sun"};

/* Some days, or none, which are all. */
static unsigned
random_days(uint64_t *seed, struct str *text)
{
	unsigned mask = 0;

	for (uint64_t n = dice(seed, 4); n > 0; n--) {
		const uint64_t first = dice(seed, 7), more = dice(seed, 7);

		str_addf(text, "%s%s", mask ? "," : "", days[first]);
		if (more > 0)
			str_addf(text, "-%s", days[(first + more) % 7]);
		for (uint64_t i = 0; i <= more; i++)
			mask |= 1U << (first + i) % 7;
	}
	if (mask)
		str_add(text, dice(seed, 2) ? " " : "\t  ");
	return mask ? mask : 0x7F;
}

static void
add_time(struct str *text, uint64_t *seed, int minute)
{
	if (minute % 60 == 0 && dice(seed, 2))
		str_addf(text, dice(seed, 2) ? "%02d" : "%d", minute / 60);
	else
		str_addf(text, "%02d:%02d", minute / 60, minute % 60);
}

static void
paint(int64_t *week, unsigned mask, int from, int to, int64_t value)
{
	if (to <= from)
		to += CONFIG_DAY_MIN;
	for (int day = 0; day < 7; day++)
		for (int m = from; (mask & 1U << day) && m < to; m++)
			week[(day * CONFIG_DAY_MIN + m) % CONFIG_WEEK_MIN] = value;
}

/* One line in words, and what it means in `week`. */
static void
random_line(uint64_t *seed, struct str *text, int64_t *week)
{
	static const char *const words[] = {"all", "medium", "High", "closed"};
	const int64_t value = (int64_t)dice(seed, COUNT(words));
	const bool no_substitute = value != CONFIG_SLOT_CLOSED && dice(seed, 4) == 0;
	const int64_t all = value | (no_substitute ? CONFIG_SLOT_NO_SUBSTITUTE : 0);
	const unsigned mask = random_days(seed, text);
	const uint64_t ranges = dice(seed, 3);

	if (ranges == 0)
		paint(week, mask, 0, CONFIG_DAY_MIN, all);
	for (uint64_t i = 0; i < ranges; i++) {
		const int from = (int)dice(seed, 48) * 30;
		int to = (int)(dice(seed, 2) ? dice(seed, 1441) : dice(seed, 25) * 60);

		to = to == from ? CONFIG_DAY_MIN : to;
		str_add(text, i ? "," : "");
		add_time(text, seed, from);
		str_add(text, "-");
		add_time(text, seed, to);
		paint(week, mask, from, to, all);
	}
	str_addf(text, "%s%s%s", ranges ? " " : "", words[value],
		 no_substitute ? " no-substitute" : "");
}

static void
every_minute_of_random_weeks(void **state)
{
	static int64_t week[CONFIG_WEEK_MIN];
	uint64_t seed = 1;

	(void)state;
	for (int n = 0; n < 500; n++) {
		struct config_week w = {0};

		memset(week, 0, sizeof(week));
		for (uint64_t lines = 1 + dice(&seed, 8); lines > 0; lines--) {
			AUTO_STR struct str text = {0};
			struct err e;

			random_line(&seed, &text, week);
			if (week_add_schedule(&w, str_text(&text), &e) < 0)
				fail_msg("%s: %s", str_text(&text), e.text);
		}
		check_form(&w);
		for (int32_t m = 0; m < CONFIG_WEEK_MIN; m++)
			assert_int_equal(value_at(&w, m), week[m]);
		week_done(&w);
	}
}

/* ---- by hand --------------------------------------------------------------------- */

static void
rates(void **state)
{
	static const struct {
		const char *text;
		int64_t speed, monday_noon, sunday_noon;
	} rows[] = {
	    {"512kbit/s", 0, 64000, 64000},
	    {"512 kbit/s", 0, 64000, 64000},
	    {"1kbit/s", 0, 125, 125},
	    {"1000Gbit/s", 0, 125000000000, 125000000000},
	    {"mon-fri 2MB/s", 0, 2000000, INT64_MAX},
	    {"mon 08-18 unlimited", 0, INT64_MAX, INT64_MAX},
	    {"08-18 50%", 1250000, 625000, 625000},
	    {"sun 100%", 125000000000, INT64_MAX, 125000000000},
	    {"1%", 125, 1, 1},
	    {"sun 33%", 125, INT64_MAX, 41},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config_week w = {.always = CONFIG_RATE_UNLIMITED};
		struct err e;

		if (week_add_rate(&w, rows[i].text, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(week_has_percent(&w), rows[i].speed > 0);
		if (rows[i].speed > 0)
			week_resolve(&w, rows[i].speed);
		check_form(&w);
		assert_int_equal(value_at(&w, 720), rows[i].monday_noon);
		assert_int_equal(value_at(&w, 6 * 1440 + 720), rows[i].sunday_noon);
		week_done(&w);
	}
}

/* Two that were said differently are one when they mean the same. */
static void
what_is_the_same_is_one_step(void **state)
{
	struct config_week w = {.always = CONFIG_RATE_UNLIMITED};
	struct err e;

	(void)state;
	assert_int_equal(week_add_rate(&w, "mon-fri 50%", &e), 0);
	assert_int_equal(week_add_rate(&w, "sat,sun 4Mbit/s", &e), 0);
	assert_int_equal(w.step_count, 2);
	week_resolve(&w, 1000000);
	assert_int_equal(w.step_count, 0);
	assert_null(w.steps);
	assert_int_equal(w.always, 500000);
	week_done(&w);
}

/* ---- what is refused ------------------------------------------------------------- */

#define ADDRESS "[site MS1]\n[address MS1.1]\ntype = dir\npath = /x\n"

#define TEN_DAYS                                                                       \
	"mon-fri,mon-fri,mon-fri,mon-fri,mon-fri,"                                     \
	"mon-fri,mon-fri,mon-fri,mon-fri,mon-fri,"

static const struct bad schedules[] = {
    {ADDRESS "schedule = mon-fri 08-18 hihg",
     "t.conf:5: [address MS1.1] schedule: \"hihg\" is nothing that a schedule says: "
     "type all, medium, high or closed, as in mon-fri 08-18 high; did you mean "
     "\"high\"?"},
    {ADDRESS "schedule = mon-fri 08-18 mediun",
     "t.conf:5: [address MS1.1] schedule: \"mediun\" is nothing that a schedule says: "
     "type all, medium, high or closed, as in mon-fri 08-18 high; did you mean "
     "\"medium\"?"},
    {ADDRESS "schedule = mon-fri 08-18",
     "t.conf:5: [address MS1.1] schedule: says when, but not what: type all, medium, "
     "high or closed behind it, as in mon-fri 08-18 high"},
    {ADDRESS "schedule = mom-fri 08-18 high",
     "t.conf:5: [address MS1.1] schedule: \"mom-fri\" are not days: type mon, tue, "
     "wed, "
     "thu, fri, sat, sun, as in mon-fri or sat,sun"},
    {ADDRESS "schedule = monday high",
     "t.conf:5: [address MS1.1] schedule: \"monday\" are not days: type mon, tue, wed, "
     "thu, fri, sat, sun, as in mon-fri or sat,sun"},
    {ADDRESS "schedule = mon, tue high",
     "t.conf:5: [address MS1.1] schedule: \"mon,\" are not days: type mon, tue, wed, "
     "thu, fri, sat, sun, as in mon-fri or sat,sun"},
    {ADDRESS "schedule = 08-25 high", "t.conf:5: [address MS1.1] schedule: \"08-25\" "
				      "are not hours: type them from 00 to "
				      "24, as in 08-18, 08:30-18:15 or 22-06"},
    {ADDRESS "schedule = mon 8am-6pm high",
     "t.conf:5: [address MS1.1] schedule: \"8am-6pm\" are not hours: type them from 00 "
     "to 24, as in 08-18, 08:30-18:15 or 22-06"},
    {ADDRESS "schedule = 08:60-18 high",
     "t.conf:5: [address MS1.1] schedule: \"08:60-18\" are not hours: type them from "
     "00 "
     "to 24, as in 08-18, 08:30-18:15 or 22-06"},
    {ADDRESS "schedule = 24-06 high", "t.conf:5: [address MS1.1] schedule: \"24-06\" "
				      "are not hours: type them from 00 to "
				      "24, as in 08-18, 08:30-18:15 or 22-06"},
    {ADDRESS "schedule = 08-08 high", "t.conf:5: [address MS1.1] schedule: \"08-08\" "
				      "end when they begin: type 00-24 for "
				      "the whole day"},
    {ADDRESS "schedule = "
	     "0-1,2-3,4-5,6-7,8-9,10-11,12-13,14-15,0-1,2-3,4-5,6-7,8-9,0-1,0-1,0-1,"
	     "0-1 high",
     "t.conf:5: [address MS1.1] schedule: "
     "\"0-1,2-3,4-5,6-7,8-9,10-11,12-13,14-15,0-1,2-3,4-5,6-7,8-9,0-1,0-1,0-1,0-1\" "
     "are "
     "more than 16 times in one line: type the rest in another"},
    {ADDRESS "schedule = " TEN_DAYS TEN_DAYS TEN_DAYS TEN_DAYS TEN_DAYS TEN_DAYS
	     "mon high",
     "t.conf:5: [address MS1.1] schedule: a word of 483 bytes is more than the 255 "
     "that "
     "can be: type it in several lines"},
    {ADDRESS "schedule = high 08-18",
     "t.conf:5: [address MS1.1] schedule: \"08-18\" cannot follow high: nothing does "
     "but no-substitute, as in mon-fri 08-18 all no-substitute"},
    {ADDRESS "schedule = closed no-substitute",
     "t.conf:5: [address MS1.1] schedule: a closed address stands in for no other one "
     "as it is: leave no-substitute out"},
    {ADDRESS "schedule =",
     "t.conf:5: [address MS1.1] schedule: has no value: type one, as in schedule = "
     "mon-fri 08-18 high, or leave the line out"},
};

#define RATES                                                                          \
	" is no rate: type 1kbit/s to 1000Gbit/s in bit/s, kbit/s, Mbit/s, Gbit/s, "   \
	"B/s, kB/s, MB/s, KiB/s or MiB/s, or 1% to 100% of speed, or unlimited, as "   \
	"in mon-fri 08-18 512kbit/s"
#define ZERO                                                                           \
	"a rate of 0 is refused, because it would stop all sending without a word: "   \
	"type unlimited, or closed in the schedule of the address"

static const struct bad rate_rows[] = {
    {"[site MS1]\nrate = 512", "t.conf:2: [site MS1] rate: \"512\"" RATES},
    {"[site MS1]\nrate = mon 512kbps", "t.conf:2: [site MS1] rate: \"512kbps\"" RATES},
    {"[site MS1]\nrate = 999bit/s", "t.conf:2: [site MS1] rate: \"999bit/s\"" RATES},
    {"[site MS1]\nrate = 1001Gbit/s",
     "t.conf:2: [site MS1] rate: \"1001Gbit/s\"" RATES},
    {"[site MS1]\nrate = 99999999999999999999Gbit/s",
     "t.conf:2: [site MS1] rate: \"99999999999999999999Gbit/s\"" RATES},
    {"[site MS1]\nrate = 101%", "t.conf:2: [site MS1] rate: \"101%\"" RATES},
    {"[site MS1]\nrate = -5%", "t.conf:2: [site MS1] rate: \"-5%\"" RATES},
    {"[site MS1]\nrate = 0", "t.conf:2: [site MS1] rate: " ZERO},
    {"[site MS1]\nrate = 0%", "t.conf:2: [site MS1] rate: " ZERO},
    {"[site MS1]\nrate = mon 0kbit/s", "t.conf:2: [site MS1] rate: " ZERO},
    {"[site MS1]\nrate = mon-fri",
     "t.conf:2: [site MS1] rate: says when, but not what: type a rate behind it, as in "
     "mon-fri 08-18 512kbit/s"},
    {"[site MS1]\nrate = 512kbit/s\nrate = mon 50%",
     "t.conf:3: [site MS1] rate: it is not said percent of what: add speed = 10Mbit/s "
     "to this section"},
    {"[site MS1]\nspeed = 0", "t.conf:2: [site MS1] speed: 0 is refused, because it "
			      "could mean none as well as no limit: type 1kbit/s to "
			      "1000Gbit/s, as in 10Mbit/s"},
    {"[sender]\nspeed = 4294967295Gbit/s",
     "t.conf:2: [sender] speed: \"4294967295Gbit/s\" will not do: type 1kbit/s to "
     "1000Gbit/s, as in 10Mbit/s"},
};

static void
schedules_that_cannot_be(void **state)
{
	(void)state;
	all_refused(schedules, COUNT(schedules));
}

static void
rates_that_cannot_be(void **state)
{
	(void)state;
	all_refused(rate_rows, COUNT(rate_rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_minute_of_random_weeks),
	    cmocka_unit_test(rates),
	    cmocka_unit_test(what_is_the_same_is_one_step),
	    cmocka_unit_test(schedules_that_cannot_be),
	    cmocka_unit_test(rates_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
