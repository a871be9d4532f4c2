/* names.h - what Windows cannot hold.  Pure.
 * Source: MS-FSCC 2.1.5 (pathnames) and "Naming Files, Paths, and Namespaces". */
#ifndef PACKAGE_NAMES_H
#define PACKAGE_NAMES_H

#include <stddef.h>

#include "base/str.h"

enum {
	NAME_UNITS_MAX = 255, /* UTF-16 units of one component (MS-FSCC 2.1.5) */

	/* UTF-16 units of a path below the package.  A whole path may have 32,767
	 * ("Naming Files": extended-length paths); 767 are kept for server, share and
	 * staging folder. */
	PATH_UNITS_MAX = 32000,
};

/* Why a site cannot hold this component, as the end of a sentence ("ends in a dot");
 * NULL when it can.  Static. */
const char *name_fault(const char *name, size_t len);

/* Likewise for the name of a whole package: beside it stands its manifest. */
const char *name_fault_package(const char *name, size_t len);

/* Add a name to a text for people: what is not printable UTF-8 as \xNN. */
void name_show(const char *name, size_t len, struct str *out);

#endif
