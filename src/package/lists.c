#include "package/lists.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"

struct list {
	FILE *f; /* NULL: there is none */
	char *path, *new_path;
	int trouble; /* errno of the first write that failed; 0: none did */
};

struct lists {
	const struct index_head *head;
	struct list index, manifest;
	int64_t entries;
};

static int
list_open(struct list *l, const char *folder, const char *name, struct err *e)
{
	l->path = mem_printf("%s/%s", folder, name);
	l->new_path = mem_printf("%s.new", l->path);
	l->f = path_open_stream(l->new_path, "w");
	return l->f ? 0 : err_disk(e, "make", l->new_path, NULL);
}

static void
list_close(struct list *l)
{
	if (l->f) {
		(void)fclose(l->f);
		(void)unlink(l->new_path);
	}
	mem_free(l->path);
	mem_free(l->new_path);
}

/* After each write: what errno says now is lost with the next call. */
static void
list_wrote(struct list *l)
{
	if (l->f && !l->trouble && ferror(l->f))
		l->trouble = errno;
}

static int
list_failed(const struct list *l, struct err *e)
{
	return err_disk(e, "write", l->path, NULL);
}

static int
list_commit(struct list *l, struct err *e)
{
	FILE *f = l->f;

	if (!f)
		return 0;
	errno = l->trouble;
	if (l->trouble || fflush(f) || fsync(fileno(f)) || rename(l->new_path, l->path))
		return list_failed(l, e);
	l->f = NULL;
	return path_close_stream(f) ? list_failed(l, e) : 0;
}

int
lists_open(const char *folder, const struct index_head *head, bool hashed,
	   struct lists **out, struct err *e)
{
	struct lists *l = mem_zero(1, sizeof(*l));

	l->head = head;
	if (list_open(&l->index, folder, "index", e) ||
	    (hashed && list_open(&l->manifest, folder, "manifest", e))) {
		lists_close(l);
		return -1;
	}
	index_write_head(l->index.f, head);
	list_wrote(&l->index);
	*out = l;
	return 0;
}

/* As sha256sum writes it, relative to the folder in which the package is published.
 * (It would put '\' in front of a line whose name has a backslash or an end of line,
 * and escape them; names.c lets neither into a package.) */
static void
write_manifest(FILE *f, const char *name, const struct package_entry *entry)
{
	(void)fprintf(f, "%s  %s%s%s\n", entry->sha256, name, *entry->path ? "/" : "",
		      entry->path);
}

void
lists_add(struct lists *l, const struct package_entry *entry)
{
	index_write_entry(l->index.f, entry);
	if (l->manifest.f && !entry->is_folder)
		write_manifest(l->manifest.f, l->head->info.name, entry);
	list_wrote(&l->index);
	list_wrote(&l->manifest);
	l->entries++;
}

int
lists_commit(struct lists *l, struct err *e)
{
	index_write_end(l->index.f, l->entries);
	list_wrote(&l->index);
	if (list_commit(&l->index, e) || list_commit(&l->manifest, e))
		return -1;
	return 0;
}

void
lists_close(struct lists *l)
{
	if (!l)
		return;
	list_close(&l->index);
	list_close(&l->manifest);
	mem_free(l);
}
