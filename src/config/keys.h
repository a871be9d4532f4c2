/* keys.h - room of config: the one table of what may stand in the files.  The parser,
 * the errors, `lansender check --keys` and the manual follow it.  Pure; any thread. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* In the order in which they are built: what is referred to comes first. */
enum key_section {
	KEY_SENDER,
	KEY_LINE,
	KEY_SITE,
	KEY_ADDRESS,
	KEY_GROUP,
	KEY_SECTIONS
};

enum key_type {
	KEY_COUNT,      /* int64_t                                              */
	KEY_DURATION,   /* int64_t, ms                                          */
	KEY_BYTES,      /* int64_t                                              */
	KEY_RATE,       /* int64_t, bytes per second                            */
	KEY_PERCENT,    /* int64_t                                              */
	KEY_CHOICE,     /* an enum, one of `choices`                            */
	KEY_DIALECT,    /* uint16_t, one of `choices`                           */
	KEY_BOOL,       /* bool, one of `choices`                               */
	KEY_TEXT,       /* char *, any                                          */
	KEY_PATH,       /* char *, a local path from the root                   */
	KEY_CODE,       /* char *, a site code                                  */
	KEY_ACCOUNT,    /* char *                                               */
	KEY_CREDENTIAL, /* char *, a name in $CREDENTIALS_DIRECTORY             */
	KEY_CCACHE,     /* char *, TYPE:REST or a path                          */
	KEY_ALGORITHM,  /* char *, a name for TCP_CONGESTION                    */
	KEY_TYPE,       /* type and type_name of config_address: any word       */
	KEY_SERVER,     /* struct address                                       */
	KEY_SHARE,      /* struct address, which has its server by then         */
	KEY_ENDPOINT,   /* connect_host and connect_port of config_address      */
	KEY_ZONE,       /* char *, a time zone; build.c loads it                */
	KEY_BUDGET,     /* struct config_budget                                 */
	KEY_PULSE,      /* struct config_pulse                                  */
	KEY_SCHEDULE,   /* struct config_week: a list, each adds to it          */
	KEY_RATES,      /* struct config_week: a list, each adds to it          */
	KEY_SITES,      /* a list: may stand several times; build.c takes it    */
};

struct key_choice {
	const char *word;
	unsigned value;
};

struct key {
	enum key_section section;
	enum key_type type;
	const char *name;
	size_t offset;        /* in the struct of its section                       */
	const char *standard; /* the default as one would type it; NULL: none       */
	int64_t min, max;     /* KEY_COUNT, _DURATION, _BYTES, _RATE, _PERCENT      */
	const char *zero;     /* the word that stands for 0; NULL: 0 cannot be said */
	const struct key_choice *choices; /* ends with a NULL word                  */
	const char *range;    /* in words, where neither limits nor choices say it  */
	const char *example;  /* a good value                                       */
	const char *sentence; /* what it is for                                     */
};

/* All keys, by section; ends with a NULL name. */
extern const struct key keys[];

/* "sender", "site", ...; and what follows it in brackets: "", "MS1", "MS1.1", ... */
const char *key_section_name(enum key_section s);
const char *key_section_example(enum key_section s);

/* NULL: there is none of that name in that section. */
const struct key *key_find(enum key_section s, const char *name);

/* May it stand several times in its section? */
bool key_is_list(const struct key *k);

/* What values there are: "1 to 999", "1s to 99min", "required | wanted | off".
 * Returns buf. */
enum { KEY_RANGE_ROOM = 160 };
const char *key_range(const struct key *k, char *buf, size_t room);

#endif
