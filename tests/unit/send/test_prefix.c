/* The acknowledged prefix: what is kept may be less than what is there, never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "send/prefix.h"

static void
check(const struct prefix *p, int64_t entries, int64_t offset, int64_t bytes)
{
	struct request_progress got = prefix_get(p);

	assert_int_equal(got.entries_done, entries);
	assert_int_equal(got.offset_bytes, offset);
	assert_int_equal(got.bytes_done, bytes);
}

static void
test_in_order(void **state)
{
	struct prefix p = {0};

	(void)state;
	check(&p, 0, 0, 0);
	prefix_add(&p, 2, 100, 0); /* 0 and 1 are folders */
	check(&p, 2, 0, 0);
	prefix_acked(&p, 2, 60);
	check(&p, 2, 60, 60);
	prefix_acked(&p, 2, 40); /* never back */
	check(&p, 2, 60, 60);
	prefix_whole(&p, 2);
	check(&p, 3, 0, 100);
	prefix_last(&p, 5);
	check(&p, 5, 0, 100);
	prefix_done(&p);
}

static void
test_out_of_order(void **state)
{
	struct prefix p = {0};

	(void)state;
	prefix_add(&p, 0, 10, 0);
	prefix_add(&p, 1, 20, 0);
	prefix_add(&p, 3, 30, 0);
	prefix_last(&p, 4);
	prefix_whole(&p, 3);
	check(&p, 0, 0, 0);
	prefix_acked(&p, 1, 15);
	check(&p, 0, 0, 0);
	prefix_whole(&p, 0);
	check(&p, 1, 15, 25);
	prefix_whole(&p, 1);
	check(&p, 4, 0, 60);
	prefix_done(&p);
}

static void
test_resume(void **state)
{
	const struct request_progress from = {7, 50, 450};
	struct prefix p;

	(void)state;
	prefix_init(&p, &from);
	check(&p, 7, 50, 450);
	prefix_add(&p, 7, 90, 20); /* less of it was still there */
	check(&p, 7, 20, 420);
	prefix_whole(&p, 7);
	check(&p, 8, 0, 490);
	prefix_done(&p);
}

static void
test_beyond(void **state)
{
	static const struct {
		struct request_progress a, b;
		bool beyond;
	} rows[] = {
	    {{1, 0, 0}, {1, 0, 0}, false},
	    {{1, 1, 0}, {1, 0, 0}, true},
	    {{2, 0, 0}, {1, 9, 0}, true},
	    {{1, 9, 0}, {2, 0, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(prefix_beyond(&rows[i].a, &rows[i].b), rows[i].beyond);
}

/* --- against a model that remembers everything ----------------------------------- */

enum { FILES = 300, WINDOW = 40 };

struct model {
	int64_t size[FILES], acked[FILES];
	bool is_file[FILES], added[FILES], whole[FILES];
};

static uint32_t
roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes 7.1 */
	return (*seed >> 8) % below;
}

static struct request_progress
prefix(const struct model *m, int64_t next)
{
	struct request_progress out = {next, 0, 0};

	for (int64_t i = 0; i < next; i++) {
		if (m->is_file[i] && !m->whole[i]) {
			out.entries_done = i;
			out.offset_bytes = m->acked[i];
			out.bytes_done += m->acked[i];
			return out;
		}
		out.bytes_done += m->size[i];
	}
	return out;
}

static void
complete_one(struct model *m, struct prefix *p, uint32_t *seed, int64_t next)
{
	int64_t i = next - 1 - (int64_t)roll(seed, WINDOW);

	if (i < 0 || !m->is_file[i] || m->whole[i])
		return;
	if (roll(seed, 2) == 0 && m->size[i] > 0) {
		m->acked[i] +=
		    (int64_t)roll(seed, (uint32_t)(m->size[i] - m->acked[i]) + 1);
		prefix_acked(p, i, m->acked[i]);
		return;
	}
	m->acked[i] = m->size[i];
	m->whole[i] = true;
	prefix_whole(p, i);
}

static void
run_model(uint32_t seed)
{
	struct model m = {0};
	struct prefix p = {0};

	for (int64_t next = 0; next < FILES;) {
		struct request_progress want;

		if (roll(&seed, 3) == 0) {
			m.is_file[next] = roll(&seed, 4) != 0;
			m.size[next] = m.is_file[next] ? (int64_t)roll(&seed, 1000) : 0;
			if (m.is_file[next])
				prefix_add(&p, next, m.size[next], 0);
			else
				prefix_last(&p, next + 1);
			next++;
		}
		complete_one(&m, &p, &seed, next);
		want = prefix(&m, next);
		check(&p, want.entries_done, want.offset_bytes, want.bytes_done);
	}
	prefix_done(&p);
}

static void
test_model(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++)
		run_model(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_order), cmocka_unit_test(test_out_of_order),
	    cmocka_unit_test(test_resume),   cmocka_unit_test(test_beyond),
	    cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
