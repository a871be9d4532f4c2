/* store_sqlite_open.c - opening and closing the outbox in one SQLite file, WAL; schema
 * steps.
 *
 * Files: outbox.db, SQLite's own outbox.db-wal and -shm, and outbox.lock.  Whoever
 * opens takes a shared flock on outbox.lock; who gets it exclusively is alone, so
 * nobody has checked before: the check is its work, and others wait for that. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "outbox/store_sqlite.h"

enum {
	APPLICATION_ID = 0x4c414e53, /* "LANS", in the file's header; a choice */
	/* KiB a handle; at 1,000,000 rows the indexes by site, which a filing to all
	 * sites touches all over, take 30 MiB; a choice. */
	CACHE_KIB = 32768,
	/* 64 MiB; a WAL that a large filing made longer is cut back; a choice. */
	WAL_KEEP_BYTES = 67108864,
};

static const char file_name[] = "outbox.db";

static const char schema_0001[] = {
#include "schema_0001.inc"
    0};

static const char schema_0002[] = {
#include "schema_0002.inc"
    0};

static const char schema_0003[] = {
#include "schema_0003.inc"
    0};
static const char schema_0004[] = {
#include "schema_0004.inc"
    0};
static const char schema_0005[] = {
#include "schema_0005.inc"
    0};
static const char schema_0006[] = {
#include "schema_0006.inc"
    0};
static const char schema_0007[] = {
#include "schema_0007.inc"
    0};

/* Forward only; step k makes version k+1. */
static const char *const schema_steps[] = {schema_0001, schema_0002, schema_0003,
					   schema_0004, schema_0005, schema_0006,
					   schema_0007};

static void
sqlite_close(struct store *base)
{
	struct store_sqlite *s = sqlite_of(base);

	for (int i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(s->kept[i]);
	(void)sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	if (s->notify_fd >= 0)
		(void)close(s->notify_fd);
	mem_free(s->path);
	mem_free(s);
}

static void
auto_sqlite(struct store_sqlite **s)
{
	if (*s)
		sqlite_close(&(*s)->base);
}

static const struct store_verbs sqlite_verbs = {
    .close = sqlite_close,
    .set_patience = sqlite_set_patience,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .abort = sqlite_abort,
    .file = sqlite_file,
    .get = sqlite_get,
    .put = sqlite_put,
    .raise_line = sqlite_raise_line,
    .overtaken = sqlite_overtaken,
    .put_override = sqlite_put_override,
    .drop_override = sqlite_drop_override,
    .list_overrides = sqlite_list_overrides,
    .list = sqlite_list,
    .add_attempt = sqlite_add_attempt,
    .list_attempts = sqlite_list_attempts,
    .list_sites = sqlite_list_sites,
    .get_site = sqlite_get_site,
    .put_site = sqlite_put_site,
    .put_address = sqlite_put_address,
    .set_small_first = sqlite_set_small_first,
    .idle_package = sqlite_idle_package,
    .get_package_stage = sqlite_get_package_stage,
    .set_package_stage = sqlite_set_package_stage,
    .add_usage = sqlite_add_usage,
    .get_usage = sqlite_get_usage,
    .add_learnt = sqlite_add_learnt,
    .list_learnt = sqlite_list_learnt,
    .put_outlook = sqlite_put_outlook,
    .drop_outlooks = sqlite_drop_outlooks,
    .tidy = sqlite_tidy,
    .quarantined = sqlite_quarantined,
    .wait = sqlite_wait,
};

static int
flock_patiently(int fd, int operation)
{
	int rc = 0;

	do
		rc = flock(fd, operation);
	while (rc < 0 && errno == EINTR);
	return rc;
}

static int
open_failed(const char *path, struct err *e)
{
	if (err_is_no_space(errno))
		return err_disk(e, "open", path, NULL);
	return err_sys(e, ERR_LOCAL,
		       "open %s (run this as the user who owns the outbox)", path);
}

/* *first: nobody else has the outbox open; the lock is then exclusive until
 * share_lock(). */
static int
take_lock(struct store_sqlite *s, const char *folder, bool *first, struct err *e)
{
	AUTO_FREE char *path = path_join(folder, "outbox.lock");

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return open_failed(path, e);
	*first = flock_patiently(s->lock_fd, LOCK_EX | LOCK_NB) == 0;
	if (!*first && flock_patiently(s->lock_fd, LOCK_SH) < 0)
		return err_sys(e, ERR_LOCAL, "lock %s", path);
	return 0;
}

static int
share_lock(struct store_sqlite *s, struct err *e)
{
	if (flock_patiently(s->lock_fd, LOCK_SH) == 0)
		return 0;
	return err_sys(e, ERR_LOCAL, "lock the folder of %s", s->path);
}

/* The file is made here, not by SQLite, so that nobody else may ever read it.  One that
 * is there is looked at, never opened: closing it would drop the locks that SQLite
 * holds on it for other threads of this process (fcntl(2), "advisory record locks"),
 * and the next process that ends would take the WAL away under them. */
static int
make_file(const struct store_sqlite *s, struct err *e)
{
	AUTO_CLOSE int fd =
	    open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd >= 0)
		return 0;
	if (errno == EEXIST && lstat(s->path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_LOCAL, 0, "%s is not a regular file", s->path);
	if (errno == EEXIST && access(s->path, R_OK | W_OK) == 0)
		return 0;
	return open_failed(s->path, e);
}

static int
connect_db(struct store_sqlite *s, struct err *e)
{
	int flags = s->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

	if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return sqlite_fail(s, "open", e);
	(void)sqlite3_extended_result_codes(s->db, 1);
	sqlite_patience(s);
	return 0;
}

static int
pragma_number(struct store_sqlite *s, const char *text, int64_t *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	else
		(void)sqlite_fail(s, "open", e);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Is it ours, and how old?  An empty file is version 0 of ours. */
static int
read_version(struct store_sqlite *s, int64_t *version, struct err *e)
{
	int64_t application = 0;
	int64_t tables = 0;

	if (pragma_number(s, "PRAGMA user_version", version, e) < 0 ||
	    pragma_number(s, "PRAGMA application_id", &application, e) < 0 ||
	    pragma_number(s, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
		return -1;
	if (application != APPLICATION_ID && (tables > 0 || *version > 0))
		return err_set(e, ERR_LOCAL, 0,
			       "%s is a database of another program: give the sender a "
			       "folder of its own",
			       s->path);
	if (*version < 0 || *version > (int64_t)COUNT(schema_steps))
		return err_set(
		    e, ERR_LOCAL, 0,
		    "the outbox %s was made by a newer lansender (schema %lld; "
		    "this one knows up to %zu): install that version again",
		    s->path, (long long)*version, COUNT(schema_steps));
	return 0;
}

/* The next step, if one is missing, in one transaction: a step that was cut off by a
 * crash never happened, and of two processes one makes it.  1: made, 0: none missing.
 */
static int
step_schema(struct store_sqlite *s, struct err *e)
{
	AUTO_STR struct str text = {0};
	int64_t version = 0;

	if (sqlite_execute(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (read_version(s, &version, e) < 0) {
		sqlite_abort(&s->base);
		return -1;
	}
	if (version == (int64_t)COUNT(schema_steps)) {
		sqlite_abort(&s->base);
		return 0;
	}
	str_add(&text, schema_steps[version]);
	str_addf(&text,
		 "PRAGMA application_id = %d; PRAGMA user_version = %lld; COMMIT",
		 APPLICATION_ID, (long long)version + 1);
	if (sqlite_execute(s, str_text(&text), e) < 0) {
		sqlite_abort(&s->base);
		return -1;
	}
	return 1;
}

static int
no_outbox(const struct store_sqlite *s, struct err *e)
{
	return err_set(e, ERR_INPUT, 2,
		       "there is no outbox at %s yet: file a request first, or "
		       "name the right folder with --state",
		       s->path);
}

static int
prepare_readonly(struct store_sqlite *s, struct err *e)
{
	int64_t version = 0;

	if (read_version(s, &version, e) < 0)
		return -1;
	if (version == 0) /* whoever made the file was killed before the first step */
		return no_outbox(s, e);
	if (version < (int64_t)COUNT(schema_steps))
		return err_set(
		    e, ERR_LOCAL, 0,
		    "the outbox %s is still that of an older lansender: start "
		    "the sender once, it brings it up to date",
		    s->path);
	return 0;
}

static int
prepare(struct store_sqlite *s, bool first, struct err *e)
{
	AUTO_FREE char *settings =
	    mem_printf("PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; PRAGMA "
		       "cache_size = -%d;"
		       "PRAGMA journal_size_limit = %d;",
		       CACHE_KIB, WAL_KEEP_BYTES);
	int64_t version = 0;
	int made = 0;

	/* Before anything is written: is it ours? */
	if (read_version(s, &version, e) < 0 || sqlite_execute(s, settings, e) < 0)
		return -1;
	if (version < (int64_t)COUNT(schema_steps)) {
		while ((made = step_schema(s, e)) > 0)
			continue;
	}
	if (made < 0)
		return -1;
	return first ? sqlite_check(s, e) : 0;
}

static int
open_writable(struct store_sqlite *s, const char *folder, struct err *e)
{
	bool first = false;

	if (path_make(folder, 0700, e) < 0 || take_lock(s, folder, &first, e) < 0 ||
	    make_file(s, e) < 0 || connect_db(s, e) < 0 || prepare(s, first, e) < 0)
		return -1;
	return first ? share_lock(s, e) : 0;
}

static int
open_readable(struct store_sqlite *s, struct err *e)
{
	if (access(s->path, F_OK) < 0 && errno == ENOENT)
		return no_outbox(s, e);
	return connect_db(s, e) < 0 ? -1 : prepare_readonly(s, e);
}

int
store_sqlite_open(const char *folder, bool readonly, struct store **out, struct err *e)
{
	AUTO(auto_sqlite) struct store_sqlite *s = mem_zero(1, sizeof(*s));

	s->base.verbs = &sqlite_verbs;
	s->path = path_join(folder, file_name);
	s->lock_fd = -1;
	s->notify_fd = -1;
	s->readonly = readonly;
	s->patience_ms = OUTBOX_LONG_PATIENCE_MS; /* another may be repairing it */
	if ((readonly ? open_readable(s, e) : open_writable(s, folder, e)) < 0 ||
	    sqlite_number(s, SQL_DATA_VERSION, &s->seen, e) < 0)
		return -1;
	sqlite_set_patience(&s->base, OUTBOX_PATIENCE_MS);
	*out = STEAL(s);
	return 0;
}

bool
store_sqlite_is_blank(const char *folder)
{
	AUTO_FREE char *path = path_join(folder, file_name);
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT;
	return S_ISREG(st.st_mode) && st.st_size == 0;
}
