/* What only a local folder can be asked; the promises of the door are tested for it in
 * tests/contract/test_transport.c. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "transport/transport.h"

struct fixture {
	char *top;    /* a temporary folder, with:   */
	char *inside; /*   the transport's folder    */
	char *secret; /*   a file that is not in it  */
	struct transport *t;
	struct err e;
};

static char *
in(const struct fixture *f, const char *name)
{
	return path_join(f->inside, name);
}

static int
set_up(void **state)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	f->top = mem_printf("%s/lansender-dir-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(f->top))
		return -1;
	f->inside = path_join(f->top, "inside");
	f->secret = path_join(f->top, "secret");
	*state = f;
	if (path_make(f->inside, 0700, &f->e) ||
	    path_write_file(f->secret, "secret", 6, 0600, &f->e))
		return -1;
	return transport_open_dir(f->inside, NULL, &f->t, &f->e);
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	int rc = path_remove_tree(f->top, &f->e);

	transport_free(f->t);
	mem_free(f->top);
	mem_free(f->inside);
	mem_free(f->secret);
	mem_free(f);
	return rc;
}

struct zeros {
	int64_t begun_at; /* offset of the first read; -1: none */
	int done;
	struct err why;
};

static int
zeros_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct zeros *z = self;

	(void)e;
	if (z->begun_at < 0)
		z->begun_at = offset;
	memset(buf, 'z', len);
	return 0;
}

static void
zeros_done(void *self, const struct err *e)
{
	struct zeros *z = self;

	z->done++;
	z->why.kind = ERR_NONE;
	if (e)
		z->why = *e;
}

static void
put(struct fixture *f, const char *path, int64_t start, int64_t size, struct zeros *z)
{
	struct transport_put p = {.path = path,
				  .size_bytes = size,
				  .start_bytes = start,
				  .read = zeros_read,
				  .done = zeros_done,
				  .self = z};

	*z = (struct zeros){.begun_at = -1};
	assert_int_equal(transport_put(f->t, &p, &f->e), 0);
	assert_int_equal(z->done, 1);
}

static void
test_missing_folder(void **state)
{
	struct fixture *f = *state;
	struct transport *t;
	char *gone = in(f, "gone");

	assert_int_equal(transport_open_dir(gone, NULL, &t, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "address");
	assert_non_null(strstr(f->e.text, "open folder "));
	assert_non_null(strstr(f->e.text, "No such file or directory"));
	assert_int_equal(transport_open_dir(f->secret, NULL, &t, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "address");
	mem_free(gone);
}

/* Wherever a symlink stands, nothing outside is read, written, made or removed. */
static void
test_symlinks_lead_nowhere(void **state)
{
	struct fixture *f = *state;
	char *to_file = in(f, "to-file"), *to_top = in(f, "to-top"), *text = NULL;
	struct transport_stat st;
	struct zeros z;
	size_t len;

	assert_int_equal(symlink(f->secret, to_file), 0);
	assert_int_equal(symlink("..", to_top), 0);

	assert_int_equal(transport_stat(f->t, "to-file", &st, &f->e), 1);
	assert_true(st.is_link);
	assert_int_equal(transport_stat(f->t, "to-top/secret", &st, &f->e), 0);
	assert_int_equal(transport_read(f->t, "to-file", 100, &text, &len, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "site");
	assert_non_null(strstr(f->e.text, "symbolic links are not followed here"));
	assert_int_equal(transport_read(f->t, "to-top/secret", 100, &text, &len, &f->e),
			 0);
	put(f, "to-file", 0, 10, &z);
	assert_string_equal(err_kind_name(z.why.kind), "site");
	put(f, "to-top/new", 0, 10, &z);
	assert_string_equal(err_kind_name(z.why.kind), "site");
	assert_int_equal(transport_mkdir(f->t, "to-top/new", false, &f->e), -1);
	assert_int_equal(transport_remove(f->t, "to-top/secret", false, &f->e), 0);
	assert_int_equal(transport_rename(f->t, "to-top/secret", "mine", false, &f->e),
			 -1);
	assert_int_equal(transport_remove_tree(f->t, "to-top", &f->e), 0);
	assert_int_equal(transport_stat(f->t, "to-top", &st, &f->e), 0);
	assert_int_equal(path_read_file(f->secret, 100, ERR_LOCAL, &text, &len, &f->e),
			 0);
	assert_string_equal(text, "secret");
	mem_free(text);
	mem_free(to_file);
	mem_free(to_top);
}

/* A named pipe without a reader would hold an open() for ever. */
static void
test_pipes_do_not_hold_us(void **state)
{
	struct fixture *f = *state;
	char *pipe_path = in(f, "pipe"), *text = NULL;
	struct zeros z;
	size_t len;

	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	put(f, "pipe", 0, 10, &z);
	assert_true(z.why.kind != ERR_NONE);
	assert_int_equal(transport_read(f->t, "pipe", 10, &text, &len, &f->e), -1);
	assert_null(text);
	mem_free(pipe_path);
}

/* Offsets beyond 32 bits: the file is sparse, so that the test is small. */
static void
test_resume_beyond_4_gib(void **state)
{
	static const int64_t GIB = INT64_C(1) << 30;
	struct fixture *f = *state;
	char *path = in(f, "big");
	struct transport_stat st;
	struct zeros z;
	char last[2];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 5 * GIB), 0);
	put(f, "big", 5 * GIB, 5 * GIB + 3, &z);
	assert_int_equal(z.why.kind, ERR_NONE);
	assert_true(z.begun_at == 5 * GIB);
	assert_int_equal(transport_stat(f->t, "big", &st, &f->e), 1);
	assert_true(st.size_bytes == 5 * GIB + 3);
	assert_int_equal(pread(fd, last, 2, 5 * GIB - 1), 2);
	assert_int_equal(last[0], 0);
	assert_int_equal(last[1], 'z');
	(void)close(fd);
	mem_free(path);
}

/* To write behind a hole would make a file that looks whole. */
static void
test_resume_needs_what_it_goes_on_from(void **state)
{
	struct fixture *f = *state;
	struct zeros z;

	put(f, "file", 0, 10, &z);
	assert_int_equal(z.why.kind, ERR_NONE);
	put(f, "file", 11, 20, &z);
	assert_string_equal(err_kind_name(z.why.kind), "attempt");
	assert_non_null(strstr(z.why.text,
			       "to go on at byte 11 was asked for, but only "
			       "10 are there"));
	assert_true(z.begun_at == -1);
	put(f, "file", 21, 20, &z);
	assert_non_null(strstr(z.why.text, "it cannot go on at byte 21 of 20"));
	put(f, "file", -1, 20, &z);
	assert_non_null(strstr(z.why.text, "it cannot go on at byte -1 of 20"));
}

static void
test_name_too_long(void **state)
{
	struct fixture *f = *state;
	char name[300] = {0};

	memset(name, 'n', sizeof(name) - 1);
	assert_int_equal(transport_mkdir(f->t, name, false, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
	assert_int_equal(f->e.win32, 206);
	name[280] = '/';
	assert_int_equal(transport_mkdir(f->t, name, false, &f->e), -1);
	assert_string_equal(err_kind_name(f->e.kind), "request");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_missing_folder),
	    CASE(test_symlinks_lead_nowhere),
	    CASE(test_pipes_do_not_hold_us),
	    CASE(test_resume_beyond_4_gib),
	    CASE(test_resume_needs_what_it_goes_on_from),
	    CASE(test_name_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
