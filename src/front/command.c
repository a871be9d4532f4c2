#include "front/command.h"

#include <getopt.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "front/print.h"

enum { /* what getopt_long() returns: no character, so that letters stay free */
       CODE_COMMAND = 1000,
       CODE_CONFIG = 2000,
       CODE_STATE,
       CODE_JSON,
       CODE_HELP,
       CODE_VERSION,
};

static const struct command_option everywhere[] = {
    {"config", "FILE", "read this configuration", 0},
    {"state", "FOLDER", "keep outbox, package store and log here", 0},
    {"json", NULL, "print JSON, one object a line", 0},
    {"help", NULL, "say how it is used", 'h'},
};

enum { TABLE_MAX = COMMAND_OPTIONS_MAX + 6 };

static int
option_count(const struct command *c)
{
	int n = 0;

	while (c && c->options && c->options[n].name)
		n++;
	return n;
}

/* The command's options, then those that go everywhere, then the end. */
static void
fill_table(const struct command *c, struct option *table, struct str *letters)
{
	const int own = option_count(c);
	int n = 0;

	str_add(letters, "+:h");
	for (int i = 0; i < own; i++) {
		const struct command_option *o = &c->options[i];

		table[n++] =
		    (struct option){o->name, o->value ? required_argument : no_argument,
				    NULL, CODE_COMMAND + i};
		if (o->letter)
			str_addf(letters, "%c%s", o->letter, o->value ? ":" : "");
	}
	for (size_t i = 0; i < COUNT(everywhere); i++)
		table[n++] = (struct option){everywhere[i].name,
					     everywhere[i].value ? required_argument
								 : no_argument,
					     NULL, CODE_CONFIG + (int)i};
	if (!c)
		table[n++] =
		    (struct option){"version", no_argument, NULL, CODE_VERSION};
	table[n] = (struct option){0};
}

const char *
command_nearest(const char *typed, const char *const *names)
{
	struct nearest near = {.wanted = typed};

	for (; *names; names++)
		nearest_offer(&near, *names);
	return near.best;
}

static int
unknown_option(const struct command *c, const char *typed, const struct option *table,
	       struct err *e)
{
	const char *names[TABLE_MAX];
	char name[64];
	const char *near = NULL;
	size_t n = 0;

	for (; table[n].name; n++)
		names[n] = table[n].name;
	names[n] = NULL;
	if (str_starts(typed, "--") &&
	    str_copy_len(name, sizeof(name), typed + 2, strcspn(typed + 2, "=")) == 0)
		near = command_nearest(name, names);
	return err_set(e, ERR_INPUT, 0,
		       "unknown option %s%s%s%s `lansender%s%s --help` "
		       "lists them",
		       typed, near ? ": did you mean --" : "", near ? near : "",
		       near ? "?" : ";", c ? " " : "", c ? c->name : "");
}

/* Which option of the command has that code or letter; -1: none. */
static int
own_option(const struct command *c, int code)
{
	const int own = option_count(c);

	if (code >= CODE_COMMAND && code < CODE_COMMAND + own)
		return code - CODE_COMMAND;
	for (int i = 0; i < own; i++)
		if (c->options[i].letter && c->options[i].letter == code)
			return i;
	return -1;
}

/* Not where nothing was named: --state "$DIR" of a script whose DIR is not set would be
 * the root folder. */
static int
check_place(int code, struct err *e)
{
	if ((code != CODE_CONFIG && code != CODE_STATE) || optarg[0])
		return 0;
	return err_set(e, ERR_INPUT, 0,
		       "option --%s is empty: name a %s, or leave it out",
		       code == CODE_CONFIG ? "config" : "state",
		       code == CODE_CONFIG ? "file" : "folder");
}

/* Take over one option.  1: go on; 0: --help; 2: --version. */
static int
take(struct call *call, int code)
{
	const int own = own_option(call->command, code);

	if (own >= 0) {
		call->value[own] = optarg ? optarg : "";
		return 1;
	}
	switch (code) {
	case CODE_CONFIG:
		call->config = optarg;
		return 1;
	case CODE_STATE:
		call->state = optarg;
		return 1;
	case CODE_JSON:
		call->json = true;
		return 1;
	case CODE_VERSION:
		return 2;
	default:
		return 0;
	}
}

/* The option that getopt_long() did not understand, as it was typed. */
static void
typed_option(char **argv, char *buf, size_t room)
{
	if (optopt > 0 && optopt < CODE_COMMAND) {
		buf[0] = '-';
		buf[1] = (char)optopt;
		buf[2] = '\0';
	} else {
		str_copy_cut(buf, room, argv[optind - 1]);
	}
}

/* All options from argv[1] on, wherever they stand among the arguments when `permute`;
 * optind is then where arguments begin. */
static int
parse_options(int argc, char **argv, bool permute, struct call *call, struct err *e)
{
	struct option table[TABLE_MAX];
	AUTO_STR struct str letters = {0};
	char typed[128];
	int code, rc = 1, taken;

	fill_table(call->command, table, &letters);
	opterr = 0;
	optind = 0; /* GNU: begin anew */
	while ((code = getopt_long(argc, argv, str_text(&letters) + (permute ? 1 : 0),
				   table, NULL)) != -1) {
		typed_option(argv, typed, sizeof(typed));
		if (code == ':')
			return err_set(e, ERR_INPUT, 0, "option %s wants a value",
				       typed);
		if (code == '?' && optopt >= CODE_COMMAND)
			return err_set(e, ERR_INPUT, 0, "option %s takes no value",
				       typed);
		if (code == '?')
			return unknown_option(call->command, typed, table, e);
		if (check_place(code, e) < 0)
			return -1;
		/* --help --json: what follows still counts; the first one decides. */
		taken = take(call, code);
		rc = rc == 1 ? taken : rc;
	}
	return rc;
}

int
command_parse(const struct command *c, int argc, char **argv, struct call *call,
	      struct err *e)
{
	int rc;

	call->command = c;
	rc = parse_options(argc, argv, true, call, e);
	if (rc != 1)
		return rc;
	call->arguments = argv + optind;
	call->argument_count = argc - optind;
	if (call->argument_count < c->arguments_min)
		return err_set(e, ERR_INPUT, 0,
			       "something is missing: usage: lansender %s [OPTIONS] %s",
			       c->name, c->arguments);
	if (c->arguments_max != COMMAND_ANY_NUMBER &&
	    call->argument_count > c->arguments_max)
		return err_set(e, ERR_INPUT, 0,
			       "too much: \"%s\"; usage: lansender %s [OPTIONS]%s%s",
			       call->arguments[c->arguments_max], c->name,
			       c->arguments[0] ? " " : "", c->arguments);
	return 1;
}

int
command_parse_global(int argc, char **argv, int *at, struct call *call, struct err *e)
{
	int rc = parse_options(argc, argv, false, call, e);

	*at = optind;
	return rc;
}

static void
print_option(const struct command_option *o, FILE *out)
{
	char left[64];
	const char letter[] = {'-', o->letter, ',', ' ', '\0'};

	(void)snprintf(left, sizeof(left), "%s--%s%s%s", o->letter ? letter : "    ",
		       o->name, o->value ? " " : "", o->value ? o->value : "");
	(void)fprintf(out, "  %-28s %s\n", left, o->help);
}

void
command_help_global(FILE *out)
{
	for (size_t i = 0; i < COUNT(everywhere); i++)
		print_option(&everywhere[i], out);
}

void
command_help(const struct command *c, FILE *out)
{
	(void)fprintf(out, "usage: lansender %s [OPTIONS]%s%s\n\n%s\n", c->name,
		      c->arguments[0] ? " " : "", c->arguments, c->text);
	if (c->options) {
		(void)fputs("\noptions:\n", out);
		for (const struct command_option *o = c->options; o->name; o++)
			print_option(o, out);
	}
	(void)fputs("\neverywhere:\n", out);
	command_help_global(out);
	if (c->examples)
		(void)fprintf(out, "\nexamples:\n%s", c->examples);
	(void)fprintf(out, "\nexit codes:\n%s",
		      c->exits ? c->exits
			       : "  0  done\n  1  failed\n  2  wrong usage\n");
}

json_t *
command_help_json(const struct command *c)
{
	json_t *o = json_object(), *all = json_array();

	for (int i = 0; i < option_count(c); i++) {
		const struct command_option *from = &c->options[i];
		const char letter[] = {from->letter, '\0'};
		json_t *to = json_object();

		(void)json_object_set_new(to, "option", print_json_text(from->name));
		(void)json_object_set_new(
		    to, "letter", print_json_text(from->letter ? letter : NULL));
		(void)json_object_set_new(to, "value", print_json_text(from->value));
		(void)json_object_set_new(to, "help", print_json_text(from->help));
		(void)json_array_append_new(all, to);
	}
	(void)json_object_set_new(o, "command", print_json_text(c->name));
	(void)json_object_set_new(o, "arguments", print_json_text(c->arguments));
	(void)json_object_set_new(o, "summary", print_json_text(c->summary));
	(void)json_object_set_new(o, "options", all);
	return o;
}
