#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

enum { ARGUMENTS_MAX = 16 };

static struct server running; /* a copy; folder "": none */

/* Runs a program and waits.  Its exit code, or -1. */
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
		return -1;
	return WEXITSTATUS(status);
}

bool
server_installed(void)
{
	const char *const question[] = {"sh", "-c", "command -v smbd >/dev/null", NULL};

	return run(question) == 0;
}

static const char *
samba_up(void)
{
	const char *program = getenv("SAMBA_UP"); /* tests/smb/meson.build sets it */

	return program ? program : "tools/samba-up";
}

/* The one line of a small file in the server's folder. */
static void
read_line(const struct server *s, const char *name, char *out, size_t room)
{
	char *path = path_join(s->folder, name);
	char *text;
	size_t len;
	struct err e;

	assert_int_equal(path_read_file(path, room, ERR_LOCAL, &text, &len, &e), 0);
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(str_copy(out, room, text), 0);
	mem_free(text);
	mem_free(path);
}

uint16_t
server_free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	(void)close(fd);
	return ntohs(a.sin_port);
}

void
server_start(struct server *s, const char *const global[], const char *share)
{
	const char *top = getenv("TMPDIR");
	const char *arguments[ARGUMENTS_MAX] = {samba_up(), "start", s->folder,
						"--port"};
	char port[8];
	size_t n = 4;

	memset(s, 0, sizeof(*s));
	(void)snprintf(s->folder, sizeof(s->folder), "%s/lansender-smb-XXXXXX",
		       top ? top : "/tmp");
	assert_non_null(mkdtemp(s->folder));
	s->port = server_free_port();
	(void)snprintf(port, sizeof(port), "%u", s->port);
	arguments[n++] = port;
	for (size_t i = 0; global && global[i]; i++) {
		arguments[n++] = "--conf";
		arguments[n++] = global[i];
	}
	if (share) {
		arguments[n++] = "--share-conf";
		arguments[n++] = share;
	}
	arguments[n] = NULL;
	running = *s;
	assert_int_equal(run(arguments), 0);
	read_line(s, "user", s->user, sizeof(s->user));
	read_line(s, "password", s->password, sizeof(s->password));
}

void
server_stop(struct server *s)
{
	const char *const arguments[] = {samba_up(), "stop", s->folder, NULL};
	struct err e;

	running.folder[0] = '\0';
	assert_int_equal(run(arguments), 0);
	assert_int_equal(path_remove_tree(s->folder, &e), 0);
}

int
server_teardown(void **state)
{
	struct server s = running;

	(void)state;
	if (s.folder[0] != '\0')
		server_stop(&s);
	return 0;
}

struct smb_options
server_options(const struct server *s)
{
	return (struct smb_options){.server = "DSSMS",
				    .share = "SMS_SITE",
				    .connect_host = "127.0.0.1",
				    .connect_port = s->port,
				    .auth = SMB_AUTH_NTLM,
				    .account = s->user,
				    .password = s->password,
				    .signing = SMB_REQUIRED,
				    .compounds = true,
				    .clock = clock_real()};
}

/* --- sending ---------------------------------------------------------------- */

struct sending {
	int64_t acked_bytes;
	bool done;
	struct err e;
};

static int
make_bytes(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	uint8_t *out = buf;

	(void)self;
	(void)e;
	for (size_t i = 0; i < len; i++)
		out[i] = server_byte(offset + (int64_t)i);
	return 0;
}

static void
note_acked(void *self, int64_t upto_bytes)
{
	struct sending *g = self;

	/* never backwards */
	assert_true(upto_bytes >= g->acked_bytes);
	g->acked_bytes = upto_bytes;
}

static void
note_done(void *self, const struct err *e)
{
	struct sending *g = self;

	assert_false(g->done); /* once */
	g->done = true;
	if (e)
		g->e = *e;
}

int
server_send(struct smb *s, const char *path, int64_t size_bytes, struct err *e)
{
	struct sending g = {0};
	struct smb_put p = {.path = path,
			    .size_bytes = size_bytes,
			    .read = make_bytes,
			    .acked = note_acked,
			    .done = note_done,
			    .self = &g};

	if (smb_put(s, &p, e) < 0 || smb_drain(s, e) < 0)
		return -1;
	assert_true(g.done);
	if (g.e.kind != ERR_NONE) {
		*e = g.e;
		return -1;
	}
	assert_int_equal(g.acked_bytes, size_bytes);
	return 0;
}

bool
server_has(const struct server *s, const char *path, int64_t size_bytes)
{
	char *name = mem_printf("%s/share/%s", s->folder, path);
	char *bytes = NULL;
	size_t len = 0, same = 0;
	struct err e;
	int failed =
	    path_read_file(name, (size_t)size_bytes + 1, ERR_LOCAL, &bytes, &len, &e);

	mem_free(name);
	if (failed)
		return false;
	while (same < len && (uint8_t)bytes[same] == server_byte((int64_t)same))
		same++;
	mem_free(bytes);
	return same == len && len == (size_t)size_bytes;
}
