#include "send/idle.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/thread.h"

struct link {
	struct link *next; /* older */
	const struct config_address *to;
	struct transport *transport;
	int64_t since_ms;
};

struct idle {
	pthread_mutex_t lock;
	pthread_cond_t changed;  /* there is something to close, or the end */
	struct link *closing;    /* guarded by lock: cut off, to be closed  */
	bool has_ended;          /* guarded by lock                         */
	struct thread *closer;   /* guarded by lock; NULL: not needed yet   */
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
	(void)pthread_cond_init(&list->changed, NULL);
	list->max_count = max_count;
	list->stop = stop;
	return list;
}

/* A thread of its own says farewell: whoever finds that a connection is too old, the
 * dispatcher above all, has no second to wait for that.  Outside the lock: logging off
 * takes a round trip, which stop ends. */
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

static void
close_all_handed_over(void *self)
{
	struct idle *list = self;

	(void)pthread_mutex_lock(&list->lock);
	for (;;) {
		struct link *l = list->closing;

		list->closing = NULL;
		if (l) {
			(void)pthread_mutex_unlock(&list->lock);
			close_links(list, l);
			(void)pthread_mutex_lock(&list->lock);
		} else if (list->has_ended) {
			break;
		} else {
			(void)pthread_cond_wait(&list->changed, &list->lock);
		}
	}
	(void)pthread_mutex_unlock(&list->lock);
}

/* Under the lock.  Without a thread they wait for idle_free(). */
static void
hand_over(struct idle *list, struct link *old)
{
	struct link **at = &list->closing;
	struct err unused;

	if (!old)
		return;
	while (*at)
		at = &(*at)->next;
	*at = old;
	if (!list->closer && thread_start("farewell", close_all_handed_over, list,
					  &list->closer, &unused) < 0)
		list->closer = NULL;
	(void)pthread_cond_signal(&list->changed);
}

void
idle_free(struct idle *list)
{
	if (!list)
		return;
	(void)pthread_mutex_lock(&list->lock);
	list->has_ended = true;
	(void)pthread_cond_signal(&list->changed);
	(void)pthread_mutex_unlock(&list->lock);
	thread_join(list->closer);
	close_links(list, list->closing);
	close_links(list, list->first);
	(void)pthread_cond_destroy(&list->changed);
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

	*l = (struct link){.to = to, .transport = t, .since_ms = now_ms};
	(void)pthread_mutex_lock(&list->lock);
	if (era != list->era) {
		hand_over(list, l);
	} else {
		l->next = list->first;
		list->first = l;
		list->count++;
	}
	if (list->count > list->max_count) {
		hand_over(list, cut(list, list->max_count));
		list->count = list->max_count;
	}
	(void)pthread_mutex_unlock(&list->lock);
}

int64_t
idle_renew(struct idle *list, size_t max_count)
{
	int64_t era;

	(void)pthread_mutex_lock(&list->lock);
	era = ++list->era;
	list->max_count = max_count;
	hand_over(list, cut(list, 0));
	list->count = 0;
	(void)pthread_mutex_unlock(&list->lock);
	return era;
}

int64_t
idle_close(struct idle *list, int64_t before_ms)
{
	int64_t oldest_ms = INT64_MAX;
	size_t keep = 0;

	(void)pthread_mutex_lock(&list->lock);
	for (struct link *l = list->first; l && l->since_ms >= before_ms; l = l->next) {
		oldest_ms = l->since_ms;
		keep++;
	}
	hand_over(list, cut(list, keep));
	list->count = keep;
	(void)pthread_mutex_unlock(&list->lock);
	return oldest_ms;
}
