/* Numbers as the wire has them: little-endian, at any address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wire.h"

static void
test_little_endian(void **state)
{
	static const uint8_t want[] = {0xF0, 0xDE, 0xBC, 0x9A, 0x78, 0x56, 0x34, 0x12};
	uint8_t bytes[9] = {0};

	(void)state;
	wire_put64(bytes + 1, UINT64_C(0x123456789ABCDEF0));
	assert_memory_equal(bytes + 1, want, 8);
	assert_true(wire_get64(bytes + 1) == UINT64_C(0x123456789ABCDEF0));
	assert_int_equal(wire_get32(bytes + 1), 0x9ABCDEF0);
	assert_int_equal(wire_get16(bytes + 1), 0xDEF0);
	wire_put32(bytes + 1, 0xFEDCBA98);
	assert_int_equal(wire_get32(bytes + 1), 0xFEDCBA98);
	assert_int_equal(bytes[5], 0x78); /* no byte more */
	wire_put16(bytes + 1, 0x8001);
	assert_int_equal(wire_get16(bytes + 1), 0x8001);
	assert_int_equal(bytes[3], 0xDC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_little_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
