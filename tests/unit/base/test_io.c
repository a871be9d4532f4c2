/* The wrapped pread() and pwrite() do as much as the test lets them. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"

static char file[16];
static size_t file_len;
static size_t at_once;     /* bytes that one call moves           */
static unsigned interrupt; /* the n-th call is (1 = first); 0: no */
static unsigned breaks;    /* likewise, by a bad disk             */
static unsigned calls;

__typeof__(pread) wrap_pread __asm__("__wrap_pread64");
__typeof__(pwrite) wrap_pwrite __asm__("__wrap_pwrite64");

static void
begin(const char *text, size_t step)
{
	file_len = strlen(text);
	memcpy(file, text, file_len);
	at_once = step;
	interrupt = breaks = calls = 0;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int
trouble(void)
{
	calls++;
	if (calls != interrupt && calls != breaks)
		return 0;
	errno = calls == interrupt ? EINTR : ENXIO;
	return -1;
}

ssize_t
wrap_pread(int fd, void *buf, size_t len, off_t at)
{
	size_t n = least(least(len, at_once), file_len - (size_t)at);

	assert_int_equal(fd, 7);
	if (trouble())
		return -1;
	memcpy(buf, file + at, n);
	return (ssize_t)n;
}

ssize_t
wrap_pwrite(int fd, const void *buf, size_t len, off_t at)
{
	size_t n = least(len, at_once);

	assert_int_equal(fd, 7);
	assert_true((size_t)at + n <= sizeof(file));
	if (trouble())
		return -1;
	memcpy(file + at, buf, n);
	return (ssize_t)n;
}

static void
reads_in_parts(void **state)
{
	char buf[16];

	(void)state;
	begin("0123456789", 3);
	interrupt = 2;
	assert_int_equal(io_read_at(7, buf, 8, 1), 8);
	assert_memory_equal(buf, "12345678", 8);
	assert_int_equal(calls, 4);
	assert_int_equal(io_read_at(7, buf, 8, 6), 4); /* the end came first */
	assert_memory_equal(buf, "6789", 4);
	assert_int_equal(io_read_at(7, buf, 8, 10), 0);
	assert_int_equal(io_read_at(7, buf, 0, 0), 0);
	begin("0123456789", 3);
	breaks = 2;
	assert_int_equal(io_read_at(7, buf, 8, 0), -1);
	assert_int_equal(errno, ENXIO);
}

static void
writes_in_parts(void **state)
{
	(void)state;
	begin("..........", 3);
	interrupt = 2;
	assert_int_equal(io_write_at(7, "12345678", 8, 1), 0);
	assert_memory_equal(file, ".12345678.", 10);
	assert_int_equal(calls, 4);
	begin("..........", 3);
	breaks = 2;
	assert_int_equal(io_write_at(7, "12345678", 8, 1), -1);
	assert_int_equal(errno, ENXIO);
	begin("..........", 0);
	assert_int_equal(io_write_at(7, "12345678", 8, 1), -1);
	assert_int_equal(errno, EIO);
}

static void
waits_fit_an_int(void **state)
{
	static const struct {
		int64_t wait_ms;
		int want;
	} rows[] = {
	    {0, 0},
	    {1, 1},
	    {-1, -1},
	    {INT64_MIN, -1},
	    {INT_MAX, INT_MAX},
	    {(int64_t)INT_MAX + 1, INT_MAX},
	    {INT64_MAX, INT_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(io_poll_ms(rows[i].wait_ms), rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_in_parts),
	    cmocka_unit_test(writes_in_parts),
	    cmocka_unit_test(waits_fit_an_int),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
