/* attempt.c - one try of a send request: its addresses in order, and on the one that
 * answers: stage, publish, and after a trouble in the middle again, from where it
 * stopped.
 *
 * Whose fault it was decides (base/err.h): the address's goes to the next address, the
 * attempt's waits and resumes, everything else ends the attempt. */
#include "base/mem.h"
#include "base/str.h"
#include "send/link.h"
#include "send/outcome.h"
#include "send/prefix.h"
#include "send/publish.h"
#include "send/run.h"
#include "send/stage.h"
#include "send/sweep.h"

enum {
	SESSIONS_LOST_MAX = 3, /* in a row, without progress; a choice             */
	BAD_NET_NAME = 67,     /* Win32: the share is not there                    */
	SHARE_RETRIES = 3,     /* in one attempt, when only the share is missing:  */
	SHARE_RETRY_MS = 1000, /* so long after the last; choices                  */
};

void
attempt_no_address(const char *site, struct err *e)
{
	(void)err_set(e, ERR_SITE, 0,
		      "site %s has no address in the configuration: add a "
		      "section [address %s.1]",
		      site, site);
}

/* --- on one connection ----------------------------------------------------------- */

static void
say_rename(void *self, const char *from, const char *to, bool done)
{
	const struct run *r = self;
	char *from_shown = run_shown(r, from);
	char *to_shown = run_shown(r, to);

	if (done)
		event_log(r->a->log, &r->about, EVENT_RENAMED, from_shown);
	else
		event_log(r->a->log, &r->about, EVENT_RENAMING, from_shown, to_shown);
	mem_free(from_shown);
	mem_free(to_shown);
}

/* Between two renames the lease is renewed, and nothing else ends what has begun: an
 * order and a stop find the package published, or half of it moved.  Whose lease is
 * lost stops at once: another sending goes on from there. */
static int
keep_lease(void *self, struct err *e)
{
	struct run *r = self;

	if (!r->is_publishing) /* it only looks yet */
		return run_beat(r, e);
	if (r->order == OUTBOX_LOST) /* heard a step ago: nothing is put back either */
		return err_set(e, ERR_STOP, 0, "another sending goes on with it");
	if (run_beat(r, e) < 0 && r->order == OUTBOX_LOST)
		return -1;
	r->order = OUTBOX_GO_ON;
	return 0;
}

static int
publish(struct run *r, const struct publish *p, struct err *e)
{
	const struct attempt *a = r->a;
	const int64_t from_ms = clock_mono_ms(a->clock);
	int rc;

	/* What was published before this attempt began was SENDING once as well. */
	if (run_step(r, REQUEST_SENDING, e) < 0 ||
	    run_step(r, REQUEST_PUBLISHING, e) < 0)
		return -1;
	rc = publish_run(p, e);
	r->history.publish_ms += clock_mono_ms(a->clock) - from_ms;
	if (rc == 0)
		event_log(a->log, &r->about, EVENT_SUCCESS);
	return rc;
}

/* Everything was acknowledged here once, so publishing may have begun, whoever died
 * before that could be kept. */
static bool
may_be_published(const struct run *r)
{
	const struct outbox_package *p = &r->a->request->package;

	if (r->is_publishing)
		return true;
	return str_eq(r->staged_on, r->place) &&
	       r->kept.entries_done >= p->file_count + p->folder_count;
}

static int
transfer(struct run *r, struct err *e)
{
	const struct attempt *a = r->a;
	struct publish p = {
	    .transport = r->transport,
	    .name = a->request->package.name,
	    .staging = r->staging,
	    .manifest_path = package_manifest_path(a->package),
	    .say = say_rename,
	    .beat = keep_lease,
	    .self = r,
	};
	enum publish_found found = PUBLISH_STAGED;

	if (may_be_published(r) && publish_look(&p, &found, e) < 0)
		return -1;
	if (found == PUBLISH_NOTHING && r->is_publishing) {
		r->staging_gone = true;
		return err_set(e, ERR_ATTEMPT, 2,
			       "what was staged at %s is gone; it is sent again from "
			       "the start",
			       r->place);
	}
	p.is_staged = found == PUBLISH_STAGED || found == PUBLISH_NOTHING;
	if (p.is_staged && stage_run(r, &p, e) < 0)
		return -1;
	return publish(r, &p, e);
}

/* --- one address ----------------------------------------------------------------- */

static void
say_connect_error(const struct run *r, const struct err *e)
{
	char share[ADDRESS_TEXT_ROOM];

	event_log(r->a->log, &r->about, EVENT_CONNECT_ERROR,
		  link_share(r->address, share, sizeof(share)), (unsigned)e->win32);
	event_log(r->a->log, &r->about, EVENT_CONNECT_ADVICE, e->text);
}

/* The server answers and lets us in, but does not have the share: it may have come up
 * a moment ago (Q221951: the line was there, and then error 53).  Else the site would
 * be left alone for an hour.  The error was said by then, in its place (the seed). */
static int
ask_for_share_again(struct run *r, struct err *e)
{
	for (int left = SHARE_RETRIES; left > 0; left--) {
		if (e->kind != ERR_ADDRESS || e->win32 != BAD_NET_NAME ||
		    r->address->type != CONFIG_TYPE_LAN)
			return -1;
		if (stop_wait(r->a->stop, SHARE_RETRY_MS))
			return err_set(e, ERR_STOP, 0, "stopped before a retry");
		if (run_connect(r, r->address, e) == 0)
			return 0;
	}
	return -1;
}

/* The wait before a retry.  The lease is renewed all the while, so that a delay longer
 * than the lease does no harm (Q278357), and orders are heard. */
static int
wait_for_retry(struct run *r, int64_t number, struct err *e)
{
	const struct config_sender *s = r->a->settings;
	const int64_t beat_ms = run_beat_ms(r);
	int64_t left_ms = s->retry_delay_ms;

	run_pause(r);
	event_log(r->a->log, &r->about, EVENT_RETRY_WAIT, (unsigned)number,
		  (unsigned)s->retries, left_ms);
	while (left_ms > 0) {
		const int64_t wait_ms =
		    beat_ms <= 0 || left_ms < beat_ms ? left_ms : beat_ms;

		if (run_save(r, e) < 0)
			return -1;
		if (stop_wait(r->a->stop, wait_ms))
			return err_set(e, ERR_STOP, 0, "stopped before a retry");
		left_ms -= wait_ms;
	}
	return run_save(r, e);
}

/* Is there a connection, the old one or a new one to the same address? */
static int
reconnect(struct run *r, struct err *e)
{
	if (r->transport && transport_alive(r->transport))
		return 0;
	run_disconnect(r);
	if (run_connect(r, r->address, e) == 0)
		return 0;
	say_connect_error(r, e);
	if (ask_for_share_again(r, e) == 0)
		return 0;
	event_log(r->a->log, &r->about, EVENT_CANT_REESTABLISH);
	return -1;
}

/* How often in a row it did not work, counted anew whenever something more got there.
 */
struct retries {
	int64_t failed;
	int64_t sessions_lost;
	struct request_progress best;
};

static void
count_anew(struct retries *t, const struct run *r)
{
	if (!prefix_beyond(&r->kept, &t->best))
		return;
	t->best = r->kept;
	t->failed = 0;
	t->sessions_lost = 0;
}

static bool
may_retry(struct retries *t, const struct run *r)
{
	count_anew(t, r);
	return ++t->failed <= r->a->settings->retries && !r->staging_gone;
}

/* Wait, connect; and again.  0: there is a connection.  -1: *out. */
static int
connect_again(struct run *r, struct retries *t, enum attempt_outcome *out,
	      struct err *e)
{
	for (;;) {
		if (wait_for_retry(r, t->failed, e) < 0) {
			*out = outcome_of(r, e);
			return -1;
		}
		if (reconnect(r, e) == 0)
			return 0;
		*out = outcome_of_connect(r, e);
		if (*out != ATTEMPT_NO_CONNECTION || outcome_is_refused_logon(e) ||
		    !may_retry(t, r))
			return -1;
	}
}

/* A lost session is nobody's failure: a new one is made at once and no retry is spent,
 * unless it is lost again and again.  1: there is a connection; 0: nothing was done;
 * -1: *e says why there is none. */
static int
renew_session(struct run *r, struct retries *t, struct err *e)
{
	count_anew(t, r);
	if (!outcome_is_session_lost(e) || r->staging_gone ||
	    ++t->sessions_lost > SESSIONS_LOST_MAX)
		return 0;
	run_disconnect(r);
	return reconnect(r, e) < 0 ? -1 : 1;
}

/* What the server said about one of its files names that file only; people want to know
 * which server. */
static int
carry(struct run *r, struct err *e)
{
	if (run_begin(r, e) < 0)
		return -1;
	if (transfer(r, e) == 0)
		return 0;
	if (e->ntstatus && r->transport && transport_alive(r->transport))
		return err_wrap(e, "%s", r->place);
	return -1;
}

static void
say_trouble(const struct run *r, const struct err *e)
{
	event_log(r->a->log, &r->about, EVENT_TROUBLE, e->text, (unsigned)e->win32);
}

/* Everything from a good connection on.  ATTEMPT_NO_CONNECTION: it broke and there is
 * no other. */
static enum attempt_outcome
use_address(struct run *r, struct err *e)
{
	struct retries tries = {.best = r->kept};
	enum attempt_outcome outcome;
	int renewed;

	for (;;) {
		if (carry(r, e) == 0)
			return ATTEMPT_SENT;
		outcome = outcome_of(r, e);
		if (outcome != ATTEMPT_RETRY)
			return outcome;
		say_trouble(r, e);
		renewed = renew_session(r, &tries, e);
		if (renewed > 0)
			continue;
		if (renewed < 0 && outcome_is_refused_logon(e))
			return ATTEMPT_NO_CONNECTION;
		if (!may_retry(&tries, r))
			return ATTEMPT_RETRY;
		if (connect_again(r, &tries, &outcome, e) < 0)
			return outcome;
	}
}

/* --- all addresses --------------------------------------------------------------- */

static enum attempt_outcome
try_address(struct run *r, const struct config_address *to, bool *connected,
	    struct err *e)
{
	const struct attempt *a = r->a;
	enum attempt_outcome outcome;

	if (run_connect(r, to, e) < 0) {
		if (outcome_of_connect(r, e) == ATTEMPT_NO_CONNECTION)
			say_connect_error(r, e);
		if (ask_for_share_again(r, e) < 0)
			return outcome_of_connect(r, e);
	}
	*connected = true;
	event_log(a->log, &r->about, EVENT_PACKAGE_FILE, a->request->package.name);
	event_log(a->log, &r->about, EVENT_INSTRUCTION,
		  package_manifest_path(a->package));
	outcome = use_address(r, e);
	run_pause(r);
	return outcome;
}

static bool
may_try_next(enum attempt_outcome outcome)
{
	return outcome == ATTEMPT_NO_CONNECTION || outcome == ATTEMPT_REFUSED;
}

/* The n-th that it may use; NULL: there are no more. */
static const struct config_address *
nth_address(const struct run *r, size_t n)
{
	const struct attempt_route *route = r->a->route;
	const struct config_site *site = r->a->site;

	if (route)
		return n < route->count ? config_address(site, route->numbers[n])
					: NULL;
	return n < site->address_count ? &site->addresses[n] : NULL;
}

static void
add_failed(struct attempt_result *out, const struct config_address *a)
{
	if (out->failed.count < ATTEMPT_ROUTE_ROOM)
		out->failed.numbers[out->failed.count++] = a->number;
}

static enum attempt_outcome
try_addresses(struct run *r, struct attempt_result *out, struct err *e)
{
	const struct config_site *site = r->a->site;
	const struct config_address *to;
	enum attempt_outcome outcome = ATTEMPT_NO_CONNECTION;

	if (!nth_address(r, 0)) {
		attempt_no_address(r->a->request->site, e);
		return ATTEMPT_NO_ADDRESS;
	}
	for (size_t i = 0; (to = nth_address(r, i)); i++) {
		if (outcome == ATTEMPT_REFUSED)
			say_trouble(r, e); /* of the last one, the settler tells */
		event_log(r->a->log, &r->about, EVENT_TRYING,
			  (unsigned)(to - site->addresses) + 1,
			  (unsigned)site->address_count);
		outcome = try_address(r, to, &out->connected, e);
		if (!may_try_next(outcome))
			break;
		add_failed(out, to);
		if (r->is_publishing)
			break;
		run_disconnect(r);
	}
	return outcome;
}

/* It was stopped between two blocks, since somebody wants something of it: what? */
static enum attempt_outcome
hear(struct run *r, enum attempt_outcome outcome, struct err *e)
{
	if (outcome != ATTEMPT_STOPPED || run_call(r) == ATTEMPT_GO_ON)
		return outcome;
	(void)!run_save(r, e);
	return outcome_of(r, e);
}

static void
fill_history(struct run *r, enum attempt_outcome outcome, const struct err *e)
{
	struct outbox_attempt *h = &r->history;

	h->ended_at_ms = clock_wall_ms(r->a->clock);
	str_copy_cut(h->result, sizeof(h->result), attempt_outcome_name(outcome));
	if (outcome == ATTEMPT_SENT)
		return;
	h->error_kind = e->kind;
	h->error_win32 = e->win32;
	h->error_ntstatus = e->ntstatus;
	str_copy_cut(h->error_text, sizeof(h->error_text), e->text);
}

void
attempt_run(const struct attempt *a, struct attempt_result *out)
{
	const int64_t cpu_from_ms = clock_thread_cpu_ms();
	struct err e = {0};
	struct run r;

	*out = (struct attempt_result){0};
	run_init(&r, a);
	package_set_stop(a->package, a->stop);
	out->outcome = hear(&r, try_addresses(&r, out, &e), &e);
	if (out->outcome != ATTEMPT_SENT && e.kind == ERR_SITE && e.win32 == 112)
		event_log(a->log, &r.about, EVENT_NO_SPACE);
	/* Nobody will come back for it. */
	if (out->outcome == ATTEMPT_FAILED || r.order == OUTBOX_ORDER_CANCEL)
		stage_remove(&r);
	/* Once a connection: what it costs is a round trip or two, and the site is
	 * not kept waiting, the slot was given back. */
	if (!r.is_borrowed && out->outcome != ATTEMPT_LOST)
		sweep_run(&r);
	run_give_back(&r);
	fill_history(&r, out->outcome, &e);
	if (out->outcome != ATTEMPT_SENT)
		out->error = e;
	out->order = r.order;
	out->progress = r.kept;
	out->forget_progress = r.staging_gone;
	out->too_large = out->outcome == ATTEMPT_SITE && r.too_large;
	out->address = r.address;
	out->history = r.history;
	out->cpu_ms = clock_thread_cpu_ms() - cpu_from_ms;
	run_done(&r);
}
