/* between.h - what is put between the dispatcher and what it stands on: faults on
 * order, and a clock that stops it where the test wants that (-Wl,--wrap, see
 * meson.build).
 *
 * Faults are met by the thread that called between_begin(), the test's own, in which
 * the dispatcher runs; it alone sets them, between two runs. */
#ifndef TESTS_DISPATCH_BETWEEN_H
#define TESTS_DISPATCH_BETWEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/stop.h"

struct wrong {
	unsigned fail_at; /* that call of the outbox fails; 0: none */
	unsigned calls;
	uint32_t win32;             /* the number of such failures       */
	bool fail_after_stop;       /* all calls after pool_stop() do     */
	const char *no_thread;      /* none can be started of this name   */
	bool no_host_name;          /* it is too long                     */
	bool keep_packages;         /* none can be removed                */
	bool no_outbox;             /* sending threads cannot open theirs */
	void (*before_claim)(void); /* NULL: nothing                      */
};
extern struct wrong wrong;

/* No faults, and the gate is gone. */
void between_begin(void);

/* The real time, but for the gate.
 *
 * With `stop` set: a sending thread that has its slot (and looks at the clock the
 * second time, to keep that it is SENDING) throws it, and is held until the pool is
 * told to stop; or, when it shall not hear that in time, until the pool ends.  The
 * dispatcher's clock has then gone on by far more than it waits. */
extern const struct clock gate_clock;
void gate_set(struct stop *stop, bool hears_late);

#endif
