/* Whatever was typed: what is printed is understood as the same place, and prints as
 * itself; and it never begins with more than two backslashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "address/address.h"
#include "base/attr.h"
#include "base/str.h"

/* xorshift64*: the same inputs in every run. */
static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 2685821657736338717U;
}

static const char *
pick(uint64_t *seed, const char *const *from, size_t count)
{
	return from[next_random(seed) % count];
}

/* An address as a person might type it, right or wrong. */
static void
invent(uint64_t *seed, struct str *out)
{
	static const char *const fronts[] = {
	    "",        "\\\\",    "\\\\\\\\", "//", " \\\\", "\\\\?\\UNC\\",
	    "smb://",  "cifs://", "\\\\[",    "\t", "\\",    "/",
	    "http://", "C:",      "//?/unc/",
	};
	static const char *const hosts[] = {
	    "DSSMS",
	    "dssms.corp.example",
	    "10.1.2.3",
	    "[2001:db8::1]",
	    "2001:DB8:0::1",
	    "fe80::1%eth0",
	    "2001-db8--1.ipv6-literal.net",
	    "fe80--1s4.ipv6-literal.net",
	    "b\303\274ro",
	    "a_b-c.",
	    "007",
	    "::ffff:10.1.2.3]",
	    "C",
	    "%41b",
	    "a b",
	    "?",
	    ".",
	    "UNC",
	    "x@SSL",
	    "\342\200\213x",
	};
	static const char *const ports[] = {"", ":445", ":1445", ":0", ":65535", ":x"};
	static const char *const parts[] = {
	    "\\SMS_SITE", "/SMS_SITE", "\\in",  "/a b",   "\\c$",       "\\",
	    "\\..",       "/%20x",     "\\50%", "\\UNC",  "\\\\x",      "/?",
	    "\\.hidden",  "\\con",     "\\a.",  "/a%2fb", "\\:1445",    "\\ ",
	    "//",         "\\C:",      "%5c",   "\\@SSL", "\\\303\234",
	};
	size_t n = next_random(seed) % 5;

	str_clear(out);
	str_add(out, pick(seed, fronts, COUNT(fronts)));
	str_add(out, pick(seed, hosts, COUNT(hosts)));
	str_add(out, pick(seed, ports, COUNT(ports)));
	while (n--)
		str_add(out, pick(seed, parts, COUNT(parts)));
	if (next_random(seed) % 8 == 0) /* and now and then any byte anywhere */
		out->s[next_random(seed) % out->len] = (char)next_random(seed);
}

static void
printing_is_a_fixed_point(void **state)
{
	enum { ROUNDS = 50000, TAKEN_AT_LEAST = 5000 };
	uint64_t seed = 235753;
	AUTO_STR struct str typed = {0};
	int taken = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct address a, b;
		struct err e;
		char once[ADDRESS_TEXT_ROOM], twice[ADDRESS_TEXT_ROOM];

		invent(&seed, &typed);
		if (address_parse(typed.s, typed.len, &a, &e) < 0)
			continue;
		taken++;
		address_print(&a, once, sizeof(once));
		if (!str_starts(once, "\\\\") || once[2] == '\\')
			fail_msg("%s prints as %s", typed.s, once);
		if (address_parse(once, strlen(once), &b, &e) < 0)
			fail_msg("%s prints as %s: %s", typed.s, once, e.text);
		if (!address_same(&a, &b))
			fail_msg("%s prints as %s, another place", typed.s, once);
		assert_string_equal(address_print(&b, twice, sizeof(twice)), once);
	}
	assert_true(taken >= TAKEN_AT_LEAST); /* or this would prove little */
}

static void
the_longest_address_fits(void **state)
{
	struct address a = {.kind = ADDRESS_IPV6, .port = 65535};
	char text[ADDRESS_TEXT_ROOM], small[8];

	(void)state;
	memset(a.host, 'h', sizeof(a.host) - 1);
	memset(a.share, 's', sizeof(a.share) - 1);
	memset(a.folder, 'f', sizeof(a.folder) - 1);
	address_print(&a, text, sizeof(text));
	assert_int_equal(strlen(text), strlen("\\\\[]:65535\\\\") + ADDRESS_HOST_ROOM -
					   1 + ADDRESS_SHARE_ROOM - 1 +
					   ADDRESS_FOLDER_ROOM - 1);
	assert_int_equal(text[strlen(text) - 1], 'f');
	assert_string_equal(address_print(&a, small, sizeof(small)), "\\\\[hhhh");
}

static void
the_server_alone(void **state)
{
	struct address a;
	struct err e;
	char text[ADDRESS_TEXT_ROOM];

	(void)state;
	assert_int_equal(address_parse("smb://DSSMS:1445/s/in", 21, &a, &e), 0);
	assert_string_equal(address_print_server(&a, text, sizeof(text)),
			    "\\\\DSSMS:1445");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printing_is_a_fixed_point),
	    cmocka_unit_test(the_longest_address_fits),
	    cmocka_unit_test(the_server_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
