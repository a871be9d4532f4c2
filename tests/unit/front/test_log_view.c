/* Lines of the sender log, chosen and rendered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "front/log_view.h"

static void
test_holds(void **state)
{
	static const struct {
		const char *context, *key, *value;
		bool want;
	} rows[] = {
	    {"request=8 site=MS1", "request", "8", true},
	    {"request=8 site=MS1", "site", "ms1", true},
	    {"request=88 site=MS1", "request", "8", false},
	    {"request=8 site=MS10", "site", "MS1", false},
	    {"xrequest=8", "request", "8", false},
	    {"", "request", "8", false},
	    {"  request=8", "request", "8", true},
	    {"request", "request", "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    log_view_holds(rows[i].context, rows[i].key, rows[i].value),
		    rows[i].want);
}

static void
feed(struct log_view *v, int id, const char *text, const char *context)
{
	AUTO_STR struct str line = {0};
	const struct log_event ev = {.id = id,
				     .level = LOG_LEVEL_INFO,
				     .at_ms = 1000,
				     .thread = 1,
				     .component = "SMS_LAN_SENDER",
				     .text = text,
				     .context = context};

	log_render(&ev, LOG_FORM_CMTRACE, &line);
	line.s[line.len - 1] = '\0';
	log_view_line(v, str_text(&line));
}

/* What is printed of four lines, the third of which is not ours. */
static char *
shown(const struct log_view_options *o)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct log_view *v = log_view_new(o, out);

	feed(v, 1, "one", "request=1 site=MS1");
	feed(v, 2, "two", "request=2 site=MS1");
	log_view_line(v, "\x1B[2J not ours");
	feed(v, 4, "four", "request=1 site=MS2");
	log_view_free(v);
	(void)fclose(out);
	return text;
}

static void
test_chosen(void **state)
{
	static const struct {
		struct log_view_options o;
		const char *want[5]; /* pieces, in that order; NULL ends   */
		const char *absent;  /* what must not be there; NULL: none */
	} rows[] = {
	    {{.form = LOG_FORM_TEXT},
	     {"one\n", "two\n", "?[2J not ours\n", "four\n"},
	     "LOG["},
	    {{.form = LOG_FORM_TEXT, .last = 2}, {"?[2J not ours\n", "four\n"}, "two"},
	    {{.form = LOG_FORM_TEXT, .last = 9}, {"one\n", "four\n"}, NULL},
	    {{.form = LOG_FORM_TEXT, .request = "1"}, {"one\n", "four\n"}, "two"},
	    {{.form = LOG_FORM_TEXT, .site = "ms1"}, {"one\n", "two\n"}, "four"},
	    {{.form = LOG_FORM_TEXT, .site = "MS1", .last = 1}, {"two\n"}, "one"},
	    {{.form = LOG_FORM_JSON, .request = "2"},
	     {"{\"at\":\"1970-01-01T00:00:01.000Z\",\"id\":2,"},
	     "ours"},
	    {{.form = LOG_FORM_CMTRACE}, {"<![LOG[one]LOG]!>", "<![LOG[two"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = shown(&rows[i].o);
		const char *at = text;

		for (size_t n = 0; at && rows[i].want[n]; n++) {
			at = strstr(at, rows[i].want[n]);
			if (!at)
				fail_msg("row %zu: no \"%s\" in: %s", i,
					 rows[i].want[n], text);
			else
				at += strlen(rows[i].want[n]);
		}
		if (rows[i].absent)
			assert_false(text && strstr(text, rows[i].absent));
		mem_free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_holds),
	    cmocka_unit_test(test_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
