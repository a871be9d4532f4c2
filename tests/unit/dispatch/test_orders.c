/* What persons ordered over the configuration, from a real outbox to a pool that only
 * lists and is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "dispatch/orders.h"
#include "dispatch/reason.h"
#include "fake_pool.h"
#include "faulty_outbox.h"
#include "fixture.h"

enum { MIN_MS = 60000, LOG_MOST_BYTES = 65536 };

struct rig {
	struct fixture *f;
	struct log *log;
	char *log_path;
	struct orders *orders;
};

static struct rig rig;

static int
enter(void **state)
{
	struct log_options o = {.echo_fd = -1, .clock = clock_real()};
	struct err e;

	if (fixture_enter(state) != 0)
		return -1;
	fake = (struct fake_pool){0};
	rig = (struct rig){.f = *state};
	o.path = rig.log_path = mem_printf("%s/sender.log", rig.f->folder);
	if (log_open(&o, &rig.log, &e) < 0)
		fail_msg("%s", e.text);
	rig.orders = orders_new(rig.f->o, NULL, rig.log);
	return 0;
}

static int
leave(void **state)
{
	orders_free(rig.orders);
	log_close(rig.log);
	mem_free(rig.log_path);
	return fixture_leave(state);
}

static void
set(enum outbox_override_kind kind, const char *what, int64_t value,
    int64_t until_at_ms)
{
	struct outbox_override v = {.kind = kind,
				    .value = value,
				    .set_at_ms = NOW - MIN_MS,
				    .until_at_ms = until_at_ms};

	str_copy_cut(v.what, sizeof(v.what), what);
	if (outbox_override_set(rig.f->o, &v, &rig.f->e) < 0)
		fail_msg("%s", rig.f->e.text);
}

static void
take_back(enum outbox_override_kind kind)
{
	assert_int_equal(outbox_override_clear(rig.f->o, kind, "", &rig.f->e), 1);
}

static void
read_at(int64_t now_ms)
{
	if (orders_read(rig.orders, now_ms, &rig.f->e) < 0)
		fail_msg("%s", rig.f->e.text);
}

/* How often that stands in the log. */
static int
logged(const char *words)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int times = 0;

	assert_int_equal(path_read_file(rig.log_path, LOG_MOST_BYTES, ERR_LOCAL, &text,
					&len, &rig.f->e),
			 0);
	for (const char *at = text; (at = strstr(at, words)); at++)
		times++;
	return times;
}

static void
a_drain_suspends_and_is_said_once(void **state)
{
	(void)state;
	(void)fake_add(1, "MS1", REQUEST_HIGH);
	read_at(NOW);
	assert_int_equal(orders_drained_since_ms(rig.orders), 0);
	assert_false(fake.all_suspended);
	set(OUTBOX_DRAIN, "", 0, 0);
	read_at(NOW);
	assert_int_equal(orders_drained_since_ms(rig.orders), NOW - MIN_MS);
	assert_int_equal(orders_next_at_ms(rig.orders), INT64_MAX);
	assert_int_equal(fake.suspended[0].reason, REASON_DRAINED);
	/* what was started by the way while it was read */
	(void)fake_add(2, "MS1", REQUEST_HIGH);
	read_at(NOW);
	assert_int_equal(fake.suspended[1].reason, REASON_DRAINED);
	assert_int_equal(logged("The sender is drained"), 1);
	take_back(OUTBOX_DRAIN);
	read_at(NOW);
	read_at(NOW);
	assert_int_equal(orders_drained_since_ms(rig.orders), 0);
	assert_int_equal(logged("The sender is no longer drained"), 1);
}

static void
opens_and_limits_are_facts_till_they_end(void **state)
{
	struct rate_facts facts = {0};

	(void)state;
	assert_int_equal(orders_next_at_ms(rig.orders), INT64_MAX);
	set(OUTBOX_OPEN, "MS2", 0, 0);
	set(OUTBOX_OPEN, "MS1", 0, NOW + 2 * MIN_MS);
	set(OUTBOX_LIMIT, "line south", 64000, NOW + MIN_MS);
	set(OUTBOX_LIMIT, "all", INT64_MAX, 0);
	read_at(NOW);
	assert_int_equal(orders_next_at_ms(rig.orders), NOW + MIN_MS);
	orders_add_facts(rig.orders, &facts);
	assert_int_equal(facts.open_count, 2);
	assert_string_equal(facts.opens[0].site, "MS1");
	assert_int_equal(facts.opens[0].until_at_ms, NOW + 2 * MIN_MS);
	assert_int_equal(facts.opens[1].until_at_ms, INT64_MAX);
	assert_int_equal(facts.override_count, 2);
	assert_string_equal(facts.overrides[0].node, "all");
	assert_int_equal(facts.overrides[0].bytes_per_s, INT64_MAX);
	assert_int_equal(facts.overrides[1].bytes_per_s, 64000);
	read_at(NOW + MIN_MS);
	orders_add_facts(rig.orders, &facts);
	assert_int_equal(facts.override_count, 1);
	assert_int_equal(orders_next_at_ms(rig.orders), NOW + 2 * MIN_MS);
}

static void
who_is_being_sent_hears_of_it(void **state)
{
	struct fixture *f = *state;
	struct request r;

	for (int64_t i = 0; i < 4; i++) {
		fixture_bring(f, fixture_file(f, "MS1"), REQUEST_SENDING, &r);
		(void)fake_add(r.id.n, "MS1", REQUEST_MEDIUM);
	}
	(void)fake_add(99, "MS1", REQUEST_MEDIUM); /* its row is gone */
	assert_int_equal(outbox_command(f->o, (struct request_id){2}, OUTBOX_HOLD, NOW,
					LIFETIME, &f->e),
			 1);
	assert_int_equal(
	    outbox_set_priority(f->o, (struct request_id){3}, REQUEST_HIGH, &f->e), 1);
	assert_int_equal(outbox_command(f->o, (struct request_id){4}, OUTBOX_CANCEL,
					NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(orders_pass_on(rig.orders, &f->e), 0);
	for (size_t i = 0; i < fake.count; i++) {
		assert_int_equal(fake.ordered[i], i == 1 || i == 3);
		assert_int_equal(fake.priority[i], i == 2 ? REQUEST_HIGH : 0);
	}
}

static void
who_goes_to_an_address_that_is_gone_ends(void **state)
{
	(void)state;
	(void)fake_add(1, "MS1", REQUEST_MEDIUM);
	fake_add(2, "MS2", REQUEST_MEDIUM)->address_gone = true;
	orders_leave_addresses(rig.orders);
	assert_int_equal(fake.suspended[0].reason, 0);
	assert_int_equal(fake.suspended[1].reason, REASON_ADDRESS_CHANGED);
}

static int
read_and_pass_on(void *self, struct err *e)
{
	struct rate_facts facts = {0};
	const int rc = orders_read(self, NOW, e);

	orders_add_facts(self, &facts);
	assert_int_equal(facts.open_count, 1);
	return rc < 0 ? -1 : orders_pass_on(self, e);
}

static void
orders_stay_while_the_outbox_fails(void **state)
{
	struct fixture *f = *state;
	unsigned calls;

	(void)fake_add(fixture_file(f, "MS1").n, "MS1", REQUEST_MEDIUM);
	set(OUTBOX_OPEN, "MS1", 0, 0);
	read_at(NOW);
	assert_int_equal(faulty_outbox(read_and_pass_on, rig.orders, &calls), 0);
	assert_int_equal(calls, 2);
	orders_free(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_drain_suspends_and_is_said_once),
	    TEST(opens_and_limits_are_facts_till_they_end),
	    TEST(who_is_being_sent_hears_of_it),
	    TEST(who_goes_to_an_address_that_is_gone_ends),
	    TEST(orders_stay_while_the_outbox_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
