/* fault_answer.c - requests about files, answered honestly (MS-SMB2 3.3.5). */
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "base/wire.h"
#include "fault_room.h"
#include "smb/ntstatus.h"

enum { PATH_ROOM = 4096, TREE_ID = 5, FS_SECTOR_BYTES = 512 };

/* FileIds are full of '/' and far from each other: a wrong one meets no other file. */
#define ID_PATTERN UINT64_C(0x002f002f002f002f)
#define ID_STEP    UINT64_C(0x9e3779b97f4a7c15)

uint8_t *
answer_begin(struct peer *p, const struct request *q, struct reply *r, uint32_t status,
	     size_t len)
{
	uint32_t most = p->server->o.credits ? p->server->o.credits : 256;
	uint16_t ask = wire_get16(q->bytes + 14);

	if (r->parts)
		pdu_buf_pad8(&r->buf);
	r->part[r->parts].at = r->buf.len;
	r->part[r->parts++].command = q->command;
	uint8_t *h = pdu_buf_add(&r->buf, PDU_HEADER_BYTES + len);

	if (p->credits >= most)
		ask = 0;
	else if (ask > most - p->credits)
		ask = (uint16_t)(most - p->credits);
	p->credits += ask;
	memcpy(h, q->bytes, PDU_HEADER_BYTES);
	wire_put32(h + 8, status);
	wire_put16(h + 14, ask);
	wire_put32(h + 16, PDU_RESPONSE | (wire_get32(q->bytes + 16) & PDU_RELATED));
	wire_put32(h + 20, 0);
	wire_put32(h + 36, p->logged_on ? TREE_ID : 0);
	wire_put64(h + 40, p->session_id);
	memset(h + 48, 0, 16);
	return h + PDU_HEADER_BYTES;
}

uint32_t
answer_error(struct peer *p, const struct request *q, struct reply *r, uint32_t status)
{
	uint8_t *b = answer_begin(p, q, r, status, 9); /* 2.2.2 */

	wire_put16(b, 9);
	return status;
}

static uint32_t
answer_simple(struct peer *p, const struct request *q, struct reply *r,
	      uint16_t structure_size)
{
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, structure_size);

	wire_put16(b, structure_size);
	return NT_SUCCESS;
}

static uint32_t
answer_tree(struct peer *p, const struct request *q, struct reply *r)
{
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 16);

	wire_put16(b, 16);
	b[2] = PDU_TREE_DISK;
	wire_put32(b + 12, 0x001f01ff); /* all rights */
	return NT_SUCCESS;
}

/* --- handles --------------------------------------------------------------------- */

/* "The same" is what the request before spoke of (3.3.5.2.7.2). */
static struct handle *
handle_of(struct peer *p, const struct request *q, size_t at)
{
	const uint8_t *id = q->bytes + 64 + at;

	if (memcmp(id, pdu_file_id_related.bytes, 16) == 0)
		return p->related && p->related->file ? p->related : NULL;
	for (size_t i = 0; i < HANDLES_MAX; i++)
		if (p->handle[i].file && wire_get64(id) == ID_PATTERN &&
		    wire_get64(id + 8) == p->handle[i].number * ID_STEP)
			return p->related = &p->handle[i];
	return NULL;
}

static struct handle *
handle_new(struct peer *p, struct share_file *f)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		struct handle *h = &p->handle[i];

		if (h->file)
			continue;
		*h = (struct handle){.file = f, .number = ++p->handles};
		return h;
	}
	return NULL;
}

/* --- CREATE and CLOSE ------------------------------------------------------------ */

/* A name in a request, as UTF-8.  false: it is none. */
static bool
get_path(const struct request *q, size_t at, size_t len, char path[PATH_ROOM])
{
	return at + len <= q->len &&
	       utf_from_utf16le(q->bytes + at, len, path, PATH_ROOM) >= 0;
}

/* 3.3.5.9 and MS-FSA 2.1.5.1, as far as it goes here. */
static uint32_t
open_file(struct peer *p, const struct request *q, struct share_file **out,
	  uint32_t *action)
{
	const uint8_t *b = q->bytes + 64;
	uint32_t disposition = wire_get32(b + 36), options = wire_get32(b + 40);
	struct share *s = p->server->share;
	char path[PATH_ROOM];

	if (!get_path(q, wire_get16(b + 44), wire_get16(b + 46), path))
		return NT_OBJECT_NAME_INVALID;
	struct share_file *f = share_find(s, path);

	*action = 1; /* FILE_OPENED */
	if (f && disposition == PDU_CREATE_NEW)
		return NT_OBJECT_NAME_COLLISION;
	if (f && f->is_dir && options & PDU_NON_DIRECTORY)
		return NT_FILE_IS_A_DIRECTORY;
	if (f && !f->is_dir && options & PDU_DIRECTORY)
		return NT_NOT_A_DIRECTORY;
	if (!f && disposition == PDU_OPEN)
		return NT_OBJECT_NAME_NOT_FOUND;
	if (!f && !share_has_parent(s, path))
		return NT_OBJECT_PATH_NOT_FOUND;
	if (f && disposition == PDU_OVERWRITE_IF)
		(void)share_set_size(f, 0);
	if (!f) {
		f = share_add(s, path, options & PDU_DIRECTORY);
		f->attributes = wire_get32(b + 28);
		*action = PDU_ACTION_CREATED;
	}
	*out = f;
	return NT_SUCCESS;
}

static void
put_facts(uint8_t *mtime, uint8_t *sizes, uint8_t *attributes,
	  const struct share_file *f)
{
	wire_put64(mtime, (uint64_t)f->mtime_100ns);
	wire_put64(sizes, (uint64_t)f->size_bytes);
	wire_put64(sizes + 8, (uint64_t)f->size_bytes);
	wire_put32(attributes, f->is_dir ? PDU_DIRECTORY_ATTRIBUTE : f->attributes);
}

static uint32_t
answer_create(struct peer *p, const struct request *q, struct reply *r)
{
	struct share_file *f = NULL;
	uint32_t action = 0;
	uint32_t status = open_file(p, q, &f, &action);
	struct handle *h = status ? NULL : handle_new(p, f);

	p->related = h;
	if (!h)
		return answer_error(p, q, r,
				    status ? status : NT_INSUFFICIENT_RESOURCES);
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 88);

	wire_put16(b, 89);
	wire_put32(b + 4, action);
	put_facts(b + 24, b + 40, b + 56, f);
	wire_put64(b + 64, ID_PATTERN);
	wire_put64(b + 72, h->number * ID_STEP);
	return NT_SUCCESS;
}

static uint32_t
answer_close(struct peer *p, const struct request *q, struct handle *h, struct reply *r)
{
	bool tell = wire_get16(q->bytes + 64 + 2) & 1; /* POSTQUERY_ATTRIB */
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 60);

	wire_put16(b, 60);
	if (tell) {
		wire_put16(b + 2, 1);
		put_facts(b + 24, b + 40, b + 56, h->file);
	}
	if (h->delete_on_close)
		h->file->gone = true;
	h->file = NULL;
	return NT_SUCCESS;
}

/* --- READ and WRITE -------------------------------------------------------------- */

static bool
is_too_much(struct fault_server *s, uint32_t len, uint32_t most)
{
	bool too_much = most && len > most;

	if (too_much)
		complain(s, "a request is longer than the server allows");
	return too_much;
}

static uint32_t
answer_read(struct peer *p, const struct request *q, struct handle *h, struct reply *r)
{
	uint32_t len = wire_get32(q->bytes + 64 + 4);
	int64_t at = (int64_t)wire_get64(q->bytes + 64 + 8);
	const struct share_file *f = h->file;

	if (is_too_much(p->server, len, p->server->o.max_read_bytes))
		return answer_error(p, q, r, NT_INVALID_PARAMETER);
	if (at < 0 || at >= f->size_bytes)
		return answer_error(p, q, r, NT_END_OF_FILE);
	if (len > f->size_bytes - at)
		len = (uint32_t)(f->size_bytes - at);
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 16 + (size_t)len);

	wire_put16(b, 17);
	b[2] = 80;
	wire_put32(b + 4, len);
	memcpy(b + 16, f->bytes + at, len);
	return NT_SUCCESS;
}

static uint32_t
answer_write(struct peer *p, const struct request *q, struct handle *h, struct reply *r)
{
	struct fault_server *s = p->server;
	uint32_t at = wire_get16(q->bytes + 64 + 2),
		 len = wire_get32(q->bytes + 64 + 4);
	int64_t offset = (int64_t)wire_get64(q->bytes + 64 + 8);
	uint32_t really;

	if (at > q->len || len > q->len - at ||
	    is_too_much(s, len, s->o.max_write_bytes))
		return answer_error(p, q, r, NT_INVALID_PARAMETER);
	if (s->o.write_most_bytes && len > s->o.write_most_bytes)
		len = s->o.write_most_bytes;
	really = len;
	if (s->o.fault.kind == FAULT_LOSES && fault_is_due(s, PDU_WRITE))
		really = len / 2;
	if (!share_write(h->file, offset, q->bytes + at, really))
		return answer_error(p, q, r, NT_DISK_FULL);
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 16);

	wire_put16(b, 17);
	wire_put32(b + 4, len);
	return NT_SUCCESS;
}

/* --- QUERY_INFO, SET_INFO, IOCTL ------------------------------------------------- */

static uint32_t
answer_query(struct peer *p, const struct request *q, struct reply *r)
{
	uint8_t type = q->bytes[64 + 2], info_class = q->bytes[64 + 3];
	uint32_t len = type == PDU_INFO_FILE ? 8 : 32;

	if (!(type == PDU_INFO_FILE && info_class == PDU_FILE_INTERNAL) &&
	    !(type == PDU_INFO_FILESYSTEM && info_class == PDU_FS_FULL_SIZE))
		return answer_error(p, q, r, NT_INVALID_INFO_CLASS);
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 8 + (size_t)len);

	wire_put16(b, 9);
	wire_put16(b + 2, 72);
	wire_put32(b + 4, len);
	wire_put64(b + 8, 4711);
	if (type == PDU_INFO_FILE)
		return NT_SUCCESS;
	wire_put64(b + 16, 1000000); /* units that the caller may use */
	wire_put32(b + 32, 8);       /* sectors each */
	wire_put32(b + 36, FS_SECTOR_BYTES);
	return NT_SUCCESS;
}

static uint32_t
rename_file(struct peer *p, const struct request *q, struct share_file *f,
	    const uint8_t *info)
{
	struct share *s = p->server->share;
	bool replace = info[0];
	char path[PATH_ROOM];

	if (!get_path(q, (size_t)(info + 20 - q->bytes), wire_get32(info + 16), path))
		return NT_OBJECT_NAME_INVALID;
	struct share_file *there = share_find(s, path);

	if (!share_has_parent(s, path))
		return NT_OBJECT_PATH_NOT_FOUND;
	if (there && there != f && !replace)
		return NT_OBJECT_NAME_COLLISION;
	if (there && there != f && there->is_dir)
		return NT_ACCESS_DENIED;
	if (there && there != f)
		there->gone = true;
	share_rename(s, f, path);
	return NT_SUCCESS;
}

static uint32_t
set_info(struct peer *p, const struct request *q, struct handle *h)
{
	const uint8_t *b = q->bytes + 64;
	size_t at = wire_get16(b + 8), len = wire_get32(b + 4);
	const uint8_t *info = q->bytes + at;

	if (at > q->len || len > q->len - at || len == 0)
		return NT_INVALID_PARAMETER;
	switch (b[3]) {
	case PDU_FILE_BASIC:
		if (len < 40)
			return NT_INVALID_PARAMETER;
		if (wire_get64(info + 16))
			h->file->mtime_100ns = (int64_t)wire_get64(info + 16);
		return NT_SUCCESS;
	case PDU_FILE_END_OF_FILE:
		if (len < 8 || !share_set_size(h->file, (int64_t)wire_get64(info)))
			return NT_INVALID_PARAMETER;
		return NT_SUCCESS;
	case PDU_FILE_RENAME:
		if (len < 24)
			return NT_INVALID_PARAMETER;
		return rename_file(p, q, h->file, info);
	case PDU_FILE_DISPOSITION:
		if (h->file->is_dir && !share_is_empty(p->server->share, h->file))
			return NT_DIRECTORY_NOT_EMPTY;
		h->delete_on_close = info[0];
		return NT_SUCCESS;
	default:
		return NT_INVALID_INFO_CLASS;
	}
}

static uint32_t
answer_set_info(struct peer *p, const struct request *q, struct handle *h,
		struct reply *r)
{
	uint32_t status = set_info(p, q, h);

	return status ? answer_error(p, q, r, status) : answer_simple(p, q, r, 2);
}

/* FSCTL_VALIDATE_NEGOTIATE_INFO (2.2.32.6): what was said in NEGOTIATE. */
static uint32_t
answer_ioctl(struct peer *p, const struct request *q, struct reply *r)
{
	const struct fault_options *o = &p->server->o;

	if (wire_get32(q->bytes + 64 + 4) != PDU_FSCTL_VALIDATE_NEGOTIATE)
		return answer_error(p, q, r, NT_INVALID_DEVICE_REQUEST);
	uint8_t *b = answer_begin(p, q, r, NT_SUCCESS, 48 + 24);

	wire_put16(b, 49);
	wire_put32(b + 4, PDU_FSCTL_VALIDATE_NEGOTIATE);
	memset(b + 8, 0xff, 16);
	wire_put32(b + 32, 112);
	wire_put32(b + 36, 24);
	wire_put32(b + 48, answer_capabilities(o));
	memset(b + 52, 0x47, 16);
	wire_put16(b + 68, PDU_SIGNING_ENABLED);
	wire_put16(b + 70, o->dialect);
	return NT_SUCCESS;
}

/* --- one request ----------------------------------------------------------------- */

static uint32_t
answer_with_handle(struct peer *p, const struct request *q, struct handle *h,
		   struct reply *r)
{
	switch (q->command) {
	case PDU_CLOSE:
		return answer_close(p, q, h, r);
	case PDU_READ:
		return answer_read(p, q, h, r);
	case PDU_WRITE:
		return answer_write(p, q, h, r);
	case PDU_SET_INFO:
		return answer_set_info(p, q, h, r);
	case PDU_QUERY_INFO:
		return answer_query(p, q, r);
	case PDU_QUERY_DIRECTORY:
		return answer_list(p, q, h, r);
	default:
		return answer_simple(p, q, r, 4); /* FLUSH */
	}
}

/* Where a request has its FileId, and how long its fixed part is. */
static const struct {
	uint8_t id_at, fixed;
} shapes[] = {
    [PDU_NEGOTIATE] = {0, 36},       [PDU_SESSION_SETUP] = {0, 24},
    [PDU_LOGOFF] = {0, 4},           [PDU_TREE_CONNECT] = {0, 8},
    [PDU_TREE_DISCONNECT] = {0, 4},  [PDU_CREATE] = {0, 56},
    [PDU_CLOSE] = {8, 24},           [PDU_FLUSH] = {8, 24},
    [PDU_READ] = {16, 48},           [PDU_WRITE] = {16, 48},
    [PDU_IOCTL] = {0, 56},           [PDU_ECHO] = {0, 4},
    [PDU_QUERY_DIRECTORY] = {8, 32}, [PDU_QUERY_INFO] = {24, 40},
    [PDU_SET_INFO] = {16, 32},
};

static uint32_t
answer_without_handle(struct peer *p, const struct request *q, struct reply *r)
{
	switch (q->command) {
	case PDU_NEGOTIATE:
		return answer_negotiate(p, q, r);
	case PDU_SESSION_SETUP:
		return answer_setup(p, q, r);
	case PDU_TREE_CONNECT:
		return answer_tree(p, q, r);
	case PDU_CREATE:
		return answer_create(p, q, r);
	case PDU_IOCTL:
		return answer_ioctl(p, q, r);
	default:
		return answer_simple(p, q, r, 4); /* ECHO, LOGOFF */
	}
}

uint32_t
answer_request(struct peer *p, const struct request *q, uint32_t failed,
	       struct reply *r)
{
	const struct fault *f = &p->server->o.fault;

	if (q->command >= COUNT(shapes) || shapes[q->command].fixed == 0 ||
	    q->len < (size_t)PDU_HEADER_BYTES + shapes[q->command].fixed) {
		complain(p->server, "a request is shorter than it must be");
		return answer_error(p, q, r, NT_INVALID_PARAMETER);
	}
	p->server->seen.command[q->command]++;
	if (failed)
		return answer_error(p, q, r, failed);
	if (f->kind == FAULT_STATUS && fault_is_due(p->server, q->command))
		return answer_error(p, q, r, f->value);
	if (!shapes[q->command].id_at)
		return answer_without_handle(p, q, r);
	struct handle *h = handle_of(p, q, shapes[q->command].id_at);

	if (!h)
		return answer_error(p, q, r, NT_FILE_CLOSED);
	return answer_with_handle(p, q, h, r);
}
