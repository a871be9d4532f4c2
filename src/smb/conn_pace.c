/* conn_pace.c - how fast bytes leave, when somebody limits it.
 *
 * What is paced are the bytes that the kernel is given, so that all counts (headers,
 * signatures, encryption) and a new limit holds for what is signed already.  Requests
 * are built just ahead of the bytes that may go, and WRITEs are so short that each
 * takes a moment only: what is built cannot be taken back. */
#include "smb/conn.h"

enum {
	/* Of a write that struct pace calls a good length: built so far ahead, that
	 * small requests leave together; a choice. */
	AHEAD_PARTS = 4,
	US_PER_MS = 1000,
};

static void
set_pace(struct conn *c, const struct pace *pace)
{
	const int64_t unpaid = c->bytes_sent - c->paid_bytes;

	c->pace = pace ? *pace : (struct pace){0};
	c->ahead_bytes = CONN_AHEAD_BYTES;
	c->held = false;
	if (!pace || unpaid == 0)
		return;
	c->paid_bytes = c->bytes_sent;
	c->pace.owe(c->pace.self, unpaid);
}

void
conn_set_pace(struct conn *c, const struct pace *pace)
{
	set_pace(c, pace);
	for (unsigned i = 0; i < c->companions; i++)
		set_pace(c->companion[i], pace);
}

uint32_t
conn_write_bytes(const struct conn *c, uint32_t most)
{
	int64_t bytes;

	if (!c->pace.take)
		return most;
	bytes = c->pace.write_bytes(c->pace.self);
	return bytes < most ? (uint32_t)bytes : most;
}

bool
conn_look_ahead(struct conn *c)
{
	int64_t write_bytes = INT64_MAX;

	if (c->pace.take)
		write_bytes = c->pace.write_bytes(c->pace.self);
	c->held = false;
	c->ahead_bytes = write_bytes / AHEAD_PARTS;
	if (c->ahead_bytes > CONN_AHEAD_BYTES)
		c->ahead_bytes = CONN_AHEAD_BYTES;
	return write_bytes < INT64_MAX;
}

int64_t
conn_ask(struct conn *c)
{
	int64_t wait_us = 0;
	const int64_t now_ms = clock_mono_ms(c->clock);
	const int64_t granted = c->pace.take(c->pace.self, c->wire_bytes, &wait_us);

	if (granted > 0)
		return granted;
	c->held = true;
	c->ask_at_ms = now_ms + (wait_us + US_PER_MS - 1) / US_PER_MS;
	/* While it is we who wait, nothing has stopped moving. */
	if (!c->flight.first)
		c->moved_at_ms = now_ms;
	return 0;
}

void
conn_paid(struct conn *c, int64_t granted, int64_t sent)
{
	if (!c->pace.take)
		return;
	c->paid_bytes += sent;
	if (sent != granted)
		c->pace.owe(c->pace.self, sent - granted);
}
