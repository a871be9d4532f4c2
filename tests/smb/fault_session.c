/* fault_session.c - NEGOTIATE and SESSION_SETUP, answered honestly. */
#include <string.h>

#include "base/wire.h"
#include "fault_room.h"
#include "smb/ntstatus.h"

enum { SALT_BYTES = 32 };

static uint32_t
or_default(uint32_t value, uint32_t standard)
{
	return value ? value : standard;
}

static uint8_t *
add_context(struct pdu_buf *b, uint16_t type, size_t len)
{
	pdu_buf_pad8(b);
	uint8_t *p = pdu_buf_add(b, 8 + len);

	wire_put16(p, type);
	wire_put16(p + 2, (uint16_t)len);
	return p + 8;
}

/* MS-SMB2 2.2.4.1: one algorithm of each kind. */
static void
add_contexts(const struct fault_options *o, struct pdu_buf *b)
{
	uint8_t *p = add_context(b, 1, 6 + SALT_BYTES);

	wire_put16(p, 1);
	wire_put16(p + 2, SALT_BYTES);
	wire_put16(p + 4, 1); /* SHA-512 */
	memset(p + 6, 0x5a, SALT_BYTES);
	p = add_context(b, 2, 4);
	wire_put16(p, 1);
	wire_put16(p + 2, (uint16_t)o->cipher);
	p = add_context(b, 8, 4);
	wire_put16(p, 1);
	wire_put16(p + 2, (uint16_t)o->signing);
}

static uint16_t
dialect(const struct fault_options *o)
{
	return o->dialect ? o->dialect : 0x0311;
}

uint32_t
answer_capabilities(const struct fault_options *o)
{
	uint32_t all = dialect(o) > 0x0202 ? PDU_CAP_LARGE_MTU : 0;

	if (o->cipher != CRYPTO_NO_CIPHER && dialect(o) >= 0x0300)
		all |= PDU_CAP_ENCRYPTION;
	return all;
}

uint32_t
answer_negotiate(struct peer *p, const struct request *q, struct reply *r)
{
	enum { ONE_MIB = 1024 * 1024 };
	const struct fault_options *o = &p->server->o;
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 64);
	size_t at = r->part[r->parts - 1].at;

	memset(p->preauth, 0, sizeof(p->preauth));
	crypto_preauth_add(p->preauth, &(struct crypto_part){q->bytes, q->len}, 1);
	r->hashed = true;
	r->bare = true;
	wire_put16(b, 65);
	wire_put16(b + 2, PDU_SIGNING_ENABLED);
	wire_put16(b + 4, dialect(o));
	memset(b + 8, 0x47, 16); /* ServerGuid */
	wire_put32(b + 24, answer_capabilities(o));
	wire_put32(b + 28, or_default(o->max_transact_bytes, ONE_MIB));
	wire_put32(b + 32, or_default(o->max_read_bytes, ONE_MIB));
	wire_put32(b + 36, or_default(o->max_write_bytes, ONE_MIB));
	wire_put16(b + 56, 128);
	if (dialect(o) != 0x0311)
		return NT_SUCCESS;
	wire_put16(b + 6, 3);
	pdu_buf_pad8(&r->buf);
	wire_put32(r->buf.bytes + at + 64 + 60, (uint32_t)(r->buf.len - at));
	add_contexts(o, &r->buf);
	return NT_SUCCESS;
}

static void
make_keys(struct peer *p)
{
	const struct fault_options *f = &p->server->o;
	uint8_t key[FAULT_KEY_BYTES];
	struct err e;

	fault_login_key(p->login, key);
	struct crypto_options o = {
	    .dialect = dialect(f),
	    .signing = f->signing,
	    .cipher = f->cipher,
	    .session_key = key,
	    .session_key_len = sizeof(key),
	    .preauth = dialect(f) >= 0x0311 ? p->preauth : NULL,
	    .session_id = p->session_id,
	    .as_server = true,
	};

	if (crypto_new(&o, &p->crypto, &e) < 0)
		complain(p->server, e.text);
}

/* One leg.  1, 0, -1 as fault_login_step(). */
static int
step(struct peer *p, const uint8_t *in, size_t in_len, const uint8_t **out,
     size_t *out_len)
{
	static const uint8_t nonsense[] = "a challenge for nobody";

	*out = nonsense;
	*out_len = sizeof(nonsense);
	if (p->server->o.anonymous)
		return p->legs > 1;
	if (!p->login)
		p->login = fault_login_new();
	return fault_login_step(p->login, in, in_len, out, out_len);
}

uint32_t
answer_setup(struct peer *p, const struct request *q, struct reply *r)
{
	const struct fault_options *o = &p->server->o;
	size_t at = wire_get16(q->bytes + 64 + 12),
	       len = wire_get16(q->bytes + 64 + 14);
	const uint8_t *token;
	size_t token_len;
	uint16_t flags = 0;

	if (at + len > q->len)
		return answer_error(p, q, r, NT_INVALID_PARAMETER);
	/* 3.3.5.5: a session that stands is logged on to again; its keys stay. */
	if (p->logged_on && !p->again) {
		p->again = true;
		p->legs = 0;
		fault_login_free(p->login);
		p->login = NULL;
	}
	p->legs++;
	p->session_id = 0x5e551011;
	crypto_preauth_add(p->preauth, &(struct crypto_part){q->bytes, q->len}, 1);
	r->bare = !p->logged_on;
	int rc = step(p, q->bytes + at, len, &token, &token_len);

	if (rc < 0)
		return answer_error(p, q, r, NT_LOGON_FAILURE);
	if (rc == 1) {
		p->logged_on = true;
		p->seal = o->encrypt;
		flags = o->anonymous ? PDU_SESSION_NULL
				     : (o->encrypt ? PDU_SESSION_ENCRYPT : 0);
		r->bare = o->anonymous;
		p->again = false;
		if (!o->anonymous && !p->crypto)
			make_keys(p);
	}
	r->hashed = rc == 0;
	uint32_t status = rc ? NT_SUCCESS : NT_MORE_PROCESSING_REQUIRED;
	uint8_t *b = answer_begin(p, q, r, status, 8 + token_len);

	wire_put16(b, 9);
	wire_put16(b + 2, flags);
	wire_put16(b + 4, 72);
	wire_put16(b + 6, (uint16_t)token_len);
	if (token_len)
		memcpy(b + 8, token, token_len);
	return status;
}
