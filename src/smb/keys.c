/* keys.c - SP 800-108 in counter mode, as MS-SMB2 3.1.4.2 wants it; pre-auth hash. */
#include "smb/keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "base/mem.h"

enum {
	SESSION_KEY_BYTES = 16, /* Session.SessionKey, MS-SMB2 3.2.5.3 */
	AES256_KEY_BYTES = 32,
	DIALECT_300 = 0x0300, /* from here on keys are derived */
	DIALECT_311 = 0x0311, /* from here on they depend on the pre-auth hash */
};

/* Labels and contexts count their NUL (MS-SMB2 3.1.4.2). */
struct label {
	const char *label, *context; /* context NULL: the pre-auth hash */
	size_t label_len, context_len;
};
#define LABEL_30(l, c)                                                                 \
	{                                                                              \
		l, c, sizeof(l), sizeof(c)                                             \
	}
#define LABEL_311(l)                                                                   \
	{                                                                              \
		l, NULL, sizeof(l), CRYPTO_PREAUTH_BYTES                               \
	}

static const struct label signing_30 = LABEL_30("SMB2AESCMAC", "SmbSign");
static const struct label to_server_30 = LABEL_30("SMB2AESCCM", "ServerIn ");
static const struct label to_client_30 = LABEL_30("SMB2AESCCM", "ServerOut");
static const struct label signing_311 = LABEL_311("SMBSigningKey");
static const struct label to_server_311 = LABEL_311("SMBC2SCipherKey");
static const struct label to_client_311 = LABEL_311("SMBS2CCipherKey");

/* One key derivation: which key it starts from and whose hash it is bound to. */
struct source {
	const uint8_t *key;
	size_t key_len;
	const uint8_t *preauth;
};

static bool
derive(EVP_KDF_CTX *kdf, const struct source *from, const struct label *label,
       uint8_t *out, size_t out_len)
{
	const void *context =
	    label->context ? (const void *)label->context : from->preauth;
	/* OpenSSL only reads these; its constructor lacks the const.  L, the length in
	 * bits, it takes from out_len. */
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, (char[]){"counter"},
					     0),
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char[]){"HMAC"}, 0),
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"},
					     0),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)from->key,
					      from->key_len),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)label->label,
					      label->label_len),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)context,
					      label->context_len),
	    OSSL_PARAM_construct_end()};

	EVP_KDF_CTX_reset(kdf);
	return EVP_KDF_derive(kdf, out, out_len, params) > 0;
}

static bool
derive_all(EVP_KDF_CTX *kdf, const struct crypto_options *o,
	   const uint8_t session_key[SESSION_KEY_BYTES], struct keys *k)
{
	bool is_311 = o->dialect >= DIALECT_311;
	bool aes256 = o->cipher == CRYPTO_AES256_CCM || o->cipher == CRYPTO_AES256_GCM;
	size_t len = aes256 ? AES256_KEY_BYTES : SESSION_KEY_BYTES;
	struct source from = {session_key, SESSION_KEY_BYTES, o->preauth};
	const struct label *to_server = is_311 ? &to_server_311 : &to_server_30;
	const struct label *to_client = is_311 ? &to_client_311 : &to_client_30;

	if (!derive(kdf, &from, is_311 ? &signing_311 : &signing_30, k->signing,
		    sizeof(k->signing)))
		return false;
	if (o->cipher == CRYPTO_NO_CIPHER)
		return true;
	/* 256-bit ciphers start from the whole key, not its first 16 bytes
	 * (Session.FullSessionKey, MS-SMB2 3.2.5.3.1). */
	if (aes256 && o->session_key_len > SESSION_KEY_BYTES) {
		from.key = o->session_key;
		from.key_len = o->session_key_len;
	}
	return derive(kdf, &from, o->as_server ? to_client : to_server, k->seal, len) &&
	       derive(kdf, &from, o->as_server ? to_server : to_client, k->open, len);
}

/* Which algorithms a dialect knows (MS-SMB2 3.2.5.2); a mix-up would end in keys of
 * zeros. */
static bool
possible(const struct crypto_options *o)
{
	if (o->dialect < DIALECT_300)
		return o->signing == CRYPTO_HMAC_SHA256 &&
		       o->cipher == CRYPTO_NO_CIPHER;
	if (o->dialect < DIALECT_311)
		return o->signing == CRYPTO_AES_CMAC &&
		       (o->cipher == CRYPTO_NO_CIPHER ||
			o->cipher == CRYPTO_AES128_CCM);
	return o->preauth && o->cipher <= CRYPTO_AES256_GCM &&
	       o->signing <= CRYPTO_AES_GMAC;
}

int
keys_derive(const struct crypto_options *o, struct keys *k, struct err *e)
{
	uint8_t session_key[SESSION_KEY_BYTES] = {0}; /* shorter ones end in zeros */
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx;
	bool ok;

	if (o->session_key_len == 0 || o->session_key_len > CRYPTO_KEY_ROOM)
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "the log-on gave a session key of %zu bytes; 1 to %d are "
		    "possible",
		    o->session_key_len, CRYPTO_KEY_ROOM);
	if (!possible(o))
		return err_set(
		    e, ERR_ATTEMPT, 0,
		    "signing algorithm %d and cipher %d do not belong to SMB "
		    "dialect 0x%04x",
		    (int)o->signing, (int)o->cipher, o->dialect);
	memset(k, 0, sizeof(*k));
	memcpy(session_key, o->session_key,
	       o->session_key_len < sizeof(session_key) ? o->session_key_len
							: sizeof(session_key));
	if (o->dialect < DIALECT_300) {
		memcpy(k->signing, session_key, sizeof(k->signing));
		mem_wipe(session_key, sizeof(session_key));
		return 0;
	}
	kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	ok = ctx && derive_all(ctx, o, session_key, k);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	mem_wipe(session_key, sizeof(session_key));
	if (ok)
		return 0;
	keys_wipe(k);
	return err_set(e, ERR_LOCAL, 0,
		       "OpenSSL does not derive keys (KBKDF with HMAC-SHA256); see "
		       "whether its configuration forbids it");
}

void
keys_wipe(struct keys *k)
{
	mem_wipe(k, sizeof(*k));
}

void
crypto_preauth_add(uint8_t hash[CRYPTO_PREAUTH_BYTES], const struct crypto_part *parts,
		   size_t n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned len = 0;
	bool ok = md && EVP_DigestInit_ex2(md, EVP_sha512(), NULL) &&
		  EVP_DigestUpdate(md, hash, CRYPTO_PREAUTH_BYTES);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(md, parts[i].bytes, parts[i].len);
	/* Without SHA-512 there is no 3.1.1.  The zeroed hash lets the log-on fail at
	 * the server's signature instead of at a check that every caller would need. */
	if (!ok || !EVP_DigestFinal_ex(md, hash, &len))
		memset(hash, 0, CRYPTO_PREAUTH_BYTES);
	EVP_MD_CTX_free(md);
}
