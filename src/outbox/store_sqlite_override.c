/* store_sqlite_override.c - what persons order for a while, in SQLite. */
#include "base/auto.h"
#include "base/mem.h"
#include "outbox/store_sqlite.h"

/* What is over goes along with whatever comes new. */
static int
tidy_overrides(struct store_sqlite *s, int64_t now_ms, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_OVERRIDE_TIDY, e);

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, now_ms);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_put_override(struct store *base, const struct outbox_override *v, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_OVERRIDE_PUT, e);

	if (!st || tidy_overrides(s, v->set_at_ms, e) < 0)
		return -1;
	(void)sqlite3_bind_int64(st, 1, v->kind);
	sqlite_bind_text(st, 2, v->what);
	(void)sqlite3_bind_int64(st, 3, v->value);
	(void)sqlite3_bind_int64(st, 4, v->set_at_ms);
	(void)sqlite3_bind_int64(st, 5, v->until_at_ms);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

int
sqlite_drop_override(struct store *base, enum outbox_override_kind kind,
		     const char *what, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st = sqlite_stmt(s, SQL_OVERRIDE_DROP, e);

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, kind);
	sqlite_bind_text(st, 2, what);
	return sqlite_run(s, st, e);
}

/* false: the row makes no sense, and does not count. */
static bool
read_override(sqlite3_stmt *st, struct outbox_override *v)
{
	struct sqlite_reader c = {.st = st};

	*v = (struct outbox_override){0};
	v->kind =
	    (enum outbox_override_kind)sqlite_int_range(&c, OUTBOX_DRAIN, OUTBOX_LIMIT);
	sqlite_text(&c, v->what, sizeof(v->what));
	v->value = sqlite_int_range(&c, 0, INT64_MAX);
	v->set_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	v->until_at_ms = sqlite_int_range(&c, 0, INT64_MAX);
	return !c.wrong;
}

int
sqlite_list_overrides(struct store *base, int64_t now_ms, struct outbox_override **out,
		      size_t *count, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_OVERRIDE_LIST, e);
	AUTO_FREE struct outbox_override *all = NULL;
	size_t n = 0;
	size_t room = 0;
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, now_ms);
	while ((rc = sqlite_row(s, st, e)) > 0) {
		all = mem_grow(all, n, &room, sizeof(*all));
		n += read_override(st, &all[n]);
	}
	if (rc < 0)
		return -1;
	*out = STEAL(all);
	*count = n;
	return 0;
}
