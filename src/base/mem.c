#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(size_t len) NORETURN;

/* GCOVR_EXCL_START: ends the process */
/* The outbox survives this; a half-served request would not be better. */
static void
out_of_memory(size_t len)
{
	(void)fprintf(stderr, "lansender: no memory for %zu bytes; ending\n", len);
	abort();
}
/* GCOVR_EXCL_STOP */

void *
mem_alloc(size_t len)
{
	void *p = malloc(len ? len : 1);

	if (!p)
		out_of_memory(len); /* GCOVR_EXCL_LINE: ends the process */
	return p;
}

void *
mem_zero(size_t count, size_t len)
{
	void *p = calloc(count ? count : 1, len ? len : 1);

	if (!p)
		out_of_memory(len); /* GCOVR_EXCL_LINE: ends the process */
	return p;
}

void *
mem_resize(void *p, size_t count, size_t len)
{
	size_t total;
	void *moved;

	if (__builtin_mul_overflow(count, len, &total))
		out_of_memory(len); /* GCOVR_EXCL_LINE: ends the process */
	moved = realloc(p, total ? total : 1);
	if (!moved)
		out_of_memory(total); /* GCOVR_EXCL_LINE: ends the process */
	return moved;
}

char *
mem_dup(const char *text)
{
	return text ? mem_dup_len(text, strlen(text)) : NULL;
}

char *
mem_dup_len(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		out_of_memory(0); /* GCOVR_EXCL_LINE: ends the process */
	return text;
}

void
mem_free(void *p)
{
	free(p);
}

void
mem_wipe(void *p, size_t len)
{
	if (p)
		explicit_bzero(p, len);
}

void *
mem_grow(void *array, size_t count, size_t *room, size_t len)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 8; /* 8: a choice; most lists here are short */
	return mem_resize(array, *room, len);
}
