/* What every backend of the outbox must do: bytes that count towards budgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "fixture.h"

#define DAY_MS INT64_C(86400000)

static int64_t
used(struct fixture *f, const char *node, int64_t from_at_ms)
{
	int64_t bytes = -1;

	if (outbox_usage_get(f->o, node, from_at_ms, &bytes, &f->e) < 0)
		fail_msg("%s", f->e.text);
	return bytes;
}

static void
add(struct fixture *f, const struct outbox_usage *rows, size_t count)
{
	if (outbox_usage_add(f->o, rows, count, &f->e) < 0)
		fail_msg("%s", f->e.text);
}

static void
days_add_up_by_node(void **state)
{
	struct fixture *f = *state;
	const struct outbox_usage rows[] = {
	    {"all", NOW, 100},    {"all", NOW, 11}, {"all", NOW + DAY_MS, 1000},
	    {"site MS1", NOW, 7}, {"all", NOW, 0},
	};

	assert_int_equal(used(f, "all", 0), 0);
	add(f, rows, COUNT(rows));
	add(f, rows, 0);
	assert_int_equal(used(f, "all", 0), 1111);
	assert_int_equal(used(f, "all", NOW), 1111);
	assert_int_equal(used(f, "all", NOW + 1), 1000);
	assert_int_equal(used(f, "all", NOW + DAY_MS + 1), 0);
	assert_int_equal(used(f, "site MS1", NOW), 7);
	assert_int_equal(used(f, "site ms1", NOW), 0);
}

static void
they_outlive_the_sender(void **state)
{
	struct fixture *f = *state;
	const struct outbox_usage row = {"line south", NOW, 5};
	struct outbox *other;
	int64_t bytes = 0;

	add(f, &row, 1);
	other = fixture_open(f);
	assert_int_equal(outbox_usage_get(other, "line south", NOW, &bytes, &f->e), 0);
	assert_int_equal(bytes, 5);
	outbox_close(other);
}

/* The sum stays at the end of its range, in one day and over several. */
static void
nothing_overflows(void **state)
{
	struct fixture *f = *state;
	const struct outbox_usage rows[] = {
	    {"all", NOW, INT64_MAX},
	    {"all", NOW, INT64_MAX},
	    {"all", NOW + DAY_MS, 1},
	};

	add(f, rows, COUNT(rows));
	assert_int_equal(used(f, "all", 0), INT64_MAX);
	assert_int_equal(used(f, "all", NOW + DAY_MS), 1);
}

static void
old_days_are_forgotten(void **state)
{
	struct fixture *f = *state;
	const struct outbox_usage rows[] = {
	    {"all", NOW, 1},
	    {"site MS1", NOW, 3},
	    {"all", NOW + 62 * DAY_MS, 10},
	};
	const struct outbox_usage next = {"all", NOW + 63 * DAY_MS, 100};

	add(f, rows, COUNT(rows));
	assert_int_equal(used(f, "all", 0), 11);
	add(f, &next, 1);
	assert_int_equal(used(f, "all", 0), 110);
	assert_int_equal(used(f, "site MS1", 0), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(days_add_up_by_node, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(they_outlive_the_sender, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(nothing_overflows, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(old_days_are_forgotten, fixture_enter,
					    fixture_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
