/* session.c: a server that does not take a Kerberos ticket that was kept.  Neither KDC
 * nor server is there: the ticket is made here, and the one answer is written before
 * it is asked for.  With both for real: tests/smb/kerberos_expiry.c. */
#include "smb/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <krb5.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/wire.h"
#include "smb/login.h"
#include "smb/ntstatus.h"
#include "smb/tickets.h"

static char folder[] = "/tmp/lansender-test-session-XXXXXX";

/* For cifs/dssms@DEAD.TEST, with four bytes of AES-256 that nobody can read (RFC 4120
 * 5.3). */
static const uint8_t ticket[] =
    "\x61\x3f\x30\x3d"
    "\xa0\x03\x02\x01\x05"
    "\xa1\x0b\x1b\x09"
    "DEAD.TEST"
    "\xa2\x18\x30\x16\xa0\x03\x02\x01\x03\xa1\x0f\x30\x0d\x1b\x04"
    "cifs"
    "\x1b\x05"
    "dssms"
    "\xa3\x0f\x30\x0d\xa0\x03\x02\x01\x12\xa2\x06\x04\x04\x01\x02\x03\x04";

static void
store(krb5_context context, krb5_ccache cache, const char *server)
{
	uint8_t key[32] = {7}, bytes[sizeof(ticket)];
	krb5_timestamp now;
	krb5_creds c = {0};

	memcpy(bytes, ticket, sizeof(ticket));
	assert_int_equal(krb5_timeofday(context, &now), 0);
	c.times = (krb5_ticket_times){
	    .authtime = now, .starttime = now, .endtime = now + 36000};
	c.keyblock = (krb5_keyblock){.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96,
				     .length = sizeof(key),
				     .contents = key};
	c.ticket = (krb5_data){.length = sizeof(ticket) - 1, .data = (char *)bytes};
	assert_int_equal(krb5_cc_get_principal(context, cache, &c.client), 0);
	assert_int_equal(krb5_parse_name(context, server, &c.server), 0);
	assert_int_equal(krb5_cc_store_cred(context, cache, &c), 0);
	krb5_free_principal(context, c.client);
	krb5_free_principal(context, c.server);
}

/* As if a log-on had been made a moment ago. */
static void
keep_ticket(const char *key)
{
	char name[TICKETS_NAME_ROOM];
	krb5_context context;
	krb5_principal who;
	krb5_ccache cache;

	tickets_name(name);
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_parse_name(context, "smssend@DEAD.TEST", &who), 0);
	assert_int_equal(krb5_cc_resolve(context, name, &cache), 0);
	assert_int_equal(krb5_cc_initialize(context, cache, who), 0);
	store(context, cache, "krbtgt/DEAD.TEST@DEAD.TEST");
	store(context, cache, "cifs/dssms@DEAD.TEST");
	krb5_free_principal(context, who);
	(void)krb5_cc_close(context, cache);
	krb5_free_context(context);
	tickets_keep(key, clock_mono_ms(clock_real()), name);
}

/* The answer to the first message: a log-on with that status and token. */
static void
answer(int fd, uint32_t status, const uint8_t *token, size_t len)
{
	uint8_t bytes[4 + PDU_HEADER_BYTES + 8 + 32] = {0};
	uint8_t *header = bytes + 4, *body = header + PDU_HEADER_BYTES;
	const size_t total = PDU_HEADER_BYTES + 8 + len;

	bytes[3] = (uint8_t)total;
	memcpy(header, "\xfeSMB", 4);
	wire_put16(header + 4, 64);
	wire_put32(header + 8, status);
	wire_put16(header + 12, PDU_SESSION_SETUP);
	wire_put16(header + 14, 1); /* credits */
	wire_put32(header + 16, 1); /* it is an answer */
	wire_put64(header + 40, 7); /* the session */
	wire_put16(body, 9);
	wire_put16(body + 4, PDU_HEADER_BYTES + 8);
	wire_put16(body + 6, (uint16_t)len);
	memcpy(body + 8, token, len);
	assert_int_equal(write(fd, bytes, 4 + total), 4 + total);
}

static void
a_ticket_that_the_server_does_not_take(void **state)
{
	/* SPNEGO: reject (RFC 4178 4.2.2) */
	static const uint8_t reject[] = {0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 2};
	static const struct {
		const char *what;
		uint32_t status;
		size_t token_len;
		bool ends; /* the connection */
		enum ticket_state left;
	} rows[] = {
	    /* over the same connection with another one, so for good */
	    {"by its status", NT_LOGON_FAILURE, 0, false, TICKET_SPENT},
	    /* as Windows does where Kerberos has something to say */
	    {"by a token", NT_MORE_PROCESSING_REQUIRED, sizeof(reject), true,
	     TICKET_AGING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smb_options o = {.server = "dssms",
					.auth = SMB_AUTH_KERBEROS,
					.account = "smssend@dead.test",
					.password = "x",
					.clock = clock_real()};
		const struct auth_options who = {
		    .server = o.server, .account = o.account, .password = o.password};
		struct session s = {.o = &o};
		char key[DIGEST_HEX_ROOM];
		struct err e = {0};
		int fds[2];

		print_message("%s\n", rows[i].what);
		login_key(&who, key);
		keep_ticket(key);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		answer(fds[1], rows[i].status, reject, rows[i].token_len);
		struct conn *c = conn_new(fds[0], o.clock, NULL);

		s.deadline_at_ms = clock_mono_ms(o.clock) + 60000;
		s.agreed.dialect = SMB_DIALECT_210;
		assert_int_equal(session_log_on(&s, c, &e), -1);
		print_message("    %u: %s\n", e.win32, e.text);
		assert_int_equal(e.kind, ERR_ADDRESS);
		/* The other one is the KDC's, and there is none. */
		assert_int_equal(e.win32, rows[i].ends ? 1326 : 1311);
		assert_int_equal(c->dead, rows[i].ends);
		assert_int_equal(tickets_state(key, clock_mono_ms(o.clock)),
				 rows[i].left);
		conn_free(c);
		(void)close(fds[1]);
		tickets_drop(key);
	}
}

static int
prepare(void **state)
{
	/* Port 9 (discard) of this machine: refused at once. */
	static const char krb5[] =
	    "[libdefaults]\n default_realm = DEAD.TEST\n"
	    " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
	    " dns_canonicalize_hostname = false\n"
	    "[realms]\n DEAD.TEST = {\n  kdc = 127.0.0.1:9\n }\n"
	    "[domain_realm]\n dssms = DEAD.TEST\n";
	char *conf;
	struct err e;
	int rc;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	conf = path_join(folder, "krb5.conf");
	rc = path_write_file(conf, krb5, sizeof(krb5) - 1, 0600, &e);
	(void)setenv("KRB5_CONFIG", conf, 1); /* before the first thread starts */
	mem_free(conf);
	return rc;
}

static int
clear(void **state)
{
	struct err e;

	(void)state;
	return path_remove_tree(folder, &e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_ticket_that_the_server_does_not_take),
	};

	return cmocka_run_group_tests_name("smb session", tests, prepare, clear);
}
