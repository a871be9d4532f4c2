#include "send/limiter_flow.h"

#include <math.h>

/* Twenty times a second: below what people and routers notice.  Twice as much is held
 * by who comes late, since threads do. */
#define PIECE_S 0.05
#define CAP_S   0.1

/* The most that lies ready (L2). */
#define DEPTH_S (LIMITER_DEPTH_MS / 1000.0)

enum {
	/* A segment on the way of most lines.  On thin ones a piece is no smaller,
	 * since 52 bytes of headers go along with each, so far as the depth allows. */
	PIECE_BYTES = 1400,
	PIECE_LEAST_BYTES = 64,
	PIECE_MOST_BYTES = 64 * 1024, /* one credit of SMB; more saves nothing */
	PULSE_PIECE_BYTES = 512,
};

/* Rounding is no debt. */
static bool
owes(const struct limiter_node *n)
{
	return n->stock_bytes < -NEARLY;
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

/* --- holding ---------------------------------------------------------------------- */

void
limiter_hold(struct limiter_user *u, double bytes)
{
	u->held_bytes += bytes;
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		n->held_bytes += bytes;
}

void
limiter_release(struct limiter_user *u, double most)
{
	const double bytes = u->held_bytes - most;

	if (bytes <= 0)
		return;
	limiter_hold(u, -bytes);
	for (struct limiter_node *n = u->leaf; n; n = n->parent)
		if (is_limited(n)) {
			n->stock_bytes += bytes;
			clamp(n);
		}
}

/* Out of the stock of a block: its delay begins with its first byte. */
void
limiter_draw(struct limiter_node *n, double bytes)
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

double
limiter_block_bytes(const struct limiter_user *u)
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
	const double block = limiter_block_bytes(u);
	const double thin = smaller(PIECE_BYTES, u->fair * DEPTH_S);
	double piece = larger(u->fair * PIECE_S, thin);

	piece = smaller(larger(piece, PIECE_LEAST_BYTES), PIECE_MOST_BYTES);
	u->cap_bytes = smaller(larger(u->fair * CAP_S, piece), block);
	u->piece_bytes =
	    isinf(block) ? piece : smaller(smaller(piece, block), PULSE_PIECE_BYTES);
	limiter_release(u, u->is_here ? u->cap_bytes : 0);
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
		limiter_hold(u, bytes);
		for (struct limiter_node *n = u->leaf; n; n = n->parent)
			limiter_draw(n, bytes);
		any = true;
	}
	return any;
}

void
limiter_refresh(struct limiter *l)
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

		limiter_hold(u, bytes);
		for (struct limiter_node *n = u->leaf; n; n = n->parent)
			limiter_draw(n, bytes);
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

void
limiter_advance(struct limiter *l, int64_t now_us)
{
	double left_s;

	if (!l->has_time)
		l->at_us = now_us;
	l->has_time = true;
	left_s = (double)(now_us - l->at_us) / 1e6;
	while (left_s > 0) {
		limiter_refresh(l);
		const double s = smaller(left_s, next_event_s(l));

		flow(l, s);
		left_s -= larger(s, NEARLY);
	}
	if (now_us > l->at_us)
		l->at_us = now_us;
	retire(l);
}
