/* The line format: what is written is read back; what was not written so is refused. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "package/index.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* --- helpers ---------------------------------------------------------------------- */

/* Read the text as an index, to its end.  0, or -1 with the error. */
static int
read_all(const char *text, struct str *out, struct err *e)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct package_entry entry;
	struct index *ix;
	int rc;

	assert_non_null(f);
	if (index_open(f, &ix, e))
		return -1;
	while ((rc = index_next(ix, &entry, e)) > 0)
		str_addf(out,
			 "%" PRId64 "%s|%s|%" PRId64 "|%" PRId64 "|%s|%" PRIu64
			 "|%" PRId64 "\n",
			 entry.number, entry.is_folder ? "d" : "f", entry.path,
			 entry.size_bytes, entry.mtime_ns, entry.sha256, entry.inode,
			 entry.ctime_ns);
	if (!rc) /* the end stays the end */
		assert_int_equal(index_next(ix, &entry, e), 0);
	index_close(ix);
	return rc;
}

static const struct package_entry entries[] = {
    {.is_folder = true, .path = "", .mtime_ns = -1},
    {.path = "a b",
     .size_bytes = 5,
     .mtime_ns = 1,
     .sha256 = HASH,
     .inode = UINT64_MAX},
    {.is_folder = true, .path = "d\xc3\xbc", .mtime_ns = INT64_C(1795357641423490215)},
    {.path = "d\xc3\xbc/x", .size_bytes = INT64_C(1) << 40, .inode = 7, .ctime_ns = -9},
};

static char *
write_all(bool by_reference)
{
	struct index_head head = {
	    .info = {.name = "pack age",
		     .is_tree = true,
		     .by_reference = by_reference,
		     .file_count = 2,
		     .folder_count = 2,
		     .total_bytes = (INT64_C(1) << 40) + 5},
	    .source = by_reference ? "/src\n\\dir\x7f/pack age" : NULL,
	};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	index_write_head(f, &head);
	for (size_t i = 0; i < COUNT(entries); i++)
		index_write_entry(f, &entries[i]);
	index_write_end(f, COUNT(entries));
	assert_int_equal(path_close_stream(f), 0);
	return text;
}

/* --- round trips ------------------------------------------------------------------ */

static void
test_copy(void **state)
{
	char *text = write_all(false);
	AUTO_STR struct str out = {0};
	struct err e;

	(void)state;
	assert_string_equal(text, "lansender-package 1\n"
				  "name pack age\n"
				  "kind tree copy\n"
				  "total 2 2 1099511627781\n"
				  "d -1 \n"
				  "f 1 5 " HASH " -1 0 a b\n"
				  "d 1795357641423490215 d\xc3\xbc\n"
				  "f 0 1099511627776 - 7 -9 d\xc3\xbc/x\n"
				  "end 4\n");
	assert_int_equal(read_all(text, &out, &e), 0);
	assert_string_equal(str_text(&out),
			    "0d||0|-1||0|0\n"
			    "1f|a b|5|1|" HASH "|18446744073709551615|0\n"
			    "2d|d\xc3\xbc|0|1795357641423490215||0|0\n"
			    "3f|d\xc3\xbc/x|1099511627776|0||7|-9\n");
	mem_free(text);
}

static void
test_reference(void **state)
{
	char *text = write_all(true);
	AUTO_STR struct str out = {0};
	struct err e;
	struct index *ix;

	(void)state;
	assert_non_null(strstr(text, "\nsource /src\\x0a\\x5cdir\\x7f/pack age\n"));
	assert_int_equal(read_all(text, &out, &e), 0);
	assert_non_null(strstr(str_text(&out),
			       "1f|a b|5|1|" HASH "|18446744073709551615|"
			       "0\n"));
	assert_non_null(
	    strstr(str_text(&out), "3f|d\xc3\xbc/x|1099511627776|0||7|-9\n"));
	assert_int_equal(index_open(fmemopen(text, strlen(text), "r"), &ix, &e), 0);
	assert_string_equal(index_get_head(ix)->source, "/src\n\\dir\x7f/pack age");
	assert_string_equal(index_get_head(ix)->info.name, "pack age");
	assert_true(index_get_head(ix)->info.by_reference);
	assert_true(index_get_head(ix)->info.is_tree);
	index_close(ix);
	mem_free(text);
}

/* --- damage ----------------------------------------------------------------------- */

#define START "lansender-package 1\nname n\nkind tree copy\n"
#define HEAD  START "total 1 1 5\n"
#define BODY  HEAD "d 1 \nf 2 5 " HASH " 7 8 a\n"
#define FILE_REFERENCE                                                                 \
	"lansender-package 1\nname n\nkind file reference\nsource /s\ntotal 1 0 5\n"

static const struct {
	const char *text;
	const char *why; /* NULL: nothing is wrong */
} rows[] = {
    {BODY "end 2\n", NULL},
    {BODY "end 2\nwhat follows is not read\n", NULL},
    {FILE_REFERENCE "f 2 5 - 7 8 \nend 1\n", NULL},

    {"\n", "line 1: not the index of a package, or a newer one"},
    {"lansender-package 2\n", "line 1: not the index of a package, or a newer"},
    {"lansender-package 1", "line 1: it is not whole"},
    {"lansender-package 1\n", "line 2: it is not whole"},
    {"lansender-package 1\nname\n", "line 2: another line was expected here"},
    {"lansender-package 1\nnome n\n", "line 2: another line was expected here"},
    {"lansender-package 1\nname \n", "line 2: no name of a package"},
    {"lansender-package 1\nname a/b\n", "line 2: no name of a package"},
    {"lansender-package 1\nname ..\n", "line 2: no name of a package"},
    {"lansender-package 1\nname a\\x4\n", "line 2: no name of a package"},
    {"lansender-package 1\nname a\\x00\n", "line 2: no name of a package"},
    {"lansender-package 1\nname a\\\n", "line 2: no name of a package"},
    {"lansender-package 1\nname n\nkind tree\n", "line 3: no kind of package"},
    {"lansender-package 1\nname n\nkind tree reference\nsource s\n",
     "line 4: no absolute path"},
    {"lansender-package 1\nname n\nkind tree reference\ntotal 1 1 1\n",
     "line 4: another line was expected here"},
    {START "total 1 1\n", "line 4: no totals"},
    {START "total 1 1 -1\n", "line 4: no totals"},
    {START "total 1 1 99999999999999999999\n", "line 4: no totals"},
    {START "total 1 1 5 \n", "line 4: no totals"},

    {HEAD, "line 5: it is not whole"},
    {HEAD "f 2 5 - 7 8 \nend 1\n", "line 5: the first entry is not the package"},
    {HEAD "d 1 a\n", "line 5: no path of an entry"},
    {HEAD "d 1\n", "line 5: no numbers of an entry"},
    {HEAD "d x \n", "line 5: no numbers of an entry"},
    {HEAD "d  1 \n", "line 5: no numbers of an entry"},
    {HEAD "d\n", "line 5: neither an entry nor the end"},
    {HEAD "x 1 \n", "line 5: neither an entry nor the end"},
    {HEAD "\n", "line 5: neither an entry nor the end"},
    {HEAD "d 1 \nf 2 -5 - a\n", "line 6: no numbers of an entry"},
    {HEAD "d 1 \nf 2 5 a\n", "line 6: no numbers of an entry"},
    {HEAD "d 1 \nf 2 5 0123 a\n", "line 6: no numbers of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH "0 a\n", "line 6: no numbers of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 ../a\n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 /a\n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 a//b\n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 a/\n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 a\\x0a\n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 5 " HASH " 7 8 \n", "line 6: no path of an entry"},
    {HEAD "d 1 \nf 2 9223372036854775807 - 7 8 a\nf 2 1 - 7 8 b\n",
     "line 7: sizes beyond counting"},

    {BODY, "line 7: it is not whole"},
    {BODY "end 2", "line 7: it is not whole"},
    {BODY "end 3\n", "line 7: the counts do not agree"},
    {BODY "end\n", "line 7: neither an entry nor the end"},
    {HEAD "end 0\n", "line 5: the counts do not agree"},
    {HEAD "d 1 \nf 2 4 - 7 8 a\nend 2\n", "line 7: the counts do not agree"},
    {HEAD "d 1 \nd 2 a\nend 2\n", "line 7: the counts do not agree"},
    {HEAD "d 1 \nf 2 5 - a\nend 2\n", "line 6: no numbers of an entry"},
    {HEAD "d 1 \nf 2 5 - 7 a\nend 2\n", "line 6: no numbers of an entry"},
    {FILE_REFERENCE "f 2 5 - \nend 1\n", "line 6: no numbers of an entry"},
    {FILE_REFERENCE "f 2 5 - 7 \nend 1\n", "line 6: no numbers of an entry"},
};

static void
test_damage(void **state)
{
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str out = {0};
		int rc = read_all(rows[i].text, &out, &e);

		if (rc != (rows[i].why ? -1 : 0))
			fail_msg("row %zu: %s", i, rc ? e.text : "was read");
		if (!rows[i].why)
			continue;
		assert_true(
		    str_starts(e.text, "the package's index is damaged (line "));
		assert_true(str_ends(e.text, "): file it again"));
		if (!strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s", i, e.text);
		assert_string_equal(err_kind_name(e.kind), "request");
	}
}

static void
test_long_line(void **state)
{
	enum { LONG = 1 << 20 };
	char *text = mem_alloc(LONG + 1);
	struct err e;
	struct index *ix;

	(void)state;
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	assert_int_equal(index_open(fmemopen(text, LONG, "r"), &ix, &e), -1);
	assert_non_null(strstr(e.text, "line 1: it is too long"));
	mem_free(text);
}

/* A NUL would end a line for some and not for others. */
static void
test_nul(void **state)
{
	static char text[] = "lansender-package 1\0\nname n\n";
	struct err e;
	struct index *ix;

	(void)state;
	assert_int_equal(index_open(fmemopen(text, sizeof(text) - 1, "r"), &ix, &e),
			 -1);
	assert_non_null(strstr(e.text, "line 1: it is not whole"));
}

/* Cut at any byte, it is damaged: nothing in the middle looks like an end. */
static void
test_every_cut(void **state)
{
	char *text = write_all(true);
	size_t len = strlen(text);
	struct err e;

	(void)state;
	for (size_t n = 1; n < len; n++) {
		AUTO_STR struct str out = {0};
		AUTO_FREE char *cut = mem_dup_len(text, n);

		assert_int_equal(read_all(cut, &out, &e), -1);
	}
	mem_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copy),   cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_damage), cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_nul),    cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
