/* lansender hold, release, cancel, retry: what a person orders of send requests. */
#include "base/auto.h"
#include "base/clock.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/place.h"
#include "front/print.h"
#include "front/request_id.h"
#include "package/package.h"

enum { WIN32_FILE_NOT_FOUND = 2 }; /* MS-ERREF 2.2 */

static const struct {
	const struct command *about;
	enum outbox_command order;
	const char *done;    /* "request 12 DONE" */
	const char *ordered; /* while it is being sent */
} orders[] = {
    {&command_hold, OUTBOX_HOLD, "is held", "will be held at its next block"},
    {&command_release, OUTBOX_RELEASE, "is released", "goes on"},
    {&command_cancel, OUTBOX_CANCEL, "is cancelled",
     "will be cancelled at its next block"},
    {&command_retry, OUTBOX_RETRY, "will be tried again", "is being sent"},
};

/* A retry has a new lifetime: as long as the configuration says, when it can be read.
 */
static int64_t
lifetime_ms(const struct call *call)
{
	AUTO_CONFIG struct config *config = NULL;
	struct err e;

	if (place_load_config(call, &config, &e) < 0)
		config = config_default();
	return config->sender.request_lifetime_ms;
}

static int
say(const struct call *call, struct outbox *o, struct request_id id, size_t order)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	struct err e;

	if (outbox_get(o, id, r, &e) != 1)
		return 0; /* it was obeyed; that is what counts */
	if (call->json) {
		json_t *object = json_object();

		(void)json_object_set_new(object, "id", json_integer(id.n));
		(void)json_object_set_new(
		    object, "state", print_json_text(request_state_name(r->state)));
		(void)json_object_set_new(object, "active",
					  json_boolean(request_state_active(r->state)));
		print_json(object);
	} else {
		print_line("request %lld %s", (long long)id.n,
			   request_state_active(r->state) ? orders[order].ordered
							  : orders[order].done);
	}
	return 0;
}

/* The outbox knows what the sender freed, not what is gone from the store otherwise. */
static int
check_package(const struct call *call, struct outbox *o, struct request_id id,
	      struct err *e)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	AUTO_FREE char *state = place_state(call);
	AUTO_FREE char *store = place_store(state);
	struct package *p = NULL;
	int rc = outbox_get(o, id, r, e);

	if (rc <= 0 || (r->state != REQUEST_FAILED && r->state != REQUEST_WAITING))
		return rc < 0 ? -1 : 0; /* the outbox has words for these */
	rc = package_open(store, r->package.id, &p, e);
	package_close(p);
	if (rc == 0 || e->win32 != WIN32_FILE_NOT_FOUND)
		return 0; /* it is there; what else may be wrong, an attempt tells */
	return err_wrap(e, "request %lld cannot be retried", (long long)id.n);
}

static int
order_one(const struct call *call, struct outbox *o, struct request_id id, size_t order,
	  struct err *e)
{
	const int64_t now_ms = clock_wall_ms(clock_real());
	int rc;

	if (orders[order].order == OUTBOX_RETRY && check_package(call, o, id, e) < 0)
		return -1;
	rc = outbox_command(o, id, orders[order].order, now_ms, lifetime_ms(call), e);
	if (rc < 0)
		return -1;
	return rc == 0 ? request_id_unknown(id, e) : say(call, o, id, order);
}

static size_t
which_order(const struct command *about)
{
	size_t i = 0;

	while (orders[i].about != about)
		i++;
	return i;
}

static int
read_ids(const struct call *call, struct request_id *ids, struct err *e)
{
	for (int i = 0; i < call->argument_count; i++)
		if (request_id_parse(call->arguments[i], &ids[i], e) < 0)
			return -1;
	return 0;
}

/* All of them, also when one cannot be; none, when one was mistyped. */
static int
run(const struct call *call)
{
	AUTO_FREE struct request_id *ids =
	    mem_zero((size_t)call->argument_count, sizeof(*ids));
	AUTO_OUTBOX struct outbox *o = NULL;
	int code = FRONT_DONE;
	struct err e;

	if (read_ids(call, ids, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	if (place_open_outbox(call, &o, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	for (int i = 0; i < call->argument_count; i++)
		if (order_one(call, o, ids[i], which_order(call->command), &e) < 0)
			code = print_failure(FRONT_FAILED, &e);
	control_knock(call);
	return code;
}

#define ORDER_COMMAND                                                                  \
	.arguments = "ID...", .arguments_min = 1, .arguments_max = COMMAND_ANY_NUMBER, \
	.run = run

const struct command command_hold = {
    .name = "hold",
    .summary = "hold send requests until they are released",
    .text = "Holds send requests.  One that is being sent stops at its next block and\n"
	    "keeps what the site has acknowledged.",
    .examples = "  lansender hold 12 13\n",
    ORDER_COMMAND,
};

const struct command command_release = {
    .name = "release",
    .summary = "let held send requests go on",
    .text = "Releases send requests that were held; they go on where they stopped.",
    .examples = "  lansender release 12\n",
    ORDER_COMMAND,
};

const struct command command_cancel = {
    .name = "cancel",
    .summary = "cancel send requests for good",
    .text = "Cancels send requests.  One that is being sent stops at its next block;\n"
	    "nothing of it becomes visible at the site.",
    .examples = "  lansender cancel 12\n",
    ORDER_COMMAND,
};

const struct command command_retry = {
    .name = "retry",
    .summary = "try waiting or failed send requests now",
    .text =
	"Tries send requests again now: those that wait for their restart time, and\n"
	"those that failed while their package is still there.  A hold of their site "
	"ends.",
    .examples = "  lansender retry 12\n",
    ORDER_COMMAND,
};
