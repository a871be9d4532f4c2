/* The published examples of Microsoft's Open Specifications blog: "SMB 2 and SMB 3
 * security in Windows 10: the anatomy of signing and cryptographic keys" (2017), "SMB
 * 3.1.1 Pre-authentication integrity in Windows 10" (2015), "SMB 3.1.1 Encryption in
 * Windows 10" (2015), "Encryption in SMB 3.0: A protocol perspective" (2012). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hex.h"
#include "smb/keys.h"

static const char preauth_a[] =
    "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79"
    "28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01";
static const char preauth_b[] =
    "B23F3CBFD69487D9832B79B1594A367CDD950909B774C3A4C412B4FCEA9EDDDB"
    "A7DB256BA2EA30E977F11F9B113247578E0E915C6D2A513B8F2FCA5707DC8770";

static void
published_keys(void **state)
{
	static const struct {
		uint16_t dialect;
		enum crypto_cipher cipher;
		const char *session_key, *preauth, *signing, *seal, *open;
	} rows[] = {
	    {0x0300, CRYPTO_AES128_CCM, "7CD451825D0450D235424E44BA6E78CC", NULL,
	     "0B7E9C5CAC36C0F6EA9AB275298CEDCE", "FAD27796665B313EBB578F388632B4F7",
	     "B0F0427F7CEB416D1D9DCC0CD4F99447"},
	    {0x0302, CRYPTO_AES128_CCM, "7CD451825D0450D235424E44BA6E78CC", NULL,
	     "0B7E9C5CAC36C0F6EA9AB275298CEDCE", "FAD27796665B313EBB578F388632B4F7",
	     "B0F0427F7CEB416D1D9DCC0CD4F99447"},
	    {0x0300, CRYPTO_AES128_CCM, "B4546771B515F766A86735532DD6C4F0", NULL, NULL,
	     "261B72350558F2E9DCF613070383EDBF", "8FE2B57EC34D2DB5B1A9727F526BBDB5"},
	    {0x0311, CRYPTO_AES128_GCM, "270E1BA896585EEB7AF3472D3B4C75A7", preauth_a,
	     "73FE7A9A77BEF0BDE49C650D8CCB5F76", "629BCBC54422A0F572B97F45989B6073",
	     "E2AF0DCEFAC68DA71A0DFBD0D1350D74"},
	    {0x0311, CRYPTO_AES128_GCM, "419FDDF34C1E001909D362AE7FB6AF79", preauth_b,
	     NULL, "A2F5E80E5D59103034F32E52F698E5EC",
	     "748C50868C90F302962A5C35F5F9A8BF"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t key[16], preauth[64], want[16];
		struct crypto_options o = {.dialect = rows[i].dialect,
					   .signing = CRYPTO_AES_CMAC,
					   .cipher = rows[i].cipher,
					   .session_key = key};
		struct keys k;
		struct err e;

		o.session_key_len = unhex(rows[i].session_key, key, sizeof(key));
		if (rows[i].preauth) {
			unhex(rows[i].preauth, preauth, sizeof(preauth));
			o.preauth = preauth;
		}
		assert_int_equal(keys_derive(&o, &k, &e), 0);
		if (rows[i].signing) {
			unhex(rows[i].signing, want, sizeof(want));
			assert_memory_equal(k.signing, want, sizeof(want));
		}
		unhex(rows[i].seal, want, sizeof(want));
		assert_memory_equal(k.seal, want, sizeof(want));
		unhex(rows[i].open, want, sizeof(want));
		assert_memory_equal(k.open, want, sizeof(want));
	}
}

/* The other end has the same keys the other way round. */
static void
server_has_them_crosswise(void **state)
{
	uint8_t key[16] = {1, 2, 3}, preauth[64] = {4, 5, 6};
	struct crypto_options o = {.dialect = 0x0311,
				   .signing = CRYPTO_AES_GMAC,
				   .cipher = CRYPTO_AES256_GCM,
				   .session_key = key,
				   .session_key_len = sizeof(key),
				   .preauth = preauth};
	struct keys client, server;
	struct err e;

	(void)state;
	assert_int_equal(keys_derive(&o, &client, &e), 0);
	o.as_server = true;
	assert_int_equal(keys_derive(&o, &server, &e), 0);
	assert_memory_equal(client.signing, server.signing, sizeof(client.signing));
	assert_memory_equal(client.seal, server.open, sizeof(client.seal));
	assert_memory_equal(client.open, server.seal, sizeof(client.open));
	assert_memory_not_equal(client.open, client.seal, sizeof(client.open));
}

/* AES-256 starts from the whole session key, AES-128 and signing from 16 bytes. */
static void
how_much_of_the_session_key(void **state)
{
	uint8_t longer[32], shorter[32], preauth[64] = {7};
	struct crypto_options o = {.dialect = 0x0311,
				   .signing = CRYPTO_AES_CMAC,
				   .cipher = CRYPTO_AES128_GCM,
				   .session_key = longer,
				   .session_key_len = sizeof(longer),
				   .preauth = preauth};
	struct keys a, b;
	struct err e;

	(void)state;
	memset(longer, 0x11, sizeof(longer));
	memcpy(shorter, longer, sizeof(longer));
	shorter[31] ^= 1; /* they differ beyond the first 16 bytes only */
	assert_int_equal(keys_derive(&o, &a, &e), 0);
	o.session_key = shorter;
	assert_int_equal(keys_derive(&o, &b, &e), 0);
	assert_memory_equal(&a, &b, sizeof(a));

	o.cipher = CRYPTO_AES256_GCM;
	o.session_key = longer;
	assert_int_equal(keys_derive(&o, &a, &e), 0);
	o.session_key = shorter;
	assert_int_equal(keys_derive(&o, &b, &e), 0);
	assert_memory_equal(a.signing, b.signing, sizeof(a.signing));
	assert_memory_not_equal(a.seal, b.seal, sizeof(a.seal));
	assert_memory_not_equal(a.open, b.open, sizeof(a.open));
}

/* SMB 2.x signs with the session key itself; a short one (old Kerberos DES) is filled
 * up with zeros (MS-SMB2 3.2.5.3). */
static void
smb2_uses_the_session_key(void **state)
{
	static const uint8_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t want[16] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct crypto_options o = {
	    .dialect = 0x0210, .session_key = key, .session_key_len = sizeof(key)};
	struct keys k;
	struct err e;

	(void)state;
	assert_int_equal(keys_derive(&o, &k, &e), 0);
	assert_memory_equal(k.signing, want, sizeof(want));
}

static void
impossible_is_refused(void **state)
{
	static const uint8_t key[CRYPTO_KEY_ROOM + 1] = {1};
	static const uint8_t hash[CRYPTO_PREAUTH_BYTES] = {1};
	static const struct crypto_options rows[] = {
	    {.dialect = 0x0210, .session_key = key},
	    {.dialect = 0x0210, .session_key = key, .session_key_len = sizeof(key)},
	    {.dialect = 0x0210,
	     .cipher = CRYPTO_AES128_CCM,
	     .session_key = key,
	     .session_key_len = 16},
	    {.dialect = 0x0202,
	     .signing = CRYPTO_AES_CMAC,
	     .session_key = key,
	     .session_key_len = 16},
	    {.dialect = 0x0300,
	     .signing = CRYPTO_HMAC_SHA256,
	     .session_key = key,
	     .session_key_len = 16},
	    {.dialect = 0x0302,
	     .signing = CRYPTO_AES_CMAC,
	     .cipher = CRYPTO_AES128_GCM,
	     .session_key = key,
	     .session_key_len = 16},
	    {.dialect = 0x0311,
	     .signing = CRYPTO_AES_CMAC,
	     .session_key = key,
	     .session_key_len = 16},
	    {.dialect = 0x0311,
	     .signing = (enum crypto_signing)3,
	     .session_key = key,
	     .session_key_len = 16,
	     .preauth = hash},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct keys k;
		struct err e = {0};

		assert_int_equal(keys_derive(&rows[i], &k, &e), -1);
		assert_int_equal(e.kind, ERR_ATTEMPT);
	}
}

/* NEGOTIATE and SESSION_SETUP of the published 3.1.1 session, hashed step by step. */
static void
published_preauth(void **state)
{
	static const struct {
		const char *message, *hash;
	} steps[] = {
	    {"FE534D4240000100000000000000800000000000000000000100000000000000FFFE0000"
	     "0000000000000000000000000000000000000000000000000000000024000500000000003"
	     "F"
	     "000000ECD86F326276024F9F7752B89BB33F3A70000000020000000202100200030203110"
	     "3"
	     "00000100260000000000010020000100FA49E6578F1F3A9F4CD3E9CC14A67AA884B3D0584"
	     "4"
	     "E0E5A118225C15887F32FF00000200060000000000020002000100",
	     "DD94EFC5321BB618A2E208BA8920D2F422992526947A409B5037DE1E0FE8C7362B8C4712"
	     "2594CDE0CE26AA9DFC8BCDBDE0621957672623351A7540F1E54A0426"},
	    {"FE534D4240000100000000000000010001000000000000000100000000000000FFFE00000"
	     "0"
	     "000000000000000000000000000000000000000000000000000000410001001103020039C"
	     "B"
	     "CAF329714942BDCE5D60F09AB3FB2F000000000080000000800000008000D8DAE5ADCBAED"
	     "0"
	     "0109094AB095AED00180004001C00100006082013C06062B0601050502A08201303082012"
	     "C"
	     "A01A3018060A2B06010401823702021E060A2B06010401823702020AA282010C048201084"
	     "E"
	     "45474F45585453010000000000000060000000700000007C7CC0FD06D6362D02DDE1CF343"
	     "B"
	     "FE292900F49750B4AA97934D9C4296B26E51FD370471B235E15A50DAE15BD5489C8700000"
	     "0"
	     "0000000000600000000100000000000000000000005C33530DEAF90D4DB2EC4AE3786EC30"
	     "8"
	     "4E45474F45585453030000000100000040000000980000007C7CC0FD06D6362D02DDE1CF3"
	     "4"
	     "3BFE295C33530DEAF90D4DB2EC4AE3786EC30840000000580000003056A05430523027802"
	     "5"
	     "30233121301F06035504031318546F6B656E205369676E696E67205075626C6963204B657"
	     "9"
	     "3027802530233121301F06035504031318546F6B656E205369676E696E67205075626C696"
	     "3"
	     "204B6579010026000000000001002000010060A3C3B95C3C7CCD51EC536648D9B3AC74C48"
	     "3"
	     "CA5B65385A251117BEB30712E50000020004000000000001000200",
	     "324BFA92A4F3A190E466EBEA08D9C110DC88BFED758D9846ECC6F541CC1D02AE3C94A79F"
	     "36011E997E13F841B91B50957AD07B19C8E2539C0B23FDAE09D2C513"},
	    {"FE534D4240000100000000000100800000000000000000000200000000000000FFFE00000"
	     "0"
	     "0000000000000000000000000000000000000000000000000000001900000101000000000"
	     "0"
	     "000058004A000000000000000000604806062B0601050502A03E303CA00E300C060A2B060"
	     "1"
	     "0401823702020AA22A04284E544C4D5353500001000000978208E20000000000000000000"
	     "0"
	     "000000000000060380250000000F",
	     "AC0B0F2B9986257700365E416D142A6EDC96DF03594A19E52A15F6BD0D041CD5D432F8ED"
	     "42C55E33197A50C9EC00F1462B50C592211B1471A04B56088FDFD5F9"},
	};
	uint8_t hash[CRYPTO_PREAUTH_BYTES] = {0}, want[CRYPTO_PREAUTH_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		uint8_t message[1024];
		size_t len = unhex(steps[i].message, message, sizeof(message));
		/* in three pieces: how it lies in memory must not matter */
		struct crypto_part parts[] = {
		    {message, 1}, {message + 1, 63}, {message + 64, len - 64}};

		crypto_preauth_add(hash, parts, COUNT(parts));
		unhex(steps[i].hash, want, sizeof(want));
		assert_memory_equal(hash, want, sizeof(want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_keys),
	    cmocka_unit_test(server_has_them_crosswise),
	    cmocka_unit_test(how_much_of_the_session_key),
	    cmocka_unit_test(smb2_uses_the_session_key),
	    cmocka_unit_test(impossible_is_refused),
	    cmocka_unit_test(published_preauth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
