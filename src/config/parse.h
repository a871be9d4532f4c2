/* parse.h - room of config: bytes of a file -> sections of key = value lines.  Pure.
 *
 * Knows the table of keys, so that an unknown one is told where it stands; what the
 * values mean is up to value.c, what sections mean together to build.c. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/keys.h"

struct line {
	const struct key *key;
	char *value;
	unsigned number; /* 1 is the first */
};

struct section {
	enum key_section kind;
	char *title;      /* "address MS1.1"                                 */
	char *name;       /* "MS1.1", "MS1", a group's name; "" for [sender] */
	char *code;       /* "MS1": the site of a site or address            */
	unsigned number;  /* .1: of an address                               */
	const char *file; /* borrowed from whoever read it                   */
	unsigned line;    /* where it begins                                 */
	struct line *lines;
	size_t count, room;
};

/* All files together, in the order of reading. */
struct sections {
	struct section *list;
	size_t count, room;
};
void sections_done(struct sections *s);

/* Add what stands in `bytes`; `file` is borrowed as long as *s lives.  -1: ERR_INPUT
 * with file, line, key and what would be right. */
int sections_read(struct sections *s, const char *file, const char *bytes, size_t len,
		  struct err *e) MUST_USE;

/* The line of a key, the last one of a list; NULL: it is not there. */
const struct line *section_line(const struct section *s, const char *key);

/* Put "FILE:LINE: [TITLE] KEY: " in front of what *e says; NULL: where the section
 * begins, and no key.  Returns -1. */
int section_error(const struct section *s, const struct line *l, struct err *e);

#endif
