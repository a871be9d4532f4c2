/* board.h - what the dispatcher knows of every site, on the agenda: sites of the
 * outbox, routes of the configuration, threads of the pool.  The dispatcher's thread
 * only. */
#ifndef DISPATCH_BOARD_H
#define DISPATCH_BOARD_H

#include "base/attr.h"
#include "dispatch/agenda.h"
#include "dispatch/dispatch.h"
#include "dispatch/rate_plan.h"
#include "dispatch/sites.h"
#include "send/send.h"

struct board;

struct board *board_new(const struct config *config, struct pool *pool) MUST_USE;
void board_free(struct board *b);

/* Another configuration; borrowed. */
void board_reload(struct board *b, const struct config *config);
/* What persons opened and limited, and what is spent of budgets.  Before each refresh,
 * and when any of it changed; all but what is open is borrowed until the next. */
void board_set_facts(struct board *b, const struct rate_facts *facts);

/* What changed in the outbox, in the pool and by time alone. */
int board_refresh(struct board *b, struct outbox *o, int64_t now_ms,
		  struct err *e) MUST_USE;

/* Who goes next, with the load it was chosen by; false: nobody may. */
bool board_next(struct board *b, int64_t now_ms, struct agenda_pick *pick,
		struct choose_load *load);
/* The addresses that it may use now; none: its site has none. */
void board_route(struct board *b, const struct agenda_pick *pick,
		 struct attempt_route *out);
int board_active(const struct board *b, size_t site); /* its threads; of a pick */
void board_started(struct board *b, const struct agenda_pick *pick);
/* Its claim was refused: somebody was quicker, or what the outbox said has changed by
 * time alone.  Not again until the outbox tells of a change, or for a second. */
void board_refused(struct board *b, size_t site);

/* May one of that priority go on over that address ("MS1.1")? */
struct verdict board_goes_on(const struct board *b, const char *site,
			     const char *address, enum request_priority priority,
			     int64_t now_ms);
/* Why a request that is ready itself does not go now; MAY_GO: nothing keeps it back. */
struct verdict board_verdict(struct board *b, const char *site, int64_t request);
/* As the outbox last described them. */
const struct sites *board_sites(const struct board *b);
/* Grows with each change of a site, of the configuration or of orders. */
int64_t board_changes(const struct board *b);
/* The number of a site, by its code; SIZE_MAX: not heard of. */
size_t board_site(const struct board *b, const char *code);
/* agenda_urgent(), agenda_crowded() */
bool board_urgent(const struct board *b, struct agenda_pick *out);
bool board_crowded(const struct board *b, const char *site, struct agenda_pick *out);

/* When time alone changes something: wall; INT64_MAX: never. */
int64_t board_look_at_ms(const struct board *b);

/* Does any site have a request that is not final? */
bool board_anything_left(const struct board *b);

#endif
