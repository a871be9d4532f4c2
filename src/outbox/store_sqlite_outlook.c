/* store_sqlite_outlook.c - in SQLite: what the sender thinks of requests. */
#include "base/attr.h"
#include "outbox/store_sqlite.h"

int
sqlite_put_outlook(struct store *base, const struct outbox_outlook *l, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_OUTLOOK_PUT, e);
	const int64_t numbers[] = {
	    l->request.n,       l->made_at_ms,    l->why.code,     l->why.number,
	    l->why.until_at_ms, l->early_at_ms,   l->likely_at_ms, l->late_at_ms,
	    l->in_time_percent, l->doubted_at_ms,
	};

	if (!st)
		return -1;
	for (int i = 0; i < (int)COUNT(numbers); i++)
		(void)sqlite3_bind_int64(st, i + 1, numbers[i]);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_drop_outlooks(struct store *base, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_OUTLOOK_DROP, e);

	return !st || sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* A row that makes no sense counts as none: it is made anew within a minute. */
void
sqlite_read_outlook(sqlite3_stmt *st, int at, struct request_id id,
		    struct outbox_outlook *out)
{
	struct sqlite_reader c = {.st = st, .at = at};
	struct outbox_outlook l = {.request = id};

	l.made_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l.why.code = (int)sqlite_int_range(&c, 0, INT32_MAX);
	l.why.number = sqlite_int(&c);
	l.why.until_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l.early_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l.likely_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l.late_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	l.in_time_percent = (int)sqlite_int_range(&c, 0, 100);
	l.doubted_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	*out = c.wrong ? (struct outbox_outlook){.request = {0}} : l;
}
