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

ptrdiff_t
preempt_victim(const struct preempt_active *all, size_t count, size_t site,
	       bool own_site_only)
{
	ptrdiff_t found = -1;

	for (size_t i = 0; i < count; i++) {
		const struct preempt_active *a = &all[i];

		if (own_site_only && a->site != site)
			continue;
		if (a->leaving)
			return -1;
		if (a->class_index == 0 || a->publishing || a->by_share)
			continue;
		if (found < 0 || costs_less(a, &all[found]))
			found = (ptrdiff_t)i;
	}
	return found;
}
