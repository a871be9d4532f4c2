/* sites.h - the sites as the outbox last described them: only what changed, and what
 * time alone has made due, is asked for again.  The dispatcher's thread only. */
#ifndef DISPATCH_SITES_H
#define DISPATCH_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "dispatch/choose.h"
#include "outbox/outbox.h"

struct site {
	char code[SITE_CODE_ROOM];
	struct choose_best best[CHOOSE_BESTS]; /* but for their routes */
	struct outbox_address failed[OUTBOX_FAILED_ROOM];
	size_t failed_count;
	int64_t next_at_ms; /* wall: ask again then; 0: time changes nothing */
	int64_t hold_until_at_ms;
	bool lacks_address; /* its hold is for nothing but that */
	int64_t failures, last_sent_at_ms;
	int64_t unfinished; /* requests that are not final */
};

struct sites;

struct sites *sites_new(void) MUST_USE;
void sites_free(struct sites *s);

/* Ask the outbox for what is new.  each() is told the number of every site that
 * changed. */
int sites_refresh(struct sites *s, struct outbox *o, int64_t now_ms,
		  void (*each)(void *self, size_t site), void *self,
		  struct err *e) MUST_USE;
/* Ask for this one again when its time has come. */
int sites_ask(struct sites *s, struct outbox *o, size_t site, int64_t now_ms,
	      struct err *e) MUST_USE;

/* Its time has come, whatever it was: what it told could not be claimed. */
void sites_doubt(struct sites *s, size_t site);

/* Numbers 0, 1, ... in the order in which they were first heard of: for good.  Borrowed
 * until the next refresh. */
const struct site *sites_get(const struct sites *s, size_t site);
size_t sites_count(const struct sites *s);
/* By code; SIZE_MAX: not heard of. */
size_t sites_find(const struct sites *s, const char *code);

#endif
