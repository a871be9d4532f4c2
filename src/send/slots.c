/* slots.c - who may send, and how many do.  The drawing and W1, W2: pool.c. */
#include "send/slots.h"

#include <errno.h>

#include "base/clock.h"
#include "base/str.h"

enum {
	SLOT_BEAT_MS = 1000, /* how often a waiting thread hears orders; a choice */
};

/* Does `a` go before `b`? */
static bool
goes_first(const struct worker *a, const struct worker *b)
{
	const struct request *x = &a->report.request;
	const struct request *y = &b->report.request;

	if (a->priority != b->priority)
		return a->priority < b->priority;
	return x->id.n < y->id.n;
}

/* How many are SENDING, all of them or to one site.  Under the lock. */
static int64_t
count_sending(const struct pool *p, const char *site)
{
	int64_t count = 0;

	for (const struct worker *w = p->workers; w; w = w->next)
		count += w->stage == SENDING &&
			 (!site || str_eq_nocase(site, w->report.request.site));
	return count;
}

/* May it have one of the slots that are free?  Some are for high only.  Under the lock.
 */
static bool
has_room(const struct worker *w)
{
	const struct pool *p = w->pool;
	const struct config_sender *s = &p->newest->config->sender;
	int64_t others = 0;

	if (count_sending(p, w->report.request.site) >= s->max_sendings_per_site)
		return false;
	if (w->priority == REQUEST_HIGH || s->reserved_high >= s->max_sendings)
		return true;
	for (const struct worker *v = p->workers; v; v = v->next)
		others += v->stage == SENDING && v->priority != REQUEST_HIGH;
	return others < s->max_sendings - s->reserved_high;
}

/* The one whose turn it is (W1, W2); NULL: nobody's.  Under the lock. */
static const struct worker *
next_to_send(const struct pool *p)
{
	const struct worker *first = NULL;

	if (count_sending(p, NULL) >= p->newest->config->sender.max_sendings)
		return NULL;
	for (const struct worker *w = p->workers; w; w = w->next)
		if (w->stage == WAITING && (!first || goes_first(w, first)) &&
		    has_room(w))
			first = w;
	return first;
}

/* Under the lock. */
static void
move_to(struct worker *w, enum stage stage)
{
	w->stage = stage;
	(void)pthread_cond_broadcast(&w->pool->moved);
}

void
slot_enter(struct worker *w, enum stage stage)
{
	(void)pthread_mutex_lock(&w->pool->lock);
	move_to(w, stage);
	(void)pthread_mutex_unlock(&w->pool->lock);
	pool_poke(w->pool);
}

static int64_t
slot_beat_ms(const struct worker *w)
{
	const struct config_sender *s = w->attempt.settings;
	const int64_t lease_ms = s->heartbeat_ms / CONFIG_BEATS_IN_LEASE;

	return lease_ms < SLOT_BEAT_MS ? lease_ms : SLOT_BEAT_MS;
}

int
slot_wait_turn(struct worker *w)
{
	struct pool *p = w->pool;
	/* The condition waits by the real clock, whatever the policy is told. */
	const int64_t until_ms = clock_mono_ms(clock_real()) + slot_beat_ms(w);
	const struct timespec until = {.tv_sec = until_ms / 1000,
				       .tv_nsec = until_ms % 1000 * 1000000};
	int late = 0;

	(void)pthread_mutex_lock(&p->lock);
	while (next_to_send(p) != w && !stop_thrown(w->stop) && late != ETIMEDOUT &&
	       worker_call(w) == ATTEMPT_GO_ON)
		late = pthread_cond_timedwait(&p->moved, &p->lock, &until);
	if (next_to_send(p) == w && worker_call(w) == ATTEMPT_GO_ON)
		move_to(w, SENDING);
	late = w->stage != SENDING;
	(void)pthread_mutex_unlock(&p->lock);
	return !late;
}

/* --- what the dispatcher counts --------------------------------------------------- */

/* Does it count against max_sendings where the dispatcher counts? */
static bool
wants_slot(const struct worker *w)
{
	return w->stage == SENDING || w->stage == WAITING ||
	       (w->stage == CONNECTING && w->report.proven);
}

void
pool_get_counts(struct pool *p, struct pool_counts *out)
{
	struct pool_counts c = {0};

	(void)pthread_mutex_lock(&p->lock);
	for (const struct worker *w = p->workers; w; w = w->next) {
		c.high += w->priority == REQUEST_HIGH && wants_slot(w);
		switch (w->stage) {
		case CONNECTING:
			c.connecting_proven += w->report.proven;
			c.connecting_unproven += !w->report.proven;
			break;
		case WAITING:
			c.waiting++;
			break;
		case SENDING:
			c.sending++;
			break;
		case RETRYING:
		case ENDED:
			c.retrying++;
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
	*out = c;
}

static int
count_site(struct pool *p, const char *site, bool connecting_only)
{
	int count = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (const struct worker *w = p->workers; w; w = w->next)
		count +=
		    (!site || str_eq_nocase(site, w->report.request.site)) &&
		    (!connecting_only || w->stage == CONNECTING || w->stage == ENDED);
	(void)pthread_mutex_unlock(&p->lock);
	return count;
}

int
pool_site_active(struct pool *p, const char *site)
{
	return count_site(p, site, false);
}

int
pool_site_connecting(struct pool *p, const char *site)
{
	return count_site(p, site, true);
}
