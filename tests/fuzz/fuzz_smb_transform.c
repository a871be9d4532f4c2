/* Whatever bytes a server sends as an encrypted or a signed message: they are refused,
 * nothing is read or written beyond them.  First byte: which cipher. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wire.h"
#include "smb/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct crypto *
make(enum crypto_cipher cipher, bool as_server)
{
	static const uint8_t key[16] = {1}, hash[CRYPTO_PREAUTH_BYTES] = {2};
	struct crypto_options o = {.dialect = 0x0311,
				   .signing = CRYPTO_AES_GMAC,
				   .cipher = cipher,
				   .session_key = key,
				   .session_key_len = sizeof(key),
				   .preauth = hash,
				   .as_server = as_server};
	struct crypto *c = NULL;
	struct err e;

	if (crypto_new(&o, &c, &e))
		abort();
	return c;
}

/* Sealed by the real server it must come out as it went in. */
static void
there_and_back(enum crypto_cipher cipher, const uint8_t *data, size_t len)
{
	struct crypto *client = make(cipher, false);
	struct crypto *server = make(cipher, true);
	uint8_t *packet = mem_alloc(len + CRYPTO_TRANSFORM_BYTES);
	struct crypto_part part = {data, len};
	uint8_t *message;
	size_t got;
	struct err e;

	if (crypto_seal(server, &part, 1, packet, &e) ||
	    crypto_open(client, packet, len + CRYPTO_TRANSFORM_BYTES, &message, &got,
			&e) ||
	    got != len || memcmp(message, data, len) != 0)
		abort();
	mem_free(packet);
	crypto_free(client);
	crypto_free(server);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum crypto_cipher cipher;
	struct crypto *c;
	uint8_t *packet, *message;
	size_t got;
	struct err e;

	if (len < 2 || len > 100000)
		return 0;
	cipher = (enum crypto_cipher)(data[0] % 4 + 1);
	data++;
	len--;
	c = make(cipher, false);
	if (crypto_verify(c, data, len, &e) == 0)
		abort(); /* nobody signs without the key */
	/* an exact heap copy, so that ASan sees each byte too far */
	packet = mem_alloc(len);
	memcpy(packet, data, len);
	if (len > CRYPTO_TRANSFORM_BYTES) {
		/* the lengths are right, so that decryption is reached */
		memcpy(packet, "\xFDSMB", 4);
		wire_put32(packet + 36, (uint32_t)(len - CRYPTO_TRANSFORM_BYTES));
	}
	if (crypto_open(c, packet, len, &message, &got, &e) == 0)
		abort();
	mem_free(packet);
	crypto_free(c);
	there_and_back(cipher, data, len);
	return 0;
}
