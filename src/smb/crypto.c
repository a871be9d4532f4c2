/* crypto.c - signing, sealing and opening of messages.  The keys come from keys.c. */
#include "smb/crypto.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/mem.h"
#include "base/wire.h"
#include "smb/keys.h"

/* Where fields lie, in bytes: SMB2 header, MS-SMB2 2.2.1 ... */
enum {
	HEADER_COMMAND = 12,
	HEADER_FLAGS = 16,
	HEADER_MESSAGE_ID = 24,
	HEADER_SIGNATURE = 48,
	COMMAND_CANCEL = 0x000C,
	FLAG_FROM_SERVER = 0x00000001,
	FLAG_SIGNED = 0x00000008,
};

/* ... and TRANSFORM_HEADER, MS-SMB2 2.2.41.  What follows the signature is
 * authenticated. */
enum {
	TRANSFORM_SIGNATURE = 4,
	TRANSFORM_NONCE = 20,
	TRANSFORM_SIZE = 36,
	TRANSFORM_FLAGS = 42,
	TRANSFORM_SESSION_ID = 44,
	TRANSFORM_AAD_BYTES = CRYPTO_TRANSFORM_BYTES - TRANSFORM_NONCE,
	TRANSFORM_FLAG_ENCRYPTED = 0x0001,
};

enum {
	TAG_BYTES = 16,       /* signature and AEAD tag alike */
	GCM_NONCE_BYTES = 12, /* MS-SMB2 2.2.41, Nonce */
	CCM_NONCE_BYTES = 11, /* the same place */
	GMAC_KEY_BYTES = 16,
	MAC_ROOM = 32, /* SHA-256, the longest MAC */
	/* A message is framed with 24 bits of length (MS-SMB2 2.1), so that lengths
	 * fit into OpenSSL's int. */
	MESSAGE_MAX_BYTES = 0xFFFFFF,
};

static const uint8_t protocol_sealed[4] = {0xFD, 'S', 'M', 'B'};

struct crypto {
	enum crypto_signing signing;
	enum crypto_cipher cipher;
	EVP_MAC_CTX *mac;     /* HMAC-SHA256 or AES-CMAC, else NULL */
	EVP_CIPHER_CTX *gmac; /* AES-GMAC, else NULL */
	EVP_CIPHER_CTX *seal; /* NULL without a cipher */
	EVP_CIPHER_CTX *open;
	uint64_t session_id;
	uint64_t nonces_used; /* by seal; the next nonce is this number */
};

/* OpenSSL said no.  Its queue of errors is per thread and must not be left filled. */
static int
openssl_failed(struct err *e, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	err_set(e, ERR_LOCAL, 0,
		"%s failed in OpenSSL: %s; see whether its configuration (FIPS?) "
		"forbids the algorithm",
		what, why ? why : "no reason given");
	ERR_clear_error();
	return -1;
}

const char *
crypto_cipher_name(enum crypto_cipher cipher)
{
	switch (cipher) {
	case CRYPTO_NO_CIPHER:
		return "";
	case CRYPTO_AES128_CCM:
		return "AES-128-CCM";
	case CRYPTO_AES128_GCM:
		return "AES-128-GCM";
	case CRYPTO_AES256_CCM:
		return "AES-256-CCM";
	case CRYPTO_AES256_GCM:
		return "AES-256-GCM";
	}
	return "";
}

const char *
crypto_signing_name(enum crypto_signing signing)
{
	switch (signing) {
	case CRYPTO_HMAC_SHA256:
		return "HMAC-SHA256";
	case CRYPTO_AES_CMAC:
		return "AES-CMAC";
	case CRYPTO_AES_GMAC:
		return "AES-GMAC";
	}
	return "";
}

static bool
is_ccm(enum crypto_cipher cipher)
{
	return cipher == CRYPTO_AES128_CCM || cipher == CRYPTO_AES256_CCM;
}

/* --- made and unmade ----------------------------------------------------- */

static int
new_mac(struct crypto *c, const uint8_t *key, size_t key_len, struct err *e)
{
	bool cmac = c->signing == CRYPTO_AES_CMAC;
	OSSL_PARAM hmac_params[] = {OSSL_PARAM_construct_utf8_string(
					OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
				    OSSL_PARAM_construct_end()};
	OSSL_PARAM cmac_params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
					     (char[]){"AES-128-CBC"}, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, cmac ? "CMAC" : "HMAC", NULL);

	c->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac); /* the context keeps its own reference */
	if (!c->mac ||
	    !EVP_MAC_init(c->mac, key, key_len, cmac ? cmac_params : hmac_params))
		return openssl_failed(e, crypto_signing_name(c->signing));
	return 0;
}

/* A context with its key expanded; messages only set the nonce. */
static EVP_CIPHER_CTX *
new_aead(enum crypto_cipher cipher, const uint8_t *key, int encrypt)
{
	int nonce_len = is_ccm(cipher) ? CCM_NONCE_BYTES : GCM_NONCE_BYTES;
	EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, crypto_cipher_name(cipher), NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok =
	    aes && ctx && EVP_CipherInit_ex2(ctx, aes, NULL, NULL, encrypt, NULL) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, nonce_len, NULL) > 0 &&
	    (!is_ccm(cipher) ||
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, NULL) > 0) &&
	    EVP_CipherInit_ex2(ctx, NULL, key, NULL, encrypt, NULL);

	EVP_CIPHER_free(aes);
	if (ok)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static int
new_signing(struct crypto *c, const struct keys *k, struct err *e)
{
	if (c->signing != CRYPTO_AES_GMAC)
		return new_mac(c, k->signing, sizeof(k->signing), e);
	_Static_assert(sizeof(k->signing) == GMAC_KEY_BYTES, "AES-128-GMAC");
	/* GMAC is GCM with nothing to encrypt (NIST SP 800-38D, 3). */
	c->gmac = new_aead(CRYPTO_AES128_GCM, k->signing, 1);
	return c->gmac ? 0 : openssl_failed(e, "AES-GMAC");
}

static int
new_sealing(struct crypto *c, const struct keys *k, struct err *e)
{
	if (c->cipher == CRYPTO_NO_CIPHER)
		return 0;
	c->seal = new_aead(c->cipher, k->seal, 1);
	c->open = new_aead(c->cipher, k->open, 0);
	if (!c->seal || !c->open)
		return openssl_failed(e, crypto_cipher_name(c->cipher));
	return 0;
}

int
crypto_new(const struct crypto_options *o, struct crypto **out, struct err *e)
{
	struct keys k;
	struct crypto *c;
	int failed;

	if (keys_derive(o, &k, e))
		return -1;
	c = mem_zero(1, sizeof(*c));
	c->signing = o->signing;
	c->cipher = o->cipher;
	c->session_id = o->session_id;
	failed = new_signing(c, &k, e) || new_sealing(c, &k, e);
	keys_wipe(&k);
	if (failed) {
		crypto_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
crypto_free(struct crypto *c)
{
	if (!c)
		return;
	/* OpenSSL cleanses the expanded keys in these. */
	EVP_MAC_CTX_free(c->mac);
	EVP_CIPHER_CTX_free(c->gmac);
	EVP_CIPHER_CTX_free(c->seal);
	EVP_CIPHER_CTX_free(c->open);
	mem_free(c);
}

/* --- signing ----------------------------------------------------------- */

/* The MAC runs over the message with its signature taken as zero. */
static bool
mac_parts(EVP_MAC_CTX *mac, const struct crypto_part *parts, size_t n,
	  uint8_t tag[TAG_BYTES])
{
	uint8_t full[MAC_ROOM];
	size_t len = 0;

	if (!EVP_MAC_init(mac, NULL, 0, NULL)) /* the same key again */
		return false;
	for (size_t i = 0; i < n; i++)
		if (!EVP_MAC_update(mac, parts[i].bytes, parts[i].len))
			return false;
	if (!EVP_MAC_final(mac, full, &len, sizeof(full)) || len < TAG_BYTES)
		return false;
	memcpy(tag, full, TAG_BYTES);
	return true;
}

/* MS-SMB2 3.1.4.1: message id, then a bit for "from the server", a bit for CANCEL. */
static void
gmac_nonce(const uint8_t header[CRYPTO_HEADER_BYTES], uint8_t nonce[GCM_NONCE_BYTES])
{
	bool from_server = wire_get32(header + HEADER_FLAGS) & FLAG_FROM_SERVER;
	bool cancel = wire_get16(header + HEADER_COMMAND) == COMMAND_CANCEL;

	memcpy(nonce, header + HEADER_MESSAGE_ID, sizeof(uint64_t));
	wire_put32(nonce + sizeof(uint64_t),
		   (from_server ? UINT32_C(1) : 0) | (cancel ? UINT32_C(2) : 0));
}

static bool
gmac_parts(EVP_CIPHER_CTX *gmac, const uint8_t nonce[GCM_NONCE_BYTES],
	   const struct crypto_part *parts, size_t n, uint8_t tag[TAG_BYTES])
{
	uint8_t nothing[1];
	int len = 0;

	if (!EVP_EncryptInit_ex2(gmac, NULL, NULL, nonce, NULL))
		return false;
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0 &&
		    !EVP_EncryptUpdate(gmac, NULL, &len, parts[i].bytes,
				       (int)parts[i].len))
			return false;
	return EVP_EncryptFinal_ex(gmac, nothing, &len) &&
	       EVP_CIPHER_CTX_ctrl(gmac, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) > 0;
}

enum { SIGN_PARTS = 16 }; /* parts taken without asking for memory; a choice */

/* The signature of header + rest, as if the header's signature were zero. */
static int
signature(struct crypto *c, const uint8_t header[CRYPTO_HEADER_BYTES],
	  const struct crypto_part *rest, size_t n, uint8_t tag[TAG_BYTES])
{
	static const uint8_t zero[TAG_BYTES];
	struct crypto_part few[SIGN_PARTS];
	struct crypto_part *all =
	    n + 2 > COUNT(few) ? mem_zero(n + 2, sizeof(*all)) : few;
	uint8_t nonce[GCM_NONCE_BYTES];
	bool ok;

	all[0] = (struct crypto_part){header, HEADER_SIGNATURE};
	all[1] = (struct crypto_part){zero, TAG_BYTES};
	if (n > 0)
		memcpy(all + 2, rest, n * sizeof(*rest));
	if (c->gmac) {
		gmac_nonce(header, nonce);
		ok = gmac_parts(c->gmac, nonce, all, n + 2, tag);
	} else {
		ok = mac_parts(c->mac, all, n + 2, tag);
	}
	if (all != few)
		mem_free(all);
	return ok ? 0 : -1;
}

static bool
too_long(const struct crypto_part *parts, size_t n, size_t *total)
{
	*total = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > MESSAGE_MAX_BYTES - *total)
			return true;
		*total += parts[i].len;
	}
	return false;
}

int
crypto_sign(struct crypto *c, uint8_t header[CRYPTO_HEADER_BYTES],
	    const struct crypto_part *rest, size_t n, struct err *e)
{
	uint8_t tag[TAG_BYTES];
	size_t total;

	if (too_long(rest, n, &total))
		return err_set(e, ERR_LOCAL, 0, "message too long to sign");
	wire_put32(header + HEADER_FLAGS,
		   wire_get32(header + HEADER_FLAGS) | FLAG_SIGNED);
	if (signature(c, header, rest, n, tag))
		return openssl_failed(e, "signing");
	memcpy(header + HEADER_SIGNATURE, tag, sizeof(tag));
	return 0;
}

int
crypto_verify(struct crypto *c, const uint8_t *message, size_t len, struct err *e)
{
	struct crypto_part rest;
	uint8_t tag[TAG_BYTES];

	if (len < CRYPTO_HEADER_BYTES || len > MESSAGE_MAX_BYTES)
		return err_set(e, ERR_ATTEMPT, 0,
			       "the server's reply of %zu bytes is no SMB2 message",
			       len);
	if (!(wire_get32(message + HEADER_FLAGS) & FLAG_SIGNED))
		return err_set(e, ERR_ATTEMPT, 0,
			       "a reply that must be signed is not: it was not made by "
			       "the server or was changed on the way");
	rest = (struct crypto_part){message + CRYPTO_HEADER_BYTES,
				    len - CRYPTO_HEADER_BYTES};
	if (signature(c, message, &rest, 1, tag))
		return openssl_failed(e, "checking a signature");
	if (CRYPTO_memcmp(tag, message + HEADER_SIGNATURE, sizeof(tag)) != 0)
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "the signature (%s) of a reply is wrong: it was changed on "
		    "the way, or the server has lost this session",
		    crypto_signing_name(c->signing));
	return 0;
}

/* --- sealing ----------------------------------------------------------- */

static bool
seal_gcm(struct crypto *c, const struct crypto_part *parts, size_t n, uint8_t *out)
{
	int len = 0;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0 &&
		    !EVP_EncryptUpdate(c->seal, out, &len, parts[i].bytes,
				       (int)parts[i].len))
			return false;
		out += parts[i].len;
	}
	return EVP_EncryptFinal_ex(c->seal, out, &len);
}

/* CCM takes the whole message in one call (RFC 3610: its length comes first), so that
 * the parts are brought together first and encrypted where they then lie. */
static bool
seal_ccm(struct crypto *c, const struct crypto_part *parts, size_t n, uint8_t *out)
{
	size_t total = 0;
	int len = 0;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(out + total, parts[i].bytes, parts[i].len);
		total += parts[i].len;
	}
	return EVP_EncryptUpdate(c->seal, out, &len, out, (int)total);
}

static bool
seal_start(struct crypto *c, const uint8_t *header, size_t total)
{
	int len = 0;

	return EVP_EncryptInit_ex2(c->seal, NULL, NULL, header + TRANSFORM_NONCE,
				   NULL) &&
	       (!is_ccm(c->cipher) ||
		EVP_EncryptUpdate(c->seal, NULL, &len, NULL, (int)total)) &&
	       EVP_EncryptUpdate(c->seal, NULL, &len, header + TRANSFORM_NONCE,
				 TRANSFORM_AAD_BYTES);
}

int
crypto_seal(struct crypto *c, const struct crypto_part *parts, size_t n, uint8_t *out,
	    struct err *e)
{
	uint8_t *body = out + CRYPTO_TRANSFORM_BYTES;
	size_t total;
	bool ok;

	assert(c->seal);
	if (too_long(parts, n, &total) || total == 0)
		return err_set(e, ERR_LOCAL, 0,
			       "message of impossible length to encrypt");
	/* A nonce is a number that only goes up; the key was made for this session
	 * alone (MS-SMB2 3.1.4.3: never twice for one key). */
	if (c->nonces_used == UINT64_MAX)
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "the session's encryption key is used up; a new connection "
		    "gets a new one");
	memset(out, 0, CRYPTO_TRANSFORM_BYTES);
	memcpy(out, protocol_sealed, sizeof(protocol_sealed));
	wire_put64(out + TRANSFORM_NONCE, c->nonces_used++);
	wire_put32(out + TRANSFORM_SIZE, (uint32_t)total);
	wire_put16(out + TRANSFORM_FLAGS, TRANSFORM_FLAG_ENCRYPTED);
	wire_put64(out + TRANSFORM_SESSION_ID, c->session_id);
	ok = seal_start(c, out, total) &&
	     (is_ccm(c->cipher) ? seal_ccm : seal_gcm)(c, parts, n, body) &&
	     EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
				 out + TRANSFORM_SIGNATURE) > 0;
	return ok ? 0 : openssl_failed(e, "encrypting");
}

/* --- opening ----------------------------------------------------------- */

static bool
open_body(struct crypto *c, uint8_t *packet, size_t body_len)
{
	uint8_t *body = packet + CRYPTO_TRANSFORM_BYTES;
	int len = 0;

	/* CCM wants nonce, tag, length, in this order; GCM takes the tag any time
	 * before the end. */
	if (!EVP_DecryptInit_ex2(c->open, NULL, NULL, packet + TRANSFORM_NONCE, NULL) ||
	    EVP_CIPHER_CTX_ctrl(c->open, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
				packet + TRANSFORM_SIGNATURE) <= 0)
		return false;
	if (is_ccm(c->cipher) &&
	    !EVP_DecryptUpdate(c->open, NULL, &len, NULL, (int)body_len))
		return false;
	if (!EVP_DecryptUpdate(c->open, NULL, &len, packet + TRANSFORM_NONCE,
			       TRANSFORM_AAD_BYTES) ||
	    !EVP_DecryptUpdate(c->open, body, &len, body, (int)body_len))
		return false;
	/* In CCM the update has checked the tag. */
	return is_ccm(c->cipher) ||
	       EVP_DecryptFinal_ex(c->open, body + body_len, &len) > 0;
}

static int
check_transform(const struct crypto *c, const uint8_t *packet, size_t len,
		struct err *e)
{
	if (!c->open)
		return err_set(e, ERR_ATTEMPT, 0,
			       "the server sends encrypted, which was not agreed");
	if (len <= CRYPTO_TRANSFORM_BYTES || len > MESSAGE_MAX_BYTES ||
	    memcmp(packet, protocol_sealed, sizeof(protocol_sealed)) != 0)
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "an encrypted reply of %zu bytes is cut short or no SMB3", len);
	if (wire_get32(packet + TRANSFORM_SIZE) != len - CRYPTO_TRANSFORM_BYTES ||
	    wire_get16(packet + TRANSFORM_FLAGS) != TRANSFORM_FLAG_ENCRYPTED)
		return err_set(e, ERR_ATTEMPT, 0,
			       "the header of an encrypted reply contradicts itself");
	if (wire_get64(packet + TRANSFORM_SESSION_ID) != c->session_id)
		return err_set(e, ERR_ATTEMPT, 0,
			       "an encrypted reply belongs to another session");
	return 0;
}

int
crypto_open(struct crypto *c, uint8_t *packet, size_t len, uint8_t **message,
	    size_t *message_len, struct err *e)
{
	size_t body_len;

	if (check_transform(c, packet, len, e))
		return -1;
	body_len = len - CRYPTO_TRANSFORM_BYTES;
	if (!open_body(c, packet, body_len)) {
		ERR_clear_error(); /* a wrong tag is not OpenSSL's fault */
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "an encrypted reply (%s) does not decrypt: it was changed "
		    "on the way, or the server has lost this session",
		    crypto_cipher_name(c->cipher));
	}
	*message = packet + CRYPTO_TRANSFORM_BYTES;
	*message_len = body_len;
	return 0;
}
