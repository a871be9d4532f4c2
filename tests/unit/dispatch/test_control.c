/* The mailbox of the dispatcher: who asks gets an answer, or hears that there is none.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/thread.h"
#include "dispatch/control.h"

enum { LONG_MS = 30000, ASKERS = 8 };

/* Once, instead of the next wait of this thread: with the mailbox unlocked, and the
 * time that the asker gives it is over afterwards. */
static _Thread_local void (*meanwhile)(void *self), (*later)(void *self);
static _Thread_local void *self_of_both;

__typeof__(pthread_cond_timedwait)
    real_timedwait __asm__("__real_pthread_cond_timedwait");
__typeof__(pthread_cond_timedwait)
    wrap_timedwait __asm__("__wrap_pthread_cond_timedwait");
__typeof__(pthread_cond_wait) real_wait __asm__("__real_pthread_cond_wait");
__typeof__(pthread_cond_wait) wrap_wait __asm__("__wrap_pthread_cond_wait");

static void
do_once(void (**fn)(void *self), pthread_mutex_t *lock)
{
	void (*now)(void *self) = *fn;

	*fn = NULL;
	assert_int_equal(pthread_mutex_unlock(lock), 0);
	now(self_of_both);
	assert_int_equal(pthread_mutex_lock(lock), 0);
}

int
wrap_timedwait(pthread_cond_t *c, pthread_mutex_t *lock, const struct timespec *until)
{
	if (!meanwhile)
		return real_timedwait(c, lock, until);
	do_once(&meanwhile, lock);
	return ETIMEDOUT;
}

int
wrap_wait(pthread_cond_t *c, pthread_mutex_t *lock)
{
	if (!later)
		return real_wait(c, lock);
	do_once(&later, lock);
	return 0;
}

struct rig {
	struct dispatch_control *control;
	struct pool *pool;
	struct config *config;
};

static int
enter(void **state)
{
	struct rig *g = mem_zero(1, sizeof(*g));
	struct pool_options o = {.clock = clock_real(), .state_folder = "/nowhere"};

	g->config = config_default();
	o.config = g->config;
	g->control = dispatch_control_new();
	g->pool = pool_new(&o);
	*state = g;
	return 0;
}

static int
leave(void **state)
{
	struct rig *g = *state;

	pool_free(g->pool);
	dispatch_control_free(g->control);
	config_free(g->config);
	mem_free(g);
	return 0;
}

/* The dispatcher of this test: answers until so many were taken; the third is refused.
 */
struct taker {
	struct rig *g;
	int count;
};

static void
take(void *self)
{
	struct taker *t = self;
	struct pool_report unused;
	int taken = 0;

	while (taken < t->count) {
		struct control_message *m = control_take(t->g->control);

		if (!m) {
			(void)pool_wait(t->g->pool, NULL, LONG_MS, &unused);
			continue;
		}
		m->answer->active = ++taken;
		if (taken == 3)
			m->rc = err_set(m->error, ERR_LOCAL, 0, "the disk is full");
		control_done(t->g->control, m);
	}
}

static void
answers_come_back(void **state)
{
	const struct dispatch_ask ask = {.verb = DISPATCH_STATUS};
	struct taker t = {*state, 3};
	struct dispatch_answer a;
	struct thread *thread;
	struct err e;

	control_open(t.g->control, t.g->pool);
	assert_int_equal(thread_start("taker", take, &t, &thread, &e), 0);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(
		    dispatch_control_ask(t.g->control, &ask, LONG_MS, &a, &e), 0);
		assert_int_equal(a.active, i);
	}
	assert_int_equal(dispatch_control_ask(t.g->control, &ask, LONG_MS, &a, &e), -1);
	assert_string_equal(e.text, "the disk is full");
	thread_join(thread);
}

static void
nobody_takes_it(void **state)
{
	const struct rig *g = *state;
	struct dispatch_ask ask = {.verb = DISPATCH_RELOAD};
	struct dispatch_answer a;
	struct err e;

	ask.config = config_default(); /* taken all the same: a leak checker sees */
	assert_int_equal(dispatch_control_ask(g->control, &ask, LONG_MS, &a, &e), -1);
	assert_int_equal(e.kind, ERR_STOP);
	assert_string_equal(e.text, "the sender starts or stops just now");
	control_open(g->control, g->pool);
	ask.config = config_default();
	assert_int_equal(dispatch_control_ask(g->control, &ask, 0, &a, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_null(control_take(g->control)); /* it was taken back */
}

struct asker {
	struct rig *g;
	int rc;
	struct err e;
};

static void
ask_once(void *self)
{
	struct asker *a = self;
	const struct dispatch_ask ask = {.verb = DISPATCH_LOOK};
	struct dispatch_answer unused;

	a->rc = dispatch_control_ask(a->g->control, &ask, LONG_MS, &unused, &a->e);
}

/* Several at once: each is served, in whatever order they came. */
static void
many_ask(void **state)
{
	struct taker t = {*state, ASKERS};
	struct asker all[ASKERS];
	struct thread *threads[ASKERS];
	int refused = 0;
	struct err e;

	control_open(t.g->control, t.g->pool);
	for (int i = 0; i < ASKERS; i++) {
		all[i] = (struct asker){.g = *state};
		assert_int_equal(
		    thread_start("asker", ask_once, &all[i], &threads[i], &e), 0);
	}
	take(&t);
	for (int i = 0; i < ASKERS; i++) {
		thread_join(threads[i]);
		refused += all[i].rc < 0;
	}
	assert_int_equal(refused, 1); /* the third */
}

/* Who waits when the dispatcher ends is told. */
static void
closing_answers(void **state)
{
	struct asker a = {.g = *state};
	struct thread *thread;
	struct pool_report unused;
	struct err e;

	control_open(a.g->control, a.g->pool);
	assert_int_equal(thread_start("asker", ask_once, &a, &thread, &e), 0);
	(void)pool_wait(a.g->pool, NULL, LONG_MS, &unused); /* it is in */
	control_close(a.g->control);
	thread_join(thread);
	assert_int_equal(a.rc, -1);
	assert_string_equal(a.e.text, "the sender stops just now");
}

struct late {
	struct rig *g;
	struct control_message *taken;
};

static void
take_it(void *self)
{
	struct late *l = self;

	l->taken = control_take(l->g->control);
	assert_non_null(l->taken);
}

static void
do_it(void *self)
{
	const struct late *l = self;

	l->taken->answer->active = 5;
	control_done(l->g->control, l->taken);
}

/* What was taken is being done: whoever asked hears what came of it, however late. */
static void
what_was_taken_is_waited_for(void **state)
{
	const struct dispatch_ask ask = {.verb = DISPATCH_LOOK};
	struct late l = {.g = *state};
	struct dispatch_answer a = {0};
	struct err e;

	control_open(l.g->control, l.g->pool);
	meanwhile = take_it;
	later = do_it;
	self_of_both = &l;
	assert_int_equal(dispatch_control_ask(l.g->control, &ask, 0, &a, &e), 0);
	assert_int_equal(a.active, 5);
}

static void
another_gives_up(void *self)
{
	struct late *l = self;
	const struct dispatch_ask ask = {.verb = DISPATCH_STATUS};
	struct dispatch_answer a;
	struct err e;

	assert_int_equal(dispatch_control_ask(l->g->control, &ask, 0, &a, &e), -1);
	take_it(l);
	assert_int_equal(l->taken->ask->verb, DISPATCH_LOOK);
	assert_null(control_take(l->g->control));
	control_done(l->g->control, l->taken);
}

static void
who_gives_up_leaves_the_others_in(void **state)
{
	const struct dispatch_ask ask = {.verb = DISPATCH_LOOK};
	struct late l = {.g = *state};
	struct dispatch_answer a;
	struct err e;

	control_open(l.g->control, l.g->pool);
	meanwhile = another_gives_up;
	self_of_both = &l;
	assert_int_equal(dispatch_control_ask(l.g->control, &ask, 0, &a, &e), 0);
}

static void
no_mailbox(void **state)
{
	(void)state;
	control_open(NULL, NULL);
	assert_null(control_take(NULL));
	control_close(NULL);
	dispatch_control_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(answers_come_back),
	    TEST(nobody_takes_it),
	    TEST(many_ask),
	    TEST(closing_answers),
	    TEST(no_mailbox),
	    TEST(what_was_taken_is_waited_for),
	    TEST(who_gives_up_leaves_the_others_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
