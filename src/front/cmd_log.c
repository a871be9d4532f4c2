/* lansender log: the sender log, as text, CMTrace lines or JSON. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/interrupt.h"
#include "front/log_view.h"
#include "front/place.h"
#include "front/print.h"
#include "front/request_id.h"
#include "front/site_name.h"

enum {
	OPTION_FOLLOW,
	OPTION_LINES,
	OPTION_REQUEST,
	OPTION_SITE,
	OPTION_CMTRACE,
};
static const struct command_option options[] = {
    [OPTION_FOLLOW] = {"follow", NULL, "go on with what is written from now on", 'f'},
    [OPTION_LINES] = {"lines", "N", "only the last N (10 with --follow)", 'n'},
    [OPTION_REQUEST] = {"request", "ID", "only about this send request", 0},
    [OPTION_SITE] = {"site", "SITE", "only about this site", 0},
    [OPTION_CMTRACE] = {"cmtrace", NULL, "CMTrace lines, as they are in the file", 0},
    {0},
};

enum {
	READ_BYTES = 65536,
	LINE_MAX_BYTES = 1 << 20, /* a longer one is no line of ours */
};

/* One log file being read. */
struct tail {
	int fd; /* -1: not there yet */
	struct str part;
	struct log_view *view;
};

static void
take_bytes(struct tail *t, const char *bytes, size_t len)
{
	const char *end;

	while ((end = memchr(bytes, '\n', len)) != NULL) {
		size_t used = (size_t)(end + 1 - bytes);

		str_add_len(&t->part, bytes, used - 1);
		log_view_line(t->view, str_text(&t->part));
		str_clear(&t->part);
		bytes += used;
		len -= used;
	}
	if (t->part.len + len > LINE_MAX_BYTES)
		str_clear(&t->part);
	else
		str_add_len(&t->part, bytes, len);
}

static int
read_on(struct tail *t, struct err *e)
{
	AUTO_FREE char *bytes = mem_alloc(READ_BYTES);
	ssize_t n;

	while (t->fd >= 0 && (n = read(t->fd, bytes, READ_BYTES)) != 0) {
		if (n < 0 && errno == EINTR)
			break; /* Ctrl-C; the caller looks at the stop switch */
		if (n < 0)
			return err_sys(e, ERR_LOCAL, "read the log");
		take_bytes(t, bytes, (size_t)n);
	}
	return 0;
}

/* Has the path another file now (rotation)?  Then go on with that one, from its start.
 */
static void
reopen(struct tail *t, const char *path)
{
	struct stat ours, theirs;

	if (stat(path, &theirs) < 0)
		return;
	if (t->fd >= 0 && fstat(t->fd, &ours) == 0 && ours.st_ino == theirs.st_ino &&
	    ours.st_dev == theirs.st_dev)
		return;
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	str_clear(&t->part);
}

/* Wait until something happens in the log's folder.  false: stop. */
static bool
wait_for_change(int inotify, const struct stop *stop)
{
	struct pollfd p[] = {{.fd = inotify, .events = POLLIN},
			     {.fd = stop_fd(stop), .events = POLLIN}};
	char events[4096];

	(void)poll(p, COUNT(p), -1);
	if (p[0].revents & POLLIN && read(inotify, events, sizeof(events)) < 0)
		return !stop_thrown(stop);
	return !stop_thrown(stop);
}

static int
follow(struct tail *t, const char *path, int inotify, struct err *e)
{
	const struct stop *stop = interrupt_stop();

	do {
		if (read_on(t, e) < 0)
			return -1;
		reopen(t, path); /* what the old file still held was read before */
		if (read_on(t, e) < 0)
			return -1;
		if (fflush(stdout) != 0)
			return 0; /* nobody reads it any more */
	} while (wait_for_change(inotify, stop));
	return 0;
}

static int
watch_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
	    slash ? mem_dup_len(path, slash == path ? 1 : (size_t)(slash - path))
		  : mem_dup(".");
	AUTO_CLOSE int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 ||
	    inotify_add_watch(fd, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(e, ERR_LOCAL, "watch folder %s", folder);
	return STEAL_FD(fd);
}

static void
close_tail(struct tail *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	str_done(&t->part);
}
#define AUTO_TAIL AUTO(close_tail)

/* The generation before, then the log; both as far as they are there. */
static int
show_whole(const char *path, struct tail *now, bool may_be_missing, struct err *e)
{
	AUTO_FREE char *old_path = log_old_path(path);
	AUTO_TAIL struct tail old = {.fd = open(old_path, O_RDONLY | O_CLOEXEC),
				     .view = now->view};

	if (read_on(&old, e) < 0)
		return -1;
	now->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (now->fd < 0 && errno != ENOENT)
		return err_sys(e, ERR_LOCAL, "open the log %s", path);
	if (now->fd < 0 && old.fd < 0 && !may_be_missing)
		return err_set(
		    e, ERR_INPUT, 0,
		    "there is no log %s yet: no sender has run on this state "
		    "folder",
		    path);
	return read_on(now, e);
}

/* Silence could be a mistyped id as well as a request that no sender has tried yet. */
static void
say_empty(const struct call *call, bool found)
{
	const char *request = call->value[OPTION_REQUEST];

	if (request && !found)
		print_note("the log holds no line about request %s; `lansender list "
			   "--all` shows which there are",
			   request);
}

static int
show_files(const struct call *call, const char *path, struct log_view *view,
	   struct err *e)
{
	const bool follows = call->value[OPTION_FOLLOW] != NULL;
	AUTO_TAIL struct tail now = {.fd = -1, .view = view};
	AUTO_CLOSE int inotify = -1;

	/* Before reading, so that nothing is missed between. */
	if (follows && (inotify = watch_folder(path, e)) < 0)
		return -1;
	if (show_whole(path, &now, follows, e) < 0)
		return -1;
	log_view_flush(view);
	say_empty(call, log_view_found(view));
	return follows ? follow(&now, path, inotify, e) : 0;
}

static int
read_options(const struct call *call, struct log_view_options *o, struct err *e)
{
	const char *lines = call->value[OPTION_LINES];
	const char *request = call->value[OPTION_REQUEST];
	struct request_id id;

	o->form = call->json                    ? LOG_FORM_JSON
		  : call->value[OPTION_CMTRACE] ? LOG_FORM_CMTRACE
						: LOG_FORM_TEXT;
	o->last = call->value[OPTION_FOLLOW] ? 10 : 0;
	if (lines && num_int(lines, 1, 1000000, &o->last) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "--lines: \"%s\" is no number from 1 to 1000000", lines);
	if (request && request_id_parse(request, &id, e) < 0)
		return err_wrap(e, "--request");
	o->request = request;
	return 0;
}

/* Lines of a site that nobody knows would be waited for in vain. */
static int
read_site(const struct call *call, char code[SITE_CODE_ROOM], const char **site,
	  struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	const char *typed = call->value[OPTION_SITE];
	struct err unused;

	if (!typed)
		return 0;
	(void)!place_open_outbox_readonly(call, &o, &unused);
	if (site_name_find(call, o, typed, code, e) < 0)
		return -1;
	*site = code;
	return 0;
}

static int
run(const struct call *call)
{
	AUTO_FREE char *state = place_state(call);
	AUTO_FREE char *path = NULL;
	AUTO_CONFIG struct config *config = NULL;
	struct log_view_options o = {0};
	struct log_view *view;
	char code[SITE_CODE_ROOM];
	struct err e;
	int rc;

	if (read_options(call, &o, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	if (read_site(call, code, &o.site, &e) < 0)
		return print_failure(e.kind == ERR_INPUT ? FRONT_USAGE : FRONT_FAILED,
				     &e);
	/* The configuration may name another log; without one it is in the state
	 * folder. */
	if (place_load_config(call, &config, &e) < 0)
		config = NULL;
	path = place_log(config, state);
	view = log_view_new(&o, stdout);
	rc = show_files(call, path, view, &e);
	log_view_free(view);
	return rc < 0 ? print_failure(FRONT_FAILED, &e) : FRONT_DONE;
}

const struct command command_log = {
    .name = "log",
    .arguments = "",
    .summary = "show the sender log",
    .text = "Shows the sender log, the generation before the last rotation included.",
    .options = options,
    .examples = "  lansender log --request 12\n  lansender log -f --site MS1\n"
		"  lansender log --json | jq 'select(.level==\"error\")'\n",
    .run = run,
};
