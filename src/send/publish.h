/* publish.h - the renames that make a staged package visible at the site.
 *
 *   staging/NAME, staging/NAME.sha256   ->   NAME, NAME.sha256
 *
 * Every step can be repeated: after a crash or a broken line the next run looks at what
 * is there and goes on.  Invariants, at every moment and after any failure:
 *   P1  NAME is a whole package: the former one, or the new one, or nothing for the
 *       moment between two renames
 *   P2  NAME.sha256 is there only beside the package it was made from
 *   P3  the new package is in staging or at NAME, never in neither, never in both
 *   P4  what .lansender/previous holds is a former version, with its own manifest or
 *       none
 * One thread; the transport's. */
#ifndef SEND_PUBLISH_H
#define SEND_PUBLISH_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "package/package.h"
#include "transport/transport.h"

/* The folder of ours at the share, and what was published before. */
#define PUBLISH_FOLDER   PACKAGE_STAGING_FOLDER
#define PUBLISH_PREVIOUS PUBLISH_FOLDER "/previous"
#define PUBLISH_SUFFIX   PACKAGE_MANIFEST_SUFFIX

struct publish {
	struct transport *transport;
	const char *name;          /* of the package                              */
	const char *staging;       /* its staging folder                          */
	const char *manifest_path; /* local: the manifest's bytes                 */
	/* What publish_scout() found at its place; zeroed: nobody looked. */
	struct publish_scouted {
		enum publish_seen {
			PUBLISH_UNSEEN,
			PUBLISH_FREE,
			PUBLISH_TAKEN
		} package,
		    manifest;
	} seen;
	/* Whole, staged by this connection a moment ago: need not be looked for. */
	bool is_staged;
	/* Told before (done false) and after the renames that people see; or NULL. */
	void (*say)(void *self, const char *from, const char *to, bool done);
	/* Called before each step, which may take as long as a request may; or NULL.
	 * -1: stop at once. */
	int (*beat)(void *self, struct err *e);
	void *self;
};

enum publish_found {
	PUBLISH_NOTHING,  /* neither staged nor published                       */
	PUBLISH_STAGED,   /* the package is in staging, whole or not            */
	PUBLISH_MANIFEST, /* the package is at its place, its manifest staged   */
	PUBLISH_DONE,     /* nothing is staged, and what is published is ours   */
};

/* How far did it get?  Looks at the share only. */
int publish_look(const struct publish *p, enum publish_found *out,
		 struct err *e) MUST_USE;

/* Queue a look at the places where it will be published, so that publish_run() need not
 * wait for one.  p must live until the transport is drained.  -1: the connection is
 * dead. */
int publish_scout(struct publish *p, struct err *e) MUST_USE;

/* Publish what is staged, whole and verified; or go on from where a former run stopped.
 * -1: ERR_ATTEMPT when a program at the site holds the former version (it is back in
 * its place then, with its manifest); others as they came.  In all cases: run again. */
int publish_run(const struct publish *p, struct err *e) MUST_USE;

#endif
