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
	return c->wire_bytes < CONN_AHEAD_BYTES || op->urgent;
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

static void
add_iov(struct iovec *iov, int *n, const uint8_t *bytes, size_t len, size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return;
	}
	const uint8_t *from = bytes + *skip;

	memcpy(&iov[*n].iov_base, &from, sizeof(from)); /* sendmsg() only reads it */
	iov[*n].iov_len = len - *skip;
	*skip = 0;
	(*n)++;
}

static int
gather(const struct conn *c, struct iovec iov[IOVS])
{
	int n = 0;

	for (const struct op *op = c->wire.first; op && n + 3 <= IOVS; op = op->next) {
		size_t skip = op->sent;

		add_iov(iov, &n, op->nbss, sizeof(op->nbss), &skip);
		if (op->sealed) {
			add_iov(iov, &n, op->sealed, op->sealed_len, &skip);
			continue;
		}
		add_iov(iov, &n, op->head, op->head_len, &skip);
		add_iov(iov, &n, op->payload, op->payload_len, &skip);
	}
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

int
conn_send(struct conn *c, struct err *e)
{
	for (;;) {
		struct iovec iov[IOVS];

		if (refill(c, e) < 0)
			return -1;
		if (!c->wire.first)
			return 0;
		struct msghdr m = {.msg_iov = iov,
				   .msg_iovlen = (size_t)gather(c, iov)};
		ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			account(c, (size_t)n);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		if (errno == EPIPE || errno == ECONNRESET)
			return conn_closed(c, e);
		if (errno != EINTR)
			return err_sys(e, ERR_ATTEMPT,
				       "%s: the connection broke while sending",
				       c->peer);
	}
}
