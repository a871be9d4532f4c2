/* Another make of server: Impacket's knows SMB 2.0.2, does not sign, and gives no keys.
 * Old NAS boxes look alike. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "server.h"

static struct server server;
static pid_t pid;

static const char *
program(void)
{
	const char *path = getenv("IMPACKET_UP"); /* tests/smb/meson.build sets it */

	return path ? path : "tests/smb/impacket-up";
}

/* false: there is no Impacket on this machine. */
static bool
start(void)
{
	const char *top = getenv("TMPDIR");
	char port[8], share[300], ready[7] = "";
	size_t len = 0;
	ssize_t got;
	int fds[2];

	(void)snprintf(server.folder, sizeof(server.folder), "%s/lansender-smb-XXXXXX",
		       top ? top : "/tmp");
	if (!mkdtemp(server.folder) || pipe(fds))
		return false;
	(void)snprintf(share, sizeof(share), "%s/share", server.folder);
	if (mkdir(share, 0700))
		return false;
	server.port = server_free_port();
	(void)snprintf(port, sizeof(port), "%u", server.port);
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)close(fds[0]);
		(void)execl(program(), program(), port, share, "smssend", "pass word%1",
			    (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	/* It says so when it listens, or ends; then it says no more here. */
	while (len < sizeof(ready) - 1 &&
	       (got = read(fds[0], ready + len, sizeof(ready) - 1 - len)) > 0)
		len += (size_t)got;
	(void)close(fds[0]);
	return strcmp(ready, "ready\n") == 0;
}

static void
stop(void)
{
	struct err e;

	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	if (path_remove_tree(server.folder, &e))
		print_message("%s\n", e.text);
}

static struct smb_options
options(void)
{
	struct smb_options o = server_options(&server);

	o.account = "CORP\\smssend";
	o.password = "pass word%1";
	o.signing = SMB_OFF;
	o.encrypt = SMB_OFF;
	return o;
}

static void
files_arrive(void **state)
{
	struct smb_options o = options();
	struct smb_facts facts;
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	if (smb_connect(&o, &s, &e) < 0)
		fail_msg("%s", e.text);
	smb_get_facts(s, &facts);
	assert_int_equal(facts.dialect, SMB_DIALECT_202);
	assert_string_equal(facts.signature, "");
	assert_int_equal(facts.max_write_bytes, 65536);
	if (server_send(s, "small.bin", 4097, &e) < 0 ||
	    server_send(s, "large.bin", 1000001, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(server_has(&server, "small.bin", 4097));
	assert_true(server_has(&server, "large.bin", 1000001));
	smb_free(s);
}

static void
wrong_password(void **state)
{
	struct smb_options o = options();
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	o.password = "wrong";
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1326);
	assert_non_null(strstr(e.text, "STATUS_LOGON_FAILURE"));
}

/* Whoever wants a signature is told that there is none, and what to do. */
static void
signing_is_not_to_be_had(void **state)
{
	struct smb_options o = options();
	struct smb *s = NULL;
	struct err e = {0};

	(void)state;
	o.signing = SMB_REQUIRED;
	assert_int_equal(smb_connect(&o, &s, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_non_null(strstr(e.text, "signing = off"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_arrive),
	    cmocka_unit_test(wrong_password),
	    cmocka_unit_test(signing_is_not_to_be_had),
	};
	bool there = start();
	int failed = there ? cmocka_run_group_tests(tests, NULL, NULL) : SERVER_SKIP;

	stop();
	return failed;
}
