#include "package/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/mem.h"
#include "package/store.h"
#include "package/tree.h"

enum {
	/* Read, hashed and written at once; larger blocks fall out of the CPU's cache
	 * between the three, smaller ones cost system calls.  A choice. */
	BLOCK_BYTES = 1 << 20,

	/* Written since the kernel was last told to begin with the disk. */
	PUSH_BYTES = 8 << 20,

	/* Written since it was last waited for: bounds how long the last wait can be,
	 * and with it how long a stop takes (64 MiB is 1.3 s on a disk of 50 MB/s). */
	UNSYNCED_BYTES = 64 << 20,
};

struct copier {
	const char *store;
	const struct stop *stop;
	void (*progress)(void *self, int64_t files, int64_t bytes);
	void *self;
	int64_t files, bytes;
	int64_t unsynced_bytes;
	struct digest *digest;
	char *block;
};

struct copier *
copier_new(const char *store, const struct stop *stop,
	   void (*progress)(void *self, int64_t files, int64_t bytes), void *self)
{
	struct copier *c = mem_zero(1, sizeof(*c));

	c->store = store;
	c->stop = stop;
	c->progress = progress;
	c->self = self;
	c->digest = digest_new();
	c->block = mem_alloc(BLOCK_BYTES);
	return c;
}

void
copier_free(struct copier *c)
{
	if (!c)
		return;
	digest_free(c->digest);
	mem_free(c->block);
	mem_free(c);
}

static void
tell(const struct copier *c)
{
	if (c->progress)
		c->progress(c->self, c->files, c->bytes);
}

void
copier_count_file(struct copier *c)
{
	c->files++;
	tell(c);
}

static int
check_stop(const struct copier *c, struct err *e)
{
	if (!c->stop || !stop_thrown(c->stop))
		return 0;
	return err_set(e, ERR_STOP, 0, "stopped while reading the package");
}

/* A block of a hole needs no room in the store either. */
static bool
is_zero(const char *block, size_t len)
{
	return block[0] == 0 && memcmp(block, block + 1, len - 1) == 0;
}

/* What was written must not pile up in the page cache: the last flush could not be
 * stopped. */
static int
keep_flowing(struct copier *c, int to, size_t len, int64_t at, struct err *e)
{
	c->unsynced_bytes += (int64_t)len;
	if ((at + (int64_t)len) % PUSH_BYTES == 0)
		(void)sync_file_range(to, 0, 0,
				      SYNC_FILE_RANGE_WRITE); /* only a hint */
	return c->unsynced_bytes < UNSYNCED_BYTES ? 0 : copier_sync(c, to, e);
}

static int
store_block(struct copier *c, int to, size_t len, int64_t at, struct err *e)
{
	if (is_zero(c->block, len))
		return 0;
	if (io_write_at(to, c->block, len, at) < 0)
		return store_failed(c->store, "write to", e);
	return keep_flowing(c, to, len, at, e);
}

/* Read `size` bytes; hash them when `hash`; write them when to >= 0. */
static int
run_through(struct copier *c, int from, int to, int64_t size, bool hash, struct err *e)
{
	digest_reset(c->digest);
	for (int64_t at = 0; at < size;) {
		size_t len =
		    size - at < BLOCK_BYTES ? (size_t)(size - at) : BLOCK_BYTES;

		if (check_stop(c, e))
			return -1;
		if (io_read_at(from, c->block, len, at) != (ssize_t)len)
			return COPY_CHANGED;
		if (hash)
			digest_add(c->digest, c->block, len);
		if (to >= 0 && store_block(c, to, len, at, e))
			return -1;
		at += (int64_t)len;
		c->bytes += (int64_t)len;
		tell(c);
	}
	return 0;
}

static bool
is_same(int fd, const struct stat *was)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_size == was->st_size &&
	       tree_mtime_ns(&st) == tree_mtime_ns(was) &&
	       tree_ctime_ns(&st) == tree_ctime_ns(was);
}

int
copier_hash(struct copier *c, int from, const struct stat *st,
	    char hex[DIGEST_HEX_ROOM], struct err *e)
{
	int rc;

	(void)posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
	rc = run_through(c, from, -1, st->st_size, true, e);
	if (!rc && !is_same(from, st))
		rc = COPY_CHANGED;
	if (!rc)
		digest_hex(c->digest, hex);
	return rc;
}

/* A clone shares the blocks with the source, costs nothing, and is a snapshot. */
static bool
clone_file(int from, int to)
{
	return ioctl(to, FICLONE, from) == 0;
}

int
copier_copy(struct copier *c, int from, const struct stat *st, int to,
	    char hex[DIGEST_HEX_ROOM], struct err *e)
{
	int64_t size = st->st_size;
	int rc = 0;

	if (!clone_file(from, to)) {
		(void)posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
		rc = run_through(c, from, to, size, hex != NULL, e);
		/* Holes at the end were not written. */
		if (!rc && ftruncate(to, size))
			return store_failed(c->store, "write to", e);
	} else if (hex) {
		rc = run_through(c, to, -1, size, true, e);
	}
	if (!rc && !is_same(from, st))
		rc = COPY_CHANGED;
	if (!rc && hex)
		digest_hex(c->digest, hex);
	return rc;
}

int
copier_sync(struct copier *c, int any_fd, struct err *e)
{
	/* One call for a thousand small files, where fsync() would be a thousand. */
	if (syncfs(any_fd))
		return store_failed(c->store, "flush", e);
	c->unsynced_bytes = 0;
	return 0;
}
