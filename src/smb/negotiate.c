/* negotiate.c - which SMB, which ciphers (MS-SMB2 3.2.4.2.2, 3.2.5.2), and the proof
 * that nobody on the way changed the answer (3.2.5.5). */
#include <string.h>

#include "base/digest.h"
#include "base/wire.h"
#include "smb/blame.h"
#include "smb/ntstatus.h"
#include "smb/session.h"

static const uint16_t dialects[] = {SMB_DIALECT_202, SMB_DIALECT_210, SMB_DIALECT_300,
				    SMB_DIALECT_302, SMB_DIALECT_311};

enum { HASH_SHA512 = 1 };

static uint16_t
dialect_max(const struct smb_options *o)
{
	return o->dialect_max ? (uint16_t)o->dialect_max : SMB_DIALECT_311;
}

static void
make_offer(struct session *s)
{
	const struct smb_options *o = s->o;
	struct pdu_negotiate *n = &s->offer;

	*n = (struct pdu_negotiate){.server = o->server};
	for (size_t i = 0; i < COUNT(dialects); i++)
		if (dialects[i] >= (uint16_t)o->dialect_min &&
		    dialects[i] <= dialect_max(o))
			n->dialects[n->n_dialects++] = dialects[i];
	n->security_mode = PDU_SIGNING_ENABLED;
	if (o->signing == SMB_REQUIRED)
		n->security_mode |= PDU_SIGNING_REQUIRED;
	n->capabilities = PDU_CAP_LARGE_MTU;
	if (dialect_max(o) >= SMB_DIALECT_300)
		n->capabilities |= PDU_CAP_ENCRYPTION;
	digest_random(n->client_guid, sizeof(n->client_guid));
	digest_random(n->salt, sizeof(n->salt));
}

static void
on_leaving(struct op *op)
{
	struct session_call *call = op->self;
	struct session *s = call->self;

	crypto_preauth_add(s->preauth, &(struct crypto_part){op->head, op->head_len},
			   1);
}

static int
on_negotiated(void *self, const struct pdu_msg *m, struct err *e)
{
	struct session *s = self;

	if (!status_is_ok(m->header.status))
		return 0; /* an error response has another body */
	crypto_preauth_add(s->preauth, &(struct crypto_part){m->all.bytes, m->all.len},
			   1);
	return pdu_get_negotiated(m, &s->agreed, e);
}

static bool
was_offered(const struct session *s, uint16_t dialect)
{
	for (unsigned i = 0; i < s->offer.n_dialects; i++)
		if (s->offer.dialects[i] == dialect)
			return true;
	return false;
}

/* 3.1.1 says in contexts what was agreed; before, it follows from the dialect. */
static int
take_algorithms(struct session *s, struct err *e)
{
	const struct pdu_negotiated *n = &s->agreed;

	s->cipher = CRYPTO_NO_CIPHER;
	s->signing =
	    n->dialect >= SMB_DIALECT_300 ? CRYPTO_AES_CMAC : CRYPTO_HMAC_SHA256;
	if (n->dialect < SMB_DIALECT_311) {
		if (n->dialect >= SMB_DIALECT_300 &&
		    n->capabilities & PDU_CAP_ENCRYPTION)
			s->cipher = CRYPTO_AES128_CCM;
		return 0;
	}
	if (!n->has_preauth || n->hash != HASH_SHA512 ||
	    n->cipher > CRYPTO_AES256_GCM || n->signing > CRYPTO_AES_GMAC)
		return err_set(e, ERR_ADDRESS, 58,
			       "%s: the server chose an algorithm that was not offered",
			       s->o->server);
	if (n->has_cipher)
		s->cipher = (enum crypto_cipher)n->cipher;
	if (n->has_signing)
		s->signing = (enum crypto_signing)n->signing;
	return 0;
}

static int
check(const struct session *s, struct err *e)
{
	const struct pdu_negotiated *n = &s->agreed;

	if (n->dialect == 0x02ff || !was_offered(s, n->dialect))
		return err_set(e, ERR_ADDRESS, 58,
			       "%s: the server chose SMB version %04x, which was not "
			       "offered",
			       s->o->server, n->dialect);
	if (n->max_write == 0 || n->max_read == 0 || n->max_transact == 0)
		return err_set(e, ERR_ADDRESS, 58,
			       "%s: the server allows reads or writes of 0 bytes only",
			       s->o->server);
	return 0;
}

static int
check_encryption(const struct session *s, struct err *e)
{
	if (s->o->encrypt == SMB_REQUIRED && s->cipher == CRYPTO_NO_CIPHER)
		return err_set(
		    e, ERR_ADDRESS, 50,
		    "%s: encryption is required, but the server has none (it "
		    "needs SMB 3 and encryption switched on)",
		    s->o->server);
	return 0;
}

int
session_negotiate(struct session *s, struct conn *c, struct err *e)
{
	struct session_call call = {.command = PDU_NEGOTIATE,
				    .bare = true,
				    .leaving = on_leaving,
				    .reply = on_negotiated,
				    .self = s};

	make_offer(s);
	if (s->offer.n_dialects == 0)
		return err_set(
		    e, ERR_INPUT, 87,
		    "%s: no SMB version lies between the lowest and the highest "
		    "that are allowed",
		    s->o->server);
	pdu_put_negotiate(&call.buf, &s->offer);
	if (session_call(c, &call, e) < 0)
		return -1;
	if (!status_is_ok(call.status)) {
		if (call.status == NT_NOT_SUPPORTED)
			return err_set(
			    e, ERR_ADDRESS, 50,
			    "%s: the server and this address have no version of "
			    "SMB in common; look at dialect_min and dialect_max "
			    "and at the server's protocol settings",
			    s->o->server);
		return blame_set(e, BLAME_NEGOTIATE, call.status, "%s", s->o->server);
	}
	if (check(s, e) < 0 || take_algorithms(s, e) < 0 || check_encryption(s, e) < 0)
		return -1;
	c->dialect = s->agreed.dialect;
	c->credits.multi = s->agreed.dialect >= SMB_DIALECT_210 &&
			   s->agreed.capabilities & PDU_CAP_LARGE_MTU;
	return 0;
}

/* --- 3.2.5.5: was the negotiation the server's own? ------------------------------- */

static int
on_validated(void *self, const struct pdu_msg *m, struct err *e)
{
	const struct session *s = self;
	const struct pdu_negotiated *n = &s->agreed;
	struct pdu_slice out;

	if (!status_is_ok(m->header.status))
		return 0;
	if (pdu_get_ioctl(m, &out, e) < 0)
		return -1;
	if (out.len < 24 || wire_get32(out.bytes) != n->capabilities ||
	    memcmp(out.bytes + 4, n->server_guid, sizeof(n->server_guid)) != 0 ||
	    wire_get16(out.bytes + 20) != n->security_mode ||
	    wire_get16(out.bytes + 22) != n->dialect)
		return err_set(e, ERR_ADDRESS, 1265, /* ERROR_DOWNGRADE_DETECTED */
			       "somebody on the way changed what was negotiated (the "
			       "server confirms other values)");
	return 0;
}

int
session_validate(struct session *s, struct conn *c, struct err *e)
{
	uint8_t in[24 + 2 * COUNT(dialects)] = {0};
	const struct pdu_negotiate *n = &s->offer;
	struct session_call call = {
	    .command = PDU_IOCTL, .reply = on_validated, .self = s};

	/* 3.1.1 has the pre-auth hash instead; without a key nothing proves anything.
	 */
	if (s->agreed.dialect >= SMB_DIALECT_311 || !c->sign ||
	    dialect_max(s->o) < SMB_DIALECT_300)
		return 0;
	wire_put32(in, n->capabilities);
	memcpy(in + 4, n->client_guid, sizeof(n->client_guid));
	wire_put16(in + 20, n->security_mode);
	wire_put16(in + 22, (uint16_t)n->n_dialects);
	for (size_t i = 0; i < n->n_dialects && i < COUNT(dialects); i++)
		wire_put16(in + 24 + 2 * i, n->dialects[i]);
	pdu_put_ioctl(&call.buf,
		      &(struct pdu_ioctl){.code = PDU_FSCTL_VALIDATE_NEGOTIATE,
					  .id = pdu_file_id_related,
					  .input = in,
					  .input_len = 24 + 2 * n->n_dialects,
					  .max_output = 24});
	if (session_call(c, &call, e) < 0)
		return -1;
	/* A server of before 3.0 does not know the question; that it says so is signed.
	 */
	if (status_is_ok(call.status) || s->agreed.dialect < SMB_DIALECT_300)
		return 0;
	return blame_set(e, BLAME_NEGOTIATE, call.status,
			 "%s: confirming what was negotiated", s->o->server);
}
