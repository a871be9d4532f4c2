/* lansender sites: every site that is configured or has send requests. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/place.h"
#include "front/print.h"
#include "front/view.h"

struct listing {
	const struct config *config; /* NULL: could not be read */
	int64_t now_ms;
	bool json, runs;       /* runs: a sender does */
	struct outbox *outbox; /* NULL: nothing was filed yet */
	struct table table;
	bool *seen; /* by config->sites: the outbox knows it */
};

static bool
has_known_type(const struct config_site *c)
{
	for (size_t i = 0; i < c->address_count; i++)
		if (c->addresses[i].type != CONFIG_TYPE_UNKNOWN)
			return true;
	return false;
}

/* In one word; the first that applies. */
static const char *
state_of(const struct listing *l, const struct outbox_site *s)
{
	const struct config_site *c =
	    l->config ? config_site(l->config, s->site) : NULL;

	if (l->config && !c)
		return "unknown"; /* no longer configured */
	if (c && c->address_count == 0)
		return "no address";
	if (c && !has_known_type(c))
		return "unknown type"; /* of all its addresses: what is queued waits */
	if (s->hold_until_at_ms > l->now_ms)
		return "hold";
	if (s->active)
		return "active";
	if (s->pending)
		return "queued";
	if (s->waiting || s->suspended)
		return "waiting";
	return s->held ? "held" : "idle";
}

static int64_t
queue_of(const struct outbox_site *s)
{
	return s->pending + s->waiting + s->suspended + s->held + s->active;
}

/* A best one that cannot be read, or went on meanwhile, counts as none. */
static struct dispatch_known
why_not(const struct listing *l, const struct outbox_site *s)
{
	AUTO_FREE struct request *best = mem_zero(1, sizeof(*best));
	struct err e;
	const bool found =
	    s->best.n > 0 && outbox_get(l->outbox, s->best, best, &e) > 0;

	return dispatch_known_site(s, found ? best : NULL, l->runs, l->now_ms);
}

static void
add_row(struct listing *l, const struct outbox_site *s)
{
	AUTO_FREE char *error = view_error(s->error_win32, s->error_text);
	char queue[24], bytes[24], hold[24];
	const bool is_hold = s->hold_until_at_ms > l->now_ms;

	(void)snprintf(queue, sizeof(queue), "%lld", (long long)queue_of(s));
	table_add(&l->table, s->site);
	table_add(&l->table, state_of(l, s));
	table_add(&l->table, why_not(l, s).name);
	table_add(&l->table, queue);
	table_add(&l->table, num_bytes_text(s->queued_bytes, bytes, sizeof(bytes)));
	table_add(&l->table,
		  print_at(is_hold ? s->hold_until_at_ms : 0, hold, sizeof(hold)));
	table_add(&l->table, s->address);
	table_add(&l->table, error);
}

static json_t *
site_json(const struct listing *l, const struct outbox_site *s)
{
	const struct {
		const char *name;
		int64_t n;
	} numbers[] = {
	    {"pending", s->pending},     {"waiting", s->waiting},
	    {"suspended", s->suspended}, {"held", s->held},
	    {"active", s->active},       {"sent", s->sent},
	    {"failed", s->failed},       {"queued_bytes", s->queued_bytes},
	    {"failures", s->failures},
	};
	const struct config_site *c =
	    l->config ? config_site(l->config, s->site) : NULL;
	const bool is_hold = s->hold_until_at_ms > l->now_ms;
	const struct dispatch_known why = why_not(l, s);
	json_t *o = json_object();

	(void)json_object_set_new(o, "site", print_json_text(s->site));
	(void)json_object_set_new(o, "description",
				  print_json_text(c ? c->description : NULL));
	(void)json_object_set_new(o, "state", print_json_text(state_of(l, s)));
	(void)json_object_set_new(o, "why", view_why_json(&why));
	for (size_t i = 0; i < COUNT(numbers); i++)
		(void)json_object_set_new(o, numbers[i].name,
					  json_integer(numbers[i].n));
	(void)json_object_set_new(o, "address",
				  print_json_text(s->address[0] ? s->address : NULL));
	(void)json_object_set_new(o, "hold_until",
				  print_json_at(is_hold ? s->hold_until_at_ms : 0));
	(void)json_object_set_new(
	    o, "hold_reason",
	    print_json_text(is_hold && s->hold_reason[0] ? s->hold_reason : NULL));
	(void)json_object_set_new(o, "last_sent_at", print_json_at(s->last_sent_at_ms));
	(void)json_object_set_new(o, "error_win32", json_integer(s->error_win32));
	(void)json_object_set_new(
	    o, "error", print_json_text(s->error_text[0] ? s->error_text : NULL));
	return o;
}

static void
show_site(struct listing *l, const struct outbox_site *s)
{
	if (l->json)
		print_json(site_json(l, s));
	else
		add_row(l, s);
}

static int
each_site(void *self, const struct outbox_site *s)
{
	struct listing *l = self;

	for (size_t i = 0; l->config && i < l->config->site_count; i++)
		if (str_eq_nocase(l->config->sites[i].code, s->site))
			l->seen[i] = true;
	show_site(l, s);
	return 0;
}

/* Those that never had a request. */
static void
add_quiet_sites(struct listing *l)
{
	AUTO_FREE struct outbox_site *quiet = NULL;

	for (size_t i = 0; l->config && i < l->config->site_count; i++) {
		if (l->seen[i])
			continue;
		mem_free(quiet);
		quiet = mem_zero(1, sizeof(*quiet));
		str_copy_cut(quiet->site, sizeof(quiet->site),
			     l->config->sites[i].code);
		show_site(l, quiet);
	}
}

static int
run(const struct call *call)
{
	static const char *const headings[] = {"SITE",    "STATE",     "WHY",
					       "QUEUE",   "BYTES",     "HOLD UNTIL",
					       "ADDRESS", "LAST ERROR"};
	AUTO_FREE char *state = place_state(call);
	struct listing l = {.now_ms = clock_wall_ms(clock_real()),
			    .json = call->json,
			    .runs = place_is_locked(state),
			    .table = {.columns = COUNT(headings),
				      .headings = headings,
				      .right = {[3] = true, [4] = true}}};
	AUTO_CONFIG struct config *config = NULL;
	AUTO_OUTBOX struct outbox *o = NULL;
	struct err e;

	/* Either of the two may be missing; what is there is shown. */
	if (place_load_config(call, &config, &e) < 0)
		(void)print_failure(0, &e);

	AUTO_FREE bool *seen = mem_zero(config ? config->site_count : 0, sizeof(bool));

	l.config = config;
	l.seen = seen;
	if (place_open_outbox_readonly(call, &o, &e) < 0) {
		if (e.kind != ERR_INPUT)
			return print_failure(FRONT_FAILED, &e);
	}
	l.outbox = o;
	if (o && outbox_sites(o, l.now_ms, true, each_site, &l, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	add_quiet_sites(&l);
	table_print(&l.table, stdout);
	return config ? FRONT_DONE : FRONT_FAILED;
}

const struct command command_sites = {
    .name = "sites",
    .arguments = "",
    .summary = "every site: state, queue, hold, last error",
    .text =
	"Lists every site that is configured or has send requests: what it does, why\n"
	"nothing more goes to it now, what is queued for it, until when it is left\n"
	"alone, the address that worked last, and the last error.",
    .examples = "  lansender sites --json | jq 'select(.state==\"hold\") | .site'\n",
    .run = run,
};
