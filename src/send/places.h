/* places.h - where a package lies at the share while it is published, and whether it is
 * there.  A room of publish.c and publish_look.c. */
#ifndef SEND_PLACES_H
#define SEND_PLACES_H

#include "base/attr.h"
#include "base/err.h"
#include "send/publish.h"

/* Remote paths. */
struct places {
	char *staged, *staged_manifest;
	char *live, *live_manifest;
	char *previous, *previous_manifest;
};

void places_init(struct places *at, const struct publish *p);
void places_done(struct places *at);
#define AUTO_PLACES AUTO(places_done)

/* A look of its own, behind publish.h's beat.  1/0/-1. */
int places_is_there(const struct publish *p, const char *path, struct err *e) MUST_USE;

#endif
