#include "dispatch/settle.h"

#include <stdio.h>

#include "base/auto.h"
#include "base/crash.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/learn.h"
#include "dispatch/reason.h"
#include "dispatch/restart.h"
#include "dispatch/route.h"

enum { BUSY_WAIT_MS = 500 }; /* between two tries to keep an end; a choice */

/* Everything that the steps below need; lives for one settle(). */
struct settling {
	struct outbox *outbox;
	const struct dispatch_options *d;
	const struct pool_report *r;
	struct event_about about;
	int64_t now_ms;
	struct outbox_end end;
	struct err why;           /* SUSPENDED */
	int64_t hold_until_at_ms; /* 0: leave the site's hold as it is */
	bool local;               /* our own disk or database was at fault */
};

#define SAY(s, ...) event_log((s)->d->log, &(s)->about, __VA_ARGS__)

static void
wait_for_restart(struct settling *s)
{
	uint64_t dice;

	digest_random(&dice, sizeof(dice));
	s->end.to = REQUEST_WAITING;
	s->end.restart_at_ms = restart_at_ms(&s->d->config->sender, s->now_ms,
					     s->r->request.expires_at_ms, dice);
}

static void
say_restart(struct settling *s)
{
	char at[64];

	SAY(s, EVENT_RESTART, clock_sms(s->end.restart_at_ms, at, sizeof(at)));
}

/* What could not be connected to, as people know it: \\DSSMS, or a folder. */
static const char *
print_server(const struct config_address *a, char *buf, size_t room)
{
	if (!a)
		return "";
	if (a->type == CONFIG_TYPE_DIR)
		return a->path;
	return address_print_server(&a->where, buf, room);
}

/* The seed's lines after a connection that could not be made (Q235753), word for word.
 */
static void
end_no_connection(struct settling *s)
{
	const struct config_sender *settings = &s->d->config->sender;
	char buf[ADDRESS_TEXT_ROOM];

	wait_for_restart(s);
	s->hold_until_at_ms = s->now_ms + settings->site_hold_ms;
	SAY(s, EVENT_NO_CONNECTION, 0U);
	SAY(s, EVENT_RETRYABLE);
	SAY(s, EVENT_SITE_HOLD, print_server(s->r->result.address, buf, sizeof(buf)),
	    s->r->request.site, settings->site_hold_ms);
	SAY(s, EVENT_NOT_ESTABLISHED);
	SAY(s, EVENT_ATTEMPT_FAILED);
	SAY(s, EVENT_NO_CONNECTION, 0U);
	SAY(s, EVENT_NO_DISCONNECT);
	say_restart(s);
}

/* The lines of Q276259, with its spelling. */
static void
end_no_address(struct settling *s)
{
	wait_for_restart(s);
	s->hold_until_at_ms = s->now_ms + s->d->config->sender.site_hold_ms;
	SAY(s, EVENT_NO_ADDRESS, s->r->request.site);
	SAY(s, EVENT_RETURNED);
	SAY(s, EVENT_BUSY_SITE, s->r->request.site);
	say_restart(s);
}

/* Reached, but it cannot take the package now: disk full; or the account may not write
 * there.  The words of a failed connection would send people to look at the line.
 * No hold when only this package is too large for the room that is left: a small urgent
 * one need not wait for that. */
static void
end_site(struct settling *s)
{
	wait_for_restart(s);
	if (!s->r->result.too_large)
		s->hold_until_at_ms = s->now_ms + s->d->config->sender.site_hold_ms;
	SAY(s, EVENT_TROUBLE, s->r->result.error.text, s->r->result.error.win32);
	SAY(s, EVENT_RETRYABLE);
	say_restart(s);
}

static void
end_retry(struct settling *s)
{
	wait_for_restart(s);
	SAY(s, EVENT_RETRYABLE);
	say_restart(s);
}

static void
end_failed(struct settling *s)
{
	s->end.to = REQUEST_FAILED;
	SAY(s, EVENT_TROUBLE, s->r->result.error.text, s->r->result.error.win32);
	SAY(s, EVENT_FATAL);
}

/* Our own trouble is nobody else's: the request goes back as if nothing had been tried.
 */
static void
end_local(struct settling *s)
{
	s->end.to = REQUEST_PENDING;
	s->local = true;
	SAY(s, EVENT_LOCAL_TROUBLE, s->r->result.error.text);
}

/* The newer one that put an end to it while it was sent; 0: none, a person did. */
static int64_t
superseded_by(struct settling *s)
{
	AUTO_FREE struct request *now = mem_zero(1, sizeof(*now));
	struct err unused;

	return outbox_get(s->outbox, s->r->request.id, now, &unused) > 0
		   ? now->superseded_by.n
		   : 0;
}

static void
end_ordered(struct settling *s)
{
	const bool held = s->r->result.order == OUTBOX_ORDER_HOLD;
	const int64_t newer = held ? 0 : superseded_by(s);

	s->end.to = held ? REQUEST_HELD : REQUEST_CANCELLED;
	if (newer)
		SAY(s, EVENT_SUPERSEDED, (long long)newer);
	else
		SAY(s, EVENT_ORDERED, held ? "held" : "cancelled");
}

/* Nobody's failure: it goes on from what the site acknowledged, when it may again. */
static void
end_suspended(struct settling *s)
{
	const char *words = reason_words((enum reason)s->r->why.reason);

	s->end.to = REQUEST_SUSPENDED;
	s->end.why = (struct outbox_why){s->r->why.reason, s->r->why.until_at_ms,
					 s->r->why.number};
	(void)err_set(&s->why, ERR_STOP, 0, "suspended: %s", words);
	s->end.error = &s->why;
	SAY(s, EVENT_SUSPENDED, words);
}

/* What becomes of the request.  false: it is not ours any more. */
static bool
choose_end(struct settling *s)
{
	switch (s->r->result.outcome) {
	case ATTEMPT_SENT:
		s->end.to = REQUEST_SENT;
		return true;
	case ATTEMPT_FAILED:
		end_failed(s);
		return true;
	case ATTEMPT_RETRY:
		end_retry(s);
		return true;
	case ATTEMPT_NO_CONNECTION:
		end_no_connection(s);
		return true;
	case ATTEMPT_SITE:
	case ATTEMPT_REFUSED:
		end_site(s);
		return true;
	case ATTEMPT_NO_ADDRESS:
		end_no_address(s);
		return true;
	case ATTEMPT_LOCAL:
		end_local(s);
		return true;
	case ATTEMPT_STOPPED:
		s->end.to = REQUEST_PENDING;
		return true;
	case ATTEMPT_ORDERED:
		end_ordered(s);
		return true;
	case ATTEMPT_SUSPENDED:
		end_suspended(s);
		return true;
	case ATTEMPT_LOST:
		SAY(s, EVENT_HEARTBEAT);
		return false;
	}
	return false; /* GCOVR_EXCL_LINE: a new outcome does not compile above */
}

/* What is remembered of the site: reached or not, and the hold. */
static int
keep_site(struct settling *s, struct err *e)
{
	const struct attempt_result *result = &s->r->result;
	const char *site = s->r->request.site;

	if (s->hold_until_at_ms) {
		if (outbox_site_result(s->outbox, site, NULL, &result->error, s->now_ms,
				       e) < 0)
			return -1;
		return outbox_site_hold(s->outbox, site, s->hold_until_at_ms,
					result->error.text, e);
	}
	if (!result->connected || !result->address)
		return 0;
	if (outbox_site_result(s->outbox, site, result->address->section, NULL,
			       s->now_ms, e) < 0)
		return -1;
	return outbox_site_hold(s->outbox, site, 0, "", e);
}

/* So often it failed in a row before. */
static int64_t
failures_of(const struct outbox_site *site, unsigned number)
{
	for (size_t i = 0; i < site->failed_address_count; i++)
		if (site->failed_addresses[i].number == number)
			return site->failed_addresses[i].failures;
	return 0;
}

static int
keep_failed(struct settling *s, const struct outbox_site *site, unsigned number,
	    struct err *e)
{
	struct outbox_address a = {number, failures_of(site, number) + 1, 0};
	uint64_t dice;

	digest_random(&dice, sizeof(dice));
	a.alone_until_at_ms =
	    s->now_ms +
	    route_alone_ms(a.failures, s->d->config->sender.site_hold_ms, dice);
	return outbox_address_result(s->outbox, site->site, &a, e);
}

/* Which addresses failed and which one works; of a site with one address the site's own
 * hold says it all. */
static int
keep_addresses(struct settling *s, struct err *e)
{
	const struct attempt_result *result = &s->r->result;
	const struct config_site *c = config_site(s->d->config, s->r->request.site);
	AUTO_FREE struct outbox_site *site = NULL;

	if (!c || c->address_count < 2)
		return 0;
	site = mem_zero(1, sizeof(*site));
	if (outbox_site(s->outbox, s->r->request.site, s->now_ms, site, e) < 0)
		return -1;
	for (size_t i = 0; i < result->failed.count; i++)
		if (keep_failed(s, site, result->failed.numbers[i], e) < 0)
			return -1;
	if (s->hold_until_at_ms || !result->connected || !result->address ||
	    failures_of(site, result->address->number) == 0)
		return 0;
	return outbox_address_result(
	    s->outbox, site->site,
	    &(struct outbox_address){result->address->number, 0, 0}, e);
}

static bool
has_failed(const struct attempt_result *result, unsigned number)
{
	for (size_t i = 0; i < result->failed.count; i++)
		if (result->failed.numbers[i] == number)
			return true;
	return false;
}

/* Which addresses were reached, and how long the way took: for the forecast. */
static int
keep_learnt(struct settling *s, struct err *e)
{
	const struct attempt_result *result = &s->r->result;
	const struct config_address *last = result->address;
	const struct config_site *site = config_site(s->d->config, s->r->request.site);
	struct outbox_learnt rows[ATTEMPT_ROUTE_ROOM + 1];
	size_t count = 0;

	for (size_t i = 0; site && i < site->address_count; i++)
		if (has_failed(result, site->addresses[i].number) &&
		    count < ATTEMPT_ROUTE_ROOM)
			rows[count++] = learn_failed(&site->addresses[i],
						     result->history.started_at_ms);
	if (site && last && result->connected && !has_failed(result, last->number))
		rows[count++] = learn_reached(
		    last, &result->history, result->failed.count > 0, result->held_ms);
	return outbox_learn(s->outbox, rows, count, e);
}

/* An end that is not kept would be an attempt made for nothing, so another process that
 * writes for long is waited for, until stop. */
static int
keep_end(struct settling *s, struct err *e)
{
	const struct request *r = &s->r->request;
	int rc;

	do
		rc = outbox_finish(s->outbox, r->id, r->owner, s->now_ms, &s->end, e);
	while (rc < 0 && e->win32 == OUTBOX_BUSY_WIN32 &&
	       !stop_wait(s->d->stop, BUSY_WAIT_MS));
	return rc < 0 ? -1 : 0;
}

int
settle(const struct settle_by *by, const struct pool_report *r, bool *local,
       struct err *e)
{
	const struct dispatch_options *d = by->options;
	struct settling s = {
	    .outbox = by->outbox,
	    .d = d,
	    .r = r,
	    .about = {r->request.id.n, r->request.site, r->thread_number},
	    .now_ms = clock_wall_ms(d->clock),
	};

	s.end.progress = &r->result.progress;
	s.end.forget_progress = r->result.forget_progress;
	s.end.attempt = &r->result.history;
	s.end.error = r->result.error.kind == ERR_NONE ? NULL : &r->result.error;
	if (!choose_end(&s)) {
		event_log_attempt(d->log, &s.about, &r->result.history);
		return 0;
	}
	*local = s.local;
	event_log_attempt(d->log, &s.about, &r->result.history);
	crash_point("settle.before-finish");
	if (keep_end(&s, e) < 0)
		return -1;
	crash_point("settle.after-finish");
	if (keep_site(&s, e) < 0 || keep_addresses(&s, e) < 0)
		return -1;
	return keep_learnt(&s, e);
}
