#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/wire.h"
#include "smb/ntstatus.h"

enum { HELD_MAX = 64 };

static const uint8_t a_key[16] = "a key for a test";

static struct crypto *
make_crypto(bool as_server)
{
	struct crypto_options o = {.dialect = 0x0302,
				   .signing = CRYPTO_AES_CMAC,
				   .cipher = CRYPTO_AES128_CCM,
				   .session_key = a_key,
				   .session_key_len = sizeof(a_key),
				   .session_id = 7,
				   .as_server = as_server};
	struct crypto *c = NULL;
	struct err e;

	return crypto_new(&o, &c, &e) < 0 ? NULL : c;
}

/* --- answers ---------------------------------------------------------------------- */

static uint8_t *
begin(struct pdu_buf *out, const uint8_t *request, uint32_t status, uint16_t grant)
{
	uint8_t *p = pdu_buf_add(out, 64);

	memcpy(p, request, 64);
	wire_put32(p + 8, status);
	wire_put16(p + 14, grant);
	wire_put32(p + 16, PDU_RESPONSE);
	wire_put32(p + 20, 0);
	memset(p + 48, 0, 16);
	return p;
}

static void
answer_create(struct fake *f, const uint8_t *request, struct pdu_buf *out)
{
	uint8_t *b = pdu_buf_add(out, 88);

	f->create_options = wire_get32(request + 64 + 40); /* MS-SMB2 2.2.13 */
	f->created++;
	f->open_now++;
	if (f->open_now > f->open_most)
		f->open_most = f->open_now;
	wire_put16(b, 89);
	wire_put32(b + 4, PDU_ACTION_CREATED);
	wire_put64(b + 48, (uint64_t)f->size_bytes);
	wire_put64(b + 64, f->created);
}

static void
answer_write(struct fake *f, const uint8_t *request, struct pdu_buf *out)
{
	uint32_t len = wire_get32(request + 64 + 4);
	int64_t offset = (int64_t)wire_get64(request + 64 + 8);
	uint32_t n = f->write_most && f->write_most < len ? f->write_most : len;
	uint8_t *b = pdu_buf_add(out, 16);

	if (len > f->largest_write)
		f->largest_write = len;
	if (offset + n <= FAKE_FILE_ROOM)
		memcpy(f->file + offset, request + 112, n);
	if (offset + n > f->written_upto)
		f->written_upto = offset + n;
	if (f->lie == FAKE_WRITES_TOO_MUCH)
		n = len + 1;
	if (f->lie == FAKE_WRITES_NOTHING)
		n = 0;
	wire_put16(b, 17);
	wire_put32(b + 4, n);
}

static void
answer_simple(uint16_t command, struct pdu_buf *out)
{
	static const struct {
		uint16_t structure_size, len;
	} bodies[FAKE_COMMANDS] = {
	    [PDU_CLOSE] = {60, 60},    [PDU_FLUSH] = {4, 4},
	    [PDU_SET_INFO] = {2, 2},   [PDU_ECHO] = {4, 4},
	    [PDU_LOGOFF] = {4, 4},     [PDU_READ] = {17, 16},
	    [PDU_QUERY_INFO] = {9, 8}, [PDU_QUERY_DIRECTORY] = {9, 8},
	};

	wire_put16(pdu_buf_add(out, bodies[command].len),
		   bodies[command].structure_size);
}

/* A server of two legs: "go on", then "welcome". */
static uint32_t
answer_setup(struct fake *f, const uint8_t *request, struct pdu_buf *out)
{
	static const uint8_t token[4] = {0xa1, 2, 0x30, 0};
	bool last = ++f->legs % 2 == 0;
	uint8_t *b;

	begin(out, request, last ? NT_SUCCESS : NT_MORE_PROCESSING_REQUIRED, f->grant);
	b = pdu_buf_add(out, 8 + sizeof(token));
	wire_put16(b, 9);
	wire_put16(b + 4, 64 + 8);
	wire_put16(b + 6, sizeof(token));
	memcpy(b + 8, token, sizeof(token));
	if (last) {
		f->log_ons++;
		f->since_log_on = f->no_renewal ? f->expire_after : 0;
	}
	return last ? NT_SUCCESS : NT_MORE_PROCESSING_REQUIRED;
}

/* CLOSE, LOGOFF and ECHO always go, as MS-SMB2 3.3.5.2.9 has it. */
static bool
is_expired(struct fake *f, uint16_t command)
{
	if (!f->expire_after || command == PDU_CLOSE || command == PDU_LOGOFF ||
	    command == PDU_ECHO)
		return false;
	return f->since_log_on++ >= f->expire_after;
}

static void
answer_work(struct fake *f, const uint8_t *request, uint16_t command, uint32_t status,
	    struct pdu_buf *out)
{
	begin(out, request, status, f->grant);
	if (status) {
		wire_put16(pdu_buf_add(out, 9), 9);
		f->created += command == PDU_CREATE;
	} else if (command == PDU_CREATE) {
		answer_create(f, request, out);
	} else if (command == PDU_WRITE) {
		answer_write(f, request, out);
	} else {
		answer_simple(command, out);
		f->open_now -= command == PDU_CLOSE;
	}
}

static void
answer_forgotten(const struct fake *f, const uint8_t *request, uint16_t command,
		 struct pdu_buf *out)
{
	begin(out, request,
	      command == PDU_CLOSE ? NT_NETWORK_NAME_DELETED : NT_INVALID_PARAMETER,
	      f->grant);
	wire_put16(pdu_buf_add(out, 9), 9);
}

/* One request of a compound, or the only one.  Returns its status; `failed` is that of
 * those before it. */
static uint32_t
answer_one(struct fake *f, const uint8_t *request, uint32_t failed, struct pdu_buf *out)
{
	uint16_t command = wire_get16(request + 12);
	bool related = wire_get32(request + 16) & PDU_RELATED;
	uint32_t status = related && failed ? failed : 0;

	if (command >= FAKE_COMMANDS)
		command = 0;
	f->count[command]++;
	if (command == PDU_SESSION_SETUP)
		return answer_setup(f, request, out);
	f->forgot = f->forgot && related;
	if (f->forgot) {
		answer_forgotten(f, request, command, out);
		return status;
	}
	if (is_expired(f, command)) {
		f->forgot = f->forgets;
		begin(out, request, NT_NETWORK_SESSION_EXPIRED, f->grant);
		wire_put16(pdu_buf_add(out, 9), 9);
		return command == PDU_CREATE ? NT_NETWORK_SESSION_EXPIRED : status;
	}
	if (command == PDU_FLUSH && f->flush_alone && wire_get32(request + 20)) {
		begin(out, request, NT_INTERNAL_ERROR, f->grant);
		wire_put16(pdu_buf_add(out, 9), 9);
		return status;
	}
	if (!status &&
	    (!f->fail_file || f->created + (command == PDU_CREATE) == f->fail_file))
		status = f->status[command];
	answer_work(f, request, command, status, out);
	return status;
}

static void
answer_all(struct fake *f, const uint8_t *pdu, struct pdu_buf *out)
{
	uint32_t status = 0;
	uint32_t next;

	do {
		size_t at = out->len;

		status = answer_one(f, pdu, status, out);
		next = wire_get32(pdu + 20);
		pdu += next;
		if (next) {
			pdu_buf_pad8(out);
			wire_put32(out->bytes + at + 20, (uint32_t)(out->len - at));
		}
	} while (next);
}

/* --- lies ------------------------------------------------------------------------- */

static void
sign_all(struct fake *f, struct pdu_buf *out)
{
	uint8_t *p = out->bytes;
	struct err e;

	for (;;) {
		uint32_t next = wire_get32(p + 20);
		size_t len = next ? next : (size_t)(out->bytes + out->len - p);

		if (crypto_sign(f->crypto, p, &(struct crypto_part){p + 64, len - 64},
				1, &e) < 0)
			abort();
		if (f->lie == FAKE_WRONG_SIGNATURE ||
		    (f->forgets && wire_get32(p + 8) == NT_INVALID_PARAMETER))
			p[50] ^= 1;
		if (!next)
			return;
		p += next;
	}
}

static void
send_bytes(const struct fake *f, const uint8_t *p, size_t len)
{
	size_t step = f->lie == FAKE_BYTEWISE ? 1 : len;

	while (len > 0) {
		ssize_t n = send(f->fd, p, step < len ? step : len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
send_pdu(struct fake *f, const uint8_t *p, size_t len)
{
	uint8_t nbss[4] = {0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

	if (f->lie == FAKE_HUGE)
		nbss[1] = 0xff;
	send_bytes(f, nbss, 4);
	send_bytes(f, p, f->lie == FAKE_CUT ? len / 2 : len);
	if (f->lie == FAKE_CUT)
		(void)shutdown(f->fd, SHUT_RDWR);
}

static void
send_sealed(struct fake *f, const uint8_t *p, size_t len)
{
	uint8_t *sealed = mem_alloc(len + CRYPTO_TRANSFORM_BYTES);
	struct err e;

	if (crypto_seal(f->crypto, &(struct crypto_part){p, len}, 1, sealed, &e) == 0)
		send_pdu(f, sealed, len + CRYPTO_TRANSFORM_BYTES);
	mem_free(sealed);
}

static void
send_unsolicited(struct fake *f, uint16_t command)
{
	uint8_t p[64 + 24] = {0xfe, 'S', 'M', 'B', 64};

	wire_put16(p + 12, command);
	wire_put32(p + 16, PDU_RESPONSE);
	memset(p + 24, 0xff, 8);
	wire_put16(p + 64, 24);
	send_pdu(f, p, sizeof(p));
}

static void
send_pending(struct fake *f, const uint8_t *answer)
{
	uint8_t p[64 + 9] = {0};

	memcpy(p, answer, 64);
	wire_put32(p + 8, NT_PENDING);
	wire_put32(p + 16, PDU_RESPONSE | PDU_ASYNC);
	wire_put32(p + 20, 0);
	wire_put64(p + 32, 99);
	wire_put16(p + 64, 9);
	send_pdu(f, p, sizeof(p));
}

/* Bend the answer before it is signed.  false: it is not to be sent at all. */
static bool
bend(struct fake *f, struct pdu_buf *out)
{
	switch (f->lie) {
	case FAKE_SILENT:
		return false;
	case FAKE_BREAKS:
		send_unsolicited(f, PDU_OPLOCK_BREAK);
		return true;
	case FAKE_NOT_A_BREAK:
		send_unsolicited(f, PDU_WRITE);
		return true;
	case FAKE_UNKNOWN_ID:
		wire_put64(out->bytes + 24, 123456);
		return true;
	case FAKE_WRONG_COMMAND:
		wire_put16(out->bytes + 12, PDU_LOGOFF);
		return true;
	case FAKE_SMB1:
		out->bytes[0] = 0xff;
		return true;
	case FAKE_BAD_COMPOUND:
		wire_put32(out->bytes + 20, 0xfff8);
		return true;
	case FAKE_PENDING_ONCE:
		send_pending(f, out->bytes);
		wire_put16(out->bytes + 14, 0);
		return true;
	case FAKE_PENDING_FOR_EVER:
		for (int i = 0; i < 100; i++)
			send_pending(f, out->bytes);
		return false;
	case FAKE_PENDING_SILENT:
		send_pending(f, out->bytes);
		return false;
	case FAKE_HONEST:
	case FAKE_UNSIGNED:
	case FAKE_WRONG_SIGNATURE:
	case FAKE_IN_CLEAR:
	case FAKE_TWICE:
	case FAKE_CUT:
	case FAKE_HUGE:
	case FAKE_WRITES_TOO_MUCH:
	case FAKE_WRITES_NOTHING:
	case FAKE_BYTEWISE:
		break;
	}
	return true;
}

static void
answer(struct fake *f, const uint8_t *pdu)
{
	struct pdu_buf out = {0};
	enum fake_lie lie = f->lie;

	if (f->honest_first > 0) {
		f->honest_first--;
		f->lie = FAKE_HONEST;
	}
	answer_all(f, pdu, &out);
	if (bend(f, &out)) {
		if (f->sign && f->lie != FAKE_UNSIGNED)
			sign_all(f, &out);
		for (int i = 0; i < (f->lie == FAKE_TWICE ? 2 : 1); i++) {
			if (f->seal && f->lie != FAKE_IN_CLEAR)
				send_sealed(f, out.bytes, out.len);
			else
				send_pdu(f, out.bytes, out.len);
		}
	}
	f->lie = lie;
	pdu_buf_done(&out);
}

/* --- the thread ------------------------------------------------------------------- */

static bool
read_all(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, p, len, 0);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* One PDU, opened; yours to free.  NULL: the client is gone. */
static uint8_t *
read_pdu(struct fake *f)
{
	uint8_t nbss[4];
	struct err e;

	if (!read_all(f->fd, nbss, 4))
		return NULL;
	size_t len = (size_t)nbss[1] << 16 | (size_t)nbss[2] << 8 | nbss[3];
	uint8_t *p = mem_alloc(len);

	if (!read_all(f->fd, p, len)) {
		mem_free(p);
		return NULL;
	}
	if (p[0] == 0xfd) {
		uint8_t *message;
		size_t message_len;

		if (crypto_open(f->crypto, p, len, &message, &message_len, &e) < 0)
			abort();
		memmove(p, message, message_len);
	}
	f->pdus++;
	f->compounds += wire_get32(p + 20) != 0;
	return p;
}

static void
serve(void *self)
{
	struct fake *f = self;
	uint8_t *held[HELD_MAX];
	unsigned n = 0;

	for (;;) {
		uint8_t *pdu = read_pdu(f);

		if (!pdu)
			break;
		if (f->no_compounds && wire_get32(pdu + 20)) {
			mem_free(pdu);
			break;
		}
		held[n++] = pdu;
		if (n < f->hold && wire_get16(pdu + 12) != PDU_LOGOFF)
			continue;
		while (n > 0) {
			answer(f, held[--n]);
			mem_free(held[n]);
		}
		if (f->hold_once)
			f->hold = 0;
	}
	while (n > 0)
		mem_free(held[--n]);
	(void)shutdown(f->fd, SHUT_RDWR);
}

/* --- start and stop --------------------------------------------------------------- */

static int
renew(void *self, struct err *e)
{
	struct smb *s = self;

	s->session.deadline_at_ms = clock_mono_ms(s->conn->clock) + 15000;
	return session_renew(&s->session, s->conn, e);
}

struct smb *
fake_start(struct fake *f, const struct clock *clock)
{
	int pair[2];
	struct err e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	if (!f->grant)
		f->grant = 64;
	f->fd = pair[1];
	f->file = mem_zero(1, FAKE_FILE_ROOM);
	f->crypto = make_crypto(true);
	if (thread_start("fake", serve, f, &f->thread, &e) < 0)
		abort();

	struct smb *s = mem_zero(1, sizeof(*s));
	struct conn *c = conn_new(pair[0], clock, NULL);

	s->conn = c;
	s->o.server = mem_dup("DSSMS");
	s->o.auth = SMB_AUTH_ANONYMOUS;
	s->session.o = &s->o;
	s->compounds = true;
	s->window_max_bytes = 16 * 1024 * 1024;
	s->write_max_bytes = 512 * 1024;
	s->read_max_bytes = 1024 * 1024;
	s->transact_max_bytes = 1024 * 1024;
	c->peer = s->o.server;
	c->renew = renew;
	c->renew_self = s;
	c->dialect = 0x0302;
	c->session_id = 7;
	c->tree_id = 3;
	c->credits.multi = true;
	c->credits.available = 64;
	c->request_ms = 60000;
	c->progress_ms = 30000;
	c->reply_max_bytes = 1024 * 1024;
	c->sign = f->sign;
	c->seal = f->seal;
	if (f->sign || f->seal) /* else it is nobody, who has no key */
		c->crypto = make_crypto(false);
	return s;
}

void
fake_stop(struct fake *f, struct smb *s)
{
	smb_free(s);
	thread_join(f->thread);
	f->thread = NULL;
	(void)close(f->fd);
	crypto_free(f->crypto);
}

void
fake_done(struct fake *f)
{
	mem_free(f->file);
}
