#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

ssize_t
io_read_at(int fd, void *buf, size_t len, int64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n =
		    pread(fd, (char *)buf + done, len - done, (off_t)at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int
io_write_at(int fd, const void *buf, size_t len, int64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, (const char *)buf + done, len - done,
				   (off_t)at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* 0 says nothing, and must not loop. */
			errno = n < 0 ? errno : EIO;
			return -1;
		}
		done += (size_t)n;
	}
	return 0;
}

int
io_poll_ms(int64_t wait_ms)
{
	if (wait_ms < 0)
		return -1;
	return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}
