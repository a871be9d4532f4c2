/* Option tables: parsing, refusals, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "front/command.h"

enum { OPTION_LEVEL, OPTION_FLAG };
static const struct command_option options[] = {
    [OPTION_LEVEL] = {"level", "LEVEL", "how high", 'l'},
    [OPTION_FLAG] = {"flag", NULL, "yes or no", 0},
    {0},
};

static int
run(const struct call *call)
{
	(void)call;
	return 0;
}

static const struct command command_test = {
    .name = "test",
    .arguments = "SITE [PATH]",
    .summary = "for tests",
    .text = "Tests.",
    .options = options,
    .arguments_min = 1,
    .arguments_max = 2,
    .run = run,
};

enum { WORDS_MAX = 8 };

/* Words of `line` as argv[1...]; the texts live as long as the program. */
static int
parse(const char *line, struct call *call, struct err *e)
{
	static char text[256];
	static char *argv[WORDS_MAX + 2];
	int argc = 0;

	str_copy_cut(text, sizeof(text), line);
	argv[argc++] = text + strlen(text); /* "" stands for the name */
	for (char *p = text; *p; p++) {
		if (*p == ' ')
			*p = '\0';
		else if (p == text || p[-1] == '\0')
			argv[argc++] = p;
	}
	argv[argc] = NULL;
	*call = (struct call){0};
	return command_parse(&command_test, argc, argv, call, e);
}

static void
test_parsed(void **state)
{
	struct call call;
	struct err e = {0};

	(void)state;
	assert_int_equal(parse("MS1 --level high --flag ./x", &call, &e), 1);
	assert_string_equal(call.value[OPTION_LEVEL], "high");
	assert_string_equal(call.value[OPTION_FLAG], "");
	assert_int_equal(call.argument_count, 2);
	assert_string_equal(call.arguments[0], "MS1");
	assert_string_equal(call.arguments[1], "./x");
	assert_false(call.json);

	assert_int_equal(parse("-l low --json --state /s --config=/c MS1", &call, &e),
			 1);
	assert_string_equal(call.value[OPTION_LEVEL], "low");
	assert_null(call.value[OPTION_FLAG]);
	assert_true(call.json);
	assert_string_equal(call.state, "/s");
	assert_string_equal(call.config, "/c");
	assert_int_equal(call.argument_count, 1);

	assert_int_equal(parse("-- --level", &call, &e), 1);
	assert_string_equal(call.arguments[0], "--level");
	assert_int_equal(parse("--help", &call, &e), 0);
	assert_int_equal(parse("--help --json", &call, &e), 0);
	assert_true(call.json);
	assert_int_equal(parse("MS1 -h", &call, &e), 0);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
	    {"", "something is missing: usage: lansender test [OPTIONS] SITE [PATH]"},
	    {"a b c", "too much: \"c\"; usage: lansender test [OPTIONS] SITE [PATH]"},
	    {"a --levle high", "unknown option --levle: did you mean --level? "
			       "`lansender test --help` lists them"},
	    {"a --jsno", "unknown option --jsno: did you mean --json? "
			 "`lansender test --help` lists them"},
	    {"a --quite-other=1", "unknown option --quite-other=1; "
				  "`lansender test --help` lists them"},
	    {"a -x", "unknown option -x; `lansender test --help` lists them"},
	    {"a --level", "option --level wants a value"},
	    {"a -l", "option -l wants a value"},
	    {"a --state=", "option --state is empty: name a folder, or leave it out"},
	    {"a --config=", "option --config is empty: name a file, or leave it out"},
	    {"a --flag=yes", "option --flag=yes takes no value"},
	};
	struct call call;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		assert_int_equal(parse(rows[i].line, &call, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, rows[i].message);
	}
}

static void
test_help(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	command_help(&command_test, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "usage: lansender test [OPTIONS] SITE [PATH]\n"));
	assert_non_null(strstr(text, "  -l, --level LEVEL            how high\n"));
	assert_non_null(strstr(text, "      --flag                   yes or no\n"));
	assert_non_null(strstr(text, "      --state FOLDER "));
	assert_non_null(strstr(text, "exit codes:\n  0  done\n"));
	mem_free(text);
}

static void
test_nearest(void **state)
{
	static const char *const names[] = {"send", "put", "list", "log", NULL};
	static const struct {
		const char *typed, *want;
	} rows[] = {
	    {"sned", "send"}, {"lsit", "list"}, {"lgo", "log"},
	    {"xyz", NULL},    {"", NULL},       {"publish", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = command_nearest(rows[i].typed, names);

		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
		else
			assert_null(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parsed),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_help),
	    cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
