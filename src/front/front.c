#include "front/front.h"

#include <stdlib.h>
#include <string.h>

#include "front/command.h"
#include "front/commands.h"
#include "front/place.h"
#include "front/print.h"
#include "smb/smb.h"

static int run_help(const struct call *call);

static const struct command command_help_about = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "say how a command is used",
    .text = "The same as `lansender COMMAND --help`.",
    .examples = "  lansender help send\n",
    .arguments_max = 1,
    .run = run_help,
};

/* In the order in which --help lists them. */
static const struct command *const commands[] = {
    &command_send,    &command_put,        &command_list,     &command_show,
    &command_why,     &command_simulate,   &command_log,      &command_hold,
    &command_release, &command_cancel,     &command_retry,    &command_priority,
    &command_sites,   &command_status,     &command_drain,    &command_open,
    &command_limit,   &command_check,      &command_selftest, &command_run,
    &command_reload,  &command_help_about,
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *typed)
{
	const char *names[COUNT(commands) + 1];
	const char *near;
	struct err e;

	for (size_t i = 0; i < COUNT(commands); i++)
		names[i] = commands[i]->name;
	names[COUNT(commands)] = NULL;
	near = command_nearest(typed, names);
	(void)err_set(&e, ERR_INPUT, 0,
		      "unknown command \"%s\"%s%s%s `lansender --help` lists them",
		      typed, near ? ": did you mean " : "", near ? near : "",
		      near ? "?" : ";");
	return print_failure(FRONT_USAGE, &e);
}

static void
print_overview(FILE *out)
{
	(void)fputs("usage: lansender [--config FILE] [--state FOLDER] COMMAND ...\n\n"
		    "Carries packages (a file or a folder tree) to remote sites over "
		    "SMB shares.\n\ncommands:\n",
		    out);
	for (size_t i = 0; i < COUNT(commands); i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i]->name,
			      commands[i]->summary);
	(void)fputs("\neverywhere:\n", out);
	command_help_global(out);
	(void)fputs("      --version                print the version\n\n"
		    "exit codes: 0 done, 1 failed, 2 wrong usage, 3 not now\n\n"
		    "Environment: LANSENDER_CONFIG, LANSENDER_STATE.  "
		    "More in lansender(1).\n",
		    out);
}

static void
say_overview(const struct call *call)
{
	if (!call->json)
		print_overview(stdout);
	for (size_t i = 0; call->json && i < COUNT(commands); i++)
		print_json(command_help_json(commands[i]));
}

static void
say_help(const struct command *c, const struct call *call)
{
	if (call->json)
		print_json(command_help_json(c));
	else
		command_help(c, stdout);
}

static int
run_help(const struct call *call)
{
	const struct command *c;

	if (call->argument_count == 0) {
		say_overview(call);
		return FRONT_DONE;
	}
	c = find_command(call->arguments[0]);
	if (!c)
		return unknown_command(call->arguments[0]);
	say_help(c, call);
	return FRONT_DONE;
}

static int
run_command(int argc, char **argv, struct call *call)
{
	const struct command *c = find_command(argv[0]);
	struct err e;
	int rc;

	if (!c)
		return unknown_command(argv[0]);
	rc = command_parse(c, argc, argv, call, &e);
	if (rc < 0)
		return print_failure(FRONT_USAGE, &e);
	if (rc == 0) {
		say_help(c, call);
		return FRONT_DONE;
	}
	if (place_check_config(call, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	return c->run(call);
}

static void
print_version(const struct call *call)
{
	json_t *o;

	if (!call->json) {
		print_line("lansender %s", LANSENDER_VERSION);
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "program", print_json_text("lansender"));
	(void)json_object_set_new(o, "version", print_json_text(LANSENDER_VERSION));
	print_json(o);
}

static int
run_all(int argc, char **argv)
{
	struct call call = {0};
	struct err e;
	int at, rc = command_parse_global(argc, argv, &at, &call, &e);

	if (rc < 0)
		return print_failure(FRONT_USAGE, &e);
	if (rc == 0)
		say_overview(&call);
	else if (rc == 2)
		print_version(&call);
	else if (at < argc)
		return run_command(argc - at, argv + at, &call);
	else
		print_overview(stderr);
	return rc == 1 ? FRONT_USAGE : FRONT_DONE;
}

/* What could not be printed (a full disk behind `>`) is not done. */
static int
flush_output(int code)
{
	struct err e;

	if (print_flush(&e) == 0)
		return code;
	if (code != FRONT_DONE)
		return print_failure(code, &e);
	(void)err_wrap(&e, "all was done, but not all of it was said");
	return print_failure(FRONT_FAILED, &e);
}

int
front_main(int argc, char **argv)
{
	int code;

	smb_prepare();
	code = flush_output(run_all(argc, argv));
	if (smb_still_out() > 0)
		quick_exit(code);
	return code;
}
