/* store_sqlite.h - what the files of the SQLite backend share.  A room of outbox. */
#ifndef OUTBOX_STORE_SQLITE_H
#define OUTBOX_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "outbox/store.h"

/* Every statement; their texts are one table, in store_sqlite_sql.c. */
enum sql {
	SQL_BEGIN_READ,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SYNC_FULL,
	SQL_SYNC_NORMAL,
	SQL_DATA_VERSION,
	SQL_TICK,
	SQL_TICK_UP,
	SQL_KEY_GET,
	SQL_KEY_ADD,
	SQL_LINE_GET,
	SQL_LINE_ADD,
	SQL_PACKAGE_GET,
	SQL_PACKAGE_ADD,
	SQL_PACKAGE_NEED,
	SQL_PACKAGE_STAGE,
	SQL_PACKAGE_IDLE,
	SQL_SITE_ADD,
	SQL_SITE_KEY,
	SQL_SITE_COUNT,
	SQL_SITES_BY_CODE,
	SQL_SITES_CHANGED,
	SQL_SITE_GET,
	SQL_SITE_BEST,
	SQL_SITE_PREFER,
	SQL_ADDRESS_LIST,
	SQL_ADDRESS_PUT,
	SQL_ADDRESS_DELETE,
	SQL_SITE_PUT,
	SQL_REQUEST_ADD,
	SQL_TURN_GET,
	SQL_TURN_YIELD,
	SQL_RAISE_LINE,
	SQL_OVERTAKEN,
	SQL_SUPERSEDE_RESTING,
	SQL_SUPERSEDE_ACTIVE,
	SQL_SUPERSEDES,
	SQL_OVERRIDE_PUT,
	SQL_OVERRIDE_DROP,
	SQL_OVERRIDE_TIDY,
	SQL_OVERRIDE_LIST,
	SQL_REQUEST_GET,
	SQL_REQUEST_PUT,
	SQL_LIST_ALL,
	SQL_LIST_ALL_SITE,
	SQL_LIST_OPEN,
	SQL_LIST_OPEN_SITE,
	SQL_LIST_PROMISED,
	SQL_LIST_LEASE_OVER,
	SQL_LIST_CLAIMED,
	SQL_LIST_EXPIRED,
	SQL_ATTEMPT_ADD,
	SQL_ATTEMPT_LIST,
	SQL_USAGE_ADD,
	SQL_USAGE_FORGET,
	SQL_USAGE_GET,
	SQL_LEARNT_ADD,
	SQL_LEARNT_HALVE,
	SQL_LEARNT_LIST,
	SQL_OUTLOOK_PUT,
	SQL_OUTLOOK_DROP,
	SQL_PROMOTE_ANY,
	SQL_PROMOTE,
	SQL_QUARANTINE_REQUEST,
	SQL_REQUEST_DELETE,
	SQL_QUARANTINE_ATTEMPT,
	SQL_ATTEMPT_DELETE,
	SQL_QUARANTINE_COUNT,
	SQL_COUNT
};
extern const char *const sqlite_texts[SQL_COUNT];

/* A row that made no sense, seen while reading. */
struct sqlite_suspect {
	int64_t request;
	int64_t attempt; /* its number; 0: the request itself */
	char why[96];
};
enum {
	SUSPECTS_MAX = 64
}; /* in one transaction; the rest is met next time: a choice */

struct store_sqlite {
	struct store base; /* first */
	sqlite3 *db;
	char *path;
	sqlite3_stmt *kept[SQL_COUNT]; /* prepared at first use */
	int lock_fd;                   /* shared lock: somebody has it open */
	bool readonly;
	bool small_first;
	int64_t patience_ms;  /* how long to wait for another's transaction */
	enum store_mode mode; /* of the transaction that is open */
	bool ticked;          /* in it, the tick was counted up */
	struct sqlite_suspect suspects[SUSPECTS_MAX];
	size_t suspect_count;
	int notify_fd; /* inotify; -1: not watching yet */
	int64_t seen;  /* data_version when wait() last returned */
};

static inline struct store_sqlite *
sqlite_of(struct store *s)
{
	return (struct store_sqlite *)s;
}

/* store_sqlite.c: statements.  sqlite_stmt() prepares at first use; NULL: *e is set.
 * sqlite_step(): 1 a row, 0 done, -1.  sqlite_run(): a statement without rows, with
 * reset; returns how many rows changed, or -1. */
sqlite3_stmt *sqlite_stmt(struct store_sqlite *s, enum sql which,
			  struct err *e) MUST_USE;
int sqlite_row(struct store_sqlite *s, sqlite3_stmt *st, struct err *e) MUST_USE;
int sqlite_run(struct store_sqlite *s, sqlite3_stmt *st, struct err *e) MUST_USE;
void sqlite_end(sqlite3_stmt *const *st); /* reset and unbind */
#define AUTO_END AUTO(sqlite_end)
/* Wait for another's transaction as long as always; from now on. */
void sqlite_patience(struct store_sqlite *s);
void sqlite_set_patience(struct store *base, int64_t wait_ms);
/* Count the tick up, once in a transaction. */
int sqlite_tick(struct store_sqlite *s, struct err *e) MUST_USE;
/* What SQLite just said, with what to do. */
int sqlite_fail(struct store_sqlite *s, const char *what, struct err *e);
int sqlite_fail_damaged(const struct store_sqlite *s, const char *said, struct err *e);

/* Statements without rows that are used once. */
int sqlite_execute(struct store_sqlite *s, const char *text, struct err *e) MUST_USE;
/* The one number that a statement gives. */
int sqlite_number(struct store_sqlite *s, enum sql which, int64_t *out,
		  struct err *e) MUST_USE;
int sqlite_begin(struct store *base, enum store_mode mode, struct err *e);
int sqlite_commit(struct store *base, struct err *e);
void sqlite_abort(struct store *base);
int sqlite_tidy(struct store *base, int64_t now_ms, bool *done, struct err *e);
int sqlite_quarantined(struct store *base, int64_t *count, struct err *e);

/* store_sqlite_row.c: binding, and reading that trusts nothing.  A column of another
 * type, or a text that does not fit, sets r->wrong. */
struct sqlite_reader {
	sqlite3_stmt *st;
	int at; /* next column */
	const char *wrong;
};
int64_t sqlite_int(struct sqlite_reader *r);
int64_t sqlite_int_range(struct sqlite_reader *r, int64_t min, int64_t max);
void sqlite_text(struct sqlite_reader *r, char *buf, size_t room);
void sqlite_bind_text(sqlite3_stmt *st, int at, const char *text);
void sqlite_suspect(struct store_sqlite *s, int64_t request, int64_t attempt,
		    const char *why);

/* store_sqlite_check.c: at the start, and what to do with suspects. */
int sqlite_check(struct store_sqlite *s, struct err *e) MUST_USE;
int sqlite_quarantine(struct store_sqlite *s, struct err *e) MUST_USE;

/* store_sqlite_request.c */
int sqlite_get(struct store *base, struct request_id id, struct kept_request *out,
	       struct err *e);
int sqlite_put(struct store *base, const struct kept_request *k, struct err *e);
int sqlite_list(struct store *base, const struct store_filter *f,
		struct kept_request *rows, size_t room, size_t *count, struct err *e);
int sqlite_raise_line(struct store *base, struct request_id id, struct err *e) MUST_USE;
int sqlite_overtaken(struct store *base, struct request_id id, struct request_id *by,
		     struct err *e);

/* store_sqlite_usage.c */
int sqlite_add_usage(struct store *base, const struct outbox_usage *u, struct err *e);
int sqlite_get_usage(struct store *base, const char *node, int64_t from_at_ms,
		     int64_t *bytes, struct err *e);

/* store_sqlite_learnt.c */
int sqlite_add_learnt(struct store *base, const struct outbox_learnt *l, struct err *e);
int sqlite_list_learnt(struct store *base, struct outbox_learnt **out, size_t *count,
		       struct err *e);

/* store_sqlite_outlook.c; the columns begin at `at` */
int sqlite_put_outlook(struct store *base, const struct outbox_outlook *l,
		       struct err *e);
int sqlite_drop_outlooks(struct store *base, struct err *e);
void sqlite_read_outlook(sqlite3_stmt *st, int at, struct request_id id,
			 struct outbox_outlook *out);

/* store_sqlite_file.c */
int sqlite_file(struct store *base, const struct outbox_new *n, struct request_id *ids,
		struct err *e);

/* store_sqlite_site.c */
int sqlite_add_attempt(struct store *base, const struct outbox_attempt *a,
		       struct err *e);
int sqlite_list_attempts(struct store *base, struct request_id id, int64_t after_number,
			 struct outbox_attempt *rows, size_t room, size_t *count,
			 struct err *e);
int sqlite_list_sites(struct store *base, int64_t *cursor, int64_t **keys,
		      size_t *count, struct err *e);
int sqlite_get_site(struct store *base, int64_t key, const char *code, int64_t now_ms,
		    struct outbox_site *out, struct err *e);
int sqlite_put_address(struct store *base, const char *site,
		       const struct outbox_address *a, struct err *e);
void sqlite_set_small_first(struct store *base, bool on);
int sqlite_put_site(struct store *base, const struct outbox_site *site, struct err *e);
int sqlite_idle_package(struct store *base, int64_t *key, int64_t failed_before_at_ms,
			char id[33], struct err *e);
int sqlite_get_package_stage(struct store *base, const char *id,
			     enum package_stage *stage, struct err *e);
int sqlite_set_package_stage(struct store *base, const char *id,
			     enum package_stage stage, struct err *e);

/* store_sqlite_override.c */
int sqlite_put_override(struct store *base, const struct outbox_override *v,
			struct err *e);
int sqlite_drop_override(struct store *base, enum outbox_override_kind kind,
			 const char *what, struct err *e);
int sqlite_list_overrides(struct store *base, int64_t now_ms,
			  struct outbox_override **out, size_t *count, struct err *e);

/* store_sqlite_wait.c */
bool sqlite_wait(struct store *base, const struct stop *stop, int64_t wait_ms);

#endif
