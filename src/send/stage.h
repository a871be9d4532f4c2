/* stage.h - the package goes into its staging folder at the share, as far as it is not
 * there already, and with it the manifest.  Nothing of it can be seen from outside. */
#ifndef SEND_STAGE_H
#define SEND_STAGE_H

#include "base/attr.h"
#include "base/err.h"
#include "send/publish.h"
#include "send/run.h"

/* Room at the site, folders, files, folder times, manifest; verified when a part of it
 * is from a former connection.  r->kept says how far it got, whatever happens.  On
 * failure the connection is ended when it is dead.
 * p looks where it will be published, along with the last files.
 * -1: the first trouble that any file met; ERR_SITE 112 when there is no room. */
int stage_run(struct run *r, struct publish *p, struct err *e) MUST_USE;

/* Take the staging folder away: the request was cancelled, or failed. */
void stage_remove(struct run *r);

#endif
