/* speed.c - how fast messages are sealed and signed on this machine, by crypto.c as a
 * sending uses it: one thread, messages of one large write, key expanded once. */
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "smb/crypto.h"
#include "smb/smb.h"

enum {
	WRITE_BYTES = 512 << 10, /* the largest WRITE as it is (smb.h) */
	WRITE_FIXED_BYTES = 48,  /* MS-SMB2 2.2.21, before the payload */
	KEY_BYTES = 16,          /* a session key, MS-SMB2 3.2.1.3 */
};

static const struct algorithm {
	enum crypto_signing signing;
	enum crypto_cipher cipher; /* none: the signature is measured */
} algorithms[] = {
    {CRYPTO_AES_GMAC, CRYPTO_AES128_GCM},   {CRYPTO_AES_GMAC, CRYPTO_AES256_GCM},
    {CRYPTO_AES_GMAC, CRYPTO_AES128_CCM},   {CRYPTO_AES_GMAC, CRYPTO_AES256_CCM},
    {CRYPTO_AES_GMAC, CRYPTO_NO_CIPHER},    {CRYPTO_AES_CMAC, CRYPTO_NO_CIPHER},
    {CRYPTO_HMAC_SHA256, CRYPTO_NO_CIPHER},
};

/* Both ends of a session, and one message. */
struct trial {
	const struct algorithm *a;
	struct crypto *client, *server;
	uint8_t *message; /* header, fixed part, payload */
	uint8_t *packet;  /* what is sealed */
	size_t len;
};

static void
trial_done(struct trial *t)
{
	crypto_free(t->client);
	crypto_free(t->server);
	mem_free(t->message);
	mem_free(t->packet);
}

static int
trial_init(struct trial *t, const struct algorithm *a, struct err *e)
{
	uint8_t key[KEY_BYTES];
	uint8_t preauth[CRYPTO_PREAUTH_BYTES];
	struct crypto_options o = {
	    .dialect = SMB_DIALECT_311,
	    .signing = a->signing,
	    .cipher = a->cipher,
	    .session_key = key,
	    .session_key_len = sizeof(key),
	    .preauth = preauth,
	    .session_id = 1,
	};

	t->a = a;
	t->len = CRYPTO_HEADER_BYTES + WRITE_FIXED_BYTES + WRITE_BYTES;
	t->message = mem_alloc(t->len);
	t->packet = mem_alloc(t->len + CRYPTO_TRANSFORM_BYTES);
	digest_random(key, sizeof(key));
	digest_random(preauth, sizeof(preauth));
	digest_random(t->message, t->len);
	memset(t->message, 0, CRYPTO_HEADER_BYTES);
	memcpy(t->message, "\xFESMB", 4);
	if (crypto_new(&o, &t->client, e) < 0)
		return -1;
	o.as_server = true;
	return crypto_new(&o, &t->server, e);
}

/* One message, as it would be sent. */
static int
make(struct trial *t, struct err *e)
{
	const struct crypto_part parts[] = {
	    {t->message, CRYPTO_HEADER_BYTES},
	    {t->message + CRYPTO_HEADER_BYTES, t->len - CRYPTO_HEADER_BYTES},
	};

	if (t->a->cipher == CRYPTO_NO_CIPHER)
		return crypto_sign(t->client, t->message, parts + 1, 1, e);
	return crypto_seal(t->client, parts, 2, t->packet, e);
}

/* Does the other end understand it?  Fast and wrong is of no use. */
static int
prove(struct trial *t, struct err *e)
{
	uint8_t *opened;
	size_t len;

	if (t->a->cipher == CRYPTO_NO_CIPHER)
		return crypto_verify(t->server, t->message, t->len, e);
	if (crypto_open(t->server, t->packet, t->len + CRYPTO_TRANSFORM_BYTES, &opened,
			&len, e) < 0)
		return -1;
	if (len != t->len || memcmp(opened, t->message, len) != 0)
		return err_set(e, ERR_LOCAL, 0,
			       "%s gives back something else than it was given",
			       crypto_cipher_name(t->a->cipher));
	return 0;
}

static int
measure(const struct algorithm *a, int64_t for_ms, int64_t *bytes_per_s, struct err *e)
{
	AUTO(trial_done) struct trial t = {0};
	int64_t from_us, took_us, bytes = 0;

	if (trial_init(&t, a, e) < 0 || make(&t, e) < 0 || prove(&t, e) < 0)
		return -1;
	from_us = clock_us();
	do {
		if (make(&t, e) < 0)
			return -1;
		bytes += WRITE_BYTES;
		took_us = clock_us() - from_us;
	} while (took_us < for_ms * 1000);
	*bytes_per_s = bytes * 1000000 / (took_us > 0 ? took_us : 1);
	return 0;
}

int
smb_measure_crypto(int64_t for_ms, const struct stop *stop,
		   void (*each)(void *self, const struct smb_speed *speed), void *self,
		   struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < COUNT(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];
		struct smb_speed speed = {
		    .is_cipher = a->cipher != CRYPTO_NO_CIPHER,
		    .name = a->cipher != CRYPTO_NO_CIPHER
				? crypto_cipher_name(a->cipher)
				: crypto_signing_name(a->signing),
		};
		struct err trouble;

		if (stop && stop_thrown(stop))
			return err_set(e, ERR_STOP, 0, "stopped");
		if (measure(a, for_ms, &speed.bytes_per_s, &trouble) < 0) {
			speed.trouble = &trouble;
			rc = 1;
		}
		each(self, &speed);
	}
	return rc;
}
