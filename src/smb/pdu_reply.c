/* Responses, read without trust.  Section numbers are those of MS-SMB2. */
#include "smb/pdu.h"

#include <string.h>

#include "base/utf.h"
#include "base/wire.h"

static int
nonsense(struct err *e, const char *what)
{
	return err_set(e, ERR_ATTEMPT, 58, /* ERROR_BAD_NET_RESP */
		       "the server's %s makes no sense; what answers there is not a "
		       "working SMB server, or the line damages data",
		       what);
}

/* The fixed part of a body: is it there, and of the size that the structure has? */
static const uint8_t *
body(const struct pdu_msg *m, uint16_t structure_size, size_t fixed)
{
	if (m->all.len < PDU_HEADER_BYTES + fixed ||
	    wire_get16(m->all.bytes + PDU_HEADER_BYTES) != structure_size)
		return NULL;
	return m->all.bytes + PDU_HEADER_BYTES;
}

/* A buffer that a body points to, counted from the header.  Without length the offset
 * means nothing. */
static int
slice(const struct pdu_msg *m, size_t offset, size_t len, size_t fixed,
      struct pdu_slice *out)
{
	if (len == 0) {
		*out = (struct pdu_slice){m->all.bytes + m->all.len, 0};
		return 0;
	}
	if (offset < PDU_HEADER_BYTES + fixed || offset > m->all.len ||
	    len > m->all.len - offset)
		return -1;
	*out = (struct pdu_slice){m->all.bytes + offset, len};
	return 0;
}

int
pdu_get_msg(struct pdu_slice pdu, struct pdu_msg *out, struct pdu_slice *rest,
	    struct err *e)
{
	const uint8_t *p = pdu.bytes;

	if (pdu.len < PDU_HEADER_BYTES || memcmp(p, "\xfeSMB", 4) != 0 ||
	    wire_get16(p + 4) != PDU_HEADER_BYTES)
		return nonsense(e, "message header");
	struct pdu_header h = {
	    .credit_charge = wire_get16(p + 6),
	    .status = wire_get32(p + 8),
	    .command = wire_get16(p + 12),
	    .credits = wire_get16(p + 14),
	    .flags = wire_get32(p + 16),
	    .next = wire_get32(p + 20),
	    .message_id = wire_get64(p + 24),
	    .session_id = wire_get64(p + 40),
	};

	if (h.flags & PDU_ASYNC)
		h.async_id = wire_get64(p + 32);
	else
		h.tree_id = wire_get32(p + 36);
	if (!(h.flags & PDU_RESPONSE))
		return nonsense(e, "message, a request,");
	/* 3.2.5.1.9: each message of a compound begins at a multiple of 8 */
	if (h.next && (h.next % 8 || h.next < PDU_HEADER_BYTES ||
		       h.next > pdu.len - PDU_HEADER_BYTES))
		return nonsense(e, "compound");
	size_t len = h.next ? h.next : pdu.len;

	*out = (struct pdu_msg){.all = {p, len}, .header = h};
	*rest = (struct pdu_slice){p + len, pdu.len - len};
	return 0;
}

/* One negotiate context: data of one type, 2.2.4.1. */
static int
get_context(struct pdu_slice data, uint16_t type, struct pdu_negotiated *out)
{
	const uint8_t *p = data.bytes;

	switch (type) {
	case 1: /* pre-auth integrity: one hash */
		if (data.len < 6 || wire_get16(p) != 1 || out->has_preauth)
			return -1;
		out->has_preauth = true;
		out->hash = wire_get16(p + 4);
		return 0;
	case 2: /* encryption: one cipher, 0 for none */
		if (data.len < 4 || wire_get16(p) != 1 || out->has_cipher)
			return -1;
		out->has_cipher = true;
		out->cipher = wire_get16(p + 2);
		return 0;
	case 8: /* signing: one algorithm */
		if (data.len < 4 || wire_get16(p) != 1 || out->has_signing)
			return -1;
		out->has_signing = true;
		out->signing = wire_get16(p + 2);
		return 0;
	default:
		return 0; /* unknown ones are ignored, 3.2.5.2 */
	}
}

static int
get_contexts(const struct pdu_msg *m, size_t at, unsigned n, struct pdu_negotiated *out)
{
	for (unsigned i = 0; i < n; i++) {
		struct pdu_slice head, data;

		at += (8 - at % 8) % 8;
		if (slice(m, at, 8, 64, &head) < 0 ||
		    slice(m, at + 8, wire_get16(head.bytes + 2), 64, &data) < 0 ||
		    get_context(data, wire_get16(head.bytes), out) < 0)
			return -1;
		at += 8 + data.len;
	}
	return 0;
}

int
pdu_get_negotiated(const struct pdu_msg *m, struct pdu_negotiated *out, struct err *e)
{
	const uint8_t *p = body(m, 65, 64);
	struct pdu_negotiated n = {0};

	if (!p)
		return nonsense(e, "NEGOTIATE response");
	n.security_mode = wire_get16(p + 2);
	n.dialect = wire_get16(p + 4);
	memcpy(n.server_guid, p + 8, 16);
	n.capabilities = wire_get32(p + 24);
	n.max_transact = wire_get32(p + 28);
	n.max_read = wire_get32(p + 32);
	n.max_write = wire_get32(p + 36);
	if (slice(m, wire_get16(p + 56), wire_get16(p + 58), 64, &n.token) < 0)
		return nonsense(e, "NEGOTIATE response");
	if (n.dialect == 0x0311 &&
	    get_contexts(m, wire_get32(p + 60), wire_get16(p + 6), &n) < 0)
		return nonsense(e, "list of NEGOTIATE contexts");
	*out = n;
	return 0;
}

int
pdu_get_session(const struct pdu_msg *m, struct pdu_session *out, struct err *e)
{
	const uint8_t *p = body(m, 9, 8);
	struct pdu_session s = {0};

	if (!p || slice(m, wire_get16(p + 4), wire_get16(p + 6), 8, &s.token) < 0)
		return nonsense(e, "SESSION_SETUP response");
	s.flags = wire_get16(p + 2);
	*out = s;
	return 0;
}

int
pdu_get_tree(const struct pdu_msg *m, struct pdu_tree *out, struct err *e)
{
	const uint8_t *p = body(m, 16, 16);

	if (!p)
		return nonsense(e, "TREE_CONNECT response");
	*out = (struct pdu_tree){.type = p[2],
				 .flags = wire_get32(p + 4),
				 .capabilities = wire_get32(p + 8)};
	return 0;
}

int
pdu_get_created(const struct pdu_msg *m, struct pdu_created *out, struct err *e)
{
	const uint8_t *p = body(m, 89, 88);

	if (!p)
		return nonsense(e, "CREATE response");
	struct pdu_created c = {
	    .action = wire_get32(p + 4),
	    .mtime_100ns = (int64_t)wire_get64(p + 24),
	    .allocated_bytes = (int64_t)wire_get64(p + 40),
	    .size_bytes = (int64_t)wire_get64(p + 48),
	    .attributes = wire_get32(p + 56),
	};

	if (c.size_bytes < 0 || c.allocated_bytes < 0)
		return nonsense(e, "CREATE response");
	memcpy(c.id.bytes, p + 64, sizeof(c.id.bytes));
	*out = c;
	return 0;
}

int
pdu_get_closed(const struct pdu_msg *m, int64_t *size_bytes, struct err *e)
{
	const uint8_t *p = body(m, 60, 60);

	if (!p)
		return nonsense(e, "CLOSE response");
	if (!(wire_get16(p + 2) & PDU_POSTQUERY))
		*size_bytes = -1;
	else if (wire_get64(p + 48) > INT64_MAX)
		return nonsense(e, "CLOSE response");
	else
		*size_bytes = (int64_t)wire_get64(p + 48);
	return 0;
}

int
pdu_get_read(const struct pdu_msg *m, struct pdu_slice *data, struct err *e)
{
	const uint8_t *p = body(m, 17, 16);

	if (!p || slice(m, p[2], wire_get32(p + 4), 16, data) < 0)
		return nonsense(e, "READ response");
	return 0;
}

int
pdu_get_written(const struct pdu_msg *m, uint32_t *count, struct err *e)
{
	const uint8_t *p = body(m, 17, 16);

	if (!p)
		return nonsense(e, "WRITE response");
	*count = wire_get32(p + 4);
	return 0;
}

int
pdu_get_ioctl(const struct pdu_msg *m, struct pdu_slice *output, struct err *e)
{
	const uint8_t *p = body(m, 49, 48);

	if (!p || slice(m, wire_get32(p + 32), wire_get32(p + 36), 48, output) < 0)
		return nonsense(e, "IOCTL response");
	return 0;
}

int
pdu_get_output(const struct pdu_msg *m, struct pdu_slice *output, struct err *e)
{
	const uint8_t *p = body(m, 9, 8);

	if (!p || slice(m, wire_get16(p + 2), wire_get32(p + 4), 8, output) < 0)
		return nonsense(e, "QUERY response");
	return 0;
}

enum { ENTRY_BYTES = 104 }; /* FileIdBothDirectoryInformation, MS-FSCC 2.4.17 */

int
pdu_get_entry(struct pdu_slice *rest, struct pdu_entry *out, struct err *e)
{
	const uint8_t *p = rest->bytes;

	if (rest->len == 0)
		return 0;
	if (rest->len < ENTRY_BYTES)
		return nonsense(e, "list of a folder");
	size_t next = wire_get32(p);
	size_t len = next ? next : rest->len;
	size_t name_len = wire_get32(p + 60);

	if (len < ENTRY_BYTES || len > rest->len || name_len > len - ENTRY_BYTES)
		return nonsense(e, "list of a folder");
	ptrdiff_t n =
	    utf_from_utf16le(p + ENTRY_BYTES, name_len, out->name, sizeof(out->name));

	/* NTFS can hold names that UTF-8 cannot; a slash would lead out of the folder
	 */
	if (n <= 0 || strpbrk(out->name, "/\\"))
		out->name[0] = '\0';
	out->mtime_100ns = (int64_t)wire_get64(p + 24);
	out->size_bytes = (int64_t)wire_get64(p + 40);
	out->allocated_bytes = (int64_t)wire_get64(p + 48);
	out->attributes = wire_get32(p + 56);
	out->file_id = wire_get64(p + 96);
	if (out->size_bytes < 0 || out->allocated_bytes < 0)
		return nonsense(e, "list of a folder");
	*rest = next ? (struct pdu_slice){p + next, rest->len - next}
		     : (struct pdu_slice){p + rest->len, 0};
	return 1;
}

int
pdu_get_free_bytes(struct pdu_slice output, int64_t *free_bytes, struct err *e)
{
	int64_t bytes;

	if (output.len < 32) /* MS-FSCC 2.5.4 */
		return nonsense(e, "answer about free space");
	uint64_t units = wire_get64(output.bytes + 8);
	uint32_t sectors = wire_get32(output.bytes + 24);
	uint32_t sector_bytes = wire_get32(output.bytes + 28);

	if (units > INT64_MAX ||
	    __builtin_mul_overflow((int64_t)units, sectors, &bytes) ||
	    __builtin_mul_overflow(bytes, sector_bytes, &bytes))
		bytes = INT64_MAX; /* more than anybody will ever send */
	*free_bytes = bytes;
	return 0;
}
