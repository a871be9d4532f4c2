/* agenda.h - all sites in heaps: who goes next, and whom time alone changes when.
 *
 * Sites are numbers 0, 1, 2, ... of the caller, each described by a struct choose_site;
 * the agenda keeps what it needs of that and reaches for nothing else, so that the
 * dispatcher and the simulator share it.  A change costs O(log sites); a site that
 * cannot go costs nothing.  One thread at a time.
 *
 *   for (;;) {
 *           while (agenda_due(a, now, &site))
 *                   agenda_put(a, site, describe(site), now);
 *           if (!agenda_next(a, load, now, &pick))
 *                   break;       (again at agenda_look_at_ms(), or when load changes)
 *           start(pick);
 *           agenda_started(a, &pick);
 *           agenda_put(a, pick.site, describe(pick.site), now);
 *   } */
#ifndef DISPATCH_AGENDA_H
#define DISPATCH_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dispatch/choose.h"

struct agenda;

struct agenda *agenda_new(const struct choose_rules *rules) MUST_USE;
void agenda_free(struct agenda *a);

/* New rules; every site must be put again. */
void agenda_set_rules(struct agenda *a, const struct choose_rules *rules);

/* The site is like this now.  One that was never put has nothing to send. */
void agenda_put(struct agenda *a, size_t site, const struct choose_site *s,
		int64_t now_ms);

/* A site whose time has come: put it again.  false: none. */
bool agenda_due(const struct agenda *a, int64_t now_ms, size_t *site);

struct agenda_pick {
	size_t site;
	struct choose_key key; /* id, priority, class */
	enum choose_reach reach;
	bool by_share;            /* it goes by the guaranteed share of its class */
	bool is_probe;            /* its site is on hold, and nothing else is active */
	bool has[CHOOSE_CLASSES]; /* classes with one whose own site lets it go */
};

/* Who goes next; nothing is changed.  false: nobody may. */
bool agenda_next(const struct agenda *a, const struct choose_load *load, int64_t now_ms,
		 struct agenda_pick *out);

/* It was started: counts for the shares. */
void agenda_started(struct agenda *a, const struct agenda_pick *pick);

/* When time alone changes something; INT64_MAX: never.  idle: nothing is active. */
int64_t agenda_look_at_ms(const struct agenda *a, bool idle);

/* The first of high priority that lacks nothing but a slot of the sender; false: none.
 */
bool agenda_urgent(const struct agenda *a, struct agenda_pick *out);
/* One of high priority that lacks nothing but a slot of its own site: false: none. */
bool agenda_crowded(const struct agenda *a, size_t site, struct agenda_pick *out);

/* As it was judged when it was put last; a site never put: NOTHING. */
struct verdict agenda_verdict(const struct agenda *a, size_t site);
/* Why its first does not go: the site's own verdict, or what all share says to it;
 * MAY_GO: others go before it. */
struct verdict agenda_waits(const struct agenda *a, size_t site,
			    const struct choose_load *load);

#endif
