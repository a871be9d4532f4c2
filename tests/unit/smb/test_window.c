/* The window, on lines that exist only as arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "smb/window.h"

enum { MIB = 1024 * 1024, SENT_MAX = 8192 };

struct line {
	int64_t bytes_per_s;
	int64_t rtt_us;
};

struct sent {
	int64_t bytes, arrives_us;
	struct window_mark mark;
};

/* Send as fast as the window allows for `span_us`.  The line serves one byte after the
 * other; an answer comes a round trip later.  Returns the bytes acknowledged. */
static int64_t
run(struct window *w, struct line line, int64_t *now_us, int64_t span_us)
{
	static struct sent ring[SENT_MAX];
	unsigned head = 0, tail = 0;
	int64_t until_us = *now_us + span_us, line_free_us = *now_us;
	int64_t before = w->delivered_bytes;

	window_set_rtt(w, line.rtt_us);
	while (*now_us < until_us) {
		while (window_open(w)) {
			struct sent *s = &ring[head++ % SENT_MAX];

			s->bytes = window_write_bytes(w);
			window_sent(w, s->bytes, *now_us, &s->mark);
			if (line_free_us < *now_us)
				line_free_us = *now_us;
			line_free_us += s->bytes * 1000000 / line.bytes_per_s;
			s->arrives_us = line_free_us + line.rtt_us;
		}
		struct sent *s = &ring[tail++ % SENT_MAX];

		*now_us = s->arrives_us;
		window_acked(w, s->bytes, *now_us, &s->mark);
	}
	int64_t delivered = w->delivered_bytes - before;

	while (tail != head) {
		struct sent *s = &ring[tail++ % SENT_MAX];

		window_acked(w, s->bytes, s->arrives_us, &s->mark);
		*now_us = s->arrives_us;
	}
	return delivered;
}

static void
fills_every_line_and_floods_none(void **state)
{
	static const struct line lines[] = {
	    {64000, 600000},    /* 512 kbit/s by satellite */
	    {250000, 50000},    /* 2 Mbit/s               */
	    {12500000, 80000},  /* 100 Mbit/s, far        */
	    {125000000, 20000}, /* 1 Gbit/s               */
	    {1000000000, 300},  /* a LAN                  */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct window w;
		int64_t now_us = 1;
		int64_t bdp = lines[i].bytes_per_s * lines[i].rtt_us / 1000000;

		print_message("%lld bytes/s, %lld us\n",
			      (long long)lines[i].bytes_per_s,
			      (long long)lines[i].rtt_us);
		window_init(&w, 16 * MIB, 512 * 1024);
		(void)run(&w, lines[i], &now_us, 20000000); /* settle */
		int64_t sent = run(&w, lines[i], &now_us, 10000000);

		assert_true(sent >= lines[i].bytes_per_s * 10 / 100 * 95);
		/* In the window: what the line holds, and a second's worth at most, of
		 * which one WRITE is the unit. */
		assert_true(window_bytes(&w) <= 2 * bdp + lines[i].bytes_per_s +
						    2 * window_write_bytes(&w));
		assert_int_equal(w.in_flight_bytes, 0);
	}
}

/* Where packets are lost, each answer waits for what was lost before it: as if the
 * line were three times as far.  The round trip of the idle line alone makes a window
 * that leaves it half empty. */
static void
leaves_time_to_mend_losses(void **state)
{
	const struct line line = {12500000, 80000}, mended = {12500000, 240000};

	(void)state;
	for (int lossy = 0; lossy < 2; lossy++) {
		const int64_t enough = mended.bytes_per_s * mended.rtt_us / 1000000;
		int64_t now_us = 1;
		struct window w;

		window_init(&w, 16 * MIB, 512 * 1024);
		(void)run(&w, line, &now_us, 5000000);
		if (lossy)
			window_set_lossy(&w);
		assert_int_equal(window_bytes(&w) >= enough, lossy);
	}
}

/* Row 23 of the original's faults (Q136032): at 6,552 bit/s a block was 245,700 bytes,
 * five minutes long; at 48 bit/s 1,800.  Here none is longer than a second, but for the
 * 1 KiB that it began with. */
static void
thin_lines_get_small_writes(void **state)
{
	static const int64_t rates[] = {6, 819, 2000, 8000, 64000, 250000};

	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		struct window w;
		int64_t now_us = 1;

		window_init(&w, 16 * MIB, MIB);
		(void)run(&w, (struct line){rates[i], 100000}, &now_us, 60000000);
		const int64_t write = window_write_bytes(&w);

		if (write > rates[i] && write != 1024)
			fail_msg("%lld bytes at %lld bytes/s", (long long)write,
				 (long long)rates[i]);
		(void)run(&w, (struct line){100000000, 1000}, &now_us, 30000000);
		assert_int_equal(window_write_bytes(&w), MIB);
	}
}

static void
grows_when_the_line_does(void **state)
{
	struct window w;
	int64_t now_us = 1;
	struct line slow = {1000000, 100000}, fast = {50000000, 100000};

	(void)state;
	window_init(&w, 16 * MIB, MIB);
	(void)run(&w, slow, &now_us, 20000000);
	(void)run(&w, fast, &now_us, 20000000);
	assert_true(run(&w, fast, &now_us, 10000000) > 50000000LL * 10 / 100 * 90);
}

static void
never_above_its_limit(void **state)
{
	struct window w;
	int64_t now_us = 1;

	(void)state;
	window_init(&w, 3 * MIB, MIB);
	(void)run(&w, (struct line){1000000000, 100000}, &now_us, 5000000);
	assert_true(window_bytes(&w) <= 3 * MIB);
}

static void
one_write_always_goes(void **state)
{
	struct window w;
	struct window_mark mark;

	(void)state;
	window_init(&w, 1, 65536); /* somebody configured nonsense */
	assert_true(window_open(&w));
	window_sent(&w, 65536, 1, &mark);
	assert_false(window_open(&w));
	window_dropped(&w, 65536);
	assert_true(window_open(&w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fills_every_line_and_floods_none),
	    cmocka_unit_test(leaves_time_to_mend_losses),
	    cmocka_unit_test(thin_lines_get_small_writes),
	    cmocka_unit_test(grows_when_the_line_does),
	    cmocka_unit_test(never_above_its_limit),
	    cmocka_unit_test(one_write_always_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
