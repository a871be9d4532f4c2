#include "front/site_name.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "front/place.h"

struct wanted {
	const char *typed;
	char *code;
};

static int
is_it(void *self, const struct outbox_site *s)
{
	struct wanted *w = self;

	if (!str_eq_nocase(s->site, w->typed))
		return 0;
	str_copy_cut(w->code, SITE_CODE_ROOM, s->site);
	return 1;
}

static int
unknown(const struct config *config, const char *typed, const struct err *why,
	struct err *e)
{
	const char *near = config ? config_nearest_site(config, typed) : NULL;

	if (!config)
		return err_set(e, ERR_LOCAL, 0,
			       "no request was ever filed to a site \"%s\", and the "
			       "configuration cannot say more: %s",
			       typed, why->text);
	return err_set(e, ERR_INPUT, 0,
		       "site \"%s\" is not in the configuration, and no request was "
		       "ever filed to it%s%s%s `lansender sites` lists them",
		       typed, near ? ": did you mean " : "", near ? near : "",
		       near ? "?" : ";");
}

int
site_name_find(const struct call *call, struct outbox *o, const char *typed,
	       char code[SITE_CODE_ROOM], struct err *e)
{
	AUTO_CONFIG struct config *config = NULL;
	struct wanted w = {typed, code};
	const struct config_site *site = NULL;
	struct err why;
	int rc = 0;

	if (place_load_config(call, &config, &why) == 0)
		site = config_site(config, typed);
	if (site) {
		str_copy_cut(code, SITE_CODE_ROOM, site->code);
		return 0;
	}
	if (o)
		rc = outbox_sites(o, clock_wall_ms(clock_real()), false, is_it, &w, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return unknown(config, typed, &why, e);
}
