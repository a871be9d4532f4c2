#include "dispatch/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/crash.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "dispatch/board.h"
#include "dispatch/control.h"
#include "dispatch/orders.h"
#include "dispatch/outlook.h"
#include "dispatch/patrol.h"
#include "dispatch/rates.h"
#include "dispatch/settle.h"
#include "dispatch/usage.h"
#include "dispatch/watch.h"
#include "outbox/outbox.h"
#include "package/package.h"
#include "send/send.h"

enum {
	NO_MORE_MS = 1000,      /* how long "No (more) ..." waits for an end   */
	LOCAL_PAUSE_MS = 30000, /* after trouble with our own disk; a choice   */
	STOP_MS = 2000,         /* every sending ends within 2 s: send.h          */
	STOP_PATIENCE_MS = 500, /* with a busy outbox, of these; a choice         */
	BUSY_PAUSE_MS =
	    1000, /* after a turn that another process kept from the outbox */
	LONGEST_WAIT_MS = 60000,    /* so often leases and lifetimes are looked at */
	FAILED_KEEP_MS = 604800000, /* 7 days: so long a failed one can be retried */
};

struct dispatcher {
	const struct dispatch_options *o;
	struct dispatch_options
	    options; /* what o points to; config: the one in force */
	struct outbox *outbox;
	struct pool *pool;
	struct watch *watch;
	char name[OUTBOX_NAME_ROOM]; /* who claims */
	char *store;

	struct board *board;
	struct usage *usage;
	struct orders *orders;
	struct patrol *patrol;
	struct outlook *outlook;
	int64_t look_again_at_ms; /* wall: time alone may change the choice then */

	bool owes_no_more;        /* something was started since the line was written */
	int64_t last_start_at_ms; /* mono */
	int64_t pause_until_ms;   /* mono: our own disk was in trouble            */
	int64_t usage_at_ms;      /* mono: count what went, for budgets */
	int64_t recover_at_ms;    /* mono: look at leases and lifetimes           */
	bool packages_ended;      /* a request ended: bytes may be freed          */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool
is_paused(const struct dispatcher *d)
{
	return d->pause_until_ms > clock_mono_ms(d->o->clock) ||
	       orders_drained_since_ms(d->orders) > 0;
}

/* --- choosing and starting -------------------------------------------------------- */

static void
say_capacity(struct dispatcher *d, const struct request *r,
	     const struct choose_load *load, int active)
{
	const struct config_sender *s = &d->o->config->sender;
	const struct event_about about = {r->id.n, r->site, 0};
	char id[32];

	(void)snprintf(id, sizeof(id), "%" PRId64, r->id.n);
	event_log(d->o->log, &about, EVENT_CAPACITY, load->sending,
		  (int)s->max_sendings);
	event_log(d->o->log, &about, EVENT_FOUND, id, r->site);
	event_log(d->o->log, &about, EVENT_SITE_CAPACITY, active,
		  (int)s->max_sendings_per_site);
}

/* A request that was claimed and cannot be started goes back. */
static int
give_back(struct dispatcher *d, const struct request *r, const struct err *why,
	  struct err *e)
{
	const struct outbox_end end = {.to = REQUEST_PENDING, .error = why};
	const struct event_about about = {r->id.n, r->site, 0};

	event_log(d->o->log, &about, EVENT_LOCAL_TROUBLE, why->text);
	d->pause_until_ms = clock_mono_ms(d->o->clock) + LOCAL_PAUSE_MS;
	return outbox_finish(d->outbox, r->id, r->owner, clock_wall_ms(d->o->clock),
			     &end, e) < 0
		   ? -1
		   : 0;
}

/* What rates follow from; borrowed until orders are read or the configuration is. */
static struct rate_facts
facts_of(const struct dispatcher *d)
{
	struct rate_facts f = {.config = pool_config(d->pool)};

	orders_add_facts(d->orders, &f);
	usage_add_facts(d->usage, &f);
	return f;
}

static int
start(struct dispatcher *d, const struct agenda_pick *pick,
      const struct choose_load *load, struct err *e)
{
	const struct config_sender *settings = &d->o->config->sender;
	const struct rate_facts facts = facts_of(d);
	const struct request_id id = {pick->key.id};
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	struct attempt_route route;
	struct err why;
	int claimed;

	claimed = outbox_claim(d->outbox, id, d->name, clock_wall_ms(d->o->clock),
			       settings->heartbeat_ms, r, e);
	if (claimed < 0)
		return -1;
	if (claimed == 0) { /* another was quicker, or its lifetime is over */
		board_refused(d->board, pick->site);
		d->recover_at_ms = 0;
		return 0;
	}
	crash_point("dispatcher.after-claim");
	say_capacity(d, r, load, board_active(d->board, pick->site));
	if (r->supersedes > 0 && r->attempts == 0)
		event_log(d->o->log, &(struct event_about){r->id.n, r->site, 0},
			  EVENT_SUPERSEDES, (long long)r->supersedes);
	rates_tell_site(d->pool, &facts, r->site, clock_wall_ms(d->o->clock));
	board_route(d->board, pick, &route);
	if (pool_start(d->pool, r, route.count ? &route : NULL,
		       pick->reach == REACH_PROVEN, &why) < 0)
		return give_back(d, r, &why, e);
	board_started(d->board, pick);
	patrol_started(d->patrol, pick);
	d->owes_no_more = true;
	d->last_start_at_ms = clock_mono_ms(d->o->clock);
	return 0;
}

/* Start all that may go now.  *idle: nothing more may go, and nothing is active. */
static int
start_all(struct dispatcher *d, bool *idle, struct err *e)
{
	const struct rate_facts facts = facts_of(d);

	*idle = false;
	board_set_facts(d->board, &facts);
	while (!is_paused(d) && !stop_thrown(d->o->stop)) {
		const int64_t now_ms = clock_wall_ms(d->o->clock);
		struct choose_load load;
		struct agenda_pick pick;

		if (board_refresh(d->board, d->outbox, now_ms, e) < 0)
			return -1;
		if (!board_next(d->board, now_ms, &pick, &load)) {
			d->look_again_at_ms = board_look_at_ms(d->board);
			*idle = choose_load_total(&load) == 0;
			return 0;
		}
		if (start(d, &pick, &load, e) < 0)
			return -1;
	}
	return 0;
}

/* --- what comes back -------------------------------------------------------------- */

/* The line comes after the first thing that happened to what was started, as it did in
 * the original (the seed shows it between a failed connection and what follows from
 * it), or a second later. */
static void
say_no_more(struct dispatcher *d, bool reported)
{
	if (!d->owes_no_more)
		return;
	if (!reported && clock_mono_ms(d->o->clock) < d->last_start_at_ms + NO_MORE_MS)
		return;
	d->owes_no_more = false;
	event_log(d->o->log, NULL, EVENT_NO_MORE);
}

static void
count_failed(struct dispatcher *d)
{
	if (d->o->failed)
		(*d->o->failed)++;
}

static int
settle_one(struct dispatcher *d, const struct pool_report *r, struct err *e)
{
	const struct settle_by by = {d->outbox, d->o};
	bool local = false;

	if (settle(&by, r, &local, e) < 0)
		return -1;
	d->packages_ended = true;
	if (r->result.outcome == ATTEMPT_FAILED)
		count_failed(d);
	if (local)
		d->pause_until_ms = clock_mono_ms(d->o->clock) + LOCAL_PAUSE_MS;
	return 0;
}

static int
free_package(void *self, const char *package_id)
{
	struct dispatcher *d = self;
	struct err e;

	if (package_remove(d->store, package_id, &e) == 0) {
		crash_point("dispatcher.after-remove-package");
		return 0;
	}
	event_log(d->o->log, NULL, EVENT_LOCAL_TROUBLE, e.text);
	return 1; /* it stays marked: tried again when the next request ends */
}

static void
say_recovered(void *self, const struct request *r, bool expired_lifetime)
{
	struct dispatcher *d = self;
	const struct event_about about = {r->id.n, r->site, 0};

	if (expired_lifetime) {
		event_log(d->o->log, &about, EVENT_EXPIRED, r->site);
		count_failed(d);
	} else {
		event_log(d->o->log, &about, EVENT_HEARTBEAT);
	}
	d->packages_ended = true;
}

/* Leases that ran out, lifetimes that are over, packages that nobody needs. */
static int
tidy(struct dispatcher *d, const char *owner, struct err *e)
{
	const int64_t now_ms = clock_wall_ms(d->o->clock);
	const int64_t mono_ms = clock_mono_ms(d->o->clock);

	if (mono_ms >= d->recover_at_ms) {
		d->recover_at_ms = mono_ms + LONGEST_WAIT_MS;
		d->packages_ended = true; /* a person may have cancelled some */
		if (outbox_recover(d->outbox, owner, now_ms, say_recovered, d, e) < 0 ||
		    orders_read(d->orders, now_ms, e) < 0)
			return -1;
	}
	if (!d->packages_ended)
		return 0;
	d->packages_ended = false;
	return outbox_free_packages(d->outbox, now_ms - FAILED_KEEP_MS, free_package, d,
				    e) < 0
		   ? -1
		   : 0;
}

/* --- the loop --------------------------------------------------------------------- */

/* What budgets have carried, while anything goes, and once after it ended. */
static int
count_usage(struct dispatcher *d, struct err *e)
{
	const int64_t mono_ms = clock_mono_ms(d->o->clock);

	if (mono_ms < d->usage_at_ms)
		return 0;
	d->usage_at_ms = mono_ms + USAGE_LOOK_MS;
	return usage_look(d->usage, pool_config(d->pool), d->pool, d->outbox,
			  clock_wall_ms(d->o->clock), e);
}

static bool
is_active(const struct dispatcher *d)
{
	return pool_site_active(d->pool, NULL) > 0;
}

/* When a choice, or what a person ordered for a while, is due: mono; or INT64_MAX. */
static int64_t
due_at_ms(const struct dispatcher *d, int64_t mono_ms)
{
	int64_t at_ms = orders_next_at_ms(d->orders);

	if (orders_drained_since_ms(d->orders) == 0)
		at_ms = earlier(at_ms, d->look_again_at_ms);
	return at_ms == INT64_MAX ? at_ms
				  : mono_ms + at_ms - clock_wall_ms(d->o->clock);
}

/* How long nothing can happen by time alone. */
static int64_t
wait_ms(struct dispatcher *d)
{
	const int64_t mono_ms = clock_mono_ms(d->o->clock);
	const int64_t idle_at_ms = pool_close_idle(d->pool);
	int64_t until = mono_ms + LONGEST_WAIT_MS;

	/* Nothing is chosen during a pause: what has become due meanwhile waits. */
	if (d->pause_until_ms > mono_ms)
		until = earlier(until, d->pause_until_ms);
	else
		until = earlier(until, due_at_ms(d, mono_ms));
	if (d->owes_no_more)
		until = earlier(until, d->last_start_at_ms + NO_MORE_MS);
	until = earlier(until, idle_at_ms);
	until = earlier(until, outlook_next_at_ms(d->outlook));
	if (is_active(d))
		until = earlier(until, mono_ms + RATES_LOOK_MS);
	return until > mono_ms ? until - mono_ms : 0;
}

/* Another process writes for long: nothing is lost, it is looked at again. */
static int
pause_when_busy(struct dispatcher *d, const struct err *e)
{
	if (e->kind != ERR_LOCAL || e->win32 != OUTBOX_BUSY_WIN32)
		return -1;
	event_log(d->o->log, NULL, EVENT_LOCAL_TROUBLE, e->text);
	d->pause_until_ms = clock_mono_ms(d->o->clock) + BUSY_PAUSE_MS;
	return 0;
}

/* --- the configuration ---------------------------------------------------------- */

/* One line, however many there are: they are no error, and nothing is tried. */
static void
say_unknown_types(struct dispatcher *d)
{
	const struct config *c = d->o->config;
	const struct config_address *first = NULL;
	char more[40] = "";
	int count = 0;

	for (size_t i = 0; i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].address_count; k++) {
			const struct config_address *a = &c->sites[i].addresses[k];

			if (a->type != CONFIG_TYPE_UNKNOWN)
				continue;
			first = first ? first : a;
			count++;
		}
	if (count > 1)
		(void)snprintf(more, sizeof(more), " (and %d more)", count - 1);
	if (first)
		event_log(d->o->log, NULL, EVENT_UNKNOWN_TYPE, first->section,
			  first->type_name, more);
}

/* --- what others want ------------------------------------------------------------- */

static void
reload(struct dispatcher *d, struct config *next)
{
	pool_reload(d->pool, next);
	d->options.config = next;
	outbox_set_small_first(d->outbox, next->sender.small_first);
	board_reload(d->board, next);
	d->usage_at_ms = 0; /* what its budgets have carried counts at once */
	orders_leave_addresses(d->orders);
	outlook_restart(d->outlook);
	event_log(d->o->log, NULL, EVENT_RELOADED);
	say_unknown_types(d);
}

static int
obey(struct dispatcher *d, const struct dispatch_ask *ask, struct dispatch_answer *a,
     struct err *e)
{
	int rc = 0;

	switch (ask->verb) {
	case DISPATCH_STATUS:
		break;
	case DISPATCH_RELOAD:
		reload(d, ask->config);
		break;
	case DISPATCH_LOOK:
		rc = orders_read(d->orders, clock_wall_ms(d->o->clock), e);
		if (rc == 0)
			rc = orders_pass_on(d->orders, e);
		outlook_hurry(d->outlook);
		break;
	}
	if (ask->sendings)
		a->sending_count = pool_list(d->pool, ask->sendings, ask->room);
	a->active = pool_site_active(d->pool, NULL);
	a->drained_since_ms = orders_drained_since_ms(d->orders);
	return rc;
}

static void
hear(struct dispatcher *d)
{
	struct control_message *m;

	while ((m = control_take(d->o->control))) {
		m->rc = obey(d, m->ask, m->answer, m->error);
		control_done(d->o->control, m);
	}
}

/* One turn.  1: idle, and that was asked for; 0: go on. */
static int
turn(struct dispatcher *d, struct pool_report *report, struct err *e)
{
	struct rate_facts facts;
	bool idle = false;

	hear(d);
	if (orders_next_at_ms(d->orders) <= clock_wall_ms(d->o->clock))
		d->recover_at_ms = 0; /* an order is over: read them again */
	if ((count_usage(d, e) < 0 || tidy(d, NULL, e) < 0 ||
	     start_all(d, &idle, e) < 0) &&
	    pause_when_busy(d, e) < 0)
		return -1;
	/* Orders may have been read though nothing could be started. */
	facts = facts_of(d);
	board_set_facts(d->board, &facts);
	if (!idle)
		patrol_look(d->patrol, &d->o->config->sender,
			    clock_wall_ms(d->o->clock));
	say_no_more(d, idle);
	rates_tell_active(d->pool, &facts, clock_wall_ms(d->o->clock));
	if (d->o->until_idle && (idle || (is_paused(d) && !is_active(d))))
		return 1;
	outlook_go(d->outlook, d->o->config);
	if (!pool_wait(d->pool, d->o->stop, wait_ms(d), report))
		return 0;
	say_no_more(d, true);
	return settle_one(d, report, e);
}

/* Ask every sending to stop and settle what comes back in time.  Of one that is deaf (a
 * disk that does not answer) the end is not waited for: its lease brings it back. */
static int
wind_down(struct dispatcher *d, struct pool_report *report, struct err *e)
{
	const int64_t until = clock_mono_ms(d->o->clock) + STOP_MS;
	int64_t left;

	pool_stop(d->pool);
	outbox_set_patience(d->outbox, STOP_PATIENCE_MS);
	while (is_active(d) && (left = until - clock_mono_ms(d->o->clock)) > 0)
		if (pool_wait(d->pool, NULL, left, report) &&
		    settle_one(d, report, e) < 0)
			return -1;
	d->usage_at_ms = 0;
	return count_usage(d, e);
}

static int
loop(struct dispatcher *d, struct err *e)
{
	AUTO_FREE struct pool_report *report = mem_zero(1, sizeof(*report));
	struct err later;
	int rc = 0;

	/* One sender per state folder (its lock sees to that): what this name has
	 * claimed is left from a run that ended badly. */
	if (tidy(d, d->name, e) < 0)
		return -1;
	say_unknown_types(d);
	control_open(d->o->control, d->pool);
	while (rc == 0 && !stop_thrown(d->o->stop))
		rc = turn(d, report, e);
	control_close(d->o->control);
	/* The first error is the one that is told. */
	if (wind_down(d, report, rc < 0 ? &later : e) < 0)
		rc = -1;
	return rc < 0 ? -1 : 0;
}

/* Does anything wait that did not go? */
static int
anything_left(struct dispatcher *d, struct err *e)
{
	const struct rate_facts facts = facts_of(d);

	board_set_facts(d->board, &facts); /* the last count may have made new ones */
	if (board_refresh(d->board, d->outbox, clock_wall_ms(d->o->clock), e) < 0)
		return -1;
	return board_anything_left(d->board);
}

static int
open_all(struct dispatcher *d, struct err *e)
{
	struct pool_options p = {
	    .config = d->o->config,
	    .state_folder = d->o->state_folder,
	    .log = d->o->log,
	    .clock = d->o->clock,
	};

	if (outbox_open(d->o->state_folder, &d->outbox, e) < 0)
		return -1;
	outbox_set_small_first(d->outbox, d->o->config->sender.small_first);
	d->pool = pool_new(&p);
	d->board = board_new(d->o->config, d->pool);
	d->usage = usage_new();
	d->orders = orders_new(d->outbox, d->pool, d->o->log);
	d->patrol = patrol_new(d->board, d->pool);
	d->outlook = outlook_new(
	    &(struct outlook_by){d->outbox, d->board, d->pool, d->o->log, d->o->clock});
	return watch_start(d->o->state_folder, d->pool, &d->watch, e);
}

int
dispatch_run(const struct dispatch_options *o, struct err *e)
{
	struct dispatcher d = {.options = *o, .packages_ended = true};
	int rc;

	d.o = &d.options;
	if (gethostname(d.name, sizeof(d.name) - 1) < 0) /* too long */
		str_copy_cut(d.name, sizeof(d.name), "localhost");
	d.store = path_join(o->state_folder, "store");
	rc = open_all(&d, e);
	if (rc == 0)
		rc = loop(&d, e);
	if (rc == 0 && o->until_idle)
		rc = anything_left(&d, e);
	watch_end(d.watch);
	pool_free(d.pool);
	outbox_close(d.outbox);
	usage_free(d.usage);
	orders_free(d.orders);
	patrol_free(d.patrol);
	outlook_free(d.outlook);
	board_free(d.board);
	mem_free(d.store);
	return rc;
}
