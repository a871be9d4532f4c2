/* What only the SQLite backend can get wrong: the file, its damage, its versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fixture.h"

static int64_t
quarantined(struct fixture *f)
{
	int64_t n = -1;

	assert_int_equal(outbox_quarantined(f->o, &n, &f->e), 0);
	return n;
}

static int
count_rows(void *self, const struct request *r)
{
	(void)r;
	++*(int *)self;
	return 0;
}

static int
listed(struct fixture *f)
{
	int n = 0;

	assert_int_equal(
	    outbox_list(f->o, &(struct outbox_filter){0}, count_rows, &n, &f->e), 0);
	return n;
}

/* --- the file --- */

static void
nobody_else_may_read_the_files(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"outbox.db", "outbox.db-wal",
					    "outbox.db-shm", "outbox.lock"};
	AUTO_FREE char *deeper = path_join(f->folder, "a/b");
	struct outbox *o = NULL;
	struct stat st;

	(void)fixture_file(f, "MS1");
	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_FREE char *path = path_join(f->folder, names[i]);

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	assert_int_equal(outbox_open(deeper, &o, &f->e), 0);
	outbox_close(o);
	assert_int_equal(stat(deeper, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
a_symlink_is_not_followed(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = path_join(f->folder, "trap");
	AUTO_FREE char *link = path_join(folder, "outbox.db");
	struct outbox *o = NULL;

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(outbox_open(folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_null(o);
}

static void
a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct outbox *o = NULL;

	fixture_sql(f, "PRAGMA user_version = 99");
	assert_int_equal(outbox_open(f->folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_non_null(strstr(f->e.text,
			       "was made by a newer lansender (schema 99; this "
			       "one knows up to 7): install that version again"));
	assert_int_equal(outbox_open_readonly(f->folder, &o, &f->e), -1);
	assert_non_null(strstr(f->e.text, "newer lansender"));
}

static int
keep_attempt(void *self, const struct outbox_attempt *a)
{
	struct outbox_attempt *kept = self;

	*kept = *a;
	return 0;
}

/* From schema 1 on: nothing is lost, what is new says that it is not known. */
static void
an_older_schema_is_stepped_forward(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct outbox_attempt attempt = {
	    .result = "retry", .retransmits = 6, .connections = 4};
	const struct outbox_end end = {.to = REQUEST_PENDING, .attempt = &attempt};
	struct outbox_attempt kept = {0};
	struct outbox *o = NULL;
	int64_t used = -1;
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_sql(f, "ALTER TABLE attempt DROP COLUMN connections; DROP TABLE usage;"
		       "DROP TABLE learnt; DROP TABLE outlook;"
		       "DROP INDEX request_promised;"
		       "ALTER TABLE filing DROP COLUMN content");
	fixture_sql(f, "DROP TABLE address; DROP INDEX request_ready;"
		       "DROP INDEX request_prefer; DROP INDEX request_suspended;"
		       "CREATE INDEX request_ready ON request (site, priority)"
		       " WHERE ready_at_ms = 0 AND turn = 1;"
		       "ALTER TABLE request DROP COLUMN prefer;"
		       "ALTER TABLE request DROP COLUMN why;"
		       "ALTER TABLE request DROP COLUMN why_number;"
		       "ALTER TABLE request DROP COLUMN why_until_at_ms");
	fixture_sql(f, "PRAGMA user_version = 1");
	assert_int_equal(outbox_open_readonly(f->folder, &o, &f->e), -1);
	assert_non_null(strstr(f->e.text, "older lansender: start the sender once"));
	assert_int_equal(outbox_open(f->folder, &o, &f->e), 0);
	assert_int_equal(outbox_get(o, id, &r, &f->e), 1);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(outbox_attempts(o, id, keep_attempt, &kept, &f->e), 0);
	assert_string_equal(kept.result, "retry");
	assert_int_equal(kept.retransmits, 6);
	assert_int_equal(kept.connections, 0);
	assert_int_equal(outbox_usage_get(o, "all", 0, &used, &f->e), 0);
	assert_int_equal(used, 0);
	outbox_close(o);
}

/* It is made anew within a minute: nothing is set aside for it. */
static void
an_outlook_that_makes_no_sense_counts_as_none(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct request r;

	fixture_sql(f, "INSERT INTO outlook VALUES (1, -7, 0, 0, 0, 0, 0, 0, 50, 9)");
	fixture_get(f, id, &r);
	assert_int_equal(r.outlook.request.n, 0);
	assert_int_equal(r.outlook.doubted_at_ms, 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM quarantine"), 0);
}

/* What is left when the process that made it was killed before the first step. */
static void
an_empty_file_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = path_join(f->folder, "empty");
	AUTO_FREE char *path = path_join(folder, "outbox.db");
	struct outbox *o = NULL;

	assert_int_equal(path_make(folder, 0700, &f->e), 0);
	assert_int_equal(path_write_file(path, "", 0, 0600, &f->e), 0);
	assert_int_equal(outbox_open_readonly(folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT); /* as if there were none */
	assert_non_null(strstr(f->e.text, "there is no outbox at"));
	assert_int_equal(outbox_open(folder, &o, &f->e), 0);
	outbox_close(o);
	assert_int_equal(outbox_open(folder, &o, &f->e), 0);
	outbox_close(o);
}

static void
another_programs_database_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct outbox *o = NULL;

	fixture_sql(f, "PRAGMA application_id = 7");
	assert_int_equal(outbox_open(f->folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_non_null(strstr(f->e.text, "is a database of another program: give the "
					  "sender a folder of its own"));
}

static void
no_database_at_all_is_refused_with_what_to_do(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = path_join(f->folder, "text");
	AUTO_FREE char *path = path_join(folder, "outbox.db");
	static const char text[2000] = "this is no database, whatever it is called";
	struct outbox *o = NULL;

	assert_int_equal(path_make(folder, 0700, &f->e), 0);
	assert_int_equal(path_write_file(path, text, sizeof(text), 0600, &f->e), 0);
	assert_int_equal(outbox_open(folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_int_equal(f->e.win32, 1392);
	assert_non_null(strstr(f->e.text, "is damaged"));
	assert_non_null(strstr(f->e.text, ".recover | sqlite3"));
	assert_non_null(strstr(f->e.text, ".backup"));
}

/* Pages of the table overwritten: quick_check sees it before anything else does. */
static void
a_damaged_file_is_refused_with_what_to_do(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = path_join(f->folder, "outbox.db");
	char trash[4096];
	int64_t root = 0;
	struct outbox *o = NULL;

	for (int i = 0; i < 300; i++)
		(void)fixture_file(f, "MS1");
	root = fixture_number(
	    f, "SELECT rootpage FROM sqlite_schema WHERE name = 'request'");
	outbox_close(f->o); /* the last one: the WAL goes into the file */
	f->o = NULL;
	memset(trash, 0x5a, sizeof(trash));
	{
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(
		    pwrite(fd, trash, sizeof(trash), (root - 1) * (off_t)sizeof(trash)),
		    sizeof(trash));
	}
	assert_int_equal(outbox_open(f->folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_int_equal(f->e.win32, 1392);
	assert_non_null(strstr(f->e.text, "stop the sender, put back a backup"));
}

static void
reading_only_wants_an_outbox(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = path_join(f->folder, "nothing");
	struct outbox *o = NULL;

	assert_int_equal(outbox_open_readonly(folder, &o, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_non_null(strstr(f->e.text, "there is no outbox at"));
	assert_int_equal(access(folder, F_OK), -1);
}

static void
reading_only_reads_and_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct outbox *o = NULL;
	struct request r;
	int n = 0;

	assert_int_equal(outbox_open_readonly(f->folder, &o, &f->e), 0);
	assert_int_equal(outbox_get(o, id, &r, &f->e), 1);
	assert_int_equal(
	    outbox_list(o, &(struct outbox_filter){0}, count_rows, &n, &f->e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(outbox_command(o, id, OUTBOX_HOLD, NOW, LIFETIME, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_non_null(strstr(f->e.text, "run this as the user who owns it"));
	assert_false(outbox_wait(o, NULL, 0));
	(void)fixture_file(f, "MS1");
	assert_true(outbox_wait(o, NULL, 1000));
	outbox_close(o);
}

/* An ordinary user who may read the folder, and one who may not. */
static int
as_nobody(const char *folder, const char *want)
{
	struct outbox *o = NULL;
	struct err e = {0};
	int n = 0;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 90;
	if (outbox_open_readonly(folder, &o, &e) == 0) {
		int rc = outbox_list(o, &(struct outbox_filter){0}, count_rows, &n, &e);

		outbox_close(o);
		return rc == 0 && !want ? n : 91;
	}
	return want && strstr(e.text, want) ? 0 : 92;
}

static int
run_as_nobody(const char *folder, const char *want)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(as_nobody(folder, want));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void
an_ordinary_user_may_list_while_a_sender_runs(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"outbox.db", "outbox.db-wal",
					    "outbox.db-shm"};

	if (geteuid() != 0)
		skip(); /* needs to become somebody else */
	(void)fixture_file(f, "MS1");
	assert_int_equal(run_as_nobody(f->folder, "run this as the user who owns it"),
			 0);
	assert_int_equal(chmod(f->folder, 0755), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_FREE char *path = path_join(f->folder, names[i]);

		assert_int_equal(chmod(path, 0644), 0);
	}
	assert_int_equal(run_as_nobody(f->folder, NULL), 1);
	outbox_close(f->o); /* no sender: WAL and shared memory are gone */
	f->o = NULL;
	assert_int_equal(run_as_nobody(f->folder, "a sender be running"), 0);
}

/* --- rows that make no sense --- */

/* STRICT keeps types out, CHECK the rest: what is tested here is a damaged page, so
 * both are taken off first. */
#define LOOSE                                                                          \
	"UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name IN "     \
	"('request', 'attempt')"

/* sms-sender.md 6 row 26: one such file stopped all traffic. */
static void
impossible_rows_are_set_aside_and_the_rest_goes_on(void **state)
{
	struct fixture *f = *state;
	static const char *const damage[] = {
	    "state = 99",
	    "state = 4",
	    "priority = 0",
	    "priority = 'high'",
	    "token = 'zz'",
	    "token = x'00ff'",
	    "offset_bytes = -1",
	    "filed_at_ms = 'yesterday'",
	    "owner = 'x'",
	    "lease_until_at_ms = 5",
	    "site = 4711",
	    "package = 4711",
	    "error_text = zeroblob(2000)",
	    "staged_on = hex(zeroblob(300))",
	    "error_win32 = 4294967296",
	};
	struct request_id good = fixture_file(f, "MS1");

	fixture_sql(f, LOOSE);
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct request_id id = fixture_file(f, "MS1");
		char sql[200];
		struct request r;

		(void)snprintf(sql, sizeof(sql),
			       "UPDATE request SET %s WHERE id = %lld", damage[i],
			       (long long)id.n);
		fixture_sql(f, sql);
		if (i % 3 == 0)
			assert_int_equal(outbox_get(f->o, id, &r, &f->e), 0);
		else if (i % 3 == 1)
			assert_int_equal(listed(f), 1);
		else
			assert_int_equal(
			    outbox_claim(f->o, id, "a", NOW, LEASE, &r, &f->e), 0);
		assert_int_equal(quarantined(f), i + 1);
		(void)snprintf(sql, sizeof(sql),
			       "SELECT count(*) FROM request WHERE id = %lld",
			       (long long)id.n);
		assert_int_equal(fixture_number(f, sql), 0);
		(void)snprintf(
		    sql, sizeof(sql),
		    "SELECT json_valid(content) AND from_table = 'request' AND "
		    "reason <> '' FROM quarantine WHERE row_id = %lld",
		    (long long)id.n);
		assert_int_equal(fixture_number(f, sql), 1);
	}
	struct request r;

	fixture_get(f, good, &r);
	fixture_claim(f, good, NOW, &r);
}

/* More of them than are remembered in one transaction. */
static void
many_impossible_rows_are_set_aside(void **state)
{
	struct fixture *f = *state;
	struct outbox_site s;

	for (int i = 0; i < 150; i++)
		(void)fixture_file(f, "MS1");
	fixture_sql(f, "UPDATE request SET token = 'x' WHERE id > 10");
	assert_int_equal(listed(f), 10);
	assert_int_equal(listed(f), 10);
	assert_int_equal(listed(f), 10);
	assert_int_equal(quarantined(f), 140);
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.pending, 10);
	assert_int_equal(s.queued_bytes, 10000);
}

static void
the_check_at_the_start_sets_aside(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 200; i++)
		(void)fixture_file(f, "MS1");
	fixture_sql(f, "UPDATE request SET state = 77 WHERE id % 2 = 0");
	outbox_close(f->o);
	f->o = fixture_open(f);
	assert_int_equal(
	    fixture_number(f, "SELECT count(*) FROM request WHERE state = 77"), 0);
	assert_int_equal(quarantined(f), 100);
	assert_int_equal(listed(f), 100);
}

static void
who_only_reads_leaves_them_where_they_are(void **state)
{
	struct fixture *f = *state;
	struct outbox *o = NULL;
	int n = 0;

	(void)fixture_file(f, "MS1");
	(void)fixture_file(f, "MS1");
	fixture_sql(f, "UPDATE request SET token = '' WHERE id = 1");
	assert_int_equal(outbox_open_readonly(f->folder, &o, &f->e), 0);
	assert_int_equal(
	    outbox_list(o, &(struct outbox_filter){0}, count_rows, &n, &f->e), 0);
	assert_int_equal(n, 1);
	outbox_close(o);
	assert_int_equal(quarantined(f), 0);
}

static int
count_attempts(void *self, const struct outbox_attempt *a)
{
	(void)a;
	++*(int *)self;
	return 0;
}

static void
impossible_attempts_are_set_aside(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct outbox_attempt a = {.result = "retry"};
	const struct outbox_end end = {.to = REQUEST_PENDING, .attempt = &a};
	struct request r;
	int n = 0;

	for (int i = 0; i < 40; i++) {
		fixture_claim(f, id, NOW, &r);
		assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	}
	fixture_sql(f, "UPDATE attempt SET bytes_sent = -1 WHERE number = 7");
	assert_int_equal(outbox_attempts(f->o, id, count_attempts, &n, &f->e), 0);
	assert_int_equal(n, 39);
	assert_int_equal(quarantined(f), 1);
	/* the next one does not collide with those that are there */
	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
}

/* A site's row decides nothing that cannot be found again. */
static void
a_damaged_site_reads_as_nothing_and_goes_on(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct outbox_site s;

	fixture_sql(f, "UPDATE site SET pending = -5, failures = -1, error_win32 = -1");
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.pending, 0);
	assert_int_equal(s.failures, 0);
	assert_int_equal(s.best.n, id.n);

	/* What has no sum; and it is still left alone. */
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW + 5, "dead", &f->e), 0);
	fixture_sql(f, "UPDATE site SET pending = 9223372036854775807, held = 1");
	fixture_site(f, "MS1", NOW, &s);
	assert_int_equal(s.pending, 0);
	assert_int_equal(s.held, 1);
	assert_int_equal(s.hold_until_at_ms, NOW + 5);
}

static void
a_key_whose_content_is_damaged_still_files_once(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1"};
	const struct outbox_package p = {.id = "p", .name = "n"};
	const struct outbox_new n = {.package = &p,
				     .sites = sites,
				     .site_count = 1,
				     .priority = REQUEST_LOW,
				     .now_ms = NOW,
				     .lifetime_ms = LIFETIME,
				     .key = "k",
				     .content = "aa"};
	struct request_id a, b;

	assert_int_equal(outbox_add(f->o, &n, &a, &f->e), 1);
	fixture_sql(f, "UPDATE sqlite_schema SET sql ="
		       " replace(sql, 'content TEXT NOT NULL', 'content TEXT')"
		       " WHERE name = 'filing'");
	fixture_sql(f, "UPDATE filing SET content = NULL");
	assert_int_equal(outbox_add(f->o, &n, &b, &f->e), 0);
	assert_int_equal(b.n, a.n);
}

/* --- who is alone checks --- */

/* sms-sender.md 6 row 27: the counter was only in the name of a file. */
static void
ids_are_never_given_out_twice(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");

	fixture_sql(f, "DELETE FROM request");
	assert_int_equal(fixture_file(f, "MS1").n, id.n + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

/* Another process keeps the lock: a sender waits for less than two seconds. */
static void
patience_ends(void **state)
{
	struct fixture *f = *state;
	const int64_t from_ms = clock_mono_ms(clock_real());
	char path[96];
	sqlite3 *db = NULL;

	(void)fixture_file(f, "MS1");
	(void)snprintf(path, sizeof(path), "%s/outbox.db", f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW, "", &f->e), -1);
	assert_true(clock_mono_ms(clock_real()) - from_ms < 10000); /* was 60 s */
	assert_int_equal(f->e.kind, ERR_LOCAL);
	assert_int_equal(f->e.win32, OUTBOX_BUSY_WIN32);
	assert_non_null(strstr(f->e.text, "outbox.db locked for 1500 ms: look who has "
					  "it open (fuser "));
	outbox_set_patience(f->o, 7);
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW, "", &f->e), -1);
	assert_non_null(strstr(f->e.text, "locked for 7 ms"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(outbox_site_hold(f->o, "MS1", NOW, "", &f->e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(nobody_else_may_read_the_files),
	    CASE(a_symlink_is_not_followed),
	    CASE(a_newer_schema_is_refused),
	    CASE(an_older_schema_is_stepped_forward),
	    CASE(an_outlook_that_makes_no_sense_counts_as_none),
	    CASE(an_empty_file_is_brought_up_to_date),
	    CASE(another_programs_database_is_left_alone),
	    CASE(no_database_at_all_is_refused_with_what_to_do),
	    CASE(a_damaged_file_is_refused_with_what_to_do),
	    CASE(patience_ends),
	    CASE(reading_only_wants_an_outbox),
	    CASE(reading_only_reads_and_cannot_write),
	    CASE(an_ordinary_user_may_list_while_a_sender_runs),
	    CASE(impossible_rows_are_set_aside_and_the_rest_goes_on),
	    CASE(many_impossible_rows_are_set_aside),
	    CASE(the_check_at_the_start_sets_aside),
	    CASE(who_only_reads_leaves_them_where_they_are),
	    CASE(impossible_attempts_are_set_aside),
	    CASE(a_damaged_site_reads_as_nothing_and_goes_on),
	    CASE(a_key_whose_content_is_damaged_still_files_once),
	    CASE(ids_are_never_given_out_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
