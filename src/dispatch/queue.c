#include "dispatch/queue.h"

#include "base/mem.h"

void
queue_done(struct queue *q)
{
	mem_free(q->items);
}

static bool
is_before(const struct queue_item *a, const struct queue_item *b)
{
	if (a->first != b->first)
		return a->first;
	if (a->end_at_ms != b->end_at_ms)
		return a->end_at_ms < b->end_at_ms;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes;
	if (a->since_ms != b->since_ms)
		return a->since_ms < b->since_ms;
	return a->request < b->request;
}

void
queue_push(struct queue *q, const struct queue_item *item)
{
	size_t at = q->count;

	q->items = mem_grow(q->items, q->count, &q->room, sizeof(*q->items));
	q->count++;
	for (; at > 0 && is_before(item, &q->items[(at - 1) / 2]); at = (at - 1) / 2)
		q->items[at] = q->items[(at - 1) / 2];
	q->items[at] = *item;
}

const struct queue_item *
queue_top(const struct queue *q)
{
	return q->count ? &q->items[0] : NULL;
}

void
queue_pop(struct queue *q)
{
	const struct queue_item last = q->items[--q->count];
	size_t at = 0, below;

	while ((below = 2 * at + 1) < q->count) {
		if (below + 1 < q->count &&
		    is_before(&q->items[below + 1], &q->items[below]))
			below++;
		if (!is_before(&q->items[below], &last))
			break;
		q->items[at] = q->items[below];
		at = below;
	}
	if (q->count)
		q->items[at] = last;
}
