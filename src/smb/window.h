/* window.h - how many bytes of WRITE may be on their way at once.
 *
 * Enough to keep the line full, and no more: bandwidth x round trip x 1.25, plus one
 * WRITE so that the server always has one to work on.  What is beyond that only lies in
 * queues, where a new rate limit or a stop reaches it late and other people's traffic
 * waits behind it.
 *
 * The bandwidth is measured from acknowledgements, as BBR does it: the highest delivery
 * rate of the last ten to twenty seconds.  The round trip is given: that of requests
 * made while nothing else was on the line.  Measured under load it would hold our own
 * queue, and the window would feed on itself.  A server that takes its time is covered
 * up to a tenth of a second.  Until the rate has stopped growing the window grows with
 * three times the rate.  Pure: time is an argument. */
#ifndef SMB_WINDOW_H
#define SMB_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct window {
	int64_t max_bytes;       /* never above                                      */
	int64_t write_max_bytes; /* of one WRITE                                     */

	int64_t in_flight_bytes;
	int64_t delivered_bytes; /* acknowledged since the beginning                 */
	int64_t delivered_at_us; /* when the last was; or when the first was sent    */

	int64_t rtt_us; /* of the idle line; 0: unknown */
	/* the best of this epoch and of the one before; 0: none yet */
	int64_t rate_bytes_per_s[2];
	int64_t epoch_at_us;

	bool lossy;           /* window_set_lossy() was called                        */
	bool full;            /* the rate has stopped growing: the line is full       */
	int64_t full_rate;    /* the rate when we last looked                         */
	unsigned full_rounds; /* rounds without growth                                */
	int64_t round_bytes;  /* the round ends when so much is delivered             */
};

/* Goes along with each WRITE. */
struct window_mark {
	int64_t sent_at_us;
	int64_t delivered_bytes; /* when it was sent */
	int64_t delivered_at_us;
};

void window_init(struct window *w, int64_t max_bytes, int64_t write_max_bytes);

/* The round trip, whenever somebody knows it better. */
void window_set_rtt(struct window *w, int64_t rtt_us);

/* Packets are lost again and again: what comes behind one waits until it has been sent
 * once more, and is acknowledged a round trip or two later. */
void window_set_lossy(struct window *w);

/* Begin with what another connection to the same server has found out. */
void window_like(struct window *w, const struct window *other);

/* Bytes per second, as measured of late; 0: nothing yet. */
int64_t window_rate(const struct window *w);

/* May another WRITE go? */
int64_t window_bytes(const struct window *w);
bool window_open(const struct window *w);

/* How long the next WRITE should be: a quarter of a second at the measured rate, so
 * that progress is seen and a stop is felt on a thin line. */
int64_t window_write_bytes(const struct window *w);

void window_sent(struct window *w, int64_t bytes, int64_t now_us,
		 struct window_mark *mark);
void window_acked(struct window *w, int64_t bytes, int64_t now_us,
		  const struct window_mark *mark);
/* It will not be acknowledged: the WRITE failed. */
void window_dropped(struct window *w, int64_t bytes);

#endif
