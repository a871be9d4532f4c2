/* Lines, budgets, pulses, zones and shares: what sections mean together.
 *
 * sms-sender.md section 6 row 12 (0 is refused), row 28 (nothing that a file says is
 * lost: each key has its field). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"

static const char example[] = "[site MS1]\n"
			      "line = SOUTH\n"
			      "budget = 5GB per day\n"
			      "[site MS2]\n"
			      "line = south\n"
			      "[site MS3]\n"
			      "[address MS1.1]\n"
			      "type = dir\n"
			      "path = /x\n"
			      "pulse = 256KiB every 30s\n"
			      "rate = 25%\n"
			      "speed = 8Mbit/s\n"
			      "zone = America/New_York\n"
			      "[address MS1.2]\n"
			      "type = dir\n"
			      "path = /y\n"
			      "zone = America/New_York\n"
			      "[address MS2.1]\n"
			      "type = dir\n"
			      "path = /z\n"
			      "[line south]\n"
			      "rate = mon-fri 50%\n"
			      "speed = 10Mbit/s\n"
			      "budget = 1000TB per month\n"
			      "[line north]\n"
			      "[sender]\n"
			      "zone = Europe/Berlin\n"
			      "rate = 100Mbit/s\n"
			      "preempt = off\n"
			      "reserved_high = 4\n"
			      "medium_share = none\n"
			      "low_share = 90%\n"
			      "ageing = never\n"
			      "small_first = yes\n";

static void
what_sites_share(void **state)
{
	struct config *c = must_load(example);
	const struct config_site *ms1 = config_site(c, "MS1");
	const struct config_line *south = config_line(c, "South");

	(void)state;
	assert_int_equal(c->line_count, 2);
	assert_ptr_equal(ms1->line, south);
	assert_ptr_equal(config_site(c, "MS2")->line, south);
	assert_null(config_site(c, "MS3")->line);
	assert_null(config_line(c, "west"));
	assert_int_equal(south->limits.budget.bytes, 1000000000000000);
	assert_int_equal(south->limits.budget.per, CONFIG_PER_MONTH);
	assert_int_equal(south->limits.rate.steps[0].value, 625000);
	assert_int_equal(ms1->limits.budget.bytes, 5000000000);
	assert_int_equal(ms1->limits.budget.per, CONFIG_PER_DAY);
	assert_int_equal(ms1->limits.rate.always, CONFIG_RATE_UNLIMITED);
	config_free(c);
}

static void
what_an_address_says(void **state)
{
	struct config *c = must_load(example);
	const struct config_address *a = config_site(c, "MS1")->addresses;

	(void)state;
	assert_int_equal(a->pulse.block_bytes, 262144);
	assert_int_equal(a->pulse.every_ms, 30000);
	assert_int_equal(a->limits.rate.always, 250000);
	assert_string_equal(zone_name(a->zone), "America/New_York");
	assert_ptr_equal(a[1].zone, a[0].zone); /* loaded once */
	assert_int_equal(a[1].pulse.block_bytes, 0);
	assert_int_equal(a[1].schedule.always, CONFIG_SLOT_ALL);
	assert_string_equal(zone_name(config_site(c, "MS2")->addresses->zone),
			    "Europe/Berlin");
	config_free(c);
}

static void
what_the_sender_says(void **state)
{
	struct config *c = must_load(example);

	(void)state;
	assert_string_equal(zone_name(c->sender.zone), "Europe/Berlin");
	assert_int_equal(c->sender.limits.rate.always, 12500000);
	assert_false(c->sender.preempt);
	assert_int_equal(c->sender.reserved_high, 4);
	assert_int_equal(c->sender.medium_share_percent, 0);
	assert_int_equal(c->sender.low_share_percent, 90);
	assert_int_equal(c->sender.ageing_ms, 0);
	assert_true(c->sender.small_first);
	config_free(c);
}

static void
the_defaults(void **state)
{
	struct config *c = config_default();

	(void)state;
	assert_ptr_equal(c->sender.zone, zone_utc());
	assert_int_equal(c->sender.limits.rate.always, CONFIG_RATE_UNLIMITED);
	assert_int_equal(c->sender.limits.budget.bytes, 0);
	assert_true(c->sender.preempt);
	assert_int_equal(c->sender.reserved_high, 1);
	assert_int_equal(c->sender.medium_share_percent, 20);
	assert_int_equal(c->sender.low_share_percent, 10);
	assert_int_equal(c->sender.ageing_ms, 86400000);
	assert_false(c->sender.small_first);
	config_free(c);
	/* nobody typed the reserved slot, and it gives way */
	c = must_load("[sender]\nmax_sendings = 1");
	assert_int_equal(c->sender.reserved_high, 0);
	config_free(c);
}

static const struct bad rows[] = {
    {"[line south]\n[site MS1]\nline = sooth",
     "t.conf:3: [site MS1] line: there is no line \"sooth\"; did you mean \"south\"?"},
    {"[site MS1]\nline = south",
     "t.conf:2: [site MS1] line: there is no line \"south\": add a section [line "
     "south]"},
    {"[line south]\n[line South]",
     "t.conf:2: [line South]: the section stands a second time, first at t.conf:1: put "
     "what both say into one"},
    {"[line]",
     "t.conf:1: [line]: a line is called by 1 to 32 letters, digits, - and _: "
     "type it as in [line south]"},
    {"[sender]\nzone = Europe/Berln",
     "t.conf:2: [sender] zone: there is no time zone \"Europe/Berln\"; did you mean "
     "\"Europe/Berlin\"?"},
    {"[site M]\n[address M.1]\ntype = dir\npath = /x\nzone = Nowhere",
     "t.conf:5: [address M.1] zone: there is no time zone \"Nowhere\" in "
     "/usr/share/zoneinfo: type it as in Europe/Berlin, UTC or +02:00"},
    {"[site M]\nbudget = 10GB",
     "t.conf:2: [site M] budget: \"10GB\" will not do: type 1MB to 1000TB, per day or "
     "per month, as in 10GB per month"},
    {"[site M]\nbudget = 10GB per week", "t.conf:2: [site M] budget: \"10GB per week\" "
					 "will not do: type 1MB to 1000TB, per "
					 "day or per month, as in 10GB per month"},
    {"[site M]\nbudget = 999999 per day",
     "t.conf:2: [site M] budget: \"999999 per day\" will not do: type 1MB to 1000TB, "
     "per day or per month, as in 10GB per month"},
    {"[site M]\nbudget = 0 per day",
     "t.conf:2: [site M] budget: 0 is refused, because it could mean none as well as "
     "no "
     "limit: type 1MB to 1000TB, per day or per month, as in 10GB per month"},
    {"[site M]\n[address M.1]\npulse = 257KiB every 5s",
     "t.conf:3: [address M.1] pulse: \"257KiB every 5s\" will not do: type 1KB to "
     "256KB, every 1s to 30s, as in 3KB every 5s"},
    {"[site M]\n[address M.1]\npulse = 3KB every 31s",
     "t.conf:3: [address M.1] pulse: \"3KB every 31s\" will not do: type 1KB to 256KB, "
     "every 1s to 30s, as in 3KB every 5s"},
    {"[site M]\n[address M.1]\npulse = 3KB every 0s",
     "t.conf:3: [address M.1] pulse: 0 is refused, because it could mean none as well "
     "as no limit: type 1KB to 256KB, every 1s to 30s, as in 3KB every 5s"},
    {"[sender]\nmax_sendings = 3\nreserved_high = 3",
     "t.conf:3: [sender] reserved_high: 3 reserved of 3 sendings in all (max_sendings) "
     "leave none for medium and low priority: make this smaller, or max_sendings "
     "larger"},
    {"[sender]\nmedium_share = 50%\nlow_share = 50%",
     "t.conf:3: [sender] low_share: medium_share and low_share are 100% together, "
     "which "
     "leaves nothing for high priority: make one of them smaller"},
    {"[sender]\nmedium_share = 90%",
     "t.conf:2: [sender] medium_share: medium_share and low_share are 100% together, "
     "which leaves nothing for high priority: make one of them smaller"},
    {"[sender]\nlow_share = 5", "t.conf:2: [sender] low_share: \"5\" will not do: type "
				"1% to 90%, or none, as in 10%"},
    {"[sender]\nlow_share = 0%", "t.conf:2: [sender] low_share: 0 is refused, because "
				 "it could mean none as well as "
				 "no limit: type 1% to 90%, or none, as in 10%"},
};

static void
what_cannot_be(void **state)
{
	(void)state;
	all_refused(rows, COUNT(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_sites_share),
	    cmocka_unit_test(what_an_address_says),
	    cmocka_unit_test(what_the_sender_says),
	    cmocka_unit_test(the_defaults),
	    cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
