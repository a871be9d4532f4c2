#include "send/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "send/link.h"
#include "send/publish.h"

void
run_init(struct run *r, const struct attempt *a)
{
	const struct request *q = a->request;

	*r = (struct run){.a = a, .kept = q->progress};
	r->about = (struct event_about){.request = q->id.n, .site = q->site};
	r->staging = mem_printf(PUBLISH_FOLDER "/%" PRId64 "-%s", q->id.n, q->token);
	str_copy_cut(r->staged_on, sizeof(r->staged_on), q->staged_on);
	r->saved_at_ms = clock_mono_ms(a->clock);
	paced_init(&r->paced, q->priority);
	if (a->limit_bytes_per_s > 0) {
		r->limiter = limiter_new();
		limiter_set(r->limiter, PACED_ALL,
			    &(struct send_rate){.bytes_per_s = a->limit_bytes_per_s},
			    clock_us());
	}
	r->history.request = q->id;
	r->history.number = q->attempts + 1;
	r->history.started_at_ms = clock_wall_ms(a->clock);
}

void
run_done(struct run *r)
{
	transport_free(r->transport);
	paced_leave(&r->paced);
	limiter_free(r->limiter);
	mem_free(r->staging);
}

/* --- the connection -------------------------------------------------------------- */

static void
say_connected(const struct run *r)
{
	struct transport_facts f;
	AUTO_STR struct str how = {0};
	char share[ADDRESS_TEXT_ROOM];

	transport_get_facts(r->transport, &f);
	if (*f.dialect)
		str_addf(&how, "SMB %s, ", f.dialect);
	str_addf(&how, "%s%s, %s%s", *f.signature ? "signed by " : "not signed",
		 f.signature, *f.cipher ? "encrypted by " : "not encrypted", f.cipher);
	if (f.one_by_one)
		str_add(&how, ", one request at a time: it takes no compounds");
	if (f.congestion_refused)
		str_addf(&how,
			 ", this host's own congestion control: it does not allow %s",
			 r->address->congestion);
	event_log(r->a->log, &r->about, EVENT_CONNECTED,
		  link_share(r->address, share, sizeof(share)), str_text(&how));
}

/* An idle connection that still answers. */
static bool
borrow(struct run *r)
{
	const struct attempt_hooks *h = &r->a->hooks;
	struct transport_facts f;
	struct err unused;

	if (!h->borrow || !(r->transport = h->borrow(h->self, r->address)))
		return false;
	transport_set_stop(r->transport, r->a->stop);
	if (transport_probe(r->transport, &unused) < 0) {
		transport_free(r->transport);
		r->transport = NULL;
		return false;
	}
	transport_get_facts(r->transport, &f);
	r->wire_before_bytes = f.bytes_sent;
	r->retransmits_before = f.retransmits;
	event_log(r->a->log, &r->about, EVENT_REUSED);
	return true;
}

/* A place that is too long for its column is told apart by its hash. */
static void
set_place(struct run *r)
{
	char hex[DIGEST_HEX_ROOM];
	struct digest *d;

	(void)link_place(r->address, r->place, sizeof(r->place));
	if (strlen(r->place) < PLACE_ROOM)
		return;
	d = digest_new();
	digest_add(d, r->place, strlen(r->place));
	digest_hex(d, hex);
	digest_free(d);
	(void)snprintf(r->place + PLACE_ROOM - sizeof(hex) - 1, sizeof(hex) + 1, "#%s",
		       hex);
}

/* While a tree is removed at the site, an hour over a far line when it is a large one:
 * the lease is renewed, a stop heard.  Orders can wait: after a cancel, removing is
 * what was ordered. */
static int
beat_on(void *self, struct err *e)
{
	struct run *r = self;
	const enum outbox_order decided = r->order;

	if (run_beat(r, e) < 0 && (stop_thrown(r->a->stop) ||
				   r->order == OUTBOX_GO_ON || r->order == OUTBOX_LOST))
		return -1;
	if (decided != OUTBOX_GO_ON)
		r->order = decided;
	return 0;
}

static void
set_pace(struct run *r)
{
	const struct attempt_hooks *h = &r->a->hooks;
	struct pace pace = {0};

	if (h->pace)
		h->pace(h->self, r->address, &pace);
	else if (r->limiter)
		paced_join(&r->paced, r->limiter, r->a->site, r->address, &pace);
	if (pace.take)
		transport_set_pace(r->transport, &pace);
}

int
run_connect(struct run *r, const struct config_address *to, struct err *e)
{
	const struct attempt *a = r->a;
	const int64_t from_ms = clock_mono_ms(a->clock);
	int rc = 0;

	/* Several addresses, each with its own time to connect, may outlast a lease. */
	if (run_beat(r, e) < 0)
		return -1;
	if (to != r->address)
		r->is_sending = false;
	r->address = to;
	set_place(r);
	str_copy_cut(r->history.address, sizeof(r->history.address), to->section);
	str_copy_cut(r->history.server, sizeof(r->history.server), r->place);
	run_at(r, "", 0, 0);
	r->is_borrowed = borrow(r);
	if (!r->is_borrowed) {
		r->wire_before_bytes = r->retransmits_before = 0;
		rc = link_open(to, a->password, a->clock, a->stop, &r->transport, e);
		if (rc == 0)
			say_connected(r);
	}
	if (rc == 0) {
		transport_set_beat(r->transport, beat_on, r);
		set_pace(r);
	}
	r->history.connect_ms += clock_mono_ms(a->clock) - from_ms;
	return rc;
}

static void
keep_facts(struct run *r)
{
	struct outbox_attempt *h = &r->history;
	struct transport_facts f;

	transport_get_facts(r->transport, &f);
	h->wire_bytes += f.bytes_sent - r->wire_before_bytes;
	r->wire_before_bytes = f.bytes_sent;
	h->rtt_us = f.rtt_us;
	h->retransmits += f.retransmits - r->retransmits_before;
	r->retransmits_before = f.retransmits;
	if (f.connections > h->connections)
		h->connections = f.connections;
	str_copy_cut(h->cipher, sizeof(h->cipher), f.cipher);
	str_copy_cut(h->signature, sizeof(h->signature), f.signature);
	str_copy_cut(h->dialect, sizeof(h->dialect), f.dialect);
}

void
run_disconnect(struct run *r)
{
	if (!r->transport)
		return;
	keep_facts(r);
	transport_free(r->transport);
	r->transport = NULL;
}

void
run_give_back(struct run *r)
{
	const struct attempt_hooks *h = &r->a->hooks;
	struct transport *t = r->transport;

	if (!t || !transport_alive(t) || !h->give_back) {
		run_disconnect(r);
		return;
	}
	keep_facts(r);
	transport_set_stop(t, NULL);
	transport_set_beat(t, NULL, NULL);
	transport_set_pace(t, NULL);
	r->transport = NULL;
	h->give_back(h->self, r->address, t);
}

/* --- what whoever runs it is asked and told -------------------------------------- */

enum attempt_call
run_call(const struct run *r)
{
	const struct attempt_hooks *h = &r->a->hooks;
	const enum attempt_call call = h->call ? h->call(h->self) : ATTEMPT_GO_ON;

	/* A package half published is no state to leave a site in. */
	return call == ATTEMPT_SUSPEND && r->is_publishing ? ATTEMPT_GO_ON : call;
}

/* No person ordered anything. */
static int
obey(struct run *r, enum attempt_call call, struct err *e)
{
	if (call == ATTEMPT_SUSPEND) {
		r->is_suspended = true;
		return err_set(e, ERR_STOP, 0, "suspended");
	}
	if (stop_thrown(r->a->stop))
		return err_set(e, ERR_STOP, 0, "stopped");
	return 0;
}

int
run_save(struct run *r, struct err *e)
{
	const struct attempt_hooks *h = &r->a->hooks;
	enum outbox_order order = OUTBOX_GO_ON;

	const enum attempt_call call = run_call(r);

	r->saved_at_ms = clock_mono_ms(r->a->clock);
	/* One that was called may be stopped just for that: below it hears why. */
	if (call == ATTEMPT_GO_ON && stop_thrown(r->a->stop))
		return err_set(e, ERR_STOP, 0, "stopped");
	if (h->progress && h->progress(h->self, &r->kept, &order, e) < 0)
		return -1;
	r->order = order;
	switch (order) {
	case OUTBOX_GO_ON:
		return obey(r, call, e);
	case OUTBOX_ORDER_HOLD:
		return err_set(e, ERR_STOP, 0, "held by a person");
	case OUTBOX_ORDER_CANCEL:
		return err_set(e, ERR_STOP, 0, "cancelled while it was being sent");
	case OUTBOX_LOST:
		break;
	}
	return err_set(e, ERR_STOP, 0,
		       "the lease ran out and the request belongs to another sending");
}

int64_t
run_beat_ms(const struct run *r)
{
	const struct config_sender *s = r->a->settings;
	const int64_t lease_ms = s->heartbeat_ms / CONFIG_BEATS_IN_LEASE;

	return s->progress_save_ms < lease_ms ? s->progress_save_ms : lease_ms;
}

static bool
is_old(const struct run *r)
{
	return clock_mono_ms(r->a->clock) - r->saved_at_ms >= run_beat_ms(r);
}

bool
run_is_due(const struct run *r)
{
	return run_call(r) != ATTEMPT_GO_ON || is_old(r);
}

bool
run_is_due_meanwhile(const struct run *r)
{
	return run_call(r) == ATTEMPT_GO_ON && is_old(r);
}

int
run_beat(struct run *r, struct err *e)
{
	return run_is_due(r) ? run_save(r, e) : 0;
}

void
run_at(const struct run *r, const char *path, int64_t offset_bytes, int64_t size_bytes)
{
	const struct attempt_hooks *h = &r->a->hooks;
	const struct attempt_at at = {.address = r->address,
				      .path = path,
				      .offset_bytes = offset_bytes,
				      .size_bytes = size_bytes,
				      .bytes_sent = r->history.bytes_sent};

	if (h->at)
		h->at(h->self, &at);
}

/* Whoever refuses with ERR_STOP may have heard an order, or lost the lease: ask. */
static int
ask_why(struct run *r)
{
	struct err unused;

	(void)!run_save(r, &unused);
	return -1;
}

int
run_begin(struct run *r, struct err *e)
{
	const struct attempt_hooks *h = &r->a->hooks;

	if (!r->holds_slot && h->begin && h->begin(h->self, e) < 0)
		return ask_why(r);
	r->holds_slot = true;
	return 0;
}

void
run_pause(struct run *r)
{
	const struct attempt_hooks *h = &r->a->hooks;

	if (r->holds_slot && h->pause)
		h->pause(h->self);
	r->holds_slot = false;
}

int
run_step(struct run *r, enum request_state to, struct err *e)
{
	const struct attempt_hooks *h = &r->a->hooks;
	bool *is_kept = to == REQUEST_SENDING ? &r->is_sending : &r->is_publishing;

	if (*is_kept)
		return 0;
	if (h->step && h->step(h->self, to, r->place, e) < 0)
		return e->kind == ERR_STOP ? ask_why(r) : -1;
	*is_kept = true;
	if (to == REQUEST_SENDING)
		str_copy_cut(r->staged_on, sizeof(r->staged_on), r->place);
	return 0;
}

char *
run_shown(const struct run *r, const char *remote)
{
	const char separator = r->address->type == CONFIG_TYPE_LAN ? '\\' : '/';
	char *shown = mem_printf("%s%c%s", r->place, separator, remote);

	for (char *c = shown + strlen(r->place); *c; c++)
		if (*c == '/')
			*c = separator;
	return shown;
}
