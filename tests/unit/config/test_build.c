/* What sections mean together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bad.h"
#include "base/attr.h"

static const char example[] = "# the sender\n"
			      "[sender]\n"
			      "site_code = CEN\n"
			      "max_sendings = 7\n"
			      "retry_delay = 90s\n"
			      "log_max = never\n"
			      "\n"
			      "[address MS1.20]\n"
			      "server = 10.1.2.3\n"
			      "share = SMS_SITE\n"
			      "auth = guest\n"
			      "signing = off\n"
			      "\n"
			      "[address ms1.3]\n"
			      "share = \\in\\daily\n"
			      "server = \\\\DSSMS\\in\n"
			      "connect_to = [::1]:1445\n"
			      "account = CORP\\smssend\n"
			      "password_file = /etc/lansender/ms1.secret\n"
			      "encrypt = required\n"
			      "dialect_min = 3.0.2\n"
			      "compounds = no\n"
			      "flush = no\n"
			      "congestion = bbr\n"
			      "connect_timeout = 2s\n"
			      "window = 4MiB\n"
			      "write_size = 64KiB\n"
			      "\n"
			      "[site MS2]\n"
			      "[site MS1]\n"
			      "description = Madison; 2nd floor # east\n"
			      "[site a-b_9]\n"
			      "[address a-b_9.1]\n"
			      "type = dir\n"
			      "path = /media/courier\n"
			      "[group all]\n"
			      "site = ms1 ,MS2\n"
			      "site = A-B_9\n";

static void
what_the_sender_says(void **state)
{
	struct config *c = must_load(example);

	(void)state;
	assert_string_equal(c->sender.site_code, "CEN");
	assert_int_equal(c->sender.max_sendings, 7);
	assert_int_equal(c->sender.max_sendings_per_site, 3);
	assert_int_equal(c->sender.retry_delay_ms, 90000);
	assert_int_equal(c->sender.log_max_bytes, 0);
	config_free(c);
}

static void
the_defaults(void **state)
{
	struct config *c = config_default();
	struct config_address a;

	(void)state;
	assert_string_equal(c->sender.site_code, "CEN");
	assert_int_equal(c->sender.max_sendings, 5);
	assert_int_equal(c->sender.max_sendings_per_site, 3);
	assert_int_equal(c->sender.retries, 2);
	assert_int_equal(c->sender.retry_delay_ms, 60000);
	assert_int_equal(c->sender.heartbeat_ms, 300000);
	assert_int_equal(c->sender.site_hold_ms, 3600000);
	assert_int_equal(c->sender.request_lifetime_ms, 7 * 86400000LL);
	assert_int_equal(c->sender.idle_connection_ms, 60000);
	assert_int_equal(c->sender.progress_save_ms, 1000);
	assert_int_equal(c->sender.log_max_bytes, 10 << 20);
	assert_null(c->sender.log_file);
	assert_int_equal(c->site_count, 0);
	assert_null(config_site(c, "MS1"));
	assert_null(config_nearest_site(c, "MS1"));
	config_free(c);

	config_address_default(&a);
	assert_int_equal(a.type, CONFIG_TYPE_LAN);
	assert_int_equal(a.auth, CONFIG_AUTH_NEGOTIATE);
	assert_int_equal(a.signing, CONFIG_REQUIRED);
	assert_int_equal(a.encrypt, CONFIG_OFF);
	assert_int_equal(a.dialect_min, 0x0202);
	assert_int_equal(a.dialect_max, 0x0311);
	assert_true(a.compounds);
	assert_true(a.flush);
	assert_int_equal(a.connect_timeout_ms, 15000);
	assert_int_equal(a.request_timeout_ms, 60000);
	assert_int_equal(a.progress_timeout_ms, 30000);
	assert_int_equal(a.window_bytes, 0);
	assert_int_equal(a.write_bytes, 0);
	assert_null(a.account);
	config_address_done(&a);
}

static void
sites_are_found_whatever_the_case(void **state)
{
	struct config *c = must_load(example);
	const struct config_site *site = config_site(c, "ms1");

	(void)state;
	assert_int_equal(c->site_count, 3);
	assert_string_equal(c->sites[0].code, "a-b_9");
	assert_non_null(site);
	assert_string_equal(site->code, "MS1");
	assert_string_equal(site->description, "Madison; 2nd floor # east");
	assert_string_equal(config_site(c, "MS2")->description, "");
	assert_int_equal(config_site(c, "MS2")->address_count, 0);
	assert_null(config_site(c, "MS"));
	assert_string_equal(config_nearest_site(c, "NS1"), "MS1");
	assert_null(config_nearest_site(c, "elsewhere"));
	config_free(c);
}

/* The order is that of the numbers, whatever that of the sections; gaps are fine. */
static void
addresses_in_the_order_of_their_numbers(void **state)
{
	struct config *c = must_load(example);
	const struct config_site *site = config_site(c, "MS1");

	(void)state;
	assert_int_equal(site->address_count, 2);
	assert_int_equal(site->addresses[0].number, 3);
	assert_string_equal(site->addresses[0].section, "ms1.3");
	assert_string_equal(site->addresses[0].file, "t.conf");
	assert_int_equal(site->addresses[0].line, 14);
	assert_int_equal(site->addresses[1].number, 20);
	config_free(c);
}

static void
what_an_address_says(void **state)
{
	struct config *c = must_load(example);
	const struct config_address *a = &config_site(c, "MS1")->addresses[0];
	const struct config_address *dir = config_site(c, "A-B_9")->addresses;
	char text[ADDRESS_TEXT_ROOM];

	(void)state;
	assert_string_equal(address_print(&a->where, text, sizeof(text)),
			    "\\\\DSSMS\\in\\daily");
	assert_string_equal(a->connect_host, "::1");
	assert_int_equal(a->connect_port, 1445);
	assert_string_equal(a->account, "CORP\\smssend");
	assert_string_equal(a->password_file, "/etc/lansender/ms1.secret");
	assert_int_equal(a->encrypt, CONFIG_REQUIRED);
	assert_int_equal(a->dialect_min, 0x0302);
	assert_int_equal(a->dialect_max, 0x0311);
	assert_false(a->compounds);
	assert_false(a->flush);
	assert_string_equal(a->congestion, "bbr");
	assert_int_equal(a->connect_timeout_ms, 2000);
	assert_int_equal(a->window_bytes, 4 << 20);
	assert_int_equal(a->write_bytes, 64 << 10);
	assert_int_equal(dir->type, CONFIG_TYPE_DIR);
	assert_string_equal(dir->path, "/media/courier");
	config_free(c);
}

/* sms-sender.md 6 row 18: types are open.  What is not known here is kept as it was
 * typed, and nothing is asked of it that only the known ones need. */
static void
a_type_that_nobody_here_knows(void **state)
{
	struct config *c = must_load("[site MS1]\n[address MS1.1]\ntype = courier\n"
				     "path = /x\nserver = DSSMS\n[address MS1.2]\n"
				     "type = courier\npath = /x\nserver = DSSMS\n");
	const struct config_address *a = config_site(c, "MS1")->addresses;
	struct config_address other = a[0];
	char ras[] = "ras";

	(void)state;
	assert_int_equal(a[0].type, CONFIG_TYPE_UNKNOWN);
	assert_string_equal(a[0].type_name, "courier");
	other.type_name = ras;
	assert_true(config_address_same(&a[0], &a[0]));
	assert_false(config_address_same(&a[0], &other));
	config_free(c);
}

static void
a_group_is_one_list_of_several_lines(void **state)
{
	struct config *c = must_load(example);
	const struct config_group *g = config_group(c, "ALL");

	(void)state;
	assert_non_null(g);
	assert_int_equal(g->site_count, 3);
	assert_string_equal(g->sites[0], "MS1");
	assert_string_equal(g->sites[1], "MS2");
	assert_string_equal(g->sites[2], "a-b_9");
	assert_null(config_group(c, "some"));
	config_free(c);
}

/* The seed: every way to write the server gives the same place (Q235753). */
static void
backslashes_are_what_they_are(void **state)
{
	static const char *const servers[] = {"DSSMS", "\\\\DSSMS", "\\\\\\\\DSSMS",
					      "//DSSMS"};

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		char file[256], text[ADDRESS_TEXT_ROOM];
		struct config *c;

		(void)snprintf(file, sizeof(file),
			       "[site MS1]\n[address MS1.1]\nserver = %s\nshare = "
			       "SMS_SITE\nccache = KCM:\n",
			       servers[i]);
		c = must_load(file);
		assert_string_equal(
		    address_print(&c->sites[0].addresses[0].where, text, sizeof(text)),
		    "\\\\DSSMS\\SMS_SITE");
		config_free(c);
	}
}

static const struct bad refused[] = {
    {"[sender]\nmax_sendings_per_site = 6\n",
     "t.conf:2: [sender] max_sendings_per_site: 6 to one site are more than the 5 "
     "sendings in all (max_sendings): make max_sendings larger, or this smaller"},
    {"[sender]\nmax_sendings_per_site = 3\nmax_sendings = 2\n",
     "t.conf:2: [sender] max_sendings_per_site: 3 to one site are more than the 2 "
     "sendings in all (max_sendings): make max_sendings larger, or this smaller"},
    {"[sender]\nsite_code = HQ\n[site hq]\n",
     "t.conf:3: [site hq]: hq is the site that packages come from (site_code in "
     "[sender]), and they would come back to it: name another site, or change "
     "site_code"},
    {"[site CEN]\n",
     "t.conf:1: [site CEN]: CEN is the site that packages come from (site_code in "
     "[sender]), and they would come back to it: name another site, or change "
     "site_code"},
    {"[site MS1]\n[address MS2.1]\n",
     "t.conf:2: [address MS2.1]: there is no site \"MS2\"; did you mean \"MS1\"?"},
    {"[address MS2.1]\n", "t.conf:1: [address MS2.1]: there is no site \"MS2\": add a "
			  "section [site MS2]"},
    {"[group g]\n", "t.conf:1: [group g]: the group has no sites: add site = MS1"},
    {"[site MS1]\n[group g]\nsite = MS1\nsite = MS2\n",
     "t.conf:4: [group g] site: there is no site \"MS2\"; did you mean \"MS1\"?"},
    {"[site MS1]\n[group g]\nsite = MS1,,\n",
     "t.conf:3: [group g] site: there is nothing between two commas: type it as in "
     "MS1, MS2"},
    {"[site MS1]\n[group g]\nsite = MS1 MS2\n",
     "t.conf:3: [group g] site: \"MS1 MS2\" is not a site code: type it as in MS1, "
     "MS2"},
    {"[site MS1]\n[group g]\nsite = MS1, ms1\n",
     "t.conf:3: [group g] site: site MS1 is in the group already: leave it out"},
};

static void
what_does_not_go_together(void **state)
{
	(void)state;
	all_refused(refused, COUNT(refused));
}

static void
total_and_per_site_may_be_equal(void **state)
{
	struct config *c =
	    must_load("[sender]\nmax_sendings = 4\nmax_sendings_per_site = 4\n");

	(void)state;
	assert_int_equal(c->sender.max_sendings_per_site, 4);
	config_free(c);
}

static void
the_standard_per_site_gives_way(void **state)
{
	struct config *c = must_load("[sender]\nmax_sendings = 2\n");

	(void)state;
	assert_int_equal(c->sender.max_sendings, 2);
	assert_int_equal(c->sender.max_sendings_per_site, 2);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_sender_says),
	    cmocka_unit_test(the_defaults),
	    cmocka_unit_test(sites_are_found_whatever_the_case),
	    cmocka_unit_test(addresses_in_the_order_of_their_numbers),
	    cmocka_unit_test(what_an_address_says),
	    cmocka_unit_test(a_type_that_nobody_here_knows),
	    cmocka_unit_test(a_group_is_one_list_of_several_lines),
	    cmocka_unit_test(backslashes_are_what_they_are),
	    cmocka_unit_test(what_does_not_go_together),
	    cmocka_unit_test(total_and_per_site_may_be_equal),
	    cmocka_unit_test(the_standard_per_site_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
