/* put_hooks.h - what an attempt asks of `put`: no outbox, no other sendings; what was
 * acknowledged lives as long as the process.  One thread. */
#ifndef FRONT_PUT_HOOKS_H
#define FRONT_PUT_HOOKS_H

#include "front/progress.h"
#include "send/send.h"

struct put_state {
	struct progress *bar;
	int64_t total_bytes;
};

struct attempt_hooks put_hooks(struct put_state *state);

#endif
