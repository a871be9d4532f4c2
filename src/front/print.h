/* print.h - what people and machines read.
 * Whatever comes from outside (names, server answers) is printed so that it cannot
 * steer a terminal.  Main thread only. */
#ifndef FRONT_PRINT_H
#define FRONT_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Add `text` with everything that is no visible character as '?'. */
void print_clean(struct str *out, const char *text);

/* "lansender: TEXT" to stderr; returns `code`, so that one can return it. */
int print_failure(int code, const struct err *e);
void print_note(const char *fmt, ...) FORMAT(1, 2);

/* A line of `fmt` to stdout, cleaned. */
void print_line(const char *fmt, ...) FORMAT(1, 2);

/* Is all that was printed out?  -1: no (a full disk behind `>`); what could not be
 * written is dropped, so that this is told once. */
int print_flush(struct err *e) MUST_USE;

/* JSON values: text that is not UTF-8 is made so; an instant as
 * "2026-11-22T14:08:05.123Z"; 0, INT64_MAX (it never comes) and NULL as null. */
json_t *print_json_text(const char *text);
json_t *print_json_at(int64_t at_ms);
/* One object, one line, to stdout.  Takes `object`. */
void print_json(json_t *object);

/* Local time for tables: "2026-11-22 14:08:05"; "" for 0, "never" for INT64_MAX.
 * room >= 20. */
const char *print_at(int64_t at_ms, char *buf, size_t room);

/* The same, short: "21:40" today, "Mon 21:40" within six days, else "2026-12-01". */
const char *print_soon(int64_t at_ms, int64_t now_ms, char *buf, size_t room);

/* A table with aligned columns.  One that is long is printed page by page: columns only
 * become wider. */
enum { TABLE_COLUMNS_MAX = 10 };
struct table {
	size_t columns;
	const char *const *headings;
	bool right[TABLE_COLUMNS_MAX]; /* numbers stand at the right */
	char **cells;                  /* row by row; cleaned copies */
	size_t count, room;
	size_t widest[TABLE_COLUMNS_MAX]; /* so far */
	bool begun;                       /* its headings were printed */
};
void table_add(struct table *t, const char *cell);
/* Print and free the rows.  No rows: nothing is printed. */
void table_print(struct table *t, FILE *out);

#endif
