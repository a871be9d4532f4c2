/* fault_wire.c - bytes in and out, and whether the client keeps to the protocol. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/wire.h"
#include "fault_room.h"

void
complain(struct fault_server *s, const char *text)
{
	if (s->seen.complaint[0] == '\0')
		str_copy_cut(s->seen.complaint, sizeof(s->seen.complaint), text);
}

/* 1: all there; 0: the client closed before the first byte; -1: in the middle */
static int
read_all(int fd, uint8_t *p, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = recv(fd, p + have, len - have, 0);

		if (n <= 0)
			return have ? -1 : 0;
		have += (size_t)n;
	}
	return 1;
}

bool
wire_send(const struct peer *p, const uint8_t *bytes, size_t len, size_t step)
{
	while (len > 0) {
		ssize_t n = send(p->fd, bytes, step < len ? step : len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

bool
wire_wait(const struct peer *p, int ms)
{
	struct pollfd fd = {.fd = p->fd, .events = POLLRDHUP};

	return poll(&fd, 1, ms) == 0;
}

/* --- does the client keep to the protocol? --------------------------------------- */

static void
check_nonce(struct peer *p, const uint8_t *nonce)
{
	for (size_t i = 0; i < p->n_nonces; i++)
		if (memcmp(p->nonces + i * NONCE_BYTES, nonce, NONCE_BYTES) == 0)
			complain(p->server, "a nonce was used twice with one key");
	p->nonces = mem_grow(p->nonces, p->n_nonces, &p->nonces_room, NONCE_BYTES);
	memcpy(p->nonces + p->n_nonces++ * NONCE_BYTES, nonce, NONCE_BYTES);
}

static void
check_signature(struct peer *p, const uint8_t *message, size_t len)
{
	struct err e;

	if (crypto_verify(p->crypto, message, len, &e) < 0)
		complain(p->server, e.text);
	else
		p->server->seen.signatures++;
}

/* MessageIds go up by the charge and credits are never overdrawn (3.2.4.1.2,
 * 3.2.4.1.3). */
static void
check_credits(struct peer *p, const uint8_t *message)
{
	uint16_t charge = wire_get16(message + 6);
	uint16_t cost = charge ? charge : 1;

	if (wire_get64(message + 24) != p->next_id)
		complain(p->server, "a MessageId is out of turn");
	p->next_id += cost;
	p->credits -= cost;
	if (p->credits < 0)
		complain(p->server, "more credits were used than were granted");
}

/* Once logged on, everything is signed or encrypted. */
static void
check_protection(struct peer *p, const uint8_t *message, size_t len)
{
	if (!p->logged_on || !p->crypto || p->sealed)
		return;
	check_signature(p, message, len);
	if (p->seal)
		complain(p->server, "a request is not encrypted");
}

static void
check_messages(struct peer *p, const uint8_t *pdu, size_t len)
{
	uint32_t next;

	do {
		if (len < PDU_HEADER_BYTES || memcmp(pdu, "\xfeSMB", 4) != 0) {
			complain(p->server, "a request is no SMB 2 message");
			return;
		}
		next = wire_get32(pdu + 20);
		if (next % 8 || next > len - PDU_HEADER_BYTES) {
			complain(p->server, "a compound is not aligned to 8 bytes");
			return;
		}
		check_credits(p, pdu);
		check_protection(p, pdu, next ? next : len);
		pdu += next;
		len -= next;
	} while (next);
}

static bool
open_sealed(struct peer *p, uint8_t *pdu, size_t *len)
{
	uint8_t *message;
	struct err e;

	if (*len < CRYPTO_TRANSFORM_BYTES || !p->crypto)
		return false;
	check_nonce(p, pdu + 20);
	if (crypto_open(p->crypto, pdu, *len, &message, len, &e) < 0) {
		complain(p->server, e.text);
		return false;
	}
	memmove(pdu, message, *len);
	p->server->seen.sealed++;
	return true;
}

uint8_t *
wire_read(struct peer *p, size_t *len)
{
	uint8_t nbss[NBSS_BYTES];
	int rc = read_all(p->fd, nbss, sizeof(nbss));

	if (rc <= 0)
		return NULL;
	*len = (size_t)nbss[1] << 16 | (size_t)nbss[2] << 8 | nbss[3];
	uint8_t *pdu = mem_alloc(*len + 1);
	bool good = read_all(p->fd, pdu, *len) == 1;

	p->sealed = false;
	if (good && pdu[0] == 0xfd) {
		p->sealed = true;
		good = open_sealed(p, pdu, len);
	}
	if (!good) {
		mem_free(pdu);
		return NULL;
	}
	check_messages(p, pdu, *len);
	return pdu;
}
