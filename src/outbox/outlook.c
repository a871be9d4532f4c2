/* outlook.c - what the sender thinks of requests: for people who look. */
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

static int
put_all(struct store *s, const struct outbox_outlook *rows, size_t count, struct err *e)
{
	if (s->verbs->drop_outlooks(s, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (s->verbs->put_outlook(s, &rows[i], e) < 0)
			return -1;
	return 0;
}

int
outbox_outlook_set(struct outbox *o, const struct outbox_outlook *rows, size_t count,
		   struct err *e)
{
	if (verb_begin(o, STORE_GROUPED, e) < 0)
		return -1;
	return verb_end(o, put_all(o->store, rows, count, e), e);
}
