/* login.h - credentials and first token of one log-on.  For auth.c alone.
 * A struct login belongs to one thread at a time; Kerberos may hang in it, so auth.c
 * runs that part in an errand. */
#ifndef SMB_LOGIN_H
#define SMB_LOGIN_H

#include <gssapi/gssapi.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "smb/auth.h"
#include "smb/tickets.h"

enum login_ticket { /* where a keytab's or password's Kerberos ticket may come from */
		    LOGIN_KEPT_OR_NEW, /* tickets.h, if it has a fresh one; else KDC */
		    LOGIN_NEW,
		    LOGIN_KEPT, /* though it be aging: no KDC answers */
};

struct login {
	enum smb_auth kind;
	enum login_ticket ticket;
	const struct clock *clock;
	char *account; /* never NULL; "" when none was given */
	char *password, *keytab, *ccache, *server;
	bool relaxed;
	bool is_kerberos;
	bool reuses;               /* its ticket had been kept */
	char key[DIGEST_HEX_ROOM]; /* for tickets.h; "" where nothing is to be kept */
	char memory[TICKETS_NAME_ROOM]; /* our own ccache, once there is one */
	gss_OID mech;                   /* the outermost one */
	gss_cred_id_t cred;
	gss_name_t target;
	gss_ctx_id_t context;
	gss_buffer_desc token; /* what the last leg made */
	bool done;
	struct err err; /* of a leg in an errand */
};

struct login *login_new(const struct auth_options *o) MUST_USE;
void login_free(struct login *l); /* wipes; NULL is fine */

/* Credentials.  -1: see auth_new(). */
int login_ntlm(struct login *l, struct err *e) MUST_USE;
int login_kerberos(struct login *l, struct err *e) MUST_USE;

/* One leg; in may be empty.  As auth_step(). */
int login_leg(struct login *l, const uint8_t *in, size_t in_len,
	      struct err *e) MUST_USE;

/* For login*.c: a name as GSSAPI wants it - GSS_C_NO_NAME for "", which is whoever the
 * cache or keytab is made out for - and the server's, into l->target. */
int login_import_name(const char *text, gss_OID type, gss_name_t *out,
		      struct err *e) MUST_USE;
int login_import_target(struct login *l, struct err *e) MUST_USE;

/* After a Kerberos first leg failed inside SPNEGO, which hides the reason: ask Kerberos
 * itself.  Returns -1. */
int login_why_not_kerberos(struct login *l, struct err *e);

/* What tickets.h knows this account at this server by; "": it is to keep nothing. */
void login_key(const struct auth_options *o, char key[DIGEST_HEX_ROOM]);

/* "user@REALM" or "user", as Kerberos wants it, of any way to write an account.  Yours
 * to free. */
char *login_principal(const char *account) MUST_USE;

#endif
