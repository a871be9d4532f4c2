/* refused.h - a name or path that a server does not take, although it says something
 * else.  One thread; the transport's. */
#ifndef SEND_REFUSED_H
#define SEND_REFUSED_H

#include "base/err.h"
#include "send/run.h"

/* `remote` could not be made; *e is what the server said.  When that was "not found",
 * find out whether the name is refused, or the path too long: *e is ERR_REQUEST then,
 * with a sentence. */
void refused_blame(const struct run *r, const char *remote, struct err *e);

#endif
