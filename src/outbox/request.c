/* request.c - the state table of a send request.
 *
 *    RESTING                ACTIVE: one claim owns it       FINAL
 *
 *  +-----------+   claim   +------------+
 *  |  PENDING  |---------->| CONNECTING |
 *  |  WAITING  |           +-----+------+
 *  | SUSPENDED |                 | sending
 *  +-----------+           +-----v------+
 *     |     ^              |  SENDING   |
 *     | hold|              +-----+------+
 *     |     |release             | publish
 *  +--v--------+           +-----v------+     sent
 *  |   HELD    |           | PUBLISHING |--------------->  SENT
 *  +-----------+           +------------+
 *
 *  release, retry (of WAITING and FAILED)     -> PENDING
 *  from each resting one:  hold -> HELD       cancel -> CANCELLED   expire -> FAILED
 *  from each active one:   give_back, lease_over -> PENDING         fail -> FAILED
 *                          retry_at -> WAITING          suspend -> SUSPENDED
 *                          obey_hold -> HELD            obey_cancel -> CANCELLED
 *
 * SENDING again is SENDING at the site's next address: another staging place (I7).
 *
 * An active request (CONNECTING, SENDING, PUBLISHING) belongs to one claim.  Persons
 * cannot move it: hold and cancel stay beside it as an order, which its sending hears
 * at its next report and which outbox_finish() and recovery obey.
 *
 * Invariants; request_enter() makes them, request_wrong() and the schema's checks hold
 * rows against them:
 *   I1  active <=> has an owner, a lease and the instant of its claim
 *   I2  final (SENT, FAILED, CANCELLED) <=> has the instant of its end
 *   I3  may go (ready_at_ms >= 0) <=> PENDING, WAITING or SUSPENDED
 *   I4  only WAITING has a restart time
 *   I5  only an active request has an order
 *   I6  SENT and CANCELLED never change again; FAILED only by retry, and only while its
 *       package is still in the store
 *   I7  progress belongs to one staging place and is nothing in a new one
 *   I8  who is not the owner of the lease changes nothing of an active request
 *   I9  id, token, site, package and the time of filing never change
 *   I10 in line <=> PENDING, WAITING, SUSPENDED or active
 *
 * Requests to one site whose packages have one name (as a server compares names:
 * without case) stand in line, since each takes the place of the one before it:
 *   L1  of a line, at most one has its turn; only that one is ever active
 *   L2  a line that is not empty has one whose turn it is
 *   L3  first goes what was filed, or put off to, earlier; then the lower id.  Who was
 *       held or has failed lost its place to those that went meanwhile: it does not
 *       come back once one of these is on its way or sent
 *   L4  who waits in line when it is filed or given a priority makes those before it as
 *       urgent, since it can go no sooner than they; one that is put off does not */
#include "outbox/request.h"

#include <string.h>

#include "base/str.h"

/* clang-format off */
static const char *const state_names[REQUEST_STATES] = {
	[REQUEST_PENDING] = "pending",       [REQUEST_CONNECTING] = "connecting",
	[REQUEST_SENDING] = "sending",       [REQUEST_PUBLISHING] = "publishing",
	[REQUEST_SENT] = "sent",             [REQUEST_WAITING] = "waiting",
	[REQUEST_SUSPENDED] = "suspended",   [REQUEST_HELD] = "held",
	[REQUEST_FAILED] = "failed",         [REQUEST_CANCELLED] = "cancelled",
};

static const char *const event_names[REQUEST_EVENTS] = {
	[EVENT_CLAIM] = "claim",             [EVENT_SENDING] = "sending",
	[EVENT_PUBLISH] = "publish",         [EVENT_SENT] = "sent",
	[EVENT_RETRY_AT] = "retry_at",       [EVENT_FAIL] = "fail",
	[EVENT_GIVE_BACK] = "give_back",     [EVENT_SUSPEND] = "suspend",
	[EVENT_OBEY_HOLD] = "obey_hold",     [EVENT_OBEY_CANCEL] = "obey_cancel",
	[EVENT_LEASE_OVER] = "lease_over",   [EVENT_EXPIRE] = "expire",
	[EVENT_HOLD] = "hold",               [EVENT_RELEASE] = "release",
	[EVENT_CANCEL] = "cancel",           [EVENT_RETRY] = "retry",
};

enum {
	NO = NEXT_NO,
	ORD = NEXT_ORDER,
	PEND = REQUEST_PENDING,
	CONN = REQUEST_CONNECTING,
	SEND = REQUEST_SENDING,
	PUBL = REQUEST_PUBLISHING,
	SENT = REQUEST_SENT,
	WAIT = REQUEST_WAITING,
	SUSP = REQUEST_SUSPENDED,
	HELD = REQUEST_HELD,
	FAIL = REQUEST_FAILED,
	CANC = REQUEST_CANCELLED,
};

static const signed char next_state[REQUEST_STATES][REQUEST_EVENTS] = {
/*                        claim sending publish sent  retry_at fail  give_back suspend */
/*                        obey_hold obey_cancel lease_over expire hold release cancel retry */
	[REQUEST_PENDING]    = {CONN, NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        FAIL,  HELD, NO,     CANC,  NO},
	[REQUEST_CONNECTING] = {NO,   SEND,   NO,     NO,   WAIT,    FAIL, PEND,     SUSP,
	                        HELD,     CANC,       PEND,      NO,    ORD,  ORD,    ORD,   NO},
	[REQUEST_SENDING]    = {NO,   SEND,   PUBL,   NO,   WAIT,    FAIL, PEND,     SUSP,
	                        HELD,     CANC,       PEND,      NO,    ORD,  ORD,    ORD,   NO},
	[REQUEST_PUBLISHING] = {NO,   NO,     NO,     SENT, WAIT,    FAIL, PEND,     SUSP,
	                        HELD,     CANC,       PEND,      NO,    ORD,  ORD,    ORD,   NO},
	[REQUEST_SENT]       = {NO,   NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        NO,    NO,   NO,     NO,    NO},
	[REQUEST_WAITING]    = {CONN, NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        FAIL,  HELD, NO,     CANC,  PEND},
	[REQUEST_SUSPENDED]  = {CONN, NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        FAIL,  HELD, NO,     CANC,  NO},
	[REQUEST_HELD]       = {NO,   NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        FAIL,  HELD, PEND,   CANC,  NO},
	[REQUEST_FAILED]     = {NO,   NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        NO,    NO,   NO,     NO,    PEND},
	[REQUEST_CANCELLED]  = {NO,   NO,     NO,     NO,   NO,      NO,   NO,       NO,
	                        NO,       NO,         NO,        NO,    NO,   NO,     NO,    NO},
};
/* clang-format on */

int
request_next(enum request_state s, enum request_event ev)
{
	if ((unsigned)s >= REQUEST_STATES || (unsigned)ev >= REQUEST_EVENTS)
		return NEXT_NO;
	return next_state[s][ev];
}

const char *
request_state_name(enum request_state s)
{
	return (unsigned)s < REQUEST_STATES ? state_names[s] : "unknown";
}

const char *
request_event_name(enum request_event ev)
{
	return (unsigned)ev < REQUEST_EVENTS ? event_names[ev] : "unknown";
}

int
request_state_from_name(const char *name, enum request_state *out)
{
	for (unsigned i = 0; i < REQUEST_STATES; i++) {
		if (str_eq(name, state_names[i])) {
			*out = (enum request_state)i;
			return 0;
		}
	}
	return -1;
}

bool
request_state_final(enum request_state s)
{
	return s == REQUEST_SENT || s == REQUEST_FAILED || s == REQUEST_CANCELLED;
}

bool
request_state_active(enum request_state s)
{
	return s == REQUEST_CONNECTING || s == REQUEST_SENDING ||
	       s == REQUEST_PUBLISHING;
}

static bool
may_go(enum request_state s)
{
	return s == REQUEST_PENDING || s == REQUEST_WAITING || s == REQUEST_SUSPENDED;
}

static bool
in_line(enum request_state s)
{
	return !request_state_final(s) && s != REQUEST_HELD;
}

static const char *const priority_names[] = {"high", "medium", "low"};

const char *
request_priority_name(enum request_priority p)
{
	return p >= REQUEST_HIGH && p <= REQUEST_LOW ? priority_names[p - REQUEST_HIGH]
						     : "unknown";
}

int
request_priority_from_name(const char *name, enum request_priority *out)
{
	for (unsigned i = 0; i < COUNT(priority_names); i++) {
		if (str_eq_nocase(name, priority_names[i])) {
			*out = (enum request_priority)(REQUEST_HIGH + i);
			return 0;
		}
	}
	return -1;
}

/* When may it go?  WAITING: at its restart time; never before what was asked for when
 * it was filed.  What is past counts as "at once". */
static int64_t
ready_at_ms(const struct request *r, int64_t now_ms)
{
	int64_t at_ms = r->not_before_at_ms;

	if (!may_go(r->state))
		return -1;
	if (r->state == REQUEST_WAITING && r->restart_at_ms > at_ms)
		at_ms = r->restart_at_ms;
	return at_ms > now_ms ? at_ms : 0;
}

void
request_enter(struct kept_request *k, enum request_state to, int64_t now_ms)
{
	struct request *r = &k->r;

	r->state = to;
	if (!request_state_active(to)) { /* I1, I5 */
		r->owner[0] = '\0';
		r->lease_until_at_ms = 0;
		k->claimed_at_ms = 0;
		r->order = OUTBOX_GO_ON;
	}
	r->ended_at_ms = request_state_final(to) ? now_ms : 0; /* I2 */
	if (to != REQUEST_SUSPENDED)
		r->why = (struct outbox_why){0};
	if (to != REQUEST_WAITING) /* I4 */
		r->restart_at_ms = 0;
	k->ready_at_ms = ready_at_ms(r, now_ms); /* I3 */
	if (!in_line(to))                        /* I10 */
		k->turn = TURN_NONE;
	else if (k->turn == TURN_NONE)
		k->turn = TURN_WAITS; /* until the backend knows better */
}

int64_t
request_expires_at_ms(const struct request_life *l)
{
	int64_t from_ms =
	    l->not_before_at_ms > l->now_ms ? l->not_before_at_ms : l->now_ms;
	int64_t at_ms = 0;

	if (__builtin_add_overflow(from_ms, l->lifetime_ms, &at_ms))
		at_ms = INT64_MAX;
	return l->deadline_at_ms > 0 && l->deadline_at_ms < at_ms ? l->deadline_at_ms
								  : at_ms;
}

static bool
is_token(const char *text)
{
	return strlen(text) == REQUEST_TOKEN_ROOM - 1 &&
	       strspn(text, "0123456789abcdef") == REQUEST_TOKEN_ROOM - 1;
}

static const char *
package_wrong(const struct outbox_package *p)
{
	if (p->id[0] == '\0' || p->name[0] == '\0')
		return "it has no package";
	if (p->file_count < 0 || p->folder_count < 0 || p->total_bytes < 0)
		return "its package has a negative size";
	return NULL;
}

static const char *
numbers_wrong(const struct kept_request *k)
{
	const struct request *r = &k->r;

	if (r->progress.entries_done < 0 || r->progress.offset_bytes < 0 ||
	    r->progress.bytes_done < 0 || r->attempts < 0)
		return "its progress or its attempts are negative";
	if (r->filed_at_ms < 0 || r->not_before_at_ms < 0 || r->deadline_at_ms < 0 ||
	    r->expires_at_ms < 0 || r->restart_at_ms < 0 || r->ended_at_ms < 0 ||
	    r->lease_until_at_ms < 0 || k->renewed_at_ms < 0 || k->claimed_at_ms < 0 ||
	    k->ready_at_ms < -1)
		return "one of its times is negative";
	return NULL;
}

static const char *
enums_wrong(const struct request *r)
{
	if ((unsigned)r->state >= REQUEST_STATES)
		return "there is no such state";
	if (r->priority < REQUEST_HIGH || r->priority > REQUEST_LOW)
		return "there is no such priority";
	if (r->order != OUTBOX_GO_ON && r->order != OUTBOX_ORDER_HOLD &&
	    r->order != OUTBOX_ORDER_CANCEL)
		return "there is no such order";
	if ((unsigned)r->error_kind > ERR_INPUT)
		return "there is no such kind of error";
	return NULL;
}

/* The invariants that a row alone can show. */
static const char *
invariants_wrong(const struct kept_request *k)
{
	const struct request *r = &k->r;
	bool active = request_state_active(r->state);

	if ((r->owner[0] != '\0') != active || (r->lease_until_at_ms > 0) != active ||
	    (k->claimed_at_ms > 0) != active)
		return "its lease does not fit its state (I1)";
	if (request_state_final(r->state) != (r->ended_at_ms > 0))
		return "its end does not fit its state (I2)";
	if (may_go(r->state) != (k->ready_at_ms >= 0))
		return "when it may go does not fit its state (I3)";
	if (r->order != OUTBOX_GO_ON && !active)
		return "it has an order but nobody who could hear it (I5)";
	if (in_line(r->state) != (k->turn != TURN_NONE))
		return "its place in line does not fit its state (I10)";
	return NULL;
}

const char *
request_wrong(const struct kept_request *k)
{
	const char *why = enums_wrong(&k->r);

	if (why)
		return why;
	if (!is_token(k->r.token))
		return "its token is not 16 hex digits";
	if (k->r.site[0] == '\0')
		return "it has no site";
	if ((why = package_wrong(&k->r.package)) || (why = numbers_wrong(k)))
		return why;
	return invariants_wrong(k);
}

bool
request_owned(const struct kept_request *k, const char *owner)
{
	return request_state_active(k->r.state) && owner[0] != '\0' &&
	       str_eq(k->r.owner, owner);
}

bool
request_claimed_by(const struct kept_request *k, const char *name)
{
	size_t len = strlen(name);

	return request_state_active(k->r.state) && len > 0 &&
	       strncmp(k->r.owner, name, len) == 0 && k->r.owner[len] == '#';
}
