#include "package/package.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "package/copy.h"
#include "package/index.h"
#include "package/store.h"
#include "package/tree.h"

struct package {
	int folder;              /* <store>/<id> */
	const struct stop *stop; /* may be NULL */
	char *index_path, *manifest_path;
	struct package_info info;
	struct index *index;
	const struct index_head *head; /* of index */
};

/* --- open, close ------------------------------------------------------------------ */

static int
open_index(struct package *p, struct err *e)
{
	struct package_info info;
	struct index *index;
	FILE *f;

	/* Asked first: the manifest comes last (lists.c), so the index that is opened
	 * after it has the hashes. */
	bool is_hashed = access(p->manifest_path, F_OK) == 0;

	f = path_open_stream(p->index_path, "r");
	if (!f && errno == ENOENT)
		return err_set(e, ERR_REQUEST, 2,
			       "the package is not in the store any more (%s): file it "
			       "again",
			       p->index_path);
	if (!f)
		return err_sys(e, ERR_LOCAL, "open %s", p->index_path);
	if (index_open(f, &index, e))
		return -1;
	index_close(p->index);
	p->index = index;
	p->head = index_get_head(index);
	info = p->head->info;
	str_copy_cut(info.id, sizeof(info.id), p->info.id);
	info.is_hashed = is_hashed;
	p->info = info;
	return 0;
}

static int
open_folder(struct package *p, const char *store, const char *id, struct err *e)
{
	AUTO_FREE char *folder = path_join(store, id);

	if (!store_is_id(id))
		return err_set(e, ERR_REQUEST, 0, "\"%s\" is no id of a package", id);
	str_copy_cut(p->info.id, sizeof(p->info.id), id);
	p->index_path = path_join(folder, "index");
	p->manifest_path = path_join(folder, "manifest");
	p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->folder >= 0)
		return open_index(p, e);
	if (errno != ENOENT)
		return err_sys(e, ERR_LOCAL, "open %s", folder);
	return err_set(e, ERR_REQUEST, 2,
		       "the package is not in the store any more (%s): file it again",
		       folder);
}

int
package_open(const char *store, const char *id, struct package **out, struct err *e)
{
	struct package *p = mem_zero(1, sizeof(*p));

	p->folder = -1;
	if (open_folder(p, store, id, e)) {
		package_close(p);
		return -1;
	}
	*out = p;
	return 0;
}

void
package_close(struct package *p)
{
	if (!p)
		return;
	index_close(p->index);
	if (p->folder >= 0)
		(void)close(p->folder);
	mem_free(p->index_path);
	mem_free(p->manifest_path);
	mem_free(p);
}

const struct package_info *
package_get_info(const struct package *p)
{
	return &p->info;
}

const char *
package_source(const struct package *p)
{
	return p->head->source;
}

void
package_set_stop(struct package *p, const struct stop *stop)
{
	p->stop = stop;
}

const char *
package_manifest_path(const struct package *p)
{
	return p->manifest_path;
}

/* --- entries ---------------------------------------------------------------------- */

int
package_next(struct package *p, struct package_entry *out, struct err *e)
{
	return index_next(p->index, out, e);
}

int
package_rewind(struct package *p, struct err *e)
{
	return open_index(p, e);
}

/* No name holds a NUL, so that nothing can be read two ways. */
int
package_content(struct package *p, char hex[DIGEST_HEX_ROOM], struct err *e)
{
	struct package_entry entry;
	struct digest *d;
	int rc = package_rewind(p, e);

	if (rc < 0)
		return -1;
	d = digest_new();
	while ((rc = package_next(p, &entry, e)) > 0) {
		digest_add(d, entry.is_folder ? "d" : "f", 1);
		digest_add(d, entry.path, strlen(entry.path) + 1);
		digest_add(d, entry.sha256, strlen(entry.sha256) + 1);
	}
	digest_hex(d, hex);
	digest_free(d);
	return rc < 0 ? -1 : package_rewind(p, e);
}

/* --- files ------------------------------------------------------------------------ */

/* What the entry is called in a text: the package's own name when it is one file. */
static const char *
shown_path(const struct package *p, const struct package_entry *entry)
{
	return *entry->path ? entry->path : p->info.name;
}

static void
add_change(struct str *out, const char *what)
{
	str_add(out, out->len ? ", " : "");
	str_add(out, what);
}

/* Does a copy that was touched still hold the bytes that were filed? */
static int
prove_copy(struct package *p, const struct package_entry *entry, int fd,
	   const struct stat *st, struct err *e)
{
	char now[DIGEST_HEX_ROOM] = "";
	struct copier *c = copier_new(NULL, p->stop, NULL, NULL);
	int rc = *entry->sha256 ? copier_hash(c, fd, st, now, e) : 0;

	copier_free(c);
	if (rc < 0)
		return -1;
	if (!rc && *now && str_eq(now, entry->sha256))
		return 0;
	return err_set(e, ERR_REQUEST, 13,
		       "\"%s\" in the package store (package %s) has changed since "
		       "it was filed: file it again",
		       shown_path(p, entry), p->info.id);
}

/* Whoever writes to a file cannot keep its ctime, whatever he does with its other
 * times.  But a backup, a `chown -R` or a store that was moved change it as well, and
 * harm nothing: then, and only then, the bytes are read for their hash. */
static int
check_copy(struct package *p, struct package_entry *entry, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(e, ERR_LOCAL, "look at a file of the package store");
	if (st.st_size != entry->size_bytes)
		return err_set(e, ERR_REQUEST, 13,
			       "\"%s\" is damaged in the package store (package %s: "
			       "its size is not what it was): file it again",
			       shown_path(p, entry), p->info.id);
	if (st.st_ino == entry->inode && tree_ctime_ns(&st) == entry->ctime_ns)
		return 0;
	if (prove_copy(p, entry, fd, &st, e))
		return -1;
	entry->inode = st.st_ino;
	entry->ctime_ns = tree_ctime_ns(&st);
	return 0;
}

int
package_check_file(struct package *p, struct package_entry *entry, int fd,
		   struct err *e)
{
	AUTO_STR struct str changes = {0};
	struct stat st;

	if (!p->info.by_reference)
		return check_copy(p, entry, fd, e);
	if (fstat(fd, &st))
		return err_sys(e, ERR_REQUEST, "look at %s/%s", p->head->source,
			       entry->path);
	if (st.st_ino != entry->inode)
		add_change(&changes, "it is another file of the same name");
	if (st.st_size != entry->size_bytes)
		str_addf(&changes, "%ssize %lld, was %lld bytes",
			 changes.len ? ", " : "", (long long)st.st_size,
			 (long long)entry->size_bytes);
	if (tree_mtime_ns(&st) != entry->mtime_ns)
		add_change(&changes, "time of last change");
	/* Who sets the times back cannot set this one. */
	if (!changes.len && tree_ctime_ns(&st) != entry->ctime_ns)
		add_change(&changes, "owner, rights, links or content (ctime)");
	if (!changes.len)
		return 0;
	return err_set(
	    e, ERR_REQUEST, 0,
	    "\"%s\" has changed since it was filed by reference from %s (%s): "
	    "file it again",
	    shown_path(p, entry), p->head->source, str_text(&changes));
}

/* Whether it is the source's fault, ours, or one that may pass: a server that the
 * source lies on may be away for a while. */
static int
blame_open(struct package *p, const struct package_entry *entry, struct err *e)
{
	const bool ours = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
	const bool passes = errno == EIO || errno == ESTALE || errno == ETIMEDOUT ||
			    errno == EHOSTDOWN || errno == EINTR;

	if (ours)
		return err_sys(e, ERR_LOCAL, "open \"%s\" in %s", shown_path(p, entry),
			       p->head->source);
	return err_sys(e, passes ? ERR_ATTEMPT : ERR_REQUEST,
		       "\"%s\" was filed by reference from %s and cannot be opened "
		       "any more",
		       shown_path(p, entry), p->head->source);
}

static int
open_original(struct package *p, struct package_entry *entry, struct err *e)
{
	AUTO_FREE char *path =
	    *entry->path ? path_join(p->head->source, entry->path) : NULL;
	int fd = tree_open(AT_FDCWD, path ? path : p->head->source,
			   O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return blame_open(p, entry, e);
	if (!package_check_file(p, entry, fd, e))
		return fd;
	(void)close(fd);
	return -1;
}

static int
open_copy(struct package *p, struct package_entry *entry, struct err *e)
{
	AUTO_FREE char *path =
	    mem_printf("data%s%s", *entry->path ? "/" : "", entry->path);
	int fd = tree_open(p->folder, path, O_RDONLY | O_NOFOLLOW);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			return err_sys(e, ERR_LOCAL,
				       "open a file of the package store");
		(void)err_sys(
		    e, ERR_REQUEST,
		    "\"%s\" cannot be read from the package store (package %s): "
		    "file it again",
		    shown_path(p, entry), p->info.id);
		return -1;
	}
	if (!check_copy(p, entry, fd, e))
		return fd;
	(void)close(fd);
	return -1;
}

int
package_open_file(struct package *p, struct package_entry *entry, int *fd,
		  struct err *e)
{
	int opened;

	if (p->info.by_reference)
		opened = open_original(p, entry, e);
	else
		opened = open_copy(p, entry, e);
	if (opened < 0)
		return -1;
	*fd = opened;
	return 0;
}
