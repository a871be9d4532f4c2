/* habits.c: which servers get compounds. */
#include "smb/habits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { EVENTS = 4, NONE = -1 };

static void
remembers(void **state)
{
	static const struct {
		const char *what;
		int events[EVENTS];
		bool takes[EVENTS + 1]; /* before the first, and after each */
	} rows[] = {
	    {"unknown", {NONE}, {true}},
	    {"they work", {HABITS_WORKED, HABITS_WORKED, NONE}, {true, true, true}},
	    {"refused once is refused", {HABITS_REFUSED, NONE}, {true, false}},
	    {"for good", {HABITS_REFUSED, HABITS_WORKED, NONE}, {true, false, false}},
	    {"a line may break once", {HABITS_HUNG_UP, NONE}, {true, true}},
	    {"not twice", {HABITS_HUNG_UP, HABITS_HUNG_UP, NONE}, {true, true, false}},
	    {"unless they worked between",
	     {HABITS_HUNG_UP, HABITS_WORKED, HABITS_HUNG_UP, HABITS_HUNG_UP},
	     {true, true, true, true, false}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].what);
		assert_int_equal(habits_take_compounds("nas", 445), rows[i].takes[0]);
		for (int k = 0; k < EVENTS && rows[i].events[k] != NONE; k++) {
			habits_saw("nas", 445, (enum habits_compound)rows[i].events[k]);
			assert_int_equal(habits_take_compounds("nas", 445),
					 rows[i].takes[k + 1]);
			/* others are others */
			assert_true(habits_take_compounds("nas", 446));
			assert_true(habits_take_compounds("nas2", 445));
		}
		habits_forget();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(remembers)};

	return cmocka_run_group_tests_name("smb habits", tests, NULL, NULL);
}
