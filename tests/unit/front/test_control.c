/* The control socket: what is understood, who is heard, and that nobody can hold up the
 * others for long. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "front/control.h"

/* --- the line -------------------------------------------------------------------- */

static void
lines(void **state)
{
	static const struct {
		const char *line;
		int verb; /* -1: refused */
	} rows[] = {
	    {"{\"command\":\"status\"}", CONTROL_STATUS},
	    {" { \"command\" : \"look\" } ", CONTROL_LOOK},
	    {"{\"command\":\"reload\"}", CONTROL_RELOAD},
	    {"{\"command\":\"Status\"}", -1},
	    {"{\"command\":\"status\",\"more\":1}", -1},
	    {"{\"command\":\"status\",\"command\":\"reload\"}", -1},
	    {"{\"command\":1}", -1},
	    {"[\"status\"]", -1},
	    {"\"status\"", -1},
	    {"{}", -1},
	    {"", -1},
	    {"{\"command\":\"status\"", -1},
	    {"{\"command\":\"\xff\"}", -1},
	    {"{\"command\":\"status\\u0000\"}", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum control_verb verb = CONTROL_STATUS;
		struct err e = {0};
		const int rc =
		    control_parse(rows[i].line, strlen(rows[i].line), &verb, &e);

		assert_int_equal(rc, rows[i].verb < 0 ? -1 : 0);
		if (rc == 0)
			assert_int_equal(verb, rows[i].verb);
		else
			assert_int_equal(e.kind, ERR_INPUT);
	}
}

static void
a_long_or_deep_line(void **state)
{
	AUTO_FREE char *line = mem_alloc(CONTROL_LINE_MAX);
	enum control_verb verb;
	struct err e;

	(void)state;
	memset(line, '[', CONTROL_LINE_MAX);
	assert_int_equal(control_parse(line, CONTROL_LINE_MAX - 1, &verb, &e), -1);
	assert_int_equal(control_parse(line, CONTROL_LINE_MAX, &verb, &e), -1);
	assert_string_equal(e.text, "a request is one line, {\"command\":\"status\"}, "
				    "of less than 512 bytes");
}

/* --- the socket ------------------------------------------------------------------ */

struct rig {
	char folder[64];
	struct dispatch_control *control; /* nobody takes what is in it */
	struct control_server *server;
	int reloads;
};

static int
reload(void *self, char **notes, struct err *e)
{
	struct rig *g = self;

	if (++g->reloads == 1) {
		*notes = mem_dup("note");
		return 0;
	}
	return err_set(e, ERR_INPUT, 0, "x.conf:3: no such key");
}

static int
enter(void **state)
{
	struct rig *g = mem_zero(1, sizeof(*g));
	struct control_server_options o = {.reload = reload, .self = g};
	struct err e;

	str_copy_cut(g->folder, sizeof(g->folder), "/tmp/lansender-control.XXXXXX");
	assert_non_null(mkdtemp(g->folder));
	g->control = dispatch_control_new();
	o.state_folder = g->folder;
	o.control = g->control;
	if (control_server_start(&o, &g->server, &e) < 0)
		fail_msg("%s", e.text);
	*state = g;
	return 0;
}

static int
leave(void **state)
{
	struct rig *g = *state;
	AUTO_FREE char *path = path_join(g->folder, "control");
	struct err e;

	control_server_stop(g->server);
	assert_int_equal(access(path, F_OK), -1);
	dispatch_control_free(g->control);
	assert_int_equal(path_remove_tree(g->folder, &e), 0);
	mem_free(g);
	return 0;
}

static int
reach(const struct rig *g)
{
	struct err e;
	int fd;

	if (control_socket(g->folder, false, &fd, &e) < 0)
		fail_msg("%s", e.text);
	return fd;
}

/* Everything up to its end; the test fails when it does not end. */
static char *
hear(int fd)
{
	struct timeval patience = {.tv_sec = 20};
	struct str said = {0};
	char buf[512];
	ssize_t n;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		str_add_len(&said, buf, (size_t)n);
	assert_true(n == 0 || errno == ECONNRESET);
	(void)close(fd);
	return str_take(&said);
}

static char *
say(const struct rig *g, const char *line)
{
	const int fd = reach(g);

	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return hear(fd);
}

static void
answers(void **state)
{
	static const struct {
		const char *line, *answer;
	} rows[] = {
	    {"{\"command\":\"reload\"}\n", "{\"ok\":true,\"notes\":\"note\"}\n"},
	    {"{\"command\":\"reload\"}\n",
	     "{\"ok\":false,\"kind\":\"input\",\"error\":\"x.conf:3: no such key\"}\n"},
	    {"{\"command\":\"look\"}\nmore",
	     "{\"ok\":false,\"kind\":\"stop\",\"error\":"
	     "\"the sender starts or stops just now\"}\n"},
	    {"nonsense\n",
	     "{\"ok\":false,\"kind\":\"input\",\"error\":\"a request is one line, "
	     "{\\\"command\\\":\\\"status\\\"}, of less than 512 bytes\"}\n"},
	};
	const struct rig *g = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_FREE char *answer = say(g, rows[i].line);

		assert_string_equal(answer, rows[i].answer);
	}
}

static void
only_its_user_may_open_it(void **state)
{
	const struct rig *g = *state;
	AUTO_FREE char *path = path_join(g->folder, "control");
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Sixteen who say nothing, and one who says too much: the next is heard within the time
 * that is given to each, and the sender lives. */
static void
the_silent_and_the_loud(void **state)
{
	const struct rig *g = *state;
	AUTO_FREE char *loud = mem_alloc(CONTROL_LINE_MAX + 1);
	AUTO_FREE char *answer = NULL, *refused = NULL;
	int silent[16];

	memset(loud, 'x', CONTROL_LINE_MAX);
	loud[CONTROL_LINE_MAX] = '\0';
	refused = say(g, loud);
	assert_non_null(strstr(refused, "the line is too long"));
	for (size_t i = 0; i < COUNT(silent); i++)
		silent[i] = reach(g);
	answer = say(g, "{\"command\":\"reload\"}\n");
	assert_non_null(strstr(answer, "\"ok\":true"));
	for (size_t i = 0; i < COUNT(silent); i++)
		(void)close(silent[i]);
}

/* Somebody changed the modes: another user is refused all the same. */
static void
another_user(void **state)
{
	const struct rig *g = *state;
	AUTO_FREE char *path = path_join(g->folder, "control");
	int status = 0;
	pid_t child;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(g->folder, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	child = fork();
	if (child == 0) {
		AUTO_FREE char *answer = NULL;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		answer = say(g, "{\"command\":\"reload\"}\n");
		_exit(strstr(answer, "to root and to its own user only") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(g->reloads, 0);
}

/* A state folder that is deeper than a socket's address. */
static void
a_deep_folder(void **state)
{
	const struct rig *g = *state;
	AUTO_FREE char *deep = mem_printf("%s/%0100d/%0100d", g->folder, 1, 2);
	struct control_server_options o = {
	    .reload = reload, .control = g->control, .state_folder = deep};
	struct rig other = {.reloads = 0};
	struct err e;
	int fd;

	assert_int_equal(path_make(deep, 0700, &e), 0);
	o.self = &other;
	assert_int_equal(control_server_start(&o, &other.server, &e), 0);
	assert_int_equal(control_socket(deep, false, &fd, &e), 0);
	(void)close(fd);
	control_server_stop(other.server);
	assert_int_equal(control_socket(deep, false, &fd, &e), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(a_long_or_deep_line),
	    TEST(answers),
	    TEST(only_its_user_may_open_it),
	    TEST(the_silent_and_the_loud),
	    TEST(another_user),
	    TEST(a_deep_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
