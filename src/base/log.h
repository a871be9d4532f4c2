/* log.h - one event, one line; three renderings.
 * The file is kept in CMTrace's format, so that the tools administrators have open it
 * as it is; a terminal and the journal get text, machines get JSON.  Which events there
 * are is not decided here (send/send.h). Any thread: struct log has its own lock and
 * writes under it, so that lines never mix. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
};

struct log_event {
	int id; /* stable number of the event                      */
	enum log_level level;
	int64_t at_ms;         /* wall clock; 0: log_write fills it in            */
	unsigned thread;       /* 0: log_write fills it in                        */
	const char *component; /* "SMS_LAN_SENDER"                                */
	const char *text;      /* one line; control characters are replaced       */
	const char *context;   /* "key=value key=value" or ""                     */
};

enum log_form {
	LOG_FORM_NONE,
	LOG_FORM_TEXT,
	LOG_FORM_CMTRACE,
	LOG_FORM_JSON,
	LOG_FORM_JOURNAL
};

struct log_options {
	const char *path;     /* NULL: no file                                  */
	int64_t max_bytes;    /* a full file becomes PATH with .lo_ for .log, one
			       * generation; 0: never (logrotate does it; log_reopen) */
	int echo_fd;          /* where else each line goes; -1: nowhere         */
	enum log_form echo;   /* how it is rendered there                       */
	enum log_level level; /* events below are dropped                       */
	const struct clock *clock;
};

struct log;

/* -1: ERR_LOCAL, the file cannot be opened; its name and errno are in *e. */
int log_open(const struct log_options *o, struct log **out, struct err *e) MUST_USE;
void log_close(struct log *l);  /* NULL is fine */
void log_reopen(struct log *l); /* after logrotate moved the file */

/* What the generation before is called: "sender.lo_" for "sender.log".  Yours. */
char *log_old_path(const char *path) MUST_USE;

/* Never fails for the caller: a line that cannot be written is counted and said when
 * writing works again; likewise what the echo's reader did not take in time: the first
 * such line waits a quarter of a second for it, the others do not wait.  NULL log:
 * nothing happens. */
void log_write(struct log *l, const struct log_event *ev);

/* Renderings, each with "\n".  Local time zone of the process for text and CMTrace
 * (CMTrace's TZ: minutes west of UTC), UTC for JSON. */
void log_render(const struct log_event *ev, enum log_form form, struct str *out);

/* One CMTrace line back into an event.  Strings are added to *hold, which must outlive
 * *ev.  -1: not such a line. */
int log_parse(const char *line, struct str *hold, struct log_event *ev) MUST_USE;

#endif
