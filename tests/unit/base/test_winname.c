#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/winname.h"

static void
devices(void **state)
{
	static const char *const names[] = {
	    "CON",    "con",     "PRN",         "AUX",           "NUL",
	    "COM0",   "COM1",    "com9",        "LPT0",          "lpt9",
	    "CONIN$", "conout$", "nul.txt",     "aux .txt",      "COM1.tar.gz",
	    "CON.",   "con  ",   "COM\xc2\xb9", "lpt\xc2\xb3.x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (!winname_is_device(names[i], strlen(names[i])))
			fail_msg("%s", names[i]);
	assert_true(winname_is_device("CONTENTS", 3)); /* the length counts */
}

static void
files(void **state)
{
	static const char *const names[] = {
	    "",      ".",    ".con",        "CO",          "CONS",  "my con",
	    "COM",   "COMA", "COM10",       "LPT1x",       "conin", "xCOM1",
	    "a.nul", " nul", "COM\xc2\xb4", "COM\xc3\xb9",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (winname_is_device(names[i], strlen(names[i])))
			fail_msg("%s", names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(devices),
	    cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
