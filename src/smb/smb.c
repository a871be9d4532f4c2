#include "smb/smb.h"

/* not netinet/tcp.h, whose tcp_info has no tcpi_min_rtt */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "smb/chain.h"
#include "smb/dial.h"
#include "smb/engine.h"
#include "smb/errand.h"
#include "smb/habits.h"

enum { /* the defaults that smb.h promises */
       CONNECT_MS = 15000,
       REQUEST_MS = 60000,
       PROGRESS_MS = 30000,
       WINDOW_BYTES = 16 * 1024 * 1024,
       PORT = 445,
       ECHO_MS = 2000, /* smb_echo(): a new connection is cheaper than a long wait */
       /* of one READ: Windows gives no more at once */
       PAYLOAD_BYTES = 1024 * 1024,
       /* Larger ones leave the processor's cache (measured: loopback) */
       WRITE_BYTES = 512 * 1024,
};

static int64_t
or_default(int64_t value, int64_t standard)
{
	return value > 0 ? value : standard;
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t
smb_payload_max(const struct smb *s, uint32_t limit_bytes)
{
	uint32_t most = credits_most(&s->conn->credits);

	/* One stays back (conn_out.c). */
	if (most > 1)
		most--;
	if (!s->conn->credits.multi)
		most = 1;
	if (most <
	    limit_bytes / PDU_CREDIT_BYTES + (limit_bytes % PDU_CREDIT_BYTES != 0))
		return most * PDU_CREDIT_BYTES;
	return limit_bytes;
}

/* Where TCP goes: whose habits are remembered. */
static const char *
tcp_host(const struct smb_options *o)
{
	return o->connect_host ? o->connect_host : o->server;
}

static uint16_t
tcp_port(const struct smb_options *o)
{
	return o->connect_port ? o->connect_port : PORT;
}

static void
keep_habits(const struct smb *s)
{
	const struct conn *c = s->conn;

	if (!s->compounds || (!c->compounds_work && !c->compounds_refused))
		return;
	habits_saw(tcp_host(&s->o), tcp_port(&s->o),
		   c->compounds_work ? HABITS_WORKED
		   : c->dead         ? HABITS_HUNG_UP
				     : HABITS_REFUSED);
}

static int
log_on(struct smb *s, struct err *e)
{
	if (session_negotiate(&s->session, s->conn, e) < 0 ||
	    session_log_on(&s->session, s->conn, e) < 0 ||
	    session_tree(&s->session, s->conn, e) < 0)
		return -1;
	return 0;
}

static void
take_limits(struct smb *s, const struct smb_options *o)
{
	const struct pdu_negotiated *n = &s->session.agreed;

	s->compounds =
	    o->compounds && habits_take_compounds(tcp_host(&s->o), tcp_port(&s->o));
	s->flush = o->flush;
	s->window_max_bytes = or_default(o->window_max_bytes, WINDOW_BYTES);
	s->write_max_bytes = smaller(
	    (uint32_t)or_default(o->write_max_bytes, WRITE_BYTES), n->max_write);
	s->read_max_bytes = smaller(PAYLOAD_BYTES, n->max_read);
	s->transact_max_bytes = n->max_transact;
	s->conn->reply_max_bytes = s->read_max_bytes;
}

/* MS-ERREF 2.2: no KDC answers; the ticket of the cache has expired.  A while ago the
 * server let us in, and soon it may again. */
static bool
may_pass(const struct err *e)
{
	return e->win32 == 1311 || e->win32 == 1312;
}

/* The session has expired, as Kerberos tickets do. */
static int
renew(void *self, struct err *e)
{
	struct smb *s = self;
	struct conn *c = s->conn;
	int rc;

	c->deadline_at_ms =
	    clock_mono_ms(c->clock) + or_default(s->o.connect_ms, CONNECT_MS);
	s->session.deadline_at_ms = c->deadline_at_ms;
	rc = session_renew(&s->session, c, e);
	c->deadline_at_ms = 0;
	s->renewals += rc == 0;
	if (rc == 0)
		return 0;
	if (e->kind == ERR_ADDRESS && may_pass(e))
		e->kind = ERR_ATTEMPT;
	return err_wrap(e, "the session expired and cannot be renewed");
}

int
smb_start(const struct smb_options *o, int fd, int64_t start_at_ms, struct smb **out,
	  struct err *e)
{
	struct smb *s = mem_zero(1, sizeof(*s));
	struct conn *c = conn_new(fd, o->clock, o->stop);

	options_copy(o, &s->o);
	s->conn = c;
	c->peer = s->o.server;
	c->request_ms = or_default(o->request_ms, REQUEST_MS);
	c->progress_ms = or_default(o->progress_ms, PROGRESS_MS);
	c->deadline_at_ms = start_at_ms + or_default(o->connect_ms, CONNECT_MS);
	s->session.o = &s->o;
	s->session.deadline_at_ms = c->deadline_at_ms;
	if (log_on(s, e) < 0) {
		smb_free(s);
		return -1;
	}
	take_limits(s, o);
	c->deadline_at_ms = 0;
	c->renew = renew;
	c->renew_self = s;
	s->connect_ms = clock_mono_ms(o->clock) - start_at_ms;
	*out = s;
	return 0;
}

int
smb_connect(const struct smb_options *o, struct smb **out, struct err *e)
{
	int64_t start_at_ms = clock_mono_ms(o->clock);
	struct dial_options d = {
	    .host = tcp_host(o),
	    .port = tcp_port(o),
	    .limit_ms = or_default(o->connect_ms, CONNECT_MS),
	    .progress_ms = or_default(o->progress_ms, PROGRESS_MS),
	    .congestion = o->congestion,
	    .stop = o->stop,
	    .clock = o->clock,
	};
	struct dialed there;

	if (dial(&d, &there, e) < 0 || smb_start(o, there.fd, start_at_ms, out, e) < 0)
		return -1;
	(*out)->congestion_refused = there.congestion_refused;
	return 0;
}

/* The server closes our handles itself when the session ends.  Nobody waits for what it
 * says to that: the kernel carries the last bytes over when the socket is closed. */
static void
say_farewell(struct smb *s, struct chain *farewell)
{
	struct conn *c = s->conn;
	struct err ignored;

	if (c->dead || c->tree_id == 0 || c->queue.first || c->wire.first ||
	    c->flight.first)
		return;
	c->renew = NULL; /* not worth it */
	chain_init(farewell, c);
	chain_add(farewell, PDU_LOGOFF, 0);
	pdu_put_simple(&farewell->buf, PDU_LOGOFF);
	chain_start(farewell, false);
	(void)!conn_step(c, false, &ignored); /* it is over either way */
}

size_t
smb_still_out(void)
{
	return errand_reap();
}

void
smb_free(struct smb *s)
{
	AUTO_CHAIN struct chain farewell = {0};

	if (!s)
		return;
	keep_habits(s);
	if (s->conn->access_denied)
		session_wants_anew(&s->session, s->conn);
	say_farewell(s, &farewell);
	conn_free(s->conn);
	puts_free(s->puts);
	options_done(&s->o);
	mem_free(s);
}

bool
smb_alive(const struct smb *s)
{
	return !s->conn->dead;
}

int
smb_echo(struct smb *s, struct err *e)
{
	struct session_call call = {.command = PDU_ECHO};
	struct conn *c = s->conn;
	const int64_t progress_ms = c->progress_ms;
	int rc;

	if (c->progress_ms > ECHO_MS)
		c->progress_ms = ECHO_MS;
	pdu_put_simple(&call.buf, PDU_ECHO);
	rc = session_call(c, &call, e);
	c->progress_ms = progress_ms;
	return rc;
}

void
smb_set_stop(struct smb *s, const struct stop *stop)
{
	s->conn->stop = stop;
	s->lanes_most = 0;
}

void
smb_set_pace(struct smb *s, const struct pace *pace)
{
	conn_set_pace(s->conn, pace);
}

static void
get_tcp_facts(const struct smb *s, struct smb_facts *out)
{
	struct tcp_info t = {0};
	socklen_t len = sizeof(t);

	if (getsockopt(s->conn->fd, IPPROTO_TCP, TCP_INFO, &t, &len) < 0)
		return; /* not TCP: a test's socket pair */
	out->rtt_us = t.tcpi_min_rtt;
	out->retransmits = t.tcpi_total_retrans;
}

void
smb_get_facts(const struct smb *s, struct smb_facts *out)
{
	const struct conn *c = s->conn;
	const struct session *n = &s->session;

	*out = (struct smb_facts){
	    .dialect = (enum smb_dialect)n->agreed.dialect,
	    .cipher = c->seal ? crypto_cipher_name(n->cipher) : "",
	    .signature = c->sign && !c->seal ? crypto_signing_name(n->signing) : "",
	    .max_write_bytes = n->agreed.max_write,
	    .max_read_bytes = n->agreed.max_read,
	    .credits = c->credits.available,
	    .bytes_sent = c->bytes_sent,
	    .bytes_received = c->bytes_received,
	    .connect_ms = s->connect_ms,
	    .kerberos = n->kerberos,
	    .renewals = s->renewals,
	    .one_by_one = s->o.compounds && (!s->compounds || c->compounds_refused),
	    .congestion_refused = s->congestion_refused,
	};
	get_tcp_facts(s, out);
	out->connections = s->lanes_most > 1 ? s->lanes_most : 1;
	out->bytes_sent += s->lanes_sent;
	out->bytes_received += s->lanes_received;
	out->retransmits += s->lanes_retransmits;
	if (s->puts)
		puts_add_facts(s->puts, out);
}
