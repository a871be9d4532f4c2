/* store_sqlite_wait.c - hearing of another's commit without asking all the time.
 *
 * A commit writes frames to outbox.db-wal, syncs that file, and then makes the frames
 * visible in shared memory.  inotify tells of the write; nothing tells of the last
 * step, so an event alone may come too early: who looks at once sees nothing and would
 * then wait for an event that never comes.  Therefore, after an event without a visible
 * change, we ask whether somebody is still writing, by trying the write lock:
 *   taken by another: his commit may be under way: look again in LOOK_AGAIN_MS;
 *   free:             nothing whose event we consumed is still to come, because a
 *                     writer holds the lock from before its first frame until its
 *                     commit is visible.  Back to waiting for events.
 * A checkpoint that starts the WAL anew or cuts it only makes more events.
 *
 * `seen` is what data_version was when the last wait returned, so that a commit between
 * that and the next wait ends it at once: at worst a look too many, never one missed.
 * A read-only handle cannot try the lock: it looks again for SETTLE_MS after an event.
 */
#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "outbox/store_sqlite.h"

enum {
	LOOK_AGAIN_MS = 20, /* ms; a change is to be heard of within 50; a choice */
	SETTLE_MS = 5000, /* ms; no fsync of a commit should take longer; a choice    */
	BLIND_MS = 500,   /* ms between looks when inotify is not to be had; a choice */
};

enum event { EVENT_NONE, EVENT_WRITTEN, EVENT_STOP };

/* true: somebody else committed since `seen`. */
static bool
changed(struct store_sqlite *s)
{
	struct err ignored;
	AUTO_END sqlite3_stmt *st = sqlite_stmt(s, SQL_DATA_VERSION, &ignored);
	int64_t now = 0;

	/* When it cannot be asked, the caller's next verb finds out why. */
	if (!st || sqlite_row(s, st, &ignored) <= 0)
		return true;
	now = sqlite3_column_int64(st, 0);
	if (now == s->seen)
		return false;
	s->seen = now;
	return true;
}

/* Is another in the middle of writing? */
static bool
somebody_writes(struct store_sqlite *s)
{
	int rc = SQLITE_OK;

	(void)sqlite3_busy_timeout(s->db, 0);
	rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite_patience(s);
	return (rc & 0xff) == SQLITE_BUSY;
}

static void
watch(struct store_sqlite *s)
{
	AUTO_FREE char *wal = mem_printf("%s-wal", s->path);

	if (s->notify_fd >= 0)
		return;
	s->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->notify_fd < 0)
		return;
	if (inotify_add_watch(s->notify_fd, wal, IN_MODIFY | IN_DELETE_SELF) < 0) {
		(void)close(s->notify_fd);
		s->notify_fd = -1;
	}
}

/* Take all events; a WAL that was deleted under us (by hand) wants a new watch. */
static void
drain(struct store_sqlite *s)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool lost = false;
	ssize_t got = 0;

	while ((got = read(s->notify_fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *ev = NULL;

		for (ssize_t at = 0; at < got; at += (ssize_t)(sizeof(*ev) + ev->len)) {
			ev = (const struct inotify_event *)(const void *)(buf + at);
			lost = lost || (ev->mask & (IN_DELETE_SELF | IN_IGNORED));
		}
	}
	if (lost) {
		(void)close(s->notify_fd);
		s->notify_fd = -1;
	}
}

static enum event
sleep_until_event(struct store_sqlite *s, const struct stop *stop, int64_t wait_ms)
{
	struct pollfd p[2] = {
	    {.fd = s->notify_fd, .events = POLLIN}, /* -1 is left out by poll() */
	    {.fd = stop ? stop_fd(stop) : -1, .events = POLLIN},
	};
	int rc = poll(p, COUNT(p), io_poll_ms(wait_ms));

	if (stop && stop_thrown(stop))
		return EVENT_STOP;
	if (rc > 0 && p[0].revents) {
		drain(s);
		return EVENT_WRITTEN;
	}
	return EVENT_NONE;
}

struct waiting {
	struct store_sqlite *s;
	int64_t until_at_ms; /* monotonic; < 0: for ever                          */
	int64_t event_at_ms; /* the last one                                      */
	bool unsettled;      /* an event came, and no change can be seen yet      */
};

/* After an event and no visible change: may one still come from what was written? */
static bool
still_unsettled(const struct waiting *w)
{
	if (w->s->readonly)
		return clock_mono_ms(clock_real()) - w->event_at_ms < SETTLE_MS;
	return somebody_writes(w->s);
}

/* true: there is a change.  A writer may have ended between the look and the question
 * whether one writes: then the second look sees it. */
static bool
look(struct waiting *w)
{
	watch(w->s); /* before the look: what comes after it makes an event */
	if (changed(w->s))
		return true;
	if (!w->unsettled || still_unsettled(w))
		return false;
	w->unsettled = false;
	return changed(w->s);
}

/* How long to sleep now: until the deadline, or until the next look.  0: it is over. */
static int64_t
nap_ms(const struct waiting *w)
{
	int64_t ms = w->unsettled ? LOOK_AGAIN_MS : w->s->notify_fd < 0 ? BLIND_MS : -1;
	int64_t left_ms = 0;

	if (w->until_at_ms < 0)
		return ms;
	left_ms = w->until_at_ms - clock_mono_ms(clock_real());
	if (left_ms <= 0)
		return 0;
	return ms >= 0 && ms < left_ms ? ms : left_ms;
}

bool
sqlite_wait(struct store *base, const struct stop *stop, int64_t wait_ms)
{
	int64_t now_ms = clock_mono_ms(clock_real());
	bool for_ever = wait_ms < 0 || wait_ms > INT64_MAX - now_ms;
	struct waiting w = {.s = sqlite_of(base),
			    .until_at_ms = for_ever ? -1 : now_ms + wait_ms};

	while (!look(&w)) {
		int64_t ms = nap_ms(&w);
		enum event got = EVENT_NONE;

		if (ms == 0 || (stop && stop_thrown(stop)))
			return false;
		got = sleep_until_event(w.s, stop, ms);
		if (got == EVENT_STOP)
			return false;
		if (got == EVENT_WRITTEN) {
			w.unsettled = true;
			w.event_at_ms = clock_mono_ms(clock_real());
		}
	}
	return true;
}
