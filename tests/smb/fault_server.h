/* fault_server.h - a server that lies: just enough SMB 2 and 3 over TCP on loopback
 * to take files, with a real log-on, real signatures and real encryption - and one
 * fault, made on command.  It answers one connection after the other, in a thread
 * of its own.  Between fault_server_start() and fault_server_stop() the share is
 * the server's; afterwards the test may look what lies there.  Behind it:
 * fault_share.c (what lies on the share), fault_login.c (SPNEGO, NTLMv2),
 * fault_answer.c (honest answers), fault_lie.c (the others), fault_wire.c (bytes in
 * and out). */
#ifndef TEST_FAULT_SERVER_H
#define TEST_FAULT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "fault_share.h"
#include "smb/crypto.h"
#include "smb/pdu.h"

enum fault_kind {
	FAULT_NONE,
	/* in the message; signed and encrypted as if it were true */
	FAULT_BEND,       /* one field of the answer: see struct fault_bend */
	FAULT_STATUS,     /* `value` instead of doing it */
	FAULT_UNKNOWN_ID, /* MessageId of a request that was never made */
	FAULT_SMB1,       /* the answer is one of SMB 1 */
	/* signature and encryption */
	FAULT_WRONG_SIGNATURE, /* one bit of it */
	FAULT_CHANGED,         /* one bit of the body, on the way */
	FAULT_BEND_LATER, /* one field, on the way; of a sealed one its header too */
	FAULT_UNSIGNED,
	FAULT_IN_CLEAR, /* not encrypted although that was agreed */
	/* bytes */
	FAULT_CUT,     /* closes after `value` bytes of the PDU */
	FAULT_NBSS,    /* `value` as the four bytes in front */
	FAULT_GARBAGE, /* the right length, but nothing in it is right */
	FAULT_BYTEWISE,
	/* time and order */
	FAULT_CLOSE, /* closes instead of answering */
	FAULT_SILENT,
	FAULT_LATE,     /* `value` ms later */
	FAULT_REVERSED, /* collects `value` requests, answers the last one first */
	FAULT_PENDING_ONCE,
	FAULT_PENDING_THEN_SILENT,
	FAULT_PENDING_FOR_EVER,
	FAULT_TWICE,
	/* what nobody asked for, in front of the answer */
	FAULT_OPLOCK_BREAK, /* of a handle that is not ours */
	FAULT_LEASE_BREAK,
	FAULT_NOT_A_BREAK,
	/* compounds */
	FAULT_APART,           /* each answer in a PDU of its own; allowed, 3.3.4.1.3 */
	FAULT_PART_MISSING,    /* the last answer is not there */
	FAULT_REFUSE_COMPOUND, /* `value` as status for all parts, 0: closes */
	/* folders */
	FAULT_LIST_NAMES,   /* "..", separators, NULs, lone surrogates in the list */
	FAULT_LIST_NOTHING, /* success and no entry, for ever */
	FAULT_LIST_SAME,    /* the same entries for ever */
	FAULT_LIST_LOOP,    /* two pages in turn for ever */
	FAULT_LIST_ENDLESS, /* ever new entries for ever */
	/* the disk behind the share */
	FAULT_LOSES, /* says that it wrote, and writes only the first half */
};

struct fault_bend {
	uint16_t at;   /* from the message's header on */
	uint8_t width; /* 2 or 4 bytes */
	bool add;      /* value is added to what is there, else put there */
	uint32_t value;
};

enum { FAULT_ANY = -1, FAULT_FOR_EVER = -1 };

struct fault {
	enum fault_kind kind;
	int command;   /* whose answers; FAULT_ANY */
	unsigned skip; /* so many of these go right before */
	int times;     /* and so many wrong; 0: one; FAULT_FOR_EVER */
	uint32_t value;
	struct fault_bend bend;
};

struct fault_options {
	uint16_t dialect; /* 0: 3.1.1 */
	enum crypto_signing signing;
	enum crypto_cipher cipher;
	bool anonymous; /* takes nobody, without a key */
	bool encrypt;   /* the session demands it */
	uint32_t max_write_bytes, max_read_bytes, max_transact_bytes; /* 0: 1 MiB */
	uint32_t write_most_bytes; /* of one WRITE really; the answer says so; 0: all */
	uint32_t credits;          /* outstanding at most; 0: 256 */
	bool small_buffer; /* of the kernel: what is not read soon blocks the client */
	struct fault fault;
};

struct fault_server;

struct fault_server *fault_server_start(const struct fault_options *o,
					struct share *share);
uint16_t fault_server_port(const struct fault_server *s);

/* What was seen; after fault_server_stop(). */
struct fault_seen {
	unsigned connections;
	unsigned lies; /* how often the fault was made */
	unsigned bent; /* those of BEND and BEND_LATER that changed a byte */
	unsigned compounds;
	unsigned sealed, signatures;            /* of requests, and right */
	unsigned command[PDU_OPLOCK_BREAK + 1]; /* requests, by command */
	/* What the client did against the protocol, in words; "" nothing: an
	 * unsigned or wrongly signed request, a nonce used twice, a MessageId out
	 * of turn, more credits than granted, a compound not aligned. */
	char complaint[128];
};

/* The connections must have been closed by the client. */
void fault_server_stop(struct fault_server *s, struct fault_seen *seen);

#endif
