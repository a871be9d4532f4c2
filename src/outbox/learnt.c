/* learnt.c - what was learnt of addresses, for the forecast. */
#include <assert.h>

#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

int
outbox_learn(struct outbox *o, const struct outbox_learnt *rows, size_t count,
	     struct err *e)
{
	int rc = 0;

	if (count == 0)
		return 0;
	if (verb_begin(o, STORE_GROUPED, e) < 0)
		return -1;
	for (size_t i = 0; i < count && rc == 0; i++) {
		assert(rows[i].address[0] != '\0' && rows[i].hour >= 0 &&
		       rows[i].hour < OUTBOX_HOURS);
		rc = o->store->verbs->add_learnt(o->store, &rows[i], e);
	}
	return verb_end(o, rc, e);
}

int
outbox_learnt_list(struct outbox *o, struct outbox_learnt **out, size_t *count,
		   struct err *e)
{
	if (verb_begin(o, STORE_READ, e) < 0)
		return -1;
	return verb_end(o, o->store->verbs->list_learnt(o->store, out, count, e), e);
}
