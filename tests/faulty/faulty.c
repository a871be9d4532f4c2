#include "faulty.h"

#include "base/mem.h"

struct faulty {
	struct transport *inner;
	unsigned left; /* calls until the break; 0: broken */
	bool drained;  /* since the break */
	struct err fault;
};

/* Counts a call.  -1: it, like all after it, fails. */
static int
count(struct faulty *f, struct err *e)
{
	struct err unused;

	if (f->left > 1) {
		f->left--;
		return 0;
	}
	f->left = 0;
	if (!f->drained) {
		f->drained = true;
		/* What was queued got through before the line broke: were it left
		 * queued, its done() would come after the caller believes that all is
		 * over. */
		(void)!transport_drain(f->inner, &unused);
	}
	*e = f->fault;
	return -1;
}

static void
faulty_free(void *impl)
{
	struct faulty *f = impl;

	transport_free(f->inner);
	mem_free(f);
}

static bool
faulty_alive(void *impl)
{
	const struct faulty *f = impl;

	return f->left > 0 && transport_alive(f->inner);
}

static int
faulty_probe(void *impl, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1 : f->inner->ops->probe(f->inner->impl, e);
}

static void
faulty_set_stop(void *impl, const struct stop *stop)
{
	const struct faulty *f = impl;

	f->inner->ops->set_stop(f->inner->impl, stop);
}

static void
faulty_set_pace(void *impl, const struct pace *pace)
{
	const struct faulty *f = impl;

	f->inner->ops->set_pace(f->inner->impl, pace);
}

static void
faulty_facts(void *impl, struct transport_facts *out)
{
	const struct faulty *f = impl;

	f->inner->ops->facts(f->inner->impl, out);
}

static int
faulty_stat(void *impl, const char *path, struct transport_stat *out, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1 : f->inner->ops->stat(f->inner->impl, path, out, e);
}

static int
faulty_list(void *impl, const char *path,
	    int (*each)(void *self, const char *name, const struct transport_stat *st),
	    void *self, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1
			   : f->inner->ops->list(f->inner->impl, path, each, self, e);
}

static int
faulty_space(void *impl, int64_t *free_bytes, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1 : f->inner->ops->space(f->inner->impl, free_bytes, e);
}

static int
faulty_mkdir(void *impl, const char *path, bool hidden, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1 : f->inner->ops->mkdir(f->inner->impl, path, hidden, e);
}

static int
faulty_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	struct faulty *f = impl;

	if (count(f, e))
		return -1;
	return f->inner->ops->rename(f->inner->impl, from, to, replace, e);
}

static int
faulty_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	struct faulty *f = impl;

	return count(f, e) ? -1
			   : f->inner->ops->remove(f->inner->impl, path, is_dir, e);
}

static int
faulty_read(void *impl, const char *path, size_t max, char **out, size_t *len,
	    struct err *e)
{
	struct faulty *f = impl;

	if (count(f, e))
		return -1;
	return f->inner->ops->read(f->inner->impl, path, max, out, len, e);
}

/* A put on its way: what the caller gave, and whose count its blocks go to. */
struct faulty_put {
	struct faulty *faulty;
	struct transport_put outer;
};

static int
put_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	const struct faulty_put *p = self;
	struct faulty *f = p->faulty;

	/* Not count(): this runs inside the inner transport, which cannot be drained
	 * from here. */
	if (f->left > 1) {
		f->left--;
		return p->outer.read(p->outer.self, offset, buf, len, e);
	}
	f->left = 0;
	*e = f->fault;
	return -1;
}

static void
put_acked(void *self, int64_t upto_bytes)
{
	const struct faulty_put *p = self;

	if (p->outer.acked)
		p->outer.acked(p->outer.self, upto_bytes);
}

static void
put_done(void *self, const struct err *e)
{
	struct faulty_put *p = self;

	p->outer.done(p->outer.self, e);
	mem_free(p);
}

static int
faulty_put(void *impl, const struct transport_put *outer, struct err *e)
{
	struct faulty *f = impl;
	struct transport_put inner = *outer;
	struct faulty_put *p;

	if (count(f, e)) {
		outer->done(outer->self, e);
		return -1;
	}
	p = mem_zero(1, sizeof(*p));
	p->faulty = f;
	p->outer = *outer;
	inner.read = put_read;
	inner.acked = put_acked;
	inner.done = put_done;
	inner.self = p;
	if (f->inner->ops->put(f->inner->impl, &inner, e))
		return -1;
	return f->left > 0 ? 0 : count(f, e);
}

static int
faulty_change(void *impl, const struct transport_change *c, struct err *e)
{
	struct faulty *f = impl;

	if (!count(f, e))
		return f->inner->ops->change(f->inner->impl, c, e);
	c->done(c->self, e);
	return -1;
}

static int
faulty_drain(void *impl, struct err *e)
{
	struct faulty *f = impl;

	if (count(f, e) || transport_drain(f->inner, e))
		return -1;
	return f->left > 0 ? 0 : count(f, e);
}

static const struct transport_ops faulty_ops = {
    .free = faulty_free,
    .alive = faulty_alive,
    .probe = faulty_probe,
    .set_stop = faulty_set_stop,
    .set_pace = faulty_set_pace,
    .facts = faulty_facts,
    .stat = faulty_stat,
    .list = faulty_list,
    .space = faulty_space,
    .mkdir = faulty_mkdir,
    .rename = faulty_rename,
    .remove = faulty_remove,
    .read = faulty_read,
    .put = faulty_put,
    .change = faulty_change,
    .drain = faulty_drain,
};

struct transport *
faulty_wrap(struct transport *inner, unsigned k, const struct err *fault)
{
	struct transport *t = mem_zero(1, sizeof(*t));
	struct faulty *f = mem_zero(1, sizeof(*f));

	f->inner = inner;
	f->left = k > 0 ? k : 1;
	f->fault = *fault;
	t->ops = &faulty_ops;
	t->impl = f;
	return t;
}
