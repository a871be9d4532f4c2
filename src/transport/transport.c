#include "transport/transport.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

enum {
	NAME_IS_WRONG = 123, /* ERROR_INVALID_NAME (MS-ERREF 2.2) */

	/* Folders within folders that remove_tree() goes down; a choice.  Packages are
	 * refused above 256 (package/read.h). */
	DEPTH_MAX = 512,

	/* Names held per folder while removing: bounds memory; a choice. */
	BATCH_MAX = 256,
};

/* --- names ----------------------------------------------------------------------- */

/* Why one component cannot be used; NULL when it can. */
static const char *
component_fault(const char *name, size_t len)
{
	if (len == 0)
		return "a part of it is empty";
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return "it has a part \".\" or \"..\"";
	if (memchr(name, '\\', len))
		return "it holds a backslash";
	return NULL;
}

/* Paths come from our own code, but their parts from packages and from what a server
 * said: one gate for all implementations. */
static int
check_path(const char *path, bool top_allowed, struct err *e)
{
	const char *fault = NULL;

	if (!*path && top_allowed)
		return 0;
	if (!utf_valid(path, strlen(path)))
		fault = "it is not valid UTF-8";
	for (const char *part = path; !fault && part;) {
		const char *end = strchrnul(part, '/');

		fault = component_fault(part, (size_t)(end - part));
		part = *end ? end + 1 : NULL;
	}
	if (!fault)
		return 0;
	return err_set(e, ERR_REQUEST, NAME_IS_WRONG,
		       "the path \"%s\" cannot be used at the site: %s", path, fault);
}

/* --- thin doors ------------------------------------------------------------------ */

void
transport_free(struct transport *t)
{
	if (!t)
		return;
	t->ops->free(t->impl);
	mem_free(t);
}

bool
transport_alive(const struct transport *t)
{
	return t->ops->alive(t->impl);
}

int
transport_probe(struct transport *t, struct err *e)
{
	return t->ops->probe(t->impl, e);
}

void
transport_set_stop(struct transport *t, const struct stop *stop)
{
	t->ops->set_stop(t->impl, stop);
}

void
transport_get_facts(const struct transport *t, struct transport_facts *out)
{
	t->ops->facts(t->impl, out);
}

int
transport_stat(struct transport *t, const char *path, struct transport_stat *out,
	       struct err *e)
{
	if (check_path(path, true, e))
		return -1;
	return t->ops->stat(t->impl, path, out, e);
}

struct listing {
	const char *path;
	int (*each)(void *self, const char *name, const struct transport_stat *st);
	void *self;
	char *lie; /* a name that no server may give; ends the list */
};

static int
list_one(void *self, const char *name, const struct transport_stat *st)
{
	struct listing *l = self;

	if (!component_fault(name, strlen(name)) && !strchr(name, '/'))
		return l->each(l->self, name, st);
	l->lie = mem_dup(name);
	return 1;
}

int
transport_list(struct transport *t, const char *path,
	       int (*each)(void *self, const char *name,
			   const struct transport_stat *st),
	       void *self, struct err *e)
{
	struct listing l = {.path = path, .each = each, .self = self};
	int rc;

	if (check_path(path, true, e))
		return -1;
	rc = t->ops->list(t->impl, path, list_one, &l, e);
	if (!l.lie)
		return rc;
	(void)err_set(
	    e, ERR_SITE, NAME_IS_WRONG,
	    "the folder \"%s\" at the site lists the name \"%s\", which cannot "
	    "be a name in it; look at that server",
	    path, l.lie);
	mem_free(l.lie);
	return -1;
}

int
transport_space(struct transport *t, int64_t *free_bytes, struct err *e)
{
	return t->ops->space(t->impl, free_bytes, e);
}

int
transport_mkdir(struct transport *t, const char *path, bool hidden, struct err *e)
{
	if (check_path(path, false, e))
		return -1;
	return t->ops->mkdir(t->impl, path, hidden, e);
}

int
transport_rename(struct transport *t, const char *from, const char *to, bool replace,
		 struct err *e)
{
	if (check_path(from, false, e) || check_path(to, false, e))
		return -1;
	return t->ops->rename(t->impl, from, to, replace, e);
}

int
transport_remove(struct transport *t, const char *path, bool is_dir, struct err *e)
{
	if (check_path(path, false, e))
		return -1;
	return t->ops->remove(t->impl, path, is_dir, e);
}

int
transport_read(struct transport *t, const char *path, size_t max, char **out,
	       size_t *len, struct err *e)
{
	if (check_path(path, false, e))
		return -1;
	return t->ops->read(t->impl, path, max, out, len, e);
}

int
transport_set_mtime(struct transport *t, const char *path, bool is_dir,
		    int64_t mtime_ns, struct err *e)
{
	if (check_path(path, true, e))
		return -1;
	return t->ops->set_mtime(t->impl, path, is_dir, mtime_ns, e);
}

int
transport_put(struct transport *t, const struct transport_put *p, struct err *e)
{
	struct err why;

	if (!check_path(p->path, false, &why))
		return t->ops->put(t->impl, p, e);
	p->done(p->self, &why);
	return 0;
}

int
transport_mkdir_queued(struct transport *t, const char *path,
		       void (*done)(void *self, const struct err *e), void *self,
		       struct err *e)
{
	struct err why;

	if (!check_path(path, false, &why))
		return t->ops->mkdir_queued(t->impl, path, done, self, e);
	done(self, &why);
	return 0;
}

int
transport_drain(struct transport *t, struct err *e)
{
	return t->ops->drain(t->impl, e);
}

/* --- remove_tree ----------------------------------------------------------------- */

struct batch {
	struct name {
		char *name;
		bool enter; /* a folder, to be emptied first */
		bool is_dir;
	} names[BATCH_MAX];
	size_t count;
};

static void
batch_done(struct batch **b)
{
	if (!*b)
		return;
	for (size_t i = 0; i < (*b)->count; i++)
		mem_free((*b)->names[i].name);
	mem_free(*b);
}

static int
batch_add(void *self, const char *name, const struct transport_stat *st)
{
	struct batch *b = self;

	/* A link is taken away itself, never what it points to. */
	b->names[b->count].name = mem_dup(name);
	b->names[b->count].is_dir = st->is_dir;
	b->names[b->count].enter = st->is_dir && !st->is_link;
	b->count++;
	return b->count == BATCH_MAX;
}

static int remove_folder(struct transport *t, const char *path, int depth,
			 struct err *e);

/* 1: something went away; 0: nothing did. */
static int
remove_named(struct transport *t, const char *dir, const struct name *n, int depth,
	     struct err *e)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, n->name);

	if (n->enter)
		return remove_folder(t, path, depth + 1, e);
	return transport_remove(t, path, n->is_dir, e);
}

/* One batch of a folder's entries: how many went away, -1 on failure, and *more when
 * there may be others. */
static int
remove_some(struct transport *t, const char *path, int depth, bool *more, struct err *e)
{
	AUTO(batch_done) struct batch *b = mem_zero(1, sizeof(*b));
	int gone = 0;

	if (transport_list(t, path, batch_add, b, e) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		int rc = remove_named(t, path, &b->names[i], depth, e);

		if (rc < 0)
			return -1;
		gone += rc;
	}
	*more = b->count == BATCH_MAX;
	return gone;
}

static int
remove_folder(struct transport *t, const char *path, int depth, struct err *e)
{
	bool more = true;

	if (depth > DEPTH_MAX)
		return err_set(
		    e, ERR_SITE, NAME_IS_WRONG,
		    "a folder at the site is more than %d folders deep, which none of "
		    "ours is: remove it there (%s)",
		    DEPTH_MAX, path);
	while (more) {
		int gone = remove_some(t, path, depth, &more, e);

		if (gone < 0)
			return -1;
		if (gone == 0 && more)
			return err_set(
			    e, ERR_SITE, 145,
			    "\"%s\" at the site cannot be emptied: it lists names "
			    "that are not there",
			    path);
	}
	return transport_remove(t, path, true, e);
}

int
transport_remove_tree(struct transport *t, const char *path, struct err *e)
{
	struct transport_stat st;
	int rc;

	if (check_path(path, false, e))
		return -1;
	rc = transport_stat(t, path, &st, e);
	if (rc <= 0)
		return rc;
	if (st.is_dir && !st.is_link)
		rc = remove_folder(t, path, 1, e);
	else
		rc = transport_remove(t, path, st.is_dir, e);
	return rc < 0 ? -1 : 0;
}
