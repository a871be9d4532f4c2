/* choose.h - which send request may go now.  Pure: state and time in, decision out.
 *
 * The rules of one site, first that fits decides (sms-sender.md 2.9 and 6 rows 9, 29):
 *   1  nothing of the site may go now                         -> NOTHING
 *   2  no address may be used                                 -> the route's reason
 *   3  the site is on hold                                    -> SITE_HOLD
 *      (with nothing active anywhere a probe costs nobody anything: it may go when its
 *      restart delay is over, or once for a request filed after the hold began)
 *   4  the site has its share of sendings                     -> SITE_FULL
 *   5  the site was not reached lately and is being tried     -> PROBING
 * Then what all sites share:
 *   6  somebody who is connected waits for a slot: only high
 *      may pass                                               -> OTHERS_WAIT
 *   7  the site was not reached lately: it connects outside
 *      the slots, at most max_unproven sites together, of
 *      these at most max_failed that failed last time         -> PROBES_FULL
 *   8  the site was reached lately: connecting counts as
 *      sending                                                -> SLOTS_FULL
 *      and slots that are kept for high take nothing else     -> RESERVED
 *
 * Order of those that may go: class; in it sites that failed last time after all
 * others; what was suspended before, earliest end, small ones first (when wanted), the
 * site served longest ago, oldest, lowest id.
 *   class  the priority, one higher for each `ageing` that it waited
 *   end    its deadline; or that of its lifetime, once less than `ageing` is left
 * And a class that is due by its guaranteed share goes before all (struct
 * choose_shares). */
#ifndef DISPATCH_CHOOSE_H
#define DISPATCH_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "dispatch/reason.h"
#include "outbox/outbox.h"

enum {
	CHOOSE_CLASSES = 3, /* high, medium, low: an index is the priority less 1 */
	CHOOSE_BESTS = 6,   /* of each class one that prefers no address, then one
			     * that does: one that waits for it holds up no other */
	CHOOSE_PROVEN_MS = 600000, /* sent to within 10 min: reached; a choice */
};

/* The best request of one priority of a site: the one that goes first of these. */
struct choose_best {
	int64_t id;       /* 0: none may go now                   */
	int64_t since_ms; /* waits since: filed, or put off to    */
	int64_t filed_at_ms;
	int64_t deadline_at_ms; /* 0: none                              */
	int64_t expires_at_ms;
	int64_t bytes;        /* still to be sent                     */
	unsigned prefer;      /* number of an address; 0: none */
	bool resumes;         /* it was suspended                     */
	struct verdict route; /* MAY_GO, or why no address may be used */
};

/* As the outbox tells of it: without a route. */
struct choose_best choose_best_of(const struct outbox_best *b);

/* What is known of one site. */
struct choose_site {
	struct choose_best best[CHOOSE_BESTS];
	int64_t next_at_ms;       /* the next request becomes ready; 0: none */
	int64_t hold_until_at_ms; /* 0: no hold */
	int64_t hold_began_at_ms;
	int64_t failures;           /* in a row                                */
	int64_t proven_until_at_ms; /* reached lately: counts until then */
	int active;                 /* threads for it                          */
	int connecting;             /* of these: not yet connected             */
	int64_t served; /* counts the starts of all sites: its last one; 0: never */
};

/* How much is known of a site's line. */
enum choose_reach {
	REACH_PROVEN,  /* reached lately                              */
	REACH_UNKNOWN, /* nothing against it: never tried, or long ago */
	REACH_FAILED,  /* it could not be reached last time           */
};
enum { CHOOSE_REACHES = 3 };

/* What the threads do now, all sites together. */
struct choose_load {
	int connecting_proven;
	int connecting_unproven;
	int connecting_failed; /* of these: to sites that failed last time */
	int waiting;           /* connected, without a slot */
	int sending;
	int retrying;
	int high; /* of those that sending, waiting and connecting_proven count */
};

struct choose_rules {
	int max_sendings;
	int max_per_site;
	int max_unproven;
	int max_failed;           /* of these: to sites that failed last time */
	int reserved_high;        /* slots that only high may use      */
	int64_t restart_delay_ms; /* how soon an idle sender probes a site on hold */
	int64_t ageing_ms;        /* 0: never                          */
	bool small_first;
	int share_percent[CHOOSE_CLASSES]; /* of the starts; [0] does not count */
};
struct choose_rules choose_rules_of(const struct config_sender *s);

/* Where a request stands among those that may go. */
struct choose_key {
	int class_index; /* 0: high; raised by ageing */
	enum request_priority priority;
	bool failed; /* its site, last time */
	bool resumes;
	int64_t end_at_ms; /* INT64_MAX: none that counts */
	int64_t bytes;     /* 0: does not count           */
	int64_t served;
	int64_t since_ms;
	int64_t id; /* 0: nobody */
};

/* Does a go before b?  A strict order: of two different ones exactly one does. */
bool choose_before(const struct choose_key *a, const struct choose_key *b);

/* A site judged by its own rules (1-5). */
struct choose_judgement {
	struct verdict verdict; /* until_at_ms > now: look at the site again then */
	enum choose_reach reach;
	/* MAY_GO, SITE_HOLD, SITE_FULL, PROBING: who would go of each class, raised
	 * ones apart: high that is high comes before high by ageing. */
	struct choose_key high;
	struct choose_key first[CHOOSE_CLASSES]; /* [0]: by ageing only */
	int64_t probe_at_ms; /* SITE_HOLD: an idle sender may go then */
};
struct choose_judgement choose_judge(const struct choose_site *s,
				     const struct choose_rules *rules, int64_t now_ms);

/* Rules 6-8, for one whose own site lets it go. */
struct verdict choose_shared(const struct choose_key *k, enum choose_reach reach,
			     const struct choose_load *load,
			     const struct choose_rules *rules);

/* All threads of the load. */
int choose_load_total(const struct choose_load *load);

/* Guaranteed shares: each start adds to the credit of the other classes that have one
 * whose own site lets it go; a full credit goes first.  All 0 at the start. */
struct choose_shares {
	int credit[CHOOSE_CLASSES]; /* in percent of a start */
};

/* The class whose turn it is by its share, of those that can go now; -1: none. */
int choose_due_class(const struct choose_shares *s, const bool can[CHOOSE_CLASSES]);
void choose_count_start(struct choose_shares *s, const struct choose_rules *rules,
			const bool has[CHOOSE_CLASSES], int started);

#endif
