/* io.h - descriptors: whole blocks, whatever the system does in parts.  Any thread. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* `len` bytes from offset `at`; less only at the end of the file.  -1: errno. */
ssize_t io_read_at(int fd, void *buf, size_t len, int64_t at) MUST_USE;

/* All `len` bytes to offset `at`.  -1: errno; a part may be written. */
int io_write_at(int fd, const void *buf, size_t len, int64_t at) MUST_USE;

/* A wait as poll() takes it: cut to what an int holds; negative is for ever. */
int io_poll_ms(int64_t wait_ms);

#endif
