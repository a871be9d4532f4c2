/* conn_out.c - from the queue onto the wire. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "smb/conn.h"

enum {
	IOVS = 64, /* of one sendmsg: 21 requests with payload; a choice */
	NBSS_MAX_BYTES = 0xffffff, /* 24 bits of length, MS-SMB2 2.1 */
};

static uint32_t
price(struct conn *c, struct op *op)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < op->parts; i++) {
		uint32_t charge = credits_charge(&c->credits, op->part[i].cost_bytes);

		op->part[i].charge = (uint16_t)charge;
		sum += charge;
	}
	return sum;
}

/* Fill in what is known only now, request by request. */
static void
stamp(struct conn *c, struct op *op)
{
	for (unsigned i = 0; i < op->parts; i++) {
		struct op_part *p = &op->part[i];
		bool last = i + 1 == op->parts;

		p->answered = false;
		p->message_id = credits_take(&c->credits, p->charge);
		struct pdu_stamp s = {
		    /* 2.0.2 knows no charge; NEGOTIATE has none either (3.2.4.2.2) */
		    .credit_charge = c->dialect > 0x0202 ? p->charge : 0,
		    .credit_request = credits_ask(&c->credits, p->charge),
		    .next = last ? 0 : op->part[i + 1].at - p->at,
		    .related = i > 0,
		    .message_id = p->message_id,
		    .session_id = c->session_id,
		    .tree_id = c->tree_id,
		};

		pdu_stamp(op->head + p->at, &s);
	}
}

static int
sign(struct conn *c, struct op *op, struct err *e)
{
	for (unsigned i = 0; i < op->parts; i++) {
		uint8_t *header = op->head + op->part[i].at;
		struct crypto_part rest[2] = {
		    {header + PDU_HEADER_BYTES, op->part[i].len - PDU_HEADER_BYTES},
		    {op->payload, op->payload_len},
		};
		size_t n = i + 1 == op->parts && op->payload_len ? 2 : 1;

		if (crypto_sign(c->crypto, header, rest, n, e) < 0)
			return -1;
	}
	return 0;
}

static int
seal(struct conn *c, struct op *op, struct err *e)
{
	struct crypto_part parts[2] = {{op->head, op->head_len},
				       {op->payload, op->payload_len}};
	size_t len = CRYPTO_TRANSFORM_BYTES + op->head_len + op->payload_len;

	if (c->spare_room >= len) {
		op->sealed = c->spare;
		c->spare = NULL;
		c->spare_room = 0;
	} else {
		op->sealed = mem_alloc(len);
	}
	op->sealed_len = len;
	return crypto_seal(c->crypto, parts, op->payload_len ? 2 : 1, op->sealed, e);
}

static void
put_length(struct op *op)
{
	size_t len = op->sealed ? op->sealed_len : op->head_len + op->payload_len;

	assert(len <= NBSS_MAX_BYTES);
	op->nbss[0] = 0;
	op->nbss[1] = (uint8_t)(len >> 16);
	op->nbss[2] = (uint8_t)(len >> 8);
	op->nbss[3] = (uint8_t)len;
}

static size_t
wire_len(const struct op *op)
{
	return sizeof(op->nbss) +
	       (op->sealed ? op->sealed_len : op->head_len + op->payload_len);
}

/* A server may take credits away again, so that a WRITE that waits has become too dear
 * for ever.  It is cut to what can be paid; its owner sends the rest as after a short
 * write. */
static bool
cut(struct conn *c, struct op *op, uint32_t most)
{
	size_t len = (size_t)most * PDU_CREDIT_BYTES;

	if (op->parts != 1 || op->payload_len <= len || most == 0)
		return false;
	c->queue_bytes -= (int64_t)(op->payload_len - len);
	op->payload_len = len;
	op->part[0].cost_bytes = (int64_t)len;
	pdu_set_write_len(op->head, (uint32_t)len);
	return true;
}

/* Can the first of the queue be paid?  1: yes; 0: later; -1: never. */
static int
payable(struct conn *c, struct op *op, struct err *e)
{
	uint32_t charge = price(c, op);
	uint32_t most = credits_most(&c->credits);
	/* One credit stays back for what must always go, unless it is the only one. */
	uint32_t keep = op->urgent || most <= charge ? 0 : 1;

	if (charge > most && cut(c, op, most))
		charge = price(c, op);
	if (credits_cover(&c->credits, charge, keep))
		return 1;
	if (c->wire.first || c->flight.first)
		return 0;
	return err_set(
	    e, ERR_ATTEMPT, 71, /* ERROR_REQ_NOT_ACCEP */
	    "%s: the server leaves us %u credits where one request needs %u; "
	    "it is overloaded or faulty",
	    c->peer, (unsigned)most, (unsigned)charge);
}

/* From the queue onto the wire: from here on the bytes are final. */
static int
launch(struct conn *c, struct op *op, struct err *e)
{
	op_list_remove(&c->queue, op);
	op_list_add(&c->wire, op);
	c->queue_bytes -= (int64_t)(op->head_len + op->payload_len);
	stamp(c, op);
	if (!op->bare && c->seal && seal(c, op, e) < 0)
		return -1;
	if (!op->bare && !c->seal && c->sign && sign(c, op, e) < 0)
		return -1;
	put_length(op);
	c->wire_bytes += (int64_t)wire_len(op);
	if (op->leaving)
		op->leaving(op);
	return 0;
}

/* N5 */
static bool
may_leave(const struct conn *c, const struct op *op)
{
	if (c->renewal != RENEWAL_NONE)
		return c->renewal == RENEWAL_RUNS && op->renews;
	return c->wire_bytes < c->ahead_bytes || op->urgent;
}

/* Take what can be paid, and ask the pipeline for more, until enough is ready. */
static int
refill(struct conn *c, struct err *e)
{
	for (;;) {
		while (c->queue.first && may_leave(c, c->queue.first)) {
			int rc = payable(c, c->queue.first, e);

			if (rc <= 0)
				return rc;
			if (launch(c, c->queue.first, e) < 0)
				return -1;
		}
		if (c->renewal != RENEWAL_NONE || !conn_hungry(c) || !c->feed ||
		    !c->feed(c->feed_self))
			return 0;
	}
}

struct batch { /* for one sendmsg */
	struct iovec iov[IOVS];
	int n;
	size_t room; /* bytes that may still be added */
};

static void
add_iov(struct batch *b, const uint8_t *bytes, size_t len, size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return;
	}
	const uint8_t *from = bytes + *skip;
	const size_t rest = len - *skip;

	*skip = 0;
	if (b->room == 0)
		return;
	memcpy(&b->iov[b->n].iov_base, &from,
	       sizeof(from)); /* sendmsg() only reads it */
	b->iov[b->n].iov_len = rest < b->room ? rest : b->room;
	b->room -= b->iov[b->n].iov_len;
	b->n++;
}

static void
gather(const struct conn *c, struct batch *b)
{
	for (const struct op *op = c->wire.first; op && b->n + 3 <= IOVS && b->room > 0;
	     op = op->next) {
		size_t skip = op->sent;

		add_iov(b, op->nbss, sizeof(op->nbss), &skip);
		if (op->sealed) {
			add_iov(b, op->sealed, op->sealed_len, &skip);
			continue;
		}
		add_iov(b, op->head, op->head_len, &skip);
		add_iov(b, op->payload, op->payload_len, &skip);
	}
}

/* Hand to the kernel what may go.  Bytes sent; 0: none may; -1 and errno. */
static ssize_t
send_some(struct conn *c, bool limited)
{
	const int64_t granted = limited ? conn_ask(c) : 0;
	struct batch b = {.room = limited ? (size_t)granted : SIZE_MAX};

	if (limited && granted == 0)
		return 0;
	gather(c, &b);
	struct msghdr m = {.msg_iov = b.iov, .msg_iovlen = (size_t)b.n};
	const ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	const int no = errno;

	conn_paid(c, granted, n > 0 ? n : 0);
	errno = no;
	return n;
}

/* Its last byte is in the kernel: now it is waited for. */
static void
into_flight(struct conn *c, struct op *op, int64_t now_ms)
{
	op_list_remove(&c->wire, op);
	op_list_add(&c->flight, op);
	op->deadline_at_ms = now_ms + c->request_ms;
	if (!op->sealed)
		return;
	if (op->sealed_len > c->spare_room) {
		mem_free(c->spare);
		c->spare = op->sealed;
		c->spare_room = op->sealed_len;
	} else {
		mem_free(op->sealed);
	}
	op->sealed = NULL;
}

static void
account(struct conn *c, size_t sent)
{
	int64_t now_ms = clock_mono_ms(c->clock);

	c->moved_at_ms = now_ms;
	c->bytes_sent += (int64_t)sent;
	c->wire_bytes -= (int64_t)sent;
	while (sent > 0) {
		struct op *op = c->wire.first;
		size_t left = wire_len(op) - op->sent;

		if (sent < left) {
			op->sent += sent;
			return;
		}
		sent -= left;
		into_flight(c, op, now_ms);
	}
}

/* The kernel took nothing.  1: ask again; 0: later; -1: it is over. */
static int
explain(struct conn *c, int no, struct err *e)
{
	switch (no) {
	case EINTR:
		return 1;
	case EAGAIN:
		return 0;
	case EPIPE:
	case ECONNRESET:
		return conn_closed(c, e);
	default:
		errno = no;
		return err_sys(e, ERR_ATTEMPT, "%s: the connection broke while sending",
			       c->peer);
	}
}

int
conn_send(struct conn *c, struct err *e)
{
	int rc = 1;

	while (rc > 0) {
		const bool limited = conn_look_ahead(c);

		if (refill(c, e) < 0)
			return -1;
		if (!c->wire.first)
			return 0;
		const ssize_t n = send_some(c, limited);

		if (c->held)
			return 0;
		if (n >= 0)
			account(c, (size_t)n);
		else
			rc = explain(c, errno, e);
	}
	return rc;
}
