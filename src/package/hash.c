/* hash.c - the second half of filing with hash_later. */
#include "package/package.h"

#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "package/copy.h"
#include "package/lists.h"

struct hashing {
	struct package *package;
	struct lists *lists;
	struct copier *copier;
};

static int
hash_file(const struct hashing *h, struct package_entry *entry, struct err *e)
{
	struct stat st;
	int fd;
	int rc;

	if (package_open_file(h->package, entry, &fd, e))
		return -1;
	AUTO_CLOSE int held = fd;
	if (fstat(held, &st))
		return err_sys(e, ERR_REQUEST, "look at %s", entry->path);
	rc = copier_hash(h->copier, held, &st, entry->sha256, e);
	if (rc < 0)
		return -1;
	/* Says what changed, when it did. */
	if (package_check_file(h->package, entry, held, e))
		return -1;
	if (rc != COPY_CHANGED)
		return 0;
	return err_set(e, ERR_REQUEST, 0,
		       "\"%s\" of package %s cannot be read to its end: file it again",
		       *entry->path ? entry->path : package_get_info(h->package)->name,
		       package_get_info(h->package)->name);
}

static int
hash_all(const struct hashing *h, struct err *e)
{
	struct package_entry entry;
	int rc;

	while ((rc = package_next(h->package, &entry, e)) > 0) {
		if (!entry.is_folder && hash_file(h, &entry, e))
			return -1;
		lists_add(h->lists, &entry);
	}
	return rc ? -1 : lists_commit(h->lists, e);
}

static int
hash_open(struct hashing *h, const char *store, const char *id,
	  const struct index_head *head, struct err *e)
{
	AUTO_FREE char *folder = path_join(store, id);

	if (lists_open(folder, head, true, &h->lists, e))
		return -1;
	if (hash_all(h, e))
		return -1;
	return path_sync_dir(folder, e);
}

int
package_hash(const char *store, const char *id, const struct stop *stop, struct err *e)
{
	struct hashing h = {0};
	struct index_head head;
	int rc = 0;

	if (package_open(store, id, &h.package, e))
		return -1;
	head.info = *package_get_info(h.package);
	head.source = package_source(h.package);
	package_set_stop(h.package, stop);
	h.copier = copier_new(NULL, stop, NULL, NULL);
	if (!head.info.is_hashed)
		rc = hash_open(&h, store, id, &head, e);
	lists_close(h.lists);
	copier_free(h.copier);
	package_close(h.package);
	return rc;
}
