/* lansender simulate: what would happen if a package were filed. */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/file_package.h"
#include "front/interrupt.h"
#include "front/place.h"
#include "front/print.h"
#include "front/private_folder.h"
#include "front/simulate_view.h"
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
		simulate_print_json(config, a, &s);
	else if (rc == 0)
		simulate_print(config, a, &s);
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

	if (file_package_check(call->arguments[0], NULL, &e) < 0 ||
	    read_ask(call, &a, &e) < 0)
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
	"and suspended, what the lines would carry, what held it up (a limit, a "
	"window,\n"
	"a sending that was not free) and who else wanted that, and what would come "
	"too\n"
	"late.  Orders count as they are now: a drain, limits, opened sites, holds.\n"
	"Nothing is filed.  All but the arrivals is of one course.",
    .options = options,
    .examples = "  lansender simulate --to @EAST ./setup-4.2/ --at 20:00\n"
		"  lansender simulate --to MS1 big.iso --deadline +8h --json\n",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
