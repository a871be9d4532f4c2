#include "dispatch/rate_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/metered.h"
#include "dispatch/week.h"

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Of every list of facts the name is the first member. */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
rate_sort(void *list, size_t count, size_t len)
{
	if (count > 0)
		qsort(list, count, len, compare_names);
}

void *
rate_find(const char *name, const void *list, size_t count, size_t len)
{
	return count > 0 ? bsearch(name, list, count, len, compare_names) : NULL;
}

const char *
rate_node_name(enum rate_level level, const char *of, char buf[OUTBOX_NODE_ROOM])
{
	static const char *const words[] = {
	    [RATE_ALL] = "all",
	    [RATE_LINE] = "line",
	    [RATE_SITE] = "site",
	    [RATE_ADDRESS] = "address",
	};

	(void)snprintf(buf, OUTBOX_NODE_ROOM, "%s%s%s", words[level],
		       level == RATE_ALL ? "" : " ", level == RATE_ALL ? "" : of);
	return buf;
}

int64_t
rate_open_until_at_ms(const struct rate_facts *f, const char *site, int64_t now_ms)
{
	const struct open_override *o =
	    rate_find(site, f->opens, f->open_count, sizeof(f->opens[0]));

	return o && now_ms < o->until_at_ms ? o->until_at_ms : 0;
}

/* P1 */
static void
plan_rate(const struct rate_facts *f, struct rate_node *n, int64_t now_ms)
{
	const struct rate_override *o = rate_find(
	    n->name, f->overrides, f->override_count, sizeof(f->overrides[0]));
	struct week_now now;

	if (o && now_ms < o->until_at_ms) {
		n->bytes_per_s = o->bytes_per_s;
		n->until_at_ms = o->until_at_ms;
		return;
	}
	now = week_at(&n->limits->rate, n->zone, now_ms);
	n->bytes_per_s = now.value;
	n->until_at_ms = now.until_at_ms;
}

/* P2 */
static void
plan_budget(const struct rate_facts *f, struct rate_node *n, int64_t now_ms)
{
	const struct rate_used *used =
	    rate_find(n->name, f->used, f->used_count, sizeof(f->used[0]));
	struct zone_span span;
	int64_t bytes;

	n->left_bytes = INT64_MAX;
	if (n->limits->budget.bytes == 0)
		return;
	span = metered_span(&n->limits->budget, n->zone, now_ms);
	/* What was used in another period does not count in this one. */
	bytes = used && used->from_at_ms == span.from_at_ms ? used->bytes : 0;
	n->until_at_ms = least(n->until_at_ms, span.until_at_ms);
	n->left_bytes =
	    bytes < n->limits->budget.bytes ? n->limits->budget.bytes - bytes : 0;
	if (n->left_bytes > 0)
		return;
	n->bytes_per_s = 0;
	n->spent_until_at_ms = span.until_at_ms;
}

static void
add_node(const struct rate_facts *f, struct rate_path *path, struct rate_node node,
	 const char *of, int64_t now_ms)
{
	struct rate_node *n = &path->nodes[path->count++];

	*n = node;
	rate_node_name(n->level, of, n->name);
	plan_rate(f, n, now_ms);
	plan_budget(f, n, now_ms);
	path->bytes_per_s = least(path->bytes_per_s, n->bytes_per_s);
	path->until_at_ms = least(path->until_at_ms, n->until_at_ms);
	if (n->spent_until_at_ms > path->spent_until_at_ms)
		path->spent_until_at_ms = n->spent_until_at_ms;
}

struct rate_path
rate_plan(const struct rate_facts *f, const struct config_site *site,
	  const struct config_address *address, int64_t now_ms)
{
	const struct config_sender *sender = &f->config->sender;
	struct rate_path path = {.bytes_per_s = CONFIG_RATE_UNLIMITED,
				 .until_at_ms = INT64_MAX};
	struct rate_node node = {
	    .level = RATE_ALL, .limits = &sender->limits, .zone = sender->zone};

	add_node(f, &path, node, "", now_ms);
	if (site->line) {
		node.level = RATE_LINE;
		node.limits = &site->line->limits;
		add_node(f, &path, node, site->line->name, now_ms);
	}
	node.level = RATE_SITE;
	node.limits = &site->limits;
	add_node(f, &path, node, site->code, now_ms);
	if (!address)
		return path;
	path.pulse = address->pulse;
	node.level = RATE_ADDRESS;
	node.limits = &address->limits;
	node.zone = address->zone;
	add_node(f, &path, node, address->section, now_ms);
	return path;
}
