/* override.c - what persons order for a while, over the configuration: drain, open,
 * limit.  The configuration's own words stay as they are, and count again after. */
#include <string.h>

#include "base/str.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

static int
check_override(const struct outbox_override *v, struct err *e)
{
	const bool wants_what = v->kind != OUTBOX_DRAIN;

	if (wants_what != (v->what[0] != '\0'))
		return err_set(e, ERR_INPUT, 0,
			       "an override needs to say of what it is");
	if (v->value < 0 || v->set_at_ms <= 0 || v->until_at_ms < 0 ||
	    (v->until_at_ms > 0 && v->until_at_ms <= v->set_at_ms))
		return err_set(e, ERR_INPUT, 0,
			       "an override must end after it began, and a rate must "
			       "not be below 0");
	return 0;
}

int
outbox_override_set(struct outbox *o, const struct outbox_override *v, struct err *e)
{
	if (check_override(v, e) < 0 || verb_begin(o, STORE_DURABLE, e) < 0)
		return -1;
	return verb_end(o, o->store->verbs->put_override(o->store, v, e), e);
}

int
outbox_override_clear(struct outbox *o, enum outbox_override_kind kind,
		      const char *what, struct err *e)
{
	if (verb_begin(o, STORE_DURABLE, e) < 0)
		return -1;
	return verb_end(o, o->store->verbs->drop_override(o->store, kind, what, e), e);
}

int
outbox_override_list(struct outbox *o, int64_t now_ms, struct outbox_override **out,
		     size_t *count, struct err *e)
{
	if (verb_begin(o, STORE_READ, e) < 0)
		return -1;
	return verb_end(
	    o, o->store->verbs->list_overrides(o->store, now_ms, out, count, e), e);
}
