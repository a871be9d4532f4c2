#include "config/value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/config.h"
#include "config/week.h"

enum {
	CODE_MAX_BYTES = 32,
	QUOTE_ROOM = 64,
	ACCOUNT_MAX_BYTES = 256,   /* UNLEN of the Windows SDK, lmcons.h */
	ALGORITHM_MAX_BYTES = 15,  /* TCP_CA_NAME_MAX - 1, linux/tcp.h   */
	CREDENTIAL_MAX_BYTES = 255 /* NAME_MAX                           */
};

/* Of the original: sms-sender.md has its ranges of the pulse; a block may be as little
 * as 1 KB or as much as 256 KiB, whichever way one counts.  Of budgets: choices. */
#define PULSE_MIN_BYTES  INT64_C(1000)
#define PULSE_MAX_BYTES  (INT64_C(256) << 10)
#define PULSE_MIN_MS     INT64_C(1000)
#define PULSE_MAX_MS     INT64_C(30000)
#define BUDGET_MIN_BYTES INT64_C(1000000)
#define BUDGET_MAX_BYTES INT64_C(1000000000000000)

/* The fields below are written through their size. */
_Static_assert(sizeof(enum config_want) == sizeof(unsigned) &&
		   sizeof(enum config_auth) == sizeof(unsigned),
	       "KEY_CHOICE writes an unsigned");

bool
value_is_code(const char *text)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' &&
		    text[i] != '_')
			return false;
	return len > 0 && len <= CODE_MAX_BYTES;
}

/* "\"x\" will not do: type 1 to 999, as in 5". */
static int
refuse(const struct key *k, const char *text, struct err *e)
{
	const bool comment = strpbrk(text, "#;") != NULL;
	char range[KEY_RANGE_ROOM], cut[QUOTE_ROOM];

	str_copy_cut(cut, sizeof(cut), text);
	return err_set(e, ERR_INPUT, 0, "\"%s%s\" will not do: type %s, as in %s%s",
		       cut, strlen(cut) < strlen(text) ? "..." : "",
		       key_range(k, range, sizeof(range)), k->example,
		       comment ? " (a comment stands on a line of its own)" : "");
}

/* 0 is not a small limit but none, or a stop: the original took it and then sent
 * nothing, without a word (Q163379). */
static int
refuse_zero(const struct key *k, struct err *e)
{
	char range[KEY_RANGE_ROOM];

	key_range(k, range, sizeof(range));
	if (k->type == KEY_COUNT)
		return err_set(
		    e, ERR_INPUT, 0,
		    "0 is refused, because it would stop all sending without "
		    "a word (Q163379): type %s, as in %s",
		    range, k->example);
	return err_set(e, ERR_INPUT, 0,
		       "0 is refused, because it could mean none as well as no limit: "
		       "type %s, as in %s",
		       range, k->example);
}

/* "20%" */
static int
read_percent(const char *text, int64_t *out)
{
	const size_t len = strlen(text);
	char digits[QUOTE_ROOM];

	if (len < 2 || text[len - 1] != '%' ||
	    str_copy_len(digits, sizeof(digits), text, len - 1) < 0)
		return -1;
	return num_int(digits, 0, INT64_MAX, out);
}

static int
read_number(const struct key *k, const char *text, int64_t *out)
{
	if (k->type == KEY_DURATION)
		return num_duration_ms(text, out);
	if (k->type == KEY_BYTES)
		return num_bytes(text, out);
	if (k->type == KEY_RATE)
		return num_rate(text, out);
	if (k->type == KEY_PERCENT)
		return read_percent(text, out);
	return num_int(text, 0, INT64_MAX, out);
}

static int
set_number(const struct key *k, const char *text, int64_t *out, struct err *e)
{
	int64_t n;
	int rc;

	if (k->zero && str_eq(text, k->zero)) {
		*out = 0;
		return 0;
	}
	rc = read_number(k, text, &n);
	if (str_eq(text, "0") || (rc == 0 && n == 0))
		return refuse_zero(k, e);
	if (rc < 0 || n < k->min || n > k->max)
		return refuse(k, text, e);
	*out = n;
	return 0;
}

static const struct key_choice *
find_choice(const struct key *k, const char *text)
{
	for (const struct key_choice *c = k->choices; c->word; c++)
		if (str_eq(c->word, text))
			return c;
	return NULL;
}

static int
set_choice(const struct key *k, const char *text, void *field, struct err *e)
{
	const struct key_choice *c = find_choice(k, text);

	if (!c)
		return refuse(k, text, e);
	if (k->type == KEY_BOOL)
		*(bool *)field = c->value;
	else if (k->type == KEY_DIALECT)
		*(uint16_t *)field = (uint16_t)c->value;
	else
		memcpy(field, &c->value, sizeof(c->value));
	return 0;
}

/* With a part of it missing: "", "\NAME", "DOMAIN\", "@REALM", "NAME@". */
static bool
is_part_account(const char *text)
{
	const char *slash = strchr(text, '\\');
	const size_t len = strlen(text);

	if (slash)
		return slash == text || slash[1] == '\0' || strchr(slash + 1, '\\');
	return len == 0 || text[0] == '@' || text[len - 1] == '@';
}

int
config_account_check(const char *text, struct err *e)
{
	const char *slash = strchr(text, '\\');

	if (strlen(text) > ACCOUNT_MAX_BYTES)
		return err_set(e, ERR_INPUT, 0,
			       "the account is %zu bytes long; the longest that can be "
			       "is %d",
			       strlen(text), ACCOUNT_MAX_BYTES);
	if (slash && slash[1] == '\\')
		return err_set(
		    e, ERR_INPUT, 0,
		    "\"%s\" has two backslashes in a row; they are not doubled "
		    "here: type one, as in CORP\\smssend",
		    text);
	if (is_part_account(text))
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is not an account: type NAME, DOMAIN\\NAME or "
			       "NAME@REALM, as in CORP\\smssend",
			       text);
	return 0;
}

static bool
is_credential(const char *text)
{
	return strlen(text) <= CREDENTIAL_MAX_BYTES && !strpbrk(text, "/:") &&
	       !str_eq(text, ".") && !str_eq(text, "..");
}

static bool
is_ccache(const char *text)
{
	const size_t type = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return text[0] == '/' || (type > 0 && text[type] == ':');
}

static bool
is_algorithm(const char *text)
{
	const size_t len = strlen(text);

	return len <= ALGORITHM_MAX_BYTES &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* Open: a type that is not known here is no mistake of the file (sms-sender.md 6 row
 * 18). */
static bool
is_type(const char *text)
{
	const size_t len = strlen(text);

	return len <= CODE_MAX_BYTES && text[0] >= 'a' && text[0] <= 'z' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool
fits(const struct key *k, const char *text)
{
	switch (k->type) {
	case KEY_PATH:
		return text[0] == '/';
	case KEY_CODE:
		return value_is_code(text);
	case KEY_CREDENTIAL:
		return is_credential(text);
	case KEY_CCACHE:
		return is_ccache(text);
	case KEY_ALGORITHM:
		return is_algorithm(text);
	case KEY_TYPE:
		return is_type(text);
	case KEY_COUNT:
	case KEY_DURATION:
	case KEY_BYTES:
	case KEY_RATE:
	case KEY_PERCENT:
	case KEY_CHOICE:
	case KEY_DIALECT:
	case KEY_BOOL:
	case KEY_TEXT:
	case KEY_ZONE: /* zone_load() says it */
	case KEY_ACCOUNT:
	case KEY_SERVER:
	case KEY_SHARE:
	case KEY_ENDPOINT:
	case KEY_BUDGET:
	case KEY_PULSE:
	case KEY_SCHEDULE:
	case KEY_RATES:
	case KEY_SITES:
		break;
	}
	return true;
}

static int
set_text(const struct key *k, const char *text, char **field, struct err *e)
{
	const size_t len = strlen(text);

	if (k->type != KEY_TEXT && len > 1 && text[0] == '"' && text[len - 1] == '"')
		return err_set(e, ERR_INPUT, 0,
			       "quotation marks would be part of the value: type it "
			       "without, as in %s",
			       k->example);
	if (!fits(k, text))
		return refuse(k, text, e);
	if (k->type == KEY_ACCOUNT && config_account_check(text, e) < 0)
		return -1;
	mem_free(*field);
	*field = mem_dup(text);
	return 0;
}

static int
set_type(const struct key *k, const char *text, struct config_address *a, struct err *e)
{
	const struct key_choice *known = find_choice(k, text);

	if (set_text(k, text, &a->type_name, e) < 0)
		return -1;
	a->type = known ? (enum config_type)known->value : CONFIG_TYPE_UNKNOWN;
	return 0;
}

static int
set_endpoint(const char *text, struct config_address *a, struct err *e)
{
	char host[ADDRESS_HOST_ROOM];
	uint16_t port;

	if (address_parse_endpoint(text, host, &port, e) < 0)
		return -1;
	mem_free(a->connect_host);
	a->connect_host = mem_dup(host);
	a->connect_port = port;
	return 0;
}

/* Splits "10GB per day" round the word; -1: it is not there. */
static int
split_at(const char *text, const char *word, char before[QUOTE_ROOM],
	 const char **after)
{
	const char *at = strstr(text, word);

	if (!at || str_copy_len(before, QUOTE_ROOM, text, (size_t)(at - text)) < 0)
		return -1;
	*after = at + strlen(word);
	return 0;
}

/* "10GB per day" */
static int
set_budget(const struct key *k, const char *text, struct config_budget *out,
	   struct err *e)
{
	struct config_budget budget;
	char size[QUOTE_ROOM];
	const char *per;

	if (split_at(text, " per ", size, &per) < 0 ||
	    num_bytes(size, &budget.bytes) < 0)
		return refuse(k, text, e);
	if (budget.bytes == 0)
		return refuse_zero(k, e);
	if (budget.bytes < BUDGET_MIN_BYTES || budget.bytes > BUDGET_MAX_BYTES ||
	    (!str_eq(per, "day") && !str_eq(per, "month")))
		return refuse(k, text, e);
	budget.per = str_eq(per, "day") ? CONFIG_PER_DAY : CONFIG_PER_MONTH;
	*out = budget;
	return 0;
}

/* "3KB every 5s" */
static int
set_pulse(const struct key *k, const char *text, struct config_pulse *out,
	  struct err *e)
{
	struct config_pulse pulse;
	char size[QUOTE_ROOM];
	const char *every;

	if (split_at(text, " every ", size, &every) < 0 ||
	    num_bytes(size, &pulse.block_bytes) < 0 ||
	    num_duration_ms(every, &pulse.every_ms) < 0)
		return refuse(k, text, e);
	if (pulse.block_bytes == 0 || pulse.every_ms == 0)
		return refuse_zero(k, e);
	if (pulse.block_bytes < PULSE_MIN_BYTES ||
	    pulse.block_bytes > PULSE_MAX_BYTES || pulse.every_ms < PULSE_MIN_MS ||
	    pulse.every_ms > PULSE_MAX_MS)
		return refuse(k, text, e);
	*out = pulse;
	return 0;
}

int
value_set(const struct key *k, const char *text, void *target, struct err *e)
{
	void *field = (char *)target + k->offset;

	switch (k->type) {
	case KEY_COUNT:
	case KEY_DURATION:
	case KEY_BYTES:
	case KEY_RATE:
	case KEY_PERCENT:
		return set_number(k, text, field, e);
	case KEY_CHOICE:
	case KEY_DIALECT:
	case KEY_BOOL:
		return set_choice(k, text, field, e);
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_CODE:
	case KEY_ACCOUNT:
	case KEY_CREDENTIAL:
	case KEY_CCACHE:
	case KEY_ALGORITHM:
	case KEY_ZONE:
		return set_text(k, text, field, e);
	case KEY_TYPE:
		return set_type(k, text, target, e);
	case KEY_SERVER:
		return address_parse(text, strlen(text), field, e);
	case KEY_SHARE:
		return address_set_share(field, text, e);
	case KEY_ENDPOINT:
		return set_endpoint(text, target, e);
	case KEY_BUDGET:
		return set_budget(k, text, field, e);
	case KEY_PULSE:
		return set_pulse(k, text, field, e);
	case KEY_SCHEDULE:
		return week_add_schedule(field, text, e);
	case KEY_RATES:
		return week_add_rate(field, text, e);
	case KEY_SITES:
		break;
	}
	return err_set(e, ERR_INPUT, 0, "%s is a list", k->name);
}

void
value_set_standards(enum key_section s, void *target)
{
	struct err e;

	for (const struct key *k = keys; k->name; k++) {
		if (k->section != s || !k->standard)
			continue;
		if (value_set(k, k->standard, target, &e) < 0)
			abort(); /* a bug of ours: test_keys tries each of them */
	}
}
