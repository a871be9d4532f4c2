/* Values that are refused, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"

static const struct bad sender_refused[] = {
    {"[sender]\nmax_sendings = 0",
     "t.conf:2: [sender] max_sendings: 0 is refused, because it would stop all sending "
     "without a word (Q163379): type 1 to 999, as in 5"},
    {"[sender]\nmax_sendings_per_site = 00",
     "t.conf:2: [sender] max_sendings_per_site: 0 is refused, because it would stop "
     "all sending without a word (Q163379): type 1 to 999, as in 3"},
    {"[sender]\nlog_max = 0",
     "t.conf:2: [sender] log_max: 0 is refused, because it could mean none as well as "
     "no limit: type 64KiB to 1TiB, or never, as in 10MiB"},
    {"[sender]\nretry_delay = 0s",
     "t.conf:2: [sender] retry_delay: 0 is refused, because it could mean none as well "
     "as no limit: type 1s to 99min, as in 1min"},
    {"[sender]\nmax_sendings = 1000", "t.conf:2: [sender] max_sendings: \"1000\" will "
				      "not do: type 1 to 999, as in 5"},
    {"[sender]\nmax_sendings = -1", "t.conf:2: [sender] max_sendings: \"-1\" will not "
				    "do: type 1 to 999, as in 5"},
    {"[sender]\nmax_sendings = 99999999999999999999",
     "t.conf:2: [sender] max_sendings: \"99999999999999999999\" will not do: type 1 to "
     "999, as in 5"},
    {"[sender]\nretries = 2 # each resumes",
     "t.conf:2: [sender] retries: \"2 # each resumes\" will not do: type 1 to 99, as "
     "in 2 (a comment stands on a line of its own)"},
    {"[sender]\nretry_delay = 5", "t.conf:2: [sender] retry_delay: \"5\" will not do: "
				  "type 1s to 99min, as in 1min"},
    {"[sender]\nretry_delay = 100min", "t.conf:2: [sender] retry_delay: \"100min\" "
				       "will not do: type 1s to 99min, as in 1min"},
    {"[sender]\nlog_max = 1KiB", "t.conf:2: [sender] log_max: \"1KiB\" will not do: "
				 "type 64KiB to 1TiB, or never, as in 10MiB"},
    {"[sender]\nsite_code = C.N", "t.conf:2: [sender] site_code: \"C.N\" will not do: "
				  "type 1 to 32 letters, digits, - and _, as in CEN"},
    {"[sender]\nlog_file = sender.log",
     "t.conf:2: [sender] log_file: \"sender.log\" will not do: type a path from the "
     "root, as in /var/log/lansender/sender.log"},
    {"[sender]\nlog_file = \"/var/log/x\"",
     "t.conf:2: [sender] log_file: quotation marks would be part of the value: type it "
     "without, as in /var/log/lansender/sender.log"},
};

#define ADDRESS "[site MS1]\n[address MS1.1]\n"
static const struct bad address_refused[] = {
    {ADDRESS "server = ",
     "t.conf:3: [address MS1.1] server: has no value: type one, as in server = "
     "\\\\DSSMS, or leave the line out"},
    {ADDRESS "server = DS SMS",
     "t.conf:3: [address MS1.1] server: the server name \"DS SMS\" holds a space; a "
     "name has none: type it as in DSSMS"},
    {ADDRESS "server = \\\\DSSMS\nshare = SMS_SITE\\..",
     "t.conf:4: [address MS1.1] share: the folder holds a part \"..\": type the whole "
     "folder without . and .., as in \\\\DSSMS\\SMS_SITE\\in"},
    {ADDRESS "share = OTHER\nserver = \\\\DSSMS\\SMS_SITE",
     "t.conf:3: [address MS1.1] share: the share is given twice: \"SMS_SITE\" with the "
     "server and \"OTHER\" as the share; leave one out"},
    {ADDRESS "type = LAN", "t.conf:3: [address MS1.1] type: \"LAN\" will not do: type "
			   "lan | dir, or a word in "
			   "small letters that another sender knows, as in lan"},
    {ADDRESS "type = 2lan",
     "t.conf:3: [address MS1.1] type: \"2lan\" will not do: type lan | dir, or a word "
     "in small letters that another sender knows, as in lan"},
    {ADDRESS "signing = yes", "t.conf:3: [address MS1.1] signing: \"yes\" will not do: "
			      "type required | wanted | off, as in required"},
    {ADDRESS "dialect_min = 1.0",
     "t.conf:3: [address MS1.1] dialect_min: \"1.0\" will not do: type 2.0.2 | 2.1 | "
     "3.0 | 3.0.2 | 3.1.1, as in 3.0"},
    {ADDRESS "compounds = on", "t.conf:3: [address MS1.1] compounds: \"on\" will not "
			       "do: type yes | no, as in yes"},
    {ADDRESS "connect_to = h:99999",
     "t.conf:3: [address MS1.1] connect_to: \"99999\" behind the colon is not a port: "
     "type a number from 1 to 65535, as in DSSMS:445, or leave it out"},
    {ADDRESS "account = CORP\\\\smssend",
     "t.conf:3: [address MS1.1] account: \"CORP\\\\smssend\" has two backslashes in a "
     "row; they are not doubled here: type one, as in CORP\\smssend"},
    {ADDRESS "account = \\smssend",
     "t.conf:3: [address MS1.1] account: \"\\smssend\" is not an account: type NAME, "
     "DOMAIN\\NAME or NAME@REALM, as in CORP\\smssend"},
    {ADDRESS "account = CORP\\",
     "t.conf:3: [address MS1.1] account: \"CORP\\\" is not an account: type NAME, "
     "DOMAIN\\NAME or NAME@REALM, as in CORP\\smssend"},
    {ADDRESS "account = @",
     "t.conf:3: [address MS1.1] account: \"@\" is not an account: type NAME, "
     "DOMAIN\\NAME or NAME@REALM, as in CORP\\smssend"},
    {ADDRESS "account = smssend@",
     "t.conf:3: [address MS1.1] account: \"smssend@\" is not an account: type NAME, "
     "DOMAIN\\NAME or NAME@REALM, as in CORP\\smssend"},
    {ADDRESS "credential = ../x", "t.conf:3: [address MS1.1] credential: \"../x\" will "
				  "not do: type a name without slash or colon, as in "
				  "ms1"},
    {ADDRESS "ccache = krb5cc",
     "t.conf:3: [address MS1.1] ccache: \"krb5cc\" will not do: type FILE:/path, KCM:, "
     "KEYRING:... or a path from the root, as in FILE:/run/lansender/krb5cc"},
    {ADDRESS "congestion = BBR 2",
     "t.conf:3: [address MS1.1] congestion: \"BBR 2\" will not do: type auto, or a "
     "name from net.ipv4.tcp_available_congestion_control, as in auto"},
    {ADDRESS "connections = 33", "t.conf:3: [address MS1.1] connections: \"33\" will "
				 "not do: type 1 to 32, as in 24"},
    {ADDRESS "window = 1KiB", "t.conf:3: [address MS1.1] window: \"1KiB\" will not do: "
			      "type 64KiB to 1GiB, or auto, as in 16MiB"},
};

static void
values_of_the_sender(void **state)
{
	(void)state;
	all_refused(sender_refused, COUNT(sender_refused));
}

static void
values_of_an_address(void **state)
{
	(void)state;
	all_refused(address_refused, COUNT(address_refused));
}

/* A long value is cut in the message and does not push the rest out of it. */
static void
a_long_value_is_cut(void **state)
{
	static const struct bad row = {
	    "[sender]\nretries = "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "t.conf:2: [sender] retries: "
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" "
	    "will "
	    "not do: type 1 to 99, as in 2"};

	(void)state;
	all_refused(&row, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_of_the_sender),
	    cmocka_unit_test(values_of_an_address),
	    cmocka_unit_test(a_long_value_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
