/* put_large.c - a file as a stream of WRITEs. */
#include "base/clock.h"
#include "base/mem.h"
#include "smb/bundle.h"
#include "smb/ntstatus.h"
#include "smb/put.h"

enum { SPAN_MAX_BYTES = 64 * 1024 * 1024 }; /* read and not acknowledged; a choice */

static void close_it(struct job *j);

/* --- blocks ----------------------------------------------------------------------- */

static struct block *
block_new(struct puts *p, uint32_t len)
{
	struct block *b = p->spare_blocks;

	if (b)
		p->spare_blocks = b->next;
	if (b && b->room >= len)
		return b;
	mem_free(b);
	b = mem_alloc(sizeof(*b) + len);
	b->room = len;
	return b;
}

static void
block_spare(struct puts *p, struct block *b)
{
	b->next = p->spare_blocks;
	p->spare_blocks = b;
}

static void
job_add_block(struct job *j, struct block *b)
{
	b->next = NULL;
	if (j->last)
		j->last->next = b;
	else
		j->first = b;
	j->last = b;
}

void
large_drop_blocks(struct job *j)
{
	while (j->first) {
		struct block *b = j->first;

		j->first = b->next;
		block_spare(j->puts, b);
	}
	j->last = NULL;
}

/* P3: what is acknowledged without a gap. */
static void
advance(struct job *j)
{
	int64_t upto = j->acked_bytes;

	while (j->first && j->first->acked) {
		struct block *b = j->first;

		upto = b->offset + b->len;
		j->first = b->next;
		if (!j->first)
			j->last = NULL;
		block_spare(j->puts, b);
	}
	if (j->first && j->first->done)
		upto = j->first->offset + j->first->done;
	if (upto == j->acked_bytes)
		return;
	j->acked_bytes = upto;
	if (j->put.acked)
		j->put.acked(j->put.self, upto);
}

/* --- flush and close -------------------------------------------------------------- */

static void
on_flushed(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct err why;

	if (e)
		return; /* puts_died() tells all */
	if (chain_result(c, BLAME_WRITE, j->put.path, &why) < 0)
		job_fail(j, &why);
	j->is_flushed = true;
	close_it(j);
}

static void
flush(struct job *j)
{
	struct chain *c = &j->chain;

	j->state = JOB_FLUSHING;
	chain_init(c, j->puts->s->conn);
	c->done = on_flushed;
	c->self = j;
	c->id = j->id;
	chain_add(c, PDU_FLUSH, 0);
	pdu_put_flush(&c->buf, &j->id);
	chain_start(c, false);
}

/* The session expired just before the times were set, or the server wants no FLUSH in a
 * compound, and the CLOSE behind ran all the same: open it again, write nothing, and
 * close. */
static bool
closed_too_early(const struct job *j)
{
	const struct chain_part *p = chain_failure(&j->chain);

	if (j->err || j->chain.open || !p)
		return false;
	if (p->command == PDU_FLUSH && p->status == NT_INTERNAL_ERROR &&
	    !j->puts->s->flush_alone)
		return j->puts->s->flush_alone = true;
	return p->status == NT_NETWORK_SESSION_EXPIRED;
}

static void
on_closed(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct err why;

	if (e)
		return; /* puts_died() tells all */
	if (closed_too_early(j)) {
		j->put.start_bytes = j->put.size_bytes;
		j->state = JOB_OPENING;
		large_begin(j);
		return;
	}
	if (chain_result(c, BLAME_WRITE, j->put.path, &why) < 0 ||
	    (!j->err && job_check_size(j, &why) < 0))
		job_fail(j, &why);
	job_finish(j);
}

/* Mostly FLUSH goes along with CLOSE: one round trip. */
static bool
flushes_here(const struct job *j)
{
	return j->puts->s->flush && !j->is_flushed;
}

static void
close_it(struct job *j)
{
	struct chain *c = &j->chain;

	j->state = JOB_CLOSING;
	chain_init(c, j->puts->s->conn);
	c->done = on_closed;
	c->self = j;
	c->id = j->id;
	c->open = true;
	if (!j->err && flushes_here(j)) {
		chain_add(c, PDU_FLUSH, 0);
		pdu_put_flush(&c->buf, &j->id);
	}
	if (!j->err && j->there_bytes > j->put.size_bytes) {
		chain_add(c, PDU_SET_INFO, 0);
		pdu_put_set_size(&c->buf, &j->id, j->put.size_bytes);
	}
	if (!j->err && j->put.mtime_100ns) {
		chain_add(c, PDU_SET_INFO, 0);
		pdu_put_set_mtime(&c->buf, &j->id, j->put.mtime_100ns);
	}
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close_asking(&c->buf, &j->id);
	chain_start(c, j->puts->s->compounds);
}

void
large_go_on(struct job *j)
{
	if (j->in_flight > 0 || j->puts->s->conn->dead || j->state != JOB_WRITING ||
	    large_has_more(j))
		return;
	if (j->lanes > 0) { /* B2 */
		bundle_release(j);
		return;
	}
	if (j->err) {
		large_drop_blocks(j);
		close_it(j);
	} else if (j->puts->s->flush && j->puts->s->flush_alone) {
		flush(j);
	} else {
		close_it(j);
	}
}

/* --- write ------------------------------------------------------------------------ */

static int
on_written(struct op *op, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct block *b = op->self;
	uint32_t count;

	(void)i;
	if (!status_is_ok(m->header.status))
		return 0;
	if (pdu_get_written(m, &count, e) < 0)
		return -1;
	if (count == 0 || count > b->len - b->done)
		return err_set(e, ERR_ATTEMPT, 58,
			       "the server says it wrote %u of %u bytes",
			       (unsigned)count, (unsigned)(b->len - b->done));
	b->done += count;
	return 0;
}

static void send_block(struct block *b);

/* B3. */
static void
orphan(struct block *b)
{
	struct job *j = b->job;

	window_dropped(&b->lane->window, b->len);
	j->in_flight--;
	j->orphans++;
	b->lane = NULL;
}

static void
on_write_done(struct op *op, const struct err *e)
{
	struct block *b = op->self;
	struct job *j = b->job;
	struct window *w = &b->lane->window;
	uint32_t status = op->part[0].status;
	struct err why;

	if (e) { /* puts_died() or lane_died() tells the rest */
		orphan(b);
		return;
	}
	if (status_is_ok(status) && b->done < b->len && !j->err) { /* short: the rest */
		advance(j);
		send_block(b);
		return;
	}
	j->in_flight--;
	if (status_is_ok(status)) {
		window_acked(w, b->len, clock_us(), &b->mark);
		b->acked = b->done == b->len;
		advance(j);
	} else {
		window_dropped(w, b->len);
		(void)blame_set(&why, BLAME_WRITE, status, "%s", j->put.path);
		job_fail(j, &why);
	}
	large_go_on(j);
}

static void
send_block(struct block *b)
{
	const struct lane *l = b->lane;
	const struct pdu_file_id *id = l->job ? &l->id : &b->job->id;
	uint32_t len = b->len - b->done;

	struct pdu_buf head = {.bytes = b->head, .room = sizeof(b->head)};

	pdu_put_write(&head, id, b->offset + b->done, len);
	b->op = (struct op){
	    .head = b->head,
	    .head_len = sizeof(b->head),
	    .payload = b->data + b->done,
	    .payload_len = len,
	    .parts = 1,
	    .part = {{.command = PDU_WRITE, .len = sizeof(b->head), .cost_bytes = len}},
	    .reply = on_written,
	    .done = on_write_done,
	    .self = b};
	conn_queue(l->s->conn, &b->op);
}

bool
large_has_more(const struct job *j)
{
	return j->state == JOB_WRITING && !j->err &&
	       (j->orphans > 0 || j->next_bytes < j->put.size_bytes);
}

/* One lane that is slow or broken must not make the others read without end. */
static bool
may_read(const struct job *j)
{
	return j->next_bytes < j->put.size_bytes &&
	       (!j->puts->bundle || j->next_bytes - j->acked_bytes < SPAN_MAX_BYTES);
}

/* What a broken lane left behind goes first: the acknowledged prefix waits for it. */
static bool
send_orphan(struct job *j, struct lane *l)
{
	struct block *b = j->first;

	if (j->orphans == 0)
		return false;
	while (b->lane || b->acked)
		b = b->next;
	j->orphans--;
	j->in_flight++;
	b->lane = l;
	window_sent(&l->window, b->len, clock_us(), &b->mark);
	send_block(b);
	return true;
}

bool
large_write_next(struct job *j, struct lane *l)
{
	struct puts *p = j->puts;
	int64_t left = j->put.size_bytes - j->next_bytes;
	const uint32_t most = (uint32_t)window_write_bytes(&l->window);
	int64_t len = smb_payload_max(l->s, conn_write_bytes(l->s->conn, most));
	struct err e;

	if (send_orphan(j, l))
		return true;
	if (!may_read(j))
		return false;

	if (len > left)
		len = left;
	struct block *b = block_new(p, (uint32_t)len);

	if (j->put.read(j->put.self, j->next_bytes, b->data, (size_t)len, &e) < 0) {
		block_spare(p, b);
		job_fail(j, &e);
		large_go_on(j);
		return true;
	}
	b->job = j;
	b->lane = l;
	b->offset = j->next_bytes;
	b->len = (uint32_t)len;
	b->done = 0;
	b->acked = false;
	j->next_bytes += len;
	j->in_flight++;
	job_add_block(j, b);
	window_sent(&l->window, len, clock_us(), &b->mark);
	send_block(b);
	return true;
}

/* --- open ------------------------------------------------------------------------- */

static void
on_opened(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct err why;

	if (e)
		return; /* puts_died() tells all */
	if (chain_result(c, BLAME_CREATE, j->put.path, &why) < 0) {
		if (job_came_early(j))
			return;
		job_fail(j, &why);
		job_finish(j);
		return;
	}
	j->id = c->id;
	j->there_bytes = c->created.size_bytes;
	j->state = JOB_WRITING;
	if (j->there_bytes < j->put.start_bytes) {
		(void)err_set(&why, ERR_ATTEMPT, 38, /* ERROR_HANDLE_EOF */
			      "%s: %lld bytes should be there already, but it has %lld",
			      j->put.path, (long long)j->put.start_bytes,
			      (long long)j->there_bytes);
		job_fail(j, &why);
	}
	large_go_on(j); /* nothing to write is done already */
}

void
large_begin(struct job *j)
{
	struct chain *c = &j->chain;
	struct err e;

	j->next_bytes = j->put.start_bytes;
	j->acked_bytes = j->put.start_bytes;
	chain_init(c, j->puts->s->conn);
	c->done = on_opened;
	c->self = j;
	chain_add(c, PDU_CREATE, 0);
	if (pdu_put_create(
		&c->buf,
		&(struct pdu_create){
		    .path = j->put.path,
		    .access = PDU_FILE_WRITING,
		    .share = j->puts->s->o.connections > 1
				 ? PDU_SHARE_READ | PDU_SHARE_WRITE
				 : PDU_SHARE_READ,
		    .disposition = j->put.start_bytes ? PDU_OPEN : PDU_OVERWRITE_IF,
		    .options = PDU_NON_DIRECTORY | PDU_SEQUENTIAL},
		&e) < 0) {
		job_fail(j, &e);
		job_finish(j);
		return;
	}
	chain_start(c, false);
}
