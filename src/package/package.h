/* package.h - DOOR: what travels: one file or one folder tree, with a name.
 *
 * Filing reads the source once: names are checked, then bytes are hashed on the way and
 * kept in the package store (reflink where the file system can), one copy however many
 * sites.  By reference, nothing is copied.  The index remembers what the files, or
 * their copies, looked like: what changed since is not sent.  With hash_later, hashing
 * is a step of its own, package_hash(), that another thread can take while the package
 * is on its way already.
 *
 *   <store>/<id>/index        one line an entry, in the order of sending
 *   <store>/<id>/manifest     SHA-256 list, in the format of sha256sum: published last
 *   <store>/<id>/data[/...]   the bytes; not there when by reference
 *   <store>/<id>.part         being made; <id>.gone: being removed
 *
 * An entry's order: each folder before what is in it; within a folder, names by bytes.
 * Memory: the names of the folders on the way down to the entry, never the tree.
 * One struct package per thread.  Behind the door: add.c (filing) read.c (the walk and
 * what it refuses) names.c (what Windows cannot hold) copy.c (clone, copy, hash)
 * index.c (the line format) lists.c (writing index and manifest) package.c (reading it
 * back) hash.c (hash_later) store.c (what is in the store) tree.c (folders by
 * descriptor) */
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
	bool is_hashed; /* entries have their sha256, and there is a manifest */
	int64_t file_count, folder_count; /* a tree's top folder is counted */
	int64_t total_bytes;
};

struct package_options {
	const char *path;  /* the file or folder                                   */
	const char *name;  /* NULL: the last part of path                          */
	bool by_reference; /* send from where it lies; the store keeps no copy     */
	bool hash_later;   /* names, sizes and times now; package_hash() the rest  */
	bool follow;       /* symlinks: false: refused; true: what they point to   */
	const struct stop *stop;
	/* Told now and then; may be NULL. */
	void (*progress)(void *self, int64_t files, int64_t bytes);
	/* Told each name that is refused, and why; may be NULL: *e lists the first. */
	void (*refused)(void *self, const char *path, const char *reason);
	void *self;
};

/* Read the source into the store.  -1, and nothing is left in the store:
 *   ERR_REQUEST  names that Windows cannot hold, things that cannot travel, a symlink,
 *                a file that changed while it was read or whose size is not true (as
 *                in /proc), nothing there: the text lists
 *                the first names (20 when they fit), each with its reason, and counts
 *                the rest.  All names are checked before the first byte is read.
 *   ERR_LOCAL    our disk
 *   ERR_STOP     within 2 s */
int package_add(const char *store, const struct package_options *o,
		struct package_info *out, struct err *e) MUST_USE;

/* After hash_later: hash every file and write the manifest; 0 at once when that was
 * done.  May run in another thread while the package is open and being sent: who has it
 * open sees the hashes after package_rewind().  -1: ERR_REQUEST (a file changed since
 * it was filed), ERR_LOCAL, ERR_STOP; then it can be called again. */
int package_hash(const char *store, const char *id, const struct stop *stop,
		 struct err *e) MUST_USE;

/* Take a package out of the store.  A missing one is fine. */
int package_remove(const char *store, const char *id, struct err *e) MUST_USE;

/* Each whole package in the store, and how long ago it was filed: one that is young
 * and in no request may be on its way into the outbox.  each() returns 0 to go on, else
 * its value ends the list and is returned.  No store: no packages. */
int package_each(const char *store,
		 int (*each)(void *self, const char *id, int64_t age_ms), void *self,
		 struct err *e) MUST_USE;

/* Remove what a crash left half made or half removed, when older than age_ms (0: all);
 * what a running process is making stays. */
int package_sweep(const char *store, int64_t age_ms, struct err *e) MUST_USE;

struct package; /* open for sending */

/* -1: ERR_REQUEST it is not in the store or damaged; ERR_LOCAL. */
int package_open(const char *store, const char *id, struct package **out,
		 struct err *e) MUST_USE;
void package_close(struct package *p);
const struct package_info *package_get_info(const struct package *p); /* borrowed */

/* What ends a hashing in package_open_file() and package_check_file() within 2 s;
 * borrowed, NULL: nothing. */
void package_set_stop(struct package *p, const struct stop *stop);

/* By reference: where it lies, absolute; else NULL.  Borrowed. */
const char *package_source(const struct package *p);

/* Strings are borrowed until the next package_next() or package_rewind(). */
struct package_entry {
	int64_t number; /* 0, 1, ... in the order of sending, files and folders   */
	bool is_folder;
	const char *path; /* below the package, with '/'; "" for the package itself */
	int64_t size_bytes;
	int64_t mtime_ns;             /* since 1970 */
	char sha256[DIGEST_HEX_ROOM]; /* "" for folders, and when not hashed yet */

	/* For package_open_file() and package_check_file(): of the file that is sent,
	 * the source or its copy in the store, when it was filed. */
	int64_t ctime_ns;
	uint64_t inode;
};

/* The next entry: 1; at the end: 0.  The package itself is entry 0: the one file, or
 * the top folder. */
int package_next(struct package *p, struct package_entry *out, struct err *e) MUST_USE;
int package_rewind(struct package *p, struct err *e) MUST_USE;

/* A hash of all that the site would get: names, folders and bytes, whenever it was read
 * and whatever it is called; not times.  Only when is_hashed.  The package is at its
 * start afterwards. */
int package_content(struct package *p, char hex[DIGEST_HEX_ROOM],
		    struct err *e) MUST_USE;

/* A file of the package, open for pread; *fd is the caller's to close.  -1 ERR_REQUEST
 * "has changed since it was filed": by reference, when size, mtime, ctime or inode
 * differ, and what; a copy in the store, when its size differs, or when its ctime or
 * inode do and its hash, which is then made of all its bytes, as well (or there is none
 * to compare with).  ERR_STOP while it is made.  When it is the same, *entry takes the
 * new ctime and inode, so that the next check of it reads nothing. */
int package_open_file(struct package *p, struct package_entry *entry, int *fd,
		      struct err *e) MUST_USE;

/* After the last byte was read: has it stayed the same?  As package_open_file(). */
int package_check_file(struct package *p, struct package_entry *entry, int fd,
		       struct err *e) MUST_USE;

/* The manifest: its bytes are what the site gets as <name>.sha256, checked there by
 * `sha256sum -c <name>.sha256`.  Borrowed path; the file is there once is_hashed. */
const char *package_manifest_path(const struct package *p);

/* What lies beside a package on a share, and can therefore be no package: the folder
 * where it is staged, and its manifest, NAME.sha256. */
#define PACKAGE_STAGING_FOLDER  ".lansender"
#define PACKAGE_MANIFEST_SUFFIX ".sha256"

/* May a package be called this?  0: yes; -1: ERR_REQUEST with the reason.  One
 * component that Windows can hold (names.h), which neither is `.lansender` nor ends in
 * `.sha256`, and leaves room for that. */
int package_name_check(const char *name, size_t len, struct err *e) MUST_USE;

#endif
