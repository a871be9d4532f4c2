#include "smb/chain.h"

#include <assert.h>

#include "smb/ntstatus.h"

static void start_op(struct chain *c, unsigned first, unsigned parts);

void
chain_init(struct chain *c, struct conn *conn)
{
	struct pdu_buf buf = c->buf;

	buf.len = 0;
	*c = (struct chain){.conn = conn, .buf = buf, .closed_bytes = -1};
}

void
chain_done(struct chain *c)
{
	pdu_buf_done(&c->buf);
}

void
chain_add(struct chain *c, enum pdu_command command, int64_t cost_bytes)
{
	assert(c->parts < OP_PARTS);
	pdu_buf_pad8(&c->buf); /* 3.2.4.1.4: each request begins at a multiple of 8 */
	c->part[c->parts++] = (struct chain_part){.command = command,
						  .at = c->buf.len,
						  .cost_bytes = cost_bytes,
						  .status = NT_PENDING};
}

static int
on_reply(struct op *op, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct chain *c = op->self;
	struct chain_part *p = &c->part[c->now + i];

	p->status = m->header.status;
	if (!status_is_ok(p->status))
		return 0;
	if (p->command == PDU_CREATE) {
		if (pdu_get_created(m, &c->created, e) < 0)
			return -1;
		c->id = c->created.id;
		c->open = true;
		return 0;
	}
	if (p->command == PDU_CLOSE) {
		c->open = false;
		return pdu_get_closed(m, &c->closed_bytes, e);
	}
	return c->reply ? c->reply(c, c->now + i, m, e) : 0;
}

static void
finish(struct chain *c, const struct err *e)
{
	c->finished = true;
	c->died = e != NULL;
	if (c->done)
		c->done(c, e);
}

static bool
failed_before(const struct chain *c, unsigned end)
{
	for (unsigned i = 0; i < end; i++)
		if (!status_is_ok(c->part[i].status))
			return true;
	return false;
}

static bool
ends_with_close(const struct chain *c)
{
	return c->part[c->parts - 1].command == PDU_CLOSE;
}

/* Is it the compound that the server does not want, rather than the request?  Samba
 * answers INTERNAL_ERROR to a request in the middle that it would rather do later (a
 * rename that has to wait for somebody's lease; before 4.17 a FLUSH); servers that know
 * no compounds at all call the first or the second request wrong.  A session may expire
 * in the middle. */
static bool
was_refused(const struct chain *c, unsigned i)
{
	uint32_t status = c->part[i].status;

	if (status == NT_NETWORK_SESSION_EXPIRED)
		return c->open || c->part[0].command == PDU_CREATE;
	if (i > 0 && !c->open)
		return false;
	if (status == NT_INTERNAL_ERROR)
		return i > 0 || c->part[0].command != PDU_CREATE;
	return !c->conn->compounds_work &&
	       (status == NT_INVALID_PARAMETER || status == NT_NOT_SUPPORTED);
}

/* Such a request and those behind it are asked for again, one by one. */
static bool
fall_back(struct chain *c)
{
	unsigned i = 0;

	while (i < c->parts && status_is_ok(c->part[i].status))
		i++;
	if (!c->compound || i >= c->parts || !was_refused(c, i))
		return false;
	if (!c->open && c->part[0].command != PDU_CREATE)
		return false; /* its CLOSE has run all the same */
	c->compound = false;
	c->refused = c->part[i].status != NT_INTERNAL_ERROR &&
		     c->part[i].status != NT_NETWORK_SESSION_EXPIRED;
	if (!c->open) /* not opened, or its CLOSE has run all the same */
		i = 0;
	for (unsigned k = i; k < c->parts; k++)
		c->part[k].status = NT_PENDING;
	start_op(c, i, 1);
	return true;
}

/* What the answer says about compounds: remembered for the connection. */
static void
learn(struct chain *c, const struct op *op)
{
	if (op->parts > 1 && !failed_before(c, op->parts))
		c->conn->compounds_work = true;
	if (c->refused && status_is_ok(c->part[c->now].status))
		c->conn->compounds_refused = true;
	c->refused = false;
}

/* One op of the chain is through: what is next? */
static void
on_done(struct op *op, const struct err *e)
{
	struct chain *c = op->self;
	unsigned next = c->now + op->parts;
	bool was_close = c->now == c->parts - 1 && ends_with_close(c);

	if (e) {
		finish(c, e);
		return;
	}
	learn(c, op);
	if (next < c->parts && !failed_before(c, next)) {
		start_op(c, next, 1);
		return;
	}
	if (fall_back(c))
		return;
	/* Something failed and left the handle open: a compound whose middle failed has
	 * not run its CLOSE.  A CLOSE of its own that fails is not repeated. */
	if (c->open && ends_with_close(c) && !was_close) {
		start_op(c, c->parts - 1, 1);
		return;
	}
	finish(c, NULL);
}

static size_t
part_end(const struct chain *c, unsigned i)
{
	return i + 1 < c->parts ? c->part[i + 1].at : c->buf.len;
}

static void
start_op(struct chain *c, unsigned first, unsigned parts)
{
	struct op *op = &c->op;
	size_t at = c->part[first].at;

	c->now = first;
	*op = (struct op){.head = c->buf.bytes + at,
			  .head_len = part_end(c, first + parts - 1) - at,
			  .parts = parts,
			  .reply = on_reply,
			  .done = on_done,
			  .self = c};
	for (unsigned i = 0; i < parts; i++) {
		const struct chain_part *p = &c->part[first + i];

		op->part[i] =
		    (struct op_part){.command = p->command,
				     .at = (uint32_t)(p->at - at),
				     .len = (uint32_t)(part_end(c, first + i) - p->at),
				     .cost_bytes = p->cost_bytes};
		/* Only the first of a compound can name the handle; the others mean
		 * "the same" (3.2.4.1.4). */
		if (p->command != PDU_CREATE)
			pdu_set_file_id(c->buf.bytes + p->at, p->command,
					i == 0 ? &c->id : &pdu_file_id_related);
	}
	conn_queue(c->conn, op);
}

/* All at once costs at least a credit each, and the server must be able to give them.
 */
static bool
affordable(const struct chain *c)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < c->parts; i++)
		sum += credits_charge(&c->conn->credits, c->part[i].cost_bytes);
	return sum <= credits_most(&c->conn->credits);
}

void
chain_start(struct chain *c, bool compounds)
{
	assert(c->parts > 0);
	c->compound = compounds && !c->conn->compounds_refused && affordable(c);
	start_op(c, 0, c->compound ? c->parts : 1);
}

int
chain_wait(struct chain *c, struct err *e)
{
	while (!c->finished && conn_step(c->conn, true, e) == 0)
		;
	if (!c->died)
		return 0;
	*e = c->conn->err;
	return -1;
}

int
chain_call(struct chain *c, bool compounds, struct err *e)
{
	chain_start(c, compounds);
	return chain_wait(c, e);
}

const struct chain_part *
chain_failure(const struct chain *c)
{
	for (unsigned i = 0; i < c->parts; i++)
		if (!status_is_ok(c->part[i].status))
			return &c->part[i];
	return NULL; /* a request that did not run is NT_PENDING, behind one that failed
		      */
}

int
chain_result(const struct chain *c, enum blame_op op, const char *path, struct err *e)
{
	const struct chain_part *p = chain_failure(c);

	if (!p)
		return 0;
	if (p->command == PDU_CREATE)
		op = op == BLAME_DELETE || op == BLAME_RENAME ? op : BLAME_CREATE;
	return blame_set(e, op, p->status, "%s", *path ? path : "the share's root");
}
