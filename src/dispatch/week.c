#include "dispatch/week.h"

#define MIN_MS  INT64_C(60000)
#define DAY_MS  (MIN_MS * 60 * 24)
#define WEEK_MS (MIN_MS * CONFIG_WEEK_MIN)

/* 1970 began on a Thursday, three days after a Monday. */
#define MONDAY_MS (3 * DAY_MS)

/* How far into its week a local time is. */
static int64_t
in_week_ms(int64_t local_ms)
{
	const int64_t rest = (local_ms % WEEK_MS + MONDAY_MS) % WEEK_MS;

	return rest < 0 ? rest + WEEK_MS : rest;
}

/* The step that holds so far into the week. */
static int32_t
step_at(const struct config_week *w, int64_t week_ms)
{
	int32_t low = 0, high = w->step_count; /* steps[low] is not after it */

	while (high - low > 1) {
		const int32_t middle = low + (high - low) / 2;

		if (w->steps[middle].from_min * MIN_MS <= week_ms)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* How long from there until a step with another value, clocks running on. */
static int64_t
same_for_ms(const struct config_week *w, int32_t step, int64_t week_ms)
{
	const int64_t value = w->steps[step].value;
	int64_t turned_ms = 0;

	/* Neighbours differ, but Sunday's last and Monday's first may not. */
	do {
		if (++step == w->step_count) {
			step = 0;
			turned_ms = WEEK_MS;
		}
	} while (w->steps[step].value == value);
	return turned_ms + w->steps[step].from_min * MIN_MS - week_ms;
}

struct week_now
week_at(const struct config_week *w, const struct zone *z, int64_t at_ms)
{
	struct week_now now = {.value = w->always, .until_at_ms = INT64_MAX};
	int64_t from_ms = at_ms;

	if (w->step_count == 0)
		return now;
	/* From one change of the offset to the next, clocks run on. */
	for (;;) {
		const int64_t week_ms = in_week_ms(zone_local_ms(z, from_ms));
		const int32_t step = step_at(w, week_ms);
		const int64_t same_ms = same_for_ms(w, step, week_ms);
		const int64_t change_ms = zone_change_at_ms(z, from_ms);

		if (from_ms == at_ms)
			now.value = w->steps[step].value;
		else if (w->steps[step].value != now.value)
			break;
		if (from_ms + same_ms < change_ms) {
			from_ms += same_ms;
			break;
		}
		from_ms = change_ms;
	}
	now.until_at_ms = from_ms;
	return now;
}

struct slot_now
slot_at(const struct config_address *a, int64_t open_until_at_ms, int64_t at_ms)
{
	static const enum request_priority lowest[] = {
	    [CONFIG_SLOT_ALL] = REQUEST_LOW,
	    [CONFIG_SLOT_MEDIUM] = REQUEST_MEDIUM,
	    [CONFIG_SLOT_HIGH] = REQUEST_HIGH,
	    [CONFIG_SLOT_CLOSED] = 0,
	};
	struct week_now now;

	if (at_ms < open_until_at_ms)
		return (struct slot_now){.lowest = REQUEST_LOW,
					 .until_at_ms = open_until_at_ms};
	now = week_at(&a->schedule, a->zone, at_ms);
	return (struct slot_now){
	    .lowest = lowest[now.value & CONFIG_SLOT_LETS],
	    .no_substitute = (now.value & CONFIG_SLOT_NO_SUBSTITUTE) != 0,
	    .until_at_ms = now.until_at_ms,
	};
}

bool
slot_lets(const struct slot_now *s, enum request_priority p)
{
	return p <= s->lowest;
}

const char *
week_when(const struct zone *z, int64_t now_ms, int64_t at_ms, char *buf, size_t room)
{
	return at_ms - now_ms < 6 * DAY_MS ? zone_week_text(z, at_ms, buf, room)
					   : zone_date_text(z, at_ms, buf, room);
}
