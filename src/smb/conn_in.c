/* conn_in.c - from the socket to the op that waits for it. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "smb/blame.h"
#include "smb/conn.h"
#include "smb/ntstatus.h"

enum {
	IN_FIRST_BYTES = 8 * 1024, /* dozens of WRITE responses */
	NBSS_BYTES = 4,
	NBSS_KEEPALIVE = 0x85, /* RFC 1002 4.3.6; some old servers send it */
	/* What a response may have beside its payload: headers, contexts, log-on token
	 */
	REPLY_EXTRA_BYTES = 128 * 1024,
	/* Interim responses to one request: with request_ms 60 s an hour; a choice */
	PENDINGS_MAX = 60,
	READS_PER_STEP = 16, /* then others have their turn */
};

static int
broken(struct conn *c, struct err *e, const char *what)
{
	return err_set(e, ERR_ATTEMPT, 58, /* ERROR_BAD_NET_RESP */
		       "%s: %s; the connection cannot be trusted any more", c->peer,
		       what);
}

static struct op *
find(struct conn *c, uint64_t message_id, unsigned *part)
{
	/* Responses come nearly in order: the first ones are looked at first. */
	for (struct op *op = c->flight.first; op; op = op->next)
		for (unsigned i = 0; i < op->parts; i++)
			if (op->part[i].message_id == message_id) {
				*part = i;
				return op;
			}
	return NULL;
}

/* 3.2.5.1.5: the server has begun and will answer later. */
static int
handle_pending(struct conn *c, struct op *op, const struct pdu_msg *m, struct err *e)
{
	if (!(m->header.flags & PDU_ASYNC))
		return broken(c, e, "the server says PENDING without a handle for it");
	if (++op->pendings > PENDINGS_MAX)
		return broken(c, e, "the server says PENDING without end");
	credits_grant(&c->credits, m->header.credits);
	op->deadline_at_ms = clock_mono_ms(c->clock) + c->request_ms;
	return 0;
}

/* Did the server do nothing of it, because the session has expired?  Of a compound a
 * part may have been done before: then its owner has to see to the rest. */
static bool
is_expired(const struct op *op)
{
	for (unsigned i = 1; i < op->parts; i++)
		if (status_is_ok(op->part[i].status))
			return false;
	return op->part[0].status == NT_NETWORK_SESSION_EXPIRED;
}

static void
finish(struct conn *c, struct op *op)
{
	op_list_remove(&c->flight, op);
	if (!op->renews && is_expired(op)) {
		op_list_add(&c->expired, op);
		return;
	}
	op->done(op, NULL);
}

static int
finish_part(struct conn *c, struct op *op, unsigned i, const struct pdu_msg *m,
	    struct err *e)
{
	struct op_part *p = &op->part[i];

	credits_spent(&c->credits, p->charge);
	credits_grant(&c->credits, m->header.credits);
	p->answered = true;
	p->status = m->header.status;
	c->access_denied = c->access_denied || p->status == NT_ACCESS_DENIED;
	op->left--;
	if (op->reply && op->reply(op, i, m, e) < 0) {
		(void)err_wrap(e, "%s", c->peer);
		return -1;
	}
	if (op->left == 0)
		finish(c, op);
	return 0;
}

/* 3.2.5.1.6.  Only whoever can log on again goes on. */
static int
handle_expired(struct conn *c, const struct op *op, struct err *e)
{
	if (!c->renew || op->renews || op->bare)
		return blame_set(e, BLAME_OTHER, NT_NETWORK_SESSION_EXPIRED, "%s",
				 c->peer);
	if (c->renewal == RENEWAL_NONE)
		c->renewal = RENEWAL_DUE;
	return 0;
}

/* Statuses that say what became of the session or tree, not of the request. */
static int
look_at_session(struct conn *c, const struct op *op, const struct pdu_msg *m,
		struct err *e)
{
	uint32_t status = m->header.status;

	switch (status) {
	case NT_NETWORK_SESSION_EXPIRED:
		return handle_expired(c, op, e);
	case NT_NETWORK_NAME_DELETED: /* the tree is gone, and all handles with it */
		return blame_set(e, BLAME_OTHER, status, "%s", c->peer);
	default:
		/* a CLOSE always works (3.3.5.2.9): it proves nothing */
		if (status_is_ok(status) && c->renewal == RENEWAL_NONE &&
		    m->header.command != PDU_CLOSE)
			c->renewals = 0;
		return 0;
	}
}

/* Of the log-on that renews a session only the end must be signed: what goes before is
 * protected by the log-on itself, and a refusal ends the connection either way. */
static bool
must_be_signed(const struct conn *c, const struct op *op, uint32_t status)
{
	return c->sign && !op->bare && !(op->renews && status != NT_SUCCESS);
}

/* Once the session has expired at one part of a compound, Samba (measured: 4.17) does
 * not know any more what session and share the parts behind it are of.  It refuses them
 * for reasons that are none, and may sign that with no key.  They are not done. */
static bool
is_moot(const struct op *op, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (op->part[k].answered &&
		    op->part[k].status == NT_NETWORK_SESSION_EXPIRED)
			return true;
	return false;
}

/* 3.2.5.19: a break of an oplock.  We never ask for one, so there is nothing to give
 * back: it is for a handle of somebody's bad dream. */
static int
handle_unsolicited(struct conn *c, const struct pdu_msg *m, struct err *e)
{
	if (m->header.command == PDU_OPLOCK_BREAK)
		return 0;
	return broken(c, e, "the server sent a message nobody asked for");
}

static int
handle_msg(struct conn *c, struct pdu_msg *m, bool decrypted, struct err *e)
{
	bool moot, verified;
	struct err why;
	unsigned i;

	if (m->header.message_id == PDU_UNSOLICITED)
		return handle_unsolicited(c, m, e);
	struct op *op = find(c, m->header.message_id, &i);

	if (!op)
		return broken(c, e, "the server answers a request that was not made");
	if (m->header.command != (uint16_t)op->part[i].command || op->part[i].answered)
		return broken(c, e, "the server answers what was not asked");
	/* 3.2.5.1.3: interim responses carry no signature that counts */
	if (m->header.status == NT_PENDING)
		return handle_pending(c, op, m, e);
	moot = is_moot(op, i);
	/* Who has forgotten the session cannot sign; it ends the connection either way.
	 */
	if (m->header.status == NT_USER_SESSION_DELETED && !op->bare && !moot)
		return blame_set(e, BLAME_OTHER, m->header.status, "%s", c->peer);
	verified = decrypted || !must_be_signed(c, op, m->header.status) ||
		   crypto_verify(c->crypto, m->all.bytes, m->all.len, &why) == 0;
	if (!verified && !moot) {
		*e = why;
		return err_wrap(e, "%s", c->peer);
	}
	if (moot && (!verified || !status_is_ok(m->header.status)))
		m->header.status = NT_NETWORK_SESSION_EXPIRED;
	if (look_at_session(c, op, m, e) < 0)
		return -1;
	return finish_part(c, op, i, m, e);
}

static int
handle_plain(struct conn *c, struct pdu_slice pdu, bool decrypted, struct err *e)
{
	while (pdu.len > 0 && !c->dead) {
		struct pdu_msg m;

		if (pdu_get_msg(pdu, &m, &pdu, e) < 0)
			return err_wrap(e, "%s", c->peer);
		if (handle_msg(c, &m, decrypted, e) < 0)
			return -1;
	}
	return 0;
}

static int
handle_pdu(struct conn *c, uint8_t *bytes, size_t len, struct err *e)
{
	uint8_t *plain;
	size_t plain_len;

	if (len >= 4 && memcmp(bytes, "\xffSMB", 4) == 0 && c->dialect)
		return broken(c, e, "the server answers in SMB 1 all of a sudden");
	if (len >= 4 && memcmp(bytes, "\xffSMB", 4) == 0)
		return err_set(
		    e, ERR_ADDRESS, 50, /* ERROR_NOT_SUPPORTED */
		    "%s: the server speaks only SMB 1, which is unsafe and not "
		    "spoken here; switch on SMB 2 or later at the server",
		    c->peer);
	if (len >= 4 && memcmp(bytes, "\xfdSMB", 4) == 0) {
		if (!c->crypto)
			return broken(c, e,
				      "the server encrypts before a key was agreed");
		if (crypto_open(c->crypto, bytes, len, &plain, &plain_len, e) < 0)
			return err_wrap(e, "%s", c->peer);
		return handle_plain(c, (struct pdu_slice){plain, plain_len}, true, e);
	}
	if (c->seal)
		return broken(c, e,
			      "the server answers in clear where encryption was "
			      "agreed");
	return handle_plain(c, (struct pdu_slice){bytes, len}, false, e);
}

/* The length of the PDU at the front, its own 4 bytes included.  1: *len is set; 0:
 * more bytes are needed to know it. */
static int
frame(struct conn *c, const uint8_t *p, size_t have, size_t *len, struct err *e)
{
	if (have < NBSS_BYTES)
		return 0;
	size_t body = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

	*len = NBSS_BYTES + body;
	if (p[0] == NBSS_KEEPALIVE && body == 0)
		return 1;
	if (p[0] != 0)
		return broken(c, e,
			      c->dialect ? "the stream lost its frame"
					 : "what answers there is not an SMB server");
	if (body > (size_t)c->reply_max_bytes + REPLY_EXTRA_BYTES)
		return broken(c, e,
			      "the server announces a message longer than anything "
			      "that was asked for");
	return 1;
}

int
conn_understand(struct conn *c, struct err *e)
{
	size_t at = 0, len = 0, want = 0;

	while (!c->dead) {
		int rc = frame(c, c->in + at, c->in_len - at, &len, e);

		if (rc < 0)
			return -1;
		if (rc == 0 || c->in_len - at < len) {
			want = rc ? len : 0;
			break;
		}
		if (len > NBSS_BYTES &&
		    handle_pdu(c, c->in + at + NBSS_BYTES, len - NBSS_BYTES, e) < 0)
			return -1;
		at += len;
	}
	c->in_len -= at;
	if (at && c->in_len)
		memmove(c->in, c->in + at, c->in_len);
	if (want > c->in_room) {
		c->in = mem_resize(c->in, want, 1);
		c->in_room = want;
	}
	return 0;
}

int
conn_closed(struct conn *c, struct err *e)
{
	if (!c->dialect)
		return err_set(
		    e, ERR_ADDRESS, 53,
		    "%s: the server closed the connection instead of agreeing on "
		    "a version of SMB; it may speak only SMB 1, refuse this "
		    "host, or not be an SMB server",
		    c->peer);
	/* the first that is not answered, be it that not all of it has left */
	const struct op *first = c->flight.first ? c->flight.first : c->wire.first;

	if (first && first->parts > 1 && !c->compounds_work) {
		c->compounds_refused = true;
		return err_set(e, ERR_ATTEMPT, 64, /* ERROR_NETNAME_DELETED */
			       "%s: the server closed the connection on the first "
			       "compound request; when it does so again, it gets "
			       "one request at a time (compounds = no for this "
			       "address says so from the start)",
			       c->peer);
	}
	return err_set(e, ERR_ATTEMPT, 64, "%s: the server closed the connection",
		       c->peer);
}

/* What is there, as far as there is room.  1: *n bytes came; 0: nothing there now. */
static int
read_some(struct conn *c, size_t *n, struct err *e)
{
	ssize_t got =
	    recv(c->fd, c->in + c->in_len, c->in_room - c->in_len, MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return conn_closed(c, e);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0; /* poll() will say when */
	if (got < 0)
		return err_sys(e, c->dialect ? ERR_ATTEMPT : ERR_ADDRESS,
			       "%s: the connection broke", c->peer);
	c->moved_at_ms = clock_mono_ms(c->clock);
	c->bytes_received += got;
	c->in_len += (size_t)got;
	*n = (size_t)got;
	return 1;
}

int
conn_receive(struct conn *c, struct err *e)
{
	if (!c->in) {
		c->in = mem_alloc(IN_FIRST_BYTES);
		c->in_room = IN_FIRST_BYTES;
	}
	for (int i = 0; i < READS_PER_STEP && !c->dead; i++) {
		size_t room = c->in_room - c->in_len;
		size_t n = 0;
		int rc = read_some(c, &n, e);

		if (rc <= 0)
			return rc;
		if (conn_understand(c, e) < 0) {
			/* Whatever answers nonsense from the start is no SMB server. */
			if (!c->dialect && e->kind == ERR_ATTEMPT)
				e->kind = ERR_ADDRESS;
			return -1;
		}
		if (n < room)
			return 0; /* the socket is empty */
	}
	return 0;
}
