#include "smb/window.h"

#include "smb/pdu.h"

enum {
	EPOCH_US = 10000000, /* as BBR keeps its round trip; a choice */
	/* Before anything is measured.  TCP itself begins with less, and on 512 kbit/s
	 * it is 8 s already. */
	FIRST_WINDOW_BYTES = 512 * 1024,
	/* A second at 128 kbit/s; many are on their way at once. */
	FIRST_WRITE_BYTES = 16 * 1024,
	WRITE_LEAST_BYTES = 1024, /* the original's, Q136032 */
	WRITES_PER_SECOND = 4,
	/* What a loss holds up comes some round trips later, and bbr must not take a
	 * window that is too small for a full line (256 MiB over 100 Mbit/s, 80 ms,
	 * 0.5 % lost: 54 s by one round trip, 25 s by five). */
	ROUNDS_WHEN_LOSSY = 5,
	ROUNDS_WITHOUT_GROWTH = 3, /* BBR, "full pipe" */
	WRITES_AT_LEAST = 2,       /* one that the server works on, one on its way */
	/* What a server may take to answer without the line running dry, and the most
	 * bytes that is good for: on a LAN more only leaves the processor's cache
	 * (measured on loopback: 2 to 4 MiB are best). */
	SLACK_MS = 100,
	SLACK_MAX_BYTES = 4 * 1024 * 1024,
};

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
window_init(struct window *w, int64_t max_bytes, int64_t write_max_bytes)
{
	*w =
	    (struct window){.max_bytes = max_bytes, .write_max_bytes = write_max_bytes};
}

static int64_t
rate(const struct window *w)
{
	return larger(w->rate_bytes_per_s[0], w->rate_bytes_per_s[1]);
}

int64_t
window_rate(const struct window *w)
{
	return rate(w);
}

void
window_like(struct window *w, const struct window *other)
{
	w->rtt_us = other->rtt_us;
	w->rate_bytes_per_s[1] = rate(other);
	w->full = true;
}

void
window_set_rtt(struct window *w, int64_t rtt_us)
{
	w->rtt_us = rtt_us;
}

void
window_set_lossy(struct window *w)
{
	w->lossy = true;
}

int64_t
window_write_bytes(const struct window *w)
{
	int64_t per_write = rate(w) / WRITES_PER_SECOND;

	if (!rate(w))
		per_write = FIRST_WRITE_BYTES;
	if (per_write > PDU_CREDIT_BYTES)
		per_write -= per_write % PDU_CREDIT_BYTES; /* whole credits */
	return smaller(larger(per_write, WRITE_LEAST_BYTES), w->write_max_bytes);
}

int64_t
window_bytes(const struct window *w)
{
	int64_t one = window_write_bytes(w);
	/* 64 bits hold 9 GB/s for 1,000 s in bytes x microseconds */
	int64_t rtt_us = w->lossy ? ROUNDS_WHEN_LOSSY * w->rtt_us : w->rtt_us;
	int64_t bdp = rate(w) / 1000 * rtt_us / 1000;
	int64_t slack = smaller(rate(w) / 1000 * SLACK_MS, SLACK_MAX_BYTES);
	int64_t want = larger(w->full ? bdp + bdp / 4 : 3 * bdp, slack) + one;

	want = larger(want, w->full ? WRITES_AT_LEAST * one : FIRST_WINDOW_BYTES);
	return larger(one, smaller(want, w->max_bytes));
}

bool
window_open(const struct window *w)
{
	return w->in_flight_bytes == 0 ||
	       w->in_flight_bytes + window_write_bytes(w) <= window_bytes(w);
}

void
window_sent(struct window *w, int64_t bytes, int64_t now_us, struct window_mark *mark)
{
	if (w->in_flight_bytes == 0) /* idle time is not slowness */
		w->delivered_at_us = now_us;
	w->in_flight_bytes += bytes;
	*mark = (struct window_mark){.sent_at_us = now_us,
				     .delivered_bytes = w->delivered_bytes,
				     .delivered_at_us = w->delivered_at_us};
}

static void
turn_epoch(struct window *w, int64_t now_us)
{
	if (now_us - w->epoch_at_us < EPOCH_US)
		return;
	w->epoch_at_us = now_us;
	if (!w->rate_bytes_per_s[0])
		return; /* nothing was measured: what is known stays */
	w->rate_bytes_per_s[1] = w->rate_bytes_per_s[0];
	w->rate_bytes_per_s[0] = 0;
}

/* Once per round trip: has the rate grown by a quarter? */
static void
look_whether_full(struct window *w)
{
	if (w->full || w->delivered_bytes < w->round_bytes)
		return;
	w->round_bytes = w->delivered_bytes + w->in_flight_bytes;
	if (rate(w) >= w->full_rate + w->full_rate / 4) {
		w->full_rate = rate(w);
		w->full_rounds = 0;
		return;
	}
	if (++w->full_rounds >= ROUNDS_WITHOUT_GROWTH)
		w->full = true;
}

void
window_acked(struct window *w, int64_t bytes, int64_t now_us,
	     const struct window_mark *mark)
{
	window_dropped(w, bytes);
	w->delivered_bytes += bytes;
	w->delivered_at_us = now_us;
	turn_epoch(w, now_us);

	int64_t took_us = larger(now_us - mark->sent_at_us, 1);
	int64_t span_us = larger(now_us - mark->delivered_at_us, took_us);
	int64_t got = w->delivered_bytes - mark->delivered_bytes;

	/* What is acknowledged while one WRITE is on its way is about a window, so 64
	 * bits do; and the slowest line has a rate. */
	w->rate_bytes_per_s[0] =
	    larger(w->rate_bytes_per_s[0], larger(got * 1000000 / span_us, 1));
	look_whether_full(w);
}

void
window_dropped(struct window *w, int64_t bytes)
{
	w->in_flight_bytes -= bytes;
}
