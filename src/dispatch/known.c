/* known.c - what the row of a request tells of its future: to whoever lists many. */
#include "dispatch/dispatch.h"

#include "dispatch/reason.h"

static struct dispatch_known
known(enum reason r, const struct outbox_why *w)
{
	return (struct dispatch_known){.code = (int)r,
				       .name = reason_name(r),
				       .words = reason_words(r),
				       .until_at_ms = w->until_at_ms,
				       .number = w->number};
}

/* What was thought of it when it was in another state says nothing. */
static bool
is_outdated(const struct request *r)
{
	return r->outlook.request.n == 0 || r->outlook.why.code == REASON_ACTIVE ||
	       !reason_words((enum reason)r->outlook.why.code);
}

/* Its restart time was over when the sender looked: it waits for something else. */
static bool
is_restarted(const struct request *r)
{
	return r->restart_at_ms <= r->outlook.made_at_ms;
}

struct dispatch_known
dispatch_known(const struct request *r, bool sender_runs)
{
	const struct outbox_why never = {0, INT64_MAX, 0};
	const struct outbox_why restart = {0, r->restart_at_ms, r->attempts};
	const bool is_seen = sender_runs && !is_outdated(r);

	if (r->state == REQUEST_HELD)
		return known(REASON_HELD, &never);
	if (!request_state_final(r->state) && !request_state_active(r->state)) {
		if (r->state == REQUEST_WAITING && !(is_seen && is_restarted(r)))
			return known(REASON_RESTART, &restart);
		if (r->is_behind)
			return known(REASON_SAME_NAME, &never);
		if (is_seen)
			return known((enum reason)r->outlook.why.code, &r->outlook.why);
	}
	return (struct dispatch_known){-1, "", "", INT64_MAX, 0};
}

struct dispatch_known
dispatch_known_site(const struct outbox_site *s, const struct request *best,
		    bool sender_runs, int64_t now_ms)
{
	const struct outbox_why hold = {0, s->hold_until_at_ms, s->failures};
	const struct outbox_why restart = {0, s->next_at_ms ? s->next_at_ms : INT64_MAX,
					   0};
	const struct outbox_why never = {0, INT64_MAX, 0};

	if (s->hold_until_at_ms > now_ms)
		return known(REASON_SITE_HOLD, &hold);
	if (best)
		return dispatch_known(best, sender_runs);
	if (s->waiting > 0)
		return known(REASON_RESTART, &restart);
	if (s->held > 0)
		return known(REASON_HELD, &never);
	return (struct dispatch_known){-1, "", "", INT64_MAX, 0};
}

const char *
dispatch_no_arrival(const struct request *r, bool sender_runs)
{
	const struct outbox_outlook *l = &r->outlook;

	if (request_state_final(r->state))
		return reason_words(REASON_FINAL);
	if (r->state == REQUEST_HELD)
		return reason_words(REASON_HELD);
	if (!sender_runs)
		return "no sender runs";
	if (l->made_at_ms == 0)
		return "the sender has not looked at it yet";
	if (l->likely_at_ms != INT64_MAX)
		return NULL;
	return l->why.code == REASON_MAY_GO || l->why.code == REASON_ACTIVE ||
		       is_outdated(r)
		   ? "its time ends before"
		   : reason_words((enum reason)l->why.code);
}
