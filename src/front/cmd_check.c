/* lansender check: is the configuration right, and can every address be used? */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "address/address.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/str.h"
#include "config/config.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/interrupt.h"
#include "front/local_host.h"
#include "front/place.h"
#include "front/print.h"
#include "send/send.h"

enum { OPTION_CONNECT, OPTION_ADDRESS, OPTION_KEYS };
static const struct command_option options[] = {
    [OPTION_CONNECT] = {"connect", NULL, "try every address for real, step by step", 0},
    [OPTION_ADDRESS] = {"address", "TEXT", "say how a server box is understood", 0},
    [OPTION_KEYS] = {"keys", NULL, "list every key of the configuration", 0},
    {0},
};

/* --- check --keys ----------------------------------------------------------------- */

/* For scripts: "section<TAB>key<TAB>default<TAB>range<TAB>sentence". */
static void
print_key(void *self, const struct config_key *k)
{
	const struct call *call = self;
	json_t *o;

	if (!call->json) {
		/* Not print_line(), which leaves no tab. */
		(void)printf("%s\t%s\t%s\t%s\t%s\n", k->section, k->name,
			     k->standard ? k->standard : "none", k->range, k->sentence);
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "section", print_json_text(k->section));
	(void)json_object_set_new(o, "key", print_json_text(k->name));
	(void)json_object_set_new(o, "default", print_json_text(k->standard));
	(void)json_object_set_new(o, "range", print_json_text(k->range));
	(void)json_object_set_new(o, "sentence", print_json_text(k->sentence));
	print_json(o);
}

/* --- check --address -------------------------------------------------------------- */

static json_t *
address_json(const struct address *a)
{
	static const char *const kinds[] = {
	    [ADDRESS_NAME] = "name", [ADDRESS_IPV4] = "ipv4", [ADDRESS_IPV6] = "ipv6"};
	char text[ADDRESS_TEXT_ROOM];
	json_t *o = json_object();

	(void)json_object_set_new(o, "ok", json_true());
	(void)json_object_set_new(
	    o, "text", print_json_text(address_print(a, text, sizeof(text))));
	(void)json_object_set_new(o, "kind", print_json_text(kinds[a->kind]));
	(void)json_object_set_new(o, "server", print_json_text(a->host));
	(void)json_object_set_new(o, "share",
				  print_json_text(a->share[0] ? a->share : NULL));
	(void)json_object_set_new(o, "folder",
				  print_json_text(a->folder[0] ? a->folder : NULL));
	(void)json_object_set_new(o, "port", json_integer(a->port ? a->port : 445));
	return o;
}

static void
print_address(const struct address *a)
{
	char text[ADDRESS_TEXT_ROOM];

	print_line("understood  %s", address_print(a, text, sizeof(text)));
	print_line("server      %s", a->host);
	if (a->share[0])
		print_line("share       %s", a->share);
	if (a->folder[0])
		print_line("folder      %s", a->folder);
	print_line("port        %u", a->port ? a->port : 445U);
}

static int
check_address(const struct call *call, const char *typed)
{
	struct address a;
	struct err e;
	json_t *o;

	if (address_parse(typed, strlen(typed), &a, &e) == 0) {
		if (call->json)
			print_json(address_json(&a));
		else
			print_address(&a);
		return FRONT_DONE;
	}
	if (!call->json)
		return print_failure(FRONT_FAILED, &e);
	o = json_object();
	(void)json_object_set_new(o, "ok", json_false());
	(void)json_object_set_new(o, "error", print_json_text(e.text));
	print_json(o);
	return FRONT_FAILED;
}

/* --- the configuration ------------------------------------------------------------ */

struct checking {
	const struct call *call;
	const struct config *config;
	const struct config_address *address; /* being tried */
	int failures;
};

enum finding { FINE, WARNING, FAILURE };

static void
tell(struct checking *c, const char *step, const char *detail, enum finding found)
{
	static const char *const words[] = {
	    [FINE] = "ok", [WARNING] = "note", [FAILURE] = "FAILED"};
	json_t *o;

	c->failures += found == FAILURE;
	if (!c->call->json) {
		print_line("%-8s %-6s %s%s%s", c->address->section, words[found], step,
			   detail && detail[0] ? ": " : "", detail ? detail : "");
		(void)fflush(stdout); /* each step as it happens */
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "address", print_json_text(c->address->section));
	(void)json_object_set_new(o, "step", print_json_text(step));
	(void)json_object_set_new(o, "detail", print_json_text(detail));
	(void)json_object_set_new(o, "ok", json_boolean(found != FAILURE));
	if (found == WARNING)
		(void)json_object_set_new(o, "warning", json_true());
	print_json(o);
}

static void
say(struct checking *c, const char *step, const char *detail, bool ok)
{
	tell(c, step, detail, ok ? FINE : FAILURE);
}

static void
each_step(void *self, const char *step, const char *detail, bool ok)
{
	say(self, step, detail, ok);
}

/* What is sent to this host comes back (Q253270, Q266759); a site with the own code is
 * refused by the configuration already.  connect_to says that somebody knows better: a
 * tunnel, a test. */
static bool
leads_back(const struct config_address *a)
{
	return a->type == CONFIG_TYPE_LAN && !a->connect_host &&
	       local_host_is(a->where.host);
}

/* The folder of an address of type dir may be a disk that is carried, and away now:
 * that is what one wants to be told. */
static int
check_path(const struct config_address *a, struct err *e)
{
	struct stat st;

	if (a->type != CONFIG_TYPE_DIR)
		return 0;
	if (stat(a->path, &st) < 0)
		return err_sys(e, ERR_INPUT, "look at folder %s (path)", a->path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, 0, "%s (path) is no folder", a->path);
	return 0;
}

/* tcp(7): the names that setsockopt(TCP_CONGESTION) takes; one may come with a module
 * that is loaded when it is first asked for, so what is not there is not refused for
 * good, but said. */
static int
check_congestion(const struct config_address *a, struct err *e)
{
	static const char path[] =
	    "/proc/sys/net/ipv4/tcp_available_congestion_control";
	enum { NAMES_MAX_BYTES = 4096 };
	AUTO_FREE char *names = NULL;
	struct err unused;
	size_t len;

	if (a->type != CONFIG_TYPE_LAN || !a->congestion ||
	    str_eq(a->congestion, "auto") ||
	    path_read_file(path, NAMES_MAX_BYTES, ERR_LOCAL, &names, &len, &unused) < 0)
		return 0;
	names[strcspn(names, "\n")] = '\0';
	for (const char *at = names; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strcspn(at, " ") == strlen(a->congestion) &&
		    str_starts(at, a->congestion))
			return 0;
	return err_set(e, ERR_INPUT, 0,
		       "this host does not offer \"%s\" now; it has: %s (a module may "
		       "have to be loaded: modprobe tcp_%s)",
		       a->congestion, names, a->congestion);
}

/* What can be said without connecting; silent when all is well. */
static bool
check_offline(struct checking *c, const struct config_site *site, char **password)
{
	const int before = c->failures;
	struct err e;

	if (leads_back(c->address)) {
		(void)err_set(
		    &e, ERR_INPUT, 0,
		    "%s is this host: what is sent there comes back; name the "
		    "server of site %s (with connect_to where it is reached "
		    "through a tunnel)",
		    c->address->where.host, site->code);
		say(c, "address", e.text, false);
		return false;
	}
	if (check_congestion(c->address, &e) < 0)
		say(c, "congestion", e.text, false);
	if (check_path(c->address, &e) < 0)
		say(c, "path", e.text, false);
	if (config_secret(c->address, password, &e) < 0)
		say(c, "password", e.text, false);
	return c->failures == before;
}

/* A schedule is easily typed and not meant so; what it says now and next shows it. */
static void
say_hours(struct checking *c, const struct config_site *site)
{
	AUTO_STR struct str text = {0};

	if (dispatch_hours(c->config, site, c->address, clock_wall_ms(clock_real()),
			   &text))
		say(c, "hours", str_text(&text), true);
}

/* One of another sender, or a slip of the hand: this one cannot know, so it is no
 * failure, but said. */
static void
warn_of_type(struct checking *c)
{
	struct nearest near = {.wanted = c->address->type_name};
	AUTO_STR struct str text = {0};

	nearest_offer(&near, "lan");
	nearest_offer(&near, "dir");
	str_addf(&text, "\"%s\" is not known here, so the address is not used",
		 c->address->type_name);
	if (near.best)
		str_addf(&text, "; did you mean %s?", near.best);
	tell(c, "type", str_text(&text), WARNING);
}

static void
check_one(struct checking *c, const struct config_site *site)
{
	const int before = c->failures;
	char *password = NULL;
	struct err e;

	if (c->address->type == CONFIG_TYPE_UNKNOWN) {
		warn_of_type(c);
		return;
	}
	say_hours(c, site);
	if (check_offline(c, site, &password) && c->call->value[OPTION_CONNECT] &&
	    attempt_check(c->address, password, interrupt_stop(), clock_real(),
			  each_step, c, &e) < 0 &&
	    c->failures == before)
		say(c, "check", e.text, false);
	config_secret_free(password);
}

static void
check_site(struct checking *c, const struct config_site *site)
{
	if (site->address_count == 0 && !c->call->json)
		print_note("site %s has no address: what is sent to it will wait",
			   site->code);
	for (size_t i = 0; i < site->address_count && !stop_thrown(interrupt_stop());
	     i++) {
		c->address = &site->addresses[i];
		check_one(c, site);
	}
}

static void
say_valid(const struct checking *c, const char *path)
{
	size_t addresses = 0;
	json_t *o;

	for (size_t i = 0; i < c->config->site_count; i++)
		addresses += c->config->sites[i].address_count;
	if (!c->call->json) {
		print_line("%s is valid: sites %zu, addresses %zu, groups %zu", path,
			   c->config->site_count, addresses, c->config->group_count);
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "configuration", print_json_text(path));
	(void)json_object_set_new(o, "ok", json_true());
	(void)json_object_set_new(o, "sites",
				  json_integer((json_int_t)c->config->site_count));
	(void)json_object_set_new(o, "addresses", json_integer((json_int_t)addresses));
	print_json(o);
}

static int
check_config(const struct call *call, const struct config_site *only,
	     const struct config *config)
{
	struct checking c = {.call = call, .config = config};

	if (only)
		check_site(&c, only);
	for (size_t i = 0; !only && i < config->site_count; i++)
		check_site(&c, &config->sites[i]);
	if (c.failures == 0 && !stop_thrown(interrupt_stop())) {
		AUTO_FREE char *path = place_config(call);

		say_valid(&c, path);
		return FRONT_DONE;
	}
	return FRONT_FAILED;
}

/* --address and --keys are questions of their own. */
static int
check_alone(const struct call *call, struct err *e)
{
	const bool asks_address = call->value[OPTION_ADDRESS] != NULL;
	const bool asks_keys = call->value[OPTION_KEYS] != NULL;

	if (!asks_address && !asks_keys)
		return 0;
	if (asks_address && call->value[OPTION_ADDRESS][0] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "--address is empty: type what is in the server box, as "
			       "in '\\\\DSSMS\\SMS_SITE'");
	if (asks_address && asks_keys)
		return err_set(e, ERR_INPUT, 0,
			       "--address and --keys are two questions: ask one");
	if (call->value[OPTION_CONNECT] || call->argument_count)
		return err_set(e, ERR_INPUT, 0,
			       "--%s looks at no configuration: leave out %s%s",
			       asks_keys ? "keys" : "address",
			       call->argument_count ? "site " : "--connect",
			       call->argument_count ? call->arguments[0] : "");
	return 0;
}

static int
unknown_site(const struct config *config, const char *typed)
{
	const char *near = config_nearest_site(config, typed);
	struct err e;

	(void)err_set(&e, ERR_INPUT, 0, "unknown site \"%s\"%s%s%s", typed,
		      near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
	return print_failure(FRONT_USAGE, &e);
}

static int
run(const struct call *call)
{
	AUTO_CONFIG struct config *config = NULL;
	const struct config_site *only = NULL;
	struct err e;

	if (check_alone(call, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	if (call->value[OPTION_KEYS]) {
		config_each_key(print_key, (void *)call);
		return FRONT_DONE;
	}
	if (call->value[OPTION_ADDRESS])
		return check_address(call, call->value[OPTION_ADDRESS]);
	if (place_load_config(call, &config, &e) < 0)
		return print_failure(FRONT_FAILED, &e);
	if (call->argument_count) {
		only = config_site(config, call->arguments[0]);
		if (!only)
			return unknown_site(config, call->arguments[0]);
	}
	return check_config(call, only, config);
}

const struct command command_check = {
    .name = "check",
    .arguments = "[SITE]",
    .summary = "the configuration; with --connect every address for real",
    .text =
	"Reads the configuration and says what is wrong in it, passwords that cannot "
	"be\n"
	"read and addresses that lead back here included, and what schedules and rates "
	"say\n"
	"now and next.  --connect tries every address (of one site, or of all): "
	"resolve,\n"
	"connect, log on, share, write, rename, delete, free space.",
    .options = options,
    .examples = "  lansender check --connect MS1\n"
		"  lansender check --address '\\\\DSSMS\\SMS_SITE'\n",
    .exits = "  0  all is well\n  1  something is not\n  2  wrong usage\n",
    .arguments_max = 1,
    .run = run,
};
