#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smb/nthash.h"

static void
known_hashes(void **state)
{
	/* The first: MS-NLMP 4.2.2.1.2 ("Password").  The others: the well-known hash
	 * of no password, and ones made with Samba. */
	static const struct {
		const char *password, *hex;
	} rows[] = {
	    {"Password", "a4f49c406510bdcab6824ee7c30fd852"},
	    {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
	    {"password", "8846f7eaee8fb117ad06bdd830b7586c"},
	    {"\xc3\xbc"
	     "ber",
	     "fddfcfa1e876e99bc0497febbd995e99"},
	    {"\xf0\x9f\x94\x91",
	     "5f7b3ff474e4237afd6a078f3c4d8632"}, /* U+1F511: a surrogate pair */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char hex[NTHASH_HEX_ROOM];
		struct err e;

		assert_int_equal(nthash_hex(rows[i].password, hex, &e), 0);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void
not_utf8(void **state)
{
	char hex[NTHASH_HEX_ROOM];
	struct err e = {0};

	(void)state;
	assert_int_equal(nthash_hex("\xfc"
				    "ber",
				    hex, &e),
			 -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_non_null(strstr(e.text, "not UTF-8"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_hashes),
	    cmocka_unit_test(not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
