#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "smb/smb.h"

static int
forget(void **state)
{
	(void)state;
	return unsetenv("NETBIOS_COMPUTER_NAME") || unsetenv("NETBIOS_DOMAIN_NAME");
}

static const char *
value(const char *name)
{
	const char *set = getenv(name);

	return set ? set : "";
}

/* With both names there gss-ntlmssp asks nobody. */
static void
both_names_are_given(void **state)
{
	const char *name;
	char host[65] = "";

	(void)state;
	smb_prepare();
	name = value("NETBIOS_COMPUTER_NAME");
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	str_upper(host);
	assert_in_range(strlen(name), 1, 15);
	assert_null(strchr(name, '.'));
	assert_memory_equal(name, host, strlen(name));
	assert_string_equal(value("NETBIOS_DOMAIN_NAME"), "WORKSTATION");
}

static void
what_is_there_stays(void **state)
{
	(void)state;
	assert_int_equal(setenv("NETBIOS_COMPUTER_NAME", "CEN1", 1), 0);
	smb_prepare();
	assert_string_equal(value("NETBIOS_COMPUTER_NAME"), "CEN1");
	assert_string_equal(value("NETBIOS_DOMAIN_NAME"), "WORKSTATION");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(both_names_are_given, forget),
	    cmocka_unit_test_setup(what_is_there_stays, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
