/* Several processes on one outbox: each request ends exactly once, and a wait hears of
 * what another process did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"

enum { SENDERS = 4, REQUESTS = 2000, SITES = 20 };

static struct err worker_err; /* of this process; too large for each frame */

static int
take_best(void *self, const struct outbox_site *s)
{
	*(struct request_id *)self = s->best;
	return s->best.n > 0;
}

/* Claim, step, and end one request; every seventh attempt is given back, every eleventh
 * lost its process.  1: did something; 0: nothing left; -1. */
static int
send_one(struct outbox *o, const char *name, unsigned *turn)
{
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	const struct outbox_attempt a = {.result = "x", .started_at_ms = NOW};
	struct outbox_end end = {.to = REQUEST_SENT, .attempt = &a};
	struct request_id id = {0};
	struct err *e = &worker_err;
	int rc = outbox_sites(o, NOW, false, take_best, &id, e);

	if (rc <= 0)
		return rc;
	if ((rc = outbox_claim(o, id, name, NOW, LEASE, r, e)) <= 0)
		return rc < 0 ? -1 : 1; /* another was quicker */
	if (++*turn % 11 == 0)
		return outbox_recover(o, name, NOW, NULL, NULL, e) < 0 ? -1 : 1;
	if (*turn % 7 == 0)
		end.to = REQUEST_PENDING;
	else if (outbox_step(o, id, r->owner, REQUEST_SENDING, "x", NOW, e) < 0 ||
		 outbox_step(o, id, r->owner, REQUEST_PUBLISHING, NULL, NOW, e) < 0)
		return -1;
	return outbox_finish(o, id, r->owner, NOW, &end, e) == 0 ? 1 : -1;
}

static int
be_a_sender(const char *folder, int number)
{
	struct outbox *o = NULL;
	unsigned turn = 0;
	char name[32];
	int rc = 1;

	(void)snprintf(name, sizeof(name), "host:%d", number);
	if (outbox_open(folder, &o, &worker_err) < 0)
		rc = -1;
	else /* a slow machine is no fault here */
		outbox_set_patience(o, OUTBOX_LONG_PATIENCE_MS);
	while (rc > 0)
		rc = send_one(o, name, &turn);
	outbox_close(o);
	if (rc < 0)
		print_error("sender %d: %s\n", number, worker_err.text);
	return rc < 0 ? 1 : 0;
}

static void
file_all(struct fixture *f)
{
	char codes[SITES][16];
	const char *sites[SITES];
	struct request_id ids[SITES];

	for (int i = 0; i < SITES; i++) {
		(void)snprintf(codes[i], sizeof(codes[i]), "S%d", i);
		sites[i] = codes[i];
	}
	for (int i = 0; i < REQUESTS / SITES; i++) {
		struct outbox_package p = {.name = "n"};
		const struct outbox_new n = {.package = &p,
					     .sites = sites,
					     .site_count = SITES,
					     .priority = REQUEST_LOW,
					     .now_ms = NOW,
					     .lifetime_ms = LIFETIME};

		(void)snprintf(p.id, sizeof(p.id), "%d", i);
		assert_int_equal(outbox_add(f->o, &n, ids, &f->e), 1);
	}
}

struct tally {
	struct fixture *f;
	int requests;
};

static int
count_ends(void *self, const struct outbox_attempt *a)
{
	int *ends = self;

	*ends += str_eq(a->result, "x");
	return 0;
}

static int
check_one(void *self, const struct request *r)
{
	struct tally *t = self;
	int tries = 0;

	assert_int_equal(r->state, REQUEST_SENT);
	assert_int_equal(outbox_attempts(t->f->o, r->id, count_ends, &tries, &t->f->e),
			 0);
	assert_true(tries >= 1);
	t->requests++;
	return 0;
}

static void
each_request_ends_exactly_once(void **state)
{
	struct fixture *f = *state;
	struct tally t = {f, 0};
	pid_t pids[SENDERS];
	int64_t sent = 0;

	file_all(f);
	outbox_close(f->o); /* SQLite: a handle must not be carried across fork() */
	f->o = NULL;
	for (int i = 0; i < SENDERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(be_a_sender(f->folder, i));
	}
	for (int i = 0; i < SENDERS; i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	f->o = fixture_open(f);
	/* A sender that found nothing to claim may have ended before another gave
	 * something back: what is left is done here. */
	assert_int_equal(be_a_sender(f->folder, 9), 0);
	assert_int_equal(
	    outbox_list(f->o, &(struct outbox_filter){0}, check_one, &t, &f->e), 0);
	assert_int_equal(t.requests, REQUESTS);
	for (int i = 0; i < SITES; i++) {
		struct outbox_site s;
		char code[16];

		(void)snprintf(code, sizeof(code), "S%d", i);
		fixture_site(f, code, NOW, &s);
		assert_int_equal(s.pending + s.active + s.failed, 0);
		sent += s.sent;
	}
	assert_int_equal(sent, REQUESTS);
}

/* The other process files when it is told to, and says when that was on disk. */
static void
file_on_demand(const char *folder, int in, int out)
{
	struct outbox *o = NULL;
	const char *const sites[] = {"MS1"};
	char go = 0;
	int count = 0;

	if (outbox_open(folder, &o, &worker_err) < 0)
		_exit(1);
	while (read(in, &go, 1) == 1) {
		struct outbox_package p = {.name = "n"};
		const struct outbox_new n = {&p,   sites, 1, REQUEST_LOW,
					     NOW,  0,     0, LIFETIME,
					     NULL, false, 0, NULL};
		struct request_id id;
		int64_t at_ms = 0;

		(void)snprintf(p.id, sizeof(p.id), "%d", ++count);
		if (outbox_add(o, &n, &id, &worker_err) != 1)
			_exit(2);
		at_ms = clock_mono_ms(clock_real());
		if (write(out, &at_ms, sizeof(at_ms)) != sizeof(at_ms))
			_exit(3);
	}
	outbox_close(o);
	_exit(0);
}

static void
a_wait_hears_of_another_process_soon(void **state)
{
	struct fixture *f = *state;
	enum { TURNS = 50, SOON_MS = 50, PATIENCE_MS = 20000 };
	int to[2];
	int from[2];
	int late = 0;
	int status = 0;
	pid_t pid = 0;

	outbox_close(f->o);
	f->o = NULL;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(to[1]);
		file_on_demand(f->folder, to[0], from[1]);
	}
	f->o = fixture_open(f);
	for (int i = 0; i < TURNS; i++) {
		int64_t committed_at_ms = 0;
		int64_t woke_at_ms = 0;

		assert_int_equal(write(to[1], "g", 1), 1);
		assert_true(outbox_wait(f->o, NULL, PATIENCE_MS));
		woke_at_ms = clock_mono_ms(clock_real());
		assert_int_equal(
		    read(from[0], &committed_at_ms, sizeof(committed_at_ms)),
		    sizeof(committed_at_ms));
		late += woke_at_ms - committed_at_ms > SOON_MS;
		while (outbox_wait(f->o, NULL, 0))
			continue;
	}
	(void)close(to[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(close(to[0]) | close(from[0]) | close(from[1]), 0);
	/* a busy machine may be late now and then; a missed event is PATIENCE_MS */
	assert_in_range(late, 0, TURNS / 10);
}

/* Another process opens the outbox, writes and closes it, once it is told to. */
static int
come_and_go(const char *folder, int go)
{
	struct outbox *o = NULL;
	char told;
	int rc = 1;

	if (read(go, &told, 1) == 1 && outbox_open(folder, &o, &worker_err) == 0)
		rc = outbox_site_hold(o, "S1", NOW, "by another", &worker_err) < 0;
	outbox_close(o);
	return rc;
}

/* Locks of fcntl() belong to the process: whoever opens and closes the file itself
 * beside a handle takes that handle's locks away, and the next process that ends
 * believes it is the last one and removes the WAL. */
static void
a_second_handle_leaves_the_locks_of_the_first(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *wal = mem_printf("%s/outbox.db-wal", f->folder);
	struct outbox *second = NULL;
	int go[2], status = -1;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	outbox_close(f->o); /* SQLite: a handle must not be carried across fork() */
	pid = fork();
	if (pid == 0) {
		(void)close(go[1]); /* an end of the parent is told by the pipe */
		_exit(come_and_go(f->folder, go[0]));
	}
	f->o = fixture_open(f);
	(void)fixture_file(f, "S1");
	assert_int_equal(outbox_open(f->folder, &second, &f->e), 0);
	outbox_close(second);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(close(go[0]) | close(go[1]), 0);
	assert_int_equal(access(wal, F_OK), 0);
	assert_int_equal(outbox_site_hold(f->o, "S1", 0, "", &f->e), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(each_request_ends_exactly_once),
	    CASE(a_wait_hears_of_another_process_soon),
	    CASE(a_second_handle_leaves_the_locks_of_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
