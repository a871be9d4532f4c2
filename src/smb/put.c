#include "smb/put.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "smb/bundle.h"
#include "smb/ntstatus.h"

enum {
	/* Queued and not done: how far a caller may run ahead; a choice */
	JOBS_MAX = 2048,
	/* Compounds in flight.  Over 100 Mbit/s and 80 ms 288 files of 4 KiB keep the
	 * line as full as 384, which now and then overflow a queue of one bandwidth x
	 * round trip: a second lost (measured, in one run of three).  Of all lanes
	 * together: they share the line. */
	SMALL_MAX = 320,
	SMALL_LEAST = 16, /* of a lane, towards the end; a choice */
	/* Large files open at once, so that many of middle size hide their round trips;
	 * a choice */
	LARGE_MAX = 64,
	CHANGES_MAX = 128,
	SPARE_JOBS_MAX = 256,
	SPARE_BUF_BYTES = 72 * 1024, /* of each: 64 KiB of data and what is around */
	KICK_BYTES = 64 * 1024, /* worth a system call before anybody waits; a choice */
};

static void
list_add(struct job_list *l, struct job *j)
{
	j->next = NULL;
	j->prev = l->last;
	if (l->last)
		l->last->next = j;
	else
		l->first = j;
	l->last = j;
}

static void
list_add_first(struct job_list *l, struct job *j)
{
	j->prev = NULL;
	j->next = l->first;
	if (l->first)
		l->first->prev = j;
	else
		l->last = j;
	l->first = j;
}

static void
list_remove(struct job_list *l, struct job *j)
{
	if (j->prev)
		j->prev->next = j->next;
	else
		l->first = j->next;
	if (j->next)
		j->next->prev = j->prev;
	else
		l->last = j->prev;
}

/* --- jobs ------------------------------------------------------------------------- */

static struct job *
job_new(struct puts *p)
{
	struct job *j = p->spare_jobs;

	if (!j)
		return mem_zero(1, sizeof(*j));
	p->spare_jobs = j->next;
	p->n_spare_jobs--;

	struct pdu_buf buf = j->chain.buf; /* worth keeping */

	*j = (struct job){.chain = {.buf = buf}};
	return j;
}

static void
job_free(struct job *j)
{
	chain_done(&j->chain);
	mem_free(j->err);
	mem_free(j);
}

static void
spare_job(struct puts *p, struct job *j)
{
	mem_free(j->err);
	j->err = NULL;
	if (p->n_spare_jobs >= SPARE_JOBS_MAX) {
		job_free(j);
		return;
	}
	if (j->chain.buf.room > SPARE_BUF_BYTES)
		pdu_buf_done(&j->chain.buf);
	j->next = p->spare_jobs;
	p->spare_jobs = j;
	p->n_spare_jobs++;
}

void
job_fail(struct job *j, const struct err *e)
{
	if (j->err)
		return;
	j->err = mem_alloc(sizeof(*j->err));
	*j->err = *e;
}

static bool
makes_folder(const struct job *j)
{
	return j->is_change && j->change.kind == SMB_MAKE_FOLDER;
}

static unsigned *
counter(struct job *j)
{
	if (j->state == JOB_CHANGE)
		return &j->puts->changes;
	return j->state == JOB_SMALL ? &j->puts->small : &j->puts->large;
}

static void
leave(struct job *j)
{
	if (j->state == JOB_WAITING) {
		list_remove(&j->puts->waiting, j);
		return;
	}
	list_remove(&j->puts->begun, j);
	(*counter(j))--;
	if (j->state == JOB_SMALL)
		j->lane->small--;
	if (makes_folder(j))
		j->puts->folders--;
}

void
job_begin(struct job *j, enum job_state state)
{
	list_remove(&j->puts->waiting, j);
	list_add(&j->puts->begun, j);
	j->state = state;
	(*counter(j))++;
	if (makes_folder(j))
		j->puts->folders++;
}

void
job_finish(struct job *j)
{
	struct puts *p = j->puts;

	p->small_done += j->state == JOB_SMALL;
	leave(j);
	p->jobs--;
	j->put.done(j->put.self, j->err);
	spare_job(p, j);
}

int
job_check_size(const struct job *j, struct err *e)
{
	int64_t there = j->chain.closed_bytes;

	if (there < 0 || there == j->put.size_bytes)
		return 0;
	return err_set(e, ERR_ATTEMPT, 29, /* ERROR_WRITE_FAULT */
		       "%s: the server took all of its %lld bytes and has %lld when it "
		       "is closed; see whether its disk is sound",
		       j->put.path, (long long)j->put.size_bytes, (long long)there);
}

void
job_restart(struct job *j)
{
	leave(j);
	j->state = JOB_WAITING;
	list_add_first(&j->puts->waiting, j);
}

/* --- folders ------------------------------------------------------------------------
 */

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

static bool
lies_in(const char *path, const char *folder)
{
	while (*folder &&
	       (*path == *folder || (is_slash(*path) && is_slash(*folder)))) {
		path++;
		folder++;
	}
	return *folder == '\0' && is_slash(*path);
}

/* Is a folder above it being made? */
static bool
is_folder_awaited(const struct puts *p, const struct job *j)
{
	if (p->folders == 0)
		return false;
	for (const struct job *f = p->begun.first; f; f = f->next)
		if (makes_folder(f) && lies_in(j->put.path, f->put.path))
			return true;
	return false;
}

/* P5. */
bool
job_came_early(struct job *j)
{
	const uint32_t status = j->chain.part[0].status;

	if (!j->early || j->patient ||
	    (status != NT_OBJECT_NAME_NOT_FOUND && status != NT_OBJECT_PATH_NOT_FOUND))
		return false;
	j->patient = true;
	job_restart(j);
	return true;
}

/* --- what is next? ---------------------------------------------------------------- */

/* Each lane of several ends with a share of what is left, so that all are through at
 * the same time. */
static unsigned
small_most(const struct puts *p)
{
	const unsigned lanes = bundle_lanes(p);
	const unsigned share = p->jobs / (2 * lanes), most = SMALL_MAX / lanes;

	if (lanes == 1 || share > most)
		return most;
	return share > SMALL_LEAST ? share : SMALL_LEAST;
}

bool
small_take(struct lane *l)
{
	struct puts *p = l->puts;
	struct job *j = p->waiting.first;

	if (!j || j->is_change || !small_fits(l, j) || l->small >= small_most(p) ||
	    !window_open(&l->window))
		return false;
	if (l != &p->first && is_folder_awaited(p, j)) /* P7 */
		return false;
	job_begin(j, JOB_SMALL);
	small_begin(j, l);
	return true;
}

/* Begin the job that waits longest, if it may.  true: it did. */
static bool
begin_next(struct puts *p)
{
	struct job *j = p->waiting.first;

	if (!j)
		return false;
	j->early = is_folder_awaited(p, j);
	if (j->early && j->patient)
		return false;
	if (j->is_change) {
		if (p->changes >= CHANGES_MAX)
			return false;
		job_begin(j, JOB_CHANGE);
		change_begin(j);
		return true;
	}
	if (!small_fits(&p->first, j)) {
		if (p->large >= LARGE_MAX)
			return false;
		job_begin(j, JOB_OPENING);
		large_begin(j);
		return true;
	}
	return small_take(&p->first);
}

/* Losses that mean nothing: bbr does not mind them; where this host does not allow it,
 * more connections get more of the line. */
static void
look_at_line(struct puts *p, int64_t now_us)
{
	struct line *l = &p->line;
	const char *congestion = p->s->o.congestion;

	if (!line_look(l, p->s->conn->fd, now_us))
		return;
	window_set_lossy(&p->first.window);
	if (!l->asked && congestion &&
	    (str_eq(congestion, "auto") || str_eq(congestion, "bbr")))
		(void)line_take_bbr(l, p->s->conn->fd);
	if (!l->has_bbr)
		bundle_widen(p);
}

/* Small files wait for the server, and not for the line: it may have a process for each
 * connection. */
static void
look_at_server(struct puts *p, int64_t now_us)
{
	const struct conn *c = p->s->conn;
	struct busy_sample sample = {
	    .now_us = now_us,
	    .files = p->first.small,
	    .asked_bytes = p->first.window.in_flight_bytes,
	    .line_bytes = c->queue_bytes + c->wire_bytes + c->bytes_sent,
	};
	struct busy_load load = {
	    .now_us = now_us,
	    .done = p->small_done,
	    .left = p->jobs,
	    .connections = bundle_lanes(p),
	    .connect_us = p->s->connect_ms * 1000,
	};

	if (p->s->o.connections <= 1 || !busy_due(&p->busy, now_us))
		return;
	load.is_busy = busy_look(&p->busy, c->fd, &sample);
	bundle_open(p, busy_wants(&p->busy, &load));
}

/* conn asks for one more op.  First what fills the line, then what prepares for it. */
static bool
feed(void *self)
{
	struct puts *p = self;
	const int64_t now_us = clock_us();

	look_at_line(p, now_us);
	look_at_server(p, now_us);
	bundle_tend(p);
	if (p->large > 0 && window_open(&p->first.window))
		for (struct job *j = p->begun.first; j; j = j->next)
			if (large_has_more(j) && large_write_next(j, &p->first))
				return true;
	return begin_next(p);
}

/* --- the end ---------------------------------------------------------------------- */

static void
puts_died(void *self, const struct err *e)
{
	struct puts *p = self;

	bundle_kill(p);
	while (p->begun.first || p->waiting.first) {
		struct job *j = p->begun.first ? p->begun.first : p->waiting.first;

		large_drop_blocks(j);
		job_fail(j, e);
		job_finish(j);
	}
	bundle_free(p);
}

/* An idle pipeline keeps no memory, and no connections but one. */
static void
release(struct puts *p)
{
	bundle_free(p);
	p->busy = (struct busy){0};
	p->small_done = 0;
	while (p->spare_jobs) {
		struct job *j = p->spare_jobs;

		p->spare_jobs = j->next;
		job_free(j);
	}
	p->n_spare_jobs = 0;
	while (p->spare_blocks) {
		struct block *b = p->spare_blocks;

		p->spare_blocks = b->next;
		mem_free(b);
	}
}

void
puts_free(struct puts *p)
{
	if (!p)
		return;
	release(p);
	mem_free(p);
}

/* --- the door --------------------------------------------------------------------- */

static struct puts *
puts_of(struct smb *s)
{
	if (s->puts)
		return s->puts;
	struct puts *p = mem_zero(1, sizeof(*p));

	p->s = s;
	p->first.puts = p;
	p->first.s = s;
	window_init(&p->first.window, s->window_max_bytes, s->write_max_bytes);
	s->puts = p;
	s->conn->feed_self = p;
	s->conn->feed = s->conn->dead ? NULL : feed;
	s->conn->died = s->conn->dead ? NULL : puts_died;
	return p;
}

/* The line is idle: what does the kernel know of it by now?  The route may have changed
 * since the log-on, when the server's own time was measured along. */
static void
learn_rtt(struct puts *p)
{
	struct smb_facts f;
	int64_t rtt_us = p->s->conn->rtt_us;

	smb_get_facts(p->s, &f);
	window_set_rtt(&p->first.window, f.rtt_us > rtt_us ? f.rtt_us : rtt_us);
}

/* Put a job into the queue; wait while it is full. */
static int
enqueue(struct smb *s, struct job *j, struct err *e)
{
	struct puts *p = j->puts;
	struct conn *c = s->conn;

	if (c->dead) {
		*e = c->err;
		j->put.done(j->put.self, e);
		spare_job(p, j);
		return -1;
	}
	if (p->jobs++ == 0)
		learn_rtt(p);
	list_add(&p->waiting, j);
	if (c->stepping) /* from a done(): the step that runs will see to it */
		return 0;
	/* Send when it is worth it; what lies here is sent by whoever waits next. */
	p->waiting_bytes += j->put.size_bytes;
	if (p->waiting_bytes >= KICK_BYTES || p->jobs == 1) {
		p->waiting_bytes = 0;
		if (conn_step(c, false, e) < 0)
			return -1;
	}
	while (p->jobs >= JOBS_MAX)
		if (conn_step(c, true, e) < 0)
			return -1;
	return 0;
}

int
smb_put(struct smb *s, const struct smb_put *put, struct err *e)
{
	struct puts *p = puts_of(s);
	struct job *j = job_new(p);

	j->puts = p;
	j->put = *put;
	return enqueue(s, j, e);
}

int
smb_change(struct smb *s, const struct smb_change *c, struct err *e)
{
	struct puts *p = puts_of(s);
	struct job *j = job_new(p);

	j->puts = p;
	j->put = (struct smb_put){.path = c->path, .done = c->done, .self = c->self};
	j->change = *c;
	j->is_change = true;
	return enqueue(s, j, e);
}

int
smb_drain_some(struct smb *s, struct err *e)
{
	struct puts *p = puts_of(s);

	if (p->jobs > 0 && conn_step(s->conn, true, e) < 0)
		return -1;
	if (p->jobs > 0)
		return 1;
	release(p);
	if (!s->conn->dead)
		return 0;
	*e = s->conn->err;
	return -1;
}

int
smb_drain(struct smb *s, struct err *e)
{
	int rc;

	while ((rc = smb_drain_some(s, e)) > 0)
		;
	return rc;
}
