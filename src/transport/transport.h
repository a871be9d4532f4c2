/* transport.h - DOOR: a share as an interface.  What `send` knows of a remote place.
 *
 * One struct transport is one connection; it belongs to one thread at a time.  Paths
 * are UTF-8, relative to the share's folder, with '/'; "" is that folder.  A path with
 * "." or "..", a backslash, an empty part or invalid UTF-8 is ERR_REQUEST 123; a
 * server that lists such a name ends the list with ERR_SITE.  Errors carry the kind
 * that decides (base/err.h) and, where there is one, the Win32 code for the log.  After
 * ERR_STOP, or when the line breaks, the transport is dead: every further call fails
 * with the same error.
 *
 * Behind the door: transport.c (the gate for names, remove_tree), lan.c (SMB, over
 * smb/), dir.c (a local folder: courier and tests; oserr.c: errno -> whose fault). */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/pace.h"
#include "base/stop.h"

struct smb_options;

struct transport_stat {
	bool is_dir;
	bool is_link; /* a symlink or reparse point: removed itself, never entered */
	int64_t size_bytes;
	int64_t mtime_ns; /* since 1970; a share keeps 100 ns */
};

/* What was agreed and measured; strings are static or live as long as the transport. */
struct transport_facts {
	const char *dialect; /* "3.1.1"; "" where there is none                      */
	const char *cipher;  /* "AES-128-GCM"; ""                                    */
	const char *signature; /* "AES-GMAC"; "" */
	bool one_by_one; /* the server takes no compounds: each request by itself */
	bool congestion_refused; /* this host does not allow the algorithm asked for */
	int64_t bytes_sent, bytes_received;
	int64_t connect_ms;
	int64_t rtt_us;
	int64_t retransmits;
	int64_t
	    connections; /* most at the same time since transport_set_stop(); 0: none
			      */
};

/* One file on its way; copied, its strings and self must live until done(). */
struct transport_put {
	const char *path;
	int64_t size_bytes;
	int64_t start_bytes; /* resume: bytes below are there already */
	int64_t mtime_ns;
	int (*read)(void *self, int64_t offset, void *buf, size_t len, struct err *e);
	void (*acked)(void *self, int64_t upto_bytes); /* may be NULL */
	void (*done)(void *self,
		     const struct err *e); /* once; NULL: it is there, whole */
	void *self;
};

/* What is no file; copied, with its strings. */
enum transport_change_kind {
	TRANSPORT_MAKE_FOLDER,   /* done(NULL) also when it was there                 */
	TRANSPORT_TOUCH_FOLDER,  /* the last write time of one that is there          */
	TRANSPORT_RENAME,        /* to a name that must be free; else ERR_SITE 183    */
	TRANSPORT_REMOVE_FOLDER, /* an empty one; done(NULL) also when it is missing  */
	TRANSPORT_LOOK,          /* is it there?  If not, done() gets Win32 2 or 3    */
	TRANSPORT_TRY_MOVE,      /* may it be renamed?  Of what lies in a folder that
				  * others have open, no word; nor in a local folder  */
};
struct transport_change {
	enum transport_change_kind kind;
	const char *path;
	const char *to;   /* RENAME                                                   */
	bool hidden;      /* MAKE_FOLDER                                              */
	int64_t mtime_ns; /* TOUCH_FOLDER                                             */
	void (*done)(void *self, const struct err *e); /* once                        */
	void *self;
};

/* What an implementation fills in.  The promises are those of the functions below. */
struct transport_ops {
	void (*free)(void *impl);
	bool (*alive)(void *impl);
	int (*probe)(void *impl, struct err *e);
	void (*set_stop)(void *impl, const struct stop *stop);
	void (*set_pace)(void *impl, const struct pace *pace);
	void (*facts)(void *impl, struct transport_facts *out);
	int (*stat)(void *impl, const char *path, struct transport_stat *out,
		    struct err *e);
	int (*list)(void *impl, const char *path,
		    int (*each)(void *self, const char *name,
				const struct transport_stat *st),
		    void *self, struct err *e);
	int (*space)(void *impl, int64_t *free_bytes, struct err *e);
	int (*mkdir)(void *impl, const char *path, bool hidden, struct err *e);
	int (*rename)(void *impl, const char *from, const char *to, bool replace,
		      struct err *e);
	int (*remove)(void *impl, const char *path, bool is_dir, struct err *e);
	int (*read)(void *impl, const char *path, size_t max, char **out, size_t *len,
		    struct err *e);
	int (*put)(void *impl, const struct transport_put *p, struct err *e);
	int (*change)(void *impl, const struct transport_change *c, struct err *e);
	int (*drain)(void *impl, struct err *e); /* transport_drain_some() */
};

struct transport {
	const struct transport_ops *ops;
	void *impl;
	int (*beat)(void *self, struct err *e); /* see transport_set_beat() */
	void *beat_self;
};

/* Connect to an SMB share; `folder` below it ("" for the root) is made when missing and
 * is what paths are relative to.  Errors as smb_connect(). */
int transport_open_lan(const struct smb_options *o, const char *folder,
		       struct transport **out, struct err *e) MUST_USE;

/* A local folder, which must exist.  ERR_ADDRESS when it does not.  Symlinks below it
 * are never followed; `hidden` means nothing; puts are queued by doing them. */
int transport_open_dir(const char *path, const struct stop *stop,
		       struct transport **out, struct err *e) MUST_USE;

void transport_free(struct transport *t); /* logs off when alive; NULL is fine */
bool transport_alive(const struct transport *t);
int transport_probe(struct transport *t, struct err *e) MUST_USE; /* one round trip */
void transport_set_stop(struct transport *t, const struct stop *stop);
/* From now on bytes leave at that pace (a share: all of them, see smb_set_pace(); a
 * folder: those of files); NULL: as fast as they can.  pace->self must live until the
 * next call. */
void transport_set_pace(struct transport *t, const struct pace *pace);
/* Ask between the steps of what may take long, remove_tree(): -1 ends it with *e.
 * NULL: never. */
void transport_set_beat(struct transport *t, int (*beat)(void *self, struct err *e),
			void *self);
void transport_get_facts(const struct transport *t, struct transport_facts *out);

/* 1: *out is filled; 0: nothing of that name. */
int transport_stat(struct transport *t, const char *path, struct transport_stat *out,
		   struct err *e) MUST_USE;
/* Entries of one folder; each() returns 0 to go on.  ERR_* when there is no such
 * folder. */
int transport_list(struct transport *t, const char *path,
		   int (*each)(void *self, const char *name,
			       const struct transport_stat *st),
		   void *self, struct err *e) MUST_USE;
int transport_space(struct transport *t, int64_t *free_bytes, struct err *e) MUST_USE;
/* 1: made; 0: was there. */
int transport_mkdir(struct transport *t, const char *path, bool hidden,
		    struct err *e) MUST_USE;
/* Replaces an existing file when `replace`, never a folder: then, and when not
 * `replace`, something of that name is ERR_SITE 183. */
int transport_rename(struct transport *t, const char *from, const char *to,
		     bool replace, struct err *e) MUST_USE;
/* A file or an empty folder.  1: gone now; 0: was not there. */
int transport_remove(struct transport *t, const char *path, bool is_dir,
		     struct err *e) MUST_USE;
/* A folder and all in it, or a file.  A missing one is fine.  Holds at most 256 names
 * of each folder on the way; ERR_SITE over 512 folders deep. */
int transport_remove_tree(struct transport *t, const char *path,
			  struct err *e) MUST_USE;
/* A small file whole: 1 and *out (yours, NUL-terminated), 0 when it is not there;
 * ERR_REQUEST when larger than max. */
int transport_read(struct transport *t, const char *path, size_t max, char **out,
		   size_t *len, struct err *e) MUST_USE;

/* Queue a file; waits while the pipeline is full.  done() runs exactly once for each
 * put, inside this or a later call (transport_free() at the latest).  What fails for
 * one file alone goes to its done() and gives 0 here; -1: the connection is dead.  A
 * file that fails in the middle stays as it is, for a resume. */
int transport_put(struct transport *t, const struct transport_put *p,
		  struct err *e) MUST_USE;
/* Queue a change likewise.  Changes and files begin in the order they were queued in,
 * and none waits for another; but what lies in a folder that is being made comes
 * behind it. */
int transport_change(struct transport *t, const struct transport_change *c,
		     struct err *e) MUST_USE;
/* Until every queued put and change is done.  -1: the connection died. */
int transport_drain(struct transport *t, struct err *e) MUST_USE;
/* One step of that: until something happens, a fifth of a second at most.  1: there is
 * more to do. */
int transport_drain_some(struct transport *t, struct err *e) MUST_USE;

#endif
