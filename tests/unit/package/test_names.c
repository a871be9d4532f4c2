#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "package/names.h"
#include "package/package.h"

struct row {
	const char *name;
	const char *fault; /* NULL: fine */
};

#define RESERVED  "is a reserved name"
#define CHARACTER "holds one of <>:\"|?*/\\"
#define CONTROL   "holds a control character"
#define UTF       "is not valid UTF-8"

static const struct row rows[] = {
    {"a", NULL},
    {"setup-4.2", NULL},
    {".hidden", NULL},
    {" leading space", NULL},
    {"a.b.c", NULL},
    {"gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x93\xa6", NULL},
    {"", "is empty"},
    {".", "ends in a dot"},
    {"..", "ends in a dot"},
    {"name.", "ends in a dot"},
    {"name ", "ends in a space"},
    {"a<b", CHARACTER},
    {"a>b", CHARACTER},
    {"a:b", CHARACTER},
    {"a\"b", CHARACTER},
    {"a|b", CHARACTER},
    {"a?b", CHARACTER},
    {"a*b", CHARACTER},
    {"a\\b", CHARACTER},
    {"a/b", CHARACTER},
    {"a\nb", CONTROL},
    {"\x01", CONTROL},
    {"a\x1f", CONTROL},
    {"a\x7f", CONTROL},
    {"a\xff", UTF},
    {"\xc0\xaf", UTF},
    {"\xed\xa0\x80", UTF}, /* a lone surrogate */
    {"CON", RESERVED},
    {"con", RESERVED},
    {"Prn", RESERVED},
    {"AUX", RESERVED},
    {"nul", RESERVED},
    {"CONIN$", RESERVED},
    {"conout$", RESERVED},
    {"COM0", RESERVED},
    {"com1", RESERVED},
    {"COM9", RESERVED},
    {"LPT0", RESERVED},
    {"lpt5", RESERVED},
    {"COM\xc2\xb9", RESERVED},
    {"com\xc2\xb2", RESERVED},
    {"LPT\xc2\xb3", RESERVED},
    {"LPT\xc2\xb3.txt", RESERVED},
    {"aux.txt", RESERVED},
    {"aux.tar.gz", RESERVED},
    {"aux .txt", RESERVED},
    {"COM1.log", RESERVED},
    {"CONX", NULL},
    {"CO", NULL},
    {"COM", NULL},
    {"COM10", NULL},
    {"COMA", NULL},
    {"COM\xc2\xb4", NULL},
    {"xaux", NULL},
    {"txt.aux", NULL},
    {"auxiliary.txt", NULL},
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *fault = name_fault(rows[i].name, strlen(rows[i].name));

		if (!fault != !rows[i].fault)
			fail_msg("\"%s\": %s", rows[i].name, fault ? fault : "fine");
		if (fault)
			assert_string_equal(fault, rows[i].fault);
	}
	assert_string_equal(name_fault("a\0b", 3), CONTROL);
}

/* UTF-16 units count, not bytes: one box is 4 bytes and 2 units. */
static void
test_lengths(void **state)
{
	static const struct {
		const char *part;
		size_t fits; /* that many times */
	} parts[] = {{"x", 255},
		     {"\xc3\xbc", 255},
		     {"\xe4\xb8\x80", 255},
		     {"\xf0\x9f\x93\xa6", 127}};
	char name[1200];

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		size_t len = strlen(parts[i].part), n;

		for (n = 0; n <= parts[i].fits; n++)
			memcpy(name + n * len, parts[i].part, len);
		assert_null(name_fault(name, parts[i].fits * len));
		assert_string_equal(name_fault(name, (parts[i].fits + 1) * len),
				    "is longer than 255 UTF-16 units");
	}
}

static void
test_package_names(void **state)
{
	static const struct row packages[] = {
	    {"setup-4.2", NULL},
	    {"sha256", NULL},
	    {"a.sha256.txt", NULL},
	    {".lansender2", NULL},
	    {"aux",
	     "the package cannot be called \"aux\": that name is a reserved name; "
	     "choose another"},
	    {".lansender", "the package cannot be called \".lansender\": that name is "
			   "where packages are staged; choose another"},
	    {".LANSender", "the package cannot be called \".LANSender\": that name is "
			   "where packages are staged; choose another"},
	    {"a.sha256", "the package cannot be called \"a.sha256\": that name ends in "
			 ".sha256, as manifests do; choose another"},
	    {"A.SHA256", "the package cannot be called \"A.SHA256\": that name ends in "
			 ".sha256, as manifests do; choose another"},
	    {"a\nb",
	     "the package cannot be called \"a\\x0ab\": that name holds a control "
	     "character; choose another"},
	    {"a\xff", "the package cannot be called \"a\\xff\": that name is not valid "
		      "UTF-8; choose another"},
	    {"",
	     "the package cannot be called \"\": that name is empty; choose another"},
	};
	struct err e;
	char name[250];

	(void)state;
	for (size_t i = 0; i < COUNT(packages); i++) {
		const char *text = packages[i].name;
		int rc = package_name_check(text, strlen(text), &e);

		assert_int_equal(rc, packages[i].fault ? -1 : 0);
		if (!packages[i].fault)
			continue;
		assert_string_equal(e.text, packages[i].fault);
		assert_string_equal(err_kind_name(e.kind), "request");
		assert_int_equal(e.win32, 123);
	}
	memset(name, 'x', sizeof(name));
	assert_int_equal(package_name_check(name, 248, &e), 0);
	assert_int_equal(package_name_check(name, 249, &e), -1);
	assert_non_null(strstr(e.text, "leaves no room for the manifest's name"));
}

static void
test_show(void **state)
{
	AUTO_STR struct str out = {0};

	(void)state;
	name_show("a\x1b[31m\x7f\xc2\x9b\xff\xc3\xbc", 12, &out);
	assert_string_equal(str_text(&out), "a\\x1b[31m\\x7f\\xc2\\x9b\\xff\xc3\xbc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_package_names),
	    cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
