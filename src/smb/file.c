/* file.c - plain calls about one open file.  What is written goes through the pipeline.
 */
#include <string.h>

#include "base/mem.h"
#include "smb/chain.h"
#include "smb/engine.h"
#include "smb/ntstatus.h"

struct smb_file {
	struct smb *s;
	struct pdu_file_id id;
	char *path;
};

enum { READS_AT_ONCE = 8 }; /* fills 8 MiB x round trip; a choice */

int
smb_open(struct smb *s, const char *path, struct smb_file **out, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};

	chain_init(&c, s->conn);
	chain_add(&c, PDU_CREATE, 0);
	if (pdu_put_create(&c.buf,
			   &(struct pdu_create){.path = path,
						.access = PDU_READ_DATA |
							  PDU_READ_ATTRIBUTES |
							  PDU_SYNCHRONIZE,
						.share = PDU_SHARE_READ,
						.disposition = PDU_OPEN,
						.options = PDU_NON_DIRECTORY},
			   e) < 0 ||
	    chain_call(&c, false, e) < 0 || chain_result(&c, BLAME_CREATE, path, e) < 0)
		return -1;
	struct smb_file *f = mem_zero(1, sizeof(*f));

	f->s = s;
	f->id = c.id;
	f->path = mem_dup(path);
	*out = f;
	return 0;
}

/* One request about the handle, put into c by the caller. */
static int
run(struct smb_file *f, struct chain *c, enum blame_op op, struct err *e)
{
	c->id = f->id;
	if (chain_call(c, false, e) < 0)
		return -1;
	return chain_result(c, op, f->path, e);
}

int
smb_close(struct smb_file *f, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};

	chain_init(&c, f->s->conn);
	chain_add(&c, PDU_CLOSE, 0);
	pdu_put_close(&c.buf, &f->id);
	int rc = run(f, &c, BLAME_CLOSE, e);

	mem_free(f->path);
	mem_free(f);
	return rc;
}

/* --- read: several requests side by side ------------------------------------------ */

struct place { /* where bytes are to go */
	uint8_t *bytes;
	size_t len;
};

struct read_one {
	struct chain chain;
	uint8_t *to;
	uint32_t want, got;
};

static int
on_data(struct chain *c, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct read_one *r = c->self;
	struct pdu_slice data;

	(void)i;
	if (pdu_get_read(m, &data, e) < 0)
		return -1;
	if (data.len > r->want)
		return err_set(e, ERR_ATTEMPT, 58,
			       "the server gives more bytes than were asked for");
	if (data.len)
		memcpy(r->to, data.bytes, data.len);
	r->got = (uint32_t)data.len;
	return 0;
}

static void
start_read(struct smb_file *f, struct read_one *r, int64_t offset)
{
	chain_init(&r->chain, f->s->conn);
	r->chain.reply = on_data;
	r->chain.self = r;
	r->chain.id = f->id;
	chain_add(&r->chain, PDU_READ, r->want);
	pdu_put_read(&r->chain.buf, &f->id, offset, r->want);
	chain_start(&r->chain, false);
}

/* Wait for all, whatever fails: their answers go into our buffers. */
static int
wait_for(struct read_one *r, unsigned n, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		if (chain_wait(&r[i].chain, e) < 0)
			rc = -1;
	return rc;
}

/* Up to READS_AT_ONCE requests.  *got: bytes without a gap. */
static int
read_some(struct smb_file *f, struct place to, int64_t offset, size_t *got,
	  struct err *e)
{
	struct read_one r[READS_AT_ONCE] = {0};
	uint32_t most = smb_payload_max(f->s, f->s->read_max_bytes);
	unsigned n = 0;
	size_t asked = 0;
	int rc;

	for (; n < READS_AT_ONCE && asked < to.len; n++) {
		r[n].to = to.bytes + asked;
		r[n].want = (uint32_t)(to.len - asked < most ? to.len - asked : most);
		start_read(f, &r[n], offset + (int64_t)asked);
		asked += r[n].want;
	}
	rc = wait_for(r, n, e);
	*got = 0;
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		const struct chain_part *bad = chain_failure(&r[i].chain);

		if (bad && bad->status != NT_END_OF_FILE)
			rc = chain_result(&r[i].chain, BLAME_READ, f->path, e);
		*got += r[i].got;
		if (r[i].got < r[i].want)
			break;
	}
	for (unsigned i = 0; i < n; i++)
		chain_done(&r[i].chain);
	return rc;
}

int
smb_read(struct smb_file *f, int64_t offset, void *buf, size_t len, size_t *got,
	 struct err *e)
{
	size_t done = 0;

	while (done < len) {
		size_t n;

		if (read_some(f, (struct place){(uint8_t *)buf + done, len - done},
			      offset + (int64_t)done, &n, e) < 0)
			return -1;
		if (n == 0)
			break;
		done += n;
	}
	*got = done;
	return 0;
}
