/* idle.h - good connections without work, for the next request to the same address.
 * Any thread; has its own lock, under which nothing waits. */
#ifndef SEND_IDLE_H
#define SEND_IDLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "config/config.h"
#include "transport/transport.h"

struct idle;

/* stop, once thrown, cuts every farewell short; NULL: none. */
struct idle *idle_new(size_t max_count, const struct stop *stop) MUST_USE;
void idle_free(struct idle *list); /* closes all; NULL is fine */

/* One to that address, the youngest; NULL: there is none. */
struct transport *idle_take(struct idle *list, const struct config_address *to);
/* Keep it (takes t).  With max_count there already, the oldest is closed. */
void idle_give(struct idle *list, const struct config_address *to, struct transport *t,
	       int64_t now_ms);
/* Close what was given before `before_ms`.  Returns when the oldest left was given;
 * INT64_MAX: none is left. */
int64_t idle_close(struct idle *list, int64_t before_ms);

#endif
