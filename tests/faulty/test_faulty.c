/* A script of calls is run with the break at call 1, 2, 3 ... until a run is clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "faulty.h"
#include "transport/transport.h"

enum { BLOCKS = 3, BLOCK_BYTES = 1 << 20 };

static char *folder;

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	folder = mem_printf("%s/lansender-faulty-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct err e;
	int rc = path_remove_tree(folder, &e);

	(void)state;
	mem_free(folder);
	return rc;
}

struct script {
	struct transport *t;
	int failed; /* calls that failed */
	int ran;    /* calls made        */
	int reads, dones, good_dones;
	int64_t acked;
	struct err e;
};

static int
script_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct script *s = self;

	(void)offset;
	(void)e;
	s->reads++;
	memset(buf, 'x', len);
	return 0;
}

static void
script_acked(void *self, int64_t upto_bytes)
{
	struct script *s = self;

	s->acked = upto_bytes;
}

static void
script_done(void *self, const struct err *e)
{
	struct script *s = self;

	s->dones++;
	s->good_dones += !e;
	if (e)
		assert_string_equal(e->text, "the line broke");
}

static void
ran(struct script *s, int rc)
{
	s->ran++;
	if (rc < 0) {
		s->failed++;
		assert_string_equal(s->e.text, "the line broke");
		assert_int_equal(s->e.win32, 64);
		assert_false(transport_alive(s->t));
	} else {
		assert_int_equal(s->failed, 0); /* once broken, always broken */
	}
}

static int
see(void *self, const char *name, const struct transport_stat *st)
{
	(void)self;
	(void)name;
	(void)st;
	return 0;
}

/* Every call of the door once. */
static void
run_script(struct script *s)
{
	struct transport_put p = {.path = "a/file",
				  .size_bytes = BLOCKS * BLOCK_BYTES,
				  .read = script_read,
				  .acked = script_acked,
				  .done = script_done,
				  .self = s};
	struct transport_change make = {.kind = TRANSPORT_MAKE_FOLDER,
					.path = "a/b",
					.done = script_done,
					.self = s};
	struct transport_change touch = {.kind = TRANSPORT_TOUCH_FOLDER,
					 .path = "a/b",
					 .done = script_done,
					 .self = s};
	struct transport *t = s->t;
	struct transport_stat st;
	char *text = NULL;
	int64_t space;
	size_t len;

	ran(s, transport_probe(t, &s->e));
	ran(s, transport_space(t, &space, &s->e));
	ran(s, transport_mkdir(t, "a", true, &s->e));
	ran(s, transport_stat(t, "a", &st, &s->e));
	ran(s, transport_change(t, &make, &s->e));
	ran(s, transport_change(t, &touch, &s->e));
	ran(s, transport_put(t, &p, &s->e));
	ran(s, transport_drain(t, &s->e));
	ran(s, transport_read(t, "a/file", 16 << 20, &text, &len, &s->e));
	ran(s, transport_list(t, "a", see, NULL, &s->e));
	ran(s, transport_rename(t, "a/file", "file", false, &s->e));
	ran(s, transport_remove(t, "file", false, &s->e));
	ran(s, transport_remove_tree(t, "a", &s->e));
	mem_free(text);
}

static void
test_every_call_can_break(void **state)
{
	const struct err fault = {
	    .kind = ERR_ATTEMPT, .win32 = 64, .text = "the line broke"};
	unsigned k = 0;
	bool clean = false;

	(void)state;
	while (!clean) {
		struct script s = {0};
		struct transport *inner;

		k++;
		assert_int_equal(transport_open_dir(folder, NULL, &inner, &s.e), 0);
		s.t = faulty_wrap(inner, k, &fault);
		run_script(&s);
		assert_int_equal(s.ran, 13);
		assert_int_equal(s.dones, 3); /* each of three, exactly once */
		assert_true(s.acked <= (int64_t)s.reads * BLOCK_BYTES);
		clean = s.failed == 0;
		if (clean)
			assert_int_equal(s.good_dones, 3);
		transport_free(s.t);
		/* What a break left is in the way of the next run. */
		assert_int_equal(transport_open_dir(folder, NULL, &inner, &s.e), 0);
		assert_int_equal(transport_remove_tree(inner, "a", &s.e), 0);
		assert_int_equal(transport_remove_tree(inner, "file", &s.e), 0);
		transport_free(inner);
	}
	/* 13 calls, 3 blocks, and what remove_tree() asks beyond its first call. */
	assert_true(k > 13 + BLOCKS);
	assert_true(k < 40);
}

/* A break in the middle of a file: what was acknowledged stays, for a resume. */
static void
test_breaks_in_a_file(void **state)
{
	const struct err fault = {
	    .kind = ERR_ATTEMPT, .win32 = 64, .text = "the line broke"};
	struct script s = {0};
	struct transport_put p = {.path = "file",
				  .size_bytes = BLOCKS * BLOCK_BYTES,
				  .read = script_read,
				  .acked = script_acked,
				  .done = script_done,
				  .self = &s};
	struct transport_stat st;
	struct transport *inner;

	(void)state;
	assert_int_equal(transport_open_dir(folder, NULL, &inner, &s.e), 0);
	s.t = faulty_wrap(inner, 4, &fault); /* put, block, block, break */
	assert_int_equal(transport_put(s.t, &p, &s.e), -1);
	assert_int_equal(s.dones, 1);
	assert_int_equal(s.good_dones, 0);
	assert_int_equal(s.acked, 2 * BLOCK_BYTES);
	assert_int_equal(transport_stat(s.t, "file", &st, &s.e), -1);
	transport_free(s.t);

	assert_int_equal(transport_open_dir(folder, NULL, &inner, &s.e), 0);
	assert_int_equal(transport_stat(inner, "file", &st, &s.e), 1);
	assert_int_equal(st.size_bytes, 2 * BLOCK_BYTES);
	transport_free(inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_every_call_can_break, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_breaks_in_a_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
