/* Files: one, and those in conf.d beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "config/config.h"

static int
make_folder(void **state)
{
	char name[] = "/tmp/lansender-config-XXXXXX";

	*state = mem_dup(mkdtemp(name));
	return *state ? 0 : -1;
}

static int
remove_folder(void **state)
{
	struct err e;
	int rc = path_remove_tree(*state, &e);

	mem_free(*state);
	return rc;
}

static void
put_file(const char *folder, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);
	struct err e;

	assert_int_equal(path_write_file(path, text, strlen(text), 0600, &e), 0);
}

static void
put_folder(const char *folder, const char *name)
{
	AUTO_FREE char *path = path_join(folder, name);

	assert_int_equal(mkdir(path, 0700), 0);
}

static void
conf_d_comes_after_in_the_order_of_bytes(void **state)
{
	AUTO_FREE char *path = path_join(*state, "x.conf");
	struct config *c = NULL;
	struct err e = {0};

	put_file(*state, "x.conf", "[sender]\nretries = 7\n[site MS1]\n");
	put_folder(*state, "conf.d");
	put_file(*state, "conf.d/b.conf", "[site B]\n");
	put_file(*state, "conf.d/a.conf", "[site A]\n");
	put_file(*state, "conf.d/Z.conf", "[site Z]\n");
	put_file(*state, "conf.d/.hidden.conf", "not read");
	put_file(*state, "conf.d/b.conf~", "not read");
	put_file(*state, "conf.d/README", "not read");
	if (config_load(path, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(c->sender.retries, 7);
	assert_int_equal(c->site_count, 4);
	assert_int_equal(c->file_count, 4);
	assert_string_equal(c->files[0], path);
	assert_true(str_ends(c->files[1], "/conf.d/Z.conf"));
	assert_true(str_ends(c->files[2], "/conf.d/a.conf"));
	assert_true(str_ends(c->files[3], "/conf.d/b.conf"));
	config_free(c);
}

static void
an_error_names_its_file(void **state)
{
	AUTO_FREE char *path = path_join(*state, "x.conf");
	AUTO_FREE char *says =
	    mem_printf("%s/conf.d/a.conf:2: [site ms1]: the section stands a second "
		       "time, first at %s:1: put what both say into one",
		       (char *)*state, path);
	struct config *c = NULL;
	struct err e = {0};

	put_file(*state, "x.conf", "[site MS1]\n");
	put_folder(*state, "conf.d");
	put_file(*state, "conf.d/a.conf", "# again\n[site ms1]\n");
	assert_int_equal(config_load(path, &c, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, says);
	assert_null(c);
}

static void
only_a_conf_has_a_folder(void **state)
{
	AUTO_FREE char *path = path_join(*state, "other");
	struct config *c = NULL;
	struct err e = {0};

	put_file(*state, "other", "[site MS1]\n");
	put_folder(*state, "conf.d");
	put_file(*state, "conf.d/a.conf", "[site A]\n");
	assert_int_equal(config_load(path, &c, &e), 0);
	assert_int_equal(c->site_count, 1);
	config_free(c);
}

static void
a_missing_file(void **state)
{
	AUTO_FREE char *path = path_join(*state, "none.conf");
	AUTO_FREE char *says =
	    mem_printf("there is no configuration %s: write it as lansender.conf(5) "
		       "shows, or name another one",
		       path);
	struct config *c = NULL;
	struct err e = {0};

	assert_int_equal(config_load(path, &c, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, says);
	assert_int_equal(config_load(*state, &c, &e), -1); /* a folder */
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, "Is a directory"));
}

/* A file of conf.d that cannot be read is not passed over. */
static void
a_link_to_nowhere(void **state)
{
	AUTO_FREE char *path = path_join(*state, "x.conf");
	AUTO_FREE char *link = path_join(*state, "conf.d/a.conf");
	AUTO_FREE char *says = mem_printf("open %s: No such file or directory", link);
	struct config *c = NULL;
	struct err e = {0};

	put_file(*state, "x.conf", "[site MS1]\n");
	put_folder(*state, "conf.d");
	assert_int_equal(symlink("nowhere", link), 0);
	assert_int_equal(config_load(path, &c, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, says);
}

/* Ten thousand sites, each with an address, in the worst order. */
static void
many_sites(void **state)
{
	enum { SITES = 10000 };
	AUTO_FREE char *path = path_join(*state, "x.conf");
	AUTO_STR struct str text = {0};
	struct config *c = NULL;
	struct err e = {0};

	for (int i = SITES; i > 0; i--)
		str_addf(&text,
			 "[address S%d.1]\nserver = s%d\nshare = in\nccache = KCM:\n"
			 "[site S%d]\n",
			 i, i, i);
	put_file(*state, "x.conf", str_text(&text));
	if (config_load(path, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(c->site_count, SITES);
	for (int i = 1; i <= SITES; i++) {
		char code[16];

		(void)snprintf(code, sizeof(code), "s%d", i);
		assert_non_null(config_site(c, code));
		assert_string_equal(config_site(c, code)->addresses[0].where.host,
				    code);
	}
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(conf_d_comes_after_in_the_order_of_bytes,
					    make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(an_error_names_its_file, make_folder,
					    remove_folder),
	    cmocka_unit_test_setup_teardown(only_a_conf_has_a_folder, make_folder,
					    remove_folder),
	    cmocka_unit_test_setup_teardown(a_missing_file, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(a_link_to_nowhere, make_folder,
					    remove_folder),
	    cmocka_unit_test_setup_teardown(many_sites, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
