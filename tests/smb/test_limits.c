/* Servers that give little: few credits, small writes.  Nothing may hang, everything
 * must arrive whole. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "server.h"

enum {
	LARGE_BYTES = 20 * 1024 * 1024 + 1, /* more than the window, and odd */
	SMALL_FILES = 300,                  /* more than fit into the pipeline */
	FOLDERS = 20,
};

static const struct limits {
	const char *global[3];
	uint32_t write_max_bytes; /* of the address; 0: the default */
	int64_t window_max_bytes;
	bool compounds;
	enum smb_want encrypt;
} rows[] = {
    {{"smb2 max credits = 16"}, 0, 0, true, SMB_OFF},
    {{"smb2 max credits = 64"}, 0, 0, true, SMB_OFF},
    {{"smb2 max credits = 8192"}, 0, 0, true, SMB_OFF},
    /* a write of 8 MiB costs 128 credits, which this server never gives */
    {{"smb2 max credits = 64"}, 8 * 1024 * 1024, 64 * 1024 * 1024, true, SMB_OFF},
    {{"smb2 max write = 65536"}, 0, 0, true, SMB_OFF},
    {{"smb2 max write = 65536", "smb2 max credits = 16"}, 0, 0, true, SMB_REQUIRED},
    {{"server max protocol = SMB2_02"}, 0, 0, true, SMB_OFF}, /* no multi-credit */
    {{NULL}, 8 * 1024 * 1024, 64 * 1024 * 1024, true, SMB_OFF},
    {{NULL}, 0, 65536, true, SMB_OFF}, /* a window smaller than one write */
    {{NULL}, 0, 0, false, SMB_OFF},    /* no compounds: the plain chain */
    {{"smb2 max credits = 16"}, 0, 0, false, SMB_OFF},
};

/* --- many small ones ------------------------------------------------------------ */

struct counter {
	unsigned done, failed;
	char text[ERR_TEXT_BYTES]; /* of the first failure */
};

static void
count(void *self, const struct err *e)
{
	struct counter *c = self;

	c->done++;
	if (e && c->failed++ == 0)
		memcpy(c->text, e->text, sizeof(c->text));
}

static int
same_bytes(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = server_byte(offset + (int64_t)i);
	return 0;
}

static char *
small_name(int i)
{
	return mem_printf("folder-%d/file-%d", i % FOLDERS, i);
}

static void
send_small_ones(const struct server *server, struct smb *s)
{
	struct counter folders = {0}, files = {0};
	/* queued: names must live until they are done */
	char *names[SMALL_FILES], folder_names[FOLDERS][32];
	struct err e = {0};

	for (int i = 0; i < FOLDERS; i++) {
		(void)snprintf(folder_names[i], sizeof(folder_names[i]), "folder-%d",
			       i);
		assert_int_equal(
		    smb_change(s,
			       &(struct smb_change){.kind = SMB_MAKE_FOLDER,
						    .path = folder_names[i],
						    .done = count,
						    .self = &folders},
			       &e),
		    0);
	}
	assert_int_equal(smb_drain(s, &e), 0);
	assert_int_equal(folders.done, FOLDERS);
	assert_int_equal(folders.failed, 0);
	for (int i = 0; i < SMALL_FILES; i++) {
		struct smb_put p = {.size_bytes = i * 37, /* 0 is a size, too */
				    .read = same_bytes,
				    .done = count,
				    .self = &files};

		p.path = names[i] = small_name(i);
		assert_int_equal(smb_put(s, &p, &e), 0);
	}
	if (smb_drain(s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(files.done, SMALL_FILES);
	if (files.failed)
		fail_msg("%u failed: %s", files.failed, files.text);
	for (int i = 0; i < SMALL_FILES; i++) {
		assert_true(server_has(server, names[i], i * 37));
		mem_free(names[i]);
	}
}

static void
everything_arrives(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct limits *row = &rows[i];
		struct server server;
		struct smb_options o;
		struct smb *s = NULL;
		struct err e = {0};

		print_message("    %s, write %u, window %lld, compounds %d\n",
			      row->global[0] ? row->global[0] : "default",
			      row->write_max_bytes, (long long)row->window_max_bytes,
			      row->compounds);
		server_start(&server, row->global, NULL);
		o = server_options(&server);
		o.write_max_bytes = row->write_max_bytes;
		o.window_max_bytes = row->window_max_bytes;
		o.compounds = row->compounds;
		o.encrypt = row->encrypt;
		o.request_ms = 20000; /* a hang is to fail, not to last */
		if (smb_connect(&o, &s, &e) < 0)
			fail_msg("%s", e.text);
		if (server_send(s, "large.bin", LARGE_BYTES, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(server_has(&server, "large.bin", LARGE_BYTES));
		send_small_ones(&server, s);
		smb_free(s);
		server_stop(&server);
	}
}

/* A put that begins in the middle leaves what is there. */
static void
resume_in_the_middle(void **state)
{
	struct server server;
	struct smb_options o;
	struct smb *s = NULL;
	struct counter c = {0};
	struct smb_put p = {.path = "resumed.bin",
			    .size_bytes = 5000001,
			    .start_bytes = 1234567,
			    .read = same_bytes,
			    .done = count,
			    .self = &c};
	struct err e = {0};

	(void)state;
	server_start(&server, NULL, NULL);
	o = server_options(&server);
	assert_int_equal(smb_connect(&o, &s, &e), 0);
	assert_int_equal(server_send(s, "resumed.bin", 1234567, &e), 0);
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	assert_int_equal(c.failed, 0);
	assert_true(server_has(&server, "resumed.bin", 5000001));
	/* and what was longer before is cut */
	p.size_bytes = 2000000;
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	assert_true(server_has(&server, "resumed.bin", 2000000));
	smb_free(s);
	server_stop(&server);
}

/* Positions need more than 32 bits.  What comes before is a hole on the server's disk,
 * so that it takes no time. */
static void
a_file_over_4_gib(void **state)
{
	const int64_t start = (INT64_C(4) << 30) + 5, size = start + 3000001;
	struct server server;
	struct smb_options o;
	struct smb *s = NULL;
	struct counter c = {0};
	struct smb_put p = {.path = "large.bin",
			    .size_bytes = size,
			    .start_bytes = start,
			    .read = same_bytes,
			    .done = count,
			    .self = &c};
	AUTO_FREE char *name = NULL;
	uint8_t byte;
	struct stat st;
	struct err e = {0};

	(void)state;
	server_start(&server, NULL, NULL);
	o = server_options(&server);
	assert_int_equal(smb_connect(&o, &s, &e), 0);
	name = mem_printf("%s/share/large.bin", server.folder);
	AUTO_CLOSE int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, start), 0);
	assert_int_equal(smb_put(s, &p, &e), 0);
	assert_int_equal(smb_drain(s, &e), 0);
	assert_int_equal(c.failed, 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size == size);
	for (int64_t at = start; at < size; at += 999) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		assert_int_equal(byte, server_byte(at));
	}
	assert_int_equal(pread(fd, &byte, 1, start - 1), 1);
	assert_int_equal(byte, 0);
	smb_free(s);
	server_stop(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(everything_arrives, server_teardown),
	    cmocka_unit_test_teardown(resume_in_the_middle, server_teardown),
	    cmocka_unit_test_teardown(a_file_over_4_gib, server_teardown),
	};

	if (!server_installed())
		return SERVER_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
