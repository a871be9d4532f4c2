#include "dispatch/watch.h"

#include "base/mem.h"
#include "base/stop.h"
#include "base/thread.h"
#include "outbox/outbox.h"

struct watch {
	struct outbox *outbox; /* the thread's own, once it runs */
	struct pool *pool;
	struct stop *stop;
	struct thread *thread;
};

static void
run(void *self)
{
	struct watch *w = self;

	while (!stop_thrown(w->stop))
		if (outbox_wait(w->outbox, w->stop, -1))
			pool_poke(w->pool);
}

int
watch_start(const char *state_folder, struct pool *pool, struct watch **out,
	    struct err *e)
{
	struct watch *w = mem_zero(1, sizeof(*w));

	w->pool = pool;
	w->stop = stop_new();
	if (outbox_open(state_folder, &w->outbox, e) < 0 ||
	    thread_start("outbox watch", run, w, &w->thread, e) < 0) {
		watch_end(w);
		return -1;
	}
	*out = w;
	return 0;
}

void
watch_end(struct watch *w)
{
	if (!w)
		return;
	stop_throw(w->stop);
	thread_join(w->thread);
	outbox_close(w->outbox);
	stop_free(w->stop);
	mem_free(w);
}
