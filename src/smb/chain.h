/* chain.h - a few requests about one file, from CREATE to CLOSE, done as one.
 * ROOM: only smb/ includes it.
 *
 * Where the server takes compounds the requests go out together, related, in one PDU:
 * one round trip.  Where it does not, or has too few credits for it, they go one after
 * the other.  Either way: when one fails those behind it do not run, and a handle that
 * was opened is closed.
 *
 *   chain_init -> chain_add... -> chain_start -> (replies) -> done
 *
 * With CREATE in front the handle is the chain's: the last request must be CLOSE, or
 * the caller takes `id` in done().  Without CREATE the caller gives chain->id first. */
#ifndef SMB_CHAIN_H
#define SMB_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "smb/blame.h"
#include "smb/conn.h"
#include "smb/pdu.h"

struct chain_part {
	enum pdu_command command;
	size_t at, len; /* in buf */
	int64_t cost_bytes;
	uint32_t status; /* what the server said; NT_PENDING until it did */
};

struct chain {
	struct conn *conn;
	struct pdu_buf buf;
	struct chain_part part[OP_PARTS];
	unsigned parts;
	bool compound;

	struct pdu_file_id id; /* of the open handle */
	bool open;             /* id is valid */
	struct pdu_created created;
	int64_t closed_bytes; /* size of the file when it was closed; -1: not told */

	/* Each answer that is no error, other than to CREATE and CLOSE.  May be NULL.
	 */
	int (*reply)(struct chain *c, unsigned i, const struct pdu_msg *m,
		     struct err *e);
	/* All that could run has run (e NULL), or the connection died. */
	void (*done)(struct chain *c, const struct err *e);
	void *self;

	/* its own */
	struct op op;
	unsigned now; /* first part that the op on its way carries */
	bool refused; /* `now` is asked again because the compound was refused */
	bool finished;
	bool died; /* the connection did, before the chain was through */
};

/* buf is kept from an earlier use of the same struct. */
void chain_init(struct chain *c, struct conn *conn);
void chain_done(struct chain *c);
#define AUTO_CHAIN AUTO(chain_done)

/* Begin the next request; encode it into c->buf right after.  cost_bytes: payload that
 * goes either way. */
void chain_add(struct chain *c, enum pdu_command command, int64_t cost_bytes);

void chain_start(struct chain *c, bool compounds);

/* Wait until done.  -1: only when the connection died. */
int chain_wait(struct chain *c, struct err *e) MUST_USE;

/* Start and wait. */
int chain_call(struct chain *c, bool compounds, struct err *e) MUST_USE;

/* The first request that failed; NULL: none.  CLOSE counts as well. */
const struct chain_part *chain_failure(const struct chain *c);

/* 0, or *e from the first failure: "CONTEXT: ...". */
int chain_result(const struct chain *c, enum blame_op op, const char *path,
		 struct err *e) MUST_USE;

#endif
