/* bundle.h - more connections for the same files, where one does not fill the line.
 * ROOM: put*.c.
 *
 * TCP takes every loss for a full line.  On one that loses a packet in two hundred for
 * other reasons, and 80 ms far, a connection gets 0.3 MB/s whatever the line has
 * (measured; cubic).  Several get several times as much.  And a server may be slower
 * with small files than the line (busy.h).
 *
 *   loss, and the line's queue is empty    log-ons, each in       CREATE, when there
 *   (line.h); or the server is busy        a thread of its own    is a file worth it
 *   one lane ----------------------------> opening -------------> FREE --> OPENING
 *                                                                  ^          |
 *                                                                  |          v
 *                                                               CLOSING <-- READY
 *
 * The log-ons run in threads, all at once, since GSSAPI may ask a KDC and block.  From
 * then on one thread and one poll() drive all lanes: they are the companions of the
 * first connection (conn.h).
 *
 *   B1  the first lane is the connection itself; it makes, flushes and closes a large
 *       file.  The others only WRITE, through handles of their own.  A small file goes
 *       whole over any of them, also while they have a large one open
 *   B2  a file is flushed, gets its times and is closed when no other lane has it open
 *   B3  a lane that breaks leaves its WRITEs and its small files to the others: they
 *       are sent again, and count as acknowledged only then
 *   B4  lanes live as long as the pipeline has work, and no longer */
#ifndef SMB_BUNDLE_H
#define SMB_BUNDLE_H

#include <stdbool.h>

#include "smb/put.h"

/* When the pipeline is asked for more: take in those that have logged on, bury the
 * dead. */
void bundle_tend(struct puts *p);

/* How many there are, the first included. */
unsigned bundle_lanes(const struct puts *p);

/* The line loses packets, and there is no better algorithm for it: open lanes, as many
 * as are allowed, when what is left to send is worth it. */
void bundle_widen(struct puts *p);

/* Open lanes until there are so many, or as many as are allowed. */
void bundle_open(struct puts *p, unsigned lanes);

/* Take `s` as one more lane, logged on to the same share; its end is the bundle's. */
void bundle_add(struct puts *p, struct smb *s);

/* A job has nothing in flight and nothing to send: its lanes shall close their handles.
 * large_go_on() is called when the last has. */
void bundle_release(struct job *j);

/* The first connection died: the others with it.  Their WRITEs are given back. */
void bundle_kill(struct puts *p);

/* Close all lanes, forget them.  NULL is fine. */
void bundle_free(struct puts *p);

#endif
