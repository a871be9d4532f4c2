/* What Kerberos says, in words and Win32 codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <krb5.h>

#include "smb/gss.h"

static void
reasons_in_words(void **state)
{
	static const struct {
		krb5_error_code code;
		uint32_t win32;
		const char *in_text;
	} rows[] = {
	    {KRB5_KDC_UNREACH, 1311, "no KDC (domain controller) can be reached"},
	    {KRB5_REALM_UNKNOWN, 1311, "no KDC (domain controller) is found"},
	    {KRB5KRB_AP_ERR_SKEW, 1398, "clock"},
	    {KRB5_KDCREP_SKEW, 1398, "clock"},
	    {KRB5KDC_ERR_PREAUTH_FAILED, 1326, "password or keytab is wrong"},
	    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, 1317, "no such account"},
	    {KRB5KDC_ERR_CLIENT_REVOKED, 1331, "disabled"},
	    {KRB5KDC_ERR_KEY_EXP, 1330, "password has expired"},
	    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, 1396, "no server of that name"},
	    {KRB5KRB_AP_ERR_TKT_EXPIRED, 1312, "expired; renew it (kinit -R)"},
	    {KRB5KRB_AP_ERR_TKT_NYV, 1398, "this host's clock is behind"},
	    {KRB5KRB_AP_ERR_MODIFIED, 1396, "the server cannot read the ticket"},
	    {KRB5KRB_AP_ERR_BADKEYVER, 1396, "no key of the version"},
	    {KRB5KRB_AP_ERR_NOKEY, 1396, "the server has no key"},
	    {KRB5KDC_ERR_SVC_UNAVAILABLE, 1311, "cannot serve now"},
	    {KRB5_KT_NOTFOUND, 1312, "keytab has no key for the account"},
	    {KRB5_FCC_NOFILE, 1312, "no ticket"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		assert_int_equal(gss_failed(&e, GSS_S_FAILURE, (OM_uint32)rows[i].code,
					    gss_kerberos(), "x"),
				 -1);
		assert_int_equal(e.kind, ERR_ADDRESS);
		assert_int_equal(e.win32, rows[i].win32);
		assert_memory_equal(e.text, "x: ", 3);
		assert_non_null(strstr(e.text, rows[i].in_text));
	}
}

/* The same number from another mechanism is another thing. */
static void
numbers_are_the_mechanisms_own(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(
	    gss_failed(&e, GSS_S_FAILURE, (OM_uint32)KRB5_KDC_UNREACH, gss_ntlm(), "x"),
	    -1);
	assert_int_equal(e.win32, 1326);
	assert_null(strstr(e.text, "KDC (domain controller)"));
	/* no minor status: the words of the major one */
	assert_int_equal(gss_failed(&e, GSS_S_BAD_MECH, 0, gss_spnego(), "x"), -1);
	assert_non_null(strstr(e.text, "mechanism"));
}

/* Of what gss-ntlmssp and MIT's library say: a sentence, and what to do. */
static void
ntlm_in_one_sentence(void **state)
{
	static const struct {
		OM_uint32 major;
		const char *text;
	} rows[] = {
	    {GSS_S_FAILURE,
	     "x failed (Unspecified GSS failure); see whether the server "
	     "is a file server, and takes NTLMv2"},
	    {GSS_S_DEFECTIVE_TOKEN,
	     "x failed (Invalid token was supplied); see whether "
	     "the server is a file server, and takes NTLMv2"},
	    {GSS_S_BAD_MECH, "x: it is missing here; install gss-ntlmssp"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		assert_int_equal(gss_failed(&e, rows[i].major, 0, gss_ntlm(), "x"), -1);
		assert_int_equal(e.kind, ERR_ADDRESS);
		assert_int_equal(e.win32, 1326);
		assert_string_equal(e.text, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons_in_words),
	    cmocka_unit_test(ntlm_in_one_sentence),
	    cmocka_unit_test(numbers_are_the_mechanisms_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
