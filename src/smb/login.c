/* login.c - credentials by GSSAPI, private to one connection. */
#include "smb/login.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_ntlmssp.h>
#include <string.h>

#include "base/auto.h"
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
	l->clock = o->clock;
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
	login_key(o, l->key);
	return l;
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
	tickets_destroy(l->memory);
	if (l->password)
		mem_wipe(l->password, strlen(l->password));
	mem_free(l->account);
	mem_free(l->password);
	mem_free(l->keytab);
	mem_free(l->ccache);
	mem_free(l->server);
	mem_free(l);
}

/* --- names ---------------------------------------------------------------- */

int
login_import_name(const char *text, gss_OID type, gss_name_t *out, struct err *e)
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

int
login_import_target(struct login *l, struct err *e)
{
	AUTO_FREE char *spn = mem_printf("cifs@%s", l->server);

	return login_import_name(spn, GSS_C_NT_HOSTBASED_SERVICE, &l->target, e);
}

/* --- NTLM ------------------------------------------------------------------- */

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
	if (login_import_name(l->account, GSS_C_NT_USER_NAME, &name, e))
		return -1;
	failed = acquire_ntlm(l, name, e);
	(void)gss_release_name(&minor, &name);
	if (failed)
		return -1;
	return login_import_target(l, e);
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
