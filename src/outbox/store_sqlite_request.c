/* store_sqlite_request.c - requests in SQLite: reading, changing. */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "outbox/store_sqlite.h"

/* --- reading --- */

static void
read_package(struct sqlite_reader *c, struct kept_request *k)
{
	struct outbox_package *p = &k->r.package;

	k->package_freed =
	    sqlite_int_range(c, PACKAGE_KEPT, PACKAGE_FREED) != PACKAGE_KEPT;
	p->is_tree = sqlite_int_range(c, 0, 1) != 0;
	p->by_reference = sqlite_int_range(c, 0, 1) != 0;
	p->file_count = sqlite_int(c);
	p->folder_count = sqlite_int(c);
	p->total_bytes = sqlite_int(c);
	sqlite_text(c, p->id, sizeof(p->id));
	sqlite_text(c, p->name, sizeof(p->name));
}

/* NULL may not go. */
static int64_t
read_ready(struct sqlite_reader *c)
{
	if (sqlite3_column_type(c->st, c->at) != SQLITE_NULL)
		return sqlite_int(c);
	c->at++;
	return -1;
}

/* NULL is not in line. */
static enum request_turn
read_turn(struct sqlite_reader *c)
{
	if (sqlite3_column_type(c->st, c->at) != SQLITE_NULL)
		return (enum request_turn)sqlite_int_range(c, TURN_WAITS, TURN_HAS);
	c->at++;
	return TURN_NONE;
}

/* The order of REQUEST_COLUMNS.  NULL, or what is wrong with the row. */
static const char *
read_request(sqlite3_stmt *st, struct kept_request *k)
{
	struct sqlite_reader c = {.st = st};
	struct request *r = &k->r;

	memset(k, 0, sizeof(*k));
	r->id.n = sqlite_int(&c);
	k->version = sqlite_int(&c);
	r->state = (enum request_state)sqlite_int_range(&c, 0, REQUEST_STATES - 1);
	r->priority =
	    (enum request_priority)sqlite_int_range(&c, REQUEST_HIGH, REQUEST_LOW);
	k->ready_at_ms = read_ready(&c);
	r->filed_at_ms = sqlite_int(&c);
	k->renewed_at_ms = sqlite_int(&c);
	r->not_before_at_ms = sqlite_int(&c);
	r->deadline_at_ms = sqlite_int(&c);
	r->expires_at_ms = sqlite_int(&c);
	r->restart_at_ms = sqlite_int(&c);
	r->ended_at_ms = sqlite_int(&c);
	k->claimed_at_ms = sqlite_int(&c);
	r->lease_until_at_ms = sqlite_int(&c);
	r->order =
	    (enum outbox_order)sqlite_int_range(&c, OUTBOX_GO_ON, OUTBOX_ORDER_CANCEL);
	r->progress.entries_done = sqlite_int(&c);
	r->progress.offset_bytes = sqlite_int(&c);
	r->progress.bytes_done = sqlite_int(&c);
	r->attempts = sqlite_int(&c);
	r->supersedes = sqlite_int(&c);
	r->superseded_by.n = sqlite_int(&c);
	r->error_kind = (enum err_kind)sqlite_int_range(&c, ERR_NONE, ERR_INPUT);
	r->error_win32 = (uint32_t)sqlite_int_range(&c, 0, UINT32_MAX);
	r->prefer = (unsigned)sqlite_int_range(&c, 0, UINT32_MAX);
	r->why.code = (int)sqlite_int_range(&c, 0, INT32_MAX);
	r->why.number = sqlite_int(&c);
	r->why.until_at_ms = sqlite_int(&c);
	sqlite_text(&c, r->token, sizeof(r->token));
	sqlite_text(&c, r->owner, sizeof(r->owner));
	sqlite_text(&c, r->staged_on, sizeof(r->staged_on));
	sqlite_text(&c, r->error_text, sizeof(r->error_text));
	k->turn = read_turn(&c);
	r->is_behind = k->turn == TURN_WAITS;
	sqlite_text(&c, r->site, sizeof(r->site));
	read_package(&c, k);
	sqlite_read_outlook(st, c.at, r->id, &r->outlook);
	return c.wrong ? c.wrong : request_wrong(k);
}

int
sqlite_get(struct store *base, struct request_id id, struct kept_request *out,
	   struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_REQUEST_GET, e);
	const char *wrong = NULL;
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, id.n);
	if ((rc = sqlite_row(s, st, e)) <= 0)
		return rc;
	wrong = read_request(st, out);
	if (!wrong)
		return 1;
	sqlite_suspect(s, id.n, 0, wrong);
	return 0;
}

static sqlite3_stmt *
bind_filter(struct store_sqlite *s, const struct store_filter *f, size_t room,
	    struct err *e)
{
	static const enum sql which[][2] = {
	    [CHOOSE_ALL] = {SQL_LIST_ALL, SQL_LIST_ALL_SITE},
	    [CHOOSE_OPEN] = {SQL_LIST_OPEN, SQL_LIST_OPEN_SITE},
	    [CHOOSE_PROMISED] = {SQL_LIST_PROMISED, SQL_LIST_PROMISED},
	    [CHOOSE_CLAIMED] = {SQL_LIST_CLAIMED, SQL_LIST_CLAIMED},
	    [CHOOSE_LEASE_OVER] = {SQL_LIST_LEASE_OVER, SQL_LIST_LEASE_OVER},
	    [CHOOSE_EXPIRED] = {SQL_LIST_EXPIRED, SQL_LIST_EXPIRED},
	};
	sqlite3_stmt *st = sqlite_stmt(s, which[f->choice][f->site != NULL], e);

	if (!st)
		return NULL;
	if (f->choice == CHOOSE_LEASE_OVER || f->choice == CHOOSE_EXPIRED) {
		(void)sqlite3_bind_int64(st, 2, f->at_ms);
		(void)sqlite3_bind_int64(st, 3, (int64_t)room);
		return st;
	}
	(void)sqlite3_bind_int64(st, 1, f->after_id);
	if (f->site)
		sqlite_bind_text(st, 2, f->site);
	return st;
}

int
sqlite_list(struct store *base, const struct store_filter *f, struct kept_request *rows,
	    size_t room, size_t *count, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = bind_filter(s, f, room, e);
	size_t n = 0;
	int rc = 0;

	if (!st)
		return -1;
	while (n < room && (rc = sqlite_row(s, st, e)) > 0) {
		const char *wrong = read_request(st, &rows[n]);

		if (wrong)
			sqlite_suspect(s, sqlite3_column_int64(st, 0), 0, wrong);
		else
			n++;
	}
	if (rc < 0)
		return -1;
	*count = n;
	return 0;
}

int
sqlite_overtaken(struct store *base, struct request_id id, struct request_id *by,
		 struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_OVERTAKEN, e);
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, id.n);
	if ((rc = sqlite_row(s, st, e)) > 0)
		by->n = sqlite3_column_int64(st, 0);
	return rc;
}

/* --- changing --- */

int
sqlite_raise_line(struct store *base, struct request_id id, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_RAISE_LINE, e);

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, id.n);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_put(struct store *base, const struct kept_request *k, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_REQUEST_PUT, e);
	const struct request *r = &k->r;
	const int64_t numbers[] = {
	    r->id.n,
	    k->version,
	    r->state,
	    r->priority,
	    k->ready_at_ms,
	    k->renewed_at_ms,
	    r->expires_at_ms,
	    r->restart_at_ms,
	    r->ended_at_ms,
	    k->claimed_at_ms,
	    r->lease_until_at_ms,
	    r->order,
	    r->progress.entries_done,
	    r->progress.offset_bytes,
	    r->progress.bytes_done,
	    r->attempts,
	    r->error_kind,
	    r->error_win32,
	    r->why.code,
	    r->why.number,
	    r->why.until_at_ms,
	};
	enum { READY = 5, TEXTS = COUNT(numbers) };

	/* A heartbeat changes no site's answer and does not come in as durable. */
	if (!st || (s->mode == STORE_DURABLE && sqlite_tick(s, e) < 0))
		return -1;
	for (int i = 0; i < TEXTS; i++)
		(void)sqlite3_bind_int64(st, i + 1, numbers[i]);
	if (k->ready_at_ms < 0)
		(void)sqlite3_bind_null(st, READY);
	sqlite_bind_text(st, TEXTS + 1, r->owner);
	sqlite_bind_text(st, TEXTS + 2, r->staged_on);
	sqlite_bind_text(st, TEXTS + 3, r->error_text);
	return sqlite_run(s, st, e);
}
