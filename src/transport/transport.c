#include "transport/transport.h"

#include <string.h>

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
transport_set_pace(struct transport *t, const struct pace *pace)
{
	t->ops->set_pace(t->impl, pace);
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
transport_put(struct transport *t, const struct transport_put *p, struct err *e)
{
	struct err why;

	if (!check_path(p->path, false, &why))
		return t->ops->put(t->impl, p, e);
	p->done(p->self, &why);
	return 0;
}

int
transport_change(struct transport *t, const struct transport_change *c, struct err *e)
{
	struct err why;

	if (!check_path(c->path, false, &why) &&
	    (c->kind != TRANSPORT_RENAME || !check_path(c->to, false, &why)))
		return t->ops->change(t->impl, c, e);
	c->done(c->self, &why);
	return 0;
}

int
transport_drain_some(struct transport *t, struct err *e)
{
	return t->ops->drain(t->impl, e);
}

int
transport_drain(struct transport *t, struct err *e)
{
	int rc;

	while ((rc = transport_drain_some(t, e)) > 0)
		;
	return rc;
}

void
transport_set_beat(struct transport *t, int (*beat)(void *self, struct err *e),
		   void *self)
{
	t->beat = beat;
	t->beat_self = self;
}

/* --- remove_tree ----------------------------------------------------------------- */

struct name {
	char *name;
	bool enter; /* a folder, to be emptied first */
	bool is_dir;
};

/* A folder that is being emptied, a batch of its names at a time. */
struct level {
	struct name names[BATCH_MAX];
	size_t count, next;
	bool more; /* there may be others behind this batch */
	int gone;  /* how many of the batch went away */
};

struct removal {
	struct transport *t;
	struct level *levels[DEPTH_MAX]; /* the way down */
	int depth;
	struct str path; /* of the deepest */
};

static void
level_clear(struct level *l)
{
	for (size_t i = 0; i < l->count; i++)
		mem_free(l->names[i].name);
	l->count = l->next = 0;
	l->gone = 0;
}

static void
removal_done(struct removal *r)
{
	while (r->depth > 0) {
		level_clear(r->levels[--r->depth]);
		mem_free(r->levels[r->depth]);
	}
	str_done(&r->path);
}

static int
add_name(void *self, const char *name, const struct transport_stat *st)
{
	struct level *l = self;

	/* A link is taken away itself, never what it points to. */
	l->names[l->count].name = mem_dup(name);
	l->names[l->count].is_dir = st->is_dir;
	l->names[l->count].enter = st->is_dir && !st->is_link;
	l->count++;
	return l->count == BATCH_MAX;
}

/* The next names of the deepest folder. */
static int
fill(struct removal *r, struct err *e)
{
	struct level *l = r->levels[r->depth - 1];

	level_clear(l);
	if (transport_list(r->t, str_text(&r->path), add_name, l, e) < 0)
		return -1;
	l->more = l->count == BATCH_MAX;
	return 0;
}

/* Go into the folder that r->path names. */
static int
enter(struct removal *r, struct err *e)
{
	if (r->depth == DEPTH_MAX)
		return err_set(
		    e, ERR_SITE, NAME_IS_WRONG,
		    "a folder at the site is more than %d folders deep, which "
		    "none of ours is: remove it there (%s)",
		    DEPTH_MAX, str_text(&r->path));
	r->levels[r->depth++] = mem_zero(1, sizeof(**r->levels));
	return fill(r, e);
}

/* Back to the folder above. */
static void
cut_last_part(struct str *path)
{
	const char *slash = strrchr(str_text(path), '/');

	if (!slash)
		return;
	path->len = (size_t)(slash - path->s);
	path->s[path->len] = '\0';
}

static int
remove_next(struct removal *r, struct level *l, struct err *e)
{
	const struct name *n = &l->names[l->next++];
	int rc;

	str_addf(&r->path, "/%s", n->name);
	if (n->enter)
		return enter(r, e);
	rc = transport_remove(r->t, str_text(&r->path), n->is_dir, e);
	cut_last_part(&r->path);
	l->gone += rc > 0;
	return rc < 0 ? -1 : 0;
}

/* The batch is through: more of this folder, or out of it. */
static int
finish_batch(struct removal *r, struct level *l, struct err *e)
{
	int rc;

	if (l->more && l->gone == 0)
		return err_set(e, ERR_SITE, 145,
			       "\"%s\" at the site cannot be emptied: it lists names "
			       "that are not there",
			       str_text(&r->path));
	if (l->more)
		return fill(r, e);
	rc = transport_remove(r->t, str_text(&r->path), true, e);
	if (rc < 0)
		return -1;
	level_clear(l);
	mem_free(l);
	if (--r->depth > 0)
		r->levels[r->depth - 1]->gone += rc;
	cut_last_part(&r->path);
	return 0;
}

static int
remove_folder(struct transport *t, const char *path, struct err *e)
{
	AUTO(removal_done) struct removal r = {.t = t};

	str_add(&r.path, path);
	if (enter(&r, e))
		return -1;
	while (r.depth > 0) {
		struct level *l = r.levels[r.depth - 1];
		int rc =
		    l->next < l->count ? remove_next(&r, l, e) : finish_batch(&r, l, e);

		if (rc || (t->beat && t->beat(t->beat_self, e) < 0))
			return -1;
	}
	return 0;
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
		return remove_folder(t, path, e);
	return transport_remove(t, path, st.is_dir, e) < 0 ? -1 : 0;
}
