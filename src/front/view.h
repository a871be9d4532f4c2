/* view.h - a send request as people and machines see it.  Pure. */
#ifndef FRONT_VIEW_H
#define FRONT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "dispatch/dispatch.h"
#include "outbox/outbox.h"

/* Cancelled, or going to be, since a newer one was filed with --supersede? */
bool view_is_superseded(const struct request *r);
/* Percent of its bytes that are acknowledged: 0-100; 100 only when it was sent. */
int view_percent(const struct request *r);

/* "12 %" while it moves, "" before and after. Returns buf. */
const char *view_progress(const struct request *r, char *buf, size_t room);

/* "(53) text"; the text alone where Windows has no number for it.  Yours to free. */
char *view_error(uint32_t win32, const char *text) MUST_USE;

/* What one wants to know beside the state: until when it waits, or the last error, the
 * first sentence of it; or that nobody sends it although it is active.  Returns buf. */
const char *view_remark(const struct request *r, bool sender_runs, char *buf,
			size_t room);

/* When it arrives, short; "never": within its life it does not; "": that is not told.
 */
const char *view_arrival(const struct request *r, bool sender_runs, int64_t now_ms,
			 char *buf, size_t room);

json_t *view_why_json(const struct dispatch_known *k);
json_t *view_request_json(const struct request *r, bool sender_runs);
json_t *view_attempt_json(const struct outbox_attempt *a);

#endif
