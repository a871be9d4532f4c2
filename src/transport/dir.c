/* dir.c - a local folder as a transport: a courier's disk, a mounted share, tests.
 *
 * Every path is walked part by part with O_NOFOLLOW, so that no symlink, whoever puts
 * it there and whenever, leads out of the folder.  (openat2() would do in one call what
 * the walk does in several; it is not there on every kernel and container that Debian
 * 12 runs on, and one way that is always tested is better than two.) */
#include "transport/transport.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "transport/oserr.h"

enum {
	BLOCK_BYTES =
	    1 << 20, /* read and written at once: package.c's block, a choice */
	NS_PER_S = 1000000000,
	FOLDER_MODE = 0777, /* the umask decides */
	FILE_MODE = 0666,
};

struct dir {
	int root; /* O_PATH */
	char *path;
	const struct stop *stop;
	struct pace pace; /* take NULL: as fast as it can */
	struct err dead;  /* kind ERR_NONE: alive */
	int64_t bytes_sent;
	char *block; /* BLOCK_BYTES; made by the first put */
};

/* --- helpers --------------------------------------------------------------------- */

/* Every call begins here: is it dead, or to stop? */
static int
check_alive(struct dir *d, struct err *e)
{
	if (!d->dead.kind && d->stop && stop_thrown(d->stop))
		(void)err_set(&d->dead, ERR_STOP, 0, "stopped while using folder %s",
			      d->path);
	if (!d->dead.kind)
		return 0;
	*e = d->dead;
	return -1;
}

static int
fail(const struct dir *d, const char *what, const char *path, struct err *e)
{
	return oserr_set(e, errno, "%s \"%s\" in folder %s", what, path, d->path);
}

/* "Not there" has two shapes: no such name, and a path that leads through a file. */
static bool
is_missing(int no)
{
	return no == ENOENT || no == ENOTDIR;
}

/* One step down from `at`; closes `at`.  errno tells. */
static int
step(int at, const char *name, size_t len)
{
	char part[256]; /* NAME_MAX and the NUL */
	int fd = -1;

	if (str_copy_len(part, sizeof(part), name, len))
		errno = ENAMETOOLONG;
	else
		fd = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		int no = errno;

		(void)close(at);
		errno = no;
		return -1;
	}
	(void)close(at);
	return fd;
}

/* The folder that the first `len` bytes of path name, as an O_PATH descriptor. */
static int
walk(const struct dir *d, const char *path, size_t len)
{
	int at = openat(d->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t i = 0;

	while (at >= 0 && i < len) {
		const char *slash = memchr(path + i, '/', len - i);
		size_t part = slash ? (size_t)(slash - (path + i)) : len - i;

		at = step(at, path + i, part);
		i += part + 1;
	}
	return at;
}

/* The folder that a path's last part is in, and that part ("." for the top). */
static int
walk_to_parent(const struct dir *d, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');

	*leaf = slash ? slash + 1 : *path ? path : ".";
	return walk(d, path, slash ? (size_t)(slash - path) : 0);
}

/* A rename or a new name lasts once its folder is on the disk. */
static int
sync_folder(int path_fd)
{
	AUTO_CLOSE int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

static void
fill_stat(const struct stat *st, struct transport_stat *out)
{
	out->is_dir = S_ISDIR(st->st_mode);
	out->is_link = S_ISLNK(st->st_mode);
	out->size_bytes = out->is_dir ? 0 : st->st_size;
	out->mtime_ns = st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

/* utimensat()'s pair: the access time is left alone. */
static void
fill_times(int64_t mtime_ns, struct timespec times[2])
{
	int64_t ns = mtime_ns % NS_PER_S;

	if (ns < 0)
		ns += NS_PER_S;
	times[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
	times[1] =
	    (struct timespec){.tv_sec = (mtime_ns - ns) / NS_PER_S, .tv_nsec = ns};
}

/* --- the connection -------------------------------------------------------------- */

static void
dir_free(void *impl)
{
	struct dir *d = impl;

	(void)close(d->root);
	mem_free(d->path);
	mem_free(d->block);
	mem_free(d);
}

static bool
dir_alive(void *impl)
{
	const struct dir *d = impl;

	return !d->dead.kind;
}

static int
dir_space(void *impl, int64_t *free_bytes, struct err *e)
{
	struct dir *d = impl;
	struct statvfs fs;

	if (check_alive(d, e))
		return -1;
	if (fstatvfs(d->root, &fs))
		return fail(d, "ask for free space at", "", e);
	*free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	return 0;
}

static int
dir_probe(void *impl, struct err *e)
{
	int64_t unused;

	return dir_space(impl, &unused, e);
}

static void
dir_set_stop(void *impl, const struct stop *stop)
{
	struct dir *d = impl;

	d->stop = stop;
}

static void
dir_set_pace(void *impl, const struct pace *pace)
{
	struct dir *d = impl;

	d->pace = pace ? *pace : (struct pace){0};
}

static void
dir_facts(void *impl, struct transport_facts *out)
{
	const struct dir *d = impl;

	*out = (struct transport_facts){.dialect = "", .cipher = "", .signature = ""};
	out->bytes_sent = d->bytes_sent;
}

/* --- names ----------------------------------------------------------------------- */

static int
dir_stat(void *impl, const char *path, struct transport_stat *out, struct err *e)
{
	struct dir *d = impl;
	const char *leaf;
	struct stat st;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int fd = walk_to_parent(d, path, &leaf);
	if (fd < 0 || fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW))
		return is_missing(errno) ? 0 : fail(d, "look at", path, e);
	fill_stat(&st, out);
	return 1;
}

static int
list_stream(DIR *stream,
	    int (*each)(void *, const char *, const struct transport_stat *),
	    void *self)
{
	const struct dirent *entry;

	/* errno alone tells the end from a failure; each() may touch it. */
	while (errno = 0, (entry = readdir(stream))) {
		struct transport_stat out;
		struct stat st;
		int rc;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (errno == ENOENT) /* removed since it was listed */
				continue;
			return -1;
		}
		fill_stat(&st, &out);
		rc = each(self, entry->d_name, &out);
		if (rc) {
			errno = 0;
			return rc;
		}
	}
	return errno ? -1 : 0;
}

static int
dir_list(void *impl, const char *path,
	 int (*each)(void *self, const char *name, const struct transport_stat *st),
	 void *self, struct err *e)
{
	struct dir *d = impl;
	DIR *stream = NULL;
	int fd = -1;
	int rc;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int at = walk(d, path, strlen(path));
	if (at >= 0)
		fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		stream = fdopendir(fd);
	if (!stream) {
		(void)fail(d, "list", path, e);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	rc = list_stream(stream, each, self);
	if (rc < 0 && errno)
		(void)fail(d, "list", path, e);
	(void)closedir(stream);
	return rc;
}

static int
dir_mkdir(void *impl, const char *path, bool hidden, struct err *e)
{
	struct dir *d = impl;
	const char *leaf;
	struct stat st;

	(void)hidden;
	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int fd = walk_to_parent(d, path, &leaf);
	if (fd >= 0 && !mkdirat(fd, leaf, FOLDER_MODE))
		return sync_folder(fd) ? fail(d, "make", path, e) : 1;
	if (fd >= 0 && errno == EEXIST) {
		if (!fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
			return 0;
		errno = EEXIST;
	}
	return fail(d, "make folder", path, e);
}

/* Rename that never replaces.  Some file systems (NFS, older FUSE) cannot do that in
 * one step; looking first is the best there is then. */
static int
rename_new(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (!renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (!fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW))
		errno = EEXIST;
	else if (errno == ENOENT)
		return renameat(from_fd, from, to_fd, to);
	return -1;
}

static int
rename_leaf(int from_fd, const char *from, int to_fd, const char *to, bool replace)
{
	struct stat st;

	if (!rename_new(from_fd, from, to_fd, to))
		return 0;
	if (errno != EEXIST || !replace)
		return -1;
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISDIR(st.st_mode) && !fstatat(from_fd, from, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISDIR(st.st_mode))
		return renameat(from_fd, from, to_fd, to);
	errno = EEXIST; /* a folder, on either side, replaces nothing */
	return -1;
}

static int
dir_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	struct dir *d = impl;
	const char *from_leaf, *to_leaf;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int from_fd = walk_to_parent(d, from, &from_leaf);
	if (from_fd < 0)
		return fail(d, "rename", from, e);
	AUTO_CLOSE int to_fd = walk_to_parent(d, to, &to_leaf);
	if (to_fd < 0)
		return fail(d, "rename to", to, e);
	if (rename_leaf(from_fd, from_leaf, to_fd, to_leaf, replace)) {
		int no = errno;

		return oserr_set(e, no, "rename \"%s\" to \"%s\" in folder %s", from,
				 to, d->path);
	}
	if (sync_folder(to_fd) || sync_folder(from_fd))
		return fail(d, "write to disk the folder of", to, e);
	return 0;
}

static int
dir_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	struct dir *d = impl;
	const char *leaf;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int fd = walk_to_parent(d, path, &leaf);
	if (fd >= 0 && !unlinkat(fd, leaf, is_dir ? AT_REMOVEDIR : 0))
		return 1;
	if (errno == ENOENT || (fd < 0 && errno == ENOTDIR))
		return 0;
	return fail(d, "remove", path, e);
}

static int
touch(struct dir *d, const char *path, int64_t mtime_ns, struct err *e)
{
	struct timespec times[2];
	const char *leaf;

	if (check_alive(d, e))
		return -1;
	fill_times(mtime_ns, times);
	AUTO_CLOSE int fd = walk_to_parent(d, path, &leaf);
	if (fd < 0 || utimensat(fd, leaf, times, AT_SYMLINK_NOFOLLOW))
		return fail(d, "set the time of", path, e);
	return 0;
}

/* --- reading --------------------------------------------------------------------- */

/* Without O_NONBLOCK a named pipe of that name would hold us for ever. */
static int
open_leaf(int at, const char *leaf, int flags)
{
	struct stat st;
	int fd =
	    openat(at, leaf, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		   FILE_MODE);

	if (fd < 0 || (!fstat(fd, &st) && S_ISREG(st.st_mode)))
		return fd;
	(void)close(fd);
	errno = EEXIST; /* something else is in the way */
	return -1;
}

static int
dir_read(void *impl, const char *path, size_t max, char **out, size_t *len,
	 struct err *e)
{
	struct dir *d = impl;
	const char *leaf;
	AUTO_FREE char *text = NULL;
	struct stat st;
	ssize_t n;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int at = walk_to_parent(d, path, &leaf);
	AUTO_CLOSE int fd = at < 0 ? -1 : open_leaf(at, leaf, O_RDONLY);
	if (fd < 0)
		return is_missing(errno) ? 0 : fail(d, "read", path, e);
	if (fstat(fd, &st))
		return fail(d, "read", path, e);
	if (st.st_size > (int64_t)max)
		return err_set(
		    e, ERR_REQUEST, 223,
		    "read \"%s\" in folder %s: it has %lld bytes, more than the "
		    "%zu that it may have",
		    path, d->path, (long long)st.st_size, max);
	text = mem_alloc((size_t)st.st_size + 1);
	n = io_read_at(fd, text, (size_t)st.st_size, 0);
	if (n < 0)
		return fail(d, "read", path, e);
	text[n] = '\0';
	*len = (size_t)n;
	*out = STEAL(text);
	return 1;
}

/* --- putting --------------------------------------------------------------------- */

/* How long the next block is. */
static size_t
block_len(const struct dir *d, int64_t left_bytes)
{
	int64_t len = left_bytes < BLOCK_BYTES ? left_bytes : BLOCK_BYTES;
	int64_t paced = len;

	if (d->pace.take)
		paced = d->pace.write_bytes(d->pace.self);
	return (size_t)(paced < len ? paced : len);
}

/* Until so many bytes may go. */
static int
wait_for_pace(struct dir *d, size_t len, struct err *e)
{
	int64_t left = (int64_t)len;

	while (d->pace.take && left > 0) {
		int64_t wait_us = 0;
		const int64_t granted = d->pace.take(d->pace.self, left, &wait_us);

		left -= granted;
		if (granted > 0)
			continue;
		if (d->stop)
			(void)stop_wait(d->stop, wait_us / 1000 + 1);
		else
			(void)poll(NULL, 0, (int)(wait_us / 1000) + 1);
		if (check_alive(d, e))
			return -1;
	}
	return 0;
}

static int
put_blocks(struct dir *d, const struct transport_put *p, int fd, struct err *e)
{
	int64_t at = p->start_bytes;

	while (at < p->size_bytes) {
		int64_t left = p->size_bytes - at;
		size_t len = block_len(d, left);

		if (check_alive(d, e) || wait_for_pace(d, len, e) ||
		    p->read(p->self, at, d->block, len, e))
			return -1;
		if (io_write_at(fd, d->block, len, at) < 0)
			return fail(d, "write", p->path, e);
		at += (int64_t)len;
		d->bytes_sent += (int64_t)len;
		if (p->acked)
			p->acked(p->self, at);
	}
	return 0;
}

/* What is below start_bytes must be there: a hole would be a file that looks whole. */
static int
check_start(const struct dir *d, const struct transport_put *p, int fd, struct err *e)
{
	struct stat st;

	if (p->start_bytes < 0 || p->start_bytes > p->size_bytes)
		return err_set(
		    e, ERR_ATTEMPT, 87,
		    "put \"%s\" in folder %s: it cannot go on at byte %lld of "
		    "%lld",
		    p->path, d->path, (long long)p->start_bytes,
		    (long long)p->size_bytes);
	if (p->start_bytes == 0)
		return 0;
	if (fstat(fd, &st))
		return fail(d, "look at", p->path, e);
	if (st.st_size >= p->start_bytes)
		return 0;
	return err_set(
	    e, ERR_ATTEMPT, 38,
	    "put \"%s\" in folder %s: to go on at byte %lld was asked for, but "
	    "only %lld are there",
	    p->path, d->path, (long long)p->start_bytes, (long long)st.st_size);
}

static int
put_file(struct dir *d, const struct transport_put *p, struct err *e)
{
	int flags = O_WRONLY | O_CREAT | (p->start_bytes == 0 ? O_TRUNC : 0);
	struct timespec times[2];
	const char *leaf;

	if (check_alive(d, e))
		return -1;
	AUTO_CLOSE int at = walk_to_parent(d, p->path, &leaf);
	AUTO_CLOSE int fd = at < 0 ? -1 : open_leaf(at, leaf, flags);
	if (fd < 0)
		return fail(d, "open for writing", p->path, e);
	if (!d->block)
		d->block = mem_alloc(BLOCK_BYTES);
	if (check_start(d, p, fd, e) || put_blocks(d, p, fd, e))
		return -1;
	fill_times(p->mtime_ns, times);
	/* A resumed file may be longer than it is now to be. */
	if (ftruncate(fd, p->size_bytes) || futimens(fd, times) || fsync(fd))
		return fail(d, "finish", p->path, e);
	return 0;
}

static int
dir_put(void *impl, const struct transport_put *p, struct err *e)
{
	struct dir *d = impl;
	struct err why;

	p->done(p->self, put_file(d, p, &why) ? &why : NULL);
	if (!d->dead.kind)
		return 0;
	*e = d->dead;
	return -1;
}

/* As a server answers. */
static int
find(struct dir *d, const char *path, struct err *e)
{
	struct transport_stat st;
	const int there = dir_stat(d, path, &st, e);

	if (there)
		return there < 0 ? -1 : 0;
	return err_set(e, ERR_ATTEMPT, 2, /* ERROR_FILE_NOT_FOUND */
		       "\"%s\" is not in folder %s", path, d->path);
}

static int
change_now(struct dir *d, const struct transport_change *c, struct err *e)
{
	switch (c->kind) {
	case TRANSPORT_MAKE_FOLDER:
		return dir_mkdir(d, c->path, c->hidden, e);
	case TRANSPORT_TOUCH_FOLDER:
		return touch(d, c->path, c->mtime_ns, e);
	case TRANSPORT_RENAME:
		return dir_rename(d, c->path, c->to, false, e);
	case TRANSPORT_REMOVE_FOLDER:
		return dir_remove(d, c->path, true, e);
	case TRANSPORT_LOOK:
	case TRANSPORT_TRY_MOVE:
		return find(d, c->path, e);
	}
	return 0;
}

static int
dir_change(void *impl, const struct transport_change *c, struct err *e)
{
	struct dir *d = impl;
	struct err why;

	c->done(c->self, change_now(d, c, &why) < 0 ? &why : NULL);
	if (!d->dead.kind)
		return 0;
	*e = d->dead;
	return -1;
}

static int
dir_drain(void *impl, struct err *e)
{
	return check_alive(impl, e);
}

static const struct transport_ops dir_ops = {
    .free = dir_free,
    .alive = dir_alive,
    .probe = dir_probe,
    .set_stop = dir_set_stop,
    .set_pace = dir_set_pace,
    .facts = dir_facts,
    .stat = dir_stat,
    .list = dir_list,
    .space = dir_space,
    .mkdir = dir_mkdir,
    .rename = dir_rename,
    .remove = dir_remove,
    .read = dir_read,
    .put = dir_put,
    .change = dir_change,
    .drain = dir_drain,
};

int
transport_open_dir(const char *path, const struct stop *stop, struct transport **out,
		   struct err *e)
{
	int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct dir *d;

	if (root < 0) {
		(void)oserr_set(e, errno, "open folder %s", path);
		e->kind = ERR_ADDRESS; /* whatever the reason: not by this address */
		return -1;
	}
	d = mem_zero(1, sizeof(*d));
	d->root = root;
	d->path = mem_dup(path);
	d->stop = stop;
	*out = mem_zero(1, sizeof(**out));
	(*out)->ops = &dir_ops;
	(*out)->impl = d;
	return 0;
}
