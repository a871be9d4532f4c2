/* session.h - from a TCP connection to a tree: NEGOTIATE, SESSION_SETUP, TREE_CONNECT.
 * ROOM: only smb/ includes it. */
#ifndef SMB_SESSION_H
#define SMB_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "smb/conn.h"
#include "smb/crypto.h"
#include "smb/smb.h"

struct session {
	const struct smb_options *o; /* as asked; borrowed */
	int64_t deadline_at_ms;

	/* as agreed in NEGOTIATE */
	struct pdu_negotiate offer;
	struct pdu_negotiated agreed;
	enum crypto_signing signing;
	enum crypto_cipher cipher;
	uint8_t preauth[CRYPTO_PREAUTH_BYTES];

	/* as agreed in the log-on */
	bool kerberos;
	bool nobody;   /* guest or anonymous: there is no key */
	bool encrypts; /* the session or the tree wants it */
};

int session_negotiate(struct session *s, struct conn *c, struct err *e) MUST_USE;
int session_log_on(struct session *s, struct conn *c, struct err *e) MUST_USE;
/* Log on once more under the same id, with credentials got anew; keys stay as they are
 * (3.2.5.3.2). */
int session_renew(struct session *s, struct conn *c, struct err *e) MUST_USE;
/* The next log-on as this one gets a new Kerberos ticket: what one says of the
 * account's groups is as old as it is itself. */
void session_wants_anew(const struct session *s, const struct conn *c);
int session_tree(struct session *s, struct conn *c, struct err *e) MUST_USE;

/* Below 3.1.1, signed: does the server confirm what was negotiated? */
int session_validate(struct session *s, struct conn *c, struct err *e) MUST_USE;

/* Send one request that is no chain and wait for its answer; reply may be NULL. */
struct session_call {
	struct pdu_buf buf;
	enum pdu_command command;
	bool bare, renews;
	void (*leaving)(struct op *op);
	int (*reply)(void *self, const struct pdu_msg *m, struct err *e);
	void *self;
	uint32_t status; /* out: the server's */
	bool finished, died;
};
int session_call(struct conn *c, struct session_call *call, struct err *e) MUST_USE;

#endif
