#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/metered.h"
#include "dispatch/share.h"
#include "dispatch/world_state.h"

/* Of a full limit the highest class takes what there is, but every class that wants
 * something gets a tenth (send/limiter.h). */
static const int weights[CHOOSE_CLASSES] = {90, 10, 10};

/* --- budgets --------------------------------------------------------------------- */

/* What was used already, and a place for what will be. */
void
world_set_budgets(struct world *w)
{
	const struct rate_facts *known = w->o.facts;
	AUTO_FREE struct metered *all = NULL;
	const size_t count = metered_list(w->config, &all);

	w->used = mem_zero(count + 1, sizeof(*w->used));
	for (size_t i = 0; i < count; i++) {
		const struct rate_used *u = rate_find(
		    all[i].node, known->used, known->used_count, sizeof(*known->used));

		str_copy_cut(w->used[i].node, sizeof(w->used[i].node), all[i].node);
		if (u)
			w->used[i] = *u;
	}
	w->facts = *known;
	w->facts.used = w->used;
	w->facts.used_count = count;
}

/* So many bytes went to an address. */
static void
use_budgets(struct world *w, const struct rate_path *path, double bytes)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct rate_node *n = &path->nodes[i];
		const struct config_budget *budget = &n->limits->budget;
		struct rate_used *u;
		int64_t from_at_ms;

		if (budget->bytes == 0)
			continue;
		u = rate_find(n->name, w->used, w->facts.used_count, sizeof(*w->used));
		from_at_ms = metered_span(budget, n->zone, w->now_ms).from_at_ms;
		if (u->from_at_ms != from_at_ms)
			u->bytes = 0;
		u->from_at_ms = from_at_ms;
		u->bytes += (int64_t)bytes;
	}
}

/* --- rates ----------------------------------------------------------------------- */

/* The limits of those that are sending, each once, for share_rates(). */
struct plan {
	int64_t *limits;
	int64_t *left;   /* of the budget                                    */
	const void **of; /* whose, in the configuration; NULL: a line's own speed */
	size_t count, room, left_room, of_room;
	int64_t until_at_ms;
};

static size_t
plan_add(struct plan *p, const void *of, int64_t limit, int64_t left)
{
	p->limits = mem_grow(p->limits, p->count, &p->room, sizeof(*p->limits));
	p->left = mem_grow(p->left, p->count, &p->left_room, sizeof(*p->left));
	p->of = mem_grow(p->of, p->count, &p->of_room, sizeof(*p->of));
	p->limits[p->count] = limit;
	p->left[p->count] = left;
	p->of[p->count] = of;
	return p->count++;
}

static void
plan_done(struct plan *p)
{
	mem_free(p->limits);
	mem_free(p->left);
	mem_free(p->of);
}

/* The sending goes through that limit, when there is one. */
static void
go_through(struct plan *p, struct share_flow *f, const void *of, int64_t limit,
	   int64_t left)
{
	size_t i = 0;

	if (limit == CONFIG_RATE_UNLIMITED && left == INT64_MAX)
		return;
	while (i < p->count && p->of[i] != of)
		i++;
	if (i == p->count)
		(void)plan_add(p, of, limit, left);
	f->nodes[f->depth++] = i;
}

/* Blocks of the address, one after the other: as fast as that is over a while. */
static void
go_by_pulse(struct plan *p, struct share_flow *f, const struct config_pulse *pulse)
{
	if (pulse->block_bytes > 0)
		go_through(p, f, pulse, pulse->block_bytes * 1000 / pulse->every_ms,
			   INT64_MAX);
}

static struct share_flow
flow_of(struct world *w, struct attempt_course *a, struct plan *p)
{
	const struct world_request *r = &w->courses[a->request].request;
	struct share_flow f = {.weight = weights[r->priority - REQUEST_HIGH]};

	if (a->path.count == 0 || w->facts.used_count > 0 ||
	    a->path.until_at_ms <= w->now_ms)
		a->path = rate_plan(&w->facts, w->sites[a->site].config, a->address,
				    w->now_ms);
	for (size_t i = 0; i < a->path.count; i++) {
		const struct rate_node *n = &a->path.nodes[i];

		go_through(p, &f, n->limits, n->bytes_per_s, n->left_bytes);
	}
	go_by_pulse(p, &f, &a->address->pulse);
	if (a->path.until_at_ms < p->until_at_ms)
		p->until_at_ms = a->path.until_at_ms;
	if (f.depth > 0)
		f.nodes[f.depth++] =
		    plan_add(p, NULL, a->weather.speed_bytes_per_s, INT64_MAX);
	return f;
}

static int64_t
when_done_ms(const struct world *w, const struct attempt_course *a)
{
	const double left = w->courses[a->request].bytes_left;

	if (left <= 0)
		return w->now_ms;
	if (a->rate_bytes_per_s <= 0)
		return INT64_MAX;
	return w->now_ms + 1 + (int64_t)(left * 1000 / (double)a->rate_bytes_per_s);
}

/* When the first budget will be spent at these rates. */
static void
look_at_budgets(const struct world *w, struct plan *p, const struct share_flow *flows,
		size_t count)
{
	double *through = mem_zero(p->count + 1, sizeof(*through));

	for (size_t f = 0; f < count; f++)
		for (size_t k = 0; k < flows[f].depth; k++)
			through[flows[f].nodes[k]] += (double)flows[f].rate_bytes_per_s;
	for (size_t i = 0; i < p->count; i++) {
		int64_t at;

		if (p->left[i] == INT64_MAX || through[i] <= 0)
			continue;
		at = w->now_ms + 1 + (int64_t)((double)p->left[i] * 1000 / through[i]);
		p->until_at_ms = at < p->until_at_ms ? at : p->until_at_ms;
	}
	mem_free(through);
}

static void
set_rate(const struct world *w, struct attempt_course *a, int64_t bytes_per_s)
{
	a->rate_bytes_per_s = bytes_per_s;
	a->event_at_ms = when_done_ms(w, a);
}

void
world_share_rates(struct world *w)
{
	struct share_flow *flows = mem_zero(w->attempt_count + 1, sizeof(*flows));
	size_t *which = mem_zero(w->attempt_count + 1, sizeof(*which));
	struct plan p = {.until_at_ms = INT64_MAX};
	size_t count = 0;

	for (size_t n = 0; n < w->attempt_count; n++)
		if (w->attempts[n].phase == WORLD_SENDING) {
			struct attempt_course *a = &w->attempts[n];

			flows[count] = flow_of(w, a, &p);
			which[count] = n;
			/* It shares nothing: most of them, at night all. */
			if (flows[count].depth == 0)
				set_rate(w, a, a->weather.speed_bytes_per_s);
			else
				count++;
		}
	share_rates(p.limits, p.count, flows, count);
	look_at_budgets(w, &p, flows, count);
	for (size_t i = 0; i < count; i++)
		set_rate(w, &w->attempts[which[i]], flows[i].rate_bytes_per_s);
	w->rates_stale = false;
	w->rates_until_at_ms = p.until_at_ms;
	plan_done(&p);
	mem_free(flows);
	mem_free(which);
}

/* --- time ---------------------------------------------------------------- */

static void
carry(struct world *w, const struct attempt_course *a, double bytes)
{
	const struct config_line *line = w->sites[a->site].config->line;

	w->carried[w->config->line_count] += bytes;
	if (line)
		w->carried[line - w->config->lines] += bytes;
	if (w->facts.used_count > 0)
		use_budgets(w, &a->path, bytes);
}

void
world_advance(struct world *w, int64_t to_ms)
{
	const double passed_s = (double)(to_ms - w->now_ms) / 1000;

	for (size_t n = 0; n < w->attempt_count; n++) {
		const struct attempt_course *a = &w->attempts[n];
		double *left = &w->courses[a->request].bytes_left;
		double went = passed_s * (double)a->rate_bytes_per_s;

		if (a->phase != WORLD_SENDING)
			continue;
		went = went < *left ? went : *left;
		*left -= went;
		carry(w, a, went);
	}
	w->now_ms = to_ms;
}
