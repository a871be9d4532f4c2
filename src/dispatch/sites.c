#include "dispatch/sites.h"

#include <string.h>

#include "base/mem.h"

struct sites {
	struct site *all; /* by code */
	size_t count, room;
	int64_t cursor; /* of outbox_sites_changed() */
};

struct sites *
sites_new(void)
{
	return mem_zero(1, sizeof(struct sites));
}

void
sites_free(struct sites *s)
{
	if (!s)
		return;
	mem_free(s->all);
	mem_free(s);
}

const struct site *
sites_all(const struct sites *s, size_t *count)
{
	*count = s->count;
	return s->all;
}

/* Where `code` is, or belongs. */
static size_t
position(const struct sites *s, const char *code)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->all[middle].code, code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
describe(struct site *to, const struct outbox_site *from)
{
	memcpy(to->code, from->site, sizeof(to->code));
	to->best = from->best;
	to->priority = from->best_priority;
	to->filed_at_ms = from->best_filed_at_ms;
	to->next_at_ms = from->next_at_ms;
	to->hold_until_at_ms = from->hold_until_at_ms;
	to->failures = from->failures;
	to->last_sent_at_ms = from->last_sent_at_ms;
	to->unfinished =
	    from->pending + from->waiting + from->suspended + from->held + from->active;
}

static int
keep(void *self, const struct outbox_site *from)
{
	struct sites *s = self;
	size_t at = position(s, from->site);

	if (at == s->count || strcmp(s->all[at].code, from->site) != 0) {
		s->all = mem_grow(s->all, s->count, &s->room, sizeof(*s->all));
		memmove(&s->all[at + 1], &s->all[at],
			(s->count - at) * sizeof(*s->all));
		s->count++;
	}
	describe(&s->all[at], from);
	return 0;
}

void
sites_ask_again(struct sites *s, const char *code)
{
	const size_t at = position(s, code);

	if (at < s->count && strcmp(s->all[at].code, code) == 0)
		s->all[at].next_at_ms = 1; /* long due */
}

/* Restart times and not-befores that have come since the site was described. */
static int
refresh_due(struct sites *s, struct outbox *o, int64_t now_ms, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		struct outbox_site now;
		int found;

		if (s->all[i].next_at_ms == 0 || s->all[i].next_at_ms > now_ms)
			continue;
		found = outbox_site(o, s->all[i].code, now_ms, &now, e);
		if (found < 0)
			return -1;
		if (found)
			describe(&s->all[i], &now);
		else
			s->all[i].next_at_ms = 0;
	}
	return 0;
}

int
sites_refresh(struct sites *s, struct outbox *o, int64_t now_ms, struct err *e)
{
	if (outbox_sites_changed(o, now_ms, &s->cursor, keep, s, e) < 0)
		return -1;
	return refresh_due(s, o, now_ms, e);
}
