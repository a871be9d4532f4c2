#include "domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"

int
domain_run(const char *const arguments[])
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

struct smb_options
domain_options(enum smb_auth auth, const char *account, const char *password)
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

char *
domain_path(const char *name)
{
	return path_join(getenv(DOMAIN_FOLDER), name);
}

void
domain_use(const char *name)
{
	char *conf = domain_path(name);

	assert_int_equal(smb_still_out(), 0);
	assert_int_equal(setenv("KRB5_CONFIG", conf, 1), 0);
	mem_free(conf);
}

int
domain_can_connect(const struct smb_options *o, struct err *e)
{
	struct smb *s = NULL;

	if (smb_connect(o, &s, e) < 0)
		return -1;
	smb_free(s);
	return 0;
}

void
domain_kinit(const char *cache, const char *lifetime)
{
	char *keytab = domain_path("smssend.keytab");

	assert_int_equal(
	    domain_run((const char *const[]){"kinit", "-c", cache, "-l", lifetime, "-k",
					     "-t", keytab, "smssend", NULL}),
	    0);
	mem_free(keytab);
}

void
domain_assert_no_kdc(const struct smb_options *o)
{
	struct err e = {0};

	assert_int_equal(domain_can_connect(o, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1311);
	assert_non_null(strstr(e.text, "no KDC (domain controller) can be reached"));
	assert_non_null(strstr(e.text, "realm CORP.TEST: 10.88.0.3 (krb5.conf)"));
}
