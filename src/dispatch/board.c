#include "dispatch/board.h"

#include "base/mem.h"

enum { REFUSED_MS = 1000 }; /* a claim was refused: so long not again; a choice */

/* What is known of a site besides what the outbox says. */
struct beside {
	int64_t served; /* number of its last start, of all */
	int64_t refused_until_ms;
	int active, connecting;
	bool is_busy; /* in the list of those with threads */
};

struct board {
	const struct config *config;
	struct pool *pool;
	struct sites *sites;
	struct agenda *agenda;
	struct beside *beside; /* by site */
	size_t beside_count, beside_room;
	size_t *busy; /* sites that had threads when last looked at */
	size_t busy_count, busy_room;
	struct choose_load load;
	int64_t starts;
	int64_t now_ms;
};

struct board *
board_new(const struct config *config, struct pool *pool)
{
	struct board *b = mem_zero(1, sizeof(*b));
	const struct choose_rules rules = choose_rules_of(&config->sender);

	b->config = config;
	b->pool = pool;
	b->sites = sites_new();
	b->agenda = agenda_new(&rules);
	return b;
}

void
board_free(struct board *b)
{
	if (!b)
		return;
	sites_free(b->sites);
	agenda_free(b->agenda);
	mem_free(b->beside);
	mem_free(b->busy);
	mem_free(b);
}

/* --- a site ---------------------------------------------------------------------- */

static struct beside *
beside(struct board *b, size_t site)
{
	while (b->beside_count <= site) {
		b->beside = mem_grow(b->beside, b->beside_count, &b->beside_room,
				     sizeof(*b->beside));
		b->beside[b->beside_count++] = (struct beside){0};
	}
	return &b->beside[site];
}

static void
put(struct board *b, size_t site)
{
	const struct site *s = sites_get(b->sites, site);
	const struct beside *d = beside(b, site);
	struct choose_site c = {
	    .next_at_ms = s->next_at_ms,
	    .hold_until_at_ms = s->hold_until_at_ms,
	    .hold_began_at_ms = s->hold_until_at_ms - b->config->sender.site_hold_ms,
	    .failures = s->failures,
	    .proven_until_at_ms = s->last_sent_at_ms + CHOOSE_PROVEN_MS,
	    .active = d->active,
	    .connecting = d->connecting,
	    .served = d->served,
	};

	for (int i = 0; i < CHOOSE_CLASSES && d->refused_until_ms <= b->now_ms; i++) {
		c.best[i] = s->best[i];
		c.best[i].route = (struct verdict){REASON_MAY_GO, INT64_MAX, 0};
	}
	if (d->refused_until_ms > b->now_ms)
		c.next_at_ms = d->refused_until_ms;
	agenda_put(b->agenda, site, &c, b->now_ms);
}

static void
put_changed(void *self, size_t site)
{
	beside(self, site)->refused_until_ms = 0;
	put(self, site);
}

void
board_reload(struct board *b, const struct config *config)
{
	const struct choose_rules rules = choose_rules_of(&config->sender);

	b->config = config;
	agenda_set_rules(b->agenda, &rules);
	for (size_t i = 0; i < sites_count(b->sites); i++)
		put(b, i);
}

/* --- the pool -------------------------------------------------------------------- */

static void
read_load(struct board *b)
{
	struct pool_counts c;

	pool_get_counts(b->pool, &c);
	b->load = (struct choose_load){
	    .connecting_proven = c.connecting_proven,
	    .connecting_unproven = c.connecting_unproven,
	    .waiting = c.waiting,
	    .sending = c.sending,
	    .retrying = c.retrying,
	};
	for (size_t i = 0; i < b->busy_count; i++)
		if (sites_get(b->sites, b->busy[i])->failures > 0)
			b->load.connecting_failed += beside(b, b->busy[i])->connecting;
}

static void
add_busy(struct board *b, size_t site)
{
	struct beside *d = beside(b, site);

	if (d->is_busy)
		return;
	d->is_busy = true;
	b->busy = mem_grow(b->busy, b->busy_count, &b->busy_room, sizeof(*b->busy));
	b->busy[b->busy_count++] = site;
}

/* Threads moved on or ended: only sites that had any can have changed. */
static void
refresh_busy(struct board *b)
{
	size_t left = 0;

	for (size_t i = 0; i < b->busy_count; i++) {
		const size_t site = b->busy[i];
		struct beside *d = beside(b, site);
		const char *code = sites_get(b->sites, site)->code;

		d->active = pool_site_active(b->pool, code);
		d->connecting = pool_site_connecting(b->pool, code);
		d->is_busy = d->active > 0;
		put(b, site);
		if (d->is_busy)
			b->busy[left++] = site;
	}
	b->busy_count = left;
}

/* --- the door -------------------------------------------------------------------- */

int
board_refresh(struct board *b, struct outbox *o, int64_t now_ms, struct err *e)
{
	size_t site;

	b->now_ms = now_ms;
	if (sites_refresh(b->sites, o, now_ms, put_changed, b, e) < 0)
		return -1;
	refresh_busy(b);
	while (agenda_due(b->agenda, now_ms, &site)) {
		if (sites_ask(b->sites, o, site, now_ms, e) < 0)
			return -1;
		put(b, site);
	}
	read_load(b);
	return 0;
}

bool
board_next(struct board *b, int64_t now_ms, struct agenda_pick *pick,
	   struct choose_load *load)
{
	*load = b->load;
	return agenda_next(b->agenda, &b->load, now_ms, pick);
}

const struct site *
board_site(const struct board *b, size_t site)
{
	return sites_get(b->sites, site);
}

int
board_active(const struct board *b, size_t site)
{
	return site < b->beside_count ? b->beside[site].active : 0;
}

void
board_started(struct board *b, const struct agenda_pick *pick)
{
	agenda_started(b->agenda, pick);
	beside(b, pick->site)->served = ++b->starts;
	add_busy(b, pick->site);
}

void
board_refused(struct board *b, size_t site)
{
	beside(b, site)->refused_until_ms = b->now_ms + REFUSED_MS;
	sites_doubt(b->sites, site);
	put(b, site);
}

int64_t
board_look_at_ms(const struct board *b)
{
	return agenda_look_at_ms(b->agenda, choose_load_total(&b->load) == 0);
}

bool
board_anything_left(const struct board *b)
{
	for (size_t i = 0; i < sites_count(b->sites); i++)
		if (sites_get(b->sites, i)->unfinished > 0)
			return true;
	return false;
}
