#include "front/put_resume.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "front/place.h"

/* The file: "lansender put 1 ENTRIES OFFSET BYTES PLACE\n"; the numbers have 19 digits,
 * so that one write replaces another. */
#define PREFIX         "lansender put 1 "
#define FORMAT_OF_FILE PREFIX "%019" PRId64 " %019" PRId64 " %019" PRId64 " %s\n"
enum { FILE_ROOM = 96 + PLACE_ROOM };

struct put_resume {
	char *state, *folder, *path;
	int fd; /* locked; -1: nothing is kept */
	struct request_progress progress;
	char staged_on[PLACE_ROOM];
};

/* --- what it is called ------------------------------------------------------------ */

static void
add_text(struct digest *d, const char *text)
{
	digest_add(d, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void
add_entry(struct digest *d, const struct package_entry *entry)
{
	char facts[128];

	(void)snprintf(facts, sizeof(facts),
		       "%d %" PRId64 " %" PRId64 " %" PRId64 " %ju", entry->is_folder,
		       entry->size_bytes, entry->mtime_ns, entry->ctime_ns,
		       (uintmax_t)entry->inode);
	add_text(d, entry->path);
	add_text(d, facts);
}

/* Two at once must not share a staging, wherever they run. */
static void
add_who(struct digest *d)
{
	char host[HOST_NAME_MAX + 1] = "", user[24];

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(user, sizeof(user), "%ju", (uintmax_t)geteuid());
	add_text(d, host);
	add_text(d, user);
}

static int
make_token(struct package *p, const char *where, char *token, struct err *e)
{
	struct digest *d = digest_new();
	struct package_entry entry;
	char hex[DIGEST_HEX_ROOM];
	int rc;

	add_who(d);
	add_text(d, where);
	add_text(d, package_source(p));
	add_text(d, package_get_info(p)->name);
	while ((rc = package_next(p, &entry, e)) > 0)
		add_entry(d, &entry);
	digest_hex(d, hex);
	digest_free(d);
	(void)snprintf(token, REQUEST_TOKEN_ROOM, "%.*s", REQUEST_TOKEN_ROOM - 1, hex);
	return rc < 0 ? -1 : package_rewind(p, e);
}

/* --- the file --------------------------------------------------------------------- */

/* The number at *text, of which *text comes out behind. */
static int
cut_number(char **text, int64_t *out)
{
	char *end = *text + strcspn(*text, " ");
	const char *digits = *text;

	if (*end == '\0')
		return -1;
	*end = '\0';
	*text = end + 1;
	return num_int(digits, 0, INT64_MAX, out);
}

/* What a former run kept; anything else counts as nothing. */
static void
read_kept(struct put_resume *k)
{
	struct request_progress p;
	char text[FILE_ROOM];
	const ssize_t len = io_read_at(k->fd, text, sizeof(text) - 1, 0);
	char *at = text + strlen(PREFIX), *end;

	text[len > 0 ? len : 0] = '\0';
	if (!str_starts(text, PREFIX) || cut_number(&at, &p.entries_done) < 0 ||
	    cut_number(&at, &p.offset_bytes) < 0 || cut_number(&at, &p.bytes_done) < 0)
		return;
	end = strchr(at, '\n');
	if (!end || end == at || end[1] != '\0')
		return;
	*end = '\0';
	k->progress = p;
	str_copy_cut(k->staged_on, sizeof(k->staged_on), at);
}

/* One page of the page cache: whoever is killed leaves the former text or this one. */
static void
write_kept(const struct put_resume *k)
{
	char text[FILE_ROOM];
	int len;

	if (k->fd < 0 || !k->staged_on[0])
		return;
	len = snprintf(text, sizeof(text), FORMAT_OF_FILE, k->progress.entries_done,
		       k->progress.offset_bytes, k->progress.bytes_done, k->staged_on);
	if (io_write_at(k->fd, text, (size_t)len, 0) < 0 || ftruncate(k->fd, len) < 0)
		(void)!ftruncate(k->fd, 0); /* a full disk: the next run begins anew */
}

/* Ours alone, and not one that its former owner has just removed? */
static bool
is_taken(const struct put_resume *k)
{
	struct stat open_one, named;

	return flock(k->fd, LOCK_EX | LOCK_NB) == 0 && fstat(k->fd, &open_one) == 0 &&
	       stat(k->path, &named) == 0 && open_one.st_ino == named.st_ino;
}

static void
open_file(struct put_resume *k, const char *token)
{
	struct err unused;

	k->path = path_join(k->folder, token);
	if (path_make(k->folder, 0700, &unused) < 0)
		return;
	k->fd = open(k->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (k->fd < 0 || is_taken(k))
		return;
	(void)close(k->fd);
	k->fd = -1;
}

/* --- what nobody came back for ---------------------------------------------------- */

enum {
	MS_PER_S = 1000,
	FORGET_MS = 7 * 24 * 60 * 60 * 1000, /* a request lives as long by default */
	EMPTY_MS = 60000, /* one that says nothing may be about to; a choice */
};

static bool
is_forgotten(int folder, const char *name, int64_t now_ms)
{
	AUTO_CLOSE int fd =
	    strlen(name) == REQUEST_TOKEN_ROOM - 1
		? openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
		: -1;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       now_ms - (int64_t)st.st_mtime * MS_PER_S >=
		   (st.st_size > 0 ? FORGET_MS : EMPTY_MS) &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void
put_resume_sweep(const char *state, int64_t now_ms)
{
	AUTO_FREE char *folder = path_join(state, "put");
	DIR *stream = opendir(folder);
	const struct dirent *entry;
	bool any = false;

	while (stream && (entry = readdir(stream)))
		if (is_forgotten(dirfd(stream), entry->d_name, now_ms))
			any |= unlinkat(dirfd(stream), entry->d_name, 0) == 0;
	if (stream)
		(void)closedir(stream);
	if (any)
		(void)rmdir(folder); /* only when it is empty */
}

/* --- the door --------------------------------------------------------------------- */

int
put_resume_open(const struct call *call, struct package *p, const char *where,
		struct request *r, struct put_resume **out, struct err *e)
{
	struct put_resume *k;

	if (make_token(p, where, r->token, e) < 0)
		return -1;
	k = mem_zero(1, sizeof(*k));
	k->fd = -1;
	k->state = place_state(call);
	k->folder = path_join(k->state, "put");
	put_resume_sweep(k->state, clock_wall_ms(clock_real()));
	open_file(k, r->token);
	if (k->fd < 0)
		digest_token(r->token, REQUEST_TOKEN_ROOM - 1);
	else
		read_kept(k);
	r->progress = k->progress;
	str_copy_cut(r->staged_on, sizeof(r->staged_on), k->staged_on);
	*out = k;
	return 0;
}

void
put_resume_place(struct put_resume *k, const char *staged_on)
{
	if (!str_eq(k->staged_on, staged_on))
		k->progress = (struct request_progress){0};
	str_copy_cut(k->staged_on, sizeof(k->staged_on), staged_on);
	write_kept(k);
}

void
put_resume_save(struct put_resume *k, const struct request_progress *p)
{
	k->progress = *p;
	write_kept(k);
}

void
put_resume_close(struct put_resume *k, bool keep)
{
	if (!k)
		return;
	keep = keep && k->staged_on[0];
	if (k->fd >= 0 && !keep)
		(void)unlink(k->path);
	if (k->fd >= 0)
		(void)close(k->fd);
	/* Only when they are empty. */
	if (!keep && rmdir(k->folder) == 0)
		(void)rmdir(k->state);
	mem_free(k->state);
	mem_free(k->folder);
	mem_free(k->path);
	mem_free(k);
}
