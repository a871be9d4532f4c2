#include "config/parse.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf.h"
#include "config/value.h"

enum {
	LINE_MAX_BYTES = 4096, /* a choice; no value is nearly as long       */
	NUMBER_MAX = 999,      /* of an address; a choice                    */
	QUOTE_ROOM = 64,
};

static const char utf8_mark[] = "\xEF\xBB\xBF";

struct reader {
	struct sections *out;
	const char *file;
	unsigned line;
	bool in_section;
};

void
sections_done(struct sections *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct section *one = &s->list[i];

		for (size_t j = 0; j < one->count; j++)
			mem_free(one->lines[j].value);
		mem_free(one->lines);
		mem_free(one->title);
		mem_free(one->name);
		mem_free(one->code);
	}
	mem_free(s->list);
	*s = (struct sections){0};
}

const struct line *
section_line(const struct section *s, const char *key)
{
	for (size_t i = s->count; i > 0; i--)
		if (str_eq(s->lines[i - 1].key->name, key))
			return &s->lines[i - 1];
	return NULL;
}

int
section_error(const struct section *s, const struct line *l, struct err *e)
{
	if (!l)
		return err_wrap(e, "%s:%u: [%s]", s->file, s->line, s->title);
	return err_wrap(e, "%s:%u: [%s] %s", s->file, l->number, s->title,
			l->key->name);
}

/* For lines that belong to no section yet. */
static int
line_error(const struct reader *r, struct err *e)
{
	return err_wrap(e, "%s:%u", r->file, r->line);
}

static const char *
quoted(char buf[QUOTE_ROOM], const char *text)
{
	str_copy_cut(buf, QUOTE_ROOM, text);
	return buf;
}

/* ---- [section] -------------------------------------------------------------- */

static int
find_kind(const char *word, enum key_section *out, struct err *e)
{
	struct nearest near = {.wanted = word};
	char buf[QUOTE_ROOM];

	for (unsigned i = 0; i < KEY_SECTIONS; i++)
		if (str_eq(word, key_section_name(i))) {
			*out = i;
			return 0;
		}
	for (unsigned i = 0; i < KEY_SECTIONS; i++)
		nearest_offer(&near, key_section_name(i));
	quoted(buf, word);
	if (near.best)
		return err_set(e, ERR_INPUT, 0,
			       "there is no section [%s]; did you mean [%s]?", buf,
			       near.best);
	return err_set(e, ERR_INPUT, 0,
		       "there is no section [%s]; there are [sender], [line south], "
		       "[site MS1], [address MS1.1] and [group branches]",
		       buf);
}

/* "MS1.2": the code of the site, a dot, a number. */
static int
split_address(struct section *s, struct err *e)
{
	char *dot = strrchr(s->code, '.');
	int64_t number;

	if (dot)
		*dot = '\0';
	if (!dot || !value_is_code(s->code) ||
	    num_int(dot + 1, 1, NUMBER_MAX, &number) < 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "an address is called by the code of its site, a dot and "
		    "a number from 1 to %d that says its order: type it as in "
		    "[address MS1.1]",
		    NUMBER_MAX);
	s->number = (unsigned)number;
	return 0;
}

static int
check_name(struct section *s, struct err *e)
{
	if (s->kind == KEY_SENDER && s->name[0])
		return err_set(e, ERR_INPUT, 0,
			       "there is one sender and it has no name: type [sender]");
	if (s->kind == KEY_SENDER)
		return 0;
	if (s->kind == KEY_ADDRESS)
		return split_address(s, e);
	if (!value_is_code(s->name))
		return err_set(
		    e, ERR_INPUT, 0,
		    "a %s is called by 1 to 32 letters, digits, - and _: type "
		    "it as in %s",
		    key_section_name(s->kind), key_section_example(s->kind));
	return 0;
}

/* "[address MS1.1]", without blanks around. */
static int
read_header(struct reader *r, char *text, struct err *e)
{
	const size_t len = strlen(text);
	struct section *s;
	char *word, *name;

	if (text[len - 1] != ']') {
		err_set(e, ERR_INPUT, 0,
			"a section ends in ] and nothing follows it: type it as in "
			"[site MS1]");
		return line_error(r, e);
	}
	text[len - 1] = '\0';
	word = text + 1 + strspn(text + 1, " \t");
	name = word + strcspn(word, " \t");
	if (*name)
		*name++ = '\0';
	name += strspn(name, " \t");
	for (size_t n = strlen(name); n && (name[n - 1] == ' ' || name[n - 1] == '\t');)
		name[--n] = '\0';

	r->out->list = mem_grow(r->out->list, r->out->count, &r->out->room, sizeof(*s));
	s = &r->out->list[r->out->count++];
	*s = (struct section){
	    .title = mem_printf("%s%s%s", word, *name ? " " : "", name),
	    .name = mem_dup(name),
	    .code = mem_dup(name),
	    .file = r->file,
	    .line = r->line,
	};
	r->in_section = true;
	if (find_kind(word, &s->kind, e) < 0)
		return line_error(r, e);
	if (check_name(s, e) < 0)
		return section_error(s, NULL, e);
	return 0;
}

/* ---- key = value ------------------------------------------------------------ */

/* Keys that one would expect, and that are not there for a reason. */
static const struct {
	enum key_section section;
	const char *name, *why;
} refused[] = {
    {KEY_ADDRESS, "password",
     "a password does not stand in the configuration: put it into a file of mode 0600 "
     "and name that as password_file = /etc/lansender/ms1.secret, or name a systemd "
     "credential as credential = ms1"},
    {KEY_ADDRESS, "folder",
     "the folder stands behind the share: type share = SMS_SITE\\in"},
    {KEY_ADDRESS, "port",
     "the port stands behind the server: type server = \\\\DSSMS:1445"},
    {KEY_SITE, "server",
     "a server belongs to an address: begin one with [address MS1.1]"},
};

/* In which other section is the key at home?  KEY_SECTIONS: in none. */
static enum key_section
home_of(const char *name)
{
	for (const struct key *k = keys; k->name; k++)
		if (str_eq(k->name, name))
			return k->section;
	return KEY_SECTIONS;
}

static void
list_keys(enum key_section s, struct str *out)
{
	for (const struct key *k = keys; k->name; k++)
		if (k->section == s)
			str_addf(out, "%s%s", out->len ? ", " : "", k->name);
}

static int
unknown_key(enum key_section s, const char *name, struct err *e)
{
	const enum key_section home = home_of(name);
	struct nearest near = {.wanted = name};
	AUTO_STR struct str all = {0};
	char buf[QUOTE_ROOM];

	for (size_t i = 0; i < COUNT(refused); i++)
		if (refused[i].section == s && str_eq(refused[i].name, name))
			return err_set(e, ERR_INPUT, 0, "%s: %s", name, refused[i].why);
	if (home != KEY_SECTIONS)
		return err_set(e, ERR_INPUT, 0, "%s belongs into a section like %s",
			       name, key_section_example(home));
	for (const struct key *k = keys; k->name; k++)
		if (k->section == s)
			nearest_offer(&near, k->name);
	quoted(buf, name);
	if (near.best)
		return err_set(e, ERR_INPUT, 0,
			       "there is no key \"%s\"; did you mean \"%s\"?", buf,
			       near.best);
	list_keys(s, &all);
	return err_set(e, ERR_INPUT, 0,
		       "there is no key \"%s\" in this version; there are: %s", buf,
		       str_text(&all));
}

static int
check_value(const struct section *s, const struct key *key, const char *value,
	    struct err *e)
{
	const struct line *first = section_line(s, key->name);

	if (first && !key_is_list(key))
		return err_set(e, ERR_INPUT, 0,
			       "stands here a second time, first in line %u: leave one "
			       "of them",
			       first->number);
	if (*value == '\0' && key->type != KEY_TEXT)
		return err_set(
		    e, ERR_INPUT, 0,
		    "has no value: type one, as in %s = %s, or leave the line "
		    "out",
		    key->name, key->example);
	return 0;
}

static int
add_line(const struct reader *r, const char *name, const char *value, struct err *e)
{
	struct section *s = &r->out->list[r->out->count - 1];
	const struct key *key = key_find(s->kind, name);
	struct line line = {.key = key, .number = r->line};

	if (!key) {
		unknown_key(s->kind, name, e);
		return err_wrap(e, "%s:%u: [%s]", r->file, r->line, s->title);
	}
	if (check_value(s, key, value, e) < 0)
		return section_error(s, &line, e);
	line.value = mem_dup(value);
	s->lines = mem_grow(s->lines, s->count, &s->room, sizeof(line));
	s->lines[s->count++] = line;
	return 0;
}

static int
read_key(const struct reader *r, char *text, struct err *e)
{
	char *equals = strchr(text, '='), *value;
	char buf[QUOTE_ROOM];
	size_t len;

	if (!equals || equals == text) {
		/* Only its beginning: who knows what was pasted here. */
		text[strcspn(text, " \t=:")] = '\0';
		err_set(e, ERR_INPUT, 0,
			"the line that begins with \"%s\" is no [section], no key = "
			"value and no comment, which begins with # or ;",
			quoted(buf, text));
		return line_error(r, e);
	}
	if (!r->in_section) {
		err_set(
		    e, ERR_INPUT, 0,
		    "a key stands before the first section: begin one with [sender], "
		    "[site MS1] or [address MS1.1]");
		return line_error(r, e);
	}
	*equals = '\0';
	value = equals + 1 + strspn(equals + 1, " \t");
	for (len = strlen(text);
	     len && (text[len - 1] == ' ' || text[len - 1] == '\t');)
		text[--len] = '\0';
	return add_line(r, text, value, e);
}

/* ---- lines ------------------------------------------------------------------ */

static int
check_bytes(const char *text, size_t len, struct err *e)
{
	size_t used;

	if (len > LINE_MAX_BYTES)
		return err_set(e, ERR_INPUT, 0,
			       "the line is %zu bytes long; the longest that can be is "
			       "%d",
			       len, LINE_MAX_BYTES);
	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(text + i, len - i, &used);

		if (c == UINT32_MAX)
			return err_set(e, ERR_INPUT, 0,
				       "byte %zu of the line is not valid UTF-8: save "
				       "the file as UTF-8",
				       i + 1);
		if (c == 0)
			return err_set(e, ERR_INPUT, 0,
				       "byte %zu of the line is a NUL, which no text "
				       "holds: save the file as UTF-8",
				       i + 1);
		if ((c < 0x20 && c != '\t') || (c >= 0x7F && c <= 0x9F))
			return err_set(e, ERR_INPUT, 0,
				       "byte %zu of the line is a control character "
				       "(0x%02X): type the line again without it",
				       i + 1, (unsigned)c);
	}
	return 0;
}

static int
read_line(struct reader *r, const char *text, size_t len, struct err *e)
{
	AUTO_FREE char *line = NULL;

	if (len && text[len - 1] == '\r') /* as editors on Windows end lines */
		len--;
	if (check_bytes(text, len, e) < 0)
		return line_error(r, e);
	while (len && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len == 0 || text[0] == '#' || text[0] == ';')
		return 0;
	line = mem_dup_len(text, len);
	return line[0] == '[' ? read_header(r, line, e) : read_key(r, line, e);
}

int
sections_read(struct sections *s, const char *file, const char *bytes, size_t len,
	      struct err *e)
{
	struct reader r = {.out = s, .file = file, .line = 1};
	const size_t mark = strlen(utf8_mark);

	if (len >= mark && memcmp(bytes, utf8_mark, mark) == 0) {
		bytes += mark;
		len -= mark;
	}
	for (; len > 0; r.line++) {
		const char *end = memchr(bytes, '\n', len);
		size_t n = end ? (size_t)(end - bytes) : len;

		if (read_line(&r, bytes, n, e) < 0)
			return -1;
		n += end != NULL;
		bytes += n;
		len -= n;
	}
	return 0;
}
