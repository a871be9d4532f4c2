#include "dispatch/control.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"

struct dispatch_control {
	pthread_mutex_t lock;
	pthread_cond_t moved;          /* a message is done */
	struct control_message *first; /* guarded by lock: the oldest first */
	struct pool *pool; /* guarded by lock; NULL: nobody takes messages */
};

struct dispatch_control *
dispatch_control_new(void)
{
	struct dispatch_control *c = mem_zero(1, sizeof(*c));
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&c->moved, &attr);
	(void)pthread_condattr_destroy(&attr);
	return c;
}

void
dispatch_control_free(struct dispatch_control *c)
{
	if (!c)
		return;
	(void)pthread_cond_destroy(&c->moved);
	(void)pthread_mutex_destroy(&c->lock);
	mem_free(c);
}

/* --- who asks -------------------------------------------------------------------- */

/* Under the lock; it is there, until it is taken. */
static void
append(struct dispatch_control *c, struct control_message *m)
{
	struct control_message **at = &c->first;

	while (*at)
		at = &(*at)->next;
	*at = m;
	pool_poke(c->pool); /* does not wait */
}

/* Under the lock. */
static void
unlink_message(struct dispatch_control *c, const struct control_message *m)
{
	struct control_message **at = &c->first;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
}

/* Until it is done; one that nobody took in time is taken back: false.  One that was
 * taken is being done, and the dispatcher's own waits are short. */
static bool
wait_done(struct dispatch_control *c, struct control_message *m, int64_t wait_ms)
{
	const int64_t until_ms = clock_mono_ms(clock_real()) + wait_ms;
	const struct timespec until = {.tv_sec = until_ms / 1000,
				       .tv_nsec = until_ms % 1000 * 1000000};
	int late = 0;

	while (m->stage == CONTROL_WAITS && late != ETIMEDOUT)
		late = pthread_cond_timedwait(&c->moved, &c->lock, &until);
	while (m->stage == CONTROL_TAKEN)
		(void)pthread_cond_wait(&c->moved, &c->lock);
	if (m->stage == CONTROL_DONE)
		return true;
	unlink_message(c, m);
	return false;
}

int
dispatch_control_ask(struct dispatch_control *c, const struct dispatch_ask *ask,
		     int64_t wait_ms, struct dispatch_answer *answer, struct err *e)
{
	struct control_message m = {.ask = ask, .answer = answer, .error = e};
	bool is_open, done = false;

	*answer = (struct dispatch_answer){0};
	(void)pthread_mutex_lock(&c->lock);
	is_open = c->pool != NULL;
	if (is_open) {
		append(c, &m);
		done = wait_done(c, &m, wait_ms);
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (done)
		return m.rc;
	config_free(ask->config);
	if (!is_open)
		return err_set(e, ERR_STOP, 0, "the sender starts or stops just now");
	return err_set(
	    e, ERR_LOCAL, 0,
	    "the sender did not take it up within %lld s: its outbox or disk "
	    "is busy; try again",
	    (long long)(wait_ms / 1000));
}

/* --- the dispatcher -------------------------------------------------------------- */

void
control_open(struct dispatch_control *c, struct pool *pool)
{
	if (!c)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->pool = pool;
	(void)pthread_mutex_unlock(&c->lock);
}

struct control_message *
control_take(struct dispatch_control *c)
{
	struct control_message *m;

	if (!c)
		return NULL;
	(void)pthread_mutex_lock(&c->lock);
	m = c->first;
	if (m) {
		c->first = m->next;
		m->stage = CONTROL_TAKEN;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return m;
}

void
control_done(struct dispatch_control *c, struct control_message *m)
{
	(void)pthread_mutex_lock(&c->lock);
	m->stage = CONTROL_DONE;
	(void)pthread_cond_broadcast(&c->moved);
	(void)pthread_mutex_unlock(&c->lock);
}

void
control_close(struct dispatch_control *c)
{
	struct control_message *m;

	if (!c)
		return;
	control_open(c, NULL);
	while ((m = control_take(c))) {
		config_free(m->ask->config);
		m->rc = err_set(m->error, ERR_STOP, 0, "the sender stops just now");
		control_done(c, m);
	}
}
