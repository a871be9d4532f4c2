#include "fault_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/wire.h"
#include "fault_room.h"
#include "smb/ntstatus.h"

enum {
	HELD_MAX = 64,
	QUIET_MS = 20, /* the client waits: it will not send what we hold out for */
};

struct pdu {
	uint8_t *bytes;
	size_t len;
};

/* --- one PDU --------------------------------------------------------------------- */

/* Take the first request off.  false: there is none. */
static bool
next_request(struct pdu_slice *pdu, struct request *q)
{
	if (pdu->len < PDU_HEADER_BYTES)
		return false;
	uint32_t next = wire_get32(pdu->bytes + 20);

	if (next < PDU_HEADER_BYTES || next > pdu->len)
		next = (uint32_t)pdu->len;
	*q = (struct request){pdu->bytes, next, wire_get16(pdu->bytes + 12)};
	pdu->bytes += next;
	pdu->len -= next;
	return true;
}

/* -1: close; else the status that all parts of a compound get, 0: none. */
static int64_t
refusal(struct peer *p, const uint8_t *pdu)
{
	struct fault_server *s = p->server;

	if (wire_get32(pdu + 20) == 0)
		return 0;
	s->seen.compounds++;
	if (s->o.fault.kind != FAULT_REFUSE_COMPOUND ||
	    !fault_is_due(s, wire_get16(pdu + 12)))
		return 0;
	return s->o.fault.value ? (int64_t)s->o.fault.value : -1;
}

static bool
answer_pdu(struct peer *p, const struct pdu *pdu)
{
	struct pdu_slice rest = {pdu->bytes, pdu->len};
	struct reply r = {0};
	struct request q;
	int64_t refused = refusal(p, pdu->bytes);
	uint32_t failed = refused > 0 ? (uint32_t)refused : 0;

	if (refused < 0)
		return false;
	p->related = NULL;
	while (r.parts < PARTS_MAX && next_request(&rest, &q)) {
		bool related = wire_get32(q.bytes + 16) & PDU_RELATED;

		if (!related && refused == 0)
			failed = 0;
		uint32_t status = answer_request(p, &q, failed, &r);

		failed = status >= 0xc0000000 ? status : failed;
	}
	bool go_on = send_reply(p, &r);

	pdu_buf_done(&r.buf);
	return go_on;
}

/* --- one connection -------------------------------------------------------------- */

static bool
more_comes(const struct peer *p)
{
	struct pollfd fd = {.fd = p->fd, .events = POLLIN};

	return poll(&fd, 1, QUIET_MS) == 1;
}

static void
serve_peer(struct peer *p)
{
	const struct fault *f = &p->server->o.fault;
	unsigned hold = f->kind == FAULT_REVERSED ? f->value : 1;
	struct pdu held[HELD_MAX];
	unsigned n = 0;
	bool go_on = true;

	while (go_on && (held[n].bytes = wire_read(p, &held[n].len))) {
		n++;
		if (p->logged_on && n < hold && n < HELD_MAX && more_comes(p))
			continue;
		p->server->seen.lies += n > 1;
		while (n > 0) {
			n--;
			go_on = go_on && answer_pdu(p, &held[n]);
			mem_free(held[n].bytes);
		}
	}
	while (n > 0)
		mem_free(held[--n].bytes);
}

static void
serve(void *self)
{
	struct fault_server *s = self;
	int one = 1;

	for (;;) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return; /* fault_server_stop() */
		struct peer *p = mem_zero(1, sizeof(*p));

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		s->seen.connections++;
		p->fd = fd;
		p->server = s;
		p->credits = 1;
		serve_peer(p);
		(void)close(fd);
		fault_login_free(p->login);
		crypto_free(p->crypto);
		mem_free(p->nonces);
		mem_free(p);
	}
}

/* --- start and stop -------------------------------------------------------------- */

struct fault_server *
fault_server_start(const struct fault_options *o, struct share *share)
{
	struct fault_server *s = mem_zero(1, sizeof(*s));
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int small = 4096;
	struct err e;

	s->o = *o;
	s->share = share;
	s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (o->small_buffer)
		(void)setsockopt(s->listen_fd, SOL_SOCKET, SO_RCVBUF, &small,
				 sizeof(small));
	if (s->listen_fd < 0 || bind(s->listen_fd, (struct sockaddr *)&a, len) < 0 ||
	    listen(s->listen_fd, 16) < 0 ||
	    getsockname(s->listen_fd, (struct sockaddr *)&a, &len) < 0 ||
	    thread_start("fault server", serve, s, &s->thread, &e) < 0)
		abort();
	s->port = ntohs(a.sin_port);
	return s;
}

uint16_t
fault_server_port(const struct fault_server *s)
{
	return s->port;
}

void
fault_server_stop(struct fault_server *s, struct fault_seen *seen)
{
	(void)shutdown(s->listen_fd, SHUT_RDWR);
	thread_join(s->thread);
	(void)close(s->listen_fd);
	*seen = s->seen;
	mem_free(s);
}
