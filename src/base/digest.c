#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"

struct digest {
	EVP_MD_CTX *ctx;
	EVP_MD *sha256; /* fetched once: a fetch costs more than a small hash */
};

static void
must(int ok, const char *what)
{
	if (ok == 1)
		return;
	/* GCOVR_EXCL_START: OpenSSL without SHA-256 or memory: ends the process */
	(void)fprintf(stderr, "lansender: OpenSSL cannot %s\n", what);
	abort();
	/* GCOVR_EXCL_STOP */
}

struct digest *
digest_new(void)
{
	struct digest *d = mem_zero(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(d->ctx && d->sha256, "make a SHA-256 context");
	digest_reset(d);
	return d;
}

void
digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	EVP_MD_free(d->sha256);
	mem_free(d);
}

void
digest_reset(struct digest *d)
{
	must(EVP_DigestInit_ex2(d->ctx, d->sha256, NULL), "begin SHA-256");
}

void
digest_add(struct digest *d, const void *bytes, size_t len)
{
	must(EVP_DigestUpdate(d->ctx, bytes, len), "go on with SHA-256");
}

static void
to_hex(const unsigned char *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * len] = '\0';
}

void
digest_hex(struct digest *d, char hex[DIGEST_HEX_ROOM])
{
	unsigned char hash[DIGEST_BYTES];

	must(EVP_DigestFinal_ex(d->ctx, hash, NULL), "end SHA-256");
	to_hex(hash, sizeof(hash), hex);
	digest_reset(d);
}

void
digest_random(void *out, size_t len)
{
	unsigned char *at = out;

	while (len) {
		ssize_t n =
		    getrandom(at, len < 256 ? len : 256, 0); /* 256: never short */

		if (n <= 0) {
			/* GCOVR_EXCL_START: a kernel without getrandom() */
			perror("lansender: no random bytes");
			abort();
			/* GCOVR_EXCL_STOP */
		}
		at += n;
		len -= (size_t)n;
	}
}

void
digest_token(char *out, size_t digits)
{
	unsigned char bytes[32];
	char hex[sizeof(bytes) * 2 + 1];
	size_t at = 0;

	while (at < digits) {
		digest_random(bytes, sizeof(bytes));
		to_hex(bytes, sizeof(bytes), hex);
		for (size_t i = 0; at < digits && hex[i]; i++)
			out[at++] = hex[i];
	}
	out[digits] = '\0';
}
