/* The table agrees with itself: what it calls a default or an example is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/value.h"
#include "config/week.h"

/* Set one value of a key in a struct of its section that is thrown away. */
static int
try_value(const struct key *k, const char *text, struct err *e)
{
	struct config *c = config_default();
	struct config_site site = {0};
	struct config_line line = {0};
	struct config_address a;
	int rc = 0;

	config_address_default(&a);
	if (k->type == KEY_SHARE)
		rc = address_parse("DSSMS", 5, &a.where, e);
	assert_int_equal(rc, 0);
	if (k->section == KEY_SENDER)
		rc = value_set(k, text, &c->sender, e);
	else if (k->section == KEY_LINE)
		rc = value_set(k, text, &line, e);
	else if (k->section == KEY_SITE)
		rc = value_set(k, text, &site, e);
	else if (k->section == KEY_ADDRESS)
		rc = value_set(k, text, &a, e);
	config_address_done(&a);
	config_free(c);
	week_done(&line.limits.rate);
	week_done(&site.limits.rate);
	mem_free(site.line_name);
	mem_free(site.description);
	return rc;
}

static void
every_example_is_taken(void **state)
{
	struct err e;

	(void)state;
	for (const struct key *k = keys; k->name; k++)
		if (try_value(k, k->example, &e) < 0 ||
		    (k->standard && try_value(k, k->standard, &e) < 0))
			fail_msg("%s: %s", k->name, e.text);
}

static void
every_limit_is_taken_and_zero_is_not(void **state)
{
	struct err e;

	(void)state;
	for (const struct key *k = keys; k->name; k++) {
		char range[KEY_RANGE_ROOM], *to;

		if (k->max == 0)
			continue;
		key_range(k, range, sizeof(range));
		to = strstr(range, " to ");
		assert_non_null(to);
		*to = '\0';
		to += strlen(" to ");
		to[strcspn(to, ",")] = '\0';
		if (try_value(k, range, &e) < 0 || try_value(k, to, &e) < 0)
			fail_msg("%s: %s", k->name, e.text);
		assert_int_equal(try_value(k, "0", &e), -1);
		if (strncmp(e.text, "0 is refused, because ", 22) != 0)
			fail_msg("%s: %s", k->name, e.text);
	}
}

static void
ranges_in_words(void **state)
{
	static const struct {
		enum key_section section;
		const char *name, *range;
	} rows[] = {
	    {KEY_SENDER, "max_sendings", "1 to 999"},
	    {KEY_SENDER, "retry_delay", "1s to 99min"},
	    {KEY_SENDER, "request_lifetime", "1s to 365d"},
	    {KEY_SENDER, "progress_save", "100ms to 1min"},
	    {KEY_SENDER, "log_max", "64KiB to 1TiB, or never"},
	    {KEY_ADDRESS, "signing", "required | wanted | off"},
	    {KEY_ADDRESS, "compounds", "yes | no"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char range[KEY_RANGE_ROOM];

		assert_string_equal(key_range(key_find(rows[i].section, rows[i].name),
					      range, sizeof(range)),
				    rows[i].range);
	}
}

struct told {
	size_t count;
	char second[200];
};

static void
each_key(void *self, const struct config_key *k)
{
	const char *const fields[] = {k->section, k->name, k->range, k->sentence};
	struct told *t = self;

	for (size_t i = 0; i < COUNT(fields); i++) {
		assert_true(fields[i][0] != '\0');
		assert_null(
		    strpbrk(fields[i], "\t\n")); /* scripts cut lines at these */
	}
	if (k->standard)
		assert_true(k->standard[0] != '\0');
	if (t->count++ == 1)
		(void)snprintf(t->second, sizeof(t->second), "%s|%s|%s|%s|%s",
			       k->section, k->name, k->standard, k->range, k->sentence);
}

static void
people_are_told_of_every_key(void **state)
{
	struct told t = {0};
	size_t count = 0;

	(void)state;
	config_each_key(each_key, &t);
	while (keys[count].name)
		count++;
	assert_int_equal(t.count, count);
	assert_string_equal(t.second, "sender|max_sendings|5|1 to 999|How many send "
				      "requests are under way at the same time, in "
				      "all.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_example_is_taken),
	    cmocka_unit_test(every_limit_is_taken_and_zero_is_not),
	    cmocka_unit_test(ranges_in_words),
	    cmocka_unit_test(people_are_told_of_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
