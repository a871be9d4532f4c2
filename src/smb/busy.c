#include "smb/busy.h"

/* not netinet/tcp.h, whose tcp_info has no tcpi_rwnd_limited */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	LOOK_US = 10000, /* between looks: some forty files of Samba's; a choice */
	BUSY_LOOKS = 2,  /* in a row; a choice */
	FILES_LEAST =
	    16, /* that wait for the server: it has no rest between; a choice */
	SAMPLE_FILES = 64, /* done, for a rate; a choice */
	WORTH_LOG_ONS = 4, /* what is left must take as long; a choice */
	US_PER_S = 1000000,
};

bool
busy_due(const struct busy *b, int64_t now_us)
{
	return !b->enough && now_us - b->looked_at_us >= LOOK_US;
}

bool
busy_judge(struct busy *b, const struct busy_sample *now)
{
	const int64_t took_us = now->now_us - b->looked_at_us;
	const int64_t closed_us = now->closed_us - b->closed_us;

	b->looked_at_us = now->now_us;
	b->closed_us = now->closed_us;
	if (now->files < FILES_LEAST ||
	    (2 * now->line_bytes > now->asked_bytes && 2 * closed_us < took_us))
		b->looks = 0;
	else
		b->looks++;
	return b->looks >= BUSY_LOOKS;
}

bool
busy_look(struct busy *b, int fd, struct busy_sample *now)
{
	struct tcp_info t = {0};
	socklen_t len = sizeof(t);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &t, &len) < 0)
		return false; /* not TCP: a test's socket pair */
	now->line_bytes -= (int64_t)t.tcpi_bytes_acked;
	now->closed_us = (int64_t)t.tcpi_rwnd_limited;
	return busy_judge(b, now);
}

/* Another number of connections, or no small file yet: count from here. */
static void
count_anew(struct busy *b, const struct busy_load *now)
{
	b->connections = now->connections;
	b->from_us = now->now_us;
	b->from_done = now->done;
}

unsigned
busy_wants(struct busy *b, const struct busy_load *now)
{
	int64_t done, rate;

	done = now->done - b->from_done;
	if (now->connections != b->connections || (!now->is_busy && done == 0)) {
		count_anew(b, now);
		done = 0;
	}
	if (!now->is_busy || now->connections < b->wanted ||
	    done < (int64_t)SAMPLE_FILES * now->connections ||
	    now->now_us <= b->from_us)
		return b->wanted;
	rate = done * US_PER_S / (now->now_us - b->from_us);
	if (rate < 1)
		rate = 1;
	if (now->left * US_PER_S / rate < WORTH_LOG_ONS * now->connect_us)
		return b->wanted;
	b->enough = rate < b->rate + b->rate / 2;
	b->rate = rate;
	if (!b->enough)
		b->wanted = 2 * now->connections;
	return b->wanted;
}
