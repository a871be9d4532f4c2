/* auth.c - which way to log on, and the legs of it. */
#include "smb/auth.h"

#include <arpa/inet.h>
#include <gssapi/gssapi_ext.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "smb/anonymous.h"
#include "smb/errand.h"
#include "smb/gss.h"
#include "smb/kdc.h"
#include "smb/login.h"
#include "smb/tickets.h"

/* MS-ERREF 2.2 */
enum {
	WIN32_NO_LOGON_SERVERS = 1311,
	WIN32_LOGON_FAILURE = 1326,
	WIN32_PASSWORD_EXPIRED = 1330,
	WIN32_ACCOUNT_DISABLED = 1331,
};

/* As MIT's library does: not asked again so soon after it did not answer. */
enum { NO_KDC_MS = 30 * 1000 };

struct auth {
	struct login *login; /* NULL: anonymous */
	unsigned legs;       /* done so far; the first token is made by auth_new() */
	char note[ERR_TEXT_BYTES];
	bool was_asked; /* the note is what Kerberos said */
};

/* --- Kerberos, beside the caller -------------------------------------------- */

static void
run_kerberos(void *self)
{
	struct login *l = self;
	int done = login_kerberos(l, &l->err);

	if (done == 0) {
		done = login_leg(l, NULL, 0, &l->err);
		if (done < 0)
			(void)login_why_not_kerberos(l, &l->err);
	}
	if (done >= 0)
		l->err.kind = ERR_NONE;
}

static void
drop_login(void *self)
{
	login_free(self);
}

/* It did not even say whom it is asking. */
static void
say_late(const struct auth_options *o, struct err *e)
{
	AUTO_FREE char *principal = o->account ? login_principal(o->account) : NULL;
	AUTO_STR struct str asked = {0};

	kdc_add(&asked, principal);
	(void)err_set(e, ERR_ADDRESS, WIN32_NO_LOGON_SERVERS,
		      "Kerberos log-on to %s: no KDC (domain controller) answers in "
		      "time; check the line to it, DNS and krb5.conf; asked for %.400s",
		      o->server, str_text(&asked));
}

/* NULL: *e.  Kerberos asks servers; neither stop nor the deadline waits for them. */
static struct login *
log_in(const struct auth_options *o, enum login_ticket ticket, int64_t deadline_at_ms,
       struct err *e)
{
	struct login *l = login_new(o);
	struct errand t = {.name = "kerberos",
			   .run = run_kerberos,
			   .drop = drop_login,
			   .self = l,
			   .deadline_at_ms = deadline_at_ms,
			   .clock = o->clock,
			   .stop = o->stop};

	l->ticket = ticket;
	switch (errand_run(&t, e)) {
	case ERRAND_STOPPED:
		(void)err_set(e, ERR_STOP, 0, "stopped while logging on to %s",
			      o->server);
		return NULL; /* the errand keeps l */
	case ERRAND_LATE:
		say_late(o, e);
		return NULL; /* likewise */
	case ERRAND_FAILED:
		break;
	case ERRAND_DONE:
		if (l->err.kind == ERR_NONE)
			return l;
		*e = l->err;
		break;
	}
	login_free(l);
	return NULL;
}

/* A kept one may have expired while this machine slept, and its steady clock with it:
 * that is seen by trying. */
static struct login *
by_kept_or_new(const struct auth_options *o, const char *key, int64_t deadline_at_ms,
	       struct err *e)
{
	const bool is_kept =
	    tickets_state(key, clock_mono_ms(o->clock)) != TICKET_SPENT;
	struct login *l = log_in(o, LOGIN_KEPT_OR_NEW, deadline_at_ms, e);

	if (l || !is_kept || e->kind != ERR_ADDRESS ||
	    e->win32 == WIN32_NO_LOGON_SERVERS)
		return l;
	tickets_drop(key);
	return log_in(o, LOGIN_NEW, deadline_at_ms, e);
}

/* Where it is time for a new ticket, but no KDC answers, the old one does as long as it
 * lasts. */
static struct login *
kerberos(const struct auth_options *o, int64_t deadline_at_ms, struct err *e)
{
	int64_t now = clock_mono_ms(o->clock);
	char key[DIGEST_HEX_ROOM];
	struct login *l;
	struct err kept;

	login_key(o, key);
	if (o->anew)
		return log_in(o, LOGIN_NEW, deadline_at_ms, e);
	if (tickets_state(key, now) != TICKET_AGING)
		return by_kept_or_new(o, key, deadline_at_ms, e);
	/* Half of the time for the KDC. */
	l = log_in(o, LOGIN_NEW, now + (deadline_at_ms - now) / 2, e);
	if (l || e->win32 != WIN32_NO_LOGON_SERVERS)
		return l;
	tickets_put_off(key, clock_mono_ms(o->clock) + NO_KDC_MS);
	l = log_in(o, LOGIN_KEPT, deadline_at_ms, &kept);
	if (!l && kept.kind == ERR_STOP)
		*e = kept; /* else that no KDC answers says more */
	return l;
}

/* --- NTLM --------------------------------------------------------------------- */

static struct login *
ntlm(const struct auth_options *o, struct err *e)
{
	struct login *l = login_new(o);

	if (login_ntlm(l, e) == 0 && login_leg(l, NULL, 0, e) >= 0)
		return l;
	login_free(l);
	return NULL;
}

static struct login *
guest(const struct auth_options *o, struct err *e)
{
	struct auth_options g = *o;

	g.account = "guest";
	g.password = "";
	/* A guest session has no key worth signing with (MS-SMB2 3.2.5.3.1). */
	g.relaxed = true;
	return ntlm(&g, e);
}

/* --- negotiate ---------------------------------------------------------------- */

static bool
is_ip(const char *server)
{
	struct in6_addr ip;

	return inet_pton(AF_INET, server, &ip) == 1 || strchr(server, ':') != NULL;
}

static bool
is_password_refused(const struct err *e)
{
	return e->win32 == WIN32_LOGON_FAILURE || e->win32 == WIN32_PASSWORD_EXPIRED ||
	       e->win32 == WIN32_ACCOUNT_DISABLED;
}

/* Has a wrong password been counted against the account already? */
static bool
password_was_tried(const struct auth_options *o, const struct err *e)
{
	return !o->keytab && !o->ccache && is_password_refused(e);
}

/* Does the account say where its KDC is?  A NetBIOS name does not, and to guess with
 * the default realm of krb5.conf would show the password's work to a KDC that nobody
 * named, and ask DNS at every connection. */
static bool
names_a_realm(const char *account)
{
	const char *slash = strchr(account, '\\');

	if (slash)
		return memchr(account, '.', (size_t)(slash - account)) != NULL;
	return strchr(account, '@') != NULL;
}

static struct login *
negotiate(const struct auth_options *o, struct auth *a, struct err *e)
{
	int64_t now = clock_mono_ms(o->clock);
	/* Half of the time for Kerberos, so that NTLM has its turn. */
	int64_t until = now + (o->deadline_at_ms - now) / 2;
	bool have_password = o->account && o->password;
	struct login *l;

	/* Tickets are made out to names; Windows does not ask for one to an address. */
	if (is_ip(o->server) && have_password)
		return ntlm(o, e);
	if (have_password && !o->keytab && !o->ccache && !names_a_realm(o->account)) {
		str_copy_cut(a->note, sizeof(a->note),
			     "only NTLM was tried: for Kerberos the account must name "
			     "its realm, as user@REALM");
		return ntlm(o, e);
	}
	l = kerberos(o, have_password ? until : o->deadline_at_ms, e);
	if (l || e->kind == ERR_STOP || e->kind == ERR_LOCAL || !have_password ||
	    password_was_tried(o, e))
		return l;
	(void)snprintf(a->note, sizeof(a->note), "first tried: %.400s", e->text);
	a->was_asked = true;
	return ntlm(o, e);
}

/* --- the door -------------------------------------------------------------------- */

int
auth_new(const struct auth_options *o, struct auth **out, struct err *e)
{
	struct auth *a = mem_zero(1, sizeof(*a));

	switch (o->kind) {
	case SMB_AUTH_NTLM:
		a->login = ntlm(o, e);
		break;
	case SMB_AUTH_KERBEROS:
		a->login = kerberos(o, o->deadline_at_ms, e);
		break;
	case SMB_AUTH_NEGOTIATE:
		a->login = negotiate(o, a, e);
		break;
	case SMB_AUTH_GUEST:
		a->login = guest(o, e);
		break;
	case SMB_AUTH_ANONYMOUS:
		break;
	}
	if (!a->login && o->kind != SMB_AUTH_ANONYMOUS) {
		auth_free(a);
		return -1;
	}
	*out = a;
	return 0;
}

void
auth_free(struct auth *a)
{
	if (!a)
		return;
	login_free(a->login);
	mem_free(a);
}

void
auth_keep(struct auth *a)
{
	struct login *l = a->login;

	if (l && l->is_kerberos && !l->reuses && l->key[0] != '\0')
		tickets_keep(l->key, clock_mono_ms(l->clock), l->memory);
}

bool
auth_reuses(const struct auth *a)
{
	return a->login && a->login->reuses;
}

void
auth_wants_anew(const struct auth_options *o)
{
	char key[DIGEST_HEX_ROOM];

	login_key(o, key);
	tickets_age(key);
}

void
auth_forget(const struct auth_options *o)
{
	char key[DIGEST_HEX_ROOM];

	login_key(o, key);
	tickets_drop(key);
}

int
auth_step(struct auth *a, const uint8_t *in, size_t in_len, const uint8_t **out,
	  size_t *out_len, struct err *e)
{
	struct login *l = a->login;
	unsigned leg = a->legs++;

	if (leg > 0 && in_len == 0)
		return err_set(e, ERR_ADDRESS, WIN32_LOGON_FAILURE,
			       "the server broke the log-on off without a word");
	if (!l) {
		*out = anonymous_token(leg, out_len);
		return leg > 0;
	}
	if (leg > 0 && login_leg(l, in, in_len, e) < 0)
		return -1;
	*out = l->token.value;
	*out_len = l->token.length;
	return l->done;
}

/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5: the sub-session key of
 * Kerberos, the exported session key of NTLM. */
static gss_OID_desc session_key = {
    11, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"};

int
auth_session_key(struct auth *a, uint8_t key[AUTH_KEY_ROOM], size_t *len, struct err *e)
{
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 major, minor;

	if (!a->login)
		return 0;
	if (!a->login->done)
		return err_set(e, ERR_ATTEMPT, 0, "the log-on is not finished");
	major = gss_inquire_sec_context_by_oid(&minor, a->login->context, &session_key,
					       &set);
	if (GSS_ERROR(major))
		return gss_failed(e, major, minor, gss_spnego(), "session key");
	if (set->count == 0 || set->elements[0].length == 0 ||
	    set->elements[0].length > AUTH_KEY_ROOM) {
		(void)gss_release_buffer_set(&minor, &set);
		return err_set(e, ERR_ADDRESS, WIN32_LOGON_FAILURE,
			       "the log-on gives no session key of a usable length");
	}
	*len = set->elements[0].length;
	memcpy(key, set->elements[0].value, *len);
	mem_wipe(set->elements[0].value, *len);
	(void)gss_release_buffer_set(&minor, &set);
	return 1;
}

bool
auth_is_kerberos(const struct auth *a)
{
	return a->login && a->login->is_kerberos;
}

const char *
auth_note(const struct auth *a, const struct err *e)
{
	return a->was_asked || !is_password_refused(e) ? a->note : "";
}
