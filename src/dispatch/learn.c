#include "dispatch/learn.h"

#include <math.h>

#include "base/str.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (HOUR_MS * OUTBOX_HOURS)

int
learn_hour(const struct config_address *address, int64_t at_ms)
{
	const int64_t in_day_ms = zone_local_ms(address->zone, at_ms) % DAY_MS;

	return (int)((in_day_ms + DAY_MS) % DAY_MS / HOUR_MS); /* before 1970, too */
}

static struct outbox_learnt
nothing_yet(const struct config_address *address, int64_t started_at_ms)
{
	struct outbox_learnt l = {.hour = learn_hour(address, started_at_ms)};

	str_copy_cut(l.address, sizeof(l.address), address->section);
	return l;
}

struct outbox_learnt
learn_failed(const struct config_address *address, int64_t started_at_ms)
{
	struct outbox_learnt l = nothing_yet(address, started_at_ms);

	l.failed = 1;
	return l;
}

struct outbox_learnt
learn_reached(const struct config_address *address, const struct outbox_attempt *a,
	      bool after_others, int64_t held_ms)
{
	struct outbox_learnt l = nothing_yet(address, a->started_at_ms);

	l.connects = 1;
	l.connect_ms = after_others ? LEARN_CONNECT_MS : a->connect_ms;
	if (held_ms > a->send_ms * LEARN_HELD_PERCENT / 100 ||
	    a->bytes_sent < LEARN_BYTES || a->send_ms < LEARN_SEND_MS ||
	    !str_eq(a->result, "sent"))
		return l;
	l.samples = 1;
	l.log_sum = log((double)a->bytes_sent * 1000 / (double)a->send_ms);
	l.log_squares = l.log_sum * l.log_sum;
	l.publish_ms = a->publish_ms;
	return l;
}
