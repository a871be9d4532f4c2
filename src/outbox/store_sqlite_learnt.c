/* store_sqlite_learnt.c - in SQLite: what was learnt of addresses. */
#include "base/auto.h"
#include "base/mem.h"
#include "outbox/store_sqlite.h"

static int
halve_old(struct store_sqlite *s, const struct outbox_learnt *l, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_LEARNT_HALVE, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, l->address);
	(void)sqlite3_bind_int64(st, 2, l->hour);
	(void)sqlite3_bind_int64(st, 3, OUTBOX_LEARNT_MOST);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_add_learnt(struct store *base, const struct outbox_learnt *l, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_LEARNT_ADD, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, l->address);
	(void)sqlite3_bind_int64(st, 2, l->hour);
	(void)sqlite3_bind_int64(st, 3, l->samples);
	(void)sqlite3_bind_double(st, 4, l->log_sum);
	(void)sqlite3_bind_double(st, 5, l->log_squares);
	(void)sqlite3_bind_int64(st, 6, l->connects);
	(void)sqlite3_bind_int64(st, 7, l->failed);
	(void)sqlite3_bind_int64(st, 8, l->connect_ms);
	(void)sqlite3_bind_int64(st, 9, l->publish_ms);
	return sqlite_run(s, st, e) < 0 ? -1 : halve_old(s, l, e);
}

/* false: the row makes no sense, and does not count. */
static bool
read_learnt(sqlite3_stmt *st, struct outbox_learnt *l)
{
	struct sqlite_reader c = {.st = st};

	*l = (struct outbox_learnt){0};
	sqlite_text(&c, l->address, sizeof(l->address));
	l->hour = (int)sqlite_int_range(&c, 0, OUTBOX_HOURS - 1);
	l->samples = sqlite_int_range(&c, 0, INT64_MAX);
	l->connects = sqlite_int_range(&c, 0, INT64_MAX);
	l->failed = sqlite_int_range(&c, 0, INT64_MAX);
	l->connect_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l->publish_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l->log_sum = sqlite3_column_double(st, c.at);
	l->log_squares = sqlite3_column_double(st, c.at + 1);
	return !c.wrong;
}

int
sqlite_list_learnt(struct store *base, struct outbox_learnt **out, size_t *count,
		   struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_LEARNT_LIST, e);
	AUTO_FREE struct outbox_learnt *all = NULL;
	size_t n = 0;
	size_t room = 0;
	int rc = 0;

	if (!st)
		return -1;
	while ((rc = sqlite_row(s, st, e)) > 0) {
		all = mem_grow(all, n, &room, sizeof(*all));
		n += read_learnt(st, &all[n]);
	}
	if (rc < 0)
		return -1;
	*out = STEAL(all);
	*count = n;
	return 0;
}
