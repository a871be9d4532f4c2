/* fault_client.h - the work that is done against the fault server, and the judge who
 * looks at the share afterwards.
 *
 * One attempt: connect, make a folder, put small and large files into it, list it, look
 * at one file, read it back, rename it over an older one, ask for space, hang up.  It
 * stops at the first error.  A second attempt goes on where the first one stopped. */
#ifndef TEST_FAULT_CLIENT_H
#define TEST_FAULT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "fault_server.h"
#include "smb/smb.h"

enum { PUTS = 6 };

enum step {
	STEP_CONNECT,
	STEP_MKDIR,
	STEP_PUT,
	STEP_LIST,
	STEP_STAT,
	STEP_READ,
	STEP_RENAME,
	STEP_SPACE,
	STEP_ECHO,
	STEP_END, /* all was done */
};

struct attempt_options { /* what is zero takes a default that suits a test */
	bool anonymous;
	enum smb_want signing; /* SMB_OFF: SMB_REQUIRED unless anonymous */
	bool encrypt;
	bool no_compounds;
	bool tiny;             /* files a hundredth as long */
	bool default_deadline; /* connect_ms is 0, as callers may leave it */
	uint32_t write_max_bytes;
	int64_t connect_ms, request_ms, progress_ms;
};

struct attempt {
	enum step step; /* where it ended */
	struct err err; /* and why; kind ERR_NONE at STEP_END */
	bool died;      /* the connection did */
	int64_t took_ms;
	struct attempt_put {
		unsigned queued, done; /* calls of smb_put() and done() */
		bool good; /* done() without error, in this attempt or before */
		int64_t acked_bytes;
		struct err err;
	} put[PUTS];
	bool tiny;
	unsigned entries; /* told by the list */
	bool odd_entry;   /* one that is no plain name, or not ours */
	struct smb_facts facts;
};

/* `a` is zeroed, or that of the attempt before: what is good stays. */
void attempt_run(const struct attempt_options *o, uint16_t port, struct attempt *a);

/* What lies on the share: complete and right, or not reported as done.  Adds one
 * line to `out` for each thing that is wrong. */
void attempt_judge(const struct attempt *a, const struct fault_seen *seen,
		   const struct share *share, struct str *out);

/* After an attempt that came to its end. */
void attempt_judge_end(const struct attempt *a, const struct share *share,
		       struct str *out);

#endif
