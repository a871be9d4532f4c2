#include "package/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "package/package.h"
#include "package/tree.h"

enum {
	FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
	NS_PER_MS = 1000000,

	/* Room for an id and its suffix. */
	NAME_ROOM = PACKAGE_ID_ROOM + 8,
};

int
store_open(const char *store, struct err *e)
{
	int fd = open(store, FOLDER_FLAGS);

	if (fd < 0)
		(void)err_sys(e, ERR_LOCAL, "open the package store %s", store);
	return fd;
}

int
store_failed(const char *store, const char *doing, struct err *e)
{
	if (!err_is_no_space(errno))
		return err_sys(e, ERR_LOCAL, "%s the package store %s", doing, store);
	return err_disk(e, "copy into the package store", store,
			"make room there, or file it with --by-reference, which keeps "
			"no copy");
}

bool
store_is_id(const char *text)
{
	return strlen(text) == PACKAGE_ID_ROOM - 1 &&
	       strspn(text, "0123456789abcdef") == PACKAGE_ID_ROOM - 1;
}

/* An id with one of our suffixes: something half made or half removed. */
static bool
is_leftover(const char *name)
{
	char id[PACKAGE_ID_ROOM];

	if (str_copy_len(id, sizeof(id), name, strnlen(name, PACKAGE_ID_ROOM - 1)) ||
	    !store_is_id(id))
		return false;
	name += PACKAGE_ID_ROOM - 1;
	return str_eq(name, STORE_PART) || str_eq(name, STORE_GONE);
}

static int
remove_failed(const char *store, const char *name, struct err *e)
{
	return err_sys(e, ERR_LOCAL, "remove %s from the package store %s", name,
		       store);
}

int
package_remove(const char *store, const char *id, struct err *e)
{
	char gone[NAME_ROOM];
	struct stat st;
	int fd;

	if (!store_is_id(id))
		return err_set(e, ERR_LOCAL, 0, "\"%s\" is no id of a package", id);
	fd = open(store, FOLDER_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, ERR_LOCAL, "open the package store %s", store);
	AUTO_CLOSE int top = fd;
	(void)snprintf(gone, sizeof(gone), "%s" STORE_GONE, id);
	if (tree_remove(top, gone)) /* what a crash left */
		return remove_failed(store, gone, e);
	if (fstatat(top, id, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		return 0;
	/* First out of sight as a whole: half a package must not look like one. */
	if (renameat(top, id, top, gone) || tree_remove(top, gone))
		return remove_failed(store, id, e);
	return 0;
}

/* --- all of them ------------------------------------------------------------------ */

struct visit {
	int top;
	const char *store;
	int64_t now_ms;
	int (*each)(void *self, const char *id, int64_t age_ms);
	void *self;
	int64_t age_ms; /* package_sweep() */
};

/* -1 when it has gone meanwhile. */
static int64_t
age_of(const struct visit *v, const char *name)
{
	struct stat st;
	int64_t age_ms;

	if (fstatat(v->top, name, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	age_ms = v->now_ms - tree_mtime_ns(&st) / NS_PER_MS;
	return age_ms < 0 ? 0 : age_ms; /* the clock was set back */
}

/* Calls visit_one for each entry of the store. */
static int
visit(struct visit *v, const char *store,
      int (*visit_one)(struct visit *v, const char *name, struct err *e), struct err *e)
{
	DIR *stream = opendir(store);
	const struct dirent *entry;
	int rc = 0;

	if (!stream && errno == ENOENT)
		return 0;
	if (!stream)
		return err_sys(e, ERR_LOCAL, "list the package store %s", store);
	v->top = dirfd(stream);
	v->store = store;
	v->now_ms = clock_wall_ms(clock_real());
	while (!rc && (errno = 0, entry = readdir(stream)))
		rc = visit_one(v, entry->d_name, e);
	if (!rc && errno)
		rc = err_sys(e, ERR_LOCAL, "list the package store %s", store);
	(void)closedir(stream);
	return rc;
}

static int
visit_package(struct visit *v, const char *name, struct err *e)
{
	int64_t age_ms;

	(void)e;
	if (!store_is_id(name))
		return 0;
	age_ms = age_of(v, name);
	return age_ms < 0 ? 0 : v->each(v->self, name, age_ms);
}

int
package_each(const char *store, int (*each)(void *self, const char *id, int64_t age_ms),
	     void *self, struct err *e)
{
	struct visit v = {.each = each, .self = self};

	return visit(&v, store, visit_package, e);
}

/* Who makes a package holds a lock on its folder: age alone would not tell a long copy
 * from a crash. */
static bool
is_in_work(int top, const char *name)
{
	AUTO_CLOSE int fd = openat(top, name, FOLDER_FLAGS | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

static int
visit_leftover(struct visit *v, const char *name, struct err *e)
{
	int64_t age_ms;

	if (!is_leftover(name))
		return 0;
	age_ms = age_of(v, name);
	if (age_ms < v->age_ms || is_in_work(v->top, name))
		return 0;
	return tree_remove(v->top, name) ? remove_failed(v->store, name, e) : 0;
}

int
package_sweep(const char *store, int64_t age_ms, struct err *e)
{
	struct visit v = {.age_ms = age_ms};

	return visit(&v, store, visit_leftover, e);
}
