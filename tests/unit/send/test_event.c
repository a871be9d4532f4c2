/* The sender log: every line that the original wrote, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "send/send.h"

struct fixture {
	char path[64];
	struct log *log;
};

static int
set_up(void **state)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	struct log_options o = {.path = f->path, .echo_fd = -1, .clock = clock_real()};
	struct err e;
	int fd;

	str_copy_cut(f->path, sizeof(f->path), "/tmp/lansender-event-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(log_open(&o, &f->log, &e), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	log_close(f->log);
	(void)unlink(f->path);
	mem_free(f);
	return 0;
}

/* The lines of the log, one a call; NULL at the end. */
struct reader {
	char *text;
	char *at;
	struct str hold;
	struct log_event ev;
};

static void
reader_init(struct reader *r, const struct fixture *f)
{
	struct err e;
	size_t len;

	*r = (struct reader){0};
	assert_int_equal(
	    path_read_file(f->path, 1 << 20, ERR_LOCAL, &r->text, &len, &e), 0);
	r->at = r->text;
}

static const char *
reader_next(struct reader *r)
{
	char *end = strchr(r->at, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	str_clear(&r->hold);
	assert_int_equal(log_parse(r->at, &r->hold, &r->ev), 0);
	r->at = end + 1;
	return r->ev.text;
}

static void
reader_done(struct reader *r)
{
	mem_free(r->text);
	str_done(&r->hold);
}

/* Every line of the log is this, in this order, and there is no other. */
static void
check_lines(const struct fixture *f, const char *const *lines, size_t count)
{
	struct reader r;

	reader_init(&r, f);
	for (size_t i = 0; i < count; i++) {
		const char *got = reader_next(&r);

		assert_non_null(got);
		assert_string_equal(got, lines[i]);
	}
	assert_null(reader_next(&r));
	reader_done(&r);
}

/* The log that this project began with (Q235753), as it is when the fault is mended. */
static void
test_seed(void **state)
{
	struct fixture *f = *state;
	static const char *const lines[] = {
	    "Created sending thread (Thread ID = 205)",
	    "Trying the No. 1 address (out of 1)",
	    "Error during WNetAddConnection2 to \\\\DSSMS\\SMS_SITE (67).",
	    "No (more) send requests found to process.",
	    "There is no existing connection, Win32 error = 0",
	    "Operation is retryable.",
	    ("Cannot connect to server \\\\DSSMS at remote site MS1, won't try send "
	     "requests going to site MS1 for an hour or until there are no active send "
	     "requests."),
	    "Could not establish connection.",
	    "Attempt to connect failed.",
	    "There is no existing connection, Win32 error = 0",
	    "No need to disconnect",
	    "Restart time = 03/17/99 10:47:16 Eastern Standard Time",
	};

	event_log(f->log, NULL, EVENT_THREAD, 205U);
	event_log(f->log, NULL, EVENT_TRYING, 1U, 1U);
	event_log(f->log, NULL, EVENT_CONNECT_ERROR, "\\\\DSSMS\\SMS_SITE", 67U);
	event_log(f->log, NULL, EVENT_NO_MORE);
	event_log(f->log, NULL, EVENT_NO_CONNECTION, 0U);
	event_log(f->log, NULL, EVENT_RETRYABLE);
	event_log(f->log, NULL, EVENT_SITE_HOLD, "\\\\DSSMS", "MS1", INT64_C(3600000));
	event_log(f->log, NULL, EVENT_NOT_ESTABLISHED);
	event_log(f->log, NULL, EVENT_ATTEMPT_FAILED);
	event_log(f->log, NULL, EVENT_NO_CONNECTION, 0U);
	event_log(f->log, NULL, EVENT_NO_DISCONNECT);
	event_log(f->log, NULL, EVENT_RESTART,
		  "03/17/99 10:47:16 Eastern Standard Time");
	check_lines(f, lines, COUNT(lines));
}

/* [UPA] and Q126229: what a good sending says. */
static void
test_success(void **state)
{
	struct fixture *f = *state;
	static const char *const lines[] = {
	    "Checking for sending capacity. Used 0 out of 5.",
	    "Found send request.  ID: 202SQCS1, Dest Site: PS1",
	    "Checking for site-specific sending capacity.  Used 0 out of 3.",
	    "Passed the xmit file test, use the existing connection",
	    "Package file = E:\\SMSPKG\\A.PCK.1",
	    "Instruction file = 00000E2A.Icl",
	    "Checking for remote file \\\\SERVER\\SMS_SITE\\202SQCS1.PCK",
	    "Attempt to create/open the remote file \\\\SERVER\\SMS_SITE\\202SQCS1.PCK",
	    "Created/opened the remote file \\\\SERVER\\SMS_SITE\\202SQCS1.PCK",
	    ("Cannot create/open the remote file \\\\S\\SMS_SITE\\2_4O7PRI.PCK, Win32 "
	     "error = 32."),
	    "Sending Started [E:\\SMSPKG\\A.PCK.1]",
	    ("Attempt to write 380731 bytes to \\\\SERVER\\SMS_SITE\\202SQCS1.PCK at "
	     "position 209398784"),
	    ("Wrote 380731 bytes to \\\\SERVER\\SMS_SITE\\202SQCS1.PCK at position "
	     "209398784"),
	    "Sending completed [E:\\SMSPKG\\A.PCK.1]",
	    "Finished sending SWD package A version 1 to site PS1",
	    "Renaming remote file A.TMP to A.SNI",
	    "Rename completed [A.TMP]",
	    "Sending completed successfully",
	};
	const char *remote = "\\\\SERVER\\SMS_SITE\\202SQCS1.PCK";

	event_log(f->log, NULL, EVENT_CAPACITY, 0, 5);
	event_log(f->log, NULL, EVENT_FOUND, "202SQCS1", "PS1");
	event_log(f->log, NULL, EVENT_SITE_CAPACITY, 0, 3);
	event_log(f->log, NULL, EVENT_REUSED);
	event_log(f->log, NULL, EVENT_PACKAGE_FILE, "E:\\SMSPKG\\A.PCK.1");
	event_log(f->log, NULL, EVENT_INSTRUCTION, "00000E2A.Icl");
	event_log(f->log, NULL, EVENT_CHECKING, remote);
	event_log(f->log, NULL, EVENT_OPENING, remote);
	event_log(f->log, NULL, EVENT_OPENED, remote);
	event_log(f->log, NULL, EVENT_OPEN_ERROR, "\\\\S\\SMS_SITE\\2_4O7PRI.PCK", 32U);
	event_log(f->log, NULL, EVENT_SENDING, "E:\\SMSPKG\\A.PCK.1");
	event_log(f->log, NULL, EVENT_WRITING, 380731LL, remote, 209398784LL);
	event_log(f->log, NULL, EVENT_WROTE, 380731LL, remote, 209398784LL);
	event_log(f->log, NULL, EVENT_SENT_FILE, "E:\\SMSPKG\\A.PCK.1");
	event_log(f->log, NULL, EVENT_FINISHED, "A", 1, "PS1");
	event_log(f->log, NULL, EVENT_RENAMING, "A.TMP", "A.SNI");
	event_log(f->log, NULL, EVENT_RENAMED, "A.TMP");
	event_log(f->log, NULL, EVENT_SUCCESS);
	check_lines(f, lines, COUNT(lines));
}

/* Q276259, Q278357, Q137610, and lines of our own. */
static void
test_troubles(void **state)
{
	struct fixture *f = *state;
	static const char *const lines[] = {
	    "There is no longer an address to destination site T30",
	    "Returning send request to pending because address cannot not be found.",
	    ("Site T30 added to list of busy sites because there is no available "
	     "address."),
	    "Heartbeat is expired.",
	    "Can't re-establish the connection.",
	    "There is not enough space on the disk.",
	    "Error is considered fatal.",
	    "the line broke, Win32 error = 64",
	    "Waiting a minute before retry No. 1 (out of 2)",
	    "Deleting remote file 1_06XCEN.PCK",
	};

	event_log(f->log, NULL, EVENT_NO_ADDRESS, "T30");
	event_log(f->log, NULL, EVENT_RETURNED);
	event_log(f->log, NULL, EVENT_BUSY_SITE, "T30");
	event_log(f->log, NULL, EVENT_HEARTBEAT);
	event_log(f->log, NULL, EVENT_CANT_REESTABLISH);
	event_log(f->log, NULL, EVENT_NO_SPACE);
	event_log(f->log, NULL, EVENT_FATAL);
	event_log(f->log, NULL, EVENT_TROUBLE, "the line broke", 64U);
	event_log(f->log, NULL, EVENT_RETRY_WAIT, 1U, 2U, INT64_C(60000));
	event_log(f->log, NULL, EVENT_DELETING, "1_06XCEN.PCK");
	check_lines(f, lines, COUNT(lines));
}

static void
test_hold_times(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int64_t ms;
		const char *words;
	} rows[] = {
	    {3600000, "for an hour or"},        {7200000, "for 2 hours or"},
	    {5400000, "for 90 minutes or"},     {60000, "for a minute or"},
	    {1000, "for a second or"},          {90000, "for 90 seconds or"},
	    {1500, "for 1500 milliseconds or"}, {0, "for 0 milliseconds or"},
	};
	struct reader r;

	for (size_t i = 0; i < COUNT(rows); i++)
		event_log(f->log, NULL, EVENT_SITE_HOLD, "\\\\A", "MS1", rows[i].ms);
	reader_init(&r, f);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_non_null(strstr(reader_next(&r), rows[i].words));
	reader_done(&r);
}

static void
test_about(void **state)
{
	struct fixture *f = *state;
	const struct event_about about = {812, "MS1", 77};
	struct reader r;

	event_log(f->log, &about, EVENT_RETRYABLE);
	event_log(NULL, &about, EVENT_RETRYABLE);
	reader_init(&r, f);
	assert_non_null(reader_next(&r));
	assert_int_equal(r.ev.id, 136);
	assert_int_equal(r.ev.thread, 77);
	assert_string_equal(r.ev.context, "request=812 site=MS1");
	assert_string_equal(r.ev.component, "SMS_LAN_SENDER");
	assert_null(reader_next(&r));
	reader_done(&r);
}

static void
test_attempt_line(void **state)
{
	struct fixture *f = *state;
	const struct event_about about = {812, "MS1", 0};
	struct outbox_attempt a = {
	    .request = {812},
	    .number = 3,
	    .address = "MS1.1",
	    .server = "\\\\DSSMS\\SMS_SITE\\In Box",
	    .result = "site",
	    .error_kind = ERR_SITE,
	    .error_win32 = 112,
	    .error_ntstatus = 0xC000007F,
	    .error_text = "the disk \"data\" is full",
	    .bytes_sent = 73400320,
	    .wire_bytes = 74000000,
	    .connect_ms = 2410,
	    .send_ms = 61033,
	    .flush_ms = 12,
	    .publish_ms = 0,
	    .rtt_us = 80500,
	    .retransmits = 7,
	    .connections = 3,
	    .cipher = "AES-128-GCM",
	    .signature = "AES-GMAC",
	    .dialect = "3.1.1",
	};
	struct reader r;

	event_log_attempt(f->log, &about, &a);
	reader_init(&r, f);
	assert_string_equal(
	    reader_next(&r),
	    "event=attempt request=812 site=MS1 try=3 result=site fault=site win32=112 "
	    "ntstatus=0xC000007F address=MS1.1 server=\"\\\\DSSMS\\SMS_SITE\\In Box\" "
	    "bytes=73400320 wire_bytes=74000000 connect_ms=2410 send_ms=61033 "
	    "flush_ms=12 publish_ms=0 rtt_us=80500 retransmits=7 connections=3 "
	    "dialect=3.1.1 signature=AES-GMAC cipher=AES-128-GCM text=\"the disk "
	    "'data' is full\"");
	assert_int_equal(r.ev.id, 180);
	reader_done(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_seed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_success, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_troubles, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_hold_times, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_about, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_attempt_line, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
