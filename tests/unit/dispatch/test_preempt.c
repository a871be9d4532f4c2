/* Who is suspended for one of high priority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/preempt.h"

enum { HERE = 1, THERE = 2, ROOM = 4 };

/* {id, site, class, done, publishing, by share, leaving}; id 0 ends. */
static const struct {
	struct preempt_active all[ROOM];
	bool own_site_only;
	int64_t victim; /* 0: nobody */
} rows[] = {
    {{{0}}, false, 0},
    {{{1, THERE, 2, 50, false, false, false}}, false, 1},
    {{{1, THERE, 2, 50, false, false, false}}, true, 0},
    {{{1, HERE, 2, 50, false, false, false}}, true, 1},
    {{{1, THERE, 1, 0, false, false, false}, {2, THERE, 2, 99, false, false, false}},
     false,
     2},
    {{{1, THERE, 2, 9, false, false, false}, {2, THERE, 2, 8, false, false, false}},
     false,
     2},
    {{{1, THERE, 2, 9, false, false, false}, {2, THERE, 2, 9, false, false, false}},
     false,
     2},
    {{{1, THERE, 1, 9, false, false, false}, {2, THERE, 0, 0, false, false, false}},
     false,
     1},
    {{{1, THERE, 0, 9, false, false, false}}, false, 0},
    {{{1, THERE, 2, 9, true, false, false}}, false, 0},
    {{{1, THERE, 2, 9, false, true, false}}, false, 0},
    {{{1, THERE, 2, 9, false, true, false}, {2, THERE, 1, 0, false, false, false}},
     false,
     2},
    /* one is on its way out: its slot will do */
    {{{1, THERE, 2, 9, false, false, false}, {2, THERE, 2, 9, false, false, true}},
     false,
     0},
    {{{1, HERE, 2, 9, false, false, false}, {2, THERE, 2, 9, false, false, true}},
     true,
     1},
};

static void
the_lowest_and_the_least_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t count = 0;
		ptrdiff_t victim;

		while (count < ROOM && rows[i].all[count].id)
			count++;
		victim =
		    preempt_victim(rows[i].all, count, HERE, rows[i].own_site_only);
		if ((victim < 0 ? 0 : rows[i].all[victim].id) != rows[i].victim)
			fail_msg("row %zu: %td", i, victim);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lowest_and_the_least_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
