/* patrol.h - a look at every running sending: may it go on, or is it suspended?
 *
 * Its window closed, its budget is spent: it ends at its next block and goes on from
 * there when it may again.  An urgent one lacks nothing but a slot: the sending that
 * costs least gives up its own (preempt.h).  One that is publishing goes on to its end.
 * The dispatcher's thread only. */
#ifndef DISPATCH_PATROL_H
#define DISPATCH_PATROL_H

#include "base/attr.h"
#include "dispatch/board.h"

struct patrol;

struct patrol *patrol_new(struct board *board, struct pool *pool) MUST_USE;
void patrol_free(struct patrol *p);

/* It was started: what the look wants to know of it later. */
void patrol_started(struct patrol *p, const struct agenda_pick *pick);

void patrol_look(struct patrol *p, const struct config_sender *settings,
		 int64_t now_ms);

#endif
