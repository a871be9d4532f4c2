/* orders.h - what persons ordered over the configuration, as the outbox has it: drain,
 * open, limit; and orders for what is being sent just now.  The dispatcher's thread
 * only. */
#ifndef DISPATCH_ORDERS_H
#define DISPATCH_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "dispatch/dispatch.h"
#include "dispatch/rate_plan.h"
#include "outbox/outbox.h"
#include "send/send.h"

struct orders;

struct orders *orders_new(struct outbox *o, struct pool *pool,
			  struct log *log) MUST_USE;
void orders_free(struct orders *s);

/* Look at the outbox: a drain suspends all that is being sent.  -1: nothing changed. */
int orders_read(struct orders *s, int64_t now_ms, struct err *e) MUST_USE;
/* Whoever is being sent hears what a person ordered of it, and its priority. */
int orders_pass_on(struct orders *s, struct err *e) MUST_USE;
/* Sendings to an address that is gone, or leads elsewhere now, end at their next block.
 */
void orders_leave_addresses(struct orders *s);

/* 0: not drained; else since when. */
int64_t orders_drained_since_ms(const struct orders *s);
/* Time alone changes something then: wall; INT64_MAX: never. */
int64_t orders_next_at_ms(const struct orders *s);
/* Overrides and opens for a plan; borrowed until the next orders_read(). */
void orders_add_facts(const struct orders *s, struct rate_facts *f);

#endif
