#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/thread.h"

/* How long a reader of the echo may take; a choice.  Waited for once: a sender does not
 * stand still because nobody reads what it says. */
enum { ECHO_WAIT_MS = 250 };

struct log {
	struct log_options options; /* set before use; then read-only                 */
	char *path;                 /* options.path, which it owns                    */
	pthread_mutex_t lock;       /* held while a line is written: lines never mix  */
	int fd;                     /* guarded by lock; -1: no file                   */
	int64_t size_bytes;         /* guarded by lock                                */
	unsigned long lost;         /* guarded by lock: lines that could not be kept  */
	unsigned long unread;       /* guarded by lock: lines that the echo missed    */
	struct str line;            /* guarded by lock: scratch                       */
};

static int
open_file(struct log *l)
{
	struct stat st;

	l->fd = open(l->options.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (l->fd < 0)
		return -1;
	l->size_bytes = fstat(l->fd, &st) == 0 ? st.st_size : 0;
	return 0;
}

int
log_open(const struct log_options *o, struct log **out, struct err *e)
{
	struct log *l = mem_zero(1, sizeof(*l));

	l->options = *o;
	l->path = mem_dup(o->path);
	l->options.path = l->path;
	l->fd = -1;
	(void)pthread_mutex_init(&l->lock, NULL);
	if (o->path && open_file(l) < 0) {
		(void)err_sys(e, ERR_LOCAL, "open the log %s", o->path);
		log_close(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
log_close(struct log *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		(void)close(l->fd);
	(void)pthread_mutex_destroy(&l->lock);
	str_done(&l->line);
	mem_free(l->path);
	mem_free(l);
}

static void
reopen_locked(struct log *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	(void)open_file(l); /* when it fails: fd is -1 and lines count as lost */
}

void
log_reopen(struct log *l)
{
	if (!l || !l->options.path)
		return;
	(void)pthread_mutex_lock(&l->lock);
	reopen_locked(l);
	(void)pthread_mutex_unlock(&l->lock);
}

/* As the original: sender.log becomes sender.lo_. */
char *
log_old_path(const char *path)
{
	return str_ends(path, ".log") ? mem_printf("%.*s_", (int)strlen(path) - 1, path)
				      : mem_printf("%s.lo_", path);
}

static void
rotate(struct log *l)
{
	AUTO_FREE char *old = log_old_path(l->options.path);

	(void)rename(l->options.path, old);
	reopen_locked(l);
}

static void
write_file(struct log *l, const struct str *line)
{
	if (!l->options.path)
		return;
	if (l->options.max_bytes > 0 && l->size_bytes > 0 &&
	    l->size_bytes + (int64_t)line->len > l->options.max_bytes)
		rotate(l);
	if (l->fd < 0)
		reopen_locked(l);
	/* One write() a line: with O_APPEND lines of two processes do not mix. */
	if (l->fd < 0 || write(l->fd, line->s, line->len) != (ssize_t)line->len)
		l->lost++;
	else
		l->size_bytes += (int64_t)line->len;
}

/* --- the echo ------------------------------------------------------------------ */

/* A full pipe or a terminal that is stopped must not stop the sender: what is not read
 * in time is left out.  O_NONBLOCK would be simpler, but it belongs to whoever else has
 * that pipe too. */
static bool
may_echo(const struct log *l)
{
	struct pollfd p = {.fd = l->options.echo_fd, .events = POLLOUT};

	return poll(&p, 1, l->unread ? 0 : ECHO_WAIT_MS) > 0;
}

/* false: it is not read.  Pieces of PIPE_BUF, since poll() promises no more room. */
static bool
put_echo(const struct log *l)
{
	for (size_t at = 0; at < l->line.len;) {
		const size_t left = l->line.len - at;
		ssize_t n;

		if (!may_echo(l))
			return false;
		n = write(l->options.echo_fd, l->line.s + at,
			  left < PIPE_BUF ? left : PIPE_BUF);
		if (n < 0)
			return true; /* a closed terminal is no reason to end */
		at += (size_t)n;
	}
	return true;
}

static void
render_lost(struct log *l, const struct log_event *now, unsigned long lost,
	    enum log_form form)
{
	char text[96];
	struct log_event ev = *now;

	(void)snprintf(text, sizeof(text), "%lu log lines could not be written.", lost);
	ev.id = 0;
	ev.level = LOG_LEVEL_WARNING;
	ev.text = text;
	ev.context = "";
	str_clear(&l->line);
	log_render(&ev, form, &l->line);
}

static void
write_echo(struct log *l, const struct log_event *ev)
{
	if (l->options.echo_fd < 0 || l->options.echo == LOG_FORM_NONE)
		return;
	if (l->unread) {
		render_lost(l, ev, l->unread, l->options.echo);
		if (!put_echo(l)) {
			l->unread++;
			return;
		}
		l->unread = 0;
	}
	str_clear(&l->line);
	log_render(ev, l->options.echo, &l->line);
	if (!put_echo(l))
		l->unread++;
}

/* Tell, once writing works again, what was lost. */
static void
write_lost(struct log *l, const struct log_event *now)
{
	const unsigned long lost = l->lost;

	if (lost == 0)
		return;
	l->lost = 0;
	render_lost(l, now, lost, LOG_FORM_CMTRACE);
	write_file(l, &l->line);
	if (l->lost)
		l->lost = lost; /* not yet */
}

void
log_write(struct log *l, const struct log_event *ev)
{
	struct log_event whole = *ev;

	if (!l || ev->level < l->options.level)
		return;
	if (whole.at_ms == 0)
		whole.at_ms = clock_wall_ms(l->options.clock);
	if (whole.thread == 0)
		whole.thread = thread_id();
	(void)pthread_mutex_lock(&l->lock);
	write_lost(l, &whole);
	str_clear(&l->line);
	log_render(&whole, LOG_FORM_CMTRACE, &l->line);
	write_file(l, &l->line);
	write_echo(l, &whole);
	(void)pthread_mutex_unlock(&l->lock);
}
