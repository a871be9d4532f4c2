/* busy.c: when small files wait for the server, and how many connections that is
 * worth. */
#include "smb/busy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"

enum { LOOKS = 4, LOOK_US = 10000, KIB = 1024 };

/* Of each look: files and bytes that are not answered; of these, bytes that are still
 * on the line; for how long the window was closed so far. */
/* clang-format off */
static const struct {
	const char *what;
	struct { unsigned files; int64_t asked_kib, line_kib, closed_us; } look[LOOKS];
	bool verdict[LOOKS];
} judgements[] = {
    {"the server has them all",
     {{200, 900,   0,     0}, {200, 900,  10,     0}, {200, 900,   0,     0}, {200, 900, 100, 0}},
     {false, true, true, true}},
    {"the line has them",
     {{200, 900, 900,     0}, {200, 900, 700,     0}, {200, 900, 500,     0}, {200, 900, 451, 0}},
     {false, false, false, false}},
    {"each has a half",
     {{200, 900, 450,     0}, {200, 900, 450,     0}, {200, 900, 451,     0}, {200, 900, 450, 0}},
     {false, true, false, false}},
    {"they wait at a closed window",
     {{200, 900, 900,  8000}, {200, 900, 900, 16000}, {200, 900, 900, 21000}, {200, 900, 900, 26000}},
     {false, true, true, true}},
    {"the window was closed once",
     {{200, 900, 900,  8000}, {200, 900, 900,  8000}, {200, 900, 900,  8000}, {200, 900, 900, 16000}},
     {false, false, false, false}},
    {"so few say nothing",
     {{ 15,  70,   0,     0}, { 15,  70,   0,     0}, { 16,  70,   0,     0}, { 16,  70,   0, 0}},
     {false, false, false, true}},
    {"nothing is on its way",
     {{  0,   0,   0,     0}, {  0,   0,   0,     0}, {  0,   0,   0,     0}, {  0,   0,   0, 0}},
     {false, false, false, false}},
};
/* clang-format on */

static void
judges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(judgements); i++) {
		struct busy b = {0};

		for (int k = 0; k < LOOKS; k++) {
			const struct busy_sample now = {
			    .now_us = (k + 1) * LOOK_US,
			    .files = judgements[i].look[k].files,
			    .asked_bytes = judgements[i].look[k].asked_kib * KIB,
			    .line_bytes = judgements[i].look[k].line_kib * KIB,
			    .closed_us = judgements[i].look[k].closed_us,
			};

			assert_true(busy_due(&b, now.now_us));
			if (busy_judge(&b, &now) != judgements[i].verdict[k])
				fail_msg("%s: look %d", judgements[i].what, k);
			assert_false(busy_due(&b, now.now_us + LOOK_US - 1));
		}
	}
}

static void
what_is_not_tcp_is_left_alone(void **state)
{
	struct busy b = {0};
	struct busy_sample now = {.now_us = LOOK_US, .files = 200, .asked_bytes = 900};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int k = 0; k < LOOKS; k++)
		assert_false(busy_look(&b, fds[0], &now));
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

/* After so many ms: files done and left, connections there, and how many there should
 * be.  A log-on takes 20 ms. */
/* clang-format off */
static const struct {
	const char *what;
	bool is_idle;
	struct { int64_t at_ms, done, left; unsigned connections, wants; } look[6];
	bool enough;
} courses[] = {
    {"each doubling helps",
     false,
     {{0, 0, 4000, 1, 0}, {50, 200, 3800, 1, 2}, {70, 300, 3700, 1, 2},
      {80, 400, 3600, 2, 2}, {130, 750, 3250, 2, 4}, {140, 800, 3200, 4, 4}},
     false},
    {"the second helps, the others do not",
     false,
     {{0, 0, 4000, 1, 0}, {50, 200, 3800, 1, 2}, {80, 400, 3600, 2, 2},
      {130, 750, 3250, 2, 4}, {140, 800, 3200, 4, 4}, {190, 1170, 2830, 4, 4}},
     true},
    {"it does not help",
     false,
     {{0, 0, 4000, 1, 0}, {50, 200, 3800, 1, 2}, {80, 400, 3600, 2, 2},
      {130, 620, 3380, 2, 2}, {140, 700, 3300, 2, 2}, {200, 900, 3100, 2, 2}},
     true},
    {"the rest is not worth a log-on",
     false,
     {{0, 0, 500, 1, 0}, {50, 200, 319, 1, 0}, {60, 240, 279, 1, 0},
      {70, 280, 239, 1, 0}, {80, 320, 199, 1, 0}, {90, 360, 159, 1, 0}},
     false},
    {"as much is",
     false,
     {{0, 0, 520, 1, 0}, {50, 200, 320, 1, 2}, {60, 240, 280, 1, 2},
      {70, 280, 240, 1, 2}, {80, 320, 200, 1, 2}, {90, 360, 160, 1, 2}},
     false},
    {"too few were done to know",
     false,
     {{0, 0, 4000, 1, 0}, {50, 63, 3937, 1, 0}, {60, 64, 3936, 1, 2},
      {70, 70, 3930, 2, 2}, {80, 197, 3803, 2, 2}, {90, 198, 3802, 2, 4}},
     false},
    {"less than a file a second",
     false,
     {{0, 0, 4000, 1, 0}, {100, 1, 3999, 1, 0}, {200000, 65, 3935, 1, 2},
      {200100, 66, 3934, 1, 2}, {200200, 67, 3933, 1, 2}, {200300, 68, 3932, 2, 2}},
     false},
    {"it is the line",
     true,
     {{0, 0, 4000, 1, 0}, {50, 200, 3800, 1, 0}, {60, 240, 3760, 1, 0},
      {70, 280, 3720, 1, 0}, {80, 320, 3680, 1, 0}, {90, 360, 3640, 1, 0}},
     false},
};
/* clang-format on */

/* A large file went first, for minutes: what small files take is counted from the first
 * of them on. */
static void
counts_from_the_first_file_on(void **state)
{
	static const struct {
		bool is_busy;
		int64_t at_ms, done;
		unsigned connections, wants;
	} looks[] = {
	    {false, 0, 0, 1, 0},
	    {false, 600000, 0, 1, 0},
	    {true, 600020, 50, 1, 0},
	    {true, 600050, 200, 1, 2},
	    {true, 600060, 240, 2, 2},
	    {true, 600100, 400, 2, 2}, /* as fast as one: it does not help */
	};
	struct busy b = {0};

	(void)state;
	for (size_t k = 0; k < COUNT(looks); k++) {
		const struct busy_load now = {
		    .is_busy = looks[k].is_busy,
		    .now_us = 1000000 + looks[k].at_ms * 1000,
		    .done = looks[k].done,
		    .left = 4000,
		    .connections = looks[k].connections,
		    .connect_us = 20000,
		};

		assert_int_equal(busy_wants(&b, &now), looks[k].wants);
	}
	assert_true(b.enough);
}

static void
wants(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(courses); i++) {
		struct busy b = {0};

		for (size_t k = 0; k < COUNT(courses[i].look); k++) {
			const struct busy_load now = {
			    .is_busy = !courses[i].is_idle,
			    .now_us = 1000000 + courses[i].look[k].at_ms * 1000,
			    .done = courses[i].look[k].done,
			    .left = courses[i].look[k].left,
			    .connections = courses[i].look[k].connections,
			    .connect_us = 20000,
			};
			const unsigned n = busy_wants(&b, &now);

			if (n != courses[i].look[k].wants)
				fail_msg("%s: look %zu wants %u", courses[i].what, k,
					 n);
		}
		if (busy_due(&b, 10000000) == courses[i].enough)
			fail_msg("%s: looked at again", courses[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(judges),
	    cmocka_unit_test(what_is_not_tcp_is_left_alone),
	    cmocka_unit_test(counts_from_the_first_file_on),
	    cmocka_unit_test(wants),
	};

	return cmocka_run_group_tests_name("smb busy", tests, NULL, NULL);
}
