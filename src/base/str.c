#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* Room for `more` bytes and the NUL. */
static void
reserve(struct str *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->room)
		return;
	while (b->room < need)
		b->room =
		    b->room ? b->room * 2 : 64; /* 64: a choice; one line of text */
	b->s = mem_resize(b->s, b->room, 1);
}

void
str_done(struct str *b)
{
	mem_free(b->s);
	*b = (struct str){0};
}

void
str_clear(struct str *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

const char *
str_text(const struct str *b)
{
	return b->s ? b->s : "";
}

char *
str_take(struct str *b)
{
	char *text;

	reserve(b, 0);
	b->s[b->len] = '\0';
	text = b->s;
	*b = (struct str){0};
	return text;
}

void
str_add(struct str *b, const char *text)
{
	str_add_len(b, text, strlen(text));
}

void
str_add_len(struct str *b, const char *bytes, size_t len)
{
	reserve(b, len);
	memcpy(b->s + b->len, bytes, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void
str_add_char(struct str *b, char c)
{
	str_add_len(b, &c, 1);
}

void
str_addf(struct str *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_addv(b, fmt, ap);
	va_end(ap);
}

void
str_addv(struct str *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len > 0) {
		reserve(b, (size_t)len);
		(void)vsnprintf(b->s + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

int
str_copy(char *buf, size_t room, const char *text)
{
	return str_copy_len(buf, room, text, strlen(text));
}

int
str_copy_len(char *buf, size_t room, const char *text, size_t len)
{
	if (len >= room) {
		if (room)
			buf[0] = '\0';
		return -1;
	}
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

void
str_copy_cut(char *buf, size_t room, const char *text)
{
	size_t len = strnlen(text, room - 1);

	/* Not in the middle of a UTF-8 character: back to where its first byte is. */
	if (text[len] != '\0')
		while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	memcpy(buf, text, len);
	buf[len] = '\0';
}

bool
str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
str_eq_nocase(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool
str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

void
str_upper(char *text)
{
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
}

void
str_lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}
