/* fixture.h - a package that is filed, a site that is a local folder, an attempt that
 * is ready to run, and hooks that write down what they are asked. */
#ifndef TEST_SEND_FIXTURE_H
#define TEST_SEND_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stop.h"
#include "send/send.h"

/* A new folder of its own, in memory where there is a place for that: what is tested
 * syncs a lot.  room >= 64. */
void fixture_folder(char *path, size_t room);

/* In a folder: write, read ("" when it is not there), look. */
void fixture_write(const char *root, const char *path, const char *text);
char *fixture_read(const char *root, const char *path);
bool fixture_there(const char *root, const char *path);

struct fixture {
	char root[64];
	char *source; /* what was filed                              */
	char *store;
	char *share[2]; /* the folders that the addresses MS1.1, MS1.2 are */
	char section[2][8];
	struct config_address addresses[2];
	struct config_site site;
	struct config_sender settings;
	struct request request;
	struct package *package;
	struct stop *stop;
	struct log *log;
	struct err e;

	/* what the hooks do */
	unsigned fail_at[8]; /* the n-th connection breaks at that call; 0: never */
	struct err fault;
	struct transport
	    *lent;            /* an idle connection, for the first who asks; or NULL */
	unsigned connections; /* asked for so far                                 */
	int64_t order_after;  /* heard at that call of progress(); 0: never       */
	enum outbox_order order;
	int64_t stop_after; /* stop is thrown at that call; 0: never              */
	const char *over;   /* token of a request that is over; NULL: none        */

	/* what the hooks saw */
	int64_t reports;
	struct request_progress last;
	int begun, paused, given_back, hashed;
	enum request_state steps[16];
	char places[16][PLACE_ROOM];
	size_t step_count;
};

/* A package of some folders and files, one of `big_bytes`; is_tree false: only that. */
void fixture_init(struct fixture *f, bool is_tree, size_t big_bytes);
void fixture_done(struct fixture *f);

/* File the package, again or by reference, and make it what is sent. */
void fixture_file(struct fixture *f, bool by_reference);

/* The same, stored, under another name: its requests stand in no line with others. */
void fixture_file_named(struct fixture *f, const char *name, bool by_reference);

/* Run one attempt.  What it kept goes into f->request, as the outbox would keep it. */
struct attempt_result fixture_run(struct fixture *f);

/* What is published at that share is the package, whole, and nothing is left over. */
void fixture_check_published(const struct fixture *f, size_t share);

/* The lines of the log, joined by '\n'; yours. */
char *fixture_log(const struct fixture *f);

#endif
