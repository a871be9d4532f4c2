/* Password files: who else could read or change them, and what is in them. */
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

static char folder[] = "/tmp/lansender-secret-XXXXXX";
static char *path;

static int
make_folder(void **state)
{
	(void)state;
	memset(folder + strlen(folder) - 6, 'X', 6);
	if (!mkdtemp(folder))
		return -1;
	path = path_join(folder, "secret");
	return 0;
}

static int
remove_folder(void **state)
{
	struct err e;

	(void)state;
	mem_free(path);
	return path_remove_tree(folder, &e);
}

static void
put_secret(const char *bytes, size_t len, mode_t mode)
{
	struct err e;

	assert_int_equal(path_write_file(path, bytes, len, mode, &e), 0);
	assert_int_equal(chmod(path, mode), 0); /* whatever the umask is */
}

/* `says` with the file's name for each %s. */
static void
must_refuse(const char *says)
{
	AUTO_STR struct str want = {0};
	char *secret = NULL;
	struct err e = {0};

	for (const char *p = says; *p; p++) {
		if (strncmp(p, "%s", 2) != 0) {
			str_add_char(&want, *p);
			continue;
		}
		str_add(&want, path);
		p++;
	}
	assert_int_equal(config_secret_file(path, &secret, &e), -1);
	assert_null(secret);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, str_text(&want));
}

static void
one_line_is_the_password(void **state)
{
	static const struct {
		const char *bytes, *secret;
	} rows[] = {
	    {"hunter2", "hunter2"},
	    {"hunter2\n", "hunter2"},
	    {"hunter2\r\n", "hunter2"},
	    {" p\303\244ss\t w%rd ", " p\303\244ss\t w%rd "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *secret = NULL;
		struct err e = {0};

		put_secret(rows[i].bytes, strlen(rows[i].bytes), i % 2 ? 0600 : 0400);
		if (config_secret_file(path, &secret, &e) != 1)
			fail_msg("%s", e.text);
		assert_string_equal(secret, rows[i].secret);
		config_secret_free(secret);
	}
	config_secret_free(NULL);
}

static void
what_is_no_password(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} rows[] = {
	    {"", 0, "password file %s is empty: put the password into its first line"},
	    {"\r\n", 2,
	     "password file %s is empty: put the password into its first line"},
	    {"a\nb\n", 4,
	     "password file %s has several lines: it holds the password in its only "
	     "line, and nothing else"},
	    {"a\0b", 3, "password file %s is not UTF-8 text: save it as such"},
	    {"\377\376", 2, "password file %s is not UTF-8 text: save it as such"},
	};
	char big[2000];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_secret(rows[i].bytes, rows[i].len, 0600);
		must_refuse(rows[i].says);
	}
	memset(big, 'x', sizeof(big));
	put_secret(big, sizeof(big), 0600);
	must_refuse("password file %s is longer than 1024 bytes: it holds the password "
		    "in its only line, and nothing else");
}

static void
others_may_not_read_it(void **state)
{
	static const struct {
		mode_t mode;
		const char *says;
	} rows[] = {
	    {0640, "password file %s has mode 0640, so that others may read it: type "
		   "chmod 600 %s"},
	    {0604, "password file %s has mode 0604, so that others may read it: type "
		   "chmod 600 %s"},
	    {0622, "password file %s has mode 0622, so that others may read it: type "
		   "chmod 600 %s"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_secret("hunter2", 7, rows[i].mode);
		must_refuse(rows[i].says);
	}
}

/* "chmod 600 /etc/passwd" would be followed by somebody. */
static void
the_systems_files_keep_their_mode(void **state)
{
	AUTO_FREE char *link = path_join(folder, "link");
	const char *const names[] = {"/etc/passwd", link};
	struct stat st;

	(void)state;
	if (stat("/etc/passwd", &st) < 0 || st.st_uid != 0 ||
	    (st.st_mode & ALLPERMS) != 0644)
		skip(); /* not as it is everywhere */
	assert_int_equal(symlink("/etc/passwd", link), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_FREE char *says = mem_printf(
		    "password file %s has mode 0644, so that others may read it, and "
		    "is there for something else: put the password into a file of its "
		    "own, and name that",
		    names[i]);
		char *secret = NULL;
		struct err e = {0};

		assert_int_equal(config_secret_file(names[i], &secret, &e), -1);
		assert_null(secret);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, says);
	}
}

static void
it_belongs_to_us_or_root(void **state)
{
	(void)state;
	put_secret("hunter2", 7, 0600);
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	assert_int_equal(chown(path, 12345, 0), 0);
	must_refuse("password file %s belongs to user 12345, who could change it: type "
		    "chown 0 %s");
}

static void
only_a_regular_file(void **state)
{
	AUTO_FREE char *link = path_join(folder, "link");
	char *secret = NULL;
	struct err e = {0};

	(void)state;
	must_refuse("password file %s is not there: write the password into it, as its "
		    "only line, and type chmod 600 %s");
	assert_int_equal(mkfifo(path, 0600), 0); /* is not waited for */
	must_refuse(
	    "password file %s is not a regular file: put the password into one");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	must_refuse(
	    "password file %s is not a regular file: put the password into one");
	assert_int_equal(rmdir(path), 0);
	put_secret("hunter2", 7, 0600);
	assert_int_equal(symlink("secret", link), 0); /* what counts is its end */
	assert_int_equal(config_secret_file(link, &secret, &e), 1);
	config_secret_free(secret);
	put_secret("hunter2", 7, 0644);
	assert_int_equal(config_secret_file(link, &secret, &e), -1);
}

static void
the_secret_of_an_address(void **state)
{
	struct config_address a;
	char *secret = NULL;
	struct err e = {0};
	AUTO_FREE char *says = NULL;

	(void)state;
	config_address_default(&a);
	assert_int_equal(config_secret(&a, &secret, &e), 0);
	a.section = mem_dup("MS1.1");
	a.password_file = mem_dup(path);
	put_secret("hunter2\n", 8, 0600);
	assert_int_equal(config_secret(&a, &secret, &e), 1);
	assert_string_equal(secret, "hunter2");
	config_secret_free(secret);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(config_secret(&a, &secret, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 1326);
	says = mem_printf("address MS1.1: password file %s is not there: write the "
			  "password into it, as its only line, and type chmod 600 %s",
			  path, path);
	assert_string_equal(e.text, says);
	config_address_done(&a);
}

/* systemd keeps it and may show a group's mode for its ACL. */
static void
a_systemd_credential(void **state)
{
	struct config_address a;
	char *secret = NULL;
	struct err e = {0};

	(void)state;
	config_address_default(&a);
	a.credential = mem_dup("secret");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(config_secret(&a, &secret, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_string_equal(
	    e.text, "credential secret: systemd gave this process none "
		    "(CREDENTIALS_DIRECTORY is not set): add "
		    "LoadCredential=secret:/path to the unit, or use password_file");
	put_secret("hunter2", 7, 0440);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	assert_int_equal(config_secret(&a, &secret, &e), 1);
	assert_string_equal(secret, "hunter2");
	config_secret_free(secret);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	config_address_done(&a);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_line_is_the_password), TEST(what_is_no_password),
	    TEST(others_may_not_read_it),   TEST(the_systems_files_keep_their_mode),
	    TEST(it_belongs_to_us_or_root), TEST(only_a_regular_file),
	    TEST(the_secret_of_an_address), TEST(a_systemd_credential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
