#include "send/places.h"

#include "base/mem.h"

void
places_init(struct places *at, const struct publish *p)
{
	at->staged = mem_printf("%s/%s", p->staging, p->name);
	at->staged_manifest = mem_printf("%s" PUBLISH_SUFFIX, at->staged);
	at->live = mem_dup(p->name);
	at->live_manifest = mem_printf("%s" PUBLISH_SUFFIX, p->name);
	at->previous = mem_printf(PUBLISH_PREVIOUS "/%s", p->name);
	at->previous_manifest = mem_printf("%s" PUBLISH_SUFFIX, at->previous);
}

void
places_done(struct places *at)
{
	mem_free(at->staged);
	mem_free(at->staged_manifest);
	mem_free(at->live);
	mem_free(at->live_manifest);
	mem_free(at->previous);
	mem_free(at->previous_manifest);
}

int
places_is_there(const struct publish *p, const char *path, struct err *e)
{
	struct transport_stat st;

	if (p->beat && p->beat(p->self, e) < 0)
		return -1;
	return transport_stat(p->transport, path, &st, e);
}
