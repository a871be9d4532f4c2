/* index.h - the file <store>/<id>/index: what is in a package, one line an entry.
 *
 *   lansender-package 1                  the format; anything else is not read
 *   name NAME
 *   kind tree|file copy|reference
 *   source PATH                          by reference: where it lies, absolute
 *   total FILES FOLDERS BYTES
 *   d MTIME PATH                         a folder; times are ns since 1970
 *   f MTIME SIZE SHA256 INODE CTIME PATH a file; SHA256 is - when not hashed yet
 *   end ENTRIES                          without it, the file is not whole
 *
 * PATH is the rest of its line; bytes below 0x20, 0x7f and '\' are \xNN there, so that
 * no name can end a line.  INODE and CTIME are those of the file that is sent: the
 * source, or its copy in the store.  INODE is signed, as large ones then fit.  Why no
 * device number: it may change with each boot.
 * Reading trusts nothing: every number, name and the order of lines is checked. */
#ifndef PACKAGE_INDEX_H
#define PACKAGE_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "package/package.h"

struct index_head {
	struct package_info info; /* id is not in the file */
	const char *source;       /* by reference; else NULL */
};

/* Writing: failures are seen when the stream is flushed. */
void index_write_head(FILE *f, const struct index_head *h);
void index_write_entry(FILE *f, const struct package_entry *entry);
void index_write_end(FILE *f, int64_t entries);

struct index; /* being read */

/* Reads the head; takes f.  -1: ERR_REQUEST, it is damaged: the text names the line. */
int index_open(FILE *f, struct index **out, struct err *e) MUST_USE;
void index_close(struct index *ix);
const struct index_head *index_get_head(const struct index *ix); /* borrowed */

/* 1: the next entry, its path borrowed until the next call; 0: the end, and all was
 * there; -1: ERR_REQUEST as above. */
int index_next(struct index *ix, struct package_entry *out, struct err *e) MUST_USE;

#endif
