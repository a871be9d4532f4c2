/* The log: three renderings, the way back, rotation, hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"

static const struct log_event seed = {
    .id = 132,
    .level = LOG_LEVEL_ERROR,
    .at_ms = INT64_C(921685636123),
    .thread = 205,
    .component = "SMS_LAN_SENDER",
    .text = "Error during WNetAddConnection2 to \\\\DSSMS\\SMS_SITE (67).",
    .context = "request=812 site=MS1",
};

static void
set_zone(const char *zone)
{
	(void)setenv("TZ", zone, 1);
	tzset();
}

static void
test_renderings(void **state)
{
	static const struct {
		enum log_form form;
		const char *want;
	} rows[] = {
	    {LOG_FORM_NONE, ""},
	    {LOG_FORM_TEXT, "03/17/1999 10:47:16.123  Error during WNetAddConnection2 "
			    "to \\\\DSSMS\\SMS_SITE (67).\n"},
	    {LOG_FORM_JOURNAL,
	     "<3>Error during WNetAddConnection2 to \\\\DSSMS\\SMS_SITE (67).\n"},
	    {LOG_FORM_CMTRACE,
	     "<![LOG[Error during WNetAddConnection2 to \\\\DSSMS\\SMS_SITE "
	     "(67).]LOG]!>"
	     "<time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	     "component=\"SMS_LAN_SENDER\" context=\"request=812 site=MS1\" "
	     "type=\"3\" thread=\"205\" file=\"event:132\">\n"},
	    {LOG_FORM_JSON,
	     "{\"at\":\"1999-03-17T15:47:16.123Z\",\"id\":132,\"level\":\"error\","
	     "\"thread\":205,\"component\":\"SMS_LAN_SENDER\",\"text\":\"Error during "
	     "WNetAddConnection2 to \\\\\\\\DSSMS\\\\SMS_SITE (67).\","
	     "\"request\":812,\"site\":\"MS1\"}\n"},
	};

	(void)state;
	set_zone("EST5EDT");
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str out = {0};

		log_render(&seed, rows[i].form, &out);
		assert_string_equal(str_text(&out), rows[i].want);
	}
}

/* Whatever an event holds: one line, which parses back into the same event. */
static void
check_round_trip(const struct log_event *ev, const char *text)
{
	AUTO_STR struct str line = {0}, hold = {0};
	struct log_event back = {0};

	log_render(ev, LOG_FORM_CMTRACE, &line);
	assert_int_equal(strcspn(str_text(&line), "\n"), line.len - 1);
	assert_int_equal(log_parse(str_text(&line), &hold, &back), 0);
	assert_int_equal(back.id, ev->id);
	assert_int_equal(back.level, ev->level);
	assert_int_equal(back.at_ms, ev->at_ms);
	assert_int_equal(back.thread, ev->thread);
	assert_string_equal(back.component, ev->component);
	assert_string_equal(back.context, ev->context);
	assert_string_equal(back.text, text);
}

static void
test_round_trip(void **state)
{
	static const char *const zones[] = {"UTC0", "EST5EDT", "CET-1CEST",
					    "<+1245>-12:45", "<-12>12"};
	static const struct {
		enum log_level level;
		int64_t at_ms;
		unsigned thread;
	} rows[] = {
	    {LOG_LEVEL_DEBUG, 1, 1},
	    {LOG_LEVEL_INFO, INT64_C(931685636999), 205},
	    {LOG_LEVEL_WARNING, INT64_C(1795356485123), 4294967295},
	    {LOG_LEVEL_ERROR, 0, 0},
	};

	(void)state;
	for (size_t z = 0; z < COUNT(zones); z++) {
		set_zone(zones[z]);
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct log_event ev = seed;

			ev.level = rows[i].level;
			ev.at_ms = rows[i].at_ms;
			ev.thread = rows[i].thread;
			check_round_trip(&ev, ev.text);
		}
	}
}

static void
test_hostile_text(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"two\nlines\r", "two?lines?"},
	    {"bell\a tab\t", "bell? tab?"},
	    {"\x1B]0;title\x07", "?]0;title?"},
	    {"c1 \xC2\x9B", "c1 ?"},
	    {"bidi \xE2\x80\xAE", "bidi ?"},
	    {"bad \xFF\xC3 z", "bad ?? z"},
	    {"end ]LOG]!> here", "end ]LOG]! > here"},
	    {"]LOG]!]LOG]!>>]LOG]!>", "]LOG]!]LOG]! >>]LOG]! >"},
	    {"<![LOG[nested", "<![LOG[nested"},
	    {"time=\"00:00:00.000+000\" thread=\"1\"",
	     "time=\"00:00:00.000+000\" thread=\"1\""},
	    {"100 %s %n", "100 %s %n"},
	    {"Stra\xC3\x9F"
	     "e \xF0\x9F\x98\x80",
	     "Stra\xC3\x9F"
	     "e \xF0\x9F\x98\x80"},
	};

	(void)state;
	set_zone("UTC0");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct log_event ev = seed;

		ev.text = rows[i].text;
		check_round_trip(&ev, rows[i].want);
	}
}

/* A quote in a context must not begin an attribute of its own. */
static void
test_hostile_context(void **state)
{
	struct log_event ev = seed, back;
	AUTO_STR struct str line = {0}, hold = {0}, json = {0};

	(void)state;
	ev.context = "site=x\" thread=\"1 key";
	log_render(&ev, LOG_FORM_CMTRACE, &line);
	assert_int_equal(log_parse(str_text(&line), &hold, &back), 0);
	assert_int_equal(back.thread, 205);
	assert_string_equal(back.context, "site=x' thread='1 key");
	log_render(&ev, LOG_FORM_JSON, &json);
	assert_non_null(strstr(str_text(&json), ",\"site\":\"x\\\"\","));
}

static void
test_hostile_json(void **state)
{
	struct log_event ev = seed;
	AUTO_STR struct str json = {0};

	(void)state;
	ev.text = "a\xFF\x01\x7F\"\\\xC3\x9F";
	log_render(&ev, LOG_FORM_JSON, &json);
	assert_non_null(strstr(str_text(&json), ",\"text\":\"a?\\u0001\\u007f"
						"\\\"\\\\\xC3\x9F\","));
}

static void
test_parse_refuses(void **state)
{
	static const char *const rows[] = {
	    "",
	    "plain text",
	    "<![LOG[no end",
	    "<![LOG[x]LOG]!>",
	    "<![LOG[x]LOG]!><time=\"1:2\" date=\"03-17-1999\" component=\"c\" "
	    "context=\"\" type=\"1\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"x\" component=\"c\" "
	    "context=\"\" type=\"1\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"9\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"-1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"1\" file=\"event\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"1",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"1\" file=\"event:x\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" component=\"c\" "
	    "context=\"\" type=\"1\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><date=\"03-17-1999\" component=\"c\" "
	    "context=\"\" type=\"1\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"0\" thread=\"1\" file=\"event:1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"1\">",
	    "<![LOG[x]LOG]!><time=\"10:47:16.123+300\" date=\"03-17-1999\" "
	    "component=\"c\" context=\"\" type=\"1\" thread=\"999999999999999\" "
	    "file=\"event:1\">",
	};
	struct log_event back = {.id = 7};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_STR struct str hold = {0};

		assert_int_equal(log_parse(rows[i], &hold, &back), -1);
		assert_int_equal(back.id, 7);
	}
}

/* Every cut of a good line is refused or parses; nothing reads beyond its end. */
static void
test_parse_cut_lines(void **state)
{
	AUTO_STR struct str line = {0};

	(void)state;
	log_render(&seed, LOG_FORM_CMTRACE, &line);
	for (size_t len = 0; len + 4 < line.len; len++) {
		AUTO_STR struct str hold = {0};
		AUTO_FREE char *cut = mem_dup_len(line.s, len);
		struct log_event back;

		assert_int_equal(log_parse(cut, &hold, &back), -1);
	}
}

/* --- files ------------------------------------------------------------------ */

static int
enter_folder(void **state)
{
	char *folder = mem_dup("/tmp/test_log.XXXXXX");

	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static int
leave_folder(void **state)
{
	struct err e;
	int rc = chdir("/") < 0 ? -1 : path_remove_tree(*state, &e);

	mem_free(*state);
	return rc;
}

static int64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void
write_text(struct log *l, const char *text)
{
	struct log_event ev = seed;

	ev.text = text;
	log_write(l, &ev);
}

static char *
contents(const char *path)
{
	char *text = NULL;
	size_t len;
	struct err e;

	assert_int_equal(path_read_file(path, 1 << 20, ERR_LOCAL, &text, &len, &e), 0);
	return text;
}

/* Bounded, whatever is said (sms-sender.md 6 row 8). */
static void
test_rotation(void **state)
{
	const struct log_options o = {.path = "sender.log",
				      .max_bytes = 1000,
				      .echo_fd = -1,
				      .clock = clock_real()};
	struct log *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), 0);
	for (int i = 0; i < 40; i++) {
		write_text(l, "a line");
		assert_in_range(size_of("sender.log"), 1, 1000);
	}
	log_close(l);
	assert_in_range(size_of("sender.lo_"), 700, 1000);
}

/* A line longer than the limit is kept, alone. */
static void
test_rotation_long_line(void **state)
{
	const struct log_options o = {
	    .path = "odd", .max_bytes = 10, .echo_fd = -1, .clock = clock_real()};
	struct log *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), 0);
	write_text(l, "first");
	write_text(l, "second");
	log_close(l);

	AUTO_FREE char *now = contents("odd"), *before = contents("odd.lo_");

	assert_non_null(strstr(now, "second"));
	assert_null(strstr(now, "first"));
	assert_non_null(strstr(before, "first"));
}

static void
test_reopen(void **state)
{
	const struct log_options o = {
	    .path = "sender.log", .echo_fd = -1, .clock = clock_real()};
	struct log *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), 0);
	write_text(l, "before");
	assert_int_equal(rename("sender.log", "sender.log.1"), 0);
	log_reopen(l);
	write_text(l, "after");
	log_close(l);
	log_close(NULL);
	log_reopen(NULL);
	log_write(NULL, &seed);

	AUTO_FREE char *now = contents("sender.log"), *old = contents("sender.log.1");

	assert_non_null(strstr(now, "after"));
	assert_null(strstr(now, "before"));
	assert_non_null(strstr(old, "before"));
}

static void
test_level_and_defaults(void **state)
{
	const struct log_options o = {.path = "sender.log",
				      .echo_fd = -1,
				      .level = LOG_LEVEL_WARNING,
				      .clock = clock_real()};
	AUTO_STR struct str hold = {0};
	struct log_event ev = seed, back;
	struct log *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), 0);
	ev.level = LOG_LEVEL_INFO;
	log_write(l, &ev);
	assert_int_equal(size_of("sender.log"), 0);
	ev.level = LOG_LEVEL_WARNING;
	ev.at_ms = 0;
	ev.thread = 0;
	log_write(l, &ev);
	log_close(l);

	AUTO_FREE char *line = contents("sender.log");

	assert_int_equal(log_parse(line, &hold, &back), 0);
	assert_true(back.at_ms > INT64_C(1700000000000));
	assert_int_not_equal(back.thread, 0);
}

static void
test_echo(void **state)
{
	AUTO_CLOSE int fd = open("echo", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const struct log_options o = {
	    .echo_fd = fd, .echo = LOG_FORM_JOURNAL, .clock = clock_real()};
	struct log *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), 0);
	write_text(l, "seen");
	log_close(l);

	AUTO_FREE char *text = contents("echo");

	assert_string_equal(text, "<3>seen\n");
}

/* An echo that cannot be written, or is not wanted, hinders nothing. */
static void
test_no_echo(void **state)
{
	static const enum log_form forms[] = {LOG_FORM_NONE, LOG_FORM_TEXT};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		const struct log_options o = {.path = "sender.log",
					      .echo_fd = fd,
					      .echo = forms[i],
					      .clock = clock_real()};
		const int64_t before = size_of("sender.log");
		struct log *l = NULL;
		struct err e;

		assert_int_equal(log_open(&o, &l, &e), 0);
		write_text(l, "kept");
		log_close(l);
		assert_true(size_of("sender.log") > before);
	}
}

/* Without a file, and with one that takes nothing. */
static void
test_no_file(void **state)
{
	static const char *const paths[] = {NULL, "/dev/full"};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct log_options o = {
		    .path = paths[i], .echo_fd = -1, .clock = clock_real()};
		struct log *l = NULL;
		struct err e;

		assert_int_equal(log_open(&o, &l, &e), 0);
		write_text(l, "nowhere");
		log_reopen(l);
		write_text(l, "nowhere");
		log_close(l);
	}
}

/* Nobody reads: lines are left out and the caller goes on; who reads again is told how
 * many. */
static void
test_unread_echo(void **state)
{
	enum { LINES = 3000, ROOM = 1 << 20 };
	AUTO_FREE char *read_back = mem_zero(1, ROOM);
	int ends[2];
	struct log_options o = {.echo = LOG_FORM_TEXT, .clock = clock_real()};
	struct log *l = NULL;
	struct err e;
	ssize_t got;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	o.echo_fd = ends[1];
	assert_int_equal(log_open(&o, &l, &e), 0);
	for (int i = 0; i < LINES; i++)
		log_write(l, &seed);
	got = read(ends[0], read_back, ROOM - 1);
	assert_in_range(got, 1, LINES * 80);
	assert_null(strstr(read_back, "could not be written"));
	log_write(l, &seed);
	got = read(ends[0], read_back, ROOM - 1);
	assert_true(got > 0);
	read_back[got] = '\0';
	assert_non_null(strstr(read_back, " log lines could not be written.\n"));
	assert_non_null(strstr(read_back, "SMS_SITE (67).\n"));
	log_close(l);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* What could not be written is said once writing works again. */
static void
test_lost_lines(void **state)
{
	const struct log_options o = {
	    .path = "d/sender.log", .echo_fd = -1, .clock = clock_real()};
	struct log *l = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(log_open(&o, &l, &e), -1);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_string_equal(e.text,
			    "open the log d/sender.log: No such file or directory");
	assert_int_equal(path_make("d", 0700, &e), 0);
	assert_int_equal(log_open(&o, &l, &e), 0);
	assert_int_equal(rename("d", "gone"), 0);
	log_reopen(l);
	write_text(l, "one");
	write_text(l, "two");
	assert_int_equal(path_make("d", 0700, &e), 0);
	write_text(l, "three");
	log_close(l);

	AUTO_FREE char *text = contents("d/sender.log");

	assert_non_null(strstr(text, "[2 log lines could not be written.]"));
	assert_non_null(strstr(text, "[three]"));
}

int
main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_renderings),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_hostile_text),
	    cmocka_unit_test(test_hostile_context),
	    cmocka_unit_test(test_hostile_json),
	    cmocka_unit_test(test_parse_refuses),
	    cmocka_unit_test(test_parse_cut_lines),
	    IN_FOLDER(test_rotation),
	    IN_FOLDER(test_rotation_long_line),
	    IN_FOLDER(test_reopen),
	    IN_FOLDER(test_level_and_defaults),
	    IN_FOLDER(test_echo),
	    IN_FOLDER(test_no_echo),
	    cmocka_unit_test(test_unread_echo),
	    IN_FOLDER(test_no_file),
	    IN_FOLDER(test_lost_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
