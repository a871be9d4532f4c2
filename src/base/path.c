#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

char *
path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	return mem_printf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name);
}

static int
make_one(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST) { /* fine, unless it is something else than a folder */
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return err_disk(e, "make folder", path, NULL);
}

int
path_make(const char *path, mode_t mode, struct err *e)
{
	AUTO_FREE char *part = mem_dup(path);

	for (char *p = part; *p; p++) {
		if (*p != '/' || p == part)
			continue;
		*p = '\0';
		if (make_one(part, mode, e) < 0)
			return -1;
		*p = '/';
	}
	return make_one(part, mode, e);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int
path_remove_tree(const char *path, struct err *e)
{
	enum {
		OPEN_FOLDERS = 32
	}; /* a choice: depth beyond it only costs re-opening */

	if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) < 0 &&
	    errno != ENOENT)
		return err_sys(e, ERR_LOCAL, "remove %s", path);
	return 0;
}

int
path_sync_dir(const char *path, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, ERR_LOCAL, "open folder %s", path);
	if (fsync(fd) < 0)
		return err_disk(e, "flush folder", path, NULL);
	return 0;
}

static int
write_whole(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd);
}

static int
sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = NULL;

	if (!slash)
		return path_sync_dir(".", e);
	dir = mem_dup_len(path, slash == path ? 1 : (size_t)(slash - path));
	return path_sync_dir(dir, e);
}

int
path_write_file(const char *path, const void *bytes, size_t len, mode_t mode,
		struct err *e)
{
	AUTO_FREE char *part = mem_printf("%s.part", path);
	AUTO_CLOSE int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		return err_disk(e, "make", part, NULL);
	if (write_whole(fd, bytes, len) < 0 || rename(part, path) < 0) {
		(void)err_disk(e, "write", path, NULL);
		(void)unlink(part);
		return -1;
	}
	return sync_parent(path, e);
}

/* All of fd, in room that grows: most files are far smaller than they may be. */
static int
read_whole(int fd, size_t max, char **text, size_t *len)
{
	size_t room = 0, at = 0;
	ssize_t n = 1;

	while (n != 0 && at <= max) {
		if (at == room) {
			room = room ? room * 2 : 4096; /* 4096: a choice; a page */
			*text = mem_resize(*text, room + 1, 1);
		}
		n = read(fd, *text + at, room - at);
		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	(*text)[at] = '\0';
	*len = at;
	return 0;
}

int
path_read_file(const char *path, size_t max, enum err_kind kind, char **out,
	       size_t *len, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t got = 0;

	if (fd < 0)
		return err_sys(e, kind, "open %s", path);
	if (read_whole(fd, max, &text, &got) < 0)
		return err_sys(e, kind, "read %s", path);
	if (got > max)
		return err_set(e, kind, 0, "%s is larger than %zu bytes", path, max);
	*out = STEAL(text);
	*len = got;
	return 0;
}

FILE *
path_open_stream(const char *path, const char *mode)
{
	char with_cloexec[8];

	(void)snprintf(with_cloexec, sizeof(with_cloexec), "%.6se", mode);
	return fopen(path, with_cloexec);
}

int
path_close_stream(FILE *f)
{
	/* fclose() tells only of what it had to write itself. */
	const bool failed = ferror(f);

	if (fclose(f) != 0)
		return -1;
	if (failed)
		errno = EIO;
	return failed ? -1 : 0;
}
