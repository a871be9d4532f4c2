/* settle.h - what follows from how an attempt ended: state, site hold, restart time,
 * and the lines of the sender log that say so.  The dispatcher's thread only. */
#ifndef DISPATCH_SETTLE_H
#define DISPATCH_SETTLE_H

#include "base/attr.h"
#include "dispatch/dispatch.h"
#include "outbox/outbox.h"
#include "send/send.h"

/* Write the end of the attempt to the outbox and the log.  *local: our own disk or
 * database was at fault, take no work for a while.  -1: ERR_LOCAL, the outbox cannot be
 * written. */
struct settle_by {
	struct outbox *outbox;
	const struct dispatch_options *options;
};
int settle(const struct settle_by *by, const struct pool_report *r, bool *local,
	   struct err *e) MUST_USE;

#endif
