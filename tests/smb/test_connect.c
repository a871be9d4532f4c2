/* Who gets in, how it is protected, and what is said when not: against a real Samba. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "server.h"

/* --- what is agreed ---------------------------------------------------------- */

static const struct agreed {
	const char *global[3]; /* the server's configuration */
	enum smb_want signing, encrypt;
	enum smb_dialect dialect_max, dialect;
	const char *cipher, *signature;
} agreed_rows[] = {
    /* each dialect alone, chosen by the server ... */
    {{"server max protocol = SMB2_02"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_202,
     "",
     "HMAC-SHA256"},
    {{"server max protocol = SMB2_10"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_210,
     "",
     "HMAC-SHA256"},
    {{"server max protocol = SMB3_00"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_300,
     "",
     "AES-CMAC"},
    {{"server max protocol = SMB3_02"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_302,
     "",
     "AES-CMAC"},
    {{"server max protocol = SMB3_11"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "",
     "AES-GMAC"},
    {{"server max protocol = SMB3_00"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_300,
     "AES-128-CCM",
     ""},
    {{"server max protocol = SMB3_02"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_302,
     "AES-128-CCM",
     ""},
    /* ... or by the address */
    {{NULL},
     SMB_REQUIRED,
     SMB_OFF,
     SMB_DIALECT_202,
     SMB_DIALECT_202,
     "",
     "HMAC-SHA256"},
    {{NULL}, SMB_REQUIRED, SMB_OFF, SMB_DIALECT_302, SMB_DIALECT_302, "", "AES-CMAC"},
    /* each signing algorithm alone */
    {{"server smb3 signing algorithms = HMAC-SHA256"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "",
     "HMAC-SHA256"},
    {{"server smb3 signing algorithms = AES-128-CMAC"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "",
     "AES-CMAC"},
    {{"server smb3 signing algorithms = AES-128-GMAC"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "",
     "AES-GMAC"},
    /* each cipher alone */
    {{"server smb3 encryption algorithms = AES-128-CCM"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_311,
     "AES-128-CCM",
     ""},
    {{"server smb3 encryption algorithms = AES-128-GCM"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_311,
     "AES-128-GCM",
     ""},
    {{"server smb3 encryption algorithms = AES-256-CCM"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_311,
     "AES-256-CCM",
     ""},
    {{"server smb3 encryption algorithms = AES-256-GCM"},
     SMB_REQUIRED,
     SMB_REQUIRED,
     0,
     SMB_DIALECT_311,
     "AES-256-GCM",
     ""},
    /* what the server insists upon it gets, whatever the address says */
    {{"server signing = mandatory"},
     SMB_OFF,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "",
     "AES-GMAC"},
    {{"server smb encrypt = required"},
     SMB_REQUIRED,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "AES-128-GCM",
     ""},
    {{"server smb encrypt = required",
      "server smb3 encryption algorithms = AES-256-GCM"},
     SMB_OFF,
     SMB_OFF,
     0,
     SMB_DIALECT_311,
     "AES-256-GCM",
     ""},
    /* and nothing where nobody wants anything */
    {{NULL}, SMB_OFF, SMB_OFF, 0, SMB_DIALECT_311, "", ""},
    /* wanted, but not to be had: goes on without */
    {{"server smb encrypt = off"},
     SMB_REQUIRED,
     SMB_WANTED,
     0,
     SMB_DIALECT_311,
     "",
     "AES-GMAC"},
};

static void
each_agreement_carries_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(agreed_rows); i++) {
		const struct agreed *row = &agreed_rows[i];
		struct server server;
		struct smb_options o;
		struct smb_facts facts;
		struct smb *s = NULL;
		struct err e = {0};

		print_message("    %s, signing %d, encrypt %d, up to %#x\n",
			      row->global[0] ? row->global[0] : "default", row->signing,
			      row->encrypt, (unsigned)row->dialect_max);
		server_start(&server, row->global, NULL);
		o = server_options(&server);
		o.signing = row->signing;
		o.encrypt = row->encrypt;
		o.dialect_max = row->dialect_max;
		if (smb_connect(&o, &s, &e) < 0)
			fail_msg("%s", e.text);
		smb_get_facts(s, &facts);
		assert_int_equal(facts.dialect, row->dialect);
		assert_string_equal(facts.cipher, row->cipher);
		assert_string_equal(facts.signature, row->signature);
		assert_false(facts.kerberos);
		/* odd lengths, so that nothing is right by alignment */
		if (server_send(s, "small.bin", 4097, &e) < 0 ||
		    server_send(s, "large.bin", 3000001, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(server_has(&server, "small.bin", 4097));
		assert_true(server_has(&server, "large.bin", 3000001));
		smb_free(s);
		server_stop(&server);
	}
}

/* --- who does not get in ------------------------------------------------------- */

static const struct refused {
	const char *global[3], *share_conf; /* the server's configuration */
	const char *account, *password;     /* NULL: the right one */
	const char *share;                  /* NULL: the right one */
	enum smb_want encrypt;
	enum smb_dialect dialect_max;
	uint32_t win32;
	const char *in_text;
} refused_rows[] = {
    {{NULL}, NULL, NULL, "wrong", NULL, SMB_OFF, 0, 1326, "STATUS_LOGON_FAILURE"},
    {{NULL}, NULL, NULL, "", NULL, SMB_OFF, 0, 1326, "STATUS_LOGON_FAILURE"},
    {{NULL}, NULL, "CORP\\nobody-here", NULL, NULL, SMB_OFF, 0, 1326, "nobody-here"},
    /* never taken in as a guest */
    {{"map to guest = bad user", "guest account = nobody"},
     NULL,
     "CORP\\nobody-here",
     NULL,
     NULL,
     SMB_OFF,
     0,
     1326,
     "guest"},
    {{NULL}, NULL, NULL, NULL, "NO_SUCH", SMB_OFF, 0, 67, "STATUS_BAD_NETWORK_NAME"},
    {{NULL}, NULL, NULL, NULL, "IPC$", SMB_OFF, 0, 67, "not a share of files"},
    {{NULL},
     "valid users = nobody",
     NULL,
     NULL,
     NULL,
     SMB_OFF,
     0,
     5,
     "STATUS_ACCESS_DENIED"},
    {{"server smb encrypt = off"},
     NULL,
     NULL,
     NULL,
     NULL,
     SMB_REQUIRED,
     0,
     0,
     "encrypt"},
    {{"server min protocol = SMB3_11"},
     NULL,
     NULL,
     NULL,
     NULL,
     SMB_OFF,
     SMB_DIALECT_210,
     0,
     "no version of SMB in common"},
    {{"server min protocol = NT1", "server max protocol = NT1"},
     NULL,
     NULL,
     NULL,
     NULL,
     SMB_OFF,
     0,
     0,
     "speak only SMB 1"},
    {{"server max protocol = SMB2_10"},
     NULL,
     NULL,
     NULL,
     NULL,
     SMB_REQUIRED,
     0,
     0,
     "encrypt"},
};

static void
each_refusal_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused_rows); i++) {
		const struct refused *row = &refused_rows[i];
		struct server server;
		struct smb_options o;
		struct smb *s = NULL;
		struct err e = {0};

		server_start(&server, row->global, row->share_conf);
		o = server_options(&server);
		o.account = row->account ? row->account : o.account;
		o.password = row->password ? row->password : o.password;
		o.share = row->share ? row->share : o.share;
		o.encrypt = row->encrypt;
		o.dialect_max = row->dialect_max;
		assert_int_equal(smb_connect(&o, &s, &e), -1);
		print_message("    %u: %s\n", e.win32, e.text);
		assert_int_equal(e.kind, ERR_ADDRESS);
		if (row->win32)
			assert_int_equal(e.win32, row->win32);
		assert_non_null(strstr(e.text, row->in_text));
		assert_null(strstr(e.text, server.password));
		server_stop(&server);
	}
}

/* Each connection logs on as whom its own options name, whoever else is logged on
 * (sms-sender.md 6 row 20). */
static void
credentials_are_of_one_connection(void **state)
{
	struct server server;
	struct smb_options o, wrong;
	struct smb *first = NULL, *second = NULL;
	struct err e = {0};

	(void)state;
	server_start(&server, NULL, NULL);
	o = wrong = server_options(&server);
	wrong.password = "not the password";
	assert_int_equal(smb_connect(&o, &first, &e), 0);
	assert_int_equal(smb_connect(&wrong, &second, &e), -1);
	assert_int_equal(e.win32, 1326);
	assert_int_equal(smb_connect(&o, &second, &e), 0);
	assert_int_equal(server_send(first, "first.bin", 1000, &e), 0);
	assert_int_equal(server_send(second, "second.bin", 1000, &e), 0);
	smb_free(first);
	smb_free(second);
	server_stop(&server);
}

/* --- nobody there --------------------------------------------------------------- */

static struct smb_options
elsewhere(uint16_t port)
{
	return (struct smb_options){.server = "DSSMS",
				    .share = "SMS_SITE",
				    .connect_host = "127.0.0.1",
				    .connect_port = port,
				    .auth = SMB_AUTH_NTLM,
				    .account = "CORP\\smssend",
				    .password = "x",
				    .signing = SMB_REQUIRED,
				    .connect_ms = 700,
				    .clock = clock_real()};
}

static void
nobody_listens(void **state)
{
	struct smb_options o = elsewhere(server_free_port());
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 53);
	assert_non_null(strstr(e.text, "nothing listens"));
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listen(fd, 4), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* It takes the connection and then says nothing: connect_ms holds for all of it. */
static void
somebody_is_silent(void **state)
{
	uint16_t port;
	int fd = listener(&port);
	struct smb_options o = elsewhere(port);
	int64_t start_ms = clock_mono_ms(clock_real());
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_true(clock_mono_ms(clock_real()) - start_ms < 5000);
	(void)close(fd);
}

static void
stop_ends_the_wait(void **state)
{
	uint16_t port;
	int fd = listener(&port);
	struct smb_options o = elsewhere(port);
	struct stop *stop = stop_new();
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	o.connect_ms = 60000;
	o.stop = stop;
	stop_throw(stop);
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	assert_int_equal(e.kind, ERR_STOP);
	stop_free(stop);
	(void)close(fd);
}

/* --- rights ---------------------------------------------------------------------- */

static void
read_only_share(void **state)
{
	struct server server;
	struct smb_options o;
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	server_start(&server, NULL, "read only = yes");
	o = server_options(&server);
	assert_int_equal(smb_connect(&o, &s, &e), 0);
	assert_int_equal(smb_mkdir(s, "folder", 0, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 5);
	assert_true(smb_alive(s)); /* one refused call is not a lost connection */
	assert_int_equal(smb_echo(s, &e), 0);
	smb_free(s);
	server_stop(&server);
}

static void
guests_only_where_asked(void **state)
{
	static const char *const global[] = {"map to guest = bad user",
					     "guest account = nobody", NULL};
	static const enum smb_auth ways[] = {SMB_AUTH_GUEST, SMB_AUTH_ANONYMOUS};
	struct server server;

	(void)state;
	server_start(&server, global, "guest ok = yes");
	assert_int_equal(chmod(server.folder, 0755), 0); /* else it is root's alone */
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct smb_options o = server_options(&server);
		struct smb *s = NULL;
		struct smb_stat st;
		struct err e = {0};

		o.auth = ways[i];
		o.account = NULL;
		o.password = NULL;
		/* nobody has no key to sign with: signing = required says no */
		assert_int_equal(smb_connect(&o, &s, &e), -1);
		print_message("    %u: %s\n", e.win32, e.text);
		assert_int_equal(e.kind, ERR_ADDRESS);
		o.signing = SMB_OFF;
		if (smb_connect(&o, &s, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(smb_stat(s, "", &st, &e), 1);
		smb_free(s);
	}
	server_stop(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(each_agreement_carries_files, server_teardown),
	    cmocka_unit_test_teardown(each_refusal_says_why, server_teardown),
	    cmocka_unit_test_teardown(credentials_are_of_one_connection,
				      server_teardown),
	    cmocka_unit_test_teardown(nobody_listens, server_teardown),
	    cmocka_unit_test_teardown(somebody_is_silent, server_teardown),
	    cmocka_unit_test_teardown(stop_ends_the_wait, server_teardown),
	    cmocka_unit_test_teardown(read_only_share, server_teardown),
	    cmocka_unit_test_teardown(guests_only_where_asked, server_teardown),
	};

	if (!server_installed())
		return SERVER_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
