/* put_small.c - a file in one round trip: CREATE+WRITE+SET_INFO+CLOSE as one compound.
 */
#include "base/clock.h"
#include "smb/put.h"

enum {
	/* One credit's worth, and more where it is no more than one WRITE.  Beyond, the
	 * requests around the WRITEs weigh little and a file that can be stopped and
	 * resumed in the middle weighs more. */
	SMALL_BYTES = 64 * 1024,
	SMALL_MOST_BYTES = 256 * 1024, /* many may be on their way; a choice */
	SMALL_WRITES = 4,     /* when it is paced: a second at most; a choice */
	OVERHEAD_BYTES = 512, /* what surrounds the data on the wire, about */
};

bool
small_fits(const struct lane *l, const struct job *j)
{
	const struct smb *s = l->s;
	const int64_t write_bytes = conn_write_bytes(s->conn, SMALL_BYTES);
	int64_t most = window_write_bytes(&l->window);

	if (most < SMALL_BYTES)
		most = SMALL_BYTES;
	if (most > SMALL_MOST_BYTES)
		most = SMALL_MOST_BYTES;

	return !j->not_small && j->put.start_bytes == 0 && j->put.size_bytes <= most &&
	       j->put.size_bytes <= s->write_max_bytes &&
	       j->put.size_bytes <= smb_payload_max(s, SMALL_MOST_BYTES) &&
	       j->put.size_bytes <= SMALL_WRITES * write_bytes;
}

static int64_t
cost_bytes(const struct job *j)
{
	return j->put.size_bytes + OVERHEAD_BYTES;
}

static int
on_reply(struct chain *c, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct job *j = c->self;

	if (c->part[i].command != PDU_WRITE)
		return 0;
	if (pdu_get_written(m, &j->written, e) < 0)
		return -1;
	if ((int64_t)j->written > j->put.size_bytes)
		return err_set(e, ERR_ATTEMPT, 58,
			       "the server says it wrote more than it was given");
	return 0;
}

static void
on_done(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct window *w = &j->lane->window;
	struct err why;

	if (e) {
		window_dropped(w, cost_bytes(j));
		if (!j->puts->s->conn->dead) /* B3; else puts_died() tells all */
			job_restart(j);
		return;
	}
	if (chain_result(c, BLAME_WRITE, j->put.path, &why) < 0) {
		window_dropped(w, cost_bytes(j));
		if (job_came_early(j))
			return;
		job_fail(j, &why);
		job_finish(j);
		return;
	}
	window_acked(w, cost_bytes(j), clock_us(), &j->mark);
	if ((int64_t)j->written < j->put.size_bytes) {
		j->not_small = true;
		job_restart(j);
		return;
	}
	if (job_check_size(j, &why) < 0) {
		job_fail(j, &why);
		job_finish(j);
		return;
	}
	j->acked_bytes = j->put.size_bytes;
	if (j->put.acked)
		j->put.acked(j->put.self, j->acked_bytes);
	job_finish(j);
}

static int
add_write(struct job *j, struct err *e)
{
	struct chain *c = &j->chain;
	uint32_t len = (uint32_t)j->put.size_bytes;

	chain_add(c, PDU_WRITE, len);
	pdu_put_write(&c->buf, &pdu_file_id_related, 0, len);
	return j->put.read(j->put.self, 0, pdu_buf_add(&c->buf, len), len, e);
}

static int
build(struct job *j, struct err *e)
{
	const struct smb *s = j->lane->s;
	struct chain *c = &j->chain;
	uint32_t options = PDU_NON_DIRECTORY | PDU_SEQUENTIAL;

	/* It holds for all WRITEs.  Their own flag, too, would make Samba sync twice,
	 * in another thread: an eighth of what a file costs it (4.17, measured). */
	if (s->flush)
		options |= PDU_WRITE_THROUGH;

	chain_init(c, s->conn);
	c->reply = on_reply;
	c->done = on_done;
	c->self = j;
	chain_add(c, PDU_CREATE, 0);
	if (pdu_put_create(&c->buf,
			   &(struct pdu_create){.path = j->put.path,
						.access = PDU_FILE_WRITING,
						.share = PDU_SHARE_READ,
						.disposition = PDU_OVERWRITE_IF,
						.options = options},
			   e) < 0)
		return -1;
	if (j->put.size_bytes > 0 && add_write(j, e) < 0)
		return -1;
	if (j->put.mtime_100ns) {
		chain_add(c, PDU_SET_INFO, 0);
		pdu_put_set_mtime(&c->buf, &pdu_file_id_related, j->put.mtime_100ns);
	}
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close_asking(&c->buf, &pdu_file_id_related);
	return 0;
}

void
small_begin(struct job *j, struct lane *l)
{
	struct err e;

	j->lane = l;
	l->small++;
	if (build(j, &e) < 0) {
		job_fail(j, &e);
		job_finish(j);
		return;
	}
	window_sent(&l->window, cost_bytes(j), clock_us(), &j->mark);
	chain_start(&j->chain, l->s->compounds);
}
