/* outbox.h - DOOR: all send requests and their history, kept so that a crash loses
 * nothing.
 *
 * One struct outbox per thread; several processes at once (command line and sender).
 * Each verb is one transaction and at most one step of the state table (request.c,
 * drawn there with its numbered invariants).  Failures of the database are ERR_LOCAL; a
 * verb that fails has changed nothing, except ERR_UNSURE: the commit may have happened,
 * look.  Times are wall-clock ms since 1970, UTC, handed in.
 *
 * Behind the door: outbox.c (filing, what persons do) lease.c (claim to finish)
 * recover.c (leases and lifetimes that ended, packages) look.c (get, list, sites)
 * usage.c (bytes, for budgets) learnt.c (speeds, for the forecast) outlook.c (what the
 * sender thinks of requests)
 * verbs.c (one verb, one transaction) request.c (the state table) store.h (what a
 * backend must do) store_sqlite*.c schema/ */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/stop.h"

struct request_id {
	int64_t n;
};

enum request_state {
	REQUEST_PENDING,    /* may go when its turn comes      */
	REQUEST_CONNECTING, /* claimed: a sending thread has it */
	REQUEST_SENDING,
	REQUEST_PUBLISHING,
	REQUEST_SENT,      /* final                     */
	REQUEST_WAITING,   /* for its restart time      */
	REQUEST_SUSPENDED, /* window closed, pre-empted */
	REQUEST_HELD,      /* by a person               */
	REQUEST_FAILED,    /* final, with reason        */
	REQUEST_CANCELLED, /* final                     */
};
enum { REQUEST_STATES = 10 };
const char *request_state_name(enum request_state s); /* "pending" ... */
int request_state_from_name(const char *name, enum request_state *out) MUST_USE;
bool request_state_final(enum request_state s);
bool request_state_active(enum request_state s); /* connecting, sending, publishing */

enum request_priority { REQUEST_HIGH = 1, REQUEST_MEDIUM = 2, REQUEST_LOW = 3 };
const char *request_priority_name(enum request_priority p);
int request_priority_from_name(const char *name, enum request_priority *out) MUST_USE;

enum { SITE_CODE_ROOM = 33, REQUEST_TOKEN_ROOM = 17, ADDRESS_NAME_ROOM = 64 };
enum { OUTBOX_NODE_ROOM = 64 }; /* "line south", "address MS1.1" */
/* "\\server\share": host 253 (RFC 1035 2.3.4), share 80 (MS-SRVS 2.2.4), separators */
enum { PLACE_ROOM = 384 };

/* How far it got: entries before `entries_done` are whole at the site; of the entry
 * with that number the first `offset_bytes` are acknowledged. */
struct request_progress {
	int64_t entries_done;
	int64_t offset_bytes;
	int64_t bytes_done; /* of the package's total, for people */
};

/* A package as the outbox knows it: a row of its own, shared by its requests. */
struct outbox_package {
	char id[33];
	char name[768];
	bool is_tree, by_reference;
	int64_t file_count, folder_count, total_bytes;
};

/* What a person ordered of a request that was active at that moment; its sending hears
 * it when it reports next. */
enum outbox_order { OUTBOX_GO_ON, OUTBOX_ORDER_HOLD, OUTBOX_ORDER_CANCEL, OUTBOX_LOST };

/* Why a request is suspended: the sender's own code and number, kept as they are. */
struct outbox_why {
	int code; /* 0: nothing is known */
	int64_t until_at_ms, number;
};

/* What the sender thought of a request that is not final when it looked last. */
struct outbox_outlook {
	struct request_id request; /* n = 0: it did not look at it */
	int64_t made_at_ms;        /* when it arrives was thought then; 0: it was not */
	struct outbox_why why; /* why it does not go; code 0: nothing keeps it back */
	int64_t early_at_ms, likely_at_ms, late_at_ms; /* INT64_MAX: not at all */
	int in_time_percent;   /* chance to arrive before its deadline, or its end */
	int64_t doubted_at_ms; /* since then its deadline is unlikely; 0: it is not */
};

/* Who claims: the name of a sender (host and process), without '#'. */
enum { OUTBOX_NAME_ROOM = 48, OUTBOX_OWNER_ROOM = 64 };

/* A plain value, filled by get, list and claim. */
struct request {
	struct request_id id;
	char token[REQUEST_TOKEN_ROOM]; /* random; part of the staging folder's name */
	char site[SITE_CODE_ROOM];
	struct outbox_package package;
	enum request_priority priority;
	enum request_state state;
	int64_t filed_at_ms;
	int64_t not_before_at_ms; /* 0: at once                                      */
	int64_t deadline_at_ms;   /* 0: none                                         */
	int64_t expires_at_ms;    /* its lifetime's end, or its deadline             */
	int64_t restart_at_ms;    /* WAITING: not before                             */
	int64_t ended_at_ms;      /* final states                                    */
	struct request_progress progress;
	int64_t attempts;   /* ended ones                                      */
	int64_t supersedes; /* how many older ones it put an end to (outbox_new) */
	struct request_id superseded_by; /* n = 0: by none */
	char staged_on[PLACE_ROOM];      /* the server+share its staging lies on; "" */
	int64_t lease_until_at_ms;       /* active states */
	char owner[OUTBOX_OWNER_ROOM]; /* of the lease: "name#claim", one a claim; "" */
	enum outbox_order order;       /* given while active, not yet obeyed */
	enum err_kind error_kind;      /* of the last attempt; ERR_NONE: none yet */
	uint32_t error_win32;
	char error_text[ERR_TEXT_BYTES];
	unsigned prefer; /* number of the address it prefers; 0: none              */
	struct outbox_why why; /* SUSPENDED: why                                   */
	struct outbox_outlook outlook;
	bool is_behind; /* another one to this site, under the same name, goes first */
};

/* One try, kept for good as history. */
struct outbox_attempt {
	struct request_id request;
	int64_t number; /* 1, 2, ...; filled when listed                 */
	int64_t started_at_ms, ended_at_ms;
	char address[ADDRESS_NAME_ROOM]; /* "MS1.1" */
	char server[PLACE_ROOM];         /* "\\DSSMS\SMS_SITE" */
	char result[16]; /* "sent", "retry", "failed", "stopped" ...      */
	enum err_kind error_kind;
	uint32_t error_win32, error_ntstatus;
	char error_text[ERR_TEXT_BYTES];
	int64_t bytes_sent; /* acknowledged in this attempt                  */
	int64_t wire_bytes; /* on the socket                                 */
	int64_t connect_ms, send_ms, flush_ms, publish_ms;
	int64_t rtt_us, retransmits;
	int64_t connections; /* most at the same time, for one file; 0: unknown    */
	char cipher[24], signature[24], dialect[8];
};

struct outbox;

/* Open `folder`/outbox.db, making it when missing, stepping its schema forward,
 * checking it (quick_check).  -1: ERR_LOCAL with what to do: damaged beyond use, newer
 * schema than this program, not ours to write. */
int outbox_open(const char *folder, struct outbox **out, struct err *e) MUST_USE;
/* Reads only; needs no write permission in most verbs.  ERR_INPUT when there is none
 * yet. */
int outbox_open_readonly(const char *folder, struct outbox **out,
			 struct err *e) MUST_USE;
void outbox_close(struct outbox *o);
/* Is there no file of it, or one without a byte?  So it is before the first filing, and
 * after a loss: who knows that something was filed must not open it then, which would
 * make an empty one and drop what SQLite's log beside it still holds. */
bool outbox_is_blank(const char *folder);

/* How long a verb waits while another process writes.  At first OUTBOX_PATIENCE_MS, so
 * that a sender obeys a stop in time; who has more, says so: a filing of 1,000,000 may
 * take a minute (docs/bench.md).  Then ERR_LOCAL with OUTBOX_BUSY_WIN32 (MS-ERREF 2.2
 * ERROR_BUSY): nothing was changed, and nothing is wrong: ask again later. */
enum {
	OUTBOX_PATIENCE_MS = 1500, /* stop is promised within 2 s */
	OUTBOX_LONG_PATIENCE_MS = 60000,
	OUTBOX_BUSY_WIN32 = 170
};
void outbox_set_patience(struct outbox *o, int64_t wait_ms);

/* --- filing (command line) -------------------------------------------------------- */

struct outbox_new {
	const struct outbox_package *package; /* must be in the package store already */
	const char *const *sites;
	size_t site_count;
	enum request_priority priority;
	int64_t now_ms, not_before_at_ms, deadline_at_ms, lifetime_ms;
	/* NULL, or 1 to OUTBOX_KEY_MAX_BYTES: the same key again gives the same ids */
	const char *key;
	/* Older ones to the same site under the same name are cancelled in the same
	 * transaction: held ones too, since they could never be released any more; one
	 * that is being sent at its next block; one that publishes goes on. */
	bool supersede;
	unsigned prefer; /* number of the address that is preferred; 0: none */
	/* With a key: a hash of what is filed, to compare with what the key filed;
	 * NULL: by name and size alone */
	const char *content;
};
enum { OUTBOX_KEY_MAX_BYTES = 255 }; /* a choice: it is indexed, and people type it */

/* One transaction for all sites.  ids has room for site_count.  1: filed; 0: a filing
 * with this key was there already (ids are those, and the package given is not
 * referenced).  ERR_INPUT: the key filed other sites or another package. */
int outbox_add(struct outbox *o, const struct outbox_new *n, struct request_id *ids,
	       struct err *e) MUST_USE;

/* --- what persons do; a running sending obeys at its next block ------------------- */

enum outbox_command {
	OUTBOX_HOLD,    /* not final -> held; an active one at its next block      */
	OUTBOX_RELEASE, /* held -> pending; takes back the hold of an active one   */
	OUTBOX_CANCEL,  /* not final -> cancelled; an active one at its next block */
	OUTBOX_RETRY,   /* waiting, failed -> pending, with a new lifetime, and its
			 * site's hold is lifted; refused when its package was freed
			 * or its deadline is over */
};
/* 1: done (or ordered, when active); 0: no such request; -1: ERR_INPUT the state does
 * not allow it, said in words. */
int outbox_command(struct outbox *o, struct request_id id, enum outbox_command c,
		   int64_t now_ms, int64_t lifetime_ms, struct err *e) MUST_USE;
/* Those that go before it to its site under its name are raised to it, as they are by a
 * filing that is not put off: it can go no sooner than they.  1/0/-1 likewise. */
int outbox_set_priority(struct outbox *o, struct request_id id, enum request_priority p,
			struct err *e) MUST_USE;

/* --- what persons order for a while, over the configuration ----------------------- */

enum outbox_override_kind {
	OUTBOX_DRAIN = 1, /* nothing is sent; what: "" */
	OUTBOX_OPEN = 2,  /* of a site, by code: its windows count as open       */
	OUTBOX_LIMIT = 3, /* of a node ("all", "line south", "site MS1"): its rate */
};
struct outbox_override {
	enum outbox_override_kind kind;
	char what[OUTBOX_NODE_ROOM];
	int64_t value; /* LIMIT: bytes a second; INT64_MAX: unlimited */
	int64_t set_at_ms;
	int64_t until_at_ms; /* 0: until it is taken back */
};
/* Durable: a restart keeps it.  Takes the place of one of that kind and what. */
int outbox_override_set(struct outbox *o, const struct outbox_override *v,
			struct err *e) MUST_USE;
/* 1: it is gone; 0: there was none. */
int outbox_override_clear(struct outbox *o, enum outbox_override_kind kind,
			  const char *what, struct err *e) MUST_USE;
/* Those that are not over at now_ms, by kind and what.  *out is yours (mem_free). */
int outbox_override_list(struct outbox *o, int64_t now_ms, struct outbox_override **out,
			 size_t *count, struct err *e) MUST_USE;

/* --- looking ---------------------------------------------------------------------- */

/* 1/0/-1. */
int outbox_get(struct outbox *o, struct request_id id, struct request *out,
	       struct err *e) MUST_USE;

struct outbox_filter {
	const char *site; /* NULL: all                                         */
	bool unfinished_only;
	bool promised_only; /* those that are not final and have a deadline, of all */
	int64_t after_id;   /* page: ids above it; 0: from the start             */
	int64_t limit;      /* 0: no limit                                       */
};
/* In the order of ids.  each() returns 0 to go on; its other values end and are
 * returned. */
int outbox_list(struct outbox *o, const struct outbox_filter *f,
		int (*each)(void *self, const struct request *r), void *self,
		struct err *e) MUST_USE;

int outbox_attempts(struct outbox *o, struct request_id id,
		    int (*each)(void *self, const struct outbox_attempt *a), void *self,
		    struct err *e) MUST_USE;

/* One that may go now. */
struct outbox_best {
	struct request_id id; /* n = 0: none */
	enum request_priority priority;
	unsigned prefer;
	bool is_restart, is_suspended;
	int64_t filed_at_ms, goes_at_ms, deadline_at_ms, expires_at_ms;
	int64_t bytes_left;
};
/* Of each priority the best without and the best with a preferred address. */
enum { OUTBOX_BESTS = 6, OUTBOX_FAILED_ROOM = 16 };

/* An address that failed since it worked last. */
struct outbox_address {
	unsigned number;
	int64_t failures; /* in a row */
	int64_t alone_until_at_ms;
};

/* A site as the outbox knows it: counts, the best request that may go now, the hold. */
struct outbox_site {
	char site[SITE_CODE_ROOM];
	int64_t pending, waiting, suspended, held, active, sent, failed;
	int64_t queued_bytes;   /* of all that is not final                      */
	struct request_id best; /* n = 0: nothing may go now; else the best by
				 * priority, then age                            */
	enum request_priority best_priority;
	int64_t best_filed_at_ms;
	bool best_is_restart; /* it was waiting for its restart time           */
	/* Of a priority, what was suspended comes first, then the earliest end. */
	struct outbox_best bests[OUTBOX_BESTS];
	struct outbox_address failed_addresses[OUTBOX_FAILED_ROOM];
	size_t failed_address_count;
	int64_t next_at_ms;       /* earliest restart / not-before to come; 0 none */
	int64_t hold_until_at_ms; /* 0: no site hold                               */
	char hold_reason[ERR_TEXT_BYTES];
	int64_t failures; /* connect failures in a row                     */
	char address[ADDRESS_NAME_ROOM]; /* last one that worked; "" */
	int64_t last_sent_at_ms;
	int64_t error_at_ms; /* of the last error to it; 0: none since it worked */
	uint32_t error_win32;
	char error_text[ERR_TEXT_BYTES];
};
/* Every site that has a row, by code.  counts=false leaves the counters of ended
 * requests and queued_bytes 0 (the dispatcher does not pay for them). */
int outbox_sites(struct outbox *o, int64_t now_ms, bool counts,
		 int (*each)(void *self, const struct outbox_site *s), void *self,
		 struct err *e) MUST_USE;

/* --- the sender ------------------------------------------------------------------- */

/* Take it: PENDING (not before its not_before), or WAITING whose time has come, or
 * SUSPENDED -> CONNECTING with a lease.  Never one that is over its lifetime, nor one
 * while another to the same site, under the same name, goes first: two would publish
 * at one place, and the older version last.  1: *out is what was taken; 0: somebody
 * else was quicker or it may not go.
 * `name` is who takes it.  The lease belongs to out->owner, which is the name, '#' and
 * a token of this one claim: heartbeat, step and finish want that, so that a sending
 * that lost its lease cannot act for the next one, not even within one process. */
int outbox_claim(struct outbox *o, struct request_id id, const char *name,
		 int64_t now_ms, int64_t lease_ms, struct request *out,
		 struct err *e) MUST_USE;

/* Renew the lease; with progress != NULL keep it (grouped: not flushed to disk each
 * time). *order: OUTBOX_LOST when the lease is no longer ours: stop at once, report
 * nothing. */
int outbox_heartbeat(struct outbox *o, struct request_id id, const char *owner,
		     int64_t now_ms, int64_t lease_ms,
		     const struct request_progress *progress, enum outbox_order *order,
		     struct err *e) MUST_USE;

/* CONNECTING -> SENDING (address, where staging lies), SENDING -> SENDING (the site's
 * next address) or SENDING -> PUBLISHING.
 * Durable.  A `staged_on` other than the one kept resets the progress to nothing; NULL:
 * leave it.  -1 ERR_STOP: the lease is lost, nothing was changed: stop at once. */
int outbox_step(struct outbox *o, struct request_id id, const char *owner,
		enum request_state to, const char *staged_on, int64_t now_ms,
		struct err *e) MUST_USE;

struct outbox_end {
	enum request_state to;   /* SENT, WAITING, FAILED, PENDING (given back),
				  * SUSPENDED, HELD, CANCELLED   */
	int64_t restart_at_ms;   /* WAITING                      */
	bool forget_progress;    /* staging is gone: start again */
	const struct err *error; /* NULL: none                   */
	const struct request_progress *progress; /* NULL: leave it        */
	const struct outbox_attempt *attempt;    /* NULL: nothing to keep */
	struct outbox_why why;                   /* SUSPENDED                    */
};
/* End of an attempt: state, history and, in the same transaction, a waiting order (a
 * hold or cancel that a person gave meanwhile wins over WAITING, PENDING and
 * SUSPENDED; what is SENT or FAILED stays so; HELD becomes PENDING when the hold was
 * taken back).  SENT comes from PUBLISHING only.  0, or 1: the lease was lost, nothing
 * was changed. */
int outbox_finish(struct outbox *o, struct request_id id, const char *owner,
		  int64_t now_ms, const struct outbox_end *end, struct err *e) MUST_USE;

/* Leases that ran out ("Heartbeat is expired."): back to PENDING with their progress,
 * or to what a person ordered meanwhile, and an attempt "lost" in the history; and with
 * `name`, all that this name had claimed (at its start; NULL: none).  Requests over
 * their lifetime or deadline: FAILED when not active.  each(): what became of whom; may
 * be NULL.
 * Costs next to nothing when nothing is due: for the dispatcher's every turn. */
int outbox_recover(struct outbox *o, const char *name, int64_t now_ms,
		   void (*each)(void *self, const struct request *r,
				bool expired_lifetime),
		   void *self, struct err *e) MUST_USE;

/* One site: 1/0/-1. */
int outbox_site(struct outbox *o, const char *site, int64_t now_ms,
		struct outbox_site *out, struct err *e) MUST_USE;

/* Only the sites whose answer changed since *cursor (0: all that have a row), in no
 * order; *cursor then is where to go on next time.  Costs by what changed, not by how
 * many sites or requests there are.  What changes by time alone is not in it: ask
 * outbox_site() again when its next_at_ms has come. */
int outbox_sites_changed(struct outbox *o, int64_t now_ms, int64_t *cursor,
			 int (*each)(void *self, const struct outbox_site *s),
			 void *self, struct err *e) MUST_USE;

/* Site hold: until_at_ms 0 takes it away; `reason` is kept.  It is over, too, once no
 * request to the site is unfinished: "for an hour or until there are no active send
 * requests" (sms-sender.md 2.9).  ERR_INPUT: no request was
 * ever filed to this site.  The result of a connect: with `error` one more failure in a
 * row; NULL: it worked, by `address` (or NULL), and failures count from 0 again; the
 * site's error is no more, but for one that outbox_finish() left at this very instant:
 * that attempt could connect and failed all the same. */
int outbox_site_hold(struct outbox *o, const char *site, int64_t until_at_ms,
		     const char *reason, struct err *e) MUST_USE;
int outbox_site_result(struct outbox *o, const char *site, const char *address,
		       const struct err *error, int64_t now_ms, struct err *e) MUST_USE;
/* What kept the site back is no more: its hold ends when that was the reason of it, and
 * so does each wait for a restart time of a request whose last error was that. */
int outbox_site_excuse(struct outbox *o, const char *site, const char *reason,
		       int64_t now_ms, struct err *e) MUST_USE;

/* Bytes that went through a node of the rate plan ("line south", dispatch/rate_plan.h)
 * on the day that began at day_at_ms in the node's zone: for budgets. */
struct outbox_usage {
	char node[OUTBOX_NODE_ROOM];
	int64_t day_at_ms;
	int64_t bytes;
};
/* All in one transaction, each added to what is there; grouped: the last moments before
 * a power cut may be missing.  Days more than two months before are forgotten. */
int outbox_usage_add(struct outbox *o, const struct outbox_usage *rows, size_t count,
		     struct err *e) MUST_USE;
/* The sum of all days from from_at_ms on; 0 when there are none. */
int outbox_usage_get(struct outbox *o, const char *node, int64_t from_at_ms,
		     int64_t *bytes, struct err *e) MUST_USE;

/* What was learnt of an address in one hour of the day: counts and sums. */
enum {
	OUTBOX_HOURS = 24,
	/* So many tries of an hour are kept; then they are halved, so that what is old
	 * counts less and less.  Three months of ten a day, about; a choice. */
	OUTBOX_LEARNT_MOST = 1000,
};
struct outbox_learnt {
	char address[ADDRESS_NAME_ROOM]; /* "MS1.1"                             */
	int hour;                        /* by the address's clocks             */
	int64_t samples;                 /* that tell a speed                   */
	double log_sum, log_squares;     /* of ln(bytes/s) of these             */
	int64_t publish_ms;              /* sum, of these                       */
	int64_t connects, failed;
	int64_t connect_ms; /* sum, of the connects that worked    */
};
/* Each added to what is there; grouped, like the usage. */
int outbox_learn(struct outbox *o, const struct outbox_learnt *rows, size_t count,
		 struct err *e) MUST_USE;
/* All, by address (strcmp) and hour.  *out is yours (mem_free). */
int outbox_learnt_list(struct outbox *o, struct outbox_learnt **out, size_t *count,
		       struct err *e) MUST_USE;

/* All that the sender thinks of requests; what it thought before is forgotten.
 * Grouped, like the usage; no site's answer changes. */
int outbox_outlook_set(struct outbox *o, const struct outbox_outlook *rows,
		       size_t count, struct err *e) MUST_USE;

/* An address of it failed so often in a row, and is left alone until then; 0 failures:
 * it works.  OUTBOX_RETRY of a request forgets what failed at its site. */
int outbox_address_result(struct outbox *o, const char *site,
			  const struct outbox_address *a, struct err *e) MUST_USE;

/* Of two that end by their lifetimes only, the smaller first: for bests (of the 256 of
 * a priority that end first). */
void outbox_set_small_first(struct outbox *o, bool on);

/* Packages that no request needs any more: each(id) frees its bytes and returns 0, then
 * the row is marked freed; on another value it stays marked for next time, and the walk
 * ends with that value.  Not finished: needs it.  SENT and CANCELLED: no more.  FAILED:
 * needs it (for OUTBOX_RETRY) while it failed at failed_before_at_ms or later. */
int outbox_free_packages(struct outbox *o, int64_t failed_before_at_ms,
			 int (*each)(void *self, const char *package_id), void *self,
			 struct err *e) MUST_USE;
/* Is this package known, and not freed?  1/0/-1: for sweeping the store. */
int outbox_has_package(struct outbox *o, const char *package_id,
		       struct err *e) MUST_USE;

/* Wait until somebody else changed the outbox, stop, or wait_ms (< 0: for ever).
 * true: look again. */
bool outbox_wait(struct outbox *o, const struct stop *stop, int64_t wait_ms);

/* Rows that made no sense and were set aside (quarantined); how many there are. */
int outbox_quarantined(struct outbox *o, int64_t *count, struct err *e) MUST_USE;

#endif
