/* dial.c - resolve, race, connect. */
#include "smb/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "smb/errand.h"

enum {
	STAGGER_MS = 250,     /* before the next address is tried too; RFC 8305, 5 */
	ADDRESSES_MAX = 16,   /* of one name; a choice: 4 s until the last one starts */
	KEEP_IDLE_S = 30,     /* silence before the first probe; a choice */
	KEEP_INTERVAL_S = 10, /* between probes; a choice */
	KEEP_PROBES = 3, /* unanswered ones that end it; a choice: dead in a minute */
	/* Bytes that may wait unsent in the kernel.  What waits here instead can still
	 * be stopped or overtaken; costs nothing (docs/design: measured 128-256 KiB).
	 */
	NOTSENT_LOWAT_BYTES = 256 * 1024,
	WIN32_BAD_NETPATH = 53, /* ERROR_BAD_NETPATH, MS-ERREF 2.2 */
	SERVICE_ROOM = 8,
};

/* --- resolving --------------------------------------------------------- */

struct lookup {
	struct dial_resolver by;
	char *host;
	char service[SERVICE_ROOM];
	int failed;       /* EAI_... */
	int failed_errno; /* for EAI_SYSTEM */
	struct addrinfo *list;
};

static int
system_resolve(void *self, const char *host, const char *service,
	       const struct addrinfo *hints, struct addrinfo **out)
{
	(void)self;
	return getaddrinfo(host, service, hints, out);
}

static const struct dial_resolver system_resolver = {system_resolve, freeaddrinfo,
						     NULL};

static void
lookup_free(struct lookup *l)
{
	if (l->list)
		l->by.release(l->list);
	mem_free(l->host);
	mem_free(l);
}

static void
lookup_drop(void *self)
{
	lookup_free(self);
}

static void
lookup_run(void *self)
{
	struct lookup *l = self;
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_ADDRCONFIG};
	struct in6_addr ip;

	/* A machine with loopback only still reaches an address written out. */
	if (inet_pton(AF_INET, l->host, &ip) == 1 || strchr(l->host, ':'))
		hints.ai_flags = AI_NUMERICHOST;
	l->failed = l->by.resolve(l->by.self, l->host, l->service, &hints, &l->list);
	l->failed_errno = errno;
	if (l->failed)
		l->list = NULL;
}

static int
lookup_error(const struct lookup *l, struct err *e)
{
	switch (l->failed) {
	case EAI_AGAIN:
		return err_set(
		    e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		    "%s: the name server does not answer; check this host's DNS "
		    "or give the server's IP address",
		    l->host);
	case EAI_MEMORY:
		return err_set(e, ERR_LOCAL, 0, "%s: no memory to look the name up",
			       l->host);
	case EAI_SYSTEM:
		errno = l->failed_errno;
		return err_sys(e, ERR_ADDRESS, "looking up %s", l->host);
	default:
		return err_set(
		    e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		    "%s: no such host (%s); check the server's name, DNS and "
		    "/etc/hosts",
		    l->host, gai_strerror(l->failed));
	}
}

static int
too_late(const struct dial_options *o, const char *what, struct err *e)
{
	char limit[32];

	return err_set(e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		       "%s: no answer within %s; see whether the server is up and a "
		       "firewall lets port %u through",
		       what, num_duration_text(o->limit_ms, limit, sizeof(limit)),
		       o->port);
}

static int
stopped(const struct dial_options *o, struct err *e)
{
	return err_set(e, ERR_STOP, 0, "stopped while connecting to %s", o->host);
}

/* The caller's to free; NULL: *e. */
static struct lookup *
look_up(const struct dial_options *o, int64_t deadline_at_ms, struct err *e)
{
	struct lookup *l = mem_zero(1, sizeof(*l));
	struct errand t = {.name = "lookup",
			   .run = lookup_run,
			   .drop = lookup_drop,
			   .self = l,
			   .deadline_at_ms = deadline_at_ms,
			   .clock = o->clock,
			   .stop = o->stop};
	char limit[32];

	l->by = o->resolver ? *o->resolver : system_resolver;
	l->host = mem_dup(o->host);
	(void)snprintf(l->service, sizeof(l->service), "%u", o->port);
	switch (errand_run(&t, e)) {
	case ERRAND_STOPPED:
		(void)stopped(o, e);
		return NULL; /* the errand keeps l */
	case ERRAND_LATE:
		(void)err_set(
		    e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		    "%s: the name is not resolved within %s; check this host's "
		    "DNS or give the server's IP address",
		    o->host, num_duration_text(o->limit_ms, limit, sizeof(limit)));
		return NULL; /* likewise */
	case ERRAND_FAILED:
		break;
	case ERRAND_DONE:
		if (!l->failed && l->list)
			return l;
		(void)lookup_error(l, e);
		break;
	}
	lookup_free(l);
	return NULL;
}

/* --- racing ------------------------------------------------------------ */

struct race {
	const struct dial_options *o;
	const struct addrinfo *order[ADDRESSES_MAX];
	struct pollfd fds[ADDRESSES_MAX + 1]; /* one an address; the last one: stop */
	size_t n, started, running;
	int64_t next_at_ms; /* when the next address may start */
	int failed;         /* the errno that tells most */
	const struct addrinfo *failed_at;
};

/* Families take turns, beginning with the one the system prefers (RFC 8305, 4). */
static void
put_in_order(struct race *r, const struct addrinfo *list)
{
	int family = list->ai_family;
	const struct addrinfo *same = list, *other = list;

	while (r->n < ADDRESSES_MAX && (same || other)) {
		bool turn = r->n % 2 == 0;
		const struct addrinfo **a = (turn && same) || !other ? &same : &other;
		bool is_same = a == &same;

		while (*a && ((*a)->ai_family == family) != is_same)
			*a = (*a)->ai_next;
		if (!*a)
			continue;
		r->order[r->n++] = *a;
		*a = (*a)->ai_next;
	}
}

/* A refusal tells more than a missing route, which tells more than silence. */
static int
telling(int why)
{
	switch (why) {
	case 0:
		return 0;
	case ETIMEDOUT:
		return 1;
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
	case ENETUNREACH:
		return 2;
	case ECONNREFUSED:
		return 4;
	default:
		return 3;
	}
}

static void
runner_failed(struct race *r, size_t i, int why)
{
	if (telling(why) > telling(r->failed)) {
		r->failed = why;
		r->failed_at = r->order[i];
	}
	if (r->fds[i].fd >= 0)
		(void)close(r->fds[i].fd);
	r->fds[i].fd = -1;
	r->next_at_ms = INT64_MIN; /* nothing to wait for: the next one may go */
}

/* 1: connected at once; 0: under way, or failed; -1: this machine cannot. */
static int
start_next(struct race *r, struct err *e)
{
	size_t i = r->started++;
	const struct addrinfo *a = r->order[i];
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			a->ai_protocol);

	r->fds[i] = (struct pollfd){.fd = fd, .events = POLLOUT};
	if (fd < 0) {
		if (errno != EAFNOSUPPORT)
			return err_sys(e, ERR_LOCAL, "a socket for %s", r->o->host);
		runner_failed(r, i, errno);
		return 0;
	}
	r->next_at_ms = clock_mono_ms(r->o->clock) + STAGGER_MS;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return 1;
	if (errno != EINPROGRESS)
		runner_failed(r, i, errno);
	else
		r->running++;
	return 0;
}

/* 1: *winner has arrived; 0: nobody yet. */
static int
look(struct race *r, size_t *winner)
{
	for (size_t i = 0; i < r->started; i++) {
		int why = 0;
		socklen_t len = sizeof(why);

		if (r->fds[i].fd < 0 || !r->fds[i].revents)
			continue;
		if (getsockopt(r->fds[i].fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0)
			why = errno;
		if (why == 0) {
			*winner = i;
			return 1;
		}
		r->running--;
		runner_failed(r, i, why);
	}
	return 0;
}

static void
address_text(const struct addrinfo *a, char *out, size_t room)
{
	char host[48];
	char service[SERVICE_ROOM];

	if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), service,
			sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV))
		str_copy_cut(out, room, "?");
	else
		(void)snprintf(out, room,
			       a->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
			       service);
}

static int
race_lost(const struct race *r, struct err *e)
{
	char where[DIAL_PEER_ROOM];

	address_text(r->failed_at, where, sizeof(where));
	switch (r->failed) {
	case ECONNREFUSED:
		return err_set(
		    e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		    "%s (%s): connection refused: nothing listens on port %u "
		    "there; see whether it is a file server",
		    r->o->host, where, r->o->port);
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return err_set(
		    e, ERR_ADDRESS, WIN32_BAD_NETPATH,
		    "%s (%s): no route to it; check the line, the VPN and the "
		    "routes",
		    r->o->host, where);
	default:
		errno = r->failed;
		(void)err_sys(e, ERR_ADDRESS, "%s (%s)", r->o->host, where);
		e->win32 = WIN32_BAD_NETPATH;
		return -1;
	}
}

/* Wait for a runner, the next start, stop or the deadline; true when it is over. */
static bool
wait_a_bit(struct race *r, int64_t deadline_at_ms)
{
	int64_t now = clock_mono_ms(r->o->clock);
	int64_t until = deadline_at_ms;

	if (r->started < r->n && r->next_at_ms < until)
		until = r->next_at_ms;
	if (now >= deadline_at_ms)
		return true;
	if (until < now)
		until = now;
	if (until > now + INT32_MAX)
		until = now + INT32_MAX;
	if (poll(r->fds, COUNT(r->fds), (int)(until - now)) < 0)
		for (size_t i = 0; i < r->started; i++)
			r->fds[i].revents = 0;
	return false;
}

/* One round: start who may start, wait, look who has arrived.  1: *winner is the index
 * of a connected socket; 0: nobody yet. */
static int
round_of(struct race *r, int64_t deadline_at_ms, size_t *winner, struct err *e)
{
	int arrived = 0;

	if (r->o->stop && stop_thrown(r->o->stop))
		return stopped(r->o, e);
	if (r->started < r->n && clock_mono_ms(r->o->clock) >= r->next_at_ms)
		arrived = start_next(r, e);
	if (arrived != 0) {
		*winner = r->started - 1;
		return arrived;
	}
	if (r->started == r->n && r->running == 0)
		return race_lost(r, e);
	if (wait_a_bit(r, deadline_at_ms))
		return too_late(r->o, r->o->host, e);
	return look(r, winner);
}

/* --- the connected socket ---------------------------------------------- */

static void
set_int(int fd, int level, int name, int value)
{
	/* All of these are refinements; a system that lacks one still sends. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void
settle(const struct dial_options *o, struct dialed *d)
{
	set_int(d->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(d->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(d->fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
	set_int(d->fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S);
	set_int(d->fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES);
	set_int(d->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES);
	if (o->progress_ms > 0)
		set_int(d->fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
			o->progress_ms < INT32_MAX ? (int)o->progress_ms : INT32_MAX);
	/* Not every host allows every algorithm to everybody
	 * (net.ipv4.tcp_allowed_congestion_control); the host's own works, too. */
	if (o->congestion && !str_eq(o->congestion, "auto"))
		d->congestion_refused =
		    setsockopt(d->fd, IPPROTO_TCP, TCP_CONGESTION, o->congestion,
			       (socklen_t)strlen(o->congestion)) < 0;
}

static int
race_all(const struct dial_options *o, const struct addrinfo *list,
	 int64_t deadline_at_ms, struct dialed *d, struct err *e)
{
	struct race r = {.o = o, .next_at_ms = INT64_MIN, .failed_at = list};
	size_t winner = 0;
	int end = 0;

	for (size_t i = 0; i < COUNT(r.fds); i++)
		r.fds[i].fd = -1;
	if (o->stop)
		r.fds[ADDRESSES_MAX] =
		    (struct pollfd){.fd = stop_fd(o->stop), .events = POLLIN};
	put_in_order(&r, list);
	while (end == 0)
		end = round_of(&r, deadline_at_ms, &winner, e);
	for (size_t i = 0; i < r.started; i++)
		if (r.fds[i].fd >= 0 && (end < 0 || i != winner))
			(void)close(r.fds[i].fd);
	if (end < 0)
		return -1;
	d->fd = r.fds[winner].fd;
	address_text(r.order[winner], d->peer, sizeof(d->peer));
	return 0;
}

int
dial(const struct dial_options *o, struct dialed *out, struct err *e)
{
	int64_t deadline_at_ms = clock_mono_ms(o->clock) + o->limit_ms;
	struct dialed d = {.fd = -1};
	struct lookup *l = look_up(o, deadline_at_ms, e);
	int failed;

	if (!l)
		return -1;
	failed = race_all(o, l->list, deadline_at_ms, &d, e);
	lookup_free(l);
	if (failed)
		return -1;
	settle(o, &d);
	*out = d;
	return 0;
}
