/* oserr.h - an errno at a mounted folder becomes a struct err: whose fault it is, the
 * Win32 code for the log, and what to look at.  The counterpart of smb/blame.h.  Pure.
 */
#ifndef TRANSPORT_OSERR_H
#define TRANSPORT_OSERR_H

#include "base/attr.h"
#include "base/err.h"

/* Fill *e from errno value `no`: "CONTEXT: what it means (what to look at)".
 * Returns -1. */
int oserr_set(struct err *e, int no, const char *fmt, ...) FORMAT(3, 4);

#endif
