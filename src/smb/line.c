#include "smb/line.h"

/* not netinet/tcp.h, whose tcp_info has no tcpi_min_rtt */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	/* Between looks at least, and a round trip: what one moment lost is sent again
	 * within one; a choice */
	LOOK_US = 100000,
	LOSSY_LOOKS = 2, /* in a row before it counts; a choice */
	/* A slow start that overshoots loses an eighth of what it sends at once
	 * (measured, 100 Mbit/s and 80 ms); a line that loses packets loses fewer. */
	OVERSHOT_PERCENT = 5,
	OVERSHOT_LOOKS = 2,   /* it takes two round trips to send all that again */
	QUEUE_FREE_US = 5000, /* a round trip may vary by so much; a choice */
};

/* For a moment: whoever goes on losing so many has a bad line. */
static bool
is_slow_start(struct line *l, uint32_t lost, uint32_t sent)
{
	if (l->overshot >= OVERSHOT_LOOKS ||
	    (int64_t)lost * 100 <= (int64_t)sent * OVERSHOT_PERCENT)
		return false;
	l->overshot++;
	return true;
}

bool
line_judge(struct line *l, const struct line_sample *now)
{
	const uint32_t lost = now->retransmits - l->retransmits;
	const uint32_t sent = now->segments - l->segments;

	l->retransmits = now->retransmits;
	l->segments = now->segments;
	l->min_rtt_us = now->min_rtt_us;
	if (now->rtt_us > now->min_rtt_us + now->min_rtt_us / 2 + QUEUE_FREE_US ||
	    is_slow_start(l, lost, sent))
		l->lossy = 0; /* what is lost is lost for want of room */
	else if (lost > 0 &&
		 now->rtt_us <= now->min_rtt_us + now->min_rtt_us / 4 + QUEUE_FREE_US)
		return ++l->lossy >= LOSSY_LOOKS;
	return false;
}

bool
line_look(struct line *l, int fd, int64_t now_us)
{
	struct tcp_info t = {0};
	socklen_t len = sizeof(t);

	if (now_us - l->looked_at_us < LOOK_US ||
	    now_us - l->looked_at_us < l->min_rtt_us)
		return false;
	l->looked_at_us = now_us;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &t, &len) < 0)
		return false; /* not TCP: a test's socket pair */
	return line_judge(l, &(struct line_sample){.retransmits = t.tcpi_total_retrans,
						   .segments = t.tcpi_segs_out,
						   .rtt_us = t.tcpi_rtt,
						   .min_rtt_us = t.tcpi_min_rtt});
}

bool
line_take_bbr(struct line *l, int fd)
{
	static const char bbr[] = "bbr";

	l->asked = true;
	l->has_bbr =
	    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, bbr, sizeof(bbr) - 1) == 0;
	if (l->has_bbr)
		l->lossy = 0;
	return l->has_bbr;
}
