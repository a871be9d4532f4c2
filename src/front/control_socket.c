/* control_socket.c - where the control socket is, and how a command speaks over it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "front/control.h"
#include "front/place.h"

enum {
	BACKLOG = 64,
	ANSWER_MS =
	    10000, /* a reload reads files, a dispatcher may be busy; a choice */
	ANSWER_MAX = 4194304, /* bytes: 1,100 sendings of 2 KiB, and then some */
};

/* sun_path has 108 bytes (unix(7)), a state folder may be deeper: then by way of the
 * descriptor of the folder. */
static int
set_address(const char *folder, int folder_fd, struct sockaddr_un *to, struct err *e)
{
	AUTO_FREE char *path = path_join(folder, "control");

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(to->sun_path)) {
		mem_free(path);
		path = mem_printf("/proc/self/fd/%d/control", folder_fd);
	}
	if (str_copy(to->sun_path, sizeof(to->sun_path), path) == 0)
		return 0;
	return err_set(e, ERR_LOCAL, 0, "the path %s is too long for a socket", path);
}

static int
bind_socket(int fd, const struct sockaddr_un *to)
{
	/* 0600 from its first moment on: Linux gives the node the mode of the socket.
	 * Not umask(): other threads make files meanwhile, and folders. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)to, sizeof(*to)))
		return -1;
	return listen(fd, BACKLOG);
}

int
control_socket(const char *state_folder, bool bind_it, int *fd, struct err *e)
{
	AUTO_CLOSE int folder = open(state_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int s =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un to;
	int rc;

	if (folder < 0 || s < 0)
		return err_sys(e, ERR_LOCAL, "the control socket in %s", state_folder);
	if (set_address(state_folder, folder, &to, e) < 0)
		return -1;
	rc = bind_it ? bind_socket(s, &to)
		     : connect(s, (const struct sockaddr *)&to, sizeof(to));
	/* It has the lock before it listens, and a while after. */
	if (rc < 0 && !bind_it && (errno == ENOENT || errno == ECONNREFUSED))
		return err_set(
		    e, ERR_STOP, 0,
		    "nothing listens at the control socket in %s: the "
		    "sender starts or stops just now, or somebody removed it",
		    state_folder);
	if (rc < 0)
		return err_sys(e, ERR_LOCAL, "%s the control socket in %s",
			       bind_it ? "make" : "reach", state_folder);
	*fd = STEAL_FD(s);
	return 0;
}

/* --- a command ------------------------------------------------------------------- */

/* 1: something to read; 0: it took too long; -1. */
static int
wait_readable(int fd, int64_t until_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const int64_t left_ms = until_ms - clock_mono_ms(clock_real());

	return poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
}

/* The line of the answer, or what there was of it. */
static int
read_answer(int fd, struct str *line, struct err *e)
{
	const int64_t until_ms = clock_mono_ms(clock_real()) + ANSWER_MS;
	char buf[4096];

	while (line->len < ANSWER_MAX) {
		const int ready = wait_readable(fd, until_ms);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return err_set(e, ERR_LOCAL, 0,
				       "the sender did not answer within %d s",
				       ANSWER_MS / 1000);
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return err_sys(e, ERR_LOCAL, "read from the control socket");
		if (n == 0)
			break;
		str_add_len(line, buf, (size_t)n);
	}
	return 0;
}

/* What the sender said, or why not. */
static int
understand(const struct str *line, json_t **answer, struct err *e)
{
	json_t *o = json_loadb(str_text(line), line->len, 0, NULL);
	const char *why = json_string_value(json_object_get(o, "error"));
	const char *kind = json_string_value(json_object_get(o, "kind"));

	if (json_is_true(json_object_get(o, "ok"))) {
		*answer = o;
		return 0;
	}
	(void)err_set(e, kind ? err_kind_from_name(kind) : ERR_LOCAL, 0, "%s",
		      why ? why : "the sender ended before it answered");
	json_decref(o);
	return -1;
}

static int
say_over(int fd, const char *verb, json_t **answer, struct err *e)
{
	AUTO_FREE char *line = mem_printf("{\"command\":\"%s\"}\n", verb);
	AUTO_STR struct str said = {0};

	/* The first bytes on a new socket: there is room for them. */
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
		return err_sys(e, ERR_LOCAL, "write to the control socket");
	if (read_answer(fd, &said, e) < 0)
		return -1;
	return understand(&said, answer, e);
}

int
control_say(const struct call *call, enum control_verb verb, json_t **answer,
	    struct err *e)
{
	AUTO_FREE char *state = place_state(call);
	AUTO_CLOSE int fd = -1;

	if (!place_is_locked(state))
		return 0;
	if (control_socket(state, false, &fd, e) < 0)
		return -1;
	return say_over(fd, control_verb_name(verb), answer, e) < 0 ? -1 : 1;
}

void
control_knock(const struct call *call)
{
	json_t *answer = NULL;
	struct err unused;

	if (control_say(call, CONTROL_LOOK, &answer, &unused) > 0)
		json_decref(answer);
}
