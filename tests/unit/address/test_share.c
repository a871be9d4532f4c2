/* A share named apart from its server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "address/address.h"
#include "base/attr.h"

static void
a_share_beside_the_server(void **state)
{
	static const struct {
		const char *server, *share, *want; /* what is printed, or said */
		int rc;
	} rows[] = {
	    {"\\\\DSSMS", "SMS_SITE", "\\\\DSSMS\\SMS_SITE", 0},
	    {"DSSMS", " \\SMS_SITE\\in\\ ", "\\\\DSSMS\\SMS_SITE\\in", 0},
	    {"DSSMS", "/SMS_SITE/in", "\\\\DSSMS\\SMS_SITE\\in", 0},
	    {"\\\\DSSMS\\SMS_SITE", "sms_site", "\\\\DSSMS\\SMS_SITE", 0},
	    {"\\\\DSSMS\\SMS_SITE", "SMS_SITE\\in", "\\\\DSSMS\\SMS_SITE\\in", 0},
	    {"\\\\DSSMS\\SMS_SITE\\in", "SMS_SITE", "\\\\DSSMS\\SMS_SITE\\in", 0},
	    {"\\\\DSSMS", "\\\\dssms\\SMS_SITE", "\\\\DSSMS\\SMS_SITE", 0},
	    {"\\\\DSSMS", "smb://DSSMS/SMS_SITE/in", "\\\\DSSMS\\SMS_SITE\\in", 0},
	    {"\\\\DSSMS\\SMS_SITE", "OTHER",
	     "the share is given twice: \"SMS_SITE\" with the server and \"OTHER\" as "
	     "the share; leave one out",
	     -1},
	    {"\\\\DSSMS\\SMS_SITE\\in", "SMS_SITE\\out",
	     "the folder is given twice: \"in\" with the server and \"out\" with the "
	     "share; leave one out",
	     -1},
	    {"\\\\DSSMS", "\\\\OTHER\\SMS_SITE",
	     "the share begins with a server, \"OTHER\", other than \"DSSMS\": type "
	     "only the share, as in SMS_SITE",
	     -1},
	    {"\\\\DSSMS", "\\\\SMS_SITE",
	     "the share begins with a server, \"SMS_SITE\": type only the share, as in "
	     "SMS_SITE",
	     -1},
	    {"\\\\DSSMS", "\\", "the share is empty: type its name, as in SMS_SITE",
	     -1},
	    {"\\\\DSSMS", "A=B",
	     "the share name \"A=B\" holds '=', which none can: type it as the server "
	     "shows it, as in SMS_SITE",
	     -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address a;
		struct err e = {0};
		char text[ADDRESS_TEXT_ROOM];

		assert_int_equal(
		    address_parse(rows[i].server, strlen(rows[i].server), &a, &e), 0);
		assert_int_equal(address_set_share(&a, rows[i].share, &e), rows[i].rc);
		assert_string_equal(
		    rows[i].rc == 0 ? address_print(&a, text, sizeof(text)) : e.text,
		    rows[i].want);
	}
}

static void
endpoints(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} rows[] = {
	    {"127.0.0.1:1445", "127.0.0.1", 1445},
	    {"[::1]:1445", "::1", 1445},
	    {"::1", "::1", 0},
	    {"tunnel.example", "tunnel.example", 0},
	};
	char host[ADDRESS_HOST_ROOM] = "untouched";
	uint16_t port = 7;
	struct err e;

	(void)state;
	assert_int_equal(address_parse_endpoint("h:1\\s", host, &port, &e), -1);
	assert_string_equal(e.text, "a share does not belong here: type only the host "
				    "and port, as in 127.0.0.1:1445");
	assert_int_equal(address_parse_endpoint("h:0", host, &port, &e), -1);
	assert_string_equal(host, "untouched");
	assert_int_equal(port, 7);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(address_parse_endpoint(rows[i].text, host, &port, &e),
				 0);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
}

/* Whatever the letters' case (sms-sender.md 6 row 40). */
static void
the_same_place(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
	    {"\\\\DSSMS\\SMS_SITE", "//dssms/sms_site/", true},
	    {"DSSMS", "DSSMS:445", true},
	    {"2001:db8::1", "2001-DB8--1.ipv6-literal.net", true},
	    {"\\\\b\303\234ro\\s", "\\\\b\303\274ro\\S", true},
	    {"DSSMS", "DSSMS:1445", false},
	    {"\\\\DSSMS\\a", "\\\\DSSMS\\b", false},
	    {"\\\\DSSMS\\a", "\\\\DSSMS", false},
	    {"\\\\DSSMS\\a\\x", "\\\\DSSMS\\a\\y", false},
	    {"DSSMS", "DSSMS2", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address a, b;
		struct err e;

		assert_int_equal(address_parse(rows[i].a, strlen(rows[i].a), &a, &e),
				 0);
		assert_int_equal(address_parse(rows[i].b, strlen(rows[i].b), &b, &e),
				 0);
		assert_int_equal(address_same(&a, &b), rows[i].same);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_share_beside_the_server),
	    cmocka_unit_test(endpoints),
	    cmocka_unit_test(the_same_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
