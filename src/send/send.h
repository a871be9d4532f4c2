/* send.h - DOOR: sending threads, and one attempt from connect to publish.
 *
 * An attempt carries one send request over one connection, top to bottom: addresses in
 * order, connect or reuse, check, stage (resume), verify, publish.  It decides nothing
 * about other requests; what it met goes back as a struct attempt_result, and
 * `dispatch` settles it.  A pool runs attempts in threads and hands their ends back
 * through a mailbox.
 *
 * Behind the door: event.c (what the sender log says) attempt.c (addresses, retries)
 * link.c (address -> transport) stage.c (folders, files, resume) progress.c (the
 * acknowledged prefix) verify.c publish.c pool.c */
#ifndef SEND_SEND_H
#define SEND_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/stop.h"
#include "config/config.h"
#include "outbox/outbox.h"
#include "package/package.h"
#include "transport/transport.h"

/* --- the sender log
 * --------------------------------------------------------------------- */

/* What happened; event.c has the one table: id, name, level, the original's words.
 * Numbers are for good: runbooks and JSON readers know them. */
enum event {
	EVENT_STARTED = 100,
	EVENT_STOPPED = 101,
	EVENT_CAPACITY = 110, /* Checking for sending capacity. Used %d out of %d.   */
	EVENT_FOUND = 111,    /* Found send request. ID: %s, Dest Site: %s           */
	EVENT_SITE_CAPACITY =
	    112,             /* Checking for site-specific sending capacity. ...    */
	EVENT_THREAD = 113,  /* Created sending thread (Thread ID = %u)             */
	EVENT_NO_MORE = 114, /* No (more) send requests found to process.           */
	EVENT_NO_ADDRESS =
	    120,              /* There is no longer an address to destination site %s */
	EVENT_RETURNED = 121, /* Returning send request to pending because ...       */
	EVENT_BUSY_SITE = 122, /* Site %s added to list of busy sites because ...     */
	EVENT_TRYING = 130,    /* Trying the No. %u address (out of %zu)              */
	EVENT_REUSED = 131, /* Passed the xmit file test, use the existing connection */
	EVENT_CONNECT_ERROR = 132,  /* Error during WNetAddConnection2 to %s (%u).  */
	EVENT_CONNECT_ADVICE = 133, /* what to look at, in words */
	EVENT_CONNECTED = 134,
	EVENT_NO_CONNECTION =
	    135,               /* There is no existing connection, Win32 error = %u   */
	EVENT_RETRYABLE = 136, /* Operation is retryable.                             */
	EVENT_FATAL = 137,     /* Error is considered fatal.                          */
	EVENT_SITE_HOLD = 138, /* Cannot connect to server %s at remote site %s, won't
				* try send requests going to site %s for %s or until
				* there are no active send requests.                 */
	EVENT_NOT_ESTABLISHED = 139, /* Could not establish connection. */
	EVENT_ATTEMPT_FAILED = 140,  /* Attempt to connect failed.  */
	EVENT_NO_DISCONNECT = 141,   /* No need to disconnect   */
	EVENT_RESTART = 142, /* Restart time = %s                                   */
	EVENT_PACKAGE_FILE = 150, /* Package file = %s */
	EVENT_INSTRUCTION = 151,  /* Instruction file = %s  */
	EVENT_CHECKING = 152, /* Checking for remote file %s                         */
	EVENT_OPENING = 153,  /* Attempt to create/open the remote file %s           */
	EVENT_OPENED = 154,   /* Created/opened the remote file %s                   */
	EVENT_OPEN_ERROR =
	    155, /* Cannot create/open the remote file %s, Win32 error = %u. */
	EVENT_SENDING = 156,   /* Sending Started [%s]                                */
	EVENT_WRITING = 157,   /* Attempt to write %lld bytes to %s at position %lld  */
	EVENT_WROTE = 158,     /* Wrote %lld bytes to %s at position %lld             */
	EVENT_SENT_FILE = 159, /* Sending completed [%s]                              */
	EVENT_FINISHED =
	    160, /* Finished sending SWD package %s version %d to site %s */
	EVENT_RENAMING = 161, /* Renaming remote file %s to %s                       */
	EVENT_RENAMED = 162,  /* Rename completed [%s]                               */
	EVENT_SUCCESS = 163,  /* Sending completed successfully                      */
	EVENT_RESUME = 164,
	EVENT_NO_SPACE = 165, /* There is not enough space on the disk.              */
	EVENT_TROUBLE = 166,  /* an error in the middle, in words                    */
	EVENT_RETRY_WAIT = 167,
	EVENT_HEARTBEAT = 170, /* Heartbeat is expired.                               */
	EVENT_CANT_REESTABLISH = 171, /* Can't re-establish the connection. */
	EVENT_EXPIRED = 172,
	EVENT_GAVE_UP = 173,
	EVENT_SUSPENDED = 174,
	EVENT_ORDERED = 175, /* a person held or cancelled it                       */
	EVENT_LOCAL_TROUBLE = 176,
	EVENT_ATTEMPT =
	    180, /* one line an attempt: where the time went (house.md 6.10) */
};

/* Who an event is about; goes into the context ("request=812 site=MS1").  NULL is fine.
 */
struct event_about {
	int64_t request; /* 0: none */
	const char *site;
	unsigned thread; /* 0: the calling one */
};

/* Write the event; arguments as its format in the table wants them.  NULL log: nothing.
 */
void event_log(struct log *log, const struct event_about *about, enum event id, ...);

/* The one `event=attempt` line that closes each attempt. */
void event_log_attempt(struct log *log, const struct event_about *about,
		       const struct outbox_attempt *a);

/* --- one attempt
 * --------------------------------------------------------------------------- */

/* What an attempt asks of whoever runs it.  All are called in the attempt's thread. */
struct attempt_hooks {
	/* A connection stands; wait until sending may begin.  -1: ERR_STOP. */
	int (*begin)(void *self, struct err *e);
	/* The line is gone, or the wait before a retry begins: sending may go on
	 * elsewhere. */
	void (*pause)(void *self);
	/* Keep durably that the request is now SENDING (staged_on: where) or
	 * PUBLISHING. */
	int (*step)(void *self, enum request_state to, const char *staged_on,
		    struct err *e);
	/* Keep what was acknowledged, renew the lease; *order says whether to go on. */
	int (*progress)(void *self, const struct request_progress *p,
			enum outbox_order *order, struct err *e);
	/* An idle connection to that address, or NULL; and back when still alive (takes
	 * t). */
	struct transport *(*borrow)(void *self, const struct config_address *a);
	void (*give_back)(void *self, const struct config_address *a,
			  struct transport *t);
	void *self;
};

struct attempt {
	const struct request
	    *request;        /* as claimed: progress, staged_on, state before */
	bool was_publishing; /* a former attempt had begun to publish         */
	const struct config_site *site;
	const struct config_sender *settings;
	struct package *package; /* open, at its start                            */
	const char *password;    /* NULL: config_secret() of the address; for `put` */
	struct log *log;         /* NULL: silent                                  */
	const struct clock *clock;
	const struct stop *stop;
	struct attempt_hooks hooks;
};

enum attempt_outcome {
	ATTEMPT_SENT,   /* published: the manifest is in its place               */
	ATTEMPT_FAILED, /* the request's fault: it can never work                */
	ATTEMPT_RETRY,  /* did not work this time: wait for a restart time       */
	ATTEMPT_NO_CONNECTION, /* no address could be used: site hold, restart time */
	ATTEMPT_SITE,       /* the site cannot take it now: site hold, restart time  */
	ATTEMPT_NO_ADDRESS, /* the site has no address in the configuration          */
	ATTEMPT_LOCAL,      /* our own disk or database                              */
	ATTEMPT_STOPPED,    /* we were asked to stop: give it back                   */
	ATTEMPT_ORDERED,    /* a person held or cancelled it                         */
	ATTEMPT_LOST,       /* the lease is somebody else's now                      */
};
const char *attempt_outcome_name(enum attempt_outcome o);

struct attempt_result {
	enum attempt_outcome outcome;
	enum outbox_order order; /* ATTEMPT_ORDERED: which                     */
	struct err error;        /* kind ERR_NONE when SENT                    */
	struct request_progress progress; /* what is acknowledged now */
	bool forget_progress; /* staging is gone or was emptied             */
	bool connected;       /* the site was reached                       */
	const struct config_address *address; /* last one tried; NULL: none */
	struct outbox_attempt history;
};

/* Run it to its end.  Logs what the original logged, up to the error; the lines after a
 * failed connection (hold, restart time) are the settler's.  Every wait ends within 2 s
 * of stop. */
void attempt_run(const struct attempt *a, struct attempt_result *out);

/* Try each address for real, step by step (`check --connect`): resolve, connect, log
 * on, tree, a small file written, renamed, deleted in .lansender, free space.  each()
 * is told every step.  0: all went well; -1: the first error is in *e. */
int attempt_check(const struct config_address *a, const char *password,
		  const struct stop *stop, const struct clock *clock,
		  void (*each)(void *self, const char *step, const char *detail,
			       bool ok),
		  void *self, struct err *e) MUST_USE;

/* --- the pool
 * ---------------------------------------------------------------------------------- */

struct pool;

struct pool_options {
	const struct config *config;
	const char *state_folder; /* outbox and package store */
	struct log *log;
	const struct clock *clock;
};

struct pool *pool_new(const struct pool_options *o) MUST_USE;
void pool_free(struct pool *p); /* stops, joins, closes idle connections */

/* Start a sending thread for a claimed request (its lease: r->owner).  proven: its site
 * was reached lately; counts with the connecting ones of its kind.  EVENT_THREAD is the
 * first line that the thread itself writes, so that it comes before all others of it.
 */
int pool_start(struct pool *p, const struct request *r, bool proven,
	       struct err *e) MUST_USE;

/* A thread that ended; the request in it is as it was claimed. */
struct pool_report {
	struct request request;
	struct attempt_result result;
	unsigned thread_number;
	bool proven; /* as it was started */
};

/* Wait until a report is there, something was poked, stop (NULL: never) was thrown, or
 * wait_ms (< 0: for ever) passed.  1: *out is filled (yours); 0: nothing was reported.
 */
int pool_wait(struct pool *p, const struct stop *stop, int64_t wait_ms,
	      struct pool_report *out);
void pool_poke(struct pool *p); /* any thread: end a pool_wait() */

/* Where its threads are; and per site through pool_site(). */
struct pool_counts {
	int connecting_proven; /* to sites that were reached last time                */
	int connecting_unproven; /* to sites that were not, or never tried */
	int waiting;  /* connected, waiting for a sending slot               */
	int sending;  /* hold one of max_sendings slots                      */
	int retrying; /* between two tries: need no slot                     */
};
void pool_get_counts(struct pool *p, struct pool_counts *out);
int pool_site_active(struct pool *p, const char *site);     /* threads for that site  */
int pool_site_connecting(struct pool *p, const char *site); /* of these: connecting   */

/* Ask every thread to stop; reports of STOPPED will come.  Idle connections are closed.
 */
void pool_stop(struct pool *p);
/* Close connections that were idle longer than settings allow; when to call again
 * (mono ms), or INT64_MAX. */
int64_t pool_close_idle(struct pool *p);

#endif
