#include "smb/bundle.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "base/thread.h"

enum {
	/* What must be left to send, at the present rate, to be worth the log-ons */
	WORTH_S = 5,
	WORTH_BYTES = 1024 * 1024, /* and of a file, to be worth a CREATE and a CLOSE */
};

enum { WIN32_LOGON_FAILURE = 1326 }; /* MS-ERREF 2.2 */

struct opener {
	struct thread *thread;
	struct smb_options o;
	struct smb *s;  /* NULL: it did not work */
	struct err err; /* and why */
	atomic_bool finished;
};

struct bundle {
	struct lane *lane[CONN_COMPANIONS];
	unsigned lanes;
	struct opener *opener[CONN_COMPANIONS];
	unsigned openers;
	unsigned wanted;   /* connections, the first included */
	bool is_let_in;    /* one more has logged on, as the first did before */
	struct stop *stop; /* of the openers */
	bool gave_up;      /* the server does not want more */

	int64_t bytes_sent, bytes_received, retransmits_gone;
};

static struct bundle *
bundle_of(struct puts *p)
{
	if (!p->bundle) {
		p->bundle = mem_zero(1, sizeof(*p->bundle));
		p->bundle->stop = stop_new();
	}
	return p->bundle;
}

/* --- what a lane does ---------------------------------------------------------------
 */

static void
leave_job(struct lane *l)
{
	struct job *j = l->job;

	l->job = NULL;
	if (l->state != LANE_DEAD)
		l->state = LANE_FREE;
	j->lanes--;
	large_go_on(j);
}

static void
on_closed(struct chain *c, const struct err *e)
{
	struct lane *l = c->self;
	struct err why;

	if (e)
		return; /* lane_died() tells all */
	if (chain_result(c, BLAME_WRITE, l->job->put.path, &why) < 0)
		job_fail(l->job, &why);
	leave_job(l);
}

static void
close_handle(struct lane *l)
{
	struct chain *c = &l->chain;

	l->state = LANE_CLOSING;
	chain_init(c, l->s->conn);
	c->done = on_closed;
	c->self = l;
	c->id = l->id;
	chain_add(c, PDU_CLOSE, 0);
	pdu_put_close(&c->buf, &l->id);
	chain_start(c, false);
}

static void
on_opened(struct chain *c, const struct err *e)
{
	struct lane *l = c->self;

	if (e)
		return;         /* lane_died() tells all */
	if (chain_failure(c)) { /* its file goes on without it */
		l->job->alone = true;
		leave_job(l);
		return;
	}
	l->id = c->id;
	l->state = LANE_READY;
	if (l->job->releasing)
		close_handle(l);
}

static bool
is_worth_a_lane(const struct job *j)
{
	return large_has_more(j) && !j->alone &&
	       j->put.size_bytes - j->next_bytes >= WORTH_BYTES;
}

/* It is of use: one more that carries files at the same time. */
static void
count_in(struct lane *l)
{
	const struct bundle *b = l->puts->bundle;
	struct smb *s = l->puts->s;
	unsigned used = 1;

	if (l->used)
		return;
	l->used = true;
	for (unsigned i = 0; i < b->lanes; i++)
		used += b->lane[i]->used;
	s->lanes_most = s->lanes_most > used ? s->lanes_most : used;
}

static bool
take_job(struct lane *l)
{
	struct chain *c = &l->chain;
	struct job *j = l->puts->large > 0 ? l->puts->begun.first : NULL;
	struct err e;

	while (j && !is_worth_a_lane(j))
		j = j->next;
	if (!j)
		return false;
	chain_init(c, l->s->conn);
	c->done = on_opened;
	c->self = l;
	chain_add(c, PDU_CREATE, 0);
	if (pdu_put_create(
		&c->buf,
		&(struct pdu_create){.path = j->put.path,
				     .access = PDU_FILE_WRITING,
				     .share = PDU_SHARE_READ | PDU_SHARE_WRITE,
				     .disposition = PDU_OPEN,
				     .options = PDU_NON_DIRECTORY},
		&e) < 0)
		return false; /* the first lane has said so already */
	l->job = j;
	l->state = LANE_OPENING;
	j->lanes++;
	count_in(l);
	chain_start(c, false);
	return true;
}

/* Its connection asks for one more op. */
static bool
lane_feed(void *self)
{
	struct lane *l = self;

	if (l->puts->s->conn->dead)
		return false;
	if (l->state == LANE_FREE && take_job(l))
		return true;
	if (l->state == LANE_READY && large_has_more(l->job) &&
	    window_open(&l->window) && large_write_next(l->job, l))
		return true;
	if (!small_take(l))
		return false;
	count_in(l);
	return true;
}

/* B3.  What it had in flight has been given back by now. */
static void
lane_died(void *self, const struct err *e)
{
	struct lane *l = self;

	(void)e;
	l->state = LANE_DEAD;
	if (l->job)
		leave_job(l);
}

/* --- lanes come and go --------------------------------------------------------------
 */

void
bundle_add(struct puts *p, struct smb *s)
{
	struct bundle *b = bundle_of(p);
	struct conn *first = p->s->conn;
	struct lane *l = mem_zero(1, sizeof(*l));

	l->puts = p;
	l->s = s;
	window_init(&l->window, p->s->window_max_bytes, p->s->write_max_bytes);
	window_like(&l->window, &p->first.window);
	s->conn->feed = lane_feed;
	s->conn->died = lane_died;
	s->conn->feed_self = l;
	s->conn->stop = NULL;  /* the first one looks */
	s->conn->renew = NULL; /* expired: the others take over */
	conn_set_pace(s->conn, first->pace.take ? &first->pace : NULL);
	b->lane[b->lanes++] = l;
	first->companion[first->companions++] = s->conn;
}

static void
lane_free(struct bundle *b, struct lane *l)
{
	struct smb_facts f;

	smb_get_facts(l->s, &f);
	b->bytes_sent += f.bytes_sent;
	b->bytes_received += f.bytes_received;
	b->retransmits_gone += f.retransmits;
	/* Nothing is open any more: the server need not be asked, one by one. */
	l->s->conn->tree_id = 0;
	l->s->conn->died = NULL;
	smb_free(l->s);
	chain_done(&l->chain);
	mem_free(l);
}

/* Out of the list, and out of the conn's. */
static void
remove_lane(struct puts *p, unsigned i)
{
	struct bundle *b = p->bundle;
	struct conn *first = p->s->conn;
	struct lane *l = b->lane[i];

	for (unsigned k = 0; k < first->companions; k++)
		if (first->companion[k] == l->s->conn)
			first->companion[k] = first->companion[--first->companions];
	b->lane[i] = b->lane[--b->lanes];
	lane_free(b, l);
}

static void
run_opener(void *self)
{
	struct opener *n = self;

	if (smb_connect(&n->o, &n->s, &n->err) < 0)
		n->s = NULL; /* the transfer goes on without it */
	else
		n->err = (struct err){0};
	atomic_store(&n->finished, true);
}

static void
opener_end(struct puts *p, struct opener *n)
{
	thread_join(n->thread);
	p->s->lanes_refused =
	    p->s->lanes_refused || n->err.win32 == WIN32_LOGON_FAILURE;
	smb_free(n->s);
	options_done(&n->o);
	mem_free(n);
}

static void
open_lane(struct puts *p)
{
	struct bundle *b = bundle_of(p);
	struct opener *n = mem_zero(1, sizeof(*n));
	struct err e;

	options_copy(&p->s->o, &n->o);
	n->o.connections = 1;
	n->o.stop = b->stop;
	atomic_init(&n->finished, false);
	if (thread_start("lane", run_opener, n, &n->thread, &e) < 0) {
		b->gave_up = true;
		opener_end(p, n);
		return;
	}
	b->opener[b->openers++] = n;
}

/* Until one more has logged on, one at a time: where the password was changed since the
 * first connection did, each try is a wrong one, and as many as there may be would lock
 * the account.  So would one of each sending over the first. */
static void
open_wanted(struct puts *p)
{
	const struct bundle *b = p->bundle;

	while (!b->gave_up && !p->s->lanes_refused &&
	       1 + b->lanes + b->openers < b->wanted &&
	       (b->is_let_in || b->openers == 0))
		open_lane(p);
}

/* Who has logged on becomes a lane. */
static void
take_in(struct puts *p)
{
	struct bundle *b = p->bundle;

	for (unsigned i = 0; i < b->openers;) {
		struct opener *n = b->opener[i];

		if (!atomic_load(&n->finished)) {
			i++;
			continue;
		}
		if (n->s) {
			bundle_add(p, n->s);
			b->is_let_in = true;
		} else {
			b->gave_up = true;
		}
		n->s = NULL;
		b->opener[i] = b->opener[--b->openers];
		opener_end(p, n);
	}
	open_wanted(p);
}

static void
bury_dead(struct puts *p)
{
	for (unsigned i = 0; i < p->bundle->lanes;)
		if (p->bundle->lane[i]->state == LANE_DEAD) {
			p->bundle->gave_up = true; /* what broke one breaks more */
			remove_lane(p, i);
		} else {
			i++;
		}
}

/* --- would more connections help? ---------------------------------------------------
 */

unsigned
bundle_lanes(const struct puts *p)
{
	return p->bundle ? 1 + p->bundle->lanes : 1;
}

/* Will it take a while yet? */
static bool
is_long(const struct puts *p)
{
	int64_t rate = window_rate(&p->first.window);
	int64_t left = 0;

	for (unsigned i = 0; p->bundle && i < p->bundle->lanes; i++)
		rate += window_rate(&p->bundle->lane[i]->window);
	for (const struct job *j = p->begun.first; j; j = j->next)
		if (is_worth_a_lane(j))
			left += j->put.size_bytes - j->next_bytes;
	for (const struct job *j = p->waiting.first; j; j = j->next)
		left += j->put.size_bytes;
	return left > 0 && left / WORTH_S > rate;
}

void
bundle_tend(struct puts *p)
{
	if (!p->bundle)
		return;
	if (p->bundle->openers > 0)
		take_in(p);
	bury_dead(p);
}

void
bundle_widen(struct puts *p)
{
	if (is_long(p))
		bundle_open(p, p->s->o.connections);
}

void
bundle_open(struct puts *p, unsigned lanes)
{
	struct bundle *b;

	if (lanes > p->s->o.connections)
		lanes = p->s->o.connections;
	if (lanes <= 1)
		return;
	b = bundle_of(p);
	if (b->wanted < lanes)
		b->wanted = lanes;
	open_wanted(p);
}

/* --- the end ------------------------------------------------------------------------
 */

void
bundle_release(struct job *j)
{
	struct bundle *b = j->puts->bundle;

	j->releasing = true;
	for (unsigned i = 0; i < b->lanes; i++)
		if (b->lane[i]->job == j && b->lane[i]->state == LANE_READY)
			close_handle(b->lane[i]);
}

void
bundle_kill(struct puts *p)
{
	for (unsigned i = 0; p->bundle && i < p->bundle->lanes; i++)
		(void)conn_fail(p->bundle->lane[i]->s->conn, &p->s->conn->err);
}

void
bundle_free(struct puts *p)
{
	struct bundle *b = p->bundle;

	if (!b)
		return;
	stop_throw(b->stop);
	while (b->openers > 0)
		opener_end(p, b->opener[--b->openers]);
	stop_free(b->stop);
	while (b->lanes > 0)
		remove_lane(p, b->lanes - 1);
	p->s->lanes_sent += b->bytes_sent;
	p->s->lanes_received += b->bytes_received;
	p->s->lanes_retransmits += b->retransmits_gone;
	p->bundle = NULL;
	mem_free(b);
}

void
puts_add_facts(const struct puts *p, struct smb_facts *f)
{
	const struct bundle *b = p->bundle;
	struct smb_facts one;

	if (!b)
		return;
	f->bytes_sent += b->bytes_sent;
	f->bytes_received += b->bytes_received;
	f->retransmits += b->retransmits_gone;
	for (unsigned i = 0; i < b->lanes; i++) {
		smb_get_facts(b->lane[i]->s, &one);
		f->bytes_sent += one.bytes_sent;
		f->bytes_received += one.bytes_received;
		f->retransmits += one.retransmits;
	}
}
