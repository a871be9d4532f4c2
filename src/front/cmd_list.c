/* lansender list: what is queued, moving, waiting or failed. */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/num.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/place.h"
#include "front/print.h"
#include "front/site_name.h"
#include "front/view.h"

enum { OPTION_ALL };
static const struct command_option options[] = {
    [OPTION_ALL] = {"all", NULL, "also those that were sent or cancelled", 'a'},
    {0},
};

/* Rows that are printed together: whoever reads the first need not wait for a million,
 * and their columns are known; a choice. */
enum { PAGE_ROWS = 100 };

struct listing {
	bool all, json, runs; /* runs: a sender does */
	int64_t now_ms;
	struct table table;
};

static void
add_row(struct listing *l, const struct request *r)
{
	struct table *t = &l->table;
	char id[24], progress[8], size[24], arrival[24], remark[256];

	(void)snprintf(id, sizeof(id), "%lld", (long long)r->id.n);
	table_add(t, id);
	table_add(t, r->site);
	table_add(t, request_priority_name(r->priority));
	table_add(t, request_state_name(r->state));
	table_add(t, view_progress(r, progress, sizeof(progress)));
	table_add(t, num_bytes_text(r->package.total_bytes, size, sizeof(size)));
	table_add(t, view_arrival(r, l->runs, l->now_ms, arrival, sizeof(arrival)));
	table_add(t, dispatch_known(r, l->runs).name);
	table_add(t, r->package.name);
	table_add(t, view_remark(r, l->runs, remark, sizeof(remark)));
}

static int
each_request(void *self, const struct request *r)
{
	struct listing *l = self;

	if (!l->all && (r->state == REQUEST_SENT || r->state == REQUEST_CANCELLED))
		return 0;
	if (l->json)
		print_json(view_request_json(r, l->runs));
	else
		add_row(l, r);
	if (l->table.count == PAGE_ROWS * l->table.columns) {
		table_print(&l->table, stdout);
		(void)fflush(stdout);
	}
	return ferror(stdout) ? 1 : 0; /* nobody reads on */
}

/* Whoever misses a request must hear of it. */
static int
say_set_aside(const struct call *call, struct outbox *o, struct err *e)
{
	AUTO_FREE char *state = place_state(call);
	int64_t count = 0;

	if (outbox_quarantined(o, &count, e) < 0)
		return -1;
	if (count > 0)
		print_note("damaged rows of the outbox that are set aside and not "
			   "listed: %lld; sqlite3 %s/outbox.db 'SELECT * FROM "
			   "quarantine' shows what they held",
			   (long long)count, state);
	return 0;
}

static int
run(const struct call *call)
{
	static const char *const headings[] = {"ID",      "SITE",  "PRIORITY", "STATE",
					       "DONE",    "SIZE",  "ARRIVAL",  "WHY",
					       "PACKAGE", "REMARK"};
	AUTO_FREE char *state = place_state(call);
	struct listing l = {.all = call->value[OPTION_ALL] != NULL,
			    .json = call->json,
			    .runs = place_is_locked(state),
			    .now_ms = clock_wall_ms(clock_real()),
			    .table = {.columns = COUNT(headings),
				      .headings = headings,
				      .right = {[0] = true, [4] = true, [5] = true}}};
	const char *typed = call->argument_count ? call->arguments[0] : NULL;
	char code[SITE_CODE_ROOM];
	const struct outbox_filter filter = {.site = typed ? code : NULL};
	AUTO_OUTBOX struct outbox *o = NULL;
	struct err e, no_outbox;

	if (place_open_outbox_readonly(call, &o, &no_outbox) < 0 &&
	    no_outbox.kind != ERR_INPUT)
		return print_failure(FRONT_FAILED, &no_outbox);
	if (typed && site_name_find(call, o, typed, code, &e) < 0)
		return print_failure(e.kind == ERR_INPUT ? FRONT_USAGE : FRONT_FAILED,
				     &e);
	if (!o) /* nothing was filed yet: an empty list, and a word about it */
		return print_failure(FRONT_DONE, &no_outbox);
	if (outbox_list(o, &filter, each_request, &l, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	table_print(&l.table, stdout);
	if (say_set_aside(call, o, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	return FRONT_DONE;
}

const struct command command_list = {
    .name = "list",
    .arguments = "[SITE]",
    .summary = "list send requests",
    .text =
	"Lists the send requests, of one site or of all, that are not yet sent, and\n"
	"those that failed: state, progress, when they arrive (as the sender saw it\n"
	"within the last minute), why they do not go now, and in the remark until\n"
	"when they wait, a deadline that is unlikely, the last error.",
    .options = options,
    .examples = "  lansender list MS1\n"
		"  lansender list --all --json | jq 'select(.state==\"failed\")'\n",
    .arguments_max = 1,
    .run = run,
};
