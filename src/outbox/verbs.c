/* verbs.c - what all verbs are made of. */
#include "outbox/verbs.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"

int
verb_end(struct outbox *o, int rc, struct err *e)
{
	if (rc < 0) {
		o->store->verbs->abort(o->store);
		return -1;
	}
	return o->store->verbs->commit(o->store, e) < 0 ? -1 : rc;
}

int
verb_begin(struct outbox *o, enum store_mode mode, struct err *e)
{
	return o->store->verbs->begin(o->store, mode, e);
}

int
verb_get(struct outbox *o, struct request_id id, struct kept_request *k, struct err *e)
{
	return o->store->verbs->get(o->store, id, k, e);
}

int
verb_keep(struct outbox *o, const struct kept_request *k, struct err *e)
{
	const char *wrong = request_wrong(k);
	int rc = 0;

	if (wrong)
		return err_set(e, ERR_LOCAL, 0,
			       "request %lld is not changed: %s (a fault of lansender)",
			       (long long)k->r.id.n, wrong);
	rc = o->store->verbs->put(o->store, k, e);
	if (rc == 0)
		return err_set(
		    e, ERR_LOCAL, 0,
		    "request %lld was changed from elsewhere meanwhile: try again",
		    (long long)k->r.id.n);
	return rc < 0 ? -1 : 0;
}

int
verb_step(struct kept_request *k, enum request_event ev, int64_t now_ms, struct err *e)
{
	int to = request_next(k->r.state, ev);

	if (to < 0)
		return err_set(
		    e, ERR_LOCAL, 0,
		    "request %lld is %s: \"%s\" is no step from there (a fault of "
		    "lansender)",
		    (long long)k->r.id.n, request_state_name(k->r.state),
		    request_event_name(ev));
	request_enter(k, (enum request_state)to, now_ms);
	return 0;
}

int
verb_check_name(const char *name, struct err *e)
{
	if (name[0] != '\0' && strlen(name) < OUTBOX_NAME_ROOM && !strchr(name, '#'))
		return 0;
	return err_set(e, ERR_LOCAL, 0,
		       "the sender's name \"%.60s\" must have 1 to %d bytes and no '#'",
		       name, OUTBOX_NAME_ROOM - 1);
}

enum request_event
verb_end_event(enum request_state to, enum outbox_order order)
{
	/* clang-format off */
	static const enum request_event events[REQUEST_STATES] = {
		/* the first four and no others are no ends: the table refuses them */
		[REQUEST_PENDING] = EVENT_GIVE_BACK, [REQUEST_CONNECTING] = EVENT_CLAIM,
		[REQUEST_SENDING] = EVENT_CLAIM,     [REQUEST_PUBLISHING] = EVENT_CLAIM,
		[REQUEST_SENT] = EVENT_SENT,         [REQUEST_WAITING] = EVENT_RETRY_AT,
		[REQUEST_SUSPENDED] = EVENT_SUSPEND, [REQUEST_HELD] = EVENT_OBEY_HOLD,
		[REQUEST_FAILED] = EVENT_FAIL,       [REQUEST_CANCELLED] = EVENT_OBEY_CANCEL,
	};
	/* clang-format on */

	if (order != OUTBOX_GO_ON && !request_state_final(to))
		return order == OUTBOX_ORDER_HOLD ? EVENT_OBEY_HOLD : EVENT_OBEY_CANCEL;
	/* The hold that its sending heard was taken back since. */
	if (to == REQUEST_HELD)
		return EVENT_GIVE_BACK;
	return events[to];
}

int
verb_add_attempt(struct outbox *o, struct kept_request *k,
		 const struct outbox_attempt *a, struct err *e)
{
	AUTO_FREE struct outbox_attempt *row = mem_alloc(sizeof(*row));

	*row = *a;
	row->request = k->r.id;
	row->number = ++k->r.attempts;
	return o->store->verbs->add_attempt(o->store, row, e);
}

void
verb_remember_error(struct request *r, const struct err *error)
{
	r->error_kind = error ? error->kind : ERR_NONE;
	r->error_win32 = error ? error->win32 : 0;
	str_copy_cut(r->error_text, sizeof(r->error_text), error ? error->text : "");
}
