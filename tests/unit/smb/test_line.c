/* line.c: which losses speak of a lossy line, and which of a full one. */
#include "smb/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"

enum { LOOKS = 4 };

static void
judges(void **state)
{
	static const struct {
		const char *what;
		struct line_sample look[LOOKS];
		bool verdict[LOOKS];
	} cases[] = {
	    {"nothing is lost",
	     {{0, 80000, 80000},
	      {0, 81000, 80000},
	      {0, 80000, 80000},
	      {0, 80000, 80000}},
	     {false, false, false, false}},
	    {"lost again and again, with an empty queue",
	     {{3, 80000, 80000},
	      {5, 84000, 80000},
	      {9, 80000, 80000},
	      {12, 80000, 80000}},
	     {false, true, true, true}},
	    {"once is no proof",
	     {{3, 80000, 80000},
	      {3, 80000, 80000},
	      {3, 80000, 80000},
	      {3, 80000, 80000}},
	     {false, false, false, false}},
	    {"a pause between the losses does not excuse them",
	     {{3, 80000, 80000},
	      {3, 80000, 80000},
	      {4, 80000, 80000},
	      {4, 80000, 80000}},
	     {false, false, true, false}},
	    {"a full queue loses what has no room",
	     {{3, 150000, 80000},
	      {9, 160000, 80000},
	      {20, 150000, 80000},
	      {30, 150000, 80000}},
	     {false, false, false, false}},
	    {"and takes back what was thought before",
	     {{3, 80000, 80000},
	      {9, 160000, 80000},
	      {11, 80000, 80000},
	      {11, 80000, 80000}},
	     {false, false, false, false}},
	    {"on a LAN a few milliseconds are nothing",
	     {{1, 3000, 200}, {2, 4000, 200}, {2, 300, 200}, {3, 5000, 200}},
	     {false, true, false, true}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct line l = {0};

		for (int k = 0; k < LOOKS; k++)
			if (line_judge(&l, &cases[i].look[k]) != cases[i].verdict[k])
				fail_msg("%s: look %d", cases[i].what, k);
	}
}

/* A pipe has no TCP_INFO and no algorithm: no verdict, and no harm. */
static void
what_is_not_tcp_is_left_alone(void **state)
{
	struct line l = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(line_look(&l, fds[0], 1000000));
	assert_false(line_take_bbr(&l, fds[0]));
	assert_true(l.asked);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(judges),
	    cmocka_unit_test(what_is_not_tcp_is_left_alone),
	};

	return cmocka_run_group_tests_name("smb line", tests, NULL, NULL);
}
