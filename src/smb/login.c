/* login.c - credentials by GSSAPI, private to one connection. */
#include "smb/login.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_ntlmssp.h>
#include <krb5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "smb/gss.h"
#include "smb/nthash.h"
#include "smb/smb.h"

/* NTLM flags for servers that offer neither signing nor 128-bit keys (MS-NLMP 2.2.2.5):
 * Unicode, request target, NTLM, extended session security, target info. */
enum { RELAXED_FLAGS = 0x00000001 | 0x00000004 | 0x00000200 | 0x00080000 | 0x00800000 };

enum { WIN32_LOGON_FAILURE = 1326 }; /* MS-ERREF 2.2 */

struct login *
login_new(const struct auth_options *o)
{
	struct login *l = mem_zero(1, sizeof(*l));

	l->kind = o->kind;
	l->account = mem_dup(o->account ? o->account : "");
	l->password = mem_dup(o->password);
	l->keytab = mem_dup(o->keytab);
	l->ccache = mem_dup(o->ccache);
	l->server = mem_dup(o->server);
	l->relaxed = o->relaxed;
	l->cred = GSS_C_NO_CREDENTIAL;
	l->target = GSS_C_NO_NAME;
	l->context = GSS_C_NO_CONTEXT;
	l->mech = gss_spnego();
	return l;
}

/* A MEMORY cache lives as long as the process, unless destroyed by name; GSSAPI cannot.
 */
static void
destroy_memory_cache(const char *name)
{
	krb5_context context;
	krb5_ccache cache;

	if (name[0] == '\0' || krb5_init_context(&context))
		return;
	if (krb5_cc_resolve(context, name, &cache) == 0)
		(void)krb5_cc_destroy(context, cache);
	krb5_free_context(context);
}

void
login_free(struct login *l)
{
	OM_uint32 minor;

	if (!l)
		return;
	(void)gss_delete_sec_context(&minor, &l->context, GSS_C_NO_BUFFER);
	(void)gss_release_buffer(&minor, &l->token);
	(void)gss_release_name(&minor, &l->target);
	(void)gss_release_cred(&minor, &l->cred);
	destroy_memory_cache(l->memory);
	if (l->password)
		mem_wipe(l->password, strlen(l->password));
	mem_free(l->account);
	mem_free(l->password);
	mem_free(l->keytab);
	mem_free(l->ccache);
	mem_free(l->server);
	mem_free(l);
}

int
smb_own_ccache(char **out, struct err *e)
{
	krb5_context context;

	if (krb5_init_context(&context))
		return err_set(e, ERR_LOCAL, 0,
			       "Kerberos cannot be used here; check krb5.conf");
	*out = mem_dup(krb5_cc_default_name(context));
	krb5_free_context(context);
	if (*out)
		return 0;
	return err_set(e, ERR_LOCAL, 0,
		       "no Kerberos ticket cache is known; set KRB5CCNAME or check "
		       "krb5.conf");
}

/* --- names ---------------------------------------------------------------- */

static bool
has_upper(const char *text)
{
	while (*text && (*text < 'A' || *text > 'Z'))
		text++;
	return *text != '\0';
}

/* Realms are upper case by custom and compared by case; people type domains in lower
 * case.  One with a capital in it was meant as it is. */
static char *
with_realm(const char *user, size_t user_len, const char *realm)
{
	char *name = mem_printf("%.*s@%s", (int)user_len, user, realm);

	if (!has_upper(realm))
		str_upper(name + user_len);
	return name;
}

char *
login_principal(const char *account)
{
	const char *slash = strchr(account, '\\');
	const char *at = strrchr(account, '@');

	if (slash) {
		AUTO_FREE char *domain =
		    mem_dup_len(account, (size_t)(slash - account));

		/* A NetBIOS name is no realm; krb5.conf's default realm has to do. */
		if (!strchr(domain, '.'))
			return mem_dup(slash + 1);
		return with_realm(slash + 1, strlen(slash + 1), domain);
	}
	if (at)
		return with_realm(account, (size_t)(at - account), at + 1);
	return mem_dup(account);
}

/* GSS_C_NO_NAME for "": whoever the cache or keytab is made out for. */
static int
import_name(const char *text, gss_OID type, gss_name_t *out, struct err *e)
{
	gss_buffer_desc buf = {strlen(text), (void *)text};
	OM_uint32 major, minor;

	*out = GSS_C_NO_NAME;
	if (text[0] == '\0')
		return 0;
	major = gss_import_name(&minor, &buf, type, out);
	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, gss_kerberos(), text);
	return 0;
}

static int
import_target(struct login *l, struct err *e)
{
	AUTO_FREE char *spn = mem_printf("cifs@%s", l->server);

	return import_name(spn, GSS_C_NT_HOSTBASED_SERVICE, &l->target, e);
}

/* --- NTLM ------------------------------------------------------------------- */

/* SPNEGO is to offer this mechanism and no other. */
static int
offer_only(struct login *l, gss_OID mech, struct err *e)
{
	gss_OID_set_desc only = {1, mech};
	OM_uint32 minor;
	OM_uint32 major = gss_set_neg_mechs(&minor, l->cred, &only);

	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, gss_spnego(),
				  "choosing how to log on");
	return 0;
}

static int
relax(struct login *l, struct err *e)
{
	static gss_OID_desc neg_flags = {GSS_NTLMSSP_NEG_FLAGS_OID_LENGTH,
					 (void *)GSS_NTLMSSP_NEG_FLAGS_OID_STRING};
	uint32_t flags = RELAXED_FLAGS;
	gss_buffer_desc value = {sizeof(flags), &flags};
	OM_uint32 minor;
	OM_uint32 major = gss_set_cred_option(&minor, &l->cred, &neg_flags, &value);

	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, gss_ntlm(), "relaxing NTLM");
	return 0;
}

static int
acquire_ntlm(struct login *l, gss_name_t name, struct err *e)
{
	char hash[NTHASH_HEX_ROOM];
	/* The first two keep the Kerberos side of SPNEGO from looking into the
	 * process's own caches and from asking a KDC. */
	gss_key_value_element_desc elements[] = {
	    {"ccache", "MEMORY:lansender-none"},
	    {"client_keytab", "MEMORY:lansender-none"},
	    {GSS_NTLMSSP_CS_NTHASH, hash},
	};
	gss_key_value_set_desc store = {COUNT(elements), elements};
	gss_OID_set_desc mechs = {1, l->mech};
	OM_uint32 major, minor;

	if (nthash_hex(l->password, hash, e))
		return -1;
	major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechs,
				      GSS_C_INITIATE, &store, &l->cred, NULL, NULL);

	mem_wipe(hash, sizeof(hash));
	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, l->mech, "NTLM log-on");
	return l->relaxed ? relax(l, e) : 0;
}

int
login_ntlm(struct login *l, struct err *e)
{
	gss_name_t name;
	OM_uint32 minor;
	int failed;

	if (l->account[0] == '\0' || !l->password)
		return err_set(e, ERR_ADDRESS, WIN32_LOGON_FAILURE,
			       "NTLM needs an account and a password; give both, or a "
			       "keytab for Kerberos");
	/* Without SPNEGO (ADR 0004): servers know NTLM by its own first bytes -
	 * Windows' Negotiate package, Samba, Impacket.  MIT's SPNEGO asks NTLM for
	 * signing keys whatever its caller wants, and Debian 13's refuses the
	 * server's last token. */
	l->mech = gss_ntlm();
	if (import_name(l->account, GSS_C_NT_USER_NAME, &name, e))
		return -1;
	failed = acquire_ntlm(l, name, e);
	(void)gss_release_name(&minor, &name);
	if (failed)
		return -1;
	return import_target(l, e);
}

/* --- Kerberos --------------------------------------------------------------- */

static int
kerberos_failed(const struct login *l, OM_uint32 major, OM_uint32 minor, struct err *e)
{
	AUTO_FREE char *what =
	    mem_printf("Kerberos log-on of %s to %s",
		       l->account[0] ? l->account : "(ticket)", l->server);

	return gss_failed(e, major, minor, gss_kerberos(), what);
}

/* Into *cred: Kerberos' own, from whatever the address gives.  A password or keytab
 * leads to a ticket right here. */
static int
acquire_ticket(struct login *l, gss_name_t name, gss_cred_id_t *cred, struct err *e)
{
	gss_key_value_element_desc elements[] = {
	    {"ccache", l->ccache ? l->ccache : l->memory},
	    {"client_keytab", l->keytab ? l->keytab : "MEMORY:lansender-none"},
	};
	gss_key_value_set_desc store = {COUNT(elements), elements};
	gss_OID_set_desc mechs = {1, gss_kerberos()};
	OM_uint32 major, minor;

	if (!l->keytab && !l->ccache) {
		gss_buffer_desc password = {strlen(l->password), l->password};

		major = gss_acquire_cred_with_password(
		    &minor, name, &password, GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE,
		    cred, NULL, NULL);
	} else {
		major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechs,
					      GSS_C_INITIATE, &store, cred, NULL, NULL);
	}
	if (GSS_ERROR(major))
		return kerberos_failed(l, major, minor, e);
	return 0;
}

/* A password's ticket lies in a cache without a name; SPNEGO needs one. */
static int
store_ticket(struct login *l, gss_cred_id_t cred, struct err *e)
{
	gss_key_value_element_desc where = {"ccache", l->memory};
	gss_key_value_set_desc store = {1, &where};
	OM_uint32 minor;
	OM_uint32 major = gss_store_cred_into(&minor, cred, GSS_C_INITIATE,
					      gss_kerberos(), 1, 0, &store, NULL, NULL);

	if (GSS_ERROR(major))
		return kerberos_failed(l, major, minor, e);
	return 0;
}

/* The same ticket, as SPNEGO takes it. */
static int
acquire_spnego(struct login *l, struct err *e)
{
	gss_key_value_element_desc elements[] = {
	    {"ccache", l->ccache ? l->ccache : l->memory},
	    {"client_keytab", l->keytab ? l->keytab : "MEMORY:lansender-none"},
	};
	gss_key_value_set_desc store = {COUNT(elements), elements};
	gss_OID_set_desc mechs = {1, gss_spnego()};
	OM_uint32 minor;
	OM_uint32 major =
	    gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs,
				  GSS_C_INITIATE, &store, &l->cred, NULL, NULL);

	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, gss_spnego(),
				  "using the Kerberos ticket");
	return offer_only(l, gss_kerberos(), e);
}

int
login_kerberos(struct login *l, struct err *e)
{
	AUTO_FREE char *principal = login_principal(l->account);
	gss_cred_id_t ticket = GSS_C_NO_CREDENTIAL;
	gss_name_t name;
	char token[17];
	OM_uint32 minor;
	int failed;

	if (!l->keytab && !l->ccache && (!l->password || principal[0] == '\0'))
		return err_set(e, ERR_ADDRESS, WIN32_LOGON_FAILURE,
			       "Kerberos needs a keytab, a ticket cache, or an account "
			       "with its password");
	/* Kerberos would only say that there is no ticket. */
	if (l->keytab && access(l->keytab, R_OK) != 0)
		return err_sys(e, ERR_ADDRESS, "keytab %s", l->keytab);
	l->is_kerberos = true;
	digest_token(token, sizeof(token) - 1);
	(void)snprintf(l->memory, sizeof(l->memory), "MEMORY:lansender-%s", token);
	if (import_name(principal, GSS_C_NT_USER_NAME, &name, e))
		return -1;
	failed = acquire_ticket(l, name, &ticket, e) ||
		 (!l->keytab && !l->ccache && store_ticket(l, ticket, e));
	(void)gss_release_name(&minor, &name);
	(void)gss_release_cred(&minor, &ticket);
	if (failed || acquire_spnego(l, e))
		return -1;
	return import_target(l, e);
}

int
login_why_not_kerberos(struct login *l, struct err *e)
{
	gss_cred_id_t ticket = GSS_C_NO_CREDENTIAL;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
	gss_key_value_element_desc where = {"ccache",
					    l->ccache ? l->ccache : l->memory};
	gss_key_value_set_desc store = {1, &where};
	gss_OID_set_desc mechs = {1, gss_kerberos()};
	OM_uint32 major, minor, ignored;

	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs,
				      GSS_C_INITIATE, &store, &ticket, NULL, NULL);
	if (!GSS_ERROR(major))
		major = gss_init_sec_context(&minor, ticket, &context, l->target,
					     gss_kerberos(), GSS_C_MUTUAL_FLAG, 0, NULL,
					     GSS_C_NO_BUFFER, NULL, &out, NULL, NULL);
	if (GSS_ERROR(major))
		(void)kerberos_failed(l, major, minor, e);
	(void)gss_release_buffer(&ignored, &out);
	(void)gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
	(void)gss_release_cred(&ignored, &ticket);
	return -1;
}

/* --- legs ------------------------------------------------------------------- */

int
login_leg(struct login *l, const uint8_t *in, size_t in_len, struct err *e)
{
	gss_buffer_desc input = {in_len, (void *)in};
	OM_uint32 major, minor, ignored;
	/* Integrity lets SPNEGO protect the choice of the mechanism (RFC 4178, 5).  In
	 * NTLM it asks for signing keys; a relaxed server has none. */
	OM_uint32 flags = GSS_C_MUTUAL_FLAG;

	if (!l->relaxed)
		flags |= GSS_C_INTEG_FLAG | GSS_C_SEQUENCE_FLAG;
	(void)gss_release_buffer(&ignored, &l->token);
	major = gss_init_sec_context(
	    &minor, l->cred, &l->context, l->target, l->mech, flags, 0, NULL,
	    in_len > 0 ? &input : GSS_C_NO_BUFFER, NULL, &l->token, NULL, NULL);
	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, l->mech,
				  l->is_kerberos ? "Kerberos log-on" : "NTLM log-on");
	l->done = major == GSS_S_COMPLETE;
	return l->done;
}
