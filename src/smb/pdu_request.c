/* Requests, written byte by byte.  Section numbers are those of MS-SMB2. */
#include "smb/pdu.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "base/wire.h"
#include "smb/crypto.h"

enum {
	BUF_FIRST_BYTES = 512,  /* holds CREATE+SET_INFO+CLOSE with a usual name */
	NAME_MAX_BYTES = 65534, /* of UTF-16: the length fields have 16 bits */
};

const struct pdu_file_id pdu_file_id_related = {
    {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};

void
pdu_buf_done(struct pdu_buf *b)
{
	mem_free(b->bytes);
	*b = (struct pdu_buf){0};
}

uint8_t *
pdu_buf_add(struct pdu_buf *b, size_t len)
{
	if (b->room - b->len < len) {
		size_t room = b->room ? b->room : BUF_FIRST_BYTES;

		while (room - b->len < len)
			room *= 2;
		b->bytes = mem_resize(b->bytes, room, 1);
		b->room = room;
	}
	uint8_t *at = b->bytes + b->len;

	memset(at, 0, len);
	b->len += len;
	return at;
}

void
pdu_buf_pad8(struct pdu_buf *b)
{
	if (b->len % 8)
		(void)pdu_buf_add(b, 8 - b->len % 8);
}

/* A header and `len` zero bytes of body; returns the body. */
static uint8_t *
begin(struct pdu_buf *b, enum pdu_command command, uint16_t structure_size, size_t len)
{
	uint8_t *p = pdu_buf_add(b, PDU_HEADER_BYTES + len);

	wire_put32(p, 0x424d53fe); /* 0xFE "SMB" */
	wire_put16(p + 4, PDU_HEADER_BYTES);
	wire_put16(p + 12, (uint16_t)command);
	wire_put16(p + PDU_HEADER_BYTES, structure_size);
	return p + PDU_HEADER_BYTES;
}

static void
put_id(uint8_t *p, const struct pdu_file_id *id)
{
	memcpy(p, id->bytes, sizeof(id->bytes));
}

/* Append a name as UTF-16LE.  Returns its length, or -1. */
static ptrdiff_t
add_utf16(struct pdu_buf *b, const char *text, size_t text_len)
{
	size_t room = 2 * text_len; /* UTF-16 never takes more than twice the UTF-8 */
	uint8_t *at = pdu_buf_add(b, room);
	ptrdiff_t len = utf_to_utf16le(text, text_len, at, room);

	b->len -= room - (size_t)(len < 0 ? 0 : len);
	return len > NAME_MAX_BYTES ? -1 : len;
}

/* A path relative to the share: no slash in front or behind, backslashes within. */
static ptrdiff_t
add_path(struct pdu_buf *b, const char *path, struct err *e)
{
	const char *first = path + strspn(path, "/\\");
	size_t len = strlen(first);

	while (len > 0 && (first[len - 1] == '/' || first[len - 1] == '\\'))
		len--;
	size_t at = b->len;
	ptrdiff_t bytes = add_utf16(b, first, len);

	if (bytes < 0)
		return err_set(e, ERR_REQUEST, 123,
			       "%s: the name cannot be said in UTF-16 or is too long",
			       path);
	for (uint8_t *p = b->bytes + at; p < b->bytes + b->len; p += 2)
		if (p[0] == '/' && p[1] == 0)
			p[0] = '\\';
	return bytes;
}

/* --- connection and session ------------------------------------------------------- */

static uint8_t *
add_context(struct pdu_buf *b, uint16_t type, size_t len)
{
	pdu_buf_pad8(b);
	uint8_t *p = pdu_buf_add(b, 8 + len);

	wire_put16(p, type);
	wire_put16(p + 2, (uint16_t)len);
	return p + 8;
}

/* 2.2.3.1: what can be agreed in 3.1.1, best first. */
static void
add_contexts(struct pdu_buf *b, const struct pdu_negotiate *n)
{
	static const uint16_t ciphers[] = {CRYPTO_AES128_GCM, CRYPTO_AES256_GCM,
					   CRYPTO_AES128_CCM, CRYPTO_AES256_CCM};
	static const uint16_t signings[] = {CRYPTO_AES_GMAC, CRYPTO_AES_CMAC,
					    CRYPTO_HMAC_SHA256};
	uint8_t *p = add_context(b, 1, 6 + sizeof(n->salt)); /* pre-auth integrity */

	wire_put16(p, 1); /* one algorithm: */
	wire_put16(p + 2, sizeof(n->salt));
	wire_put16(p + 4, 1); /* SHA-512 */
	memcpy(p + 6, n->salt, sizeof(n->salt));

	p = add_context(b, 2, 2 + sizeof(ciphers)); /* encryption */
	wire_put16(p, COUNT(ciphers));
	for (size_t i = 0; i < COUNT(ciphers); i++)
		wire_put16(p + 2 + 2 * i, ciphers[i]);

	p = add_context(b, 8, 2 + sizeof(signings)); /* signing */
	wire_put16(p, COUNT(signings));
	for (size_t i = 0; i < COUNT(signings); i++)
		wire_put16(p + 2 + 2 * i, signings[i]);

	size_t at = b->len + (8 - b->len % 8) % 8;

	(void)add_context(b, 5, 0); /* netname: length known below */
	ptrdiff_t len = add_utf16(b, n->server, strlen(n->server));

	wire_put16(b->bytes + at + 2, (uint16_t)(len < 0 ? 0 : len));
}

void
pdu_put_negotiate(struct pdu_buf *b, const struct pdu_negotiate *n)
{
	size_t at = b->len;
	uint8_t *p = begin(b, PDU_NEGOTIATE, 36, 36);
	bool contexts = false;

	wire_put16(p + 2, (uint16_t)n->n_dialects);
	wire_put16(p + 4, n->security_mode);
	wire_put32(p + 8, n->capabilities);
	memcpy(p + 12, n->client_guid, 16);
	for (unsigned i = 0; i < n->n_dialects; i++) {
		wire_put16(pdu_buf_add(b, 2), n->dialects[i]);
		contexts = contexts || n->dialects[i] == 0x0311;
	}
	if (!contexts)
		return;
	pdu_buf_pad8(b);
	p = b->bytes + at + PDU_HEADER_BYTES;
	wire_put32(p + 28, (uint32_t)(b->len - at));
	wire_put16(p + 32, 4);
	add_contexts(b, n);
}

int
pdu_put_session_setup(struct pdu_buf *b, uint8_t security_mode, const uint8_t *token,
		      size_t len, struct err *e)
{
	if (len > UINT16_MAX)
		return err_set(e, ERR_ADDRESS, 122, /* ERROR_INSUFFICIENT_BUFFER */
			       "the ticket takes %zu bytes and SMB carries %u: the "
			       "account is in too many groups",
			       len, (unsigned)UINT16_MAX);
	uint8_t *p = begin(b, PDU_SESSION_SETUP, 25, 24 + len);

	p[3] = security_mode;
	wire_put16(p + 12, PDU_HEADER_BYTES + 24);
	wire_put16(p + 14, (uint16_t)len);
	if (len)
		memcpy(p + 24, token, len);
	return 0;
}

int
pdu_put_tree_connect(struct pdu_buf *b, const char *unc, struct err *e)
{
	size_t at = b->len;

	(void)begin(b, PDU_TREE_CONNECT, 9, 8);
	ptrdiff_t len = add_utf16(b, unc, strlen(unc));

	if (len < 0)
		return err_set(e, ERR_ADDRESS, 67,
			       "%s: the name cannot be said in UTF-16", unc);
	uint8_t *p = b->bytes + at + PDU_HEADER_BYTES;

	wire_put16(p + 4, PDU_HEADER_BYTES + 8);
	wire_put16(p + 6, (uint16_t)len);
	return 0;
}

void
pdu_put_simple(struct pdu_buf *b, enum pdu_command command)
{
	(void)begin(b, command, 4, 4);
}

/* --- files ------------------------------------------------------------------------ */

int
pdu_put_create(struct pdu_buf *b, const struct pdu_create *c, struct err *e)
{
	size_t at = b->len;
	uint8_t *p = begin(b, PDU_CREATE, 57, 56);

	wire_put32(p + 4, 2); /* Impersonation */
	wire_put32(p + 24, c->access);
	wire_put32(p + 28, c->attributes);
	wire_put32(p + 32, c->share);
	wire_put32(p + 36, c->disposition);
	wire_put32(p + 40, c->options);
	ptrdiff_t len = add_path(b, c->path, e);

	if (len < 0)
		return -1;
	if (len == 0)
		(void)pdu_buf_add(b, 2); /* the buffer must not be empty, 2.2.13 */
	p = b->bytes + at + PDU_HEADER_BYTES;
	wire_put16(p + 44, PDU_HEADER_BYTES + 56);
	wire_put16(p + 46, (uint16_t)len);
	return 0;
}

void
pdu_put_close(struct pdu_buf *b, const struct pdu_file_id *id)
{
	put_id(begin(b, PDU_CLOSE, 24, 24) + 8, id);
}

void
pdu_put_close_asking(struct pdu_buf *b, const struct pdu_file_id *id)
{
	uint8_t *p = begin(b, PDU_CLOSE, 24, 24);

	wire_put16(p + 2, PDU_POSTQUERY);
	put_id(p + 8, id);
}

void
pdu_put_flush(struct pdu_buf *b, const struct pdu_file_id *id)
{
	put_id(begin(b, PDU_FLUSH, 24, 24) + 8, id);
}

void
pdu_put_read(struct pdu_buf *b, const struct pdu_file_id *id, int64_t offset,
	     uint32_t len)
{
	uint8_t *p = begin(b, PDU_READ, 49, 49); /* its buffer has one byte at least */

	p[2] = PDU_READ_REPLY_BYTES; /* where the data is to lie in the response */
	wire_put32(p + 4, len);
	wire_put64(p + 8, (uint64_t)offset);
	put_id(p + 16, id);
}

void
pdu_put_write(struct pdu_buf *b, const struct pdu_file_id *id, int64_t offset,
	      uint32_t len)
{
	uint8_t *body = begin(b, PDU_WRITE, 49, PDU_WRITE_BYTES - PDU_HEADER_BYTES);

	wire_put16(body + 2, PDU_WRITE_BYTES);
	wire_put32(body + 4, len);
	wire_put64(body + 8, (uint64_t)offset);
	put_id(body + 16, id);
}

void
pdu_set_write_len(uint8_t *request, uint32_t len)
{
	wire_put32(request + PDU_HEADER_BYTES + 4, len);
}

void
pdu_put_ioctl(struct pdu_buf *b, const struct pdu_ioctl *i)
{
	uint8_t *p = begin(b, PDU_IOCTL, 57, 56 + i->input_len);

	wire_put32(p + 4, i->code);
	put_id(p + 8, &i->id);
	wire_put32(p + 24, PDU_HEADER_BYTES + 56);
	wire_put32(p + 28, i->input_len);
	wire_put32(p + 44, i->max_output);
	wire_put32(p + 48, 1); /* SMB2_0_IOCTL_IS_FSCTL */
	if (i->input_len)
		memcpy(p + 56, i->input, i->input_len);
}

void
pdu_put_query_directory(struct pdu_buf *b, const struct pdu_file_id *id,
			uint32_t max_bytes, bool restart)
{
	uint8_t *p = begin(b, PDU_QUERY_DIRECTORY, 33, 34);

	p[2] = PDU_FILE_ID_BOTH_DIRECTORY;
	p[3] = restart ? 1 : 0; /* SMB2_RESTART_SCANS */
	put_id(p + 8, id);
	wire_put16(p + 24, PDU_HEADER_BYTES + 32);
	wire_put16(p + 26, 2);
	wire_put32(p + 28, max_bytes);
	p[32] = '*';
}

void
pdu_put_query_info(struct pdu_buf *b, const struct pdu_query *q)
{
	uint8_t *p = begin(b, PDU_QUERY_INFO, 41, 41);

	p[2] = q->type;
	p[3] = q->info_class;
	wire_put32(p + 4, q->max_bytes);
	put_id(p + 24, &q->id);
}

struct set_info {
	struct pdu_file_id id;
	uint8_t info_class;
	const uint8_t *data;
	size_t len;
};

static void
put_set_info(struct pdu_buf *b, const struct set_info *s)
{
	uint8_t *p = begin(b, PDU_SET_INFO, 33, 32 + s->len);

	p[2] = PDU_INFO_FILE;
	p[3] = s->info_class;
	wire_put32(p + 4, (uint32_t)s->len);
	wire_put16(p + 8, PDU_HEADER_BYTES + 32);
	put_id(p + 16, &s->id);
	memcpy(p + 32, s->data, s->len);
}

void
pdu_put_set_mtime(struct pdu_buf *b, const struct pdu_file_id *id, int64_t mtime_100ns)
{
	uint8_t data[40] = {0}; /* MS-FSCC 2.4.7; zero: leave that time alone */

	wire_put64(data + 16, (uint64_t)mtime_100ns);
	put_set_info(b, &(struct set_info){.id = *id,
					   .info_class = PDU_FILE_BASIC,
					   .data = data,
					   .len = sizeof(data)});
}

void
pdu_put_set_size(struct pdu_buf *b, const struct pdu_file_id *id, int64_t size_bytes)
{
	uint8_t data[8]; /* MS-FSCC 2.4.13 */

	wire_put64(data, (uint64_t)size_bytes);
	put_set_info(b, &(struct set_info){.id = *id,
					   .info_class = PDU_FILE_END_OF_FILE,
					   .data = data,
					   .len = sizeof(data)});
}

int
pdu_put_rename(struct pdu_buf *b, const struct pdu_file_id *id, const char *to,
	       bool replace, struct err *e)
{
	static const uint8_t fixed[20] = {0}; /* MS-FSCC 2.4.37.2, before the name */
	size_t at = b->len;

	put_set_info(b, &(struct set_info){.id = *id,
					   .info_class = PDU_FILE_RENAME,
					   .data = fixed,
					   .len = sizeof(fixed)});
	ptrdiff_t len = add_path(b, to, e);

	if (len < 0)
		return -1;
	if (len < 4) /* Windows refuses buffers below 24 bytes */
		(void)pdu_buf_add(b, 4 - (size_t)len);
	uint8_t *p = b->bytes + at + PDU_HEADER_BYTES;

	p[32] = replace ? 1 : 0;
	wire_put32(p + 32 + 16, (uint32_t)len);
	wire_put32(p + 4, (uint32_t)(b->len - at - PDU_HEADER_BYTES - 32));
	return 0;
}

void
pdu_put_delete(struct pdu_buf *b, const struct pdu_file_id *id)
{
	static const uint8_t yes[1] = {1}; /* MS-FSCC 2.4.11 */

	put_set_info(b, &(struct set_info){.id = *id,
					   .info_class = PDU_FILE_DISPOSITION,
					   .data = yes,
					   .len = sizeof(yes)});
}

/* --- on the way out --------------------------------------------------------------- */

void
pdu_set_file_id(uint8_t *request, enum pdu_command command,
		const struct pdu_file_id *id)
{
	/* where the FileId lies in the body; 0: nowhere */
	static const uint8_t at[] = {
	    [PDU_CLOSE] = 8,       [PDU_FLUSH] = 8,     [PDU_READ] = 16,
	    [PDU_WRITE] = 16,      [PDU_IOCTL] = 8,     [PDU_QUERY_DIRECTORY] = 8,
	    [PDU_QUERY_INFO] = 24, [PDU_SET_INFO] = 16, [PDU_OPLOCK_BREAK] = 0};

	if (at[command])
		put_id(request + PDU_HEADER_BYTES + at[command], id);
}

void
pdu_stamp(uint8_t *request, const struct pdu_stamp *s)
{
	wire_put16(request + 6, s->credit_charge);
	wire_put16(request + 14, s->credit_request);
	wire_put32(request + 16, s->related ? PDU_RELATED : 0);
	wire_put32(request + 20, s->next);
	wire_put64(request + 24, s->message_id);
	wire_put32(request + 36, s->tree_id);
	wire_put64(request + 40, s->session_id);
	memset(request + 48, 0, 16); /* signature */
}
