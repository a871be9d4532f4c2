/* lansender run: the sender, in the foreground.
 *
 * Main takes the signals; the dispatcher is a thread, which starts sending threads.
 * What is started first is stopped last: secrets kept out of core dumps, state folder,
 * lock, log, outbox looked at and store swept, control socket, dispatcher. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/stop.h"
#include "base/thread.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/control.h"
#include "front/held.h"
#include "front/place.h"
#include "front/print.h"
#include "front/private_folder.h"
#include "front/put_resume.h"
#include "package/package.h"
#include "send/send.h"

enum { OPTION_UNTIL_IDLE };
static const struct command_option options[] = {
    [OPTION_UNTIL_IDLE] = {"until-idle", NULL, "end when nothing more may go now", 0},
    {0},
};

/* A package that is an hour old and that no request names was left by a crash between
 * the store and the outbox; a younger one may still be on its way.  A choice. */
enum { LEFT_OVER_MS = 3600000 };
enum { RELOAD_MS = 4000 }; /* how long a reload waits for the dispatcher; a choice */

/* How often the state folder is looked at: three stat() calls; a choice. */
enum { LOOK_S = 10 };

struct sender {
	const struct call *call;
	struct config *config;
	char *state, *store;
	int lock;
	struct log *log;
	struct stop *stop;
	struct dispatch_control *control;
	struct control_server *server; /* NULL: it could not be made anew */
	struct held held;
	bool is_lost; /* the state folder: *lost */
	struct err lost;
	struct outbox *outbox; /* while sweeping */
	int result;            /* of dispatch_run(); read after the thread was joined */
	int64_t failed;        /* likewise: for good, in this run */
	int64_t set_aside;     /* damaged rows, as was said last */
	struct err error;
	atomic_bool ended; /* the dispatcher, of itself */
};

static void
notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

/* Passwords pass through this process: they must not reach a core dump, nor another
 * process of the same user. */
static void
keep_secrets(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Are lines on stdout read by the journal?  systemd.exec(5): JOURNAL_STREAM holds the
 * device and inode of the stream. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[48];
	struct stat st;

	if (!stream || fstat(STDOUT_FILENO, &st) < 0)
		return false;
	(void)snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	return str_eq(stream, ours);
}

static int
open_log(struct sender *s, struct err *e)
{
	AUTO_FREE char *path = place_log(s->config, s->state);
	const struct log_options o = {
	    .path = path,
	    .max_bytes = s->config->sender.log_max_bytes,
	    .echo_fd = STDOUT_FILENO,
	    .echo = s->call->json  ? LOG_FORM_JSON
		    : is_journal() ? LOG_FORM_JOURNAL
				   : LOG_FORM_TEXT,
	    .level = LOG_LEVEL_INFO,
	    .clock = clock_real(),
	};

	return log_open(&o, &s->log, e);
}

static int
sweep_one(void *self, const char *id, int64_t age_ms)
{
	struct sender *s = self;
	struct err e;

	if (age_ms < LEFT_OVER_MS || outbox_has_package(s->outbox, id, &e) != 0)
		return 0;
	(void)!package_remove(s->store, id, &e); /* next time, then */
	return 0;
}

/* What a `put` that was killed left, of this user. */
static void
sweep_puts(const struct sender *s)
{
	private_folder_sweep(PRIVATE_FOLDER_YOUNG_MS);
	put_resume_sweep(s->state, clock_wall_ms(clock_real()));
}

/* Some damage is found at the start, some when a row is read: told at the start, and at
 * the end when there is more; `list` tells it at any time. */
static int
say_set_aside(struct sender *s, struct outbox *o, struct err *e)
{
	int64_t count = 0;

	if (outbox_quarantined(o, &count, e) < 0)
		return -1;
	if (count > s->set_aside)
		event_log(s->log, NULL, EVENT_SET_ASIDE, count);
	s->set_aside = count;
	return 0;
}

static void
say_set_aside_meanwhile(struct sender *s)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	struct err unused; /* why it cannot be read was told */

	if (outbox_open_readonly(s->state, &o, &unused) == 0)
		(void)!say_set_aside(s, o, &unused);
}

/* Also the place where a damaged or newer outbox is told before anything begins. */
static int
sweep_store(struct sender *s, struct err *e)
{
	int rc = place_check_outbox(s->state, e);

	if (rc == 0)
		rc = outbox_open(s->state, &s->outbox, e);
	if (rc == 0 && (package_sweep(s->store, LEFT_OVER_MS, e) < 0 ||
			package_each(s->store, sweep_one, s, e) < 0))
		rc = -1;
	if (rc == 0)
		rc = say_set_aside(s, s->outbox, e);
	outbox_close(s->outbox);
	s->outbox = NULL;
	return rc;
}

static int
take_lock(struct sender *s, struct err *e)
{
	int64_t pid = 0;
	int rc = place_lock(s->state, &s->lock, &pid, e);

	if (rc == 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "another sender (process %lld) works on %s already; stop "
		    "it, or give this one another --state",
		    (long long)pid, s->state);
	return rc < 0 ? -1 : 0;
}

static int
prepare(struct sender *s, struct err *e)
{
	s->state = place_state(s->call);
	s->store = place_store(s->state);
	if (place_load_config(s->call, &s->config, e) < 0)
		return -1;
	if (path_make(s->store, 0700, e) < 0)
		return err_wrap(e, "state folder");
	if (take_lock(s, e) < 0 || open_log(s, e) < 0)
		return -1;
	sweep_puts(s);
	return sweep_store(s, e) < 0 ? -1 : held_begin(&s->held, s->state, s->lock, e);
}

static void
release(struct sender *s)
{
	log_close(s->log);
	if (s->lock >= 0)
		(void)close(s->lock);
	config_free(s->config);
	held_done(&s->held);
	mem_free(s->store);
	mem_free(s->state);
}

static void
dispatcher_main(void *self)
{
	struct sender *s = self;
	const struct dispatch_options o = {
	    .config = s->config,
	    .state_folder = s->state,
	    .until_idle = s->call->value[OPTION_UNTIL_IDLE] != NULL,
	    .log = s->log,
	    .clock = clock_real(),
	    .stop = s->stop,
	    .control = s->control,
	    .failed = &s->failed,
	};

	s->result = dispatch_run(&o, &s->error);
	atomic_store(&s->ended, true);
	(void)kill(getpid(), SIGUSR1); /* main waits for signals: this is one */
}

static void
block_signals(sigset_t *taken)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

	(void)sigemptyset(taken);
	for (size_t i = 0; i < COUNT(numbers); i++)
		(void)sigaddset(taken, numbers[i]);
	(void)pthread_sigmask(SIG_BLOCK, taken, NULL);
	(void)signal(SIGPIPE, SIG_IGN); /* a broken line is an error, not an end */
}

/* --- another configuration -------------------------------------------------------- */

/* What counts only when the sender starts. */
static char *
notes_about(const struct sender *s, const struct config *next)
{
	const struct config_sender *now = &s->config->sender, *then = &next->sender;

	return mem_dup(str_eq(now->log_file, then->log_file) &&
			       now->log_max_bytes == then->log_max_bytes
			   ? ""
			   : "log_file and log_max count from the next start of the "
			     "sender");
}

static int
hand_over(struct sender *s, struct config *next, struct err *e)
{
	const struct dispatch_ask ask = {.verb = DISPATCH_RELOAD, .config = next};
	struct dispatch_answer unused;

	return dispatch_control_ask(s->control, &ask, RELOAD_MS, &unused, e);
}

/* All or nothing.  Main's thread, for SIGHUP, or that of the control socket. */
static int
reload(void *self, char **notes, struct err *e)
{
	struct sender *s = self;
	struct config *next = NULL;
	int rc = place_load_config(s->call, &next, e);

	*notes = rc == 0 ? notes_about(s, next) : NULL;
	if (rc == 0)
		rc = hand_over(s, next, e);
	if (rc < 0)
		event_log(s->log, NULL, EVENT_NOT_RELOADED, e->text);
	return rc;
}

/* logrotate moved the log, or somebody changed the configuration: see to both. */
static void
hang_up(struct sender *s)
{
	AUTO_FREE char *notes = NULL;
	struct err unused; /* the log has it */

	log_reopen(s->log);
	(void)!reload(s, &notes, &unused);
}

/* --- the state folder ------------------------------------------------------------- */

static int
open_control(struct sender *s, struct err *e)
{
	const struct control_server_options o = {.state_folder = s->state,
						 .control = s->control,
						 .reload = reload,
						 .self = s};

	return control_server_start(&o, &s->server, e);
}

static void
close_control(struct sender *s)
{
	control_server_stop(s->server);
	s->server = NULL;
}

/* Somebody removed the socket: nobody could reach this sender any more. */
static void
mend_control(struct sender *s)
{
	AUTO_FREE char *path = path_join(s->state, "control");
	struct err e;

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return;
	close_control(s);
	if (open_control(s, &e) < 0)
		event_log(s->log, NULL, EVENT_LOCAL_TROUBLE, e.text);
}

static void
look_around(struct sender *s)
{
	struct err e;

	if (held_check(&s->held, &e) == 0) {
		mend_control(s);
		return;
	}
	event_log(s->log, NULL, EVENT_LOCAL_TROUBLE, e.text);
	s->lost = e;
	s->is_lost = true;
	stop_throw(s->stop);
}

static void
take_signals(struct sender *s, const sigset_t *taken)
{
	const struct timespec patience = {.tv_sec = LOOK_S};

	while (!atomic_load(&s->ended) && !stop_thrown(s->stop)) {
		const int number = sigtimedwait(taken, NULL, &patience);

		if (number < 0 && errno == EAGAIN)
			look_around(s);
		else if (number == SIGHUP)
			hang_up(s);
		else if (number == SIGINT || number == SIGTERM)
			stop_throw(s->stop);
	}
}

static int
dispatch(struct sender *s, const sigset_t *taken, struct err *e)
{
	struct thread *dispatcher;

	if (thread_start("dispatcher", dispatcher_main, s, &dispatcher, e) < 0)
		return -1;
	notify("READY=1");
	take_signals(s, taken);
	notify("STOPPING=1");
	thread_join(dispatcher);
	if (!s->is_lost) /* what lies there now is not what it worked on */
		say_set_aside_meanwhile(s);
	event_log(s->log, NULL, EVENT_STOPPED);
	return 0;
}

static int
work(struct sender *s, struct err *e)
{
	sigset_t taken;
	int rc;

	block_signals(&taken);
	s->stop = stop_new();
	s->control = dispatch_control_new();
	event_log(s->log, NULL, EVENT_STARTED);
	rc = open_control(s, e);
	if (rc == 0)
		rc = dispatch(s, &taken, e);
	close_control(s);
	dispatch_control_free(s->control);
	stop_free(s->stop);
	if (rc < 0)
		return -1;
	if (s->is_lost) {
		*e = s->lost;
		return -1;
	}
	if (s->result < 0)
		*e = s->error;
	return s->result;
}

/* Whoever asked for the end of the queue wants to know how it ended; what fails while a
 * service runs is in the log and in `list`. */
static int
say_failed(const struct sender *s, int rc)
{
	if (s->failed == 0 || !s->call->value[OPTION_UNTIL_IDLE])
		return rc == 0 ? FRONT_DONE : FRONT_NOT_NOW;
	print_note("lansender: %lld request%s failed in this run%s; `lansender list` "
		   "says why",
		   (long long)s->failed, s->failed == 1 ? "" : "s",
		   rc == 0 ? "" : ", others still wait");
	return FRONT_FAILED;
}

static int
run(const struct call *call)
{
	struct sender s = {.call = call, .lock = -1};
	struct err e;
	int rc;

	keep_secrets();
	rc = prepare(&s, &e);
	if (rc == 0)
		rc = work(&s, &e);
	release(&s);
	if (rc < 0)
		return print_failure(FRONT_FAILED, &e);
	return say_failed(&s, rc);
}

const struct command command_run = {
    .name = "run",
    .arguments = "",
    .summary = "the sender, in the foreground (systemd runs this)",
    .text =
	"Sends what is filed, until it is told to stop: SIGTERM and SIGINT stop it\n"
	"within two seconds, with what the sites have acknowledged kept; SIGHUP opens\n"
	"the log again, after logrotate, and reads the configuration anew, as "
	"`reload`\n"
	"does.  One sender works on a state folder at a time.",
    .options = options,
    .examples = "  lansender run --until-idle\n",
    .exits =
	"  0  stopped; with --until-idle: nothing is left to send, nothing failed\n"
	"  1  our own disk or outbox cannot be used or was taken away, wrong\n"
	"     configuration; with --until-idle: a request failed for good\n"
	"  2  wrong usage\n  3  with --until-idle: requests still wait\n",
    .run = run,
};
