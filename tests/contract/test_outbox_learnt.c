/* What every backend of the outbox must do: what was learnt of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/auto.h"
#include "fixture.h"

static struct outbox_learnt *
learnt(struct fixture *f, size_t *count)
{
	struct outbox_learnt *all = NULL;

	if (outbox_learnt_list(f->o, &all, count, &f->e) < 0)
		fail_msg("%s", f->e.text);
	return all;
}

static void
hours_add_up_by_address(void **state)
{
	struct fixture *f = *state;
	const struct outbox_learnt rows[] = {
	    {"MS2.1", 3, 0, 0, 0, 0, 0, 1, 0},
	    {"MS1.1", 23, 1, 14.5, 210.25, 80, 1, 0, 40},
	    {"MS1.1", 7, 1, 12, 144, 60, 1, 0, 20},
	    {"MS1.1", 23, 1, 13.5, 182.25, 100, 1, 2, 60},
	};
	AUTO_FREE struct outbox_learnt *all = NULL;
	size_t count = 9;

	all = learnt(f, &count);
	assert_int_equal(count, 0);
	mem_free(all);
	assert_int_equal(outbox_learn(f->o, rows, 0, &f->e), 0);
	assert_int_equal(outbox_learn(f->o, rows, COUNT(rows), &f->e), 0);
	all = learnt(f, &count);
	assert_int_equal(count, 3);
	assert_string_equal(all[0].address, "MS1.1");
	assert_int_equal(all[0].hour, 7);
	assert_int_equal(all[1].hour, 23);
	assert_int_equal(all[1].samples, 2);
	assert_true(all[1].log_sum == 28.0 && all[1].log_squares == 392.5);
	assert_int_equal(all[1].publish_ms, 180);
	assert_int_equal(all[1].connects, 2);
	assert_int_equal(all[1].failed, 2);
	assert_int_equal(all[1].connect_ms, 100);
	assert_string_equal(all[2].address, "MS2.1");
	assert_int_equal(all[2].failed, 1);
}

/* What is old counts less; the means stay. */
static void
many_are_halved(void **state)
{
	struct fixture *f = *state;
	struct outbox_learnt row = {.address = "MS1.1",
				    .hour = 5,
				    .samples = 400,
				    .log_sum = 4000,
				    .log_squares = 40400,
				    .publish_ms = 8000,
				    .connects = OUTBOX_LEARNT_MOST - 2,
				    .failed = 1,
				    .connect_ms = 50 * (OUTBOX_LEARNT_MOST - 2)};
	AUTO_FREE struct outbox_learnt *before = NULL;
	AUTO_FREE struct outbox_learnt *after = NULL;
	size_t count;

	assert_int_equal(outbox_learn(f->o, &row, 1, &f->e), 0);
	before = learnt(f, &count);
	assert_int_equal(before->samples, 400);
	row = (struct outbox_learnt){.address = "MS1.1", .hour = 5, .failed = 1};
	assert_int_equal(outbox_learn(f->o, &row, 1, &f->e), 0);
	after = learnt(f, &count);
	assert_int_equal(after->samples, 200);
	assert_true(after->log_sum == 2000 && after->log_squares == 20200);
	assert_int_equal(after->publish_ms, 4000);
	assert_int_equal(after->connects, OUTBOX_LEARNT_MOST / 2 - 1);
	assert_int_equal(after->failed, 1);
	assert_int_equal(after->connect_ms, 50 * (OUTBOX_LEARNT_MOST / 2 - 1));
}

static void
it_outlives_the_sender(void **state)
{
	struct fixture *f = *state;
	const struct outbox_learnt row = {.address = "MS1.1", .connects = 1};
	AUTO_FREE struct outbox_learnt *all = NULL;
	struct outbox *other;
	size_t count = 0;

	assert_int_equal(outbox_learn(f->o, &row, 1, &f->e), 0);
	other = fixture_open(f);
	assert_int_equal(outbox_learnt_list(other, &all, &count, &f->e), 0);
	assert_int_equal(count, 1);
	outbox_close(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(hours_add_up_by_address, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(many_are_halved, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(it_outlives_the_sender, fixture_enter,
					    fixture_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
