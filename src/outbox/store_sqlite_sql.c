/* store_sqlite_sql.c - every SQL statement of the SQLite backend, on one page.  The
 * tables are in schema/.  OR ROLLBACK where a row of `request` changes: a failure
 * undoes the whole transaction anyway, and SQLite then need not keep what one statement
 * with its trigger could want to undo (measured: five times as fast).   Which index
 * serves which statement is said in the schema; the bench (bench/outbox.c) notices when
 * one does not. */
#include "outbox/store_sqlite.h"

/* What sqlite_get() and sqlite_list() read; LEFT, so that a request whose site or
 * package is gone is seen and set aside. */
#define REQUEST_COLUMNS                                                                \
	"SELECT r.id, r.version, r.state, r.priority, r.ready_at_ms, r.filed_at_ms,"   \
	" r.renewed_at_ms, r.not_before_at_ms, r.deadline_at_ms, r.expires_at_ms,"     \
	" r.restart_at_ms, r.ended_at_ms, r.claimed_at_ms, r.lease_until_at_ms,"       \
	" r.order_given, r.entries_done, r.offset_bytes, r.bytes_done, r.attempts,"    \
	" r.supersedes, r.superseded_by, r.error_kind, r.error_win32, r.prefer, "      \
	"r.why,"                                                                       \
	" r.why_number, r.why_until_at_ms, r.token, r.owner, r.staged_on,"             \
	" r.error_text,"                                                               \
	" r.turn, s.code, p.stage, p.is_tree, p.by_reference, p.file_count, "          \
	"p.folder_count,"                                                              \
	" p.total_bytes, p.id, p.name,"                                                \
	" l.made_at_ms, l.why, l.why_number, l.why_until_at_ms, l.early_at_ms,"        \
	" l.likely_at_ms, l.late_at_ms, l.in_time_percent, l.doubted_at_ms"            \
	" FROM request r LEFT JOIN site s ON s.n = r.site"                             \
	" LEFT JOIN package p ON p.n = r.package"                                      \
	" LEFT JOIN outlook l ON l.request = r.id "

/* A part of BEST: those of site, priority and preference that `which` lets in. */
#define BEST_OF(which)                                                                 \
	"SELECT * FROM (SELECT id, state = 6 AS again,"                                \
	" iif(deadline_at_ms > 0, deadline_at_ms, 0x7fffffffffffffff) AS due,"         \
	" bytes, expires_at_ms FROM request WHERE site = ?1 AND priority = ?3"         \
	" AND turn = 1 AND expires_at_ms > ?2 AND " which                              \
	" ORDER BY expires_at_ms, id LIMIT ?4)"
#define BEST(preference)                                                               \
	"SELECT id, state, prefer, filed_at_ms, goes_at_ms, deadline_at_ms,"           \
	" expires_at_ms, bytes - bytes_done FROM request WHERE id = (SELECT id FROM "  \
	"(" BEST_OF("state = 6 AND " preference) " UNION ALL " BEST_OF(                \
	    "ready_at_ms "                                                             \
	    "= 0 "                                                                     \
	    "AND"                                                                      \
	    " " preference) " UNION ALL " BEST_OF("ready_at_ms > 0 AND ready_at_ms "   \
						  "<= ?2 AND " preference) ") ORDER "  \
									   "BY "       \
									   "again "    \
									   "DESC, "    \
									   "iif(?5, "  \
									   "due, "     \
									   "0), "      \
									   "iif(?5, "  \
									   "bytes, "   \
									   "0), "      \
									   "expires_"  \
									   "at_ms, "   \
									   "id"        \
									   " LIMIT 1)"

#define IN_ORDER " ORDER BY r.id"

/* A row as JSON: {"column": "SQL literal", ...}.  quote() keeps type and bytes. */
#define JSON(column) "'" #column "', quote(" #column ")"
/* clang-format off */
#define REQUEST_JSON \
	JSON(id) "," JSON(version) "," JSON(state) "," JSON(priority) "," \
	JSON(site) "," JSON(package) "," JSON(line) "," JSON(bytes) "," \
	JSON(goes_at_ms) "," JSON(turn) "," JSON(ready_at_ms) "," \
	JSON(filed_at_ms) "," JSON(renewed_at_ms) "," \
	JSON(not_before_at_ms) "," JSON(deadline_at_ms) "," \
	JSON(expires_at_ms) "," JSON(restart_at_ms) "," JSON(ended_at_ms) "," \
	JSON(claimed_at_ms) "," JSON(lease_until_at_ms) "," \
	JSON(order_given) "," JSON(entries_done) "," JSON(offset_bytes) "," \
	JSON(bytes_done) "," JSON(attempts) "," JSON(supersedes) "," \
	JSON(superseded_by) "," JSON(error_kind) "," \
	JSON(error_win32) "," JSON(token) "," JSON(owner) "," \
	JSON(staged_on) "," JSON(error_text) "," JSON(prefer) "," \
	JSON(why) "," JSON(why_number) "," JSON(why_until_at_ms)
#define ATTEMPT_JSON \
	JSON(request) "," JSON(number) "," JSON(started_at_ms) "," \
	JSON(ended_at_ms) "," JSON(error_kind) "," JSON(error_win32) "," \
	JSON(error_ntstatus) "," JSON(bytes_sent) "," JSON(wire_bytes) "," \
	JSON(connect_ms) "," JSON(send_ms) "," JSON(flush_ms) "," \
	JSON(publish_ms) "," JSON(rtt_us) "," JSON(retransmits) "," \
	JSON(result) "," JSON(address) "," JSON(server) "," JSON(cipher) "," \
	JSON(signature) "," JSON(dialect) "," JSON(error_text) "," JSON(connections)
/* clang-format on */

const char *const sqlite_texts[SQL_COUNT] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SYNC_FULL] = "PRAGMA synchronous = FULL",
    [SQL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_TICK] = "SELECT tick FROM change",
    [SQL_TICK_UP] = "UPDATE change SET tick = tick + 1",

    [SQL_KEY_GET] = "SELECT first_id, site_count, content FROM filing"
		    " WHERE key = ?1",
    [SQL_KEY_ADD] = "INSERT INTO filing (key, first_id, site_count, content)"
		    " VALUES (?1, ?2, ?3, ?4)",

    [SQL_LINE_GET] = "SELECT n FROM line WHERE name = ?1",
    [SQL_LINE_ADD] = "INSERT INTO line (name) VALUES (?1)",
    [SQL_PACKAGE_GET] = "SELECT n, stage, line FROM package WHERE id = ?1",
    [SQL_PACKAGE_ADD] = "INSERT INTO package (id, name, line, is_tree, by_reference,"
			" file_count, folder_count, total_bytes)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_PACKAGE_NEED] = "UPDATE package SET needed = needed + ?2 WHERE n = ?1",
    [SQL_PACKAGE_STAGE] = "UPDATE package SET stage = ?2 WHERE id = ?1",
    [SQL_PACKAGE_IDLE] =
	"SELECT p.n, p.id FROM package p"
	" WHERE p.needed = 0 AND p.stage < 2 AND p.n > ?1 AND NOT EXISTS ("
	"  SELECT 1 FROM request r"
	"  WHERE r.state = 8 AND r.package = p.n AND r.ended_at_ms >= ?2)"
	" ORDER BY p.n LIMIT 1",

    [SQL_SITE_ADD] = "INSERT INTO site (code, changed)"
		     " VALUES (?1, (SELECT tick FROM change))",
    [SQL_SITE_KEY] = "SELECT n FROM site WHERE code = ?1",
    /* The first request after a pause: what held the site before is over. */
    [SQL_SITE_COUNT] = "UPDATE site SET hold_until_at_ms = iif(pending + waiting"
		       " + suspended + held + active = 0, 0, hold_until_at_ms),"
		       " pending = pending + 1,"
		       " queued_bytes = queued_bytes + ?2,"
		       " changed = (SELECT tick FROM change) WHERE n = ?1",
    [SQL_SITES_BY_CODE] = "SELECT n FROM site ORDER BY code",
    [SQL_SITES_CHANGED] = "SELECT n FROM site WHERE changed > ?1",
    /* best: of those whose turn it is, ready at once, or whose time came since; both
     * parts of one site only.  What is over its lifetime waits for recovery. */
    [SQL_SITE_GET] =
	"SELECT s.code, s.pending, s.waiting, s.suspended, s.held, s.active, s.sent,"
	" s.failed, s.queued_bytes, s.hold_until_at_ms, s.failures, s.last_sent_at_ms,"
	" s.error_at_ms, s.error_win32, s.address, s.hold_reason, s.error_text,"
	" ifnull((SELECT min(ready_at_ms) FROM request"
	"  WHERE site = s.n AND turn = 1 AND ready_at_ms > 0 AND ready_at_ms > ?2), 0)"
	" FROM site s WHERE s.n = ?1",
    /* ?2 now, ?3 priority, ?4 how many to look at, ?5 by size among these.  Of what was
     * suspended, what is ready at once, and what became ready since. */
    [SQL_SITE_BEST] = BEST("prefer = 0"),
    [SQL_SITE_PREFER] = BEST("prefer > 0"),
    [SQL_ADDRESS_LIST] = "SELECT number, failures, alone_until_at_ms FROM address"
			 " WHERE site = ?1 LIMIT ?2",
    [SQL_ADDRESS_PUT] =
	"INSERT INTO address (site, number, failures, alone_until_at_ms)"
	" VALUES ((SELECT n FROM site WHERE code = ?1), ?2, ?3, ?4)"
	" ON CONFLICT DO UPDATE SET failures = ?3, alone_until_at_ms = ?4",
    [SQL_ADDRESS_DELETE] =
	"DELETE FROM address WHERE site = (SELECT n FROM site WHERE code = ?1)"
	" AND ?2 IN (0, number)",
    [SQL_SITE_PUT] =
	"UPDATE site SET hold_until_at_ms = ?2, hold_reason = ?3, failures = ?4,"
	" address = ?5, last_sent_at_ms = ?6, error_at_ms = ?7,"
	" error_win32 = ?8, error_text = ?9,"
	" changed = (SELECT tick FROM change) WHERE code = ?1",

    [SQL_REQUEST_ADD] =
	"INSERT OR ROLLBACK INTO request (state, priority, site, package, line, bytes,"
	" ready_at_ms, filed_at_ms, renewed_at_ms, not_before_at_ms, deadline_at_ms,"
	" expires_at_ms, goes_at_ms, prefer, token, turn)"
	" VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12,"
	" ?13, ?14)",
    [SQL_TURN_GET] = "SELECT id, ready_at_ms IS NOT NULL AND goes_at_ms > ?3"
		     " FROM request WHERE line = ?1 AND site = ?2 AND turn = 1",
    [SQL_TURN_YIELD] = "UPDATE OR ROLLBACK request SET turn = 0 WHERE id = ?1",
    /* Resting ones end here; active ones but a publishing one hear it (I5). */
    [SQL_SUPERSEDE_RESTING] =
	"UPDATE OR ROLLBACK request SET version = version + 1, state = 9,"
	" ready_at_ms = NULL, restart_at_ms = 0, ended_at_ms = ?4, turn = NULL,"
	" superseded_by = ?3 WHERE id < ?3 AND id IN ("
	"  SELECT id FROM request WHERE line = ?2 AND site = ?1 AND turn IS NOT NULL"
	"   AND state IN (0, 5, 6)"
	"  UNION ALL"
	"  SELECT id FROM request WHERE line = ?2 AND site = ?1 AND state = 7)",
    [SQL_SUPERSEDE_ACTIVE] =
	"UPDATE OR ROLLBACK request SET version = version + 1, order_given = 2,"
	" superseded_by = ?3 WHERE line = ?2 AND site = ?1 AND turn IS NOT NULL"
	" AND id < ?3 AND state IN (1, 2)",
    [SQL_SUPERSEDES] = "UPDATE OR ROLLBACK request SET supersedes = ?2 WHERE id = ?1",
    [SQL_OVERRIDE_PUT] = "INSERT OR REPLACE INTO override"
			 " (kind, what, value, set_at_ms, until_at_ms)"
			 " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_OVERRIDE_DROP] = "DELETE FROM override WHERE kind = ?1 AND what = ?2",
    [SQL_OVERRIDE_TIDY] =
	"DELETE FROM override WHERE until_at_ms > 0 AND until_at_ms <= ?1",
    [SQL_OVERRIDE_LIST] = "SELECT kind, what, value, set_at_ms, until_at_ms"
			  " FROM override WHERE until_at_ms = 0 OR until_at_ms > ?1"
			  " ORDER BY kind, what",
    [SQL_RAISE_LINE] = "UPDATE OR ROLLBACK request AS o SET version = o.version + 1,"
		       " priority = r.priority FROM request r"
		       " WHERE r.id = ?1 AND r.turn = 0 AND o.line = r.line"
		       " AND o.site = r.site AND o.turn IS NOT NULL"
		       " AND o.priority > r.priority"
		       " AND (o.goes_at_ms, o.id) < (r.goes_at_ms, r.id)",
    [SQL_OVERTAKEN] = "SELECT o.id FROM request r JOIN request o ON o.site = r.site"
		      " AND o.line = r.line AND o.state BETWEEN 1 AND 4"
		      " AND (o.goes_at_ms, o.id) > (r.goes_at_ms, r.id)"
		      " WHERE r.id = ?1 ORDER BY o.id DESC LIMIT 1",
    [SQL_REQUEST_GET] = REQUEST_COLUMNS "WHERE r.id = ?1",
    [SQL_REQUEST_PUT] =
	"UPDATE OR ROLLBACK request SET version = version + 1, state = ?3, priority = "
	"?4,"
	" ready_at_ms = ?5, renewed_at_ms = ?6, expires_at_ms = ?7, restart_at_ms = ?8,"
	" ended_at_ms = ?9, claimed_at_ms = ?10, lease_until_at_ms = ?11,"
	" order_given = ?12, entries_done = ?13, offset_bytes = ?14, bytes_done = ?15,"
	" attempts = ?16, error_kind = ?17, error_win32 = ?18, why = ?19,"
	" why_number = ?20, why_until_at_ms = ?21, owner = ?22, staged_on = ?23,"
	" error_text = ?24,"
	" turn = iif(?3 IN (0, 1, 2, 3, 5, 6), ifnull(turn, 0), NULL) WHERE id = ?1 "
	"AND version = ?2",
    [SQL_LIST_ALL] = REQUEST_COLUMNS "WHERE r.id > ?1" IN_ORDER,
    [SQL_LIST_ALL_SITE] =
	REQUEST_COLUMNS "WHERE r.site = (SELECT n FROM site WHERE code = ?2)"
			" AND r.id > ?1" IN_ORDER,
    [SQL_LIST_OPEN] = REQUEST_COLUMNS "WHERE r.ended_at_ms = 0 AND r.id > ?1" IN_ORDER,
    [SQL_LIST_OPEN_SITE] =
	REQUEST_COLUMNS "WHERE r.site = (SELECT n FROM site WHERE code = ?2)"
			" AND +r.ended_at_ms = 0 AND r.id > ?1" IN_ORDER,
    [SQL_LIST_PROMISED] = REQUEST_COLUMNS
    "WHERE r.deadline_at_ms > 0 AND r.ended_at_ms = 0 AND r.id > ?1" IN_ORDER,
    /* These serve recovery, which takes from the front and moves what it took out of
     * the set.  The + keeps the walk on the small index of leases, not on all ids. */
    [SQL_LIST_LEASE_OVER] = REQUEST_COLUMNS
    "WHERE r.lease_until_at_ms > 0 AND r.lease_until_at_ms <= ?2 LIMIT ?3",
    [SQL_LIST_CLAIMED] = REQUEST_COLUMNS "WHERE r.lease_until_at_ms > 0 AND +r.id > ?1"
					 " ORDER BY +r.id",
    [SQL_LIST_EXPIRED] =
	REQUEST_COLUMNS "WHERE r.ended_at_ms = 0 AND r.lease_until_at_ms = 0"
			" AND r.expires_at_ms <= ?2 LIMIT ?3",

    [SQL_ATTEMPT_ADD] =
	"INSERT INTO attempt (request, number, started_at_ms, ended_at_ms, error_kind,"
	" error_win32, error_ntstatus, bytes_sent, wire_bytes, connect_ms, send_ms,"
	" flush_ms, publish_ms, rtt_us, retransmits, connections, result, address,"
	" server, cipher, signature, dialect, error_text)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
	" ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
    [SQL_ATTEMPT_LIST] =
	"SELECT number, started_at_ms, ended_at_ms, error_kind, error_win32,"
	" error_ntstatus, bytes_sent, wire_bytes, connect_ms, send_ms, flush_ms,"
	" publish_ms, rtt_us, retransmits, connections, result, address, server, "
	"cipher,"
	" signature, dialect, error_text FROM attempt WHERE request = ?1 AND number > "
	"?2"
	" ORDER BY number LIMIT ?3",

    [SQL_USAGE_ADD] =
	"INSERT INTO usage (node, day_at_ms, bytes) VALUES (?1, ?2, ?3)"
	" ON CONFLICT DO UPDATE SET bytes = iif("
	"bytes > 9223372036854775807 - excluded.bytes, 9223372036854775807,"
	" bytes + excluded.bytes)",
    [SQL_USAGE_FORGET] = "DELETE FROM usage WHERE node = ?1 AND day_at_ms < ?2",
    [SQL_USAGE_GET] = "SELECT bytes FROM usage WHERE node = ?1 AND day_at_ms >= ?2",

    [SQL_LEARNT_ADD] =
	"INSERT INTO learnt (address, hour, samples, log_sum, log_squares, connects,"
	" failed, connect_ms, publish_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
	" ON CONFLICT DO UPDATE SET samples = samples + excluded.samples,"
	" log_sum = log_sum + excluded.log_sum,"
	" log_squares = log_squares + excluded.log_squares,"
	" connects = connects + excluded.connects, failed = failed + excluded.failed,"
	" connect_ms = connect_ms + excluded.connect_ms,"
	" publish_ms = publish_ms + excluded.publish_ms",
    /* All in the same proportion, so that means and spread stay. */
    [SQL_LEARNT_HALVE] =
	"UPDATE learnt SET samples = samples / 2,"
	" log_sum = iif(samples, log_sum * (samples / 2) / samples, 0),"
	" log_squares = iif(samples, log_squares * (samples / 2) / samples, 0),"
	" publish_ms = iif(samples, publish_ms * (samples / 2) / samples, 0),"
	" connect_ms = iif(connects, connect_ms * (connects / 2) / connects, 0),"
	" connects = connects / 2, failed = failed / 2"
	" WHERE address = ?1 AND hour = ?2 AND connects + failed >= ?3",
    [SQL_LEARNT_LIST] =
	"SELECT address, hour, samples, connects, failed, connect_ms, publish_ms,"
	" log_sum, log_squares FROM learnt ORDER BY address, hour",

    [SQL_OUTLOOK_PUT] =
	"INSERT INTO outlook (request, made_at_ms, why, why_number,"
	" why_until_at_ms, early_at_ms, likely_at_ms, late_at_ms, in_time_percent,"
	" doubted_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQL_OUTLOOK_DROP] = "DELETE FROM outlook",

    [SQL_PROMOTE_ANY] = "SELECT 1 FROM request WHERE ready_at_ms > 0"
			" AND ready_at_ms <= ?1 LIMIT 1",
    [SQL_PROMOTE] = "UPDATE request SET ready_at_ms = 0 WHERE id IN ("
		    "SELECT id FROM request WHERE ready_at_ms > 0 AND ready_at_ms <= ?1"
		    " ORDER BY ready_at_ms LIMIT ?2)",

    [SQL_QUARANTINE_REQUEST] =
	"INSERT INTO quarantine (from_table, row_id, reason, content)"
	" SELECT 'request', id, ?2, json_object(" REQUEST_JSON ") FROM request"
	" WHERE id = ?1",
    [SQL_REQUEST_DELETE] = "DELETE FROM request WHERE id = ?1",
    [SQL_QUARANTINE_ATTEMPT] =
	"INSERT INTO quarantine (from_table, row_id, reason, content)"
	" SELECT 'attempt', request, ?3, json_object(" ATTEMPT_JSON ") FROM attempt"
	" WHERE request = ?1 AND number = ?2",
    [SQL_ATTEMPT_DELETE] = "DELETE FROM attempt WHERE request = ?1 AND number = ?2",
    [SQL_QUARANTINE_COUNT] = "SELECT count(*) FROM quarantine",
};
