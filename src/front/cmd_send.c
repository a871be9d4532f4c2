/* lansender send: file a send request for one site or several. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/file_package.h"
#include "front/interrupt.h"
#include "front/place.h"
#include "front/print.h"
#include "front/targets.h"
#include "front/wait.h"
#include "front/when.h"

enum {
	OPTION_PRIORITY,
	OPTION_AS,
	OPTION_BY_REFERENCE,
	OPTION_FOLLOW,
	OPTION_NOT_BEFORE,
	OPTION_DEADLINE,
	OPTION_KEY,
	OPTION_SUPERSEDE,
	OPTION_PREFER,
	OPTION_WAIT,
};
static const struct command_option options[] = {
    [OPTION_PRIORITY] = {"priority", "LEVEL", "high, medium (as it is) or low", 'p'},
    [OPTION_AS] = {"as", "NAME", "what it is called at the site", 0},
    [OPTION_BY_REFERENCE] = {"by-reference", NULL,
			     "keep no copy; send from where it lies", 0},
    [OPTION_FOLLOW] = {"follow", NULL, "send what symbolic links point to", 0},
    [OPTION_NOT_BEFORE] = {"not-before", "TIME", "do not begin earlier", 0},
    [OPTION_DEADLINE] = {"deadline", "TIME", "fail it when it is not there by then", 0},
    [OPTION_KEY] = {"key", "KEY", "file it once, however often this is run", 0},
    [OPTION_SUPERSEDE] = {"supersede", NULL,
			  "cancel older ones of this name to these sites", 0},
    [OPTION_PREFER] = {"prefer", "ADDRESS", "the address that is tried first, as MS1.2",
		       0},
    [OPTION_WAIT] = {"wait", NULL, "until it is sent, or failed", 'w'},
    {0},
};

/* What was typed, understood. */
struct order {
	enum request_priority priority;
	int64_t now_ms, not_before_at_ms, deadline_at_ms;
	struct targets targets;
	unsigned prefer; /* number of an address; 0: none */
};

static int
read_times(const struct call *call, struct order *o, struct err *e)
{
	const char *not_before = call->value[OPTION_NOT_BEFORE];
	const char *deadline = call->value[OPTION_DEADLINE];

	if (not_before &&
	    when_parse(not_before, o->now_ms, &o->not_before_at_ms, e) < 0)
		return err_wrap(e, "--not-before");
	if (deadline && when_parse(deadline, o->now_ms, &o->deadline_at_ms, e) < 0)
		return err_wrap(e, "--deadline");
	if (deadline && o->deadline_at_ms <= o->now_ms)
		return err_set(e, ERR_INPUT, 0, "--deadline: \"%s\" is over already",
			       deadline);
	if (deadline && o->deadline_at_ms <= o->not_before_at_ms)
		return err_set(e, ERR_INPUT, 0,
			       "--deadline is not after --not-before: it could never "
			       "be sent");
	return 0;
}

/* Before the package is read, which may take long. */
static int
check_key(const char *key, struct err *e)
{
	const size_t len = key ? strlen(key) : 1;

	if (len == 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "--key: it is empty; type a word that names this filing");
	if (len > OUTBOX_KEY_MAX_BYTES)
		return err_set(e, ERR_INPUT, 0,
			       "--key: it has %zu bytes, more than the %d that it may "
			       "have; type a shorter one",
			       len, OUTBOX_KEY_MAX_BYTES);
	return 0;
}

/* Addresses belong to one site, so only a request to that one can prefer it. */
static int
read_prefer(const char *name, const struct config *config, struct order *o,
	    struct err *e)
{
	const struct config_site *site;

	if (!name)
		return 0;
	if (o->targets.count != 1)
		return err_set(e, ERR_INPUT, 0,
			       "--prefer: an address belongs to one site, and this is "
			       "for %zu: file for that site alone",
			       o->targets.count);
	site = config_site(config, o->targets.sites[0]);
	for (size_t i = 0; site && i < site->address_count; i++)
		if (str_eq_nocase(site->addresses[i].section, name))
			o->prefer = site->addresses[i].number;
	if (o->prefer == 0)
		return err_set(e, ERR_INPUT, 0,
			       "--prefer: site %s has no address \"%s\"",
			       o->targets.sites[0], name);
	return 0;
}

static int
read_order(const struct call *call, const struct config *config, struct order *o,
	   struct err *e)
{
	const char *priority = call->value[OPTION_PRIORITY];

	o->priority = REQUEST_MEDIUM;
	if (priority && request_priority_from_name(priority, &o->priority) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "--priority: \"%s\" is none; it is high, medium or low",
			       priority);
	if (check_key(call->value[OPTION_KEY], e) < 0 || read_times(call, o, e) < 0)
		return -1;
	if (targets_parse(call->arguments[0], config, &o->targets, e) < 0)
		return -1;
	if (read_prefer(call->value[OPTION_PREFER], config, o, e) == 0)
		return 0;
	targets_done(&o->targets);
	return -1;
}

static void
to_outbox(const struct package_info *from, struct outbox_package *to)
{
	*to = (struct outbox_package){
	    .is_tree = from->is_tree,
	    .by_reference = from->by_reference,
	    .file_count = from->file_count,
	    .folder_count = from->folder_count,
	    .total_bytes = from->total_bytes,
	};
	str_copy_cut(to->id, sizeof(to->id), from->id);
	str_copy_cut(to->name, sizeof(to->name), from->name);
}

/* What tells the same package from another of that name and size, for a key. */
static int
read_content(const struct call *call, const char *id, char hex[DIGEST_HEX_ROOM],
	     struct err *e)
{
	AUTO_FREE char *state = place_state(call);
	AUTO_FREE char *store = place_store(state);
	struct package *p = NULL;
	int rc;

	if (package_open(store, id, &p, e) < 0)
		return -1;
	rc = package_content(p, hex, e);
	package_close(p);
	return rc;
}

/* The package is in the store; a row for each site in the outbox.  When that fails, or
 * was done before, the package is taken out again. */
static int
add_rows(const struct call *call, const struct order *order,
	 const struct package_info *info, int64_t lifetime_ms, struct outbox *o,
	 struct request_id *ids, struct err *e)
{
	AUTO_FREE struct outbox_package *package = mem_zero(1, sizeof(*package));
	char content[DIGEST_HEX_ROOM];
	struct outbox_new n = {
	    .package = package,
	    .sites = order->targets.sites,
	    .site_count = order->targets.count,
	    .priority = order->priority,
	    .now_ms = clock_wall_ms(clock_real()),
	    .not_before_at_ms = order->not_before_at_ms,
	    .deadline_at_ms = order->deadline_at_ms,
	    .lifetime_ms = lifetime_ms,
	    .key = call->value[OPTION_KEY],
	    .prefer = order->prefer,
	    .supersede = call->value[OPTION_SUPERSEDE] != NULL,
	};

	to_outbox(info, package);
	if (n.key && read_content(call, info->id, content, e) < 0)
		return -1;
	n.content = n.key ? content : NULL;
	return outbox_add(o, &n, ids, e);
}

static int
file_request(const struct call *call, const struct order *order, int64_t lifetime_ms,
	     struct outbox *o, struct request_id *ids, struct package_info *info,
	     struct err *e)
{
	const struct package_options options_of_package = {
	    .path = call->arguments[1],
	    .name = call->value[OPTION_AS],
	    .by_reference = call->value[OPTION_BY_REFERENCE] != NULL,
	    .follow = call->value[OPTION_FOLLOW] != NULL,
	    .stop = interrupt_stop(),
	};
	AUTO_FREE char *state = place_state(call);
	AUTO_FREE char *store = place_store(state);
	struct err ignored;
	int rc;

	if (path_make(store, 0700, e) < 0 ||
	    file_package(store, options_of_package, info, e) < 0)
		return -1;
	crash_point("send.before-outbox");
	rc = add_rows(call, order, info, lifetime_ms, o, ids, e);
	crash_point("send.after-outbox");
	/* ERR_UNSURE: the row may be there and want it; `run` sweeps it when not. */
	if (rc == 0 || (rc < 0 && e->kind != ERR_UNSURE))
		(void)!package_remove(store, info->id, &ignored);
	return rc;
}

static void
say_filed(const struct call *call, const struct targets *t,
	  const struct request_id *ids, const struct package_info *info, bool is_new)
{
	char size[24];

	for (size_t i = 0; i < t->count; i++) {
		json_t *object;

		if (!call->json) {
			print_line(
			    "request %lld: %s to %s, %s%s", (long long)ids[i].n,
			    info->name, t->sites[i],
			    num_bytes_text(info->total_bytes, size, sizeof(size)),
			    is_new ? "" : " (was filed before)");
			continue;
		}
		object = json_object();
		(void)json_object_set_new(object, "id", json_integer(ids[i].n));
		(void)json_object_set_new(object, "site", print_json_text(t->sites[i]));
		(void)json_object_set_new(object, "package",
					  print_json_text(info->name));
		(void)json_object_set_new(object, "bytes",
					  json_integer(info->total_bytes));
		(void)json_object_set_new(object, "new", json_boolean(is_new));
		print_json(object);
	}
}

/* What became of older ones; to people only, JSON readers find it in `show`. */
static void
say_superseded(const struct call *call, struct outbox *o, const struct request_id *ids,
	       size_t count)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	int64_t superseded = 0;
	struct err e;

	if (!call->value[OPTION_SUPERSEDE] || call->json)
		return;
	for (size_t i = 0; i < count; i++)
		if (outbox_get(o, ids[i], r, &e) == 1)
			superseded += r->supersedes;
	print_line("%lld older request%s of this name superseded",
		   (long long)superseded, superseded == 1 ? "" : "s");
}

/* Whoever cannot read the ids must not take the filing for failed. */
static int
say_unsaid(const struct request_id *ids, size_t count)
{
	struct err e;

	if (print_flush(&e) == 0)
		return 0;
	if (count == 1)
		(void)err_wrap(&e, "request %lld is filed, do not file it again",
			       (long long)ids[0].n);
	else /* a filing's ids follow one another */
		(void)err_wrap(
		    &e, "requests %lld to %lld are filed, do not file them again",
		    (long long)ids[0].n, (long long)ids[count - 1].n);
	(void)print_failure(FRONT_FAILED, &e);
	return -1;
}

static int
run_order(const struct call *call, const struct config *config,
	  const struct order *order)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	AUTO_FREE struct request_id *ids = mem_zero(order->targets.count, sizeof(*ids));
	AUTO_FREE char *state = place_state(call);
	struct package_info info;
	struct err e;
	int rc;

	if (place_open_outbox(call, &o, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	rc = file_request(call, order, config->sender.request_lifetime_ms, o, ids,
			  &info, &e);
	if (rc < 0)
		return print_failure(FRONT_FAILED, &e);
	say_filed(call, &order->targets, ids, &info, rc == 1);
	if (call->value[OPTION_SUPERSEDE])
		control_knock(call); /* one may be being sent */
	say_superseded(call, o, ids, order->targets.count);
	if (say_unsaid(ids, order->targets.count) < 0)
		return FRONT_FAILED;
	if (!call->value[OPTION_WAIT])
		return FRONT_DONE;
	if (!place_is_locked(state))
		print_note("no sender runs on %s now; it is sent once `lansender run` "
			   "does",
			   state);
	return wait_for_requests(o, ids, order->targets.count, call->json);
}

static int
run(const struct call *call)
{
	AUTO_CONFIG struct config *config = NULL;
	struct order order = {.now_ms = clock_wall_ms(clock_real())};
	struct err e;
	int code;

	if (place_load_config(call, &config, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	if (file_package_check(call->arguments[1], call->value[OPTION_AS], &e) < 0 ||
	    read_order(call, config, &order, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	code = run_order(call, config, &order);
	targets_done(&order.targets);
	return code;
}

const struct command command_send = {
    .name = "send",
    .arguments = "SITE[,SITE...]|@GROUP PATH",
    .summary = "file a send request",
    .text =
	"Files a send request for a file or a folder tree.  It is read into the "
	"package\n"
	"store once, however many sites it is for; from then on it is the sender's\n"
	"business, through crashes and reboots.  TIME is \"2026-11-22 06:00\" (local; "
	"UTC\n"
	"with a Z at the end), \"06:00\" (the next one) or \"+2h\".  With "
	"--supersede, older\n"
	"requests of the same name to the same sites are cancelled together with the\n"
	"filing, held ones too; one that is being sent stops at its next block, one "
	"that\n"
	"publishes goes on.",
    .options = options,
    .examples =
	"  lansender send MS1 ./setup-4.2/\n"
	"  lansender send MS1,MS2 report.pdf --priority high --wait\n"
	"  lansender send @EAST ./content/ --not-before 20:00 --deadline +12h\n",
    .exits = "  0  filed; with --wait: sent\n  1  not filed; with --wait: failed or "
	     "cancelled\n  2  wrong usage, unknown site\n"
	     "  3  with --wait: no longer waited for (Ctrl-C); it stays filed\n",
    .arguments_min = 2,
    .arguments_max = 2,
    .run = run,
};
