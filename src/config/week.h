/* week.h - room of config: one line of a schedule or a rate -> a week.  Pure.
 *
 *   [DAYS] [HOURS] VALUE      mon-fri 08-18 high      22-06 512kbit/s      unlimited
 *
 * DAYS and HOURS are lists with commas; both may be left out.  Hours that end before
 * they begin go on into the next day.  A line covers those that came before it. */
#ifndef CONFIG_WEEK_H
#define CONFIG_WEEK_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"

/* -1: ERR_INPUT with what would be right; *w is as it was. */
int week_add_schedule(struct config_week *w, const char *text, struct err *e) MUST_USE;

/* The same; a percentage is kept as a negative number until week_resolve(). */
int week_add_rate(struct config_week *w, const char *text, struct err *e) MUST_USE;

bool week_has_percent(const struct config_week *w);
/* Percentages become bytes per second of that speed, at least one. */
void week_resolve(struct config_week *w, int64_t speed_bytes_per_s);

void week_done(struct config_week *w);

/* Of rates: 1000 Gbit/s, so that no percentage of it overflows; a choice. */
#define WEEK_RATE_MAX INT64_C(125000000000)

#endif
