/* look.c - the verbs that only look.  Long walks read a portion in one transaction and
 * call back between transactions: whoever is slow to print holds nobody up, and each()
 * may use the same outbox. */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "outbox/outbox.h"
#include "outbox/request.h"
#include "outbox/store.h"
#include "outbox/verbs.h"

enum {
	LIST_PORTION = 64,  /* requests: 200 KiB              */
	SITE_PORTION = 128, /* sites: 300 KiB                 */
	TRY_PORTION = 32,   /* attempts: 50 KiB; all a choice */
};

static int
begin_look(struct outbox *o, struct err *e)
{
	return verb_begin(o, STORE_READ, e);
}

int
outbox_get(struct outbox *o, struct request_id id, struct request *out, struct err *e)
{
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	int rc = begin_look(o, e);

	if (rc < 0)
		return -1;
	rc = verb_end(o, o->store->verbs->get(o->store, id, k, e), e);
	if (rc > 0)
		*out = k->r;
	return rc;
}

static int
list_portion(struct outbox *o, const struct store_filter *f, struct kept_request *rows,
	     size_t room, size_t *count, struct err *e)
{
	if (begin_look(o, e) < 0)
		return -1;
	return verb_end(o, o->store->verbs->list(o->store, f, rows, room, count, e), e);
}

int
outbox_list(struct outbox *o, const struct outbox_filter *filter,
	    int (*each)(void *self, const struct request *r), void *self, struct err *e)
{
	AUTO_FREE struct kept_request *rows = mem_zero(LIST_PORTION, sizeof(*rows));
	struct store_filter f = {
	    .choice = filter->promised_only     ? CHOOSE_PROMISED
		      : filter->unfinished_only ? CHOOSE_OPEN
						: CHOOSE_ALL,
	    .site = filter->promised_only ? NULL : filter->site,
	    .after_id = filter->after_id,
	};
	int64_t left = filter->limit > 0 ? filter->limit : INT64_MAX;
	size_t count = LIST_PORTION;
	int rc = 0;

	while (rc == 0 && left > 0 && count == LIST_PORTION) {
		size_t room = left < LIST_PORTION ? (size_t)left : LIST_PORTION;

		if (list_portion(o, &f, rows, room, &count, e) < 0)
			return -1;
		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = each(self, &rows[i].r);
		if (count > 0)
			f.after_id = rows[count - 1].r.id.n;
		left -= (int64_t)count;
	}
	return rc;
}

int
outbox_attempts(struct outbox *o, struct request_id id,
		int (*each)(void *self, const struct outbox_attempt *a), void *self,
		struct err *e)
{
	AUTO_FREE struct outbox_attempt *rows = mem_zero(TRY_PORTION, sizeof(*rows));
	int64_t after = 0;
	size_t count = TRY_PORTION;

	while (count == TRY_PORTION) {
		int rc = begin_look(o, e);

		if (rc < 0)
			return -1;
		rc = o->store->verbs->list_attempts(o->store, id, after, rows,
						    TRY_PORTION, &count, e);
		if (verb_end(o, rc, e) < 0)
			return -1;
		for (size_t i = 0; i < count; i++) {
			if ((rc = each(self, &rows[i])) != 0)
				return rc;
		}
		if (count > 0)
			after = rows[count - 1].number;
	}
	return 0;
}

/* --- sites --- */

static int
read_sites(struct outbox *o, const int64_t *keys, size_t count, int64_t now_ms,
	   struct outbox_site *rows, size_t *got, struct err *e)
{
	*got = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = o->store->verbs->get_site(o->store, keys[i], NULL, now_ms,
						   &rows[*got], e);

		if (rc < 0)
			return -1;
		*got += rc > 0;
	}
	return 0;
}

static void
leave_out_counts(struct outbox_site *s)
{
	s->sent = 0;
	s->failed = 0;
	s->queued_bytes = 0;
}

struct site_walk {
	struct outbox *o;
	int64_t now_ms;
	bool counts;
	int (*each)(void *self, const struct outbox_site *s);
	void *self;
};

static int
walk_sites(const struct site_walk *w, const int64_t *keys, size_t key_count,
	   struct err *e)
{
	AUTO_FREE struct outbox_site *rows = mem_zero(SITE_PORTION, sizeof(*rows));

	for (size_t at = 0; at < key_count; at += SITE_PORTION) {
		size_t left = key_count - at;
		size_t got = 0;

		if (begin_look(w->o, e) < 0)
			return -1;
		if (verb_end(w->o,
			     read_sites(w->o, keys + at,
					left < SITE_PORTION ? left : SITE_PORTION,
					w->now_ms, rows, &got, e),
			     e) < 0)
			return -1;
		for (size_t i = 0; i < got; i++) {
			int rc = 0;

			if (!w->counts)
				leave_out_counts(&rows[i]);
			if ((rc = w->each(w->self, &rows[i])) != 0)
				return rc;
		}
	}
	return 0;
}

static int
list_keys(struct outbox *o, int64_t *cursor, int64_t **keys, size_t *count,
	  struct err *e)
{
	if (begin_look(o, e) < 0)
		return -1;
	return verb_end(
	    o, o->store->verbs->list_sites(o->store, cursor, keys, count, e), e);
}

int
outbox_sites(struct outbox *o, int64_t now_ms, bool counts,
	     int (*each)(void *self, const struct outbox_site *s), void *self,
	     struct err *e)
{
	AUTO_FREE int64_t *keys = NULL;
	const struct site_walk w = {o, now_ms, counts, each, self};
	size_t count = 0;

	if (list_keys(o, NULL, &keys, &count, e) < 0)
		return -1;
	return walk_sites(&w, keys, count, e);
}

/* The cursor moves on only when all were told: who stopped in the middle gets the rest
 * again. */
int
outbox_sites_changed(struct outbox *o, int64_t now_ms, int64_t *cursor,
		     int (*each)(void *self, const struct outbox_site *s), void *self,
		     struct err *e)
{
	AUTO_FREE int64_t *keys = NULL;
	const struct site_walk w = {o, now_ms, true, each, self};
	int64_t next = *cursor;
	size_t count = 0;
	int rc = 0;

	if (list_keys(o, &next, &keys, &count, e) < 0)
		return -1;
	if ((rc = walk_sites(&w, keys, count, e)) == 0)
		*cursor = next;
	return rc;
}

int
outbox_site(struct outbox *o, const char *site, int64_t now_ms, struct outbox_site *out,
	    struct err *e)
{
	AUTO_FREE struct outbox_site *row = mem_zero(1, sizeof(*row));
	int rc = begin_look(o, e);

	if (rc < 0)
		return -1;
	rc = verb_end(o, o->store->verbs->get_site(o->store, 0, site, now_ms, row, e),
		      e);
	if (rc > 0)
		*out = *row;
	return rc;
}

/* --- the rest --- */

int
outbox_has_package(struct outbox *o, const char *package_id, struct err *e)
{
	enum package_stage stage = PACKAGE_FREED;
	int rc = begin_look(o, e);

	if (rc < 0)
		return -1;
	rc = o->store->verbs->get_package_stage(o->store, package_id, &stage, e);
	rc = verb_end(o, rc, e);
	return rc > 0 ? stage == PACKAGE_KEPT : rc;
}

int
outbox_quarantined(struct outbox *o, int64_t *count, struct err *e)
{
	int64_t n = 0;
	int rc = begin_look(o, e);

	if (rc < 0)
		return -1;
	rc = o->store->verbs->quarantined(o->store, &n, e);
	if (verb_end(o, rc, e) < 0)
		return -1;
	*count = n;
	return 0;
}

bool
outbox_wait(struct outbox *o, const struct stop *stop, int64_t wait_ms)
{
	return o->store->verbs->wait(o->store, stop, wait_ms);
}
