#include "config/keys.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"
#include "config/week.h"

#define S    ((int64_t)1000) /* ms */
#define MIN  (60 * S)
#define HOUR (60 * MIN)
#define DAY  (24 * HOUR)
#define KIB  ((int64_t)1 << 10) /* bytes */
#define MIB  ((int64_t)1 << 20)
#define GIB  ((int64_t)1 << 30)
#define TIB  ((int64_t)1 << 40)

static const struct key_choice types[] = {
    {"lan", CONFIG_TYPE_LAN},
    {"dir", CONFIG_TYPE_DIR},
    {NULL, 0},
};
static const struct key_choice auths[] = {
    {"negotiate", CONFIG_AUTH_NEGOTIATE}, {"ntlm", CONFIG_AUTH_NTLM},
    {"kerberos", CONFIG_AUTH_KERBEROS},   {"guest", CONFIG_AUTH_GUEST},
    {"anonymous", CONFIG_AUTH_ANONYMOUS}, {NULL, 0},
};
static const struct key_choice wants[] = {
    {"required", CONFIG_REQUIRED},
    {"wanted", CONFIG_WANTED},
    {"off", CONFIG_OFF},
    {NULL, 0},
};
/* MS-SMB2 2.2.3 */
static const struct key_choice dialects[] = {
    {"2.0.2", 0x0202}, {"2.1", 0x0210},   {"3.0", 0x0300},
    {"3.0.2", 0x0302}, {"3.1.1", 0x0311}, {NULL, 0},
};
static const struct key_choice bools[] = {{"yes", true}, {"no", false}, {NULL, 0}};
static const struct key_choice switches[] = {{"on", true}, {"off", false}, {NULL, 0}};

#define SENDER(field)  KEY_SENDER, .offset = offsetof(struct config_sender, field)
#define LINE(field)    KEY_LINE, .offset = offsetof(struct config_line, field)
#define SITE(field)    KEY_SITE, .offset = offsetof(struct config_site, field)
#define ADDRESS(field) KEY_ADDRESS, .offset = offsetof(struct config_address, field)

/* What the sender in all, a line, a site and an address each may say. */
#define LIMITS(SECTION, whose)                                                         \
	{.section = SECTION(limits.rate),                                              \
	 .name = "rate",                                                               \
	 .type = KEY_RATES,                                                            \
	 .standard = "unlimited",                                                      \
	 .range = "[DAYS] [HOURS] 512kbit/s | 50% | unlimited; may stand several "     \
		  "times",                                                             \
	 .example = "mon-fri 08-18 512kbit/s",                                         \
	 .sentence = "The most that is sent " whose ", by the hours of the week; see " \
		     "SCHEDULES AND RATES."},                                          \
	    {.section = SECTION(limits.speed_bytes_per_s),                             \
	     .name = "speed",                                                          \
	     .type = KEY_RATE,                                                         \
	     .min = CONFIG_RATE_MIN,                                                   \
	     .max = WEEK_RATE_MAX,                                                     \
	     .example = "10Mbit/s",                                                    \
	     .sentence = "The speed of the line, for a rate in percent; no limit by "  \
			 "itself."},                                                   \
	{                                                                              \
		.section = SECTION(limits.budget), .name = "budget",                   \
		.type = KEY_BUDGET, .range = "1MB to 1000TB, per day or per month",    \
		.example = "10GB per month",                                           \
		.sentence =                                                            \
		    "The most bytes that are sent " whose " in a day or a month "      \
		    "of the calendar; then nothing until the next one begins."         \
	}

/* Limits of the sender: those of the original where it had any (1 to 999 sendings,
 * Q319166; 1 to 99 retries and minutes, Q214485); the others are choices. */
const struct key keys[] = {
    {.section = SENDER(site_code),
     .name = "site_code",
     .type = KEY_CODE,
     .standard = "CEN",
     .range = "1 to 32 letters, digits, - and _",
     .example = "CEN",
     .sentence = "Code of the site that packages come from."},
    {.section = SENDER(max_sendings),
     .name = "max_sendings",
     .type = KEY_COUNT,
     .standard = "5",
     .min = 1,
     .max = 999,
     .example = "5",
     .sentence = "How many send requests are under way at the same time, in all."},
    {.section = SENDER(max_sendings_per_site),
     .name = "max_sendings_per_site",
     .type = KEY_COUNT,
     .standard = "3",
     .min = 1,
     .max = 999,
     .example = "3",
     .sentence = "How many of them may go to one site; never over max_sendings."},
    {.section = SENDER(retries),
     .name = "retries",
     .type = KEY_COUNT,
     .standard = "2",
     .min = 1,
     .max = 99,
     .example = "2",
     .sentence = "How often one attempt resumes after an error in the middle."},
    {.section = SENDER(retry_delay_ms),
     .name = "retry_delay",
     .type = KEY_DURATION,
     .standard = "1min",
     .min = 1 * S,
     .max = 99 * MIN,
     .example = "1min",
     .sentence = "How long to wait before each of these retries."},
    {.section = SENDER(heartbeat_ms),
     .name = "heartbeat",
     .type = KEY_DURATION,
     .standard = "5min",
     .min = 1 * S,
     .max = 1 * HOUR,
     .example = "5min",
     .sentence = "Lease of a send request that is under way: when it was not renewed "
		 "for so long, the request may be taken up again. At least three "
		 "times the longest connect_timeout and request_timeout."},
    {.section = SENDER(site_hold_ms),
     .name = "site_hold",
     .type = KEY_DURATION,
     .standard = "1h",
     .min = 1 * S,
     .max = 7 * DAY,
     .example = "1h",
     .sentence = "How long a site that cannot be reached is left alone, unless "
		 "nothing else is to be sent."},
    {.section = SENDER(request_lifetime_ms),
     .name = "request_lifetime",
     .type = KEY_DURATION,
     .standard = "7d",
     .min = 1 * S,
     .max = 365 * DAY,
     .example = "7d",
     .sentence = "How old a send request becomes before it fails for good."},
    {.section = SENDER(idle_connection_ms),
     .name = "idle_connection",
     .type = KEY_DURATION,
     .standard = "1min",
     .min = 1 * S,
     .max = 1 * HOUR,
     .example = "1min",
     .sentence = "How long a connection is kept for the next send request to the "
		 "same address."},
    {.section = SENDER(progress_save_ms),
     .name = "progress_save",
     .type = KEY_DURATION,
     .standard = "1s",
     .min = 100,
     .max = 1 * MIN,
     .example = "1s",
     .sentence = "How often the outbox learns how much the server acknowledged."},
    {.section = SENDER(log_file),
     .name = "log_file",
     .type = KEY_PATH,
     .range = "a path from the root",
     .example = "/var/log/lansender/sender.log",
     .sentence = "Where the sender log is kept, instead of sender.log in the state "
		 "folder."},
    {.section = SENDER(log_max_bytes),
     .name = "log_max",
     .type = KEY_BYTES,
     .standard = "10MiB",
     .min = 64 * KIB,
     .max = 1 * TIB,
     .zero = "never",
     .example = "10MiB",
     .sentence = "Size at which the sender log becomes a .lo_ file and begins anew; "
		 "never when logrotate does it."},
    {.section = SENDER(zone_name),
     .name = "zone",
     .type = KEY_ZONE,
     .range = "a time zone by its name",
     .example = "Europe/Berlin",
     .sentence = "The time zone of schedules, rates and budgets, instead of this "
		 "host's."},
    LIMITS(SENDER, "in all"),
    {.section = SENDER(preempt),
     .name = "preempt",
     .type = KEY_BOOL,
     .choices = switches,
     .standard = "on",
     .example = "on",
     .sentence = "Whether a request of high priority suspends one of a lower priority "
		 "that is under way, when no slot is free."},
    {.section = SENDER(reserved_high),
     .name = "reserved_high",
     .type = KEY_COUNT,
     .standard = "1",
     .min = 1,
     .max = 998,
     .zero = "none",
     .example = "1",
     .sentence = "How many of max_sendings only requests of high priority may use; "
		 "below max_sendings."},
    {.section = SENDER(medium_share_percent),
     .name = "medium_share",
     .type = KEY_PERCENT,
     .standard = "20%",
     .min = 1,
     .max = 90,
     .zero = "none",
     .example = "20%",
     .sentence = "The part of all starts that medium priority gets at least, while "
		 "high has more."},
    {.section = SENDER(low_share_percent),
     .name = "low_share",
     .type = KEY_PERCENT,
     .standard = "10%",
     .min = 1,
     .max = 90,
     .zero = "none",
     .example = "10%",
     .sentence = "The same for low priority, while high or medium has more."},
    {.section = SENDER(ageing_ms),
     .name = "ageing",
     .type = KEY_DURATION,
     .standard = "1d",
     .min = 1 * MIN,
     .max = 365 * DAY,
     .zero = "never",
     .example = "1d",
     .sentence = "A request that has waited for so long counts as one priority higher, "
		 "and after as long again as one more."},
    {.section = SENDER(small_first),
     .name = "small_first",
     .type = KEY_BOOL,
     .choices = bools,
     .standard = "no",
     .example = "yes",
     .sentence = "Whether small packages go before large ones of the same priority."},

    LIMITS(LINE, "over the line"),

    {.section = SITE(description),
     .name = "description",
     .type = KEY_TEXT,
     .standard = "",
     .range = "any text",
     .example = "Madison",
     .sentence = "What people call the site."},
    {.section = SITE(line_name),
     .name = "line",
     .type = KEY_CODE,
     .range = "the name of a section [line NAME]",
     .example = "south",
     .sentence = "The line that leads there, when several sites share it."},
    LIMITS(SITE, "to the site"),

    {.section = ADDRESS(type),
     .name = "type",
     .type = KEY_TYPE,
     .choices = types,
     .range = "lan | dir, or a word in small letters that another sender knows",
     .standard = "lan",
     .example = "lan",
     .sentence = "How packages get there: lan is a share on a server, dir is a "
		 "folder of this host. An address of any other type is not used here."},
    {.section = ADDRESS(where),
     .name = "server",
     .type = KEY_SERVER,
     .range = "a name or IP address, with \\\\ or without",
     .example = "\\\\DSSMS",
     .sentence = "The server; it may carry a port, the share and a folder: "
		 "\\\\DSSMS:445\\SMS_SITE\\in."},
    {.section = ADDRESS(where),
     .name = "share",
     .type = KEY_SHARE,
     .range = "up to 80 characters, and a folder",
     .example = "SMS_SITE",
     .sentence = "The share, and a folder below it where there is one: SMS_SITE\\in."},
    {.section = ADDRESS(path),
     .name = "path",
     .type = KEY_PATH,
     .range = "a path from the root",
     .example = "/media/courier",
     .sentence = "The folder of an address of type dir."},
    {.section = ADDRESS(connect_host),
     .name = "connect_to",
     .type = KEY_ENDPOINT,
     .range = "a host, with a port or without",
     .example = "127.0.0.1:1445",
     .sentence = "Where to connect instead of the server, whose name stays as it is: "
		 "for tunnels and tests."},
    {.section = ADDRESS(auth),
     .name = "auth",
     .type = KEY_CHOICE,
     .choices = auths,
     .standard = "negotiate",
     .example = "negotiate",
     .sentence = "How to log on; negotiate is Kerberos where the account names a "
		 "realm and it works, else NTLMv2."},
    {.section = ADDRESS(account),
     .name = "account",
     .type = KEY_ACCOUNT,
     .range = "NAME, DOMAIN\\NAME or NAME@REALM",
     .example = "CORP\\smssend",
     .sentence = "The account; no other one is ever tried."},
    {.section = ADDRESS(password_file),
     .name = "password_file",
     .type = KEY_PATH,
     .range = "a path from the root",
     .example = "/etc/lansender/ms1.secret",
     .sentence = "A file with the password in its only line, owned by root or the "
		 "sender, mode 0600 or stricter."},
    {.section = ADDRESS(credential),
     .name = "credential",
     .type = KEY_CREDENTIAL,
     .range = "a name without slash or colon",
     .example = "ms1",
     .sentence = "The systemd credential (LoadCredential=) that holds the password, "
		 "instead of password_file."},
    {.section = ADDRESS(keytab),
     .name = "keytab",
     .type = KEY_PATH,
     .range = "a path from the root",
     .example = "/etc/lansender/ms1.keytab",
     .sentence = "Kerberos: the keytab of the account, instead of a password."},
    {.section = ADDRESS(ccache),
     .name = "ccache",
     .type = KEY_CCACHE,
     .range = "FILE:/path, KCM:, KEYRING:... or a path from the root",
     .example = "FILE:/run/lansender/krb5cc",
     .sentence = "Kerberos: the credential cache to use, instead of a password; "
		 "somebody else keeps a ticket in it valid."},
    {.section = ADDRESS(signing),
     .name = "signing",
     .type = KEY_CHOICE,
     .choices = wants,
     .standard = "required",
     .example = "required",
     .sentence = "Whether messages are signed; required refuses a server that "
		 "does not."},
    {.section = ADDRESS(encrypt),
     .name = "encrypt",
     .type = KEY_CHOICE,
     .choices = wants,
     .standard = "off",
     .example = "required",
     .sentence = "Whether messages are encrypted; off does so only where the server "
		 "demands it, required refuses a server that cannot."},
    {.section = ADDRESS(dialect_min),
     .name = "dialect_min",
     .type = KEY_DIALECT,
     .choices = dialects,
     .standard = "2.0.2",
     .example = "3.0",
     .sentence = "The oldest SMB dialect that is spoken."},
    {.section = ADDRESS(dialect_max),
     .name = "dialect_max",
     .type = KEY_DIALECT,
     .choices = dialects,
     .standard = "3.1.1",
     .example = "3.1.1",
     .sentence = "The newest SMB dialect that is spoken."},
    {.section = ADDRESS(compounds),
     .name = "compounds",
     .type = KEY_BOOL,
     .choices = bools,
     .standard = "yes",
     .example = "yes",
     .sentence = "Whether several operations travel in one message; no for servers "
		 "that choke on it. One that refuses such messages, or hangs up on "
		 "them twice, is recognised, and gets one operation at a time from "
		 "its next connection on, as long as the sender runs."},
    {.section = ADDRESS(flush),
     .name = "flush",
     .type = KEY_BOOL,
     .choices = bools,
     .standard = "yes",
     .example = "yes",
     .sentence = "Whether each file must be on the server's disk before it counts."},
    {.section = ADDRESS(congestion),
     .name = "congestion",
     .type = KEY_ALGORITHM,
     .standard = "auto",
     .range = "auto, or a name from net.ipv4.tcp_available_congestion_control",
     .example = "auto",
     .sentence = "TCP congestion control of this address; auto is the host's own, and "
		 "bbr, where this host allows it, once the line loses packets "
		 "without being full."},
    {.section = ADDRESS(connections),
     .name = "connections",
     .type = KEY_COUNT,
     .standard = "24",
     .min = 1,
     .max = 32,
     .example = "24",
     .sentence = "How many connections may carry a package side by side; more than "
		 "one is used only where packets are lost and the line is not full, "
		 "or where the server, not the line, is what small files wait for."},
    {.section = ADDRESS(connect_timeout_ms),
     .name = "connect_timeout",
     .type = KEY_DURATION,
     .standard = "15s",
     .min = 1 * S,
     .max = 10 * MIN,
     .example = "15s",
     .sentence = "How long connecting and logging on may take together."},
    {.section = ADDRESS(request_timeout_ms),
     .name = "request_timeout",
     .type = KEY_DURATION,
     .standard = "1min",
     .min = 1 * S,
     .max = 1 * HOUR,
     .example = "1min",
     .sentence = "How long the server may take to answer one message."},
    {.section = ADDRESS(progress_timeout_ms),
     .name = "progress_timeout",
     .type = KEY_DURATION,
     .standard = "30s",
     .min = 1 * S,
     .max = 1 * HOUR,
     .example = "30s",
     .sentence = "How long no byte may move, either way, while an answer is due."},
    {.section = ADDRESS(window_bytes),
     .name = "window",
     .type = KEY_BYTES,
     .standard = "auto",
     .min = 64 * KIB,
     .max = 1 * GIB,
     .zero = "auto",
     .example = "16MiB",
     .sentence = "The most bytes that are on their way and not yet acknowledged."},
    {.section = ADDRESS(write_bytes),
     .name = "write_size",
     .type = KEY_BYTES,
     .standard = "auto",
     .min = 4 * KIB,
     .max = 8 * MIB, /* what Windows servers take at most: MS-SMB2 3.3.5.4 */
     .zero = "auto",
     .example = "1MiB",
     .sentence = "The most bytes in one write; what the server allows holds too."},
    {.section = ADDRESS(schedule),
     .name = "schedule",
     .type = KEY_SCHEDULE,
     .standard = "all",
     .range = "[DAYS] [HOURS] all | medium | high | closed [no-substitute]; may stand "
	      "several times",
     .example = "mon-fri 08-18 high",
     .sentence = "Which priorities may use the address, by the hours of the week; see "
		 "SCHEDULES AND RATES."},
    {.section = ADDRESS(zone_name),
     .name = "zone",
     .type = KEY_ZONE,
     .range = "a time zone by its name",
     .example = "America/New_York",
     .sentence = "The time zone of schedule, rate and budget, instead of the "
		 "sender's."},
    LIMITS(ADDRESS, "to this address"),
    {.section = ADDRESS(pulse),
     .name = "pulse",
     .type = KEY_PULSE,
     .range = "1KB to 256KB, every 1s to 30s",
     .example = "3KB every 5s",
     .sentence = "One block and then a rest, whatever the line could carry; rates hold "
		 "too."},

    {.section = KEY_GROUP,
     .name = "site",
     .type = KEY_SITES,
     .range = "site codes, with commas between; may stand several times",
     .example = "MS1, MS2",
     .sentence = "The sites of the group; send @NAME sends to all of them."},
    {.name = NULL},
};

static const struct {
	const char *name, *example;
} sections[KEY_SECTIONS] = {
    [KEY_SENDER] = {"sender", "[sender]"},
    [KEY_LINE] = {"line", "[line south]"},
    [KEY_SITE] = {"site", "[site MS1]"},
    [KEY_ADDRESS] = {"address", "[address MS1.1]"},
    [KEY_GROUP] = {"group", "[group branches]"},
};

const char *
key_section_name(enum key_section s)
{
	return sections[s].name;
}

const char *
key_section_example(enum key_section s)
{
	return sections[s].example;
}

const struct key *
key_find(enum key_section s, const char *name)
{
	for (const struct key *k = keys; k->name; k++)
		if (k->section == s && str_eq(k->name, name))
			return k;
	return NULL;
}

bool
key_is_list(const struct key *k)
{
	return k->type == KEY_SITES || k->type == KEY_SCHEDULE || k->type == KEY_RATES;
}

struct unit {
	const char *name;
	int64_t factor;
};
static const struct unit durations[] = {
    {"d", DAY}, {"h", HOUR}, {"min", MIN}, {"s", S}, {"ms", 1},
};
static const struct unit rates[] = {
    {"Gbit/s", 125000000}, {"Mbit/s", 125000}, {"kbit/s", 125}, {"B/s", 1}};
static const struct unit percents[] = {{"%", 1}};
static const struct unit counts[] = {{"", 1}};
static const struct unit sizes[] = {
    {"TiB", TIB}, {"GiB", GIB}, {"MiB", MIB}, {"KiB", KIB}, {"", 1},
};

/* A limit as one would type it: in the largest unit that leaves no rest. */
static void
add_limit(struct str *out, const struct unit *units, int64_t n)
{
	while (n % units->factor != 0)
		units++;
	str_addf(out, "%lld%s", (long long)(n / units->factor), units->name);
}

static void
add_limits(struct str *out, const struct key *k)
{
	const struct unit *units = k->type == KEY_DURATION  ? durations
				   : k->type == KEY_BYTES   ? sizes
				   : k->type == KEY_RATE    ? rates
				   : k->type == KEY_PERCENT ? percents
							    : counts;

	add_limit(out, units, k->min);
	str_add(out, " to ");
	add_limit(out, units, k->max);
	if (k->zero)
		str_addf(out, ", or %s", k->zero);
}

const char *
key_range(const struct key *k, char *buf, size_t room)
{
	AUTO_STR struct str text = {0};

	if (k->range)
		str_add(&text, k->range);
	else if (k->choices)
		for (const struct key_choice *c = k->choices; c->word; c++)
			str_addf(&text, "%s%s", c == k->choices ? "" : " | ", c->word);
	else
		add_limits(&text, k);
	str_copy_cut(buf, room, str_text(&text));
	return buf;
}

void
config_each_key(void (*each)(void *self, const struct config_key *k), void *self)
{
	for (const struct key *k = keys; k->name; k++) {
		char range[KEY_RANGE_ROOM];
		const struct config_key told = {
		    .section = key_section_name(k->section),
		    .name = k->name,
		    .standard = k->standard && k->standard[0] ? k->standard : NULL,
		    .range = key_range(k, range, sizeof(range)),
		    .sentence = k->sentence,
		};

		each(self, &told);
	}
}
