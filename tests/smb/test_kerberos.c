/* Kerberos for real, against a domain of its own (domain-up; needs root).  The test
 * starts the domain and then runs itself again inside its network namespace.
 *
 * Which KDC is asked, and how long tickets last, is changed by another krb5.conf; each
 * has a file of its own, since the library looks at a file anew only each second. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "domain.h"
#include "server.h"

static const struct gets_in {
	enum smb_auth auth;
	const char *account, *password;
	bool keytab;
	enum smb_want encrypt;
	enum smb_dialect dialect_max;
	bool kerberos;
	const char *cipher, *signature;
} in_rows[] = {
    {SMB_AUTH_KERBEROS, "smssend", "P4ss word%1", false, SMB_OFF, 0, true, "",
     "AES-GMAC"},
    {SMB_AUTH_KERBEROS, "smssend@corp.test", NULL, true, SMB_OFF, 0, true, "",
     "AES-GMAC"},
    {SMB_AUTH_KERBEROS, "CORP\\smssend", NULL, true, SMB_OFF, 0, true, "", "AES-GMAC"},
    {SMB_AUTH_KERBEROS, NULL, NULL, true, SMB_OFF, 0, true, "", "AES-GMAC"},
    {SMB_AUTH_KERBEROS, "smssend", NULL, true, SMB_OFF, SMB_DIALECT_210, true, "",
     "HMAC-SHA256"},
    /* AES-256 starts from all 32 bytes of the ticket's key */
    {SMB_AUTH_KERBEROS, "smssend", NULL, true, SMB_REQUIRED, 0, true, "AES-256-GCM",
     ""},
    {SMB_AUTH_NEGOTIATE, "smssend@CORP.TEST", "P4ss word%1", false, SMB_OFF, 0, true,
     "", "AES-GMAC"},
    /* names no realm: Kerberos is not asked */
    {SMB_AUTH_NEGOTIATE, "CORP\\smssend", "P4ss word%1", false, SMB_OFF, 0, false, "",
     "AES-GMAC"},
    {SMB_AUTH_NTLM, "CORP\\smssend", "P4ss word%1", false, SMB_REQUIRED, 0, false,
     "AES-256-GCM", ""},
};

static void
each_way_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(in_rows); i++) {
		const struct gets_in *row = &in_rows[i];
		struct smb_options o =
		    domain_options(row->auth, row->account, row->password);
		char *key = row->keytab ? domain_path("smssend.keytab") : NULL;
		struct smb_facts facts;
		struct smb *s = NULL;
		struct err e = {0};

		o.keytab = key;
		o.encrypt = row->encrypt;
		o.dialect_max = row->dialect_max;
		if (smb_connect(&o, &s, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		smb_get_facts(s, &facts);
		assert_int_equal(facts.kerberos, row->kerberos);
		assert_string_equal(facts.cipher, row->cipher);
		assert_string_equal(facts.signature, row->signature);
		if (server_send(s, "file.bin", 200001, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		smb_free(s);
		mem_free(key);
	}
}

static const struct stays_out {
	enum smb_auth auth;
	const char *account, *password, *server;
	uint32_t win32;
	const char *in_text;
} out_rows[] = {
    {SMB_AUTH_KERBEROS, "smssend", "wrong", NULL, 1326, "password or keytab is wrong"},
    {SMB_AUTH_KERBEROS, "nobody", "x", NULL, 1317, "KDC knows no such account"},
    {SMB_AUTH_KERBEROS, "smsold", "P4ss word%2", NULL, 1331, "disabled"},
    {SMB_AUTH_KERBEROS, "smssend", "P4ss word%1", "nosuch", 1396, "cifs/NAME"},
    {SMB_AUTH_KERBEROS, "a@elsewhere.test", "x", NULL, 1311, "no KDC"},
    /* the KDC said the password is wrong: not tried again by NTLM */
    {SMB_AUTH_NEGOTIATE, "smssend@CORP.TEST", "wrong", NULL, 1326, "Kerberos log-on"},
    /* no such account for either, and both say so */
    {SMB_AUTH_NEGOTIATE, "nobody@CORP.TEST", "x", NULL, 1326, "first tried: Kerberos"},
    {SMB_AUTH_NTLM, "CORP\\smsold", "P4ss word%2", NULL, 1331,
     "STATUS_ACCOUNT_DISABLED"},
};

static void
each_reason_to_stay_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(out_rows); i++) {
		const struct stays_out *row = &out_rows[i];
		struct smb_options o =
		    domain_options(row->auth, row->account, row->password);
		struct smb *s = NULL;
		struct err e = {0};

		if (row->server)
			o.server = row->server;
		assert_int_equal(smb_connect(&o, &s, &e), -1);
		print_message("    %u: %s\n", e.win32, e.text);
		assert_int_equal(e.kind, ERR_ADDRESS);
		assert_int_equal(e.win32, row->win32);
		assert_non_null(strstr(e.text, row->in_text));
	}
}

static void
an_old_keytab(void **state)
{
	struct smb_options o = domain_options(SMB_AUTH_KERBEROS, "smsnew", NULL);
	char *keytab = domain_path("smsnew.keytab");
	struct err e = {0};

	(void)state;
	o.keytab = keytab;
	assert_int_equal(domain_can_connect(&o, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1326);
	assert_non_null(strstr(e.text, keytab));
	assert_non_null(
	    strstr(e.text, "smsnew.keytab: its key (version 2) is not the"));
	/* It is the keytab. */
	o.keytab = NULL;
	o.password = "P4ss word%4";
	assert_int_equal(domain_can_connect(&o, &e), 0);
	/* A keytab of somebody else. */
	o.account = "smssend";
	o.keytab = keytab;
	o.password = NULL;
	assert_int_equal(domain_can_connect(&o, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.win32, 1312);
	assert_non_null(
	    strstr(e.text, "smsnew.keytab: it has no key for smssend; klist"));
	mem_free(keytab);
}

/* --- without a KDC ------------------------------------------------------------ */

/* A ticket that was got once is used again.  Others find that there is no KDC, and that
 * is no matter of account or password. */
static void
kept_tickets_need_no_kdc(void **state)
{
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "smssend@CORP.TEST", NULL);
	struct smb_options other = o;
	char *keytab = domain_path("smssend.keytab");
	struct err e = {0};

	(void)state;
	o.keytab = keytab;
	assert_int_equal(domain_can_connect(&o, &e), 0);
	domain_use("gone.conf");
	assert_int_equal(domain_can_connect(&o, &e), 0);
	other.server = "dssms.corp.test";
	other.keytab = keytab;
	domain_assert_no_kdc(&other);

	/* Another keytab under the same name is another secret. */
	assert_int_equal(utimensat(AT_FDCWD, keytab, NULL, 0), 0);
	domain_assert_no_kdc(&o);
	mem_free(keytab);
}

static int64_t ahead_ms; /* of the real clock: to let tickets grow old */

static int64_t
late_ms(void *self)
{
	(void)self;
	return clock_mono_ms(clock_real()) + ahead_ms;
}

static const struct clock late = {.mono_ms = late_ms};

struct later {
	const char *conf;
	int64_t minutes;
	const char *share;
};

static void
connect_later(struct smb_options *o, const struct later *rows, size_t n)
{
	struct err e = {0};

	o->clock = &late;
	for (size_t i = 0; i < n; i++) {
		domain_use(rows[i].conf);
		ahead_ms = rows[i].minutes * 60 * 1000;
		o->share = rows[i].share;
		int rc = domain_can_connect(o, &e);

		if (rc < 0 && !(e.win32 == 5 && str_eq(o->share, "CLOSED")))
			fail_msg("row %zu: %s", i, e.text);
	}
}

/* A new one is got in time.  Tickets of this domain last 10 h. */
static void
tickets_are_renewed_before_they_expire(void **state)
{
	static const struct later rows[] = {
	    {"krb5.conf", 0, "SMS_SITE"},
	    {"gone.conf", 7 * 60, "SMS_SITE"},     /* fresh */
	    {"gone.conf", 9 * 60, "SMS_SITE"},     /* not so, but it does */
	    {"krb5.conf", 9 * 60 + 1, "SMS_SITE"}, /* new, until 19:01 */
	    {"gone.conf", 16 * 60, "SMS_SITE"},
	    {"gone.conf", 18 * 60, "SMS_SITE"},
	};
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "smsnew", "P4ss word%4");

	(void)state;
	connect_later(&o, rows, COUNT(rows));
	ahead_ms = 20 * 3600 * 1000;
	domain_assert_no_kdc(&o);
}

/* Who was refused something may have got the right to it since: what a ticket says of
 * that is old. */
static void
a_refusal_wants_a_new_ticket(void **state)
{
	static const struct later rows[] = {
	    {"krb5.conf", 0, "SMS_SITE"},          {"gone.conf", 5 * 60, "CLOSED"},
	    {"gone.conf", 5 * 60, "SMS_SITE"},     /* none to be had */
	    {"krb5.conf", 5 * 60 + 1, "SMS_SITE"}, /* new, until 15:01 */
	    {"gone.conf", 11 * 60, "SMS_SITE"},
	};
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "smsnew@CORP.TEST", "P4ss word%4");

	(void)state;
	connect_later(&o, rows, COUNT(rows));
}

/* A short one is never fresh: each log-on asks the KDC, and does without one that does
 * not answer as long as the ticket lasts. */
static void
short_tickets(void **state)
{
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "CORP\\smsnew", "P4ss word%4");
	struct err e = {0};

	(void)state;
	o.clock = &late;
	ahead_ms = 0;
	domain_use("short.conf");
	assert_int_equal(domain_can_connect(&o, &e), 0);
	domain_use("gone.conf");
	assert_int_equal(domain_can_connect(&o, &e), 0);
	ahead_ms = 240 * 1000;
	assert_int_equal(domain_can_connect(&o, &e), 0);
	ahead_ms = 301 * 1000;
	domain_assert_no_kdc(&o);
}

/* --- a cache that somebody else looks after --------------------------------- */

static void
a_given_cache(void **state)
{
	struct smb_options o = domain_options(SMB_AUTH_KERBEROS, NULL, NULL);
	char *cache = domain_path("cache");
	struct err e = {0};

	(void)state;
	o.ccache = cache;
	assert_int_equal(domain_can_connect(&o, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.win32, 1312);
	assert_non_null(strstr(e.text, cache));
	e = (struct err){0};

	/* Samba's KDC does nothing for a ticket that lasts so short but calls it
	 * expired, too; our own words come when it has. */
	domain_kinit(cache, "2s");
	while (domain_can_connect(&o, &e) == 0 || !strstr(e.text, "expired at 20")) {
		assert_true(e.kind == ERR_NONE || e.win32 == 1312);
		(void)poll(NULL, 0, 20);
	}
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1312);
	assert_non_null(strstr(e.text, cache));
	print_message("    %u: %s\n", e.win32, e.text);
	assert_non_null(strstr(e.text, "kinit -R"));

	/* A new ticket is found without more ado. */
	domain_kinit(cache, "10h");
	if (domain_can_connect(&o, &e) < 0)
		fail_msg("%s", e.text);
	mem_free(cache);
}

/* A KDC that takes packets and never answers: MIT's library alone would wait for about
 * half a minute. */
static void
silent_kdc(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(88)};
	struct smb_options o = domain_options(SMB_AUTH_KERBEROS, "a@dead.test", "x");
	int64_t start_ms = clock_mono_ms(clock_real());
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct smb *s = NULL;
	struct err e = {0};
	socklen_t from_len;
	char request[4096];

	(void)state;
	a.sin_addr.s_addr = htonl(0x0A580002); /* 10.88.0.2 */
	assert_int_equal(bind(udp, (struct sockaddr *)&a, sizeof(a)), 0);
	o.connect_ms = 1000;
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1311);
	assert_non_null(strstr(e.text, "no KDC (domain controller) answers in time"));
	assert_non_null(
	    strstr(e.text, "asked for realm DEAD.TEST: 10.88.0.2 (krb5.conf)"));
	assert_true(clock_mono_ms(clock_real()) - start_ms < 5000);
	/* At last it says something, if nonsense: the call that was given up ends. */
	from_len = sizeof(a);
	assert_true(recvfrom(udp, request, sizeof(request), 0, (struct sockaddr *)&a,
			     &from_len) > 0);
	assert_int_equal(sendto(udp, "?", 1, 0, (struct sockaddr *)&a, from_len), 1);
	(void)close(udp);
	while (smb_still_out() > 0)
		(void)sched_yield();
}

static int
usual_conf(void **state)
{
	(void)state;
	domain_use("krb5.conf");
	return 0;
}

/* --- inside and outside ------------------------------------------------------- */

static int
inside(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_way_in, usual_conf),
	    cmocka_unit_test_setup(each_reason_to_stay_out, usual_conf),
	    cmocka_unit_test_setup(an_old_keytab, usual_conf),
	    cmocka_unit_test_setup(kept_tickets_need_no_kdc, usual_conf),
	    cmocka_unit_test_setup(tickets_are_renewed_before_they_expire, usual_conf),
	    cmocka_unit_test_setup(a_refusal_wants_a_new_ticket, usual_conf),
	    cmocka_unit_test_setup(short_tickets, usual_conf),
	    cmocka_unit_test_setup(a_refused_ticket_is_replaced, usual_conf),
	    cmocka_unit_test_setup(expires_on_the_way, usual_conf),
	    cmocka_unit_test_setup(a_given_cache, usual_conf),
	    cmocka_unit_test_setup(the_whole_sender, usual_conf),
	    cmocka_unit_test_setup(silent_kdc, usual_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int
outside(const char *self)
{
	const char *up = getenv("DOMAIN_UP"); /* tests/smb/meson.build sets it */
	const char *top = getenv("TMPDIR");
	char folder[256], ns[64] = "", net[96];
	struct err e;
	int rc;

	(void)snprintf(folder, sizeof(folder), "%s/lansender-smb-XXXXXX",
		       top ? top : "/tmp");
	if (!up || !mkdtemp(folder) || setenv(DOMAIN_FOLDER, folder, 1))
		return 1;
	rc = domain_run((const char *const[]){up, "start", folder, NULL});
	if (rc == 0) {
		char *path = path_join(folder, "netns");
		char *text;
		size_t len;

		if (path_read_file(path, sizeof(ns), ERR_LOCAL, &text, &len, &e) == 0) {
			text[strcspn(text, "\n")] = '\0';
			str_copy_cut(ns, sizeof(ns), text);
			mem_free(text);
		}
		mem_free(path);
		/* Not by `ip netns exec`: see domain-up. */
		(void)snprintf(net, sizeof(net), "--net=/run/netns/%s", ns);
		rc = domain_run((const char *const[]){"nsenter", net, self, NULL});
	}
	/* Also what came up by half. */
	if (domain_run((const char *const[]){up, "stop", folder, NULL}) ||
	    path_remove_tree(folder, &e))
		rc = 1;
	return rc;
}

int
main(int argc, char **argv)
{
	(void)argc;
	return getenv(DOMAIN_FOLDER) ? inside() : outside(argv[0]);
}
