/* A helper that hangs must not hold its caller, nor lose what it held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/thread.h"
#include "smb/errand.h"

/* A clock turned by hand: each look moves it on by `step`. */
struct hand {
	int64_t now_ms, step_ms;
};

static int64_t
hand_ms(void *self)
{
	struct hand *h = self;

	h->now_ms += h->step_ms;
	return h->now_ms;
}

/* What an errand is sent out with: it waits for `go`, tells `dropped` on being let go.
 */
struct parcel {
	const struct stop *go;
	struct stop *dropped;
	int answer;
};

static void
run(void *self)
{
	struct parcel *p = self;

	if (p->go)
		(void)stop_wait(p->go, -1);
	p->answer = 42;
}

static void
drop(void *self)
{
	struct parcel *p = self;
	struct stop *dropped = p->dropped;

	mem_free(p);
	stop_throw(dropped);
}

static struct parcel *
pack(const struct stop *go, struct stop *dropped)
{
	struct parcel *p = mem_zero(1, sizeof(*p));

	p->go = go;
	p->dropped = dropped;
	return p;
}

static struct errand
errand(struct parcel *p, const struct clock *clock, const struct stop *stop)
{
	return (struct errand){.name = "test",
			       .run = run,
			       .drop = drop,
			       .self = p,
			       .deadline_at_ms = clock == clock_real()
						     ? clock_mono_ms(clock) + 60000
						     : 1000,
			       .clock = clock,
			       .stop = stop};
}

static void
reap_all(void)
{
	while (errand_reap() > 0)
		;
}

static void
answer_comes_back(void **state)
{
	struct parcel *p = pack(NULL, NULL);
	struct errand t = errand(p, clock_real(), NULL);
	struct err e;

	(void)state;
	assert_int_equal(errand_run(&t, &e), ERRAND_DONE);
	assert_int_equal(p->answer, 42);
	assert_int_equal(errand_reap(), 0);
	mem_free(p);
}

static void
deadline_holds(void **state)
{
	struct hand h = {.step_ms = 600};
	struct clock clock = {.mono_ms = hand_ms, .self = &h};
	struct stop *go = stop_new(), *dropped = stop_new();
	struct errand t = errand(pack(go, dropped), &clock, NULL);
	struct err e;

	(void)state;
	assert_int_equal(errand_run(&t, &e), ERRAND_LATE);
	assert_int_equal(errand_reap(), 1); /* still out */
	assert_false(stop_thrown(dropped));
	stop_throw(go);
	(void)stop_wait(dropped, -1); /* it lets go of what it held by itself */
	reap_all();
	stop_free(go);
	stop_free(dropped);
}

static void
stop_holds(void **state)
{
	struct stop *go = stop_new(), *dropped = stop_new(), *stop = stop_new();
	struct errand t = errand(pack(go, dropped), clock_real(), stop);
	struct err e;

	(void)state;
	stop_throw(stop);
	assert_int_equal(errand_run(&t, &e), ERRAND_STOPPED);
	stop_throw(go);
	(void)stop_wait(dropped, -1);
	reap_all();
	stop_free(go);
	stop_free(dropped);
	stop_free(stop);
}

/* Stop is thrown while the caller is waiting: it wakes up. */
static void
throw_later(void *self)
{
	stop_throw(self);
}

static void
stop_wakes_the_waiting(void **state)
{
	struct stop *go = stop_new(), *dropped = stop_new(), *stop = stop_new();
	struct errand t = errand(pack(go, dropped), clock_real(), stop);
	struct thread *thrower = NULL;
	struct err e;

	(void)state;
	assert_int_equal(thread_start("thrower", throw_later, stop, &thrower, &e), 0);
	assert_int_equal(errand_run(&t, &e), ERRAND_STOPPED);
	thread_join(thrower);
	stop_throw(go);
	(void)stop_wait(dropped, -1);
	reap_all();
	stop_free(go);
	stop_free(dropped);
	stop_free(stop);
}

/* Many callers leave at once; everything is let go of, once. */
enum { CALLERS = 8, EACH = 20 };

struct caller {
	struct stop *go, *stop;
	struct stop *dropped[EACH];
};

static void
leave_often(void *self)
{
	struct caller *c = self;
	struct err e;

	for (int i = 0; i < EACH; i++) {
		struct errand t =
		    errand(pack(c->go, c->dropped[i]), clock_real(), c->stop);

		if (errand_run(&t, &e) != ERRAND_STOPPED)
			fail();
	}
}

static void
many_may_leave_at_once(void **state)
{
	static struct caller callers[CALLERS];
	struct stop *go = stop_new(), *stop = stop_new();
	struct thread *threads[CALLERS];
	struct err e;

	(void)state;
	stop_throw(stop);
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.go = go, .stop = stop};
		for (int j = 0; j < EACH; j++)
			callers[i].dropped[j] = stop_new();
		assert_int_equal(
		    thread_start("caller", leave_often, &callers[i], &threads[i], &e),
		    0);
	}
	for (int i = 0; i < CALLERS; i++)
		thread_join(threads[i]);
	assert_int_equal(errand_reap(), CALLERS * EACH);
	stop_throw(go);
	reap_all(); /* joins them, so that nobody uses the switches any more */
	for (int i = 0; i < CALLERS; i++)
		for (int j = 0; j < EACH; j++) {
			assert_true(stop_thrown(callers[i].dropped[j]));
			stop_free(callers[i].dropped[j]);
		}
	stop_free(go);
	stop_free(stop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answer_comes_back),
	    cmocka_unit_test(deadline_holds),
	    cmocka_unit_test(stop_holds),
	    cmocka_unit_test(stop_wakes_the_waiting),
	    cmocka_unit_test(many_may_leave_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
