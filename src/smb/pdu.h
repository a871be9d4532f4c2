/* pdu.h - SMB2 messages as bytes: every request we send is written here and every
 * response we get is read here (MS-SMB2 2.2).  Pure: no socket, no state.
 *
 * Reading trusts nothing: each getter checks the message's length once against the
 * fixed part of its structure and once for each (offset, length) pair in it, then
 * reads.  Slices that come out point into the message and live as long as it does.
 *
 * Writing appends to a struct pdu_buf.  Fields that are only known when the message
 * goes out (MessageId, credits, session, tree, signature) stay zero and are filled in
 * by pdu_stamp(). */
#ifndef SMB_PDU_H
#define SMB_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum pdu_command { /* 2.2.1 */
		   PDU_NEGOTIATE = 0,
		   PDU_SESSION_SETUP = 1,
		   PDU_LOGOFF = 2,
		   PDU_TREE_CONNECT = 3,
		   PDU_TREE_DISCONNECT = 4,
		   PDU_CREATE = 5,
		   PDU_CLOSE = 6,
		   PDU_FLUSH = 7,
		   PDU_READ = 8,
		   PDU_WRITE = 9,
		   PDU_IOCTL = 11,
		   PDU_ECHO = 13,
		   PDU_QUERY_DIRECTORY = 14,
		   PDU_QUERY_INFO = 16,
		   PDU_SET_INFO = 17,
		   PDU_OPLOCK_BREAK = 18,
};

enum pdu_flags { /* 2.2.1 */
		 PDU_RESPONSE = 0x1,
		 PDU_ASYNC = 0x2,
		 PDU_RELATED = 0x4,
		 PDU_SIGNED = 0x8,
};

enum {
	PDU_HEADER_BYTES = 64,
	PDU_WRITE_BYTES = 112,     /* header and fixed part of a WRITE; data follows */
	PDU_READ_REPLY_BYTES = 80, /* header and fixed part of a READ response       */
	PDU_CREDIT_BYTES = 65536,  /* payload that one credit pays for, 3.1.5.2      */
	PDU_NAME_ROOM = 1024,      /* UTF-8 of a directory entry: 255 UTF-16 units   */
};

/* MessageId of what nobody asked for: oplock and lease breaks (3.2.5.19). */
#define PDU_UNSOLICITED UINT64_MAX

/* --- writing ---------------------------------------------------------------------- */

/* Bytes that grow.  Zeroed is empty and valid. */
struct pdu_buf {
	uint8_t *bytes;
	size_t len;
	size_t room;
};

void pdu_buf_done(struct pdu_buf *b);
uint8_t *pdu_buf_add(struct pdu_buf *b, size_t len); /* zeroed; valid until the next */
void pdu_buf_pad8(struct pdu_buf *b);

struct pdu_file_id { /* 2.2.14.1 */
	uint8_t bytes[16];
};
extern const struct pdu_file_id pdu_file_id_related; /* "of the request before me" */

struct pdu_negotiate { /* 2.2.3 */
	uint16_t dialects[8];
	unsigned n_dialects;
	uint16_t security_mode;
	uint32_t capabilities;
	uint8_t client_guid[16];
	/* contexts, written when 3.1.1 is among the dialects */
	uint8_t salt[32];
	const char *server; /* for the netname context */
};

enum pdu_security_mode { PDU_SIGNING_ENABLED = 1, PDU_SIGNING_REQUIRED = 2 };
enum pdu_capability { PDU_CAP_LARGE_MTU = 0x4, PDU_CAP_ENCRYPTION = 0x40 };

struct pdu_create {       /* 2.2.13 */
	const char *path; /* UTF-8; '/' becomes '\\', leading ones go */
	uint32_t access;
	uint32_t attributes;
	uint32_t share;
	uint32_t disposition;
	uint32_t options;
};

enum pdu_access { /* 2.2.13.1.1 */
		  PDU_READ_DATA = 0x1,
		  PDU_WRITE_DATA = 0x2,
		  PDU_APPEND_DATA = 0x4,
		  PDU_READ_ATTRIBUTES = 0x80,
		  PDU_WRITE_ATTRIBUTES = 0x100,
		  PDU_DELETE = 0x10000,
		  PDU_SYNCHRONIZE = 0x100000,
		  /* to fill a file and to set its times and size */
		  PDU_FILE_WRITING = PDU_WRITE_DATA | PDU_APPEND_DATA |
				     PDU_READ_ATTRIBUTES | PDU_WRITE_ATTRIBUTES |
				     PDU_SYNCHRONIZE,
};
enum pdu_share { PDU_SHARE_READ = 1, PDU_SHARE_WRITE = 2, PDU_SHARE_DELETE = 4 };
enum pdu_disposition { /* 2.2.13 */
		       PDU_OPEN = 1,
		       PDU_CREATE_NEW = 2,
		       PDU_OPEN_IF = 3,
		       PDU_OVERWRITE_IF = 5,
};
enum pdu_option { /* 2.2.13 */
		  PDU_DIRECTORY = 0x1,
		  PDU_WRITE_THROUGH = 0x2,
		  PDU_SEQUENTIAL = 0x4,
		  PDU_NON_DIRECTORY = 0x40,
		  PDU_OPEN_REPARSE = 0x200000,
};
enum { PDU_HIDDEN = 0x2, PDU_DIRECTORY_ATTRIBUTE = 0x10 }; /* MS-FSCC 2.6 */

enum pdu_info_type { PDU_INFO_FILE = 1, PDU_INFO_FILESYSTEM = 2 };
enum pdu_info_class { /* MS-FSCC 2.4, 2.5 */
		      PDU_FILE_BASIC = 4,
		      PDU_FILE_INTERNAL = 6,
		      PDU_FILE_RENAME = 10,
		      PDU_FILE_DISPOSITION = 13,
		      PDU_FILE_END_OF_FILE = 20,
		      PDU_FILE_ID_BOTH_DIRECTORY = 37,
		      PDU_FS_FULL_SIZE = 7,
};

struct pdu_query {
	struct pdu_file_id id;
	uint8_t type, info_class;
	uint32_t max_bytes; /* of the answer */
};

struct pdu_ioctl {
	uint32_t code;
	struct pdu_file_id id;
	const uint8_t *input;
	uint32_t input_len;
	uint32_t max_output;
};
#define PDU_FSCTL_VALIDATE_NEGOTIATE UINT32_C(0x00140204) /* 2.2.31 */

void pdu_put_negotiate(struct pdu_buf *b, const struct pdu_negotiate *n);
int pdu_put_session_setup(struct pdu_buf *b, uint8_t security_mode,
			  const uint8_t *token, size_t len,
			  struct err *e) MUST_USE; /* ERR_ADDRESS: too long a token */
int pdu_put_tree_connect(struct pdu_buf *b, const char *unc, struct err *e) MUST_USE;
void pdu_put_simple(struct pdu_buf *b, enum pdu_command command); /* LOGOFF, ECHO ... */
int pdu_put_create(struct pdu_buf *b, const struct pdu_create *c,
		   struct err *e) MUST_USE; /* ERR_REQUEST 123: not a name */
void pdu_put_close(struct pdu_buf *b, const struct pdu_file_id *id);
/* The same, and the answer is to say how large the file is (2.2.15). */
void pdu_put_close_asking(struct pdu_buf *b, const struct pdu_file_id *id);
void pdu_put_flush(struct pdu_buf *b, const struct pdu_file_id *id);
void pdu_put_read(struct pdu_buf *b, const struct pdu_file_id *id, int64_t offset,
		  uint32_t len);
/* PDU_WRITE_BYTES; the data comes behind. */
void pdu_put_write(struct pdu_buf *b, const struct pdu_file_id *id, int64_t offset,
		   uint32_t len);
void pdu_set_write_len(uint8_t *request, uint32_t len);
void pdu_put_ioctl(struct pdu_buf *b, const struct pdu_ioctl *i);
void pdu_put_query_directory(struct pdu_buf *b, const struct pdu_file_id *id,
			     uint32_t max_bytes, bool restart);
void pdu_put_query_info(struct pdu_buf *b, const struct pdu_query *q);

/* SET_INFO of the last write time alone. */
void pdu_put_set_mtime(struct pdu_buf *b, const struct pdu_file_id *id,
		       int64_t mtime_100ns);
void pdu_put_set_size(struct pdu_buf *b, const struct pdu_file_id *id,
		      int64_t size_bytes);
int pdu_put_rename(struct pdu_buf *b, const struct pdu_file_id *id, const char *to,
		   bool replace, struct err *e) MUST_USE;
void pdu_put_delete(struct pdu_buf *b, const struct pdu_file_id *id);

/* Put a FileId into a request that has one; others stay as they are. */
void pdu_set_file_id(uint8_t *request, enum pdu_command command,
		     const struct pdu_file_id *id);

struct pdu_stamp { /* what is known only when a request leaves */
	uint16_t credit_charge, credit_request;
	uint32_t next; /* NextCommand */
	bool related;
	uint64_t message_id;
	uint64_t session_id;
	uint32_t tree_id;
};
void pdu_stamp(uint8_t *request, const struct pdu_stamp *s);

/* --- reading ---------------------------------------------------------------------- */

struct pdu_slice {
	const uint8_t *bytes;
	size_t len;
};

struct pdu_header { /* 2.2.1 */
	uint16_t credit_charge;
	uint16_t command;
	uint16_t credits;
	uint32_t status;
	uint32_t flags;
	uint32_t next;
	uint64_t message_id;
	uint64_t async_id;
	uint32_t tree_id;
	uint64_t session_id;
};

/* One message of a compound, or the only one: all of its bytes and its header, read. */
struct pdu_msg {
	struct pdu_slice all;
	struct pdu_header header;
};

/* Cut the first message off a PDU.  *rest gets what follows, len 0 at the end.
 * -1: not an SMB2 response; ERR_ATTEMPT with what is wrong. */
int pdu_get_msg(struct pdu_slice pdu, struct pdu_msg *out, struct pdu_slice *rest,
		struct err *e) MUST_USE;

struct pdu_negotiated { /* 2.2.4 */
	uint16_t security_mode;
	uint16_t dialect;
	uint8_t server_guid[16];
	uint32_t capabilities;
	uint32_t max_transact, max_read, max_write;
	struct pdu_slice token;
	/* from the contexts; 3.1.1 only */
	bool has_preauth, has_cipher, has_signing;
	uint16_t hash, cipher, signing;
};

struct pdu_session { /* 2.2.6 */
	uint16_t flags;
	struct pdu_slice token;
};
enum pdu_session_flags {
	PDU_SESSION_GUEST = 1,
	PDU_SESSION_NULL = 2,
	PDU_SESSION_ENCRYPT = 4
};

struct pdu_tree { /* 2.2.10 */
	uint8_t type;
	uint32_t flags, capabilities;
};
enum { PDU_TREE_DISK = 1, PDU_TREE_ENCRYPT = 0x8000 };

struct pdu_created { /* 2.2.14 */
	struct pdu_file_id id;
	uint32_t action;
	int64_t mtime_100ns;
	int64_t allocated_bytes, size_bytes;
	uint32_t attributes;
};
enum { PDU_ACTION_CREATED = 2 };
enum { PDU_POSTQUERY = 1 }; /* SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB */

struct pdu_entry { /* one of a directory: FileIdBothDirectoryInformation */
	char name[PDU_NAME_ROOM]; /* "": a name that cannot be a name here */
	int64_t mtime_100ns;
	int64_t size_bytes, allocated_bytes;
	uint32_t attributes;
	uint64_t file_id;
};

/* All: 0, or -1 with ERR_ATTEMPT: the server's message makes no sense. */
int pdu_get_negotiated(const struct pdu_msg *m, struct pdu_negotiated *out,
		       struct err *e) MUST_USE;
int pdu_get_session(const struct pdu_msg *m, struct pdu_session *out,
		    struct err *e) MUST_USE;
int pdu_get_tree(const struct pdu_msg *m, struct pdu_tree *out, struct err *e) MUST_USE;
int pdu_get_created(const struct pdu_msg *m, struct pdu_created *out,
		    struct err *e) MUST_USE;
/* What CLOSE says of the file; -1: nothing. */
int pdu_get_closed(const struct pdu_msg *m, int64_t *size_bytes,
		   struct err *e) MUST_USE;
int pdu_get_read(const struct pdu_msg *m, struct pdu_slice *data,
		 struct err *e) MUST_USE;
int pdu_get_written(const struct pdu_msg *m, uint32_t *count, struct err *e) MUST_USE;
int pdu_get_ioctl(const struct pdu_msg *m, struct pdu_slice *output,
		  struct err *e) MUST_USE;
/* QUERY_INFO and QUERY_DIRECTORY: the output buffer. */
int pdu_get_output(const struct pdu_msg *m, struct pdu_slice *output,
		   struct err *e) MUST_USE;

/* The next entry of a directory buffer.  1: *out is filled and *rest is what follows;
 * 0: no more; -1: makes no sense. */
int pdu_get_entry(struct pdu_slice *rest, struct pdu_entry *out,
		  struct err *e) MUST_USE;

/* FileFsFullSizeInformation: what the caller may still write. */
int pdu_get_free_bytes(struct pdu_slice output, int64_t *free_bytes,
		       struct err *e) MUST_USE;

#endif
