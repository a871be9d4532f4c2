#include "base/utf.h"

#include <string.h>

#include "base/wire.h"

/* Smallest code point of a sequence of that many bytes: shorter forms are malformed. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t
sequence_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF)
		return 3;
	if (first >= 0xF0 && first <= 0xF4)
		return 4;
	return 0;
}

uint32_t
utf_next(const char *text, size_t len, size_t *used)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = sequence_len(p[0]);
	uint32_t c;

	*used = 1;
	if (n == 1)
		return p[0];
	if (n == 0 || n > len)
		return UINT32_MAX;
	c = p[0] & (0x7FU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (p[i] & 0x3FU);
	}
	if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return UINT32_MAX;
	*used = n;
	return c;
}

bool
utf_valid(const char *text, size_t len)
{
	size_t used;

	for (size_t i = 0; i < len; i += used)
		if (utf_next(text + i, len - i, &used) == UINT32_MAX)
			return false;
	return true;
}

bool
utf_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C ||
	       (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069) || c > 0x10FFFF;
}

size_t
utf_units(const char *text, size_t len)
{
	size_t units = 0, used;

	for (size_t i = 0; i < len; i += used)
		units += utf_next(text + i, len - i, &used) > 0xFFFF ? 2 : 1;
	return units;
}

ptrdiff_t
utf_to_utf16le(const char *text, size_t len, uint8_t *out, size_t room)
{
	size_t at = 0, used;

	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(text + i, len - i, &used);
		size_t need = c > 0xFFFF ? 4 : 2;

		if (c == UINT32_MAX || room - at < need)
			return -1;
		if (need == 4) {
			c -= 0x10000;
			wire_put16(out + at, (uint16_t)(0xD800 | c >> 10));
			wire_put16(out + at + 2, (uint16_t)(0xDC00 | (c & 0x3FF)));
		} else {
			wire_put16(out + at, (uint16_t)c);
		}
		at += need;
	}
	return (ptrdiff_t)at;
}

/* The code point at in[0]; *used: 2 or 4.  UINT32_MAX: a lone surrogate or NUL. */
static uint32_t
next_utf16(const uint8_t *in, size_t len, size_t *used)
{
	uint32_t c = wire_get16(in), low;

	*used = 2;
	if (c == 0 || (c >= 0xDC00 && c <= 0xDFFF))
		return UINT32_MAX;
	if (c < 0xD800 || c > 0xDBFF)
		return c;
	if (len < 4)
		return UINT32_MAX;
	low = wire_get16(in + 2);
	if (low < 0xDC00 || low > 0xDFFF)
		return UINT32_MAX;
	*used = 4;
	return 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
}

/* Bytes of c as UTF-8 in out[0..3]. */
static size_t
encode(uint32_t c, char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3F));
		c >>= 6;
	}
	out[0] = (char)(mark[n] | c);
	return n;
}

ptrdiff_t
utf_from_utf16le(const uint8_t *in, size_t len, char *out, size_t room)
{
	size_t at = 0, used;

	if (len % 2 || room == 0)
		return -1;
	for (size_t i = 0; i < len; i += used) {
		char bytes[4];
		uint32_t c = next_utf16(in + i, len - i, &used);
		size_t n = c == UINT32_MAX ? 0 : encode(c, bytes);

		if (n == 0 || n >= room - at)
			return -1;
		memcpy(out + at, bytes, n);
		at += n;
	}
	out[at] = '\0';
	return (ptrdiff_t)at;
}

/* What becomes of a letter: it moves by `by`, or it stands in pairs of an upper and a
 * lower one of which the upper is even, or odd. */
enum upper_how { UPPER_MOVE, UPPER_EVEN, UPPER_ODD };

/* Sorted.  0x130, 0x131 and 0x149 have no pair in NTFS' table, and so no row. */
/* clang-format off */
static const struct {
	uint32_t first, last;
	enum upper_how how;
	int by;
} uppers[] = {
	{'a',    'z',    UPPER_MOVE, -0x20},
	{0xE0,   0xF6,   UPPER_MOVE, -0x20},
	{0xF8,   0xFE,   UPPER_MOVE, -0x20},
	{0xFF,   0xFF,   UPPER_MOVE, 0x79},
	{0x100,  0x12F,  UPPER_EVEN, 0},
	{0x132,  0x137,  UPPER_EVEN, 0},
	{0x139,  0x148,  UPPER_ODD,  0},
	{0x14A,  0x177,  UPPER_EVEN, 0},
	{0x179,  0x17E,  UPPER_ODD,  0},
	{0x3AC,  0x3AC,  UPPER_MOVE, -0x26},
	{0x3AD,  0x3AF,  UPPER_MOVE, -0x25},
	{0x3B1,  0x3C1,  UPPER_MOVE, -0x20},
	{0x3C3,  0x3CB,  UPPER_MOVE, -0x20},
	{0x3CC,  0x3CC,  UPPER_MOVE, -0x40},
	{0x3CD,  0x3CE,  UPPER_MOVE, -0x3F},
	{0x430,  0x44F,  UPPER_MOVE, -0x20},
	{0x450,  0x45F,  UPPER_MOVE, -0x50},
	{0x460,  0x481,  UPPER_EVEN, 0},
	{0x48A,  0x4BF,  UPPER_EVEN, 0},
	{0x4C1,  0x4CE,  UPPER_ODD,  0},
	{0x4D0,  0x52F,  UPPER_EVEN, 0},
	{0x1E00, 0x1E95, UPPER_EVEN, 0},
	{0x1EA0, 0x1EFF, UPPER_EVEN, 0},
};
/* clang-format on */

uint32_t
utf_upper(uint32_t c)
{
	size_t i = 0;

	while (i < COUNT(uppers) && c > uppers[i].last)
		i++;
	if (i == COUNT(uppers) || c < uppers[i].first)
		return c;
	switch (uppers[i].how) {
	case UPPER_MOVE:
		return (uint32_t)((int64_t)c + uppers[i].by);
	case UPPER_EVEN:
		return c & ~1U;
	case UPPER_ODD:
		return c % 2 ? c : c - 1;
	}
	return c; /* GCOVR_EXCL_LINE: a new way does not compile above */
}

void
utf_to_upper(const char *text, char *out, size_t room)
{
	const size_t len = strlen(text);
	size_t at = 0, used;

	for (size_t i = 0; i < len; i += used) {
		const uint32_t c = utf_next(text + i, len - i, &used);
		char bytes[4] = {text[i]};
		const size_t n = c == UINT32_MAX ? 1 : encode(utf_upper(c), bytes);

		if (n >= room - at)
			break;
		memcpy(out + at, bytes, n);
		at += n;
	}
	out[at] = '\0';
}

int
utf_compare_nocase(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), used;

	for (;;) {
		uint32_t x = 0, y = 0;

		if (a_len) {
			x = utf_upper(utf_next(a, a_len, &used));
			a += used;
			a_len -= used;
		}
		if (b_len) {
			y = utf_upper(utf_next(b, b_len, &used));
			b += used;
			b_len -= used;
		}
		if (x != y)
			return x < y ? -1 : 1;
		if (x == 0)
			return 0;
	}
}
