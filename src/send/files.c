#include "send/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

/* Files; the engine has fewer in flight, and takes more before it waits by itself
 * (smb/put.c). */
enum { QUEUED_MAX = 1024 };

/* One file that is queued; freed by its done(). */
struct file {
	struct files *all;
	char *remote;
	char *path;  /* below the package; what entry.path points to       */
	char *local; /* a file that is not of the package; NULL: it is one */
	struct package_entry entry;
	bool counts;
	int fd; /* -1: not open yet, or done with */
	int64_t acked_bytes;
	int64_t handed_bytes; /* to the transport                          */
	int64_t told_bytes;   /* the log has it up to here                 */
};

/* One change that is queued; freed by change_done(). */
struct change {
	struct files *all;
	char *remote;
	void (*done)(void *self, const struct err *e); /* NULL: nobody asks */
	void *self;
};

void
files_init(struct files *s, struct run *r)
{
	*s = (struct files){.run = r};
	prefix_init(&s->prefix, &r->kept);
}

void
files_done(struct files *s)
{
	prefix_done(&s->prefix);
	mem_free(s->failed_on);
}

static void
fail(struct files *s, const char *remote, const struct err *e)
{
	if (s->failed)
		return;
	s->failed = true;
	s->trouble = *e;
	s->failed_on = remote ? mem_dup(remote) : NULL;
}

/* --- the log --------------------------------------------------------------------- */

/* A span of blocks, as the original told each block. */
static void
tell(struct file *f)
{
	const struct run *r = f->all->run;
	AUTO_FREE char *shown = NULL;

	if (!r->a->log || f->acked_bytes == f->told_bytes)
		return;
	shown = run_shown(r, f->remote);
	event_log(r->a->log, &r->about, EVENT_WRITING,
		  (long long)(f->handed_bytes - f->told_bytes), shown,
		  (long long)f->told_bytes);
	event_log(r->a->log, &r->about, EVENT_WROTE,
		  (long long)(f->acked_bytes - f->told_bytes), shown,
		  (long long)f->told_bytes);
	f->told_bytes = f->acked_bytes;
}

/* In a tree, small files that come and go between two spans are not told: a hundred
 * thousand of them would drown everything else. */
static void
tell_end(struct file *f)
{
	const struct request *q = f->all->run->a->request;

	if (f->told_bytes > 0 || !q->package.is_tree)
		tell(f);
}

/* --- what the transport calls ---------------------------------------------------- */

static int
open_source(struct file *f, struct err *e)
{
	if (!f->local)
		return package_open_file(f->all->run->a->package, &f->entry, &f->fd, e);
	f->fd = open(f->local, O_RDONLY | O_CLOEXEC);
	return f->fd < 0 ? err_sys(e, ERR_LOCAL, "open %s", f->local) : 0;
}

static void
close_source(struct file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}

/* A source that was filed by reference may lie on a disk or server of its own: its
 * trouble is this request's, and may pass.  The package store is ours. */
static int
blame_read(const struct file *f, struct err *e)
{
	struct package *p = f->all->run->a->package;
	const char *name = *f->path ? f->path : package_get_info(p)->name;
	const char *source = f->local ? NULL : package_source(p);

	if (source)
		return err_sys(e, ERR_ATTEMPT,
			       "read \"%s\", filed by reference from %s", name, source);
	return err_sys(e, ERR_LOCAL, "read \"%s\" of the package", name);
}

static int
fill(const struct file *f, int64_t offset, char *buf, size_t len, struct err *e)
{
	const ssize_t n = io_read_at(f->fd, buf, len, offset);

	if (n < 0)
		return blame_read(f, e);
	if ((size_t)n == len)
		return 0;
	return err_set(e, ERR_REQUEST, 38,
		       "\"%s\" ends at byte %lld, before the %lld that it had when it "
		       "was filed; file the request again",
		       f->path, (long long)offset + (long long)n,
		       (long long)f->entry.size_bytes);
}

static int
check_source(struct file *f, struct err *e)
{
	return f->local
		   ? 0
		   : package_check_file(f->all->run->a->package, &f->entry, f->fd, e);
}

static int
file_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct file *f = self;

	if (f->all->failed) {
		*e = f->all->trouble;
		return -1;
	}
	if (f->fd < 0 && open_source(f, e) < 0)
		return -1;
	if (fill(f, offset, buf, len, e) < 0)
		return -1;
	f->handed_bytes = offset + (int64_t)len;
	if (f->handed_bytes < f->entry.size_bytes)
		return 0;
	if (check_source(f, e) < 0)
		return -1;
	close_source(f);
	return 0;
}

/* What was acknowledged goes to the outbox; an order that comes back ends everything at
 * its next block. */
static void
save(struct files *s)
{
	struct err e;

	s->run->kept = prefix_get(&s->prefix);
	if (run_save(s->run, &e) < 0)
		fail(s, NULL, &e);
}

/* When it is time. */
static void
beat(struct file *f)
{
	struct files *s = f->all;
	struct run *r = s->run;

	if (s->acked)
		s->acked(s->self);
	run_at(r, f->path, f->acked_bytes, f->entry.size_bytes);
	if (!run_is_due(r))
		return;
	tell(f);
	save(s);
}

static void
file_acked(void *self, int64_t upto_bytes)
{
	struct file *f = self;

	if (upto_bytes <= f->acked_bytes)
		return;
	f->all->run->history.bytes_sent += upto_bytes - f->acked_bytes;
	f->acked_bytes = upto_bytes;
	if (f->counts)
		prefix_acked(&f->all->prefix, f->entry.number, upto_bytes);
	beat(f);
}

static void
file_free(struct file *f)
{
	close_source(f);
	mem_free(f->remote);
	mem_free(f->path);
	mem_free(f->local);
	mem_free(f);
}

static void
file_done(void *self, const struct err *e)
{
	struct file *f = self;
	struct files *s = f->all;

	s->under_way -= !f->local;
	if (e) {
		fail(s, f->remote, e);
	} else {
		if (f->counts)
			prefix_whole(&s->prefix, f->entry.number);
		s->run->history.bytes_sent += f->entry.size_bytes - f->acked_bytes;
		f->acked_bytes = f->entry.size_bytes;
		tell_end(f);
		beat(f);
	}
	file_free(f);
}

static void
change_done(void *self, const struct err *e)
{
	struct change *c = self;

	if (e)
		fail(c->all, c->remote, e);
	if (c->done)
		c->done(c->self, e);
	mem_free(c->remote);
	mem_free(c);
}

/* --- queueing -------------------------------------------------------------------- */

/* After every call into the transport: what does it mean for all? */
static int
verdict(struct files *s, int rc, struct err *e)
{
	if (s->failed) {
		*e = s->trouble;
		return -1;
	}
	return rc;
}

static int
queue(struct file *f, int64_t start_bytes, struct err *e)
{
	struct files *s = f->all;
	struct transport_put put = {
	    .path = f->remote,
	    .size_bytes = f->entry.size_bytes,
	    .start_bytes = start_bytes,
	    .mtime_ns = f->entry.mtime_ns,
	    .read = file_read,
	    .acked = file_acked,
	    .done = file_done,
	    .self = f,
	};

	s->under_way += !f->local;
	f->acked_bytes = f->handed_bytes = f->told_bytes = start_bytes;
	return verdict(s, transport_put(s->run->transport, &put, e), e);
}

/* An empty file is never read, so whether it has stayed empty is looked at first. */
static int
check_empty(struct file *f, struct err *e)
{
	int rc;

	if (f->entry.size_bytes > 0 || !f->all->run->a->request->package.by_reference)
		return 0;
	rc = open_source(f, e);
	if (rc == 0)
		rc = check_source(f, e);
	close_source(f);
	return rc;
}

/* On a line that stands still nothing is acknowledged; what was before is kept all the
 * same, and the lease with it.  1: there is more under way. */
static int
wait_some(struct files *s, struct err *e)
{
	const int rc = transport_drain_some(s->run->transport, e);

	if (rc > 0 && !s->failed && run_is_due_meanwhile(s->run))
		save(s);
	return rc;
}

int
files_put(struct files *s, const struct files_put *put, struct err *e)
{
	struct file *f;

	while (!s->failed && s->under_way >= QUEUED_MAX)
		if (wait_some(s, e) < 0)
			return verdict(s, -1, e);
	if (verdict(s, 0, e) < 0)
		return -1;
	f = mem_zero(1, sizeof(*f));
	f->all = s;
	f->fd = -1;
	f->remote = mem_dup(put->remote);
	f->path = mem_dup(put->entry->path);
	f->entry = *put->entry;
	f->entry.path = f->path;
	f->counts = put->counts;
	if (f->counts)
		prefix_add(&s->prefix, f->entry.number, f->entry.size_bytes,
			   put->start_bytes);
	if (check_empty(f, e) < 0) {
		fail(s, NULL, e);
		file_free(f);
		return -1;
	}
	return queue(f, put->start_bytes, e);
}

int
files_put_local(struct files *s, const char *local, const char *remote, struct err *e)
{
	struct stat st;
	struct file *f;

	if (verdict(s, 0, e) < 0)
		return -1;
	if (stat(local, &st) < 0) {
		(void)err_sys(e, ERR_LOCAL, "look at %s", local);
		fail(s, NULL, e);
		return -1;
	}
	f = mem_zero(1, sizeof(*f));
	f->all = s;
	f->fd = -1;
	f->remote = mem_dup(remote);
	f->path = mem_dup(local);
	f->local = mem_dup(local);
	f->entry.path = f->path;
	f->entry.size_bytes = st.st_size;
	f->entry.mtime_ns =
	    INT64_C(1000000000) * st.st_mtim.tv_sec + st.st_mtim.tv_nsec;
	return queue(f, 0, e);
}

int
files_change(struct files *s, const struct transport_change *what, struct err *e)
{
	struct transport_change inner = *what;
	struct change *c;

	if (verdict(s, 0, e) < 0)
		return -1;
	c = mem_zero(1, sizeof(*c));
	c->all = s;
	c->remote = mem_dup(what->path);
	c->done = what->done;
	c->self = what->self;
	inner.path = c->remote;
	inner.done = change_done;
	inner.self = c;
	return verdict(s, transport_change(s->run->transport, &inner, e), e);
}

int
files_drain(struct files *s, struct err *e)
{
	int rc;

	while ((rc = wait_some(s, e)) > 0)
		;
	return verdict(s, rc, e);
}
