#include "front/log_view.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "front/print.h"

struct log_view {
	const struct log_view_options *o;
	FILE *out;
	char **kept; /* a ring of o->last lines; NULL: print at once */
	size_t next;
	bool found; /* a line that is wanted */
};

struct log_view *
log_view_new(const struct log_view_options *o, FILE *out)
{
	struct log_view *v = mem_zero(1, sizeof(*v));

	v->o = o;
	v->out = out;
	if (o->last > 0)
		v->kept = mem_zero((size_t)o->last, sizeof(*v->kept));
	return v;
}

void
log_view_free(struct log_view *v)
{
	if (!v)
		return;
	log_view_flush(v);
	mem_free(v);
}

bool
log_view_found(const struct log_view *v)
{
	return v->found;
}

bool
log_view_holds(const char *context, const char *key, const char *value)
{
	const size_t key_len = strlen(key), value_len = strlen(value);

	while (*context) {
		size_t len = strcspn(context, " ");

		if (len == key_len + 1 + value_len &&
		    strncmp(context, key, key_len) == 0 && context[key_len] == '=' &&
		    strncasecmp(context + key_len + 1, value, value_len) == 0)
			return true;
		context += len;
		context += strspn(context, " ");
	}
	return false;
}

static bool
is_wanted(const struct log_view_options *o, const char *context)
{
	return (!o->request || log_view_holds(context, "request", o->request)) &&
	       (!o->site || log_view_holds(context, "site", o->site));
}

/* Takes `text`. */
static void
emit(struct log_view *v, char *text)
{
	v->found = true;
	if (v->kept) {
		mem_free(v->kept[v->next]);
		v->kept[v->next] = text;
		v->next = (v->next + 1) % (size_t)v->o->last;
		return;
	}
	(void)fputs(text, v->out);
	mem_free(text);
}

void
log_view_line(struct log_view *v, const char *line)
{
	AUTO_STR struct str hold = {0};
	struct str out = {0};
	struct log_event ev;

	if (log_parse(line, &hold, &ev) == 0) {
		if (!is_wanted(v->o, ev.context))
			return;
		log_render(&ev, v->o->form, &out);
	} else {
		/* Not ours: shown as it is to people, left out for machines and where
		 * something was asked for. */
		if (v->o->form == LOG_FORM_JSON || v->o->request || v->o->site)
			return;
		print_clean(&out, line);
		str_add_char(&out, '\n');
	}
	emit(v, str_take(&out));
}

void
log_view_flush(struct log_view *v)
{
	char **kept = v->kept;

	if (!kept)
		return;
	v->kept = NULL;
	for (size_t i = 0; i < (size_t)v->o->last; i++) {
		char *line = kept[(v->next + i) % (size_t)v->o->last];

		if (line)
			emit(v, line);
	}
	mem_free(kept);
}
