/* gss.c - see gss.h. */
#include "smb/gss.h"

#include <errno.h>
#include <krb5.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

/* DER without tag and length. */
static gss_OID_desc spnego = {6, (void *)"\x2b\x06\x01\x05\x05\x02"};
static gss_OID_desc kerberos = {9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};
static gss_OID_desc ntlm = {10, (void *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};

gss_OID
gss_spnego(void)
{
	return &spnego;
}

gss_OID
gss_kerberos(void)
{
	return &kerberos;
}

gss_OID
gss_ntlm(void)
{
	return &ntlm;
}

/* What Kerberos says, and what to do about it.  Numbers: RFC 4120 7.5.9 and MIT's
 * krb5.h; Win32 codes: MS-ERREF 2.2, the ones that Windows gives in the same case. */
static const struct {
	krb5_error_code code;
	uint32_t win32;
	const char *text;
} reasons[] = {
    {KRB5_KDC_UNREACH, 1311,
     "no KDC (domain controller) can be reached; check the line to it, and krb5.conf"},
    {KRB5KDC_ERR_SVC_UNAVAILABLE, 1311,
     "the KDC (domain controller) answers that it cannot serve now; try later"},
    {KRB5_REALM_CANT_RESOLVE, 1311,
     "no KDC (domain controller) is found for the realm; check DNS and krb5.conf"},
    {KRB5_REALM_UNKNOWN, 1311,
     "no KDC (domain controller) is found for the realm; check DNS and krb5.conf"},
    {EAGAIN, 1311,
     "no KDC (domain controller) is found for the realm: DNS does not answer"},
    {KRB5_KDCREP_SKEW, 1398, "this host's clock and the KDC's differ; set them"},
    {KRB5KRB_AP_ERR_SKEW, 1398, "this host's clock and the server's differ; set them"},
    {KRB5KDC_ERR_PREAUTH_FAILED, 1326,
     "the password or keytab is wrong for the account"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, 1326,
     "the password or keytab is wrong for the account"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, 1317,
     "the KDC knows no such account; check its name and realm"},
    {KRB5KDC_ERR_CLIENT_REVOKED, 1331, "the account is disabled, locked or expired"},
    {KRB5KDC_ERR_NAME_EXP, 1793, "the account has expired; extend it"},
    {KRB5KDC_ERR_KEY_EXP, 1330, "the account's password has expired; set a new one"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, 1396,
     "the KDC knows no server of that name; give the name that the server has in its "
     "domain (service principal cifs/NAME)"},
    {KRB5KDC_ERR_ETYPE_NOSUPP, 1326,
     "account and KDC have no encryption type in common; make a new keytab"},
    {KRB5KDC_ERR_POLICY, 1327, "the KDC's policy keeps the account from logging on"},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, 1312,
     "the ticket has expired; renew it (kinit -R) or get a new one (kinit)"},
    {KRB5KRB_AP_ERR_TKT_NYV, 1398,
     "the ticket is from the future: this host's clock is behind; set it"},
    {KRB5KRB_AP_ERR_MODIFIED, 1396,
     "the server cannot read the ticket: another computer has the name, or its "
     "password changed"},
    {KRB5KRB_AP_ERR_BADKEYVER, 1396,
     "the server has no key of the version that the ticket is made for: its password "
     "changed; try later, or join it to the domain again"},
    {KRB5KRB_AP_ERR_NOKEY, 1396,
     "the server has no key to read the ticket with; join it to the domain again"},
    {KRB5_FCC_NOFILE, 1312, "there is no ticket and no keytab to get one with"},
    {KRB5_CC_NOTFOUND, 1312, "there is no ticket in the cache; get one (kinit)"},
    {KRB5_KT_NOTFOUND, 1312,
     "the keytab has no key for the account; klist -k shows whose it has"},
    {KRB5_CONFIG_NODEFREALM, 1311,
     "no realm is known; write the account as user@REALM or set default_realm in "
     "krb5.conf"},
};

static void
add_words(struct str *out, OM_uint32 status, int type, gss_OID mech)
{
	OM_uint32 minor, more = 0;

	do {
		gss_buffer_desc words = GSS_C_EMPTY_BUFFER;

		if (gss_display_status(&minor, status, type, mech, &more, &words))
			return;
		if (out->len > 0)
			str_add(out, "; ");
		str_add_len(out, words.value, words.length);
		(void)gss_release_buffer(&minor, &words);
	} while (more != 0);
}

static size_t
first_sentence_len(const char *words)
{
	const char *end = strstr(words, ".  ");

	return end ? (size_t)(end - words) : strlen(words);
}

/* Not 1326 for Kerberos' unknown troubles: it would say that a password was refused,
 * and nothing else would be tried. */
static int
kerberos_failed(struct err *e, OM_uint32 minor, const char *what, const char *words)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if ((OM_uint32)reasons[i].code == minor)
			return err_set(e, ERR_ADDRESS, reasons[i].win32, "%s: %s (%s)",
				       what, reasons[i].text, words);
	return err_set(e, ERR_ADDRESS, 1312, "%s: %s", what, words);
}

/* gss-ntlmssp says little, and nothing of what to do. */
static int
ntlm_failed(struct err *e, OM_uint32 major, const char *what, const char *words)
{
	/* gss-ntlmssp's words for a server that offers no signing keys */
	if (strstr(words, "required Negotiate flag"))
		return err_set(
		    e, ERR_ADDRESS, 1326,
		    "%s: the server offers no keys to sign with; if the line "
		    "to it is safe, allow that with signing = off",
		    what);
	if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_MECH)
		return err_set(e, ERR_ADDRESS, 1326,
			       "%s: it is missing here; install gss-ntlmssp", what);
	/* The rest of MIT's words after two blanks only points at the number. */
	return err_set(e, ERR_ADDRESS, 1326,
		       "%s failed (%.*s); see whether the server is a file server, "
		       "and takes NTLMv2",
		       what, (int)first_sentence_len(words), words);
}

int
gss_failed(struct err *e, OM_uint32 major, OM_uint32 minor, gss_OID mech,
	   const char *what)
{
	AUTO_STR struct str words = {0};

	add_words(&words, minor, GSS_C_MECH_CODE, mech);
	/* A number without words says less than the kind of failure. */
	if (words.len == 0 || str_eq(str_text(&words), "Unknown error")) {
		str_clear(&words);
		add_words(&words, major, GSS_C_GSS_CODE, mech);
	}
	if (mech == &kerberos)
		return kerberos_failed(e, minor, what, str_text(&words));
	if (mech == &ntlm)
		return ntlm_failed(e, major, what, str_text(&words));
	/* MIT's library numbers anew what comes through SPNEGO. */
	return err_set(e, ERR_ADDRESS, 1326, "%s: %s", what, str_text(&words));
}
