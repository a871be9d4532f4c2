/* habits.h - what servers are like, remembered as long as the process runs.
 * ROOM: smb.c.  Any thread; no lock.
 *
 * A server that refuses compounds is served one request at a time from the next
 * connection on.  One that only hangs up on them cannot be told from a line that
 * breaks, so that counts when it has happened twice and no compound ever worked. */
#ifndef SMB_HABITS_H
#define SMB_HABITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum habits_compound {
	HABITS_WORKED,
	HABITS_REFUSED, /* by an answer */
	HABITS_HUNG_UP, /* on the first one */
};

/* Are compounds worth a try there? */
bool habits_take_compounds(const char *server, uint16_t port) MUST_USE;

/* What the server did on a connection that is over. */
void habits_saw(const char *server, uint16_t port, enum habits_compound what);

/* Forget all: for tests.  Nobody else may be here. */
void habits_forget(void);

#endif
