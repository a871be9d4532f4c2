/* Messages: what we write, byte by byte, and what we refuse to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/wire.h"
#include "smb/pdu.h"

/* --- writing ---------------------------------------------------------------------- */

static void
a_path_is_utf16_with_backslashes(void **state)
{
	static const struct {
		const char *path;
		const char *utf16;
		size_t len;
	} rows[] = {
	    {"a/b", "a\0\\\0b\0", 6},
	    {"/a\\b/", "a\0\\\0b\0", 6},
	    {"\xc3\xa4", "\xe4\0", 2},
	    {"\xf0\x9f\x98\x80", "\x3d\xd8\x00\xde", 4},
	    {"", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pdu_buf b = {0};
		struct err e;

		assert_int_equal(
		    pdu_put_create(&b, &(struct pdu_create){.path = rows[i].path}, &e),
		    0);
		assert_int_equal(wire_get16(b.bytes + 64), 57);
		assert_int_equal(wire_get16(b.bytes + 64 + 44), 64 + 56);
		assert_int_equal(wire_get16(b.bytes + 64 + 46), rows[i].len);
		assert_memory_equal(b.bytes + 120, rows[i].utf16, rows[i].len);
		/* the buffer is never empty: Windows refuses that */
		assert_true(b.len > 120);
		pdu_buf_done(&b);
	}
}

static void
a_token_has_the_length_that_it_says(void **state)
{
	static const uint8_t token[UINT16_MAX + 1] = {1, 2, 3};
	static const struct {
		size_t len;
		int rc;
	} rows[] = {{0, 0}, {3, 0}, {UINT16_MAX, 0}, {UINT16_MAX + 1, -1}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pdu_buf b = {0};
		struct err e = {0};

		assert_int_equal(pdu_put_session_setup(&b, 1, token, rows[i].len, &e),
				 rows[i].rc);
		if (rows[i].rc == 0) {
			assert_int_equal(wire_get16(b.bytes + 64 + 14), rows[i].len);
		} else {
			assert_int_equal(e.kind, ERR_ADDRESS);
			assert_string_equal(e.text,
					    "the ticket takes 65536 bytes and SMB "
					    "carries 65535: the account is in too "
					    "many groups");
		}
		pdu_buf_done(&b);
	}
}

static void
a_bad_name_is_refused_in_words(void **state)
{
	struct pdu_buf b = {0};
	struct err e;

	(void)state;
	assert_int_equal(pdu_put_create(&b, &(struct pdu_create){.path = "x\xff"}, &e),
			 -1);
	assert_int_equal(e.kind, ERR_REQUEST);
	assert_int_equal(e.win32, 123);
	assert_non_null(strstr(e.text, "cannot be said in UTF-16"));
	pdu_buf_done(&b);
}

static void
a_rename_is_never_short(void **state)
{
	struct pdu_buf b = {0};
	struct err e;

	(void)state;
	assert_int_equal(pdu_put_rename(&b, &pdu_file_id_related, "a", true, &e), 0);
	assert_int_equal(b.len, 64 + 32 + 24); /* Windows refuses less */
	assert_int_equal(wire_get32(b.bytes + 64 + 4), 24);
	assert_int_equal(b.bytes[64 + 32], 1); /* ReplaceIfExists */
	assert_int_equal(wire_get32(b.bytes + 64 + 32 + 16), 2);
	pdu_buf_done(&b);
}

static void
contexts_begin_at_multiples_of_8(void **state)
{
	struct pdu_negotiate n = {
	    .dialects = {0x0302, 0x0311}, .n_dialects = 2, .server = "DSSMS"};
	struct pdu_buf b = {0};
	size_t at, seen = 0;

	(void)state;
	pdu_put_negotiate(&b, &n);
	at = wire_get32(b.bytes + 64 + 28);
	for (unsigned i = 0; i < wire_get16(b.bytes + 64 + 32); i++) {
		at += (8 - at % 8) % 8;
		assert_true(at + 8 <= b.len);
		seen |= (size_t)1 << wire_get16(b.bytes + at);
		at += 8 + wire_get16(b.bytes + at + 2);
	}
	assert_int_equal(at, b.len);
	assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 8 | 1 << 5);
	assert_memory_equal(b.bytes + b.len - 10, "D\0S\0S\0M\0S\0", 10);
	pdu_buf_done(&b);
}

static void
without_311_there_are_no_contexts(void **state)
{
	struct pdu_negotiate n = {.dialects = {0x0202}, .n_dialects = 1};
	struct pdu_buf b = {0};

	(void)state;
	pdu_put_negotiate(&b, &n);
	assert_int_equal(b.len, 64 + 36 + 2);
	assert_int_equal(wire_get32(b.bytes + 64 + 28), 0);
	pdu_buf_done(&b);
}

/* --- reading ---------------------------------------------------------------------- */

enum { ROOM = 512 };

static size_t
a_message(uint8_t p[ROOM], uint16_t command, uint16_t structure_size, size_t body)
{
	memset(p, 0, ROOM);
	wire_put32(p, 0x424d53fe); /* 0xfe, "SMB" */
	wire_put16(p + 4, 64);
	wire_put16(p + 12, command);
	wire_put32(p + 16, PDU_RESPONSE);
	wire_put16(p + 64, structure_size);
	return 64 + body;
}

static int
cut_first(const uint8_t *p, size_t len, struct pdu_msg *m, struct pdu_slice *rest)
{
	struct err e;

	return pdu_get_msg((struct pdu_slice){p, len}, m, rest, &e);
}

static void
headers_that_lie_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		size_t len;
		int rc;
	} rows[] = {
	    {20, 0, 128, 0},   {20, 64, 128, 0},  {0, 0x424d53ff, 128, -1},
	    {4, 63, 128, -1},  {16, 0, 128, -1},  {20, 8, 128, -1},
	    {20, 68, 136, -1}, {20, 72, 128, -1}, {20, 0xfffffff8, 128, -1},
	    {20, 0, 63, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t p[ROOM];
		struct pdu_msg m;
		struct pdu_slice rest;

		(void)a_message(p, PDU_ECHO, 4, 64);
		wire_put32(p + rows[i].at, rows[i].value);
		assert_int_equal(cut_first(p, rows[i].len, &m, &rest), rows[i].rc);
		if (rows[i].rc == 0)
			assert_int_equal(m.all.len + rest.len, rows[i].len);
	}
}

/* Every getter, with every (offset, length) bent to every edge: what comes out lies
 * within the message, or nothing does. */
static void
slices_stay_inside(void **state)
{
	static const struct {
		uint16_t structure_size;
		size_t body;
		size_t offset_at, offset_bytes, len_at, len_bytes;
		int (*get)(const struct pdu_msg *, struct pdu_slice *, struct err *);
	} rows[] = {
	    {17, 16, 2, 1, 4, 4, pdu_get_read},
	    {49, 48, 32, 4, 36, 4, pdu_get_ioctl},
	    {9, 8, 2, 2, 4, 4, pdu_get_output},
	};
	static const uint32_t values[] = {
	    0,   1,   63,  64,  72,     79,         80,         81,         112,
	    127, 128, 129, 255, 0xffff, 0x7fffffff, 0x80000000, 0xffffff80, 0xffffffff};

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (size_t i = 0; i < COUNT(values) * COUNT(values); i++) {
			uint8_t p[ROOM];
			struct pdu_msg m;
			struct pdu_slice rest, out;
			struct err e;
			uint8_t off[4], len[4];

			(void)a_message(p, PDU_READ, rows[r].structure_size, 64);
			wire_put32(off, values[i / COUNT(values)]);
			wire_put32(len, values[i % COUNT(values)]);
			memcpy(p + 64 + rows[r].offset_at, off, rows[r].offset_bytes);
			memcpy(p + 64 + rows[r].len_at, len, rows[r].len_bytes);
			assert_int_equal(cut_first(p, 128, &m, &rest), 0);
			if (rows[r].get(&m, &out, &e) < 0) {
				assert_int_equal(e.kind, ERR_ATTEMPT);
				continue;
			}
			assert_true(out.bytes >= p + 64 + rows[r].body);
			assert_true(out.bytes + out.len <= p + 128);
		}
}

static void
short_bodies_are_refused(void **state)
{
	uint8_t p[ROOM];
	struct pdu_msg m;
	struct pdu_slice rest;
	struct pdu_created created;
	struct err e;

	(void)state;
	for (size_t len = 64; len < 64 + 88; len++) {
		(void)a_message(p, PDU_CREATE, 89, 88);
		assert_int_equal(cut_first(p, len, &m, &rest), 0);
		assert_int_equal(pdu_get_created(&m, &created, &e), -1);
	}
	assert_int_equal(cut_first(p, 64 + 88, &m, &rest), 0);
	assert_int_equal(pdu_get_created(&m, &created, &e), 0);
	assert_int_equal(cut_first(p, 64 + 87, &m, &rest), 0);
	assert_int_equal(pdu_get_created(&m, &created, &e), -1);
	assert_string_equal(e.text, "the server's CREATE response makes no sense; what "
				    "answers there is not a working SMB server, or the "
				    "line damages data");
}

static void
contexts_of_the_server(void **state)
{
	static const struct {
		const char *what;
		uint16_t type, len, count, value;
		int rc;
	} rows[] = {
	    {"cipher", 2, 4, 1, 2, 0},
	    {"signing", 8, 4, 1, 2, 0},
	    {"two ciphers", 2, 4, 2, 2, -1},
	    {"too short", 2, 3, 1, 2, -1},
	    {"longer than all", 2, 500, 1, 2, -1},
	    {"unknown", 77, 4, 9, 9, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t p[ROOM];
		struct pdu_msg m;
		struct pdu_slice rest;
		struct pdu_negotiated n;
		struct err e;

		(void)a_message(p, PDU_NEGOTIATE, 65, 64);
		wire_put16(p + 64 + 4, 0x0311);
		wire_put16(p + 64 + 6, 1);
		wire_put32(p + 64 + 60, 128);
		wire_put16(p + 128, rows[i].type);
		wire_put16(p + 130, rows[i].len);
		wire_put16(p + 136, rows[i].count);
		wire_put16(p + 138, rows[i].value);
		assert_int_equal(cut_first(p, 144, &m, &rest), 0);
		if (pdu_get_negotiated(&m, &n, &e) != rows[i].rc)
			fail_msg("%s", rows[i].what);
	}
}

/* --- folders ---------------------------------------------------------------------- */

static size_t
an_entry(uint8_t *p, const char *utf16, uint32_t name_len, uint32_t next)
{
	memset(p, 0, 104);
	wire_put32(p, next);
	wire_put64(p + 40, 42);
	wire_put32(p + 60, name_len);
	memcpy(p + 104, utf16, name_len < 64 ? name_len : 64);
	return 104 + name_len;
}

static void
entries_of_a_folder(void **state)
{
	uint8_t p[ROOM] = {0};
	struct pdu_entry entry;
	struct err e;

	(void)state;
	(void)an_entry(p, "a\0b\0", 4, 112);
	size_t len = 112 + an_entry(p + 112, "c\0/\0", 4, 0);
	struct pdu_slice rest = {p, len};

	assert_int_equal(pdu_get_entry(&rest, &entry, &e), 1);
	assert_string_equal(entry.name, "ab");
	assert_int_equal(entry.size_bytes, 42);
	assert_int_equal(pdu_get_entry(&rest, &entry, &e), 1);
	assert_string_equal(entry.name, ""); /* a slash: not a name */
	assert_int_equal(pdu_get_entry(&rest, &entry, &e), 0);
}

static void
entries_that_lie(void **state)
{
	static const struct {
		uint32_t name_len, next;
		size_t len;
	} rows[] = {
	    {4, 103, 108}, {4, 500, 108},        {5000, 0, 108},
	    {4, 0, 103},   {0xffffffff, 0, 108}, {4, 0xffffffff, 108},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t p[ROOM] = {0};
		struct pdu_entry entry;
		struct err e;

		(void)an_entry(p, "a\0b\0", 4, rows[i].next);
		wire_put32(p + 60, rows[i].name_len);
		struct pdu_slice rest = {p, rows[i].len};

		assert_int_equal(pdu_get_entry(&rest, &entry, &e), -1);
	}
}

static void
free_space_cannot_run_over(void **state)
{
	static const struct {
		uint64_t units;
		uint32_t sectors, sector_bytes;
		int64_t bytes;
	} rows[] = {
	    {10, 8, 512, 40960},
	    {0, 0, 0, 0},
	    {UINT64_MAX, 1, 1, INT64_MAX},
	    {INT64_MAX, 2, 1, INT64_MAX},
	    {1ULL << 40, 0xffffffff, 0xffffffff, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t p[32] = {0};
		int64_t bytes;
		struct err e;

		wire_put64(p + 8, rows[i].units);
		wire_put32(p + 24, rows[i].sectors);
		wire_put32(p + 28, rows[i].sector_bytes);
		assert_int_equal(
		    pdu_get_free_bytes((struct pdu_slice){p, 32}, &bytes, &e), 0);
		assert_true(bytes == rows[i].bytes);
		assert_int_equal(
		    pdu_get_free_bytes((struct pdu_slice){p, 31}, &bytes, &e), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_is_utf16_with_backslashes),
	    cmocka_unit_test(a_token_has_the_length_that_it_says),
	    cmocka_unit_test(a_bad_name_is_refused_in_words),
	    cmocka_unit_test(a_rename_is_never_short),
	    cmocka_unit_test(contexts_begin_at_multiples_of_8),
	    cmocka_unit_test(without_311_there_are_no_contexts),
	    cmocka_unit_test(headers_that_lie_are_refused),
	    cmocka_unit_test(slices_stay_inside),
	    cmocka_unit_test(short_bodies_are_refused),
	    cmocka_unit_test(contexts_of_the_server),
	    cmocka_unit_test(entries_of_a_folder),
	    cmocka_unit_test(entries_that_lie),
	    cmocka_unit_test(free_space_cannot_run_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
