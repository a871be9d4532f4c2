#include "base/num.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1},      {"s", 1000},     {"sec", 1000},    {"m", 60000}, {"min", 60000},
    {"h", 3600000}, {"d", 86400000}, {"w", 604800000}, {NULL, 0},
};
static const struct unit sizes[] = {
    {"", 1},          {"B", 1},           {"K", 1LL << 10},      {"KiB", 1LL << 10},
    {"kB", 1000},     {"KB", 1000},       {"M", 1LL << 20},      {"MiB", 1LL << 20},
    {"MB", 1000000},  {"G", 1LL << 30},   {"GiB", 1LL << 30},    {"GB", 1000000000},
    {"T", 1LL << 40}, {"TiB", 1LL << 40}, {"TB", 1000000000000}, {NULL, 0},
};
/* Bits per second of one unit; RATE_BITS of them make a byte. */
enum { RATE_BITS = 8 };
static const struct unit rates[] = {
    {"bit/s", 1},           {"kbit/s", 1000},     {"Mbit/s", 1000000},
    {"Gbit/s", 1000000000}, {"B/s", 8},           {"kB/s", 8000},
    {"KiB/s", 8LL << 10},   {"MB/s", 8000000},    {"MiB/s", 8LL << 20},
    {"GB/s", 8000000000},   {"GiB/s", 8LL << 30}, {NULL, 0},
};

/* Digits at *text; moves past them.  -1: none, or more than int64_t holds. */
static int
digits(const char **text, int64_t *out)
{
	const char *p = *text;
	int64_t n = 0;

	if (!isdigit((unsigned char)*p))
		return -1;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			return -1;
	*text = p;
	*out = n;
	return 0;
}

static const struct unit *
unit_at(const struct unit *table, const char *text, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && strncmp(table->name, text, len) == 0)
			return table;
	return NULL;
}

int
num_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	int64_t n;

	text += negative;
	if (digits(&text, &n) < 0 || *text != '\0')
		return -1;
	n = negative ? -n : n;
	if (n < min || n > max)
		return -1;
	*out = n;
	return 0;
}

int
num_duration_ms(const char *text, int64_t *out_ms)
{
	int64_t total = 0;

	if (*text == '\0')
		return -1;
	while (*text) {
		const struct unit *u;
		int64_t n;
		size_t len;

		if (digits(&text, &n) < 0)
			return -1;
		len = strcspn(text, "0123456789");
		u = unit_at(durations, text, len);
		if (!u || __builtin_mul_overflow(n, u->factor, &n) ||
		    __builtin_add_overflow(total, n, &total))
			return -1;
		text += len;
	}
	*out_ms = total;
	return 0;
}

/* A number, perhaps a space, and one unit of the table. */
static int
with_unit(const char *text, const struct unit *table, int64_t *out)
{
	const struct unit *u;
	int64_t n;

	if (digits(&text, &n) < 0)
		return -1;
	text += *text == ' ' && text[1] != '\0';
	u = unit_at(table, text, strlen(text));
	if (!u || __builtin_mul_overflow(n, u->factor, &n))
		return -1;
	*out = n;
	return 0;
}

int
num_bytes(const char *text, int64_t *out_bytes)
{
	return with_unit(text, sizes, out_bytes);
}

int
num_rate(const char *text, int64_t *out_bytes_per_s)
{
	int64_t bits;

	if (with_unit(text, rates, &bits) < 0)
		return -1;
	*out_bytes_per_s = bits / RATE_BITS;
	return 0;
}

const char *
num_duration_text(int64_t ms, char *buf, size_t room)
{
	const int64_t s = ms / 1000;

	if (ms < 1000)
		(void)snprintf(buf, room, "%lld ms", (long long)ms);
	else if (s < 60)
		(void)snprintf(buf, room, "%lld s", (long long)s);
	else if (s < 3600)
		(void)snprintf(buf, room, s % 60 ? "%lld min %lld s" : "%lld min",
			       (long long)(s / 60), (long long)(s % 60));
	else if (s < 86400)
		(void)snprintf(buf, room, s / 60 % 60 ? "%lld h %lld min" : "%lld h",
			       (long long)(s / 3600), (long long)(s / 60 % 60));
	else
		(void)snprintf(buf, room, s / 3600 % 24 ? "%lld d %lld h" : "%lld d",
			       (long long)(s / 86400), (long long)(s / 3600 % 24));
	return buf;
}

const char *
num_bytes_text(int64_t bytes, char *buf, size_t room)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double n = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(buf, room, "%lld B", (long long)bytes);
		return buf;
	}
	/* 1023.95: would be printed as 1024.0. */
	for (; n >= 1023.95 && i < sizeof(names) / sizeof(names[0]) - 1; i++)
		n /= 1024;
	(void)snprintf(buf, room, "%.1f %s", n, names[i]);
	return buf;
}

const char *
num_rate_text(int64_t bytes_per_s, char *buf, size_t room)
{
	static const char *const names[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
	double n = (double)bytes_per_s * RATE_BITS;
	size_t i = 0;
	char *point;

	/* 999.95: would be printed as 1000.0. */
	for (; n >= 999.95 && i < sizeof(names) / sizeof(names[0]) - 1; i++)
		n /= 1000;
	(void)snprintf(buf, room, "%.1f %s", n, names[i]);
	point = strstr(buf, ".0 ");
	if (point)
		memmove(point, point + 2, strlen(point + 2) + 1);
	return buf;
}
