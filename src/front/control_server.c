/* control_server.c - the sender's side of the control socket: one thread, which alone
 * waits for clients and for the dispatcher.  A client that is slow, silent or hostile
 * costs its own place for at most 5 s.
 *
 *   accept -> READING --line--> handled -> WRITING -> closed
 *                \--too long, not JSON--------^
 */
#include <errno.h>
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
#include "base/stop.h"
#include "base/str.h"
#include "base/thread.h"
#include "front/control.h"
#include "front/control_answer.h"
#include "front/print.h"

enum {
	CLIENTS_MAX = 16,
	CLIENT_MS = 5000, /* from connect to the last byte of the answer; a choice */
};

struct client {
	int fd; /* -1: free */
	int64_t until_ms;
	bool trusted;
	char line[CONTROL_LINE_MAX];
	size_t line_len;
	char *answer; /* NULL: reading */
	size_t answer_len, sent;
};

struct control_server {
	struct control_server_options o;
	char *path;
	struct stat made; /* the socket at path */
	int listener;
	struct stop *stop;
	struct thread *thread;
	struct client clients[CLIENTS_MAX];
};

/* --- a client -------------------------------------------------------------------- */

static void
end_client(struct client *c)
{
	(void)close(c->fd);
	mem_free(c->answer);
	*c = (struct client){.fd = -1};
}

static void
answer_with(struct client *c, json_t *answer)
{
	c->answer = control_render(answer);
	c->answer_len = strlen(c->answer);
	c->sent = 0;
}

static void
refuse(struct client *c, const char *why)
{
	struct err e;

	(void)err_set(&e, ERR_INPUT, 0, "%s", why);
	answer_with(c, control_refusal(&e));
}

static int
check_trusted(const struct client *c, struct err *e)
{
	return c->trusted ? 0
			  : err_set(e, ERR_INPUT, 5, /* ERROR_ACCESS_DENIED */
				    "this sender listens to root and to its own user "
				    "only");
}

static void
handle(struct control_server *s, struct client *c, size_t len)
{
	enum control_verb verb = CONTROL_STATUS;
	json_t *answer = NULL;
	struct err e;

	if (check_trusted(c, &e) < 0 || control_parse(c->line, len, &verb, &e) < 0 ||
	    control_answer(&s->o, verb, &answer, &e) < 0)
		answer = control_refusal(&e);
	answer_with(c, answer);
	c->until_ms = clock_mono_ms(clock_real()) + CLIENT_MS;
}

static void
read_some(struct control_server *s, struct client *c)
{
	const ssize_t n = recv(c->fd, c->line + c->line_len,
			       sizeof(c->line) - c->line_len, MSG_DONTWAIT);
	const char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_client(c);
		return;
	}
	c->line_len += (size_t)n;
	end = memchr(c->line, '\n', c->line_len);
	if (end)
		handle(s, c, (size_t)(end - c->line));
	else if (c->line_len == sizeof(c->line))
		refuse(c, "the line is too long");
}

static void
write_some(struct client *c)
{
	const ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent,
			       MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n < 0 || c->sent == c->answer_len)
		end_client(c);
}

/* --- all of them ----------------------------------------------------------------- */

/* Root, or who runs this sender: the others could not open the socket, unless somebody
 * changed its mode. */
static bool
is_trusted(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == 0 || who.uid == geteuid());
}

static struct client *
free_place(struct control_server *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	return NULL;
}

/* Only when there is a place: the others wait in the kernel's own queue. */
static void
accept_one(struct control_server *s, struct client *c)
{
	const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	c->fd = fd;
	c->until_ms = clock_mono_ms(clock_real()) + CLIENT_MS;
	c->trusted = is_trusted(fd); /* told so when it has said its line */
}

static void
serve(struct control_server *s, struct client *c, short events)
{
	if (c->fd >= 0 && events && c->answer)
		write_some(c);
	else if (c->fd >= 0 && events)
		read_some(s, c);
	if (c->fd >= 0 && clock_mono_ms(clock_real()) >= c->until_ms)
		end_client(c);
}

/* Until the first client has had its time; < 0: there is none. */
static int
patience_ms(const struct control_server *s)
{
	int64_t now_ms = clock_mono_ms(clock_real()), left_ms = -1;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *c = &s->clients[i];
		int64_t its_ms = c->until_ms > now_ms ? c->until_ms - now_ms : 0;

		if (c->fd >= 0 && (left_ms < 0 || its_ms < left_ms))
			left_ms = its_ms;
	}
	return (int)left_ms;
}

static void
work(void *self)
{
	struct control_server *s = self;
	struct pollfd fds[CLIENTS_MAX + 2];

	while (!stop_thrown(s->stop)) {
		struct client *place = free_place(s);

		for (size_t i = 0; i < CLIENTS_MAX; i++)
			fds[i] = (struct pollfd){
			    .fd = s->clients[i].fd,
			    .events = s->clients[i].answer ? POLLOUT : POLLIN};
		fds[CLIENTS_MAX] =
		    (struct pollfd){.fd = place ? s->listener : -1, .events = POLLIN};
		fds[CLIENTS_MAX + 1] =
		    (struct pollfd){.fd = stop_fd(s->stop), .events = POLLIN};
		if (poll(fds, COUNT(fds), patience_ms(s)) < 0)
			continue;
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			serve(s, &s->clients[i], fds[i].revents);
		if (fds[CLIENTS_MAX].revents)
			accept_one(s, place);
	}
}

/* --- begin and end --------------------------------------------------------------- */

static int
listen_on(struct control_server *s, struct err *e)
{
	/* What another sender left: the lock of the state folder is ours. */
	if (unlink(s->path) < 0 && errno != ENOENT)
		return err_sys(e, ERR_LOCAL, "make room for the control socket %s",
			       s->path);
	if (control_socket(s->o.state_folder, true, &s->listener, e) < 0)
		return -1;
	if (stat(s->path, &s->made) < 0)
		return err_sys(e, ERR_LOCAL, "look at the control socket %s", s->path);
	return 0;
}

/* Where the state folder was replaced, another sender's may lie there. */
static bool
is_ours(const struct control_server *s)
{
	struct stat now;

	return stat(s->path, &now) == 0 && now.st_dev == s->made.st_dev &&
	       now.st_ino == s->made.st_ino;
}

int
control_server_start(const struct control_server_options *o,
		     struct control_server **out, struct err *e)
{
	struct control_server *s = mem_zero(1, sizeof(*s));

	s->o = *o;
	s->path = path_join(o->state_folder, "control");
	s->listener = -1;
	s->stop = stop_new();
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	if (listen_on(s, e) < 0 ||
	    thread_start("control", work, s, &s->thread, e) < 0) {
		control_server_stop(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
control_server_stop(struct control_server *s)
{
	if (!s)
		return;
	stop_throw(s->stop);
	thread_join(s->thread);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].fd >= 0)
			end_client(&s->clients[i]);
	if (s->listener >= 0) {
		if (is_ours(s))
			(void)unlink(s->path);
		(void)close(s->listener);
	}
	stop_free(s->stop);
	mem_free(s->path);
	mem_free(s);
}
