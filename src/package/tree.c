#include "package/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum {
	/* Bytes of a path for one open(); below PATH_MAX (4096, limits.h). */
	CHUNK_BYTES = 4000,

	FILE_MODE = 0600,
	FOLDER_MODE = 0700,
	FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

/* How much of path one open() takes: all, or up to the last '/' that fits. */
static size_t
chunk_len(const char *path)
{
	size_t len = strnlen(path, CHUNK_BYTES + 1);

	if (len <= CHUNK_BYTES)
		return len;
	for (len = CHUNK_BYTES; len > 0 && path[len] != '/';)
		len--;
	return len;
}

int
tree_open(int top, const char *path, int flags)
{
	AUTO_CLOSE int held = -1;
	int at = top;

	if (!*path)
		return openat(top, ".", flags | O_CLOEXEC);
	for (;;) {
		size_t len = chunk_len(path);
		int fd;

		if (path[len] == '\0')
			return openat(at, path, flags | O_CLOEXEC, FILE_MODE);
		if (len == 0) {
			errno = ENAMETOOLONG; /* one component longer than a path */
			return -1;
		}
		AUTO_FREE char *part = mem_dup_len(path, len);
		fd = openat(at, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (held >= 0)
			(void)close(held);
		at = held = fd;
		path += len + 1;
	}
}

int
tree_make(int top, const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *parent = mem_dup_len(path, slash ? (size_t)(slash - path) : 0);
	AUTO_CLOSE int at = tree_open(top, parent, O_PATH | O_DIRECTORY);

	if (at < 0)
		return -1;
	return mkdirat(at, slash ? slash + 1 : path, FOLDER_MODE);
}

/* A folder that is being emptied. */
struct doomed {
	DIR *stream;
	char *name; /* in the folder above it */
};

struct removal {
	struct doomed *folders; /* the way down */
	size_t depth, room;
	int top;
};

static int
folder_above(const struct removal *r)
{
	return r->depth > 1 ? dirfd(r->folders[r->depth - 2].stream) : r->top;
}

/* Go into a folder that is not empty. */
static int
enter(struct removal *r, int at, const char *name)
{
	int fd = openat(at, name, FOLDER_FLAGS);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	r->folders = mem_grow(r->folders, r->depth, &r->room, sizeof(*r->folders));
	r->folders[r->depth].stream = stream;
	r->folders[r->depth++].name = mem_dup(name);
	return 0;
}

/* Leave the deepest folder, which is empty now, and remove it. */
static int
leave(struct removal *r)
{
	struct doomed *last = &r->folders[r->depth - 1];
	int rc = unlinkat(folder_above(r), last->name, AT_REMOVEDIR);
	int no = errno;

	(void)closedir(last->stream);
	mem_free(last->name);
	r->depth--;
	errno = no;
	return rc;
}

/* Remove one name, or go into it.  An empty folder goes without a descriptor: there may
 * be none left. */
static int
remove_one(struct removal *r, int at, const char *name)
{
	if (!unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	if (errno == ENOTDIR)
		return unlinkat(at, name, 0);
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	return enter(r, at, name);
}

/* The next step of emptying the deepest folder. */
static int
remove_next(struct removal *r)
{
	DIR *stream = r->folders[r->depth - 1].stream;
	const struct dirent *entry;

	errno = 0;
	entry = readdir(stream);
	if (!entry)
		return errno ? -1 : leave(r);
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	return remove_one(r, dirfd(stream), entry->d_name);
}

int
tree_remove(int top, const char *name)
{
	struct removal r = {.top = top};
	int rc = remove_one(&r, top, name);
	int no;

	while (!rc && r.depth > 0)
		rc = remove_next(&r);
	no = errno;
	while (r.depth > 0) {
		(void)closedir(r.folders[--r.depth].stream);
		mem_free(r.folders[r.depth].name);
	}
	mem_free(r.folders);
	errno = no;
	return rc;
}

static int64_t
ns_of(const struct timespec *t)
{
	return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

int64_t
tree_mtime_ns(const struct stat *st)
{
	return ns_of(&st->st_mtim);
}

int64_t
tree_ctime_ns(const struct stat *st)
{
	return ns_of(&st->st_ctim);
}
