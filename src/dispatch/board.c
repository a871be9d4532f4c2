#include "dispatch/board.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "dispatch/route.h"

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
	struct route_looks looks; /* of one site, for a moment */
	struct rate_facts facts;  /* opens: our own copy */
	struct open_override *opens;
	size_t open_count;
	struct choose_load load;
	bool excuse_due; /* a site on hold for the want of an address has one */
	int64_t starts, changes;
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
	route_looks_done(&b->looks);
	mem_free(b->opens);
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

/* All addresses of a site as they are now, into looks; returns how many. */
static size_t
look_at_addresses(struct board *b, const struct site *s)
{
	const struct route_site site = {
	    .facts = &b->facts,
	    .config = config_site(b->config, s->code),
	    .failed = s->failed,
	    .failed_count = s->failed_count,
	};

	b->looks.count = 0;
	if (site.config)
		route_look_all(&site, b->now_ms, &b->looks);
	return b->looks.count;
}

/* Behind look_at_addresses(). */
static struct route
find_route(const struct board *b, const struct site *s, const struct choose_best *best,
	   int class_index)
{
	const struct route_ask ask = {
	    .addresses = b->looks.all,
	    .count = b->looks.count,
	    .priority = (enum request_priority)(REQUEST_HIGH + class_index),
	    .prefer = best->prefer,
	    .site_failed = s->failures > 0,
	    .now_ms = b->now_ms,
	};
	struct route r = route_find(&ask);

	/* The attempt says so, with the words of Q276259, and the site is held. */
	if (b->looks.count == 0)
		r.verdict = (struct verdict){REASON_MAY_GO, INT64_MAX, 0};
	return r;
}

static void
put(struct board *b, size_t site)
{
	const struct site *s = sites_get(b->sites, site);
	const struct beside *d = beside(b, site);
	const size_t count = look_at_addresses(b, s);
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

	b->excuse_due = b->excuse_due || (s->lacks_address && count > 0);
	for (int i = 0; i < CHOOSE_BESTS && d->refused_until_ms <= b->now_ms; i++) {
		if (s->best[i].id == 0)
			continue;
		c.best[i] = s->best[i];
		c.best[i].route =
		    find_route(b, s, &s->best[i], i % CHOOSE_CLASSES).verdict;
	}
	if (d->refused_until_ms > b->now_ms)
		c.next_at_ms = d->refused_until_ms;
	agenda_put(b->agenda, site, &c, b->now_ms);
}

static void
put_changed(void *self, size_t site)
{
	struct board *b = self;

	beside(b, site)->refused_until_ms = 0;
	b->changes++;
	put(b, site);
}

void
board_reload(struct board *b, const struct config *config)
{
	const struct choose_rules rules = choose_rules_of(&config->sender);

	b->config = b->facts.config = config;
	b->facts.used_count = 0;
	b->changes++;
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
	    .high = c.high,
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

/* Sites that have an address again, by a reload or a restart, go at once. */
static int
excuse(struct board *b, struct outbox *o, struct err *e)
{
	for (size_t i = 0; i < sites_count(b->sites); i++) {
		const struct site *s = sites_get(b->sites, i);
		struct err why;

		if (!s->lacks_address || look_at_addresses(b, s) == 0)
			continue;
		attempt_no_address(s->code, &why);
		if (outbox_site_excuse(o, s->code, why.text, b->now_ms, e) < 0)
			return -1;
	}
	b->excuse_due = false;
	return sites_refresh(b->sites, o, b->now_ms, put_changed, b, e);
}

int
board_refresh(struct board *b, struct outbox *o, int64_t now_ms, struct err *e)
{
	size_t site;

	b->now_ms = now_ms;
	if (sites_refresh(b->sites, o, now_ms, put_changed, b, e) < 0)
		return -1;
	if (b->excuse_due && excuse(b, o, e) < 0)
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

/* The route of one that was picked, as it is now. */
static struct route
route_now(struct board *b, const struct agenda_pick *pick)
{
	const struct site *s = sites_get(b->sites, pick->site);
	struct route r = {.verdict = {REASON_NOTHING, INT64_MAX, 0}};

	(void)look_at_addresses(b, s);
	for (int i = 0; i < CHOOSE_BESTS; i++)
		if (s->best[i].id == pick->key.id)
			r = find_route(b, s, &s->best[i], i % CHOOSE_CLASSES);
	return r;
}

void
board_route(struct board *b, const struct agenda_pick *pick, struct attempt_route *out)
{
	const struct route r = route_now(b, pick);

	_Static_assert((int)ROUTE_ROOM <= (int)ATTEMPT_ROUTE_ROOM, "a route fits in");
	for (out->count = 0; out->count < r.count; out->count++)
		out->numbers[out->count] = b->looks.all[r.order[out->count]].number;
}

/* A budget may have been spent since the site was put: by others, on its line. */
bool
board_next(struct board *b, int64_t now_ms, struct agenda_pick *pick,
	   struct choose_load *load)
{
	*load = b->load;
	while (agenda_next(b->agenda, &b->load, now_ms, pick)) {
		if (b->facts.used_count == 0 ||
		    route_now(b, pick).verdict.reason == REASON_MAY_GO)
			return true;
		put(b, pick->site);
	}
	return false;
}

static bool
same_opens(const struct board *b, const struct rate_facts *f)
{
	if (f->open_count != b->open_count)
		return false;
	for (size_t i = 0; i < f->open_count; i++)
		if (!str_eq(f->opens[i].site, b->opens[i].site) ||
		    f->opens[i].until_at_ms != b->opens[i].until_at_ms)
			return false;
	return true;
}

void
board_set_facts(struct board *b, const struct rate_facts *facts)
{
	const size_t bytes = facts->open_count * sizeof(*facts->opens);
	const bool same = same_opens(b, facts);

	b->facts = *facts;
	if (!same) {
		b->opens =
		    mem_resize(b->opens, facts->open_count + 1, sizeof(*b->opens));
		if (bytes > 0)
			memcpy(b->opens, facts->opens, bytes);
		b->open_count = facts->open_count;
	}
	b->facts.opens = b->opens;
	for (size_t i = 0; !same && i < sites_count(b->sites); i++)
		put(b, i);
}

struct verdict
board_goes_on(const struct board *b, const char *site, const char *address,
	      enum request_priority priority, int64_t now_ms)
{
	const struct config_site *c = config_site(b->config, site);
	struct verdict v = {REASON_MAY_GO, INT64_MAX, 0};

	for (size_t i = 0; c && i < c->address_count; i++) {
		if (str_eq(c->addresses[i].section, address)) {
			const struct route_address a =
			    route_look(&b->facts, c, &c->addresses[i], now_ms);

			v = route_goes_on(&a, priority, now_ms);
		}
	}
	return v;
}

/* By its own route, when it is the first of its priority; else by the first one's. */
struct verdict
board_verdict(struct board *b, const char *site, int64_t request)
{
	const size_t n = board_site(b, site);
	struct verdict v = {REASON_NOTHING, INT64_MAX, 0};
	const struct site *s;

	if (n == SIZE_MAX)
		return v;
	s = sites_get(b->sites, n);
	v = agenda_verdict(b->agenda, n);
	(void)look_at_addresses(b, s);
	for (int i = 0; i < CHOOSE_BESTS; i++) {
		struct verdict own;

		if (s->best[i].id != request)
			continue;
		own = find_route(b, s, &s->best[i], i % CHOOSE_CLASSES).verdict;
		if (own.reason != REASON_MAY_GO)
			return own;
		return agenda_waits(b->agenda, n, &b->load);
	}
	if (v.reason == REASON_MAY_GO || v.reason == REASON_NOTHING)
		v = (struct verdict){REASON_SITE_NEXT, INT64_MAX, 0};
	return v;
}

const struct sites *
board_sites(const struct board *b)
{
	return b->sites;
}

int64_t
board_changes(const struct board *b)
{
	return b->changes;
}

bool
board_urgent(const struct board *b, struct agenda_pick *out)
{
	return agenda_urgent(b->agenda, out);
}

size_t
board_site(const struct board *b, const char *code)
{
	return sites_find(b->sites, code);
}

bool
board_crowded(const struct board *b, const char *site, struct agenda_pick *out)
{
	return agenda_crowded(b->agenda, board_site(b, site), out);
}

int
board_active(const struct board *b, size_t site)
{
	return b->beside[site].active;
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
