/* bad.h - a table of files that are refused, each with the whole message. */
#ifndef TESTS_CONFIG_BAD_H
#define TESTS_CONFIG_BAD_H

#include <string.h>

#include "config/build.h"

struct bad {
	const char *text, *says;
};

/* Every row is refused as "t.conf", in exactly these words. */
static inline void
all_refused(const struct bad *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config *c = NULL;
		struct err e = {0};

		if (config_from_bytes("t.conf", rows[i].text, strlen(rows[i].text), &c,
				      &e) == 0)
			fail_msg("taken: %s", rows[i].text);
		assert_null(c);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, rows[i].says);
	}
}

/* Understood, or the test fails with what was said. */
static inline struct config *
must_load(const char *text)
{
	struct config *c = NULL;
	struct err e;

	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

#endif
