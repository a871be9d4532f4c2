/* lansender.conf(5) says of every key what the table says: values, default, sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "config/keys.h"

/* Lines joined, and \e back to a backslash: the text as a reader sees it. */
static void
add_plain(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			str_add_char(out, ' ');
		} else if (text[i] == '\\' && i + 1 < len && text[i + 1] == 'e') {
			str_add_char(out, '\\');
			i++;
		} else {
			str_add_char(out, text[i]);
		}
	}
}

/* What the manual says below ".It Ic KEY" of ".Ss [SECTION". */
static void
entry_of(const char *manual, const struct key *k, struct str *out)
{
	AUTO_FREE char *heading = mem_printf("\n.Ss [%s", key_section_name(k->section));
	AUTO_FREE char *item = mem_printf("\n.It Ic %s\n", k->name);
	const char *section = strstr(manual, heading);
	const char *end = section ? strstr(section + 1, "\n.El\n") : NULL;
	const char *entry = section ? strstr(section, item) : NULL;
	const char *next;

	if (!end || !entry || entry > end) {
		fail_msg("[%s] %s is not in the manual", key_section_name(k->section),
			 k->name);
		return;
	}
	entry += strlen(item);
	next = strstr(entry, "\n.It ");
	add_plain(out, entry, (size_t)((next && next < end ? next : end) - entry));
}

static void
every_key_is_in_the_manual(void **state)
{
	AUTO_FREE char *manual = NULL;
	size_t len;
	struct err e;

	(void)state;
	if (path_read_file(MANUAL, 1 << 20, ERR_INPUT, &manual, &len, &e) < 0)
		fail_msg("%s", e.text);
	for (const struct key *k = keys; k->name; k++) {
		AUTO_STR struct str says = {0}, want = {0};
		char range[KEY_RANGE_ROOM];

		entry_of(manual, k, &says);
		str_addf(&want, "%s Values: %s.", k->sentence,
			 key_range(k, range, sizeof(range)));
		if (k->standard && k->standard[0])
			str_addf(&want, " Default: %s.", k->standard);
		assert_string_equal(str_text(&says), str_text(&want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
