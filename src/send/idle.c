#include "send/idle.h"

#include <pthread.h>

#include "base/mem.h"

struct link {
	struct link *next; /* older */
	const struct config_address *to;
	struct transport *transport;
	int64_t since_ms;
};

struct idle {
	pthread_mutex_t lock;
	struct link *first;      /* guarded by lock: youngest first */
	size_t count;            /* guarded by lock                 */
	size_t max_count;        /* guarded by lock                 */
	int64_t era;             /* guarded by lock                 */
	const struct stop *stop; /* read-only */
};

struct idle *
idle_new(size_t max_count, const struct stop *stop)
{
	struct idle *list = mem_zero(1, sizeof(*list));

	(void)pthread_mutex_init(&list->lock, NULL);
	list->max_count = max_count;
	list->stop = stop;
	return list;
}

/* Outside the lock: logging off takes a round trip, which stop ends. */
static void
close_links(const struct idle *list, struct link *l)
{
	while (l) {
		struct link *next = l->next;

		transport_set_stop(l->transport, list->stop);
		transport_free(l->transport);
		mem_free(l);
		l = next;
	}
}

void
idle_free(struct idle *list)
{
	if (!list)
		return;
	close_links(list, list->first);
	(void)pthread_mutex_destroy(&list->lock);
	mem_free(list);
}

struct transport *
idle_take(struct idle *list, const struct config_address *to)
{
	struct transport *t = NULL;
	struct link *found = NULL;

	(void)pthread_mutex_lock(&list->lock);
	for (struct link **at = &list->first; *at; at = &(*at)->next) {
		if ((*at)->to != to)
			continue;
		found = *at;
		*at = found->next;
		list->count--;
		break;
	}
	(void)pthread_mutex_unlock(&list->lock);
	if (found)
		t = found->transport;
	mem_free(found);
	return t;
}

/* Cut the list behind its first `keep` links; returns what was behind. */
static struct link *
cut(struct idle *list, size_t keep)
{
	struct link **at = &list->first;
	struct link *rest;

	for (size_t i = 0; i < keep && *at; i++)
		at = &(*at)->next;
	rest = *at;
	*at = NULL;
	return rest;
}

void
idle_give(struct idle *list, const struct config_address *to, struct transport *t,
	  int64_t now_ms, int64_t era)
{
	struct link *l = mem_zero(1, sizeof(*l));
	struct link *old = NULL;

	*l = (struct link){.to = to, .transport = t, .since_ms = now_ms};
	(void)pthread_mutex_lock(&list->lock);
	if (era != list->era) {
		old = l;
	} else {
		l->next = list->first;
		list->first = l;
		list->count++;
	}
	if (list->count > list->max_count) {
		old = cut(list, list->max_count);
		list->count = list->max_count;
	}
	(void)pthread_mutex_unlock(&list->lock);
	close_links(list, old);
}

int64_t
idle_renew(struct idle *list, size_t max_count)
{
	struct link *old;
	int64_t era;

	(void)pthread_mutex_lock(&list->lock);
	era = ++list->era;
	list->max_count = max_count;
	old = cut(list, 0);
	list->count = 0;
	(void)pthread_mutex_unlock(&list->lock);
	close_links(list, old);
	return era;
}

int64_t
idle_close(struct idle *list, int64_t before_ms)
{
	int64_t oldest_ms = INT64_MAX;
	size_t keep = 0;
	struct link *old;

	(void)pthread_mutex_lock(&list->lock);
	for (struct link *l = list->first; l && l->since_ms >= before_ms; l = l->next) {
		oldest_ms = l->since_ms;
		keep++;
	}
	old = cut(list, keep);
	list->count = keep;
	(void)pthread_mutex_unlock(&list->lock);
	close_links(list, old);
	return oldest_ms;
}
