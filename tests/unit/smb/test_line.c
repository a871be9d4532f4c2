/* line.c: which losses speak of a lossy line, and which of a full one. */
#include "smb/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"

enum { LOOKS = 4 };

/* Of each look: retransmits and segments so far, round trip in us, the smallest one. */
/* clang-format off */
static const struct {
	const char *what;
	struct line_sample look[LOOKS];
	bool verdict[LOOKS];
} cases[] = {
    {"nothing is lost",
     {{ 0, 2000,  80000, 80000},
      { 0, 4000,  81000, 80000},
      { 0, 6000,  80000, 80000},
      { 0, 8000,  80000, 80000}},
     {false, false, false, false}},
    {"lost again and again, with an empty queue",
     {{ 3, 2000,  80000, 80000},
      { 5, 4000,  84000, 80000},
      { 9, 6000,  80000, 80000},
      {12, 8000,  80000, 80000}},
     {false, true, true, true}},
    {"once is no proof",
     {{ 3, 2000,  80000, 80000},
      { 3, 4000,  80000, 80000},
      { 3, 6000,  80000, 80000},
      { 3, 8000,  80000, 80000}},
     {false, false, false, false}},
    {"a pause between the losses does not excuse them",
     {{ 3, 2000,  80000, 80000},
      { 3, 4000,  80000, 80000},
      { 4, 6000,  80000, 80000},
      { 4, 8000,  80000, 80000}},
     {false, false, true, false}},
    {"a full queue loses what has no room",
     {{ 3, 2000, 150000, 80000},
      { 9, 4000, 160000, 80000},
      {20, 6000, 150000, 80000},
      {30, 8000, 150000, 80000}},
     {false, false, false, false}},
    {"and takes back what was thought before",
     {{ 3, 2000,  80000, 80000},
      { 9, 4000, 160000, 80000},
      {11, 6000,  80000, 80000},
      {11, 8000,  80000, 80000}},
     {false, false, false, false}},
    {"on a LAN a few milliseconds are nothing",
     {{ 1, 2000,   3000,   200},
      { 2, 4000,   4000,   200},
      { 2, 6000,    300,   200},
      { 3, 8000,   5000,   200}},
     {false, true, false, true}},
    {"overshoot is forgiven for two looks",
     {{ 110, 1000, 80000, 80000}, /* an eighth at the end of the slow start */
      { 220, 2000, 80000, 80000},
      { 223, 4000, 80000, 80000},
      { 223, 6000, 80000, 80000}},
     {false, false, false, false}},
    {"overshoot excuses what was lost before it",
     {{   3,  500, 80000, 80000},
      { 110, 1000, 80000, 80000},
      { 113, 3000, 80000, 80000},
      { 115, 5000, 80000, 80000}},
     {false, false, false, true}},
    {"goes on losing so many is lossy",
     {{ 110, 1000, 80000, 80000},
      { 220, 2000, 80000, 80000},
      { 330, 3000, 80000, 80000},
      { 440, 4000, 80000, 80000}},
     {false, false, false, true}},
    {"a twentieth is no overshoot yet",
     {{  50, 1000, 80000, 80000},
      { 100, 2000, 80000, 80000},
      { 150, 3000, 80000, 80000},
      { 200, 4000, 80000, 80000}},
     {false, true, true, true}},
};
/* clang-format on */

static void
judges(void **state)
{
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
