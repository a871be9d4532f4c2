/* lansender put: send now, in the foreground: no daemon, no configuration, no outbox.
 *
 * The package is made by reference in a private folder, which goes away at the end, and
 * hashed while it is being sent; one attempt, which resumes within its own retries. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "address/address.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "config/config.h"
#include "front/ask.h"
#include "front/commands.h"
#include "front/file_package.h"
#include "front/interrupt.h"
#include "front/place.h"
#include "front/print.h"
#include "front/private_folder.h"
#include "front/put_hooks.h"
#include "front/put_resume.h"
#include "send/send.h"
#include "smb/smb.h"

enum {
	OPTION_USER,
	OPTION_PASSWORD_FILE,
	OPTION_CONNECT_TO,
	OPTION_ENCRYPT,
	OPTION_SIGNING,
	OPTION_AS,
	OPTION_FOLLOW,
	OPTION_LIMIT,
	OPTION_RETRIES,
	OPTION_VERBOSE,
};
static const struct command_option options[] = {
    [OPTION_USER] = {"user", "ACCOUNT", "log on as this account; DOMAIN\\NAME", 'u'},
    [OPTION_PASSWORD_FILE] = {"password-file", "FILE",
			      "its password, in a file of mode 0600", 0},
    [OPTION_CONNECT_TO] = {"connect-to", "HOST:PORT",
			   "connect there; names stay as typed", 0},
    [OPTION_ENCRYPT] = {"encrypt", NULL, "send encrypted, or not at all", 0},
    [OPTION_SIGNING] = {"signing", "HOW", "required (as it is), wanted or off", 0},
    [OPTION_AS] = {"as", "NAME", "what it is called at the share", 0},
    [OPTION_FOLLOW] = {"follow", NULL, "send what symbolic links point to", 0},
    [OPTION_LIMIT] = {"limit", "RATE", "no faster: 512kbit/s, 2MB/s, 1MiB/s", 0},
    [OPTION_RETRIES] = {"retries", "N", "after an error in the middle, resume (2)", 0},
    [OPTION_VERBOSE] = {"verbose", NULL, "tell each step, as the sender log does", 'v'},
    {0},
};

enum { WIN32_NO_SUCH_LOGON_SESSION = 1312 }; /* MS-ERREF 2.2 */

/* Between two tries somebody waits at a terminal; a choice. */
enum { RETRY_DELAY_MS = 10000, RETRIES_MAX = 99 };

struct job {
	const struct call *call;
	struct config *config; /* defaults; its settings are adapted here */
	struct config_address address;
	char *password;               /* NULL: none */
	struct private_folder folder; /* the store */
	struct package *package;
	struct log *log; /* NULL: silent */
	struct request *request;
	struct put_resume *resume;
	int64_t limit_bytes_per_s; /* 0: none */
};

static int
read_want(const char *text, const char *option, enum config_want *out, struct err *e)
{
	static const char *const names[] = {[CONFIG_OFF] = "off",
					    [CONFIG_WANTED] = "wanted",
					    [CONFIG_REQUIRED] = "required"};

	for (size_t i = 0; text && i < COUNT(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum config_want)i;
			return 0;
		}
	if (!text)
		return 0;
	return err_set(e, ERR_INPUT, 0,
		       "--%s: \"%s\" is none; it is required, wanted or off", option,
		       text);
}

/* The defaults of lansender.conf(5); 0 is the engine's own choice. */
static int
read_address(struct job *j, struct err *e)
{
	const struct call *call = j->call;
	const char *typed = call->arguments[1], *to = call->value[OPTION_CONNECT_TO];
	const char *user = call->value[OPTION_USER];
	char host[ADDRESS_HOST_ROOM];

	config_address_default(&j->address);
	j->address.section = mem_dup("put");
	if (user && config_account_check(user, e) < 0)
		return err_wrap(e, "--user");
	j->address.account = mem_dup(user);
	if (call->value[OPTION_ENCRYPT])
		j->address.encrypt = CONFIG_REQUIRED;
	if (!j->address.account && smb_own_ccache(&j->address.ccache, e) < 0)
		return -1;
	if (address_parse(typed, strlen(typed), &j->address.where, e) < 0)
		return -1;
	if (j->address.where.share[0] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" names no share; type \\\\SERVER\\SHARE, in "
			       "quotes, so that the shell leaves the backslashes alone",
			       typed);
	if (to && address_parse_endpoint(to, host, &j->address.connect_port, e) < 0)
		return err_wrap(e, "--connect-to");
	if (to)
		j->address.connect_host = mem_dup(host);
	return read_want(call->value[OPTION_SIGNING], "signing", &j->address.signing,
			 e);
}

static int
read_limit(struct job *j, struct err *e)
{
	const char *limit = j->call->value[OPTION_LIMIT];

	if (!limit || (num_rate(limit, &j->limit_bytes_per_s) == 0 &&
		       j->limit_bytes_per_s >= CONFIG_RATE_MIN))
		return 0;
	return err_set(
	    e, ERR_INPUT, 0,
	    "--limit: \"%s\" is no rate; write it as in 512kbit/s, 16Mbit/s, "
	    "2MB/s or 1MiB/s (1kbit/s at least)",
	    limit);
}

static int
read_settings(struct job *j, struct err *e)
{
	const char *retries = j->call->value[OPTION_RETRIES];

	j->config = config_default();
	j->config->sender.retry_delay_ms = RETRY_DELAY_MS;
	j->config->sender.progress_save_ms = 200; /* the bar moves that often */
	if (retries && num_int(retries, 0, RETRIES_MAX, &j->config->sender.retries) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "--retries: \"%s\" is no number from 0 to %d", retries,
			       RETRIES_MAX);
	if (j->call->value[OPTION_PASSWORD_FILE] && !j->call->value[OPTION_USER])
		return err_set(e, ERR_INPUT, 0, "--password-file wants --user too");
	return read_limit(j, e);
}

static int
read_password(struct job *j, struct err *e)
{
	const char *file = j->call->value[OPTION_PASSWORD_FILE];
	const char *user = j->call->value[OPTION_USER];
	char prompt[200];

	if (file)
		return config_secret_file(file, &j->password, e);
	if (!user)
		return 0; /* Kerberos knows who it is */
	(void)snprintf(prompt, sizeof(prompt), "Password of %.150s", user);
	return ask_password(prompt, &j->password, e);
}

static void
fill_request(struct job *j, const struct package_info *info)
{
	struct request *r = j->request = mem_zero(1, sizeof(*r));

	str_copy_cut(r->site, sizeof(r->site), j->address.where.host);
	r->state = REQUEST_CONNECTING;
	r->priority = REQUEST_HIGH;
	r->filed_at_ms = clock_wall_ms(clock_real());
	str_copy_cut(r->package.id, sizeof(r->package.id), info->id);
	str_copy_cut(r->package.name, sizeof(r->package.name), info->name);
	r->package.is_tree = info->is_tree;
	r->package.by_reference = true;
	r->package.file_count = info->file_count;
	r->package.folder_count = info->folder_count;
	r->package.total_bytes = info->total_bytes;
}

static int
make_package(struct job *j, struct err *e)
{
	const struct package_options o = {
	    .path = j->call->arguments[0],
	    .name = j->call->value[OPTION_AS],
	    .by_reference = true,
	    .hash_later = true,
	    .follow = j->call->value[OPTION_FOLLOW] != NULL,
	    .stop = interrupt_stop(),
	};
	struct package_info info;
	char where[ADDRESS_TEXT_ROOM];

	if (private_folder_make(&j->folder, e) < 0 ||
	    file_package(j->folder.path, o, &info, e) < 0)
		return -1;
	fill_request(j, &info);
	if (package_open(j->folder.path, info.id, &j->package, e) < 0)
		return -1;
	(void)address_print(&j->address.where, where, sizeof(where));
	return put_resume_open(j->call, j->package, where, j->request, &j->resume, e);
}

static int
open_log(struct job *j, struct err *e)
{
	const struct log_options o = {.echo_fd = STDERR_FILENO,
				      .echo = LOG_FORM_TEXT,
				      .level = LOG_LEVEL_INFO,
				      .clock = clock_real()};

	return j->call->value[OPTION_VERBOSE] ? log_open(&o, &j->log, e) : 0;
}

static bool
is_all_staged(const struct request *r)
{
	return r->progress.entries_done >=
	       r->package.file_count + r->package.folder_count;
}

static int
send_it(struct job *j, struct attempt_result *result, struct err *e)
{
	const struct config_site site = {
	    .code = j->request->site,
	    .description = j->request->site,
	    .addresses = &j->address,
	    .address_count = 1,
	};
	struct progress bar;
	int rc;
	struct put_state state = {.bar = &bar,
				  .total_bytes = j->request->package.total_bytes,
				  .resume = j->resume};
	const struct attempt attempt = {
	    .request = j->request,
	    .site = &site,
	    .settings = &j->config->sender,
	    .package = j->package,
	    .password = j->password,
	    .log = j->log,
	    .clock = clock_real(),
	    .stop = interrupt_stop(),
	    .limit_bytes_per_s = j->limit_bytes_per_s,
	    .once = true,
	    .hooks = put_hooks(&state),
	};

	if (put_hash_start(j->folder.path, j->request->package.id, interrupt_stop(),
			   &state.hash, e) < 0)
		return -1;
	progress_init(&bar, "sending", clock_real());
	if (j->log)
		bar.fd = -1; /* lines and a bar do not go together */
	/* Whether it is published already, only the manifest can tell. */
	rc = is_all_staged(j->request) ? put_hash_wait(state.hash, e) : 0;
	if (rc == 0)
		attempt_run(&attempt, result);
	progress_clear(&bar);
	put_hash_end(state.hash);
	return rc;
}

static void
say_sent(const struct job *j, const struct attempt_result *result, int64_t took_ms)
{
	const struct outbox_package *p = &j->request->package;
	char where[ADDRESS_TEXT_ROOM], size[24], took[24];
	json_t *o;

	(void)address_print(&j->address.where, where, sizeof(where));
	if (!j->call->json) {
		print_line("sent %s to %s: %lld file%s, %s in %s", p->name, where,
			   (long long)p->file_count, p->file_count == 1 ? "" : "s",
			   num_bytes_text(p->total_bytes, size, sizeof(size)),
			   num_duration_text(took_ms, took, sizeof(took)));
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "package", print_json_text(p->name));
	(void)json_object_set_new(o, "to", print_json_text(where));
	(void)json_object_set_new(o, "files", json_integer(p->file_count));
	(void)json_object_set_new(o, "bytes", json_integer(p->total_bytes));
	(void)json_object_set_new(o, "ms", json_integer(took_ms));
	(void)json_object_set_new(o, "connect_ms",
				  json_integer(result->history.connect_ms));
	(void)json_object_set_new(o, "send_ms", json_integer(result->history.send_ms));
	(void)json_object_set_new(o, "flush_ms",
				  json_integer(result->history.flush_ms));
	(void)json_object_set_new(o, "publish_ms",
				  json_integer(result->history.publish_ms));
	(void)json_object_set_new(o, "rtt_us", json_integer(result->history.rtt_us));
	(void)json_object_set_new(o, "retransmits",
				  json_integer(result->history.retransmits));
	(void)json_object_set_new(o, "connections",
				  json_integer(result->history.connections));
	(void)json_object_set_new(o, "cpu_ms", json_integer(result->cpu_ms));
	(void)json_object_set_new(o, "wire_bytes",
				  json_integer(result->history.wire_bytes));
	(void)json_object_set_new(o, "dialect",
				  print_json_text(result->history.dialect));
	(void)json_object_set_new(o, "cipher", print_json_text(result->history.cipher));
	(void)json_object_set_new(o, "signature",
				  print_json_text(result->history.signature));
	print_json(o);
}

/* Behind the place that is named already. */
static const char *
behind_place(const char *text, const char *where)
{
	const size_t len = strlen(where);

	return str_starts(text, where) && str_starts(text + len, ": ") ? text + len + 2
								       : text;
}

/* Who named no account may not know that a ticket was asked for. */
static const char *
remedy(const struct job *j, const struct err *e)
{
	if (j->address.account || e->win32 != WIN32_NO_SUCH_LOGON_SESSION)
		return "";
	return strstr(e->text, "kinit")
		   ? ", or name an account with --user"
		   : "; name an account with --user, or get a ticket (kinit)";
}

static int
fail(const struct job *j, const struct attempt_result *result)
{
	const char *name = j->request->package.name;
	char where[ADDRESS_TEXT_ROOM], number[24] = "";
	struct err e = result->error;

	(void)address_print(&j->address.where, where, sizeof(where));
	if (e.win32)
		(void)snprintf(number, sizeof(number), " (error %u)", e.win32);
	if (e.kind == ERR_STOP)
		(void)err_set(&e, ERR_STOP, 0,
			      "%s to %s: stopped; the same command goes on from "
			      "there",
			      name, where);
	else
		(void)err_set(&e, e.kind, e.win32, "%s to %s: %s%s%s", name, where,
			      behind_place(result->error.text, where),
			      remedy(j, &result->error), number);
	return print_failure(FRONT_FAILED, &e);
}

/* What is staged stays for another run, unless that is done with or never began. */
static void
end_resume(struct job *j, const struct attempt_result *result)
{
	const struct request_progress *p = &result->progress;
	const bool is_over = result->outcome == ATTEMPT_SENT ||
			     result->outcome == ATTEMPT_FAILED ||
			     result->forget_progress;

	if (!is_over && p->bytes_done > 0)
		put_resume_save(j->resume, p);
	put_resume_close(j->resume, !is_over && p->bytes_done > 0);
	j->resume = NULL;
}

static int
put(struct job *j, struct err *e)
{
	struct attempt_result result = {0};
	int64_t began_ms;

	if (read_password(j, e) < 0 || open_log(j, e) < 0 || make_package(j, e) < 0)
		return print_failure(FRONT_FAILED, e);
	began_ms = clock_mono_ms(clock_real());
	if (send_it(j, &result, e) < 0)
		return print_failure(FRONT_FAILED, e);
	end_resume(j, &result);
	if (result.outcome != ATTEMPT_SENT)
		return fail(j, &result);
	say_sent(j, &result, clock_mono_ms(clock_real()) - began_ms);
	return FRONT_DONE;
}

static void
done(struct job *j)
{
	struct err e;

	put_resume_close(j->resume, true);
	package_close(j->package);
	if (private_folder_end(&j->folder, &e) < 0)
		(void)print_failure(0, &e);
	log_close(j->log);
	config_secret_free(j->password);
	config_free(j->config);
	config_address_done(&j->address);
	mem_free(j->request);
}

static int
run(const struct call *call)
{
	const struct rlimit none = {0, 0};
	struct job j = {.call = call};
	struct err e;
	int code;

	/* The password passes through this process: no core dumps. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (file_package_check(call->arguments[0], call->value[OPTION_AS], &e) < 0 ||
	    read_address(&j, &e) < 0 || read_settings(&j, &e) < 0)
		code = print_failure(FRONT_USAGE, &e);
	else
		code = put(&j, &e);
	done(&j);
	return code;
}

const struct command command_put = {
    .name = "put",
    .arguments = "PATH '\\\\SERVER\\SHARE[\\FOLDER]'",
    .summary = "send now, in the foreground, without daemon and configuration",
    .text = "Sends a file or a folder tree at once and ends when all of it is "
	    "acknowledged\n"
	    "and published.  Nothing is filed: what fails is told, and is to be run "
	    "again.\n"
	    "The same command then goes on from where it stopped.\n"
	    "Without --user: as whom Kerberos knows (kinit).  With --user and without\n"
	    "--password-file the password is asked for on the terminal.",
    .options = options,
    .examples =
	"  lansender put ./setup-4.2/ '\\\\DSSMS\\SMS_SITE' --user 'CORP\\smssend'\n"
	"  lansender put report.pdf //nas/reports/2026 --user backup \\\n"
	"      --password-file ~/.nas-secret --encrypt\n",
    .exits = "  0  sent\n  1  not sent\n  2  wrong usage\n",
    .arguments_min = 2,
    .arguments_max = 2,
    .run = run,
};
