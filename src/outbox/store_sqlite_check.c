/* store_sqlite_check.c - is the file sound, and what becomes of rows that are not.
 *
 * quick_check reads every page of every table, and reading the structure of one table
 * cannot be interrupted (SQLite 3.40: at 1,000,000 requests on a busy machine that
 * took 3 s, reading the rows 0.3 s).  So it is run whole on an outbox of up to
 * CHECK_WHOLE_BYTES; of a larger one only on the tables that stay small, and the
 * requests are read row by row.  Either ends after CHECK_MS: a history of many years
 * must not keep the sender from starting.  What was not reached is not taken on trust:
 * each row is checked again whenever it is read, and SQLite itself reports a damaged
 * page when it meets one.  Who opens the outbox while others have it open does not
 * check again.
 *
 * It tells two kinds of damage.  In the structure of the file: nothing can be relied
 * on, the outbox is refused, with what to do.  In single rows (a type or a CHECK that
 * does not hold): every request is looked at, and the impossible ones are set aside. */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "outbox/store_sqlite.h"

enum {
	CHECK_MS = 700, /* ms; start-up has 2 s in all (docs/bench.md); a choice */
	CHECK_WHOLE_BYTES = 33554432, /* 32 MiB, some 250,000 requests; a choice */
	CHECK_STEP =
	    10000,        /* instructions of SQLite between looks at the clock: 1 ms */
	CHECK_ROWS = 128, /* requests looked at in one transaction: 350 KiB */
};

static int
over_time(void *until_at_ms)
{
	return clock_mono_ms(clock_real()) >= *(const int64_t *)until_at_ms;
}

/* What quick_check says of a row, not of the file (SQLite, pragma.c). */
static bool
is_of_a_row(const char *line)
{
	static const char *const said[] = {"CHECK constraint failed in ",
					   "NULL value in ", "NUMERIC value in ",
					   "TEXT value in ", "non-"};

	for (size_t i = 0; i < COUNT(said); i++) {
		if (str_starts(line, said[i]))
			return true;
	}
	return false;
}

/* Look at every request; the transactions that do it set the wrong ones aside. */
static int
sweep(struct store_sqlite *s, struct err *e)
{
	struct kept_request *rows = mem_zero(CHECK_ROWS, sizeof(*rows));
	struct store *base = &s->base;
	struct store_filter f = {.choice = CHOOSE_ALL};
	size_t count = 0;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		if ((rc = base->verbs->begin(base, STORE_DURABLE, e)) < 0)
			break;
		rc = base->verbs->list(base, &f, rows, CHECK_ROWS, &count, e);
		if (rc < 0) {
			base->verbs->abort(base);
			break;
		}
		/* Too many to remember: the same rows once more, without those. */
		more = count == CHECK_ROWS || s->suspect_count == SUSPECTS_MAX;
		if (count > 0 && s->suspect_count < SUSPECTS_MAX)
			f.after_id = rows[count - 1].r.id.n;
		rc = base->verbs->commit(base, e);
	}
	mem_free(rows);
	return rc;
}

/* Run one check.  0 sound as far as was looked; 1 rows are wrong; -1 the file is. */
static int
check_by(struct store_sqlite *s, const char *text, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int wrong_rows = 0;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(st, 0);

		rc = SQLITE_OK;
		if (!line || str_eq(line, "ok"))
			continue;
		wrong_rows = 1;
		if (!is_of_a_row(line)) {
			(void)sqlite_fail_damaged(s, line, e);
			wrong_rows = -1;
			break;
		}
	}
	if (rc != SQLITE_OK && rc != SQLITE_DONE && (rc & 0xff) != SQLITE_INTERRUPT)
		wrong_rows = sqlite_fail(s, "check", e);
	(void)sqlite3_finalize(st);
	return wrong_rows;
}

static int
check_within_time(struct store_sqlite *s, int64_t file_bytes, struct err *e)
{
	static const char *const whole[] = {"PRAGMA quick_check(1000)", NULL};
	/* The last reads each row of the table (token is in no index) and says ok. */
	static const char *const large[] = {
	    "PRAGMA quick_check(change)", "PRAGMA quick_check(site)",
	    "PRAGMA quick_check(package)",
	    "SELECT iif(count(token) >= 0, 'ok', 'ok') FROM request NOT INDEXED", NULL};
	const char *const *texts = file_bytes <= CHECK_WHOLE_BYTES ? whole : large;
	int wrong_rows = 0;

	for (; *texts; texts++) {
		int rc = check_by(s, *texts, e);

		if (rc < 0)
			return -1;
		wrong_rows |= rc;
	}
	return wrong_rows;
}

int
sqlite_check(struct store_sqlite *s, struct err *e)
{
	int64_t until_at_ms = clock_mono_ms(clock_real()) + CHECK_MS;
	struct stat st;
	int rc = 0;

	if (stat(s->path, &st) < 0)
		return err_sys(e, ERR_LOCAL, "look at %s", s->path);
	sqlite3_progress_handler(s->db, CHECK_STEP, over_time, &until_at_ms);
	rc = check_within_time(s, st.st_size, e);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	return rc > 0 ? sweep(s, e) : rc;
}

static int
set_aside(struct store_sqlite *s, const struct sqlite_suspect *one, struct err *e)
{
	bool is_request = one->attempt == 0;
	sqlite3_stmt *copy = sqlite_stmt(
	    s, is_request ? SQL_QUARANTINE_REQUEST : SQL_QUARANTINE_ATTEMPT, e);
	sqlite3_stmt *away =
	    sqlite_stmt(s, is_request ? SQL_REQUEST_DELETE : SQL_ATTEMPT_DELETE, e);

	if (!copy || !away)
		return -1;
	(void)sqlite3_bind_int64(copy, 1, one->request);
	(void)sqlite3_bind_int64(away, 1, one->request);
	if (!is_request) {
		(void)sqlite3_bind_int64(copy, 2, one->attempt);
		(void)sqlite3_bind_int64(away, 2, one->attempt);
	}
	sqlite_bind_text(copy, is_request ? 2 : 3, one->why);
	if (sqlite_run(s, copy, e) < 0)
		return -1;
	return sqlite_run(s, away, e) < 0 ? -1 : 0;
}

/* Has somebody mended or taken it meanwhile?  Only requests are looked at again: an
 * attempt never changes. */
static int
still_wrong(struct store_sqlite *s, const struct sqlite_suspect *one, struct err *e)
{
	struct kept_request *k = NULL;
	size_t before = s->suspect_count;
	int rc = 0;

	if (one->attempt > 0)
		return 1;
	k = mem_zero(1, sizeof(*k));
	rc = sqlite_get(&s->base, (struct request_id){one->request}, k, e);
	mem_free(k);
	if (rc < 0)
		return -1;
	rc = s->suspect_count > before;
	s->suspect_count = before;
	return rc;
}

/* In a writing transaction. */
int
sqlite_quarantine(struct store_sqlite *s, struct err *e)
{
	struct sqlite_suspect all[SUSPECTS_MAX];
	size_t count = s->suspect_count;

	memcpy(all, s->suspects, sizeof(all));
	s->suspect_count = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = still_wrong(s, &all[i], e);

		if (rc < 0)
			return -1;
		if (rc > 0 && (sqlite_tick(s, e) < 0 || set_aside(s, &all[i], e) < 0))
			return -1;
	}
	return 0;
}
