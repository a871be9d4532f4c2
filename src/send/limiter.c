/* limiter.c - nodes and users, and the lock around all of it; what they hold and how
 * time fills it is in limiter_flow.c. */
#include "send/limiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "send/limiter_flow.h"

enum {
	/* One write is a quarter of a second long, but no shorter than the original's
	 * first block. */
	WRITES_PER_SECOND = 4,
	WRITE_LEAST_BYTES = 1024,
};

struct limiter *
limiter_new(void)
{
	struct limiter *l = mem_zero(1, sizeof(*l));

	(void)pthread_mutex_init(&l->lock, NULL);
	return l;
}

void
limiter_free(struct limiter *l)
{
	if (!l)
		return;
	assert(!l->first);
	for (size_t i = 0; i < l->count; i++) {
		mem_free(l->nodes[i]->name);
		mem_free(l->nodes[i]);
	}
	mem_free(l->nodes);
	mem_free(l->live);
	(void)pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

/* --- nodes ------------------------------------------------------------------------ */

/* Where it is, or belongs. */
static size_t
place_of(const struct limiter *l, const char *name)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (strcmp(l->nodes[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct limiter_node *
find(const struct limiter *l, const char *name)
{
	const size_t i = place_of(l, name);

	return i < l->count && strcmp(l->nodes[i]->name, name) == 0 ? l->nodes[i]
								    : NULL;
}

static struct limiter_node *
find_or_make(struct limiter *l, const char *name)
{
	struct limiter_node *n = find(l, name);
	const size_t i = place_of(l, name);

	if (n)
		return n;
	n = mem_zero(1, sizeof(*n));
	n->name = mem_dup(name);
	n->rate.bytes_per_s = INT64_MAX;
	l->nodes =
	    mem_grow(l->nodes, l->count, &l->room, sizeof(struct limiter_node *));
	memmove(l->nodes + i + 1, l->nodes + i,
		(l->count - i) * sizeof(struct limiter_node *));
	l->nodes[i] = n;
	l->count++;
	return n;
}

/* --- the tree --------------------------------------------------------------------- */

static int
by_depth(const void *a, const void *b)
{
	const struct limiter_node *const *x = a, *const *y = b;

	return (int)(*x)->depth - (int)(*y)->depth;
}

/* A user is counted in all nodes above; those it is the first in become live. */
static void
count_in(struct limiter *l, struct limiter_user *u)
{
	u->sibling = u->leaf->first_user;
	u->leaf->first_user = u;
	for (struct limiter_node *n = u->leaf; n; n = n->parent) {
		n->held_bytes += u->held_bytes;
		if (n->users++ > 0)
			continue;
		l->live = mem_grow(l->live, l->live_count, &l->live_room,
				   sizeof(struct limiter_node *));
		l->live[l->live_count++] = n;
	}
}

/* Users have come, gone or moved: link the nodes anew. */
static void
rebuild(struct limiter *l)
{
	for (size_t i = 0; i < l->live_count; i++) {
		struct limiter_node *n = l->live[i];

		n->users = 0;
		n->held_bytes = 0;
		n->first_user = NULL;
		n->first_child = n->sibling = NULL;
	}
	l->live_count = 0;
	for (struct limiter_user *u = l->first; u; u = u->next)
		count_in(l, u);
	for (size_t i = 0; i < l->live_count; i++) {
		struct limiter_node *n = l->live[i];

		n->depth = 0;
		for (const struct limiter_node *up = n->parent; up; up = up->parent)
			n->depth++;
		if (!n->parent)
			continue;
		n->sibling = n->parent->first_child;
		n->parent->first_child = n;
	}
	if (l->live_count > 1)
		qsort(l->live, l->live_count, sizeof(struct limiter_node *), by_depth);
	l->stale_fair = true;
}

static void
look_who_is_limited(struct limiter *l)
{
	for (struct limiter_user *u = l->first; u; u = u->next) {
		u->is_limited = false;
		for (const struct limiter_node *n = u->leaf; n; n = n->parent)
			u->is_limited = u->is_limited || is_limited(n);
	}
	l->stale_fair = true;
}

/* --- the door --------------------------------------------------------------------- */

void
limiter_set(struct limiter *l, const char *node, const struct send_rate *rate,
	    int64_t now_us)
{
	(void)pthread_mutex_lock(&l->lock);
	struct limiter_node *n = find_or_make(l, node);

	assert(rate->bytes_per_s >= 0 && rate->pulse_bytes >= 0 &&
	       (rate->pulse_bytes == 0 || rate->pulse_ms > 0));
	if (memcmp(&n->rate, rate, sizeof(*rate)) != 0) {
		limiter_advance(l, now_us);
		n->rate = *rate;
		n->pulse_left_s = 0;
		n->stock_bytes = smaller(n->stock_bytes, 0);
		if (is_pulse(n))
			n->stock_bytes += (double)rate->pulse_bytes;
		look_who_is_limited(l);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

int64_t
limiter_sent_bytes(struct limiter *l, const char *node)
{
	const struct limiter_node *n;
	int64_t bytes;

	(void)pthread_mutex_lock(&l->lock);
	n = find(l, node);
	bytes = n ? n->sent_bytes : 0;
	(void)pthread_mutex_unlock(&l->lock);
	return bytes;
}

static void
add_last(struct limiter *l, struct limiter_user *u)
{
	u->next = NULL;
	u->prev = l->last;
	if (l->last)
		l->last->next = u;
	else
		l->first = u;
	l->last = u;
}

static void
take_out(struct limiter *l, struct limiter_user *u)
{
	if (u->prev)
		u->prev->next = u->next;
	else
		l->first = u->next;
	if (u->next)
		u->next->prev = u->prev;
	else
		l->last = u->prev;
}

struct limiter_user *
limiter_join(struct limiter *l, const char *const *path, size_t count, unsigned class)
{
	struct limiter_user *u = mem_zero(1, sizeof(*u));

	assert(count > 0 && count <= LIMITER_PATH_MAX && class < LIMITER_CLASSES);
	u->limiter = l;
	u->class = class;
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < count; i++) {
		struct limiter_node *n = find_or_make(l, path[i]);

		n->parent = u->leaf;
		u->leaf = n;
	}
	add_last(l, u);
	rebuild(l);
	look_who_is_limited(l);
	(void)pthread_mutex_unlock(&l->lock);
	return u;
}

void
limiter_leave(struct limiter_user *u)
{
	struct limiter *l = u ? u->limiter : NULL;

	if (!u)
		return;
	(void)pthread_mutex_lock(&l->lock);
	limiter_release(u, 0);
	take_out(l, u);
	rebuild(l);
	(void)pthread_mutex_unlock(&l->lock);
	mem_free(u);
}

void
limiter_set_class(struct limiter_user *u, unsigned class)
{
	assert(class < LIMITER_CLASSES);
	(void)pthread_mutex_lock(&u->limiter->lock);
	u->class = class;
	u->limiter->stale_fair = true;
	(void)pthread_mutex_unlock(&u->limiter->lock);
}

/* Time passes; u is here. */
static void
come(struct limiter_user *u, int64_t now_us)
{
	struct limiter *l = u->limiter;

	limiter_advance(l, now_us);
	l->stale_fair = l->stale_fair || !u->is_here;
	u->is_here = true;
	u->asked_at_us = now_us;
	limiter_refresh(l);
}

static void
count_sent(struct limiter_user *u, int64_t bytes)
{
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		n->sent_bytes += bytes;
}

/* When may u have what is missing?  Others may come and go, so nobody waits for long.
 */
static int64_t
wait_us_of(const struct limiter_user *u, double missing_bytes)
{
	const int64_t most_us = (int64_t)LIMITER_ASK_MS * 1000;
	double us = (double)most_us;

	if (u->rate > 0)
		us = missing_bytes / u->rate * 1e6;
	return us < (double)most_us ? (int64_t)us + 1 : most_us;
}

static int64_t
take_limited(struct limiter_user *u, int64_t want_bytes, int64_t *wait_us)
{
	struct limiter *l = u->limiter;
	const double piece = smaller((double)want_bytes, u->piece_bytes);
	int64_t granted;

	if (u->held_bytes < piece - NEARLY) {
		*wait_us = wait_us_of(u, piece - u->held_bytes);
		return 0;
	}
	granted = (int64_t)smaller((double)want_bytes, u->held_bytes + NEARLY);
	limiter_hold(u, -(double)granted);
	take_out(l, u);
	add_last(l, u);
	l->stale_rates = true;
	return granted;
}

int64_t
limiter_take(struct limiter_user *u, int64_t want_bytes, int64_t now_us,
	     int64_t *wait_us)
{
	int64_t granted = want_bytes;

	(void)pthread_mutex_lock(&u->limiter->lock);
	come(u, now_us);
	if (u->is_limited)
		granted = take_limited(u, want_bytes, wait_us);
	count_sent(u, granted);
	(void)pthread_mutex_unlock(&u->limiter->lock);
	return granted;
}

void
limiter_owe(struct limiter_user *u, int64_t bytes, int64_t now_us)
{
	(void)pthread_mutex_lock(&u->limiter->lock);
	come(u, now_us);
	count_sent(u, bytes);
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		limiter_draw(n, (double)bytes);
	u->limiter->stale_rates = true;
	(void)pthread_mutex_unlock(&u->limiter->lock);
}

int64_t
limiter_write_bytes(struct limiter_user *u, int64_t now_us)
{
	int64_t bytes = INT64_MAX;

	(void)pthread_mutex_lock(&u->limiter->lock);
	if (u->is_limited) {
		come(u, now_us);
		const double most =
		    smaller(u->fair / WRITES_PER_SECOND, limiter_block_bytes(u));

		bytes = most < 1e15 ? (int64_t)most : INT64_MAX;
		bytes = bytes > WRITE_LEAST_BYTES ? bytes : WRITE_LEAST_BYTES;
	}
	(void)pthread_mutex_unlock(&u->limiter->lock);
	return bytes;
}
