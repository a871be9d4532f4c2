/* limiter.h - how fast all sendings together may go.  Any thread.
 *
 * Limits are those of named nodes: all > a line > a site > an address.  A sending
 * is a user of the nodes on its path, from the widest to the address; no node ever lets
 * more through than its limit, whoever of those below it asks.
 *
 *   who gets what   Of a node that is full, higher classes go first, but every class
 *                   that wants something gets a tenth of the node at least; within a
 *                   class what is below the node shares alike (sites of a line,
 *                   sendings of an address), however much there is below each.  What
 *                   one leaves, the others get at once: nothing is idle while somebody
 *                   who may use it waits.
 *   how smooth      Bytes are given in pieces of a twentieth of a second.  What nobody
 *                   took is kept for at most LIMITER_DEPTH_MS, so in no second goes
 *                   more than 1.15 times the limit, and over ten never more than 1.5 %
 *                   too much.  Below 4 kbit/s pieces of 64 bytes are larger than that.
 *   pulse           Instead of a rate: a block of bytes, then nothing until the delay
 *                   since its first byte has passed.  Blocks are not saved up.
 *   what counts     what base/pace.h says; a log-on waits for nobody and is paid for
 *                   afterwards.
 *
 * A limit may change at any time and holds from the next piece on.  Time is an argument
 * (microseconds, monotonic; any zero).  limiter_share.c divides,
 * limiter_flow.c keeps the books, limiter.c has nodes and users. */
#ifndef SEND_LIMITER_H
#define SEND_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "send/send.h"

enum {
	LIMITER_DEPTH_MS = 150,
	LIMITER_CLASSES = 3,    /* 0 goes first: high, medium, low */
	LIMITER_PATH_MAX = 8,   /* nodes on a path */
	LIMITER_ASK_MS = 100,   /* nobody waits longer before it asks again */
	LIMITER_AWAY_MS = 1000, /* who has not asked for so long is no longer counted */
};

struct limiter;
struct limiter_user;

struct limiter *limiter_new(void) MUST_USE;
void limiter_free(struct limiter *l); /* all users have left; NULL is fine */

/* From now on. A node that was never set is not limited. */
void limiter_set(struct limiter *l, const char *node, const struct send_rate *rate,
		 int64_t now_us);

/* Bytes that went through that node since the beginning. */
int64_t limiter_sent_bytes(struct limiter *l, const char *node);

/* A sending.  path: `count` names, the widest first; each node lies in the one before
 * it, for all users: the last who joins decides. */
struct limiter_user *limiter_join(struct limiter *l, const char *const *path,
				  size_t count, unsigned class) MUST_USE;
void limiter_leave(struct limiter_user *u); /* NULL is fine */
void limiter_set_class(struct limiter_user *u, unsigned class);

/* As struct pace has them. */
int64_t limiter_take(struct limiter_user *u, int64_t want_bytes, int64_t now_us,
		     int64_t *wait_us);
void limiter_owe(struct limiter_user *u, int64_t bytes, int64_t now_us);
int64_t limiter_write_bytes(struct limiter_user *u, int64_t now_us);

#endif
