/* put.h - the pipeline: files on their way, many at once.
 * ROOM: put.c, put_change.c, put_small.c, put_large.c, bundle.c.
 *
 *               .--> SMALL ---------------------------------------------.
 *   WAITING ----+    CREATE+WRITE+SET_INFO+CLOSE, one compound          |
 *               |                                                       v
 *               +--> OPENING --> WRITING -- (FLUSHING) -> CLOSING --> finished
 *               |    CREATE      WRITE ...   FLUSH        FLUSH+SET_INFO+CLOSE
 *               `--> CHANGE ------------------------------------------->
 *
 *   P1  a job is on `waiting` in WAITING and on `begun` otherwise, until it is finished
 *   P2  done() is called when it leaves: once, whatever happens
 *   P3  acked_bytes never counts a byte behind one that the server has not acknowledged
 *   P4  a handle that was opened is closed before done(), unless the connection died
 *   P5  what lies in a folder that is being made goes out behind it, since servers
 *       mostly keep the order.  Those that do not say that it is not found: then it
 *       waits for the folder and is begun once more
 *   P6  a job that failed starts no further WRITE; it waits for those in flight
 *   P7  SMALL goes over any lane, whatever else the job needs over the first; one that
 *       lies in a folder that is being made goes over the first, too (P5) */
#ifndef SMB_PUT_H
#define SMB_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "smb/busy.h"
#include "smb/chain.h"
#include "smb/engine.h"
#include "smb/line.h"
#include "smb/window.h"

enum job_state {
	JOB_WAITING,
	JOB_CHANGE,
	JOB_SMALL,
	JOB_OPENING,
	JOB_WRITING,
	JOB_FLUSHING,
	JOB_CLOSING,
};

enum lane_state { /* bundle.h; the first lane is always FREE */
		  LANE_FREE,
		  LANE_OPENING,
		  LANE_READY, /* the file of `job` is open: WRITEs may go */
		  LANE_CLOSING,
		  LANE_DEAD,
};

struct lane { /* one connection that WRITEs go over */
	struct puts *puts;
	struct smb *s;
	struct window window;
	unsigned small; /* files in flight, one compound each */
	/* all but the first: */
	enum lane_state state;
	struct job *job; /* a large file; NULL: none */
	struct pdu_file_id id;
	struct chain chain;
	bool used; /* it has carried something */
};

struct block { /* one WRITE of a large file */
	struct block *next;
	struct op op;
	struct job *job;
	struct lane *lane; /* NULL: its lane broke, and no other has it yet */
	struct window_mark mark;
	int64_t offset;
	uint32_t len, done; /* done < len while a short write goes on */
	bool acked;
	uint32_t room;
	uint8_t head[PDU_WRITE_BYTES];
	uint8_t data[];
};

struct job {
	struct job *next, *prev;
	struct puts *puts;
	struct smb_put put;
	bool is_change;           /* no file: `change` says what, put whom to tell */
	struct smb_change change; /* its path and done are put's */
	bool not_small;           /* the server wrote it short: go the long way */
	bool early;               /* begun while a folder above it was being made */
	bool patient;             /* that went wrong: wait for the folder */
	enum job_state state;
	struct chain chain;
	struct lane *lane;       /* SMALL: which it goes over */
	struct window_mark mark; /* SMALL */
	uint32_t written;        /* SMALL: what the server says */
	struct pdu_file_id id;   /* from OPENING on */
	int64_t there_bytes;     /* size at the server when it was opened */
	int64_t next_bytes;      /* where the next WRITE begins */
	int64_t acked_bytes;
	struct block *first, *last; /* not acknowledged, in rising order */
	unsigned in_flight;         /* blocks at the server */
	unsigned orphans;           /* blocks without a lane */
	unsigned lanes;  /* but the first, that have it open or are about to */
	bool alone;      /* the server gives no second handle: the first lane only */
	bool is_flushed; /* by a FLUSH of its own */
	bool releasing;  /* all is written: the lanes shall leave */
	struct err *err; /* the first failure; NULL: none */
};

struct job_list {
	struct job *first, *last;
};

struct puts {
	struct smb *s;
	struct lane first;
	struct line line;      /* the first lane's */
	struct busy busy;      /* the server, likewise */
	struct bundle *bundle; /* the other lanes; NULL: none */
	struct job_list waiting, begun;
	unsigned jobs;                  /* on both lists */
	int64_t waiting_bytes;          /* queued since the last step */
	unsigned small, large, changes; /* begun, by kind */
	int64_t small_done;             /* since the pipeline was idle */
	unsigned folders;               /* begun to be made; of the changes */
	struct job *spare_jobs;
	unsigned n_spare_jobs;
	struct block *spare_blocks;
};

/* Off the queue, into that state. */
void job_begin(struct job *j, enum job_state state);
/* A job that failed keeps the first reason. */
void job_fail(struct job *j, const struct err *e);
/* It is over: tell its owner and forget it. */
void job_finish(struct job *j);
/* The server acknowledged every byte: does it have as many?  A disk behind the share
 * that lost some shows here. */
int job_check_size(const struct job *j, struct err *e) MUST_USE;
/* Back to the front of the queue. */
void job_restart(struct job *j);
/* Not found, and begun before its folder was there (P5): restarted, true. */
bool job_came_early(struct job *j);

bool small_fits(const struct lane *l, const struct job *j);
void small_begin(struct job *j, struct lane *l);
/* The job that waits longest, if it is small and may go over that lane now: begin it.
 * true: it was. */
bool small_take(struct lane *l);

void change_begin(struct job *j);

void large_begin(struct job *j);
bool large_has_more(const struct job *j);
/* Over that lane.  false: it may not now. */
bool large_write_next(struct job *j, struct lane *l);
/* Something came back, or a lane left: is all done? */
void large_go_on(struct job *j);
void large_drop_blocks(struct job *j); /* the connection died */

#endif
