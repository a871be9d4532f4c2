/* usage.c - bytes that went through the nodes of the rate plan, for budgets. */
#include <assert.h>

#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

static int
add_all(struct store *s, const struct outbox_usage *rows, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++)
		if (s->verbs->add_usage(s, &rows[i], e) < 0)
			return -1;
	return 0;
}

int
outbox_usage_add(struct outbox *o, const struct outbox_usage *rows, size_t count,
		 struct err *e)
{
	for (size_t i = 0; i < count; i++)
		assert(rows[i].node[0] != '\0' && rows[i].bytes >= 0);
	if (count == 0)
		return 0;
	if (verb_begin(o, STORE_GROUPED, e) < 0)
		return -1;
	return verb_end(o, add_all(o->store, rows, count, e), e);
}

int
outbox_usage_get(struct outbox *o, const char *node, int64_t from_at_ms, int64_t *bytes,
		 struct err *e)
{
	int64_t sum = 0;

	if (verb_begin(o, STORE_READ, e) < 0 ||
	    verb_end(o, o->store->verbs->get_usage(o->store, node, from_at_ms, &sum, e),
		     e) < 0)
		return -1;
	*bytes = sum;
	return 0;
}
