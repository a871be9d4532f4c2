/* errand.h - a call that may hang for minutes (a name server, a KDC), run beside the
 * caller, so that the caller's deadline and stop switch hold all the same.  Any thread.
 *
 * Such a call cannot be cancelled.  When the caller has to go on without it, the errand
 * is abandoned: its thread finishes some day, drops what it held, and is joined by the
 * next errand_run() or errand_reap() of any thread.  What a program still has abandoned
 * when it ends, ends with it, by quick_exit(). */
#ifndef SMB_ERRAND_H
#define SMB_ERRAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/stop.h"

struct errand {
	const char *name;         /* of the thread */
	void (*run)(void *self);  /* in the helper thread; results go into *self */
	void (*drop)(void *self); /* frees self after it was abandoned; any thread */
	void *self;
	int64_t deadline_at_ms; /* by clock's monotonic time */
	const struct clock *clock;
	const struct stop *stop; /* NULL: never */
};

enum errand_end {
	ERRAND_DONE,    /* run() has returned; self is the caller's again */
	ERRAND_LATE,    /* the deadline came first; self is gone */
	ERRAND_STOPPED, /* stop came first; self is gone */
	ERRAND_FAILED,  /* no thread or descriptor: *e; run() did not run, self is yours
			 */
};

enum errand_end errand_run(const struct errand *t, struct err *e) MUST_USE;

/* Join the abandoned ones that have finished.  Returns how many are still out. */
size_t errand_reap(void);

#endif
