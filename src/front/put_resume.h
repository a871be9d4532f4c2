/* put_resume.h - what an interrupted `put` leaves, so that the same command goes on
 * from there: STATE/put/TOKEN, one small file as long as it is not sent.
 *
 * The token names the staging at the share too.  It is made of what is sent (names,
 * sizes, times, inodes), from where, as whom and where to: when one of these is
 * another, it is another sending.  The file is locked while a `put` runs: a second one
 * at the same time goes its own way, under a random token.  Where nothing can be kept,
 * `put` works as well, and begins anew.  One thread: main. */
#ifndef FRONT_PUT_RESUME_H
#define FRONT_PUT_RESUME_H

#include "front/command.h"
#include "outbox/outbox.h"
#include "package/package.h"

struct put_resume;

/* where: the address as printed.  Gives the request its token, and what a former run
 * kept: place and progress.  The package is at its start afterwards.  -1: it cannot be
 * read. */
int put_resume_open(const struct call *call, struct package *p, const char *where,
		    struct request *r, struct put_resume **out, struct err *e) MUST_USE;

/* Where it lies, and how far it got. */
void put_resume_place(struct put_resume *k, const char *staged_on);
void put_resume_save(struct put_resume *k, const struct request_progress *p);

/* Forget what nobody came back for in a week, and files that say nothing; never one of
 * a `put` that runs. */
void put_resume_sweep(const char *state, int64_t now_ms);

/* keep: for the next run; else nothing of it is left. */
void put_resume_close(struct put_resume *k, bool keep);

#endif
