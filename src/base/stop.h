/* stop.h - a switch that is thrown once and ends every wait.
 * Nobody sleeps in this program: one waits for work, or stop, or a deadline. */
#ifndef BASE_STOP_H
#define BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct stop;

struct stop *stop_new(void) MUST_USE; /* ends the process when no descriptor is left */
void stop_free(struct stop *s);
void stop_throw(struct stop *s); /* any thread; also from a signal handler */
bool stop_thrown(const struct stop *s);

/* Readable once thrown: for poll().  Borrowed; never read from it. */
int stop_fd(const struct stop *s);

/* Wait up to wait_ms (< 0: for ever).  true: thrown. */
bool stop_wait(const struct stop *s, int64_t wait_ms);

#endif
