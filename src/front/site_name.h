/* site_name.h - a site that somebody wants to look at, as typed. */
#ifndef FRONT_SITE_NAME_H
#define FRONT_SITE_NAME_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "front/command.h"
#include "outbox/outbox.h"

/* Its code as it is kept, from the configuration or, for one that is configured no
 * longer, from the outbox (NULL: there is none yet).  -1: ERR_INPUT, nobody
 * knows it: wrong usage; ERR_LOCAL: the configuration cannot be read, and the outbox
 * does not know it. */
int site_name_find(const struct call *call, struct outbox *o, const char *typed,
		   char code[SITE_CODE_ROOM], struct err *e) MUST_USE;

#endif
