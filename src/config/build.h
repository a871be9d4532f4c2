/* build.h - room of config: sections of all files -> struct config.  Pure. */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "config/parse.h"

/* Fill *c, which holds the defaults (config_default).  -1: ERR_INPUT; *c can only be
 * freed then. */
int build_config(const struct sections *s, struct config *c, struct err *e) MUST_USE;

/* check.c: does what one address says fit together? */
int check_address(const struct section *s, const struct config_address *a,
		  struct err *e) MUST_USE;

/* check.c: is the lease long enough for what that address waits? */
int check_lease(const struct section *s, const struct config_address *a,
		int64_t heartbeat_ms, struct err *e) MUST_USE;

/* load.c: one file's bytes alone, as config_load() would read them; for tests.  `name`
 * is copied. */
int config_from_bytes(const char *name, const char *bytes, size_t len,
		      struct config **out, struct err *e) MUST_USE;

#endif
