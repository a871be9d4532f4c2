/* weather.h - what lines will do, drawn from what they did: for the world.  Pure.
 *
 * The logarithm of an address's speed is taken to be normal; its mean and spread are
 * known from samples, more or less, so they are drawn too, once for a course and
 * address (normal-inverse-gamma), and so is its chance to connect (beta).  An hour of
 * the day moves the mean by as much as its own samples say, less the fewer they are. */
#ifndef DISPATCH_WEATHER_H
#define DISPATCH_WEATHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dispatch/world.h"
#include "outbox/outbox.h"

struct weather;

/* rows by address and hour, as the outbox has them; copied. */
struct weather *weather_new(const struct config *c, const struct outbox_learnt *rows,
			    size_t count) MUST_USE;
void weather_free(struct weather *w);

/* Another course: what is drawn once is drawn anew. */
void weather_begin(struct weather *w, uint64_t seed);
/* For struct world_options. */
void weather_draw(struct weather *w, const struct world_try *t, uint64_t dice,
		  struct world_weather *out);

#endif
