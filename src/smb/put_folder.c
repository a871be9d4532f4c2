/* put_folder.c - a folder in one round trip: made (CREATE+CLOSE), or given its time
 * (CREATE+SET_INFO+CLOSE). */
#include "smb/ntstatus.h"
#include "smb/put.h"

enum { TOUCHING = PDU_READ_ATTRIBUTES | PDU_WRITE_ATTRIBUTES };

static void
folder_done(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct err why;

	if (e)
		return; /* puts_died() tells all */
	if (!j->touches && c->part[0].status == NT_NOT_A_DIRECTORY) {
		(void)err_set(
		    &why, ERR_SITE, 183,
		    "%s: a file of that name is in the way; rename or remove it "
		    "at the site",
		    j->put.path);
		job_fail(j, &why);
	} else if (chain_result(c, BLAME_CREATE, j->put.path, &why) < 0) {
		job_fail(j, &why);
	}
	job_finish(j);
}

void
folder_begin(struct job *j)
{
	struct chain *c = &j->chain;
	struct err e;

	job_begin(j, JOB_FOLDER);
	chain_init(c, j->puts->s->conn);
	c->done = folder_done;
	c->self = j;
	chain_add(c, PDU_CREATE, 0);
	if (pdu_put_create(
		&c->buf,
		&(struct pdu_create){
		    .path = j->put.path,
		    .access = j->touches ? TOUCHING : PDU_READ_ATTRIBUTES,
		    .share = PDU_SHARE_READ | PDU_SHARE_WRITE | PDU_SHARE_DELETE,
		    .disposition = j->touches ? PDU_OPEN : PDU_OPEN_IF,
		    .options = PDU_DIRECTORY},
		&e) < 0) {
		job_fail(j, &e);
		job_finish(j);
		return;
	}
	if (j->touches) {
		chain_add(c, PDU_SET_INFO, 0);
		pdu_put_set_mtime(&c->buf, &pdu_file_id_related, j->put.mtime_100ns);
	}
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close(&c->buf, &pdu_file_id_related);
	chain_start(c, j->puts->s->compounds);
}
