/* recover.c - what time alone brings about: leases and lifetimes that end, packages
 * that nobody needs any more.  These walk, one transaction a portion, and begin with a
 * look that costs next to nothing. */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "outbox/outbox.h"
#include "outbox/request.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

enum {
	PORTION = 64,               /* requests a transaction: 200 KiB; a choice */
	ERROR_TIMEOUT_WIN32 = 1460, /* MS-ERREF 2.2 ERROR_TIMEOUT */
	ERROR_NETNAME_DELETED_WIN32 = 64, /* MS-ERREF 2.2: the connection was lost */
};
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* --- recovery --- */

struct recovery {
	struct outbox *o;
	const char *name; /* NULL: none */
	int64_t now_ms;
	void (*each)(void *self, const struct request *r, bool expired_lifetime);
	void *self;
};

/* Its sender is gone without a word.  The history has this attempt too. */
static int
lease_over(const struct recovery *v, struct kept_request *k, struct err *e)
{
	AUTO_FREE struct outbox_attempt *a = mem_zero(1, sizeof(*a));
	struct err why = {0};

	(void)err_set(&why, ERR_ATTEMPT, ERROR_NETNAME_DELETED_WIN32,
		      "Heartbeat is expired: the sender %s ended or stood still in the "
		      "middle; the next attempt resumes",
		      k->r.owner);
	a->started_at_ms = k->claimed_at_ms;
	a->ended_at_ms = v->now_ms;
	a->error_kind = why.kind;
	a->error_win32 = why.win32;
	str_copy_cut(a->result, sizeof(a->result), "lost");
	str_copy_cut(a->server, sizeof(a->server), k->r.staged_on);
	str_copy_cut(a->error_text, sizeof(a->error_text), why.text);
	verb_remember_error(&k->r, &why);
	if (verb_step(k,
		      k->r.order == OUTBOX_GO_ON
			  ? EVENT_LEASE_OVER
			  : verb_end_event(REQUEST_PENDING, k->r.order),
		      v->now_ms, e) < 0)
		return -1;
	return verb_add_attempt(v->o, k, a, e) < 0 ? -1 : verb_keep(v->o, k, e);
}

static void
lifetime_text(int64_t ms, struct str *out)
{
	char buf[64];

	if (ms >= DAY_MS && ms % DAY_MS == 0)
		str_addf(out, "%lld day%s", (long long)(ms / DAY_MS),
			 ms == DAY_MS ? "" : "s");
	else
		str_add(out, num_duration_text(ms, buf, sizeof(buf)));
}

/* Which of the two ended it, and how long it had had. */
static void
add_why_expired(const struct kept_request *k, struct str *out)
{
	const struct request *r = &k->r;
	bool put_off = r->not_before_at_ms > k->renewed_at_ms;

	if (r->deadline_at_ms > 0 && r->expires_at_ms >= r->deadline_at_ms) {
		str_add(out, "not sent by its deadline, ");
		lifetime_text(r->expires_at_ms - k->renewed_at_ms, out);
		str_add(out, " after being filed or retried");
		return;
	}
	str_add(out, "not sent within ");
	lifetime_text(
	    r->expires_at_ms - (put_off ? r->not_before_at_ms : k->renewed_at_ms), out);
	str_add(out, put_off ? " of the time it was put off to"
			     : " of being filed or retried");
}

static int
expire(const struct recovery *v, struct kept_request *k, struct err *e)
{
	AUTO_STR struct str said = {0};
	struct err why = {0};
	const char *last = k->r.error_text[0] ? k->r.error_text : "none";

	add_why_expired(k, &said);
	(void)err_set(&why, ERR_REQUEST, ERROR_TIMEOUT_WIN32, "%s; last error: %.800s",
		      str_text(&said), last);
	verb_remember_error(&k->r, &why);
	return verb_step(k, EVENT_EXPIRE, v->now_ms, e) < 0 ? -1
							    : verb_keep(v->o, k, e);
}

static int
recover_rows(const struct recovery *v, enum store_choice choice,
	     struct kept_request *rows, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		int rc = choice == CHOOSE_EXPIRED ? expire(v, &rows[i], e)
						  : lease_over(v, &rows[i], e);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Leave those that are this name's. */
static size_t
only_claimed_by(const char *name, struct kept_request *rows, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (request_claimed_by(&rows[i], name))
			rows[n++] = rows[i];
	}
	return n;
}

/* One transaction; afterwards each() hears of it.  Returns how many rows were looked
 * at, or -1. */
static int
recover_portion(const struct recovery *v, struct store_filter *f,
		struct kept_request *rows, struct err *e)
{
	size_t count = 0;
	size_t mine = 0;
	int rc = verb_begin(v->o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = v->o->store->verbs->list(v->o->store, f, rows, PORTION, &count, e);
	mine = count;
	if (rc == 0 && count > 0) {
		f->after_id = rows[count - 1].r.id.n;
		if (f->choice == CHOOSE_CLAIMED)
			mine = only_claimed_by(v->name, rows, count);
		rc = recover_rows(v, f->choice, rows, mine, e);
	}
	if (verb_end(v->o, rc, e) < 0)
		return -1;
	for (size_t i = 0; v->each && i < mine; i++)
		v->each(v->self, &rows[i].r, f->choice == CHOOSE_EXPIRED);
	return (int)count;
}

static int
recover_all(const struct recovery *v, enum store_choice choice, struct err *e)
{
	AUTO_FREE struct kept_request *rows = mem_zero(PORTION, sizeof(*rows));
	struct store_filter f = {.choice = choice, .at_ms = v->now_ms};
	int count = 0;

	do
		count = recover_portion(v, &f, rows, e);
	while (count == PORTION);
	return count < 0 ? -1 : 0;
}

/* What is due, as bits 1 << choice; TIDY besides. */
enum { TIDY = 1 << 16 };

static int
find_due(const struct recovery *v, unsigned *due, struct err *e)
{
	AUTO_FREE struct kept_request *row = mem_zero(1, sizeof(*row));
	static const enum store_choice choices[] = {CHOOSE_LEASE_OVER, CHOOSE_EXPIRED};
	struct store *store = v->o->store;
	bool untidy = false;
	size_t count = 0;

	*due = v->name ? 1U << CHOOSE_CLAIMED : 0;
	if (store->verbs->tidy(store, v->now_ms, &untidy, e) < 0)
		return -1;
	if (untidy)
		*due |= TIDY;
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct store_filter f = {.choice = choices[i], .at_ms = v->now_ms};

		if (store->verbs->list(store, &f, row, 1, &count, e) < 0)
			return -1;
		if (count > 0)
			*due |= 1U << choices[i];
	}
	return 0;
}

static int
tidy(struct outbox *o, int64_t now_ms, struct err *e)
{
	bool done = false;

	if (verb_begin(o, STORE_GROUPED, e) < 0)
		return -1;
	return verb_end(o, o->store->verbs->tidy(o->store, now_ms, &done, e), e);
}

int
outbox_recover(struct outbox *o, const char *name, int64_t now_ms,
	       void (*each)(void *self, const struct request *r, bool expired_lifetime),
	       void *self, struct err *e)
{
	const struct recovery v = {
	    .o = o, .name = name, .now_ms = now_ms, .each = each, .self = self};
	unsigned due = 0;

	if ((name && verb_check_name(name, e) < 0) ||
	    verb_begin(o, STORE_READ, e) < 0 ||
	    verb_end(o, find_due(&v, &due, e), e) < 0)
		return -1;
	if (due & 1U << CHOOSE_CLAIMED && recover_all(&v, CHOOSE_CLAIMED, e) < 0)
		return -1;
	if (due & 1U << CHOOSE_LEASE_OVER && recover_all(&v, CHOOSE_LEASE_OVER, e) < 0)
		return -1;
	/* What just came back may be over its lifetime too: next turn. */
	if (due & 1U << CHOOSE_EXPIRED && recover_all(&v, CHOOSE_EXPIRED, e) < 0)
		return -1;
	return due & TIDY ? tidy(o, now_ms, e) : 0;
}

/* --- packages --- */

/* Mark first, free then, mark again: between the two nobody can retry a request whose
 * bytes are going, and after a crash the same package comes again.  1: *id is marked.
 */
static int
mark_next(struct outbox *o, int64_t *key, int64_t failed_before_at_ms, char id[33],
	  struct err *e)
{
	struct store *store = o->store;
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = store->verbs->idle_package(store, key, failed_before_at_ms, id, e);
	if (rc > 0 &&
	    store->verbs->set_package_stage(store, id, PACKAGE_FREEING, e) < 0)
		rc = -1;
	return verb_end(o, rc, e);
}

static int
any_idle(struct outbox *o, int64_t failed_before_at_ms, struct err *e)
{
	char id[33];
	int64_t key = 0;
	int rc = verb_begin(o, STORE_READ, e);

	if (rc < 0)
		return -1;
	rc = o->store->verbs->idle_package(o->store, &key, failed_before_at_ms, id, e);
	return verb_end(o, rc, e);
}

int
outbox_free_packages(struct outbox *o, int64_t failed_before_at_ms,
		     int (*each)(void *self, const char *package_id), void *self,
		     struct err *e)
{
	char id[33] = "";
	int64_t key = 0;
	int rc = any_idle(o, failed_before_at_ms, e);

	if (rc <= 0)
		return rc;
	while ((rc = mark_next(o, &key, failed_before_at_ms, id, e)) > 0) {
		if ((rc = each(self, id)) != 0)
			return rc;
		if (verb_begin(o, STORE_DURABLE, e) < 0)
			return -1;
		rc = o->store->verbs->set_package_stage(o->store, id, PACKAGE_FREED, e);
		if (verb_end(o, rc, e) < 0)
			return -1;
	}
	return rc;
}
