/* digest.h - SHA-256 (FIPS 180-4) by OpenSSL EVP, and what is kept as hex. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX_ROOM = 65 };

struct digest; /* one running hash; one thread */

struct digest *
digest_new(void) MUST_USE; /* ends the process when OpenSSL has no SHA-256 */
void digest_free(struct digest *d);
void digest_reset(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t len);

/* The hash as lower-case hex; the digest is reset. */
void digest_hex(struct digest *d, char hex[DIGEST_HEX_ROOM]);

/* Bytes from the kernel's random source; ends the process when there are none. */
void digest_random(void *out, size_t len);

/* `digits` hex digits of randomness, terminated: tokens.  room > digits. */
void digest_token(char *out, size_t digits);

#endif
