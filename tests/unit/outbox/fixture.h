/* fixture.h - an outbox in a folder of its own, and short words for what tests do. */
#ifndef TESTS_OUTBOX_FIXTURE_H
#define TESTS_OUTBOX_FIXTURE_H

#include <stdint.h>

#include "outbox/outbox.h"

#define NOW      INT64_C(921667576000) /* ms; 1999-03-17, when the seed was written */
#define LIFETIME INT64_C(604800000)    /* ms; 7 days                               */
#define LEASE    INT64_C(300000)       /* ms; 5 minutes                            */

struct fixture {
	char folder[64];
	struct outbox *o; /* opened by fixture_enter() */
	struct err e;
};

/* cmocka set-up and tear-down; *state is a struct fixture. */
int fixture_enter(void **state);
int fixture_leave(void **state);

/* A second handle onto the same outbox; yours to close. */
struct outbox *fixture_open(struct fixture *f);

/* File one request to `site`, medium, at NOW; each with a package of its own, 1000
 * bytes. */
struct request_id fixture_file(struct fixture *f, const char *site);
/* The same with what is not 0 or NULL in `n`. */
struct request_id fixture_file_as(struct fixture *f, const char *site,
				  struct outbox_new n);

/* The same, of a package with that name. */
struct request_id fixture_file_named(struct fixture *f, const char *site,
				     const char *name, struct outbox_new n);

/* Each of these fails the test when the verb fails. */
void fixture_get(struct fixture *f, struct request_id id, struct request *out);
void fixture_site(struct fixture *f, const char *site, int64_t now_ms,
		  struct outbox_site *out);
/* Claim it as "host:1" at now_ms; the owner is in out->owner. */
void fixture_claim(struct fixture *f, struct request_id id, int64_t now_ms,
		   struct request *out);
/* Bring a PENDING request into any state, by the verbs. */
void fixture_bring(struct fixture *f, struct request_id id, enum request_state to,
		   struct request *out);
/* End the attempt of *r in `to`. */
void fixture_finish(struct fixture *f, const struct request *r, enum request_state to,
		    int64_t now_ms);

/* Run SQL on the database behind the outbox's back, with checks off and the schema open
 * to writing.  Only SQLite's own tests use it. */
void fixture_sql(const struct fixture *f, const char *sql);
int64_t fixture_number(const struct fixture *f, const char *sql);

#endif
