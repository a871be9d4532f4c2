/* tickets.c: how long a ticket is good for another log-on, and what is kept.  With a
 * KDC: tests/smb/test_kerberos.c. */
#include "smb/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <krb5.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static void
fresh_aging_spent(void **state)
{
	static const struct {
		int64_t lasts_ms, age_ms;
		enum ticket_state state;
	} rows[] = {
	    {10 * HOUR_MS, 0, TICKET_FRESH},
	    /* a quarter and 5 min before the end: 2 h 35 min */
	    {10 * HOUR_MS, 445 * MINUTE_MS - 1, TICKET_FRESH},
	    {10 * HOUR_MS, 445 * MINUTE_MS, TICKET_AGING},
	    {10 * HOUR_MS, 10 * HOUR_MS - 1, TICKET_AGING},
	    {10 * HOUR_MS, 10 * HOUR_MS, TICKET_SPENT},
	    {10 * HOUR_MS, 100 * HOUR_MS, TICKET_SPENT},
	    /* too short for clocks that differ */
	    {6 * MINUTE_MS, 0, TICKET_AGING},
	    {7 * MINUTE_MS, 0, TICKET_FRESH},
	    {1, 0, TICKET_AGING},
	    {0, 0, TICKET_SPENT},
	    {-HOUR_MS, 0, TICKET_SPENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ticket_state(rows[i].lasts_ms, rows[i].age_ms),
				 rows[i].state);
}

/* A cache of u@R.TEST with a ticket for tickets that lasts so long from 1970 on. */
static void
make(char name[TICKETS_NAME_ROOM], krb5_timestamp lasts_s)
{
	krb5_creds creds = {
	    .times = {.authtime = 100, .starttime = 100, .endtime = 100 + lasts_s}};
	krb5_context context;
	krb5_ccache cache;

	tickets_name(name);
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_parse_name(context, "u@R.TEST", &creds.client), 0);
	assert_int_equal(
	    krb5_parse_name(context, "krbtgt/R.TEST@R.TEST", &creds.server), 0);
	assert_int_equal(krb5_cc_resolve(context, name, &cache), 0);
	assert_int_equal(krb5_cc_initialize(context, cache, creds.client), 0);
	assert_int_equal(krb5_cc_store_cred(context, cache, &creds), 0);
	krb5_free_cred_contents(context, &creds);
	(void)krb5_cc_close(context, cache);
	krb5_free_context(context);
}

static void
keep(const char *key, krb5_timestamp lasts_s, int64_t now_ms)
{
	char name[TICKETS_NAME_ROOM];

	make(name, lasts_s);
	tickets_keep(key, now_ms, name);
	assert_string_equal(name, "");
}

static bool
copies(const char *key, enum ticket_state worst, int64_t now_ms)
{
	char name[TICKETS_NAME_ROOM];
	bool is_spent, done;

	tickets_name(name);
	done = tickets_copy(key, worst, now_ms, name);
	/* 1970: spent by the time that Kerberos has */
	assert_int_equal(tickets_end(name, &is_spent) > 0, done);
	assert_int_equal(is_spent, done);
	tickets_destroy(name);
	assert_int_equal(tickets_end(name, &is_spent), 0);
	return done;
}

static void
kept_and_copied(void **state)
{
	enum { NOW = 5000 };

	(void)state;
	assert_int_equal(tickets_state("a", NOW), TICKET_SPENT);
	assert_false(copies("a", TICKET_AGING, NOW));
	keep("a", 36000, NOW);
	keep("b", 60, NOW);
	assert_int_equal(tickets_state("a", NOW), TICKET_FRESH);
	assert_int_equal(tickets_state("b", NOW), TICKET_AGING);
	assert_int_equal(tickets_state("c", NOW), TICKET_SPENT);
	assert_true(copies("a", TICKET_FRESH, NOW));
	assert_true(copies("a", TICKET_FRESH, NOW)); /* still there */
	assert_false(copies("b", TICKET_FRESH, NOW));
	assert_true(copies("b", TICKET_AGING, NOW));

	/* nobody to ask */
	tickets_put_off("b", NOW + 30000);
	tickets_put_off("c", NOW + 30000);
	assert_int_equal(tickets_state("b", NOW + 29999), TICKET_FRESH);
	assert_int_equal(tickets_state("b", NOW + 30000), TICKET_AGING);
	assert_int_equal(tickets_state("b", NOW + 60000), TICKET_SPENT);
	assert_false(copies("b", TICKET_AGING, NOW + 60000));

	/* it is not what is wanted, though fresh */
	tickets_age("a");
	tickets_age("c");
	assert_int_equal(tickets_state("a", NOW), TICKET_AGING);
	assert_true(copies("a", TICKET_AGING, NOW));
	tickets_put_off("a", NOW + 30000);
	assert_int_equal(tickets_state("a", NOW + 29999), TICKET_FRESH);
	assert_int_equal(tickets_state("a", NOW + 30000), TICKET_AGING);
	keep("a", 36000, NOW);
	assert_int_equal(tickets_state("a", NOW), TICKET_FRESH);

	/* a newer one takes its place */
	keep("b", 36000, NOW + 60000);
	assert_int_equal(tickets_state("b", NOW + 60000), TICKET_FRESH);
	assert_int_equal(tickets_state("a", NOW + 60000), TICKET_FRESH);
	tickets_drop("b");
	tickets_drop("c");
	assert_false(copies("b", TICKET_AGING, NOW + 60000));
	assert_true(copies("a", TICKET_AGING, NOW + 60000));

	/* what has expired goes when another one comes */
	keep("c", 36000, NOW + 36000 * 1000);
	assert_int_equal(tickets_state("a", NOW), TICKET_SPENT);
	tickets_drop("c");
}

static void
no_such_cache(void **state)
{
	char name[TICKETS_NAME_ROOM] = "";
	bool is_spent = true;

	(void)state;
	tickets_destroy("");
	tickets_keep("x", 0, name);
	assert_int_equal(tickets_state("x", 0), TICKET_SPENT);
	tickets_drop("x");
	assert_int_equal(tickets_end("FILE:/nonexistent/cache", &is_spent), 0);
	assert_false(is_spent);
	assert_int_equal(tickets_end("NONSENSE:", &is_spent), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fresh_aging_spent),
	    cmocka_unit_test(kept_and_copied),
	    cmocka_unit_test(no_such_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
