/* place.h - where state and configuration are, as options, environment and user say. */
#ifndef FRONT_PLACE_H
#define FRONT_PLACE_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "front/command.h"
#include "outbox/outbox.h"

/* All yours to free.  Absolute where a variable or the user's home says so. */
char *place_state(const struct call *call) MUST_USE;
char *place_config(const struct call *call) MUST_USE;
char *place_store(const char *state) MUST_USE;

/* What the log is called: `log_file` of the configuration, else STATE/sender.log. */
char *place_log(const struct config *config, const char *state) MUST_USE;

/* A configuration that was named must be there, also for commands that do without:
 * whoever mistypes its name looks at the wrong sender.  -1: ERR_INPUT. */
int place_check_config(const struct call *call, struct err *e) MUST_USE;
int place_load_config(const struct call *call, struct config **out,
		      struct err *e) MUST_USE;

/* An outbox that is not there, or empty, while packages lie in the store was lost: -1
 * ERR_LOCAL, with what to do.  Before the outbox is opened. */
int place_check_outbox(const char *state, struct err *e) MUST_USE;

/* The outbox of the state folder, which is made when missing (0700). */
int place_open_outbox(const struct call *call, struct outbox **out,
		      struct err *e) MUST_USE;
/* Only to look.  ERR_INPUT: nothing was filed yet. */
int place_open_outbox_readonly(const struct call *call, struct outbox **out,
			       struct err *e) MUST_USE;

/* STATE/lock, held while a sender runs.  1: *fd is ours (close it to give it back);
 * 0: another process has it, *pid says which (0: unknown); -1. */
int place_lock(const char *state, int *fd, int64_t *pid, struct err *e) MUST_USE;
/* Does a sender run on it?  Without taking it. */
bool place_is_locked(const char *state);

static inline void
auto_config(struct config **c)
{
	config_free(*c);
}
static inline void
auto_outbox(struct outbox **o)
{
	outbox_close(*o);
}
#define AUTO_CONFIG AUTO(auto_config)
#define AUTO_OUTBOX AUTO(auto_outbox)

#endif
