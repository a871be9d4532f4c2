/* err.h - what went wrong, and whose fault it is.
 * Any thread; a struct err belongs to the caller who placed it.
 *
 * A function that can fail returns 0 or -1 (1/0/-1 where "none" is an answer) and
 * takes a `struct err *e` last.  On failure it fills *e; on success it leaves it
 * alone.  The kind alone decides what happens next; the rest is for people. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_REQUEST, /* this send request can never work  -> it fails                 */
	ERR_ATTEMPT, /* this attempt did not work         -> retry it, resume         */
	ERR_ADDRESS, /* this address cannot be used       -> the site's next address  */
	ERR_SITE,    /* the site cannot take it now       -> site hold                */
	ERR_LOCAL,   /* our own disk or database          -> stop taking work         */
	ERR_UNSURE,  /* it may or may not have happened   -> look there, then act     */
	ERR_STOP,    /* we were asked to stop             -> give the request back    */
	ERR_INPUT,   /* a person typed what cannot be     -> tell, do nothing         */
};

enum { ERR_TEXT_BYTES = 1024 };

struct err {
	enum err_kind kind;
	uint32_t win32;    /* Win32 code, for the sender log (MS-ERREF 2.2); 0: none */
	uint32_t ntstatus; /* what the server said (MS-ERREF 2.3); 0: nothing       */
	char text[ERR_TEXT_BYTES]; /* one line, no secrets: what, where, why, remedy */
};

/* Fill *e.  Always returns -1, so that a caller can `return err_set(...)`. */
int err_set(struct err *e, enum err_kind kind, uint32_t win32, const char *fmt, ...)
    FORMAT(4, 5);

/* The same, with ": " and the text of errno at the end; the Win32 code follows errno
 * where one is known (ENOSPC 112, EACCES 5, ENOENT 2, ...). */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...) FORMAT(3, 4);

/* The same for what was done (`doing`) with `path` on a disk of ours: ERR_LOCAL.  When
 * errno says that it is full: "`doing`: no space on `path`: `remedy`"; remedy NULL:
 * "make room there". */
int err_disk(struct err *e, const char *doing, const char *path, const char *remedy);

/* Does an errno say that a disk, or what of it one may use, is full? */
bool err_is_no_space(int sys);

/* Put "`context`: " in front of the text that is there.  Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) FORMAT(2, 3);

/* That these return -1 is said once more where compilers and analyzers see it: for them
 * `return err_set(...)` could otherwise return 0, with the outputs not filled. */
static inline int
err_failed(int always)
{
	(void)always;
	return -1;
}
#define err_set(...)  err_failed(err_set(__VA_ARGS__))
#define err_sys(...)  err_failed(err_sys(__VA_ARGS__))
#define err_disk(...) err_failed(err_disk(__VA_ARGS__))
#define err_wrap(...) err_failed(err_wrap(__VA_ARGS__))

/* Short lower-case name of a kind: "request", "attempt", ... for logs and JSON. */
const char *err_kind_name(enum err_kind kind);

/* The kind with that name; ERR_NONE when there is none. */
enum err_kind err_kind_from_name(const char *name);

#endif
