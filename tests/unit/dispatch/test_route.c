/* Which addresses a request may use: the rules of route.h, a row each, and all of them
 * at random (R1-R5 written down a second time). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dispatch/route.h"

enum { NOW = 1000000, MINUTE = 60000, HOUR = 3600000, ROOM = 4 };

/* What an address is like, as letters: m, h: open for medium, for high; c: closed;
 * x: may not stand in; a: left alone; b: budget spent; u: unknown type.  Nothing: open.
 * The slot ends at NOW + 10, the budget comes back at NOW + 20, it is left alone until
 * NOW + 30. */
static struct route_address
address(unsigned number, const char *is)
{
	struct route_address a = {
	    .number = number, .lowest = REQUEST_LOW, .slot_until_at_ms = NOW + 10};

	if (strchr(is, 'm'))
		a.lowest = REQUEST_MEDIUM;
	if (strchr(is, 'h'))
		a.lowest = REQUEST_HIGH;
	if (strchr(is, 'c'))
		a.lowest = 0;
	a.no_substitute = strchr(is, 'x') != NULL;
	a.unknown_type = strchr(is, 'u') != NULL;
	if (strchr(is, 'b'))
		a.spent_until_at_ms = NOW + 20;
	if (strchr(is, 'a'))
		a.alone_until_at_ms = NOW + 30;
	return a;
}

struct row {
	const char *is[ROOM];
	enum request_priority priority;
	unsigned prefer;
	bool site_failed;
	const char *order; /* numbers: "12" */
	enum reason reason;
	unsigned number; /* that it is about */
};

#define H REQUEST_HIGH
#define M REQUEST_MEDIUM
#define L REQUEST_LOW

/* clang-format off */
static const struct row rows[] = {
	/* R1 */
	{{NULL}, M, 0, false, "", REASON_NO_ADDRESS, 0},
	{{""}, L, 0, false, "1", REASON_MAY_GO, 0},
	{{"c"}, H, 0, false, "", REASON_WINDOW_CLOSED, 1},
	{{"h"}, H, 0, false, "1", REASON_MAY_GO, 0},
	{{"h"}, M, 0, false, "", REASON_WINDOW_PRIORITY, 1},
	{{"m"}, M, 0, false, "1", REASON_MAY_GO, 0},
	{{"m"}, L, 0, false, "", REASON_WINDOW_PRIORITY, 1},
	{{"b"}, H, 0, false, "", REASON_BUDGET, 1},
	{{"u"}, H, 0, false, "", REASON_UNKNOWN_TYPE, 1},
	{{"u", "c"}, H, 0, false, "", REASON_WINDOW_CLOSED, 2},
	{{"u", ""}, H, 0, false, "2", REASON_MAY_GO, 0},
	/* R2 */
	{{"", "", ""}, M, 0, false, "123", REASON_MAY_GO, 0},
	{{"", "", ""}, M, 3, false, "312", REASON_MAY_GO, 0},
	{{"", "", ""}, M, 9, false, "123", REASON_MAY_GO, 0},
	/* R3: one for low at night and one for high by day (2.4) */
	{{"c", "x"}, L, 0, false, "2", REASON_MAY_GO, 0},
	{{"", "x"}, L, 0, false, "1", REASON_MAY_GO, 0},
	{{"a", "x"}, L, 0, false, "", REASON_ADDRESS_FAILED, 1},
	{{"x", ""}, L, 0, false, "12", REASON_MAY_GO, 0},
	{{"", "x"}, L, 2, false, "21", REASON_MAY_GO, 0},
	{{"b", "x", ""}, L, 0, false, "23", REASON_MAY_GO, 0},
	/* R4 */
	{{"a", ""}, M, 0, false, "2", REASON_MAY_GO, 0},
	{{"a", ""}, M, 1, false, "2", REASON_MAY_GO, 0},
	{{"a", "a"}, M, 0, false, "", REASON_ADDRESS_FAILED, 1},
	{{"a", "a"}, M, 0, true, "12", REASON_MAY_GO, 0},
	{{"a", "ax", "a"}, M, 0, true, "13", REASON_MAY_GO, 0},
	{{"a", "c"}, M, 0, true, "1", REASON_MAY_GO, 0},
	{{"a", "c"}, M, 0, false, "", REASON_ADDRESS_FAILED, 1},
	{{"a", ""}, M, 0, true, "2", REASON_MAY_GO, 0},
	/* R5, and row 18 */
	{{"", "u"}, M, 2, false, "", REASON_UNKNOWN_TYPE, 2},
	{{"", "u"}, M, 1, false, "1", REASON_MAY_GO, 0},
};
/* clang-format on */

static struct route
ask(const struct row *r, struct route_address *all)
{
	struct route_ask a = {.addresses = all,
			      .priority = r->priority,
			      .prefer = r->prefer,
			      .site_failed = r->site_failed,
			      .now_ms = NOW};

	while (a.count < ROOM && r->is[a.count]) {
		all[a.count] = address((unsigned)a.count + 1, r->is[a.count]);
		a.count++;
	}
	return route_find(&a);
}

static void
rules_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route_address all[ROOM];
		const struct route r = ask(&rows[i], all);
		char order[ROUTE_ROOM + 1] = "";

		for (size_t k = 0; k < r.count; k++)
			order[k] = (char)('0' + all[r.order[k]].number);
		if (strcmp(order, rows[i].order) != 0 ||
		    r.verdict.reason != rows[i].reason ||
		    r.verdict.number != rows[i].number)
			fail_msg("row %zu: \"%s\", %s, %lld", i, order,
				 reason_name(r.verdict.reason),
				 (long long)r.verdict.number);
	}
}

static void
tells_when_time_changes_it(void **state)
{
	static const struct {
		struct row row;
		int64_t until_at_ms;
	} cases[] = {
	    {{.is = {""}, .priority = M}, NOW + 10},
	    {{.is = {"b"}, .priority = M}, NOW + 10},
	    {{.is = {"a"}, .priority = M}, NOW + 10},
	    {{.is = {"u"}, .priority = M}, INT64_MAX},
	    {{.is = {NULL}, .priority = M}, INT64_MAX},
	};
	struct route_address a = address(1, "ab");
	const struct route_ask only = {
	    .addresses = &a, .count = 1, .priority = M, .now_ms = NOW};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route_address all[ROOM];

		assert_true(ask(&cases[i].row, all).verdict.until_at_ms ==
			    cases[i].until_at_ms);
	}
	a.slot_until_at_ms = INT64_MAX;
	assert_int_equal(route_find(&only).verdict.until_at_ms, NOW + 20);
	a.spent_until_at_ms = NOW; /* it is back */
	assert_int_equal(route_find(&only).verdict.until_at_ms, NOW + 30);
	a.alone_until_at_ms = NOW;
	assert_true(route_find(&only).verdict.until_at_ms == INT64_MAX);
	assert_int_equal(route_find(&only).count, 1);
}

static void
more_addresses_than_an_attempt_tries(void **state)
{
	struct route_address all[ROUTE_ROOM + 3];
	const struct route_ask a = {
	    .addresses = all, .count = COUNT(all), .priority = M, .now_ms = NOW};
	struct route r;

	(void)state;
	for (unsigned i = 0; i < COUNT(all); i++)
		all[i] = address(i + 1, i == 0 ? "c" : "");
	r = route_find(&a);
	assert_int_equal(r.count, ROUTE_ROOM);
	assert_int_equal(r.order[0], 1);
}

static void
goes_on_while_its_window_is_open(void **state)
{
	static const struct {
		const char *is;
		enum request_priority priority;
		enum reason reason;
	} cases[] = {
	    {"", L, REASON_MAY_GO},  {"c", H, REASON_WINDOW_CLOSED},
	    {"h", H, REASON_MAY_GO}, {"h", M, REASON_WINDOW_PRIORITY},
	    {"b", H, REASON_BUDGET}, {"x", L, REASON_MAY_GO},
	    {"a", L, REASON_MAY_GO},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct route_address a = address(1, cases[i].is);

		assert_int_equal(route_goes_on(&a, cases[i].priority, NOW).reason,
				 cases[i].reason);
	}
}

static void
a_failed_one_is_left_alone_longer_each_time(void **state)
{
	(void)state;
	assert_int_equal(route_alone_ms(1, HOUR, 0), MINUTE);
	assert_int_equal(route_alone_ms(2, HOUR, 0), 2 * MINUTE);
	assert_int_equal(route_alone_ms(6, HOUR, 0), 32 * MINUTE);
	assert_int_equal(route_alone_ms(7, HOUR, 0), HOUR);
	assert_int_equal(route_alone_ms(INT64_MAX, HOUR, 0), HOUR);
	assert_int_equal(route_alone_ms(1, 1000, 0), 1000);
	for (uint64_t dice = 0; dice < 200000; dice += 77) {
		assert_true(route_alone_ms(3, HOUR, dice) <= 4 * MINUTE);
		assert_true(route_alone_ms(3, HOUR, dice) >= 3 * MINUTE);
	}
	assert_int_equal(route_alone_ms(3, HOUR, MINUTE), 3 * MINUTE);
}

/* --- at random ------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252;

static unsigned
dice(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % sides);
}

static bool
lets_in(const struct route_address *a, enum request_priority p)
{
	return !a->unknown_type && a->lowest >= p && a->spent_until_at_ms <= NOW;
}

/* Is this route what R1-R5 allow? */
static void
check_route(const struct route_ask *a, const struct route *r)
{
	bool used[ROOM] = {false};
	unsigned open = 0, usable = 0;

	assert_true((r->count > 0) == (r->verdict.reason == REASON_MAY_GO));
	assert_true(r->verdict.until_at_ms > NOW);
	for (size_t i = 0; i < a->count; i++) {
		const bool in = lets_in(&a->addresses[i], a->priority);

		open += in;
		usable += in && a->addresses[i].alone_until_at_ms <= NOW &&
			  !a->addresses[i].no_substitute;
	}
	for (size_t i = 0; i < r->count; i++) {
		assert_false(used[r->order[i]]);
		used[r->order[i]] = true;
		assert_true(lets_in(&a->addresses[r->order[i]], a->priority));
		if (i > 0)
			assert_false(a->addresses[r->order[i]].no_substitute);
	}
	if (a->prefer && a->prefer <= a->count &&
	    a->addresses[a->prefer - 1].unknown_type) {
		assert_int_equal(r->count, 0);
		return;
	}
	if (usable > 0 || (open > 0 && a->site_failed))
		assert_true(r->count > 0);
	if (open == 0)
		assert_int_equal(r->count, 0);
}

static void
holds_at_random(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		static const char *const slots[] = {"", "m", "h", "c"};
		struct route_address all[ROOM];
		struct route_ask a = {.addresses = all,
				      .count = dice(ROOM + 1),
				      .priority = (enum request_priority)(1 + dice(3)),
				      .prefer = dice(ROOM + 2),
				      .site_failed = dice(2) == 0,
				      .now_ms = NOW};
		struct route r;

		for (size_t k = 0; k < a.count; k++) {
			all[k] = address((unsigned)k + 1, slots[dice(4)]);
			all[k].no_substitute = dice(3) == 0;
			all[k].unknown_type = dice(5) == 0;
			all[k].alone_until_at_ms = NOW - 50 + dice(100);
			all[k].spent_until_at_ms = NOW - 90 + dice(100);
			all[k].slot_until_at_ms = NOW + 1 + dice(100);
		}
		r = route_find(&a);
		check_route(&a, &r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_one_by_one),
	    cmocka_unit_test(tells_when_time_changes_it),
	    cmocka_unit_test(more_addresses_than_an_attempt_tries),
	    cmocka_unit_test(goes_on_while_its_window_is_open),
	    cmocka_unit_test(a_failed_one_is_left_alone_longer_each_time),
	    cmocka_unit_test(holds_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
