/* idle.h - good connections without work, for the next request to the same address.
 * Any thread; has its own lock, under which nothing waits; what is
 * closed is closed by a thread of its own. */
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
/* Keep it (takes t).  With max_count there already, the oldest is closed.  `era`: that
 * in which `to` was found; a connection of an earlier one is closed, not kept. */
void idle_give(struct idle *list, const struct config_address *to, struct transport *t,
	       int64_t now_ms, int64_t era);
/* Addresses are other ones from now on: a new era.  Closes all; returns its number (the
 * first is 0). */
int64_t idle_renew(struct idle *list, size_t max_count);
/* Close what was given before `before_ms`, soon: nobody waits for the farewells.
 * Returns when the oldest left was given; INT64_MAX: none is left. */
int64_t idle_close(struct idle *list, int64_t before_ms);

#endif
