/* nthash.c - MD4 over UTF-16, by OpenSSL. */
#include "smb/nthash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"

enum { MD4_BYTES = 16 };

/* MD4 lives in the legacy provider.  A library context of its own keeps that away from
 * the rest of the process, whose policy may forbid it. */
static bool
md4(const uint8_t *bytes, size_t len, uint8_t out[MD4_BYTES])
{
	OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy = context ? OSSL_PROVIDER_load(context, "legacy") : NULL;
	EVP_MD *md = legacy ? EVP_MD_fetch(context, "MD4", NULL) : NULL;
	unsigned out_len = MD4_BYTES;
	bool ok = md && EVP_Digest(bytes, len, out, &out_len, md, NULL);

	EVP_MD_free(md);
	if (legacy)
		(void)OSSL_PROVIDER_unload(legacy);
	OSSL_LIB_CTX_free(context);
	if (!ok)
		ERR_clear_error();
	return ok;
}

int
nthash_hex(const char *password, char hex[NTHASH_HEX_ROOM], struct err *e)
{
	size_t len = strlen(password);
	size_t room = 2 * len + 1; /* a byte of UTF-8 never makes more than one unit */
	uint8_t *wide = mem_alloc(room);
	ptrdiff_t wide_len = utf_to_utf16le(password, len, wide, room);
	uint8_t hash[MD4_BYTES];
	bool ok = wide_len >= 0 && md4(wide, (size_t)wide_len, hash);

	mem_wipe(wide, room);
	mem_free(wide);
	if (wide_len < 0)
		return err_set(e, ERR_ADDRESS, 1326 /* ERROR_LOGON_FAILURE */,
			       "the password is not UTF-8; save its file as UTF-8");
	if (!ok)
		return err_set(
		    e, ERR_ADDRESS, 1326,
		    "NTLM needs MD4, which OpenSSL does not offer here (its "
		    "legacy provider is missing or forbidden); use Kerberos");
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(hex + 2 * i, NTHASH_HEX_ROOM - 2 * i, "%02x", hash[i]);
	mem_wipe(hash, sizeof(hash));
	return 0;
}
