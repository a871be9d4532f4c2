/* package.h - DOOR: what travels: one file or one folder tree, with a name.
 *
 * Filing reads the source once: names are checked, bytes are hashed on the way and kept
 * in the package store (reflink where the file system can), one copy however many
 * sites.  By reference, nothing is copied, and the index remembers what the files
 * looked like.
 *
 *   <store>/<id>/index      one line an entry, in the order of sending
 *   <store>/<id>/manifest   SHA-256 list, in the format of sha256sum: what is published
 * last <store>/<id>/data[/...] the bytes; not there when by reference
 *
 * An entry's order: each folder before what is in it; within a folder, names by bytes.
 * Memory: the names of one folder at a time, never the tree.
 * One struct package per thread.  Behind the door: read.c store.c index.c manifest.c
 * names.c (what Windows cannot hold) */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/stop.h"

enum { PACKAGE_ID_ROOM = 33, PACKAGE_NAME_ROOM = 768 };

/* A plain value: what the outbox keeps of a package. */
struct package_info {
	char id[PACKAGE_ID_ROOM]; /* random hex: also the folder in the store       */
	char name[PACKAGE_NAME_ROOM]; /* as it will be called at the site */
	bool is_tree;
	bool by_reference;
	int64_t file_count, folder_count;
	int64_t total_bytes;
};

struct package_options {
	const char *path; /* the file or folder                                      */
	const char *name; /* NULL: the last part of path                             */
	bool by_reference;
	bool follow; /* symlinks: false: refused; true: what they point to      */
	const struct stop *stop;
	/* Told now and then; may be NULL. */
	void (*progress)(void *self, int64_t files, int64_t bytes);
	void *self;
};

/* Read the source into the store.  -1:
 *   ERR_REQUEST  names that Windows cannot hold, things that cannot travel, a symlink,
 *                a file that changed while it was read, nothing there; the text lists
 * the first 20 names with the reason of each and counts the rest ERR_LOCAL    our disk
 *   ERR_STOP
 * and nothing is left in the store. */
int package_add(const char *store, const struct package_options *o,
		struct package_info *out, struct err *e) MUST_USE;

/* Take a package out of the store.  A missing one is fine. */
int package_remove(const char *store, const char *id, struct err *e) MUST_USE;

/* Each id in the store (also half-made ones that a crash left: see package_sweep). */
int package_each(const char *store, int (*each)(void *self, const char *id), void *self,
		 struct err *e) MUST_USE;

/* Remove half-made packages older than age_ms (0: all). */
int package_sweep(const char *store, int64_t age_ms, struct err *e) MUST_USE;

struct package; /* open for sending */

/* -1: ERR_REQUEST it is not in the store or damaged; ERR_LOCAL. */
int package_open(const char *store, const char *id, struct package **out,
		 struct err *e) MUST_USE;
void package_close(struct package *p);
const struct package_info *package_get_info(const struct package *p); /* borrowed */

/* Strings are borrowed until the next package_next() or package_rewind(). */
struct package_entry {
	int64_t number; /* 0, 1, ... in the order of sending, files and folders   */
	bool is_folder;
	const char *path; /* below the package, with '/'; "" for the package itself */
	int64_t size_bytes;
	int64_t mtime_ns;             /* since 1970 */
	char sha256[DIGEST_HEX_ROOM]; /* "" for folders */
};

/* The next entry: 1; at the end: 0.  The package itself is entry 0: the one file, or
 * the top folder. */
int package_next(struct package *p, struct package_entry *out, struct err *e) MUST_USE;
int package_rewind(struct package *p, struct err *e) MUST_USE;

/* A file of the package, open for pread.  By reference: -1 ERR_REQUEST "changed since
 * it was filed" when size, mtime, ctime or inode differ.  *fd is the caller's to close.
 */
int package_open_file(struct package *p, const struct package_entry *entry, int *fd,
		      struct err *e) MUST_USE;

/* By reference, after the last byte was read: has it stayed the same? */
int package_check_file(struct package *p, const struct package_entry *entry, int fd,
		       struct err *e) MUST_USE;

/* The manifest: its bytes are what the site gets as <name>.sha256.  Borrowed path. */
const char *package_manifest_path(const struct package *p);

/* Is this a name that the site can hold?  1: yes; -1: ERR_REQUEST with the reason.  One
 * component, no separators.  Source: MS-FSCC 2.1.5, "Naming Files, Paths". */
int package_name_check(const char *name, size_t len, struct err *e) MUST_USE;

#endif
