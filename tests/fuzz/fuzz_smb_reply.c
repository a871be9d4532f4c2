/* The bytes of a server's stream, while a small file, a large one and a folder are on
 * their way: whatever comes, each is given back exactly once and nothing hangs. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "smb/engine.h"
#include "smb/put.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JOBS = 3, LARGE_BYTES = 150000 };

struct job_seen {
	int done;
	int64_t acked;
	int64_t size_bytes;
};

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)offset;
	(void)e;
	memset(buf, 'x', len);
	return 0;
}

static void
acked(void *self, int64_t upto_bytes)
{
	struct job_seen *j = self;

	if (upto_bytes <= j->acked || upto_bytes > j->size_bytes)
		abort();
	j->acked = upto_bytes;
}

static void
done(void *self, const struct err *e)
{
	struct job_seen *j = self;

	if (++j->done > 1 || (!e && j->acked != j->size_bytes))
		abort();
}

/* The engine after a log-on without keys; the other end is *peer. */
static struct smb *
make(int *peer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) <
	    0)
		abort();
	struct smb *s = mem_zero(1, sizeof(*s));

	s->conn = conn_new(pair[0], clock_real(), NULL);
	s->o.server = mem_dup("fuzz");
	s->session.o = &s->o;
	s->conn->peer = s->o.server;
	s->conn->dialect = 0x0302;
	s->conn->credits.multi = true;
	s->conn->credits.available = 64;
	s->conn->reply_max_bytes = 65536;
	s->compounds = true;
	s->window_max_bytes = 1 << 20;
	s->write_max_bytes = 65536;
	s->read_max_bytes = 65536;
	*peer = pair[1];
	return s;
}

/* Give the server's bytes in pieces of the size that the first byte says, and run. */
static void
play(struct smb *s, int peer, const uint8_t *data, size_t size)
{
	size_t step = data[0] ? data[0] : 1000;
	struct err e;

	for (size_t at = 1; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (send(peer, data + at, n, MSG_NOSIGNAL) < 0 ||
		    conn_step(s->conn, false, &e) < 0)
			return;
	}
	for (int i = 0; i < 4; i++) { /* what the answers set going */
		static uint8_t sink[1 << 18];

		(void)!recv(peer, sink, sizeof(sink), 0);
		if (conn_step(s->conn, false, &e) < 0)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_seen seen[JOBS] = {
	    {.size_bytes = 100}, {.size_bytes = LARGE_BYTES}, {.size_bytes = 0}};
	struct err e;
	int peer;

	if (size < 1)
		return 0;
	struct smb *s = make(&peer);

	for (int i = 0; i < 2; i++) {
		struct smb_put p = {.path = "a",
				    .size_bytes = seen[i].size_bytes,
				    .mtime_100ns = 1,
				    .read = fill,
				    .acked = acked,
				    .done = done,
				    .self = &seen[i]};

		(void)!smb_put(s, &p, &e);
	}
	(void)!smb_change(
	    s,
	    &(struct smb_change){
		.kind = SMB_MAKE_FOLDER, .path = "b", .done = done, .self = &seen[2]},
	    &e);
	play(s, peer, data, size);
	smb_free(s);
	(void)close(peer);
	for (int i = 0; i < JOBS; i++)
		if (seen[i].done != 1)
			abort();
	return 0;
}
