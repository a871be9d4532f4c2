/* put_hooks.h - what an attempt asks of `put`: no outbox, no other sendings; what was
 * acknowledged is kept for a run after this one.  Called in the attempt's thread, main.
 */
#ifndef FRONT_PUT_HOOKS_H
#define FRONT_PUT_HOOKS_H

#include "front/progress.h"
#include "front/put_hash.h"
#include "front/put_resume.h"
#include "send/send.h"

struct put_state {
	struct progress *bar;
	int64_t total_bytes;
	struct put_hash *hash;
	struct put_resume *resume;
};

struct attempt_hooks put_hooks(struct put_state *state);

#endif
