/* sendings.h - all that the pool has under way, however much that is.  The dispatcher's
 * thread only: nothing is started meanwhile. */
#ifndef DISPATCH_SENDINGS_H
#define DISPATCH_SENDINGS_H

#include <stddef.h>

#include "send/send.h"

/* As pool_list() has them; *out is the caller's (mem_free).  Returns how many. */
size_t sendings_list(struct pool *pool, struct pool_sending **out);

#endif
