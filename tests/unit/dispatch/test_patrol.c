/* Whom the patrol suspends: what the pool and the board say is put before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "dispatch/patrol.h"

enum { BULK = 7, URGENT = 9 };

static struct pool_sending sending; /* all that the pool has: a bulk one */
static int64_t suspended;           /* for whom; 0: it goes on */

__typeof__(pool_site_active) wrap_pool_site_active __asm__("__wrap_pool_site_active");
__typeof__(pool_list) wrap_pool_list __asm__("__wrap_pool_list");
__typeof__(pool_suspend) wrap_pool_suspend __asm__("__wrap_pool_suspend");
__typeof__(board_goes_on) wrap_board_goes_on __asm__("__wrap_board_goes_on");
__typeof__(board_urgent) wrap_board_urgent __asm__("__wrap_board_urgent");
__typeof__(board_crowded) wrap_board_crowded __asm__("__wrap_board_crowded");

int
wrap_pool_site_active(struct pool *p, const char *site)
{
	(void)p;
	(void)site;
	return 1;
}

size_t
wrap_pool_list(struct pool *p, struct pool_sending *out, size_t room)
{
	(void)p;
	assert_true(room >= 1);
	*out = sending;
	return 1;
}

int
wrap_pool_suspend(struct pool *p, struct request_id id, const struct pool_why *why)
{
	(void)p;
	assert_int_equal(id.n, BULK);
	assert_int_equal(why->reason, REASON_PREEMPTED);
	suspended = why->number;
	return 1;
}

struct verdict
wrap_board_goes_on(const struct board *b, const char *site, const char *address,
		   enum request_priority priority, int64_t now_ms)
{
	(void)b;
	(void)site;
	(void)address;
	(void)priority;
	(void)now_ms;
	return (struct verdict){REASON_MAY_GO, INT64_MAX, 0};
}

bool
wrap_board_urgent(const struct board *b, struct agenda_pick *out)
{
	(void)b;
	*out = (struct agenda_pick){.key = {.id = URGENT}};
	return true;
}

bool
wrap_board_crowded(const struct board *b, const char *site, struct agenda_pick *out)
{
	(void)b;
	(void)site;
	(void)out;
	return false;
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

		suspended = 0;
		sending = (struct pool_sending){.request = {BULK},
						.site = "MS1",
						.priority = rows[i].now,
						.stage = "sending",
						.address = "MS1.1"};
		patrol_started(p, &pick);
		patrol_look(p, &settings, 0);
		assert_int_equal(suspended, rows[i].goes_on ? 0 : URGENT);
		patrol_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_priority_that_was_changed_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
