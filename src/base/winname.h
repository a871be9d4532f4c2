/* winname.h - names that are no files on Windows.  Pure. */
#ifndef BASE_WINNAME_H
#define BASE_WINNAME_H

#include <stdbool.h>
#include <stddef.h>

/* Is this component of a path a device (CON, LPT1, ...), with whatever extension, and
 * with spaces before that: "aux .txt"?  ASCII case does not count.  Source: MS-FSCC
 * 2.1.5.2 and "Naming Files, Paths, and Namespaces". */
bool winname_is_device(const char *name, size_t len);

#endif
