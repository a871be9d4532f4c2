#include "send/paced.h"

#include "base/clock.h"
#include "base/mem.h"

static int
class_of(enum request_priority priority)
{
	return (int)priority - REQUEST_HIGH;
}

void
paced_init(struct paced *p, enum request_priority priority)
{
	p->user = NULL;
	p->held_since_us = p->held_us = 0;
	p->class_told = class_of(priority);
	atomic_init(&p->class, p->class_told);
}

void
paced_set_priority(struct paced *p, enum request_priority priority)
{
	atomic_store(&p->class, class_of(priority));
}

/* How long bytes waited says whether the limit or the line was the slower one. */
static void
count_held(struct paced *p, int64_t now_us, bool goes)
{
	if (goes && p->held_since_us)
		p->held_us += now_us - p->held_since_us;
	if (goes)
		p->held_since_us = 0;
	else if (!p->held_since_us)
		p->held_since_us = now_us;
}

/* Tens of milliseconds matter here, so this is the one decision by the real clock: what
 * the wall says is in the limits, which others set. */
static int64_t
take(void *self, int64_t want_bytes, int64_t *wait_us)
{
	struct paced *p = self;
	const int class = atomic_load(&p->class);
	const int64_t now_us = clock_us();
	int64_t taken;

	if (class != p->class_told)
		limiter_set_class(p->user, (unsigned)class);
	p->class_told = class;
	taken = limiter_take(p->user, want_bytes, now_us, wait_us);
	count_held(p, now_us, taken > 0);
	return taken;
}

static void
owe(void *self, int64_t bytes)
{
	const struct paced *p = self;

	limiter_owe(p->user, bytes, clock_us());
}

static int64_t
write_bytes(void *self)
{
	const struct paced *p = self;

	return limiter_write_bytes(p->user, clock_us());
}

void
paced_join(struct paced *p, struct limiter *l, const struct config_site *site,
	   const struct config_address *a, struct pace *out)
{
	const char *path[LIMITER_PATH_MAX];
	char *named[LIMITER_PATH_MAX];
	size_t count = 0;

	named[count++] = mem_dup(PACED_ALL);
	if (site->line)
		named[count++] = mem_printf("line %s", site->line->name);
	named[count++] = mem_printf("site %s", site->code);
	named[count++] = mem_printf("address %s", a->section);
	named[count++] = mem_printf("pulse %s", a->section);
	for (size_t i = 0; i < count; i++)
		path[i] = named[i];
	paced_leave(p);
	p->user = limiter_join(l, path, count, (unsigned)atomic_load(&p->class));
	p->class_told = atomic_load(&p->class);
	for (size_t i = 0; i < count; i++)
		mem_free(named[i]);
	*out = (struct pace){
	    .take = take, .owe = owe, .write_bytes = write_bytes, .self = p};
}

void
paced_leave(struct paced *p)
{
	limiter_leave(p->user);
	p->user = NULL;
	p->held_since_us = 0; /* from here on it is no limit that is waited for */
}
