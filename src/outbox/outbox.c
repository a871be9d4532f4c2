/* outbox.c - opening, filing, what persons do, and what is kept of a site.  Each verb
 * is one transaction and at most one step of the state table (request.c).  The sender's
 * verbs are in lease.c, recovery and freeing in recover.c, looking in look.c. */
#include "outbox/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "outbox/request.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

enum { PORTION = 64 }; /* requests read at a time: 200 KiB; a choice */

static int
open_store(const char *folder, bool readonly, struct outbox **out, struct err *e)
{
	struct store *store = NULL;

	if (store_sqlite_open(folder, readonly, &store, e) < 0)
		return -1;
	*out = mem_zero(1, sizeof(**out));
	(*out)->store = store;
	return 0;
}

int
outbox_open(const char *folder, struct outbox **out, struct err *e)
{
	return open_store(folder, false, out, e);
}

int
outbox_open_readonly(const char *folder, struct outbox **out, struct err *e)
{
	return open_store(folder, true, out, e);
}

bool
outbox_is_blank(const char *folder)
{
	return store_sqlite_is_blank(folder);
}

void
outbox_close(struct outbox *o)
{
	if (!o)
		return;
	o->store->verbs->close(o->store);
	mem_free(o);
}

void
outbox_set_patience(struct outbox *o, int64_t wait_ms)
{
	o->store->verbs->set_patience(o->store, wait_ms);
}

/* --- filing --- */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
check_sites(const struct outbox_new *n, struct err *e)
{
	AUTO_FREE const char **sorted =
	    mem_alloc((n->site_count + 1) * sizeof(*sorted));

	for (size_t i = 0; i < n->site_count; i++) {
		const char *site = n->sites[i];

		if (site[0] == '\0' || strlen(site) >= SITE_CODE_ROOM)
			return err_set(
			    e, ERR_INPUT, 0,
			    "site code \"%.40s\": it must have 1 to %d bytes", site,
			    SITE_CODE_ROOM - 1);
		sorted[i] = site;
	}
	qsort(sorted, n->site_count, sizeof(*sorted), compare_texts);
	for (size_t i = 1; i < n->site_count; i++) {
		if (str_eq(sorted[i - 1], sorted[i]))
			return err_set(
			    e, ERR_INPUT, 0,
			    "site %s stands twice in one filing: name it once",
			    sorted[i]);
	}
	return 0;
}

static int
check_package(const struct outbox_package *p, struct err *e)
{
	if (p->id[0] == '\0' || p->name[0] == '\0')
		return err_set(e, ERR_INPUT, 0, "a package needs an id and a name");
	if (p->file_count < 0 || p->folder_count < 0 || p->total_bytes < 0)
		return err_set(e, ERR_INPUT, 0, "package %s has a negative size",
			       p->name);
	return 0;
}

static int
check_new(const struct outbox_new *n, struct err *e)
{
	if (n->site_count == 0)
		return err_set(e, ERR_INPUT, 0, "a request needs a site to go to");
	if (n->priority < REQUEST_HIGH || n->priority > REQUEST_LOW)
		return err_set(e, ERR_INPUT, 0, "priority %d: high, medium or low",
			       (int)n->priority);
	if (n->now_ms <= 0 || n->lifetime_ms <= 0 || n->not_before_at_ms < 0 ||
	    n->deadline_at_ms < 0 || n->lifetime_ms > INT64_MAX - n->now_ms)
		return err_set(
		    e, ERR_INPUT, 0,
		    "a lifetime must be above 0, times must not be before 1970");
	if (n->key && n->key[0] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "the key of a filing must not be empty");
	if (n->key && strlen(n->key) > OUTBOX_KEY_MAX_BYTES)
		return err_set(e, ERR_INPUT, 0,
			       "the key of a filing has %zu bytes, more than the %d "
			       "that it may have",
			       strlen(n->key), OUTBOX_KEY_MAX_BYTES);
	return check_package(n->package, e) < 0 ? -1 : check_sites(n, e);
}

int
outbox_add(struct outbox *o, const struct outbox_new *n, struct request_id *ids,
	   struct err *e)
{
	AUTO_FREE struct request_id *given = NULL;
	int rc = 0;

	if (check_new(n, e) < 0)
		return -1;
	given = mem_zero(n->site_count, sizeof(*given));
	if (verb_begin(o, STORE_DURABLE, e) < 0)
		return -1;
	rc = o->store->verbs->file(o->store, n, given, e);
	rc = verb_end(o, rc, e);
	if (rc >= 0)
		memcpy(ids, given, n->site_count * sizeof(*ids));
	return rc;
}

/* --- what persons do --- */

/* 0, or -1 ERR_INPUT: nothing was ever filed to it. */
static int
known_site(struct outbox *o, const char *code, struct outbox_site *site, struct err *e)
{
	int rc = o->store->verbs->get_site(o->store, 0, code, 0, site, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, 0, "no request was ever filed to site %s",
			       code);
	return rc < 0 ? -1 : 0;
}

static int
keep_hold(struct outbox *o, const char *site, int64_t until_at_ms, const char *reason,
	  struct err *e)
{
	AUTO_FREE struct outbox_site *row = mem_zero(1, sizeof(*row));

	if (known_site(o, site, row, e) < 0)
		return -1;
	row->hold_until_at_ms = until_at_ms;
	str_copy_cut(row->hold_reason, sizeof(row->hold_reason), reason ? reason : "");
	return o->store->verbs->put_site(o->store, row, e);
}

static const struct outbox_address all_work = {0};

struct command_words {
	enum request_event event;
	const char *done; /* "held" */
};

static const struct command_words commands[] = {
    [OUTBOX_HOLD] = {EVENT_HOLD, "held"},
    [OUTBOX_RELEASE] = {EVENT_RELEASE, "released"},
    [OUTBOX_CANCEL] = {EVENT_CANCEL, "cancelled"},
    [OUTBOX_RETRY] = {EVENT_RETRY, "retried"},
};

static int
refuse(const struct kept_request *k, enum outbox_command c, const char *why,
       struct err *e)
{
	return err_set(e, ERR_INPUT, 0, "request %lld cannot be %s: it is %s%s%s",
		       (long long)k->r.id.n, commands[c].done,
		       request_state_name(k->r.state), why ? ", " : "", why ? why : "");
}

/* It is active: what a person wants stays beside it until its sending hears it. */
static int
give_order(struct kept_request *k, enum outbox_command c, struct err *e)
{
	if (c == OUTBOX_RELEASE) {
		if (k->r.order != OUTBOX_ORDER_HOLD)
			return refuse(k, c, "and nobody holds it", e);
		k->r.order = OUTBOX_GO_ON;
		return 0;
	}
	if (c == OUTBOX_HOLD && k->r.order == OUTBOX_ORDER_CANCEL)
		return refuse(k, c, "and being cancelled", e);
	k->r.order = c == OUTBOX_HOLD ? OUTBOX_ORDER_HOLD : OUTBOX_ORDER_CANCEL;
	return 0;
}

/* A new life for a retry; never one behind its deadline. */
static int
renew(struct kept_request *k, int64_t now_ms, int64_t lifetime_ms, struct err *e)
{
	const struct request_life life = {now_ms, k->r.not_before_at_ms,
					  k->r.deadline_at_ms, lifetime_ms};

	if (k->package_freed)
		return refuse(k, OUTBOX_RETRY,
			      "and its package was freed since: file it anew", e);
	if (k->r.deadline_at_ms > 0 && k->r.deadline_at_ms <= now_ms)
		return refuse(k, OUTBOX_RETRY, "and its deadline is over: file it anew",
			      e);
	k->renewed_at_ms = now_ms;
	k->r.expires_at_ms = request_expires_at_ms(&life);
	return 0;
}

/* Who comes back into line must not publish an older version over a newer one. */
static int
keep_order(struct outbox *o, const struct kept_request *k, enum outbox_command c,
	   struct err *e)
{
	struct request_id by;
	char why[160];
	int rc = o->store->verbs->overtaken(o->store, k->r.id, &by, e);

	if (rc <= 0)
		return rc;
	(void)snprintf(why, sizeof(why),
		       "and request %lld, filed later under the same name, is on its "
		       "way or sent: cancel this one, or file it anew",
		       (long long)by.n);
	return refuse(k, c, why, e);
}

static int
command(struct outbox *o, struct kept_request *k, enum outbox_command c, int64_t now_ms,
	int64_t lifetime_ms, struct err *e)
{
	int to = request_next(k->r.state, commands[c].event);

	if (to == NEXT_ORDER)
		return give_order(k, c, e);
	if (to < 0)
		return refuse(k, c, NULL, e);
	if (k->turn == TURN_NONE && to == REQUEST_PENDING && keep_order(o, k, c, e) < 0)
		return -1;
	if (c == OUTBOX_RETRY && renew(k, now_ms, lifetime_ms, e) < 0)
		return -1;
	/* "held by a person" would be untrue from now on. */
	if (c == OUTBOX_RELEASE && k->r.error_kind == ERR_STOP)
		verb_remember_error(&k->r, NULL);
	request_enter(k, (enum request_state)to, now_ms);
	return 0;
}

int
outbox_command(struct outbox *o, struct request_id id, enum outbox_command c,
	       int64_t now_ms, int64_t lifetime_ms, struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	if (rc > 0 &&
	    (command(o, k, c, now_ms, lifetime_ms, e) < 0 || verb_keep(o, k, e) < 0))
		rc = -1;
	/* Who says "try it now" does not mean "when the site's hold is over". */
	if (rc > 0 && c == OUTBOX_RETRY &&
	    (keep_hold(o, k->r.site, 0, "", e) < 0 ||
	     o->store->verbs->put_address(o->store, k->r.site, &all_work, e) < 0))
		rc = -1;
	return verb_end(o, rc, e);
}

static int
change_priority(struct outbox *o, struct kept_request *k, enum request_priority p,
		struct err *e)
{
	if (request_state_final(k->r.state))
		return err_set(e, ERR_INPUT, 0,
			       "request %lld is %s: its priority no longer matters",
			       (long long)k->r.id.n, request_state_name(k->r.state));
	k->r.priority = p;
	if (verb_keep(o, k, e) < 0)
		return -1;
	return o->store->verbs->raise_line(o->store, k->r.id, e);
}

int
outbox_set_priority(struct outbox *o, struct request_id id, enum request_priority p,
		    struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	int rc = 0;

	if (p < REQUEST_HIGH || p > REQUEST_LOW)
		return err_set(e, ERR_INPUT, 0, "priority %d: high, medium or low",
			       (int)p);
	if (verb_begin(o, STORE_DURABLE, e) < 0)
		return -1;
	rc = verb_get(o, id, k, e);
	if (rc > 0 && change_priority(o, k, p, e) < 0)
		rc = -1;
	return verb_end(o, rc, e);
}

/* --- sites --- */

int
outbox_site_hold(struct outbox *o, const char *site, int64_t until_at_ms,
		 const char *reason, struct err *e)
{
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = keep_hold(o, site, until_at_ms, reason, e);
	return verb_end(o, rc, e);
}

static int
excuse_rows(struct outbox *o, struct kept_request *rows, size_t count,
	    const char *reason, int64_t now_ms, struct err *e)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].r.state == REQUEST_WAITING &&
		    str_eq(rows[i].r.error_text, reason) &&
		    (verb_step(&rows[i], EVENT_RETRY, now_ms, e) < 0 ||
		     verb_keep(o, &rows[i], e) < 0))
			return -1;
	return 0;
}

static int
excuse_requests(struct outbox *o, const char *site, const char *reason, int64_t now_ms,
		struct err *e)
{
	AUTO_FREE struct kept_request *rows = mem_zero(PORTION, sizeof(*rows));
	struct store_filter f = {.choice = CHOOSE_OPEN, .site = site};
	size_t count;

	do {
		if (o->store->verbs->list(o->store, &f, rows, PORTION, &count, e) < 0 ||
		    excuse_rows(o, rows, count, reason, now_ms, e) < 0)
			return -1;
		f.after_id = count > 0 ? rows[count - 1].r.id.n : 0;
	} while (count == PORTION);
	return 0;
}

int
outbox_site_excuse(struct outbox *o, const char *site, const char *reason,
		   int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_site *row = mem_zero(1, sizeof(*row));
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = known_site(o, site, row, e);
	if (rc == 0)
		rc = excuse_requests(o, site, reason, now_ms, e);
	if (rc == 0 && str_eq(row->hold_reason, reason))
		rc = keep_hold(o, site, 0, "", e);
	return verb_end(o, rc, e);
}

void
outbox_set_small_first(struct outbox *o, bool on)
{
	o->store->verbs->set_small_first(o->store, on);
}

int
outbox_address_result(struct outbox *o, const char *site,
		      const struct outbox_address *a, struct err *e)
{
	AUTO_FREE struct outbox_site *row = mem_zero(1, sizeof(*row));
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = known_site(o, site, row, e);
	/* The site's row with it: whoever looks for what changed hears of it. */
	if (rc == 0)
		rc = o->store->verbs->put_address(o->store, site, a, e);
	if (rc == 0)
		rc = o->store->verbs->put_site(o->store, row, e);
	return verb_end(o, rc, e);
}

/* What an attempt that could connect left at its end, at this instant, stays. */
static void
set_site_error(struct outbox_site *row, const struct err *error, int64_t now_ms)
{
	if (!error && row->error_at_ms == now_ms)
		return;
	row->error_win32 = error ? error->win32 : 0;
	row->error_at_ms = error ? now_ms : 0;
	str_copy_cut(row->error_text, sizeof(row->error_text),
		     error ? error->text : "");
}

int
outbox_site_result(struct outbox *o, const char *site, const char *address,
		   const struct err *error, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_site *row = mem_zero(1, sizeof(*row));
	int rc = verb_begin(o, STORE_DURABLE, e);

	if (rc < 0)
		return -1;
	rc = known_site(o, site, row, e);
	if (rc == 0) {
		row->failures = error ? row->failures + 1 : 0;
		set_site_error(row, error, now_ms);
		if (address && !error)
			str_copy_cut(row->address, sizeof(row->address), address);
		rc = o->store->verbs->put_site(o->store, row, e);
	}
	return verb_end(o, rc, e);
}
