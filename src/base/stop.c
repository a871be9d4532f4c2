#include "base/stop.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

struct stop {
	atomic_bool thrown;
	int fd; /* readable once thrown; never read */
};

struct stop *
stop_new(void)
{
	struct stop *s = mem_zero(1, sizeof(*s));

	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd < 0) {
		/* GCOVR_EXCL_START: ends the process */
		perror("lansender: no descriptor left for a stop switch");
		abort();
		/* GCOVR_EXCL_STOP */
	}
	return s;
}

void
stop_free(struct stop *s)
{
	if (!s)
		return;
	(void)close(s->fd);
	mem_free(s);
}

void
stop_throw(struct stop *s)
{
	const uint64_t one = 1;

	atomic_store(&s->thrown, true);
	if (write(s->fd, &one, sizeof(one)) < 0)
		return; /* GCOVR_EXCL_LINE: EAGAIN, after 2^64 - 2 throws */
}

bool
stop_thrown(const struct stop *s)
{
	return atomic_load(&s->thrown);
}

int
stop_fd(const struct stop *s)
{
	return s->fd;
}

/* poll() takes an int; a longer wait is cut into rounds of a day. */
enum { ROUND_MS = 86400000 };

bool
stop_wait(const struct stop *s, int64_t wait_ms)
{
	const struct clock *clock = clock_real();
	int64_t until;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	if (wait_ms < 0 ||
	    __builtin_add_overflow(clock_mono_ms(clock), wait_ms, &until))
		until = INT64_MAX;
	while (!stop_thrown(s)) {
		int64_t left = until - clock_mono_ms(clock);

		if (left <= 0)
			return false;
		(void)poll(&p, 1, (int)(left < ROUND_MS ? left : ROUND_MS));
	}
	return true;
}
