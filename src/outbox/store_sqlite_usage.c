/* store_sqlite_usage.c - in SQLite: what went through the nodes of the rate plan. */
#include "outbox/store_sqlite.h"

#define DAY_MS INT64_C(86400000)

/* A month and one to look back at; a choice. */
#define KEEP_MS (62 * DAY_MS)

static int
forget_old(struct store_sqlite *s, const struct outbox_usage *u, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_USAGE_FORGET, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, u->node);
	(void)sqlite3_bind_int64(st, 2, u->day_at_ms - KEEP_MS);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_add_usage(struct store *base, const struct outbox_usage *u, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_USAGE_ADD, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, u->node);
	(void)sqlite3_bind_int64(st, 2, u->day_at_ms);
	(void)sqlite3_bind_int64(st, 3, u->bytes);
	return sqlite_run(s, st, e) < 0 ? -1 : forget_old(s, u, e);
}

int
sqlite_get_usage(struct store *base, const char *node, int64_t from_at_ms,
		 int64_t *bytes, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_USAGE_GET, e);
	int64_t sum = 0;
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, node);
	(void)sqlite3_bind_int64(st, 2, from_at_ms);
	/* Added here: sum() of SQLite fails where it overflows. */
	while ((rc = sqlite_row(s, st, e)) > 0) {
		struct sqlite_reader c = {.st = st};

		if (__builtin_add_overflow(sum, sqlite_int_range(&c, 0, INT64_MAX),
					   &sum))
			sum = INT64_MAX;
	}
	if (rc == 0)
		*bytes = sum;
	return rc;
}
