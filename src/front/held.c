#include "front/held.h"

#include <errno.h>
#include <stdbool.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"

static const char lock_name[] = "lock", outbox_name[] = "outbox.db";

int
held_begin(struct held *h, const char *state, int lock, struct err *e)
{
	AUTO_FREE char *outbox = path_join(state, outbox_name);

	if (fstat(lock, &h->lock) < 0 || stat(outbox, &h->outbox) < 0)
		return err_sys(e, ERR_LOCAL, "look at lock and outbox of %s", state);
	h->state = mem_dup(state);
	return 0;
}

static bool
is_gone(const char *path, const struct stat *was)
{
	struct stat now;

	if (stat(path, &now) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return now.st_dev != was->st_dev || now.st_ino != was->st_ino;
}

static int
check(const struct held *h, const char *name, const struct stat *was, struct err *e)
{
	AUTO_FREE char *path = path_join(h->state, name);

	if (!is_gone(path, was))
		return 0;
	return err_set(e, ERR_LOCAL, 0,
		       "%s was removed or replaced while this sender worked on it: it "
		       "ends, since nothing that is filed now would reach it, and a "
		       "second sender could begin; bring the state folder back, or "
		       "leave it as it is, and start the sender again",
		       path);
}

int
held_check(const struct held *h, struct err *e)
{
	return check(h, lock_name, &h->lock, e) < 0 ||
		       check(h, outbox_name, &h->outbox, e) < 0
		   ? -1
		   : 0;
}

void
held_done(struct held *h)
{
	mem_free(h->state);
	h->state = NULL;
}
