#include "meter.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/thread.h"

enum {
	PAIRS_MAX = 40,
	BUFFER_BYTES = 1 << 20,
	TICK_MS = 2,
	/* Longer than so between two looks: the machine did something else. */
	ABSENT_US = 20000,
};

struct arrival {
	int64_t since_us, at_us, bytes;
};

struct absence {
	int64_t from_us, to_us;
};

struct meter {
	struct stop *stop;
	struct thread *thread;
	int listener;
	uint16_t to_port;
	int client[PAIRS_MAX], server[PAIRS_MAX];
	int64_t empty_at_us[PAIRS_MAX]; /* when nothing was there to be read */
	unsigned pairs;
	uint8_t *buffer;
	struct arrival *arrivals;
	size_t count, room;
	struct absence *absences;
	size_t absence_count, absence_room;
};

int64_t
meter_now_us(void)
{
	return clock_us();
}

/* --- passing on ------------------------------------------------------------------- */

static int
connect_to(uint16_t port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0)
		return fd;
	perror("meter: connect");
	return -1;
}

static void
take_in(struct meter *m)
{
	const int one = 1;
	int client = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);

	if (client < 0 || m->pairs == PAIRS_MAX)
		return;
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	m->client[m->pairs] = client;
	m->server[m->pairs] = connect_to(m->to_port);
	m->empty_at_us[m->pairs++] = clock_us();
}

static bool
write_whole(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void
hang_up(struct meter *m, unsigned i)
{
	(void)shutdown(m->client[i], SHUT_RDWR);
	(void)shutdown(m->server[i], SHUT_RDWR);
	(void)close(m->client[i]);
	(void)close(m->server[i]);
	m->client[i] = m->server[i] = -1;
}

/* What has come; false: the end. */
static bool
pass(struct meter *m, unsigned i, bool from_client)
{
	const int from = from_client ? m->client[i] : m->server[i];
	const int to = from_client ? m->server[i] : m->client[i];
	const int64_t before_us = clock_us();
	const ssize_t n = recv(from, m->buffer, BUFFER_BYTES, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (from_client) {
		m->arrivals =
		    mem_grow(m->arrivals, m->count, &m->room, sizeof(*m->arrivals));
		m->arrivals[m->count++] =
		    (struct arrival){m->empty_at_us[i], clock_us(), n};
		if (n < BUFFER_BYTES) /* that was all */
			m->empty_at_us[i] = before_us;
	}
	return write_whole(to, m->buffer, (size_t)n);
}

static void
look(struct meter *m)
{
	struct pollfd fds[1 + 2 * PAIRS_MAX];
	const unsigned pairs = m->pairs;

	fds[0] = (struct pollfd){.fd = m->listener, .events = POLLIN};
	for (unsigned i = 0; i < pairs; i++) {
		fds[1 + 2 * i] = (struct pollfd){m->client[i], POLLIN, 0};
		fds[2 + 2 * i] = (struct pollfd){m->server[i], POLLIN, 0};
	}
	const int64_t asked_at_us = clock_us();

	if (poll(fds, 1 + 2 * pairs, TICK_MS) < 0)
		return;
	for (unsigned i = 0; i < pairs; i++) {
		bool goes_on = m->client[i] >= 0;

		/* Nothing now, so nothing when it was asked: whatever comes, came
		 * after. */
		if (!fds[1 + 2 * i].revents)
			m->empty_at_us[i] = asked_at_us;
		else
			goes_on = goes_on && pass(m, i, true);
		if (fds[2 + 2 * i].revents)
			goes_on = goes_on && pass(m, i, false);
		if (m->client[i] >= 0 && !goes_on)
			hang_up(m, i);
	}
	if (fds[0].revents)
		take_in(m);
}

static void
run(void *self)
{
	struct meter *m = self;
	int64_t before_us = clock_us();

	while (!stop_thrown(m->stop)) {
		look(m);
		const int64_t now_us = clock_us();

		if (now_us - before_us > ABSENT_US) {
			m->absences = mem_grow(m->absences, m->absence_count,
					       &m->absence_room, sizeof(*m->absences));
			m->absences[m->absence_count++] =
			    (struct absence){before_us, now_us};
		}
		before_us = now_us;
	}
}

struct meter *
meter_start(uint16_t to_port, uint16_t *port)
{
	struct meter *m = mem_zero(1, sizeof(*m));
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct err e;

	m->to_port = to_port;
	m->stop = stop_new();
	m->buffer = mem_alloc(BUFFER_BYTES);
	m->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(m->listener >= 0);
	assert_int_equal(bind(m->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(m->listener, PAIRS_MAX), 0);
	assert_int_equal(getsockname(m->listener, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	assert_int_equal(thread_start("meter", run, m, &m->thread, &e), 0);
	return m;
}

void
meter_stop(struct meter *m)
{
	stop_throw(m->stop);
	thread_join(m->thread);
	m->thread = NULL;
	for (unsigned i = 0; i < m->pairs; i++)
		if (m->client[i] >= 0)
			hang_up(m, i);
	m->pairs = 0;
}

void
meter_free(struct meter *m)
{
	meter_stop(m);
	(void)close(m->listener);
	stop_free(m->stop);
	mem_free(m->buffer);
	mem_free(m->arrivals);
	mem_free(m->absences);
	mem_free(m);
}

/* --- what was seen ---------------------------------------------------------------- */

int64_t
meter_first_us(const struct meter *m)
{
	return m->count > 0 ? m->arrivals[0].at_us : 0;
}

int64_t
meter_certain(const struct meter *m, int64_t from_us, int64_t to_us)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->arrivals[i].since_us >= from_us && m->arrivals[i].at_us <= to_us)
			sum += m->arrivals[i].bytes;
	return sum;
}

int64_t
meter_possible(const struct meter *m, int64_t from_us, int64_t to_us)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->arrivals[i].at_us >= from_us && m->arrivals[i].since_us <= to_us)
			sum += m->arrivals[i].bytes;
	return sum;
}

int64_t
meter_busiest(const struct meter *m, int64_t length_us, int64_t from_us, int64_t to_us)
{
	int64_t most = 0;

	for (size_t i = 0; i < m->count; i++) {
		const int64_t at_us = m->arrivals[i].since_us;

		if (at_us < from_us || at_us + length_us > to_us)
			continue;
		const int64_t sum = meter_certain(m, at_us, at_us + length_us);

		most = sum > most ? sum : most;
	}
	return most;
}

int64_t
meter_absent_us(const struct meter *m, int64_t from_us, int64_t to_us)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->absence_count; i++)
		if (m->absences[i].to_us > from_us && m->absences[i].from_us < to_us)
			sum += m->absences[i].to_us - m->absences[i].from_us;
	return sum;
}
