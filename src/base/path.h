/* path.h - local files and folders, durably.  Any thread. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/* dir + "/" + name; yours to free. */
char *path_join(const char *dir, const char *name) MUST_USE;

/* mkdir -p, each missing part with `mode`.  -1: ERR_LOCAL. */
int path_make(const char *path, mode_t mode, struct err *e) MUST_USE;

/* rm -r, staying below `path` whatever symlinks are there.  A missing path is fine. */
int path_remove_tree(const char *path, struct err *e) MUST_USE;

/* fsync a folder, so that a rename in it lasts. */
int path_sync_dir(const char *path, struct err *e) MUST_USE;

/* Write whole, fsync, rename into place, fsync the folder. */
int path_write_file(const char *path, const void *bytes, size_t len, mode_t mode,
		    struct err *e) MUST_USE;

/* Read whole, NUL-terminated (not counted in *len); refused over max bytes.  *out is
 * the caller's.  `kind` is used for failures. */
int path_read_file(const char *path, size_t max, enum err_kind kind, char **out,
		   size_t *len, struct err *e) MUST_USE;

/* Streams for line-wise files (index, manifest). */
FILE *path_open_stream(const char *path, const char *mode) MUST_USE; /* errno on NULL */
int path_close_stream(FILE *f) MUST_USE; /* flushes; -1 with errno */

static inline void
auto_stream(FILE **f)
{
	if (*f)
		(void)path_close_stream(*f);
}
#define AUTO_STREAM AUTO(auto_stream)

#endif
