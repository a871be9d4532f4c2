/* A limited connection, against a server of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake.h"
#include "smb/conn.h"

enum { FILE_BYTES = 300 * 1024 + 7, WRITE_BYTES = 16 * 1024, PIECE_BYTES = 3000 };

/* Gives a piece at every other question; the time between passes on a clock of its
 * own, a second for each wait. */
struct gate {
	struct clock clock;
	int64_t now_ms;
	int64_t granted, owed;
	unsigned asked, refused;
	int64_t write_bytes;
	bool shut;
};

static int64_t
gate_ms(void *self)
{
	const struct gate *g = self;

	return g->now_ms;
}

static int64_t
gate_take(void *self, int64_t want_bytes, int64_t *wait_us)
{
	struct gate *g = self;
	const int64_t bytes = want_bytes < PIECE_BYTES ? want_bytes : PIECE_BYTES;

	assert_true(want_bytes > 0);
	if (g->shut || ++g->asked % 2) {
		g->refused++;
		g->now_ms += 1000; /* much slower than any deadline */
		*wait_us = 1;
		return 0;
	}
	g->granted += bytes;
	return bytes;
}

static void
gate_owe(void *self, int64_t bytes)
{
	((struct gate *)self)->owed += bytes;
}

static int64_t
gate_write_bytes(void *self)
{
	return ((struct gate *)self)->write_bytes;
}

static struct pace
pace_of(struct gate *g)
{
	g->clock = (struct clock){.mono_ms = gate_ms, .wall_ms = gate_ms, .self = g};
	g->now_ms = 1000;
	return (struct pace){.take = gate_take,
			     .owe = gate_owe,
			     .write_bytes = gate_write_bytes,
			     .self = g};
}

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)((offset + (int64_t)i) * 31 >> 3);
	return 0;
}

static void
done(void *self, const struct err *e)
{
	*(int *)self += e ? 1000 : 1;
}

static int
put(struct smb *s, int64_t size_bytes, int *ended, struct err *e)
{
	return smb_put(s,
		       &(struct smb_put){.path = "folder/file",
					 .size_bytes = size_bytes,
					 .read = fill,
					 .done = done,
					 .self = ended},
		       e);
}

/* Each byte was asked for; no WRITE was longer than allowed; and although minutes
 * passed on the clock, nobody took that for a dead line. */
static void
every_byte_is_asked_for(void **state)
{
	static const struct fake rows[] = {{0}, {.sign = true}, {.seal = true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake f = rows[i];
		struct gate g = {.write_bytes = WRITE_BYTES};
		const struct pace pace = pace_of(&g);
		struct smb *s = fake_start(&f, &g.clock);
		const int64_t log_on = s->conn->bytes_sent;
		int ended = 0;
		struct err e;

		s->compounds = true;
		s->conn->progress_ms = 30000;
		smb_set_pace(s, &pace);
		assert_int_equal(g.owed, log_on); /* paid for afterwards */
		assert_int_equal(put(s, FILE_BYTES, &ended, &e), 0);
		assert_int_equal(smb_drain(s, &e), 0);
		assert_int_equal(g.granted + g.owed, s->conn->bytes_sent);
		assert_true(g.now_ms > 60000);
		smb_set_pace(s, NULL);
		fake_stop(&f, s);
		assert_int_equal(ended, 1);
		assert_int_equal(f.written_upto, FILE_BYTES);
		assert_int_equal(f.largest_write, WRITE_BYTES);
		for (int64_t k = 0; k < FILE_BYTES; k++)
			assert_int_equal(f.file[k], (uint8_t)(k * 31 >> 3));
		fake_done(&f);
	}
}

/* A file whose one compound would take too long goes in steps. */
static void
small_files_are_paced_too(void **state)
{
	static const struct {
		int64_t bytes, write_bytes;
		unsigned writes;
		bool compound;
	} rows[] = {
	    {4000, 1024, 1, true},
	    {4097, 1024, 5, false},
	    {60000, 20000, 1, true},
	    {60000, INT64_MAX, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake f = {0};
		struct gate g = {.write_bytes = rows[i].write_bytes};
		const struct pace pace = pace_of(&g);
		struct smb *s = fake_start(&f, &g.clock);
		int ended = 0;
		struct err e;

		s->compounds = true;
		smb_set_pace(s, &pace);
		assert_int_equal(put(s, rows[i].bytes, &ended, &e), 0);
		assert_int_equal(smb_drain(s, &e), 0);
		assert_int_equal(g.granted + g.owed, s->conn->bytes_sent);
		smb_set_pace(s, NULL);
		fake_stop(&f, s);
		assert_int_equal(ended, 1);
		assert_int_equal(f.written_upto, rows[i].bytes);
		assert_int_equal(f.count[PDU_WRITE], rows[i].writes);
		assert_int_equal(f.compounds > 0, rows[i].compound);
		fake_done(&f);
	}
}

/* Nothing may go at all: a stop still ends it at once. */
static void
a_stop_is_heard_behind_a_shut_gate(void **state)
{
	struct fake f = {0};
	struct gate g = {.write_bytes = WRITE_BYTES, .shut = true};
	const struct pace pace = pace_of(&g);
	struct smb *s = fake_start(&f, &g.clock);
	struct stop *stop = stop_new();
	int ended = 0;
	struct err e;

	(void)state;
	smb_set_pace(s, &pace);
	smb_set_stop(s, stop);
	assert_int_equal(put(s, FILE_BYTES, &ended, &e), 0);
	for (int i = 0; i < 100; i++) /* no spin, no deadline: it just waits */
		assert_int_equal(conn_step(s->conn, true, &e), 0);
	stop_throw(stop);
	assert_int_equal(smb_drain(s, &e), -1);
	assert_int_equal(e.kind, ERR_STOP);
	assert_int_equal(ended, 1000);
	fake_stop(&f, s);
	fake_done(&f);
	stop_free(stop);
}

/* The server owes an answer: that we wait with the next bytes is no excuse for it. */
static void
a_silent_server_is_still_found_out(void **state)
{
	struct fake f = {.lie = FAKE_SILENT, .honest_first = 1};
	struct gate g = {.write_bytes = 4096};
	const struct pace pace = pace_of(&g);
	struct smb *s = fake_start(&f, &g.clock);
	int ended = 0;
	struct err e;

	(void)state;
	s->conn->progress_ms = 30000;
	smb_set_pace(s, &pace);
	assert_int_equal(put(s, FILE_BYTES, &ended, &e), 0);
	assert_int_equal(smb_drain(s, &e), -1);
	assert_int_equal(e.kind, ERR_ATTEMPT);
	assert_int_equal(e.win32, 121);
	fake_stop(&f, s);
	fake_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte_is_asked_for),
	    cmocka_unit_test(small_files_are_paced_too),
	    cmocka_unit_test(a_stop_is_heard_behind_a_shut_gate),
	    cmocka_unit_test(a_silent_server_is_still_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
