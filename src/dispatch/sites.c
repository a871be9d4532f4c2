#include "dispatch/sites.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "send/send.h"

struct sites {
	struct site *all; /* by number */
	size_t count, room;
	size_t *by_code; /* numbers */
	size_t by_code_count, by_code_room;
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
	mem_free(s->by_code);
	mem_free(s);
}

const struct site *
sites_get(const struct sites *s, size_t site)
{
	return &s->all[site];
}

size_t
sites_count(const struct sites *s)
{
	return s->count;
}

/* Where `code` is in by_code, or belongs. */
static size_t
position(const struct sites *s, const char *code)
{
	size_t low = 0, high = s->by_code_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->all[s->by_code[middle]].code, code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
sites_find(const struct sites *s, const char *code)
{
	const size_t at = position(s, code);

	if (at == s->by_code_count || !str_eq(s->all[s->by_code[at]].code, code))
		return SIZE_MAX;
	return s->by_code[at];
}

static bool
lacks_address(const struct outbox_site *s)
{
	struct err why;

	if (s->hold_until_at_ms == 0)
		return false;
	attempt_no_address(s->site, &why);
	return str_eq(s->hold_reason, why.text);
}

static void
describe(struct site *to, const struct outbox_site *from)
{
	memcpy(to->code, from->site, sizeof(to->code));
	/* The outbox tells of each priority first the one without a preference. */
	for (int i = 0; i < OUTBOX_BESTS; i++)
		to->best[i % 2 * CHOOSE_CLASSES + i / 2] =
		    choose_best_of(&from->bests[i]);
	to->failed_count = from->failed_address_count;
	memcpy(to->failed, from->failed_addresses, sizeof(to->failed));
	to->next_at_ms = from->next_at_ms;
	to->hold_until_at_ms = from->hold_until_at_ms;
	to->lacks_address = lacks_address(from);
	to->failures = from->failures;
	to->last_sent_at_ms = from->last_sent_at_ms;
	to->unfinished =
	    from->pending + from->waiting + from->suspended + from->held + from->active;
}

static size_t
add(struct sites *s, const char *code)
{
	const size_t at = position(s, code);

	s->all = mem_grow(s->all, s->count, &s->room, sizeof(*s->all));
	s->all[s->count] = (struct site){0};
	s->by_code = mem_grow(s->by_code, s->by_code_count, &s->by_code_room,
			      sizeof(*s->by_code));
	memmove(&s->by_code[at + 1], &s->by_code[at],
		(s->by_code_count - at) * sizeof(*s->by_code));
	s->by_code[at] = s->count;
	s->by_code_count++;
	return s->count++;
}

/* One sites_refresh(). */
struct refresh {
	struct sites *s;
	void (*each)(void *self, size_t site);
	void *self;
};

static int
keep(void *self, const struct outbox_site *from)
{
	const struct refresh *r = self;
	size_t site = sites_find(r->s, from->site);

	if (site == SIZE_MAX)
		site = add(r->s, from->site);
	describe(&r->s->all[site], from);
	r->each(r->self, site);
	return 0;
}

int
sites_refresh(struct sites *s, struct outbox *o, int64_t now_ms,
	      void (*each)(void *self, size_t site), void *self, struct err *e)
{
	struct refresh r = {s, each, self};

	return outbox_sites_changed(o, now_ms, &s->cursor, keep, &r, e);
}

void
sites_doubt(struct sites *s, size_t site)
{
	s->all[site].next_at_ms = 1; /* long due */
}

int
sites_ask(struct sites *s, struct outbox *o, size_t site, int64_t now_ms, struct err *e)
{
	struct site *to = &s->all[site];
	struct outbox_site now;
	int found;

	if (to->next_at_ms == 0 || to->next_at_ms > now_ms)
		return 0;
	found = outbox_site(o, to->code, now_ms, &now, e);
	if (found < 0)
		return -1;
	if (found)
		describe(to, &now);
	else
		to->next_at_ms = 0;
	return 0;
}
