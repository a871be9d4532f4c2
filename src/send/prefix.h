/* prefix.h - how far a package got, while its files complete out of order.
 *
 * What is kept for a resume is a prefix: all entries before `entries_done` are whole at
 * the site, and of that entry `offset_bytes` are acknowledged.  Folders are all there
 * before the first file begins, so an entry below the last added one that was not added
 * itself counts as done.  Pure; one thread. */
#ifndef SEND_PREFIX_H
#define SEND_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* A file that is not known to be whole, or is, behind one that is not. */
struct prefix_file {
	int64_t number; /* of the entry in the package */
	int64_t size_bytes;
	int64_t acked_bytes;
	bool is_whole;
};

/* Zeroed: nothing is there yet. */
struct prefix {
	struct prefix_file *files; /* by number; files[first] is the oldest */
	size_t first, count, room; /* first .. first + count - 1 are in use          */
	int64_t next;              /* entries below are done or in files             */
	int64_t whole_bytes;       /* of files that are whole and left the list      */
	int64_t offset_bytes;      /* of the entry `next`, until it is added */
};

/* Begin where a former attempt stopped. */
void prefix_init(struct prefix *p, const struct request_progress *from);
void prefix_done(struct prefix *p);

/* The file with that number is on its way; bytes below start_bytes are there.  Numbers
 * rise from call to call. */
void prefix_add(struct prefix *p, int64_t number, int64_t size_bytes,
		int64_t start_bytes);
/* Of an added file all below upto_bytes is acknowledged. */
void prefix_acked(struct prefix *p, int64_t number, int64_t upto_bytes);
/* An added file is whole at the site. */
void prefix_whole(struct prefix *p, int64_t number);
/* No more files: all entries below `entries` count as done once the added ones are. */
void prefix_last(struct prefix *p, int64_t entries);

struct request_progress prefix_get(const struct prefix *p);

/* Is a further on than b? */
bool prefix_beyond(const struct request_progress *a, const struct request_progress *b);

#endif
