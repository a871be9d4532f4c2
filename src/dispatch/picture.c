#include "dispatch/picture.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/metered.h"

static int
read_budgets(struct picture *p, struct outbox *o, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct metered *all = NULL;
	const size_t count = metered_list(p->facts.config, &all);

	p->used = mem_zero(count + 1, sizeof(*p->used));
	for (size_t i = 0; i < count; i++) {
		const struct metered *m = &all[i];
		struct rate_used *u = &p->used[i];

		str_copy_cut(u->node, sizeof(u->node), m->node);
		u->from_at_ms = metered_span(&m->budget, m->zone, now_ms).from_at_ms;
		if (outbox_usage_get(o, u->node, u->from_at_ms, &u->bytes, e) < 0)
			return -1;
	}
	p->facts.used = p->used;
	p->facts.used_count = count;
	return 0;
}

int
picture_read(struct picture *p, const struct config *c, struct outbox *o,
	     int64_t now_ms, struct err *e)
{
	*p = (struct picture){.facts = {.config = c}};
	if (overrides_read(&p->overrides, o, now_ms, e) < 0)
		return -1;
	overrides_add_facts(&p->overrides, &p->facts);
	return read_budgets(p, o, now_ms, e);
}

bool
picture_request(const struct config *c, const struct request *r,
		struct world_request *out)
{
	const struct config_site *site = config_site(c, r->site);
	const bool waits = r->state == REQUEST_WAITING;

	if (!site || r->state == REQUEST_HELD)
		return false;
	*out = (struct world_request){
	    .id = r->id.n,
	    .site = (size_t)(site - c->sites),
	    .priority = r->priority,
	    .prefer = r->prefer,
	    .filed_at_ms = r->filed_at_ms,
	    .ready_at_ms = waits ? r->restart_at_ms : r->not_before_at_ms,
	    .deadline_at_ms = r->deadline_at_ms,
	    .expires_at_ms = r->expires_at_ms,
	    .bytes_left = r->package.total_bytes - r->progress.bytes_done,
	    .resumes = r->state == REQUEST_SUSPENDED || request_state_active(r->state),
	};
	return true;
}

void
picture_done(struct picture *p)
{
	overrides_done(&p->overrides);
	mem_free(p->used);
}
