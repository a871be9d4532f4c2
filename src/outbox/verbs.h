/* verbs.h - what the verbs are made of: one verb, one transaction.  A room. */
#ifndef OUTBOX_VERBS_H
#define OUTBOX_VERBS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "outbox/request.h"
#include "outbox/store.h"

struct outbox {
	struct store *store;
};

int verb_begin(struct outbox *o, enum store_mode mode, struct err *e) MUST_USE;

/* End the transaction by what the verb came to: rc < 0 undoes it.  Returns rc, or -1
 * when the commit failed. */
int verb_end(struct outbox *o, int rc, struct err *e) MUST_USE;

int verb_get(struct outbox *o, struct request_id id, struct kept_request *k,
	     struct err *e) MUST_USE; /* 1/0/-1 */

/* Write a changed request back.  What we would set aside is never written. */
int verb_keep(struct outbox *o, const struct kept_request *k, struct err *e) MUST_USE;

/* One step of the table.  -1: the table has no such step. */
int verb_step(struct kept_request *k, enum request_event ev, int64_t now_ms,
	      struct err *e) MUST_USE;

/* How an attempt ends that wants to end in `to`: what a person ordered wins over all
 * that would let the request go on later. */
enum request_event verb_end_event(enum request_state to, enum outbox_order order);

/* One more in the history: request and number are filled in. */
int verb_add_attempt(struct outbox *o, struct kept_request *k,
		     const struct outbox_attempt *a, struct err *e) MUST_USE;

/* The last error of a request; NULL: none. */
void verb_remember_error(struct request *r, const struct err *error);

/* Can this be the name of a sender?  -1 ERR_LOCAL. */
int verb_check_name(const char *name, struct err *e) MUST_USE;

#endif
