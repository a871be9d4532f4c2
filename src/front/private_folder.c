#include "front/private_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

static const char prefix[] = "lansender.";
static const char template[] = "lansender.XXXXXX";
/* Not "lock": a state folder has that, may lie in /tmp under such a name too, and its
 * sender does not hold it with flock(). */
static const char lock_name[] = ".lansender-temporary";

enum {
	MS_PER_S = 1000,
	LOCK_FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW,
};

/* Where they lie; an empty variable is as none. */
static const char *
base_folder(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (!base || !base[0] || access(base, W_OK) < 0)
		base = getenv("TMPDIR");
	return base && base[0] ? base : "/tmp";
}

/* The folder's own lock file, locked; -1: it has none, or its owner lives. */
static int
take_lock(int folder, int flags)
{
	AUTO_CLOSE int lock = openat(folder, lock_name, LOCK_FLAGS | flags, 0600);

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return STEAL_FD(lock);
}

static bool
is_left(int base, const char *name, int64_t age_ms)
{
	AUTO_CLOSE int folder =
	    openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (folder < 0 || fstat(folder, &st) < 0 || st.st_uid != geteuid() ||
	    clock_wall_ms(clock_real()) - (int64_t)st.st_mtime * MS_PER_S < age_ms)
		return false;
	AUTO_CLOSE int lock = take_lock(folder, 0);

	return lock >= 0;
}

static void
sweep_one(const char *base, int at, const char *name, int64_t age_ms)
{
	AUTO_FREE char *path = path_join(base, name);
	struct err unused;

	if (str_starts(name, prefix) && strlen(name) == sizeof(template) - 1 &&
	    is_left(at, name, age_ms))
		(void)!path_remove_tree(path, &unused); /* next time, then */
}

void
private_folder_sweep(int64_t age_ms)
{
	const char *base = base_folder();
	DIR *stream = opendir(base);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		sweep_one(base, dirfd(stream), entry->d_name, age_ms);
	if (stream)
		(void)closedir(stream);
}

int
private_folder_make(struct private_folder *out, struct err *e)
{
	AUTO_FREE char *path = path_join(base_folder(), template);
	AUTO_CLOSE int folder = -1;

	private_folder_sweep(PRIVATE_FOLDER_YOUNG_MS);
	if (!mkdtemp(path))
		return err_disk(e, "make a private folder", path, NULL);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Without its lock nobody sweeps it: a nuisance, and no reason to fail. */
	out->lock = folder < 0 ? -1 : take_lock(folder, O_CREAT | O_EXCL);
	out->path = STEAL(path);
	return 0;
}

int
private_folder_end(struct private_folder *p, struct err *e)
{
	AUTO_FREE char *path = STEAL(p->path);
	int rc;

	if (!path)
		return 0;
	rc = path_remove_tree(path, e);
	if (p->lock >= 0)
		(void)close(p->lock); /* not before: a sweep would join in */
	return rc;
}
