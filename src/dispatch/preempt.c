#include "dispatch/preempt.h"

/* Is a the better one to suspend? */
static bool
costs_less(const struct preempt_active *a, const struct preempt_active *b)
{
	if (a->class_index != b->class_index)
		return a->class_index > b->class_index;
	if (a->bytes_done != b->bytes_done)
		return a->bytes_done < b->bytes_done;
	return a->id > b->id;
}

/* site: NULL: of the whole sender. */
static bool
find_victim(const struct preempt_ask *ask, const size_t *site, size_t *out)
{
	bool found = false;

	for (size_t i = 0; i < ask->count; i++) {
		const struct preempt_active *a = &ask->all[i];

		if (!a->holds_slot || (site && a->site != *site))
			continue;
		if (a->leaving)
			return false;
		if (a->class_index == 0 || a->publishing || a->by_share)
			continue;
		if (!found || costs_less(a, &ask->all[*out]))
			*out = i;
		found = true;
	}
	return found;
}

/* One that is connected and waits for a slot, or one that could connect in one. */
static int64_t
find_urgent(const struct preempt_ask *ask)
{
	for (size_t i = 0; i < ask->count; i++)
		if (ask->all[i].waits_urgent)
			return ask->all[i].id;
	return ask->urgent;
}

static int64_t
count_slots(const struct preempt_ask *ask)
{
	int64_t slots = 0;

	for (size_t i = 0; i < ask->count; i++)
		slots += ask->all[i].holds_slot;
	return slots;
}

bool
preempt_next(const struct preempt_ask *ask, struct preempt_found *out)
{
	out->urgent = find_urgent(ask);
	if (out->urgent && count_slots(ask) >= ask->max_sendings &&
	    find_victim(ask, NULL, &out->victim))
		return true;
	for (size_t i = 0; i < ask->count; i++) {
		out->urgent = ask->all[i].crowded;
		if (out->urgent && find_victim(ask, &ask->all[i].site, &out->victim))
			return true;
	}
	return false;
}
