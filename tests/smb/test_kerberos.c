/* Kerberos for real, against a domain of its own (domain-up; needs root).  The test
 * starts the domain and then runs itself again inside its network namespace. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "server.h"

static const char FOLDER[] = "LANSENDER_TEST_DOMAIN"; /* set inside the namespace */

static struct smb_options
options(enum smb_auth auth, const char *account, const char *password)
{
	return (struct smb_options){.server = "dssms",
				    .share = "SMS_SITE",
				    .connect_host = "10.88.0.1",
				    .auth = auth,
				    .account = account,
				    .password = password,
				    .signing = SMB_REQUIRED,
				    .compounds = true,
				    .clock = clock_real()};
}

static char *
keytab(void)
{
	return path_join(getenv(FOLDER), "smssend.keytab");
}

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
		struct smb_options o = options(row->auth, row->account, row->password);
		char *key = row->keytab ? keytab() : NULL;
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
		struct smb_options o = options(row->auth, row->account, row->password);
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

/* A KDC that takes packets and never answers: MIT's library alone would wait for about
 * half a minute. */
static void
silent_kdc(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(88)};
	struct smb_options o = options(SMB_AUTH_KERBEROS, "a@dead.test", "x");
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

/* --- inside and outside ------------------------------------------------------- */

static int
inside(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_way_in),
	    cmocka_unit_test(each_reason_to_stay_out),
	    cmocka_unit_test(silent_kdc),
	};
	char *conf = path_join(getenv(FOLDER), "krb5.conf");

	(void)setenv("KRB5_CONFIG", conf, 1); /* before the first thread */
	mem_free(conf);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int
run(const char *const arguments[])
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

static int
outside(const char *self)
{
	const char *up = getenv("DOMAIN_UP"); /* tests/smb/meson.build sets it */
	const char *top = getenv("TMPDIR");
	char folder[256], ns[64] = "";
	struct err e;
	int rc;

	(void)snprintf(folder, sizeof(folder), "%s/lansender-smb-XXXXXX",
		       top ? top : "/tmp");
	if (!up || !mkdtemp(folder) || setenv(FOLDER, folder, 1))
		return 1;
	rc = run((const char *const[]){up, "start", folder, NULL});
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
		rc = run((const char *const[]){"ip", "netns", "exec", ns, self, NULL});
		if (run((const char *const[]){up, "stop", folder, NULL}))
			rc = 1;
	}
	if (path_remove_tree(folder, &e))
		rc = 1;
	return rc;
}

int
main(int argc, char **argv)
{
	(void)argc;
	return getenv(FOLDER) ? inside() : outside(argv[0]);
}
