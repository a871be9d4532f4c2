/* thread.h - named threads that are joined; none detached, none cancelled. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/attr.h"
#include "base/err.h"

struct thread;

/* Start fn(self) in a thread called `name` (cut to 15 bytes).  All signals are blocked
 * in it: main alone takes them.  -1: ERR_LOCAL, the system has no more threads. */
int thread_start(const char *name, void (*fn)(void *self), void *self,
		 struct thread **out, struct err *e) MUST_USE;

void thread_join(struct thread *t); /* waits, frees; NULL is fine */

/* A small number for the sender log ("Thread ID = 205"): the kernel's id of the
 * calling thread. */
unsigned thread_id(void);

#endif
