/* limiter_share.h - who gets how much of what is there.  Pure; under the lock of
 * limiter.c, whose nodes and users these are.
 * ROOM: limiter*.c. */
#ifndef SEND_LIMITER_SHARE_H
#define SEND_LIMITER_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "send/limiter.h"

struct limiter_user {
	struct limiter *limiter;
	struct limiter_node *leaf; /* the last of its path */
	unsigned class;
	struct limiter_user *next, *prev; /* of all; who was served last is last */
	struct limiter_user *sibling;     /* of the same leaf */
	bool is_limited;                  /* a node on its path is */
	bool is_here;                     /* it has asked lately */
	int64_t asked_at_us;
	double held_bytes;  /* its own, and not taken yet */
	double cap_bytes;   /* the most that it may hold */
	double piece_bytes; /* so many are worth a system call */
	double fair;        /* bytes/s, were everybody here to want something */
	double rate;        /* bytes/s that it gets now */

	/* share_divide() */
	bool wants;
	double given;
};

struct limiter_node {
	char *name;
	struct limiter_node *parent; /* NULL: none is wider */
	/* while it is live: */
	struct limiter_node *first_child, *sibling;
	struct limiter_user *first_user;
	unsigned users; /* below it, all in all */
	unsigned depth; /* nodes above it */

	struct send_rate rate;
	double stock_bytes;  /* may go, and nobody holds them; below 0: owed */
	double held_bytes;   /* of all users below */
	double pulse_left_s; /* until the next block; 0: this one is whole */
	int64_t sent_bytes;

	/* share_divide() */
	double capacity; /* bytes/s to divide; INFINITY: not limited */
	double want[LIMITER_CLASSES], given[LIMITER_CLASSES];
};

static inline double
smaller(double a, double b)
{
	return a < b ? a : b;
}

static inline double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* Of `nodes` (wider ones first) and the users in them: divide each node's capacity
 * among users with `wants`; sets `given` of all. */
void share_divide(struct limiter_node *const *nodes, size_t count);

#endif
