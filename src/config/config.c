#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"
#include "config/keys.h"
#include "config/value.h"
#include "config/week.h"

struct config *
config_default(void)
{
	struct config *c = mem_zero(1, sizeof(*c));

	value_set_standards(KEY_SENDER, &c->sender);
	c->sender.zone = zone_utc();
	return c;
}

void
config_address_default(struct config_address *a)
{
	*a = (struct config_address){0};
	value_set_standards(KEY_ADDRESS, a);
	a->zone = zone_utc();
}

void
config_address_done(struct config_address *a)
{
	mem_free(a->section);
	mem_free(a->type_name);
	mem_free(a->path);
	mem_free(a->connect_host);
	mem_free(a->account);
	mem_free(a->password_file);
	mem_free(a->credential);
	mem_free(a->keytab);
	mem_free(a->ccache);
	mem_free(a->congestion);
	mem_free(a->zone_name);
	week_done(&a->schedule);
	week_done(&a->limits.rate);
}

static void
line_done(struct config_line *l)
{
	week_done(&l->limits.rate);
	mem_free(l->name);
}

static bool
same_place(const struct config_address *a, const struct config_address *b)
{
	return a->type == b->type && str_eq(a->type_name, b->type_name) &&
	       str_eq(a->path, b->path) && address_same(&a->where, &b->where) &&
	       str_eq(a->connect_host, b->connect_host) &&
	       a->connect_port == b->connect_port;
}

static bool
same_logon(const struct config_address *a, const struct config_address *b)
{
	return a->auth == b->auth && str_eq(a->account, b->account) &&
	       str_eq(a->password_file, b->password_file) &&
	       str_eq(a->credential, b->credential) && str_eq(a->keytab, b->keytab) &&
	       str_eq(a->ccache, b->ccache) && a->signing == b->signing &&
	       a->encrypt == b->encrypt && a->dialect_min == b->dialect_min &&
	       a->dialect_max == b->dialect_max;
}

bool
config_address_same(const struct config_address *a, const struct config_address *b)
{
	return str_eq(a->section, b->section) && same_place(a, b) && same_logon(a, b);
}

static void
site_done(struct config_site *s)
{
	for (size_t i = 0; i < s->address_count; i++)
		config_address_done(&s->addresses[i]);
	mem_free(s->addresses);
	mem_free(s->code);
	mem_free(s->description);
	mem_free(s->line_name);
	week_done(&s->limits.rate);
}

static void
group_done(struct config_group *g)
{
	for (size_t i = 0; i < g->site_count; i++)
		mem_free(g->sites[i]);
	mem_free(g->sites);
	mem_free(g->name);
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->site_count; i++)
		site_done(&c->sites[i]);
	for (size_t i = 0; i < c->group_count; i++)
		group_done(&c->groups[i]);
	for (size_t i = 0; i < c->line_count; i++)
		line_done(&c->lines[i]);
	for (size_t i = 0; i < c->zone_count; i++)
		zone_free(c->zones[i]);
	for (size_t i = 0; i < c->file_count; i++)
		mem_free(c->files[i]);
	mem_free(c->sites);
	mem_free(c->groups);
	mem_free(c->files);
	mem_free(c->lines);
	mem_free(c->zones);
	week_done(&c->sender.limits.rate);
	mem_free(c->sender.zone_name);
	mem_free(c->sender.site_code);
	mem_free(c->sender.log_file);
	mem_free(c);
}

static int
compare_code(const void *code, const void *site)
{
	return strcasecmp(code, ((const struct config_site *)site)->code);
}

const struct config_site *
config_site(const struct config *c, const char *code)
{
	if (c->site_count == 0)
		return NULL;
	return bsearch(code, c->sites, c->site_count, sizeof(c->sites[0]),
		       compare_code);
}

const struct config_address *
config_address(const struct config_site *s, int64_t number)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (s->addresses[i].number == number)
			return &s->addresses[i];
	return NULL;
}

const struct config_group *
config_group(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (str_eq_nocase(c->groups[i].name, name))
			return &c->groups[i];
	return NULL;
}

const struct config_line *
config_line(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->line_count; i++)
		if (str_eq_nocase(c->lines[i].name, name))
			return &c->lines[i];
	return NULL;
}

const char *
config_nearest_site(const struct config *c, const char *code)
{
	struct nearest near = {.wanted = code};

	for (size_t i = 0; i < c->site_count; i++)
		nearest_offer(&near, c->sites[i].code);
	return near.best;
}
