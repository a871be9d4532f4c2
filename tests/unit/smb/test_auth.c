/* Logging on, against the accepting side of the same mechanisms: NTLMv2 for real,
 * without a network.  Kerberos for real needs a KDC: tests/smb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "smb/auth.h"
#include "smb/errand.h"
#include "smb/login.h"
#include "smb/smb.h"
#include "smb/tickets.h"

static char folder[] = "/tmp/lansender-test-auth-XXXXXX";
static char *users; /* the accepting side's list of accounts */

/* --- the accepting side -----------------------------------------------------
 * In a process of its own, which ends by _exit(): gss-ntlmssp 1.2 loses memory there,
 * and that side is not what is tested. */

struct answer {
	enum { GO_ON, ACCEPTED, REFUSED } verdict;
	size_t token_len, key_len;
	uint8_t token[2048];
	uint8_t key[AUTH_KEY_ROOM];
};

static int acceptor = -1; /* a socket to it */
static pid_t helper;

static void
get_key(gss_ctx_id_t context, struct answer *a)
{
	static gss_OID_desc oid = {
	    11, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"};
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor;

	if (gss_inquire_sec_context_by_oid(&minor, context, &oid, &set) ||
	    set->elements[0].length > sizeof(a->key))
		_exit(1);
	a->key_len = set->elements[0].length;
	memcpy(a->key, set->elements[0].value, a->key_len);
}

static void
accept_token(gss_ctx_id_t *context, gss_buffer_desc *in, struct answer *a)
{
	gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor;

	major = gss_accept_sec_context(&minor, context, GSS_C_NO_CREDENTIAL, in,
				       GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &out,
				       NULL, NULL, NULL);
	a->verdict = GSS_ERROR(major) ? REFUSED : major ? GO_ON : ACCEPTED;
	if (out.length > sizeof(a->token))
		_exit(1);
	a->token_len = out.length;
	if (out.length > 0)
		memcpy(a->token, out.value, out.length);
	if (a->verdict == ACCEPTED)
		get_key(*context, a);
}

/* One packet, one token; an empty one begins anew.  Ends when the test does. */
static void
serve(int fd)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	uint8_t token[4096];
	ssize_t len;

	while ((len = recv(fd, token, sizeof(token), 0)) > 0) {
		gss_buffer_desc in = {(size_t)len, token};
		struct answer a = {0};
		OM_uint32 minor;

		if (len == 1)
			(void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
		else
			accept_token(&context, &in, &a);
		if (send(fd, &a, sizeof(a), 0) != (ssize_t)sizeof(a))
			_exit(1);
	}
	_exit(0);
}

static void
acceptor_step(const uint8_t *in, size_t in_len, struct answer *a)
{
	assert_int_equal(send(acceptor, in, in_len, 0), in_len);
	assert_int_equal(recv(acceptor, a, sizeof(*a), 0), sizeof(*a));
}

static void
acceptor_anew(void)
{
	struct answer a;

	acceptor_step((const uint8_t *)"", 1, &a);
}

/* --- our side ----------------------------------------------------------------- */

static struct auth_options
options(enum smb_auth kind, const char *account, const char *password)
{
	return (struct auth_options){.kind = kind,
				     .account = account,
				     .password = password,
				     .server = "dssms",
				     .deadline_at_ms =
					 clock_mono_ms(clock_real()) + 60000,
				     .clock = clock_real()};
}

/* Token by token; true: both sides are done, and *last holds the other one's key. */
static bool
meet(struct auth *a, struct answer *last)
{
	const uint8_t *out;
	size_t out_len;
	struct err e;
	int rc = auth_step(a, NULL, 0, &out, &out_len, &e);

	acceptor_anew();
	for (int legs = 0; legs < 8; legs++) {
		assert_true(rc >= 0);
		acceptor_step(out, out_len, last);
		if (last->verdict == REFUSED)
			return false;
		if (rc == 0)
			rc = auth_step(a, last->token, last->token_len, &out, &out_len,
				       &e);
		if (rc == 1 && last->verdict == ACCEPTED)
			return true;
	}
	return false;
}

static void
ntlm_agrees_on_a_key(void **state)
{
	static const struct {
		const char *account, *password;
	} rows[] = {
	    {"CORP\\smssend", "pass word%1"},
	    {"CORP\\smssend", "pass word%1"}, /* nothing is left from before */
	    {"CORP\\wasser", "\xc3\xbc"
			     "ber"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct auth_options o =
		    options(SMB_AUTH_NTLM, rows[i].account, rows[i].password);
		uint8_t ours[AUTH_KEY_ROOM];
		size_t ours_len = 0;
		struct answer other;
		struct auth *a;
		struct err e;

		assert_int_equal(auth_new(&o, &a, &e), 0);
		assert_false(auth_is_kerberos(a));
		assert_int_equal(auth_session_key(a, ours, &ours_len, &e), -1);
		assert_true(meet(a, &other));
		assert_int_equal(auth_session_key(a, ours, &ours_len, &e), 1);
		assert_int_equal(ours_len, 16);
		assert_int_equal(other.key_len, 16);
		assert_memory_equal(ours, other.key, 16);
		auth_free(a);
	}
}

static void
wrong_password_does_not_get_in(void **state)
{
	static const struct {
		const char *account, *password;
	} rows[] = {
	    {"CORP\\smssend", "pass word%2"},
	    {"CORP\\smssend", ""},
	    {"CORP\\nobody", "pass word%1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct auth_options o =
		    options(SMB_AUTH_NTLM, rows[i].account, rows[i].password);
		struct answer other;
		struct auth *a;
		struct err e;

		assert_int_equal(auth_new(&o, &a, &e), 0);
		assert_false(meet(a, &other));
		auth_free(a);
	}
}

/* What a server sends is not trusted: no crash, an error in words. */
static void
nonsense_from_the_server(void **state)
{
	static const uint8_t rows[][12] = {
	    {0xa1, 0x0a, 0x30, 0x08, 0xa0, 0x03, 0x0a, 0x01, 0x02, 0, 0,
	     0}, /* reject */
	    {0xff, 0xff, 0xff, 0xff},
	    {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 2, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct auth_options o = options(SMB_AUTH_NTLM, "CORP\\smssend", "x");
		const uint8_t *out;
		size_t out_len;
		struct auth *a;
		struct err e = {0};

		assert_int_equal(auth_new(&o, &a, &e), 0);
		assert_int_equal(auth_step(a, NULL, 0, &out, &out_len, &e), 0);
		assert_int_equal(
		    auth_step(a, rows[i], sizeof(rows[i]), &out, &out_len, &e), -1);
		assert_int_equal(e.kind, ERR_ADDRESS);
		assert_string_equal(e.text,
				    "NTLM log-on failed (Failed to decode data); see "
				    "whether the server is a file server, and takes "
				    "NTLMv2");
		auth_free(a);
	}
}

static void
silence_from_the_server(void **state)
{
	struct auth_options o = options(SMB_AUTH_NTLM, "CORP\\smssend", "x");
	const uint8_t *out;
	size_t out_len;
	struct auth *a;
	struct err e = {0};

	(void)state;
	assert_int_equal(auth_new(&o, &a, &e), 0);
	assert_int_equal(auth_step(a, NULL, 0, &out, &out_len, &e), 0);
	assert_int_equal(auth_step(a, NULL, 0, &out, &out_len, &e), -1);
	assert_string_equal(e.text, "the server broke the log-on off without a word");
	auth_free(a);
}

static void
nothing_to_log_on_with(void **state)
{
	static const struct {
		enum smb_auth kind;
		const char *account, *password, *keytab;
		uint32_t win32;
		const char *in_text;
	} rows[] = {
	    {SMB_AUTH_NTLM, "smssend", NULL, NULL, 1326,
	     "needs an account and a password"},
	    {SMB_AUTH_NTLM, NULL, "x", NULL, 1326, "needs an account and a password"},
	    {SMB_AUTH_KERBEROS, "smssend", NULL, NULL, 1326, "needs a keytab"},
	    {SMB_AUTH_KERBEROS, NULL, "x", NULL, 1326, "needs a keytab"},
	    {SMB_AUTH_NEGOTIATE, "smssend", NULL, NULL, 1326, "needs a keytab"},
	    {SMB_AUTH_KERBEROS, "smssend", NULL, "/nonexistent/ms1.keytab", 0,
	     "keytab /nonexistent/ms1.keytab: No such file"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct auth_options o =
		    options(rows[i].kind, rows[i].account, rows[i].password);
		struct auth *a = NULL;
		struct err e = {0};

		o.keytab = rows[i].keytab;
		assert_int_equal(auth_new(&o, &a, &e), -1);
		assert_null(a);
		assert_int_equal(e.kind, ERR_ADDRESS);
		assert_non_null(strstr(e.text, rows[i].in_text));
		if (rows[i].win32)
			assert_int_equal(e.win32, rows[i].win32);
	}
}

/* Of whoever runs the test: the variable first, then krb5.conf. */
static void
a_users_own_ticket_cache(void **state)
{
	char *name = NULL;
	struct err e;

	(void)state;
	assert_int_equal(setenv("KRB5CCNAME", "FILE:/nonexistent/own", 1), 0);
	assert_int_equal(smb_own_ccache(&name, &e), 0);
	assert_string_equal(name, "FILE:/nonexistent/own");
	mem_free(name);
	assert_int_equal(unsetenv("KRB5CCNAME"), 0);
	assert_int_equal(smb_own_ccache(&name, &e), 0);
	assert_true(strlen(name) > 0);
	assert_string_not_equal(name, "FILE:/nonexistent/own");
	mem_free(name);
}

/* It is what an account's absence leads to: no ticket is another word than nothing. */
static void
a_ticket_cache_needs_no_account(void **state)
{
	struct auth_options o = options(SMB_AUTH_NEGOTIATE, NULL, NULL);
	struct auth *a = NULL;
	struct err e = {0};

	(void)state;
	o.ccache = "FILE:/nonexistent/own";
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1312);
	assert_non_null(strstr(e.text,
			       "Kerberos log-on of (ticket) to dssms by ticket cache "
			       "FILE:/nonexistent/own: "));
}

/* A ticket of 1970 that lasts ten hours, kept for that log-on, by that key. */
static void
keep_expired(const struct auth_options *o, char key[DIGEST_HEX_ROOM])
{
	krb5_creds creds = {
	    .times = {.authtime = 100, .starttime = 100, .endtime = 36100}};
	char name[TICKETS_NAME_ROOM];
	krb5_context context;
	krb5_ccache cache;

	tickets_name(name);
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_parse_name(context, "smssend@DEAD.TEST", &creds.client),
			 0);
	assert_int_equal(
	    krb5_parse_name(context, "krbtgt/DEAD.TEST@DEAD.TEST", &creds.server), 0);
	assert_int_equal(krb5_cc_resolve(context, name, &cache), 0);
	assert_int_equal(krb5_cc_initialize(context, cache, creds.client), 0);
	assert_int_equal(krb5_cc_store_cred(context, cache, &creds), 0);
	krb5_free_cred_contents(context, &creds);
	(void)krb5_cc_close(context, cache);
	krb5_free_context(context);
	login_key(o, key);
	tickets_keep(key, clock_mono_ms(o->clock), name);
}

/* The machine slept: the ticket is fresh by the clock that stood still meanwhile, and
 * has expired. */
static void
a_kept_ticket_that_has_expired(void **state)
{
	struct auth_options o = options(SMB_AUTH_KERBEROS, "smssend@dead.test", "x");
	char key[DIGEST_HEX_ROOM];
	struct auth *a = NULL;
	struct err e = {0};

	(void)state;
	keep_expired(&o, key);
	assert_int_equal(tickets_state(key, clock_mono_ms(o.clock)), TICKET_FRESH);
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.win32, 1311); /* the KDC was asked for another one */
	assert_int_equal(tickets_state(key, clock_mono_ms(o.clock)), TICKET_SPENT);
}

/* errand_run(), linked in its place: the log-on of that number is stopped. */
__typeof__(errand_run) real_errand_run __asm__("__real_errand_run");
__typeof__(errand_run) wrap_errand_run __asm__("__wrap_errand_run");
static int stop_in; /* so many errands; 0: none is */

enum errand_end
wrap_errand_run(const struct errand *t, struct err *e)
{
	if (stop_in == 0 || --stop_in > 0)
		return real_errand_run(t, e);
	t->drop(t->self);
	return ERRAND_STOPPED;
}

/* While the sender is stopping, that the KDC is silent is no fault of the address. */
static void
a_stop_while_the_old_ticket_is_tried(void **state)
{
	struct auth_options o = options(SMB_AUTH_KERBEROS, "smssend@dead.test", "y");
	char key[DIGEST_HEX_ROOM];
	struct auth *a = NULL;
	struct err e = {0};

	(void)state;
	keep_expired(&o, key);
	tickets_age(key);
	stop_in = 2; /* the first asks the KDC in vain */
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(stop_in, 0);
	assert_int_equal(e.kind, ERR_STOP);
	tickets_drop(key);

	/* Not stopped, that no KDC answers says more than that the old one is spent. */
	keep_expired(&o, key);
	tickets_age(key);
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.win32, 1311);
	tickets_drop(key);
}

/* krb5.conf of this test knows one realm, whose KDC is not there. */
static void
kerberos_without_kdc(void **state)
{
	struct auth_options o = options(SMB_AUTH_KERBEROS, "smssend@dead.test", "x");
	struct auth *a = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1311);
	assert_non_null(strstr(e.text,
			       "Kerberos log-on of smssend@dead.test to dssms: no "
			       "KDC (domain controller) can be reached"));
	assert_non_null(
	    strstr(e.text, "; asked for realm DEAD.TEST: 127.0.0.1:9 (krb5.conf)"));
	/* One of which krb5.conf says nothing. */
	o.account = "smssend@elsewhere.test";
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.win32, 1311);
	assert_non_null(strstr(e.text, "; asked for realm ELSEWHERE.TEST: nobody"));
}

/* Where Kerberos is not to be had, NEGOTIATE goes on with NTLM and can say why: that
 * the first way failed is no error (sms-sender.md 6 row 33). */
static void
negotiate_falls_back(void **state)
{
	struct auth_options o =
	    options(SMB_AUTH_NEGOTIATE, "CORP\\smssend", "pass word%1");
	struct answer other;
	struct auth *a;
	struct err e;

	(void)state;
	assert_int_equal(auth_new(&o, &a, &e), 0);
	assert_false(auth_is_kerberos(a));
	/* One that says all needs no note; for the others it may be the reason. */
	(void)err_set(&e, ERR_ADDRESS, 1326, "wrong password");
	assert_string_equal(auth_note(a, &e), "");
	(void)err_set(&e, ERR_ADDRESS, 1327, "not by NTLM");
	assert_string_equal(auth_note(a, &e),
			    "only NTLM was tried: for Kerberos the account must name "
			    "its realm, as user@REALM");
	assert_true(meet(a, &other));
	auth_free(a);

	/* A realm whose KDC does not answer. */
	o.account = "smssend@dead.test";
	assert_int_equal(auth_new(&o, &a, &e), 0);
	assert_false(auth_is_kerberos(a));
	(void)err_set(&e, ERR_ADDRESS, 1326, "wrong password");
	assert_true(str_starts(auth_note(a, &e), "first tried: "));
	assert_non_null(strstr(auth_note(a, &e), "no KDC (domain controller) can be"));
	auth_free(a);
	o.account = "CORP\\smssend";

	/* An address is no name that a ticket could be made out to: not even tried. */
	o.server = "192.0.2.7";
	assert_int_equal(auth_new(&o, &a, &e), 0);
	assert_string_equal(auth_note(a, &e), "");
	auth_free(a);
}

/* The errand's thread looks at the clock, too. */
struct hand {
	_Atomic int64_t now_ms;
	int64_t step_ms;
};

static int64_t
hand_ms(void *self)
{
	struct hand *h = self;

	return atomic_fetch_add(&h->now_ms, h->step_ms) + h->step_ms;
}

static void
kerberos_keeps_deadline_and_stop(void **state)
{
	struct hand h = {.step_ms = 20000};
	struct clock clock = {.mono_ms = hand_ms, .self = &h};
	struct auth_options o = options(SMB_AUTH_KERBEROS, "smssend@dead.test", "x");
	struct stop *stop = stop_new();
	struct auth *a = NULL;
	struct err e = {0};

	(void)state;
	o.clock = &clock;
	o.deadline_at_ms = 15000;
	/* Either the answer "no KDC" was quicker, or the deadline came first: 1311. */
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1311);

	o.clock = clock_real();
	o.deadline_at_ms = clock_mono_ms(o.clock) + 60000;
	o.stop = stop;
	stop_throw(stop);
	assert_int_equal(auth_new(&o, &a, &e), -1);
	assert_true(e.kind == ERR_STOP || e.win32 == 1311);
	while (errand_reap() > 0)
		;
	stop_free(stop);
}

static void
anonymous_has_two_legs_and_no_key(void **state)
{
	static const uint8_t challenge[] = {0xa1, 0x02, 0x30, 0x00};
	struct auth_options o = options(SMB_AUTH_ANONYMOUS, NULL, NULL);
	uint8_t key[AUTH_KEY_ROOM];
	const uint8_t *out;
	size_t out_len, key_len = 0;
	struct auth *a;
	struct err e;

	(void)state;
	assert_int_equal(auth_new(&o, &a, &e), 0);
	assert_int_equal(auth_step(a, NULL, 0, &out, &out_len, &e), 0);
	assert_int_equal(out[0], 0x60);
	assert_int_equal(out[1] + 2, out_len); /* the outer length is right */
	assert_int_equal(auth_step(a, challenge, sizeof(challenge), &out, &out_len, &e),
			 1);
	assert_int_equal(out[0], 0xa1);
	assert_int_equal(out[1] + 2, out_len);
	assert_int_equal(auth_session_key(a, key, &key_len, &e), 0);
	assert_false(auth_is_kerberos(a));
	auth_free(a);
	auth_free(NULL);
}

static void
accounts_as_principals(void **state)
{
	static const struct {
		const char *account, *principal;
	} rows[] = {
	    {"smssend", "smssend"},
	    {"CORP\\smssend", "smssend"}, /* a NetBIOS name is no realm */
	    {"corp.test\\smssend", "smssend@CORP.TEST"},
	    {"smssend@corp.test", "smssend@CORP.TEST"},
	    {"smssend@CORP.TEST", "smssend@CORP.TEST"},
	    {"smssend@Corp.test", "smssend@Corp.test"}, /* meant as it is */
	    {"sms@send@corp.test", "sms@send@CORP.TEST"},
	    {"SmsSend@corp.test", "SmsSend@CORP.TEST"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *got = login_principal(rows[i].account);

		assert_string_equal(got, rows[i].principal);
		mem_free(got);
	}
}

/* --- around ------------------------------------------------------------------- */

/* It ends by itself when this end of the socket is closed. */
static int
start_acceptor(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	helper = fork();
	if (helper == 0) {
		(void)close(fds[0]);
		serve(fds[1]);
	}
	(void)close(fds[1]);
	acceptor = fds[0];
	return helper < 0;
}

#define NO_LM "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static int
prepare(void **state)
{
	/* As in smbpasswd(5): NT hashes of "pass word%1" and of "u" with two dots,
	 * "ber".  Passwords in the clear make gss-ntlmssp 1.2 lose memory. */
	static const char accounts[] =
	    "CORP\\smssend:0:" NO_LM ":97e2b3faa004b6e9c08e780ad58f7294:[U]:0:\n"
	    "CORP\\wasser:0:" NO_LM ":fddfcfa1e876e99bc0497febbd995e99:[U]:0:\n";
	/* Port 9 (discard) of this machine: refused at once. */
	static const char krb5[] =
	    "[libdefaults]\n default_realm = DEAD.TEST\n"
	    " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
	    " dns_canonicalize_hostname = false\n"
	    "[realms]\n DEAD.TEST = {\n  kdc = 127.0.0.1:9\n }\n";
	char *conf;
	struct err e;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	users = path_join(folder, "users");
	conf = path_join(folder, "krb5.conf");
	if (path_write_file(users, accounts, sizeof(accounts) - 1, 0600, &e) ||
	    path_write_file(conf, krb5, sizeof(krb5) - 1, 0600, &e))
		return -1;
	/* before the first thread starts */
	(void)setenv("KRB5_CONFIG", conf, 1);
	(void)setenv("NTLM_USER_FILE", users, 1); /* for the accepting side */
	(void)setenv("KRB5CCNAME", "MEMORY:must-not-be-used", 1);
	mem_free(conf);
	return start_acceptor();
}

static int
clear(void **state)
{
	struct err e;

	(void)state;
	(void)close(acceptor);
	(void)waitpid(helper, NULL, 0);
	mem_free(users);
	return path_remove_tree(folder, &e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ntlm_agrees_on_a_key),
	    cmocka_unit_test(wrong_password_does_not_get_in),
	    cmocka_unit_test(nonsense_from_the_server),
	    cmocka_unit_test(silence_from_the_server),
	    cmocka_unit_test(nothing_to_log_on_with),
	    cmocka_unit_test(a_users_own_ticket_cache),
	    cmocka_unit_test(a_ticket_cache_needs_no_account),
	    cmocka_unit_test(a_kept_ticket_that_has_expired),
	    cmocka_unit_test(a_stop_while_the_old_ticket_is_tried),
	    cmocka_unit_test(kerberos_without_kdc),
	    cmocka_unit_test(negotiate_falls_back),
	    cmocka_unit_test(kerberos_keeps_deadline_and_stop),
	    cmocka_unit_test(anonymous_has_two_legs_and_no_key),
	    cmocka_unit_test(accounts_as_principals),
	};

	return cmocka_run_group_tests(tests, prepare, clear);
}
