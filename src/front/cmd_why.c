/* lansender why: what a send request waits for, one reason after the other. */
#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/place.h"
#include "front/print.h"
#include "front/request_id.h"

static json_t *
reason_json(const struct dispatch_reason *r)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "code", json_integer(r->code));
	(void)json_object_set_new(o, "reason", print_json_text(r->name));
	(void)json_object_set_new(o, "until", print_json_at(r->until_at_ms));
	(void)json_object_set_new(o, "number", json_integer(r->number));
	(void)json_object_set_new(o, "text", print_json_text(r->text));
	return o;
}

static void
say_json(int64_t id, const struct dispatch_why *why, bool runs)
{
	json_t *o = json_object(), *chain = json_array();

	for (size_t i = 0; i < why->count; i++)
		(void)json_array_append_new(chain, reason_json(&why->reasons[i]));
	(void)json_object_set_new(o, "id", json_integer(id));
	(void)json_object_set_new(o, "sender_runs", json_boolean(runs));
	(void)json_object_set_new(o, "reasons", chain);
	print_json(o);
}

static int
explain(const struct call *call, struct request_id id, struct err *e)
{
	AUTO_CONFIG struct config *config = NULL;
	AUTO_OUTBOX struct outbox *o = NULL;
	AUTO_FREE struct dispatch_why *why = mem_zero(1, sizeof(*why));
	AUTO_FREE char *state = place_state(call);
	const bool runs = place_is_locked(state);
	int rc;

	if (place_load_config(call, &config, e) < 0 ||
	    place_open_outbox_readonly(call, &o, e) < 0)
		return -1;
	rc = dispatch_why(config, o, id, clock_wall_ms(clock_real()), why, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return request_id_unknown(id, e);
	if (call->json) {
		say_json(id.n, why, runs);
		return 0;
	}
	for (size_t i = 0; i < why->count; i++)
		print_line("%s%s", i ? "then " : "", why->reasons[i].text);
	if (!runs && why->reasons[0].code != DISPATCH_REASON_FINAL)
		print_line("no sender runs on %s now", state);
	return 0;
}

static int
run(const struct call *call)
{
	struct request_id id;
	struct err e;

	if (request_id_parse(call->arguments[0], &id, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	return explain(call, id, &e) < 0 ? print_failure(FRONT_FAILED, &e) : FRONT_DONE;
}

const struct command command_why = {
    .name = "why",
    .arguments = "ID",
    .summary = "what a send request waits for",
    .text =
	"Says what keeps a send request from going now, one reason after the other,\n"
	"by the same rules by which the sender chooses: its own time, a hold, the\n"
	"windows and budgets of its addresses, its site, the slots, those that go\n"
	"first (of each other site the first one counts), and how fast its way is.",
    .examples = "  lansender why 812\n"
		"  lansender why 812 --json | jq -r '.reasons[0].reason'\n",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
