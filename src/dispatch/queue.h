/* queue.h - send requests of one site in the order of the outbox, for the simulator: a
 * heap of plain values.  Pure. */
#ifndef DISPATCH_QUEUE_H
#define DISPATCH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_item {
	bool first; /* it was suspended: before all others */
	int64_t end_at_ms;
	int64_t bytes; /* 0: does not count */
	int64_t since_ms;
	size_t request; /* of whoever keeps them */
};

struct queue {
	struct queue_item *items;
	size_t count, room;
};

void queue_done(struct queue *q);
void queue_push(struct queue *q, const struct queue_item *item);
const struct queue_item *queue_top(const struct queue *q); /* NULL: empty */
void queue_pop(struct queue *q);                           /* not empty */

#endif
