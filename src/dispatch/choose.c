#include "dispatch/choose.h"

int
choose_load_total(const struct choose_load *l)
{
	return l->connecting_proven + l->connecting_unproven + l->waiting + l->sending +
	       l->retrying;
}

/* An idle sender may try a site on hold: when? */
static int64_t
probe_at_ms(const struct choose_site *s, const struct choose_limits *limits)
{
	if (s->filed_at_ms > s->hold_began_at_ms)
		return 0;
	return s->hold_began_at_ms + limits->restart_delay_ms;
}

static bool
is_held(const struct choose_site *s, const struct choose_load *load,
	const struct choose_limits *limits, int64_t now_ms)
{
	if (s->hold_until_at_ms <= now_ms)
		return false;
	return choose_load_total(load) > 0 || now_ms < probe_at_ms(s, limits);
}

enum choose_answer
choose_may_go(const struct choose_site *s, const struct choose_load *load,
	      const struct choose_limits *limits, int64_t now_ms)
{
	if (s->best.n == 0)
		return CHOOSE_NOTHING;
	if (is_held(s, load, limits, now_ms))
		return CHOOSE_ON_HOLD;
	if (s->active >= limits->max_per_site)
		return CHOOSE_SITE_FULL;
	if (load->waiting > 0 && s->priority != REQUEST_HIGH)
		return CHOOSE_FULL;
	if (!s->proven) {
		if (s->connecting > 0)
			return CHOOSE_PROBING;
		if (load->connecting_unproven >= limits->max_unproven)
			return CHOOSE_PROBES_FULL;
		return CHOOSE_MAY_GO;
	}
	if (load->sending + load->waiting + load->connecting_proven >=
	    limits->max_sendings)
		return CHOOSE_FULL;
	return CHOOSE_MAY_GO;
}

bool
choose_before(const struct choose_site *a, const struct choose_site *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->filed_at_ms != b->filed_at_ms)
		return a->filed_at_ms < b->filed_at_ms;
	return a->best.n < b->best.n;
}

int64_t
choose_look_again_at_ms(const struct choose_site *s, const struct choose_load *load,
			const struct choose_limits *limits, int64_t now_ms)
{
	int64_t at = s->hold_until_at_ms;

	if (s->best.n == 0)
		return INT64_MAX;
	if (choose_load_total(load) == 0 && probe_at_ms(s, limits) < at)
		at = probe_at_ms(s, limits);
	/* What has come already is not waited for: something else keeps it back. */
	return at > now_ms ? at : INT64_MAX;
}
