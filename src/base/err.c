#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The functions themselves are defined here. */
#undef err_set
#undef err_sys
#undef err_disk
#undef err_wrap

static const char *const kind_names[] = {
    [ERR_NONE] = "none",       [ERR_REQUEST] = "request", [ERR_ATTEMPT] = "attempt",
    [ERR_ADDRESS] = "address", [ERR_SITE] = "site",       [ERR_LOCAL] = "local",
    [ERR_UNSURE] = "unsure",   [ERR_STOP] = "stop",       [ERR_INPUT] = "input",
};

/* The Win32 codes (MS-ERREF 2.2) that say the same as an errno. */
static const struct {
	int sys;
	uint32_t win32;
} win32_of_errno[] = {
    {ENOENT, 2},  {EACCES, 5},  {EPERM, 5},     {EXDEV, 17},         {EROFS, 19},
    {EBUSY, 32},  {EMFILE, 4},  {ENOSPC, 112},  {EDQUOT, 1295},      {EEXIST, 183},
    {EINVAL, 87}, {ENOMEM, 8},  {ENOTDIR, 267}, {ENAMETOOLONG, 206}, {ENOTEMPTY, 145},
    {EFBIG, 223}, {EPIPE, 109},
};

static uint32_t
errno_win32(int sys)
{
	for (size_t i = 0; i < COUNT(win32_of_errno); i++)
		if (win32_of_errno[i].sys == sys)
			return win32_of_errno[i].win32;
	return 0;
}

/* Format into a buffer of its own first: the arguments may point into e->text. */
FORMAT(2, 0)
static void
set_text(struct err *e, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_BYTES + 4]; /* 4: a character that is cut in two shows */

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	str_copy_cut(e->text, sizeof(e->text), text);
}

int
err_set(struct err *e, enum err_kind kind, uint32_t win32, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	e->kind = kind;
	e->win32 = win32;
	e->ntstatus = 0;
	return -1;
}

int
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	const int sys = errno;
	char reason[128];
	char whole[ERR_TEXT_BYTES + sizeof(reason) + 2];
	va_list ap;

	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	e->kind = kind;
	e->win32 = errno_win32(sys);
	e->ntstatus = 0;
	(void)snprintf(whole, sizeof(whole), "%s: %s", e->text,
		       strerror_r(sys, reason, sizeof(reason)));
	str_copy_cut(e->text, sizeof(e->text), whole);
	errno = sys;
	return -1;
}

bool
err_is_no_space(int sys)
{
	return sys == ENOSPC || sys == EDQUOT;
}

int
err_disk(struct err *e, const char *doing, const char *path, const char *remedy)
{
	const int sys = errno;

	if (!err_is_no_space(sys))
		return err_sys(e, ERR_LOCAL, "%s %s", doing, path);
	(void)err_set(e, ERR_LOCAL, errno_win32(sys), "%s: no space on %s%s: %s", doing,
		      path, sys == EDQUOT ? " (the disk quota is used up)" : "",
		      remedy ? remedy : "make room there");
	errno = sys;
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char front[ERR_TEXT_BYTES];
	char whole[ERR_TEXT_BYTES * 2 + 2];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	(void)snprintf(whole, sizeof(whole), "%s: %s", front, e->text);
	str_copy_cut(e->text, sizeof(e->text), whole);
	return -1;
}

const char *
err_kind_name(enum err_kind kind)
{
	return (size_t)kind < COUNT(kind_names) ? kind_names[kind] : "unknown";
}

enum err_kind
err_kind_from_name(const char *name)
{
	for (size_t i = 0; i < COUNT(kind_names); i++)
		if (str_eq(name, kind_names[i]))
			return (enum err_kind)i;
	return ERR_NONE;
}
