/* The limiter in virtual time: sendings that ask, are told to wait, and come late, as
 * threads do.  What goes through each node is written down and looked at as somebody at
 * the other end of the line would: by windows of time. */
#include "send/limiter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/thread.h"

enum {
	S_US = 1000000,
	SLOT_US = 10000, /* bytes are added up so; a window is a hundred of them */
	SLOTS_MAX = 6000,
	USERS_MAX = 8,
	NODES_MAX = 16,
};

struct sending {
	struct limiter_user *user;
	int64_t want_bytes;       /* of one request to the kernel */
	int64_t line_bytes_per_s; /* what its own line carries; 0: any amount */
	int64_t late_us;          /* at most: how late its thread comes */
	int64_t next_at_us;
	int64_t sent_bytes;
};

struct world {
	struct limiter *limiter;
	struct sending sending[USERS_MAX];
	size_t count;
	int64_t now_us;
	uint32_t dice;
	/* what went through all of them, or the nodes watched */
	int64_t slot[NODES_MAX][SLOTS_MAX];
	bool passes[NODES_MAX][USERS_MAX];
};

static uint32_t
roll(struct world *w, uint32_t sides)
{
	w->dice = w->dice * 1664525U + 1013904223U;
	return (w->dice >> 8) % sides;
}

static struct world *
world_new(uint32_t seed)
{
	struct world *w = mem_zero(1, sizeof(*w));

	w->limiter = limiter_new();
	w->dice = seed;
	return w;
}

static void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		limiter_leave(w->sending[i].user);
	limiter_free(w->limiter);
	mem_free(w);
}

static void
set_rate(struct world *w, const char *node, int64_t bytes_per_s)
{
	limiter_set(w->limiter, node, &(struct send_rate){.bytes_per_s = bytes_per_s},
		    w->now_us);
}

static struct sending *
join(struct world *w, const char *const *path, size_t count, unsigned class)
{
	struct sending *s = &w->sending[w->count];

	*s = (struct sending){
	    .user = limiter_join(w->limiter, path, count, class),
	    .want_bytes = 16384,
	    .late_us = 3000,
	    .next_at_us = w->now_us,
	};
	w->passes[0][w->count++] = true;
	return s;
}

/* All that it may send now; then it waits as it was told. */
static void
serve(struct world *w, size_t i)
{
	struct sending *s = &w->sending[i];
	int64_t wait_us = 0;
	int64_t got;

	do {
		got = limiter_take(s->user, s->want_bytes, w->now_us, &wait_us);
		s->sent_bytes += got;
		for (size_t n = 0; n < NODES_MAX; n++)
			if (w->passes[n][i])
				w->slot[n][w->now_us / SLOT_US] += got;
		if (got > 0 && s->line_bytes_per_s > 0) {
			wait_us = got * S_US / s->line_bytes_per_s;
			break;
		}
	} while (got > 0);
	assert_true(wait_us > 0);
	s->next_at_us = w->now_us + wait_us;
	if (s->late_us > 0 && got == 0)
		s->next_at_us += roll(w, (uint32_t)s->late_us);
}

static void
run_until(struct world *w, int64_t until_us)
{
	assert_true(until_us <= (int64_t)SLOTS_MAX * SLOT_US);
	for (;;) {
		size_t first = 0;

		for (size_t i = 1; i < w->count; i++)
			if (w->sending[i].next_at_us < w->sending[first].next_at_us)
				first = i;
		if (w->count == 0 || w->sending[first].next_at_us >= until_us)
			break;
		w->now_us = w->sending[first].next_at_us;
		serve(w, first);
	}
	w->now_us = until_us;
}

static int64_t
bytes_between(const struct world *w, size_t node, int64_t from_us, int64_t to_us)
{
	int64_t sum = 0;

	for (int64_t i = from_us / SLOT_US; i < to_us / SLOT_US; i++)
		sum += w->slot[node][i];
	return sum;
}

/* The most that went in any window of that length. */
static int64_t
busiest(const struct world *w, size_t node, int64_t length_us, int64_t from_us,
	int64_t to_us)
{
	int64_t most = 0;

	for (int64_t at = from_us; at + length_us <= to_us; at += SLOT_US) {
		const int64_t sum = bytes_between(w, node, at, at + length_us);

		most = sum > most ? sum : most;
	}
	return most;
}

static void
assert_about(int64_t got, int64_t want, double part)
{
	if (fabs((double)(got - want)) > part * (double)want)
		fail_msg("got %lld, not %lld within %g %%", (long long)got,
			 (long long)want, part * 100);
}

static void
assert_at_most(int64_t got, double most, const char *what)
{
	if ((double)got > most)
		fail_msg("%s: %lld is more than %.0f", what, (long long)got, most);
}

#define PATH(...)                                                                      \
	(const char *const[])                                                          \
	{                                                                              \
		__VA_ARGS__                                                            \
	}
#define ALL PATH(""), 1

/* --- one limit -------------------------------------------------------------------- */

static void
keeps_the_average_and_has_no_bursts(void **state)
{
	/* From a modem up; the last stopped the original (row 22 of its faults). */
	static const int64_t rates[] = {
	    1000, 1100, 8000, 64000, 1000003, 12500000, 125000000, 4294967295,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		struct world *w = world_new(7);
		const int64_t rate = rates[i];

		set_rate(w, "", rate);
		(void)join(w, ALL, 0);
		w->sending[0].want_bytes = 512 * 1024;
		run_until(w, 30 * S_US);
		for (int64_t at = 0; at <= 20 * S_US; at += 500000)
			assert_about(bytes_between(w, 0, at, at + 10 * S_US), 10 * rate,
				     0.02);
		assert_at_most(busiest(w, 0, S_US, 0, 30 * S_US), 1.25 * (double)rate,
			       "in one second");
		assert_int_equal(limiter_sent_bytes(w->limiter, ""),
				 w->sending[0].sent_bytes);
		world_free(w);
	}
}

/* A thread that does not come for a tenth of a second loses nothing. */
static void
makes_up_for_who_comes_late(void **state)
{
	struct world *w = world_new(11);

	(void)state;
	set_rate(w, "", 1000000);
	join(w, ALL, 0)->late_us = 60000;
	run_until(w, 20 * S_US);
	assert_about(w->sending[0].sent_bytes, 20000000, 0.02);
	assert_at_most(busiest(w, 0, S_US, 0, 20 * S_US), 1250000, "in one second");
	world_free(w);
}

static void
saves_up_no_more_than_its_depth(void **state)
{
	struct world *w = world_new(1);
	int64_t wait_us, got = 0, sum = 0;

	(void)state;
	set_rate(w, "", 1000000);
	(void)join(w, ALL, 0);
	w->now_us = 3600LL * S_US;
	while ((got = limiter_take(w->sending[0].user, 1 << 20, w->now_us, &wait_us)) >
	       0)
		sum += got;
	assert_int_equal(sum, 1000000 / 1000 * LIMITER_DEPTH_MS);
	world_free(w);
}

static void
holds_nobody_without_a_limit(void **state)
{
	struct world *w = world_new(1);
	int64_t wait_us = 0;
	struct limiter_user *u;

	(void)state;
	u = join(w, PATH("", "site:MS1"), 2, 0)->user;
	assert_int_equal(limiter_take(u, INT64_MAX / 4, 0, &wait_us), INT64_MAX / 4);
	assert_int_equal(limiter_write_bytes(u, 0), INT64_MAX);
	set_rate(w, "site:MS2", 1); /* somebody else's */
	assert_int_equal(limiter_take(u, 1 << 30, 1, &wait_us), 1 << 30);
	assert_int_equal(limiter_sent_bytes(w->limiter, "site:MS1"),
			 INT64_MAX / 4 + (1 << 30));
	assert_int_equal(limiter_sent_bytes(w->limiter, "site:none"), 0);
	world_free(w);
}

static void
a_limit_of_nothing_lets_nothing_through(void **state)
{
	struct world *w = world_new(1);
	int64_t wait_us;

	(void)state;
	set_rate(w, "", 0);
	(void)join(w, ALL, 0);
	run_until(w, 10 * S_US);
	assert_int_equal(w->sending[0].sent_bytes, 0);
	/* No limit in all but name: no overflow. */
	set_rate(w, "", INT64_MAX - 1);
	assert_int_equal(
	    limiter_take(w->sending[0].user, 1LL << 40, w->now_us + 100000, &wait_us),
	    1LL << 40);
	world_free(w);
}

/* Row 5 of the original's faults: what was loaded at birth was kept to the end. */
static void
a_change_holds_at_once(void **state)
{
	struct world *w = world_new(3);

	(void)state;
	set_rate(w, "", 10000000);
	(void)join(w, ALL, 0);
	run_until(w, 5 * S_US);
	set_rate(w, "", 100000);
	run_until(w, 10 * S_US);
	assert_at_most(busiest(w, 0, S_US, 5 * S_US, 10 * S_US), 125000, "slower");
	assert_about(bytes_between(w, 0, 6 * S_US, 10 * S_US), 400000, 0.04);
	set_rate(w, "", 5000000);
	run_until(w, 15 * S_US);
	assert_about(bytes_between(w, 0, 11 * S_US, 15 * S_US), 20000000, 0.04);
	set_rate(w, "", INT64_MAX);
	w->sending[0].line_bytes_per_s = 50000000;
	run_until(w, 20 * S_US);
	assert_true(bytes_between(w, 0, 16 * S_US, 20 * S_US) > 150000000);
	world_free(w);
}

/* Rows 22 and 23: the block follows the rate, from 1 KiB on. */
static void
a_write_takes_a_quarter_of_a_second(void **state)
{
	static const struct {
		int64_t rate, write_bytes;
	} rows[] = {
	    {1, 1024},      {819, 1024},         {6000, 1500},
	    {64000, 16000}, {12500000, 3125000}, {4294967295, 1073741823},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new(1);

		set_rate(w, "", rows[i].rate);
		assert_int_equal(limiter_write_bytes(join(w, ALL, 0)->user, 0),
				 rows[i].write_bytes);
		world_free(w);
	}
}

/* --- several ---------------------------------------------------------------------- */

static void
equals_get_the_same(void **state)
{
	struct world *w = world_new(5);

	(void)state;
	set_rate(w, "", 1000000);
	join(w, ALL, 1)->want_bytes = 600; /* small files */
	join(w, ALL, 1)->want_bytes = 512 * 1024;
	join(w, ALL, 1)->late_us = 30000;
	run_until(w, 20 * S_US);
	for (size_t i = 0; i < 3; i++)
		assert_about(w->sending[i].sent_bytes, 20000000 / 3, 0.1);
	world_free(w);
}

static void
what_one_leaves_the_others_get(void **state)
{
	struct world *w = world_new(5);

	(void)state;
	set_rate(w, "", 1000000);
	(void)join(w, ALL, 1);
	join(w, ALL, 1)->line_bytes_per_s = 100000;
	run_until(w, 20 * S_US);
	assert_about(w->sending[1].sent_bytes, 2000000, 0.1);
	assert_about(w->sending[0].sent_bytes + w->sending[1].sent_bytes, 20000000,
		     0.02);
	/* And when it is gone altogether. */
	limiter_leave(w->sending[1].user);
	w->count = 1;
	run_until(w, 40 * S_US);
	assert_about(bytes_between(w, 0, 20 * S_US, 40 * S_US), 20000000, 0.02);
	world_free(w);
}

/* Sites of a line share alike, whatever goes on in each. */
static void
a_site_with_three_sendings_gets_no_more(void **state)
{
	struct world *w = world_new(9);

	(void)state;
	set_rate(w, "line:south", 1000000);
	for (int i = 0; i < 3; i++)
		(void)join(w, PATH("", "line:south", "site:A"), 3, 1);
	(void)join(w, PATH("", "line:south", "site:B"), 3, 1);
	join(w, PATH("", "site:C"), 2, 1)->line_bytes_per_s = 5000000;
	run_until(w, 20 * S_US);
	assert_about(w->sending[3].sent_bytes, 10000000, 0.1);
	for (int i = 0; i < 3; i++)
		assert_about(w->sending[i].sent_bytes, 10000000 / 3, 0.1);
	assert_about(w->sending[4].sent_bytes, 100000000, 0.1); /* not on that line */
	/* A's own limit leaves more to B. */
	set_rate(w, "site:A", 200000);
	const int64_t before = w->sending[3].sent_bytes;

	run_until(w, 40 * S_US);
	assert_about(w->sending[3].sent_bytes - before, 16000000, 0.05);
	world_free(w);
}

static void
higher_classes_first_but_none_starves(void **state)
{
	static const struct {
		unsigned class[3];
		double part[3];
	} rows[] = {
	    {{0, 2, 2}, {0.9, 0.05, 0.05}},
	    {{0, 1, 2}, {0.8, 0.1, 0.1}},
	    {{1, 1, 2}, {0.45, 0.45, 0.1}},
	    {{2, 2, 2}, {1.0 / 3, 1.0 / 3, 1.0 / 3}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new(9);

		set_rate(w, "", 1000000);
		for (size_t k = 0; k < 3; k++)
			(void)join(w, ALL, rows[i].class[k]);
		run_until(w, 20 * S_US);
		for (size_t k = 0; k < 3; k++)
			assert_about(w->sending[k].sent_bytes,
				     (int64_t)(rows[i].part[k] * 20000000), 0.1);
		world_free(w);
	}
}

/* A person changed the priority of one that is under way. */
static void
a_new_class_counts_from_then_on(void **state)
{
	struct world *w = world_new(9);
	int64_t before;

	(void)state;
	set_rate(w, "", 1000000);
	(void)join(w, ALL, 2);
	(void)join(w, ALL, 2);
	run_until(w, 10 * S_US);
	assert_about(w->sending[1].sent_bytes, 5000000, 0.1);
	before = w->sending[1].sent_bytes;
	limiter_set_class(w->sending[1].user, 0);
	run_until(w, 20 * S_US);
	assert_about(w->sending[1].sent_bytes - before, 9000000, 0.1);
	world_free(w);
}

/* --- debts, pulses ---------------------------------------------------------------- */

static void
what_went_without_asking_is_paid_for(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	set_rate(w, "", 10000);
	limiter_owe(join(w, ALL, 0)->user, 3000, 0);
	run_until(w, 10 * S_US);
	assert_about(w->sending[0].sent_bytes, 97000, 0.02);
	assert_int_equal(limiter_sent_bytes(w->limiter, ""),
			 3000 + w->sending[0].sent_bytes);
	world_free(w);
}

static void
pulses(void **state)
{
	static const struct {
		int64_t bytes, ms;
	} rows[] = {{1024, 30000}, {3072, 5000}, {262144, 1000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new(2);
		const int64_t period_us = rows[i].ms * 1000;

		limiter_set(w->limiter, "address:A.1",
			    &(struct send_rate){.bytes_per_s = INT64_MAX,
						.pulse_bytes = rows[i].bytes,
						.pulse_ms = rows[i].ms},
			    0);
		(void)join(w, PATH("", "address:A.1"), 2, 0);
		run_until(w, 60 * S_US);
		/* one at once, then one each period, whatever the line could do */
		assert_int_equal(w->sending[0].sent_bytes,
				 rows[i].bytes * (60 * S_US / period_us));
		assert_int_equal(bytes_between(w, 0, 0, 200000), rows[i].bytes);
		assert_int_equal(bytes_between(w, 0, 200000, period_us), 0);
		world_free(w);
	}
}

static void
two_share_the_blocks_of_a_pulse(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	limiter_set(w->limiter, "",
		    &(struct send_rate){.bytes_per_s = INT64_MAX,
					.pulse_bytes = 32768,
					.pulse_ms = 1000},
		    0);
	(void)join(w, ALL, 1);
	(void)join(w, ALL, 1);
	run_until(w, 60 * S_US);
	assert_about(w->sending[0].sent_bytes, 30 * 32768, 0.1);
	assert_about(w->sending[1].sent_bytes, 30 * 32768, 0.1);
	assert_int_equal(limiter_sent_bytes(w->limiter, ""), 60 * 32768);
	world_free(w);
}

/* --- any tree --------------------------------------------------------------------- */

struct tree {
	char name[NODES_MAX][24];
	int64_t rate[NODES_MAX];
	size_t parent[NODES_MAX]; /* of all but the first */
	size_t nodes;
	size_t leaf[USERS_MAX];
};

static int64_t
random_rate(struct world *w)
{
	static const int64_t steps[] = {8000, 60000, 400000, 3000000};

	if (roll(w, 3) == 0)
		return INT64_MAX;
	return steps[roll(w, COUNT(steps))] + roll(w, 8000);
}

static void
plant(struct world *w, struct tree *t)
{
	const size_t nodes = 2 + roll(w, 8), users = 1 + roll(w, USERS_MAX - 1);

	*t = (struct tree){.nodes = nodes};
	for (size_t n = 0; n < nodes; n++) {
		(void)snprintf(t->name[n], sizeof(t->name[n]), "node:%zu", n);
		t->parent[n] = n > 0 ? roll(w, (uint32_t)n) : 0;
		t->rate[n] = random_rate(w);
		set_rate(w, t->name[n], t->rate[n]);
	}
	for (size_t i = 0; i < users; i++) {
		const char *path[LIMITER_PATH_MAX + NODES_MAX];
		size_t depth = 0, from = roll(w, (uint32_t)nodes);

		t->leaf[i] = from;
		for (size_t n = from;; n = t->parent[n]) {
			depth++;
			w->passes[n][i] = true;
			if (n == 0)
				break;
		}
		for (size_t n = from, at = depth; at-- > 0; n = t->parent[n])
			path[at] = t->name[n];
		if (depth > LIMITER_PATH_MAX)
			fail_msg("a tree too deep for the test: %zu", depth);
		(void)join(w, path, depth, roll(w, LIMITER_CLASSES));
		w->sending[i].want_bytes = 500 + roll(w, 300000);
		w->sending[i].line_bytes_per_s = 20000000;
	}
}

/* Someone who always wants more has a full node on its way. */
static void
assert_work_conserved(const struct world *w, const struct tree *t, uint32_t seed)
{
	for (size_t i = 0; i < w->count; i++) {
		double fullest = 0;

		for (size_t n = t->leaf[i];; n = t->parent[n]) {
			const double part =
			    (double)bytes_between(w, n, 2 * S_US, 12 * S_US) /
			    (10 * (double)t->rate[n]);

			fullest = part > fullest ? part : fullest;
			if (n == 0)
				break;
		}
		if (fullest < 0.98 && w->sending[i].sent_bytes < 12 * 19000000)
			fail_msg("seed %u: sending %zu waits, and its fullest node "
				 "is only %.1f %% full",
				 seed, i, fullest * 100);
	}
}

static void
any_tree_keeps_its_limits_and_wastes_nothing(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct world *w = world_new(seed);
		struct tree t;

		memset(w->passes, 0, sizeof(w->passes));
		plant(w, &t);
		run_until(w, 12 * S_US);
		for (size_t n = 0; n < t.nodes; n++) {
			if (t.rate[n] == INT64_MAX)
				continue;
			assert_at_most(busiest(w, n, S_US, 0, 12 * S_US),
				       1.25 * (double)t.rate[n], t.name[n]);
			assert_at_most(busiest(w, n, 10 * S_US, 0, 12 * S_US),
				       10.2 * (double)t.rate[n], t.name[n]);
		}
		assert_work_conserved(w, &t, seed);
		world_free(w);
	}
}

/* --- threads ---------------------------------------------------------------------- */

struct asker {
	struct limiter *limiter;
	int64_t got;
};

static void
ask_on(void *self)
{
	struct asker *a = self;
	struct limiter_user *u = limiter_join(a->limiter, PATH("", "site:A"), 2, 1);
	int64_t wait_us;

	for (int64_t at_us = 0; at_us < 2 * S_US; at_us += 1000)
		a->got += limiter_take(u, 4096, at_us, &wait_us);
	limiter_leave(u);
}

static void
many_threads_lose_no_count(void **state)
{
	struct limiter *l = limiter_new();
	struct asker a[4] = {0};
	struct thread *thread[4];
	int64_t sum = 0;
	struct err e;

	(void)state;
	limiter_set(l, "site:A", &(struct send_rate){.bytes_per_s = 1000000}, 0);
	for (int i = 0; i < 4; i++) {
		a[i].limiter = l;
		assert_int_equal(thread_start("ask", ask_on, &a[i], &thread[i], &e), 0);
	}
	for (int64_t at_us = 0; at_us < 2 * S_US; at_us += 10000)
		limiter_set(l, "site:A",
			    &(struct send_rate){.bytes_per_s = 1000000 + at_us % 7},
			    at_us);
	for (int i = 0; i < 4; i++) {
		thread_join(thread[i]);
		sum += a[i].got;
	}
	assert_int_equal(limiter_sent_bytes(l, ""), sum);
	assert_at_most(sum, 2 * 1000000 * 1.1, "in two seconds");
	limiter_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_the_average_and_has_no_bursts),
	    cmocka_unit_test(makes_up_for_who_comes_late),
	    cmocka_unit_test(saves_up_no_more_than_its_depth),
	    cmocka_unit_test(holds_nobody_without_a_limit),
	    cmocka_unit_test(a_limit_of_nothing_lets_nothing_through),
	    cmocka_unit_test(a_change_holds_at_once),
	    cmocka_unit_test(a_write_takes_a_quarter_of_a_second),
	    cmocka_unit_test(equals_get_the_same),
	    cmocka_unit_test(what_one_leaves_the_others_get),
	    cmocka_unit_test(a_site_with_three_sendings_gets_no_more),
	    cmocka_unit_test(higher_classes_first_but_none_starves),
	    cmocka_unit_test(a_new_class_counts_from_then_on),
	    cmocka_unit_test(what_went_without_asking_is_paid_for),
	    cmocka_unit_test(pulses),
	    cmocka_unit_test(two_share_the_blocks_of_a_pulse),
	    cmocka_unit_test(any_tree_keeps_its_limits_and_wastes_nothing),
	    cmocka_unit_test(many_threads_lose_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
