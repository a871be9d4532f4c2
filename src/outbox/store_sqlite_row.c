/* store_sqlite_row.c - reading columns that may hold anything: a damaged page, or a
 * hand with an SQL shell, puts any type anywhere. */
#include <string.h>

#include "base/str.h"
#include "outbox/store_sqlite.h"

int64_t
sqlite_int(struct sqlite_reader *r)
{
	if (sqlite3_column_type(r->st, r->at) != SQLITE_INTEGER)
		r->wrong = "a number is missing or of another type";
	return sqlite3_column_int64(r->st, r->at++);
}

int64_t
sqlite_int_range(struct sqlite_reader *r, int64_t min, int64_t max)
{
	int64_t n = sqlite_int(r);

	if (n >= min && n <= max)
		return n;
	if (!r->wrong)
		r->wrong = "a number is out of its range";
	return min;
}

void
sqlite_text(struct sqlite_reader *r, char *buf, size_t room)
{
	int at = r->at++;
	const char *text = NULL;
	size_t len = 0;

	buf[0] = '\0';
	if (sqlite3_column_type(r->st, at) != SQLITE_TEXT) {
		r->wrong = "a text is missing or of another type";
		return;
	}
	text = (const char *)sqlite3_column_text(r->st, at);
	len = (size_t)sqlite3_column_bytes(r->st, at);
	if (!text || strlen(text) != len || str_copy_len(buf, room, text, len) < 0)
		r->wrong = "a text is too long or has a NUL inside";
}

/* The text must stay until the statement is reset; all ours do (AUTO_END). */
void
sqlite_bind_text(sqlite3_stmt *st, int at, const char *text)
{
	(void)sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

void
sqlite_suspect(struct store_sqlite *s, int64_t request, int64_t attempt,
	       const char *why)
{
	struct sqlite_suspect *one = &s->suspects[s->suspect_count];

	if (s->suspect_count == SUSPECTS_MAX)
		return;
	one->request = request;
	one->attempt = attempt;
	str_copy_cut(one->why, sizeof(one->why), why);
	s->suspect_count++;
}
