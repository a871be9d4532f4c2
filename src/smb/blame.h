/* blame.h - an NTSTATUS, and what was being done, become a struct err.  Pure.
 * The one table of statuses is in ntstatus.c (door: smb_status()); here are the few
 * places where it matters what was asked. */
#ifndef SMB_BLAME_H
#define SMB_BLAME_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* What the server was asked when it said so. */
enum blame_op {
	BLAME_OTHER,
	BLAME_NEGOTIATE,
	BLAME_LOGON,  /* SESSION_SETUP */
	BLAME_TICKET, /* the same, by Kerberos: as BLAME_LOGON where it is no other */
	BLAME_TREE,   /* TREE_CONNECT */
	BLAME_CREATE, /* CREATE of a file or folder: to read it, write it, make it */
	BLAME_READ,
	BLAME_WRITE, /* WRITE, FLUSH, set size, set times */
	BLAME_RENAME,
	BLAME_DELETE,
	BLAME_QUERY, /* QUERY_INFO, QUERY_DIRECTORY, IOCTL */
	BLAME_CLOSE,
};

/* Fill *e from a status: kind, Win32 code, ntstatus, and the text
 * "CONTEXT: what the status means and what to look at (STATUS_NAME, 0xC00000CC)".
 * Returns -1. */
int blame_set(struct err *e, enum blame_op op, uint32_t ntstatus, const char *fmt, ...)
    FORMAT(4, 5);

#endif
