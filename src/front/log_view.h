/* log_view.h - lines of the sender log, chosen and rendered. */
#ifndef FRONT_LOG_VIEW_H
#define FRONT_LOG_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/log.h"

struct log_view_options {
	enum log_form form;
	int64_t last;        /* only that many of the end; 0: all */
	const char *request; /* NULL: about any                  */
	const char *site;    /* NULL: about any                  */
};

struct log_view;

/* Options are borrowed. */
struct log_view *log_view_new(const struct log_view_options *o, FILE *out) MUST_USE;
void log_view_free(struct log_view *v);

/* Was there a line yet that the options ask for? */
bool log_view_found(const struct log_view *v);

/* A line of the file, without its end.  Printed at once, or kept while only the last
 * ones are wanted and flush was not called. */
void log_view_line(struct log_view *v, const char *line);
void log_view_flush(struct log_view *v);

/* Does "key=value key=value" hold that pair?  Without case.  Pure. */
bool log_view_holds(const char *context, const char *key, const char *value);

#endif
