/* Each algorithm is tried, works, and is named; how fast is no matter here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/str.h"
#include "smb/smb.h"

struct seen {
	struct str names;
	struct stop *stop; /* thrown after the first; NULL: never */
};

static void
each(void *self, const struct smb_speed *speed)
{
	struct seen *s = self;

	if (speed->trouble)
		fail_msg("%s: %s", speed->name, speed->trouble->text);
	assert_true(speed->bytes_per_s > 0);
	str_addf(&s->names, "%s %s\n", speed->is_cipher ? "cipher" : "signature",
		 speed->name);
	if (s->stop)
		stop_throw(s->stop);
}

static void
test_all_work(void **state)
{
	struct seen s = {0};
	struct err e;

	(void)state;
	assert_int_equal(smb_measure_crypto(0, NULL, each, &s, &e), 0);
	assert_string_equal(
	    str_text(&s.names),
	    "cipher AES-128-GCM\ncipher AES-256-GCM\ncipher AES-128-CCM\n"
	    "cipher AES-256-CCM\nsignature AES-GMAC\nsignature AES-CMAC\n"
	    "signature HMAC-SHA256\n");
	str_done(&s.names);
}

static void
test_stop(void **state)
{
	struct seen s = {.stop = stop_new()};
	struct err e;

	(void)state;
	assert_int_equal(smb_measure_crypto(0, s.stop, each, &s, &e), -1);
	assert_int_equal(e.kind, ERR_STOP);
	assert_string_equal(str_text(&s.names), "cipher AES-128-GCM\n");
	str_done(&s.names);
	stop_free(s.stop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_work),
					   cmocka_unit_test(test_stop)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
