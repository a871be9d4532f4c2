/* lease.c - the verbs of a sending: claim, heartbeat, step, finish.  Each is one
 * transaction and at most one step of the state table; all but claim want the owner
 * that claim gave out, and change nothing for anybody else (I8). */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "outbox/outbox.h"
#include "outbox/request.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

enum { CLAIM_DIGITS = 8 }; /* hex, after "name#": 32 bits a claim; a choice */

/* I1: owner, lease and the instant of the claim come together. */
static int
claim(struct outbox *o, struct kept_request *k, const char *name, int64_t now_ms,
      int64_t lease_until_at_ms, struct err *e)
{
	char token[CLAIM_DIGITS + 1];

	if (request_next(k->r.state, EVENT_CLAIM) < 0 || k->ready_at_ms > now_ms ||
	    k->turn != TURN_HAS || k->r.expires_at_ms <= now_ms || k->package_freed)
		return 0;
	if (verb_step(k, EVENT_CLAIM, now_ms, e) < 0)
		return -1;
	digest_token(token, CLAIM_DIGITS);
	(void)snprintf(k->r.owner, sizeof(k->r.owner), "%.*s#%s", OUTBOX_NAME_ROOM - 1,
		       name, token);
	k->r.lease_until_at_ms = lease_until_at_ms;
	k->claimed_at_ms = now_ms;
	return verb_keep(o, k, e) < 0 ? -1 : 1;
}

int
outbox_claim(struct outbox *o, struct request_id id, const char *name, int64_t now_ms,
	     int64_t lease_ms, struct request *out, struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	int rc = 0;

	if (verb_check_name(name, e) < 0 || verb_begin(o, STORE_DURABLE, e) < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	if (rc > 0)
		rc = claim(o, k, name, now_ms, now_ms + lease_ms, e);
	rc = verb_end(o, rc, e);
	if (rc > 0)
		*out = k->r;
	return rc;
}

int
outbox_heartbeat(struct outbox *o, struct request_id id, const char *owner,
		 int64_t now_ms, int64_t lease_ms,
		 const struct request_progress *progress, enum outbox_order *order,
		 struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	enum outbox_order heard = OUTBOX_LOST;
	int rc = verb_begin(o, STORE_GROUPED, e);

	if (rc < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	if (rc > 0 && request_owned(k, owner)) {
		heard = k->r.order;
		k->r.lease_until_at_ms = now_ms + lease_ms;
		if (progress)
			k->r.progress = *progress;
		rc = verb_keep(o, k, e);
	}
	if (verb_end(o, rc, e) < 0)
		return -1;
	*order = heard;
	return 0;
}

static int
step_owned(struct outbox *o, struct kept_request *k, enum request_state to,
	   const char *staged_on, int64_t now_ms, struct err *e)
{
	enum request_event ev = to == REQUEST_SENDING ? EVENT_SENDING : EVENT_PUBLISH;

	if (verb_step(k, ev, now_ms, e) < 0)
		return -1;
	if (staged_on && !str_eq(staged_on, k->r.staged_on)) { /* I7 */
		k->r.progress = (struct request_progress){0};
		if (str_copy(k->r.staged_on, sizeof(k->r.staged_on), staged_on) < 0)
			return err_set(
			    e, ERR_LOCAL, 0,
			    "the staging place \"%.80s...\" is longer than %d bytes",
			    staged_on, PLACE_ROOM - 1);
	}
	return verb_keep(o, k, e);
}

int
outbox_step(struct outbox *o, struct request_id id, const char *owner,
	    enum request_state to, const char *staged_on, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	if (rc >= 0 && (rc == 0 || !request_owned(k, owner)))
		rc = err_set(e, ERR_STOP, 0,
			     "request %lld is no longer ours: its lease ran out",
			     (long long)id.n);
	else if (rc > 0)
		rc = step_owned(o, k, to, staged_on, now_ms, e);
	return verb_end(o, rc, e);
}

/* What the end of an attempt says of the site. */
static int
tell_site(struct outbox *o, const struct kept_request *k, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_site *site = mem_zero(1, sizeof(*site));
	bool sent = k->r.state == REQUEST_SENT;
	int rc = 0;

	if (!sent && (k->r.error_kind == ERR_NONE || k->r.error_kind == ERR_STOP))
		return 0;
	rc = o->store->verbs->get_site(o->store, 0, k->r.site, now_ms, site, e);
	if (rc <= 0)
		return rc;
	if (sent)
		site->last_sent_at_ms = now_ms;
	site->error_at_ms = sent ? 0 : now_ms;
	site->error_win32 = k->r.error_win32;
	str_copy_cut(site->error_text, sizeof(site->error_text), k->r.error_text);
	return o->store->verbs->put_site(o->store, site, e);
}

static int
finish(struct outbox *o, struct kept_request *k, int64_t now_ms,
       const struct outbox_end *end, struct err *e)
{
	if (verb_step(k, verb_end_event(end->to, k->r.order), now_ms, e) < 0)
		return -1;
	if (k->r.state ==
	    REQUEST_WAITING) { /* I4; once more, for when it may go (I3) */
		k->r.restart_at_ms = end->restart_at_ms;
		request_enter(k, REQUEST_WAITING, now_ms);
	}
	if (k->r.state == REQUEST_SUSPENDED)
		k->r.why = end->why;
	if (end->progress)
		k->r.progress = *end->progress;
	if (end->forget_progress) {
		k->r.progress = (struct request_progress){0};
		k->r.staged_on[0] = '\0';
	}
	/* The hold was taken back meanwhile: that it was held is true no longer. */
	verb_remember_error(&k->r,
			    end->to == REQUEST_HELD && k->r.state == REQUEST_PENDING
				? NULL
				: end->error);
	if (end->attempt && verb_add_attempt(o, k, end->attempt, e) < 0)
		return -1;
	return verb_keep(o, k, e) < 0 ? -1 : tell_site(o, k, now_ms, e);
}

int
outbox_finish(struct outbox *o, struct request_id id, const char *owner, int64_t now_ms,
	      const struct outbox_end *end, struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	bool lost = false;
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	lost = rc == 0 || (rc > 0 && !request_owned(k, owner)); /* I8 */
	if (rc > 0 && !lost)
		rc = finish(o, k, now_ms, end, e);
	if (verb_end(o, rc, e) < 0)
		return -1;
	return lost ? 1 : 0;
}
