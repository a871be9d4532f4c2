/* Memory: copies, clearing, growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/auto.h"
#include "base/mem.h"

static void
test_copies(void **state)
{
	AUTO_FREE char *whole = mem_dup("DSSMS");
	AUTO_FREE char *part = mem_dup_len("DSSMS\\SMS_SITE", 5);
	AUTO_FREE char *made = mem_printf("%s-%d", "MS", 1);

	(void)state;
	assert_string_equal(whole, "DSSMS");
	assert_string_equal(part, "DSSMS");
	assert_string_equal(made, "MS-1");
	assert_null(mem_dup(NULL));
	mem_free(mem_resize(mem_alloc(0), 0, 8)); /* nothing is something, too */
	mem_free(NULL);
}

static void
test_zero_and_wipe(void **state)
{
	AUTO_FREE char *p = mem_zero(16, 4);
	AUTO_FREE char *none = mem_zero(0, 0);

	(void)state;
	assert_non_null(none);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'x', 64);
	mem_wipe(p, 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	mem_wipe(NULL, 64);
}

static void
test_grow(void **state)
{
	int64_t *list = NULL;
	size_t room = 0, moves = 0;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		size_t before = room;

		list = mem_grow(list, n, &room, sizeof(*list));
		assert_true(room > n);
		moves += room != before;
		list[n] = (int64_t)n;
	}
	assert_in_range(moves, 1, 10); /* doubles: seldom */
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(list[n], n);
	mem_free(list);
}

static void
test_steal(void **state)
{
	AUTO_FREE char *held = mem_dup("x");
	char *mine = STEAL(held);

	(void)state;
	assert_null(held);
	assert_string_equal(mine, "x");
	mem_free(mine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copies),
	    cmocka_unit_test(test_zero_and_wipe),
	    cmocka_unit_test(test_grow),
	    cmocka_unit_test(test_steal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
