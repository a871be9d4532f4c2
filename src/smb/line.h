/* line.h - what TCP knows of the line: does it lose packets although it is not full?
 * ROOM: put.c, bundle.c.
 *
 * Most algorithms take every loss for a full line and slow down.  On one that loses a
 * packet in two hundred for other reasons, and 80 ms far, cubic gets 0.3 MB/s whatever
 * the line has, and bbr nearly all of it; on a line that loses nothing, cubic is a
 * little faster (24.1 s against 24.8 s for 256 MiB; both measured).  So a connection
 * begins with the host's own algorithm and takes bbr when such losses show. */
#ifndef SMB_LINE_H
#define SMB_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing was seen yet. */
struct line {
	int64_t looked_at_us;
	uint32_t retransmits, segments; /* at the last look */
	unsigned lossy;                 /* looks in a row */
	unsigned overshot;              /* looks that saw the end of a slow start */
	int64_t min_rtt_us;             /* at the last look */
	bool asked;                     /* for bbr; once */
	bool has_bbr;
};

struct line_sample {          /* TCP_INFO */
	uint32_t retransmits; /* of segments, in all */
	uint32_t segments;    /* sent, in all        */
	uint32_t rtt_us, min_rtt_us;
};

/* One look.  true: segments were lost again and again although the line's queue was
 * empty, and the last of them just now.  Pure. */
bool line_judge(struct line *l, const struct line_sample *now);

/* Look, when it is time.  true: it was, and line_judge() says so. */
bool line_look(struct line *l, int fd, int64_t now_us);

/* Take bbr, or stay with it.  false: the host does not allow it. */
bool line_take_bbr(struct line *l, int fd);

#endif
