#include "between.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "base/str.h"
#include "base/thread.h"
#include "outbox/outbox.h"
#include "package/package.h"
#include "send/send.h"

enum { AHEAD_MS = 30000 }; /* far more than the dispatcher waits for anything */

/* The linker hands calls of NAME to wrap_NAME(), and real_NAME() is what was meant. */
#define BETWEEN(name)                                                                  \
	__typeof__(name) real_##name __asm__("__real_" #name);                         \
	__typeof__(name) wrap_##name __asm__("__wrap_" #name)

struct wrong wrong;

static _Thread_local bool is_test_thread;
static _Thread_local bool is_stopped;

void
between_begin(void)
{
	is_test_thread = true;
	is_stopped = false;
	wrong = (struct wrong){0};
	gate_set(NULL, false);
}

static bool
fails(struct err *e)
{
	if (!is_test_thread ||
	    (++wrong.calls != wrong.fail_at && !(wrong.fail_after_stop && is_stopped)))
		return false;
	(void)err_set(e, ERR_LOCAL, wrong.win32, "call %u of the outbox failed",
		      wrong.calls);
	return true;
}

BETWEEN(outbox_open);
int
wrap_outbox_open(const char *folder, struct outbox **out, struct err *e)
{
	if (!is_test_thread && wrong.no_outbox)
		return err_set(e, ERR_LOCAL, 0, "no more descriptors");
	return fails(e) ? -1 : real_outbox_open(folder, out, e);
}

BETWEEN(outbox_claim);
int
wrap_outbox_claim(struct outbox *o, struct request_id id, const char *name,
		  int64_t now_ms, int64_t lease_ms, struct request *out, struct err *e)
{
	if (wrong.before_claim)
		wrong.before_claim();
	return fails(e) ? -1 : real_outbox_claim(o, id, name, now_ms, lease_ms, out, e);
}

BETWEEN(outbox_finish);
int
wrap_outbox_finish(struct outbox *o, struct request_id id, const char *owner,
		   int64_t now_ms, const struct outbox_end *end, struct err *e)
{
	return fails(e) ? -1 : real_outbox_finish(o, id, owner, now_ms, end, e);
}

BETWEEN(outbox_recover);
int
wrap_outbox_recover(struct outbox *o, const char *name, int64_t now_ms,
		    void (*each)(void *self, const struct request *r,
				 bool expired_lifetime),
		    void *self, struct err *e)
{
	return fails(e) ? -1 : real_outbox_recover(o, name, now_ms, each, self, e);
}

BETWEEN(outbox_sites_changed);
int
wrap_outbox_sites_changed(struct outbox *o, int64_t now_ms, int64_t *cursor,
			  int (*each)(void *self, const struct outbox_site *s),
			  void *self, struct err *e)
{
	return fails(e) ? -1
			: real_outbox_sites_changed(o, now_ms, cursor, each, self, e);
}

BETWEEN(outbox_free_packages);
int
wrap_outbox_free_packages(struct outbox *o, int64_t failed_before_at_ms,
			  int (*each)(void *self, const char *package_id), void *self,
			  struct err *e)
{
	return fails(e)
		   ? -1
		   : real_outbox_free_packages(o, failed_before_at_ms, each, self, e);
}

BETWEEN(thread_start);
int
wrap_thread_start(const char *name, void (*fn)(void *self), void *self,
		  struct thread **out, struct err *e)
{
	if (str_eq(name, wrong.no_thread))
		return err_set(e, ERR_LOCAL, 0, "no more threads");
	return real_thread_start(name, fn, self, out, e);
}

BETWEEN(gethostname);
int
wrap_gethostname(char *name, size_t room)
{
	if (!wrong.no_host_name)
		return real_gethostname(name, room);
	errno = ENAMETOOLONG;
	return -1;
}

BETWEEN(package_remove);
int
wrap_package_remove(const char *store, const char *id, struct err *e)
{
	if (wrong.keep_packages)
		return err_set(e, ERR_LOCAL, 0, "package %s cannot be removed", id);
	return real_package_remove(store, id, e);
}

/* --- a clock that stops the sender ----------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct stop *stop;
	bool hears_late;
	bool is_open;
	int64_t ahead_ms; /* of the real clock */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local int looks_at_clock;

static int64_t
gate_wall_ms(void *self)
{
	(void)self;
	if (!is_test_thread && ++looks_at_clock == 2) {
		(void)pthread_mutex_lock(&gate.lock);
		if (gate.stop)
			stop_throw(gate.stop);
		while (gate.stop && !gate.is_open)
			(void)pthread_cond_wait(&gate.changed, &gate.lock);
		(void)pthread_mutex_unlock(&gate.lock);
	}
	return clock_wall_ms(clock_real());
}

static int64_t
gate_mono_ms(void *self)
{
	int64_t ahead_ms;

	(void)self;
	(void)pthread_mutex_lock(&gate.lock);
	ahead_ms = gate.ahead_ms;
	(void)pthread_mutex_unlock(&gate.lock);
	return clock_mono_ms(clock_real()) + ahead_ms;
}

const struct clock gate_clock = {gate_mono_ms, gate_wall_ms, NULL};

void
gate_set(struct stop *stop, bool hears_late)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.stop = stop;
	gate.hears_late = hears_late;
	gate.is_open = false;
	gate.ahead_ms = 0;
	(void)pthread_mutex_unlock(&gate.lock);
}

static void
gate_open(bool at_last)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.is_open = at_last || !gate.hears_late;
	if (!gate.is_open)
		gate.ahead_ms = AHEAD_MS;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.lock);
}

BETWEEN(pool_stop);
void
wrap_pool_stop(struct pool *p)
{
	real_pool_stop(p);
	is_stopped = true;
	gate_open(false);
}

BETWEEN(pool_free);
void
wrap_pool_free(struct pool *p)
{
	gate_open(true);
	real_pool_free(p);
}
