/* UTF-8 and UTF-16LE, well-formed and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/utf.h"

static void
test_valid(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
	    {"", true},
	    {"plain", true},
	    {"\xC3\xA4", true},
	    {"\xE2\x82\xAC", true},
	    {"\xF0\x9F\x98\x80", true},
	    {"\xF4\x8F\xBF\xBF", true},  /* U+10FFFF                     */
	    {"\xF4\x90\x80\x80", false}, /* above it                     */
	    {"\xF5\x80\x80\x80", false},
	    {"\xC0\xAF", false}, /* '/' in a longer form         */
	    {"\xE0\x80\xAF", false},
	    {"\xF0\x80\x80\xAF", false},
	    {"\xED\xA0\x80", false}, /* surrogates                   */
	    {"\xED\xBF\xBF", false},
	    {"\x80", false}, /* a tail without a head        */
	    {"\xC3", false}, /* heads without their tails    */
	    {"\xE2\x82", false},
	    {"\xF0\x9F\x98", false},
	    {"\xC3(", false},
	    {"\xFF", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(utf_valid(rows[i].text, strlen(rows[i].text)),
				 rows[i].valid);
}

/* What goes there and back is the same; and exactly the room that is needed is enough.
 */
static void
test_round_trip(void **state)
{
	static const struct {
		const char *text;
		size_t units;
	} rows[] = {
	    {"", 0},
	    {"DSSMS", 5},
	    {"B\xC3\xBCro", 4},
	    {"\xE2\x82\xAC", 1},
	    {"\xF0\x9F\x98\x80x", 3},
	    {"\xF4\x8F\xBF\xBF", 2},
	    {"\xEE\x80\x80", 1}, /* the first after the surrogates */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = rows[i].text;
		size_t len = strlen(text);
		uint8_t wide[32];
		char back[32];
		ptrdiff_t n = utf_to_utf16le(text, len, wide, rows[i].units * 2);

		assert_int_equal(utf_units(text, len), rows[i].units);
		assert_int_equal(n, rows[i].units * 2);
		assert_int_equal(utf_from_utf16le(wide, (size_t)n, back, len + 1), len);
		assert_string_equal(back, text);
		assert_int_equal(utf_from_utf16le(wide, (size_t)n, back, len), -1);
		if (len)
			assert_int_equal(utf_to_utf16le(text, len, wide, (size_t)n - 1),
					 -1);
	}
}

static void
test_hostile_utf16(void **state)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
	} rows[] = {
	    {{0x41}, 1}, /* odd                        */
	    {{0x41, 0, 0x42}, 3},
	    {{0, 0}, 2},       /* NUL                        */
	    {{0x3D, 0xD8}, 2}, /* a high surrogate alone     */
	    {{0x3D, 0xD8, 0x41, 0}, 4},
	    {{0x00, 0xDE}, 2}, /* a low one                  */
	    {{0x3D, 0xD8, 0x00, 0xE0}, 4},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    utf_from_utf16le(rows[i].bytes, rows[i].len, out, sizeof(out)), -1);
	assert_int_equal(utf_from_utf16le(rows[0].bytes, 0, out, 0), -1);
}

static void
test_to_utf16_refuses(void **state)
{
	uint8_t out[16];

	(void)state;
	assert_int_equal(utf_to_utf16le("\xED\xA0\x80", 3, out, sizeof(out)), -1);
	assert_int_equal(utf_to_utf16le("a\xC3", 2, out, sizeof(out)), -1);
}

static void
test_upper(void **state)
{
	static const struct {
		uint32_t lower, upper;
	} rows[] = {
	    {'a', 'A'},     {'z', 'Z'},       {'{', '{'},       {0xE4, 0xC4},
	    {0xF7, 0xF7},   {0xFF, 0x178},    {0xDF, 0xDF},     {0x101, 0x100},
	    {0x131, 0x131}, {0x13A, 0x139},   {0x17E, 0x17D},   {0x3AC, 0x386},
	    {0x3B1, 0x391}, {0x3C9, 0x3A9},   {0x3CE, 0x38F},   {0x430, 0x410},
	    {0x44F, 0x42F}, {0x451, 0x401},   {0x45F, 0x40F},   {0x4D1, 0x4D0},
	    {0x4C2, 0x4C1}, {0x1E01, 0x1E00}, {0x20AC, 0x20AC}, {0x1F600, 0x1F600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(utf_upper(rows[i].lower), rows[i].upper);
		assert_int_equal(utf_upper(rows[i].upper), rows[i].upper);
	}
	for (uint32_t c = 0; c < 0x3000; c++)
		assert_int_equal(utf_upper(utf_upper(c)), utf_upper(c));
}

static void
test_text_upper(void **state)
{
	static const struct {
		const char *text, *want;
		size_t room;
	} rows[] = {
	    {"setup 4.2", "SETUP 4.2", 10},
	    {"setup 4.2", "SETUP 4.", 9},
	    {"b\xC3\xBCro", "B\xC3\x9CRO", 16},
	    {"b\xC3\xBCro", "B", 3},
	    {"a\xC3 b", "A\xC3 B", 16}, /* what is no UTF-8 stays */
	    {"a", "", 1},
	    {"", "", 1},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		utf_to_upper(rows[i].text, out, rows[i].room);
		assert_string_equal(out, rows[i].want);
	}
}

static void
test_compare(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} rows[] = {
	    {"", "", 0},     {"setup", "SETUP", 0},
	    {"a", "b", -1},  {"b", "A", 1},
	    {"a", "ab", -1}, {"ab", "a", 1},
	    {"", "a", -1},   {"B\xC3\xBCro", "b\xC3\x9CRO", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(utf_compare_nocase(rows[i].a, rows[i].b),
				 rows[i].want);
}

static void
test_control(void **state)
{
	static const struct {
		uint32_t c;
		bool control;
	} rows[] = {
	    {0x00, true},    {0x1B, true},      {'\n', true},       {' ', false},
	    {0x7F, true},    {0x9B, true},      {0xA0, false},      {0xE4, false},
	    {0x200E, true},  {0x2028, true},    {0x202E, true},     {0x2066, true},
	    {0x2010, false}, {0x20AC, false},   {UINT32_MAX, true}, {0x61B, false},
	    {0x61C, true},   {0x200D, false},   {0x2027, false},    {0x2065, false},
	    {0x206A, false}, {0x10FFFF, false}, {0x110000, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(utf_is_control(rows[i].c), rows[i].control);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_valid),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_hostile_utf16),
	    cmocka_unit_test(test_to_utf16_refuses),
	    cmocka_unit_test(test_upper),
	    cmocka_unit_test(test_text_upper),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
