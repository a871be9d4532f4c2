/* busy.h - is it the server that small files wait for, and do more connections help?
 * ROOM: put.c.
 *
 * A small file costs a server some hundreds of microseconds whatever the line does, and
 * one with a process for each connection (Samba) takes them one after the other.  On a
 * line that is near, that is the limit, and several connections get several processes.
 * Where the line is the limit they would only share it, so none is opened there.
 *
 * TCP tells the two apart.  What the server's kernel has acknowledged and the server
 * has not answered, it has; and for what waits at a closed receive window it has no
 * time.  Whether more connections help, only trying tells: their number is doubled as
 * long as that brings half as many files again per second, and as what is left takes
 * much longer than a log-on. */
#ifndef SMB_BUSY_H
#define SMB_BUSY_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing was seen yet. */
struct busy {
	int64_t looked_at_us;
	int64_t closed_us; /* at the last look */
	unsigned looks;    /* in a row that found it busy */
	/* since the number of connections last changed, and small files come */
	unsigned connections;
	int64_t from_us, from_done;
	int64_t rate;    /* files per second before that */
	unsigned wanted; /* as last said */
	bool enough;
};

struct busy_sample { /* of one connection */
	int64_t now_us;
	unsigned files;      /* small ones that are not answered */
	int64_t asked_bytes; /* theirs, and what else is not answered */
	int64_t line_bytes;  /* what the server's TCP has not acknowledged */
	int64_t closed_us;   /* how long its receive window was closed, in all */
};

/* Is it time to look? */
bool busy_due(const struct busy *b, int64_t now_us);

/* One look.  true: it waits for the server, and did when we last looked.  Pure. */
bool busy_judge(struct busy *b, const struct busy_sample *now);

/* Fill in what TCP knows, then judge.  line_bytes comes as all bytes that were ever
 * given to the socket or wait for it. */
bool busy_look(struct busy *b, int fd, struct busy_sample *now);

struct busy_load {
	bool is_busy; /* the verdict */
	int64_t now_us;
	int64_t done, left; /* files */
	unsigned connections;
	int64_t connect_us; /* what a log-on takes */
};

/* How many connections should there be?  Pure. */
unsigned busy_wants(struct busy *b, const struct busy_load *now);

#endif
