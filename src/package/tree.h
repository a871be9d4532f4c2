/* tree.h - folders by descriptor: paths of any depth.  errno tells what went wrong. */
#ifndef PACKAGE_TREE_H
#define PACKAGE_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/attr.h"

/* Open what `path` says below folder `top`; "" is the top itself.  Longer than PATH_MAX
 * is fine; a file that it makes is its owner's alone.  Returns a descriptor of your
 * own, or -1. */
int tree_open(int top, const char *path, int flags) MUST_USE;

/* Make one folder, its owner's alone. */
int tree_make(int top, const char *path) MUST_USE;

/* Remove `name` in folder `top`, with all that is in it; symlinks are removed, never
 * followed.  A missing one is fine. */
int tree_remove(int top, const char *name) MUST_USE;

/* What stat says, as one number since 1970. */
int64_t tree_mtime_ns(const struct stat *st);
int64_t tree_ctime_ns(const struct stat *st);

#endif
