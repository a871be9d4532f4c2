#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/utf.h"
#include "config/config.h"

enum {
	SECRET_MAX_BYTES = 1024,   /* a choice; Windows takes 256 characters */
	WIN32_LOGON_FAILURE = 1326 /* MS-ERREF 2.2                           */
};

struct buffer {
	char bytes[SECRET_MAX_BYTES + 3]; /* and "\r\n", and one that is too many */
	size_t len;
};

static void
auto_wipe(struct buffer *b)
{
	mem_wipe(b, sizeof(*b));
}

/* May its mode be changed for this?  Not that of another's file, nor of the system's
 * own: who typed /etc/shadow would lock everybody out. */
static bool
is_ours_to_change(const char *path, const struct stat *st)
{
	AUTO_FREE char *real = NULL;

	if (st->st_uid != geteuid())
		return false;
	real = realpath(path, NULL);
	return st->st_uid != 0 || !real || !str_starts(real, "/etc/") ||
	       str_starts(real, "/etc/lansender/");
}

/* Only we (or root) may read it. */
static int
check_mode(const char *path, const struct stat *st, struct err *e)
{
	const unsigned mode = st->st_mode & ALLPERMS;

	if (!(mode & (S_IXUSR | S_IRWXG | S_IRWXO)))
		return 0;
	if (!is_ours_to_change(path, st))
		return err_set(
		    e, ERR_INPUT, 0,
		    "password file %s has mode %04o, so that others may read "
		    "it, and is there for something else: put the password "
		    "into a file of its own, and name that",
		    path, mode);
	return err_set(e, ERR_INPUT, 0,
		       "password file %s has mode %04o, so that others may read it: "
		       "type chmod 600 %s",
		       path, mode, path);
}

/* Who else could read or change it?  Of a systemd credential only what it is is
 * checked: systemd keeps it, and grants access by an ACL that looks like a group's. */
static int
check_file(int fd, const char *path, bool ours, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_INPUT, "password file %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(
		    e, ERR_INPUT, 0,
		    "password file %s is not a regular file: put the password "
		    "into one",
		    path);
	if (!ours)
		return 0;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_INPUT, 0,
			       "password file %s belongs to user %lu, who could change "
			       "it: type chown %lu %s",
			       path, (unsigned long)st.st_uid, (unsigned long)geteuid(),
			       path);
	return check_mode(path, &st, e);
}

static int
read_bytes(int fd, const char *path, struct buffer *b, struct err *e)
{
	while (b->len < sizeof(b->bytes)) {
		ssize_t n = read(fd, b->bytes + b->len, sizeof(b->bytes) - b->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_INPUT, "password file %s", path);
		if (n == 0)
			return 0;
		b->len += (size_t)n;
	}
	return err_set(
	    e, ERR_INPUT, 0,
	    "password file %s is longer than %d bytes: it holds the password "
	    "in its only line, and nothing else",
	    path, SECRET_MAX_BYTES);
}

/* One line; its end does not belong to the password. */
static int
take_line(struct buffer *b, const char *path, struct err *e)
{
	if (b->len && b->bytes[b->len - 1] == '\n')
		b->len--;
	if (b->len && b->bytes[b->len - 1] == '\r')
		b->len--;
	if (b->len == 0)
		return err_set(e, ERR_INPUT, 0,
			       "password file %s is empty: put the password into its "
			       "first line",
			       path);
	if (memchr(b->bytes, '\n', b->len))
		return err_set(e, ERR_INPUT, 0,
			       "password file %s has several lines: it holds the "
			       "password in its only line, and nothing else",
			       path);
	if (memchr(b->bytes, '\0', b->len) || !utf_valid(b->bytes, b->len))
		return err_set(e, ERR_INPUT, 0,
			       "password file %s is not UTF-8 text: save it as such",
			       path);
	return 0;
}

/* Symlinks are followed, as Kubernetes and others mount secrets through them; what
 * counts is the file at their end.  O_NONBLOCK: a FIFO is refused, not waited for. */
static int
read_secret(const char *path, bool ours, char **out, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO(auto_wipe) struct buffer b = {.len = 0};

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, 0,
			       "password file %s is not there: write the password into "
			       "it, as its only line, and type chmod 600 %s",
			       path, path);
	if (fd < 0)
		return err_sys(e, ERR_INPUT, "password file %s", path);
	if (check_file(fd, path, ours, e) < 0 || read_bytes(fd, path, &b, e) < 0 ||
	    take_line(&b, path, e) < 0)
		return -1;
	*out = mem_dup_len(b.bytes, b.len);
	return 0;
}

int
config_secret_file(const char *path, char **out, struct err *e)
{
	return read_secret(path, true, out, e) < 0 ? -1 : 1;
}

static int
read_credential(const char *name, char **out, struct err *e)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */
	AUTO_FREE char *path = NULL;

	if (!folder || folder[0] != '/')
		return err_set(e, ERR_INPUT, 0,
			       "credential %s: systemd gave this process none "
			       "(CREDENTIALS_DIRECTORY is not set): add "
			       "LoadCredential=%s:/path to the unit, or use "
			       "password_file",
			       name, name);
	path = path_join(folder, name);
	if (read_secret(path, false, out, e) == 0)
		return 0;
	return err_wrap(e, "credential %s", name);
}

int
config_secret(const struct config_address *a, char **out, struct err *e)
{
	int rc;

	if (!a->password_file && !a->credential)
		return 0;
	rc = a->password_file ? read_secret(a->password_file, true, out, e)
			      : read_credential(a->credential, out, e);
	if (rc == 0)
		return 1;
	e->kind = ERR_ADDRESS;
	e->win32 = WIN32_LOGON_FAILURE;
	return a->section ? err_wrap(e, "address %s", a->section) : -1;
}

void
config_secret_free(char *secret)
{
	if (secret)
		mem_wipe(secret, strlen(secret));
	mem_free(secret);
}
