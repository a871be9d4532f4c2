/* The fault server without a fault: what the other tests of this folder stand on.  Each
 * dialect, signature and cipher once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_client.h"
#include "fault_login.h"
#include "smb/habits.h"

/* clang-format off */
static struct row {
	const char *name;
	const char *signature, *cipher; /* as agreed; what is encrypted is not signed */
	struct fault_options server;
	struct attempt_options client;
} rows[] = {
	{"3.1.1, GMAC", "AES-GMAC", "",
	 {.signing = CRYPTO_AES_GMAC, .cipher = CRYPTO_AES128_GCM}, {0}},
	{"3.1.1, CMAC", "AES-CMAC", "",
	 {.signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES128_GCM}, {0}},
	{"3.1.1, HMAC, no cipher", "HMAC-SHA256", "", {.signing = CRYPTO_HMAC_SHA256},
	 {0}},
	{"3.1.1, AES-128-GCM", "", "AES-128-GCM",
	 {.signing = CRYPTO_AES_GMAC, .cipher = CRYPTO_AES128_GCM}, {.encrypt = true}},
	{"3.1.1, AES-256-GCM", "", "AES-256-GCM",
	 {.signing = CRYPTO_AES_GMAC, .cipher = CRYPTO_AES256_GCM}, {.encrypt = true}},
	{"3.1.1, AES-128-CCM", "", "AES-128-CCM",
	 {.signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES128_CCM}, {.encrypt = true}},
	{"3.1.1, AES-256-CCM", "", "AES-256-CCM",
	 {.signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES256_CCM}, {.encrypt = true}},
	{"3.1.1, the server wants encryption", "", "AES-128-GCM",
	 {.signing = CRYPTO_AES_GMAC, .cipher = CRYPTO_AES128_GCM, .encrypt = true},
	 {0}},
	{"3.0.2", "AES-CMAC", "",
	 {.dialect = 0x0302, .signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES128_CCM},
	 {0}},
	{"3.0, AES-128-CCM", "", "AES-128-CCM",
	 {.dialect = 0x0300, .signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES128_CCM},
	 {.encrypt = true}},
	{"2.1", "HMAC-SHA256", "", {.dialect = 0x0210}, {0}},
	{"2.0.2", "HMAC-SHA256", "", {.dialect = 0x0202}, {0}},
	{"3.1.1, anonymous", "", "", {.anonymous = true}, {.anonymous = true}},
	{"without compounds", "AES-GMAC", "",
	 {.signing = CRYPTO_AES_GMAC, .cipher = CRYPTO_AES128_GCM},
	 {.no_compounds = true}},
};
/* clang-format on */

static void
honest(void **state)
{
	const struct row *row = *state;
	AUTO_STR struct str wrong = {0};
	struct share *share = share_new();
	struct fault_server *server = fault_server_start(&row->server, share);
	struct fault_seen seen;
	struct attempt a = {0};

	attempt_run(&row->client, fault_server_port(server), &a);
	fault_server_stop(server, &seen);
	attempt_judge(&a, &seen, share, &wrong);
	attempt_judge_end(&a, share, &wrong);
	share_free(share);
	if (wrong.len)
		fail_msg("%s", str_text(&wrong));
	assert_string_equal(a.facts.signature, row->signature);
	assert_string_equal(a.facts.cipher, row->cipher);
	assert_int_equal(seen.sealed > 0, row->cipher[0] != 0);
	assert_int_equal(seen.signatures > 0, row->signature[0] != 0);
	assert_int_equal(seen.compounds > 0, !row->client.no_compounds);
	assert_false(a.facts.one_by_one); /* if so, then as it was asked for */
	assert_int_equal(seen.connections, 1);
	assert_int_equal(seen.command[PDU_NEGOTIATE], 1);
	assert_int_equal(seen.command[PDU_LOGOFF], 1);
}

/* A server that chokes on compounds is found out, and gets them no more: after two
 * connections that it hung up on, or one on which it said so, all goes one by one. */
static void
chokes_on_compounds(void **state)
{
	static const struct {
		uint32_t status;  /* to a compound; 0: closes */
		unsigned in_vain; /* connections that it hung up on */
	} choking[] = {{0, 2}, {0xC000000D, 0}};
	const struct attempt_options client = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(choking); i++) {
		AUTO_STR struct str wrong = {0};
		struct share *share = share_new();
		const struct fault_options o = {.signing = CRYPTO_AES_GMAC,
						.cipher = CRYPTO_AES128_GCM,
						.fault = {.kind = FAULT_REFUSE_COMPOUND,
							  .command = FAULT_ANY,
							  .times = FAULT_FOR_EVER,
							  .value = choking[i].status}};
		struct fault_server *server = fault_server_start(&o, share);
		const uint16_t port = fault_server_port(server);
		struct fault_seen seen;
		struct attempt a = {0};

		habits_forget();
		for (unsigned k = 0; k <= choking[i].in_vain; k++) {
			assert_true(k == 2 || habits_take_compounds("127.0.0.1", port));
			attempt_run(&client, port, &a);
			assert_int_equal(a.step == STEP_END, k >= choking[i].in_vain);
		}
		assert_true(a.facts.one_by_one);
		assert_false(habits_take_compounds("127.0.0.1", port));
		fault_server_stop(server, &seen);
		attempt_judge(&a, &seen, share, &wrong);
		attempt_judge_end(&a, share, &wrong);
		share_free(share);
		if (wrong.len)
			fail_msg("%s", str_text(&wrong));
		assert_int_equal(seen.connections, choking[i].in_vain + 1);
	}
	habits_forget();
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 1];

	fault_login_prepare();
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] =
		    (struct CMUnitTest){rows[i].name, honest, NULL, NULL, &rows[i]};
	tests[COUNT(rows)] = (struct CMUnitTest)cmocka_unit_test(chokes_on_compounds);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fault_login_cleanup();
	return failed;
}
