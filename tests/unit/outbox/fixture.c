#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

int
fixture_enter(void **state)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	/* Memory, where there is such a folder: an fsync costs nothing there. */
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(f->folder, sizeof(f->folder), "%s/test_outbox.XXXXXX", where);
	if (!mkdtemp(f->folder) || outbox_open(f->folder, &f->o, &f->e) < 0) {
		print_error("%s\n", f->e.text);
		mem_free(f);
		return -1;
	}
	*state = f;
	return 0;
}

int
fixture_leave(void **state)
{
	struct fixture *f = *state;
	int rc = 0;

	outbox_close(f->o);
	rc = path_remove_tree(f->folder, &f->e);
	mem_free(f);
	return rc;
}

struct outbox *
fixture_open(struct fixture *f)
{
	struct outbox *o = NULL;

	if (outbox_open(f->folder, &o, &f->e) < 0)
		fail_msg("open: %s", f->e.text);
	return o;
}

struct request_id
fixture_file_as(struct fixture *f, const char *site, struct outbox_new n)
{
	static unsigned count;
	struct outbox_package p = {.file_count = 1, .total_bytes = 1000};
	struct request_id id = {0};

	/* Each under a name of its own: none has to wait for another. */
	(void)snprintf(p.id, sizeof(p.id), "%032x", ++count);
	(void)snprintf(p.name, sizeof(p.name), "setup-%u", count);
	if (!n.package)
		n.package = &p;
	if (!n.priority)
		n.priority = REQUEST_MEDIUM;
	if (!n.now_ms)
		n.now_ms = NOW;
	if (!n.lifetime_ms)
		n.lifetime_ms = LIFETIME;
	n.sites = &site;
	n.site_count = 1;
	if (outbox_add(f->o, &n, &id, &f->e) < 0)
		fail_msg("add: %s", f->e.text);
	return id;
}

struct request_id
fixture_file_named(struct fixture *f, const char *site, const char *name,
		   struct outbox_new n)
{
	static unsigned count;
	struct outbox_package p = {.file_count = 1, .total_bytes = 1000};

	(void)snprintf(p.id, sizeof(p.id), "f%031x", ++count);
	str_copy_cut(p.name, sizeof(p.name), name);
	n.package = &p;
	return fixture_file_as(f, site, n);
}

struct request_id
fixture_file(struct fixture *f, const char *site)
{
	return fixture_file_as(f, site, (struct outbox_new){0});
}

void
fixture_get(struct fixture *f, struct request_id id, struct request *out)
{
	if (outbox_get(f->o, id, out, &f->e) != 1)
		fail_msg("request %lld is not there: %s", (long long)id.n, f->e.text);
}

void
fixture_site(struct fixture *f, const char *site, int64_t now_ms,
	     struct outbox_site *out)
{
	if (outbox_site(f->o, site, now_ms, out, &f->e) != 1)
		fail_msg("site %s is not there: %s", site, f->e.text);
}

void
fixture_claim(struct fixture *f, struct request_id id, int64_t now_ms,
	      struct request *out)
{
	if (outbox_claim(f->o, id, "host:1", now_ms, LEASE, out, &f->e) != 1)
		fail_msg("request %lld cannot be claimed: %s", (long long)id.n,
			 f->e.text);
}

void
fixture_finish(struct fixture *f, const struct request *r, enum request_state to,
	       int64_t now_ms)
{
	struct outbox_end end = {.to = to, .restart_at_ms = now_ms + 60000};

	if (outbox_finish(f->o, r->id, r->owner, now_ms, &end, &f->e) != 0)
		fail_msg("request %lld cannot end: %s", (long long)r->id.n, f->e.text);
}

static void
bring_by_step(struct fixture *f, struct request *r, enum request_state to)
{
	if (outbox_step(f->o, r->id, r->owner, to, "\\\\DSSMS\\SMS_SITE", NOW, &f->e) <
	    0)
		fail_msg("step: %s", f->e.text);
}

void
fixture_bring(struct fixture *f, struct request_id id, enum request_state to,
	      struct request *out)
{
	struct err *e = &f->e;

	if (to == REQUEST_HELD) {
		if (outbox_command(f->o, id, OUTBOX_HOLD, NOW, LIFETIME, e) != 1)
			fail_msg("hold: %s", e->text);
	} else if (to == REQUEST_CANCELLED) {
		if (outbox_command(f->o, id, OUTBOX_CANCEL, NOW, LIFETIME, e) != 1)
			fail_msg("cancel: %s", e->text);
	} else if (to != REQUEST_PENDING) {
		fixture_claim(f, id, NOW, out);
		if (to == REQUEST_SENDING || to == REQUEST_PUBLISHING ||
		    to == REQUEST_SENT)
			bring_by_step(f, out, REQUEST_SENDING);
		if (to == REQUEST_PUBLISHING || to == REQUEST_SENT)
			bring_by_step(f, out, REQUEST_PUBLISHING);
		if (!request_state_active(to))
			fixture_finish(f, out, to, NOW);
	}
	fixture_get(f, id, out);
	assert_int_equal(out->state, to);
}

static sqlite3 *
open_behind(const struct fixture *f)
{
	char path[96];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/outbox.db", f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
	return db;
}

void
fixture_sql(const struct fixture *f, const char *sql)
{
	sqlite3 *db = open_behind(f);
	char *said = NULL;

	(void)sqlite3_exec(db,
			   "PRAGMA ignore_check_constraints = 1;"
			   "PRAGMA writable_schema = 1;",
			   NULL, NULL, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", sql, said);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t
fixture_number(const struct fixture *f, const char *sql)
{
	sqlite3 *db = open_behind(f);
	sqlite3_stmt *st = NULL;
	int64_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}
