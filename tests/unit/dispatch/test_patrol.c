/* Whom the patrol suspends: what the pool and the board say is put before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "dispatch/patrol.h"
#include "fake_pool.h"

enum { BULK = 7, URGENT = 9 };

static struct verdict window;   /* of all addresses */
static int64_t urgent, crowded; /* who could go but for a slot; 0: nobody */

#define INSTEAD(name) __typeof__(name) wrap_##name __asm__("__wrap_" #name)

INSTEAD(board_goes_on);
struct verdict
wrap_board_goes_on(const struct board *b, const char *site, const char *address,
		   enum request_priority priority, int64_t now_ms)
{
	(void)b;
	(void)site;
	(void)priority;
	(void)now_ms;
	assert_true(*address);
	return window;
}

INSTEAD(board_urgent);
bool
wrap_board_urgent(const struct board *b, struct agenda_pick *out)
{
	(void)b;
	*out = (struct agenda_pick){.key = {.id = urgent}};
	return urgent != 0;
}

INSTEAD(board_site);
size_t
wrap_board_site(const struct board *b, const char *code)
{
	(void)b;
	return str_eq(code, "MS1") ? 4 : 2;
}

INSTEAD(board_crowded);
bool
wrap_board_crowded(const struct board *b, const char *site, struct agenda_pick *out)
{
	(void)b;
	*out = (struct agenda_pick){.key = {.id = crowded}};
	return crowded != 0 && str_eq(site, "MS1");
}

static int
enter(void **state)
{
	(void)state;
	fake = (struct fake_pool){0};
	window = (struct verdict){REASON_MAY_GO, INT64_MAX, 0};
	urgent = crowded = 0;
	return 0;
}

/* It was chosen as one thing; a person may have made another of it since. */
static void
a_priority_that_was_changed_counts(void **state)
{
	static const struct config_sender settings = {.max_sendings = 1,
						      .preempt = true};
	static const struct {
		enum request_priority chosen;
		int class_index; /* raised, when it waited long */
		bool by_share;
		enum request_priority now;
		bool goes_on;
	} rows[] = {
	    {REQUEST_LOW, 2, false, REQUEST_LOW, false},
	    {REQUEST_LOW, 0, false, REQUEST_LOW, true},
	    {REQUEST_LOW, 2, true, REQUEST_LOW, true},
	    {REQUEST_LOW, 2, false, REQUEST_HIGH, true},
	    {REQUEST_LOW, 2, false, REQUEST_MEDIUM, false},
	    {REQUEST_HIGH, 0, false, REQUEST_LOW, false},
	    {REQUEST_HIGH, 0, false, REQUEST_HIGH, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct agenda_pick pick = {
		    .key = {.id = BULK,
			    .priority = rows[i].chosen,
			    .class_index = rows[i].class_index},
		    .by_share = rows[i].by_share,
		};
		struct patrol *p = patrol_new(NULL, NULL);

		fake = (struct fake_pool){0};
		(void)fake_add(BULK, "MS1", rows[i].now);
		urgent = URGENT;
		patrol_started(p, &pick);
		patrol_look(p, &settings, 0);
		assert_int_equal(fake.suspended[0].number,
				 rows[i].goes_on ? 0 : URGENT);
		patrol_free(p);
	}
}

/* Whatever preempt says: a window holds for all. */
static void
a_window_that_closed_suspends(void **state)
{
	static const struct config_sender settings = {.max_sendings = 5};
	struct patrol *p = patrol_new(NULL, NULL);

	(void)state;
	(void)fake_add(1, "MS1", REQUEST_LOW);
	fake_add(2, "MS1", REQUEST_LOW)->address[0] = '\0'; /* nowhere yet */
	patrol_look(p, &settings, 0);
	assert_int_equal(fake.suspended[0].reason, 0);
	window = (struct verdict){REASON_WINDOW_CLOSED, 7000, 1};
	patrol_look(p, &settings, 0);
	assert_int_equal(fake.suspended[0].reason, REASON_WINDOW_CLOSED);
	assert_int_equal(fake.suspended[0].until_at_ms, 7000);
	assert_int_equal(fake.suspended[0].number, 1);
	assert_int_equal(fake.suspended[1].reason, 0);
	/* it is told once, and may have ended meanwhile */
	fake.suspended[0] = (struct pool_why){0};
	patrol_look(p, &settings, 0);
	assert_int_equal(fake.suspended[0].reason, 0);
	patrol_free(p);
	patrol_free(NULL);
}

/* Its site has its share of sendings: one of that very site makes room. */
static void
one_of_a_crowded_site_makes_room(void **state)
{
	static const struct config_sender settings = {.max_sendings = 5,
						      .preempt = true};
	struct patrol *p = patrol_new(NULL, NULL);

	(void)state;
	(void)fake_add(1, "MS2", REQUEST_LOW);
	(void)fake_add(2, "MS1", REQUEST_MEDIUM);
	(void)fake_add(3, "MS1", REQUEST_LOW);
	crowded = URGENT;
	patrol_look(p, &settings, 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fake.suspended[i].number, i == 2 ? URGENT : 0);
	patrol_free(p);
}

/* What was chosen long ago is not kept for ever. */
static void
what_ended_is_forgotten(void **state)
{
	static const struct config_sender settings = {.max_sendings = 1,
						      .preempt = true};
	struct agenda_pick pick = {.key = {.priority = REQUEST_LOW, .class_index = 0}};
	struct patrol *p = patrol_new(NULL, NULL);

	(void)state;
	(void)fake_add(BULK, "MS1", REQUEST_LOW);
	pick.key.id = BULK;
	patrol_started(p, &pick);
	for (pick.key.id = 100; pick.key.id < 110; pick.key.id++)
		patrol_started(p, &pick);
	urgent = URGENT;
	patrol_look(p, &settings, 0);
	/* it was raised, and that is still known of it */
	assert_int_equal(fake.suspended[0].number, 0);
	patrol_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_priority_that_was_changed_counts, enter),
	    cmocka_unit_test_setup(a_window_that_closed_suspends, enter),
	    cmocka_unit_test_setup(one_of_a_crowded_site_makes_room, enter),
	    cmocka_unit_test_setup(what_ended_is_forgotten, enter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
