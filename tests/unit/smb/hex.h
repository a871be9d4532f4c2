/* hex.h - test vectors are published as hex; here they become bytes. */
#ifndef TESTS_SMB_HEX_H
#define TESTS_SMB_HEX_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t
hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Returns how many bytes; room must do. */
static inline size_t
unhex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < room; hex += 2)
		out[n++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
	return n;
}

#endif
