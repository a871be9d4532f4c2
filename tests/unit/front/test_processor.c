/* What the kernel says of a processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "front/processor.h"

static void
test_read(void **state)
{
	static const struct {
		const char *text, *name;
		bool aes, multiply, sha256;
	} rows[] = {
	    {"", "", false, false, false},
	    {"processor\t: 0\nmodel name\t: Xeon(R) @ 2.50GHz\n"
	     "flags\t\t: fpu pclmulqdq aes avx\n\nprocessor\t: 1\n"
	     "model name\t: other\nflags\t\t: sha_ni\n",
	     "Xeon(R) @ 2.50GHz", true, true, false},
	    {"model name\t: EPYC\nflags\t\t: sha_ni", "EPYC", false, false, true},
	    /* ARM has no name here */
	    {"processor\t: 0\nFeatures\t: fp asimd aes pmull sha1 sha2 crc32\n", "",
	     true, true, true},
	    /* parts of words, and other keys, are not it */
	    {"flags\t\t: vaes aesx sha_nix xsha2\nvmx flags\t: aes\n", "", false, false,
	     false},
	    {"flags:\n", "", false, false, false},
	    {"no colon here\nflags\t:  aes \n", "", true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct processor p;

		processor_read(rows[i].text, &p);
		assert_string_equal(p.name, rows[i].name);
		assert_int_equal(p.aes, rows[i].aes);
		assert_int_equal(p.multiply, rows[i].multiply);
		assert_int_equal(p.sha256, rows[i].sha256);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
