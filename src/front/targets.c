#include "front/targets.h"

#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"

void
targets_done(struct targets *t)
{
	mem_free(t->sites);
	mem_free(t->seen);
	*t = (struct targets){0};
}

/* Each once: a group may have 10,000 sites, so they are ticked off, not compared. */
static void
add(struct targets *t, const struct config *config, const struct config_site *site)
{
	const size_t number = (size_t)(site - config->sites);

	if (!t->seen)
		t->seen = mem_zero(config->site_count, sizeof(*t->seen));
	if (t->seen[number])
		return;
	t->seen[number] = true;
	t->sites = mem_grow(t->sites, t->count, &t->room, sizeof(*t->sites));
	t->sites[t->count++] = site->code;
}

static int
add_site(struct targets *t, const struct config *config, const char *typed,
	 struct err *e)
{
	const struct config_site *site = config_site(config, typed);
	const char *near;

	if (site) {
		add(t, config, site);
		return 0;
	}
	near = config_nearest_site(config, typed);
	return err_set(
	    e, ERR_INPUT, 0, "unknown site \"%s\"%s%s%s `lansender sites` lists them",
	    typed, near ? ": did you mean " : "", near ? near : "", near ? "?" : ";");
}

static const char *
nearest_group(const struct config *config, const char *typed)
{
	struct nearest near = {.wanted = typed};

	for (size_t i = 0; i < config->group_count; i++)
		nearest_offer(&near, config->groups[i].name);
	return near.best;
}

static int
add_group(struct targets *t, const struct config *config, const char *typed,
	  struct err *e)
{
	const struct config_group *group = config_group(config, typed);
	const char *near;

	if (!group) {
		near = nearest_group(config, typed);
		return err_set(e, ERR_INPUT, 0,
			       "unknown group \"@%s\"%s%s%s groups are [group NAME] "
			       "sections of the configuration",
			       typed, near ? ": did you mean @" : "", near ? near : "",
			       near ? "?" : ";");
	}
	for (size_t i = 0; i < group->site_count; i++)
		if (add_site(t, config, group->sites[i], e) < 0)
			return err_wrap(e, "group @%s", typed);
	return 0;
}

int
targets_parse(const char *typed, const struct config *config, struct targets *out,
	      struct err *e)
{
	AUTO_TARGETS struct targets t = {0};
	const char *at = typed;

	for (;;) {
		char name[64]; /* longer ones are not known either */
		size_t len = strcspn(at, ",");

		if (len == 0)
			return err_set(e, ERR_INPUT, 0,
				       "\"%s\" names no site in one place; type "
				       "MS1,MS2 or @GROUP",
				       typed);
		if (str_copy_len(name, sizeof(name), at, len) < 0)
			return err_set(e, ERR_INPUT, 0, "unknown site \"%.*s\"",
				       (int)len, at);
		if ((name[0] == '@' ? add_group(&t, config, name + 1, e)
				    : add_site(&t, config, name, e)) < 0)
			return -1;
		at += len;
		if (*at++ == '\0')
			break;
	}
	if (t.count == 0)
		return err_set(e, ERR_INPUT, 0, "\"%s\": there is no site in it",
			       typed);
	*out = t;
	t = (struct targets){0};
	return 0;
}
