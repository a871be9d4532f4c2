#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/share.h"

enum { NODES = 6, FLOWS = 12 };

static uint64_t
roll(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
equal_parts(void **state)
{
	const int64_t limits[] = {900};
	struct share_flow flows[3] = {{{0}, 1, 1, 0}, {{0}, 1, 1, 0}, {{0}, 1, 1, 0}};

	(void)state;
	share_rates(limits, 1, flows, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(flows[i].rate_bytes_per_s, 300);
}

static void
by_weight(void **state)
{
	const int64_t limits[] = {1000};
	struct share_flow flows[2] = {{{0}, 1, 9, 0}, {{0}, 1, 1, 0}};

	(void)state;
	share_rates(limits, 1, flows, 2);
	assert_int_equal(flows[0].rate_bytes_per_s, 900);
	assert_int_equal(flows[1].rate_bytes_per_s, 100);
}

/* One that is held up elsewhere leaves its part to the others. */
static void
borrowed(void **state)
{
	const int64_t limits[] = {1000, 100};
	struct share_flow flows[2] = {{{0, 1}, 2, 1, 0}, {{0}, 1, 1, 0}};

	(void)state;
	share_rates(limits, 2, flows, 2);
	assert_int_equal(flows[0].rate_bytes_per_s, 100);
	assert_int_equal(flows[1].rate_bytes_per_s, 900);
}

static void
without_a_limit(void **state)
{
	const int64_t limits[] = {INT64_MAX};
	struct share_flow flows[2] = {{{0}, 1, 1, 0}, {{0}, 0, 1, 0}};

	(void)state;
	share_rates(limits, 1, flows, 2);
	assert_true(flows[0].rate_bytes_per_s == INT64_MAX);
	assert_true(flows[1].rate_bytes_per_s == INT64_MAX);
	share_rates(limits, 1, flows, 0);
}

static void
nothing_through_a_closed_one(void **state)
{
	const int64_t limits[] = {1000, 0};
	struct share_flow flows[2] = {{{0, 1}, 2, 1, 0}, {{0}, 1, 1, 0}};

	(void)state;
	share_rates(limits, 2, flows, 2);
	assert_int_equal(flows[0].rate_bytes_per_s, 0);
	assert_int_equal(flows[1].rate_bytes_per_s, 1000);
}

/* --- any tree: the two conditions of max-min fairness ---------------- */

struct net {
	int64_t limits[NODES];
	struct share_flow flows[FLOWS];
	size_t flow_count;
};

static void
any_net(struct net *n, uint64_t *seed)
{
	for (size_t i = 0; i < NODES; i++) {
		n->limits[i] = (int64_t)(roll(seed) % 1000000);
		if (roll(seed) % 5 == 0)
			n->limits[i] = INT64_MAX;
	}
	n->flow_count = 1 + roll(seed) % FLOWS;
	for (size_t i = 0; i < n->flow_count; i++) {
		struct share_flow *f = &n->flows[i];

		/* all; one of two lines; one of three addresses */
		f->nodes[0] = 0;
		f->nodes[1] = 1 + roll(seed) % 2;
		f->nodes[2] = 3 + roll(seed) % 3;
		f->depth = 1 + roll(seed) % 3;
		f->weight = 1 + (int)(roll(seed) % 9);
	}
}

static int
goes_through(const struct share_flow *f, size_t node)
{
	for (size_t k = 0; k < f->depth; k++)
		if (f->nodes[k] == node)
			return 1;
	return 0;
}

static double
level_of(const struct share_flow *f)
{
	return (double)f->rate_bytes_per_s / f->weight;
}

static double
used(const struct net *n, size_t node)
{
	double sum = 0;

	for (size_t i = 0; i < n->flow_count; i++)
		if (goes_through(&n->flows[i], node))
			sum += (double)n->flows[i].rate_bytes_per_s;
	return sum;
}

/* Is the node used up, and does nobody on it have more, by weight, than f? */
static int
holds_up(const struct net *n, const struct share_flow *f, size_t node)
{
	if (n->limits[node] == INT64_MAX ||
	    used(n, node) < (double)n->limits[node] - FLOWS)
		return 0;
	for (size_t i = 0; i < n->flow_count; i++)
		if (goes_through(&n->flows[i], node) &&
		    level_of(&n->flows[i]) > level_of(f) + 1)
			return 0;
	return 1;
}

static void
fair_whatever_the_tree(void **state)
{
	uint64_t seed = 88172645463325252U;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct net n;

		any_net(&n, &seed);
		share_rates(n.limits, NODES, n.flows, n.flow_count);
		for (size_t node = 0; node < NODES; node++)
			if (n.limits[node] != INT64_MAX)
				assert_true(used(&n, node) <=
					    (double)n.limits[node] + 1);
		for (size_t i = 0; i < n.flow_count; i++) {
			const struct share_flow *f = &n.flows[i];
			int held = f->rate_bytes_per_s == INT64_MAX;

			for (size_t k = 0; k < f->depth; k++)
				held = held || holds_up(&n, f, f->nodes[k]);
			assert_true(held);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_parts),
	    cmocka_unit_test(by_weight),
	    cmocka_unit_test(borrowed),
	    cmocka_unit_test(without_a_limit),
	    cmocka_unit_test(nothing_through_a_closed_one),
	    cmocka_unit_test(fair_whatever_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
