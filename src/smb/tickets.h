/* tickets.h - Kerberos tickets got by keytab or password, kept for the next log-on of
 * the same account at the same server: it then asks no KDC.
 * ROOM: auth.c, login*.c.  Any thread.
 *
 * Each ticket lies in a MEMORY cache whose name nobody else knows; it is in no file and
 * in no cache of the user's.  Who logs on works with a copy of its own.  The time that
 * counts is what has gone by here since a ticket was got: clocks may differ. */
#ifndef SMB_TICKETS_H
#define SMB_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum { TICKETS_NAME_ROOM = 40 }; /* "MEMORY:lansender-" and a token */

/* The name of a new cache. */
void tickets_name(char name[TICKETS_NAME_ROOM]);

/* Nothing is left of that cache; "" is fine. */
void tickets_destroy(const char *name);

enum ticket_state {
	TICKET_FRESH, /* good for a log-on                                        */
	TICKET_AGING, /* time for a new one; but good where none is to be had     */
	TICKET_SPENT, /* expired, or there is none                                */
};

/* Of one that lasts so long, when it is so old.  A session lives as long as the ticket
 * that it began with, so a new one is wanted while a quarter of the life and the five
 * minutes that clocks may differ (RFC 4120 1.2, MIT's clockskew) are left.  Pure. */
enum ticket_state ticket_state(int64_t lasts_ms, int64_t age_ms);

/* What is kept for `key`, which says who, where and with what secret. */
enum ticket_state tickets_state(const char *key, int64_t now_ms);

/* A copy into the cache `to`, which is made for it, if what is kept is no worse.
 * false: there is no such ticket, and no cache `to`. */
bool tickets_copy(const char *key, enum ticket_state worst, int64_t now_ms,
		  const char *to) MUST_USE;

/* Takes over the cache and what is in it; name is "" then. */
void tickets_keep(const char *key, int64_t now_ms, char name[TICKETS_NAME_ROOM]);

/* No KDC answers: until then it passes for a fresh one, as long as it lasts. */
void tickets_put_off(const char *key, int64_t until_ms);

void tickets_age(const char *key);  /* time for a new one, though it be fresh */
void tickets_drop(const char *key); /* it is of no use any more */

/* When did, or will, the ticket of somebody else's cache expire?  In s since 1970; 0:
 * there is none that says so.  *is_spent: by the time as Kerberos has it. */
int64_t tickets_end(const char *cache, bool *is_spent);

#endif
