/* utf.h - UTF-8 and the UTF-16LE that SMB speaks (MS-SMB2 2.2; RFC 3629).  Pure. */
#ifndef BASE_UTF_H
#define BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Is it valid UTF-8: shortest form, no surrogates, nothing above U+10FFFF? */
bool utf_valid(const char *text, size_t len);

/* The code point at text[0]; *used says how many bytes it took.  Malformed input
 * gives UINT32_MAX and *used = 1.  len > 0. */
uint32_t utf_next(const char *text, size_t len, size_t *used);

/* Does it steer a terminal or a line instead of being seen: C0, DEL, C1, line and
 * paragraph separators, marks that turn the direction of writing (UAX #9), and what is
 * malformed (UINT32_MAX)? */
bool utf_is_control(uint32_t code_point);

/* How many UTF-16 units the text takes; valid UTF-8 only. */
size_t utf_units(const char *text, size_t len);

/* UTF-8 to UTF-16LE.  Returns bytes written, or -1: malformed, or more than room. */
ptrdiff_t utf_to_utf16le(const char *text, size_t len, uint8_t *out,
			 size_t room) MUST_USE;

/* UTF-16LE to UTF-8, terminated.  Returns bytes without the NUL, or -1: odd length,
 * lone surrogate, NUL inside, or more than room. */
ptrdiff_t utf_from_utf16le(const uint8_t *in, size_t len, char *out,
			   size_t room) MUST_USE;

/* Upper case for comparing names as Windows does: full ASCII, Latin-1, Latin
 * Extended-A, Greek and Cyrillic; other code points stay.  */
uint32_t utf_upper(uint32_t code_point);

/* The text in upper case, cut where a character does not fit; malformed bytes stay. */
void utf_to_upper(const char *text, char *out, size_t room);

/* strcasecmp over utf_upper(); order is by code point.  Valid UTF-8 only. */
int utf_compare_nocase(const char *a, const char *b);

#endif
