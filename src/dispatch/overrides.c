#include "dispatch/overrides.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"

static void
keep(struct overrides *v, const struct outbox_override *from)
{
	const int64_t until_at_ms = from->until_at_ms ? from->until_at_ms : INT64_MAX;

	if (until_at_ms < v->next_at_ms)
		v->next_at_ms = until_at_ms;
	switch (from->kind) {
	case OUTBOX_DRAIN:
		v->drained_since_ms = from->set_at_ms;
		v->drained_until_at_ms = until_at_ms;
		break;
	case OUTBOX_OPEN: {
		struct open_override *to = &v->opens[v->open_count++];

		str_copy_cut(to->site, sizeof(to->site), from->what);
		to->until_at_ms = until_at_ms;
		break;
	}
	case OUTBOX_LIMIT: {
		struct rate_override *to = &v->limits[v->limit_count++];

		str_copy_cut(to->node, sizeof(to->node), from->what);
		to->bytes_per_s = from->value;
		to->until_at_ms = until_at_ms;
		break;
	}
	}
}

int
overrides_read(struct overrides *v, struct outbox *o, int64_t now_ms, struct err *e)
{
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (outbox_override_list(o, now_ms, &all, &count, e) < 0)
		return -1;
	overrides_done(v);
	*v = (struct overrides){
	    .limits = mem_zero(count + 1, sizeof(*v->limits)),
	    .opens = mem_zero(count + 1, sizeof(*v->opens)),
	    .next_at_ms = INT64_MAX,
	};
	for (size_t i = 0; i < count; i++)
		keep(v, &all[i]);
	rate_sort(v->limits, v->limit_count, sizeof(*v->limits));
	rate_sort(v->opens, v->open_count, sizeof(*v->opens));
	return 0;
}

void
overrides_done(struct overrides *v)
{
	mem_free(v->limits);
	mem_free(v->opens);
}

void
overrides_add_facts(const struct overrides *v, struct rate_facts *f)
{
	f->overrides = v->limits;
	f->override_count = v->limit_count;
	f->opens = v->opens;
	f->open_count = v->open_count;
}
