/* watch.h - a thread that waits for others to change the outbox and pokes the pool's
 * mailbox: so the dispatcher waits in one place. */
#ifndef DISPATCH_WATCH_H
#define DISPATCH_WATCH_H

#include "base/attr.h"
#include "base/err.h"
#include "send/send.h"

struct watch;

int watch_start(const char *state_folder, struct pool *pool, struct watch **out,
		struct err *e) MUST_USE;
void watch_end(struct watch *w); /* joins; NULL is fine */

#endif
