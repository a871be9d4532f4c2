/* Signing and encryption, against published packets and against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/wire.h"
#include "hex.h"
#include "smb/crypto.h"

static const uint8_t a_key[32] = {0x4c, 0x41, 0x4e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static const uint8_t a_hash[CRYPTO_PREAUTH_BYTES] = {0x53, 0x4d, 0x53};

static struct crypto *
make(uint16_t dialect, enum crypto_signing signing, enum crypto_cipher cipher,
     bool as_server)
{
	struct crypto_options o = {.dialect = dialect,
				   .signing = signing,
				   .cipher = cipher,
				   .session_key = a_key,
				   .session_key_len = sizeof(a_key),
				   .preauth = a_hash,
				   .session_id = 0x1122334455667788,
				   .as_server = as_server};
	struct crypto *c = NULL;
	struct err e;

	assert_int_equal(crypto_new(&o, &c, &e), 0);
	return c;
}

/* Something that looks like a message: header, then rising bytes. */
static void
fill(uint8_t *message, size_t len, uint64_t id)
{
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)(i * 7 + 3);
	memset(message, 0, CRYPTO_HEADER_BYTES);
	wire_put32(message, 0x424D53FE);
	wire_put16(message + 4, CRYPTO_HEADER_BYTES);
	wire_put16(message + 12, 9); /* WRITE */
	wire_put64(message + 24, id);
}

/* The last SESSION_SETUP response of the published session ("SMB 3.1.1
 * Pre-authentication integrity in Windows 10", 2015): signed by Windows, AES-CMAC. */
static void
windows_signature(void **state)
{
	static const char hex[] =
	    "FE534D4240000100000000000100800009000000000000000300000000000000FFFE0000"
	    "000000001900000000100000EBE146DA120BA25FC3376A49DFE31BC10900000048001D00"
	    "A11B3019A0030A0100A3120410010000003B453CDC3524164200000000";
	uint8_t key[16], hash[64], message[128];
	struct crypto_options o = {.dialect = 0x0311,
				   .signing = CRYPTO_AES_CMAC,
				   .session_key = key,
				   .session_key_len = sizeof(key),
				   .preauth = hash,
				   .session_id = 0x100000000019};
	size_t len = unhex(hex, message, sizeof(message));
	struct crypto *c;
	struct err e;

	(void)state;
	unhex("270E1BA896585EEB7AF3472D3B4C75A7", key, sizeof(key));
	unhex(
	    "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB7928622DDDAD"
	    "522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01",
	    hash, sizeof(hash));
	assert_int_equal(crypto_new(&o, &c, &e), 0);
	assert_int_equal(crypto_verify(c, message, len, &e), 0);
	message[len - 1] ^= 1;
	assert_int_equal(crypto_verify(c, message, len, &e), -1);
	assert_int_equal(e.kind, ERR_ATTEMPT);
	assert_non_null(strstr(e.text, "signature (AES-CMAC) of a reply is wrong"));
	crypto_free(c);
}

struct sealed {
	uint16_t dialect;
	enum crypto_cipher cipher;
	bool to_server;
	const char *session_key, *preauth;
	uint64_t session_id;
	const char *packet, *message;
};

/* "Encryption in SMB 3.0: A protocol perspective" (2012), "SMB 3.1.1 Encryption in
 * Windows 10" (2015): a WRITE and its answer, AES-CCM and AES-GCM. */
static const struct sealed windows_packets[] = {
    {0x0300, CRYPTO_AES128_CCM, true, "B4546771B515F766A86735532DD6C4F0", NULL,
     0x8E40014000011,
     "FD534D4281A286535415445DAE393921E44FA42E66E69A111892584FB5ED524A744DA3EE870000000"
     "0"
     "0001001100001400E4080025C8FEE16605A437832D1CD52DA9F4645333482A175FE5384563F45FCDA"
     "F"
     "AEF38BC62BA4D5C62897996625A44C29BE5658DE2E6117585779E7B59FFD971278D08580D7FA899E4"
     "1"
     "0E910EABF5AA1DB43050B33B49182637759AC15D84BFCDF5B6B238993C0F4CF4D6012023F6C627297"
     "0"
     "75D84B7803912D0A9639634453595EF3E33FFE4E7AC2AB",
     "FE534D4240000100000000000900400008000000000000000400000000000000FFFE0000010000001"
     "1"
     "00001400E408000000000000000000000000000000000031007000170000000000000000000000150"
     "1"
     "000039000002010000003902000000000000000000007000000000000000536D623320656E6372797"
     "0"
     "74696F6E2074657374696E67"},
    {0x0300, CRYPTO_AES128_CCM, false, "B4546771B515F766A86735532DD6C4F0", NULL,
     0x8E40014000011,
     "FD534D42A6015530A18F6D9AFFE22AFAE8E6648486000000000000001100001400E40800500000000"
     "0"
     "0001001100001400E40800DBF46435C5F14169293CE079E344479BF670227E49873F458672C3098DA"
     "C"
     "467DD5809F369D674091665157871483E01F7BECD02064EAC3E235F913668BBC2F097980D4B378F19"
     "9"
     "3EFF6E60D177309E5B",
     "FE534D4240000100000000000900210009000000000000000400000000000000FFFE0000010000001"
     "1"
     "00001400E408000000000000000000000000000000000011000000170000000000000000000000"},
    {0x0311, CRYPTO_AES128_GCM, true, "419FDDF34C1E001909D362AE7FB6AF79",
     "B23F3CBFD69487D9832B79B1594A367CDD950909B774C3A4C412B4FCEA9EDDDBA7DB256BA2EA30E97"
     "7"
     "F11F9B113247578E0E915C6D2A513B8F2FCA5707DC8770",
     0x100000000025,
     "FD534D42BD73D97D2BC9001BCAFAC0FDFF5FEEBCC7D6822D269CAF48904C664C00000000870000000"
     "0"
     "00010025000000001000006ECDD2A7AFC7B47763057A041B8FD4DAFFE990B70C9E09D36C084E02D14"
     "E"
     "F247F8BDE38ACF6256F8B1D3B56F77FBDEB312FEA5E92CBCC1ED8FB2EBBFAA75E49A4A394BB445765"
     "4"
     "5567C24D4C014D47C9FBDFDAFD2C4F9B72F8D256452620A299F48E29E53D6B61D1C13A19E91AF013F"
     "0"
     "0D17E3ABC2FC3D36C8C1B6B93973253852DBD442E46EE8",
     "FE534D4240000100000000000900010008000000000000000500000000000000FFFE0000010000002"
     "5"
     "000000001000000000000000000000000000000000000031007000170000000000000000000000060"
     "0"
     "000004000000010000000400000000000000000000007000000000000000536D623320656E6372797"
     "0"
     "74696F6E2074657374696E67"},
    {0x0311, CRYPTO_AES128_GCM, false, "419FDDF34C1E001909D362AE7FB6AF79",
     "B23F3CBFD69487D9832B79B1594A367CDD950909B774C3A4C412B4FCEA9EDDDBA7DB256BA2EA30E97"
     "7"
     "F11F9B113247578E0E915C6D2A513B8F2FCA5707DC8770",
     0x100000000025,
     "FD534D42ACBE1CB7ED343ADF1725EF144D90D4B0E06831DD2E8EB7B40000000000000000500000000"
     "0"
     "000100250000000010000026BBBF949983A6C1C796559D0F2C510CB651D1F7B6AC8DED32A2A0B8F2D"
     "7"
     "93A815C6F6B848D69767A215841A42D400AE6DDB5F0B44173A014973321FDD7950DA6179159B82E03"
     "C"
     "9E18A050FF0EA1C967",
     "FE534D4240000100000000000900010001000000000000000500000000000000FFFE0000010000002"
     "5"
     "000000001000000000000000000000000000000000000011000000170000000000000000000000"},
};

static void
windows_encryption(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(windows_packets); i++) {
		const struct sealed *w = &windows_packets[i];
		uint8_t key[16], hash[64], packet[256], want[256], *message;
		struct crypto_options o = {.dialect = w->dialect,
					   .signing = CRYPTO_AES_CMAC,
					   .cipher = w->cipher,
					   .session_key = key,
					   .session_key_len = sizeof(key),
					   .session_id = w->session_id,
					   .as_server = w->to_server};
		size_t len = unhex(w->packet, packet, sizeof(packet));
		size_t want_len = unhex(w->message, want, sizeof(want));
		size_t got;
		struct crypto *c;
		struct err e;

		unhex(w->session_key, key, sizeof(key));
		if (w->preauth) {
			unhex(w->preauth, hash, sizeof(hash));
			o.preauth = hash;
		}
		assert_int_equal(crypto_new(&o, &c, &e), 0);
		assert_int_equal(crypto_open(c, packet, len, &message, &got, &e), 0);
		assert_int_equal(got, want_len);
		assert_memory_equal(message, want, want_len);
		crypto_free(c);
	}
}

struct signing {
	uint16_t dialect;
	enum crypto_signing signing;
};
static const struct signing signings[] = {
    {0x0202, CRYPTO_HMAC_SHA256}, {0x0210, CRYPTO_HMAC_SHA256},
    {0x0300, CRYPTO_AES_CMAC},    {0x0302, CRYPTO_AES_CMAC},
    {0x0311, CRYPTO_HMAC_SHA256}, {0x0311, CRYPTO_AES_CMAC},
    {0x0311, CRYPTO_AES_GMAC},
};

static void
signed_message_verifies(void **state)
{
	static const size_t lengths[] = {64, 65, 80, 127, 128, 4096, 100001};
	static uint8_t message[100001];

	(void)state;
	for (size_t i = 0; i < COUNT(signings); i++) {
		struct crypto *c = make(signings[i].dialect, signings[i].signing,
					CRYPTO_NO_CIPHER, false);
		struct err e;

		for (size_t l = 0; l < COUNT(lengths); l++) {
			size_t rest = lengths[l] - CRYPTO_HEADER_BYTES;
			struct crypto_part parts[] = {
			    {message + CRYPTO_HEADER_BYTES, rest / 3},
			    {NULL, 0},
			    {message + CRYPTO_HEADER_BYTES + rest / 3,
			     rest - rest / 3}};

			fill(message, lengths[l], l);
			assert_int_equal(crypto_sign(c, message, parts, 3, &e), 0);
			assert_true(wire_get32(message + 16) & 8);
			assert_int_equal(crypto_verify(c, message, lengths[l], &e), 0);
			/* and once more: the context is used again and again */
			assert_int_equal(crypto_verify(c, message, lengths[l], &e), 0);
		}
		crypto_free(c);
	}
}

/* Many small parts sign like one. */
static void
parts_do_not_matter(void **state)
{
	uint8_t one[164], many[164];
	struct crypto_part whole = {one + CRYPTO_HEADER_BYTES, 100};
	struct crypto_part bytes[100];

	(void)state;
	for (size_t i = 0; i < COUNT(bytes); i++)
		bytes[i] = (struct crypto_part){many + CRYPTO_HEADER_BYTES + i, 1};
	for (size_t i = 0; i < COUNT(signings); i++) {
		struct crypto *c = make(signings[i].dialect, signings[i].signing,
					CRYPTO_NO_CIPHER, false);
		struct err e;

		fill(one, sizeof(one), 77);
		fill(many, sizeof(many), 77);
		assert_int_equal(crypto_sign(c, one, &whole, 1, &e), 0);
		assert_int_equal(crypto_sign(c, many, bytes, COUNT(bytes), &e), 0);
		assert_memory_equal(one, many, sizeof(one));
		crypto_free(c);
	}
}

static void
every_flipped_bit_breaks_the_signature(void **state)
{
	uint8_t message[100];
	struct crypto_part rest = {message + CRYPTO_HEADER_BYTES, 36};

	(void)state;
	for (size_t i = 0; i < COUNT(signings); i++) {
		struct crypto *c = make(signings[i].dialect, signings[i].signing,
					CRYPTO_NO_CIPHER, false);
		struct err e;

		fill(message, sizeof(message), 5);
		assert_int_equal(crypto_sign(c, message, &rest, 1, &e), 0);
		for (size_t bit = 0; bit < sizeof(message) * 8; bit++) {
			message[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(crypto_verify(c, message, sizeof(message), &e),
					 -1);
			assert_int_equal(e.kind, ERR_ATTEMPT);
			message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(crypto_verify(c, message, sizeof(message), &e), 0);
		/* longer or shorter is another message, too */
		assert_int_equal(crypto_verify(c, message, sizeof(message) - 1, &e),
				 -1);
		crypto_free(c);
	}
}

static void
unsigned_or_cut_replies_are_refused(void **state)
{
	struct crypto *c = make(0x0311, CRYPTO_AES_GMAC, CRYPTO_NO_CIPHER, false);
	uint8_t message[80];
	struct err e = {0};

	(void)state;
	fill(message, sizeof(message), 9);
	assert_int_equal(crypto_verify(c, message, sizeof(message), &e), -1);
	assert_non_null(strstr(e.text, "must be signed is not"));
	assert_int_equal(crypto_verify(c, message, 63, &e), -1);
	assert_non_null(strstr(e.text, "63 bytes is no SMB2 message"));
	crypto_free(c);
}

/* MS-SMB2 3.1.4.1: with GMAC the same message has one signature from the client, one
 * from the server, one as a CANCEL. */
static void
gmac_knows_who_speaks(void **state)
{
	struct crypto *c = make(0x0311, CRYPTO_AES_GMAC, CRYPTO_NO_CIPHER, false);
	/* worked out by hand from NIST SP 800-38D (GHASH in a few lines of Python) and
	 * SP 800-108; no code shared with ours */
	static const struct {
		uint16_t command;
		uint32_t flags;
		const char *signature;
	} rows[] = {
	    {9, 0, "db00e69db45ab9e1ea0d760af62747c0"},
	    {9, 1, "8ca01396e85395bdaca357878fddd957"},
	    {12, 0, "7384258f2b74124a6ea50ad30d49b9c3"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t message[80], want[16];
		struct crypto_part rest = {message + CRYPTO_HEADER_BYTES, 16};
		struct err e;

		fill(message, sizeof(message), 5);
		wire_put16(message + 12, rows[i].command);
		wire_put32(message + 16, rows[i].flags);
		assert_int_equal(crypto_sign(c, message, &rest, 1, &e), 0);
		unhex(rows[i].signature, want, sizeof(want));
		assert_memory_equal(message + 48, want, sizeof(want));
	}
	crypto_free(c);
}

static const struct {
	uint16_t dialect;
	enum crypto_cipher cipher;
} ciphers[] = {
    {0x0300, CRYPTO_AES128_CCM}, {0x0302, CRYPTO_AES128_CCM},
    {0x0311, CRYPTO_AES128_CCM}, {0x0311, CRYPTO_AES128_GCM},
    {0x0311, CRYPTO_AES256_CCM}, {0x0311, CRYPTO_AES256_GCM},
};

static void
sealed_packet_opens(void **state)
{
	static const size_t lengths[] = {1, 15, 16, 17, 64, 4096, 100001};
	static uint8_t plain[100001], packet[sizeof(plain) + CRYPTO_TRANSFORM_BYTES];

	(void)state;
	fill(plain, sizeof(plain), 3);
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		struct crypto *client =
		    make(ciphers[i].dialect, CRYPTO_AES_CMAC, ciphers[i].cipher, false);
		struct crypto *server =
		    make(ciphers[i].dialect, CRYPTO_AES_CMAC, ciphers[i].cipher, true);
		struct err e;

		for (size_t l = 0; l < COUNT(lengths); l++) {
			size_t len = lengths[l], got;
			struct crypto_part parts[] = {{plain, len / 3},
						      {NULL, 0},
						      {plain + len / 3, len - len / 3}};
			uint8_t *message;

			assert_int_equal(crypto_seal(client, parts, 3, packet, &e), 0);
			assert_int_equal(crypto_open(server, packet,
						     len + CRYPTO_TRANSFORM_BYTES,
						     &message, &got, &e),
					 0);
			assert_ptr_equal(message, packet + CRYPTO_TRANSFORM_BYTES);
			assert_int_equal(got, len);
			assert_memory_equal(message, plain, len);
			/* and the way back */
			assert_int_equal(crypto_seal(server, parts, 3, packet, &e), 0);
			assert_int_equal(crypto_open(client, packet,
						     len + CRYPTO_TRANSFORM_BYTES,
						     &message, &got, &e),
					 0);
			assert_memory_equal(message, plain, len);
		}
		crypto_free(client);
		crypto_free(server);
	}
}

static void
every_flipped_bit_is_refused(void **state)
{
	uint8_t plain[40], packet[sizeof(plain) + CRYPTO_TRANSFORM_BYTES],
	    changed[sizeof(packet)];
	struct crypto_part part = {plain, sizeof(plain)};

	(void)state;
	memset(plain, 0x5a, sizeof(plain));
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		struct crypto *client =
		    make(ciphers[i].dialect, CRYPTO_AES_CMAC, ciphers[i].cipher, false);
		struct crypto *server =
		    make(ciphers[i].dialect, CRYPTO_AES_CMAC, ciphers[i].cipher, true);
		uint8_t *message;
		size_t got;
		struct err e = {0};

		assert_int_equal(crypto_seal(client, &part, 1, packet, &e), 0);
		for (size_t bit = 0; bit < sizeof(packet) * 8; bit++) {
			memcpy(changed, packet, sizeof(packet));
			changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(crypto_open(server, changed, sizeof(changed),
						     &message, &got, &e),
					 -1);
			assert_int_equal(e.kind, ERR_ATTEMPT);
		}
		for (size_t len = 0; len < sizeof(packet); len++) {
			memcpy(changed, packet, sizeof(packet));
			assert_int_equal(
			    crypto_open(server, changed, len, &message, &got, &e), -1);
		}
		/* after all that, the real one still opens */
		assert_int_equal(
		    crypto_open(server, packet, sizeof(packet), &message, &got, &e), 0);
		crypto_free(client);
		crypto_free(server);
	}
}

/* Never the same nonce twice for one key. */
static void
nonces_differ(void **state)
{
	enum { TIMES = 1000 };
	static uint8_t packets[TIMES][CRYPTO_TRANSFORM_BYTES + 8];
	struct crypto *c = make(0x0311, CRYPTO_AES_CMAC, CRYPTO_AES128_GCM, false);
	struct crypto_part part = {(const uint8_t *)"the same", 8};
	struct err e;

	(void)state;
	for (size_t i = 0; i < TIMES; i++) {
		assert_int_equal(crypto_seal(c, &part, 1, packets[i], &e), 0);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(packets[i] + 20, packets[j] + 20, 16);
	}
	crypto_free(c);
}

static void
what_was_not_agreed_is_refused(void **state)
{
	struct crypto *plain = make(0x0311, CRYPTO_AES_GMAC, CRYPTO_NO_CIPHER, false);
	struct crypto *sealing =
	    make(0x0311, CRYPTO_AES_GMAC, CRYPTO_AES128_GCM, false);
	uint8_t packet[CRYPTO_TRANSFORM_BYTES + 4], *message;
	struct crypto_part part = {(const uint8_t *)"text", 4};
	struct crypto_part empty = {NULL, 0};
	size_t got;
	struct err e = {0};

	(void)state;
	assert_int_equal(crypto_seal(sealing, &part, 1, packet, &e), 0);
	assert_int_equal(crypto_open(plain, packet, sizeof(packet), &message, &got, &e),
			 -1);
	assert_non_null(strstr(e.text, "not agreed"));
	/* our own packet, sent back to us by somebody */
	assert_int_equal(
	    crypto_open(sealing, packet, sizeof(packet), &message, &got, &e), -1);
	packet[44] ^= 1; /* session id */
	assert_int_equal(
	    crypto_open(sealing, packet, sizeof(packet), &message, &got, &e), -1);
	assert_non_null(strstr(e.text, "another session"));
	assert_int_equal(crypto_seal(sealing, &empty, 1, packet, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	crypto_free(plain);
	crypto_free(sealing);
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(crypto_cipher_name(CRYPTO_NO_CIPHER), "");
	assert_string_equal(crypto_cipher_name(CRYPTO_AES256_GCM), "AES-256-GCM");
	assert_string_equal(crypto_cipher_name((enum crypto_cipher)9), "");
	assert_string_equal(crypto_signing_name(CRYPTO_HMAC_SHA256), "HMAC-SHA256");
	assert_string_equal(crypto_signing_name(CRYPTO_AES_GMAC), "AES-GMAC");
	assert_string_equal(crypto_signing_name((enum crypto_signing)9), "");
	crypto_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(windows_signature),
	    cmocka_unit_test(windows_encryption),
	    cmocka_unit_test(signed_message_verifies),
	    cmocka_unit_test(parts_do_not_matter),
	    cmocka_unit_test(every_flipped_bit_breaks_the_signature),
	    cmocka_unit_test(unsigned_or_cut_replies_are_refused),
	    cmocka_unit_test(gmac_knows_who_speaks),
	    cmocka_unit_test(sealed_packet_opens),
	    cmocka_unit_test(every_flipped_bit_is_refused),
	    cmocka_unit_test(nonces_differ),
	    cmocka_unit_test(what_was_not_agreed_is_refused),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
