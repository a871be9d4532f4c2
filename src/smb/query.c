/* query.c - plain calls by name: one round trip each where the server takes compounds.
 */
#include <string.h>

#include "base/str.h"
#include "base/wire.h"
#include "smb/chain.h"
#include "smb/engine.h"
#include "smb/ntstatus.h"

enum {
	SHARE_ALL = PDU_SHARE_READ | PDU_SHARE_WRITE | PDU_SHARE_DELETE,
	/* One answer about a folder: some 400 entries; paid by one credit. */
	LIST_BYTES = 65536,
	/* The longest entry: 104 bytes and a name of 255 units (MS-FSCC 2.4.17) */
	LIST_LEAST_BYTES = 614,
	LIST_MAX_ENTRIES = 1000000, /* no folder has more; a choice */
};

/* CREATE of `path` as the first request of c. */
static int
open_by_name(struct chain *c, struct smb *s, const struct pdu_create *how,
	     struct err *e)
{
	chain_init(c, s->conn);
	chain_add(c, PDU_CREATE, 0);
	return pdu_put_create(&c->buf, how, e);
}

/* CLOSE as the last request, then run it all. */
static int
close_and_run(struct chain *c, const struct smb *s, struct err *e)
{
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close(&c->buf, &pdu_file_id_related);
	return chain_call(c, s->compounds, e);
}

static bool
is_missing(const struct chain *c)
{
	switch (c->part[0].status) {
	case NT_OBJECT_NAME_NOT_FOUND:
	case NT_OBJECT_PATH_NOT_FOUND:
	case NT_NO_SUCH_FILE:
		return true;
	default:
		return false;
	}
}

/* --- stat ------------------------------------------------------------------------- */

static int
on_file_id(struct chain *c, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct pdu_slice out;

	(void)i;
	if (pdu_get_output(m, &out, e) < 0)
		return -1;
	if (out.len >= 8)
		*(uint64_t *)c->self = wire_get64(out.bytes);
	return 0;
}

int
smb_stat(struct smb *s, const char *path, struct smb_stat *out, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};
	uint64_t file_id = 0;

	if (open_by_name(&c, s,
			 &(struct pdu_create){.path = path,
					      .access = PDU_READ_ATTRIBUTES,
					      .share = SHARE_ALL,
					      .disposition = PDU_OPEN,
					      .options = PDU_OPEN_REPARSE},
			 e) < 0)
		return -1;
	c.reply = on_file_id;
	c.self = &file_id;
	chain_add(&c, PDU_QUERY_INFO, 0);
	pdu_put_query_info(&c.buf, &(struct pdu_query){.type = PDU_INFO_FILE,
						       .info_class = PDU_FILE_INTERNAL,
						       .max_bytes = 8});
	if (close_and_run(&c, s, e) < 0)
		return -1;
	if (is_missing(&c))
		return 0;
	if (!status_is_ok(c.part[0].status))
		return chain_result(&c, BLAME_QUERY, path, e);
	/* A server that has no file ids is still good for the rest. */
	*out = (struct smb_stat){
	    .kind = c.created.attributes & PDU_DIRECTORY_ATTRIBUTE ? SMB_DIR : SMB_FILE,
	    .size_bytes = c.created.size_bytes,
	    .allocated_bytes = c.created.allocated_bytes,
	    .mtime_100ns = c.created.mtime_100ns,
	    .attributes = c.created.attributes,
	    .file_id = file_id,
	};
	return 1;
}

/* --- change ----------------------------------------------------------------------- */

int
smb_mkdir(struct smb *s, const char *path, uint32_t attributes, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};

	if (open_by_name(&c, s,
			 &(struct pdu_create){.path = path,
					      .access = PDU_READ_ATTRIBUTES,
					      .attributes = attributes,
					      .share = SHARE_ALL,
					      .disposition = PDU_OPEN_IF,
					      .options = PDU_DIRECTORY},
			 e) < 0 ||
	    close_and_run(&c, s, e) < 0)
		return -1;
	if (c.part[0].status == NT_NOT_A_DIRECTORY ||
	    c.part[0].status == NT_OBJECT_NAME_COLLISION)
		return err_set(
		    e, ERR_SITE, 183,
		    "%s: a file of that name is in the way; rename or remove "
		    "it at the site",
		    path);
	if (chain_result(&c, BLAME_CREATE, path, e) < 0)
		return -1;
	return c.created.action == PDU_ACTION_CREATED ? 1 : 0;
}

int
smb_rename(struct smb *s, const char *from, const char *to, bool replace, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};
	AUTO_STR struct str what = {0};

	if (open_by_name(&c, s,
			 &(struct pdu_create){.path = from,
					      .access = PDU_DELETE |
							PDU_READ_ATTRIBUTES |
							PDU_SYNCHRONIZE,
					      .share = SHARE_ALL,
					      .disposition = PDU_OPEN,
					      .options = PDU_OPEN_REPARSE},
			 e) < 0)
		return -1;
	chain_add(&c, PDU_SET_INFO, 0);
	if (pdu_put_rename(&c.buf, &pdu_file_id_related, to, replace, e) < 0 ||
	    close_and_run(&c, s, e) < 0)
		return -1;
	str_addf(&what, "rename %s to %s", from, to);
	return chain_result(&c, BLAME_RENAME, str_text(&what), e);
}

int
smb_delete(struct smb *s, const char *path, enum smb_kind kind, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};
	uint32_t option = kind == SMB_DIR ? PDU_DIRECTORY : PDU_NON_DIRECTORY;

	if (open_by_name(
		&c, s,
		&(struct pdu_create){.path = path,
				     .access = PDU_DELETE | PDU_READ_ATTRIBUTES,
				     .share = SHARE_ALL,
				     .disposition = PDU_OPEN,
				     .options = option | PDU_OPEN_REPARSE},
		e) < 0)
		return -1;
	chain_add(&c, PDU_SET_INFO, 0);
	pdu_put_delete(&c.buf, &pdu_file_id_related);
	if (close_and_run(&c, s, e) < 0)
		return -1;
	if (is_missing(&c))
		return 0;
	return chain_result(&c, BLAME_DELETE, path, e) < 0 ? -1 : 1;
}

/* --- space ------------------------------------------------------------------------ */

static int
on_space(struct chain *c, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct pdu_slice out;

	(void)i;
	if (pdu_get_output(m, &out, e) < 0)
		return -1;
	return pdu_get_free_bytes(out, c->self, e);
}

int
smb_space(struct smb *s, int64_t *free_bytes, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};
	int64_t bytes = 0;

	if (open_by_name(&c, s,
			 &(struct pdu_create){.path = "",
					      .access = PDU_READ_ATTRIBUTES,
					      .share = SHARE_ALL,
					      .disposition = PDU_OPEN,
					      .options = PDU_DIRECTORY},
			 e) < 0)
		return -1;
	c.reply = on_space;
	c.self = &bytes;
	chain_add(&c, PDU_QUERY_INFO, 0);
	pdu_put_query_info(&c.buf, &(struct pdu_query){.type = PDU_INFO_FILESYSTEM,
						       .info_class = PDU_FS_FULL_SIZE,
						       .max_bytes = 32});
	if (close_and_run(&c, s, e) < 0 || chain_result(&c, BLAME_QUERY, "", e) < 0)
		return -1;
	*free_bytes = bytes;
	return 0;
}

/* --- list ------------------------------------------------------------------------- */

struct listing {
	struct pdu_buf
	    page; /* the answer, kept: each() may use the connection itself */
	const char *path;
	uint32_t page_bytes;
	unsigned entries; /* so far */

	/* An earlier page, to see whether the list goes round in circles: the one of
	 * number `mark`, which doubles (Brent's way). */
	struct pdu_buf earlier;
	unsigned pages, mark;
	int (*each)(void *self, const char *name, const struct smb_stat *st);
	void *self;
};

static void
keep_page(struct pdu_buf *page, struct pdu_slice from)
{
	page->len = 0;
	if (from.len)
		memcpy(pdu_buf_add(page, from.len), from.bytes, from.len);
}

static int
on_page(struct chain *c, unsigned i, const struct pdu_msg *m, struct err *e)
{
	struct listing *l = c->self;
	struct pdu_slice out;

	(void)i;
	if (pdu_get_output(m, &out, e) < 0)
		return -1;
	keep_page(&l->page, out);
	return 0;
}

/* No two entries have the same name, so no two pages are the same. */
static bool
was_there(struct listing *l)
{
	const struct pdu_buf *page = &l->page;

	if (l->pages > 0 && page->len == l->earlier.len &&
	    memcmp(page->bytes, l->earlier.bytes, page->len) == 0)
		return true;
	if (l->pages++ == l->mark) {
		keep_page(&l->earlier, (struct pdu_slice){page->bytes, page->len});
		l->mark = 2 * l->mark + 1;
	}
	return false;
}

static int
fail_endless(const struct listing *l, struct err *e)
{
	return err_set(e, ERR_ATTEMPT, 58, /* ERROR_BAD_NET_RESP */
		       "%s: the server lists entries without end", l->path);
}

static bool
is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..") || name[0] == '\0';
}

static int
tell(struct listing *l, struct err *e)
{
	struct pdu_slice rest = {l->page.bytes, l->page.len};
	struct pdu_entry entry;
	int rc;

	while ((rc = pdu_get_entry(&rest, &entry, e)) == 1) {
		struct smb_stat st = {
		    .kind =
			entry.attributes & PDU_DIRECTORY_ATTRIBUTE ? SMB_DIR : SMB_FILE,
		    .size_bytes = entry.size_bytes,
		    .allocated_bytes = entry.allocated_bytes,
		    .mtime_100ns = entry.mtime_100ns,
		    .attributes = entry.attributes,
		    .file_id = entry.file_id,
		};

		if (++l->entries > LIST_MAX_ENTRIES)
			return fail_endless(l, e);
		if (is_dots(entry.name))
			continue;
		rc = l->each(l->self, entry.name, &st);
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? err_wrap(e, "%s", l->path) : 0;
}

/* The next page into l.  1: it is there; 0: no more. */
static int
next_page(struct chain *c, struct listing *l, const char *path, struct err *e)
{
	struct pdu_file_id id = c->id;
	struct conn *conn = c->conn;

	chain_init(c, conn);
	c->id = id;
	c->reply = on_page;
	c->self = l;
	chain_add(c, PDU_QUERY_DIRECTORY, l->page_bytes);
	pdu_put_query_directory(&c->buf, &id, l->page_bytes, false);
	if (chain_call(c, false, e) < 0)
		return -1;
	if (c->part[0].status == NT_NO_MORE_FILES)
		return 0;
	if (chain_result(c, BLAME_QUERY, path, e) < 0)
		return -1;
	if (l->page.len == 0)
		return err_set(e, ERR_ATTEMPT, 58,
			       "%s: the server lists nothing and does not say that it "
			       "is done",
			       path);
	return was_there(l) ? fail_endless(l, e) : 1;
}

static void
close_folder(struct chain *c)
{
	struct pdu_file_id id = c->id;
	struct conn *conn = c->conn;
	struct err ignored;

	chain_init(c, conn);
	c->id = id;
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close(&c->buf, &id);
	/* What was read is read; a dead connection tells the next call. */
	if (chain_call(c, false, &ignored) < 0)
		c->open = false;
}

int
smb_list(struct smb *s, const char *path,
	 int (*each)(void *self, const char *name, const struct smb_stat *st),
	 void *self, struct err *e)
{
	AUTO_CHAIN struct chain c = {0};
	struct listing l = {.path = path,
			    .page_bytes = s->transact_max_bytes < LIST_BYTES
					      ? s->transact_max_bytes
					      : LIST_BYTES,
			    .each = each,
			    .self = self};
	int rc;

	if (l.page_bytes < LIST_LEAST_BYTES)
		return err_set(e, ERR_ADDRESS, 58,
			       "%s: the server allows lists of %u bytes only; one name "
			       "may need %d",
			       s->o.server, (unsigned)l.page_bytes, LIST_LEAST_BYTES);
	if (open_by_name(
		&c, s,
		&(struct pdu_create){.path = path,
				     .access = PDU_READ_DATA | PDU_READ_ATTRIBUTES,
				     .share = SHARE_ALL,
				     .disposition = PDU_OPEN,
				     .options = PDU_DIRECTORY},
		e) < 0 ||
	    chain_call(&c, false, e) < 0 || chain_result(&c, BLAME_QUERY, path, e) < 0)
		return -1;
	while ((rc = next_page(&c, &l, path, e)) == 1) {
		rc = tell(&l, e);
		if (rc != 0)
			break;
	}
	close_folder(&c);
	pdu_buf_done(&l.page);
	pdu_buf_done(&l.earlier);
	return rc;
}
