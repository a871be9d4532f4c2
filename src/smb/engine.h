/* engine.h - what is behind a struct smb.
 * ROOM: only smb/ includes it. */
#ifndef SMB_ENGINE_H
#define SMB_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "smb/conn.h"
#include "smb/session.h"
#include "smb/smb.h"

struct puts;

struct smb {
	struct conn *conn;
	struct smb_options o; /* its own copy; for a log-on anew */
	struct session session;
	bool compounds;
	bool flush;
	bool flush_alone; /* the server wants no FLUSH in a compound */
	bool congestion_refused;
	int64_t window_max_bytes;
	uint32_t write_max_bytes; /* of one WRITE: asked for and allowed */
	uint32_t read_max_bytes;
	uint32_t transact_max_bytes; /* of one answer about a folder */
	int64_t connect_ms;
	unsigned renewals;  /* of the session */
	bool lanes_refused; /* one more had a wrong password: no others are tried */
	/* more connections, while the pipeline had them (bundle.c) */
	unsigned lanes_most;
	int64_t lanes_sent, lanes_received, lanes_retransmits;
	struct puts *puts; /* the pipeline (put.c); NULL until it is used */
};

/* Run the engine on a connected, non-blocking fd: what smb_connect() does after it has
 * dialled.  Takes fd.  `start_at_ms`: since when connect_ms counts. */
int smb_start(const struct smb_options *o, int fd, int64_t start_at_ms,
	      struct smb **out, struct err *e) MUST_USE;

/* The largest payload of one READ or WRITE that the server's limit and the credits it
 * gives can ever allow. */
uint32_t smb_payload_max(const struct smb *s, uint32_t limit_bytes);

/* options.c: a copy whose strings are its own, and its end, which wipes the password.
 * Stop stays behind: a connection changes hands. */
void options_copy(const struct smb_options *from, struct smb_options *to);
void options_done(struct smb_options *o);

/* put.c */
void puts_free(struct puts *p);
void puts_add_facts(const struct puts *p, struct smb_facts *f);

#endif
