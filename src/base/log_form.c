/* The renderings of one event, and the way back from CMTrace's.
 * Format of a CMTrace line: sms-sender.md 4.1,
 * <![LOG[text]LOG]!><time="HH:MM:SS.mmm+TZ" date="MM-DD-YYYY" component="..."
 * context="..." type="1" thread="205" file="event:1203">; TZ is minutes west of UTC. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/num.h"
#include "base/utf.h"

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

/* Text that stays on its line and inside its frame: control characters and bytes that
 * are not UTF-8 become '?', and each of `special` becomes '\''. */
static void
add_clean(struct str *out, const char *text, const char *special)
{
	size_t len = strlen(text), used;

	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(text + i, len - i, &used);

		if (utf_is_control(c))
			str_add_char(out, '?');
		else if (c < 0x80 && strchr(special, (int)c))
			str_add_char(out, '\'');
		else
			str_add_len(out, text + i, used);
	}
}

/* The end mark inside a text would end it early. */
static void
add_framed(struct str *out, const char *text)
{
	const char *mark;

	while ((mark = strstr(text, "]LOG]!>")) != NULL) {
		AUTO_STR struct str front = {0};

		str_add_len(&front, text, (size_t)(mark - text));
		add_clean(out, str_text(&front), "");
		str_add(out, "]LOG]! >");
		text = mark + strlen("]LOG]!>");
	}
	add_clean(out, text, "");
}

static void
local_time(int64_t at_ms, struct tm *tm, int *ms)
{
	const time_t s = (time_t)(at_ms / 1000);

	*ms = (int)(at_ms % 1000);
	if (!localtime_r(&s, tm))     /* ms cannot name a year that is too far */
		*tm = (struct tm){0}; /* GCOVR_EXCL_LINE */
}

static void
render_text(const struct log_event *ev, struct str *out)
{
	struct tm tm;
	int ms;

	local_time(ev->at_ms, &tm, &ms);
	str_addf(out, "%02d/%02d/%04d %02d:%02d:%02d.%03d  ", tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
	add_clean(out, ev->text, "");
	str_add_char(out, '\n');
}

static void
render_journal(const struct log_event *ev, struct str *out)
{
	/* sd-daemon(3): the priority of a line in front of it. */
	static const char *const prefix[] = {
	    [LOG_LEVEL_DEBUG] = "<7>",
	    [LOG_LEVEL_INFO] = "<6>",
	    [LOG_LEVEL_WARNING] = "<4>",
	    [LOG_LEVEL_ERROR] = "<3>",
	};

	str_add(out, prefix[ev->level]);
	add_clean(out, ev->text, "");
	str_add_char(out, '\n');
}

static void
render_cmtrace(const struct log_event *ev, struct str *out)
{
	static const int types[] = {
	    [LOG_LEVEL_DEBUG] = 1,
	    [LOG_LEVEL_INFO] = 1,
	    [LOG_LEVEL_WARNING] = 2,
	    [LOG_LEVEL_ERROR] = 3,
	};
	struct tm tm;
	int ms;

	local_time(ev->at_ms, &tm, &ms);
	str_add(out, "<![LOG[");
	add_framed(out, ev->text);
	str_addf(out, "]LOG]!><time=\"%02d:%02d:%02d.%03d%+04ld\" ", tm.tm_hour,
		 tm.tm_min, tm.tm_sec, ms, -tm.tm_gmtoff / 60);
	str_addf(out, "date=\"%02d-%02d-%04d\" component=\"", tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_year + 1900);
	add_clean(out, ev->component, "\"");
	str_add(out, "\" context=\"");
	add_clean(out, ev->context, "\"");
	str_addf(out, "\" type=\"%d\" thread=\"%u\" file=\"%s:%d\">\n",
		 types[ev->level], ev->thread,
		 ev->level == LOG_LEVEL_DEBUG ? "debug" : "event", ev->id);
}

static void
add_json_string(struct str *out, const char *text)
{
	size_t len = strlen(text), used;

	str_add_char(out, '"');
	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(text + i, len - i, &used);

		if (c == UINT32_MAX)
			str_add_char(out, '?');
		else if (c == '"' || c == '\\')
			str_addf(out, "\\%c", (char)c);
		else if (c < 0x20 || c == 0x7F)
			str_addf(out, "\\u%04x", c);
		else
			str_add_len(out, text + i, used);
	}
	str_add_char(out, '"');
}

/* "request" is an id, a number wherever JSON names it; whatever else stands in a
 * context is a string, also a site whose code is 12. */
static void
add_json_value(struct str *out, const char *key, const char *value)
{
	int64_t n;

	if (str_eq(key, "request") && num_int(value, 0, INT64_MAX, &n) == 0)
		str_addf(out, "%" PRId64, n);
	else
		add_json_string(out, value);
}

/* "key=value" pairs become members. */
static void
add_json_context(struct str *out, const char *context)
{
	while (*context) {
		size_t len = strcspn(context, " ");
		const char *eq = memchr(context, '=', len);

		if (eq) {
			AUTO_STR struct str key = {0}, value = {0};

			str_add_len(&key, context, (size_t)(eq - context));
			str_add_len(&value, eq + 1, len - (size_t)(eq + 1 - context));
			str_add_char(out, ',');
			add_json_string(out, str_text(&key));
			str_add_char(out, ':');
			add_json_value(out, str_text(&key), str_text(&value));
		}
		context += len;
		context += strspn(context, " ");
	}
}

static void
render_json(const struct log_event *ev, struct str *out)
{
	char at[32];

	str_addf(
	    out,
	    "{\"at\":\"%s\",\"id\":%d,\"level\":\"%s\",\"thread\":%u,\"component\":",
	    clock_iso(ev->at_ms, at, sizeof(at)), ev->id, level_names[ev->level],
	    ev->thread);
	add_json_string(out, ev->component);
	str_add(out, ",\"text\":");
	add_json_string(out, ev->text);
	add_json_context(out, ev->context);
	str_add(out, "}\n");
}

void
log_render(const struct log_event *ev, enum log_form form, struct str *out)
{
	switch (form) {
	case LOG_FORM_NONE:
		break;
	case LOG_FORM_TEXT:
		render_text(ev, out);
		break;
	case LOG_FORM_CMTRACE:
		render_cmtrace(ev, out);
		break;
	case LOG_FORM_JSON:
		render_json(ev, out);
		break;
	case LOG_FORM_JOURNAL:
		render_journal(ev, out);
		break;
	}
}

/* The value of name="..." in `from`; NULL: not there. */
static const char *
attribute(const char *from, const char *name, size_t *len)
{
	char mark[24];
	const char *at, *end;

	(void)snprintf(mark, sizeof(mark), "%s=\"", name);
	at = strstr(from, mark);
	if (!at)
		return NULL;
	at += strlen(mark);
	end = strchr(at, '"');
	if (!end)
		return NULL;
	*len = (size_t)(end - at);
	return at;
}

static int
parse_number(const char *text, size_t len, int64_t max, int64_t *out)
{
	char digits[12];

	if (str_copy_len(digits, sizeof(digits), text, len) < 0)
		return -1;
	return num_int(digits, 0, max, out);
}

/* A whole number at a fixed place of an attribute. */
struct place {
	size_t at, len;
	int64_t max;
};

static int
parse_places(const char *text, size_t len, const struct place *places, size_t count,
	     int64_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (places[i].at + places[i].len > len ||
		    parse_number(text + places[i].at, places[i].len, places[i].max,
				 &out[i]) < 0)
			return -1;
	return 0;
}

/* time="10:47:16.123+300" date="03-17-1999"; a leap second is a 60th. */
static int
parse_at(const char *frame, int64_t *at_ms)
{
	static const struct place of_time[] = {
	    {0, 2, 23}, {3, 2, 59}, {6, 2, 60}, {9, 3, 999}, {13, 3, 999}};
	static const struct place of_date[] = {{0, 2, 12}, {3, 2, 31}, {6, 4, 9999}};
	int64_t time_of[COUNT(of_time)], date_of[COUNT(of_date)], west_min;
	size_t time_len, date_len;
	const char *time_text = attribute(frame, "time", &time_len);
	const char *date = attribute(frame, "date", &date_len);
	struct tm tm = {0};

	if (!time_text || !date ||
	    parse_places(time_text, time_len, of_time, COUNT(of_time), time_of) < 0 ||
	    parse_places(date, date_len, of_date, COUNT(of_date), date_of) < 0)
		return -1;
	tm.tm_hour = (int)time_of[0];
	tm.tm_min = (int)time_of[1];
	tm.tm_sec = (int)time_of[2];
	tm.tm_mon = (int)date_of[0] - 1;
	tm.tm_mday = (int)date_of[1];
	tm.tm_year = (int)date_of[2] - 1900;
	west_min = time_text[12] == '-' ? -time_of[4] : time_of[4];
	*at_ms = ((int64_t)timegm(&tm) + west_min * 60) * 1000 + time_of[3];
	return 0;
}

static int
parse_level(const char *frame, const char *file, enum log_level *level)
{
	static const enum log_level levels[] = {LOG_LEVEL_INFO, LOG_LEVEL_WARNING,
						LOG_LEVEL_ERROR};
	const char *type;
	int64_t n;
	size_t len;

	type = attribute(frame, "type", &len);
	if (!type || parse_number(type, len, 3, &n) < 0 || n < 1)
		return -1;
	*level = str_starts(file, "debug:") ? LOG_LEVEL_DEBUG : levels[n - 1];
	return 0;
}

/* Add a piece to *hold, terminated; says where it begins (the buffer may still move).
 */
static size_t
keep(struct str *hold, const char *text, size_t len)
{
	size_t at = hold->len;

	str_add_len(hold, text, len);
	str_add_len(hold, "", 1);
	return at;
}

int
log_parse(const char *line, struct str *hold, struct log_event *ev)
{
	static const char open_mark[] = "<![LOG[", close_mark[] = "]LOG]!>";
	struct log_event got = {0};
	const char *end, *component, *context, *thread, *file, *colon;
	size_t component_len = 0, context_len = 0, len = 0;
	size_t text_at, component_at, context_at;
	int64_t n;

	if (!str_starts(line, open_mark) || !(end = strstr(line, close_mark)))
		return -1;
	component = attribute(end, "component", &component_len);
	context = attribute(end, "context", &context_len);
	thread = attribute(end, "thread", &len);
	if (!component || !context || !thread ||
	    parse_number(thread, len, UINT32_MAX, &n) < 0 ||
	    parse_at(end, &got.at_ms) < 0)
		return -1;
	got.thread = (unsigned)n;
	file = attribute(end, "file", &len);
	colon = file ? memchr(file, ':', len) : NULL;
	if (!colon ||
	    parse_number(colon + 1, len - (size_t)(colon + 1 - file), INT32_MAX, &n) <
		0 ||
	    parse_level(end, file, &got.level) < 0)
		return -1;
	got.id = (int)n;
	line += strlen(open_mark);
	text_at = keep(hold, line, (size_t)(end - line));
	component_at = keep(hold, component, component_len);
	context_at = keep(hold, context, context_len);
	got.text = hold->s + text_at;
	got.component = hold->s + component_at;
	got.context = hold->s + context_at;
	*ev = got;
	return 0;
}
