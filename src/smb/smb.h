/* smb.h - DOOR of the SMB 2/3 client engine: one connection to one share.
 *
 * A struct smb is one TCP connection, one session, one tree.  It belongs to one thread
 * at a time and can be handed over between calls.  Nothing here knows of packages,
 * requests or sites; names are what MS-SMB2 and MS-FSCC call things.
 *
 * Calls come in two kinds.  Plain calls (smb_open, smb_stat, ...) send and wait for
 * their reply.  Queued calls (smb_put, smb_change) go into the pipeline and
 * return at once, or after making room; their `done` runs inside some later call on the
 * same struct smb.  While a plain call waits, queued ones go on: one poll loop drives
 * everything.
 *
 * Every wait ends: by the reply, the connect / request / no-progress deadline, or
 * `stop`. After ERR_ATTEMPT, ERR_STOP or any failure of the connection the struct smb
 * is dead: every further call fails at once with the same error and smb_free() is all
 * that is left. A status for one operation (OBJECT_NAME_NOT_FOUND, DISK_FULL, ...)
 * leaves it alive: smb_alive() tells.
 *
 * The server is not trusted: every reply is bounds-checked and, with signing, verified.
 *
 * Callbacks (read, acked, done) run inside a call on the same struct smb and must not
 * make another one, but smb_put() and smb_change(), which then only queue.
 *
 * Behind the door: pdu_request.c and pdu_reply.c (messages), dial.c (TCP), conn.c,
 * conn_out.c, conn_pace.c and conn_in.c (poll loop), credits.c, window.c, crypto.c and
 * keys.c (keys, signing, encryption), auth.c, login.c, login_kerberos.c, anonymous.c,
 * nthash.c and gss.c (log-ons, by GSSAPI), tickets.c, kdc.c, prepare.c, errand.c (calls
 * that may hang), negotiate.c, session.c, chain.c (requests about one file as one),
 * habits.c (what servers are like), smb.c, options.c, file.c, query.c, put.c,
 * put_change.c, put_small.c, put_large.c, line.c, busy.c and bundle.c (pipeline),
 * ntstatus.c (status -> Win32, text), blame.c (status -> whose fault), speed.c (this
 * machine). */
#ifndef SMB_SMB_H
#define SMB_SMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pace.h"
#include "base/stop.h"

enum smb_dialect { /* MS-SMB2 2.2.3 */
		   SMB_DIALECT_202 = 0x0202,
		   SMB_DIALECT_210 = 0x0210,
		   SMB_DIALECT_300 = 0x0300,
		   SMB_DIALECT_302 = 0x0302,
		   SMB_DIALECT_311 = 0x0311,
};

enum smb_want { SMB_OFF, SMB_WANTED, SMB_REQUIRED };

enum smb_auth {
	SMB_AUTH_NTLM,      /* account + password, NTLMv2 by gss-ntlmssp              */
	SMB_AUTH_KERBEROS,  /* keytab, ccache or password                             */
	SMB_AUTH_NEGOTIATE, /* Kerberos where it works, else NTLMv2 when a password is
			       there */
	SMB_AUTH_GUEST,     /* only when an address says so                           */
	SMB_AUTH_ANONYMOUS, /* likewise                                               */
};

struct smb_options {
	/* where */
	const char *server; /* name as in \\server\share; for the SPN and UNC path  */
	const char *share;
	const char
	    *connect_host;     /* NULL: server; else where TCP goes (tests, tunnels)  */
	uint16_t connect_port; /* 0: 445                                              */

	/* who; secrets are copied into wiped memory and private to this connection */
	enum smb_auth auth;
	const char *account;  /* "CORP\smssend", "smssend@corp.test", "smssend"      */
	const char *password; /* NULL: none                                          */
	const char *keytab;   /* path, or NULL                                       */
	const char *ccache;   /* "FILE:/...", or NULL                                */

	/* how */
	enum smb_want signing; /* SMB_REQUIRED unless the address says otherwise      */
	enum smb_want encrypt;
	enum smb_dialect dialect_min, dialect_max; /* 0: 2.0.2 and 3.1.1 */
	bool compounds; /* false: the plain chain only; a server that chokes on
			 * compounds is found out, and remembered (habits.h)      */
	const char
	    *congestion; /* "bbr", "cubic", ... for TCP_CONGESTION; "auto": the host's
			  * own, and bbr, where allowed, once packets are lost without
			  * need; NULL: the host's */
	/* most connections side by side where one loses packets and does not fill the
	 * line, or the server is slower with small files than the line; 0 or 1: never
	 * more than one */
	unsigned connections;
	int64_t window_max_bytes; /* most bytes of WRITE in flight; 0: 16 MiB */
	/* largest WRITE; 0: 512 KiB; the server's limit holds too */
	uint32_t write_max_bytes;
	bool flush; /* queued puts reach the server's disk before `done`   */

	/* deadlines, all in ms; 0 takes the default in brackets */
	int64_t connect_ms;  /* TCP and log-on together [15,000]                    */
	int64_t request_ms;  /* one request, from when it was sent [60,000]; each
			      * PENDING starts it anew, as often as the engine allows */
	int64_t progress_ms; /* no byte moved either way while waiting [30,000]; it does
			      * not run while all that waits has had a PENDING      */
	const struct stop *stop; /* NULL: never */
	const struct clock *clock;
};

struct smb;

/* Once, in a program with threads and before its first: NTLM log-ons of several threads
 * then ask nothing that is shared.  Sets NETBIOS_COMPUTER_NAME (the host's name) and
 * NETBIOS_DOMAIN_NAME in the environment, where they are not there. */
void smb_prepare(void);

/* How many calls that were given up (to a KDC or a name server that does not answer)
 * are still in a library.  They cannot be cancelled.  A program that has some when it
 * ends calls quick_exit(): exit() would take away what they use. */
size_t smb_still_out(void);

/* A session that expires on the way (as Kerberos tickets do) is renewed by itself: the
 * options are kept for that, their secrets in memory that is wiped.  When no KDC
 * answers then, or the ticket in the cache has expired, that is ERR_ATTEMPT: it may
 * pass.
 *
 * Kerberos tickets that were got by keytab or password stay in the memory of the
 * process for the next connection of that account to that server.  They are got anew
 * while a quarter of their life is left (tickets.h), or when the keytab is another one,
 * or when the server refused something.  A ticket cache is read at each connection.
 *
 * Connect, negotiate, log on, connect the tree.  Errors a caller acts on:
 *   ERR_ADDRESS  53 (no such host, refused, unreachable, timed out), 67 (no such
 * share), 1326 (wrong account or password: never tried a second time), 5 (no rights),
 * 1311 (no KDC can be reached), SMB1-only server, signing or encryption required but
 * not to be had ERR_ATTEMPT  the line broke in the middle ERR_STOP */
int smb_connect(const struct smb_options *o, struct smb **out, struct err *e) MUST_USE;

/* The ticket cache of whoever runs this process: $KRB5CCNAME, else what krb5.conf or
 * the library has for a user.  Yours to free; for an account that somebody at a
 * terminal got by kinit. */
int smb_own_ccache(char **out, struct err *e) MUST_USE;

/* Close open handles, log off when alive (the answer is not waited for), free.  NULL
 * is fine. */
void smb_free(struct smb *s);

bool smb_alive(const struct smb *s);

/* One ECHO there and back: is an idle connection still good?  -1 also when nothing
 * moves for 2 s. */
int smb_echo(struct smb *s, struct err *e) MUST_USE;

/* Another stop switch for the calls to come: a kept connection serves another request.
 */
void smb_set_stop(struct smb *s, const struct stop *stop);

/* From now on bytes leave at that pace, over all connections; NULL: as fast as they
 * can.  What the log-on took is paid for then.  A deadline does not run while it is we
 * who wait.  pace->self must live until the next call. */
void smb_set_pace(struct smb *s, const struct pace *pace);

/* What was agreed and measured. */
struct smb_facts {
	enum smb_dialect dialect;
	const char *cipher; /* "AES-128-GCM" ..., "" unencrypted; static              */
	const char
	    *signature; /* "AES-GMAC", "AES-CMAC", "HMAC-SHA256", "" unsigned; static */
	uint32_t max_write_bytes, max_read_bytes;
	uint32_t credits; /* granted and unused now                                 */
	int64_t bytes_sent, bytes_received; /* on the socket, all PDUs */
	int64_t connect_ms; /* TCP and log-on                                         */
	int64_t rtt_us;     /* smallest round trip by TCP_INFO; 0: unknown            */
	int64_t retransmits; /* TCP segments */
	/* most that carried files at the same time, since smb_set_stop() */
	unsigned connections;
	unsigned renewals; /* how often the session expired and was renewed in place */
	bool kerberos;
	bool one_by_one; /* compounds were asked for, and the server refuses them */
	bool congestion_refused; /* the host does not allow the one asked for */
};
void smb_get_facts(const struct smb *s, struct smb_facts *out);

/* --- names ---------------------------------------------------------------------------
 * Paths are UTF-8, relative to the share, with '/' or '\\'; "" is the share's root.  A
 * name that cannot be said in UTF-16 is ERR_REQUEST 123. */

enum smb_kind { SMB_FILE, SMB_DIR };

struct smb_stat {
	enum smb_kind kind;
	int64_t size_bytes;
	int64_t allocated_bytes;
	int64_t mtime_100ns; /* FILETIME: 100 ns since 1601 (MS-DTYP 2.3.3) */
	uint32_t attributes; /* MS-FSCC 2.6 */
	uint64_t file_id; /* 0: unknown                                               */
};

/* 1: it is there and *out is filled; 0: it is not (name or path not found).  Of a link
 * (symlink, junction) it tells of the link itself, as smb_rename() and smb_delete() act
 * on it; links on the way to it are followed. */
int smb_stat(struct smb *s, const char *path, struct smb_stat *out,
	     struct err *e) MUST_USE;

/* Make one folder.  1: made; 0: a folder was there.  A file of that name is ERR_SITE
 * 183. attributes: 0, or FILE_ATTRIBUTE_HIDDEN (0x2). */
int smb_mkdir(struct smb *s, const char *path, uint32_t attributes,
	      struct err *e) MUST_USE;

/* Rename within the share.  replace: an existing *file* is replaced (never a folder).
 * Errors: ERR_ATTEMPT 32/5 target or source in use; 183 when it exists and not replace.
 */
int smb_rename(struct smb *s, const char *from, const char *to, bool replace,
	       struct err *e) MUST_USE;

/* Delete a file or an empty folder.  1: gone now; 0: it was not there. */
int smb_delete(struct smb *s, const char *path, enum smb_kind kind,
	       struct err *e) MUST_USE;

/* Each entry of a folder but "." and "..".  each() returns 0 to go on, else the list
 * ends and its value is returned.  `name` is borrowed. */
int smb_list(struct smb *s, const char *path,
	     int (*each)(void *self, const char *name, const struct smb_stat *st),
	     void *self, struct err *e) MUST_USE;

/* Bytes this account may still write (FileFsFullSizeInformation: honours quota). */
int smb_space(struct smb *s, int64_t *free_bytes, struct err *e) MUST_USE;

/* --- plain file calls ------------------------------------------------------------- */

struct smb_file;

/* For reading; it must be there, and others may read it, too. */
int smb_open(struct smb *s, const char *path, struct smb_file **out,
	     struct err *e) MUST_USE;
int smb_close(struct smb_file *f,
	      struct err *e) MUST_USE; /* frees f whatever happens */
int smb_read(struct smb_file *f, int64_t offset, void *buf, size_t len, size_t *got,
	     struct err *e) MUST_USE; /* *got < len: end of file */

/* --- the pipeline ----------------------------------------------------------------- */

/* One file on its way.  The struct is copied; strings and self must live until done().
 */
struct smb_put {
	const char *path;
	int64_t size_bytes; /* of the whole file                                     */
	int64_t
	    start_bytes; /* resume: bytes below are there already; 0: from scratch */
	int64_t mtime_100ns; /* 0: leave it to the server                             */

	/* Fill buf with exactly len bytes at offset; called in rising order, ahead of
	 * the wire.  -1 ends this put with *e. */
	int (*read)(void *self, int64_t offset, void *buf, size_t len, struct err *e);
	/* All bytes below upto_bytes are acknowledged.  May be NULL. */
	void (*acked)(void *self, int64_t upto_bytes);
	/* Called once, whatever happens.  e: NULL on success - size set, times set,
	 * flushed when asked, closed. */
	void (*done)(void *self, const struct err *e);
	void *self;
};

/* Queue a put; waits while the pipeline is full.  Small files go as one compound
 * (CREATE+WRITE+SET_INFO+CLOSE), hundreds in flight; larger ones as a stream of WRITEs.
 * Returns -1 only when the connection is dead.  done() is called exactly once for each
 * smb_put(), also when it returns -1: before it does, then.
 */
int smb_put(struct smb *s, const struct smb_put *p, struct err *e) MUST_USE;

/* Run until every queued put is done.  -1: the connection died; every done() has run.
 */
int smb_drain(struct smb *s, struct err *e) MUST_USE;

/* One step of that: wait until something happens, a fifth of a second at most.
 * 1: not every put is done yet. */
int smb_drain_some(struct smb *s, struct err *e) MUST_USE;

/* What is no file, pipelined: queued like a put.  Requests go out in the order they
 * were queued in, and nothing waits for another one's answer; but what lies in a folder
 * that is being made, and is not found, is tried once more when the folder is there. */
enum smb_change_kind {
	SMB_MAKE_FOLDER,   /* done(NULL) also when it was there                       */
	SMB_TOUCH_FOLDER,  /* the last write time of one that is there                */
	SMB_RENAME,        /* to a name that must be free                             */
	SMB_REMOVE_FOLDER, /* an empty one; done(NULL) also when it was not there     */
	SMB_LOOK,          /* is it there?  If not, done() gets Win32 2 or 3          */
	SMB_TRY_MOVE,      /* may it be renamed?  Errors as smb_rename(); what others
			    * have open in a folder is not told                       */
};

struct smb_change { /* copied; its strings must live until done() */
	enum smb_change_kind kind;
	const char *path;
	const char *to;      /* RENAME                                                */
	uint32_t attributes; /* MAKE_FOLDER: 0, or FILE_ATTRIBUTE_HIDDEN (0x2)        */
	int64_t mtime_100ns; /* TOUCH_FOLDER                                          */
	void (*done)(void *self, const struct err *e); /* once                        */
	void *self;
};
int smb_change(struct smb *s, const struct smb_change *c, struct err *e) MUST_USE;

/* --- this machine ------------------------------------------------------------------
 */

struct smb_speed {
	const char *name; /* "AES-128-GCM", "AES-CMAC"; static                       */
	bool is_cipher;   /* else a signature                                        */
	int64_t
	    bytes_per_s; /* of payload, by one thread; 0: it does not work          */
	const struct err *trouble; /* why not; NULL: it works */
};

/* Each cipher and signature by the code that sends, for `for_ms` each, after one
 * message was made and understood as a server would.  0; 1: some do not work; -1:
 * ERR_STOP. */
int smb_measure_crypto(int64_t for_ms, const struct stop *stop,
		       void (*each)(void *self, const struct smb_speed *speed),
		       void *self, struct err *e) MUST_USE;

/* --- status ----------------------------------------------------------------------- */

struct smb_status_info {
	uint32_t ntstatus; /* MS-ERREF 2.3                                            */
	const char *name;  /* "STATUS_BAD_NETWORK_NAME"                               */
	uint32_t win32;    /* MS-ERREF 2.2: 67                                        */
	const char *text;  /* what it means here and what to look at, in words        */
	enum err_kind kind; /* whose fault */
};

/* The one table.  Never NULL: an unknown status gets a row that says so. */
const struct smb_status_info *smb_status(uint32_t ntstatus);

#endif
