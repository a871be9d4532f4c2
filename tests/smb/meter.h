/* meter.h - a line to a server that writes down when which bytes came through.
 *
 * The bytes are counted where they arrive, by a clock of the meter's own.  Of bytes
 * that were read at some instant it knows since when they may have been there: since
 * the line was last found empty.  So a meter that the machine did not let run never
 * takes for a burst what was none: windows count only what certainly came in them. */
#ifndef TESTS_SMB_METER_H
#define TESTS_SMB_METER_H

#include <stdint.h>

struct meter;

/* Pass on to that port of loopback; the meter's own port is in *port. */
struct meter *meter_start(uint16_t to_port, uint16_t *port);
void meter_stop(struct meter *m); /* its connections are cut; all below still works */
void meter_free(struct meter *m);

int64_t meter_now_us(void);
int64_t meter_first_us(const struct meter *m); /* the first byte came by then */
/* Bytes that certainly came in that span; and those that may have. */
int64_t meter_certain(const struct meter *m, int64_t from_us, int64_t to_us);
int64_t meter_possible(const struct meter *m, int64_t from_us, int64_t to_us);
/* The most that certainly came in any window of that length within the span. */
int64_t meter_busiest(const struct meter *m, int64_t length_us, int64_t from_us,
		      int64_t to_us);
/* How long the meter itself was kept from running within that span. */
int64_t meter_absent_us(const struct meter *m, int64_t from_us, int64_t to_us);

#endif
