#include "package/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "package/names.h"

enum {
	/* Of a refused path, this much is shown: its end tells more than its start. */
	SHOWN_BYTES = 80,

	/* Bytes that the list of refusals may take of ERR_TEXT_BYTES; the rest is for
	 * the path of the source and the count. */
	LIST_BYTES = 820,

	STOP_EVERY = 256, /* names between two looks at the stop switch */
};

#define SIZE_LIE                                                                       \
	"is not as long as its size says (as files of /proc and /sys are, which are "  \
	"made as they are read): send a copy of it"

/* A folder on the way down. */
struct level {
	int fd;
	dev_t dev;
	ino_t ino;
	char **names; /* sorted by bytes */
	size_t count, room;
	size_t next;
	size_t path_len; /* of the folder's own path */
};

struct reader {
	struct reader_options o;
	bool begun;
	bool is_out_of_fds;
	struct level *levels;
	size_t depth, room;
	struct str path; /* of the current entry */
	int fd;          /* of the current file; -1 */

	int64_t refused, listed;
	struct str list;
};

/* --- refusing --------------------------------------------------------------------- */

static void
show_path(const char *path, struct str *out)
{
	AUTO_STR struct str whole = {0};
	const char *text;

	name_show(path, strlen(path), &whole);
	text = str_text(&whole);
	if (whole.len > SHOWN_BYTES) {
		text += whole.len - SHOWN_BYTES;
		while ((*text & 0xc0) == 0x80) /* not in the middle of a character */
			text++;
		str_add(out, "...");
	}
	str_add(out, text);
}

void
reader_refuse(struct reader *r, const char *path, const char *reason)
{
	AUTO_STR struct str line = {0};

	r->refused++;
	if (r->o.refused)
		r->o.refused(r->o.self, path, reason);
	if (r->listed == REFUSALS_LISTED)
		return;
	str_add(&line, r->listed ? "; " : "");
	if (*path) {
		str_add_char(&line, '"');
		show_path(path, &line);
		str_add(&line, "\" ");
	}
	str_add(&line, *path ? reason : "it ");
	str_add(&line, *path ? "" : reason);
	if (r->list.len + line.len > LIST_BYTES)
		return;
	str_add(&r->list, str_text(&line));
	r->listed++;
}

int
reader_verdict(const struct reader *r, struct err *e)
{
	AUTO_STR struct str source = {0};
	AUTO_STR struct str more = {0};

	if (!r->refused)
		return 0;
	show_path(r->o.path, &source);
	if (r->refused > r->listed)
		str_addf(&more, "; and %lld more", (long long)(r->refused - r->listed));
	return err_set(e, ERR_REQUEST, 123, "cannot send %s: %s%s", str_text(&source),
		       str_text(&r->list), str_text(&more));
}

static void
refuse_errno(struct reader *r, const char *what)
{
	AUTO_FREE char *reason = mem_printf("%s: %s", what, strerrordesc_np(errno));

	r->is_out_of_fds |= errno == EMFILE || errno == ENFILE;
	reader_refuse(r, str_text(&r->path), reason);
}

/* --- the names of a folder -------------------------------------------------------- */

static int
compare_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_nocase(const void *a, const void *b)
{
	int order = utf_compare_nocase(*(char *const *)a, *(char *const *)b);

	return order ? order : compare_bytes(a, b);
}

static int
read_names(struct level *l, const struct stop *stop)
{
	int fd = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int no;

	if (!stream) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (stop && l->count % STOP_EVERY == 0 && stop_thrown(stop))
			break; /* reader_next() says so */
		l->names = mem_grow(l->names, l->count, &l->room, sizeof(*l->names));
		l->names[l->count++] = mem_dup(entry->d_name);
	}
	no = errno;
	(void)closedir(stream);
	errno = no;
	return no ? -1 : 0;
}

/* Windows would take two names that differ by case for one file, and the second would
 * overwrite the first.  Only whole UTF-8 can be compared; the rest is refused anyway.
 */
static void
refuse_collisions(struct reader *r, const struct level *l)
{
	AUTO_FREE char **sorted = mem_zero(l->count + 1, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < l->count; i++)
		if (utf_valid(l->names[i], strlen(l->names[i])))
			sorted[count++] = l->names[i];
	qsort(sorted, count, sizeof(*sorted), compare_nocase);
	for (size_t i = 1; i < count; i++) {
		AUTO_FREE char *path = NULL;
		AUTO_STR struct str reason = {0};

		if (utf_compare_nocase(sorted[i - 1], sorted[i]) != 0)
			continue;
		str_add(&reason, "differs from \"");
		show_path(sorted[i - 1], &reason);
		str_add(&reason, "\" only in case");
		path = mem_printf("%.*s%s%s", (int)l->path_len, str_text(&r->path),
				  l->path_len ? "/" : "", sorted[i]);
		reader_refuse(r, path, str_text(&reason));
	}
}

static void
level_done(struct level *l)
{
	for (size_t i = 0; i < l->count; i++)
		mem_free(l->names[i]);
	mem_free(l->names);
	(void)close(l->fd);
}

/* --- opening an entry ------------------------------------------------------------- */

static const char *
type_fault(mode_t mode, bool follow)
{
	if (S_ISREG(mode) || S_ISDIR(mode))
		return NULL;
	if (S_ISLNK(mode))
		return follow ? "is a symbolic link that leads nowhere"
			      : "is a symbolic link (--follow sends what it points to)";
	if (S_ISSOCK(mode))
		return "is a socket";
	if (S_ISFIFO(mode))
		return "is a named pipe";
	return "is a device";
}

/* A folder that the way down is in, or the store: -> why not to go in. */
static const char *
loop_fault(const struct reader *r, const struct stat *st)
{
	const struct stat *store = r->o.store;

	if (store && store->st_dev == st->st_dev && store->st_ino == st->st_ino)
		return "is the package store itself";
	for (size_t i = 0; i < r->depth; i++)
		if (r->levels[i].dev == st->st_dev && r->levels[i].ino == st->st_ino)
			return "leads back to a folder that it is in";
	return r->depth == DEPTH_MAX ? "is more than 256 folders deep" : NULL;
}

/* Has the file a byte there?  -1: errno. */
static ssize_t
has_byte(int fd, int64_t at)
{
	char byte;

	return io_read_at(fd, &byte, 1, at);
}

/* Files of /proc, /sys and some FUSE file systems are made as they are read, and their
 * size is none: with it, an empty or a padded file would be sent.  Only what could be
 * such a file is read: at its end, which on a disk needs no access, and its last byte
 * when it takes no room on a disk.  A size that just changed is no lie: who reads the
 * bytes sees it. */
static void
check_size(struct reader *r, const struct reader_entry *entry)
{
	const struct stat *was = &entry->st;
	const ssize_t behind = has_byte(entry->fd, was->st_size);
	ssize_t last = 1;
	struct stat now;

	if (behind == 0 && was->st_size > 0 && was->st_blocks == 0)
		last = has_byte(entry->fd, was->st_size - 1);
	if (behind < 0 || last < 0)
		refuse_errno(r, "cannot be read");
	else if ((behind > 0 || last == 0) && !fstat(entry->fd, &now) &&
		 now.st_size == was->st_size)
		reader_refuse(r, str_text(&r->path), SIZE_LIE);
}

/* Look at, then open, `name` in folder `at`.  0: *out has fd and st; -1: refused. */
static int
open_entry(struct reader *r, int at, const char *name, struct reader_entry *out)
{
	bool follow = r->o.follow;
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const char *fault;
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW)) {
		refuse_errno(r, "cannot be looked at");
		return -1;
	}
	if (S_ISLNK(st.st_mode) && follow && fstatat(at, name, &st, 0) &&
	    errno != ENOENT && errno != ELOOP) {
		refuse_errno(r, "cannot be looked at");
		return -1;
	}
	fault = type_fault(st.st_mode, follow);
	if (!fault && S_ISDIR(st.st_mode))
		fault = loop_fault(r, &st);
	if (fault) {
		reader_refuse(r, str_text(&r->path), fault);
		return -1;
	}
	out->is_folder = S_ISDIR(st.st_mode);
	out->fd = openat(at, name, flags | (follow ? 0 : O_NOFOLLOW));
	if (out->fd < 0) {
		refuse_errno(r, "cannot be read");
		return -1;
	}
	/* Between the look and the open, it may have become something else. */
	if (fstat(out->fd, &out->st) || out->st.st_ino != st.st_ino ||
	    out->st.st_dev != st.st_dev) {
		reader_refuse(r, str_text(&r->path), "changed while it was read");
		(void)close(out->fd);
		return -1;
	}
	if (!out->is_folder)
		check_size(r, out);
	return 0;
}

/* --- the walk --------------------------------------------------------------------- */

/* Go into a folder; takes fd.  Its entries come next. */
static int
push(struct reader *r, int fd, const struct stat *st)
{
	struct level *l;

	r->levels = mem_grow(r->levels, r->depth, &r->room, sizeof(*r->levels));
	l = &r->levels[r->depth++];
	*l = (struct level){.fd = fd, .dev = st->st_dev, .ino = st->st_ino};
	l->path_len = r->path.len;
	if (read_names(l, r->o.stop)) {
		refuse_errno(r, "cannot be listed");
		return -1;
	}
	if (l->count > 1) {
		qsort(l->names, l->count, sizeof(*l->names), compare_bytes);
		refuse_collisions(r, l);
	}
	return 0;
}

/* Set r->path to the next name of the deepest folder; NULL: there are no more. */
static const char *
next_name(struct reader *r)
{
	while (r->depth > 0) {
		struct level *l = &r->levels[r->depth - 1];

		if (l->next < l->count) {
			r->path.len = l->path_len;
			if (l->path_len)
				str_add_char(&r->path, '/');
			str_add(&r->path, l->names[l->next]);
			return l->names[l->next++];
		}
		level_done(l);
		r->depth--;
	}
	return NULL;
}

static bool
is_name_fine(struct reader *r, const char *name)
{
	const char *fault = name_fault(name, strlen(name));

	if (!fault && utf_units(r->path.s, r->path.len) > PATH_UNITS_MAX)
		fault =
		    "is a path of more than 32000 UTF-16 units (Windows holds 32767, "
		    "server, share and staging included)";
	if (!fault)
		return true;
	reader_refuse(r, str_text(&r->path), fault);
	return false;
}

/* What ends the walk: it is not the source's fault. */
static int
check_us(const struct reader *r, struct err *e)
{
	if (r->is_out_of_fds)
		return err_set(e, ERR_LOCAL, 4,
			       "read %s: this process may not open more files: raise "
			       "its limit (ulimit -n)",
			       r->o.path);
	if (!r->o.stop || !stop_thrown(r->o.stop))
		return 0;
	return err_set(e, ERR_STOP, 0, "stopped while reading %s", r->o.path);
}

/* The next entry that can be opened: its name is in r->path. */
static int
find_entry(struct reader *r, struct reader_entry *out, struct err *e)
{
	for (;;) {
		const char *name = r->begun ? next_name(r) : r->o.path;
		int at = r->begun && r->depth ? r->levels[r->depth - 1].fd : AT_FDCWD;

		if (check_us(r, e))
			return -1;
		if (!name)
			return 0;
		if ((!r->begun || is_name_fine(r, name)) &&
		    !open_entry(r, at, name, out))
			return 1;
		r->begun = true;
	}
}

int
reader_next(struct reader *r, struct reader_entry *out, struct err *e)
{
	int rc;

	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
	for (;;) {
		rc = find_entry(r, out, e);
		if (rc <= 0)
			return rc;
		r->begun = true;
		if (!out->is_folder || !push(r, out->fd, &out->st))
			break;
		/* A folder that cannot be listed was refused; on with what follows. */
	}
	if (!out->is_folder)
		r->fd = out->fd;
	out->path = str_text(&r->path);
	return 1;
}

struct reader *
reader_open(const struct reader_options *o)
{
	struct reader *r = mem_zero(1, sizeof(*r));

	r->o = *o;
	r->fd = -1;
	return r;
}

void
reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		(void)close(r->fd);
	while (r->depth > 0)
		level_done(&r->levels[--r->depth]);
	mem_free(r->levels);
	str_done(&r->path);
	str_done(&r->list);
	mem_free(r);
}
