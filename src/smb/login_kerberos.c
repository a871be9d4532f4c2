/* login_kerberos.c - tickets: kept ones, new ones, those of a cache that was given. */
#include <gssapi/gssapi_ext.h>
#include <krb5.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "smb/gss.h"
#include "smb/kdc.h"
#include "smb/login.h"
#include "smb/smb.h"

/* MS-ERREF 2.2 */
enum {
	WIN32_NO_LOGON_SERVERS = 1311,
	WIN32_NO_SUCH_LOGON_SESSION = 1312,
	WIN32_LOGON_FAILURE = 1326,
};

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

/* With the zero at its end, so that no two lists of texts look alike. */
static void
add_text(struct digest *d, const char *text)
{
	if (text)
		digest_add(d, text, strlen(text));
	digest_add(d, "", 1);
}

/* A new keytab is another one, also under the old name. */
void
login_key(const struct auth_options *o, char key[DIGEST_HEX_ROOM])
{
	struct stat keytab = {0};
	struct digest *d;

	key[0] = '\0';
	if (o->ccache || (!o->keytab && !o->password))
		return;
	if (o->keytab && stat(o->keytab, &keytab) < 0)
		return;
	d = digest_new();
	add_text(d, o->server);
	add_text(d, o->account);
	add_text(d, o->keytab);
	add_text(d, o->keytab ? NULL : o->password);
	digest_add(d, &keytab.st_ino, sizeof(keytab.st_ino));
	digest_add(d, &keytab.st_size, sizeof(keytab.st_size));
	digest_add(d, &keytab.st_mtim.tv_sec, sizeof(keytab.st_mtim.tv_sec));
	digest_add(d, &keytab.st_mtim.tv_nsec, sizeof(keytab.st_mtim.tv_nsec));
	digest_hex(d, key);
	digest_free(d);
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

/* --- what went wrong -------------------------------------------------------- */

/* The key that the keytab has for the account: which version of it; 0: unknown. */
static unsigned
keytab_version(const struct login *l)
{
	AUTO_FREE char *principal = login_principal(l->account);
	krb5_keytab_entry entry = {0};
	krb5_principal who = NULL;
	krb5_keytab keytab = NULL;
	krb5_context context;
	unsigned version = 0;

	if (krb5_init_context(&context))
		return 0;
	if (krb5_kt_resolve(context, l->keytab, &keytab) == 0 &&
	    krb5_parse_name(context, principal, &who) == 0 &&
	    krb5_kt_get_entry(context, keytab, who, 0, 0, &entry) == 0) {
		version = entry.vno;
		(void)krb5_free_keytab_entry_contents(context, &entry);
	}
	krb5_free_principal(context, who);
	if (keytab)
		(void)krb5_kt_close(context, keytab);
	krb5_free_context(context);
	return version;
}

static bool
is_wrong_key(OM_uint32 minor)
{
	return minor == (OM_uint32)KRB5KDC_ERR_PREAUTH_FAILED ||
	       minor == (OM_uint32)KRB5KRB_AP_ERR_BAD_INTEGRITY;
}

/* Where Kerberos' own words leave out what is known here, or lead astray. */
static int
explain(const struct login *l, OM_uint32 minor, const char *what, struct err *e)
{
	AUTO_FREE char *principal = login_principal(l->account);
	unsigned version = l->keytab ? keytab_version(l) : 0;
	AUTO_STR struct str asked = {0};
	struct err first = *e;

	if (e->win32 == WIN32_NO_LOGON_SERVERS) {
		kdc_add(&asked, principal);
		return err_set(e, first.kind, first.win32, "%.600s; asked for %.400s",
			       first.text, str_text(&asked));
	}
	if (l->keytab && version > 0 && is_wrong_key(minor))
		return err_set(e, first.kind, first.win32,
			       "%s: its key (version %u) is not the account's, or no "
			       "longer: a password that is set anew needs a new keytab",
			       what, version);
	if (l->keytab && version == 0 && e->win32 == WIN32_NO_SUCH_LOGON_SESSION)
		return err_set(e, first.kind, first.win32,
			       "%s: it has no key for %s; klist -k shows whose it has",
			       what, principal);
	return -1;
}

static int
kerberos_failed(const struct login *l, OM_uint32 major, OM_uint32 minor, struct err *e)
{
	AUTO_STR struct str what = {0};

	str_addf(&what, "Kerberos log-on of %s to %s",
		 l->account[0] ? l->account : "(ticket)", l->server);
	if (l->ccache)
		str_addf(&what, " by ticket cache %s", l->ccache);
	else if (l->keytab)
		str_addf(&what, " by keytab %s", l->keytab);
	(void)gss_failed(e, major, minor, gss_kerberos(), str_text(&what));
	return explain(l, minor, str_text(&what), e);
}

/* --- tickets -------------------------------------------------------------- */

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

/* The same ticket, as SPNEGO takes it. */
static int
acquire_spnego(struct login *l, struct err *e)
{
	gss_key_value_element_desc elements[] = {
	    {"ccache", l->ccache ? l->ccache : l->memory},
	    /* When to get a new ticket is decided elsewhere (tickets.h). */
	    {"client_keytab", "MEMORY:lansender-none"},
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

/* From the KDC, into our own cache; or look that there is one in the given cache. */
static int
get_ticket(struct login *l, const char *principal, struct err *e)
{
	gss_cred_id_t ticket = GSS_C_NO_CREDENTIAL;
	gss_name_t name;
	OM_uint32 minor;
	int failed;

	if (login_import_name(principal, GSS_C_NT_USER_NAME, &name, e))
		return -1;
	failed = acquire_ticket(l, name, &ticket, e) ||
		 (!l->keytab && !l->ccache && store_ticket(l, ticket, e));
	(void)gss_release_name(&minor, &name);
	(void)gss_release_cred(&minor, &ticket);
	return failed ? -1 : 0;
}

static bool
take_kept(struct login *l)
{
	enum ticket_state worst = l->ticket == LOGIN_KEPT ? TICKET_AGING : TICKET_FRESH;

	l->reuses = l->key[0] != '\0' && l->ticket != LOGIN_NEW &&
		    tickets_copy(l->key, worst, clock_mono_ms(l->clock), l->memory);
	return l->reuses;
}

/* Nobody but who gave the cache can get another ticket into it; Kerberos would only
 * say that one has expired. */
static int
check_ccache(const struct login *l, struct err *e)
{
	char when[32];
	bool is_spent;
	int64_t end_s = tickets_end(l->ccache, &is_spent);

	if (!is_spent)
		return 0;
	return err_set(
	    e, ERR_ADDRESS, WIN32_NO_SUCH_LOGON_SESSION,
	    "Kerberos log-on to %s: the ticket in %s expired at %s; renew it "
	    "(kinit -R), get a new one (kinit), or give the address a keytab",
	    l->server, l->ccache, clock_iso(end_s * 1000, when, sizeof(when)));
}

int
login_kerberos(struct login *l, struct err *e)
{
	AUTO_FREE char *principal = login_principal(l->account);

	if (!l->keytab && !l->ccache && (!l->password || principal[0] == '\0'))
		return err_set(e, ERR_ADDRESS, WIN32_LOGON_FAILURE,
			       "Kerberos needs a keytab, a ticket cache, or an account "
			       "with its password");
	/* Kerberos would only say that there is no ticket. */
	if (l->keytab && access(l->keytab, R_OK) != 0)
		return err_sys(e, ERR_ADDRESS, "keytab %s", l->keytab);
	l->is_kerberos = true;
	if (l->ccache && check_ccache(l, e) < 0)
		return -1;
	tickets_name(l->memory);
	if (!take_kept(l)) {
		if (l->ticket == LOGIN_KEPT)
			return err_set(e, ERR_ADDRESS, WIN32_NO_SUCH_LOGON_SESSION,
				       "Kerberos log-on to %s: no ticket is kept",
				       l->server);
		if (get_ticket(l, principal, e) < 0)
			return -1;
	}
	if (acquire_spnego(l, e))
		return -1;
	return login_import_target(l, e);
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
