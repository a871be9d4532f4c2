/* put_change.c - what is no file, in one round trip: a folder is made, given its time
 * or removed, something is renamed (CREATE+SET_INFO+CLOSE). */
#include "base/auto.h"
#include "smb/ntstatus.h"
#include "smb/put.h"

enum {
	TOUCHING = PDU_READ_ATTRIBUTES | PDU_WRITE_ATTRIBUTES,
	MOVING = PDU_DELETE | PDU_READ_ATTRIBUTES | PDU_SYNCHRONIZE,
	SHARE_ALL = PDU_SHARE_READ | PDU_SHARE_WRITE | PDU_SHARE_DELETE,
};

static bool
is_missing(uint32_t status)
{
	return status == NT_OBJECT_NAME_NOT_FOUND ||
	       status == NT_OBJECT_PATH_NOT_FOUND || status == NT_NO_SUCH_FILE;
}

static int
result(const struct job *j, struct err *e)
{
	static const enum blame_op blame[] = {
	    [SMB_MAKE_FOLDER] = BLAME_CREATE, [SMB_TOUCH_FOLDER] = BLAME_WRITE,
	    [SMB_RENAME] = BLAME_RENAME,      [SMB_REMOVE_FOLDER] = BLAME_DELETE,
	    [SMB_LOOK] = BLAME_QUERY,         [SMB_TRY_MOVE] = BLAME_RENAME,
	};
	const struct chain *c = &j->chain;
	AUTO_FREE char *what = NULL;

	if (j->change.kind == SMB_MAKE_FOLDER &&
	    (c->part[0].status == NT_NOT_A_DIRECTORY ||
	     c->part[0].status == NT_OBJECT_NAME_COLLISION))
		return err_set(e, ERR_SITE, 183,
			       "%s: a file of that name is in the way; rename or "
			       "remove it at the site",
			       j->put.path);
	if (j->change.kind == SMB_REMOVE_FOLDER && is_missing(c->part[0].status))
		return 0;
	if (j->change.kind == SMB_RENAME)
		what = mem_printf("rename %s to %s", j->put.path, j->change.to);
	if (j->change.kind == SMB_TRY_MOVE)
		what = mem_printf("open %s to rename it", j->put.path);
	return chain_result(c, blame[j->change.kind], what ? what : j->put.path, e);
}

static void
on_done(struct chain *c, const struct err *e)
{
	struct job *j = c->self;
	struct err why;

	if (e)
		return; /* puts_died() tells all */
	if (job_came_early(j))
		return;
	if (result(j, &why) < 0)
		job_fail(j, &why);
	job_finish(j);
}

static struct pdu_create
how_to_open(const struct job *j)
{
	const struct smb_change *what = &j->change;
	struct pdu_create how = {.path = j->put.path,
				 .share = SHARE_ALL,
				 .disposition = PDU_OPEN,
				 .options = PDU_DIRECTORY};

	switch (what->kind) {
	case SMB_MAKE_FOLDER:
		how.access = PDU_READ_ATTRIBUTES;
		how.attributes = what->attributes;
		how.disposition = PDU_OPEN_IF;
		break;
	case SMB_TOUCH_FOLDER:
		how.access = TOUCHING;
		break;
	case SMB_RENAME:
	case SMB_TRY_MOVE:
		how.access = MOVING;
		how.options = PDU_OPEN_REPARSE;
		break;
	case SMB_REMOVE_FOLDER:
		how.access = PDU_DELETE | PDU_READ_ATTRIBUTES;
		how.options = PDU_DIRECTORY | PDU_OPEN_REPARSE;
		break;
	case SMB_LOOK:
		how.access = PDU_READ_ATTRIBUTES;
		how.options = PDU_OPEN_REPARSE;
		break;
	}
	return how;
}

static int
add_change(struct job *j, struct err *e)
{
	const struct smb_change *what = &j->change;
	struct chain *c = &j->chain;

	if (what->kind == SMB_MAKE_FOLDER || what->kind == SMB_LOOK ||
	    what->kind == SMB_TRY_MOVE)
		return 0;
	chain_add(c, PDU_SET_INFO, 0);
	switch (what->kind) {
	case SMB_RENAME:
		return pdu_put_rename(&c->buf, &pdu_file_id_related, what->to, false,
				      e);
	case SMB_REMOVE_FOLDER:
		pdu_put_delete(&c->buf, &pdu_file_id_related);
		return 0;
	case SMB_TOUCH_FOLDER:
	case SMB_MAKE_FOLDER:
	case SMB_LOOK:
	case SMB_TRY_MOVE:
		break;
	}
	pdu_put_set_mtime(&c->buf, &pdu_file_id_related, what->mtime_100ns);
	return 0;
}

static int
build(struct job *j, struct err *e)
{
	const struct pdu_create how = how_to_open(j);
	struct chain *c = &j->chain;

	chain_init(c, j->puts->s->conn);
	c->done = on_done;
	c->self = j;
	chain_add(c, PDU_CREATE, 0);
	if (pdu_put_create(&c->buf, &how, e) < 0 || add_change(j, e) < 0)
		return -1;
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close(&c->buf, &pdu_file_id_related);
	return 0;
}

void
change_begin(struct job *j)
{
	struct err e;

	if (build(j, &e) < 0) {
		job_fail(j, &e);
		job_finish(j);
		return;
	}
	chain_start(&j->chain, j->puts->s->compounds);
}
