/* config.h - DOOR: the INI files that a person writes -> struct config.
 *
 * One table (keys.c) names every key with its section, unit, default, range and
 * sentence; the parser, the errors, `lansender check --keys` and the manual come from
 * it. Backslashes are literal.  Every error is ERR_INPUT and names file, line, key and
 * what would be right.  A struct config never changes after it was loaded; any thread
 * may read.
 * Behind the door: keys.c (the table), value.c (text -> field), week.c (lines of a
 * schedule or rate -> a week), parse.c (lines -> sections), build.c (sections ->
 * struct), check.c (does an address fit together), load.c (files), config.c (lookups),
 * secret.c (password files, systemd credentials) */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address/address.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/zone.h"

enum config_want { CONFIG_OFF, CONFIG_WANTED, CONFIG_REQUIRED };
enum config_auth { /* how an address logs on */
		   CONFIG_AUTH_NEGOTIATE,
		   CONFIG_AUTH_NTLM,
		   CONFIG_AUTH_KERBEROS,
		   CONFIG_AUTH_GUEST,
		   CONFIG_AUTH_ANONYMOUS,
};
enum config_type { /* sender type of an address */
		   CONFIG_TYPE_LAN,
		   CONFIG_TYPE_DIR,
		   CONFIG_TYPE_UNKNOWN, /* of another sender: never used here */
};

/* ---- what the hours of a week say -------------------------------------------- */

enum {
	CONFIG_DAY_MIN = 24 * 60,
	CONFIG_WEEK_MIN = 7 * CONFIG_DAY_MIN /* minute 0 is Monday 00:00 */
};

struct config_step {
	int32_t from_min; /* of the week; the first is 0; until the next, or the end */
	int64_t value;
};

/* A value for each minute of the week, in the zone of its section.  dispatch/week.h
 * says which one holds at an instant. */
struct config_week {
	struct config_step *steps; /* neighbours differ */
	int32_t step_count;        /* 0, or at least 2  */
	int64_t always;            /* when there are no steps */
};

/* Values of a schedule: what the address may send in this slot, and whether it may
 * stand in for one that failed.  Zero is what no line covers: open. */
enum {
	CONFIG_SLOT_ALL = 0,    /* high, medium and low */
	CONFIG_SLOT_MEDIUM = 1, /* high and medium      */
	CONFIG_SLOT_HIGH = 2,   /* high only            */
	CONFIG_SLOT_CLOSED = 3,
	CONFIG_SLOT_LETS = 3,          /* mask of these four */
	CONFIG_SLOT_NO_SUBSTITUTE = 4, /* a bit beside them  */
};

/* Values of a rate are bytes per second. */
#define CONFIG_RATE_UNLIMITED INT64_MAX
#define CONFIG_RATE_MIN       INT64_C(125) /* 1kbit/s, a thin line; a choice */

enum config_per { CONFIG_PER_DAY, CONFIG_PER_MONTH };
struct config_budget { /* what a metered line may carry */
	int64_t bytes; /* 0: as much as one likes */
	enum config_per per;
};

/* What the sender in all, a line, a site and an address each say. */
struct config_limits {
	struct config_week rate;   /* bytes/s                                     */
	int64_t speed_bytes_per_s; /* of the line, for rates in percent; 0: unsaid */
	struct config_budget budget;
};

struct config_pulse {        /* one block, and then a rest */
	int64_t block_bytes; /* 0: no pulse */
	int64_t every_ms;
};

struct config_line { /* what several sites share */
	char *name;
	struct config_limits limits;
};

/* ---- the sections ------------------------------------------------------------- */

struct config_address {
	char *section;         /* "MS1.1": site code, dot, number                     */
	unsigned number;       /* the order: 1 is tried first                         */
	enum config_type type; /* type = lan | dir, or what nobody here knows         */
	char *type_name;       /* as it was typed                                     */
	struct address where;  /* lan: server, share, folder; what log lines print    */
	char *path;            /* dir: the local folder                               */
	char *connect_host;    /* connect_to; NULL: where.host                        */
	uint16_t connect_port; /* 0: where.port, else 445                             */
	enum config_auth auth;
	char *account;         /* NULL: none                                          */
	char *password_file;   /* NULL: none; 0600 or stricter, else refused          */
	char *credential;      /* name of a systemd credential; NULL: none            */
	char *keytab, *ccache; /* Kerberos; NULL: none                                */
	enum config_want signing, encrypt;
	uint16_t dialect_min, dialect_max; /* 0x0202 .. 0x0311 */
	bool compounds;
	bool flush;
	char *congestion;    /* "auto": the host's, then bbr where packets are lost */
	int64_t connections; /* 24, 1-32: for one file, where loss shows            */
	int64_t connect_timeout_ms, request_timeout_ms, progress_timeout_ms;
	int64_t window_bytes, write_bytes; /* 0: the engine's own choice */
	struct config_week schedule;       /* CONFIG_SLOT_...                     */
	struct config_limits limits;
	struct config_pulse pulse;
	char *zone_name; /* NULL: the sender's                                */
	const struct zone
	    *zone;        /* of schedule, rate and budget; never NULL once loaded */
	const char *file; /* where the section began, for messages; borrowed     */
	unsigned line;
};

struct config_site {
	char *code;        /* "MS1"                                               */
	char *description; /* "" when none                                        */
	char *line_name;   /* NULL: none                                          */
	const struct config_line *line;   /* NULL: none                             */
	struct config_limits limits;      /* in the sender's zone                   */
	struct config_address *addresses; /* in the order of their numbers */
	size_t address_count; /* 0: the site is known but cannot be reached          */
};

struct config_group {
	char *name;   /* without the @ */
	char **sites; /* codes as their sections spell them */
	size_t site_count, site_room;
};

/* How often a request's lease is renewed in its time: two beats may be late before it
 * is over; a choice. */
enum { CONFIG_BEATS_IN_LEASE = 3 };

struct config_sender {
	char *site_code;               /* where packages come from: "CEN"             */
	int64_t max_sendings;          /* 5, 1-999                                    */
	int64_t max_sendings_per_site; /* 3, 1-999                                    */
	int64_t retries;               /* 2, 1-99: in one attempt; each resumes       */
	int64_t retry_delay_ms;        /* 1min, 1s-99min (0s in tests is refused too) */
	int64_t heartbeat_ms;          /* 5min: lease of a request that is being sent */
	int64_t site_hold_ms;          /* 1h                                          */
	int64_t request_lifetime_ms;   /* 7d                                          */
	int64_t idle_connection_ms;    /* 1min: how long an idle connection is kept   */
	int64_t log_max_bytes;         /* 10MiB; 0: never rotate (logrotate does)     */
	int64_t progress_save_ms;      /* 1s: acknowledged bytes go to the outbox     */
	char *log_file;                /* NULL: sender.log in the state folder        */
	struct config_limits limits;   /* of all sendings together                    */
	bool preempt;                 /* on: an urgent request suspends a bulk one    */
	int64_t reserved_high;        /* 1, 0-998: below max_sendings                */
	int64_t medium_share_percent; /* 20, 0-90: of the starts, at least           */
	int64_t low_share_percent;    /* 10, 0-90; the two together: below 100       */
	int64_t ageing_ms;            /* 1d; 0: never                                */
	bool small_first;             /* no                                          */
	char *zone_name;              /* NULL: the system's                          */
	const struct zone *zone;      /* never NULL once loaded; UTC before          */
};

struct config {
	struct config_sender sender;
	struct config_line *lines;
	size_t line_count, line_room;
	struct config_site *sites; /* sorted by code, without case */
	size_t site_count, site_room;
	struct config_group *groups;
	size_t group_count, group_room;
	struct zone **zones; /* each that is named, once; addresses point at them */
	size_t zone_count, zone_room;
	char **files; /* that were read, in this order */
	size_t file_count, file_room;
};

/* Read `path` and, when it is a .conf that has a folder conf.d beside it, every *.conf
 * in there in the order of their names.  A missing `path` is ERR_INPUT. */
int config_load(const char *path, struct config **out, struct err *e) MUST_USE;

/* Defaults only, no sites: for `put`. */
struct config *config_default(void) MUST_USE;
void config_free(struct config *c);

/* An address with nothing but the defaults (no server, signing required, ...), and its
 * end: for one that no file names.  *a is overwritten; strings in it are its own. */
void config_address_default(struct config_address *a);
void config_address_done(struct config_address *a);

/* Do both have one name, lead to one place, and log on there in the same way?  How fast
 * and when to send there may differ. */
bool config_address_same(const struct config_address *a,
			 const struct config_address *b);

/* Is that an account: NAME, DOMAIN\NAME or NAME@REALM?  -1: ERR_INPUT. */
int config_account_check(const char *text, struct err *e) MUST_USE;

/* By code, without case; NULL: no such site. */
const struct config_site *config_site(const struct config *c, const char *code);
/* By number, exactly; NULL: the site has no such address. */
const struct config_address *config_address(const struct config_site *s,
					    int64_t number);
const struct config_group *config_group(const struct config *c, const char *name);
const struct config_line *config_line(const struct config *c, const char *name);
/* The site whose code is most like it, for "did you mean"; NULL: none is. */
const char *config_nearest_site(const struct config *c, const char *code);

/* The password of an address, read now: from its file (0600 or stricter, one line, a
 * trailing newline is dropped), or systemd credential.  1: *out is the caller's, to be
 * given to config_secret_free(); 0: none is configured; -1: ERR_ADDRESS, with 1326 for
 * the sender log. */
int config_secret(const struct config_address *a, char **out, struct err *e) MUST_USE;
/* The same rules for a file named by hand (`put --password-file`): 1, or ERR_INPUT. */
int config_secret_file(const char *path, char **out, struct err *e) MUST_USE;
void config_secret_free(char *secret); /* wiped; NULL is fine */

/* A key as people are told of it; static strings but for `range`, which lasts as long
 * as the call it is given to. */
struct config_key {
	const char *section, *name;
	const char *standard; /* the default as one would type it; NULL: none */
	const char *range, *sentence;
};
/* Every key there is, by section. */
void config_each_key(void (*each)(void *self, const struct config_key *k), void *self);

#endif
