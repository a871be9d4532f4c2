#include "transport/oserr.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct blame {
	int no;
	enum err_kind kind;
	uint32_t win32; /* MS-ERREF 2.2 */
	const char *remedy;
};

/* Kinds are those that the share would have given for the same trouble, so that a
 * folder and a share are dealt with alike. */
/* clang-format off */
static const struct blame blames[] = {
	{ENOSPC,       ERR_SITE,    112, "make room there"},
	{EDQUOT,       ERR_SITE,    112, "the account's quota is used up"},
	{EROFS,        ERR_SITE,     19, "the folder is on a read-only file system"},
	{EIO,          ERR_SITE,   1117, "look at the disk"},
	{EEXIST,       ERR_SITE,    183, "something of that name is in the way"},
	{EISDIR,       ERR_SITE,    183, "a folder of that name is in the way"},
	{ENOTDIR,      ERR_SITE,    267, "it, or a part of its path, is not a folder"},
	{ELOOP,        ERR_SITE,   1920, "symbolic links are not followed here"},
	{EACCES,       ERR_ADDRESS,   5, "the account has no right to do that"},
	{EPERM,        ERR_ADDRESS,   5, "the account has no right to do that"},
	{ENODEV,       ERR_ADDRESS,  55, "is it still mounted?"},
	{ENXIO,        ERR_ADDRESS,  55, "is it still mounted?"},
	{ENOTCONN,     ERR_ADDRESS,  55, "is it still mounted?"},
	{ESTALE,       ERR_ADDRESS,  55, "is it still mounted?"},
	{EINVAL,       ERR_REQUEST, 123, "the name cannot be stored there"},
	{EILSEQ,       ERR_REQUEST, 123, "the name cannot be stored there"},
	{ENAMETOOLONG, ERR_REQUEST, 206, "the name is too long there"},
	{EFBIG,        ERR_REQUEST, 223, "the file is too large for that file system"},
	{EOVERFLOW,    ERR_REQUEST, 223, "the file is too large for that file system"},
	{ETXTBSY,      ERR_ATTEMPT,  32, "a program there is using it"},
	{EBUSY,        ERR_ATTEMPT,  32, "a program there is using it"},
	{ENOENT,       ERR_ATTEMPT,   3, "it, or the folder that it is in, has gone"},
	{ENOTEMPTY,    ERR_ATTEMPT, 145, "something was put into it meanwhile"},
	{EMFILE,       ERR_LOCAL,     4, "raise the limit of open files (LimitNOFILE)"},
	{ENFILE,       ERR_LOCAL,     4, "this host has no more open files to give"},
	{ENOMEM,       ERR_LOCAL,     8, "this host is out of memory"},
};
/* clang-format on */

/* ERROR_GEN_FAILURE: a retry with a later look by a person is all that is left. */
static const struct blame unknown = {0, ERR_ATTEMPT, 31, "it will be tried again"};

static const struct blame *
blame_of(int no)
{
	for (size_t i = 0; i < COUNT(blames); i++)
		if (blames[i].no == no)
			return &blames[i];
	return &unknown;
}

int
oserr_set(struct err *e, int no, const char *fmt, ...)
{
	const struct blame *b = blame_of(no);
	const char *meaning = strerrordesc_np(no);
	char context[ERR_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	return err_set(e, b->kind, b->win32, "%s: %s (%s)", context,
		       meaning ? meaning : "unknown error", b->remedy);
}
