/* override_view.h - what persons ordered over the configuration, for people and
 * machines.  A NULL outbox has nothing. */
#ifndef FRONT_OVERRIDE_VIEW_H
#define FRONT_OVERRIDE_VIEW_H

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "outbox/outbox.h"

/* A line each. */
int override_print(struct outbox *o, struct err *e) MUST_USE;
json_t *override_json(struct outbox *o); /* an array; yours */

#endif
