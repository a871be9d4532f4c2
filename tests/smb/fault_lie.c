/* fault_lie.c - how an answer leaves: signed, encrypted, framed - or not. */
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/wire.h"
#include "fault_room.h"
#include "smb/ntstatus.h"

enum {
	PENDING_EVERY_MS = 1,
	PENDINGS_MAX = 5000, /* then the test has failed anyway */
	ASYNC_ID = 99,
};

bool
fault_is_due(struct fault_server *s, uint16_t command)
{
	const struct fault *f = &s->o.fault;
	unsigned times = f->times == 0 ? 1 : (unsigned)f->times;

	if (f->command != FAULT_ANY && f->command != (int)command)
		return false;
	s->due++;
	if (s->due <= f->skip || (f->times >= 0 && s->due > f->skip + times))
		return false;
	s->seen.lies++;
	return true;
}

size_t
reply_part_len(const struct reply *r, unsigned i)
{
	size_t end = i + 1 < r->parts ? r->part[i + 1].at : r->buf.len;

	return end - r->part[i].at;
}

/* --- what the message says ------------------------------------------------------- */

static void
link_parts(struct reply *r)
{
	for (unsigned i = 0; i + 1 < r->parts; i++)
		wire_put32(r->buf.bytes + r->part[i].at + 20,
			   (uint32_t)reply_part_len(r, i));
}

static void
bend_field(const struct peer *p, uint8_t *message, size_t len)
{
	const struct fault_bend *b = &p->server->o.fault.bend;
	uint8_t *at = message + b->at;
	uint8_t before[4];

	if ((size_t)b->at + b->width > len)
		return;
	memcpy(before, at, b->width);
	if (b->width == 2)
		wire_put16(at, (uint16_t)(b->value + (b->add ? wire_get16(at) : 0)));
	else
		wire_put32(at, b->value + (b->add ? wire_get32(at) : 0));
	p->server->seen.bent += memcmp(before, at, b->width) != 0;
}

static void
bend(const struct peer *p, struct reply *r)
{
	const struct fault *f = &p->server->o.fault;
	uint8_t *message = r->buf.bytes + r->part[r->lying].at;

	if (f->kind == FAULT_BEND)
		bend_field(p, message, reply_part_len(r, r->lying));
	else if (f->kind == FAULT_UNKNOWN_ID)
		wire_put64(message + 24, 0x123456789);
	else if (f->kind == FAULT_SMB1)
		message[0] = 0xff;
	else if (f->kind == FAULT_GARBAGE)
		memset(r->buf.bytes, 0xa5, r->buf.len);
}

/* --- how it is sealed and signed ------------------------------------------------- */

static enum fault_kind
lie_of(const struct peer *p, const struct reply *r)
{
	return r->lies ? p->server->o.fault.kind : FAULT_NONE;
}

static bool
send_frame(const struct peer *p, const uint8_t *bytes, size_t len, enum fault_kind lie)
{
	uint32_t value = p->server->o.fault.value;
	uint32_t word = lie == FAULT_NBSS ? value : (uint32_t)len;
	uint8_t nbss[NBSS_BYTES] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16),
				    (uint8_t)(word >> 8), (uint8_t)word};
	size_t step = lie == FAULT_BYTEWISE ? 1 : SIZE_MAX;

	if (lie == FAULT_CUT)
		len = value < len ? value : len;
	return wire_send(p, nbss, sizeof(nbss), step) &&
	       wire_send(p, bytes, len, step) && lie != FAULT_CUT;
}

static bool
send_sealed(struct peer *p, const uint8_t *bytes, size_t len, enum fault_kind lie)
{
	uint8_t *sealed = mem_alloc(len + CRYPTO_TRANSFORM_BYTES);
	struct err e;
	bool good = crypto_seal(p->crypto, &(struct crypto_part){bytes, len}, 1, sealed,
				&e) == 0;

	len += CRYPTO_TRANSFORM_BYTES;
	if (lie == FAULT_WRONG_SIGNATURE)
		sealed[4] ^= 1;
	if (lie == FAULT_CHANGED)
		sealed[len - 1] ^= 1;
	if (lie == FAULT_BEND_LATER)
		bend_field(p, sealed, len);
	good = good && send_frame(p, sealed, len, lie);
	if (good && lie == FAULT_TWICE)
		good = send_frame(p, sealed, len, lie);
	mem_free(sealed);
	return good;
}

static void
sign_one(struct peer *p, uint8_t *message, size_t len, enum fault_kind lie)
{
	struct crypto_part rest = {message + 64, len - 64};
	struct err e;

	if (lie != FAULT_UNSIGNED && crypto_sign(p->crypto, message, &rest, 1, &e) < 0)
		complain(p->server, e.text);
	if (lie == FAULT_WRONG_SIGNATURE)
		message[48] ^= 1;
	if (lie == FAULT_CHANGED)
		message[len - 1] ^= 1;
	if (lie == FAULT_BEND_LATER)
		bend_field(p, message, len);
}

/* Each message of bytes[]; `lying` is the one that the fault is about. */
static void
sign_all(struct peer *p, uint8_t *bytes, size_t len, const uint8_t *lying,
	 enum fault_kind lie)
{
	/* what is left may be too short when the lie is about NextCommand */
	while (len >= 64) {
		uint32_t next = wire_get32(bytes + 20);
		size_t one = next >= 64 && next < len ? next : len;

		sign_one(p, bytes, one, bytes == lying ? lie : FAULT_NONE);
		bytes += one;
		len -= one;
	}
}

/* One PDU of r: the messages in bytes[]. */
static bool
send_pdu(struct peer *p, struct reply *r, uint8_t *bytes, size_t len)
{
	enum fault_kind lie = lie_of(p, r);

	if (p->sealed && lie != FAULT_IN_CLEAR && lie != FAULT_GARBAGE)
		return send_sealed(p, bytes, len, lie);
	if (p->crypto && !r->bare && lie != FAULT_GARBAGE)
		sign_all(p, bytes, len, r->buf.bytes + r->part[r->lying].at, lie);
	return send_frame(p, bytes, len, lie) &&
	       (lie != FAULT_TWICE || send_frame(p, bytes, len, lie));
}

static bool
send_apart(struct peer *p, struct reply *r)
{
	for (unsigned i = 0; i < r->parts; i++) {
		uint8_t *message = r->buf.bytes + r->part[i].at;

		wire_put32(message + 20, 0);
		if (!send_pdu(p, r, message, reply_part_len(r, i)))
			return false;
	}
	return true;
}

/* --- what comes before it, or instead -------------------------------------------- */

/* Without signature, as 3.3.4.1.1 says for both kinds. */
static bool
send_extra(struct peer *p, uint8_t *bytes, size_t len)
{
	return p->sealed ? send_sealed(p, bytes, len, FAULT_NONE)
			 : send_frame(p, bytes, len, FAULT_NONE);
}

static bool
send_unsolicited(struct peer *p, enum fault_kind lie)
{
	uint8_t m[PDU_HEADER_BYTES + 44] = {0xfe, 'S', 'M', 'B', 64};
	/* 2.2.23.1 and 2.2.23.2 */
	uint16_t len = lie == FAULT_LEASE_BREAK ? 44 : 24;
	uint16_t command = lie == FAULT_NOT_A_BREAK ? PDU_WRITE : PDU_OPLOCK_BREAK;

	wire_put16(m + 12, command);
	wire_put32(m + 16, PDU_RESPONSE);
	memset(m + 24, 0xff, 8);
	wire_put16(m + 64, len);
	memset(m + 72, 0x77, 16); /* a handle or lease of nobody */
	return send_extra(p, m, PDU_HEADER_BYTES + (size_t)len);
}

static bool
send_pending(struct peer *p, const struct reply *r)
{
	uint8_t m[PDU_HEADER_BYTES + 9] = {0};

	memcpy(m, r->buf.bytes + r->part[r->lying].at, PDU_HEADER_BYTES);
	wire_put32(m + 8, NT_PENDING);
	wire_put16(m + 14, 0);
	wire_put32(m + 16, PDU_RESPONSE | PDU_ASYNC);
	wire_put32(m + 20, 0);
	wire_put64(m + 32, ASYNC_ID);
	wire_put16(m + 64, 9);
	return send_extra(p, m, sizeof(m));
}

static bool
send_pendings(struct peer *p, const struct reply *r)
{
	for (unsigned i = 0; i < PENDINGS_MAX; i++)
		if (!send_pending(p, r) || !wire_wait(p, PENDING_EVERY_MS))
			return false;
	return false;
}

/* Does the answer itself go out?  1: yes; 0: no; -1: the connection is over. */
static int
before(struct peer *p, const struct reply *r)
{
	enum fault_kind lie = lie_of(p, r);

	switch ((int)lie) {
	case FAULT_CLOSE:
		return -1;
	case FAULT_SILENT:
		return 0;
	case FAULT_LATE:
		(void)wire_wait(p, (int)p->server->o.fault.value);
		return 1;
	case FAULT_PENDING_ONCE:
		return send_pending(p, r) ? 1 : -1;
	case FAULT_PENDING_THEN_SILENT:
		return send_pending(p, r) ? 0 : -1;
	case FAULT_PENDING_FOR_EVER:
		return send_pendings(p, r) ? 0 : -1;
	case FAULT_OPLOCK_BREAK:
	case FAULT_LEASE_BREAK:
	case FAULT_NOT_A_BREAK:
		return send_unsolicited(p, lie) ? 1 : -1;
	default:
		return 1;
	}
}

/* Those that are made while the request is worked on. */
static bool
is_of_the_answer(enum fault_kind kind)
{
	return kind == FAULT_STATUS || kind == FAULT_LOSES || kind == FAULT_REVERSED ||
	       kind == FAULT_REFUSE_COMPOUND ||
	       (kind >= FAULT_LIST_NAMES && kind <= FAULT_LIST_ENDLESS);
}

static void
choose(struct peer *p, struct reply *r)
{
	struct fault_server *s = p->server;

	for (unsigned i = 0; i < r->parts; i++)
		if (!r->lies && s->o.fault.kind != FAULT_NONE &&
		    !is_of_the_answer(s->o.fault.kind) &&
		    fault_is_due(s, r->part[i].command)) {
			r->lies = true;
			r->lying = i;
		}
}

bool
send_reply(struct peer *p, struct reply *r)
{
	choose(p, r);
	if (lie_of(p, r) == FAULT_PART_MISSING)
		r->buf.len = r->part[--r->parts].at;
	link_parts(r);
	if (r->lies)
		bend(p, r);
	if (r->hashed)
		crypto_preauth_add(p->preauth,
				   &(struct crypto_part){r->buf.bytes, r->buf.len}, 1);
	int rc = before(p, r);

	if (rc <= 0 || r->parts == 0)
		return rc >= 0;
	if (lie_of(p, r) == FAULT_APART)
		return send_apart(p, r);
	return send_pdu(p, r, r->buf.bytes, r->buf.len);
}
