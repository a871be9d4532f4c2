/* Once from the addresses up: how much does each class below a node want, at most what
 * the node could give it.  Then down: what a node was given is divided among what is
 * below it, class by class, alike, and what one does not want goes to the others. */
#include "send/limiter_share.h"

#include <math.h>

/* Of a node, for every class that wants it: so that none starves. */
#define CLASS_AT_LEAST 0.1

/* Highest class first, but to each its minimum. */
static void
split(double capacity, double want[LIMITER_CLASSES])
{
	double give[LIMITER_CLASSES];
	double left = capacity;

	for (unsigned c = 0; c < LIMITER_CLASSES; c++) {
		give[c] = smaller(want[c], CLASS_AT_LEAST * capacity);
		left -= give[c];
	}
	for (unsigned c = 0; c < LIMITER_CLASSES; c++) {
		const double more = smaller(want[c] - give[c], left);

		left -= more;
		want[c] = give[c] + more;
	}
}

static double
wanted(const struct limiter_user *u, unsigned class)
{
	return u->wants && u->class == class ? (double)INFINITY : 0;
}

static void
add_up(struct limiter_node *n)
{
	for (unsigned c = 0; c < LIMITER_CLASSES; c++) {
		n->want[c] = 0;
		for (const struct limiter_node *k = n->first_child; k; k = k->sibling)
			n->want[c] += k->want[c];
		for (const struct limiter_user *u = n->first_user; u; u = u->sibling)
			n->want[c] += wanted(u, c);
	}
	if (!isinf(n->capacity))
		split(n->capacity, n->want);
}

/* What does not fit below `level`, and how many want more? */
static double
above(const struct limiter_node *n, unsigned c, double level, unsigned *count)
{
	double taken = 0;

	*count = 0;
	for (const struct limiter_node *k = n->first_child; k; k = k->sibling) {
		if (k->want[c] > level)
			(*count)++;
		else
			taken += k->want[c];
	}
	for (const struct limiter_user *u = n->first_user; u; u = u->sibling)
		*count += wanted(u, c) > level;
	return taken;
}

/* The most that any one below may have, so that all of it is used: who wants less
 * leaves the rest to the others. */
static double
find_level(const struct limiter_node *n, unsigned c)
{
	double level = 0;

	for (;;) {
		unsigned count;
		const double taken = above(n, c, level, &count);
		const double next =
		    count > 0 ? (n->given[c] - taken) / count : (double)INFINITY;

		if (next <= level || isinf(next))
			return next;
		level = next;
	}
}

static void
hand_down(struct limiter_node *n)
{
	for (unsigned c = 0; c < LIMITER_CLASSES; c++) {
		const double level = find_level(n, c);

		for (struct limiter_node *k = n->first_child; k; k = k->sibling)
			k->given[c] = smaller(k->want[c], level);
		for (struct limiter_user *u = n->first_user; u; u = u->sibling)
			if (u->class == c)
				u->given = u->wants ? level : 0;
	}
}

void
share_divide(struct limiter_node *const *nodes, size_t count)
{
	for (size_t i = count; i-- > 0;)
		add_up(nodes[i]);
	for (size_t i = 0; i < count; i++) {
		struct limiter_node *n = nodes[i];

		for (unsigned c = 0; !n->parent && c < LIMITER_CLASSES; c++)
			n->given[c] = n->want[c];
		hand_down(n);
	}
}
