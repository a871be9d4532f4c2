#include "smb/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "smb/auth.h"
#include "smb/blame.h"
#include "smb/ntstatus.h"

/* --- one request, one answer ------------------------------------------------------ */

static int
on_reply(struct op *op, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct session_call *call = op->self;

	(void)i;
	call->status = m->header.status;
	return call->reply ? call->reply(call->self, m, e) : 0;
}

static void
on_done(struct op *op, const struct err *e)
{
	struct session_call *call = op->self;

	call->finished = true;
	call->died = e != NULL;
}

int
session_call(struct conn *c, struct session_call *call, struct err *e)
{
	struct op op = {.head = call->buf.bytes,
			.head_len = call->buf.len,
			.parts = 1,
			.part = {{.command = call->command,
				  .len = (uint32_t)call->buf.len,
				  .cost_bytes = 1}},
			.bare = call->bare,
			.urgent = true,
			.renews = call->renews,
			.leaving = call->leaving,
			.reply = on_reply,
			.done = on_done,
			.self = call};

	int64_t from_us = clock_us();

	call->finished = false;
	conn_queue(c, &op);
	while (!call->finished && conn_step(c, true, e) == 0)
		;
	pdu_buf_done(&call->buf);
	if (call->died) {
		*e = c->err;
		return -1;
	}
	int64_t took_us = clock_us() - from_us;

	if (!c->rtt_us || took_us < c->rtt_us)
		c->rtt_us = took_us;
	return 0;
}

/* --- log-on ----------------------------------------------------------------------- */

struct log_on { /* while it goes on */
	struct session *s;
	struct conn *c;
	struct auth *auth;
	bool renews;
	bool ours_is_done; /* auth_step() has said 1 */
	uint8_t preauth[CRYPTO_PREAUTH_BYTES];
	const uint8_t *token; /* to send; borrowed from auth */
	size_t token_len;
};

static void
setup_leaving(struct op *op)
{
	struct session_call *call = op->self;
	struct log_on *l = call->self;

	crypto_preauth_add(l->preauth, &(struct crypto_part){op->head, op->head_len},
			   1);
}

static int
no_key(const struct session *s, struct err *e)
{
	if (s->o->signing == SMB_REQUIRED || s->o->encrypt == SMB_REQUIRED)
		return err_set(
		    e, ERR_ADDRESS, 1240, /* ERROR_LOGIN_WKSTA_RESTRICTION */
		    "this log-on gives no key to sign or encrypt with, but the "
		    "address requires it; use a real account, or allow it with "
		    "signing = off");
	return 0;
}

/* 3.2.5.3.3: the session stands; its keys are made from what the mechanism agreed. */
static int
make_keys(struct log_on *l, struct err *e)
{
	struct session *s = l->s;
	uint8_t key[AUTH_KEY_ROOM];
	size_t len = 0;
	int rc = auth_session_key(l->auth, key, &len, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		s->nobody = true;
		return no_key(s, e);
	}
	struct crypto_options o = {
	    .dialect = s->agreed.dialect,
	    .signing = s->signing,
	    .cipher = s->cipher,
	    .session_key = key,
	    .session_key_len = len,
	    .preauth = s->agreed.dialect >= SMB_DIALECT_311 ? l->preauth : NULL,
	    .session_id = l->c->session_id};

	rc = crypto_new(&o, &l->c->crypto, e);
	mem_wipe(key, sizeof(key));
	return rc;
}

/* Guests and nobodies only where the address says so. */
static int
check_who(const struct session *s, uint16_t flags, struct err *e)
{
	bool as_guest =
	    s->o->auth == SMB_AUTH_GUEST || s->o->auth == SMB_AUTH_ANONYMOUS;

	if (flags & (PDU_SESSION_GUEST | PDU_SESSION_NULL) && !as_guest)
		return err_set(
		    e, ERR_ADDRESS, 1326,
		    "the server did not accept the account %s and took it for a "
		    "guest; check name and password at the server",
		    s->o->account ? s->o->account : "");
	return 0;
}

/* The last response: logged on.  It is the first that is signed. */
static int
logged_on(struct log_on *l, const struct pdu_msg *m, const struct pdu_session *p,
	  struct err *e)
{
	struct session *s = l->s;
	bool guest = p->flags & (PDU_SESSION_GUEST | PDU_SESSION_NULL);

	if (check_who(s, p->flags, e) < 0)
		return -1;
	if (guest) {
		/* Its token proves nothing: whom the server takes for a guest it shares
		 * no key with. */
		s->nobody = true;
		return no_key(s, e);
	}
	if (!l->ours_is_done) {
		int rc = auth_step(l->auth, p->token.bytes, p->token.len, &l->token,
				   &l->token_len, e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(
			    e, ERR_ADDRESS, 1326,
			    "the server ended the log-on before it was done");
	}
	if (l->renews)
		return 0;
	if (make_keys(l, e) < 0)
		return -1;
	if (s->nobody)
		return 0;
	/* 3.2.5.3.3: a key proves nothing until the server has signed with it. */
	if ((s->agreed.dialect >= SMB_DIALECT_311 || m->header.flags & PDU_SIGNED ||
	     s->o->signing == SMB_REQUIRED) &&
	    crypto_verify(l->c->crypto, m->all.bytes, m->all.len, e) < 0)
		return -1;
	s->encrypts = p->flags & PDU_SESSION_ENCRYPT;
	return 0;
}

static int
on_setup(void *self, const struct pdu_msg *m, struct err *e)
{
	struct log_on *l = self;
	struct pdu_session p;

	if (m->header.status != NT_MORE_PROCESSING_REQUIRED &&
	    m->header.status != NT_SUCCESS)
		return 0;
	if (pdu_get_session(m, &p, e) < 0)
		return -1;
	if (l->renews && m->header.session_id != l->c->session_id)
		return err_set(e, ERR_ATTEMPT, 58,
			       "the server renews another session than was asked for");
	l->c->session_id = m->header.session_id;
	if (m->header.status == NT_SUCCESS)
		return logged_on(l, m, &p, e);
	crypto_preauth_add(l->preauth, &(struct crypto_part){m->all.bytes, m->all.len},
			   1);
	if (l->ours_is_done)
		return err_set(e, ERR_ADDRESS, 1326,
			       "the server asks for more where the log-on is done");
	int rc =
	    auth_step(l->auth, p.token.bytes, p.token.len, &l->token, &l->token_len, e);

	l->ours_is_done = rc == 1;
	return rc < 0 ? -1 : 0;
}

static int
exchange(struct log_on *l, struct err *e)
{
	enum { LEGS_MAX = 8 }; /* Kerberos needs 1 or 2, NTLM 2, SPNEGO one more */

	for (int i = 0; i < LEGS_MAX; i++) {
		struct session_call call = {.command = PDU_SESSION_SETUP,
					    .bare = !l->renews,
					    .renews = l->renews,
					    .leaving = setup_leaving,
					    .reply = on_setup,
					    .self = l};

		if (pdu_put_session_setup(&call.buf, (uint8_t)l->s->offer.security_mode,
					  l->token, l->token_len, e) < 0)
			return err_wrap(e, "%s", l->s->o->server);
		if (session_call(l->c, &call, e) < 0)
			return -1;
		if (call.status == NT_SUCCESS)
			return 0;
		if (call.status != NT_MORE_PROCESSING_REQUIRED)
			return blame_set(
			    e, auth_is_kerberos(l->auth) ? BLAME_TICKET : BLAME_LOGON,
			    call.status, "%s: account %s", l->s->o->server,
			    l->s->o->account ? l->s->o->account : "(none)");
	}
	return err_set(e, ERR_ADDRESS, 1326, "%s: the log-on does not come to an end",
		       l->s->o->server);
}

/* NTLM did not get in either; why it was not Kerberos may be the real reason. */
static void
add_note(const struct auth *a, struct err *e)
{
	const char *note = auth_note(a, e);
	struct err first = *e;

	if (e->kind != ERR_ADDRESS || note[0] == '\0')
		return;
	(void)err_set(e, first.kind, first.win32, "%.500s (%.420s)", first.text, note);
	e->ntstatus = first.ntstatus;
}

static struct auth_options
auth_options(const struct session *s, const struct conn *c)
{
	const struct smb_options *o = s->o;

	return (struct auth_options){.kind = o->auth,
				     .account = o->account,
				     .password = o->password,
				     .keytab = o->keytab,
				     .ccache = o->ccache,
				     .server = o->server,
				     .relaxed = o->signing == SMB_OFF,
				     .deadline_at_ms = s->deadline_at_ms,
				     .stop = c->stop,
				     .clock = c->clock};
}

/* *reused: it was by a ticket that had been kept. */
static int
log_on_by(const struct auth_options *o, struct log_on *l, bool *reused, struct err *e)
{
	int rc;

	*reused = false;
	if (auth_new(o, &l->auth, e) < 0)
		return -1;
	memcpy(l->preauth, l->s->preauth, sizeof(l->preauth));
	rc = auth_step(l->auth, NULL, 0, &l->token, &l->token_len, e);
	l->ours_is_done = rc == 1;
	if (rc >= 0)
		rc = exchange(l, e);
	if (rc == 0) {
		l->s->kerberos = auth_is_kerberos(l->auth);
		auth_keep(l->auth);
	} else {
		add_note(l->auth, e);
	}
	*reused = auth_reuses(l->auth);
	auth_free(l->auth);
	return rc < 0 ? -1 : 0;
}

static int
log_on(struct session *s, struct conn *c, bool renews, struct err *e)
{
	struct auth_options o = auth_options(s, c);
	struct log_on l = {.s = s, .c = c, .renews = renews};
	bool reused;

	/* The session expired with the ticket, as the server sees it. */
	o.anew = renews;
	if (log_on_by(&o, &l, &reused, e) == 0)
		return 0;
	if (!reused || e->kind != ERR_ADDRESS)
		return -1;
	/* The server may have got another key or another mind since.  Where it said so
	 * by a token (as Windows does), the next connection tries another one. */
	if (c->dead) {
		auth_wants_anew(&o);
		return -1;
	}
	auth_forget(&o);
	o.anew = true;
	c->session_id = 0;
	return log_on_by(&o, &l, &reused, e);
}

void
session_wants_anew(const struct session *s, const struct conn *c)
{
	struct auth_options o = auth_options(s, c);

	auth_wants_anew(&o);
}

int
session_log_on(struct session *s, struct conn *c, struct err *e)
{
	return log_on(s, c, false, e);
}

int
session_renew(struct session *s, struct conn *c, struct err *e)
{
	bool sign = c->sign;
	int rc;

	/* By a key where there is one, whatever the address says of the rest: a server
	 * takes a new log-on only from who had the old one. */
	c->sign = c->crypto != NULL;
	rc = log_on(s, c, true, e);
	c->sign = sign;
	return rc;
}

/* --- tree ------------------------------------------------------------------------- */

static int
on_tree(void *self, const struct pdu_msg *m, struct err *e)
{
	struct log_on *l = self;
	struct pdu_tree t;

	if (!status_is_ok(m->header.status))
		return 0;
	if (pdu_get_tree(m, &t, e) < 0)
		return -1;
	if (t.type != PDU_TREE_DISK)
		return err_set(e, ERR_ADDRESS, 67,
			       "%s is not a share of files but of printers or pipes",
			       l->s->o->share);
	l->c->tree_id = m->header.tree_id;
	l->s->encrypts = l->s->encrypts || t.flags & PDU_TREE_ENCRYPT;
	return 0;
}

/* What protects the connection from here on? */
static int
protect(const struct session *s, struct conn *c, struct err *e)
{
	bool can = c->crypto && s->cipher != CRYPTO_NO_CIPHER;

	if (s->encrypts && !can)
		return err_set(e, ERR_ADDRESS, 5,
			       "\\\\%s\\%s: the server requires encryption, which this "
			       "log-on or version of SMB does not have",
			       s->o->server, s->o->share);
	c->seal = can && (s->encrypts || s->o->encrypt != SMB_OFF);
	c->sign = c->crypto && (s->o->signing != SMB_OFF ||
				s->agreed.security_mode & PDU_SIGNING_REQUIRED);
	return 0;
}

int
session_tree(struct session *s, struct conn *c, struct err *e)
{
	struct log_on l = {.s = s, .c = c};
	struct session_call call = {
	    .command = PDU_TREE_CONNECT, .reply = on_tree, .self = &l};
	AUTO_STR struct str unc = {0};

	/* 3.1.1 wants this one signed or sealed whatever else is agreed (3.2.4.2.4) */
	c->sign = c->crypto != NULL;
	c->seal = c->crypto && s->cipher != CRYPTO_NO_CIPHER &&
		  (s->encrypts || s->o->encrypt != SMB_OFF);
	str_addf(&unc, "\\\\%s\\%s", s->o->server, s->o->share);
	if (pdu_put_tree_connect(&call.buf, str_text(&unc), e) < 0) {
		pdu_buf_done(&call.buf);
		return -1;
	}
	if (session_call(c, &call, e) < 0)
		return -1;
	if (!status_is_ok(call.status))
		return blame_set(e, BLAME_TREE, call.status, "%s", str_text(&unc));
	if (session_validate(s, c, e) < 0)
		return -1;
	return protect(s, c, e);
}
