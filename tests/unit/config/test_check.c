/* What one address says must fit together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"

#define A     "[site MS1]\n[address MS1.1]\n"
#define PLACE A "server = DSSMS\nshare = SMS_SITE\n"
#define WHO   PLACE "account = x\npassword_file = /x\n"

static const struct bad refused[] = {
    {A, "t.conf:2: [address MS1.1]: there is no server: add server = \\\\DSSMS"},
    {A "server = DSSMS",
     "t.conf:2: [address MS1.1]: there is no share: add share = SMS_SITE"},
    {A "share = SMS_SITE",
     "t.conf:2: [address MS1.1]: there is no server: add server = \\\\DSSMS"},
    {PLACE "path = /x",
     "t.conf:5: [address MS1.1] path: is for type = dir; a share is named by server "
     "and share: leave it out, or add type = dir"},
    {A "type = dir",
     "t.conf:2: [address MS1.1]: type = dir needs the folder: add path = "
     "/media/courier"},
    {A "type = dir\npath = /x\nserver = DSSMS",
     "t.conf:5: [address MS1.1] server: means nothing with type = dir, which takes "
     "a path, and schedule and limits: leave it out"},
    {PLACE, "t.conf:2: [address MS1.1]: there is no account: add account = "
	    "CORP\\smssend (guest only where the address says auth = guest)"},
    {PLACE "account = x",
     "t.conf:5: [address MS1.1] account: has no password: add password_file = "
     "/etc/lansender/ms1.secret, or credential, or for Kerberos keytab or ccache"},
    {PLACE "account = x\npassword_file = /x\ncredential = x",
     "t.conf:7: [address MS1.1] credential: the password is named twice, as "
     "password_file and as credential: leave one out"},
    {PLACE "password_file = /x\nccache = KCM:",
     "t.conf:2: [address MS1.1]: a password or keytab is somebody's: add account = "
     "CORP\\smssend"},
    {PLACE "auth = ntlm\naccount = x\nkeytab = /x",
     "t.conf:7: [address MS1.1] keytab: is for Kerberos: leave it out, or take auth = "
     "ntlm out"},
    {PLACE "auth = ntlm\naccount = x\nccache = /x",
     "t.conf:7: [address MS1.1] ccache: is for Kerberos: leave it out, or take auth = "
     "ntlm out"},
    {PLACE "auth = guest",
     "t.conf:5: [address MS1.1] auth: a guest or anonymous session cannot be signed: "
     "add signing = off if that is really meant, or name an account"},
    {PLACE "auth = guest\nsigning = off\nencrypt = required",
     "t.conf:7: [address MS1.1] encrypt: a guest or anonymous session cannot be "
     "encrypted: take encrypt = required out, or name an account"},
    {PLACE "auth = guest\ncredential = x",
     "t.conf:6: [address MS1.1] credential: means nothing for a guest or anonymous "
     "log-on: leave it out, or change auth"},
    {PLACE "auth = anonymous\nsigning = off\naccount = x",
     "t.conf:7: [address MS1.1] account: an anonymous log-on has no account: leave it "
     "out, or change auth"},
    {WHO "dialect_max = 2.1\ndialect_min = 3.0",
     "t.conf:8: [address MS1.1] dialect_min: the oldest dialect is newer than the "
     "newest: turn dialect_min and dialect_max round"},
    {WHO "dialect_max = 2.1\nencrypt = required",
     "t.conf:7: [address MS1.1] dialect_max: SMB encrypts from 3.0 on: take encrypt = "
     "required or dialect_max out"},
    {WHO "window = 64KiB\nwrite_size = 1MiB",
     "t.conf:8: [address MS1.1] write_size: one write is larger than the whole window: "
     "make it smaller, or window larger"},
    {"[sender]\nsite_code = CEN\nheartbeat = 2min\n" WHO,
     "t.conf:5: [address MS1.1]: heartbeat in [sender] is 2 min and must be three "
     "times "
     "as long as the 1 min here: make it longer, or this shorter"},
    {WHO "connect_timeout = 101s\nrequest_timeout = 100s",
     "t.conf:7: [address MS1.1] connect_timeout: heartbeat in [sender] is 5 min and "
     "must be three times as long as the 1 min 41 s here: make it longer, or this "
     "shorter"},
};

static void
what_does_not_fit(void **state)
{
	(void)state;
	all_refused(refused, COUNT(refused));
}

static void
what_fits(void **state)
{
	static const char *const rows[] = {
	    WHO,
	    WHO "auth = ntlm",
	    WHO "auth = kerberos",
	    PLACE "account = x\ncredential = ms1",
	    PLACE "account = x@CORP.EXAMPLE\nkeytab = /etc/x.keytab",
	    PLACE "account = x\nccache = FILE:/run/x",
	    PLACE "auth = kerberos\nccache = KCM:",
	    PLACE "auth = guest\nsigning = off",
	    PLACE "auth = guest\nsigning = wanted\naccount = visitor",
	    PLACE "auth = anonymous\nsigning = off",
	    WHO "dialect_min = 2.1\ndialect_max = 2.1",
	    WHO "write_size = 8MiB",
	    WHO "connect_timeout = 100s\nrequest_timeout = 100s",
	    "[sender]\nsite_code = CEN\nheartbeat = 1s\n" A "path = /x\ntype = dir",
	    A "path = /x\ntype = dir",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		config_free(must_load(rows[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_does_not_fit),
	    cmocka_unit_test(what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
