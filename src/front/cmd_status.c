/* lansender status: what the sender does just now (sms-sender.md 6 row 31), and what
 * persons ordered over the configuration. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/override_view.h"
#include "front/place.h"
#include "front/print.h"

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static int64_t
number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* "sub/file.cab 12 MiB of 40 MiB", or only the bytes of a package that is one file. */
static char *
position(const json_t *s)
{
	char done[24], all[24];
	const bool whole = number_of(s, "size") == 0;

	(void)num_bytes_text(number_of(s, whole ? "bytes_done" : "position"), done,
			     sizeof(done));
	(void)num_bytes_text(number_of(s, whole ? "bytes" : "size"), all, sizeof(all));
	return mem_printf("%s%s%s of %s", text_of(s, "file"),
			  text_of(s, "file")[0] ? " " : "", done, all);
}

static void
add_sending(struct table *t, const json_t *s)
{
	AUTO_FREE char *id = mem_printf("%lld", (long long)number_of(s, "request"));
	AUTO_FREE char *thread = mem_printf("%lld", (long long)number_of(s, "thread"));
	AUTO_FREE char *at = position(s);
	AUTO_FREE char *rate = NULL;
	char per_s[24];

	rate = mem_printf(
	    "%s/s", num_bytes_text(number_of(s, "bytes_per_s"), per_s, sizeof(per_s)));
	table_add(t, id);
	table_add(t, text_of(s, "site"));
	table_add(t, text_of(s, "address"));
	table_add(t, text_of(s, "stage"));
	table_add(t, rate);
	table_add(t, thread);
	table_add(t, at);
}

static void
print_sendings(const json_t *list)
{
	static const char *const headings[] = {"ID",   "SITE",   "ADDRESS", "STAGE",
					       "RATE", "THREAD", "AT"};
	struct table t = {.columns = COUNT(headings),
			  .headings = headings,
			  .right = {[0] = true, [4] = true, [5] = true}};

	for (size_t i = 0; i < json_array_size(list); i++)
		add_sending(&t, json_array_get(list, i));
	if (json_array_size(list) == 0)
		print_line("nothing is being sent");
	table_print(&t, stdout);
}

static void
print_status(const json_t *answer, bool runs)
{
	if (!runs) {
		print_line("no sender runs");
		return;
	}
	print_line("the sender runs (process %lld)%s",
		   (long long)number_of(answer, "process"),
		   json_is_null(json_object_get(answer, "drained_since"))
		       ? ""
		       : ", and is drained");
	print_sendings(json_object_get(answer, "sendings"));
}

static int
status(const struct call *call, bool *runs, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	json_t *answer = NULL;
	int rc = control_say(call, CONTROL_STATUS, &answer, e);

	if (rc < 0)
		return -1;
	*runs = rc > 0;
	/* Without an outbox nobody ordered anything. */
	if (place_open_outbox_readonly(call, &o, e) < 0 && e->kind != ERR_INPUT) {
		json_decref(answer);
		return -1;
	}
	if (!call->json) {
		print_status(answer, *runs);
		json_decref(answer);
		return override_print(o, e);
	}
	if (!answer)
		answer = json_object();
	(void)json_object_set_new(answer, "ok", json_boolean(*runs));
	(void)json_object_set_new(answer, "overrides", override_json(o));
	print_json(answer);
	return 0;
}

static int
run(const struct call *call)
{
	bool runs = false;
	struct err e;

	if (status(call, &runs, &e) < 0)
		return print_failure(e.kind == ERR_STOP ? FRONT_NOT_NOW : FRONT_FAILED,
				     &e);
	return runs ? FRONT_DONE : FRONT_NOT_NOW;
}

const struct command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "what the sender does just now",
    .text =
	"Shows what is being sent: request, site, address, stage, rate of the last\n"
	"seconds, thread (as in the log), file and position; and what was ordered\n"
	"with `drain`, `open` and `limit`.",
    .examples = "  lansender status\n  lansender status --json\n",
    .exits = "  0  a sender runs\n  1  it does not answer\n  2  wrong usage\n"
	     "  3  no sender runs, or it starts or stops just now\n",
    .run = run,
};
