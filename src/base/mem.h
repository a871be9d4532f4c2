/* mem.h - memory is there or the process ends: the outbox makes that safe.
 * Sizes that come from outside are capped before they get here.  Any thread. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/attr.h"

void *mem_alloc(size_t len) MUST_USE;              /* not cleared            */
void *mem_zero(size_t count, size_t len) MUST_USE; /* cleared; overflow ends */
void *mem_resize(void *p, size_t count, size_t len) MUST_USE;
char *mem_dup(const char *text) MUST_USE; /* NULL gives NULL        */
char *mem_dup_len(const char *text, size_t len) MUST_USE;
char *mem_printf(const char *fmt, ...) FORMAT(1, 2) MUST_USE;
void mem_free(void *p);             /* NULL is fine           */
void mem_wipe(void *p, size_t len); /* secrets: is not optimised away */

/* Room for one more in a growing array: doubles `*room` when `count` has reached it.
 * Returns the array, perhaps moved. */
void *mem_grow(void *array, size_t count, size_t *room, size_t len) MUST_USE;

#endif
