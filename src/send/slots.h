/* slots.h - the sending slots of a pool: taken by those whose turn it is.  In the
 * worker's own thread. */
#ifndef SEND_SLOTS_H
#define SEND_SLOTS_H

#include "base/attr.h"
#include "send/worker.h"

/* It is at that stage now; the dispatcher and those who wait look again. */
void slot_enter(struct worker *w, enum stage stage);

/* Wait until it is this one's turn: 1, and it is SENDING then; or for one beat, or
 * until it is called: 0. */
int slot_wait_turn(struct worker *w) MUST_USE;

#endif
