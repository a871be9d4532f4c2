/* lansender simulate: what would happen if a package were filed. */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/interrupt.h"
#include "front/place.h"
#include "front/print.h"
#include "front/private_folder.h"
#include "front/targets.h"
#include "front/when.h"
#include "package/package.h"

enum { OPTION_TO, OPTION_AT, OPTION_PRIORITY, OPTION_DEADLINE, OPTION_SEED };
static const struct command_option options[] = {
    [OPTION_TO] = {"to", "SITE[,...]|@GROUP", "where to; must be given", 0},
    [OPTION_AT] = {"at", "TIME", "as if it were filed then", 0},
    [OPTION_PRIORITY] = {"priority", "LEVEL", "high, medium (as it is) or low", 'p'},
    [OPTION_DEADLINE] = {"deadline", "TIME", "when it must be there", 0},
    [OPTION_SEED] = {"seed", "N", "of the dice: the same gives the same; 1", 0},
    {0},
};

enum { COURSES = 59 }; /* of these the range is taken */

static int
read_times(const struct call *call, struct dispatch_simulate *a, struct err *e)
{
	const char *at = call->value[OPTION_AT];
	const char *deadline = call->value[OPTION_DEADLINE];

	if (at && when_parse(at, a->now_ms, &a->at_ms, e) < 0)
		return err_wrap(e, "--at");
	if (deadline && when_parse(deadline, a->now_ms, &a->deadline_at_ms, e) < 0)
		return err_wrap(e, "--deadline");
	if (a->at_ms && a->at_ms < a->now_ms)
		return err_set(e, ERR_INPUT, 0, "--at: \"%s\" is over already", at);
	if (deadline && a->deadline_at_ms <= (a->at_ms ? a->at_ms : a->now_ms))
		return err_set(e, ERR_INPUT, 0,
			       "--deadline: \"%s\" is before it is filed", deadline);
	return 0;
}

static int
read_ask(const struct call *call, struct dispatch_simulate *a, struct err *e)
{
	const char *priority = call->value[OPTION_PRIORITY];
	const char *seed = call->value[OPTION_SEED];
	int64_t n = 1;

	if (!call->value[OPTION_TO])
		return err_set(e, ERR_INPUT, 0,
			       "--to is missing: which sites, as --to MS1,MS2 or "
			       "--to @EAST");
	if (priority && request_priority_from_name(priority, &a->priority) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "--priority: \"%s\" is none; it is high, medium or low",
			       priority);
	if (seed && num_int(seed, 0, INT64_MAX, &n) < 0)
		return err_set(e, ERR_INPUT, 0, "--seed: \"%s\" is no number from 0 up",
			       seed);
	a->seed = (uint64_t)n;
	return read_times(call, a, e);
}

/* How large it is: read as `send` would read it, but names and sizes only. */
static int
measure(const char *path, int64_t *bytes, struct err *e)
{
	struct private_folder folder;
	const struct package_options o = {.path = path,
					  .by_reference = true,
					  .hash_later = true,
					  .stop = interrupt_stop()};
	struct package_info info;
	struct err ignored;
	int rc;

	if (private_folder_make(&folder, e) < 0)
		return -1;
	rc = package_add(folder.path, &o, &info, e);
	if (rc == 0)
		*bytes = info.total_bytes;
	(void)!private_folder_end(&folder, &ignored);
	return rc;
}

/* --- what people read ---------------- */

static const char *
at_text(int64_t at_ms, char buf[24])
{
	return at_ms == INT64_MAX ? "never" : print_at(at_ms, buf, 24);
}

static void
say_sites(const struct dispatch_simulate *a, const struct dispatch_simulated *s)
{
	static const char *const headings[] = {"SITE",    "EARLY", "LIKELY",   "LATE",
					       "IN TIME", "TRIES", "SUSPENDED"};
	struct table t = {.columns = COUNT(headings),
			  .headings = headings,
			  .right = {[4] = true, [5] = true, [6] = true}};

	for (size_t i = 0; i < a->site_count; i++) {
		const struct dispatch_site_course *c = &s->sites[i];
		char early[24], likely[24], late[24], number[24];

		table_add(&t, a->sites[i]);
		table_add(&t, at_text(c->arrival.early_at_ms, early));
		table_add(&t, at_text(c->arrival.likely_at_ms, likely));
		table_add(&t, at_text(c->arrival.late_at_ms, late));
		(void)snprintf(number, sizeof(number), "%d %%",
			       c->arrival.in_time_percent);
		table_add(&t, number);
		(void)snprintf(number, sizeof(number), "%lld", (long long)c->attempts);
		table_add(&t, number);
		(void)snprintf(number, sizeof(number), "%lld", (long long)c->suspended);
		table_add(&t, number);
	}
	table_print(&t, stdout);
}

static void
say_line(const char *name, const struct dispatch_line_use *u)
{
	char bytes[24], busy[32], peak[32];

	print_line("%s: %s in %s, at most %s", name,
		   num_bytes_text(u->bytes, bytes, sizeof(bytes)),
		   num_duration_text(u->busy_ms, busy, sizeof(busy)),
		   num_rate_text(u->peak_bytes_per_s, peak, sizeof(peak)));
}

static void
say(const struct config *c, const struct dispatch_simulate *a,
    const struct dispatch_simulated *s)
{
	char name[80];

	say_sites(a, s);
	print_line("%s", "");
	for (size_t i = 0; i <= c->line_count; i++) {
		(void)snprintf(name, sizeof(name), "%s%s",
			       i < c->line_count ? "line " : "all",
			       i < c->line_count ? c->lines[i].name : "");
		say_line(name, &s->lines[i]);
	}
	if (s->others_late + s->others_expired > 0)
		print_line("of what is queued, %lld miss their deadline and %lld "
			   "outlive their lifetime",
			   (long long)s->others_late, (long long)s->others_expired);
}

/* --- what machines read ---------------- */

static json_t *
at_json(int64_t at_ms)
{
	return print_json_at(at_ms == INT64_MAX ? 0 : at_ms);
}

static json_t *
site_json(const char *site, const struct dispatch_site_course *c)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "site", print_json_text(site));
	(void)json_object_set_new(o, "early", at_json(c->arrival.early_at_ms));
	(void)json_object_set_new(o, "likely", at_json(c->arrival.likely_at_ms));
	(void)json_object_set_new(o, "late", at_json(c->arrival.late_at_ms));
	(void)json_object_set_new(o, "in_time_percent",
				  json_integer(c->arrival.in_time_percent));
	(void)json_object_set_new(o, "started_at", print_json_at(c->started_at_ms));
	(void)json_object_set_new(o, "attempts", json_integer(c->attempts));
	(void)json_object_set_new(o, "suspended", json_integer(c->suspended));
	return o;
}

static json_t *
line_json(const char *name, const struct dispatch_line_use *u)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "line", print_json_text(name));
	(void)json_object_set_new(o, "bytes", json_integer(u->bytes));
	(void)json_object_set_new(o, "busy_ms", json_integer(u->busy_ms));
	(void)json_object_set_new(o, "peak_bytes_per_s",
				  json_integer(u->peak_bytes_per_s));
	return o;
}

static void
say_json(const struct config *c, const struct dispatch_simulate *a,
	 const struct dispatch_simulated *s)
{
	json_t *o = json_object(), *sites = json_array(), *lines = json_array();

	for (size_t i = 0; i < a->site_count; i++)
		(void)json_array_append_new(sites,
					    site_json(a->sites[i], &s->sites[i]));
	for (size_t i = 0; i <= c->line_count; i++)
		(void)json_array_append_new(
		    lines, line_json(i < c->line_count ? c->lines[i].name : NULL,
				     &s->lines[i]));
	(void)json_object_set_new(o, "seed", json_integer((json_int_t)a->seed));
	(void)json_object_set_new(o, "bytes", json_integer(a->bytes));
	(void)json_object_set_new(o, "sites", sites);
	(void)json_object_set_new(o, "lines", lines);
	(void)json_object_set_new(o, "others_late", json_integer(s->others_late));
	(void)json_object_set_new(o, "others_expired", json_integer(s->others_expired));
	print_json(o);
}

/* --- the command ---------------- */

static int
simulate(const struct call *call, const struct config *config,
	 struct dispatch_simulate *a, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	struct dispatch_simulated s = {0};
	struct err no_outbox;
	int rc;

	if (measure(call->arguments[0], &a->bytes, e) < 0)
		return -1;
	if (place_open_outbox_readonly(call, &o, &no_outbox) < 0 &&
	    no_outbox.kind != ERR_INPUT) {
		*e = no_outbox;
		return -1;
	}
	rc = dispatch_simulate(config, o, a, &s, e);
	if (rc == 0 && call->json)
		say_json(config, a, &s);
	else if (rc == 0)
		say(config, a, &s);
	dispatch_simulated_done(&s);
	return rc;
}

static int
run(const struct call *call)
{
	AUTO_CONFIG struct config *config = NULL;
	AUTO_TARGETS struct targets targets = {0};
	struct dispatch_simulate a = {.now_ms = clock_wall_ms(clock_real()),
				      .priority = REQUEST_MEDIUM,
				      .courses = COURSES};
	struct err e;

	if (read_ask(call, &a, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	if (place_load_config(call, &config, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	if (targets_parse(call->value[OPTION_TO], config, &targets, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	a.sites = targets.sites;
	a.site_count = targets.count;
	return simulate(call, config, &a, &e) < 0 ? print_failure(FRONT_FAILED, &e)
						  : FRONT_DONE;
}

const struct command command_simulate = {
    .name = "simulate",
    .arguments = "PATH",
    .summary = "what would happen if a package were filed",
    .text =
	"Runs the sender in virtual time, with the configuration, what is queued now\n"
	"and what was learnt of the lines: when the package would arrive at each site\n"
	"(9 of 10 arrivals lie between early and late), how often it would be tried\n"
	"and suspended, what the lines would carry, and what would come too late.\n"
	"Nothing is filed.  Attempts, suspensions and lines are those of one course.",
    .options = options,
    .examples = "  lansender simulate --to @EAST ./setup-4.2/ --at 20:00\n"
		"  lansender simulate --to MS1 big.iso --deadline +8h --json\n",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
