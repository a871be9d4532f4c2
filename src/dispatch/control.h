/* control.h - the mailbox between the dispatcher and whoever wants something of it.
 * The door (dispatch.h) is how others put something in; here is how the dispatcher
 * takes it out.  One lock; nothing is done under it but moving pointers and poking the
 * pool. */
#ifndef DISPATCH_CONTROL_H
#define DISPATCH_CONTROL_H

#include "dispatch/dispatch.h"
#include "send/send.h"

/* One wish, on the stack of the thread that waits for its answer. */
struct control_message {
	struct control_message *next;
	const struct dispatch_ask *ask; /* read-only, but for config: the taker's */
	struct dispatch_answer *answer; /* the taker fills it */
	struct err *error;              /* the taker's, when rc < 0 */
	int rc;
	enum { CONTROL_WAITS, CONTROL_TAKEN, CONTROL_DONE } stage; /* guarded by lock */
};

/* From now on messages are taken in: pool is poked for each.  NULL c: nothing. */
void control_open(struct dispatch_control *c, struct pool *pool);
/* From now on they are refused; those that wait are answered so. */
void control_close(struct dispatch_control *c);

/* The oldest that waits; NULL: none.  It must be given to control_done(). */
struct control_message *control_take(struct dispatch_control *c);
void control_done(struct dispatch_control *c, struct control_message *m);

#endif
