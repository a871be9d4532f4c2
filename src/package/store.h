/* store.h - the folder that packages are kept in, and what may be called a package. */
#ifndef PACKAGE_STORE_H
#define PACKAGE_STORE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* Beside <id>: a package that is being made, and one that is being removed. */
#define STORE_PART ".part"
#define STORE_GONE ".gone"

/* The store as a descriptor of your own; -1: ERR_LOCAL. */
int store_open(const char *store, struct err *e) MUST_USE;

/* Writing there failed with errno: ERR_LOCAL; with what to do when it has no room.
 * doing: "write to". */
int store_failed(const char *store, const char *doing, struct err *e);

bool store_is_id(const char *text);

#endif
