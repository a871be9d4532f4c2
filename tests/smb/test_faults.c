/* A server that lies, one fault at a time: what it does and what must come of it.
 *
 * Each row is one attempt against the fault, and where that fails a second one, against
 * an honest server with what the first one left on the share.  Whatever the fault, the
 * judge (fault_client.c) holds: done() ran once for each put; what was reported as done
 * is there, complete and right; nothing is there that was not to be made; the error is
 * a sentence that names server or file; the client kept to the protocol itself; and
 * the second attempt ends with every byte right.
 *
 * `test_faults NAME` runs one row.
 *
 * Where the faults of libsmb2, measured before the engine was written, have their test:
 *   slow signing, slow encryption      bench; that they are right: unit, test_crypto
 *   only CCM and CMAC                  test_fault_honest: each cipher and signature
 *   a nonce used twice                 each sealed row: fault_wire.c keeps all nonces
 *   unsigned replies accepted          unsigned, unsigned-log-on, unsigned-tree
 *   a WRITE beyond the credits hangs   credits-1, credits-3; unit, test_put
 *   a FileId with 0x002f in it         each row: fault_answer.c gives out no others
 *   replace on rename not to be had    each row renames over an older file
 *   copychunk over the server's limit  the engine has no copychunk
 *   half-sent PDUs after a time-out    deaf: what came before is read and in order
 *   connect fails as a second passes   slow-log-on
 *   compounds not padded to 8 bytes    each row: fault_wire.c looks */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault_client.h"
#include "fault_login.h"
#include "smb/habits.h"

enum {
	WATCHDOG_S = 60, /* for one row: then it hangs */
	SLACK_MS = 8000, /* a busy machine; under every deadline that is not at stake */
	SOON_MS = 300,   /* the deadline, where it is at stake */
};

enum end {
	WORKS, /* the fault does no harm */
	FAILS, /* an error of that kind and number, whose text says so */
};

struct row {
	const char *name, *does;
	struct fault fault;
	struct fault_options server;
	struct attempt_options client;
	enum end end;
	enum err_kind kind;
	uint32_t win32;
	const char *says;
};

#define ALL .command = FAULT_ANY, .times = FAULT_FOR_EVER
#define FIELD(a, w, v)                                                                 \
	{                                                                              \
		.at = (a), .width = (w), .value = (v)                                  \
	}
#define MORE(a, w, v)                                                                  \
	{                                                                              \
		.at = (a), .width = (w), .value = (v), .add = true                     \
	}
#define SEALED                                                                         \
	{                                                                              \
		.encrypt = true                                                        \
	}
#define SOON                                                                           \
	{                                                                              \
		.request_ms = SOON_MS, .progress_ms = SOON_MS                          \
	}
#define DONE       WORKS, ERR_NONE, 0, ""
#define ATTEMPT(n) FAILS, ERR_ATTEMPT, (n)
#define ADDRESS(n) FAILS, ERR_ADDRESS, (n)

/* Where things are in an answer, from the header on (MS-SMB2 2.2). */
enum {
	AT_STATUS = 8,
	AT_CREDITS = 14,
	AT_NEXT = 20,
	AT_COUNT = 68, /* WRITE */
	AT_CLOSE_SIZE = 112,
	AT_MAX_TRANSACT = 92, /* NEGOTIATE */
	AT_MAX_READ = 96,
	AT_MAX_WRITE = 100,
	AT_FIRST_ENTRY = 72, /* QUERY_DIRECTORY */
};

/* Answers in the order of the work: CREATE 0 mkdir, 1-5 small files and large ones;
 * SET_INFO 5 the rename; SESSION_SETUP 1 the last leg. */
/* clang-format off */
static struct row rows[] = {
	/* --- signature and encryption */
	{"wrong-signature", "one bit of the signature of an answer to WRITE",
	 {FAULT_WRONG_SIGNATURE, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(0),
	 "signature"},
	{"wrong-signature-in-compound", "the same in the last message of a compound",
	 {FAULT_WRONG_SIGNATURE, .command = PDU_CLOSE}, {0}, {0}, ATTEMPT(0),
	 "signature"},
	{"wrong-signature-of-log-on", "the same when the log-on ends",
	 {FAULT_WRONG_SIGNATURE, .command = PDU_SESSION_SETUP, .skip = 1}, {0}, {0},
	 ATTEMPT(0), "signature"},
	{"wrong-signature-of-tree", "the same for the share",
	 {FAULT_WRONG_SIGNATURE, .command = PDU_TREE_CONNECT}, {0}, {0}, ATTEMPT(0),
	 "signature"},
	{"unsigned", "an answer without signature",
	 {FAULT_UNSIGNED, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(0),
	 "must be signed"},
	{"unsigned-log-on", "the log-on ends without signature",
	 {FAULT_UNSIGNED, .command = PDU_SESSION_SETUP, .skip = 1}, {0}, {0},
	 ATTEMPT(0), "must be signed"},
	{"unsigned-tree", "the share answers without signature",
	 {FAULT_UNSIGNED, .command = PDU_TREE_CONNECT}, {0}, {0}, ATTEMPT(0),
	 "must be signed"},
	{"changed", "one bit changed on the way",
	 {FAULT_CHANGED, .command = PDU_READ}, {0}, {0}, ATTEMPT(0),
	 "changed on the way"},
	{"sealed-wrong-tag", "one bit of the tag of an encrypted answer",
	 {FAULT_WRONG_SIGNATURE, .command = PDU_WRITE}, {0}, SEALED, ATTEMPT(0),
	 "does not decrypt"},
	{"sealed-changed", "one bit changed on the way",
	 {FAULT_CHANGED, .command = PDU_READ}, {0}, SEALED, ATTEMPT(0),
	 "does not decrypt"},
	{"sealed-in-clear", "an answer in clear where encryption was agreed",
	 {FAULT_IN_CLEAR, .command = PDU_CLOSE}, {0}, SEALED, ATTEMPT(58), "in clear"},

	/* --- time and order */
	{"reversed-2", "answers two requests in the other order",
	 {FAULT_REVERSED, .command = FAULT_ANY, .value = 2}, {0}, {0}, DONE},
	{"reversed-8", "answers eight requests, the last one first",
	 {FAULT_REVERSED, .command = FAULT_ANY, .value = 8}, {0}, {0}, DONE},
	{"slow", "answers every tenth of a second before the deadline",
	 {FAULT_LATE, .command = PDU_SET_INFO, .value = 100}, {0}, {0}, DONE},
	{"slow-log-on", "more than a second for NEGOTIATE, no deadline given",
	 {FAULT_LATE, .command = PDU_NEGOTIATE, .value = 1100}, {0},
	 {.default_deadline = true}, DONE},
	{"late", "answers after the deadline",
	 {FAULT_LATE, .command = PDU_WRITE, .value = 3 * SOON_MS}, {0}, SOON,
	 ATTEMPT(121), "DSSMS: "},
	{"deaf",
	 "reads nothing until after the deadline, and then all that was sent before",
	 {FAULT_LATE, .command = PDU_WRITE, .skip = 3, .value = 3 * SOON_MS},
	 {.small_buffer = true}, {.progress_ms = SOON_MS}, ATTEMPT(121),
	 "no byte moved"},
	{"late-log-on", "the same for the log-on",
	 {FAULT_LATE, .command = PDU_SESSION_SETUP, .value = 3 * SOON_MS}, {0},
	 {.connect_ms = SOON_MS},
	 ADDRESS(53), "did not come to an end in time"},
	{"silent", "no answer to one WRITE, the others go on",
	 {FAULT_SILENT, .command = PDU_WRITE}, {0}, SOON, ATTEMPT(121), "DSSMS: "},
	{"silent-echo", "no answer to ECHO",
	 {FAULT_SILENT, .command = PDU_ECHO}, {0}, SOON, ATTEMPT(121), "DSSMS: "},
	{"silent-negotiate", "no answer at all",
	 {FAULT_SILENT, ALL}, {0}, {.connect_ms = SOON_MS}, ADDRESS(53), "in time"},
	{"pending-once", "PENDING, then each answer",
	 {FAULT_PENDING_ONCE, ALL, .skip = 3}, {0}, {0}, DONE},
	{"pending-once-sealed", "the same, encrypted",
	 {FAULT_PENDING_ONCE, ALL, .skip = 4}, {0}, SEALED, DONE},
	{"pending-then-silent", "PENDING, then nothing",
	 {FAULT_PENDING_THEN_SILENT, .command = PDU_FLUSH}, {0}, SOON, ATTEMPT(121),
	 "DSSMS: "},
	{"pending-for-ever", "PENDING without end",
	 {FAULT_PENDING_FOR_EVER, .command = PDU_FLUSH}, {0}, {0}, ATTEMPT(58),
	 "PENDING without end"},
	{"twice", "one answer twice",
	 {FAULT_TWICE, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(58), "not "},
	{"twice-sealed", "the same bytes again, encrypted",
	 {FAULT_TWICE, .command = PDU_WRITE}, {0}, SEALED, ATTEMPT(58), "not "},
	{"unknown-id", "an answer to a request that was never made",
	 {FAULT_UNKNOWN_ID, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(58), "not made"},
	{"oplock-break", "breaks the oplock of a handle that is not ours, all the time",
	 {FAULT_OPLOCK_BREAK, ALL, .skip = 4}, {0}, {0}, DONE},
	{"oplock-break-sealed", "the same, encrypted",
	 {FAULT_OPLOCK_BREAK, ALL, .skip = 4}, {0}, SEALED, DONE},
	{"lease-break", "breaks a lease that is not ours, all the time",
	 {FAULT_LEASE_BREAK, ALL, .skip = 4}, {0}, {0}, DONE},
	{"not-a-break", "sends a message that nobody asked for",
	 {FAULT_NOT_A_BREAK, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(58),
	 "nobody asked for"},

	/* --- credits */
	{"credits-0-once", "one answer without credits",
	 {FAULT_BEND, .command = PDU_WRITE, .bend = FIELD(AT_CREDITS, 2, 0)}, {0}, {0},
	 DONE},
	{"credits-0", "no credits any more, from the share on",
	 {FAULT_BEND, ALL, .skip = 3, .bend = FIELD(AT_CREDITS, 2, 0)}, {.credits = 16},
	 {0},
	 ATTEMPT(71), "credits"},
	{"credits-0-at-once", "no credits with the first answer",
	 {FAULT_BEND, .command = PDU_NEGOTIATE, .bend = FIELD(AT_CREDITS, 2, 0)}, {0},
	 {0},
	 ATTEMPT(71), "0 credits"},
	{"credits-65535", "as many as the field holds, with each answer",
	 {FAULT_BEND, ALL, .bend = FIELD(AT_CREDITS, 2, 0xffff)}, {0}, {0}, DONE},
	{"credits-1", "never more than one", {0}, {.credits = 1}, {0}, DONE},
	{"credits-3", "fewer than a compound costs", {0}, {.credits = 3},
	 {.write_max_bytes = 1024 * 1024}, DONE},

	/* --- WRITE */
	{"short-writes", "777 bytes of each WRITE, and says so", {0},
	 {.write_most_bytes = 777}, {0}, DONE},
	{"count-less", "writes all and says 100 bytes less",
	 {FAULT_BEND, .command = PDU_WRITE, .times = FAULT_FOR_EVER,
	 .bend = MORE(AT_COUNT, 4, (uint32_t)-1)},
	 {0}, {.tiny = true}, ATTEMPT(58), "wrote 0 of 1 bytes"},
	{"count-less-once", "the same once",
	 {FAULT_BEND, .command = PDU_WRITE, .skip = 4, .bend = MORE(AT_COUNT, 4,
	 (uint32_t)-100)}, {0}, {0},
	 DONE},
	{"count-0", "says that it wrote nothing, of a large file",
	 {FAULT_BEND, .command = PDU_WRITE, .skip = 4, .bend = FIELD(AT_COUNT, 4, 0)},
	 {0}, {0},
	 ATTEMPT(58), "wrote 0 of"},
	{"count-0-small", "the same of a small file, which then goes the long way",
	 {FAULT_BEND, .command = PDU_WRITE, .bend = FIELD(AT_COUNT, 4, 0)}, {0}, {0},
	 DONE},
	{"count-more", "says that it wrote more than it got",
	 {FAULT_BEND, .command = PDU_WRITE, .skip = 4, .bend = MORE(AT_COUNT, 4, 1)},
	 {0}, {0},
	 ATTEMPT(58), "wrote"},
	{"count-more-small", "the same of a small file",
	 {FAULT_BEND, .command = PDU_WRITE, .bend = MORE(AT_COUNT, 4, 1)}, {0}, {0},
	 ATTEMPT(58), "wrote more"},
	{"count-huge", "says that it wrote 4 GiB",
	 {FAULT_BEND, .command = PDU_WRITE, .skip = 4, .bend = FIELD(AT_COUNT, 4,
	 UINT32_MAX)}, {0}, {0},
	 ATTEMPT(58), "wrote"},
	{"loses-small", "says that it wrote, and has only half of a small file",
	 {FAULT_LOSES, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(0), "in/s0"},
	{"loses-large", "the same of the end of a large file",
	 {FAULT_LOSES, .command = PDU_WRITE, .skip = 9}, {0}, {0}, ATTEMPT(0),
	 "in/large"},
	{"lies-about-size", "the answer to CLOSE has another size",
	 {FAULT_BEND, .command = PDU_CLOSE, .skip = 1, .bend = MORE(AT_CLOSE_SIZE, 4,
	 1)}, {0}, {0},
	 ATTEMPT(0), "in/s0"},

	/* --- sizes that the server allows */
	{"max-write-0", "WRITEs of 0 bytes at most",
	 {FAULT_BEND, .command = PDU_NEGOTIATE, .bend = FIELD(AT_MAX_WRITE, 4, 0)}, {0},
	 {0},
	 ADDRESS(58), "0 bytes only"},
	{"max-write-1", "WRITEs of 1 byte at most", {0}, {.max_write_bytes = 1},
	 {.tiny = true}, DONE},
	{"max-read-1", "READs of 1 byte at most", {0}, {.max_read_bytes = 1},
	 {.tiny = true}, DONE},
	{"max-transact-1", "lists of 1 byte at most",
	 {FAULT_BEND, .command = PDU_NEGOTIATE, .bend = FIELD(AT_MAX_TRANSACT, 4, 1)},
	 {0}, {0},
	 ADDRESS(58), "lists of 1 bytes"},
	{"max-transact-4096", "lists of 4 KiB at most", {0},
	 {.max_transact_bytes = 4096}, {0}, DONE},
	{"max-all-huge", "4 GiB of everything", {0},
	 {.max_write_bytes = UINT32_MAX, .max_read_bytes = UINT32_MAX,
	  .max_transact_bytes = UINT32_MAX},
	 {.write_max_bytes = UINT32_MAX}, DONE},

	/* --- bytes */
	{"cut-in-frame", "closes after the frame's head",
	 {FAULT_CUT, .command = PDU_WRITE, .value = 0}, {0}, {0}, ATTEMPT(64),
	 "closed the connection"},
	{"cut-in-header", "closes in the middle of the header",
	 {FAULT_CUT, .command = PDU_WRITE, .value = 10}, {0}, {0}, ATTEMPT(64),
	 "closed the connection"},
	{"cut-in-body", "closes in the middle of a body",
	 {FAULT_CUT, .command = PDU_READ, .value = 1000}, {0}, {0}, ATTEMPT(64),
	 "closed the connection"},
	{"cut-sealed", "closes in the middle of an encrypted answer",
	 {FAULT_CUT, .command = PDU_READ, .value = 1000}, {0}, SEALED, ATTEMPT(64),
	 "closed the connection"},
	{"cut-negotiate", "closes in the middle of the first answer",
	 {FAULT_CUT, .command = PDU_NEGOTIATE, .value = 30}, {0}, {0}, ADDRESS(53),
	 "closed the connection"},
	{"nbss-0", "a frame of length 0 around an answer",
	 {FAULT_NBSS, .command = PDU_WRITE, .value = 0}, {0}, {0}, ATTEMPT(58),
	 "lost its frame"},
	{"nbss-16-mib", "a frame of 16 MiB",
	 {FAULT_NBSS, .command = PDU_WRITE, .value = 0xffffff}, {0}, {0}, ATTEMPT(58),
	 "longer than anything"},
	{"nbss-short", "a frame shorter than the message",
	 {FAULT_NBSS, .command = PDU_WRITE, .value = 40}, {0}, {0}, ATTEMPT(58),
	 "DSSMS: "},
	{"nbss-long", "a frame longer than the message",
	 {FAULT_NBSS, .command = PDU_ECHO, .value = 100}, {0}, SOON, ATTEMPT(121),
	 "DSSMS: "},
	{"nbss-garbage", "a frame of a type that there is not",
	 {FAULT_NBSS, .command = PDU_WRITE, .value = 0x82000010}, {0}, {0}, ATTEMPT(58),
	 "lost its frame"},
	{"nbss-garbage-first", "the same in the first answer",
	 {FAULT_NBSS, .command = PDU_NEGOTIATE, .value = 0x48545450}, {0}, {0},
	 ADDRESS(58), "not an SMB server"},
	{"garbage", "the right length, and nothing in it is right",
	 {FAULT_GARBAGE, .command = PDU_WRITE}, {0}, {0}, ATTEMPT(58), "DSSMS: "},
	{"garbage-sealed", "the same where encryption was agreed",
	 {FAULT_GARBAGE, .command = PDU_WRITE}, {0}, SEALED, ATTEMPT(58), "DSSMS: "},
	{"garbage-first", "the same in the first answer",
	 {FAULT_GARBAGE, .command = PDU_NEGOTIATE}, {0}, {0}, FAILS, ERR_ADDRESS, 58,
	 "DSSMS: "},
	{"smb1", "answers in SMB 1",
	 {FAULT_SMB1, .command = PDU_NEGOTIATE}, {0}, {0}, ADDRESS(50), "only SMB 1"},
	{"smb1-later", "answers in SMB 1 in the middle",
	 {FAULT_SMB1, .command = PDU_FLUSH}, {0}, {0}, ATTEMPT(58), "SMB 1"},
	{"bytewise", "every byte in a segment of its own",
	 {FAULT_BYTEWISE, ALL}, {0}, {.tiny = true}, DONE},
	{"bytewise-sealed", "the same, encrypted",
	 {FAULT_BYTEWISE, ALL}, {0}, {.tiny = true, .encrypt = true}, DONE},

	/* --- closes instead of answering */
	{"close-negotiate", "at NEGOTIATE", {FAULT_CLOSE, .command = PDU_NEGOTIATE},
	 {0}, {0},
	 ADDRESS(53), "closed the connection"},
	{"close-log-on", "at the log-on", {FAULT_CLOSE, .command = PDU_SESSION_SETUP,
	 .skip = 1}, {0}, {0},
	 ATTEMPT(64), "closed the connection"},
	{"close-tree", "at the share", {FAULT_CLOSE, .command = PDU_TREE_CONNECT}, {0},
	 {0},
	 ATTEMPT(64), "closed the connection"},
	{"close-write", "at a WRITE, having written", {FAULT_CLOSE,
	 .command = PDU_WRITE, .skip = 5}, {0}, {0},
	 ATTEMPT(64), "closed the connection"},
	{"close-close", "at a CLOSE", {FAULT_CLOSE, .command = PDU_CLOSE, .skip = 5},
	 {0}, {0},
	 ATTEMPT(64), "closed the connection"},
	{"close-rename", "at the rename, having renamed", {FAULT_CLOSE,
	 .command = PDU_SET_INFO, .skip = 6},
	 {0}, {0}, ATTEMPT(64), "closed the connection"},

	/* --- compounds */
	{"next-misaligned", "NextCommand 1", {FAULT_BEND, .command = PDU_CREATE,
	 .bend = FIELD(AT_NEXT, 4, 1)},
	 {0}, {0}, ATTEMPT(58), "compound"},
	{"next-loop", "NextCommand goes back to itself",
	 {FAULT_BEND, .command = PDU_CREATE, .bend = FIELD(AT_NEXT, 4, 0xfffffff8)},
	 {0}, {0},
	 ATTEMPT(58), "compound"},
	{"next-into-itself", "NextCommand leads into the body",
	 {FAULT_BEND, .command = PDU_CREATE, .bend = FIELD(AT_NEXT, 4, 72)}, {0}, {0},
	 ATTEMPT(58), "DSSMS: "},
	{"next-beyond", "NextCommand leads out of the message",
	 {FAULT_BEND, .command = PDU_CREATE, .bend = FIELD(AT_NEXT, 4, 0x10000)}, {0},
	 {0},
	 ATTEMPT(58), "compound"},
	{"next-of-the-last", "NextCommand where nothing comes",
	 {FAULT_BEND, .command = PDU_CLOSE, .bend = FIELD(AT_NEXT, 4, 64)}, {0}, {0},
	 ATTEMPT(58), "DSSMS: "},
	{"apart", "each answer of a compound in a PDU of its own",
	 {FAULT_APART, ALL, .skip = 4}, {0}, {0}, DONE},
	{"apart-sealed", "the same, encrypted", {FAULT_APART, ALL, .skip = 4}, {0},
	 SEALED, DONE},
	{"part-missing", "the last answer of a compound is not there",
	 {FAULT_PART_MISSING, .command = PDU_CREATE}, {0}, SOON, ATTEMPT(121),
	 "DSSMS: "},
	{"refuse-compound", "INVALID_PARAMETER for all of a compound",
	 {FAULT_REFUSE_COMPOUND, ALL, .value = 0xC000000D}, {0}, {0}, DONE},
	{"close-on-compound", "closes the connection on a compound",
	 {FAULT_REFUSE_COMPOUND, ALL}, {0}, {0}, ATTEMPT(64), "compound"},

	/* --- statuses in the middle */
	{"session-expired", "NETWORK_SESSION_EXPIRED at a WRITE, once",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC000035C}, {0}, {0},
	 DONE},
	{"session-expired-sealed", "the same, encrypted",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC000035C}, {0},
	 SEALED, DONE},
	{"session-expired-for-ever", "the same after each log-on",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .times = FAULT_FOR_EVER,
	  .value = 0xC000035C}, {0}, {0}, ATTEMPT(1394), "expires again and again"},
	{"session-deleted", "USER_SESSION_DELETED at a WRITE",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC0000203}, {0}, {0},
	 ATTEMPT(59), "SESSION_DELETED"},
	{"session-deleted-small", "the same in a compound",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 1, .value = 0xC0000203}, {0}, {0},
	 ATTEMPT(59), "SESSION_DELETED"},
	{"name-deleted", "NETWORK_NAME_DELETED at a WRITE",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC00000C9}, {0}, {0},
	 ATTEMPT(64), "NAME_DELETED"},
	{"disk-full", "DISK_FULL at a WRITE",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC000007F}, {0}, {0},
	 FAILS, ERR_SITE, 112, "DISK_FULL"},
	{"quota", "the account's quota on the share is used up (Samba)",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC0000044}, {0}, {0},
	 FAILS, ERR_SITE, 1816, "quota"},
	{"disk-quota", "the same in NTFS' words",
	 {FAULT_STATUS, .command = PDU_WRITE, .skip = 5, .value = 0xC0000802}, {0}, {0},
	 FAILS, ERR_SITE, 1295, "quota"},
	{"quota-at-create", "a small file, where the file is made",
	 {FAULT_STATUS, .command = PDU_CREATE, .skip = 2, .value = 0xC0000802}, {0}, {0},
	 FAILS, ERR_SITE, 1295, "quota"},
	{"unknown-status", "a status that nobody knows",
	 {FAULT_STATUS, .command = PDU_CREATE, .skip = 2, .value = 0xDEADBEEF}, {0},
	 {0},
	 FAILS, ERR_ATTEMPT, 0, "DEADBEEF"},
	{"done-and-denied", "renames and says that it did not",
	 {FAULT_BEND, .command = PDU_SET_INFO, .skip = 6, .bend = FIELD(AT_STATUS, 4,
	 0xC0000043)}, {0}, {0},
	 ATTEMPT(32), "rename"},

	/* --- folders */
	{"odd-names", "names that lead out of the folder, or are none",
	 {FAULT_LIST_NAMES, .command = PDU_QUERY_DIRECTORY}, {0}, {0}, DONE},
	{"list-nothing", "success and no entry, for ever",
	 {FAULT_LIST_NOTHING, ALL}, {0}, {0}, ATTEMPT(58), "in"},
	{"list-same", "the same entries for ever",
	 {FAULT_LIST_SAME, ALL}, {0}, {0}, ATTEMPT(58), "in"},
	/* sms-sender.md 6 row 8: a length of 0 was read for ever */
	{"list-loop", "two pages in turn, for ever",
	 {FAULT_LIST_LOOP, ALL}, {0}, {0}, ATTEMPT(58), "in"},
	{"list-endless", "a million entries and more; takes its time",
	 {FAULT_LIST_ENDLESS, ALL}, {0}, {.request_ms = 30000}, ATTEMPT(58), "in"},
	{"list-chain-beyond", "an entry leads out of the list",
	 {FAULT_BEND, .command = PDU_QUERY_DIRECTORY, .bend = FIELD(AT_FIRST_ENTRY, 4,
	 UINT32_MAX)}, {0}, {0},
	 ATTEMPT(58), "list of a folder"},
	{"list-chain-into-itself", "an entry leads into itself",
	 {FAULT_BEND, .command = PDU_QUERY_DIRECTORY, .bend = FIELD(AT_FIRST_ENTRY, 4,
	 8)}, {0}, {0},
	 ATTEMPT(58), "list of a folder"},
	{"list-name-length", "a name longer than the list",
	 {FAULT_BEND, .command = PDU_QUERY_DIRECTORY, .bend = FIELD(AT_FIRST_ENTRY + 60,
	 4, UINT32_MAX)},
	 {0}, {0}, ATTEMPT(58), "list of a folder"},

	/* --- the log-on */
	{"token-garbage", "a token that no mechanism understands",
	 {FAULT_BEND, .command = PDU_SESSION_SETUP, .bend = FIELD(72, 4, 0xa5a5a5a5)},
	 {0}, {0},
	 ADDRESS(1326), "DSSMS"},
	{"downgrade", "another dialect than is confirmed",
	 {FAULT_BEND, .command = PDU_NEGOTIATE, .bend = FIELD(68, 2, 0x0300)},
	 {.dialect = 0x0302, .signing = CRYPTO_AES_CMAC, .cipher = CRYPTO_AES128_CCM},
	 {0},
	 ADDRESS(1265), "changed what was negotiated"},
	{"downgrade-hash", "a NEGOTIATE changed on the way, 3.1.1",
	 {FAULT_BEND, .command = PDU_NEGOTIATE, .bend = FIELD(112, 4, 0)}, {0}, {0},
	 DONE},
};
/* clang-format on */

static const struct row *now;

static void
on_watchdog(int signal_number)
{
	static const char text[] = ": hangs\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, now->name, strlen(now->name));
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(99);
}

static void
judge_row(const struct row *row, const struct attempt *a, struct str *out)
{
	int64_t limit_ms = row->client.request_ms + row->client.connect_ms + SLACK_MS;

	if (a->took_ms > limit_ms)
		str_addf(out, "took %lld ms\n", (long long)a->took_ms);
	if (row->end == WORKS || a->step == STEP_END) {
		if (row->end != WORKS || a->step != STEP_END)
			str_addf(out, "ended at step %d: %s\n", (int)a->step,
				 a->err.text);
		return;
	}
	if (a->err.kind != row->kind || (row->win32 && a->err.win32 != row->win32))
		str_addf(out, "kind %s, Win32 %u: %s\n", err_kind_name(a->err.kind),
			 (unsigned)a->err.win32, a->err.text);
	if (!strstr(a->err.text, row->says))
		str_addf(out, "does not say \"%s\": %s\n", row->says, a->err.text);
}

static struct fault_options
server_of(const struct row *row)
{
	struct fault_options o = row->server;

	if (!o.dialect) {
		o.signing = CRYPTO_AES_GMAC;
		o.cipher = CRYPTO_AES128_GCM;
	}
	return o;
}

static void
go(const struct fault_options *o, const struct attempt_options *client,
   struct share *share, struct attempt *a, struct fault_seen *seen)
{
	struct fault_server *server = fault_server_start(o, share);

	attempt_run(client, fault_server_port(server), a);
	fault_server_stop(server, seen);
}

static void
fault(void **state)
{
	const struct row *row = *state;
	AUTO_STR struct str wrong = {0};
	struct share *share = share_new();
	struct fault_options o = server_of(row);
	struct attempt_options patient = {.tiny = row->client.tiny};
	struct fault_seen seen;
	struct attempt a = {0};

	now = row;
	habits_forget(); /* ports come again */
	(void)alarm(WATCHDOG_S);
	o.fault = row->fault;
	go(&o, &row->client, share, &a, &seen);
	attempt_judge(&a, &seen, share, &wrong);
	judge_row(row, &a, &wrong);
	if (row->fault.kind != FAULT_NONE && seen.lies == 0)
		str_addf(&wrong, "the fault was never made\n");
	if (a.step != STEP_END) {
		o = server_of(row);
		go(&o, &patient, share, &a, &seen);
		attempt_judge(&a, &seen, share, &wrong);
	}
	attempt_judge_end(&a, share, &wrong);
	share_free(share);
	(void)alarm(0);
	if (wrong.len)
		fail_msg("%s\n%s", row->does, str_text(&wrong));
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[COUNT(rows)];

	(void)signal(SIGALRM, on_watchdog);
	fault_login_prepare();
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] =
		    (struct CMUnitTest){rows[i].name, fault, NULL, NULL, &rows[i]};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fault_login_cleanup();
	return failed;
}
