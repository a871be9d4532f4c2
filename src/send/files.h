/* files.h - files on their way to the site: hundreds at once, each opened when its
 * first block is read and closed after its last, so that few descriptors are in use.
 *
 * The first trouble decides: nothing more goes out after it, and what is under way ends
 * at its next block.  Lives as long as the connection has anything queued. */
#ifndef SEND_FILES_H
#define SEND_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "package/package.h"
#include "send/prefix.h"
#include "send/run.h"

struct files {
	struct run *run;
	struct prefix prefix;
	int64_t under_way; /* files of the package that are queued and not done */
	bool failed;
	struct err trouble; /* the first one; when failed */
	char *failed_on;    /* the remote path it befell; NULL: none in particular */
	/* Something was acknowledged; may queue more.  NULL: nobody asks. */
	void (*acked)(void *self);
	void *self;
};

void files_init(struct files *s, struct run *r);
/* After transport_drain(), or after the transport was freed. */
void files_done(struct files *s);

/* Queue a file of the package as `remote`.  start_bytes: what is there already.
 * counts: it is one of those that r->kept speaks of, in their order.
 * -1: *e is the first trouble of any file, or the connection is dead. */
struct files_put {
	const struct package_entry *entry;
	const char *remote;
	int64_t start_bytes;
	bool counts;
};
int files_put(struct files *s, const struct files_put *put, struct err *e) MUST_USE;

/* Queue a local file that is not of the package.  When that cannot be, every later call
 * says so, too. */
int files_put_local(struct files *s, const char *local, const char *remote,
		    struct err *e) MUST_USE;

/* Queue a folder: made, or given its time.  what->path is copied; its done() may be
 * NULL. */
int files_change(struct files *s, const struct transport_change *what,
		 struct err *e) MUST_USE;

/* Until all of it is done.  -1: the first trouble. */
int files_drain(struct files *s, struct err *e) MUST_USE;

#endif
