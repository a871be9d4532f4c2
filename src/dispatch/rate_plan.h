/* rate_plan.h - how fast each node on the way to an address may go at an instant, and
 * until when that holds.  Pure; plain values; any thread.
 *
 *   all ("all") > a line ("line south") > a site ("site MS1") > an address
 *   ("address MS1.1")
 *
 *   P1  what a node may do is what its week says in its zone (the address's own; all
 *       others the sender's), or what a person ordered for it meanwhile
 *   P2  a node whose budget is spent may do nothing until its day or month is over, a
 *       person's order or not
 *   P3  the answer holds until until_at_ms, unless the facts change
 *
 * Names of nodes are those of the outbox's usage and of the limiter. */
#ifndef DISPATCH_RATE_PLAN_H
#define DISPATCH_RATE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "config/config.h"
#include "outbox/outbox.h"

enum rate_level { RATE_ALL, RATE_LINE, RATE_SITE, RATE_ADDRESS };
enum { RATE_LEVELS = 4 };

/* `limit NODE RATE [for 2h]`: instead of what the week says. */
struct rate_override {
	char node[OUTBOX_NODE_ROOM];
	int64_t bytes_per_s; /* INT64_MAX: unlimited         */
	int64_t until_at_ms; /* INT64_MAX: until taken back  */
};

/* `open SITE for 2h`: all its addresses are open for all priorities. */
struct open_override {
	char site[SITE_CODE_ROOM];
	int64_t until_at_ms;
};

/* Bytes that went through a node in the period that began at from_at_ms. */
struct rate_used {
	char node[OUTBOX_NODE_ROOM];
	int64_t from_at_ms;
	int64_t bytes;
};

/* Each list sorted by strcmp() of its name, which is its first member. */
struct rate_facts {
	const struct config *config;
	const struct rate_override *overrides;
	size_t override_count;
	const struct open_override *opens;
	size_t open_count;
	const struct rate_used *used;
	size_t used_count;
};

/* Such lists of members of len bytes.  rate_find() returns the one of that name, or
 * NULL. */
void rate_sort(void *list, size_t count, size_t len);
void *rate_find(const char *name, const void *list, size_t count, size_t len);

struct rate_node {
	enum rate_level level;
	char name[OUTBOX_NODE_ROOM];
	const struct config_limits *limits; /* the configuration's                    */
	const struct zone *zone;            /* of its week and its budget             */
	int64_t bytes_per_s;       /* INT64_MAX: unlimited; 0: its budget is spent    */
	int64_t until_at_ms;       /* INT64_MAX: for good                             */
	int64_t left_bytes;        /* of its budget; INT64_MAX: it has none           */
	int64_t spent_until_at_ms; /* its budget is spent till then; 0: it is not     */
};

struct rate_path {
	struct rate_node nodes[RATE_LEVELS]; /* the widest first; no line: three */
	size_t count;
	struct config_pulse pulse; /* of the address; block_bytes 0: none */
	int64_t bytes_per_s;       /* the least of all nodes              */
	int64_t until_at_ms;       /* the first of all nodes              */
	int64_t spent_until_at_ms; /* the last of all nodes; 0: none is spent */
};

/* `address` belongs to `site`; NULL: the path ends at the site. */
struct rate_path rate_plan(const struct rate_facts *f, const struct config_site *site,
			   const struct config_address *address, int64_t now_ms);

/* Until when a person opened the site; 0: nobody did, or it is over. */
int64_t rate_open_until_at_ms(const struct rate_facts *f, const char *site,
			      int64_t now_ms);

/* The name of a node: of a line, a site's code or an address's section ("MS1.1"); for
 * RATE_ALL nothing is read.  Returns buf. */
const char *rate_node_name(enum rate_level level, const char *of,
			   char buf[OUTBOX_NODE_ROOM]);

#endif
