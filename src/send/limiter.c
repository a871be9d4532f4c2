/* limiter.c - the books of limiter.h: what may go, who holds how much of it.
 *
 *         rate or pulse                share_divide()               limiter_take()
 *   time --------------> node's stock ---------------> user holds ---------------> gone
 *
 *   L1  what users hold was taken from the stock of every limited node on their path
 *   L2  stock and what is held together are at most the depth of a node
 *   L3  between two events the shares stay the same; events are: somebody holds all
 *       that he may, a debt is paid, a block is due, a limit or the users change */
#include "send/limiter.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "send/limiter_share.h"

/* Twenty times a second: below what people and routers notice.  Twice as much is held
 * by who comes late, since threads do. */
#define PIECE_S 0.05
#define CAP_S   0.1

/* The most that lies ready (L2). */
#define DEPTH_S (LIMITER_DEPTH_MS / 1000.0)

/* Less than a byte is nothing. */
#define NEARLY 1e-6

enum {
	/* A segment on the way of most lines.  On thin ones a piece is no smaller,
	 * since 52 bytes of headers go along with each, so far as the depth allows. */
	PIECE_BYTES = 1400,
	PIECE_LEAST_BYTES = 64,
	PIECE_MOST_BYTES = 64 * 1024, /* one credit of SMB; more saves nothing */
	PULSE_PIECE_BYTES = 512,
	/* One write is a quarter of a second long, but no shorter than the original's
	 * first block. */
	WRITES_PER_SECOND = 4,
	WRITE_LEAST_BYTES = 1024,
};

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

static bool
is_pulse(const struct limiter_node *n)
{
	return n->rate.pulse_bytes > 0;
}

/* Rounding is no debt. */
static bool
owes(const struct limiter_node *n)
{
	return n->stock_bytes < -NEARLY;
}

static bool
is_limited(const struct limiter_node *n)
{
	return is_pulse(n) || n->rate.bytes_per_s != INT64_MAX;
}

/* What a node may have ready, held or not. */
static double
depth_bytes(const struct limiter_node *n)
{
	return is_pulse(n) ? (double)n->rate.pulse_bytes
			   : (double)n->rate.bytes_per_s * DEPTH_S;
}

/* L2 */
static void
clamp(struct limiter_node *n)
{
	const double most = larger(depth_bytes(n) - n->held_bytes, 0);

	n->stock_bytes = smaller(n->stock_bytes, most);
}

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

/* --- holding ---------------------------------------------------------------------- */

static void
hold(struct limiter_user *u, double bytes)
{
	u->held_bytes += bytes;
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		n->held_bytes += bytes;
}

/* What a user holds beyond `most` goes back. */
static void
release(struct limiter_user *u, double most)
{
	const double bytes = u->held_bytes - most;

	if (bytes <= 0)
		return;
	hold(u, -bytes);
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		if (is_limited(n)) {
			n->stock_bytes += bytes;
			clamp(n);
		}
}

/* Out of the stock of a block: its delay begins with its first byte. */
static void
draw_stock(struct limiter_node *n, double bytes)
{
	if (!is_limited(n))
		return;
	n->stock_bytes -= bytes;
	if (is_pulse(n) && n->pulse_left_s <= 0)
		n->pulse_left_s = (double)n->rate.pulse_ms / 1000;
}

static bool
is_hungry(const struct limiter_user *u)
{
	return u->is_here && u->is_limited && u->held_bytes < u->cap_bytes - NEARLY;
}

/* --- shares ----------------------------------------------------------------------- */

/* What the depth of nodes on its path lets a user have at once. */
static double
block_bytes(const struct limiter_user *u)
{
	double least = HUGE_VAL;

	for (const struct limiter_node *n = u->leaf; n; n = n->parent)
		if (is_pulse(n))
			least = smaller(least, (double)n->rate.pulse_bytes);
	return least;
}

static void
set_caps(struct limiter_user *u)
{
	const double block = block_bytes(u);
	const double thin = smaller(PIECE_BYTES, u->fair * DEPTH_S);
	double piece = larger(u->fair * PIECE_S, thin);

	piece = smaller(larger(piece, PIECE_LEAST_BYTES), PIECE_MOST_BYTES);
	u->cap_bytes = smaller(larger(u->fair * CAP_S, piece), block);
	u->piece_bytes =
	    isinf(block) ? piece : smaller(smaller(piece, block), PULSE_PIECE_BYTES);
	release(u, u->is_here ? u->cap_bytes : 0);
}

/* What each would get, were everybody here to want something. */
static void
divide_fair(struct limiter *l)
{
	for (size_t i = 0; i < l->live_count; i++) {
		struct limiter_node *n = l->live[i];

		n->capacity = !is_limited(n) || is_pulse(n)
				  ? HUGE_VAL
				  : (double)n->rate.bytes_per_s;
	}
	for (struct limiter_user *u = l->first; u; u = u->next)
		u->wants = u->is_here && u->is_limited;
	share_divide(l->live, l->live_count);
	for (struct limiter_user *u = l->first; u; u = u->next) {
		u->fair = u->given;
		set_caps(u);
	}
}

static void
divide_rates(struct limiter *l)
{
	for (size_t i = 0; i < l->live_count; i++) {
		struct limiter_node *n = l->live[i];

		n->capacity = HUGE_VAL;
		if (is_limited(n)) /* blocks come by stock; debts are paid first */
			n->capacity =
			    is_pulse(n) || owes(n) ? 0 : (double)n->rate.bytes_per_s;
	}
	for (struct limiter_user *u = l->first; u; u = u->next)
		u->wants = is_hungry(u);
	share_divide(l->live, l->live_count);
	for (struct limiter_user *u = l->first; u; u = u->next)
		u->rate = u->given;
}

static double
stock_on_path(const struct limiter_user *u)
{
	double least = HUGE_VAL;

	for (const struct limiter_node *n = u->leaf; n; n = n->parent)
		if (is_limited(n))
			least = smaller(least, n->stock_bytes);
	return least;
}

/* One piece for each who can have one.  false: nobody could. */
static bool
hand_out_round(struct limiter *l, unsigned class)
{
	bool any = false;

	for (struct limiter_user *u = l->first; u; u = u->next) {
		if (u->class != class || !is_hungry(u))
			continue;
		const double bytes =
		    smaller(smaller(u->cap_bytes - u->held_bytes, u->piece_bytes),
			    stock_on_path(u));

		if (bytes < 1)
			continue;
		hold(u, bytes);
		for (struct limiter_node *n = u->leaf; n; n = n->parent)
			draw_stock(n, bytes);
		any = true;
	}
	return any;
}

/* What lies ready goes to who can use it; then who gets how much from here on. */
static void
refresh(struct limiter *l)
{
	if (l->stale_fair)
		divide_fair(l);
	for (unsigned c = 0; c < LIMITER_CLASSES; c++)
		while (hand_out_round(l, c))
			l->stale_rates = true;
	if (l->stale_fair || l->stale_rates)
		divide_rates(l);
	l->stale_fair = l->stale_rates = false;
}

/* --- time ------------------------------------------------------------------------- */

/* Seconds until the shares change (L3). */
static double
next_event_s(const struct limiter *l)
{
	double s = HUGE_VAL;

	for (const struct limiter_user *u = l->first; u; u = u->next)
		if (is_hungry(u) && u->rate > 0)
			s = smaller(s, (u->cap_bytes - u->held_bytes) / u->rate);
	for (size_t i = 0; i < l->live_count; i++) {
		const struct limiter_node *n = l->live[i];

		if (is_pulse(n) && n->pulse_left_s > 0)
			s = smaller(s, n->pulse_left_s);
		else if (is_limited(n) && owes(n) && n->rate.bytes_per_s > 0)
			s = smaller(s, -n->stock_bytes / (double)n->rate.bytes_per_s);
	}
	return s;
}

static void
pulse(struct limiter_node *n, double s)
{
	if (n->pulse_left_s <= 0)
		return;
	n->pulse_left_s -= s;
	if (n->pulse_left_s > NEARLY)
		return;
	n->stock_bytes += (double)n->rate.pulse_bytes;
	n->pulse_left_s = owes(n) ? (double)n->rate.pulse_ms / 1000 : 0;
	clamp(n);
}

static void
fill(struct limiter_node *n, double s)
{
	n->stock_bytes += (double)n->rate.bytes_per_s * s;
	if (!owes(n))
		n->stock_bytes = larger(n->stock_bytes, 0);
}

/* So much time passes, in which the shares stay the same. */
static void
flow(struct limiter *l, double s)
{
	for (size_t i = 0; i < l->live_count; i++) {
		struct limiter_node *n = l->live[i];

		if (is_pulse(n))
			pulse(n, s);
		else if (is_limited(n))
			fill(n, s);
	}
	for (struct limiter_user *u = l->first; u; u = u->next) {
		if (!is_hungry(u) || !(u->rate > 0))
			continue;
		const double bytes = smaller(u->rate * s, u->cap_bytes - u->held_bytes);

		hold(u, bytes);
		for (struct limiter_node *n = u->leaf; n; n = n->parent)
			draw_stock(n, bytes);
	}
	for (size_t i = 0; i < l->live_count; i++)
		if (is_limited(l->live[i]))
			clamp(l->live[i]);
	l->stale_rates = true;
}

static void
retire(struct limiter *l)
{
	for (struct limiter_user *u = l->first; u; u = u->next)
		if (u->is_here &&
		    l->at_us - u->asked_at_us > (int64_t)LIMITER_AWAY_MS * 1000) {
			u->is_here = false;
			l->stale_fair = true;
		}
}

static void
advance(struct limiter *l, int64_t now_us)
{
	double left_s;

	if (!l->has_time)
		l->at_us = now_us;
	l->has_time = true;
	left_s = (double)(now_us - l->at_us) / 1e6;
	while (left_s > 0) {
		refresh(l);
		const double s = smaller(left_s, next_event_s(l));

		flow(l, s);
		left_s -= larger(s, NEARLY);
	}
	if (now_us > l->at_us)
		l->at_us = now_us;
	retire(l);
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
		advance(l, now_us);
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
	release(u, 0);
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

	advance(l, now_us);
	l->stale_fair = l->stale_fair || !u->is_here;
	u->is_here = true;
	u->asked_at_us = now_us;
	refresh(l);
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
	hold(u, -(double)granted);
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
		draw_stock(n, (double)bytes);
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
		    smaller(u->fair / WRITES_PER_SECOND, block_bytes(u));

		bytes = most < 1e15 ? (int64_t)most : INT64_MAX;
		bytes = bytes > WRITE_LEAST_BYTES ? bytes : WRITE_LEAST_BYTES;
	}
	(void)pthread_mutex_unlock(&u->limiter->lock);
	return bytes;
}
