/* str.h - a string that grows, and a few things that <string.h> lacks.
 * One owner; any thread. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Zeroed is empty and valid.  `s` is NUL-terminated once anything was added;
 * str_text() is so always. */
struct str {
	char *s;
	size_t len;
	size_t room;
};

void str_done(struct str *b); /* frees; *b is empty again */
void str_clear(struct str *b);
const char *str_text(const struct str *b); /* borrowed; "" when empty */
char *str_take(struct str *b) MUST_USE;    /* yours; *b is empty again; never NULL */
void str_add(struct str *b, const char *text);
void str_add_len(struct str *b, const char *bytes, size_t len);
void str_add_char(struct str *b, char c);
void str_addf(struct str *b, const char *fmt, ...) FORMAT(2, 3);
void str_addv(struct str *b, const char *fmt, va_list ap) FORMAT(2, 0);
#define AUTO_STR AUTO(str_done)

/* Copy into a fixed buffer, always terminated.  -1: it did not fit and buf is "". */
int str_copy(char *buf, size_t room, const char *text) MUST_USE;
int str_copy_len(char *buf, size_t room, const char *text, size_t len) MUST_USE;

/* Copy into a fixed buffer what fits; for texts where a cut does no harm. */
void str_copy_cut(char *buf, size_t room, const char *text);

bool str_eq(const char *a, const char *b);        /* NULL equals NULL only     */
bool str_eq_nocase(const char *a, const char *b); /* ASCII case only           */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

void str_upper(char *text); /* in place; ASCII only */
void str_lower(char *text); /* likewise             */

#endif
