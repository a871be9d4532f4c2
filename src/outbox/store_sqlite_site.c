/* store_sqlite_site.c - in SQLite: sites, packages, and the history of attempts. */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "outbox/store_sqlite.h"

/* --- sites --- */

static int
collect_keys(struct store_sqlite *s, sqlite3_stmt *st, int64_t **keys, size_t *count,
	     struct err *e)
{
	AUTO_FREE int64_t *all = NULL;
	size_t room = 0;
	size_t n = 0;
	int rc = 0;

	while ((rc = sqlite_row(s, st, e)) > 0) {
		all = mem_grow(all, n, &room, sizeof(*all));
		all[n++] = sqlite3_column_int64(st, 0);
	}
	if (rc < 0)
		return -1;
	*keys = STEAL(all);
	*count = n;
	return 0;
}

int
sqlite_list_sites(struct store *base, int64_t *cursor, int64_t **keys, size_t *count,
		  struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *tick = sqlite_stmt(s, SQL_TICK, e);
	AUTO_END sqlite3_stmt *st =
	    sqlite_stmt(s, cursor ? SQL_SITES_CHANGED : SQL_SITES_BY_CODE, e);

	if (!tick || !st)
		return -1;
	if (!cursor)
		return collect_keys(s, st, keys, count, e);
	if (sqlite_row(s, tick, e) < 0)
		return -1;
	(void)sqlite3_bind_int64(st, 1, *cursor);
	if (collect_keys(s, st, keys, count, e) < 0)
		return -1;
	*cursor = sqlite3_column_int64(tick, 0);
	return 0;
}

/* Of a site: more than a disk holds, and several still make a sum. */
#define REQUESTS_MAX (INT64_C(1) << 40)

/* A site is left alone until then, or until there is no request to it: one that is
 * filed later finds no old hold (SQL_SITE_COUNT). */
static void
end_idle_hold(struct outbox_site *s)
{
	if (s->pending + s->waiting + s->suspended + s->held + s->active > 0)
		return;
	s->hold_until_at_ms = 0;
	s->hold_reason[0] = '\0';
}

/* The order of SQL_SITE_GET.  A site's row holds nothing that a delivery depends on but
 * its hold: what makes no sense in it reads as nothing, and the site goes on. */
static void
read_site(sqlite3_stmt *st, struct outbox_site *out)
{
	struct sqlite_reader c = {.st = st};

	memset(out, 0, sizeof(*out));
	sqlite_text(&c, out->site, sizeof(out->site));
	out->pending = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->waiting = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->suspended = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->held = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->active = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->sent = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->failed = sqlite_int_range(&c, 0, REQUESTS_MAX);
	out->queued_bytes = sqlite_int_range(&c, 0, INT64_MAX);
	out->hold_until_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	out->failures = sqlite_int_range(&c, 0, INT64_MAX);
	out->last_sent_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	out->error_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	out->error_win32 = (uint32_t)sqlite_int_range(&c, 0, UINT32_MAX);
	sqlite_text(&c, out->address, sizeof(out->address));
	sqlite_text(&c, out->hold_reason, sizeof(out->hold_reason));
	sqlite_text(&c, out->error_text, sizeof(out->error_text));
	out->next_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	end_idle_hold(out);
}

enum { SMALL_OF = 256 }; /* so many are looked at for the smallest; a choice */

/* The order of BEST in store_sqlite_sql.c.  What makes no sense goes as something else,
 * or not: claiming it looks at the whole row. */
static void
read_best(sqlite3_stmt *st, enum request_priority priority, struct outbox_best *out)
{
	struct sqlite_reader c = {.st = st};
	int64_t state;

	out->priority = priority;
	out->id.n = sqlite_int(&c);
	state = sqlite_int(&c);
	out->is_restart = state == REQUEST_WAITING;
	out->is_suspended = state == REQUEST_SUSPENDED;
	out->prefer = (unsigned)sqlite_int_range(&c, 0, UINT32_MAX);
	out->filed_at_ms = sqlite_int(&c);
	out->goes_at_ms = sqlite_int(&c);
	out->deadline_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	out->expires_at_ms = sqlite_int(&c);
	out->bytes_left = sqlite_int_range(&c, 0, INT64_MAX);
}

static int
find_best(struct store_sqlite *s, enum sql which, const int64_t args[3],
	  struct outbox_best *out, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, which, e);
	int rc = 0;

	if (!st)
		return -1;
	for (int i = 0; i < 3; i++) /* site, now, priority */
		(void)sqlite3_bind_int64(st, i + 1, args[i]);
	(void)sqlite3_bind_int64(st, 4, s->small_first ? SMALL_OF : 1);
	(void)sqlite3_bind_int64(st, 5, s->small_first);
	if ((rc = sqlite_row(s, st, e)) > 0)
		read_best(st, (enum request_priority)args[2], out);
	return rc < 0 ? -1 : 0;
}

static int
find_bests(struct store_sqlite *s, int64_t key, int64_t now_ms, struct outbox_site *out,
	   struct err *e)
{
	int at = 0;

	for (int p = REQUEST_HIGH; p <= REQUEST_LOW; p++) {
		const int64_t args[] = {key, now_ms, p};
		struct outbox_best *b = &out->bests[at++];

		if (find_best(s, SQL_SITE_BEST, args, b, e) < 0 ||
		    find_best(s, SQL_SITE_PREFER, args, &out->bests[at++], e) < 0)
			return -1;
		if (b->id.n == 0)
			b++;
		if (b->id.n == 0 || out->best.n > 0)
			continue;
		out->best = b->id;
		out->best_priority = b->priority;
		out->best_filed_at_ms = b->filed_at_ms;
		out->best_is_restart = b->is_restart;
	}
	return 0;
}

static int
find_failed(struct store_sqlite *s, int64_t key, struct outbox_site *out, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_ADDRESS_LIST, e);
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, key);
	(void)sqlite3_bind_int64(st, 2, OUTBOX_FAILED_ROOM);
	while (out->failed_address_count < OUTBOX_FAILED_ROOM &&
	       (rc = sqlite_row(s, st, e)) > 0) {
		struct sqlite_reader c = {.st = st};
		struct outbox_address *a =
		    &out->failed_addresses[out->failed_address_count++];

		a->number = (unsigned)sqlite_int_range(&c, 0, UINT32_MAX);
		a->failures = sqlite_int_range(&c, 0, INT64_MAX);
		a->alone_until_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	}
	return rc < 0 ? -1 : 0;
}

int
sqlite_put_address(struct store *base, const char *site, const struct outbox_address *a,
		   struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st =
	    sqlite_stmt(s, a->failures ? SQL_ADDRESS_PUT : SQL_ADDRESS_DELETE, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, site);
	(void)sqlite3_bind_int64(st, 2, a->number);
	if (a->failures) {
		(void)sqlite3_bind_int64(st, 3, a->failures);
		(void)sqlite3_bind_int64(st, 4, a->alone_until_at_ms);
	}
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

void
sqlite_set_small_first(struct store *base, bool on)
{
	sqlite_of(base)->small_first = on;
}

/* 1/0/-1 */
static int
find_site(struct store_sqlite *s, const char *code, int64_t *key, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_SITE_KEY, e);
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, code);
	if ((rc = sqlite_row(s, st, e)) > 0)
		*key = sqlite3_column_int64(st, 0);
	return rc;
}

int
sqlite_get_site(struct store *base, int64_t key, const char *code, int64_t now_ms,
		struct outbox_site *out, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_SITE_GET, e);
	int rc = 0;

	if (!st)
		return -1;
	if (code && (rc = find_site(s, code, &key, e)) <= 0)
		return rc;
	(void)sqlite3_bind_int64(st, 1, key);
	(void)sqlite3_bind_int64(st, 2, now_ms);
	if ((rc = sqlite_row(s, st, e)) > 0)
		read_site(st, out);
	if (rc > 0 &&
	    (find_bests(s, key, now_ms, out, e) < 0 || find_failed(s, key, out, e) < 0))
		return -1;
	return rc;
}

int
sqlite_put_site(struct store *base, const struct outbox_site *site, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_SITE_PUT, e);

	if (!st || sqlite_tick(s, e) < 0)
		return -1;
	sqlite_bind_text(st, 1, site->site);
	(void)sqlite3_bind_int64(st, 2, site->hold_until_at_ms);
	sqlite_bind_text(st, 3, site->hold_reason);
	(void)sqlite3_bind_int64(st, 4, site->failures);
	sqlite_bind_text(st, 5, site->address);
	(void)sqlite3_bind_int64(st, 6, site->last_sent_at_ms);
	(void)sqlite3_bind_int64(st, 7, site->error_at_ms);
	(void)sqlite3_bind_int64(st, 8, site->error_win32);
	sqlite_bind_text(st, 9, site->error_text);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* --- packages --- */

int
sqlite_idle_package(struct store *base, int64_t *key, int64_t failed_before_at_ms,
		    char id[33], struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_IDLE, e);
	struct sqlite_reader c = {.st = st};
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, *key);
	(void)sqlite3_bind_int64(st, 2, failed_before_at_ms);
	if ((rc = sqlite_row(s, st, e)) <= 0)
		return rc;
	*key = sqlite_int(&c);
	sqlite_text(&c, id, sizeof(((struct outbox_package *)NULL)->id));
	return 1;
}

int
sqlite_get_package_stage(struct store *base, const char *id, enum package_stage *stage,
			 struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_GET, e);
	struct sqlite_reader c = {.st = st, .at = 1};
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, id);
	if ((rc = sqlite_row(s, st, e)) > 0)
		*stage = (enum package_stage)sqlite_int_range(&c, PACKAGE_KEPT,
							      PACKAGE_FREED);
	return rc;
}

int
sqlite_set_package_stage(struct store *base, const char *id, enum package_stage stage,
			 struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_STAGE, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, stage);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* --- history --- */

int
sqlite_add_attempt(struct store *base, const struct outbox_attempt *a, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_ATTEMPT_ADD, e);
	const int64_t numbers[] = {
	    a->request.n,  a->number,      a->started_at_ms,  a->ended_at_ms,
	    a->error_kind, a->error_win32, a->error_ntstatus, a->bytes_sent,
	    a->wire_bytes, a->connect_ms,  a->send_ms,        a->flush_ms,
	    a->publish_ms, a->rtt_us,      a->retransmits,    a->connections,
	};
	const char *const texts[] = {a->result,    a->address, a->server,    a->cipher,
				     a->signature, a->dialect, a->error_text};

	if (!st)
		return -1;
	for (int i = 0; i < (int)COUNT(numbers); i++)
		(void)sqlite3_bind_int64(st, i + 1, numbers[i]);
	for (int i = 0; i < (int)COUNT(texts); i++)
		sqlite_bind_text(st, (int)COUNT(numbers) + i + 1, texts[i]);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* The order of SQL_ATTEMPT_LIST.  NULL, or what is wrong. */
static const char *
read_attempt(sqlite3_stmt *st, struct outbox_attempt *a)
{
	struct sqlite_reader c = {.st = st};

	memset(a, 0, sizeof(*a));
	a->number = sqlite_int(&c);
	a->started_at_ms = sqlite_int(&c);
	a->ended_at_ms = sqlite_int(&c);
	a->error_kind = (enum err_kind)sqlite_int_range(&c, ERR_NONE, ERR_INPUT);
	a->error_win32 = (uint32_t)sqlite_int_range(&c, 0, UINT32_MAX);
	a->error_ntstatus = (uint32_t)sqlite_int_range(&c, 0, UINT32_MAX);
	a->bytes_sent = sqlite_int_range(&c, 0, INT64_MAX);
	a->wire_bytes = sqlite_int_range(&c, 0, INT64_MAX);
	a->connect_ms = sqlite_int(&c);
	a->send_ms = sqlite_int(&c);
	a->flush_ms = sqlite_int(&c);
	a->publish_ms = sqlite_int(&c);
	a->rtt_us = sqlite_int(&c);
	a->retransmits = sqlite_int(&c);
	a->connections = sqlite_int(&c);
	sqlite_text(&c, a->result, sizeof(a->result));
	sqlite_text(&c, a->address, sizeof(a->address));
	sqlite_text(&c, a->server, sizeof(a->server));
	sqlite_text(&c, a->cipher, sizeof(a->cipher));
	sqlite_text(&c, a->signature, sizeof(a->signature));
	sqlite_text(&c, a->dialect, sizeof(a->dialect));
	sqlite_text(&c, a->error_text, sizeof(a->error_text));
	return c.wrong;
}

int
sqlite_list_attempts(struct store *base, struct request_id id, int64_t after_number,
		     struct outbox_attempt *rows, size_t room, size_t *count,
		     struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_ATTEMPT_LIST, e);
	size_t n = 0;
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, id.n);
	(void)sqlite3_bind_int64(st, 2, after_number);
	(void)sqlite3_bind_int64(st, 3, -1);
	while (n < room && (rc = sqlite_row(s, st, e)) > 0) {
		const char *wrong = read_attempt(st, &rows[n]);

		if (wrong)
			sqlite_suspect(s, id.n, sqlite3_column_int64(st, 0), wrong);
		else
			rows[n++].request = id;
	}
	if (rc < 0)
		return -1;
	*count = n;
	return 0;
}
