/* lansender reload: the sender that runs reads its configuration anew. */
#include "front/commands.h"
#include "front/control.h"
#include "front/print.h"

static int
run(const struct call *call)
{
	json_t *answer = NULL;
	const char *notes;
	struct err e;
	const int rc = control_say(call, CONTROL_RELOAD, &answer, &e);

	if (rc < 0)
		return print_failure(e.kind == ERR_STOP ? FRONT_NOT_NOW : FRONT_FAILED,
				     &e);
	if (rc == 0) {
		print_note("no sender runs; it reads the configuration when it starts");
		return FRONT_NOT_NOW;
	}
	notes = json_string_value(json_object_get(answer, "notes"));
	if (call->json) {
		print_json(answer);
		return FRONT_DONE;
	}
	print_line("the sender goes by the configuration as it is now");
	if (notes && notes[0])
		print_note("%s", notes);
	json_decref(answer);
	return FRONT_DONE;
}

const struct command command_reload = {
    .name = "reload",
    .arguments = "",
    .summary = "read the configuration anew",
    .text = "All or nothing: when the configuration has a mistake, the sender goes on\n"
	    "with what it had, and the file and line are said here and in the log.  "
	    "What\n"
	    "is being sent goes on and follows the new settings at its next block; "
	    "one\n"
	    "whose address was changed or taken away is suspended there, and goes on "
	    "as\n"
	    "the new configuration says.  log_file and log_max count from the next "
	    "start.",
    .examples = "  lansender reload\n",
    .exits = "  0  it goes by the new one\n"
	     "  1  it goes on with the old one, and why\n  2  wrong usage\n"
	     "  3  no sender runs, or it starts or stops just now\n",
    .run = run,
};
