/* A session that expires on the way is renewed in place; one that is gone ends the
 * connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake.h"
#include "smb/ntstatus.h"

enum { FILES = 30, SMALL_BYTES = 1000, LARGE_BYTES = 2 * 1024 * 1024 + 5 };

struct file {
	char path[32];
	int64_t acked;
	int done;
	bool failed;
	struct err err;
};

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)((offset + (int64_t)i) * 31 >> 3);
	return 0;
}

static void
acked(void *self, int64_t upto_bytes)
{
	struct file *f = self;

	f->acked = upto_bytes;
}

static void
done(void *self, const struct err *e)
{
	struct file *f = self;

	f->done++;
	f->failed = e != NULL;
	if (e)
		f->err = *e;
}

/* Some small files and a large one.  Returns what the last call did. */
static int
send_all(struct smb *s, struct file files[FILES])
{
	struct err e;

	for (int i = 0; i < FILES; i++) {
		struct smb_put p = {.path = files[i].path,
				    .size_bytes = i ? SMALL_BYTES : LARGE_BYTES,
				    .mtime_100ns = 132539328000000000,
				    .read = fill,
				    .acked = acked,
				    .done = done,
				    .self = &files[i]};

		(void)snprintf(files[i].path, sizeof(files[i].path), "f%d", i);
		if (smb_put(s, &p, &e) < 0)
			return -1;
	}
	return smb_drain(s, &e);
}

static void
an_expired_session_is_renewed_in_place(void **state)
{
	static const struct {
		const char *what;
		struct fake fake;
		bool plain_chain;
		unsigned log_ons_at_least;
	} rows[] = {
	    {"once", {.expire_after = 50, .size_bytes = LARGE_BYTES}, false, 1},
	    {"before anything",
	     {.expire_after = 1, .size_bytes = LARGE_BYTES},
	     true,
	     20},
	    {"in the middle of compounds",
	     {.expire_after = 7, .size_bytes = LARGE_BYTES},
	     false,
	     5},
	    {"plain chains", {.expire_after = 5, .size_bytes = LARGE_BYTES}, true, 5},
	    {"signed",
	     {.expire_after = 9, .sign = true, .size_bytes = LARGE_BYTES},
	     false,
	     4},
	    {"sealed",
	     {.expire_after = 9, .seal = true, .size_bytes = LARGE_BYTES},
	     false,
	     4},
	    {"the rest of a compound is forgotten",
	     {.expire_after = 9,
	      .forgets = true,
	      .sign = true,
	      .size_bytes = LARGE_BYTES},
	     false,
	     4},
	    {"and sealed",
	     {.expire_after = 9,
	      .forgets = true,
	      .seal = true,
	      .size_bytes = LARGE_BYTES},
	     false,
	     4},
	    {"later, then the answer",
	     {.expire_after = 20, .lie = FAKE_PENDING_ONCE, .size_bytes = LARGE_BYTES},
	     false,
	     2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = rows[i].fake;
		struct file files[FILES] = {0};
		struct smb *s = fake_start(&f, clock_real());
		bool good;

		print_message("%s\n", rows[i].what);
		s->compounds = !rows[i].plain_chain;
		assert_int_equal(send_all(s, files), 0);
		good = smb_alive(s);
		fake_stop(&f, s);
		assert_true(good);
		for (int k = 0; k < FILES; k++) {
			assert_int_equal(files[k].done, 1);
			assert_string_equal(files[k].err.text, "");
			assert_false(files[k].failed);
			assert_int_equal(files[k].acked, k ? SMALL_BYTES : LARGE_BYTES);
		}
		assert_int_equal(f.open_now, 0);
		assert_int_equal(f.written_upto, LARGE_BYTES);
		assert_true(f.log_ons >= rows[i].log_ons_at_least);
		fake_done(&f);
	}
}

static void
plain_calls_are_asked_again(void **state)
{
	struct fake f = {.expire_after = 1, .sign = true};
	struct smb *s = fake_start(&f, clock_real());
	struct err e;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(smb_mkdir(s, "folder", 0, &e) >= 0);
	if (smb_rename(s, "a", "b", true, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(smb_delete(s, "a", SMB_FILE, &e), 1);
	fake_stop(&f, s);
	assert_true(f.log_ons >= 5);
	assert_int_equal(f.open_now, 0);
	fake_done(&f);
}

static void
log_ons_that_do_not_help_come_to_an_end(void **state)
{
	struct fake f = {.expire_after = 3, .no_renewal = true};
	struct file files[FILES] = {0};
	struct smb *s = fake_start(&f, clock_real());

	(void)state;
	assert_int_equal(send_all(s, files), -1);
	assert_false(smb_alive(s));
	fake_stop(&f, s);
	assert_int_equal(f.log_ons, 3);
	for (int i = 0; i < FILES; i++)
		assert_true(files[i].done <= 1);
	assert_int_equal(files[0].done, 1);
	assert_int_equal(files[0].err.kind, ERR_ATTEMPT);
	assert_string_equal(files[0].err.text,
			    "DSSMS: the session expires again and again, whatever "
			    "log-on it gets");
	fake_done(&f);
}

static void
what_is_gone_ends_the_connection(void **state)
{
	static const struct {
		uint32_t status;
		const char *text;
	} rows[] = {
	    {NT_USER_SESSION_DELETED, "DSSMS: the server has dropped the session"},
	    {NT_NETWORK_NAME_DELETED,
	     "DSSMS: the server has dropped the connection to the share"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = {.status = {[PDU_WRITE] = rows[i].status}};
		struct file files[FILES] = {0};
		struct smb *s = fake_start(&f, clock_real());

		assert_int_equal(send_all(s, files), -1);
		assert_false(smb_alive(s));
		fake_stop(&f, s);
		assert_int_equal(files[0].err.kind, ERR_ATTEMPT);
		assert_int_equal(files[0].err.ntstatus, rows[i].status);
		assert_memory_equal(files[0].err.text, rows[i].text,
				    strlen(rows[i].text));
		fake_done(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_expired_session_is_renewed_in_place),
	    cmocka_unit_test(plain_calls_are_asked_again),
	    cmocka_unit_test(log_ons_that_do_not_help_come_to_an_end),
	    cmocka_unit_test(what_is_gone_ends_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
