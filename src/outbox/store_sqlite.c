/* store_sqlite.c - statements and transactions of the SQLite backend.
 *
 * Durability: one handle, and PRAGMA synchronous set before each transaction: FULL
 * syncs the WAL at the commit, NORMAL leaves that to the next FULL one, which syncs the
 * same file and so everything before it too.  A second handle for progress was
 * rejected: it would wait for the first one's lock and hold a cache of its own. */
#include "outbox/store_sqlite.h"

#include <limits.h>

/* --- what SQLite says, and whose fault that is --- */

int
sqlite_fail_damaged(const struct store_sqlite *s, const char *said, struct err *e)
{
	return err_set(
	    e, ERR_LOCAL, 1392,
	    "the outbox %s is damaged (%s): stop the sender, put back a backup, or "
	    "save what can be read with: sqlite3 %s .recover | sqlite3 "
	    "%s.new, and put that in its place "
	    "(backups are made with: sqlite3 %s \".backup FILE\")",
	    s->path, said, s->path, s->path, s->path);
}

/* SQLite calls a write that found no room full, but an I/O error or a file that cannot
 * be opened where it is one of those beside the database (-wal, -shm). */
static bool
is_no_space(struct store_sqlite *s, int code)
{
	if (code == SQLITE_FULL)
		return true;
	return (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
	       err_is_no_space(sqlite3_system_errno(s->db));
}

int
sqlite_fail(struct store_sqlite *s, const char *what, struct err *e)
{
	const char *said = s->db ? sqlite3_errmsg(s->db) : "out of memory";
	int code = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM;

	if (is_no_space(s, code))
		return err_set(e, ERR_LOCAL, 112,
			       "%s: no space on %s: make room there (it is the outbox)",
			       what, s->path);
	switch (code) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return sqlite_fail_damaged(s, said, e);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(
		    e, ERR_LOCAL, OUTBOX_BUSY_WIN32,
		    "%s: another process has kept the outbox %s locked for %lld ms: "
		    "look who has it open (fuser %s)",
		    what, s->path, (long long)s->patience_ms, s->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return err_set(
		    e, ERR_LOCAL, 5,
		    "%s: the outbox %s cannot be opened or written (%s): run "
		    "this as the user who owns it; only to read, its folder must "
		    "be readable and a sender be running",
		    what, s->path, said);
	case SQLITE_IOERR:
		return err_set(
		    e, ERR_LOCAL, 1117,
		    "%s: the disk of the outbox %s reports an error (%s): look "
		    "at the kernel log",
		    what, s->path, said);
	default:
		return err_set(e, ERR_LOCAL, 0, "%s: the outbox %s: %s", what, s->path,
			       said);
	}
}

/* --- statements --- */

sqlite3_stmt *
sqlite_stmt(struct store_sqlite *s, enum sql which, struct err *e)
{
	if (!s->kept[which] && sqlite3_prepare_v3(s->db, sqlite_texts[which], -1,
						  SQLITE_PREPARE_PERSISTENT,
						  &s->kept[which], NULL) != SQLITE_OK) {
		(void)sqlite_fail(s, "prepare", e);
		return NULL;
	}
	return s->kept[which];
}

int
sqlite_row(struct store_sqlite *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return sqlite_fail(s, s->mode == STORE_READ ? "read" : "write", e);
}

int
sqlite_run(struct store_sqlite *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite_row(s, st, e);

	sqlite_end(&st);
	return rc < 0 ? -1 : sqlite3_changes(s->db);
}

void
sqlite_end(sqlite3_stmt *const *st)
{
	if (*st) {
		(void)sqlite3_reset(*st);
		(void)sqlite3_clear_bindings(*st);
	}
}

int
sqlite_tick(struct store_sqlite *s, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (s->ticked)
		return 0;
	if (!(st = sqlite_stmt(s, SQL_TICK_UP, e)) || sqlite_run(s, st, e) < 0)
		return -1;
	s->ticked = true;
	return 0;
}

static int
run(struct store_sqlite *s, enum sql which, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, which, e);

	return st && sqlite_run(s, st, e) >= 0 ? 0 : -1;
}

/* One number that a statement of our own gives. */
int
sqlite_number(struct store_sqlite *s, enum sql which, int64_t *out, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, which, e);
	int rc = st ? sqlite_row(s, st, e) : -1;

	if (rc < 0)
		return -1;
	*out = rc > 0 ? sqlite3_column_int64(st, 0) : 0;
	return 0;
}

/* Statements without rows that are used once: pragmas and schema steps. */
int
sqlite_execute(struct store_sqlite *s, const char *text, struct err *e)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return sqlite_fail(s, "open", e);
}

/* --- transactions --- */

void
sqlite_patience(struct store_sqlite *s)
{
	(void)sqlite3_busy_timeout(s->db, (int)s->patience_ms);
}

void
sqlite_set_patience(struct store *base, int64_t wait_ms)
{
	struct store_sqlite *s = sqlite_of(base);

	s->patience_ms = wait_ms > INT_MAX ? INT_MAX : wait_ms;
	sqlite_patience(s);
}

int
sqlite_begin(struct store *base, enum store_mode mode, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	enum sql sync = mode == STORE_GROUPED ? SQL_SYNC_NORMAL : SQL_SYNC_FULL;

	s->mode = mode;
	s->ticked = false;
	s->suspect_count = 0;
	if (mode == STORE_READ)
		return run(s, SQL_BEGIN_READ, e);
	return run(s, sync, e) < 0 ? -1 : run(s, SQL_BEGIN_WRITE, e);
}

void
sqlite_abort(struct store *base)
{
	struct store_sqlite *s = sqlite_of(base);
	struct err ignored;

	if (!sqlite3_get_autocommit(s->db))
		(void)run(s, SQL_ROLLBACK, &ignored);
	s->suspect_count = 0;
}

/* A commit that failed for want of room was undone; one that failed on the way to the
 * disk may be found there when the outbox is opened next. */
static int
fail_commit(struct store_sqlite *s, struct err *e)
{
	bool unsure = (sqlite3_errcode(s->db) & 0xff) == SQLITE_IOERR;

	(void)sqlite_fail(s, "commit", e);
	if (unsure)
		e->kind = ERR_UNSURE;
	sqlite_abort(&s->base);
	return -1;
}

static int
commit_once(struct store_sqlite *s, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_COMMIT, e);

	if (!st)
		return -1;
	if (s->mode != STORE_READ && sqlite_quarantine(s, e) < 0) {
		sqlite_abort(&s->base);
		return -1;
	}
	return sqlite_row(s, st, e) < 0 ? fail_commit(s, e) : 0;
}

/* Suspects of a writing transaction are set aside in it; those of a reading one in a
 * transaction of their own, when we may write at all. */
int
sqlite_commit(struct store *base, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);

	if (commit_once(s, e) < 0)
		return -1;
	if (s->suspect_count == 0 || s->readonly)
		return 0;
	s->mode = STORE_DURABLE;
	s->ticked = false;
	if (run(s, SQL_SYNC_FULL, e) < 0 || run(s, SQL_BEGIN_WRITE, e) < 0)
		return -1;
	return commit_once(s, e);
}

enum { PROMOTE_MAX = 10000 }; /* rows a turn: some 50 ms of the write lock; a choice */

int
sqlite_tidy(struct store *base, int64_t now_ms, bool *done, struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	sqlite3_stmt *st =
	    sqlite_stmt(s, s->mode == STORE_READ ? SQL_PROMOTE_ANY : SQL_PROMOTE, e);
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, now_ms);
	if (s->mode == STORE_READ) { /* would there be something to do? */
		rc = sqlite_row(s, st, e);
		sqlite_end(&st);
	} else {
		(void)sqlite3_bind_int64(st, 2, PROMOTE_MAX);
		rc = sqlite_run(s, st, e);
	}
	if (rc >= 0)
		*done = rc > 0;
	return rc < 0 ? -1 : 0;
}

int
sqlite_quarantined(struct store *base, int64_t *count, struct err *e)
{
	return sqlite_number(sqlite_of(base), SQL_QUARANTINE_COUNT, count, e);
}
