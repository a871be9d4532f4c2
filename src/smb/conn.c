#include "smb/conn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	CREDITS_TARGET = 2048, /* 512 small files of four requests; a choice */
	TICK_MS = 200,         /* longest sleep, so that deadlines are looked at */
	/* What an idle connection may keep: 1,000 of them take 16 KiB each at most. */
	IDLE_BUFFER_BYTES = 8 * 1024,
	/* Log-ons in a row after which no request succeeded; a choice */
	RENEWALS_MAX = 3,
};

struct conn *
conn_new(int fd, const struct clock *clock, const struct stop *stop)
{
	struct conn *c = mem_zero(1, sizeof(*c));

	c->fd = fd;
	c->clock = clock;
	c->stop = stop;
	c->peer = "the server";
	c->moved_at_ms = clock_mono_ms(clock);
	c->left_at_ms = c->moved_at_ms;
	c->ahead_bytes = CONN_AHEAD_BYTES;
	credits_init(&c->credits, CREDITS_TARGET);
	return c;
}

/* --- lists ------------------------------------------------------------------------ */

void
op_list_add(struct op_list *l, struct op *op)
{
	op->next = NULL;
	op->prev = l->last;
	if (l->last)
		l->last->next = op;
	else
		l->first = op;
	l->last = op;
}

void
op_list_add_first(struct op_list *l, struct op *op)
{
	op->prev = NULL;
	op->next = l->first;
	if (l->first)
		l->first->prev = op;
	else
		l->last = op;
	l->first = op;
}

void
op_list_remove(struct op_list *l, struct op *op)
{
	if (op->prev)
		op->prev->next = op->next;
	else
		l->first = op->next;
	if (op->next)
		op->next->prev = op->prev;
	else
		l->last = op->prev;
	op->next = NULL;
	op->prev = NULL;
}

static bool
is_idle(const struct conn *c)
{
	return !c->queue.first && !c->wire.first && !c->flight.first &&
	       !c->expired.first;
}

/* --- the end ---------------------------------------------------------------------- */

static void
give_back(struct conn *c, struct op_list *l)
{
	while (l->first) {
		struct op *op = l->first;

		op_list_remove(l, op);
		mem_free(op->sealed);
		op->sealed = NULL;
		op->done(op, &c->err);
	}
}

/* N4.  done() may queue again; what it queues is given back as well. */
static void
bury(struct conn *c)
{
	c->stepping = true;
	while (!is_idle(c)) {
		give_back(c, &c->flight);
		give_back(c, &c->expired);
		give_back(c, &c->wire);
		give_back(c, &c->queue);
	}
	if (c->died) {
		void (*died)(void *self, const struct err *e) = c->died;

		c->died = NULL;
		died(c->feed_self, &c->err);
	}
	c->stepping = false;
}

int
conn_fail(struct conn *c, const struct err *e)
{
	if (c->dead)
		return -1;
	c->dead = true;
	c->err = *e;
	c->feed = NULL;
	if (!c->stepping)
		bury(c);
	return -1;
}

void
conn_free(struct conn *c)
{
	if (!c)
		return;
	if (!c->dead) {
		struct err e;

		(void)err_set(&e, ERR_STOP, 0, "%s: the connection was closed by us",
			      c->peer);
		(void)conn_fail(c, &e);
	}
	crypto_free(c->crypto);
	mem_free(c->in);
	mem_free(c->spare);
	(void)close(c->fd);
	mem_free(c);
}

/* --- one step --------------------------------------------------------------------- */

void
conn_queue(struct conn *c, struct op *op)
{
	op->left = op->parts;
	op->pendings = 0;
	op->sent = 0;
	op->sealed = NULL;
	if (c->dead && !c->stepping) {
		op->done(op, &c->err);
		return;
	}
	if (is_idle(c))
		c->moved_at_ms = clock_mono_ms(c->clock);
	c->queue_bytes += (int64_t)(op->head_len + op->payload_len);
	if (op->urgent)
		op_list_add_first(&c->queue, op);
	else
		op_list_add(&c->queue, op);
}

bool
conn_hungry(const struct conn *c)
{
	return !c->dead && !c->queue.first && c->wire_bytes < c->ahead_bytes;
}

/* The server has begun with everything that it was given, and says so: a disk may take
 * longer than a line.  What each request may take still holds. */
static bool
is_server_busy(const struct conn *c)
{
	if ((c->wire.first && !c->held) || !c->flight.first)
		return false;
	for (const struct op *op = c->flight.first; op; op = op->next)
		if (op->pendings == 0)
			return false;
	return true;
}

static int
look_at_deadlines(struct conn *c, struct err *e)
{
	int64_t now_ms = clock_mono_ms(c->clock);

	if (c->deadline_at_ms && now_ms >= c->deadline_at_ms)
		return err_set(
		    e, ERR_ADDRESS, 53,
		    "%s: connected, but the log-on did not come to an end in "
		    "time",
		    c->peer);
	if (is_idle(c) || now_ms == c->looked_at_ms)
		return 0;
	c->looked_at_ms = now_ms;
	if (c->progress_ms && now_ms - c->moved_at_ms >= c->progress_ms &&
	    !is_server_busy(c))
		return err_set(e, ERR_ATTEMPT, 121, /* ERROR_SEM_TIMEOUT */
			       "%s: no byte moved for %lld s; the line or the server "
			       "is dead",
			       c->peer, (long long)(c->progress_ms / 1000));
	for (const struct op *op = c->flight.first; op; op = op->next)
		if (c->request_ms && now_ms >= op->deadline_at_ms)
			return err_set(e, ERR_ATTEMPT, 121,
				       "%s: a request was not answered within %lld s",
				       c->peer, (long long)(c->request_ms / 1000));
	return 0;
}

/* Until the pace may let something go, of this or of a companion. */
static int64_t
held_ms(const struct conn *c, int64_t now_ms)
{
	int64_t ms = c->held ? c->ask_at_ms - now_ms : TICK_MS;

	for (unsigned i = 0; i < c->companions; i++) {
		const struct conn *k = c->companion[i];

		if (k->held && k->ask_at_ms - now_ms < ms)
			ms = k->ask_at_ms - now_ms;
	}
	return ms;
}

/* How long poll may sleep: until the first deadline, and never over a tick. */
static int
sleep_ms(const struct conn *c)
{
	int64_t now_ms = clock_mono_ms(c->clock);
	int64_t ms = held_ms(c, now_ms);

	if (ms > TICK_MS)
		ms = TICK_MS;
	if (c->deadline_at_ms && c->deadline_at_ms - now_ms < ms)
		ms = c->deadline_at_ms - now_ms;
	if (c->progress_ms && !is_idle(c) && !is_server_busy(c) &&
	    c->moved_at_ms + c->progress_ms - now_ms < ms)
		ms = c->moved_at_ms + c->progress_ms - now_ms;
	if (c->request_ms && c->flight.first &&
	    c->flight.first->deadline_at_ms - now_ms < ms)
		ms = c->flight.first->deadline_at_ms - now_ms;
	return ms > 0 ? (int)ms : 0;
}

/* A companion's failure is its own: it is buried, and this one goes on. */
static void
drive(struct conn *companion, int (*move)(struct conn *c, struct err *e))
{
	struct err why;

	if (companion->dead)
		return;
	companion->stepping = true;
	if (move(companion, &why) < 0)
		(void)conn_fail(companion, &why);
	companion->stepping = false;
	if (companion->dead)
		bury(companion);
}

static int
hear(struct conn *c, struct err *e)
{
	return conn_receive(c, e) < 0 ? -1 : look_at_deadlines(c, e);
}

static struct pollfd
watch(const struct conn *c)
{
	const bool may_send = c->wire.first && !c->held;
	short events = (short)(may_send ? POLLIN | POLLOUT : POLLIN);

	return (struct pollfd){.fd = c->dead ? -1 : c->fd, .events = events};
}

static bool
has_news(const struct pollfd *fd)
{
	return fd->revents & (POLLIN | POLLERR | POLLHUP);
}

static bool
all_idle(const struct conn *c)
{
	for (unsigned i = 0; i < c->companions; i++)
		if (!is_idle(c->companion[i]))
			return false;
	return is_idle(c);
}

static int
wait_and_hear(struct conn *c, bool wait, struct err *e)
{
	struct pollfd fds[2 + CONN_COMPANIONS];
	unsigned companions = c->companions;

	fds[0] = watch(c);
	fds[1] =
	    (struct pollfd){.fd = c->stop ? stop_fd(c->stop) : -1, .events = POLLIN};
	for (unsigned i = 0; i < companions; i++)
		fds[2 + i] = watch(c->companion[i]);
	int n = poll(fds, 2 + companions, wait ? sleep_ms(c) : 0);

	if (n < 0 && errno != EINTR)
		return err_sys(e, ERR_LOCAL, "poll");
	if (n > 0 && has_news(&fds[0]) && conn_receive(c, e) < 0)
		return -1;
	for (unsigned i = 0; i < companions && !c->dead; i++)
		drive(c->companion[i],
		      n > 0 && has_news(&fds[2 + i]) ? hear : look_at_deadlines);
	return look_at_deadlines(c, e);
}

/* Each in its turn goes first.  What the first one is fed may take companions away, or
 * bring some: those have their turn at the next step. */
static int
send_all(struct conn *c, struct err *e)
{
	const unsigned all = c->companions + 1;
	const unsigned first = c->turn++ % all;

	for (unsigned i = 0; i < all && !c->dead; i++) {
		const unsigned k = (first + i) % all;

		if (k == 0 && conn_send(c, e) < 0)
			return -1;
		if (k > 0 && k <= c->companions)
			drive(c->companion[k - 1], conn_send);
	}
	return 0;
}

static int
move(struct conn *c, bool wait, struct err *e)
{
	if (c->stop && stop_thrown(c->stop))
		return err_set(e, ERR_STOP, 0,
			       "%s: stopped while waiting for the server", c->peer);
	if (send_all(c, e) < 0)
		return -1;
	if (all_idle(c))
		return 0;
	return wait_and_hear(c, wait, e);
}

/* What the caller did meanwhile is no silence of the server. */
static void
forgive(struct conn *c, int64_t ms)
{
	c->moved_at_ms += ms;
	for (unsigned i = 0; i < c->companions; i++)
		c->companion[i]->moved_at_ms += ms;
}

static void
release_buffers(struct conn *c)
{
	mem_free(c->spare);
	c->spare = NULL;
	c->spare_room = 0;
	if (c->in_len == 0 && c->in_room > IDLE_BUFFER_BYTES) {
		mem_free(c->in);
		c->in = NULL;
		c->in_room = 0;
	}
}

static int
step(struct conn *c, bool wait, struct err *e)
{
	struct err why;

	assert(!c->stepping); /* callbacks must not call back */
	if (c->dead) {
		*e = c->err;
		return -1;
	}
	forgive(c, clock_mono_ms(c->clock) - c->left_at_ms);
	c->stepping = true;
	int rc = move(c, wait, &why);

	if (rc < 0)
		(void)conn_fail(c, &why);
	c->stepping = false;
	c->left_at_ms = clock_mono_ms(c->clock);
	if (c->dead) {
		bury(c);
		*e = c->err;
		return -1;
	}
	if (is_idle(c))
		release_buffers(c);
	return 0;
}

/* --- an expired session ----------------------------------------------------------- */

static void
queue_again(struct conn *c)
{
	while (c->expired.last) {
		struct op *op = c->expired.last;

		op_list_remove(&c->expired, op);
		op->left = op->parts;
		op->pendings = 0;
		op->sent = 0;
		c->queue_bytes += (int64_t)(op->head_len + op->payload_len);
		op_list_add_first(&c->queue, op);
	}
}

static int
log_on_again(struct conn *c, struct err *e)
{
	if (++c->renewals > RENEWALS_MAX)
		return err_set(e, ERR_ATTEMPT, 1394, /* ERROR_NO_USER_SESSION_KEY */
			       "%s: the session expires again and again, whatever "
			       "log-on it gets",
			       c->peer);
	c->renewal = RENEWAL_DRAINS;
	while (c->wire.first || c->flight.first)
		if (step(c, true, e) < 0)
			return -1;
	c->renewal = RENEWAL_RUNS;
	return c->renew(c->renew_self, e);
}

/* N5. */
static int
renew(struct conn *c, struct err *e)
{
	struct err why;
	int rc = log_on_again(c, &why);

	c->renewal = RENEWAL_NONE;
	if (rc < 0) {
		(void)conn_fail(c, &why);
		*e = c->err;
		return -1;
	}
	queue_again(c);
	return 0;
}

int
conn_step(struct conn *c, bool wait, struct err *e)
{
	if (step(c, wait, e) < 0)
		return -1;
	return c->renewal == RENEWAL_DUE ? renew(c, e) : 0;
}
