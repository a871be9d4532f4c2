/* clock.h - the only door to real time.  Everything else is handed a struct clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
	int64_t (*mono_ms)(void *self); /* for waits: never steps back          */
	int64_t (*wall_ms)(void *self); /* for schedules and rows: since 1970, UTC */
	void *self;
};

const struct clock *clock_real(void); /* static; any thread */

static inline int64_t
clock_mono_ms(const struct clock *c)
{
	return c->mono_ms(c->self);
}

static inline int64_t
clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c->self);
}

/* Microseconds since some time: only to measure how long something took (round trips,
 * rates).  What waits or decides takes a struct clock. */
int64_t clock_us(void);

/* Processor time that the calling thread has used: to say what something cost. */
int64_t clock_thread_cpu_ms(void);

/* "2026-11-22T14:08:05.123Z".  Returns buf; room >= 32. */
const char *clock_iso(int64_t wall_ms, char *buf, size_t room);

/* "03/17/99 10:47:16 Eastern Standard Time": as the original's log writes an instant,
 * in the zone of the process (TZ).  Zone: its tzname.  Returns buf; room >= 64. */
const char *clock_sms(int64_t wall_ms, char *buf, size_t room);

#endif
