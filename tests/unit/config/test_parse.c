/* Lines, sections and keys that are refused, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"

static const struct bad sections_refused[] = {
    {"[sender", "t.conf:1: a section ends in ] and nothing follows it: type it as in "
		"[site MS1]"},
    {"[sender] # mine",
     "t.conf:1: a section ends in ] and nothing follows it: type it as in [site MS1]"},
    {"\n[Sender]\n", "t.conf:2: there is no section [Sender]; did you mean [sender]?"},
    {"[adress MS1.1]",
     "t.conf:1: there is no section [adress]; did you mean [address]?"},
    {"[global]", "t.conf:1: there is no section [global]; there are [sender], [line "
		 "south], [site MS1], [address MS1.1] and [group branches]"},
    {"[]", "t.conf:1: there is no section []; there are [sender], [line south], [site "
	   "MS1], [address MS1.1] and [group branches]"},
    {"[sender CEN]",
     "t.conf:1: [sender CEN]: there is one sender and it has no name: type [sender]"},
    {"[site]", "t.conf:1: [site]: a site is called by 1 to 32 letters, digits, - and "
	       "_: type it as in [site MS1]"},
    {"[site M 1]", "t.conf:1: [site M 1]: a site is called by 1 to 32 letters, digits, "
		   "- and _: type it as in [site MS1]"},
    {"[site abcdefghijabcdefghijabcdefghij123]",
     "t.conf:1: [site abcdefghijabcdefghijabcdefghij123]: a site is called by 1 to 32 "
     "letters, digits, - and _: type it as in [site MS1]"},
    {"[group a.b]", "t.conf:1: [group a.b]: a group is called by 1 to 32 letters, "
		    "digits, - and _: type it as in [group branches]"},
    {"[address MS1]",
     "t.conf:1: [address MS1]: an address is called by the code of its site, a dot and "
     "a number from 1 to 999 that says its order: type it as in [address MS1.1]"},
    {"[address MS1.0]",
     "t.conf:1: [address MS1.0]: an address is called by the code of its site, a dot "
     "and a number from 1 to 999 that says its order: type it as in [address MS1.1]"},
    {"[address .1]",
     "t.conf:1: [address .1]: an address is called by the code of its site, a dot and "
     "a number from 1 to 999 that says its order: type it as in [address MS1.1]"},
    {"[site MS1]\n\n[site ms1]\n",
     "t.conf:3: [site ms1]: the section stands a second time, first at t.conf:1: put "
     "what both say into one"},
    {"[sender]\n[site A]\n[sender]\n",
     "t.conf:3: [sender]: the section stands a second time, first at t.conf:1: put "
     "what both say into one"},
    {"[site A]\n[address A.1]\n[address a.01]\n",
     "t.conf:3: [address a.01]: the section stands a second time, first at t.conf:2: "
     "put what both say into one"},
};

static const struct bad keys_refused[] = {
    {"retries = 2\n[sender]",
     "t.conf:1: a key stands before the first section: begin one with [sender], [site "
     "MS1] or [address MS1.1]"},
    {"[sender]\nretries 2",
     "t.conf:2: the line that begins with \"retries\" is no [section], no key = value "
     "and no comment, which begins with # or ;"},
    {"[sender]\n= 2",
     "t.conf:2: the line that begins with \"\" is no [section], no key = value and no "
     "comment, which begins with # or ;"},
    {"[sender]\n\n# two\nretrys = 2",
     "t.conf:4: [sender]: there is no key \"retrys\"; did you mean \"retries\"?"},
    {"[sender]\nRetries = 2",
     "t.conf:2: [sender]: there is no key \"Retries\"; did you mean \"retries\"?"},
    {"[site MS1]\nmax_sendings = 2",
     "t.conf:2: [site MS1]: max_sendings belongs into a section like [sender]"},
    {"[site MS1]\nserver = DSSMS",
     "t.conf:2: [site MS1]: server: a server belongs to an address: begin one with "
     "[address MS1.1]"},
    {"[site MS1]\nfrobnicate = 512kbit/s",
     "t.conf:2: [site MS1]: there is no key \"frobnicate\" in this version; there are: "
     "description, line, rate, speed, budget"},
    {"[address MS1.1]\nblackout = mon-fri",
     "t.conf:2: [address MS1.1]: there is no key \"blackout\" in this version; there "
     "are: type, server, share, path, connect_to, auth, account, password_file, "
     "credential, keytab, ccache, signing, encrypt, dialect_min, dialect_max, "
     "compounds, flush, congestion, connections, connect_timeout, "
     "request_timeout, progress_timeout, window, write_size, schedule, zone, rate, "
     "speed, budget, pulse"},
    {"[address MS1.1]\npassword = hunter2",
     "t.conf:2: [address MS1.1]: password: a password does not stand in the "
     "configuration: put it into a file of mode 0600 and name that as password_file = "
     "/etc/lansender/ms1.secret, or name a systemd credential as credential = ms1"},
    {"[address MS1.1]\nport = 1445",
     "t.conf:2: [address MS1.1]: port: the port stands behind the server: type server "
     "= \\\\DSSMS:1445"},
    {"[sender]\nretries = 2\nsite_code = A\nretries = 3",
     "t.conf:4: [sender] retries: stands here a second time, first in line 2: leave "
     "one of them"},
    {"[sender]\nretries =  ",
     "t.conf:2: [sender] retries: has no value: type one, as in retries = 2, or leave "
     "the line out"},
    {"[sender]\nretries = \x1b[1m",
     "t.conf:2: byte 11 of the line is a control character (0x1B): type the line again "
     "without it"},
    {"[sender]\n# caf\351",
     "t.conf:2: byte 6 of the line is not valid UTF-8: save the file as UTF-8"},
    {"[sender]\rretries = 2\r",
     "t.conf:1: byte 9 of the line is a control character (0x0D): type the line again "
     "without it"},
};

/* Twice the same, too (sms-sender.md 6 row 37). */
static void
sections_that_cannot_be(void **state)
{
	(void)state;
	all_refused(sections_refused, COUNT(sections_refused));
}

static void
keys_that_cannot_be(void **state)
{
	(void)state;
	all_refused(keys_refused, COUNT(keys_refused));
}

static void
bytes_that_no_text_holds(void **state)
{
	static const char nul[] = "[sender]\nretries\0= 2\n";
	static const char utf16[] = "\xFF\xFE[\0s\0";
	struct config *c;
	struct err e;

	(void)state;
	assert_int_equal(config_from_bytes("t.conf", nul, sizeof(nul) - 1, &c, &e), -1);
	assert_string_equal(e.text, "t.conf:2: byte 8 of the line is a NUL, which no "
				    "text holds: save the file as UTF-8");
	assert_int_equal(config_from_bytes("t.conf", utf16, sizeof(utf16) - 1, &c, &e),
			 -1);
	assert_string_equal(e.text, "t.conf:1: byte 1 of the line is not valid UTF-8: "
				    "save the file as UTF-8");
}

static void
a_line_ends_somewhere(void **state)
{
	char text[5000];
	struct config *c = NULL;
	struct err e;

	(void)state;
	memset(text, '#', sizeof(text));
	assert_int_equal(config_from_bytes("t.conf", text, 4096, &c, &e), 0);
	config_free(c);
	assert_int_equal(config_from_bytes("t.conf", text, 4097, &c, &e), -1);
	assert_string_equal(e.text,
			    "t.conf:1: the line is 4097 bytes long; the longest "
			    "that can be is 4096");
}

static void
what_editors_do_to_a_file(void **state)
{
	static const char *const rows[] = {
	    "[sender]\nretries=7",
	    "\xEF\xBB\xBF[sender]\r\nretries = 7\r\n",
	    "\t[ sender ]  \n ; a comment\n\n#another\n\t retries \t=\t 7 \n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *c = must_load(rows[i]);

		assert_int_equal(c->sender.retries, 7);
		config_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sections_that_cannot_be),
	    cmocka_unit_test(keys_that_cannot_be),
	    cmocka_unit_test(bytes_that_no_text_holds),
	    cmocka_unit_test(a_line_ends_somewhere),
	    cmocka_unit_test(what_editors_do_to_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
