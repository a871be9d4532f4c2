#include "smb/habits.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

enum { HANG_UPS_MAX = 2 }; /* one may be a line that broke; a choice */

struct habit {
	struct habit *next; /* set before it is pushed; then read-only, as the name */
	char *server;
	uint16_t port;
	atomic_bool refuses;
	atomic_uint hang_ups; /* since a compound last worked */
};

/* Pushed, never taken off: there are as many as servers in the configuration. */
static _Atomic(struct habit *) all;

static struct habit *
find(const char *server, uint16_t port)
{
	struct habit *h = atomic_load(&all);

	while (h && (h->port != port || !str_eq(h->server, server)))
		h = h->next;
	return h;
}

/* Two threads may add the same server at once; then the younger one counts. */
static struct habit *
add(const char *server, uint16_t port)
{
	struct habit *h = mem_zero(1, sizeof(*h));

	h->server = mem_dup(server);
	h->port = port;
	atomic_init(&h->refuses, false);
	atomic_init(&h->hang_ups, 0);
	h->next = atomic_load(&all);
	while (!atomic_compare_exchange_weak(&all, &h->next, h))
		;
	return h;
}

bool
habits_take_compounds(const char *server, uint16_t port)
{
	struct habit *h = find(server, port);

	return !h ||
	       (!atomic_load(&h->refuses) && atomic_load(&h->hang_ups) < HANG_UPS_MAX);
}

void
habits_saw(const char *server, uint16_t port, enum habits_compound what)
{
	struct habit *h = find(server, port);

	if (!h && what == HABITS_WORKED)
		return;
	if (!h)
		h = add(server, port);
	switch (what) {
	case HABITS_WORKED:
		atomic_store(&h->hang_ups, 0);
		break;
	case HABITS_REFUSED:
		atomic_store(&h->refuses, true);
		break;
	case HABITS_HUNG_UP:
		(void)atomic_fetch_add(&h->hang_ups, 1);
		break;
	}
}

void
habits_forget(void)
{
	struct habit *h = atomic_exchange(&all, NULL);

	while (h) {
		struct habit *next = h->next;

		mem_free(h->server);
		mem_free(h);
		h = next;
	}
}
