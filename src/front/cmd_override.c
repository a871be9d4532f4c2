/* lansender drain, open, limit: what persons order over the configuration.  A row of
 * the outbox each, so that a restart keeps it; then the sender is told to look. */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/interrupt.h"
#include "front/place.h"
#include "front/print.h"
#include "front/targets.h"
#include "front/when.h"

enum { DRAIN_LOOK_MS = 200 }; /* how often --wait looks; a choice */

/* Write it, or take it back (set false). */
static int
keep(struct outbox *o, const struct outbox_override *v, bool set, struct err *e)
{
	if (set)
		return outbox_override_set(o, v, e);
	return outbox_override_clear(o, v->kind, v->what, e) < 0 ? -1 : 0;
}

/* Tell the sender.  Its answer is that it follows; *answer NULL: none runs. */
static int
tell(const struct call *call, json_t **answer, struct err *e)
{
	int rc = control_say(call, CONTROL_LOOK, answer, e);

	if (rc < 0)
		return err_wrap(e, "it is ordered, and the sender will follow within a "
				   "minute, but");
	if (rc == 0 && !call->json)
		print_note("no sender runs now; it counts when one does");
	return 0;
}

/* Says what was ordered, in words or as JSON. */
static void
say(const struct call *call, const struct outbox_override *v, bool set,
    const char *words)
{
	json_t *o;

	if (!call->json) {
		print_line("%s", words);
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "kind", print_json_text(call->command->name));
	(void)json_object_set_new(o, "of", print_json_text(v->what));
	(void)json_object_set_new(o, "set", json_boolean(set));
	(void)json_object_set_new(o, "until", print_json_at(v->until_at_ms));
	print_json(o);
}

/* `off` there, and nothing behind it? */
static bool
is_off(const struct call *call, int at)
{
	return call->argument_count == at + 1 && str_eq(call->arguments[at], "off");
}

/* Was that ordered?  1: v->what is spelled as it was then; 0; -1.  What is gone from
 * the configuration, or from one that cannot be read, is to be taken back as well. */
static int
find_ordered(const struct call *call, struct outbox_override *v, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (place_open_outbox_readonly(call, &o, e) < 0)
		return e->kind == ERR_INPUT ? 0 : -1; /* nothing was ever ordered */
	if (outbox_override_list(o, v->set_at_ms, &all, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (all[i].kind == v->kind && str_eq_nocase(all[i].what, v->what)) {
			str_copy_cut(v->what, sizeof(v->what), all[i].what);
			return 1;
		}
	return 0;
}

/* --- drain ------------------------------------------------------------------------ */

enum { OPTION_WAIT };
static const struct command_option drain_options[] = {
    [OPTION_WAIT] = {"wait", NULL, "until nothing is being sent any more", 'w'},
    {0},
};

/* 0: nothing is active any more, or no sender runs; 1: interrupted. */
static int
wait_drained(const struct call *call, struct err *e)
{
	for (;;) {
		json_t *answer = NULL;
		const int rc = control_say(call, CONTROL_STATUS, &answer, e);
		const json_int_t active =
		    json_integer_value(json_object_get(answer, "active"));

		json_decref(answer);
		if (rc < 0)
			return -1;
		if (rc == 0 || active == 0)
			return 0;
		if (stop_wait(interrupt_stop(), DRAIN_LOOK_MS))
			return 1;
	}
}

static int
drain(const struct call *call, struct err *e)
{
	const bool on = call->argument_count == 0;
	const struct outbox_override v = {.kind = OUTBOX_DRAIN,
					  .set_at_ms = clock_wall_ms(clock_real())};
	AUTO_OUTBOX struct outbox *o = NULL;
	json_t *answer = NULL;

	if (!on && !str_eq(call->arguments[0], "off"))
		return err_set(
		    e, ERR_INPUT, 0,
		    "\"%s\": type `lansender drain` or `lansender drain off`",
		    call->arguments[0]);
	if (place_open_outbox(call, &o, e) < 0 || keep(o, &v, on, e) < 0 ||
	    tell(call, &answer, e) < 0)
		return -1;
	json_decref(answer);
	say(call, &v, on,
	    on ? "the sender is drained: what is being sent stops at its next block, "
		 "nothing new begins"
	       : "the sender takes work again");
	return on && call->value[OPTION_WAIT] ? wait_drained(call, e) : 0;
}

static int
run_drain(const struct call *call)
{
	struct err e;
	const int rc = drain(call, &e);

	if (rc < 0)
		return print_failure(e.kind == ERR_INPUT ? FRONT_USAGE : FRONT_FAILED,
				     &e);
	return rc == 0 ? FRONT_DONE : FRONT_NOT_NOW;
}

const struct command command_drain = {
    .name = "drain",
    .arguments = "[off]",
    .summary = "end all sending at the next block, begin nothing new",
    .text = "For maintenance: what is being sent is suspended at its next block, with\n"
	    "what the site acknowledged kept; what is being published goes on to its "
	    "end;\n"
	    "nothing new is begun until `drain off`, also after a restart.",
    .options = drain_options,
    .examples = "  lansender drain --wait && systemctl restart lansender\n"
		"  lansender drain off\n",
    .exits = "  0  done; with --wait: nothing is being sent any more\n  1  failed\n"
	     "  2  wrong usage\n  3  with --wait: interrupted; it stays drained\n",
    .arguments_max = 1,
    .run = run_drain,
};

/* --- for how long ----------------------------------------------------------------- */

/* "for 2h", "until 22:00" at arguments[at], and no more; or nothing, when may_end. */
static int
read_until(const struct call *call, int at, bool may_end, struct outbox_override *v,
	   struct err *e)
{
	AUTO_FREE char *text = NULL;
	const int left = call->argument_count - at;
	bool is_for;

	if (left == 0 && may_end)
		return 0;
	if (left != 2 || (!str_eq(call->arguments[at], "for") &&
			  !str_eq(call->arguments[at], "until")))
		return err_set(e, ERR_INPUT, 0,
			       "say for how long: `for 2h` or `until 22:00`%s",
			       may_end ? ", or nothing at all" : "");
	is_for = str_eq(call->arguments[at], "for");
	text = mem_printf("%s%s", is_for ? "+" : "", call->arguments[at + 1]);
	if (when_parse(text, v->set_at_ms, &v->until_at_ms, e) < 0)
		return is_for
			   ? err_set(e, ERR_INPUT, 0,
				     "for \"%s\" is no length of time: type it as in "
				     "`for 30min`, `for 2h`, `for 1d`",
				     call->arguments[at + 1])
			   : -1;
	if (v->until_at_ms <= v->set_at_ms)
		return err_set(e, ERR_INPUT, 0, "%s \"%s\" is over already",
			       call->arguments[at], call->arguments[at + 1]);
	return 0;
}

static const char *
until_words(const struct outbox_override *v, char *buf, size_t room)
{
	char at[24];

	(void)snprintf(buf, room,
		       v->until_at_ms ? "until %s" : "until it is taken back",
		       print_at(v->until_at_ms, at, sizeof(at)));
	return buf;
}

/* --- open ------------------------------------------------------------------------- */

static int
open_sites(const struct call *call, const struct targets *t, struct outbox_override *v,
	   bool set, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	json_t *answer = NULL;

	if (place_open_outbox(call, &o, e) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		AUTO_FREE char *words = NULL;
		char until[64];

		str_copy_cut(v->what, sizeof(v->what), t->sites[i]);
		if (keep(o, v, set, e) < 0)
			return -1;
		words = set ? mem_printf("site %s is open %s", v->what,
					 until_words(v, until, sizeof(until)))
			    : mem_printf("site %s keeps to its schedule", v->what);
		say(call, v, set, words);
	}
	if (tell(call, &answer, e) < 0)
		return -1;
	json_decref(answer);
	return 0;
}

/* 1: it was, and is taken back; 0: look into the configuration; -1. */
static int
close_ordered(const struct call *call, struct outbox_override *v, struct err *e)
{
	char name[OUTBOX_NODE_ROOM];
	const char *site = name;
	const struct targets one = {.sites = &site, .count = 1};
	int rc;

	str_copy_cut(v->what, sizeof(v->what), call->arguments[0]);
	rc = find_ordered(call, v, e);
	str_copy_cut(name, sizeof(name), v->what);
	return rc > 0 && open_sites(call, &one, v, false, e) < 0 ? -1 : rc;
}

static int
run_open(const struct call *call)
{
	const bool set = !is_off(call, 1);
	struct outbox_override v = {.kind = OUTBOX_OPEN,
				    .set_at_ms = clock_wall_ms(clock_real())};
	AUTO_CONFIG struct config *config = NULL;
	AUTO_TARGETS struct targets t = {0};
	struct err e;
	const int rc = set ? 0 : close_ordered(call, &v, &e);

	if (rc != 0)
		return rc < 0 ? print_failure(FRONT_FAILED, &e) : FRONT_DONE;
	if (place_load_config(call, &config, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	if (targets_parse(call->arguments[0], config, &t, &e) < 0 ||
	    (set && read_until(call, 1, false, &v, &e) < 0))
		return print_failure(FRONT_USAGE, &e);
	return open_sites(call, &t, &v, set, &e) < 0 ? print_failure(FRONT_FAILED, &e)
						     : FRONT_DONE;
}

const struct command command_open = {
    .name = "open",
    .arguments = "SITE[,SITE...]|@GROUP off|for TIME|until TIME",
    .summary = "open sites for a while, whatever their schedule says",
    .text = "Opens all addresses of a site for all priorities until then; `off` takes\n"
	    "it back.  Rates and site holds count as always.  A restart keeps it.",
    .examples = "  lansender open MS1 for 2h\n  lansender open @EAST until 22:00\n"
		"  lansender open MS1 off\n",
    .arguments_min = 2,
    .arguments_max = 3,
    .run = run_open,
};

/* --- limit ------------------------------------------------------------------------ */

static const char *
find_line(const struct config *config, const char *typed)
{
	const struct config_line *line = config_line(config, typed);

	return line ? line->name : NULL;
}

static const char *
find_address(const struct config *config, const char *typed)
{
	for (size_t i = 0; i < config->site_count; i++)
		for (size_t k = 0; k < config->sites[i].address_count; k++)
			if (str_eq_nocase(config->sites[i].addresses[k].section, typed))
				return config->sites[i].addresses[k].section;
	return NULL;
}

/* The one site -> its code. */
static int
find_site(const struct config *config, const char *typed, const char **code,
	  struct err *e)
{
	AUTO_TARGETS struct targets t = {0};

	if (targets_parse(typed, config, &t, e) < 0)
		return -1;
	if (t.count != 1)
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\": a limit is of one site, `line NAME`, `address "
			       "NAME` or `all`",
			       typed);
	*code = t.sites[0];
	return 0;
}

/* "all", "line NAME", "address MS1.1" or a site -> its node, spelled as in the
 * configuration, since the sender looks for that; *at: what follows. */
static int
read_node(const struct call *call, const struct config *config,
	  struct outbox_override *v, int *at, struct err *e)
{
	const char *kind = call->arguments[0], *typed = call->arguments[1], *name;

	*at = 1;
	if (str_eq(kind, "all")) {
		str_copy_cut(v->what, sizeof(v->what), kind);
		return 0;
	}
	if (str_eq(kind, "line") || str_eq(kind, "address")) {
		*at = 2;
		name = str_eq(kind, "line") ? find_line(config, typed)
					    : find_address(config, typed);
		if (!name)
			return err_set(e, ERR_INPUT, 0,
				       "there is no [%s %s] in the configuration", kind,
				       typed);
	} else {
		if (find_site(config, kind, &name, e) < 0)
			return -1;
		kind = "site";
	}
	(void)snprintf(v->what, sizeof(v->what), "%s %s", kind, name);
	return 0;
}

static int
read_limit(const struct call *call, const struct config *config,
	   struct outbox_override *v, bool *set, struct err *e)
{
	const char *rate;
	int at = 0;

	if (read_node(call, config, v, &at, e) < 0)
		return -1;
	rate = at < call->argument_count ? call->arguments[at] : "";
	*set = !str_eq(rate, "off");
	if (!*set && at + 1 < call->argument_count)
		return err_set(e, ERR_INPUT, 0,
			       "off takes it back at once: type nothing behind it");
	if (!*set)
		return 0;
	if (str_eq(rate, "unlimited"))
		v->value = CONFIG_RATE_UNLIMITED;
	else if (num_rate(rate, &v->value) < 0 || v->value < CONFIG_RATE_MIN)
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is no rate: type 512kbit/s, 2MB/s (1kbit/s at "
			       "least), unlimited or off",
			       rate);
	return read_until(call, at + 1, true, v, e);
}

static int
limit(const struct call *call, const struct outbox_override *v, bool set, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	AUTO_FREE char *words = NULL;
	json_t *answer = NULL;
	char until[64];

	if (place_open_outbox(call, &o, e) < 0 || keep(o, v, set, e) < 0 ||
	    tell(call, &answer, e) < 0)
		return -1;
	json_decref(answer);
	words = set ? mem_printf("%s: %s %s", v->what,
				 v->value == CONFIG_RATE_UNLIMITED ? "unlimited"
								   : "limited",
				 until_words(v, until, sizeof(until)))
		    : mem_printf("%s: as the configuration says", v->what);
	say(call, v, set, words);
	return 0;
}

/* As close_ordered(); 0 as well when that is not what was typed. */
static int
lift_ordered(const struct call *call, struct outbox_override *v, struct err *e)
{
	const char *kind = call->arguments[0];
	const bool is_pair = str_eq(kind, "line") || str_eq(kind, "address");
	int rc;

	if (!is_off(call, is_pair ? 2 : 1))
		return 0;
	if (is_pair)
		(void)snprintf(v->what, sizeof(v->what), "%s %s", kind,
			       call->arguments[1]);
	else
		(void)snprintf(v->what, sizeof(v->what), "%s%s",
			       str_eq(kind, "all") ? "" : "site ", kind);
	rc = find_ordered(call, v, e);
	return rc > 0 && limit(call, v, false, e) < 0 ? -1 : rc;
}

static int
run_limit(const struct call *call)
{
	struct outbox_override v = {.kind = OUTBOX_LIMIT,
				    .set_at_ms = clock_wall_ms(clock_real())};
	AUTO_CONFIG struct config *config = NULL;
	bool set = true;
	struct err e;
	const int rc = lift_ordered(call, &v, &e);

	if (rc != 0)
		return rc < 0 ? print_failure(FRONT_FAILED, &e) : FRONT_DONE;
	if (place_load_config(call, &config, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	if (read_limit(call, config, &v, &set, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	return limit(call, &v, set, &e) < 0 ? print_failure(FRONT_FAILED, &e)
					    : FRONT_DONE;
}

const struct command command_limit = {
    .name = "limit",
    .arguments = "SITE|line NAME|address NAME|all RATE|off [for TIME|until TIME]",
    .summary = "limit a rate now, in place of the configuration's",
    .text = "The rate that is given counts in place of what the configuration says,\n"
	    "until it is taken back with `off` or its time is over.  What is being "
	    "sent\n"
	    "follows within a second.  A budget that is spent stays spent.  A restart\n"
	    "keeps it.",
    .examples = "  lansender limit MS1 512kbit/s for 2h\n"
		"  lansender limit line south 2MB/s\n  lansender limit all off\n",
    .arguments_min = 2,
    .arguments_max = 5,
    .run = run_limit,
};
