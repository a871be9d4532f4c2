/* progress.h - how far it got, for people: a bar on a terminal, lines elsewhere. */
#ifndef FRONT_PROGRESS_H
#define FRONT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct progress {
	const struct clock *clock;
	const char *what; /* "filing", "sending": borrowed                        */
	int fd;           /* where to, or -1: nowhere                             */
	bool is_terminal;
	int64_t started_at_ms, shown_at_ms; /* mono */
	int64_t rate_at_ms, rate_bytes;     /* where the rate was last taken */
	int64_t bytes_per_s;
	bool is_shown; /* a bar stands on the line */
};

/* To stderr. */
void progress_init(struct progress *p, const char *what, const struct clock *clock);
/* total 0: unknown. */
void progress_show(struct progress *p, int64_t bytes, int64_t total);
/* Take the bar away: something else is to be printed. */
void progress_clear(struct progress *p);

/* The line itself, pure: "sending  42%  26.9 MiB of 64.0 MiB  12.3 MiB/s  3 s left". */
void progress_text(const struct progress *p, int64_t bytes, int64_t total, char *buf,
		   size_t room);

#endif
