/* lists.h - writing the two lists of a package: its index and its manifest. */
#ifndef PACKAGE_LISTS_H
#define PACKAGE_LISTS_H

#include "base/attr.h"
#include "base/err.h"
#include "package/index.h"

struct lists;

/* Begin both, beside what is in `folder` already.  hashed: false: no manifest.  *head
 * is borrowed.  -1: ERR_LOCAL. */
int lists_open(const char *folder, const struct index_head *head, bool hashed,
	       struct lists **out, struct err *e) MUST_USE;

void lists_add(struct lists *l, const struct package_entry *entry);

/* Whole, on the disk, and in their places: the index first, so that a manifest means
 * that the index has its hashes.  -1: ERR_LOCAL. */
int lists_commit(struct lists *l, struct err *e) MUST_USE;

/* Takes away what was not committed.  NULL is fine. */
void lists_close(struct lists *l);

#endif
