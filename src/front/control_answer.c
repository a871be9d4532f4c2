#include "front/control_answer.h"

#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "front/print.h"
#include "send/send.h"

enum {
	SENDINGS_MAX = 1100, /* max_sendings is at most 999; and those that connect */
	WAIT_MS = 4000,      /* for the dispatcher; a client waits longer; a choice */
};

static json_t *
sending_json(const struct pool_sending *s)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "request", json_integer(s->request.n));
	(void)json_object_set_new(o, "site", print_json_text(s->site));
	(void)json_object_set_new(o, "priority",
				  print_json_text(request_priority_name(s->priority)));
	(void)json_object_set_new(
	    o, "stage", print_json_text(s->suspending ? "suspending" : s->stage));
	(void)json_object_set_new(o, "address", print_json_text(s->address));
	(void)json_object_set_new(o, "server", print_json_text(s->server));
	(void)json_object_set_new(o, "file", print_json_text(s->path));
	(void)json_object_set_new(o, "position", json_integer(s->offset_bytes));
	(void)json_object_set_new(o, "size", json_integer(s->size_bytes));
	(void)json_object_set_new(o, "bytes_done", json_integer(s->bytes_done));
	(void)json_object_set_new(o, "bytes", json_integer(s->bytes_total));
	(void)json_object_set_new(o, "bytes_per_s", json_integer(s->bytes_per_s));
	(void)json_object_set_new(o, "thread", json_integer(s->thread_number));
	(void)json_object_set_new(o, "started_at", print_json_at(s->started_at_ms));
	return o;
}

static json_t *
status_json(const struct dispatch_answer *a, const struct pool_sending *all)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < a->sending_count; i++)
		(void)json_array_append_new(list, sending_json(&all[i]));
	(void)json_object_set_new(o, "ok", json_true());
	(void)json_object_set_new(o, "process", json_integer(getpid()));
	(void)json_object_set_new(o, "drained_since",
				  print_json_at(a->drained_since_ms));
	(void)json_object_set_new(o, "active", json_integer(a->active));
	(void)json_object_set_new(o, "sendings", list);
	return o;
}

/* STATUS and LOOK. */
static int
ask(const struct control_server_options *o, enum dispatch_verb verb, json_t **answer,
    struct err *e)
{
	AUTO_FREE struct pool_sending *all = mem_zero(SENDINGS_MAX, sizeof(*all));
	const struct dispatch_ask a = {
	    .verb = verb, .sendings = all, .room = SENDINGS_MAX};
	struct dispatch_answer got;

	if (dispatch_control_ask(o->control, &a, WAIT_MS, &got, e) < 0)
		return -1;
	*answer = status_json(&got, all);
	return 0;
}

static int
reload(const struct control_server_options *o, json_t **answer, struct err *e)
{
	AUTO_FREE char *notes = NULL;

	if (o->reload(o->self, &notes, e) < 0)
		return -1;
	*answer = json_object();
	(void)json_object_set_new(*answer, "ok", json_true());
	(void)json_object_set_new(*answer, "notes", print_json_text(notes));
	return 0;
}

int
control_answer(const struct control_server_options *o, enum control_verb verb,
	       json_t **answer, struct err *e)
{
	switch (verb) {
	case CONTROL_STATUS:
		return ask(o, DISPATCH_STATUS, answer, e);
	case CONTROL_LOOK:
		return ask(o, DISPATCH_LOOK, answer, e);
	case CONTROL_RELOAD:
		return reload(o, answer, e);
	}
	return err_set(e, ERR_INPUT, 0, "no such command");
}
