/* put_hash.h - hashing beside sending: a thread that makes the manifest of a package
 * filed with hash_later while its files are on their way already. */
#ifndef FRONT_PUT_HASH_H
#define FRONT_PUT_HASH_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/stop.h"

struct put_hash;

/* Strings and `interrupt` are borrowed until put_hash_end(). */
int put_hash_start(const char *store, const char *id, const struct stop *interrupt,
		   struct put_hash **out, struct err *e) MUST_USE;

/* Is the manifest there?  Without waiting. */
bool put_hash_is_done(const struct put_hash *h);
/* Until the manifest is there.  -1: as package_hash(), or ERR_STOP by the interrupt. */
int put_hash_wait(struct put_hash *h, struct err *e) MUST_USE;

/* Stops it when it still works; NULL is fine. */
void put_hash_end(struct put_hash *h);

#endif
