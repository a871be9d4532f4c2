/* control_protocol.c - lines of the control socket.  Pure. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "front/control.h"
#include "front/print.h"

static const char *const verbs[] = {
    [CONTROL_STATUS] = "status",
    [CONTROL_LOOK] = "look",
    [CONTROL_RELOAD] = "reload",
};

const char *
control_verb_name(enum control_verb verb)
{
	return verbs[verb];
}

static int
find_verb(const char *name, enum control_verb *out, struct err *e)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (!str_eq(name, verbs[i]))
			continue;
		*out = (enum control_verb)i;
		return 0;
	}
	return err_set(e, ERR_INPUT, 0,
		       "the command must be status, look or reload; this sender knows "
		       "no other");
}

int
control_parse(const char *line, size_t len, enum control_verb *out, struct err *e)
{
	json_t *request = len < CONTROL_LINE_MAX
			      ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL)
			      : NULL;
	const json_t *command = json_object_get(request, "command");
	int rc;

	if (!json_is_string(command) || json_object_size(request) != 1)
		rc = err_set(e, ERR_INPUT, 0,
			     "a request is one line, {\"command\":\"status\"}, of less "
			     "than %d bytes",
			     CONTROL_LINE_MAX);
	else
		rc = find_verb(json_string_value(command), out, e);
	json_decref(request);
	return rc;
}

static int
add_text(const char *text, size_t len, void *self)
{
	str_add_len(self, text, len);
	return 0;
}

char *
control_render(json_t *answer)
{
	struct str line = {0};

	(void)json_dump_callback(answer, add_text, &line, JSON_COMPACT);
	str_add_char(&line, '\n');
	json_decref(answer);
	return str_take(&line);
}

json_t *
control_refusal(const struct err *e)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "ok", json_false());
	(void)json_object_set_new(o, "kind", print_json_text(err_kind_name(e->kind)));
	(void)json_object_set_new(o, "error", print_json_text(e->text));
	return o;
}
