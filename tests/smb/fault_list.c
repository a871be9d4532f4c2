/* fault_list.c - QUERY_DIRECTORY: FileIdBothDirectoryInformation (MS-FSCC 2.4.17), and
 * what may be wrong with it. */
#include <stdio.h>
#include <string.h>

#include "base/utf.h"
#include "base/wire.h"
#include "fault_room.h"
#include "smb/ntstatus.h"

enum {
	ENTRY_BYTES = 104,
	PAGE_ENTRIES = 500,
	NAME_MAX_BYTES = 1024,
};

struct list { /* a page while it grows */
	struct pdu_buf *buf;
	size_t begin; /* of the page in buf */
	size_t last;  /* of the entry before */
	unsigned n;
};

static void
add_raw(struct list *l, const uint8_t *name, size_t len, const struct share_file *f)
{
	while ((l->buf->len - l->begin) % 8)
		(void)pdu_buf_add(l->buf, 1);
	if (l->n++)
		wire_put32(l->buf->bytes + l->last, (uint32_t)(l->buf->len - l->last));
	l->last = l->buf->len;
	uint8_t *p = pdu_buf_add(l->buf, ENTRY_BYTES + len);

	wire_put64(p + 24, (uint64_t)f->mtime_100ns);
	wire_put64(p + 40, (uint64_t)f->size_bytes);
	wire_put64(p + 48, (uint64_t)f->size_bytes);
	wire_put32(p + 56, f->is_dir ? PDU_DIRECTORY_ATTRIBUTE : f->attributes);
	wire_put32(p + 60, (uint32_t)len);
	wire_put64(p + 96, 4711);
	memcpy(p + ENTRY_BYTES, name, len);
}

static void
add_name(struct list *l, const char *name, const struct share_file *f)
{
	uint8_t utf16[NAME_MAX_BYTES];
	ptrdiff_t len = utf_to_utf16le(name, strlen(name), utf16, sizeof(utf16));

	if (len >= 0)
		add_raw(l, utf16, (size_t)len, f);
}

/* Names that lead out of the folder or are none. */
static void
add_odd_names(struct list *l, const struct share_file *dir)
{
	static const uint8_t with_nul[] = {'s', 0, '0', 0, 0, 0, 'x', 0};
	static const uint8_t lone_surrogate[] = {'s', 0, 0x00, 0xd8, 'x', 0};
	uint8_t long_name[2 * 1000];

	add_name(l, "..\\..\\etc", dir);
	add_name(l, "../../etc", dir);
	add_name(l, "in\\side", dir);
	add_name(l, "/", dir);
	add_name(l, "", dir);
	add_raw(l, with_nul, sizeof(with_nul), dir);
	add_raw(l, lone_surrogate, sizeof(lone_surrogate), dir);
	for (size_t i = 0; i < sizeof(long_name); i += 2)
		wire_put16(long_name + i, 0x20ac); /* three bytes each in UTF-8 */
	add_raw(l, long_name, sizeof(long_name), dir);
}

static void
add_page(struct peer *p, struct handle *h, struct list *l)
{
	const struct share_file *dir = h->file;
	const struct share_file *f;

	if (!h->listed) {
		add_name(l, ".", dir);
		add_name(l, "..", dir);
	}
	h->listed = true;
	for (unsigned i = 0; i < PAGE_ENTRIES; i++) {
		f = share_entry(p->server->share, dir, h->list_at);
		if (!f)
			return;
		add_name(l, share_name(f), f);
		h->list_at++;
	}
}

/* One of the lists that never end. */
static void
add_endless(struct fault_server *s, const struct share_file *dir, struct list *l)
{
	unsigned turn = 0;
	char name[32];

	if (s->o.fault.kind == FAULT_LIST_LOOP)
		turn = s->page++ % 2;
	if (s->o.fault.kind == FAULT_LIST_ENDLESS)
		turn = s->page++;
	(void)snprintf(name, sizeof(name), "turn %u", turn);
	if (s->o.fault.kind != FAULT_LIST_NOTHING)
		for (unsigned i = 0; i < PAGE_ENTRIES; i++)
			add_name(l, name, dir);
}

uint32_t
answer_list(struct peer *p, const struct request *q, struct handle *h, struct reply *r)
{
	struct fault_server *s = p->server;
	enum fault_kind kind = s->o.fault.kind;
	bool listing = kind >= FAULT_LIST_NAMES && kind <= FAULT_LIST_ENDLESS;
	bool due = listing && fault_is_due(s, PDU_QUERY_DIRECTORY);

	if (!due && h->listed && !share_entry(s->share, h->file, h->list_at))
		return answer_error(p, q, r, NT_NO_MORE_FILES);
	(void)answer_begin(p, q, r, NT_SUCCESS, 8);
	size_t at = r->part[r->parts - 1].at;
	struct list l = {.buf = &r->buf, .begin = r->buf.len};

	if (due && kind != FAULT_LIST_NAMES)
		add_endless(s, h->file, &l);
	else
		add_page(p, h, &l);
	if (due && kind == FAULT_LIST_NAMES)
		add_odd_names(&l, h->file);
	if (s->o.max_transact_bytes &&
	    wire_get32(q->bytes + 64 + 28) > s->o.max_transact_bytes)
		complain(s, "a list is longer than the server allows");
	uint8_t *b = r->buf.bytes + at + 64;

	wire_put16(b, 9);
	wire_put16(b + 2, 72);
	wire_put32(b + 4, (uint32_t)(r->buf.len - at - 72));
	return NT_SUCCESS;
}
