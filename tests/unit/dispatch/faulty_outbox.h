/* faulty_outbox.h - an outbox whose k-th call fails, for k = 1, 2, 3 ... until a run is
 * clean (-Wl,--wrap=outbox_..., see meson.build).  The calls are those that dispatch
 * makes itself; others, and all while no fault is set, go through. */
#ifndef TESTS_DISPATCH_FAULTY_OUTBOX_H
#define TESTS_DISPATCH_FAULTY_OUTBOX_H

#include <stdbool.h>

#include "base/err.h"

/* While a run prepares something: then no call fails, and none counts. */
extern bool faulty_outbox_prepares;

/* Do `run` again and again, each time with one more call that works before one that
 * fails: the run must return -1 with that call's error; the last run, in which none
 * fails, what it returns then is returned here.  *calls: how many it made. */
int faulty_outbox(int (*run)(void *self, struct err *e), void *self, unsigned *calls);

#endif
