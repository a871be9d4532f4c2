/* The index of a package: any bytes are read to an end or refused, and an entry that
 * comes out is one that may go to a site. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "package/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_entry entry;
	struct index *ix;
	struct err e;
	FILE *f;

	if (size == 0) /* fmemopen() wants at least one */
		return 0;
	f = fmemopen((void *)data, size, "r");
	if (!f || index_open(f, &ix, &e))
		return 0;
	while (index_next(ix, &entry, &e) > 0) {
		assert(entry.size_bytes >= 0);
		assert(entry.path[0] != '/' && strncmp(entry.path, "../", 3) != 0);
	}
	index_close(ix);
	return 0;
}
