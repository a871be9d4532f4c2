/* fake.h - a server for tests: speaks just enough SMB2 over a socket pair, answers like
 * a good one, and misbehaves on command.  It runs in a thread of its own; what it has
 * seen may be looked at after fake_stop(). */
#ifndef TEST_FAKE_H
#define TEST_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "smb/crypto.h"
#include "smb/engine.h"

enum fake_lie {
	FAKE_HONEST,
	FAKE_UNSIGNED,         /* answers without signature            */
	FAKE_WRONG_SIGNATURE,  /* one bit of it is wrong               */
	FAKE_IN_CLEAR,         /* answers without the agreed encryption */
	FAKE_BREAKS,           /* an oplock break before each answer   */
	FAKE_NOT_A_BREAK,      /* unsolicited, but something else      */
	FAKE_UNKNOWN_ID,       /* answers a request nobody made        */
	FAKE_WRONG_COMMAND,    /* answers with another command         */
	FAKE_TWICE,            /* answers everything twice             */
	FAKE_SILENT,           /* reads and says nothing               */
	FAKE_PENDING_ONCE,     /* "later", then the answer             */
	FAKE_PENDING_FOR_EVER, /* "later", without end                 */
	FAKE_PENDING_SILENT,   /* "later", and never a word again      */
	FAKE_CUT,              /* closes in the middle of an answer    */
	FAKE_HUGE,             /* announces 16 MiB                     */
	FAKE_SMB1,             /* answers in SMB 1                     */
	FAKE_BAD_COMPOUND,     /* NextCommand leads out of the message */
	FAKE_WRITES_TOO_MUCH,  /* says it wrote more than it got       */
	FAKE_WRITES_NOTHING,   /* says it wrote 0 bytes                */
	FAKE_BYTEWISE,         /* an honest answer, byte by byte       */
};

enum { FAKE_FILE_ROOM = 8 * 1024 * 1024, FAKE_COMMANDS = 20 };

struct fake {
	/* how to behave; set before fake_start() */
	enum fake_lie lie;
	unsigned honest_first;          /* so many PDUs are answered honestly before */
	uint32_t status[FAKE_COMMANDS]; /* by command; 0: success */
	uint64_t fail_file;  /* only requests for the n-th CREATE fail; 0: all */
	uint32_t write_most; /* short writes; 0: whole */
	unsigned hold;       /* collect so many PDUs, answer them last one first */
	bool hold_once;      /* and from then on one by one */
	uint16_t grant;      /* credits with each answer */
	int64_t size_bytes;  /* of a file that is opened */
	bool sign, seal;
	/* so many requests after each log-on the session expires; 0: never */
	unsigned expire_after;
	/* then it does not know the session of the rest of a compound, and refuses that
	 * as Samba does (measured: 4.17), some of it with a wrong signature */
	bool forgets;
	bool no_renewal;   /* a log-on does not help against that */
	bool no_compounds; /* a compound ends the connection */
	bool flush_alone;  /* INTERNAL_ERROR to a FLUSH that others follow */

	/* what it saw */
	unsigned pdus, compounds;
	unsigned count[FAKE_COMMANDS];
	uint32_t create_options; /* of the last CREATE */
	unsigned open_now, open_most;
	uint8_t *file; /* bytes of all WRITEs, at their offsets */
	int64_t written_upto;
	uint32_t largest_write;
	uint64_t created;
	unsigned log_ons; /* that ended well */

	/* its own */
	unsigned since_log_on, legs;
	bool forgot;
	int fd;
	struct thread *thread;
	struct crypto *crypto;
};

/* Start it, and make the client's end: a struct smb that is logged on. */
struct smb *fake_start(struct fake *f, const struct clock *clock);
/* Frees the client, waits for the server. */
void fake_stop(struct fake *f, struct smb *s);
void fake_done(struct fake *f);

#endif
