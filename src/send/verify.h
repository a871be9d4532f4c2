/* verify.h - is everything that a former connection staged still there, in full?
 *
 * Only needed after a resume: what this connection sent itself was checked when each
 * file was closed.  Sizes are compared, folder by folder; memory holds the listings of
 * the folders on the way down to the present entry, never the tree. */
#ifndef SEND_VERIFY_H
#define SEND_VERIFY_H

#include "base/attr.h"
#include "base/err.h"
#include "send/files.h"
#include "send/run.h"

/* Compare, and queue anew what is missing or has another size; drain `files` after it.
 */
int verify_run(struct run *r, struct files *files, struct err *e) MUST_USE;

#endif
