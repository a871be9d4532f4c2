#include "send/refused.h"

#include <string.h>

#include "base/auto.h"
#include "base/utf.h"

/* MS-ERREF 2.2 */
enum {
	FILE_NOT_FOUND = 2,
	PATH_NOT_FOUND = 3,
	INVALID_NAME = 123,
	NAME_TOO_LONG = 206, /* ERROR_FILENAME_EXCED_RANGE */
};

/* No server refuses a shorter path for its length: about MAX_PATH, the least limit. */
enum { LONG_PATH_UNITS = 240 };

/* Is the folder there that `remote` lies in? */
static bool
has_folder(const struct run *r, const char *remote)
{
	const char *slash = strrchr(remote, '/');
	AUTO_FREE char *folder =
	    mem_dup_len(remote, slash ? (size_t)(slash - remote) : 0);
	struct transport_stat st;
	struct err unused;

	return transport_stat(r->transport, folder, &st, &unused) > 0 && st.is_dir;
}

/* Samba hides what `veto files` names: who makes such a file is told that there is none
 * (4.17), as is one whose staging somebody has removed meanwhile.  So the name is tried
 * once more, as a folder: when it is not found again although its folder is there, the
 * server refuses the name, now and for ever. */
static bool
is_name_refused(const struct run *r, const char *remote)
{
	struct err e;
	int made = transport_mkdir(r->transport, remote, false, &e);

	if (made > 0)
		(void)!transport_remove(r->transport, remote, true, &e);
	return made < 0 && transport_alive(r->transport) && e.win32 == FILE_NOT_FOUND &&
	       has_folder(r, remote);
}

/* The first folder or file on the way to `remote` that is not there, although what it
 * is to be in is; yours. */
static char *
first_missing(const struct run *r, const char *remote)
{
	char *missing = mem_dup(remote);

	while (strchr(missing, '/') && !has_folder(r, missing))
		*strrchr(missing, '/') = '\0';
	return missing;
}

/* A server tells of a path that is too long for its disk that a folder on the way is
 * not there (measured: Samba 4.17, more than 4,095 bytes).  So the first that is
 * missing is tried: when it cannot be made where it belongs, it is the length. */
static bool
is_path_refused(const struct run *r, const char *remote)
{
	AUTO_FREE char *missing = first_missing(r, remote);
	struct err e;
	int made = transport_mkdir(r->transport, missing, false, &e);

	if (made > 0)
		(void)!transport_remove(r->transport, missing, true, &e);
	return made < 0 && transport_alive(r->transport) &&
	       (e.win32 == PATH_NOT_FOUND || e.win32 == INVALID_NAME) &&
	       has_folder(r, missing);
}

static void
blame_path(const struct run *r, const char *remote, struct err *e)
{
	const size_t units = utf_units(remote, strlen(remote));

	if (units < LONG_PATH_UNITS || !is_path_refused(r, remote))
		return;
	e->kind = ERR_REQUEST;
	e->win32 = NAME_TOO_LONG;
	(void)err_wrap(e,
		       "the path of \"%s\" is too long for the server, %zu characters "
		       "below the share: shorten the package's names, or send what is "
		       "deep in it as a package of its own",
		       strrchr(remote, '/') ? strrchr(remote, '/') + 1 : remote, units);
}

void
refused_blame(const struct run *r, const char *remote, struct err *e)
{
	if (!r->transport)
		return;
	if (e->win32 == PATH_NOT_FOUND)
		blame_path(r, remote, e);
	if (e->win32 != FILE_NOT_FOUND || !is_name_refused(r, remote))
		return;
	e->kind = ERR_REQUEST;
	e->win32 = INVALID_NAME;
	(void)err_wrap(e,
		       "the server does not take the name \"%s\" (on Samba, veto files "
		       "refuses names); rename it, or allow it there",
		       strrchr(remote, '/') ? strrchr(remote, '/') + 1 : remote);
}
