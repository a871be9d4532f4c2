#include "dispatch/orders.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/reason.h"

struct orders {
	struct outbox *outbox;
	struct pool *pool;
	struct log *log;
	int64_t drained_since_ms; /* 0: not */
	int64_t next_at_ms;
	struct rate_override *limits; /* sorted; with rate_override's order */
	size_t limit_count;
	struct open_override *opens;
	size_t open_count;
};

enum { SENDINGS_MAX = 1100 }; /* max_sendings is at most 999; and those that connect */

struct orders *
orders_new(struct outbox *o, struct pool *pool, struct log *log)
{
	struct orders *s = mem_zero(1, sizeof(*s));

	s->outbox = o;
	s->pool = pool;
	s->log = log;
	s->next_at_ms = INT64_MAX;
	return s;
}

void
orders_free(struct orders *s)
{
	if (!s)
		return;
	mem_free(s->limits);
	mem_free(s->opens);
	mem_free(s);
}

/* --- the outbox ------------------------------------------------------------------- */

static void
add_limit(struct orders *s, const struct outbox_override *v)
{
	struct rate_override *to = &s->limits[s->limit_count++];

	str_copy_cut(to->node, sizeof(to->node), v->what);
	to->bytes_per_s = v->value;
	to->until_at_ms = v->until_at_ms ? v->until_at_ms : INT64_MAX;
}

static void
add_open(struct orders *s, const struct outbox_override *v)
{
	struct open_override *to = &s->opens[s->open_count++];

	str_copy_cut(to->site, sizeof(to->site), v->what);
	to->until_at_ms = v->until_at_ms ? v->until_at_ms : INT64_MAX;
}

static void
drain(struct orders *s, int64_t since_ms)
{
	const struct pool_why why = {.reason = REASON_DRAINED,
				     .until_at_ms = INT64_MAX};
	const bool was_drained = s->drained_since_ms > 0;

	s->drained_since_ms = since_ms;
	if (since_ms > 0)
		(void)pool_suspend(s->pool, (struct request_id){0}, &why);
	if (was_drained != (since_ms > 0))
		event_log(s->log, NULL, since_ms ? EVENT_DRAINED : EVENT_DRAIN_ENDED);
}

/* Takes the place of what was known. */
static void
take(struct orders *s, const struct outbox_override *all, size_t count)
{
	int64_t drained_since_ms = 0;

	mem_free(s->limits);
	mem_free(s->opens);
	s->limits = mem_zero(count + 1, sizeof(*s->limits));
	s->opens = mem_zero(count + 1, sizeof(*s->opens));
	s->limit_count = s->open_count = 0;
	s->next_at_ms = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (all[i].until_at_ms && all[i].until_at_ms < s->next_at_ms)
			s->next_at_ms = all[i].until_at_ms;
		switch (all[i].kind) {
		case OUTBOX_DRAIN:
			drained_since_ms = all[i].set_at_ms;
			break;
		case OUTBOX_OPEN:
			add_open(s, &all[i]);
			break;
		case OUTBOX_LIMIT:
			add_limit(s, &all[i]);
			break;
		}
	}
	rate_sort(s->limits, s->limit_count, sizeof(*s->limits));
	rate_sort(s->opens, s->open_count, sizeof(*s->opens));
	drain(s, drained_since_ms);
}

int
orders_read(struct orders *s, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (outbox_override_list(s->outbox, now_ms, &all, &count, e) < 0)
		return -1;
	take(s, all, count);
	return 0;
}

int64_t
orders_drained_since_ms(const struct orders *s)
{
	return s->drained_since_ms;
}

int64_t
orders_next_at_ms(const struct orders *s)
{
	return s->next_at_ms;
}

void
orders_add_facts(const struct orders *s, struct rate_facts *f)
{
	f->overrides = s->limits;
	f->override_count = s->limit_count;
	f->opens = s->opens;
	f->open_count = s->open_count;
}

/* --- what is being sent ---------------------------------------------------------- */

int
orders_pass_on(struct orders *s, struct err *e)
{
	AUTO_FREE struct pool_sending *all = mem_zero(SENDINGS_MAX, sizeof(*all));
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	const size_t count = pool_list(s->pool, all, SENDINGS_MAX);

	for (size_t i = 0; i < count; i++) {
		const int found = outbox_get(s->outbox, all[i].request, r, e);

		if (found < 0)
			return -1;
		if (found > 0 && r->order != OUTBOX_GO_ON)
			pool_order(s->pool, r->id);
		if (found > 0 && r->priority != all[i].priority)
			pool_set_priority(s->pool, r->id, r->priority);
	}
	return 0;
}

void
orders_leave_addresses(struct orders *s)
{
	const struct pool_why why = {.reason = REASON_ADDRESS_CHANGED};
	AUTO_FREE struct pool_sending *all = mem_zero(SENDINGS_MAX, sizeof(*all));
	const size_t count = pool_list(s->pool, all, SENDINGS_MAX);

	for (size_t i = 0; i < count; i++)
		if (all[i].address_gone)
			(void)pool_suspend(s->pool, all[i].request, &why);
}
