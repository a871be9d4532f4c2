/* file_package.h - a file or folder into a package store, with progress: what `send`
 * and `put` have in common. */
#ifndef FRONT_FILE_PACKAGE_H
#define FRONT_FILE_PACKAGE_H

#include "base/attr.h"
#include "base/err.h"
#include "package/package.h"

/* package_add() with a bar for what takes long; o->progress and o->self are set here.
 */
int file_package(const char *store, struct package_options o, struct package_info *out,
		 struct err *e) MUST_USE;

/* Can that be meant?  -1: ERR_INPUT, no path at all, or a name (NULL: none was given)
 * that no package may have.  Looks at no file. */
int file_package_check(const char *path, const char *name, struct err *e) MUST_USE;

#endif
