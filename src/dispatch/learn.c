#include "dispatch/learn.h"

#include <math.h>

#include "base/str.h"

#define HOUR_MS INT64_C(3600000)

/* A sending with four fifths of its limit would have had more without; a choice. */
static const double near_limit = 0.8;

struct outbox_learnt
learn_from(const struct outbox_attempt *a, const struct config_address *address,
	   int64_t limit_bytes_per_s, bool connected)
{
	const int64_t day_ms =
	    zone_span_at(address->zone, ZONE_DAY, a->started_at_ms).from_at_ms;
	struct outbox_learnt l = {
	    .hour = (int)((a->started_at_ms - day_ms) / HOUR_MS % OUTBOX_HOURS),
	    .connects = connected,
	    .failed = !connected,
	    .connect_ms = connected ? a->connect_ms : 0,
	};
	double speed;

	str_copy_cut(l.address, sizeof(l.address), address->section);
	if (!connected || a->bytes_sent < LEARN_BYTES || a->send_ms < LEARN_SEND_MS ||
	    !str_eq(a->result, "sent"))
		return l;
	speed = (double)a->bytes_sent * 1000 / (double)a->send_ms;
	if (limit_bytes_per_s != CONFIG_RATE_UNLIMITED &&
	    speed > near_limit * (double)limit_bytes_per_s)
		return l;
	l.samples = 1;
	l.log_sum = log(speed);
	l.log_squares = l.log_sum * l.log_sum;
	l.publish_ms = a->publish_ms;
	return l;
}
