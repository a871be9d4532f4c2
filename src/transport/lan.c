/* lan.c - an SMB share as a transport: names get the folder in front, times become
 * FILETIMEs, and each promise of the door is kept by calls of smb/. */
#include "transport/transport.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "smb/smb.h"
#include "transport/filetime.h"

enum {
	ALREADY_EXISTS = 183,            /* ERROR_ALREADY_EXISTS, MS-ERREF 2.2 */
	ATTRIBUTE_HIDDEN = 0x2,          /* MS-FSCC 2.6 */
	ATTRIBUTE_REPARSE_POINT = 0x400, /* MS-FSCC 2.6 */
};

struct lan {
	struct smb *smb;
	char *folder; /* "" or "in/packages": no '/' at the ends */
};

/* --- helpers --------------------------------------------------------------------- */

static char *
full_path(const struct lan *l, const char *path)
{
	if (!*l->folder || !*path)
		return mem_dup(*path ? path : l->folder);
	return mem_printf("%s/%s", l->folder, path);
}

static enum smb_kind
kind_of(bool is_dir)
{
	return is_dir ? SMB_DIR : SMB_FILE;
}

static void
fill_stat(const struct smb_stat *st, struct transport_stat *out)
{
	out->is_dir = st->kind == SMB_DIR;
	out->is_link = (st->attributes & ATTRIBUTE_REPARSE_POINT) != 0;
	out->size_bytes = out->is_dir ? 0 : st->size_bytes;
	out->mtime_ns = filetime_to_ns(st->mtime_100ns);
}

/* --- the connection -------------------------------------------------------------- */

static void
lan_free(void *impl)
{
	struct lan *l = impl;

	smb_free(l->smb);
	mem_free(l->folder);
	mem_free(l);
}

static bool
lan_alive(void *impl)
{
	const struct lan *l = impl;

	return smb_alive(l->smb);
}

static int
lan_probe(void *impl, struct err *e)
{
	const struct lan *l = impl;

	return smb_echo(l->smb, e);
}

static void
lan_set_stop(void *impl, const struct stop *stop)
{
	const struct lan *l = impl;

	smb_set_stop(l->smb, stop);
}

static void
lan_set_pace(void *impl, const struct pace *pace)
{
	const struct lan *l = impl;

	smb_set_pace(l->smb, pace);
}

static const char *
dialect_name(enum smb_dialect dialect)
{
	switch (dialect) {
	case SMB_DIALECT_202:
		return "2.0.2";
	case SMB_DIALECT_210:
		return "2.1";
	case SMB_DIALECT_300:
		return "3.0";
	case SMB_DIALECT_302:
		return "3.0.2";
	case SMB_DIALECT_311:
		return "3.1.1";
	}
	return "";
}

static void
lan_facts(void *impl, struct transport_facts *out)
{
	const struct lan *l = impl;
	struct smb_facts facts;

	smb_get_facts(l->smb, &facts);
	*out = (struct transport_facts){
	    .dialect = dialect_name(facts.dialect),
	    .cipher = facts.cipher,
	    .signature = facts.signature,
	    .one_by_one = facts.one_by_one,
	    .congestion_refused = facts.congestion_refused,
	    .bytes_sent = facts.bytes_sent,
	    .bytes_received = facts.bytes_received,
	    .connect_ms = facts.connect_ms,
	    .rtt_us = facts.rtt_us,
	    .retransmits = facts.retransmits,
	    .connections = facts.connections,
	};
}

/* --- names ----------------------------------------------------------------------- */

static int
lan_stat(void *impl, const char *path, struct transport_stat *out, struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full = full_path(l, path);
	struct smb_stat st;
	int rc = smb_stat(l->smb, full, &st, e);

	if (rc > 0)
		fill_stat(&st, out);
	return rc;
}

struct listing {
	int (*each)(void *self, const char *name, const struct transport_stat *st);
	void *self;
};

static int
list_one(void *self, const char *name, const struct smb_stat *st)
{
	const struct listing *l = self;
	struct transport_stat out;

	fill_stat(st, &out);
	return l->each(l->self, name, &out);
}

static int
lan_list(void *impl, const char *path,
	 int (*each)(void *self, const char *name, const struct transport_stat *st),
	 void *self, struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full = full_path(l, path);
	struct listing listing = {.each = each, .self = self};

	return smb_list(l->smb, full, list_one, &listing, e);
}

static int
lan_space(void *impl, int64_t *free_bytes, struct err *e)
{
	const struct lan *l = impl;

	return smb_space(l->smb, free_bytes, e);
}

static int
lan_mkdir(void *impl, const char *path, bool hidden, struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full = full_path(l, path);

	return smb_mkdir(l->smb, full, hidden ? ATTRIBUTE_HIDDEN : 0, e);
}

/* Samba (4.17) hands a rename to rename(2), which replaces an empty folder; Windows
 * never replaces one (MS-FSA, FileRenameInformation).  Looking first is no lock, but
 * who would make a folder there in that moment? */
static int
check_no_folder(const struct lan *l, const char *full, struct err *e)
{
	struct smb_stat st;
	int rc = smb_stat(l->smb, full, &st, e);

	if (rc <= 0 || st.kind != SMB_DIR)
		return rc < 0 ? -1 : 0;
	return err_set(e, ERR_SITE, 183,
		       "rename to \"%s\": a folder of that name is in "
		       "the way",
		       full);
}

static int
lan_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full_from = full_path(l, from);
	AUTO_FREE char *full_to = full_path(l, to);

	/* Mostly nothing is in the way: then one round trip does. */
	if (smb_rename(l->smb, full_from, full_to, false, e) == 0)
		return 0;
	if (!replace || e->win32 != ALREADY_EXISTS || !smb_alive(l->smb) ||
	    check_no_folder(l, full_to, e) < 0)
		return -1;
	return smb_rename(l->smb, full_from, full_to, true, e);
}

static int
lan_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full = full_path(l, path);

	return smb_delete(l->smb, full, kind_of(is_dir), e);
}

/* --- reading --------------------------------------------------------------------- */

/* The whole file, `size` bytes of it; text has room for one more. */
static int
read_whole(struct smb *smb, const char *full, char *text, size_t size, size_t *len,
	   struct err *e)
{
	struct smb_file *f;
	struct err unused;
	size_t done = 0, got = 1;
	int rc = 0, closed;

	if (smb_open(smb, full, &f, e))
		return -1;
	while (rc == 0 && got > 0 && done < size) {
		got = 0;
		rc = smb_read(f, (int64_t)done, text + done, size - done, &got, e);
		done += got;
	}
	/* Nothing was written, so a close that fails takes nothing back; a dead
	 * connection will be said by the next call. */
	closed = smb_close(f, &unused);
	(void)closed;
	text[done] = '\0';
	*len = done;
	return rc;
}

static int
lan_read(void *impl, const char *path, size_t max, char **out, size_t *len,
	 struct err *e)
{
	const struct lan *l = impl;
	AUTO_FREE char *full = full_path(l, path);
	AUTO_FREE char *text = NULL;
	struct smb_stat st;
	int rc = smb_stat(l->smb, full, &st, e);

	if (rc <= 0)
		return rc;
	if (st.kind == SMB_DIR)
		return err_set(e, ERR_SITE, 183,
			       "read \"%s\": a folder of that name is in "
			       "the way",
			       full);
	if (st.size_bytes < 0 || st.size_bytes > (int64_t)max)
		return err_set(
		    e, ERR_REQUEST, 223,
		    "read \"%s\": it has %lld bytes, more than the %zu that it "
		    "may have",
		    full, (long long)st.size_bytes, max);
	text = mem_alloc((size_t)st.size_bytes + 1);
	if (read_whole(l->smb, full, text, (size_t)st.size_bytes, len, e))
		return -1;
	*out = STEAL(text);
	return 1;
}

/* --- putting --------------------------------------------------------------------- */

/* A file on its way: smb_put() borrows the path until done(), so it lives here. */
struct lan_put {
	char *full;
	struct transport_put outer;
};

static int
put_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	const struct lan_put *p = self;

	return p->outer.read(p->outer.self, offset, buf, len, e);
}

static void
put_acked(void *self, int64_t upto_bytes)
{
	const struct lan_put *p = self;

	if (p->outer.acked)
		p->outer.acked(p->outer.self, upto_bytes);
}

static void
put_done(void *self, const struct err *e)
{
	struct lan_put *p = self;

	p->outer.done(p->outer.self, e);
	mem_free(p->full);
	mem_free(p);
}

static int
lan_put(void *impl, const struct transport_put *outer, struct err *e)
{
	const struct lan *l = impl;
	struct lan_put *p = mem_zero(1, sizeof(*p));
	struct smb_put put = {
	    .size_bytes = outer->size_bytes,
	    .start_bytes = outer->start_bytes,
	    .mtime_100ns = filetime_of(outer->mtime_ns),
	    .read = put_read,
	    .acked = put_acked,
	    .done = put_done,
	    .self = p,
	};

	p->full = full_path(l, outer->path);
	p->outer = *outer;
	put.path = p->full;
	return smb_put(l->smb, &put, e);
}

/* A change on its way, likewise. */
struct lan_change {
	char *full, *full_to;
	struct transport_change outer;
};

static void
change_done(void *self, const struct err *e)
{
	struct lan_change *c = self;

	c->outer.done(c->outer.self, e);
	mem_free(c->full);
	mem_free(c->full_to);
	mem_free(c);
}

static int
lan_change(void *impl, const struct transport_change *outer, struct err *e)
{
	static const enum smb_change_kind kinds[] = {
	    [TRANSPORT_MAKE_FOLDER] = SMB_MAKE_FOLDER,
	    [TRANSPORT_TOUCH_FOLDER] = SMB_TOUCH_FOLDER,
	    [TRANSPORT_RENAME] = SMB_RENAME,
	    [TRANSPORT_REMOVE_FOLDER] = SMB_REMOVE_FOLDER,
	    [TRANSPORT_LOOK] = SMB_LOOK,
	    [TRANSPORT_TRY_MOVE] = SMB_TRY_MOVE,
	};
	const struct lan *l = impl;
	struct lan_change *c = mem_zero(1, sizeof(*c));
	struct smb_change change = {.kind = kinds[outer->kind],
				    .attributes = outer->hidden ? ATTRIBUTE_HIDDEN : 0,
				    .done = change_done,
				    .self = c};

	if (outer->kind == TRANSPORT_TOUCH_FOLDER)
		change.mtime_100ns = filetime_of(outer->mtime_ns);
	c->full = full_path(l, outer->path);
	c->full_to = outer->kind == TRANSPORT_RENAME ? full_path(l, outer->to) : NULL;
	c->outer = *outer;
	change.path = c->full;
	change.to = c->full_to;
	return smb_change(l->smb, &change, e);
}

static int
lan_drain(void *impl, struct err *e)
{
	const struct lan *l = impl;

	return smb_drain_some(l->smb, e);
}

/* --- opening --------------------------------------------------------------------- */

/* As people and configurations write it, "\in\packages\" -> "in/packages". */
static char *
tidy_folder(const char *folder)
{
	char *tidy = mem_dup(folder ? folder : "");
	size_t len = 0;

	for (const char *c = tidy; *c; c++) {
		const char plain = (char)(*c == '\\' ? '/' : *c);

		if (plain != '/' || (len > 0 && tidy[len - 1] != '/'))
			tidy[len++] = plain;
	}
	if (len > 0 && tidy[len - 1] == '/')
		len--;
	tidy[len] = '\0';
	return tidy;
}

/* Make the folder, from the top down.  Looking first: an account may write in it and
 * yet have no right to make what is above it. */
static int
make_folder(const struct lan *l, struct err *e)
{
	AUTO_FREE char *path = mem_dup(l->folder);
	struct smb_stat st;
	int rc;

	if (!*path)
		return 0;
	rc = smb_stat(l->smb, path, &st, e);
	if (rc < 0)
		return -1;
	if (rc > 0 && st.kind == SMB_DIR)
		return 0;
	for (char *end = path; end;) {
		end = strchr(end, '/');
		if (end)
			*end = '\0';
		if (smb_mkdir(l->smb, path, 0, e) < 0)
			return err_wrap(e, "make the folder \"%s\" of the share", path);
		if (end)
			*end++ = '/';
	}
	return 0;
}

static const struct transport_ops lan_ops = {
    .free = lan_free,
    .alive = lan_alive,
    .probe = lan_probe,
    .set_stop = lan_set_stop,
    .set_pace = lan_set_pace,
    .facts = lan_facts,
    .stat = lan_stat,
    .list = lan_list,
    .space = lan_space,
    .mkdir = lan_mkdir,
    .rename = lan_rename,
    .remove = lan_remove,
    .read = lan_read,
    .put = lan_put,
    .change = lan_change,
    .drain = lan_drain,
};

int
transport_open_lan(const struct smb_options *o, const char *folder,
		   struct transport **out, struct err *e)
{
	struct lan *l = mem_zero(1, sizeof(*l));

	l->folder = tidy_folder(folder);
	if (smb_connect(o, &l->smb, e) || make_folder(l, e)) {
		lan_free(l);
		return -1;
	}
	*out = mem_zero(1, sizeof(**out));
	(*out)->ops = &lan_ops;
	(*out)->impl = l;
	return 0;
}
