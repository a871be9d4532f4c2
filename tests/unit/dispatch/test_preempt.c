/* Who is suspended for one of high priority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/preempt.h"

enum { HERE = 1, THERE = 2, ROOM = 4, URGENT = 99 };

#define BUT(number, where, class, done, is)                                            \
	{                                                                              \
		.id = (number), .site = (where), .class_index = (class),               \
		.bytes_done = (done), .holds_slot = true, .is                          \
	}
#define SENDS(number, where, class, done) BUT(number, where, class, done, crowded = 0)

/* id 0 ends. */
static const struct {
	struct preempt_active all[ROOM];
	bool own_site_only;
	int64_t victim; /* 0: nobody */
} rows[] = {
    {{{0}}, false, 0},
    {{SENDS(1, THERE, 2, 50)}, false, 1},
    {{SENDS(1, THERE, 2, 50)}, true, 0},
    {{SENDS(1, HERE, 2, 50)}, true, 1},
    {{SENDS(1, THERE, 1, 0), SENDS(2, THERE, 2, 99)}, false, 2},
    {{SENDS(1, THERE, 2, 9), SENDS(2, THERE, 2, 8)}, false, 2},
    {{SENDS(1, THERE, 2, 9), SENDS(2, THERE, 2, 9)}, false, 2},
    {{SENDS(1, THERE, 1, 9), SENDS(2, THERE, 0, 0)}, false, 1},
    {{SENDS(1, THERE, 0, 9)}, false, 0},
    {{BUT(1, THERE, 2, 9, publishing = true)}, false, 0},
    {{BUT(1, THERE, 2, 9, by_share = true)}, false, 0},
    {{BUT(1, THERE, 2, 9, by_share = true), SENDS(2, THERE, 1, 0)}, false, 2},
    /* one is on its way out: its slot will do */
    {{SENDS(1, THERE, 2, 9), BUT(2, THERE, 2, 9, leaving = true)}, false, 0},
    {{SENDS(1, HERE, 2, 9), BUT(2, THERE, 2, 9, leaving = true)}, true, 1},
};

static void
the_lowest_and_the_least_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct preempt_active all[ROOM];
		struct preempt_ask ask = {.all = all, .urgent = URGENT};
		struct preempt_found found;
		int64_t victim;

		for (; ask.count < ROOM && rows[i].all[ask.count].id; ask.count++) {
			struct preempt_active *a = &all[ask.count];

			*a = rows[i].all[ask.count];
			if (rows[i].own_site_only && a->site == HERE)
				a->crowded = URGENT;
		}
		if (rows[i].own_site_only)
			ask.urgent = 0;
		victim = preempt_next(&ask, &found) ? all[found.victim].id : 0;
		if (victim != rows[i].victim)
			fail_msg("row %zu: %lld", i, (long long)victim);
		if (victim)
			assert_int_equal(found.urgent, URGENT);
	}
}

static void
for_whom(void **state)
{
	const struct preempt_active all[] = {
	    SENDS(1, THERE, 2, 50),
	    {.id = 2, .site = THERE, .waits_urgent = true},
	    {.id = 3,
	     .site = HERE,
	     .class_index = 2,
	     .bytes_done = 90,
	     .holds_slot = true,
	     .crowded = 7},
	    {.id = 4, .site = HERE, .class_index = 2, .crowded = 7}, /* it connects */
	};
	struct preempt_active left[COUNT(all)];
	struct preempt_ask ask = {
	    .all = left, .count = COUNT(all), .max_sendings = 2, .urgent = URGENT};
	struct preempt_found found;

	(void)state;
	memcpy(left, all, sizeof(all));
	/* who is connected already comes before who would have to connect */
	assert_true(preempt_next(&ask, &found));
	assert_int_equal(left[found.victim].id, 1);
	assert_int_equal(found.urgent, 2);
	/* its slot will do for the sender; the crowded site gets one of its own */
	left[found.victim].leaving = true;
	assert_true(preempt_next(&ask, &found));
	assert_int_equal(left[found.victim].id, 3);
	assert_int_equal(found.urgent, 7);
	left[found.victim].leaving = true;
	assert_false(preempt_next(&ask, &found));
	/* a slot is free: only the site that is crowded needs one */
	memcpy(left, all, sizeof(all));
	ask.max_sendings = 3;
	assert_true(preempt_next(&ask, &found));
	assert_int_equal(left[found.victim].id, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lowest_and_the_least_done),
	    cmocka_unit_test(for_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
