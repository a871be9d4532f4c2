/* outcome.h - what an error makes of an attempt.  Pure. */
#ifndef SEND_OUTCOME_H
#define SEND_OUTCOME_H

#include <stdbool.h>

#include "base/err.h"
#include "send/run.h"
#include "send/send.h"

/* What an error that ends the work at one address makes of the attempt.
 * ATTEMPT_REFUSED: the next address may be tried. */
enum attempt_outcome outcome_of(const struct run *r, const struct err *e);

/* The same for an error of connecting: whatever is wrong over there, the next address
 * may do. */
enum attempt_outcome outcome_of_connect(const struct run *r, const struct err *e);

bool outcome_is_refused_logon(const struct err *e);
/* The server is there, and another log-on may do. */
bool outcome_is_session_lost(const struct err *e);

#endif
