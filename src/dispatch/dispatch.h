/* dispatch.h - DOOR: the one thread that chooses which send request may go now.
 *
 * Policy is pure (reason.h route.c choose.c agenda.c preempt.c restart.c: state, time
 * and dice in, decision out); dispatcher.c is the loop: look at the sites in the
 * outbox, choose, claim, start a thread, settle what came back (settle.c), wait.
 *
 * Other threads of the process ask it for something through a mailbox (control.c); what
 * persons order for good is in the outbox, and the mailbox only says: look there now.
 *
 * Behind the door: dispatcher.c, board.c (sites of the outbox, the configuration and
 * the pool on the agenda), sites.c settle.c watch.c, outlook.c (what the sender thinks
 * of its requests), week.c rate_plan.c metered.c
 * overrides.c hours.c (what schedules, rates, budgets and persons say), picture.c why.c
 * explain.c (why a request waits) and the policy */
#ifndef DISPATCH_DISPATCH_H
#define DISPATCH_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/str.h"
#include "config/config.h"
#include "outbox/outbox.h"

struct pool_sending;
struct dispatch_control;

struct dispatch_options {
	const struct config *config;
	const char *state_folder;
	bool until_idle; /* end when nothing more may go now */
	struct log *log;
	const struct clock *clock;
	const struct stop *stop;
	struct dispatch_control *control; /* NULL: nobody will ask */
	int64_t *failed; /* counts up what failed for good in this run; NULL: not asked
			  */
};

/* Run until stop, or until idle.  0: ended by stop, or idle and every request is final;
 * 1: idle, and requests wait (restart time, hold, not-before); -1: ERR_LOCAL, the
 * outbox cannot be used. */
int dispatch_run(const struct dispatch_options *o, struct err *e) MUST_USE;

/* What an address may do now and next, by its clocks: "high only until Mon 18:00, then
 * all; 512 kbit/s (line south) until Mon 18:00, then unlimited; zone Europe/Berlin",
 * added to *out.  false: it is open and unlimited for good; nothing is added.  Pure. */
bool dispatch_hours(const struct config *c, const struct config_site *site,
		    const struct config_address *a, int64_t now_ms, struct str *out);

/* --- from another thread ---------------------------------------------------------- */

/* Made before dispatch_run(), freed after it and after the last who may ask. */
struct dispatch_control *dispatch_control_new(void) MUST_USE;
void dispatch_control_free(struct dispatch_control *c);

enum dispatch_verb {
	DISPATCH_STATUS, /* only say what is going on                              */
	DISPATCH_LOOK,   /* there are new orders in the outbox: follow them now    */
	DISPATCH_RELOAD, /* go by `config` from now on                             */
};
struct dispatch_ask {
	enum dispatch_verb verb;
	struct config *config; /* RELOAD: taken, whatever the answer; else NULL */
	struct pool_sending *sendings; /* filled with what is being sent; or NULL */
	size_t room;                   /* for so many (send/send.h) */
};
struct dispatch_answer {
	size_t sending_count;     /* in sendings */
	int active;               /* of all that is under way */
	int64_t drained_since_ms; /* 0: not drained */
};
/* Any thread; several at once are served one after the other.  Returns when the
 * dispatcher has done it.  -1: ERR_LOCAL, nobody took it up within wait_ms and nothing
 * was done, or its outbox failed; ERR_STOP, it is starting or stopping. */
int dispatch_control_ask(struct dispatch_control *c, const struct dispatch_ask *ask,
			 int64_t wait_ms, struct dispatch_answer *answer,
			 struct err *e) MUST_USE;

/* When a request will arrive, by what was learnt: with a chance of 90 % between early
 * and late, as likely before as after `likely`.  INT64_MAX: it does not. */
struct dispatch_arrival {
	int64_t early_at_ms, likely_at_ms, late_at_ms;
	int in_time_percent; /* chance to be there before its deadline, or its end */
};

/* What would happen if a package were filed now or later.  The first course is told
 * with what it did to the lines; arrivals are of all courses.  The same input and seed
 * give the same answer. */
struct dispatch_simulate {
	const char *const *sites; /* codes of the configuration */
	size_t site_count;
	int64_t bytes;
	enum request_priority priority;
	int64_t now_ms, at_ms;  /* at_ms: filed then; 0: now */
	int64_t deadline_at_ms; /* 0: none */
	uint64_t seed;
	int courses; /* 1 to 59: of more the range is taken */
};
struct dispatch_site_course {
	struct dispatch_arrival arrival;
	int64_t started_at_ms; /* 0: never */
	int64_t attempts;
	int64_t suspended; /* a window that closed, a budget, an urgent one */
};
struct dispatch_line_use {
	int64_t bytes, busy_ms, peak_bytes_per_s;
};
/* What held the package up, in the first course. */
struct dispatch_conflict {
	int code; /* enum reason */
	const char *name;
	const char *line;      /* whose limit or budget it is; NULL: of none */
	char text[80];         /* "rate of line south" */
	int64_t lost_ms;       /* of all sites together */
	size_t site_count;     /* that lost by it */
	const char *most_site; /* the one that lost most */
	int64_t most_ms;
	const char **with; /* sites that had what others waited for */
	size_t with_count;
};
struct dispatch_simulated {
	struct dispatch_site_course *sites;  /* as asked */
	struct dispatch_line_use *lines;     /* as config->lines, and then all */
	struct dispatch_conflict *conflicts; /* the worst first */
	size_t conflict_count;
	int64_t filed_at_ms;
	int64_t others, others_late, others_expired; /* of what was queued */
	int64_t others_held;                         /* by a person: left out */
	int64_t drained_until_at_ms; /* 0: not drained; INT64_MAX: until taken back */
};
/* o: NULL: nothing is queued, and nothing was learnt.  *out is to be ended either way.
 */
int dispatch_simulate(const struct config *c, struct outbox *o,
		      const struct dispatch_simulate *ask,
		      struct dispatch_simulated *out, struct err *e) MUST_USE;
void dispatch_simulated_done(struct dispatch_simulated *s);

/* Why a request does not go, as far as its row of the outbox tells (struct request):
 * an enum reason with its name and words, as `dispatch_why()` has them first.  -1:
 * nothing is known, since no sender runs, or it goes.  Pure. */
struct dispatch_known {
	int code; /* -1: nothing; the texts are "" */
	const char *name, *words;
	int64_t until_at_ms, number; /* as in struct dispatch_reason */
};
struct dispatch_known dispatch_known(const struct request *r, bool sender_runs);
/* Of a site: why nothing more goes to it.  best: the request of s->best; NULL: none. */
struct dispatch_known dispatch_known_site(const struct outbox_site *s,
					  const struct request *best, bool sender_runs,
					  int64_t now_ms);
/* When it arrives: of its outlook, or why that is not told: NULL when it is. */
const char *dispatch_no_arrival(const struct request *r, bool sender_runs);

/* One link of the chain of reasons why a request does not go now. */
struct dispatch_reason {
	int code;            /* enum reason: for good  */
	const char *name;    /* "window_closed"        */
	int64_t until_at_ms; /* INT64_MAX: time alone changes nothing */
	int64_t number;      /* what reason.h says of it */
	char text[ERR_TEXT_BYTES + 256];
};
enum { DISPATCH_REASONS_MAX = 12, DISPATCH_REASON_FINAL = 7 /* REASON_FINAL */ };
struct dispatch_why {
	struct dispatch_reason reasons[DISPATCH_REASONS_MAX];
	size_t count; /* at least 1 */
};

/* The chain for one request, from the outbox and the configuration.  1/0/-1. */
int dispatch_why(const struct config *c, struct outbox *o, struct request_id id,
		 int64_t now_ms, struct dispatch_why *out, struct err *e) MUST_USE;

#endif
