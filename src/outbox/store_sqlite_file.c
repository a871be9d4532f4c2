/* store_sqlite_file.c - filing in SQLite: requests, their package, their place in line.
 */
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "outbox/store_sqlite.h"

/* Does the request that the key gave fit what is filed now?  The same package read
 * again has another id; its name and size are what a person would go by, and `content`
 * ("": not known) tells what these do not. */
static int
same_filing(const struct outbox_new *n, const char *site, const struct request *r,
	    const char *content, struct err *e)
{
	const struct outbox_package *was = &r->package, *now = n->package;

	if (!str_eq(r->site, site))
		return err_set(
		    e, ERR_INPUT, 0,
		    "the key %s was used to file to other sites (%s, not %s): use "
		    "another key",
		    n->key, r->site, site);
	if (str_eq(was->name, now->name) && was->is_tree == now->is_tree &&
	    was->file_count == now->file_count &&
	    was->folder_count == now->folder_count &&
	    was->total_bytes == now->total_bytes) {
		if (!n->content || !content[0] || str_eq(content, n->content))
			return 0;
		return err_set(e, ERR_INPUT, 0,
			       "the key %s filed %s as request %lld when its content "
			       "was another: use another key for what is new in it",
			       n->key, was->name, (long long)r->id.n);
	}
	return err_set(e, ERR_INPUT, 0,
		       "the key %s filed another package, as request %lld: %s "
		       "(files %lld, bytes %lld), not %s (files %lld, bytes %lld): use "
		       "another key",
		       n->key, (long long)r->id.n, was->name,
		       (long long)was->file_count, (long long)was->total_bytes,
		       now->name, (long long)now->file_count,
		       (long long)now->total_bytes);
}

/* The ids of an earlier filing with this key: 1; none: 0.  It must have been for the
 * same package, and the same sites in the same order. */
static int
find_key(struct store_sqlite *s, const struct outbox_new *n, struct request_id *ids,
	 struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_KEY_GET, e);
	AUTO_FREE struct kept_request *k = mem_zero(1, sizeof(*k));
	struct sqlite_reader c = {.st = st, .at = 2};
	char content[DIGEST_HEX_ROOM]; /* "" where it makes no sense: not known */
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, n->key);
	if ((rc = sqlite_row(s, st, e)) <= 0)
		return rc;
	sqlite_text(&c, content, sizeof(content));
	if (sqlite3_column_int64(st, 1) != (int64_t)n->site_count)
		return err_set(
		    e, ERR_INPUT, 0,
		    "the key %s was used to file to %lld sites, not to %zu: use "
		    "another key",
		    n->key, (long long)sqlite3_column_int64(st, 1), n->site_count);
	for (size_t i = 0; i < n->site_count; i++) {
		ids[i].n = sqlite3_column_int64(st, 0) + (int64_t)i;
		rc = sqlite_get(&s->base, ids[i], k, e);
		if (rc < 0)
			return -1;
		if (rc > 0 && same_filing(n, n->sites[i], &k->r, content, e) < 0)
			return -1;
	}
	return 1;
}

static int
keep_key(struct store_sqlite *s, const struct outbox_new *n, struct request_id first,
	 struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_KEY_ADD, e);

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, n->key);
	(void)sqlite3_bind_int64(st, 2, first.n);
	(void)sqlite3_bind_int64(st, 3, (int64_t)n->site_count);
	sqlite_bind_text(st, 4, n->content ? n->content : "");
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* Where packages of that name stand in line, as a server compares names. */
static int
line_key(struct store_sqlite *s, const char *name, int64_t *key, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_LINE_GET, e);
	sqlite3_stmt *add = NULL;
	char upper[sizeof(((struct outbox_package *)NULL)->name)];
	int rc = 0;

	if (!st)
		return -1;
	utf_to_upper(name, upper, sizeof(upper));
	sqlite_bind_text(st, 1, upper);
	if ((rc = sqlite_row(s, st, e)) < 0)
		return -1;
	if (rc > 0) {
		*key = sqlite3_column_int64(st, 0);
		return 0;
	}
	if (!(add = sqlite_stmt(s, SQL_LINE_ADD, e)))
		return -1;
	sqlite_bind_text(add, 1, upper);
	if (sqlite_run(s, add, e) < 0)
		return -1;
	*key = sqlite3_last_insert_rowid(s->db);
	return 0;
}

/* What its requests refer to. */
struct package_keys {
	int64_t package, line;
};

static int
add_package(struct store_sqlite *s, const struct outbox_package *p,
	    struct package_keys *keys, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_ADD, e);

	if (!st || line_key(s, p->name, &keys->line, e) < 0)
		return -1;
	sqlite_bind_text(st, 1, p->id);
	sqlite_bind_text(st, 2, p->name);
	(void)sqlite3_bind_int64(st, 3, keys->line);
	(void)sqlite3_bind_int64(st, 4, p->is_tree);
	(void)sqlite3_bind_int64(st, 5, p->by_reference);
	(void)sqlite3_bind_int64(st, 6, p->file_count);
	(void)sqlite3_bind_int64(st, 7, p->folder_count);
	(void)sqlite3_bind_int64(st, 8, p->total_bytes);
	if (sqlite_run(s, st, e) < 0)
		return -1;
	keys->package = sqlite3_last_insert_rowid(s->db);
	return 0;
}

/* The package's row, made when there is none. */
static int
find_package(struct store_sqlite *s, const struct outbox_package *p,
	     struct package_keys *keys, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_GET, e);
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, p->id);
	if ((rc = sqlite_row(s, st, e)) < 0)
		return -1;
	if (rc == 0)
		return add_package(s, p, keys, e);
	if (sqlite3_column_int64(st, 1) != PACKAGE_KEPT)
		return err_set(
		    e, ERR_INPUT, 0,
		    "package %s (%s) is no longer in the store: file it anew", p->id,
		    p->name);
	keys->package = sqlite3_column_int64(st, 0);
	keys->line = sqlite3_column_int64(st, 2);
	return 0;
}

static int
site_key(struct store_sqlite *s, const char *code, int64_t *key, struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_SITE_KEY, e);
	AUTO_END sqlite3_stmt *add = NULL;
	int rc = 0;

	if (!st)
		return -1;
	sqlite_bind_text(st, 1, code);
	if ((rc = sqlite_row(s, st, e)) < 0)
		return -1;
	if (rc > 0) {
		*key = sqlite3_column_int64(st, 0);
		return 0;
	}
	if (!(add = sqlite_stmt(s, SQL_SITE_ADD, e)))
		return -1;
	sqlite_bind_text(add, 1, code);
	if (sqlite_row(s, add, e) < 0)
		return -1;
	*key = sqlite3_last_insert_rowid(s->db);
	return 0;
}

static int
yield(struct store_sqlite *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_TURN_YIELD, e);

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, id);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* Where a request stands that is filed now. */
struct place {
	int64_t line, site, goes_at_ms;
};

/* Is it its turn (L1-L3)?  One that goes later and is not on its way lets it pass. */
static int
take_turn(struct store_sqlite *s, const struct place *at, enum request_turn *turn,
	  struct err *e)
{
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_TURN_GET, e);
	int rc = 0;

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, at->line);
	(void)sqlite3_bind_int64(st, 2, at->site);
	(void)sqlite3_bind_int64(st, 3, at->goes_at_ms);
	if ((rc = sqlite_row(s, st, e)) < 0)
		return -1;
	*turn = TURN_HAS;
	if (rc == 0)
		return 0;
	if (sqlite3_column_int(st, 1))
		return yield(s, sqlite3_column_int64(st, 0), e);
	*turn = TURN_WAITS;
	return 0;
}

static int
add_request(struct store_sqlite *s, const struct outbox_new *n, int64_t site,
	    const struct package_keys *keys, struct request_id *id, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_REQUEST_ADD, e);
	sqlite3_stmt *count = sqlite_stmt(s, SQL_SITE_COUNT, e);
	char token[REQUEST_TOKEN_ROOM];
	enum request_turn turn = TURN_HAS;
	const struct request_life life = {n->now_ms, n->not_before_at_ms,
					  n->deadline_at_ms, n->lifetime_ms};
	const bool is_put_off = n->not_before_at_ms > n->now_ms;
	const struct place at = {keys->line, site,
				 is_put_off ? n->not_before_at_ms : n->now_ms};
	const int64_t numbers[] = {
	    n->priority,
	    site,
	    keys->package,
	    keys->line,
	    n->package->total_bytes,
	    is_put_off ? at.goes_at_ms : 0,
	    n->now_ms,
	    n->not_before_at_ms,
	    n->deadline_at_ms,
	    request_expires_at_ms(&life),
	    at.goes_at_ms,
	    n->prefer,
	};

	if (!st || !count || take_turn(s, &at, &turn, e) < 0)
		return -1;
	digest_token(token, sizeof(token) - 1);
	for (int i = 0; i < (int)COUNT(numbers); i++)
		(void)sqlite3_bind_int64(st, i + 1, numbers[i]);
	sqlite_bind_text(st, COUNT(numbers) + 1, token);
	(void)sqlite3_bind_int64(count, 1, site);
	(void)sqlite3_bind_int64(count, 2, n->package->total_bytes);
	(void)sqlite3_bind_int64(st, COUNT(numbers) + 2, turn);
	if (sqlite_run(s, count, e) < 0 || sqlite_run(s, st, e) < 0)
		return -1;
	*id = (struct request_id){sqlite3_last_insert_rowid(s->db)};
	/* One that is put off may find nobody before it any more; and nobody is less
	 * urgent than a low one. */
	if (turn == TURN_HAS || is_put_off || n->supersede ||
	    n->priority == REQUEST_LOW)
		return 0;
	return sqlite_raise_line(&s->base, *id, e);
}

static int
put_an_end_to(struct store_sqlite *s, enum sql which, const int64_t *numbers,
	      size_t count, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, which, e);

	if (!st)
		return -1;
	for (size_t i = 0; i < count; i++)
		(void)sqlite3_bind_int64(st, (int)i + 1, numbers[i]);
	return sqlite_run(s, st, e);
}

/* After the new one is in line, so that it is handed the turn (L2). */
static int
supersede(struct store_sqlite *s, const struct outbox_new *n, int64_t site,
	  int64_t line, struct request_id id, struct err *e)
{
	const int64_t numbers[] = {site, line, id.n, n->now_ms};
	const int resting =
	    put_an_end_to(s, SQL_SUPERSEDE_RESTING, numbers, COUNT(numbers), e);
	const int active =
	    resting < 0 ? -1 : put_an_end_to(s, SQL_SUPERSEDE_ACTIVE, numbers, 3, e);
	const int64_t kept[] = {id.n, (int64_t)resting + active};

	if (active < 0)
		return -1;
	if (resting + active == 0)
		return 0;
	return put_an_end_to(s, SQL_SUPERSEDES, kept, COUNT(kept), e) < 0 ? -1 : 0;
}

static int
need_package(struct store_sqlite *s, int64_t package, size_t requests, struct err *e)
{
	sqlite3_stmt *st = sqlite_stmt(s, SQL_PACKAGE_NEED, e);

	if (!st)
		return -1;
	(void)sqlite3_bind_int64(st, 1, package);
	(void)sqlite3_bind_int64(st, 2, (int64_t)requests);
	return sqlite_run(s, st, e) < 0 ? -1 : 0;
}

/* All in one transaction that alone writes, so the ids follow one another: a filing's
 * key needs to remember the first. */
int
sqlite_file(struct store *base, const struct outbox_new *n, struct request_id *ids,
	    struct err *e)
{
	struct store_sqlite *s = sqlite_of(base);
	struct package_keys keys = {0};
	int64_t site = 0;
	int rc = n->key ? find_key(s, n, ids, e) : 0;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (sqlite_tick(s, e) < 0 || find_package(s, n->package, &keys, e) < 0 ||
	    need_package(s, keys.package, n->site_count, e) < 0)
		return -1;
	for (size_t i = 0; i < n->site_count; i++) {
		if (site_key(s, n->sites[i], &site, e) < 0 ||
		    add_request(s, n, site, &keys, &ids[i], e) < 0)
			return -1;
		if (n->supersede && supersede(s, n, site, keys.line, ids[i], e) < 0)
			return -1;
	}
	if (n->key && keep_key(s, n, ids[0], e) < 0)
		return -1;
	return 1;
}
