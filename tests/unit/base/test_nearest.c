#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/nearest.h"

enum { UNLIKE = 99 };

static unsigned
edits(const char *wanted, const char *candidate)
{
	struct nearest n = {.wanted = wanted};

	nearest_offer(&n, candidate);
	return n.best ? n.edits : UNLIKE;
}

static void
how_like(void **state)
{
	static const struct {
		const char *wanted, *candidate;
		unsigned want;
	} rows[] = {
	    {"MS2", "MS1", 1},
	    {"ms1", "MS1", 0},
	    {"list", "list", 0},
	    {"lsit", "list", 1},
	    {"sned", "send", 1},
	    {"lgo", "log", 1},
	    {"relase", "release", 1},
	    {"release", "relase", 1},
	    {"retrys", "retries", 2},
	    {"shcedule", "schedule", 1},
	    {"sitting", "kitten", UNLIKE}, /* three edits, seven characters */
	    {"sittings", "kittens", UNLIKE},
	    {"kitten", "mittens", 2},
	    {"rate", "share", UNLIKE},
	    {"ba", "ab", 1},
	    {"x", "MS1", UNLIKE},
	    {"", "MS1", UNLIKE},
	    {"", "", 0},
	    {"", "a", 1},
	    {"a", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(edits(rows[i].wanted, rows[i].candidate),
				 rows[i].want);
}

static void
the_first_of_the_best(void **state)
{
	struct nearest n = {.wanted = "MS12"};

	(void)state;
	nearest_offer(&n, "elsewhere");
	assert_null(n.best);
	nearest_offer(&n, "MS13");
	nearest_offer(&n, "MS14");
	assert_string_equal(n.best, "MS13");
	nearest_offer(&n, "ms12");
	assert_string_equal(n.best, "ms12");
}

static void
long_texts(void **state)
{
	char longest[66];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[64] = '\0';
	assert_int_equal(edits(longest, longest), 0);
	assert_int_equal(edits(longest, longest + 21), 21);
	assert_int_equal(edits(longest, longest + 22), UNLIKE);
	longest[64] = 'x';
	longest[65] = '\0';
	assert_int_equal(edits(longest, longest + 1), UNLIKE);
	assert_int_equal(edits(longest + 1, longest), UNLIKE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(how_like),
	    cmocka_unit_test(the_first_of_the_best),
	    cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
