/* command.h - a subcommand as a table: what it is called, what it takes, what it says
 * about itself.  Parsing and --help come from the same table.  Main thread only. */
#ifndef FRONT_COMMAND_H
#define FRONT_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

enum { /* exit codes: design, section 7 */
       FRONT_DONE = 0,
       FRONT_FAILED = 1,
       FRONT_USAGE = 2,
       FRONT_NOT_NOW = 3,
};

struct command_option {
	const char *name;  /* "priority"; NULL ends a table                          */
	const char *value; /* "LEVEL"; NULL: a flag                                  */
	const char *help;
	char letter; /* 'n'; 0: none                                           */
};

enum { COMMAND_OPTIONS_MAX = 16, COMMAND_ANY_NUMBER = -1 };

/* What was typed, understood.  Strings are borrowed from argv and the environment. */
struct call {
	const struct command *command;
	const char *value[COMMAND_OPTIONS_MAX]; /* by the order of the command's table:
						 * NULL: not given; a flag: ""       */
	char **arguments;
	int argument_count;
	const char *config; /* --config; NULL: not given                           */
	const char *state;  /* --state; NULL: not given                            */
	bool json;
};

struct command {
	const char *name;
	const char *arguments; /* "SITE[,SITE...]|@GROUP PATH" */
	const char *summary;   /* half a line, for `lansender --help`                */
	const char *text;      /* what it does, lines of at most 78 characters       */
	const struct command_option *options; /* NULL: none */
	const char *examples; /* lines, indented by two blanks; or NULL */
	const char *exits;    /* likewise; NULL: 0, 1, 2 as usual */
	int arguments_min, arguments_max;
	int (*run)(const struct call *call); /* returns the exit code */
};

/* Parse what follows the subcommand's name (argv[0]) into *call, which may hold global
 * options already.  1: run it; 0: --help was given; -1: ERR_INPUT. */
int command_parse(const struct command *c, int argc, char **argv, struct call *call,
		  struct err *e) MUST_USE;

/* Options before the subcommand.  *at: which of argv is the subcommand (argc: none).
 * 1, 0 (--help), 2 (--version), -1. */
int command_parse_global(int argc, char **argv, int *at, struct call *call,
			 struct err *e) MUST_USE;

void command_help(const struct command *c, FILE *out);
/* The same for programs; the options that go everywhere are left out.  Yours. */
json_t *command_help_json(const struct command *c) MUST_USE;
/* The lines about options that every subcommand takes. */
void command_help_global(FILE *out);

/* The one of `names` (NULL ends) that is most like what was typed; NULL: none is. */
const char *command_nearest(const char *typed, const char *const *names);

#endif
