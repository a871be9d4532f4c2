/* Threads: a name, no signals, and the error when there is none to be had. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "base/thread.h"

/* The linker puts this before the system's own (see meson.build). */
__typeof__(pthread_create) real_pthread_create __asm__("__real_pthread_create");
__typeof__(pthread_create) wrap_pthread_create __asm__("__wrap_pthread_create");

static int no_more;

int
wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
		    void *arg)
{
	return no_more ? EAGAIN : real_pthread_create(out, attr, fn, arg);
}

struct seen {
	char name[32];
	unsigned id;
	bool hears_term;
};

static void
look_around(void *self)
{
	struct seen *s = self;
	sigset_t blocked;

	(void)pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	s->hears_term = sigismember(&blocked, SIGTERM) == 0;
	s->id = thread_id();
}

static void
test_start(void **state)
{
	struct seen s = {.hears_term = true};
	struct thread *t;
	sigset_t blocked;
	struct err e;

	(void)state;
	assert_int_equal(thread_start("a name of 17 byte", look_around, &s, &t, &e), 0);
	thread_join(t);
	assert_string_equal(s.name, "a name of 17 by");
	assert_int_not_equal(s.id, 0);
	assert_int_not_equal(s.id, thread_id());
	assert_false(s.hears_term);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	assert_int_equal(sigismember(&blocked, SIGTERM), 0); /* main still does */
	thread_join(NULL);
}

static void
test_no_more(void **state)
{
	struct thread *t = NULL;
	struct seen s = {.id = 0};
	sigset_t blocked;
	struct err e;

	(void)state;
	no_more = 1;
	assert_int_equal(thread_start("sending", look_around, &s, &t, &e), -1);
	no_more = 0;
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_string_equal(e.text,
			    "start thread sending: Resource temporarily unavailable");
	assert_null(t);
	assert_int_equal(s.id, 0);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_start),
	    cmocka_unit_test(test_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
