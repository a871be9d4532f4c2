#include "front/put_hooks.h"

static int
begin(void *self, struct err *e)
{
	(void)self;
	(void)e;
	return 0; /* nothing else is being sent */
}

static void
pause_sending(void *self)
{
	struct put_state *state = self;

	progress_clear(state->bar);
}

/* Nothing outlives the process, so nothing is kept. */
static int
step(void *self, enum request_state to, const char *staged_on, struct err *e)
{
	(void)self;
	(void)to;
	(void)staged_on;
	(void)e;
	return 0;
}

static int
progress(void *self, const struct request_progress *p, enum outbox_order *order,
	 struct err *e)
{
	struct put_state *state = self;

	(void)e;
	progress_show(state->bar, p->bytes_done, state->total_bytes);
	*order = OUTBOX_GO_ON;
	return 0;
}

static struct transport *
borrow(void *self, const struct config_address *a)
{
	(void)self;
	(void)a;
	return NULL;
}

static void
give_back(void *self, const struct config_address *a, struct transport *t)
{
	(void)self;
	(void)a;
	transport_free(t);
}

struct attempt_hooks
put_hooks(struct put_state *state)
{
	return (struct attempt_hooks){
	    .begin = begin,
	    .pause = pause_sending,
	    .step = step,
	    .progress = progress,
	    .borrow = borrow,
	    .give_back = give_back,
	    .self = state,
	};
}
