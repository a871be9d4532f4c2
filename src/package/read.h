/* read.h - the walk over a source: each folder before what is in it, names by bytes.
 * What cannot travel is not an entry: it is refused, and the walk goes on, so that a
 * person sees all of it at once. */
#ifndef PACKAGE_READ_H
#define PACKAGE_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/stop.h"

enum {
	/* Folders within folders; a choice: one descriptor each is held, and the usual
	 * limit is 1024. */
	DEPTH_MAX = 256,

	/* Refusals that are listed in the error; the rest is counted. */
	REFUSALS_LISTED = 20,
};

struct reader_options {
	const char *path;
	bool follow;
	const struct stop *stop;
	const struct stat *store; /* a folder that must not be in the source */
	void (*refused)(void *self, const char *path, const char *reason);
	void *self;
};

struct reader;

/* Paths and descriptors are borrowed until the next call. */
struct reader_entry {
	const char *path; /* "" for the source itself */
	bool is_folder;
	int fd; /* open for reading */
	struct stat st;
};

/* Never fails: what is wrong with the source is said by the calls that follow. */
struct reader *reader_open(const struct reader_options *o) MUST_USE;
void reader_close(struct reader *r);

/* 1: *out is the next entry; 0: the end; -1: ERR_STOP, ERR_LOCAL. */
int reader_next(struct reader *r, struct reader_entry *out, struct err *e) MUST_USE;

/* Refuse an entry after all. */
void reader_refuse(struct reader *r, const char *path, const char *reason);

/* 0: nothing was refused; -1: ERR_REQUEST with the list. */
int reader_verdict(const struct reader *r, struct err *e) MUST_USE;

#endif
