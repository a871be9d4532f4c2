/* send.h - DOOR: sending threads, and one attempt from connect to publish.
 *
 * An attempt carries one send request over one connection, top to bottom: addresses in
 * order, connect or reuse, check, stage (resume), verify, publish.  It decides nothing
 * about other requests; what it met goes back as a struct attempt_result, and
 * `dispatch` settles it.  A pool runs attempts in threads and hands their ends back
 * through a mailbox.
 *
 * Behind the door: event.c (what the sender log says) attempt.c (addresses, retries)
 * outcome.c (what an error makes of it) run.c (what its steps share) link.c (address
 * -> transport) stage.c (what goes where, resume) files.c (files in flight) prefix.c
 * (the acknowledged prefix) verify.c publish.c (the renames) publish_look.c places.c
 * (what is there before them) check.c (an address tried) refused.c (names that a server
 * does not take) sweep.c (what others left) pool.c (threads) slots.c (whose turn)
 * work.c (what a thread does) worker.c (calls, whereabouts) idle.c (connections kept)
 * limiter*.c paced.c (how fast)
 */
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

/* --- the sender log --------------------------------------------------------------- */

/* What happened.  event.c has the one table: id, name, level, the original's words.
 * Numbers are for good: runbooks and JSON readers know them.  In brackets: the
 * arguments that event_log() wants, s a string, d an int, u an unsigned, n a long long,
 * ms an int64_t. */
/* clang-format off */
enum event {
	EVENT_STARTED = 100,          /* []                                           */
	EVENT_STOPPED = 101,          /* []                                           */
	EVENT_CAPACITY = 110,         /* [d used, d out of]                           */
	EVENT_FOUND = 111,            /* [s id, s site]                               */
	EVENT_SITE_CAPACITY = 112,    /* [d used, d out of]                           */
	EVENT_THREAD = 113,           /* [u thread]; work.c says it, in that thread   */
	EVENT_NO_MORE = 114,          /* []                                           */
	EVENT_NO_ADDRESS = 120,       /* [s site]                                     */
	EVENT_RETURNED = 121,         /* []                                           */
	EVENT_BUSY_SITE = 122,        /* [s site]                                     */
	EVENT_UNKNOWN_TYPE = 123,     /* [s address, s type, s " and 3 more"]         */
	EVENT_TRYING = 130,           /* [u number, u out of]                         */
	EVENT_REUSED = 131,           /* []                                           */
	EVENT_CONNECT_ERROR = 132,    /* [s \\server\share, u Win32 code]             */
	EVENT_CONNECT_ADVICE = 133,   /* [s what to look at]                          */
	EVENT_CONNECTED = 134,        /* [s \\server\share, s how]                    */
	EVENT_NO_CONNECTION = 135,    /* [u Win32 code]                               */
	EVENT_RETRYABLE = 136,        /* []                                           */
	EVENT_FATAL = 137,            /* []                                           */
	EVENT_SITE_HOLD = 138,        /* [s \\server, s site, ms]; 60 min: "an hour"  */
	EVENT_NOT_ESTABLISHED = 139,  /* []                                           */
	EVENT_ATTEMPT_FAILED = 140,   /* []                                           */
	EVENT_NO_DISCONNECT = 141,    /* []                                           */
	EVENT_RESTART = 142,          /* [s clock_sms()]                              */
	EVENT_PACKAGE_FILE = 150,     /* [s name]                                     */
	EVENT_INSTRUCTION = 151,      /* [s local path]                               */
	EVENT_CHECKING = 152,         /* [s remote path]                              */
	EVENT_OPENING = 153,          /* [s remote path]                              */
	EVENT_OPENED = 154,           /* [s remote path]                              */
	EVENT_OPEN_ERROR = 155,       /* [s remote path, u Win32 code]                */
	EVENT_SENDING = 156,          /* [s name]                                     */
	EVENT_WRITING = 157,          /* [n bytes, s remote path, n position]         */
	EVENT_WROTE = 158,            /* [n bytes, s remote path, n position]         */
	EVENT_SENT_FILE = 159,        /* [s name]                                     */
	EVENT_FINISHED = 160,         /* [s name, d version, s site]                  */
	EVENT_RENAMING = 161,         /* [s remote path, s remote path]               */
	EVENT_RENAMED = 162,          /* [s remote path]                              */
	EVENT_SUCCESS = 163,          /* []                                           */
	EVENT_RESUME = 164,           /* [s remote path, n position]                  */
	EVENT_NO_SPACE = 165,         /* []                                           */
	EVENT_TROUBLE = 166,          /* [s words, u Win32 code]                      */
	EVENT_RETRY_WAIT = 167,       /* [u retry, u out of, ms]                      */
	EVENT_DELETING = 168,         /* [s remote path]                              */
	EVENT_HEARTBEAT = 170,        /* []                                           */
	EVENT_CANT_REESTABLISH = 171, /* []                                           */
	EVENT_EXPIRED = 172,          /* [s site]                                     */
	EVENT_UNLIKELY = 173,         /* [s deadline, d percent, s arrival]           */
	EVENT_LIKELY = 174,           /* [s deadline, d percent]                      */
	EVENT_ORDERED = 175,          /* [s "held", "cancelled"]                      */
	EVENT_LOCAL_TROUBLE = 176,    /* [s words]                                    */
	EVENT_SUPERSEDED = 177,       /* [n request]                                  */
	EVENT_SUPERSEDES = 178,       /* [n how many]                                 */
	EVENT_SUSPENDED = 179,        /* [s why]                                      */
	EVENT_DRAINED = 190,          /* []                                           */
	EVENT_DRAIN_ENDED = 191,      /* []                                           */
	EVENT_RELOADED = 192,         /* []                                           */
	EVENT_NOT_RELOADED = 193,     /* [s why]                                      */
	EVENT_SET_ASIDE = 194,        /* [n how many]                                 */
	EVENT_ATTEMPT = 180,          /* by event_log_attempt() only                  */
};
/* clang-format on */

/* Who an event is about; goes into the context ("request=812 site=MS1").  NULL is fine.
 */
struct event_about {
	int64_t request; /* 0: none */
	const char *site;
	unsigned thread; /* 0: the calling one */
};

/* Write the event; arguments as its line above says.  NULL log: nothing. */
void event_log(struct log *log, const struct event_about *about, enum event id, ...);

/* The one `event=attempt` line that closes each attempt. */
void event_log_attempt(struct log *log, const struct event_about *about,
		       const struct outbox_attempt *a);

/* --- one attempt ------------------------------------------------------------------ */

/* What whoever runs an attempt wants of it now. */
enum attempt_call {
	ATTEMPT_GO_ON,
	ATTEMPT_ASK,     /* there may be an order: progress() at this block         */
	ATTEMPT_SUSPEND, /* end at this block, unless publishing: ATTEMPT_SUSPENDED */
};

/* Where an attempt is; strings are borrowed for the call. */
struct attempt_at {
	const struct config_address *address;
	const char *path;     /* of the package's file; "" for a package that is one */
	int64_t offset_bytes; /* acknowledged of it                                  */
	int64_t size_bytes;
	int64_t bytes_sent; /* acknowledged in this attempt                        */
};

/* What an attempt asks of whoever runs it.  All are called in the attempt's thread;
 * each may be NULL: nothing to ask. */
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
	/* Asked with each block, so it must be cheap.  One that cannot wait for the end
	 * of a block throws `stop` as well: the attempt then ends as it was called. */
	enum attempt_call (*call)(void *self);
	/* Told after each connect and each block. */
	void (*at)(void *self, const struct attempt_at *at);
	/* All files are at the site: wait until the manifest is there (a package filed
	 * with hash_later). */
	int (*wait_hash)(void *self, struct err *e);
	/* Is it there already?  NULL: it is, unless there is a wait_hash(). */
	bool (*has_hash)(void *self);
	/* An idle connection to that address, or NULL; and back when still alive (takes
	 * t). */
	struct transport *(*borrow)(void *self, const struct config_address *a);
	void (*give_back)(void *self, const struct config_address *a,
			  struct transport *t);
	/* How fast bytes may leave by that address, over every connection from now on;
	 * until it is asked for another. */
	void (*pace)(void *self, const struct config_address *a, struct pace *out);
	/* Is that request of ours over for good?  What is staged for it may go then. */
	bool (*is_over)(void *self, int64_t request, const char *token);
	void *self;
};

/* Addresses of a site by their numbers, in the order in which they are tried. */
enum { ATTEMPT_ROUTE_ROOM = 16 }; /* a choice */
struct attempt_route {
	unsigned numbers[ATTEMPT_ROUTE_ROOM];
	size_t count;
};

struct attempt {
	const struct request *request; /* as claimed: progress, staged_on */
	const struct config_site *site;
	const struct attempt_route *route; /* NULL: all addresses, in their order */
	const struct config_sender *settings;
	struct package *package; /* open, at its start                            */
	const char *password;    /* NULL: config_secret() of the address; for `put` */
	struct log *log;         /* NULL: silent                                  */
	const struct clock *clock;
	const struct stop *stop;
	/* Without the hook `pace`: no faster than that; 0: not limited.  For `put`. */
	int64_t limit_bytes_per_s;
	bool once; /* nobody tries it again by himself; for `put` */
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
	ATTEMPT_REFUSED,    /* reached, but may not be used: site hold, restart time */
	ATTEMPT_SUSPENDED,  /* as it was called to; goes on later from there         */
};
const char *attempt_outcome_name(enum attempt_outcome o);
/* The error of ATTEMPT_NO_ADDRESS: whoever meets its words in the outbox knows what the
 * cause was. */
void attempt_no_address(const char *site, struct err *e);

struct attempt_result {
	enum attempt_outcome outcome;
	enum outbox_order order; /* ATTEMPT_ORDERED: which                     */
	struct err error;        /* kind ERR_NONE when SENT                    */
	struct request_progress progress; /* what is acknowledged now */
	bool forget_progress; /* staging is gone or was emptied             */
	bool connected;       /* the site was reached                       */
	bool too_large;       /* SITE: no room for this one, but for others */
	const struct config_address *address; /* last one tried; NULL: none */
	struct attempt_route failed; /* that could not be connected to, or be used */
	int64_t held_ms; /* its bytes waited for a limit; the pool's sendings only */
	int64_t cpu_ms;  /* processor time of its thread: all but hashing      */
	struct outbox_attempt history;
};

/* Run it to its end.  Logs what the original logged, up to the error; the lines after a
 * failed connection (hold, restart time) are the settler's.  Every wait ends within 2 s
 * of stop. */
void attempt_run(const struct attempt *a, struct attempt_result *out);

/* Try an address for real (`check --connect`): reach the server, log on, open the
 * share, free space, a small file written, renamed and deleted in .lansender.  each()
 * is told every step, in this order, up to the first that fails.  password: NULL: the
 * one configured.  0: all went well; -1: the first error is in *e. */
int attempt_check(const struct config_address *a, const char *password,
		  const struct stop *stop, const struct clock *clock,
		  void (*each)(void *self, const char *step, const char *detail,
			       bool ok),
		  void *self, struct err *e) MUST_USE;

/* --- the pool --------------------------------------------------------------------- */

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
 * was reached lately; counts with the connecting ones of its kind.  route: which of the
 * site's addresses it may use; NULL: all, in their order.  EVENT_THREAD is the
 * first line that the thread itself writes, so that it comes before all others of it.
 */
int pool_start(struct pool *p, const struct request *r,
	       const struct attempt_route *route, bool proven, struct err *e) MUST_USE;

/* Why a sending is suspended: the dispatcher's own code and number; it comes back in
 * the report as it was given. */
struct pool_why {
	int reason;
	int64_t until_at_ms, number;
};

/* How fast a node may go.  Headers, signatures and encryption of SMB count, what TCP
 * and IP put around them does not; a log-on counts, but does not wait. */
struct send_rate {
	int64_t bytes_per_s; /* INT64_MAX: not limited; 0: nothing goes */
	int64_t pulse_bytes; /* > 0: a block of so many bytes ...       */
	int64_t pulse_ms;    /* ... each so many ms, whatever the rate  */
};
/* Any thread; running sendings follow within a tenth of a second, in the middle of a
 * file.  Nodes are "all", "line south", "site MS1", "address MS1.1", and below it
 * "pulse MS1.1" for blocks beside a rate.  Each sending goes through those of its way,
 * which keep their limits together: higher priorities first, but each has a tenth of a
 * node at least; sites of a line and sendings of an address alike; what one leaves, the
 * others get (send/limiter.h). */
void pool_set_rate(struct pool *p, const char *node, const struct send_rate *rate);
/* Bytes that went through that node since the pool was made. */
int64_t pool_sent_bytes(struct pool *p, const char *node);

/* A thread that ended; the request in it is as it was claimed. */
struct pool_report {
	struct request request;
	struct attempt_result result;
	unsigned thread_number;
	bool proven;         /* as it was started                        */
	struct pool_why why; /* SUSPENDED: what pool_suspend() was given */
};

/* Wait until a report is there, something was poked, stop (NULL: never) was thrown, or
 * wait_ms (< 0: for ever) passed.  1: *out is filled (yours); 0: nothing was reported.
 */
int pool_wait(struct pool *p, const struct stop *stop, int64_t wait_ms,
	      struct pool_report *out);
void pool_poke(struct pool *p); /* any thread: end a pool_wait() */

/* Where its threads are; and per site through pool_site_*(). */
struct pool_counts {
	int connecting_proven;   /* to sites that were reached last time              */
	int connecting_unproven; /* to sites that were not, or never tried            */
	int waiting;             /* connected, waiting for a sending slot             */
	int sending;             /* hold one of max_sendings slots                    */
	int high;     /* of connecting_proven, waiting and sending: of high priority */
	int retrying; /* between two tries, or ended and not reported yet: no slot    */
};
void pool_get_counts(struct pool *p, struct pool_counts *out);
/* Threads for that site (NULL: all), until they are reported.  Of these: connecting, or
 * ended and not reported yet, since nobody knows then whether the site was reached. */
int pool_site_active(struct pool *p, const char *site);
int pool_site_connecting(struct pool *p, const char *site);

/* Suspend the sending of that request (n = 0: every one) at its next block, with what
 * the site acknowledged kept: its report will be SUSPENDED.  One that is between blocks
 * for half a second (a thin line, a server that does not answer) loses its connection
 * instead.  One that is publishing goes on to its end.  How many were called. */
int pool_suspend(struct pool *p, struct request_id id, const struct pool_why *why);
/* A person ordered something of it: it asks at its next block; likewise. */
void pool_order(struct pool *p, struct request_id id);
/* Which of those that wait for a slot goes first, from now on. */
void pool_set_priority(struct pool *p, struct request_id id, enum request_priority to);

/* From now on with that configuration (takes `next`).  What is being sent goes on and
 * follows its [sender] section at the next block; the addresses that it uses stay those
 * of its own configuration, which is kept until the last sending of it was reported and
 * that report is done with: until the next pool_wait().  Idle connections are closed.
 * The dispatcher's thread only. */
void pool_reload(struct pool *p, struct config *next);
/* The one in force; valid until the pool_wait() after the next pool_reload(). */
const struct config *pool_config(const struct pool *p);

/* What is under way, for people. */
struct pool_sending {
	struct request_id request;
	char site[SITE_CODE_ROOM];
	enum request_priority priority;
	const char *stage;      /* "connecting", "waiting", "sending" ...  */
	bool suspending;        /* pool_suspend() was called for it        */
	bool address_gone;      /* in the configuration in force, or leads elsewhere */
	unsigned thread_number; /* 0: not yet                              */
	char address[ADDRESS_NAME_ROOM];  /* "MS1.1"; "": not yet                    */
	char server[PLACE_ROOM];          /* "\\DSSMS\SMS_SITE"                      */
	char path[512];                   /* file of a tree; cut                     */
	int64_t offset_bytes, size_bytes; /* of that file                            */
	int64_t bytes_sent; /* acknowledged in this attempt                         */
	int64_t bytes_done, bytes_total; /* of the package                           */
	int64_t bytes_per_s; /* over the last seconds                                */
	int64_t started_at_ms; /* wall                                    */
};
/* Up to `room` of them, as they were started, the latest first; returns how many. */
size_t pool_list(struct pool *p, struct pool_sending *out, size_t room);

/* Ask every thread to stop; reports of STOPPED will come.  Idle connections are closed.
 */
void pool_stop(struct pool *p);
/* Close connections that were idle longer than settings allow; when to call again
 * (mono ms), or INT64_MAX. */
int64_t pool_close_idle(struct pool *p);

#endif
