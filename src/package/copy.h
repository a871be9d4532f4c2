/* copy.h - the bytes of one file: cloned where the file system can, else copied, and
 * hashed on the way. */
#ifndef PACKAGE_COPY_H
#define PACKAGE_COPY_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/stop.h"

struct copier; /* block and digest; one thread */

/* store: for the texts of errors; it must live as long, and may be NULL when nothing is
 * copied. */
struct copier *copier_new(const char *store, const struct stop *stop,
			  void (*progress)(void *self, int64_t files, int64_t bytes),
			  void *self) MUST_USE;
void copier_free(struct copier *c);

/* One file is through: tell progress. */
void copier_count_file(struct copier *c);

/* Returned where the source is not what it was: the text is the caller's to write. */
enum { COPY_CHANGED = 1 };

/* Hash a file, which looks like *st.  0; COPY_CHANGED: it changed, or cannot be read;
 * -1: ERR_STOP. */
int copier_hash(struct copier *c, int from, const struct stat *st,
		char hex[DIGEST_HEX_ROOM], struct err *e) MUST_USE;

/* Make the empty file `to` what `from` is, which looks like *st; hex may be NULL: not
 * hashed.  0; COPY_CHANGED: it changed while it was read; -1: ERR_LOCAL, ERR_STOP. */
int copier_copy(struct copier *c, int from, const struct stat *st, int to,
		char hex[DIGEST_HEX_ROOM], struct err *e) MUST_USE;

/* Put what was copied to the file system of any_fd on its disk.  -1: ERR_LOCAL. */
int copier_sync(struct copier *c, int any_fd, struct err *e) MUST_USE;

#endif
