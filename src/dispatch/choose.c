#include "dispatch/choose.h"

#include "dispatch/restart.h"

enum {
	FULL_CREDIT = 100, /* percent: one start */
	MAX_UNPROVEN = 32, /* sites tried at once; a choice */
	MAX_FAILED = 24, /* of these that failed last time: the others wait for none */
};

struct choose_rules
choose_rules_of(const struct config_sender *s)
{
	/* Whoever lowers max_sendings to one need not say that nothing is reserved. */
	const int64_t reserved =
	    s->reserved_high < s->max_sendings ? s->reserved_high : s->max_sendings - 1;

	return (struct choose_rules){
	    .max_sendings = (int)s->max_sendings,
	    .max_per_site = (int)s->max_sendings_per_site,
	    .max_unproven = MAX_UNPROVEN,
	    .max_failed = MAX_FAILED,
	    .reserved_high = (int)reserved,
	    .restart_delay_ms = restart_delay_ms(s),
	    .ageing_ms = s->ageing_ms,
	    .small_first = s->small_first,
	    .share_percent = {0, (int)s->medium_share_percent,
			      (int)s->low_share_percent},
	};
}

int
choose_load_total(const struct choose_load *l)
{
	return l->connecting_proven + l->connecting_unproven + l->waiting + l->sending +
	       l->retrying;
}

/* --- order ----------------------------------------------------------------------- */

/* Below 0: a first. */
static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

struct choose_best
choose_best_of(const struct outbox_best *b)
{
	return (struct choose_best){
	    .id = b->id.n,
	    .since_ms = b->goes_at_ms,
	    .filed_at_ms = b->filed_at_ms,
	    .deadline_at_ms = b->deadline_at_ms,
	    .expires_at_ms = b->expires_at_ms,
	    .bytes = b->bytes_left,
	    .prefer = b->prefer,
	    .resumes = b->is_suspended,
	};
}

bool
choose_before(const struct choose_key *a, const struct choose_key *b)
{
	const int by[] = {
	    compare(a->class_index, b->class_index),
	    compare(a->failed, b->failed),
	    compare(b->resumes, a->resumes),
	    compare(a->end_at_ms, b->end_at_ms),
	    compare(a->bytes, b->bytes),
	    compare(a->served, b->served),
	    compare(a->since_ms, b->since_ms),
	    compare(a->id, b->id),
	};

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		if (by[i] != 0)
			return by[i] < 0;
	return false;
}

/* How often its class was raised. */
static int64_t
raised(const struct choose_best *b, const struct choose_rules *rules, int64_t now_ms)
{
	if (rules->ageing_ms <= 0 || now_ms <= b->since_ms)
		return 0;
	return (now_ms - b->since_ms) / rules->ageing_ms;
}

/* From when on its end counts: a deadline always does. */
static int64_t
end_counts_from_ms(const struct choose_best *b, const struct choose_rules *rules)
{
	if (b->deadline_at_ms > 0)
		return INT64_MIN;
	return rules->ageing_ms > 0 ? b->expires_at_ms - rules->ageing_ms : INT64_MAX;
}

static struct choose_key
key_of(const struct choose_site *s, int best, const struct choose_rules *rules,
       int64_t now_ms)
{
	const struct choose_best *b = &s->best[best];
	const int index = best % CHOOSE_CLASSES;
	const int64_t up = raised(b, rules, now_ms);
	struct choose_key k = {
	    .class_index = up < index ? index - (int)up : 0,
	    .priority = (enum request_priority)(REQUEST_HIGH + index),
	    .failed = s->failures > 0,
	    .resumes = b->resumes,
	    .end_at_ms = INT64_MAX,
	    .bytes = rules->small_first ? b->bytes : 0,
	    .served = s->served,
	    .since_ms = b->since_ms,
	    .id = b->id,
	};

	if (end_counts_from_ms(b, rules) <= now_ms)
		k.end_at_ms = b->deadline_at_ms ? b->deadline_at_ms : b->expires_at_ms;
	return k;
}

/* --- one site -------------------------------------------------------------------- */

/* What is to come is waited for; what has come already is not: something else keeps it
 * back, and the dispatcher would turn without end. */
static void
look_at(struct verdict *v, int64_t at_ms, int64_t now_ms)
{
	if (at_ms > now_ms && at_ms < v->until_at_ms)
		v->until_at_ms = at_ms;
}

static void
look_at_best(struct verdict *v, const struct choose_best *b, int index,
	     const struct choose_rules *rules, int64_t now_ms)
{
	const int64_t up = raised(b, rules, now_ms);

	look_at(v, b->route.until_at_ms, now_ms);
	look_at(v, end_counts_from_ms(b, rules), now_ms);
	if (rules->ageing_ms > 0 && up < index)
		look_at(v, b->since_ms + (up + 1) * rules->ageing_ms, now_ms);
}

static void
rank(struct choose_judgement *j, const struct choose_key *k)
{
	struct choose_key *to =
	    k->priority == REQUEST_HIGH ? &j->high : &j->first[k->class_index];

	if (to->id == 0 || choose_before(k, to))
		*to = *k;
}

static enum choose_reach
reach_of(const struct choose_site *s, int64_t now_ms)
{
	if (s->failures > 0)
		return REACH_FAILED;
	return s->proven_until_at_ms > now_ms ? REACH_PROVEN : REACH_UNKNOWN;
}

/* Rules 1 and 2.  false: nobody of the site may go. */
static bool
judge_requests(struct choose_judgement *j, const struct choose_site *s,
	       const struct choose_rules *rules, int64_t now_ms)
{
	bool any = false;

	for (int i = 0; i < CHOOSE_BESTS; i++) {
		const struct choose_best *b = &s->best[i];
		struct choose_key k;

		if (b->id == 0)
			continue;
		look_at_best(&j->verdict, b, i % CHOOSE_CLASSES, rules, now_ms);
		if (b->route.reason != REASON_MAY_GO) {
			if (j->verdict.reason == REASON_NOTHING) {
				j->verdict.reason = b->route.reason;
				j->verdict.number = b->route.number;
			}
			continue;
		}
		k = key_of(s, i, rules, now_ms);
		rank(j, &k);
		any = true;
		if (b->filed_at_ms > s->hold_began_at_ms)
			j->probe_at_ms = 0;
	}
	return any;
}

struct choose_judgement
choose_judge(const struct choose_site *s, const struct choose_rules *rules,
	     int64_t now_ms)
{
	struct choose_judgement j = {.verdict = {REASON_NOTHING, INT64_MAX, 0},
				     .reach = reach_of(s, now_ms),
				     .probe_at_ms =
					 s->hold_began_at_ms + rules->restart_delay_ms};

	look_at(&j.verdict, s->next_at_ms, now_ms);
	if (!judge_requests(&j, s, rules, now_ms))
		return j;
	look_at(&j.verdict, s->proven_until_at_ms, now_ms);
	j.verdict.reason = REASON_MAY_GO;
	j.verdict.number = 0;
	if (s->hold_until_at_ms > now_ms) {
		j.verdict.reason = REASON_SITE_HOLD;
		j.verdict.number = s->failures;
		look_at(&j.verdict, s->hold_until_at_ms, now_ms);
	} else if (s->active >= rules->max_per_site) {
		j.verdict.reason = REASON_SITE_FULL;
		j.verdict.number = s->active;
	} else if (j.reach != REACH_PROVEN && s->connecting > 0) {
		j.verdict.reason = REASON_PROBING;
	}
	return j;
}

/* --- all sites ------------------------------------------------------------------- */

/* Rule 8. */
static void
judge_slots(struct verdict *v, const struct choose_key *k,
	    const struct choose_load *load, const struct choose_rules *rules)
{
	const int slots = load->sending + load->waiting + load->connecting_proven;

	if (slots >= rules->max_sendings) {
		v->reason = REASON_SLOTS_FULL;
		v->number = slots;
	} else if (k->priority != REQUEST_HIGH &&
		   slots - load->high >= rules->max_sendings - rules->reserved_high) {
		v->reason = REASON_RESERVED;
		v->number = rules->reserved_high;
	}
}

struct verdict
choose_shared(const struct choose_key *k, enum choose_reach reach,
	      const struct choose_load *load, const struct choose_rules *rules)
{
	struct verdict v = {REASON_MAY_GO, INT64_MAX, 0};

	if (load->waiting > 0 && k->priority != REQUEST_HIGH) {
		v.reason = REASON_OTHERS_WAIT;
		v.number = load->waiting;
	} else if (reach == REACH_PROVEN) {
		judge_slots(&v, k, load, rules);
	} else if (load->connecting_unproven >= rules->max_unproven ||
		   (reach == REACH_FAILED &&
		    load->connecting_failed >= rules->max_failed)) {
		v.reason = REASON_PROBES_FULL;
		v.number = load->connecting_unproven;
	}
	return v;
}

int
choose_due_class(const struct choose_shares *s, const bool can[CHOOSE_CLASSES])
{
	/* The lowest first: it has the smallest share and waited longest for it. */
	for (int i = CHOOSE_CLASSES - 1; i > 0; i--)
		if (can[i] && s->credit[i] >= FULL_CREDIT)
			return i;
	return -1;
}

void
choose_count_start(struct choose_shares *s, const struct choose_rules *rules,
		   const bool has[CHOOSE_CLASSES], int started)
{
	for (int i = 1; i < CHOOSE_CLASSES; i++) {
		if (!has[i])
			s->credit[i] = 0;
		else if (i != started)
			s->credit[i] += rules->share_percent[i];
		else
			s->credit[i] -= FULL_CREDIT;
		/* Nothing is saved up while slots are not to be had, nor owed. */
		if (s->credit[i] < 0)
			s->credit[i] = 0;
		if (s->credit[i] > 2 * FULL_CREDIT)
			s->credit[i] = 2 * FULL_CREDIT;
	}
}
