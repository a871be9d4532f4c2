#include "smb/line.h"

/* not netinet/tcp.h, whose tcp_info has no tcpi_min_rtt */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	LOOK_US = 250000, /* between looks; a choice */
	/* In a row before it counts: one may be the end of a slow start. */
	LOSSY_LOOKS = 2,
	QUEUE_FREE_US = 5000, /* a round trip may vary by so much; a choice */
};

bool
line_judge(struct line *l, const struct line_sample *now)
{
	const bool lost = now->retransmits != l->retransmits;

	l->retransmits = now->retransmits;
	if (now->rtt_us > now->min_rtt_us + now->min_rtt_us / 2 + QUEUE_FREE_US)
		l->lossy = 0; /* what is lost is lost for want of room */
	if (!lost ||
	    now->rtt_us > now->min_rtt_us + now->min_rtt_us / 4 + QUEUE_FREE_US)
		return false;
	return ++l->lossy >= LOSSY_LOOKS;
}

bool
line_look(struct line *l, int fd, int64_t now_us)
{
	struct tcp_info t = {0};
	socklen_t len = sizeof(t);

	if (now_us - l->looked_at_us < LOOK_US)
		return false;
	l->looked_at_us = now_us;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &t, &len) < 0)
		return false; /* not TCP: a test's socket pair */
	return line_judge(l, &(struct line_sample){.retransmits = t.tcpi_total_retrans,
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
