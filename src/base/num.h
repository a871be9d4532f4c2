/* num.h - numbers as people write them.  Pure; no locale.
 * All parsers want the whole text and return -1 when it is not a number of that kind,
 * leaving *out alone. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

int num_int(const char *text, int64_t min, int64_t max, int64_t *out) MUST_USE;

/* "90s", "1min", "1h", "7d", "500ms", "1h30min"; a bare number is refused. */
int num_duration_ms(const char *text, int64_t *out_ms) MUST_USE;

/* "4096", "64KiB", "1MB", "2GiB": bytes; K/M/G/T alone count as KiB ...  */
int num_bytes(const char *text, int64_t *out_bytes) MUST_USE;

/* "512kbit/s", "16Mbit/s", "2MB/s", "1MiB/s": bytes per second, rounded down. */
int num_rate(const char *text, int64_t *out_bytes_per_s) MUST_USE;

/* "1 h", "2 min 5 s", "350 ms": for people.  Returns buf. */
const char *num_duration_text(int64_t ms, char *buf, size_t room);

/* "12 B", "3.4 KiB", "1.2 GiB".  Returns buf. */
const char *num_bytes_text(int64_t bytes, char *buf, size_t room);

/* "512 kbit/s", "1.5 Mbit/s": bytes per second as lines are sold.  Returns buf. */
const char *num_rate_text(int64_t bytes_per_s, char *buf, size_t room);

#endif
