/* What `lansender check` says of a schedule and a rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../wall_clock.h"
#include "base/attr.h"
#include "base/str.h"
#include "config/build.h"
#include "dispatch/dispatch.h"

#define ADDRESS "[address MS1.1]\ntype = dir\npath = /x\n"

static void
now_and_next(void **state)
{
	static const struct {
		const char *text, *at, *says; /* NULL: nothing to say */
	} rows[] = {
	    {"[site MS1]\n" ADDRESS, "2026-11-23 09:00", NULL},
	    /* as many words as there is something to say */
	    {"[sender]\nzone=UTC\n[site MS1]\n" ADDRESS "schedule = high",
	     "2026-11-23 09:00", "high only; unlimited; zone UTC"},
	    {"[sender]\nzone=UTC\n[site MS1]\n" ADDRESS "schedule = closed",
	     "2026-11-23 09:00",
	     "closed all week: nothing is sent unless a person opens it; unlimited; "
	     "zone UTC"},
	    {"[sender]\nzone=UTC\n[site MS1]\n" ADDRESS
	     "schedule = mon-fri closed\nschedule = sat,sun 00-24 closed",
	     "2026-11-23 09:00",
	     "closed all week: nothing is sent unless a person opens it; unlimited; "
	     "zone UTC"},
	    {"[sender]\nzone=UTC\nrate = 1500kbit/s\n[site MS1]\n" ADDRESS,
	     "2026-11-23 09:00", "all; 1.5 Mbit/s (all); zone UTC"},
	    /* by the address's clocks */
	    {"[sender]\nzone=UTC\n[site MS1]\n" ADDRESS
	     "zone = Europe/Berlin\nschedule = mon-fri 08-18 high\n"
	     "rate = mon-fri 08-18 512kbit/s\n",
	     "2026-11-23 09:00",
	     "high only until Mon 18:00, then all; 512 kbit/s (address MS1.1) until "
	     "Mon "
	     "18:00, then unlimited; zone Europe/Berlin"},
	    /* the line's hour comes first, and changes nothing for the slowest */
	    {"[sender]\nzone=UTC\n[line south]\nrate = mon 10-11 8Mbit/s\n"
	     "[site MS1]\nline = south\nrate = mon 08-18 800kbit/s\n" ADDRESS
	     "schedule = mon 12-13 closed",
	     "2026-11-23 09:00",
	     "all until Mon 12:00, then closed; 800 kbit/s (site MS1) until Mon 18:00, "
	     "then unlimited; zone UTC"},
	    {"[sender]\nzone=UTC\n[line south]\nrate = mon 10-11 8kbit/s\n"
	     "[site MS1]\nline = south\nrate = mon 08-18 800kbit/s\n" ADDRESS,
	     "2026-11-23 10:00",
	     "all; 8 kbit/s (line south) until Mon 11:00, then 800 kbit/s (site MS1); "
	     "zone "
	     "UTC"},
	    /* a line that is always the slowest, whatever the address's hours say */
	    {"[sender]\nzone=UTC\n[line south]\nrate = 8kbit/s\n"
	     "[site MS1]\nline = south\n" ADDRESS "rate = 08-18 800kbit/s\n"
	     "schedule = all no-substitute",
	     "2026-11-23 09:00", "all, no substitute; 8 kbit/s (line south); zone UTC"},
	    /* a line without a limit says no more than none */
	    {"[line south]\n[site MS1]\nline = south\n" ADDRESS, "2026-11-23 09:00",
	     NULL},
	    {"[sender]\nzone=UTC\n[site MS1]\nrate = 8kbit/s\n" ADDRESS,
	     "2026-11-23 09:00", "all; 8 kbit/s (site MS1); zone UTC"},
	    /* further away than a day's name says */
	    {"[sender]\nzone=UTC\n[site MS1]\n" ADDRESS
	     "schedule = mon 09-10 medium no-substitute\nschedule = mon 10-10:01 "
	     "closed",
	     "2026-11-23 10:01",
	     "all until 2026-11-30 09:00, then high and medium, no substitute; "
	     "unlimited; "
	     "zone UTC"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str out = {0};
		const struct config_site *site;
		struct config *c = NULL;
		struct err e;
		bool says;

		if (config_from_bytes("t.conf", rows[i].text, strlen(rows[i].text), &c,
				      &e) < 0)
			fail_msg("%s", e.text);
		site = config_site(c, "MS1");
		says = dispatch_hours(c, site, site->addresses, utc(rows[i].at), &out);
		assert_int_equal(says, rows[i].says != NULL);
		assert_string_equal(str_text(&out), rows[i].says ? rows[i].says : "");
		config_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(now_and_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
