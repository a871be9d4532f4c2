#include "config/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"
#include "config/value.h"
#include "config/week.h"

/* By kind, name and number, so that what belongs together stands together; the same
 * twice: in the order of reading. */
static int
compare_sections(const void *left, const void *right)
{
	const struct section *a = *(struct section *const *)left;
	const struct section *b = *(struct section *const *)right;
	int names;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	names = strcasecmp(a->code, b->code);
	if (names != 0)
		return names;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a < b ? -1 : a > b;
}

static struct section **
sort_sections(const struct sections *s)
{
	struct section **sorted = mem_zero(s->count + 1, sizeof(struct section *));

	for (size_t i = 0; i < s->count; i++)
		sorted[i] = &s->list[i];
	qsort(sorted, s->count, sizeof(struct section *), compare_sections);
	return sorted; /* ends with NULL */
}

static int
check_twice(struct section *const *sorted, struct err *e)
{
	for (size_t i = 0; sorted[i]; i++) {
		const struct section *a = sorted[i], *b = sorted[i + 1];

		if (!b || a->kind != b->kind || a->number != b->number ||
		    !str_eq_nocase(a->code, b->code))
			continue;
		err_set(e, ERR_INPUT, 0,
			"the section stands a second time, first at %s:%u: put what "
			"both say into one",
			a->file, a->line);
		return section_error(b, NULL, e);
	}
	return 0;
}

static int
set_line(const struct section *s, const struct line *l, void *target, struct err *e)
{
	if (value_set(l->key, l->value, target, e) < 0)
		return section_error(s, l, e);
	return 0;
}

/* Every line of a section whose keys have one value each. */
static int
set_lines(const struct section *s, void *target, struct err *e)
{
	for (size_t i = 0; i < s->count; i++)
		if (set_line(s, &s->lines[i], target, e) < 0)
			return -1;
	return 0;
}

/* The last line of `key` that says something in percent. */
static const struct line *
percent_line(const struct section *s)
{
	for (size_t i = s->count; i > 0; i--)
		if (s->lines[i - 1].key->type == KEY_RATES &&
		    strchr(s->lines[i - 1].value, '%'))
			return &s->lines[i - 1];
	return NULL;
}

static int
resolve_limits(const struct section *s, struct config_limits *limits, struct err *e)
{
	if (!week_has_percent(&limits->rate))
		return 0;
	if (limits->speed_bytes_per_s > 0) {
		week_resolve(&limits->rate, limits->speed_bytes_per_s);
		return 0;
	}
	err_set(e, ERR_INPUT, 0,
		"it is not said percent of what: add speed = 10Mbit/s to this section");
	return section_error(s, percent_line(s), e);
}

/* Each zone once: loading takes a millisecond. */
static int
find_zone(struct config *c, const char *name, const struct zone **out, struct err *e)
{
	struct zone *z;

	for (size_t i = 0; name && i < c->zone_count; i++)
		if (str_eq(zone_name(c->zones[i]), name)) {
			*out = c->zones[i];
			return 0;
		}
	if (zone_load(name, &z, e) < 0)
		return -1;
	c->zones =
	    mem_grow(c->zones, c->zone_count, &c->zone_room, sizeof(struct zone *));
	c->zones[c->zone_count++] = z;
	*out = z;
	return 0;
}

static int
check_sendings(const struct section *s, struct config_sender *sender, struct err *e)
{
	const struct line *l = section_line(s, "max_sendings_per_site");

	if (sender->max_sendings_per_site <= sender->max_sendings)
		return 0;
	/* Nobody typed the standard value; it gives way. */
	if (!l) {
		sender->max_sendings_per_site = sender->max_sendings;
		return 0;
	}
	err_set(
	    e, ERR_INPUT, 0,
	    "%lld to one site are more than the %lld sendings in all (max_sendings): "
	    "make max_sendings larger, or this smaller",
	    (long long)sender->max_sendings_per_site, (long long)sender->max_sendings);
	return section_error(s, l, e);
}

static int
check_shares(const struct section *s, struct config_sender *sender, struct err *e)
{
	const struct line *l = section_line(s, "reserved_high");

	if (sender->reserved_high >= sender->max_sendings && !l)
		sender->reserved_high = sender->max_sendings - 1;
	if (sender->reserved_high >= sender->max_sendings) {
		err_set(e, ERR_INPUT, 0,
			"%lld reserved of %lld sendings in all (max_sendings) leave "
			"none for medium and low priority: make this smaller, or "
			"max_sendings larger",
			(long long)sender->reserved_high,
			(long long)sender->max_sendings);
		return section_error(s, l, e);
	}
	if (sender->medium_share_percent + sender->low_share_percent < 100)
		return 0;
	l = section_line(s, "low_share");
	err_set(e, ERR_INPUT, 0,
		"medium_share and low_share are %lld%% together, which leaves nothing "
		"for high priority: make one of them smaller",
		(long long)(sender->medium_share_percent + sender->low_share_percent));
	return section_error(s, l ? l : section_line(s, "medium_share"), e);
}

static int
build_sender(const struct section *s, struct config *c, struct err *e)
{
	struct config_sender *sender = &c->sender;

	if (set_lines(s, sender, e) < 0 || check_sendings(s, sender, e) < 0 ||
	    check_shares(s, sender, e) < 0 || resolve_limits(s, &sender->limits, e) < 0)
		return -1;
	if (sender->zone_name && find_zone(c, sender->zone_name, &sender->zone, e) < 0)
		return section_error(s, section_line(s, "zone"), e);
	return 0;
}

static int
build_line(const struct section *s, struct config *c, struct err *e)
{
	struct config_line *line;

	c->lines = mem_grow(c->lines, c->line_count, &c->line_room, sizeof(*line));
	line = &c->lines[c->line_count++];
	*line = (struct config_line){.name = mem_dup(s->name)};
	value_set_standards(KEY_LINE, line);
	if (set_lines(s, line, e) < 0)
		return -1;
	return resolve_limits(s, &line->limits, e);
}

/* All lines are there by now, and stay where they are. */
static int
find_line(const struct section *s, const struct config *c, struct config_site *site,
	  struct err *e)
{
	struct nearest near = {.wanted = site->line_name};

	if (!site->line_name)
		return 0;
	site->line = config_line(c, site->line_name);
	if (site->line)
		return 0;
	for (size_t i = 0; i < c->line_count; i++)
		nearest_offer(&near, c->lines[i].name);
	if (near.best)
		err_set(e, ERR_INPUT, 0,
			"there is no line \"%s\"; did you mean \"%s\"?",
			site->line_name, near.best);
	else
		err_set(e, ERR_INPUT, 0,
			"there is no line \"%s\": add a section [line %s]",
			site->line_name, site->line_name);
	return section_error(s, section_line(s, "line"), e);
}

/* Sections come sorted, and so c->sites is. */
static int
build_site(const struct section *s, struct config *c, struct err *e)
{
	struct config_site *site;

	if (str_eq_nocase(s->name, c->sender.site_code)) {
		err_set(
		    e, ERR_INPUT, 0,
		    "%s is the site that packages come from (site_code in [sender]), "
		    "and they would come back to it: name another site, or change "
		    "site_code",
		    s->name);
		return section_error(s, NULL, e);
	}
	c->sites = mem_grow(c->sites, c->site_count, &c->site_room, sizeof(*site));
	site = &c->sites[c->site_count++];
	*site = (struct config_site){.code = mem_dup(s->name)};
	value_set_standards(KEY_SITE, site);
	if (set_lines(s, site, e) < 0 || resolve_limits(s, &site->limits, e) < 0)
		return -1;
	return find_line(s, c, site, e);
}

static int
unknown_site(const struct config *c, const char *code, struct err *e)
{
	const char *near = config_nearest_site(c, code);

	if (near)
		return err_set(e, ERR_INPUT, 0,
			       "there is no site \"%s\"; did you mean \"%s\"?", code,
			       near);
	return err_set(e, ERR_INPUT, 0,
		       "there is no site \"%s\": add a section [site %s]", code, code);
}

static struct config_site *
find_site(const struct config *c, const char *code)
{
	const struct config_site *site = config_site(c, code);

	return site ? &c->sites[site - c->sites] : NULL;
}

static int
build_address(const struct section *s, struct config *c, struct err *e)
{
	struct config_site *site = find_site(c, s->code);
	const struct line *server = section_line(s, "server");
	struct config_address *a;

	if (!site) {
		unknown_site(c, s->code, e);
		return section_error(s, NULL, e);
	}
	/* One by one: a site has one or two addresses.  They come in their order. */
	site->addresses =
	    mem_resize(site->addresses, site->address_count + 1, sizeof(*a));
	a = &site->addresses[site->address_count++];
	config_address_default(a);
	a->section = mem_dup(s->name);
	a->number = s->number;
	a->file = s->file;
	a->line = s->line;

	/* The server first: the share may have been typed with it.  Without one, what
	 * the share says is moot, and check_address() says what is missing. */
	if (server && set_line(s, server, a, e) < 0)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		const enum key_type type = s->lines[i].key->type;

		if (type == KEY_SERVER || (type == KEY_SHARE && !server))
			continue;
		if (set_line(s, &s->lines[i], a, e) < 0)
			return -1;
	}
	a->zone = c->sender.zone;
	if (a->zone_name && find_zone(c, a->zone_name, &a->zone, e) < 0)
		return section_error(s, section_line(s, "zone"), e);
	if (resolve_limits(s, &a->limits, e) < 0)
		return -1;
	if (check_address(s, a, e) < 0)
		return -1;
	return check_lease(s, a, c->sender.heartbeat_ms, e);
}

static int
add_to_group(const struct config *c, const char *code, struct config_group *g,
	     struct err *e)
{
	const struct config_site *site = config_site(c, code);

	if (*code == '\0')
		return err_set(
		    e, ERR_INPUT, 0,
		    "there is nothing between two commas: type it as in MS1, "
		    "MS2");
	if (!value_is_code(code))
		return err_set(e, ERR_INPUT, 0,
			       "\"%.64s\" is not a site code: type it as in MS1, MS2",
			       code);
	if (!site)
		return unknown_site(c, code, e);
	for (size_t i = 0; i < g->site_count; i++)
		if (str_eq(g->sites[i], site->code))
			return err_set(e, ERR_INPUT, 0,
				       "site %s is in the group already: leave it out",
				       site->code);
	g->sites = mem_grow(g->sites, g->site_count, &g->site_room, sizeof(char *));
	g->sites[g->site_count++] = mem_dup(site->code);
	return 0;
}

/* "MS1, MS2" */
static int
add_list(const struct config *c, const char *text, struct config_group *g,
	 struct err *e)
{
	AUTO_FREE char *list = mem_dup(text);

	for (char *code = list;;) {
		char *next = code + strcspn(code, ",");
		const bool is_last = *next == '\0';
		size_t len;

		*next = '\0';
		code += strspn(code, " \t");
		for (len = strlen(code); len && strchr(" \t", code[len - 1]);)
			code[--len] = '\0';
		if (add_to_group(c, code, g, e) < 0)
			return -1;
		if (is_last)
			return 0;
		code = next + 1;
	}
}

static int
build_group(const struct section *s, struct config *c, struct err *e)
{
	struct config_group *g;

	c->groups = mem_grow(c->groups, c->group_count, &c->group_room, sizeof(*g));
	g = &c->groups[c->group_count++];
	*g = (struct config_group){.name = mem_dup(s->name)};
	for (size_t i = 0; i < s->count; i++)
		if (add_list(c, s->lines[i].value, g, e) < 0)
			return section_error(s, &s->lines[i], e);
	if (g->site_count > 0)
		return 0;
	err_set(e, ERR_INPUT, 0, "the group has no sites: add site = MS1");
	return section_error(s, NULL, e);
}

static int
build_section(const struct section *s, struct config *c, struct err *e)
{
	switch (s->kind) {
	case KEY_SENDER:
		return build_sender(s, c, e);
	case KEY_LINE:
		return build_line(s, c, e);
	case KEY_SITE:
		return build_site(s, c, e);
	case KEY_ADDRESS:
		return build_address(s, c, e);
	case KEY_GROUP:
		return build_group(s, c, e);
	case KEY_SECTIONS:
		break;
	}
	return 0;
}

int
build_config(const struct sections *s, struct config *c, struct err *e)
{
	AUTO_FREE struct section **sorted = sort_sections(s);

	if (check_twice(sorted, e) < 0 || find_zone(c, NULL, &c->sender.zone, e) < 0)
		return -1;
	for (size_t i = 0; sorted[i]; i++)
		if (build_section(sorted[i], c, e) < 0)
			return -1;
	return 0;
}
