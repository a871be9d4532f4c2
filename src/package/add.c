/* add.c - filing: the source is walked twice.  The first walk checks every name and
 * counts; only when nothing is to be refused does the second read the bytes, so that
 * nobody waits an hour for a copy to hear of a bad name at its end. */
#include "package/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "package/copy.h"
#include "package/lists.h"
#include "package/read.h"
#include "package/store.h"
#include "package/tree.h"

enum { STORE_MODE = 0700 };

/* A package being filed. */
struct filing {
	const struct package_options *o;
	const char *store;
	int top; /* the store */
	struct stat top_stat;
	struct index_head head;
	char *source; /* the path as it was given, without '/' at its end */
	char *absolute;
	char part_name[PACKAGE_ID_ROOM + sizeof(STORE_PART)];
	char *part_path;
	int part; /* its folder, locked; -1: not made */
	struct lists *lists;
	struct copier *copier;
	struct package_info seen; /* counts of the walk that is under way */
};

/* --- the source ------------------------------------------------------------------- */

static char *
without_slashes(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return mem_dup_len(path, len);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The absolute path; "" when there is none (the walk will say why). */
static char *
absolute_path(const char *path)
{
	char *real = realpath(path, NULL);
	char *absolute = mem_dup(real ? real : "");

	mem_free(real);
	return absolute;
}

/* "." and ".." are called what they are called above. */
static int
choose_name(struct filing *f, struct err *e)
{
	const char *name = f->o->name ? f->o->name : last_part(f->source);

	if (!f->o->name && (str_eq(name, ".") || str_eq(name, "..")))
		name = last_part(f->absolute);
	if (!f->o->name && !*name)
		return err_set(e, ERR_REQUEST, 123,
			       "\"%s\" has no name that the package could have: name "
			       "it with --as",
			       f->source);
	if (package_name_check(name, strlen(name), e))
		return -1;
	return str_copy(f->head.info.name, sizeof(f->head.info.name), name);
}

static void
count_entry(struct package_info *seen, const struct reader_entry *entry)
{
	if (!*entry->path)
		seen->is_tree = entry->is_folder;
	seen->folder_count += entry->is_folder;
	seen->file_count += !entry->is_folder;
	if (!entry->is_folder)
		seen->total_bytes += entry->st.st_size;
}

static struct reader *
walk(const struct filing *f)
{
	struct reader_options o = {
	    .path = f->source,
	    .follow = f->o->follow,
	    .stop = f->o->stop,
	    .store = &f->top_stat,
	    .refused = f->o->refused,
	    .self = f->o->self,
	};

	return reader_open(&o);
}

/* The first walk. */
static int
check_source(struct filing *f, struct err *e)
{
	struct reader *r = walk(f);
	struct reader_entry entry;
	int rc;

	f->seen = (struct package_info){0};
	while ((rc = reader_next(r, &entry, e)) > 0)
		count_entry(&f->seen, &entry);
	if (!rc)
		rc = reader_verdict(r, e);
	reader_close(r);
	if (rc)
		return -1;
	f->head.info.is_tree = f->seen.is_tree;
	f->head.info.file_count = f->seen.file_count;
	f->head.info.folder_count = f->seen.folder_count;
	f->head.info.total_bytes = f->seen.total_bytes;
	return 0;
}

/* --- the second walk -------------------------------------------------------------- */

static int
write_failed(const struct filing *f, struct err *e)
{
	return store_failed(f->store, "write to", e);
}

/* What the copy looks like, once nothing writes to it any more. */
static int
remember_copy(const struct filing *f, int copy, struct package_entry *out,
	      struct err *e)
{
	struct stat st;

	if (fstat(copy, &st))
		return write_failed(f, e);
	out->inode = st.st_ino;
	out->ctime_ns = tree_ctime_ns(&st);
	return 0;
}

/* 0, COPY_CHANGED or -1, as the copier. */
static int
copy_file(struct filing *f, const struct reader_entry *in, struct package_entry *out,
	  struct err *e)
{
	AUTO_FREE char *path = mem_printf("data%s%s", *in->path ? "/" : "", in->path);
	AUTO_CLOSE int to = tree_open(f->part, path, O_RDWR | O_CREAT | O_EXCL);
	int rc;

	if (to < 0)
		return write_failed(f, e);
	rc = copier_copy(f->copier, in->fd, &in->st, to,
			 f->o->hash_later ? NULL : out->sha256, e);
	/* The one file: nothing else is waited for.  A tree: see commit(). */
	if (!rc && !*in->path && fsync(to))
		return write_failed(f, e);
	return rc ? rc : remember_copy(f, to, out, e);
}

static int
keep_file(struct filing *f, const struct reader_entry *in, struct package_entry *out,
	  struct err *e)
{
	if (!f->o->by_reference)
		return copy_file(f, in, out, e);
	if (f->o->hash_later)
		return 0;
	return copier_hash(f->copier, in->fd, &in->st, out->sha256, e);
}

static int
keep_folder(const struct filing *f, const char *in_path, struct err *e)
{
	AUTO_FREE char *path = NULL;

	if (f->o->by_reference)
		return 0;
	path = mem_printf("data%s%s", *in_path ? "/" : "", in_path);
	return tree_make(f->part, path) ? write_failed(f, e) : 0;
}

static int
keep_entry(struct filing *f, struct reader *r, const struct reader_entry *in,
	   struct err *e)
{
	struct package_entry out = {
	    .is_folder = in->is_folder,
	    .path = in->path,
	    .size_bytes = in->is_folder ? 0 : in->st.st_size,
	    .mtime_ns = tree_mtime_ns(&in->st),
	    .ctime_ns = tree_ctime_ns(&in->st),
	    .inode = in->st.st_ino,
	};
	int rc =
	    in->is_folder ? keep_folder(f, in->path, e) : keep_file(f, in, &out, e);

	if (rc < 0)
		return -1;
	if (rc == COPY_CHANGED)
		reader_refuse(r, in->path, "changed while it was read");
	if (!in->is_folder)
		copier_count_file(f->copier);
	lists_add(f->lists, &out);
	count_entry(&f->seen, in);
	return 0;
}

/* Something came or went between the two walks. */
static int
check_counts(const struct filing *f, struct err *e)
{
	const struct package_info *was = &f->head.info, *is = &f->seen;

	if (was->is_tree == is->is_tree && was->file_count == is->file_count &&
	    was->folder_count == is->folder_count &&
	    was->total_bytes == is->total_bytes)
		return 0;
	return err_set(e, ERR_REQUEST, 0,
		       "cannot send %s: it changed while it was read (from %lld files "
		       "with %lld bytes to %lld files with %lld bytes): file it when "
		       "nobody writes there",
		       f->source, (long long)was->file_count,
		       (long long)was->total_bytes, (long long)is->file_count,
		       (long long)is->total_bytes);
}

static int
keep_source(struct filing *f, struct err *e)
{
	struct reader *r = walk(f);
	struct reader_entry entry;
	int rc;

	f->seen = (struct package_info){0};
	/* One refusal is enough now: nothing will come of the rest. */
	while ((rc = reader_next(r, &entry, e)) > 0)
		if (keep_entry(f, r, &entry, e) || reader_verdict(r, e)) {
			rc = -1;
			break;
		}
	if (!rc)
		rc = reader_verdict(r, e);
	reader_close(r);
	return rc ? -1 : check_counts(f, e);
}

/* --- the store -------------------------------------------------------------------- */

static int
open_store(struct filing *f, struct err *e)
{
	if (path_make(f->store, STORE_MODE, e))
		return -1;
	f->top = store_open(f->store, e);
	if (f->top < 0)
		return -1;
	return fstat(f->top, &f->top_stat) ? write_failed(f, e) : 0;
}

static int
make_part(struct filing *f, struct err *e)
{
	struct package_info *info = &f->head.info;

	digest_token(info->id, PACKAGE_ID_ROOM - 1);
	(void)snprintf(f->part_name, sizeof(f->part_name), "%s" STORE_PART, info->id);
	f->part_path = path_join(f->store, f->part_name);
	if (tree_make(f->top, f->part_name))
		return write_failed(f, e);
	f->part = tree_open(f->top, f->part_name, O_RDONLY | O_DIRECTORY);
	if (f->part < 0 || flock(f->part, LOCK_EX | LOCK_NB))
		return write_failed(f, e);
	return lists_open(f->part_path, &f->head, !f->o->hash_later, &f->lists, e);
}

/* Durable first, then visible. */
static int
commit(struct filing *f, struct err *e)
{
	const char *id = f->head.info.id;

	if (lists_commit(f->lists, e))
		return -1;
	if (f->head.info.is_tree && !f->o->by_reference &&
	    copier_sync(f->copier, f->part, e))
		return -1;
	if (fsync(f->part) || renameat(f->top, f->part_name, f->top, id))
		return write_failed(f, e);
	if (!fsync(f->top))
		return 0;
	(void)write_failed(f, e);
	(void)renameat(f->top, id, f->top, f->part_name); /* for abandon() */
	return -1;
}

static void
filing_done(struct filing *f)
{
	copier_free(f->copier);
	if (f->top >= 0)
		(void)close(f->top);
	mem_free(f->source);
	mem_free(f->absolute);
	mem_free(f->part_path);
}

static void
close_part(struct filing *f)
{
	lists_close(f->lists);
	if (f->part >= 0)
		(void)close(f->part);
}

/* Closing comes first: removing needs descriptors, and they may be what ran out. */
static void
abandon(struct filing *f)
{
	int left;

	close_part(f);
	left = tree_remove(f->top, f->part_name);
	(void)left; /* package_sweep() tries again */
}

static int
file_package(struct filing *f, struct err *e)
{
	if (choose_name(f, e) || open_store(f, e) || check_source(f, e))
		return -1;
	if (f->o->by_reference && !*f->absolute)
		return err_set(
		    e, ERR_REQUEST, 206,
		    "cannot send %s by reference: its path is too long to be "
		    "kept; send a copy",
		    f->source);
	if (!make_part(f, e) && !keep_source(f, e) && !commit(f, e)) {
		close_part(f);
		return 0;
	}
	abandon(f);
	return -1;
}

int
package_add(const char *store, const struct package_options *o,
	    struct package_info *out, struct err *e)
{
	struct filing f = {.o = o, .store = store, .top = -1, .part = -1};
	int rc;

	f.source = without_slashes(o->path);
	f.absolute = absolute_path(f.source);
	f.copier = copier_new(store, o->stop, o->progress, o->self);
	f.head.source = f.absolute;
	f.head.info.by_reference = o->by_reference;
	f.head.info.is_hashed = !o->hash_later;
	rc = file_package(&f, e);
	if (!rc)
		*out = f.head.info;
	filing_done(&f);
	return rc;
}
