/* Numbers and names of reasons are for good: this table is what was promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/reason.h"

static const struct {
	int number;
	const char *name;
} promised[] = {
    {0, "may_go"},         {1, "nothing"},
    {2, "not_before"},     {3, "restart"},
    {4, "held"},           {5, "same_name"},
    {6, "active"},         {7, "final"},
    {8, "site_next"},      {9, "deadline"},
    {20, "no_address"},    {21, "unknown_type"},
    {22, "window_closed"}, {23, "window_priority"},
    {24, "budget"},        {25, "address_failed"},
    {26, "no_substitute"}, {27, "rate"},
    {40, "site_hold"},     {41, "site_full"},
    {42, "probing"},       {60, "slots_full"},
    {61, "reserved"},      {62, "probes_full"},
    {63, "others_wait"},   {64, "in_line"},
    {80, "drained"},       {81, "preempted"},
    {82, "paused"},        {83, "address_changed"},
};

static void
keep_their_numbers_and_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(promised); i++) {
		assert_string_equal(reason_name((enum reason)promised[i].number),
				    promised[i].name);
	}
	assert_null(reason_name((enum reason)19));
	assert_null(reason_words((enum reason)19));
}

/* A new reason is promised too. */
static void
are_all_in_the_table(void **state)
{
	enum reason r;
	size_t at = 0, count = 0;

	(void)state;
	for (; reason_next(&at, &r); count++) {
		assert_true(count < COUNT(promised));
		assert_int_equal(r, promised[count].number);
		assert_true(strlen(reason_words(r)) > 4);
	}
	assert_int_equal(count, COUNT(promised));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keep_their_numbers_and_names),
	    cmocka_unit_test(are_all_in_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
