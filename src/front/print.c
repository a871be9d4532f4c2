#include "front/print.h"

#include <stdarg.h>
#include <stdio_ext.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf.h"

void
print_clean(struct str *out, const char *text)
{
	size_t len = strlen(text), used;

	for (size_t i = 0; i < len; i += used) {
		if (utf_is_control(utf_next(text + i, len - i, &used)))
			str_add_char(out, '?');
		else
			str_add_len(out, text + i, used);
	}
}

int
print_failure(int code, const struct err *e)
{
	AUTO_STR struct str text = {0};

	print_clean(&text, e->text);
	(void)fprintf(stderr, "lansender: %s\n", str_text(&text));
	return code;
}

/* One cleaned line of a format. */
FORMAT(2, 0)
static void
put_line(FILE *out, const char *fmt, va_list ap)
{
	AUTO_STR struct str line = {0}, clean = {0};

	str_addv(&line, fmt, ap);
	print_clean(&clean, str_text(&line));
	(void)fprintf(out, "%s\n", str_text(&clean));
}

void
print_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(stderr, fmt, ap);
	va_end(ap);
}

void
print_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(stdout, fmt, ap);
	va_end(ap);
}

int
print_flush(struct err *e)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	(void)err_sys(e, ERR_LOCAL, "write to the standard output");
	__fpurge(stdout);
	clearerr(stdout);
	return -1;
}

json_t *
print_json_text(const char *text)
{
	AUTO_STR struct str valid = {0};
	size_t len, used;

	if (!text)
		return json_null();
	len = strlen(text);
	for (size_t i = 0; i < len; i += used) {
		if (utf_next(text + i, len - i, &used) == UINT32_MAX)
			str_add_char(&valid, '?');
		else
			str_add_len(&valid, text + i, used);
	}
	return json_stringn(str_text(&valid), valid.len);
}

json_t *
print_json_at(int64_t at_ms)
{
	char buf[32];

	return at_ms == 0 || at_ms == INT64_MAX
		   ? json_null()
		   : json_string(clock_iso(at_ms, buf, sizeof(buf)));
}

void
print_json(json_t *object)
{
	/* A failed write shows in ferror(stdout), which front_main() looks at. */
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)fputc('\n', stdout);
	(void)fflush(stdout); /* whoever reads a pipe gets whole lines at once */
	json_decref(object);
}

const char *
print_at(int64_t at_ms, char *buf, size_t room)
{
	const time_t s = (time_t)(at_ms / 1000);
	struct tm tm;

	buf[0] = '\0';
	if (at_ms == INT64_MAX)
		str_copy_cut(buf, room, "never");
	else if (at_ms != 0 && localtime_r(&s, &tm))
		(void)strftime(buf, room, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

const char *
print_soon(int64_t at_ms, int64_t now_ms, char *buf, size_t room)
{
	const time_t at_s = (time_t)(at_ms / 1000), now_s = (time_t)(now_ms / 1000);
	const int64_t six_days_s = 6 * INT64_C(86400);
	struct tm at, now;

	buf[0] = '\0';
	if (at_ms == 0 || !localtime_r(&at_s, &at) || !localtime_r(&now_s, &now))
		return buf;
	if (at.tm_yday == now.tm_yday && at.tm_year == now.tm_year)
		(void)strftime(buf, room, "%H:%M", &at);
	else if (at_s > now_s && at_s - now_s < six_days_s)
		(void)strftime(buf, room, "%a %H:%M", &at);
	else
		(void)strftime(buf, room, "%Y-%m-%d", &at);
	return buf;
}

void
table_add(struct table *t, const char *cell)
{
	struct str clean = {0};

	t->cells = mem_grow(t->cells, t->count, &t->room, sizeof(*t->cells));
	print_clean(&clean, cell);
	t->cells[t->count++] = str_take(&clean);
}

/* Columns on a screen: code points; wide and combining ones are not told apart. */
static size_t
width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

/* Add a cell to the line; the last of a row ends it, without blanks at the end. */
static void
print_cell(const struct table *t, size_t column, const char *text, size_t columns_wide,
	   struct str *line)
{
	const int pad = (int)(columns_wide - width(text));

	if (t->right[column])
		str_addf(line, "%*s%s", pad, "", text);
	else
		str_addf(line, "%s%*s", text, pad, "");
	if (column + 1 < t->columns) {
		str_add(line, "  ");
		return;
	}
	while (line->len && line->s[line->len - 1] == ' ')
		line->len--;
	line->s[line->len] = '\0';
	str_add_char(line, '\n');
}

static size_t
next(const struct table *t, size_t column)
{
	return column + 1 < t->columns ? column + 1 : 0;
}

void
table_print(struct table *t, FILE *out)
{
	size_t *widest = t->widest;
	AUTO_STR struct str lines = {0};

	for (size_t i = 0; !t->begun && i < t->columns; i++)
		widest[i] = width(t->headings[i]);
	for (size_t i = 0, column = 0; i < t->count; i++, column = next(t, column)) {
		const size_t this_one = width(t->cells[i]);

		if (this_one > widest[column])
			widest[column] = this_one;
	}
	for (size_t i = 0; t->count && !t->begun && i < t->columns; i++)
		print_cell(t, i, t->headings[i], widest[i], &lines);
	for (size_t i = 0, column = 0; i < t->count; i++, column = next(t, column)) {
		print_cell(t, column, t->cells[i], widest[column], &lines);
		mem_free(t->cells[i]);
	}
	t->begun = t->begun || t->count > 0;
	(void)fputs(str_text(&lines), out);
	mem_free(t->cells);
	t->cells = NULL;
	t->count = t->room = 0;
}
