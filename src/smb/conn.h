/* conn.h - one connection: requests go out, responses come back and find their request.
 * ROOM: only smb/ includes it.  One thread at a time.
 *
 * A request, or a compound of related ones, is a struct op that its owner embeds in
 * something of its own.  conn_queue() takes it; op->done() gives it back.  Between the
 * two the bytes of op->head and op->payload must stay where they are.
 *
 *        conn_queue      credits are there,           last byte       all answered
 *   owner -------> queue ---------------> wire ----------------> flight ------> owner
 *                        MessageIds, signature,  in the kernel
 *                        encryption
 *
 * One function moves everything: conn_step().  All callbacks run inside it.
 *   N1  an op is on exactly one list between conn_queue() and done()
 *   N2  done() is called exactly once for each conn_queue()
 *   N3  flight is in the order of MessageIds
 *   N4  after a failure nothing is sent or read any more; every op is given back with
 *       the first error, and conn_step() returns it for ever
 *   N5  from the first answer NETWORK_SESSION_EXPIRED on nothing leaves but the log-on
 *       that renews the session; then what was answered so goes out again, in its old
 *       order and before everything else (MS-SMB2 3.2.5.1.6) */
#ifndef SMB_CONN_H
#define SMB_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pace.h"
#include "base/stop.h"
#include "smb/credits.h"
#include "smb/crypto.h"
#include "smb/pdu.h"

enum {
	OP_PARTS = 5, /* CREATE WRITE SET_INFO SET_INFO CLOSE */
	/* Signed and ready while the kernel is busy: one large WRITE; a choice */
	CONN_AHEAD_BYTES = 1024 * 1024,
	CONN_COMPANIONS = 31, /* 32 connections in all */
};

struct op_part { /* one request of a compound, or the only one */
	enum pdu_command command;
	uint32_t at, len;   /* in head; of the last one without payload */
	int64_t cost_bytes; /* payload either way, for the credit charge */
	/* the rest is conn's */
	uint16_t charge;
	bool answered;
	uint32_t status; /* once answered */
	uint64_t message_id;
};

struct op {
	uint8_t *head; /* requests, one behind the other; stamped and signed in place */
	size_t head_len;
	const uint8_t *payload; /* data of a single WRITE, behind head; never copied */
	size_t payload_len;
	struct op_part part[OP_PARTS];
	unsigned parts;
	bool bare;   /* neither signed nor encrypted: until the log-on is done   */
	bool urgent; /* may use the last credit, goes before others              */
	bool renews; /* part of the log-on that renews the session               */

	/* The bytes are final and about to leave.  May be NULL. */
	void (*leaving)(struct op *op);
	/* A part was answered; *m is gone afterwards.  Errors of the server are no
	 * failure here; -1: the answer breaks the protocol, the connection ends. */
	int (*reply)(struct op *op, unsigned i, const struct pdu_msg *m, struct err *e);
	/* All parts are answered (e NULL), or the connection died. */
	void (*done)(struct op *op, const struct err *e);
	void *self;

	/* conn's own */
	struct op *next, *prev;
	uint8_t nbss[4];
	uint8_t *sealed; /* NULL unless encrypted */
	size_t sealed_len;
	size_t sent;
	unsigned left; /* parts without answer */
	unsigned pendings;
	int64_t deadline_at_ms;
};

struct op_list {
	struct op *first, *last;
};

enum conn_renewal {
	RENEWAL_NONE,
	RENEWAL_DUE,    /* the session has expired                          */
	RENEWAL_DRAINS, /* what is on its way is waited for, so that no late
			 * answer speaks of the old log-on                  */
	RENEWAL_RUNS,   /* the log-on goes on                               */
};

struct conn {
	int fd;
	const struct clock *clock;
	const struct stop *stop;
	int64_t request_ms, progress_ms;
	int64_t deadline_at_ms; /* of the log-on; 0: none */
	const char *peer;       /* for messages; borrowed */

	/* set while the log-on goes on */
	uint16_t dialect; /* 0: not negotiated */
	uint64_t session_id;
	uint32_t tree_id;
	struct crypto *crypto; /* conn frees it */
	bool sign, seal;
	bool access_denied;       /* once or more */
	bool compounds_work;      /* the server has answered one */
	bool compounds_refused;   /* it has not, but each request by itself */
	uint32_t reply_max_bytes; /* payload that a response may carry */

	struct credits credits;
	struct op_list queue, wire, flight;
	struct op_list expired;          /* answered so; to be sent again */
	int64_t queue_bytes, wire_bytes; /* what is not in the kernel yet */

	/* The pipeline: asked for one more op whenever more may be sent (true: it
	 * queued one); told once when the connection dies.  May be NULL. */
	bool (*feed)(void *self);
	void (*died)(void *self, const struct err *e);
	void *feed_self;

	/* Log on once more, by calls on this conn.  NULL: a session that expires ends
	 * the connection. */
	int (*renew)(void *self, struct err *e);
	void *renew_self;
	enum conn_renewal renewal;
	unsigned renewals; /* since a request last succeeded */

	/* How fast bytes may leave (conn_pace.c); take NULL: as fast as they can. */
	struct pace pace;
	int64_t paid_bytes;  /* of bytes_sent */
	int64_t ahead_bytes; /* ready while they cannot leave */
	bool held;           /* the pace lets nothing go before ask_at_ms */
	int64_t ask_at_ms;

	/* Others that are driven along: what they queue goes out and what comes in for
	 * them is heard in each step of this one.  Not this one's to free. */
	struct conn *companion[CONN_COMPANIONS];
	unsigned companions;
	unsigned turn; /* who may send first: with a pace, the first takes all */

	uint8_t *in; /* bytes received and not yet understood */
	size_t in_len, in_room;
	uint8_t *spare; /* a buffer for encryption, kept for the next op */
	size_t spare_room;

	int64_t rtt_us; /* smallest of the requests that went alone; 0: none yet */
	int64_t bytes_sent, bytes_received;
	int64_t
	    moved_at_ms; /* when a byte last moved, or there was nothing to wait for */
	int64_t left_at_ms;   /* when the last step ended */
	int64_t looked_at_ms; /* when deadlines were last looked at */
	bool stepping;
	bool dead;
	struct err err; /* why */
};

/* Takes fd, connected and non-blocking. */
struct conn *conn_new(int fd, const struct clock *clock,
		      const struct stop *stop) MUST_USE;
void conn_free(struct conn *c); /* gives back what is left, closes; NULL is fine */

void conn_queue(struct conn *c, struct op *op);

/* May the pipeline put more into the queue now?  Not while enough is waiting. */
bool conn_hungry(const struct conn *c);

/* Move everything that can move.  wait: if nothing can, wait for the socket, stop or a
 * deadline, whichever is first.  An expired session is renewed here, whatever `wait`
 * says.  -1: the connection is dead, *e says why. */
int conn_step(struct conn *c, bool wait, struct err *e) MUST_USE;

/* End the connection; the first reason counts.  Ops are given back at the end of the
 * step, or at once outside of one.  Returns -1. */
int conn_fail(struct conn *c, const struct err *e);

/* From now on bytes leave at that pace, of the companions too; NULL: as fast as they
 * can.  What left before without one is owed.  pace->self: until the next call. */
void conn_set_pace(struct conn *c, const struct pace *pace);
/* How long the next WRITE should be, at most so many bytes, for the pace's sake. */
uint32_t conn_write_bytes(const struct conn *c, uint32_t most);

/* --- between conn.c, conn_out.c, conn_pace.c and conn_in.c --- */
/* How far ahead may be built now?  true: the pace is limited. */
bool conn_look_ahead(struct conn *c);
/* How many bytes of the wire may go now?  0: none, and `held` is set. */
int64_t conn_ask(struct conn *c);
/* `sent` went, of what was granted (0: was not asked for, with a pace or without). */
void conn_paid(struct conn *c, int64_t granted, int64_t sent);
void op_list_add(struct op_list *l, struct op *op);
void op_list_add_first(struct op_list *l, struct op *op);
void op_list_remove(struct op_list *l, struct op *op);
int conn_send(struct conn *c, struct err *e) MUST_USE;
int conn_receive(struct conn *c, struct err *e) MUST_USE;

/* The other end closed: what that means depends on when.  Returns -1. */
int conn_closed(struct conn *c, struct err *e);

/* Understand what lies in c->in (fuzz target). */
int conn_understand(struct conn *c, struct err *e) MUST_USE;

#endif
