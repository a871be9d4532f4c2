/* SHA-256 against the vectors of FIPS 180-4, and tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/digest.h"

static void
test_vectors(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} rows[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	struct digest *d = digest_new();
	char hex[DIGEST_HEX_ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		digest_add(d, rows[i].text, strlen(rows[i].text));
		digest_hex(d, hex);
		assert_string_equal(hex, rows[i].hex);
	}
	/* In pieces, and after something was thrown away. */
	digest_add(d, "x", 1);
	digest_reset(d);
	for (const char *p = rows[2].text; *p; p++)
		digest_add(d, p, 1);
	digest_hex(d, hex);
	assert_string_equal(hex, rows[2].hex);
	digest_free(d);
	digest_free(NULL);
}

static void
test_tokens(void **state)
{
	char a[101], b[101];

	(void)state;
	digest_token(a, 100);
	digest_token(b, 100);
	assert_int_equal(strlen(a), 100);
	assert_int_equal(strspn(a, "0123456789abcdef"), 100);
	assert_string_not_equal(a, b);
	digest_token(a, 0);
	assert_string_equal(a, "");
}

static void
test_random(void **state)
{
	unsigned char bytes[1000] = {0}, zeros[1000] = {0};

	(void)state;
	digest_random(bytes, sizeof(bytes));
	assert_memory_not_equal(bytes + 900, zeros, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_tokens),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
