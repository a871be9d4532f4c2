#include "front/put_hooks.h"

static void
pause_sending(void *self)
{
	struct put_state *state = self;

	progress_clear(state->bar);
}

static int
step(void *self, enum request_state to, const char *staged_on, struct err *e)
{
	struct put_state *state = self;

	(void)to;
	(void)e;
	if (staged_on)
		put_resume_place(state->resume, staged_on);
	return 0;
}

static int
progress(void *self, const struct request_progress *p, enum outbox_order *order,
	 struct err *e)
{
	struct put_state *state = self;

	(void)e;
	put_resume_save(state->resume, p);
	progress_show(state->bar, p->bytes_done, state->total_bytes);
	*order = OUTBOX_GO_ON;
	return 0;
}

static int
wait_hash(void *self, struct err *e)
{
	struct put_state *state = self;

	return put_hash_wait(state->hash, e);
}

static bool
has_hash(void *self)
{
	struct put_state *state = self;

	return put_hash_is_done(state->hash);
}

struct attempt_hooks
put_hooks(struct put_state *state)
{
	return (struct attempt_hooks){
	    .pause = pause_sending,
	    .step = step,
	    .progress = progress,
	    .wait_hash = wait_hash,
	    .has_hash = has_hash,
	    .self = state,
	};
}
