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

static int
remove_one(int top, const char *name)
{
	struct stat st;

	if (!fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (S_ISDIR(st.st_mode))
			return tree_remove(top, name);
		if (!unlinkat(top, name, 0))
			return 0;
	}
	return errno == ENOENT ? 0 : -1;
}

static int
empty_folder(int fd)
{
	DIR *stream = fdopendir(fd); /* takes fd */
	const struct dirent *entry;
	int rc = 0;

	if (!stream) {
		(void)close(fd);
		return -1;
	}
	while (!rc && (errno = 0, entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = remove_one(dirfd(stream), entry->d_name);
	if (!rc && errno)
		rc = -1;
	(void)closedir(stream);
	return rc;
}

/* Recursion is as deep as what read.c let into a package (DEPTH_MAX) and little more.
 * An empty folder goes without a descriptor: there may be none left. */
int
tree_remove(int top, const char *name)
{
	int fd;

	if (!unlinkat(top, name, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	if (errno == ENOTDIR)
		return unlinkat(top, name, 0);
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	fd = openat(top, name, FOLDER_FLAGS);
	if (fd < 0 || empty_folder(fd))
		return -1;
	return unlinkat(top, name, AT_REMOVEDIR);
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
