/* keys.h - the keys of one session, from the session key (MS-SMB2 3.1.4.2, 3.2.5.3.1).
 * For crypto.c alone. */
#ifndef SMB_KEYS_H
#define SMB_KEYS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "smb/crypto.h"

struct keys {
	uint8_t signing[16];
	uint8_t seal[32]; /* what we send; the first 16 bytes for AES-128 */
	uint8_t open[32]; /* what we get; likewise */
};

/* The seal and open keys stay zero without a cipher.  -1: see crypto_new(). */
int keys_derive(const struct crypto_options *o, struct keys *k, struct err *e) MUST_USE;
void keys_wipe(struct keys *k);

#endif
