/* What may be typed into the server box, and what it says when it may not
 * (sms-sender.md 6 row 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "address/address.h"
#include "base/attr.h"
#include "base/mem.h"

static void
every_way_to_write_one_server(void **state)
{
	static const char *const rows[] = {
	    "DSSMS",
	    "dssms",
	    "\\\\DSSMS",
	    "\\\\\\\\DSSMS",
	    "\\DSSMS",
	    "\\\\\\DSSMS",
	    "//DSSMS",
	    "////DSSMS",
	    "\\/DSSMS",
	    " \\\\DSSMS\\ ",
	    "\t\\\\DSSMS\\\\\t",
	    "\\\\?\\UNC\\DSSMS",
	    "\\\\?\\unc\\dssms\\",
	    "//?/UNC/DSSMS",
	    "\\\\\\\\?\\UNC\\\\DSSMS",
	    "DSSMS.",
	    "DSSMS/",
	    "smb://DSSMS",
	    "smb://dssms/",
	    "SMB:\\\\DSSMS",
	    "cifs://DSSMS",
	    "DSSMS:445",
	    "\\\\DSSMS:445",
	};
	struct address want, got;
	struct err e;
	char text[ADDRESS_TEXT_ROOM];

	(void)state;
	assert_int_equal(address_parse("DSSMS", 5, &want, &e), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (address_parse(rows[i], strlen(rows[i]), &got, &e) < 0)
			fail_msg("%s: %s", rows[i], e.text);
		if (!address_same(&got, &want))
			fail_msg("%s is %s", rows[i],
				 address_print(&got, text, sizeof(text)));
	}
}

/* typed, and what it is */
static const struct {
	const char *typed;
	const char *host, *share, *folder, *printed;
	enum address_host_kind kind;
	uint16_t port;
} carried[] = {
    {"\\\\DSSMS\\SMS_SITE", "DSSMS", "SMS_SITE", "", "\\\\DSSMS\\SMS_SITE",
     ADDRESS_NAME, 0},
    {"\\\\\\\\DSSMS\\SMS_SITE", "DSSMS", "SMS_SITE", "", "\\\\DSSMS\\SMS_SITE",
     ADDRESS_NAME, 0},
    {"\\\\DSSMS\\SMS_SITE\\in", "DSSMS", "SMS_SITE", "in", "\\\\DSSMS\\SMS_SITE\\in",
     ADDRESS_NAME, 0},
    {"//DSSMS/SMS_SITE\\in/daily/", "DSSMS", "SMS_SITE", "in/daily",
     "\\\\DSSMS\\SMS_SITE\\in\\daily", ADDRESS_NAME, 0},
    {"DSSMS\\SMS_SITE", "DSSMS", "SMS_SITE", "", "\\\\DSSMS\\SMS_SITE", ADDRESS_NAME,
     0},
    {"\\\\?\\UNC\\DSSMS\\C$\\in box", "DSSMS", "C$", "in box", "\\\\DSSMS\\C$\\in box",
     ADDRESS_NAME, 0},
    {"smb://DSSMS:1445/SMS_SITE/in", "DSSMS", "SMS_SITE", "in",
     "\\\\DSSMS:1445\\SMS_SITE\\in", ADDRESS_NAME, 1445},
    {"cifs://dssms.corp.example./SMS%20SITE/50%25/%23in", "dssms.corp.example",
     "SMS SITE", "50%/#in", "\\\\dssms.corp.example\\SMS SITE\\50%\\#in", ADDRESS_NAME,
     0},
    {"smb://DSSMS/Stra%C3%9Fe", "DSSMS", "Stra\303\237e", "",
     "\\\\DSSMS\\Stra\303\237e", ADDRESS_NAME, 0},
    {"DSSMS:1445", "DSSMS", "", "", "\\\\DSSMS:1445", ADDRESS_NAME, 1445},
    {"DSSMS:445", "DSSMS", "", "", "\\\\DSSMS", ADDRESS_NAME, 445},
    {"C:1445", "C", "", "", "\\\\C:1445", ADDRESS_NAME, 1445},
    {"10.1.2.3", "10.1.2.3", "", "", "\\\\10.1.2.3", ADDRESS_IPV4, 0},
    {"\\\\10.1.2.3:1445\\s", "10.1.2.3", "s", "", "\\\\10.1.2.3:1445\\s", ADDRESS_IPV4,
     1445},
    {"[2001:db8::1]:1445", "2001:db8::1", "", "", "\\\\[2001:db8::1]:1445",
     ADDRESS_IPV6, 1445},
    {"\\\\[2001:DB8:0:0::1]\\s", "2001:db8::1", "s", "", "\\\\[2001:db8::1]\\s",
     ADDRESS_IPV6, 0},
    {"2001:db8::1", "2001:db8::1", "", "", "\\\\[2001:db8::1]", ADDRESS_IPV6, 0},
    {"2001-db8--1.ipv6-literal.net", "2001:db8::1", "", "", "\\\\[2001:db8::1]",
     ADDRESS_IPV6, 0},
    {"\\\\FE80--1s4.IPv6-Literal.NET\\s", "fe80::1%4", "s", "", "\\\\[fe80::1%4]\\s",
     ADDRESS_IPV6, 0},
    {"smb://[fe80::1%25eth0]/s", "fe80::1%eth0", "s", "", "\\\\[fe80::1%eth0]\\s",
     ADDRESS_IPV6, 0},
    {"\\\\srv_1-a\\s", "srv_1-a", "s", "", "\\\\srv_1-a\\s", ADDRESS_NAME, 0},
    {"3com", "3com", "", "", "\\\\3com", ADDRESS_NAME, 0},
    {"b\303\274ro.example", "b\303\274ro.example", "", "", "\\\\b\303\274ro.example",
     ADDRESS_NAME, 0},
    {"UNC\\s", "UNC", "s", "", "\\\\UNC\\s", ADDRESS_NAME, 0},
};

static void
what_else_an_address_carries(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT(carried); i++) {
		struct address a;
		struct err e;
		char text[ADDRESS_TEXT_ROOM];

		if (address_parse(carried[i].typed, strlen(carried[i].typed), &a, &e) <
		    0)
			fail_msg("%s: %s", carried[i].typed, e.text);
		assert_string_equal(a.host, carried[i].host);
		assert_int_equal(a.kind, carried[i].kind);
		assert_string_equal(a.share, carried[i].share);
		assert_string_equal(a.folder, carried[i].folder);
		assert_int_equal(a.port, carried[i].port);
		assert_string_equal(address_print(&a, text, sizeof(text)),
				    carried[i].printed);
	}
}

/* typed, and what is said */
static const struct {
	const char *typed, *says;
} refused[] = {
    {"", "the server is empty: type its name, as in DSSMS or "
	 "\\\\DSSMS\\SMS_SITE"},
    {" \t ", "the server is empty: type its name, as in DSSMS or "
	     "\\\\DSSMS\\SMS_SITE"},
    {"\\\\", "there is no server name: type it as in DSSMS or "
	     "\\\\DSSMS\\SMS_SITE"},
    {"\\\\?\\UNC\\", "there is no server name: type it as in DSSMS or "
		     "\\\\DSSMS\\SMS_SITE"},
    {"smb://", "there is no server name: type it as in DSSMS or "
	       "\\\\DSSMS\\SMS_SITE"},
    {"\\\\.\\pipe\\x", "\\\\.\\ names a pipe or device of one computer: type the "
		       "server and share, as in \\\\DSSMS\\SMS_SITE"},
    {"\\\\?\\C:\\x", "\"C:\\x\" is a local path, not a server: type the server and "
		     "share, as in \\\\DSSMS\\SMS_SITE"},
    {"\\\\?\\Volume{1}\\x",
     "\\\\?\\ without UNC names a volume or device of one computer: type the "
     "server and share, as in \\\\DSSMS\\SMS_SITE"},
    {"C:\\x", "\"C:\\x\" is a local path, not a server: type the server and "
	      "share, as in \\\\DSSMS\\SMS_SITE"},
    {"c:", "\"c:\" is a local path, not a server: type the server and share, "
	   "as in \\\\DSSMS\\SMS_SITE"},
    {"\\\\C:\\x", "\"\\\\C:\\x\" is a local path, not a server: type the server "
		  "and share, as in \\\\DSSMS\\SMS_SITE"},
    {"/srv/x", "\"/srv/x\" is a local path, not a server: type the server and "
	       "share, as in \\\\DSSMS\\SMS_SITE"},
    {"./x", "\"./x\" is a local path, not a server: type the server and "
	    "share, as in \\\\DSSMS\\SMS_SITE"},
    {"~/x", "\"~/x\" is a local path, not a server: type the server and "
	    "share, as in \\\\DSSMS\\SMS_SITE"},
    {"\\\\srv@SSL\\DavWWWRoot",
     "a server with @ means WebDAV, which goes over HTTP and not over SMB: "
     "type \\\\srv\\SHARE with the name of a file share"},
    {"\\\\srv@SSL@8443\\x",
     "a server with @ means WebDAV, which goes over HTTP and not over SMB: "
     "type \\\\srv\\SHARE with the name of a file share"},
    {"\\\\srv@8080\\x",
     "a server with @ means WebDAV, which goes over HTTP and not over SMB: "
     "type \\\\srv\\SHARE with the name of a file share"},
    {"\\\\srv\\DavWWWRoot\\x",
     "the share DavWWWRoot stands for WebDAV, which goes over HTTP and not "
     "over "
     "SMB: type the share that holds the files, as in SMS_SITE"},
    {"http://DSSMS/x",
     "http:// is a web address, and packages go over SMB: type the server and "
     "share, as in \\\\DSSMS\\SMS_SITE"},
    {"ftp://DSSMS/x",
     "ftp:// is not a way to reach a file share: type the server and share, as "
     "in \\\\DSSMS\\SMS_SITE or smb://DSSMS/SMS_SITE"},
    {"smb://ann:hunter2@DSSMS/x",
     "an account does not belong into the address: name it as the account, and "
     "type only smb://DSSMS/SMS_SITE"},
    {"ann:hunter2@DSSMS",
     "an account does not belong into the address: name it as the account, and "
     "type only the server, as in \\\\DSSMS\\SMS_SITE"},
    {"ann:1@2",
     "an account does not belong into the address: name it as the account, and "
     "type only the server, as in \\\\DSSMS\\SMS_SITE"},
    {"smb://DSSMS/x?user=ann",
     "an smb:// address has no ?options and no #fragment: type only "
     "smb://DSSMS/SMS_SITE/in (a # in a name is %23)"},
    {"smb://DSSMS/50%",
     "a % in an smb:// address is followed by two hex digits, as in %20 for a "
     "space: type %25 for a %, or \\\\DSSMS\\SMS_SITE without any"},
    {"smb://DSSMS/a%2Fb", "%2F in the address is a character that no name "
			  "holds: type it as in smb://DSSMS/SMS_SITE/in"},
    {"smb://DSSMS/a%00b", "%00 in the address is a character that no name "
			  "holds: type it as in smb://DSSMS/SMS_SITE/in"},
    {"smb://DSSMS/a%1b",
     "character 8 of the address is a control character (0x1B): type the "
     "address again without it"},
    {"smb://DSSMS/%ff",
     "character 7 of the address is not valid UTF-8: type the name again, or "
     "save the file as UTF-8"},
    {"DS SMS", "the server name \"DS SMS\" holds a space; a name has none: type "
	       "it as in DSSMS"},
    {"DS\302\240SMS",
     "the server name \"DS\302\240SMS\" holds a space; a name has none: type "
     "it as in DSSMS"},
    {"\342\200\216\\\\DSSMS",
     "character 1 of the address cannot be seen (U+200E), as in pasted text: "
     "type the address by hand"},
    {"DS\x1bSMS", "character 3 of the address is a control character (0x1B): type the "
		  "address again without it"},
    {"DS\tSMS", "character 3 of the address is a control character (0x09): type the "
		"address again without it"},
    {"DS\377SMS",
     "character 3 of the address is not valid UTF-8: type the name again, or "
     "save the file as UTF-8"},
    {"\"\\\\DSSMS\\x\"",
     "the address stands in quotation marks: type it without, as in "
     "\\\\DSSMS\\SMS_SITE"},
    {"a..b", "the server name \"a..b\" has nothing before or between its dots: "
	     "type it as in dssms.corp.example"},
    {"10.0.0.256", "\"10.0.0.256\" is not an IPv4 address: type four numbers "
		   "from 0 to 255, as in 192.0.2.7"},
    {"10.0.1", "\"10.0.1\" is not an IPv4 address: type four numbers from 0 to "
	       "255, as in 192.0.2.7"},
    {"0x7f000001", "\"0x7f000001\" is not an IPv4 address: type four numbers "
		   "from 0 to 255, as in 192.0.2.7"},
    {"[2001:db8::g]",
     "\"[2001:db8::g]\" is not an IPv6 address in brackets: type it as in "
     "[2001:db8::1] or [2001:db8::1]:1445"},
    {"[DSSMS]", "\"[DSSMS]\" is not an IPv6 address in brackets: type it as in "
		"[2001:db8::1] or [2001:db8::1]:1445"},
    {"[2001:db8::1]x", "\"x\" stands behind the bracket: only a port can, as in "
		       "[2001:db8::1]:1445"},
    {"2001:db8::g",
     "\"2001:db8::g\" is neither a name with a port nor an IPv6 address: type "
     "it as in DSSMS:1445 or [2001:db8::1]:1445"},
    {"fe80--gs4.ipv6-literal.net",
     "\"fe80--gs4.ipv6-literal.net\" is not an IPv6 address: type it as in "
     "2001-db8--1.ipv6-literal.net or [2001:db8::1]"},
    {":1445", "there is no server name before the colon: type it as in "
	      "DSSMS:1445"},
    {"DSSMS:0", "\"0\" behind the colon is not a port: type a number from 1 to "
		"65535, as in DSSMS:445, or leave it out"},
    {"DSSMS:65536",
     "\"65536\" behind the colon is not a port: type a number from 1 to 65535, "
     "as in DSSMS:445, or leave it out"},
    {"DSSMS:", "\"\" behind the colon is not a port: type a number from 1 to "
	       "65535, as in DSSMS:445, or leave it out"},
    {"DSSMS:smb", "\"smb\" behind the colon is not a port: type a number from 1 "
		  "to 65535, as in DSSMS:445, or leave it out"},
    {"\\\\\\\\DSSMS\\\\SMS_SITE",
     "there is nothing between two backslashes where the share should be; "
     "backslashes are not doubled here: type it as in \\\\DSSMS\\SMS_SITE"},
    {"\\\\DSSMS\\s\\a\\\\b",
     "there is nothing between two backslashes in the folder; backslashes are "
     "not doubled here: type it as in \\\\DSSMS\\SMS_SITE\\in"},
    {"\\\\DSSMS\\ipc$",
     "the share IPC$ is how Windows programs talk to each other and holds no "
     "files: type the share that holds the files, as in SMS_SITE"},
    {"\\\\DSSMS\\pipe\\x",
     "the share PIPE is how Windows programs talk to each other and holds no "
     "files: type the share that holds the files, as in SMS_SITE"},
    {"\\\\DSSMS\\a:b", "the share name \"a:b\" holds ':', which none can: type "
		       "it as the server shows it, as in SMS_SITE"},
    {"\\\\DSSMS\\..", "\"..\" is not the name of a share: type it as the server "
		      "shows it, as in SMS_SITE"},
    {"\\\\DSSMS\\s \\x", "\"s \" is not the name of a share: type it as the "
			 "server shows it, as in SMS_SITE"},
    {"\\\\DSSMS\\s\\..\\x",
     "the folder holds a part \"..\": type the whole folder without . and .., "
     "as in \\\\DSSMS\\SMS_SITE\\in"},
    {"\\\\DSSMS\\s\\a*b", "the folder \"a*b\" holds '*', which Windows cannot "
			  "have in a name: choose another folder"},
    {"\\\\DSSMS\\s\\a.\\b", "the folder \"a.\" ends in a dot, which Windows "
			    "drops: type it without"},
    {"\\\\DSSMS\\s\\a \\b", "the folder \"a \" ends in a space, which Windows "
			    "drops: type it without"},
    {"\\\\DSSMS\\s\\nul.txt", "the folder \"nul.txt\" is the name of a device "
			      "on Windows: choose another folder"},
    {"\\\\DSSMS\\s\\in\\.LanSender",
     "the folder \".LanSender\" is where packages are staged, and is cleared now and "
     "then: choose another folder"},
    {"\\\\DSSMS\\s\\Lpt9", "the folder \"Lpt9\" is the name of a device on "
			   "Windows: choose another folder"},
};

static void
every_refusal_says_what_to_type(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct address a = {.host = "untouched"};
		struct err e = {0};

		if (address_parse(refused[i].typed, strlen(refused[i].typed), &a, &e) ==
		    0)
			fail_msg("taken: %s", refused[i].typed);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, refused[i].says);
		assert_string_equal(a.host, "untouched");
	}
}

/* Each of the characters that no server name holds. */
static void
no_host_with_such_a_character(void **state)
{
	static const char bad[] = "\"*+,;<=>?[]|";

	(void)state;
	for (const char *c = bad; *c; c++) {
		const char typed[] = {'D', 'S', *c, 'S', '\0'};
		char *says = mem_printf("the server name \"%s\" holds '%c', which no "
					"name can: type it as in DSSMS",
					typed, *c);
		struct address a;
		struct err e;

		assert_int_equal(address_parse(typed, 4, &a, &e), -1);
		assert_string_equal(e.text, says);
		mem_free(says);
	}
}

/* `prefix`, then n times `c`, then `suffix`. */
static char *
repeat(const char *prefix, size_t n, char c, const char *suffix)
{
	char *filling = mem_alloc(n + 1), *text;

	memset(filling, c, n);
	filling[n] = '\0';
	text = mem_printf("%s%s%s", prefix, filling, suffix);
	mem_free(filling);
	return text;
}

static void
lengths_end_where_they_should(void **state)
{
	static const struct {
		const char *prefix;
		size_t n;
		const char *suffix, *says; /* NULL: is taken */
	} rows[] = {
	    {"", 63, "", NULL},
	    {"", 64, "", "is 64 bytes long; between dots there are at most 63"},
	    {"b.", 64, ".c", "is 64 bytes long; between dots there are at most 63"},
	    {"\\\\DSSMS\\", 80, "", NULL},
	    {"\\\\DSSMS\\", 81, "",
	     "is longer than 80 characters, which no share name is"},
	    {"\\\\DSSMS\\", 400, "",
	     "is longer than 80 characters, which no share name is"},
	    {"\\\\DSSMS\\s\\", 255, "", NULL},
	    {"\\\\DSSMS\\s\\", 256, "",
	     "is longer than 255 characters, which Windows cannot have in a name"},
	    {"\\\\DSSMS\\s\\", 2000, "",
	     "the folder is 2000 bytes long; the longest that can be is 1023"},
	    {"", 2000, ":1",
	     "the server name is 2000 bytes long; the longest that can be is 253"},
	    {"", 5000, "",
	     "the address is 5000 bytes long, which none is: type it as in "
	     "\\\\DSSMS\\SMS_SITE"},
	    {"", 1000000, "", "the address is 1000000 bytes long, which none is"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *typed = repeat(rows[i].prefix, rows[i].n, 'a', rows[i].suffix);
		struct address a;
		struct err e = {0};
		int rc = address_parse(typed, strlen(typed), &a, &e);

		assert_int_equal(rc, rows[i].says ? -1 : 0);
		if (rows[i].says && !strstr(e.text, rows[i].says))
			fail_msg("%zu: %s", i, e.text);
		mem_free(typed);
	}
}

static void
a_host_has_253_bytes_at_most(void **state)
{
	char host[300] = "";
	struct address a;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < 254; i++)
		host[i] = i % 8 == 7 ? '.' : 'a';
	host[253] = '\0';
	assert_int_equal(address_parse(host, 253, &a, &e), 0);
	assert_int_equal(strlen(a.host), 253);
	host[253] = '.'; /* the root does not count */
	assert_int_equal(address_parse(host, 254, &a, &e), 0);
	assert_int_equal(strlen(a.host), 253);
	host[253] = 'a';
	assert_int_equal(address_parse(host, 254, &a, &e), -1);
	assert_non_null(
	    strstr(e.text, "is 254 bytes long; the longest that can be is 253"));
}

/* A NUL is a control character like others: the text is as long as `len` says. */
static void
a_nul_inside_is_refused(void **state)
{
	struct address a;
	struct err e;

	(void)state;
	assert_int_equal(address_parse("DS\0MS", 5, &a, &e), -1);
	assert_string_equal(e.text,
			    "character 3 of the address is a control character (0x00): "
			    "type the address again without it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_way_to_write_one_server),
	    cmocka_unit_test(what_else_an_address_carries),
	    cmocka_unit_test(every_refusal_says_what_to_type),
	    cmocka_unit_test(no_host_with_such_a_character),
	    cmocka_unit_test(lengths_end_where_they_should),
	    cmocka_unit_test(a_host_has_253_bytes_at_most),
	    cmocka_unit_test(a_nul_inside_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
