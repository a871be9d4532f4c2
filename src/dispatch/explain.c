/* explain.c - why a request waits: what why.c asks for, from the outbox. */
#include "base/auto.h"
#include "base/mem.h"
#include "dispatch/picture.h"
#include "dispatch/why.h"

struct explaining {
	struct why_ask ask;
	struct outbox *outbox;
	struct choose_key key; /* of the request that is asked about */
	struct choose_key ahead[WHY_NAMED];
	const struct outbox_site *now; /* its requests are being listed */
	struct err *e;
};

/* --- who goes first -------------------------------------------------------------- */

/* Of those that go before it the first are kept in order. */
static void
keep_ahead(struct explaining *x, const struct choose_key *k)
{
	struct choose_key held = *k;

	if (k->id == 0 || k->id == x->key.id || !choose_before(k, &x->key))
		return;
	x->ask.ahead++;
	for (size_t i = 0; i < WHY_NAMED; i++) {
		if (x->ahead[i].id == 0 || choose_before(&held, &x->ahead[i])) {
			const struct choose_key swapped = x->ahead[i];

			x->ahead[i] = held;
			held = swapped;
		}
		if (held.id == 0)
			return;
	}
}

static struct choose_judgement
judge(const struct explaining *x, const struct outbox_site *kept,
      const struct config_site *site, const struct outbox_best *b)
{
	const struct why_way way = {x->ask.config, site, x->ask.facts, kept};
	const int64_t now_ms = x->ask.now_ms;
	struct choose_best best = choose_best_of(b);

	best.route = why_route(&way, b->priority, b->prefer, now_ms).verdict;
	return why_judge(kept, b->priority, &best, &x->ask.rules, now_ms);
}

static struct outbox_best
best_of(const struct request *r)
{
	const int64_t put_off_ms =
	    r->not_before_at_ms > r->filed_at_ms ? r->not_before_at_ms : r->filed_at_ms;

	return (struct outbox_best){
	    .id = r->id,
	    .priority = r->priority,
	    .prefer = r->prefer,
	    .is_suspended = r->state == REQUEST_SUSPENDED,
	    .filed_at_ms = r->filed_at_ms,
	    .goes_at_ms = r->state == REQUEST_WAITING ? r->restart_at_ms : put_off_ms,
	    .deadline_at_ms = r->deadline_at_ms,
	    .expires_at_ms = r->expires_at_ms,
	    .bytes_left = r->package.total_bytes - r->progress.bytes_done,
	};
}

static bool
may_be_ready(const struct request *r)
{
	return !r->is_behind &&
	       (r->state == REQUEST_PENDING || r->state == REQUEST_WAITING ||
		r->state == REQUEST_SUSPENDED);
}

/* One of its own site. */
static int
look_at_neighbour(void *self, const struct request *r)
{
	struct explaining *x = self;
	const struct outbox_best b = best_of(r);
	struct choose_judgement j;
	struct choose_key k;

	if (!may_be_ready(r) || b.goes_at_ms > x->ask.now_ms)
		return 0;
	j = judge(x, x->ask.kept, x->ask.site, &b);
	k = why_key(&j);
	keep_ahead(x, &k);
	return 0;
}

/* Another site: the first of each priority, if its own site lets it go. */
static void
look_at_bests(struct explaining *x, const struct outbox_site *s,
	      const struct config_site *site)
{
	struct choose_key first = {0};

	for (size_t i = 0; i < OUTBOX_BESTS; i++) {
		struct choose_judgement j;
		struct choose_key k;

		if (s->bests[i].id.n == 0)
			continue;
		j = judge(x, s, site, &s->bests[i]);
		k = why_key(&j);
		if (j.verdict.reason == REASON_MAY_GO && k.id &&
		    (first.id == 0 || choose_before(&k, &first)))
			first = k;
	}
	keep_ahead(x, &first);
}

/* --- what is being sent ---------------------------------------------------------- */

static int
count_active(void *self, const struct request *r)
{
	struct explaining *x = self;
	const struct outbox_site *s = x->now;
	struct choose_load *load = &x->ask.load;
	const bool proven =
	    s->failures == 0 && s->last_sent_at_ms + CHOOSE_PROVEN_MS > x->ask.now_ms;

	if (!request_state_active(r->state))
		return 0;
	if (r->state != REQUEST_CONNECTING)
		load->sending++;
	else if (proven)
		load->connecting_proven++;
	else
		load->connecting_unproven++;
	load->connecting_failed += r->state == REQUEST_CONNECTING && s->failures > 0;
	load->high +=
	    r->priority == REQUEST_HIGH && (r->state != REQUEST_CONNECTING || proven);
	if (s == x->ask.kept)
		x->ask.connecting += r->state == REQUEST_CONNECTING;
	return 0;
}

/* site: NULL: a reload took it away, and its sendings have not ended yet. */
static void
count_sharing(struct explaining *x, const struct outbox_site *s,
	      const struct config_site *site)
{
	struct why_ask *a = &x->ask;
	const bool own = site == a->site;
	const int64_t others =
	    s->active - (own && request_state_active(a->request->state));

	a->sharing[RATE_ALL] += others;
	if (a->site->line && site && site->line == a->site->line)
		a->sharing[RATE_LINE] += others;
	if (own) {
		a->sharing[RATE_SITE] += others;
		a->sharing[RATE_ADDRESS] += others;
	}
}

static int
each_site(void *self, const struct outbox_site *s)
{
	struct explaining *x = self;
	const struct config_site *site = config_site(x->ask.config, s->site);
	const struct outbox_filter f = {.site = s->site, .unfinished_only = true};

	if (site == x->ask.site)
		s = x->ask.kept;
	else if (site)
		look_at_bests(x, s, site);
	if (s->active == 0)
		return 0;
	x->now = s;
	count_sharing(x, s, site);
	return outbox_list(x->outbox, &f, count_active, x, x->e) < 0 ? -1 : 0;
}

static int
look_around(struct explaining *x)
{
	struct why_ask *a = &x->ask;
	const struct outbox_filter own = {.site = a->request->site,
					  .unfinished_only = true};
	const struct outbox_best b = best_of(a->request);
	const struct choose_judgement j = judge(x, a->kept, a->site, &b);

	x->key = why_key(&j);
	if (x->key.id && outbox_list(x->outbox, &own, look_at_neighbour, x, x->e) < 0)
		return -1;
	if (outbox_sites(x->outbox, a->now_ms, false, each_site, x, x->e) < 0)
		return -1;
	for (size_t i = 0; i < WHY_NAMED; i++)
		a->first_ahead[i] = x->ahead[i].id;
	return 0;
}

int
dispatch_why(const struct config *c, struct outbox *o, struct request_id id,
	     int64_t now_ms, struct dispatch_why *out, struct err *e)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	AUTO_FREE struct outbox_site *kept = mem_zero(1, sizeof(*kept));
	AUTO_PICTURE struct picture picture = {0};
	struct explaining x = {.outbox = o, .e = e};
	int rc = outbox_get(o, id, r, e);

	if (rc <= 0)
		return rc;
	if (outbox_site(o, r->site, now_ms, kept, e) < 0 ||
	    picture_read(&picture, c, o, now_ms, e) < 0)
		return -1;
	x.ask = (struct why_ask){
	    .config = c,
	    .site = config_site(c, r->site),
	    .facts = &picture.facts,
	    .request = r,
	    .kept = kept,
	    .rules = choose_rules_of(&c->sender),
	    .drained_until_at_ms = picture.overrides.drained_until_at_ms,
	    .now_ms = now_ms,
	};
	if (x.ask.site && !request_state_final(r->state) && look_around(&x) < 0)
		return -1;
	why_find(&x.ask, out);
	return 1;
}
