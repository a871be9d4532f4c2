#include "front/put_hash.h"

#include <poll.h>

#include "base/mem.h"
#include "base/thread.h"
#include "package/package.h"

struct put_hash {
	const char *store, *id;       /* set before the thread starts; then read-only */
	const struct stop *interrupt; /* likewise                                     */
	struct stop *stop;            /* thrown by put_hash_end()                     */
	struct stop *done;            /* thrown by the thread, its last act           */
	int result;                   /* written before `done` is thrown, then read   */
	struct err error;             /* likewise */
	struct thread *thread;
};

static void
run(void *self)
{
	struct put_hash *h = self;

	h->result = package_hash(h->store, h->id, h->stop, &h->error);
	stop_throw(h->done);
}

int
put_hash_start(const char *store, const char *id, const struct stop *interrupt,
	       struct put_hash **out, struct err *e)
{
	struct put_hash *h = mem_zero(1, sizeof(*h));

	h->store = store;
	h->id = id;
	h->interrupt = interrupt;
	h->stop = stop_new();
	h->done = stop_new();
	if (thread_start("hash", run, h, &h->thread, e) < 0) {
		put_hash_end(h);
		return -1;
	}
	*out = h;
	return 0;
}

bool
put_hash_is_done(const struct put_hash *h)
{
	return stop_thrown(h->done) && h->result == 0;
}

int
put_hash_wait(struct put_hash *h, struct err *e)
{
	struct pollfd p[] = {{.fd = stop_fd(h->done), .events = POLLIN},
			     {.fd = stop_fd(h->interrupt), .events = POLLIN}};

	while (!stop_thrown(h->done)) {
		if (stop_thrown(h->interrupt))
			return err_set(e, ERR_STOP, 0, "stopped while hashing");
		(void)poll(p, COUNT(p), -1);
	}
	if (h->result < 0)
		*e = h->error;
	return h->result;
}

void
put_hash_end(struct put_hash *h)
{
	if (!h)
		return;
	stop_throw(h->stop);
	thread_join(h->thread);
	stop_free(h->stop);
	stop_free(h->done);
	mem_free(h);
}
