/* limiter_flow.h - the books of limiter.h: what may go, and who holds how much of it.
 *
 *         rate or pulse                share_divide()               limiter_take()
 *   time --------------> node's stock ---------------> user holds ---------------> gone
 *
 *   L1  what users hold was taken from the stock of every limited node on their path
 *   L2  stock and what is held together are at most the depth of a node
 *   L3  between two events the shares stay the same; events are: somebody holds all
 *       that he may, a debt is paid, a block is due, a limit or the users change
 *
 * All under the lock.  ROOM: limiter.c, limiter_flow.c. */
#ifndef SEND_LIMITER_FLOW_H
#define SEND_LIMITER_FLOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/limiter_share.h"

/* Less than a byte is nothing. */
#define NEARLY 1e-6

struct limiter {
	pthread_mutex_t lock;
	struct limiter_node **nodes; /* all, by name; as all below, guarded by lock */
	size_t count, room;
	struct limiter_node **live; /* those with users, wider ones first */
	size_t live_count, live_room;
	struct limiter_user *first, *last;
	bool stale_fair;  /* who is here, or a limit, has changed */
	bool stale_rates; /* or who wants something */
	bool has_time;
	int64_t at_us;
};

static inline bool
is_pulse(const struct limiter_node *n)
{
	return n->rate.pulse_bytes > 0;
}

static inline bool
is_limited(const struct limiter_node *n)
{
	return is_pulse(n) || n->rate.bytes_per_s != INT64_MAX;
}

/* u holds so many bytes more (below 0: fewer); where they come from is the caller's. */
void limiter_hold(struct limiter_user *u, double bytes);
/* What u holds beyond `most` goes back to the stocks on its path. */
void limiter_release(struct limiter_user *u, double most);
/* Out of the stock of a node, if it is limited; more than there is is owed. */
void limiter_draw(struct limiter_node *n, double bytes);
/* The smallest block of the pulses on u's path; HUGE_VAL: there are none. */
double limiter_block_bytes(const struct limiter_user *u);

/* Time passes until now. */
void limiter_advance(struct limiter *l, int64_t now_us);
/* What lies ready goes to who can use it; then who gets how much from here on. */
void limiter_refresh(struct limiter *l);

#endif
