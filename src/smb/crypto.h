/* crypto.h - keys, signatures and encryption of one SMB session (MS-SMB2 3.1.4).
 * A struct crypto belongs to one thread at a time.  All primitives are OpenSSL's; keys
 * are expanded once, when it is made, and wiped when it goes.
 *
 * One struct crypto for one session key, never two: the nonces count up from its
 * birth. Nothing here copies payload for signing; sealing writes its output once;
 * opening works in place. */
#ifndef SMB_CRYPTO_H
#define SMB_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* Signing algorithms, as numbered in MS-SMB2 2.2.3.1.7. */
enum crypto_signing {
	CRYPTO_HMAC_SHA256 = 0x0000, /* 2.0.2, 2.1; may be agreed in 3.1.1 */
	CRYPTO_AES_CMAC = 0x0001,    /* 3.0, 3.0.2; default of 3.1.1 */
	CRYPTO_AES_GMAC = 0x0002,    /* 3.1.1 */
};

/* Ciphers, as numbered in MS-SMB2 2.2.3.1.2. */
enum crypto_cipher {
	CRYPTO_NO_CIPHER = 0x0000,
	CRYPTO_AES128_CCM = 0x0001,
	CRYPTO_AES128_GCM = 0x0002,
	CRYPTO_AES256_CCM = 0x0003,
	CRYPTO_AES256_GCM = 0x0004,
};

enum {
	CRYPTO_HEADER_BYTES = 64,    /* SMB2 header, MS-SMB2 2.2.1 */
	CRYPTO_TRANSFORM_BYTES = 52, /* TRANSFORM_HEADER, MS-SMB2 2.2.41 */
	CRYPTO_PREAUTH_BYTES = 64,   /* SHA-512, MS-SMB2 3.2.5.2 */
	CRYPTO_KEY_ROOM = 64,        /* bytes; longest session key taken */
};

struct crypto_part { /* a piece of a message, where it lies */
	const uint8_t *bytes;
	size_t len;
};

struct crypto_options {
	uint16_t dialect; /* 0x0202 ... 0x0311 */
	enum crypto_signing signing;
	enum crypto_cipher cipher; /* none: seal and open are refused */
	/* As long as auth_session_key() gave it, 1 .. CRYPTO_KEY_ROOM: how much of it
	 * is used depends on the cipher. */
	const uint8_t *session_key;
	size_t session_key_len;
	const uint8_t *preauth; /* CRYPTO_PREAUTH_BYTES; NULL below 3.1.1 */
	uint64_t session_id;
	bool as_server; /* the other end's part, for tests */
};

struct crypto;

/* -1: ERR_LOCAL, OpenSSL lacks an algorithm (FIPS policy); ERR_ATTEMPT, a session key
 * of impossible length, or algorithms that the dialect does not know. */
int crypto_new(const struct crypto_options *o, struct crypto **out,
	       struct err *e) MUST_USE;
void crypto_free(struct crypto *c); /* wipes the keys; NULL is fine */

/* Sign one message: the header, then the rest as it lies.  Sets SMB2_FLAGS_SIGNED and
 * the signature in header[].  Of a compound each message is signed by itself, its
 * padding included; NextCommand must be final.  -1: ERR_LOCAL. */
int crypto_sign(struct crypto *c, uint8_t header[CRYPTO_HEADER_BYTES],
		const struct crypto_part *rest, size_t n, struct err *e) MUST_USE;

/* Is this message from the server signed, and rightly so?  Of a compound: one message,
 * padding included.  A message without SMB2_FLAGS_SIGNED is refused.  Not written to.
 * -1: ERR_ATTEMPT: somebody or something changed it on the way. */
int crypto_verify(struct crypto *c, const uint8_t *message, size_t len,
		  struct err *e) MUST_USE;

/* Encrypt one message or compound: out gets the TRANSFORM_HEADER and the ciphertext,
 * CRYPTO_TRANSFORM_BYTES more than the parts together.  out must not overlap them.
 * -1: ERR_ATTEMPT, the nonces of this key are used up; ERR_LOCAL. */
int crypto_seal(struct crypto *c, const struct crypto_part *parts, size_t n,
		uint8_t *out, struct err *e) MUST_USE;

/* Decrypt a packet that begins with a TRANSFORM_HEADER, in place.  *message points into
 * packet.  On failure what is in packet is undefined and must not be looked at.
 * -1: ERR_ATTEMPT: not for this session, cut short, or changed on the way. */
int crypto_open(struct crypto *c, uint8_t *packet, size_t len, uint8_t **message,
		size_t *message_len, struct err *e) MUST_USE;

/* "AES-128-GCM", ..., "" for none; "AES-GMAC", ...  Static. */
const char *crypto_cipher_name(enum crypto_cipher cipher);
const char *crypto_signing_name(enum crypto_signing signing);

/* Pre-authentication integrity (3.1.1): hash = SHA-512(hash, message).  Begin with a
 * zeroed hash; add NEGOTIATE request and response, then into a copy per session each
 * SESSION_SETUP request and response but the last response. */
void crypto_preauth_add(uint8_t hash[CRYPTO_PREAUTH_BYTES],
			const struct crypto_part *parts, size_t n);

#endif
