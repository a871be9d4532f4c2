/* targets.h - which sites a request is for, as typed: MS1,MS2 or @EAST.  Pure. */
#ifndef FRONT_TARGETS_H
#define FRONT_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"

/* Each site once, in the order typed; strings are the configuration's. */
struct targets {
	const char **sites;
	size_t count, room;
	bool *seen; /* of the configuration's sites, by their numbers */
};

/* -1: ERR_INPUT, an unknown site or group, with the one that is most like it. */
int targets_parse(const char *typed, const struct config *config, struct targets *out,
		  struct err *e) MUST_USE;
void targets_done(struct targets *t);
#define AUTO_TARGETS AUTO(targets_done)

#endif
