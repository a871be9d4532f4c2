/* outlook.c - what the sender thinks of requests: for people who look. */
#include <assert.h>

#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

static int
put_all(struct store *s, const struct outbox_outlook *rows, size_t count,
	int64_t made_at_ms, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		assert(rows[i].made_at_ms == made_at_ms);
		if (s->verbs->put_outlook(s, &rows[i], e) < 0)
			return -1;
	}
	return s->verbs->drop_outlooks(s, made_at_ms, e);
}

int
outbox_outlook_set(struct outbox *o, const struct outbox_outlook *rows, size_t count,
		   int64_t made_at_ms, struct err *e)
{
	if (verb_begin(o, STORE_GROUPED, e) < 0)
		return -1;
	return verb_end(o, put_all(o->store, rows, count, made_at_ms, e), e);
}
