/* fixture.h - a source to file and a store to keep it in, in a temporary folder. */
#ifndef UNIT_PACKAGE_FIXTURE_H
#define UNIT_PACKAGE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "package/package.h"

struct fixture {
	char *top, *source, *store; /* source: TOP/src, empty; store: not made yet */
	char path[4096];            /* of fixture_path() */
	struct package_options o;   /* path: source */
	struct package_info info;
	struct err e;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Below the source; good until the next call. */
const char *fixture_path(struct fixture *f, const char *name);

/* These end the test when they fail. */
void fixture_write(struct fixture *f, const char *name, const char *text);
void fixture_make(struct fixture *f, const char *name);
void fixture_add(struct fixture *f); /* f->o -> f->info */

/* Filing fails as `kind`, leaves nothing in the store, and says `text`. */
void fixture_refuse(struct fixture *f, enum err_kind kind, const char *text);

/* How many entries the store folder has, of whatever name. */
int fixture_count(struct fixture *f);

#endif
