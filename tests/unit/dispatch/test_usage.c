/* What budgets have carried: counted once, kept for the right period, asked for again
 * after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"
#include "config/config.h"
#include "dispatch/usage.h"
#include "faulty_outbox.h"
#include "fixture.h"

enum { DAY_MS = 86400000 };

/* The pool of these tests: only what went through line and address counts. */
static int64_t line_bytes, address_bytes;

__typeof__(pool_sent_bytes) wrap_pool_sent_bytes __asm__("__wrap_pool_sent_bytes");

int64_t
wrap_pool_sent_bytes(struct pool *p, const char *node)
{
	(void)p;
	if (strcmp(node, "line south") == 0)
		return line_bytes;
	if (strcmp(node, "address MS1.1") == 0)
		return address_bytes;
	return 0;
}

struct plant {
	struct config config;
	struct config_line line;
	struct config_site site;
	struct config_address address;
	char name[8], code[8], section[8];
};

/* A line with a budget per month and an address with one per day. */
static void
plant_init(struct plant *p)
{
	*p = (struct plant){.name = "south", .code = "MS1", .section = "MS1.1"};
	p->line.name = p->name;
	p->line.limits.budget = (struct config_budget){1000000, CONFIG_PER_MONTH};
	p->address.section = p->section;
	p->address.zone = zone_utc();
	p->address.limits.budget = (struct config_budget){5000, CONFIG_PER_DAY};
	p->site.code = p->code;
	p->site.addresses = &p->address;
	p->site.address_count = 1;
	p->config.sender.zone = zone_utc();
	p->config.lines = &p->line;
	p->config.line_count = 1;
	p->config.sites = &p->site;
	p->config.site_count = 1;
	line_bytes = address_bytes = 0;
}

static void
look(struct usage *u, struct plant *p, struct fixture *f, int64_t now_ms)
{
	if (usage_look(u, &p->config, NULL, f->o, now_ms, &f->e) < 0)
		fail_msg("look: %s", f->e.text);
}

static int64_t
used(const struct usage *u, const char *node)
{
	struct rate_facts facts = {0};

	usage_add_facts(u, &facts);
	for (size_t i = 0; i < facts.used_count; i++)
		if (strcmp(facts.used[i].node, node) == 0)
			return facts.used[i].bytes;
	return -1;
}

static void
counted_once(void **state)
{
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct plant p;

	plant_init(&p);
	look(u, &p, f, NOW);
	assert_int_equal(used(u, "line south"), 0);
	assert_int_equal(used(u, "site MS1"), -1); /* it has none */
	line_bytes = address_bytes = 700;
	look(u, &p, f, NOW + 1000);
	look(u, &p, f, NOW + 2000);
	assert_int_equal(used(u, "line south"), 700);
	assert_int_equal(used(u, "address MS1.1"), 700);
	usage_free(u);
}

static void
kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct plant p;

	plant_init(&p);
	look(u, &p, f, NOW);
	line_bytes = 900;
	look(u, &p, f, NOW + 1000);
	usage_free(u);
	u = usage_new();
	line_bytes = 0; /* another process counts from the start */
	look(u, &p, f, NOW + 5000);
	assert_int_equal(used(u, "line south"), 900);
	line_bytes = 50;
	look(u, &p, f, NOW + 6000);
	assert_int_equal(used(u, "line south"), 950);
	usage_free(u);
}

static void
a_new_day_begins_at_nothing(void **state)
{
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct plant p;

	plant_init(&p);
	look(u, &p, f, NOW);
	line_bytes = address_bytes = 400;
	look(u, &p, f, NOW + 1000);
	look(u, &p, f, NOW + DAY_MS);
	assert_int_equal(used(u, "address MS1.1"), 0);
	assert_int_equal(used(u, "line south"), 400); /* of the month */
	usage_free(u);
}

/* After a reload the pool counts on; what it counted before is not counted again. */
static void
another_configuration(void **state)
{
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct plant p, q;

	plant_init(&p);
	plant_init(&q);
	look(u, &p, f, NOW);
	line_bytes = 300;
	look(u, &q, f, NOW + 1000);
	assert_int_equal(used(u, "line south"), 300);
	line_bytes = 310;
	look(u, &q, f, NOW + 2000);
	assert_int_equal(used(u, "line south"), 310);
	usage_free(u);
}

/* A reload takes the zones along, and what went before it is still of the day at which
 * it was looked at last. */
static void
the_zones_of_the_old_configuration_are_gone(void **state)
{
	const int64_t midnight_ms = zone_span_at(zone_utc(), ZONE_DAY, NOW).until_at_ms;
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct zone *zone = NULL;
	struct plant p, q;

	plant_init(&p);
	plant_init(&q);
	if (zone_load("UTC", &zone, &f->e) < 0)
		fail_msg("%s", f->e.text);
	p.config.sender.zone = p.address.zone = zone;
	look(u, &p, f, midnight_ms - 1000);
	zone_free(zone);
	line_bytes = address_bytes = 300;
	look(u, &q, f, midnight_ms);
	assert_int_equal(used(u, "address MS1.1"), 0);
	assert_int_equal(used(u, "line south"), 300); /* of the month */
	address_bytes = 310;
	look(u, &q, f, midnight_ms + 1000);
	assert_int_equal(used(u, "address MS1.1"), 10);
	usage_free(u);
}

struct looking {
	struct usage *u;
	struct fixture *f;
	struct plant plants[2];
	bool changes; /* the configuration is another one than at the last success */
	size_t plant;
	int count;
};

/* Some more went each time. */
static int
look_again(void *self, struct err *e)
{
	struct looking *l = self;
	const size_t plant = l->changes ? 1 - l->plant : l->plant;
	int rc;

	line_bytes += 100;
	address_bytes += 7;
	l->count++;
	rc = usage_look(l->u, &l->plants[plant].config, NULL, l->f->o,
			NOW + l->count * 1000, e);
	if (rc == 0)
		l->plant = plant;
	return rc;
}

static void
nothing_is_lost_while_the_outbox_fails(void **state)
{
	struct looking l = {.u = usage_new(), .f = *state};
	unsigned calls;

	plant_init(&l.plants[0]);
	plant_init(&l.plants[1]);
	look(l.u, &l.plants[0], l.f, NOW);
	for (int i = 0; i < 8; i++) {
		l.changes = i % 2 == 0;
		assert_int_equal(faulty_outbox(look_again, &l, &calls), 0);
		assert_int_equal(used(l.u, "line south"), line_bytes);
		assert_int_equal(used(l.u, "address MS1.1"), address_bytes);
	}
	usage_free(l.u);
}

static void
none_without_budgets(void **state)
{
	struct fixture *f = *state;
	struct usage *u = usage_new();
	struct plant p;

	plant_init(&p);
	p.line.limits.budget.bytes = p.address.limits.budget.bytes = 0;
	look(u, &p, f, NOW);
	assert_int_equal(used(u, "line south"), -1);
	usage_free(u);
	usage_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(counted_once, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(kept_over_a_restart, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(a_new_day_begins_at_nothing, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(another_configuration, fixture_enter,
					    fixture_leave),
	    cmocka_unit_test_setup_teardown(the_zones_of_the_old_configuration_are_gone,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(nothing_is_lost_while_the_outbox_fails,
					    fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(none_without_budgets, fixture_enter,
					    fixture_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
