/* lansender priority: high, medium or low. */
#include "base/auto.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/place.h"
#include "front/print.h"
#include "front/request_id.h"

static int
read_order(const struct call *call, struct request_id *id,
	   enum request_priority *priority, struct err *e)
{
	if (request_id_parse(call->arguments[0], id, e) < 0)
		return -1;
	if (request_priority_from_name(call->arguments[1], priority) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is no priority; it is high, medium or low",
			       call->arguments[1]);
	return 0;
}

static int
set_priority(const struct call *call, struct request_id id,
	     enum request_priority priority, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	int rc;

	if (place_open_outbox(call, &o, e) < 0)
		return -1;
	rc = outbox_set_priority(o, id, priority, e);
	if (rc == 0)
		return request_id_unknown(id, e);
	return rc < 0 ? -1 : 0;
}

static int
run(const struct call *call)
{
	enum request_priority priority;
	struct request_id id;
	struct err e;

	if (read_order(call, &id, &priority, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	if (set_priority(call, id, priority, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	control_knock(call);
	if (call->json) {
		json_t *object = json_object();

		(void)json_object_set_new(object, "id", json_integer(id.n));
		(void)json_object_set_new(object, "priority",
					  print_json_text(call->arguments[1]));
		print_json(object);
	} else {
		print_line("request %lld has priority %s now", (long long)id.n,
			   call->arguments[1]);
	}
	return FRONT_DONE;
}

const struct command command_priority = {
    .name = "priority",
    .arguments = "ID high|medium|low",
    .summary = "change the priority of a send request",
    .text = "Changes which send request goes first: high before medium before low; of\n"
	    "equal ones the oldest.",
    .examples = "  lansender priority 12 high\n",
    .arguments_min = 2,
    .arguments_max = 2,
    .run = run,
};
