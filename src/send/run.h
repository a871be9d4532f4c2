/* run.h - one attempt while it runs: what its steps share.  One thread. */
#ifndef SEND_RUN_H
#define SEND_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "send/paced.h"
#include "send/send.h"

struct run {
	const struct attempt *a; /* what was asked for; read-only */
	struct event_about about;

	/* where */
	const struct config_address *address; /* in use, or the last one tried        */
	struct transport *transport;          /* NULL: there is no connection         */
	char place[ADDRESS_TEXT_ROOM]; /* of address: \\server\share\folder     */
	char staged_on[PLACE_ROOM];    /* place that `kept` belongs to; "": none */
	char *staging;                 /* ".lansender/812-00c0ffee"            */

	/* how far */
	struct request_progress kept; /* acknowledged, of the place staged_on         */
	int64_t saved_at_ms;          /* mono: when the hooks last heard of it        */
	enum outbox_order order;      /* heard; not OUTBOX_GO_ON: the attempt ends    */
	bool holds_slot;              /* begin() was called and not taken back        */
	bool is_sending;              /* SENDING is kept for the present place        */
	bool is_publishing;           /* PUBLISHING is kept: no other place any more  */
	bool staging_gone;            /* and with it what was kept                    */
	bool is_suspended;            /* called to suspend, and it was heard         */
	bool too_large;               /* for what is free there; others may fit       */

	/* for the history */
	struct outbox_attempt history;
	/* how fast, when the attempt has a limit of its own */
	struct limiter *limiter; /* NULL: it has none */
	struct paced paced;

	bool is_borrowed;           /* the connection was idle before               */
	int64_t wire_before_bytes;  /* on a connection that others used before us   */
	int64_t retransmits_before; /* likewise */
};

void run_init(struct run *r, const struct attempt *a);
void run_done(struct run *r); /* frees the connection, when there still is one */

/* A connection to that address: an idle one, or a new one.  Logs what it does, not the
 * failure.  Errors as link_open(). */
int run_connect(struct run *r, const struct config_address *to, struct err *e) MUST_USE;
/* Keep what the connection measured, and end it. */
void run_disconnect(struct run *r);
/* The same, but a good connection stays open for the next request. */
void run_give_back(struct run *r);

/* Keep r->kept, renew the lease, hear orders.  -1: an order came (ERR_STOP, r->order),
 * or the outbox failed. */
int run_save(struct run *r, struct err *e) MUST_USE;
/* The same when it is time again (progress_save_ms, and well within the lease). */
int run_beat(struct run *r, struct err *e) MUST_USE;
int64_t run_beat_ms(const struct run *r); /* how often */
bool run_is_due(const struct run *r);     /* it is time, or it was called */
/* Between blocks: it is time.  A call is for the next block; heard here, where nothing
 * can end it, it would no longer be hurried (worker.c). */
bool run_is_due_meanwhile(const struct run *r);
/* What is wanted of it that it has to hear of now. */
enum attempt_call run_call(const struct run *r);
/* Tell where it is. */
void run_at(const struct run *r, const char *path, int64_t offset_bytes,
	    int64_t size_bytes);

int run_begin(struct run *r, struct err *e) MUST_USE; /* takes a sending slot */
void run_pause(struct run *r);                        /* gives it back        */
/* Keep that the request is SENDING (to the present place), or PUBLISHING. */
int run_step(struct run *r, enum request_state to, struct err *e) MUST_USE;

/* "\\DSSMS\SMS_SITE\setup\file.cab" for a remote path; yours. */
char *run_shown(const struct run *r, const char *remote) MUST_USE;

#endif
