#include "dispatch/conflict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "dispatch/reason.h"

enum {
	NO_CAUSE = -1,
	LEAST_MS = 1000, /* what is lost by less is not told; a choice */
};

/* Of a limit or a budget: which; other reasons have no node. */
struct cause {
	enum reason reason;
	enum rate_level level;
	const struct config_line *line; /* RATE_LINE: this one */
};

/* All that was lost by one cause. */
struct loss {
	struct cause cause;
	double *lost_ms; /* by request */
	bool *competes;  /* by site */
	bool is_now;     /* somebody is held up by it since the last look */
};

/* A request that is looked at. */
struct looked_at {
	const struct world_request *request;
	int cause;   /* index of the losses; NO_CAUSE */
	double part; /* of the time that is lost, 0 to 1 */
	bool active, ended;
};

struct conflicts {
	const struct config *config;
	struct looked_at *all;
	size_t count;
	int64_t first_id;
	size_t *live; /* that have not ended */
	size_t live_count;
	struct loss *losses;
	size_t loss_count, loss_room;
	int64_t last_ms; /* of the last look; at first, when the course begins */
	bool has_looked;
};

struct conflicts *
conflicts_new(const struct config *config, const struct world_request *requests,
	      size_t count, int64_t first_id, int64_t now_ms)
{
	struct conflicts *c = mem_zero(1, sizeof(*c));

	c->config = config;
	c->all = mem_zero(count + 1, sizeof(*c->all));
	c->live = mem_zero(count + 1, sizeof(*c->live));
	c->count = c->live_count = count;
	c->first_id = first_id;
	c->last_ms = now_ms;
	for (size_t i = 0; i < count; i++) {
		c->all[i] =
		    (struct looked_at){.request = &requests[i], .cause = NO_CAUSE};
		c->live[i] = i;
	}
	return c;
}

void
conflicts_free(struct conflicts *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->loss_count; i++) {
		mem_free(c->losses[i].lost_ms);
		mem_free(c->losses[i].competes);
	}
	mem_free(c->losses);
	mem_free(c->live);
	mem_free(c->all);
	mem_free(c);
}

/* --- what holds one up ----------------------------------------------------------- */

static int
loss_of(struct conflicts *c, struct cause cause)
{
	struct loss *l;

	for (size_t i = 0; i < c->loss_count; i++) {
		l = &c->losses[i];
		if (l->cause.reason == cause.reason && l->cause.level == cause.level &&
		    l->cause.line == cause.line)
			return (int)i;
	}
	c->losses = mem_grow(c->losses, c->loss_count, &c->loss_room, sizeof(*l));
	l = &c->losses[c->loss_count];
	*l = (struct loss){.cause = cause};
	l->lost_ms = mem_zero(c->count + 1, sizeof(*l->lost_ms));
	l->competes = mem_zero(c->config->site_count + 1, sizeof(*l->competes));
	return (int)c->loss_count++;
}

static struct cause
cause_of_node(const struct conflicts *c, enum reason reason, const struct rate_node *n,
	      size_t site)
{
	const bool is_line = n->level == RATE_LINE;

	return (struct cause){reason, n->level,
			      is_line ? c->config->sites[site].line : NULL};
}

static double
rate_through(const struct world *w, const struct config_limits *limits)
{
	double sum = 0;

	for (size_t i = 0; i < world_active(w); i++) {
		const struct world_sending s = world_sending(w, i);

		for (size_t k = 0; s.path && k < s.path->count; k++)
			if (s.path->nodes[k].limits == limits)
				sum += (double)s.rate_bytes_per_s;
	}
	return sum;
}

/* The narrowest node that gives all it has. */
static const struct rate_node *
full_node(const struct world *w, const struct rate_path *path)
{
	for (size_t i = path->count; i > 0; i--) {
		const struct rate_node *n = &path->nodes[i - 1];

		if (n->bytes_per_s != CONFIG_RATE_UNLIMITED &&
		    rate_through(w, n->limits) >= 0.99 * (double)n->bytes_per_s)
			return n;
	}
	return NULL;
}

static void
hold_up(struct conflicts *c, struct looked_at *q, struct cause cause, double part)
{
	q->cause = loss_of(c, cause);
	q->part = part;
	c->losses[q->cause].is_now = true;
}

static void
look_at_sending(struct conflicts *c, struct looked_at *q, const struct world *w,
		const struct world_sending *s)
{
	const double part =
	    1 - (double)s->rate_bytes_per_s / (double)s->speed_bytes_per_s;
	const struct rate_node *n = s->path ? full_node(w, s->path) : NULL;

	if (s->phase == WORLD_WAITING)
		hold_up(c, q, (struct cause){.reason = REASON_SLOTS_FULL}, 1);
	else if (s->phase == WORLD_SENDING && n && part > 0)
		hold_up(c, q, cause_of_node(c, REASON_RATE, n, q->request->site), part);
}

/* The widest budget of its way that is spent. */
static struct cause
spent_budget(const struct conflicts *c, const struct world *w, size_t site,
	     int64_t address)
{
	const struct rate_path path = world_path(w, site, (unsigned)address);
	const struct rate_node *n = path.nodes;

	for (size_t i = 1; i < path.count && n->spent_until_at_ms == 0; i++)
		n = &path.nodes[i];
	return cause_of_node(c, REASON_BUDGET, n, site);
}

static void
look_at_waiting(struct conflicts *c, struct looked_at *q, const struct world *w)
{
	const size_t site = q->request->site;
	const struct verdict v = world_waits(w, site);
	struct cause cause = {.reason = v.reason == REASON_MAY_GO ? REASON_IN_LINE
								  : v.reason};

	if (v.reason == REASON_NOTHING) /* filed, and not ready */
		cause.reason = REASON_RESTART;
	else if (v.reason == REASON_BUDGET)
		cause = spent_budget(c, w, site, v.number);
	hold_up(c, q, cause, 1);
}

/* --- who competes ---------------------------------------------------------------- */

static bool
is_of_slots(enum reason r)
{
	return r == REASON_SLOTS_FULL || r == REASON_RESERVED ||
	       r == REASON_OTHERS_WAIT || r == REASON_IN_LINE;
}

static bool
takes_part(const struct conflicts *c, const struct loss *l,
	   const struct world_sending *s)
{
	const struct config_site *site = &c->config->sites[s->request->site];

	if (is_of_slots(l->cause.reason))
		return s->phase >= WORLD_SENDING;
	if (l->cause.reason != REASON_RATE && l->cause.reason != REASON_BUDGET)
		return false;
	if (s->phase != WORLD_SENDING)
		return false;
	return l->cause.level == RATE_ALL ||
	       (l->cause.level == RATE_LINE && l->cause.line == site->line);
}

static void
look_at_competitors(struct conflicts *c, const struct world *w)
{
	for (size_t i = 0; i < c->loss_count; i++) {
		struct loss *l = &c->losses[i];

		for (size_t n = 0; l->is_now && n < world_active(w); n++) {
			const struct world_sending s = world_sending(w, n);

			if (takes_part(c, l, &s))
				l->competes[s.request->site] = true;
		}
	}
}

/* --- time ------------------------------------------------------------------------ */

static void
lose(struct conflicts *c, size_t n, int64_t at_ms)
{
	const struct looked_at *q = &c->all[n];

	const int64_t from_ms =
	    q->request->filed_at_ms > c->last_ms ? q->request->filed_at_ms : c->last_ms;

	if (q->cause != NO_CAUSE && at_ms > from_ms)
		c->losses[q->cause].lost_ms[n] += q->part * (double)(at_ms - from_ms);
}

static void
forget_ended(struct conflicts *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->live_count; i++)
		if (!c->all[c->live[i]].ended)
			c->live[left++] = c->live[i];
	c->live_count = left;
}

static void
lose_all(struct conflicts *c, int64_t now_ms)
{
	for (size_t i = 0; i < c->live_count; i++) {
		lose(c, c->live[i], now_ms);
		c->all[c->live[i]].cause = NO_CAUSE;
		c->all[c->live[i]].active = false;
	}
}

static void
find_causes(struct conflicts *c, const struct world *w)
{
	for (size_t i = 0; i < c->loss_count; i++)
		c->losses[i].is_now = false;
	for (size_t i = 0; i < world_active(w); i++) {
		const struct world_sending s = world_sending(w, i);
		const int64_t n = s.request->id - c->first_id;

		if (n < 0)
			continue;
		c->all[n].active = true;
		look_at_sending(c, &c->all[n], w, &s);
	}
	for (size_t i = 0; i < c->live_count; i++) {
		struct looked_at *q = &c->all[c->live[i]];

		if (!q->active && q->request->filed_at_ms <= world_now_ms(w))
			look_at_waiting(c, q, w);
	}
	look_at_competitors(c, w);
}

void
conflicts_look(struct conflicts *c, const struct world *w)
{
	const int64_t now_ms = world_now_ms(w);

	/* With many requests a look takes long, and they wait long. */
	if (c->has_looked && now_ms - c->last_ms < (int64_t)c->live_count)
		return;
	lose_all(c, now_ms);
	forget_ended(c);
	find_causes(c, w);
	c->has_looked = true;
	c->last_ms = now_ms;
}

void
conflicts_end(struct conflicts *c, size_t n, int64_t at_ms)
{
	lose(c, n, at_ms);
	c->all[n].cause = NO_CAUSE;
	c->all[n].ended = true;
}

/* --- the report ------------------------------------------------------------------ */

/* "rate of line south"; a site's or an address's own are told together. */
static void
describe(const struct cause *cause, struct dispatch_conflict *out)
{
	const bool is_rate = cause->reason == REASON_RATE;
	const char *of = "the address";
	char node[OUTBOX_NODE_ROOM];

	out->code = (int)cause->reason;
	out->name = reason_name(cause->reason);
	if (!is_rate && cause->reason != REASON_BUDGET) {
		str_copy_cut(out->text, sizeof(out->text), reason_words(cause->reason));
		return;
	}
	if (cause->level == RATE_ALL)
		of = "all sendings";
	else if (cause->level == RATE_LINE && cause->line)
		of = rate_node_name(RATE_LINE, cause->line->name, node);
	else if (cause->level == RATE_SITE)
		of = "the site";
	(void)snprintf(out->text, sizeof(out->text), "%s of %s%s",
		       is_rate ? "rate" : "budget", of, is_rate ? "" : " is spent");
	out->line = cause->line ? cause->line->name : NULL;
}

static void
tell_losses(const struct conflicts *c, const struct loss *l,
	    struct dispatch_conflict *out)
{
	double most = 0, sum = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (l->lost_ms[i] <= 0)
			continue;
		out->site_count++;
		sum += l->lost_ms[i];
		if (l->lost_ms[i] <= most)
			continue;
		most = l->lost_ms[i];
		out->most_site = c->config->sites[c->all[i].request->site].code;
	}
	out->lost_ms = (int64_t)sum;
	out->most_ms = (int64_t)most;
}

static void
tell_competitors(const struct conflicts *c, const struct loss *l,
		 struct dispatch_conflict *out)
{
	size_t room = 0;

	for (size_t i = 0; i < c->config->site_count; i++) {
		if (!l->competes[i])
			continue;
		out->with = mem_grow(out->with, out->with_count, &room, sizeof(char *));
		out->with[out->with_count++] = c->config->sites[i].code;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct dispatch_conflict *x = a, *y = b;

	if (x->lost_ms != y->lost_ms)
		return x->lost_ms < y->lost_ms ? 1 : -1;
	return strcmp(x->text, y->text);
}

void
conflicts_tell(const struct conflicts *c, struct dispatch_simulated *out)
{
	out->conflicts = mem_zero(c->loss_count + 1, sizeof(*out->conflicts));
	for (size_t i = 0; i < c->loss_count; i++) {
		struct dispatch_conflict told = {0};

		tell_losses(c, &c->losses[i], &told);
		if (told.lost_ms < LEAST_MS)
			continue;
		describe(&c->losses[i].cause, &told);
		tell_competitors(c, &c->losses[i], &told);
		out->conflicts[out->conflict_count++] = told;
	}
	qsort(out->conflicts, out->conflict_count, sizeof(*out->conflicts), compare);
}
