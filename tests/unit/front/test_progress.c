/* The bar: what it says, how often, with time turned by hand. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "front/progress.h"

static int64_t now_ms;

static int64_t
read_clock(void *self)
{
	(void)self;
	return now_ms;
}

static const struct clock turned = {read_clock, read_clock, NULL};

static void
test_text(void **state)
{
	static const struct {
		int64_t bytes, total, rate;
		const char *want;
	} rows[] = {
	    {0, 0, 0, "sending 0 B"},
	    {1048576, 0, 1024, "sending 1.0 MiB  1.0 KiB/s"},
	    {0, 67108864, 0, "sending   0%  0 B of 64.0 MiB"},
	    {28200000, 67108864, 12897484,
	     "sending  42%  26.9 MiB of 64.0 MiB  12.3 MiB/s  3 s left"},
	    {67108864, 67108864, 12897484,
	     "sending 100%  64.0 MiB of 64.0 MiB  12.3 MiB/s"},
	    {INT64_MAX - 1, INT64_MAX, 1,
	     "sending 100%  8.0 EiB of 8.0 EiB  1 B/s  1 s left"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct progress p = {.what = "sending", .bytes_per_s = rows[i].rate};
		char buf[160];

		progress_text(&p, rows[i].bytes, rows[i].total, buf, sizeof(buf));
		assert_string_equal(buf, rows[i].want);
	}
}

/* Everything that was written to the pipe. */
static const char *
drain(int fd)
{
	static char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void
test_terminal(void **state)
{
	struct progress p;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	now_ms = 1000;
	progress_init(&p, "sending", &turned);
	p.fd = ends[1];
	p.is_terminal = true;
	progress_show(&p, 1, 100); /* not before a moment has passed */
	progress_clear(&p);
	assert_string_equal(drain(ends[0]), "");
	now_ms = 1200;
	progress_show(&p, 50, 100);
	progress_show(&p, 51, 100); /* too soon again */
	assert_string_equal(drain(ends[0]), "\rsending  50%  50 B of 100 B\033[K");
	progress_clear(&p);
	progress_clear(&p);
	assert_string_equal(drain(ends[0]), "\r\033[K");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_lines_and_rate(void **state)
{
	struct progress p;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	now_ms = 0;
	progress_init(&p, "sending", &turned);
	p.fd = ends[1];
	p.is_terminal = false;
	for (now_ms = 500; now_ms <= 5000; now_ms += 500)
		progress_show(&p, now_ms * 10, 100000);
	assert_int_equal(p.bytes_per_s, 10000);
	assert_string_equal(drain(ends[0]), "sending  50%  48.8 KiB of 97.7 KiB  9.8 "
					    "KiB/s  5 s left\n");
	progress_clear(&p);
	assert_string_equal(drain(ends[0]), "");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_terminal),
	    cmocka_unit_test(test_lines_and_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
