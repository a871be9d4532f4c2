/* hours.c - what an address may do now and next, in words. */
#include "dispatch/dispatch.h"

#include "base/num.h"
#include "dispatch/rate_plan.h"
#include "dispatch/week.h"

enum { CHANGES_MAX = 100 }; /* that change nothing for the slowest node; a choice */

static const char *
slot_words(const struct slot_now *s)
{
	switch (s->lowest) {
	case REQUEST_LOW:
		return "all";
	case REQUEST_MEDIUM:
		return "high and medium";
	case REQUEST_HIGH:
		return "high only";
	}
	return "closed";
}

/* " until Mon 18:00, then " */
static void
add_until(struct str *out, const struct zone *z, int64_t now_ms, int64_t until_at_ms)
{
	char when[ZONE_TEXT_ROOM];

	str_addf(out, " until %s, then ",
		 week_when(z, now_ms, until_at_ms, when, sizeof(when)));
}

static void
add_slot(struct str *out, const struct config_address *a, int64_t now_ms)
{
	const struct slot_now now = slot_at(a, 0, now_ms);
	struct slot_now next;

	str_add(out, slot_words(&now));
	if (now.no_substitute)
		str_add(out, ", no substitute");
	if (now.until_at_ms == INT64_MAX) {
		if (!slot_lets(
			&now, REQUEST_HIGH)) /* allowed, for `open`, but seldom meant */
			str_add(out,
				" all week: nothing is sent unless a person opens it");
		return;
	}
	next = slot_at(a, 0, now.until_at_ms);
	add_until(out, a->zone, now_ms, now.until_at_ms);
	str_add(out, slot_words(&next));
	if (next.no_substitute)
		str_add(out, ", no substitute");
}

/* "512 kbit/s (line south)": the slowest on the way. */
static void
add_speed(struct str *out, const struct rate_path *path)
{
	const struct rate_node *n = path->nodes;
	char rate[32];

	if (path->bytes_per_s == CONFIG_RATE_UNLIMITED) {
		str_add(out, "unlimited");
		return;
	}
	while (n->bytes_per_s != path->bytes_per_s) /* it is the least of all */
		n++;
	str_addf(out, "%s (%s)", num_rate_text(path->bytes_per_s, rate, sizeof(rate)),
		 n->name);
}

static void
add_rate(struct str *out, const struct rate_facts *f, const struct config_site *site,
	 const struct config_address *a, int64_t now_ms)
{
	const struct rate_path now = rate_plan(f, site, a, now_ms);
	struct rate_path next = now;
	int64_t at_ms = now_ms;

	add_speed(out, &now);
	for (int i = 0; i < CHANGES_MAX && next.bytes_per_s == now.bytes_per_s; i++) {
		if (next.until_at_ms == INT64_MAX)
			return;
		at_ms = next.until_at_ms;
		next = rate_plan(f, site, a, at_ms);
	}
	if (next.bytes_per_s == now.bytes_per_s)
		return;
	add_until(out, a->zone, now_ms, at_ms);
	add_speed(out, &next);
}

static bool
is_free(const struct config_limits *l)
{
	return l->rate.step_count == 0 && l->rate.always == CONFIG_RATE_UNLIMITED;
}

bool
dispatch_hours(const struct config *c, const struct config_site *site,
	       const struct config_address *a, int64_t now_ms, struct str *out)
{
	const struct rate_facts facts = {.config = c};
	const bool is_open =
	    a->schedule.step_count == 0 && a->schedule.always == CONFIG_SLOT_ALL;

	if (is_open && is_free(&c->sender.limits) && is_free(&site->limits) &&
	    (!site->line || is_free(&site->line->limits)) && is_free(&a->limits))
		return false;
	add_slot(out, a, now_ms);
	str_add(out, "; ");
	add_rate(out, &facts, site, a, now_ms);
	str_addf(out, "; zone %s", zone_name(a->zone));
	return true;
}
