/* held.h - are the files of the state folder still those that this sender works on?
 *
 * A folder that is removed, or moved away, stays for whoever has its files open: the
 * sender would go on in a place that nobody else sees, and a second one could begin. */
#ifndef FRONT_HELD_H
#define FRONT_HELD_H

#include <sys/stat.h>

#include "base/attr.h"
#include "base/err.h"

struct held {
	char *state;
	struct stat lock, outbox;
};

/* What lies there now is what is held from here on: lock and outbox.  -1: ERR_LOCAL. */
int held_begin(struct held *h, const char *state, int lock, struct err *e) MUST_USE;

/* Two stat() calls.  -1: ERR_LOCAL, it is gone, or another file has its name.  What
 * cannot be looked at just now is taken for what it was. */
int held_check(const struct held *h, struct err *e) MUST_USE;

void held_done(struct held *h);

#endif
