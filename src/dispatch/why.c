#include "dispatch/why.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/num.h"
#include "dispatch/week.h"

enum { CHANGES_MAX = 200 }; /* of windows looked ahead: some weeks; a choice */

/* --- a link ---------------------------------------------------------------------- */

/* The caller formats the text. */
static void link_to(struct dispatch_why *out, struct verdict v, const char *fmt, ...)
    FORMAT(3, 4);

static void
link_to(struct dispatch_why *out, struct verdict v, const char *fmt, ...)
{
	struct dispatch_reason *r;
	va_list ap;

	assert(out->count < DISPATCH_REASONS_MAX);
	r = &out->reasons[out->count++];
	*r = (struct dispatch_reason){
	    .code = (int)v.reason,
	    .name = reason_name(v.reason),
	    .until_at_ms = v.until_at_ms,
	    .number = v.number,
	};
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

struct until {
	char text[80];
};

/* " until Mon 22:00"; "" for never. */
static struct until
until(const struct zone *z, int64_t now_ms, int64_t at_ms)
{
	struct until u = {""};
	char when[ZONE_TEXT_ROOM];

	if (at_ms != INT64_MAX)
		(void)snprintf(u.text, sizeof(u.text), " until %s",
			       week_when(z, now_ms, at_ms, when, sizeof(when)));
	return u;
}

static struct until
until_here(const struct why_ask *a, int64_t at_ms)
{
	return until(a->config->sender.zone, a->now_ms, at_ms);
}

/* --- the request itself ---------------------------------------------------------- */

static void
say_waiting(const struct why_ask *a, struct dispatch_why *out)
{
	const struct request *r = a->request;
	const struct verdict v = {REASON_RESTART, r->restart_at_ms, r->attempts};
	char number[16] = ""; /* where Windows has one */

	if (r->error_win32)
		(void)snprintf(number, sizeof(number), "(%u) ", r->error_win32);
	link_to(out, v, "restart time %s; attempt %" PRId64 " failed: %s%s",
		until_here(a, r->restart_at_ms).text + sizeof(" until"), r->attempts,
		number, r->error_text);
}

static void
say_suspended(const struct why_ask *a, struct dispatch_why *out)
{
	const struct outbox_why *why = &a->request->why;
	const struct verdict v = {(enum reason)why->code,
				  why->until_at_ms ? why->until_at_ms : INT64_MAX,
				  why->number};

	/* What suspended it otherwise is told by other links, while it lasts. */
	if (v.reason == REASON_PREEMPTED)
		link_to(out, v, "suspended: %s (request %" PRId64 ")",
			reason_words(v.reason), v.number);
}

/* When the request itself is ready; INT64_MAX: time alone does not make it so. */
static int64_t
say_request(const struct why_ask *a, struct dispatch_why *out)
{
	const struct request *r = a->request;
	const struct verdict v = {REASON_HELD, INT64_MAX, 0};
	int64_t ready_at_ms = a->now_ms;

	if (r->state == REQUEST_HELD)
		link_to(out, v, "held by a person; `lansender release %" PRId64 "`",
			r->id.n);
	if (r->state == REQUEST_SUSPENDED)
		say_suspended(a, out);
	if (r->not_before_at_ms > a->now_ms) {
		const struct verdict put_off = {REASON_NOT_BEFORE, r->not_before_at_ms,
						0};

		link_to(out, put_off, "put off%s by who filed it",
			until_here(a, r->not_before_at_ms).text);
		ready_at_ms = r->not_before_at_ms;
	}
	if (r->state == REQUEST_WAITING && r->restart_at_ms > a->now_ms) {
		say_waiting(a, out);
		ready_at_ms = r->restart_at_ms;
	}
	if (r->is_behind)
		link_to(out, (struct verdict){REASON_SAME_NAME, INT64_MAX, 0},
			"behind an earlier request to %s under the same name", r->site);
	return ready_at_ms;
}

/* --- the addresses --------------------------------------------------------------- */

struct route
why_route(const struct why_way *w, enum request_priority priority, unsigned prefer,
	  int64_t at_ms)
{
	const struct route_site site = {
	    .facts = w->facts,
	    .config = w->site,
	    .failed = w->kept->failed_addresses,
	    .failed_count = w->kept->failed_address_count,
	};
	AUTO_LOOKS struct route_looks looks = {0};

	route_look_all(&site, at_ms, &looks);
	return route_find(&(struct route_ask){
	    .addresses = looks.all,
	    .count = looks.count,
	    .priority = priority,
	    .prefer = prefer,
	    .site_failed = w->kept->failures > 0,
	    .now_ms = at_ms,
	});
}

/* From when on one of the addresses lets it in; INT64_MAX: not within some weeks. */
static int64_t
opens_at_ms(const struct why_way *w, const struct request *r, int64_t at_ms)
{
	for (int i = 0; i < CHANGES_MAX && at_ms != INT64_MAX; i++) {
		const struct verdict v =
		    why_route(w, r->priority, r->prefer, at_ms).verdict;

		if (v.reason == REASON_MAY_GO)
			return at_ms;
		at_ms = v.until_at_ms;
	}
	return INT64_MAX;
}

/* Of the budgets on the way that are spent then, the one that stays so longest. */
static void
say_budget(const struct why_ask *a, const struct verdict *v, int64_t at_ms,
	   struct dispatch_why *out)
{
	const struct config_address *address = config_address(a->site, v->number);
	const struct zone *z = address ? address->zone : a->config->sender.zone;
	const struct rate_path path = rate_plan(a->facts, a->site, address, at_ms);
	const struct rate_node *n = path.nodes;

	while (n->spent_until_at_ms != path.spent_until_at_ms) /* the last of all */
		n++;
	link_to(out, *v, "budget (%s) on the way to %s spent%s (%s)", n->name,
		address ? address->section : a->site->code,
		until(z, a->now_ms, v->until_at_ms).text, zone_name(z));
}

static void
say_route(const struct why_ask *a, const struct verdict *v, struct dispatch_why *out)
{
	const struct config_address *address = config_address(a->site, v->number);
	const struct zone *z = address ? address->zone : a->config->sender.zone;
	const struct until u = until(z, a->now_ms, v->until_at_ms);
	const char *name = address ? address->section : a->site->code;
	const char *type = address ? address->type_name : "";

	if (v->reason == REASON_WINDOW_CLOSED)
		link_to(out, *v, "window of %s closed%s (%s)", name,
			u.text[0] ? u.text : " for good", zone_name(z));
	else if (v->reason == REASON_WINDOW_PRIORITY)
		link_to(out, *v, "window of %s open for higher priorities only%s (%s)",
			name, u.text[0] ? u.text : ", for good", zone_name(z));
	else if (v->reason == REASON_UNKNOWN_TYPE && a->request->prefer)
		link_to(out, *v, "the preferred address %s has type \"%s\", %s", name,
			type, "which is not known here");
	else if (v->reason == REASON_UNKNOWN_TYPE)
		link_to(out, *v, "no address of a type known here: %s has type \"%s\"",
			name, type);
	else
		link_to(out, *v, "%s: %s%s", name, reason_words(v->reason), u.text);
}

/* at_ms: when the request itself is ready. */
static void
say_addresses(const struct why_ask *a, int64_t at_ms, struct dispatch_why *out)
{
	const struct why_way way = {a->config, a->site, a->facts, a->kept};
	const struct request *r = a->request;
	struct verdict v = why_route(&way, r->priority, r->prefer, at_ms).verdict;

	if (v.reason == REASON_MAY_GO)
		return;
	v.until_at_ms = opens_at_ms(&way, r, at_ms);
	if (v.reason == REASON_BUDGET)
		say_budget(a, &v, at_ms, out);
	else
		say_route(a, &v, out);
}

/* --- the site and the slots ------------------------------------------------------ */

struct choose_judgement
why_judge(const struct outbox_site *kept, enum request_priority priority,
	  const struct choose_best *best, const struct choose_rules *rules,
	  int64_t now_ms)
{
	struct choose_site s = {
	    .hold_until_at_ms = kept->hold_until_at_ms,
	    .failures = kept->failures,
	    .proven_until_at_ms = kept->last_sent_at_ms + CHOOSE_PROVEN_MS,
	    .active = (int)kept->active,
	    /* Who was served longest ago is not kept; when it was sent to is. */
	    .served = kept->last_sent_at_ms,
	};

	s.best[priority - REQUEST_HIGH] = *best;
	return choose_judge(&s, rules, now_ms);
}

struct choose_key
why_key(const struct choose_judgement *j)
{
	if (j->high.id)
		return j->high;
	for (int i = 0; i < CHOOSE_CLASSES; i++)
		if (j->first[i].id)
			return j->first[i];
	return (struct choose_key){0};
}

static struct choose_judgement
judge_itself(const struct why_ask *a)
{
	const struct request *r = a->request;
	const struct choose_best best = {
	    .id = r->id.n,
	    .since_ms = r->filed_at_ms,
	    .filed_at_ms = r->filed_at_ms,
	    .deadline_at_ms = r->deadline_at_ms,
	    .expires_at_ms = r->expires_at_ms,
	    .route = {REASON_MAY_GO, INT64_MAX, 0},
	};

	return why_judge(a->kept, r->priority, &best, &a->rules, a->now_ms);
}

static void
say_site(const struct why_ask *a, const struct choose_judgement *j,
	 struct dispatch_why *out)
{
	struct verdict v = j->verdict;
	const struct outbox_site *kept = a->kept;

	if (v.reason == REASON_SITE_HOLD) {
		v.until_at_ms = kept->hold_until_at_ms;
		link_to(out, v,
			"site hold%s after %" PRId64 " failure%s; last error %s",
			until_here(a, v.until_at_ms).text, v.number,
			v.number == 1 ? "" : "s",
			kept->hold_reason[0] ? kept->hold_reason : kept->error_text);
	} else if (v.reason == REASON_SITE_FULL) {
		v.until_at_ms = INT64_MAX;
		link_to(out, v, "all %d sendings of %s are in use",
			a->rules.max_per_site, a->request->site);
	} else if (j->reach != REACH_PROVEN && a->connecting > 0) {
		link_to(out, (struct verdict){REASON_PROBING, INT64_MAX, 0}, "%s",
			reason_words(REASON_PROBING));
	}
}

static void
say_slots(const struct why_ask *a, const struct choose_judgement *j,
	  struct dispatch_why *out)
{
	const struct choose_key k = why_key(j);
	const struct verdict v = choose_shared(&k, j->reach, &a->load, &a->rules);

	if (v.reason == REASON_SLOTS_FULL)
		link_to(out, v, "all %d sendings are in use", a->rules.max_sendings);
	else if (v.reason != REASON_MAY_GO)
		link_to(out, v, "%s", reason_words(v.reason));
}

/* "third", "12th". */
static const char *
ordinal(int64_t n, char *buf, size_t room)
{
	static const char *const words[] = {"first", "second", "third",  "fourth",
					    "fifth", "sixth",  "seventh"};
	const bool teen = n % 100 / 10 == 1;
	const char *end = teen          ? "th"
			  : n % 10 == 1 ? "st"
			  : n % 10 == 2 ? "nd"
			  : n % 10 == 3 ? "rd"
					: "th";

	if (n <= (int64_t)COUNT(words))
		return words[n - 1];
	(void)snprintf(buf, room, "%" PRId64 "%s", n, end);
	return buf;
}

static void
say_line(const struct why_ask *a, struct dispatch_why *out)
{
	const struct verdict v = {REASON_IN_LINE, INT64_MAX, a->ahead};
	char place[32];

	if (a->ahead == 0)
		return;
	if (a->ahead == 1)
		link_to(out, v, "%s in line behind %" PRId64,
			ordinal(2, place, sizeof(place)), a->first_ahead[0]);
	else if (a->ahead == 2)
		link_to(out, v, "%s in line behind %" PRId64 " and %" PRId64,
			ordinal(3, place, sizeof(place)), a->first_ahead[0],
			a->first_ahead[1]);
	else
		link_to(out, v,
			"%s in line behind %" PRId64 ", %" PRId64 " and %" PRId64
			" more",
			ordinal(a->ahead + 1, place, sizeof(place)), a->first_ahead[0],
			a->first_ahead[1], a->ahead - 2);
}

/* --- its way --------------------------------------------------------------------- */

/* The address that it goes to now, or would go to first. */
static const struct config_address *
first_address(const struct why_ask *a)
{
	const struct why_way way = {a->config, a->site, a->facts, a->kept};
	const struct request *r = a->request;
	const struct route route = why_route(&way, r->priority, r->prefer, a->now_ms);

	if (route.count > 0)
		return &a->site->addresses[route.order[0]];
	return a->site->address_count > 0 ? &a->site->addresses[0] : NULL;
}

static void
say_rate(const struct why_ask *a, struct dispatch_why *out)
{
	const struct rate_path path =
	    rate_plan(a->facts, a->site, first_address(a), a->now_ms);
	const struct verdict v = {REASON_RATE, path.until_at_ms, path.bytes_per_s};
	const struct rate_node *n = path.nodes;
	char rate[32], shared[40] = "";

	if (path.bytes_per_s == CONFIG_RATE_UNLIMITED || path.bytes_per_s == 0)
		return;
	while (n->bytes_per_s != path.bytes_per_s) /* it is the least of all */
		n++;
	if (a->sharing[n->level] > 0)
		(void)snprintf(shared, sizeof(shared), " shared with %" PRId64,
			       a->sharing[n->level]);
	link_to(out, v, "rate %s (%s)%s%s", num_rate_text(v.number, rate, sizeof(rate)),
		n->name, shared, until_here(a, v.until_at_ms).text);
}

/* --- the chain ------------------------------------------------------------------- */

static void
say_queued(const struct why_ask *a, struct dispatch_why *out)
{
	const struct choose_judgement j = judge_itself(a);
	const int64_t ready_at_ms = say_request(a, out);

	if (a->drained_until_at_ms)
		link_to(out,
			(struct verdict){REASON_DRAINED, a->drained_until_at_ms, 0},
			"a person drains the sender%s; `lansender drain off`",
			until_here(a, a->drained_until_at_ms).text);
	say_addresses(a, ready_at_ms, out);
	say_site(a, &j, out);
	say_slots(a, &j, out);
	say_line(a, out);
	if (out->count == 0)
		link_to(out, (struct verdict){REASON_MAY_GO, INT64_MAX, 0},
			"it may go: nothing holds it back");
	say_rate(a, out);
}

/* As the sender found at its last look. */
static void
say_doubt(const struct why_ask *a, struct dispatch_why *out)
{
	const struct request *r = a->request;
	const struct verdict v = {REASON_DEADLINE, INT64_MAX,
				  r->outlook.in_time_percent};

	if (r->outlook.doubted_at_ms)
		link_to(out, v, "its deadline,%s, is unlikely (%d %%)",
			until_here(a, r->deadline_at_ms).text + sizeof("until"),
			r->outlook.in_time_percent);
}

void
why_find(const struct why_ask *a, struct dispatch_why *out)
{
	const struct request *r = a->request;

	out->count = 0;
	if (request_state_final(r->state)) {
		link_to(out, (struct verdict){REASON_FINAL, INT64_MAX, 0}, "%s%s%s",
			request_state_name(r->state),
			r->state == REQUEST_FAILED ? ": " : "",
			r->state == REQUEST_FAILED ? r->error_text : "");
		return;
	}
	if (!a->site) {
		link_to(out, (struct verdict){REASON_NO_ADDRESS, INT64_MAX, 0},
			"%s is not in the configuration any more", r->site);
		return;
	}
	if (!request_state_active(r->state)) {
		say_queued(a, out);
		say_doubt(a, out);
		return;
	}
	link_to(out, (struct verdict){REASON_ACTIVE, INT64_MAX, 0},
		"it is being sent (%s)", request_state_name(r->state));
	say_rate(a, out);
	say_doubt(a, out);
}
