/* sites.h - the sites as the outbox last described them: only what changed, and what
 * time alone has made due, is asked for again.  The dispatcher's thread only. */
#ifndef DISPATCH_SITES_H
#define DISPATCH_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "outbox/outbox.h"

struct site {
	char code[SITE_CODE_ROOM];
	struct request_id best; /* n = 0: nothing may go now */
	enum request_priority priority;
	int64_t filed_at_ms;
	int64_t next_at_ms; /* wall: ask again then; 0: time changes nothing */
	int64_t hold_until_at_ms;
	int64_t failures, last_sent_at_ms;
	int64_t unfinished; /* requests that are not final */
};

struct sites;

struct sites *sites_new(void) MUST_USE;
void sites_free(struct sites *s);

/* Ask the outbox for what is new. */
int sites_refresh(struct sites *s, struct outbox *o, int64_t now_ms,
		  struct err *e) MUST_USE;

/* Ask about that site at the next refresh although nothing changed: what it told could
 * not be claimed. */
void sites_ask_again(struct sites *s, const char *code);

/* All of them, by code; borrowed until the next refresh. */
const struct site *sites_all(const struct sites *s, size_t *count);

#endif
