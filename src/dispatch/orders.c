#include "dispatch/orders.h"

#include "base/auto.h"
#include "base/mem.h"
#include "dispatch/overrides.h"
#include "dispatch/reason.h"
#include "dispatch/sendings.h"

struct orders {
	struct outbox *outbox;
	struct pool *pool;
	struct log *log;
	struct overrides overrides;
};

struct orders *
orders_new(struct outbox *o, struct pool *pool, struct log *log)
{
	struct orders *s = mem_zero(1, sizeof(*s));

	s->outbox = o;
	s->pool = pool;
	s->log = log;
	s->overrides.next_at_ms = INT64_MAX;
	return s;
}

void
orders_free(struct orders *s)
{
	if (!s)
		return;
	overrides_done(&s->overrides);
	mem_free(s);
}

/* --- the outbox ------------------------------------------------------------------- */

int
orders_read(struct orders *s, int64_t now_ms, struct err *e)
{
	const struct pool_why why = {.reason = REASON_DRAINED,
				     .until_at_ms = INT64_MAX};
	const bool was_drained = s->overrides.drained_since_ms > 0;
	bool is_drained;

	if (overrides_read(&s->overrides, s->outbox, now_ms, e) < 0)
		return -1;
	is_drained = s->overrides.drained_since_ms > 0;
	if (is_drained)
		(void)pool_suspend(s->pool, (struct request_id){0}, &why);
	if (was_drained != is_drained)
		event_log(s->log, NULL, is_drained ? EVENT_DRAINED : EVENT_DRAIN_ENDED);
	return 0;
}

int64_t
orders_drained_since_ms(const struct orders *s)
{
	return s->overrides.drained_since_ms;
}

int64_t
orders_next_at_ms(const struct orders *s)
{
	return s->overrides.next_at_ms;
}

void
orders_add_facts(const struct orders *s, struct rate_facts *f)
{
	overrides_add_facts(&s->overrides, f);
}

/* --- what is being sent ---------------------------------------------------------- */

int
orders_pass_on(struct orders *s, struct err *e)
{
	AUTO_FREE struct pool_sending *all = NULL;
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	const size_t count = sendings_list(s->pool, &all);

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
	AUTO_FREE struct pool_sending *all = NULL;
	const size_t count = sendings_list(s->pool, &all);

	for (size_t i = 0; i < count; i++)
		if (all[i].address_gone)
			(void)pool_suspend(s->pool, all[i].request, &why);
}
