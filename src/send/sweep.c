#include "send/sweep.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/num.h"
#include "send/publish.h"

enum { SWEEP_MAX = 64 }; /* folders at a time; a choice: others come next time */

struct sweep {
	struct run *run;
	char *names[SWEEP_MAX];
	size_t count;
};

/* "812-00c0ffee00c0ffee" is the staging of request 812. */
static bool
parse_name(const char *name, int64_t *request, const char **token)
{
	const char *dash = strchr(name, '-');
	char digits[24];

	if (!dash || (size_t)(dash - name) >= sizeof(digits) ||
	    strlen(dash + 1) != REQUEST_TOKEN_ROOM - 1)
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(dash - name), name);
	*token = dash + 1;
	return num_int(digits, 1, INT64_MAX, request) == 0;
}

static int
keep_name(void *self, const char *name, const struct transport_stat *st)
{
	struct sweep *s = self;
	const char *token;
	int64_t request;

	if (!st->is_dir || st->is_link || !parse_name(name, &request, &token))
		return 0;
	s->names[s->count++] = mem_dup(name);
	return s->count == SWEEP_MAX;
}

static void
remove_one(const struct sweep *s, const char *name)
{
	const struct run *r = s->run;
	const struct attempt_hooks *h = &r->a->hooks;
	AUTO_FREE char *remote = mem_printf(PUBLISH_FOLDER "/%s", name);
	AUTO_FREE char *shown = NULL;
	const char *token;
	int64_t request;
	struct err unused;

	if (!parse_name(name, &request, &token) || !h->is_over(h->self, request, token))
		return;
	shown = run_shown(r, remote);
	event_log(r->a->log, &r->about, EVENT_DELETING, shown);
	(void)!transport_remove_tree(r->transport, remote, &unused);
}

void
sweep_run(struct run *r)
{
	struct sweep s = {.run = r};
	struct err unused;

	if (!r->a->hooks.is_over || !r->transport || !transport_alive(r->transport))
		return;
	(void)!transport_list(r->transport, PUBLISH_FOLDER, keep_name, &s, &unused);
	for (size_t i = 0; i < s.count; i++) {
		if (transport_alive(r->transport))
			remove_one(&s, s.names[i]);
		mem_free(s.names[i]);
	}
}
