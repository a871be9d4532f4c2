/* parts.h - room of address: the pieces of a typed address, each understood by its own
 * file.  Texts that come here are valid UTF-8 without control characters.  Pure.
 *
 * Every function returns -1 with ERR_INPUT and a sentence; outputs change only on
 * success. */
#ifndef ADDRESS_PARTS_H
#define ADDRESS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "address/address.h"

static inline bool
is_slash(char c)
{
	return c == '\\' || c == '/';
}

/* What was typed, short enough for a message. */
enum { QUOTE_ROOM = 68 }; /* a choice: a whole label of 63 bytes still fits */
struct quote {
	char text[QUOTE_ROOM + 4];
};
const char *quote_text(struct quote *q, const char *text);

/* "DSSMS", "DSSMS:1445", "10.1.2.3", "[2001:db8::1]:1445", "2001:db8::1",
 * "2001-db8--1.ipv6-literal.net" -> kind, host, port of *out. */
int host_parse(const char *text, struct address *out, struct err *e) MUST_USE;

/* "SMS_SITE\in\daily" -> share and folder of *out; slashes at the end are dropped. */
int share_parse(const char *text, struct address *out, struct err *e) MUST_USE;

#endif
