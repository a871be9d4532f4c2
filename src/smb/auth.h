/* auth.h - one log-on, by GSSAPI: Kerberos in SPNEGO, or NTLMv2 by itself (ADR 0004).
 * A struct auth belongs to one thread at a time.  Credentials are private to it: no
 * credential cache of the user's and no environment variable is read or changed, except
 * the ccache that an address names.  A Kerberos ticket that was got by keytab or
 * password is kept in memory for the same account at the same server (tickets.h).
 *
 * Asking a KDC may hang; that part runs beside the caller, so that `deadline_at_ms` and
 * `stop` hold. */
#ifndef SMB_AUTH_H
#define SMB_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/stop.h"
#include "smb/smb.h"

enum { AUTH_KEY_ROOM = 64 }; /* longest session key; Kerberos AES-256 has 32 bytes */

/* All strings are copied; secrets are wiped in auth_free(). */
struct auth_options {
	enum smb_auth kind;
	const char *account;  /* "CORP\smssend", "smssend@CORP.TEST", "smssend" */
	const char *password; /* NULL: none */
	const char *keytab;   /* path, or NULL */
	const char *ccache;   /* "FILE:/...", or NULL */
	const char *server;   /* for the SPN cifs/server; as it was typed */
	/* signing = off: be content with an NTLM server that offers neither signing nor
	 * 128-bit keys. */
	bool relaxed;
	bool anew; /* Kerberos: by a new ticket, not by one that was kept */
	int64_t deadline_at_ms;  /* monotonic; for the whole log-on */
	const struct stop *stop; /* NULL: never */
	const struct clock *clock;
};

struct auth;

/* Gets the credentials and makes the first token; Kerberos asks the KDC for that.
 * NEGOTIATE: Kerberos first, where account (it names a realm, or there is a keytab or
 * cache) and server (a name) allow it; when that is not to be had (not: when it says
 * that the password is wrong), NTLMv2 if there is a password.
 * -1: ERR_ADDRESS 1326 (wrong password, or nothing to log on with), 1317 (unknown
 * account), 1311 (no KDC answers), 1398 (clocks differ), ...; ERR_LOCAL; ERR_STOP. */
int auth_new(const struct auth_options *o, struct auth **out, struct err *e) MUST_USE;
void auth_free(struct auth *a); /* NULL is fine */

/* The server has let us in: a new Kerberos ticket is worth keeping. */
void auth_keep(struct auth *a);

/* Was it by a Kerberos ticket that had been kept?  If so, and if the server refuses it,
 * another one may help: auth_options.anew. */
bool auth_reuses(const struct auth *a);

/* The next log-on with these options gets a new Kerberos ticket; the old one does only
 * where no KDC answers. */
void auth_wants_anew(const struct auth_options *o);

/* And the old one does not do. */
void auth_forget(const struct auth_options *o);

/* One leg.  in: the server's security buffer of the last SESSION_SETUP response; the
 * first leg takes NULL, 0.  *out is what to send, borrowed until the next call;
 * *out_len may be 0 when done.
 * 1: our side is done - the server must still say STATUS_SUCCESS; 0: send *out and come
 * back with the answer; -1: as auth_new(). */
int auth_step(struct auth *a, const uint8_t *in, size_t in_len, const uint8_t **out,
	      size_t *out_len, struct err *e) MUST_USE;

/* After auth_step() said 1: the session key as the mechanism has it, 16 or 32 bytes.
 * crypto_new() wants all of it.  1: *len set; 0: this log-on has none (anonymous);
 * -1: not done yet, or the mechanism will not say. */
int auth_session_key(struct auth *a, uint8_t key[AUTH_KEY_ROOM], size_t *len,
		     struct err *e) MUST_USE;

/* Is it Kerberos (else NTLM)?  True to say from auth_new() on. */
bool auth_is_kerberos(const struct auth *a);

/* Why NEGOTIATE did without Kerberos, for the text of the error *e that came later; ""
 * when there is nothing to tell, as where Kerberos was not asked and NTLM says that the
 * password is wrong.  Borrowed. */
const char *auth_note(const struct auth *a, const struct err *e);

#endif
