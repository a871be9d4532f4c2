/* event.c - what the sender log says: one table, and who it is about.
 *
 * The words are the original's where it had any (its logs are quoted in Q126229,
 * Q235753, Q276259, Q278357), its spelling included: runbooks and eyes know them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/str.h"
#include "send/send.h"

enum { LINE_ROOM = 4096 }; /* paths of 1,024 twice, and words; longer is cut */

static const char component[] = "SMS_LAN_SENDER"; /* as viewers' filters know it */

/* What a row's arguments are, where a plain format cannot print them. */
enum arguments {
	PLAIN,
	SITE_HOLD_TIME,  /* server, site, ms; the format wants the site twice */
	RETRY_WAIT_TIME, /* u, u, ms                                          */
};

struct row {
	enum event id;
	enum log_level level;
	const char *format;
	enum arguments arguments;
};

/* clang-format off */
static const struct row rows[] = {
	{EVENT_STARTED, LOG_LEVEL_INFO, "SMS_LAN_SENDER started.", PLAIN},
	{EVENT_STOPPED, LOG_LEVEL_INFO, "SMS_LAN_SENDER stopped.", PLAIN},
	{EVENT_CAPACITY, LOG_LEVEL_INFO,
	 "Checking for sending capacity. Used %d out of %d.", PLAIN},
	{EVENT_FOUND, LOG_LEVEL_INFO, "Found send request.  ID: %s, Dest Site: %s", PLAIN},
	{EVENT_SITE_CAPACITY, LOG_LEVEL_INFO,
	 "Checking for site-specific sending capacity.  Used %d out of %d.", PLAIN},
	{EVENT_THREAD, LOG_LEVEL_INFO, "Created sending thread (Thread ID = %u)", PLAIN},
	{EVENT_NO_MORE, LOG_LEVEL_INFO,
	 "No (more) send requests found to process.", PLAIN},
	{EVENT_NO_ADDRESS, LOG_LEVEL_ERROR,
	 "There is no longer an address to destination site %s", PLAIN},
	{EVENT_RETURNED, LOG_LEVEL_WARNING, /* "cannot not": sic */
	 "Returning send request to pending because address cannot not be found.", PLAIN},
	{EVENT_BUSY_SITE, LOG_LEVEL_WARNING,
	 "Site %s added to list of busy sites because there is no available address.",
	 PLAIN},
	{EVENT_UNKNOWN_TYPE, LOG_LEVEL_WARNING,
	 "Address %s is of type %s, which is not known here: it is not used%s.", PLAIN},
	{EVENT_TRYING, LOG_LEVEL_INFO, "Trying the No. %u address (out of %u)", PLAIN},
	{EVENT_REUSED, LOG_LEVEL_INFO,
	 "Passed the xmit file test, use the existing connection", PLAIN},
	{EVENT_CONNECT_ERROR, LOG_LEVEL_ERROR,
	 "Error during WNetAddConnection2 to %s (%u).", PLAIN},
	{EVENT_CONNECT_ADVICE, LOG_LEVEL_WARNING, "%s", PLAIN},
	{EVENT_CONNECTED, LOG_LEVEL_INFO, "Connected to %s (%s)", PLAIN},
	{EVENT_NO_CONNECTION, LOG_LEVEL_INFO,
	 "There is no existing connection, Win32 error = %u", PLAIN},
	{EVENT_RETRYABLE, LOG_LEVEL_INFO, "Operation is retryable.", PLAIN},
	{EVENT_FATAL, LOG_LEVEL_ERROR, "Error is considered fatal.", PLAIN},
	{EVENT_SITE_HOLD, LOG_LEVEL_WARNING,
	 "Cannot connect to server %s at remote site %s, won't try send requests going to "
	 "site %s for %s or until there are no active send requests.", SITE_HOLD_TIME},
	{EVENT_NOT_ESTABLISHED, LOG_LEVEL_WARNING, "Could not establish connection.", PLAIN},
	{EVENT_ATTEMPT_FAILED, LOG_LEVEL_WARNING, "Attempt to connect failed.", PLAIN},
	{EVENT_NO_DISCONNECT, LOG_LEVEL_INFO, "No need to disconnect", PLAIN},
	{EVENT_RESTART, LOG_LEVEL_INFO, "Restart time = %s", PLAIN},
	{EVENT_PACKAGE_FILE, LOG_LEVEL_INFO, "Package file = %s", PLAIN},
	{EVENT_INSTRUCTION, LOG_LEVEL_INFO, "Instruction file = %s", PLAIN},
	{EVENT_CHECKING, LOG_LEVEL_INFO, "Checking for remote file %s", PLAIN},
	{EVENT_OPENING, LOG_LEVEL_INFO,
	 "Attempt to create/open the remote file %s", PLAIN},
	{EVENT_OPENED, LOG_LEVEL_INFO, "Created/opened the remote file %s", PLAIN},
	{EVENT_OPEN_ERROR, LOG_LEVEL_ERROR,
	 "Cannot create/open the remote file %s, Win32 error = %u.", PLAIN},
	{EVENT_SENDING, LOG_LEVEL_INFO, "Sending Started [%s]", PLAIN},
	{EVENT_WRITING, LOG_LEVEL_INFO,
	 "Attempt to write %lld bytes to %s at position %lld", PLAIN},
	{EVENT_WROTE, LOG_LEVEL_INFO, "Wrote %lld bytes to %s at position %lld", PLAIN},
	{EVENT_SENT_FILE, LOG_LEVEL_INFO, "Sending completed [%s]", PLAIN},
	{EVENT_FINISHED, LOG_LEVEL_INFO,
	 "Finished sending SWD package %s version %d to site %s", PLAIN},
	{EVENT_RENAMING, LOG_LEVEL_INFO, "Renaming remote file %s to %s", PLAIN},
	{EVENT_RENAMED, LOG_LEVEL_INFO, "Rename completed [%s]", PLAIN},
	{EVENT_SUCCESS, LOG_LEVEL_INFO, "Sending completed successfully", PLAIN},
	{EVENT_RESUME, LOG_LEVEL_INFO, "Resuming %s at position %lld", PLAIN},
	{EVENT_NO_SPACE, LOG_LEVEL_ERROR,
	 "There is not enough space on the disk.", PLAIN},
	{EVENT_TROUBLE, LOG_LEVEL_WARNING, "%s, Win32 error = %u", PLAIN},
	{EVENT_RETRY_WAIT, LOG_LEVEL_INFO,
	 "Waiting %s before retry No. %u (out of %u)", RETRY_WAIT_TIME},
	{EVENT_DELETING, LOG_LEVEL_INFO, "Deleting remote file %s", PLAIN},
	{EVENT_HEARTBEAT, LOG_LEVEL_WARNING, "Heartbeat is expired.", PLAIN},
	{EVENT_CANT_REESTABLISH, LOG_LEVEL_WARNING,
	 "Can't re-establish the connection.", PLAIN},
	{EVENT_EXPIRED, LOG_LEVEL_ERROR,
	 "The send request to site %s is older than the request lifetime and has failed.",
	 PLAIN},
	{EVENT_UNLIKELY, LOG_LEVEL_WARNING,
	 "The deadline of the send request, %s, has become unlikely (%d %%); "
	 "expected arrival: %s.", PLAIN},
	{EVENT_LIKELY, LOG_LEVEL_INFO,
	 "The deadline of the send request, %s, is likely again (%d %%).", PLAIN},
	{EVENT_ORDERED, LOG_LEVEL_INFO, "The send request was %s by a person.", PLAIN},
	{EVENT_LOCAL_TROUBLE, LOG_LEVEL_ERROR, "%s", PLAIN},
	{EVENT_SUPERSEDED, LOG_LEVEL_INFO,
	 "The send request was cancelled: superseded by request %lld.", PLAIN},
	{EVENT_SUPERSEDES, LOG_LEVEL_INFO,
	 "The send request supersedes %lld older of the same name.", PLAIN},
	{EVENT_SUSPENDED, LOG_LEVEL_INFO, "The send request is suspended: %s.", PLAIN},
	{EVENT_DRAINED, LOG_LEVEL_WARNING,
	 "The sender is drained: nothing is sent until `lansender drain off`.", PLAIN},
	{EVENT_DRAIN_ENDED, LOG_LEVEL_INFO, "The sender is no longer drained.", PLAIN},
	{EVENT_RELOADED, LOG_LEVEL_INFO, "The configuration was read anew.", PLAIN},
	{EVENT_NOT_RELOADED, LOG_LEVEL_ERROR,
	 "The configuration stays as it was, since it cannot be read anew: %s", PLAIN},
	{EVENT_SET_ASIDE, LOG_LEVEL_ERROR,
	 "Damaged rows of the outbox that are set aside: %lld; `lansender list` says where.",
	 PLAIN},
};
/* clang-format on */

static const struct row *
find(enum event id)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

/* 3600000 -> "an hour", as the original wrote it; else what is exact: "2 hours",
 * "90 minutes", "a minute", "5 seconds". */
static const char *
duration_words(int64_t ms, char *buf, size_t room)
{
	static const struct {
		int64_t ms;
		const char *one, *many;
	} units[] = {
	    {3600000, "an hour", "hours"},
	    {60000, "a minute", "minutes"},
	    {1000, "a second", "seconds"},
	    {1, "a millisecond", "milliseconds"},
	};
	size_t i = 0;

	while (i + 1 < COUNT(units) && (ms == 0 || ms % units[i].ms != 0))
		i++;
	if (ms == units[i].ms)
		str_copy_cut(buf, room, units[i].one);
	else
		(void)snprintf(buf, room, "%" PRId64 " %s", ms / units[i].ms,
			       units[i].many);
	return buf;
}

/* The formats are constants of the table above, which the tests print one by one; the
 * compilers cannot see that through a pointer. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void
print_words(const struct row *row, char *buf, size_t room, ...)
{
	va_list ap;

	va_start(ap, room);
	(void)vsnprintf(buf, room, row->format, ap);
	va_end(ap);
}

static void
print_row(const struct row *row, char *buf, size_t room, va_list ap)
{
	char words[48];
	const char *server, *site;
	unsigned number, count;

	switch (row->arguments) {
	case PLAIN:
		(void)vsnprintf(buf, room, row->format, ap);
		break;
	case SITE_HOLD_TIME:
		server = va_arg(ap, const char *);
		site = va_arg(ap, const char *);
		print_words(row, buf, room, server, site, site,
			    duration_words(va_arg(ap, int64_t), words, sizeof(words)));
		break;
	case RETRY_WAIT_TIME:
		number = va_arg(ap, unsigned);
		count = va_arg(ap, unsigned);
		print_words(row, buf, room,
			    duration_words(va_arg(ap, int64_t), words, sizeof(words)),
			    number, count);
		break;
	}
}

#pragma GCC diagnostic pop

static void
write_event(struct log *log, const struct event_about *about, int id,
	    enum log_level level, const char *text)
{
	AUTO_STR struct str context = {0};
	struct log_event ev = {
	    .id = id, .level = level, .component = component, .text = text};

	if (about && about->request)
		str_addf(&context, "request=%" PRId64, about->request);
	if (about && about->site)
		str_addf(&context, "%ssite=%s", context.len ? " " : "", about->site);
	if (about)
		ev.thread = about->thread;
	ev.context = str_text(&context);
	log_write(log, &ev);
}

void
event_log(struct log *log, const struct event_about *about, enum event id, ...)
{
	const struct row *row = find(id);
	char text[LINE_ROOM];
	va_list ap;

	if (!log || !row)
		return;
	va_start(ap, id);
	print_row(row, text, sizeof(text), ap);
	va_end(ap);
	write_event(log, about, (int)id, row->level, text);
}

/* A text that may hold blanks or quotes, in quotes. */
static void
add_quoted(struct str *out, const char *text)
{
	str_add_char(out, '"');
	for (; *text; text++) {
		const char *kept = *text == '"' ? "'" : text;

		str_add_char(out, *kept);
	}
	str_add_char(out, '"');
}

/* The keys are a promise: people grep this line, so they change only with a note in the
 * change log. */
void
event_log_attempt(struct log *log, const struct event_about *about,
		  const struct outbox_attempt *a)
{
	AUTO_STR struct str line = {0};

	str_addf(&line, "event=attempt request=%" PRId64 " site=%s try=%" PRId64,
		 a->request.n, about && about->site ? about->site : "", a->number);
	str_addf(&line, " result=%s fault=%s win32=%" PRIu32 " ntstatus=0x%08" PRIX32,
		 a->result, err_kind_name(a->error_kind), a->error_win32,
		 a->error_ntstatus);
	str_addf(&line, " address=%s server=", a->address);
	add_quoted(&line, a->server);
	str_addf(&line, " bytes=%" PRId64 " wire_bytes=%" PRId64, a->bytes_sent,
		 a->wire_bytes);
	str_addf(&line,
		 " connect_ms=%" PRId64 " send_ms=%" PRId64 " flush_ms=%" PRId64
		 " publish_ms=%" PRId64,
		 a->connect_ms, a->send_ms, a->flush_ms, a->publish_ms);
	str_addf(&line,
		 " rtt_us=%" PRId64 " retransmits=%" PRId64 " connections=%" PRId64,
		 a->rtt_us, a->retransmits, a->connections);
	str_addf(&line, " dialect=%s signature=%s cipher=%s text=", a->dialect,
		 a->signature, a->cipher);
	add_quoted(&line, a->error_text);
	write_event(log, about, EVENT_ATTEMPT,
		    a->error_kind == ERR_NONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		    str_text(&line));
}
