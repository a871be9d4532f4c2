#include "send/prefix.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

void
prefix_init(struct prefix *p, const struct request_progress *from)
{
	*p = (struct prefix){0};
	p->next = from->entries_done;
	p->offset_bytes = from->offset_bytes;
	p->whole_bytes = from->bytes_done - from->offset_bytes;
}

void
prefix_done(struct prefix *p)
{
	mem_free(p->files);
	*p = (struct prefix){0};
}

/* Room behind the last one: the whole ones in front are dropped before more is taken.
 */
static void
make_room(struct prefix *p)
{
	if (p->first + p->count < p->room)
		return;
	if (p->first > p->room / 2) {
		memmove(p->files, p->files + p->first, p->count * sizeof(*p->files));
		p->first = 0;
		return;
	}
	p->files = mem_grow(p->files, p->first + p->count, &p->room, sizeof(*p->files));
}

void
prefix_add(struct prefix *p, int64_t number, int64_t size_bytes, int64_t start_bytes)
{
	assert(number >= p->next);
	make_room(p);
	p->files[p->first + p->count] =
	    (struct prefix_file){number, size_bytes, start_bytes, false};
	p->count++;
	p->next = number + 1;
	p->offset_bytes = 0;
}

/* The added file with that number: they lie in order. */
static struct prefix_file *
find(const struct prefix *p, int64_t number)
{
	size_t low = p->first, high = p->first + p->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (p->files[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	assert(low < p->first + p->count && p->files[low].number == number);
	return &p->files[low];
}

void
prefix_acked(struct prefix *p, int64_t number, int64_t upto_bytes)
{
	struct prefix_file *f = find(p, number);

	if (upto_bytes > f->acked_bytes)
		f->acked_bytes = upto_bytes;
}

void
prefix_whole(struct prefix *p, int64_t number)
{
	find(p, number)->is_whole = true;
	while (p->count > 0 && p->files[p->first].is_whole) {
		p->whole_bytes += p->files[p->first].size_bytes;
		p->first++;
		p->count--;
	}
	if (p->count == 0)
		p->first = 0;
}

void
prefix_last(struct prefix *p, int64_t entries)
{
	assert(entries >= p->next);
	if (entries > p->next)
		p->offset_bytes = 0;
	p->next = entries;
}

struct request_progress
prefix_get(const struct prefix *p)
{
	struct request_progress out = {p->next, p->offset_bytes, p->whole_bytes};

	if (p->count > 0) {
		out.entries_done = p->files[p->first].number;
		out.offset_bytes = p->files[p->first].acked_bytes;
	}
	out.bytes_done += out.offset_bytes;
	return out;
}

bool
prefix_beyond(const struct request_progress *a, const struct request_progress *b)
{
	if (a->entries_done != b->entries_done)
		return a->entries_done > b->entries_done;
	return a->offset_bytes > b->offset_bytes;
}
