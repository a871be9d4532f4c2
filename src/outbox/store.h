/* store.h - what a database must do for the outbox: verbs that speak of requests, sites
 * and packages, not of tables.  A room of outbox; the backends are store_*.c.
 *
 * One struct store per thread.  Each call but open, close and wait stands between
 * begin() and commit() or abort().  Rows that make no sense (request_wrong()) are set
 * aside by the backend and never come out of it.
 * -1: ERR_LOCAL, with what to do; the caller then aborts. */
#ifndef OUTBOX_STORE_H
#define OUTBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/stop.h"
#include "outbox/outbox.h"
#include "outbox/request.h"

enum store_mode {
	STORE_READ,    /* one state of the outbox, however long it takes           */
	STORE_DURABLE, /* alone in writing; on disk when commit() returns          */
	STORE_GROUPED, /* alone in writing; on disk with the next durable commit   */
};

/* Which requests. */
enum store_choice {
	/* In the order of ids, above after_id; of `site` when not NULL: */
	CHOOSE_ALL,
	CHOOSE_OPEN, /* not final */
	/* Not final, with a deadline; of all sites, in the order of ids, above
	 * after_id: */
	CHOOSE_PROMISED,
	/* Active, in the order of ids, above after_id: */
	CHOOSE_CLAIMED,
	/* In any order, after_id does not count: who takes them moves them on. */
	CHOOSE_LEASE_OVER, /* active, lease up to at_ms */
	CHOOSE_EXPIRED,    /* neither final nor active, lifetime up to at_ms */
};
struct store_filter {
	enum store_choice choice;
	const char *site;
	int64_t after_id;
	int64_t at_ms;
};

/* Where a package is on its way out. */
enum package_stage { PACKAGE_KEPT, PACKAGE_FREEING, PACKAGE_FREED };

struct store;

struct store_verbs {
	void (*close)(struct store *s);
	/* outbox_set_patience() */
	void (*set_patience)(struct store *s, int64_t wait_ms);

	int (*begin)(struct store *s, enum store_mode mode, struct err *e);
	/* -1 ERR_UNSURE: it may have happened. */
	int (*commit)(struct store *s, struct err *e);
	void (*abort)(struct store *s);

	/* outbox_add(), inputs checked.  1: filed, 0: the key was there.  ERR_INPUT:
	 * the key was used for other sites or another package; the package was freed.
	 */
	int (*file)(struct store *s, const struct outbox_new *n, struct request_id *ids,
		    struct err *e);
	int (*get)(struct store *s, struct request_id id, struct kept_request *out,
		   struct err *e); /* 1/0/-1 */
	/* Change what get() gave.  0: it was changed or went away since (fencing: never
	 * makes a row). */
	int (*put)(struct store *s, const struct kept_request *k, struct err *e);
	/* Who goes before it in its line gets its priority, where that is higher. */
	int (*raise_line)(struct store *s, struct request_id id, struct err *e);
	/* Did one that goes after it (goes_at, then id), to the same site under the
	 * same name, overtake it: on its way now, or sent?  1: *by; 0; -1. */
	int (*overtaken)(struct store *s, struct request_id id, struct request_id *by,
			 struct err *e);
	/* outbox_override_set(), _clear(), _list(); what is over is not listed. */
	int (*put_override)(struct store *s, const struct outbox_override *v,
			    struct err *e);
	int (*drop_override)(struct store *s, enum outbox_override_kind kind,
			     const char *what, struct err *e); /* 1/0/-1 */
	int (*list_overrides)(struct store *s, int64_t now_ms,
			      struct outbox_override **out, size_t *count,
			      struct err *e);
	/* Up to `room` rows. */
	int (*list)(struct store *s, const struct store_filter *f,
		    struct kept_request *rows, size_t room, size_t *count,
		    struct err *e);

	int (*add_attempt)(struct store *s, const struct outbox_attempt *a,
			   struct err *e);
	int (*list_attempts)(struct store *s, struct request_id id,
			     int64_t after_number, struct outbox_attempt *rows,
			     size_t room, size_t *count, struct err *e);

	/* Keys of the sites: by code; or, with *cursor >= 0, of those that changed
	 * after it, and *cursor moves on.  *keys is the caller's. */
	int (*list_sites)(struct store *s, int64_t *cursor, int64_t **keys,
			  size_t *count, struct err *e);
	/* By key; or, when code is not NULL, by code. */
	int (*get_site)(struct store *s, int64_t key, const char *code, int64_t now_ms,
			struct outbox_site *out, struct err *e); /* 1/0/-1 */
	/* Keep hold_until, hold_reason, failures, address, last_sent, error of a site
	 * that get_site() gave. */
	int (*put_site)(struct store *s, const struct outbox_site *site, struct err *e);

	/* outbox_address_result() of a site that get_site() gave; number 0: all of them
	 * work. */
	int (*put_address)(struct store *s, const char *site,
			   const struct outbox_address *a, struct err *e);
	void (*set_small_first)(struct store *s, bool on);

	/* The next package after *key that no request needs: 1/0/-1. */
	int (*idle_package)(struct store *s, int64_t *key, int64_t failed_before_at_ms,
			    char id[33], struct err *e);
	int (*get_package_stage)(struct store *s, const char *id,
				 enum package_stage *stage, struct err *e); /* 1/0/-1 */
	int (*set_package_stage)(struct store *s, const char *id,
				 enum package_stage stage, struct err *e);

	/* outbox_usage_add() of one; outbox_usage_get() */
	int (*add_usage)(struct store *s, const struct outbox_usage *u, struct err *e);
	int (*get_usage)(struct store *s, const char *node, int64_t from_at_ms,
			 int64_t *bytes, struct err *e);

	/* outbox_learn() of one; outbox_learnt_list() */
	int (*add_learnt)(struct store *s, const struct outbox_learnt *l,
			  struct err *e);
	int (*list_learnt)(struct store *s, struct outbox_learnt **out, size_t *count,
			   struct err *e);

	/* outbox_outlook_set(): one; all go */
	int (*put_outlook)(struct store *s, const struct outbox_outlook *l,
			   struct err *e);
	int (*drop_outlooks)(struct store *s, struct err *e);

	/* Housekeeping that changes no answer; `done` tells that there was some. */
	int (*tidy)(struct store *s, int64_t now_ms, bool *done, struct err *e);
	int (*quarantined)(struct store *s, int64_t *count, struct err *e);

	/* outbox_wait() */
	bool (*wait)(struct store *s, const struct stop *stop, int64_t wait_ms);
};

/* Backends begin with this. */
struct store {
	const struct store_verbs *verbs;
};

/* SQLite, in a folder of this host. */
int store_sqlite_open(const char *folder, bool readonly, struct store **out,
		      struct err *e) MUST_USE;
bool store_sqlite_is_blank(const char *folder); /* outbox_is_blank() */

#endif
