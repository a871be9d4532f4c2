/* lansender show: everything about one send request, with its attempts. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/num.h"
#include "dispatch/dispatch.h"
#include "front/commands.h"
#include "front/place.h"
#include "front/print.h"
#include "front/request_id.h"
#include "front/view.h"

/* "name      text", unless there is nothing to say. */
static void
row(const char *name, const char *text)
{
	if (text[0])
		print_line("%-12s %s", name, text);
}

static void
row_at(const char *name, int64_t at_ms)
{
	char at[24];

	row(name, print_at(at_ms, at, sizeof(at)));
}

static void
print_package(const struct request *r)
{
	const struct outbox_package *p = &r->package;
	char size[24], done[24];

	row("package", p->name);
	if (p->is_tree)
		print_line("%-12s %lld files, %lld folders, %s%s", "content",
			   (long long)p->file_count, (long long)p->folder_count,
			   num_bytes_text(p->total_bytes, size, sizeof(size)),
			   p->by_reference ? ", by reference" : "");
	else
		print_line("%-12s one file, %s%s", "content",
			   num_bytes_text(p->total_bytes, size, sizeof(size)),
			   p->by_reference ? ", by reference" : "");
	print_line("%-12s %s (%d %%)", "done",
		   num_bytes_text(r->progress.bytes_done, done, sizeof(done)),
		   view_percent(r));
}

/* When it arrives, or why that is not told. */
static void
print_outlook(const struct request *r, bool runs)
{
	const struct outbox_outlook *l = &r->outlook;
	const struct dispatch_known why = dispatch_known(r, runs);
	const char *none = dispatch_no_arrival(r, runs);
	char from[24], to[24];

	if (request_state_final(r->state))
		return;
	row("why", why.words);
	if (none) {
		print_line("%-12s none: %s", "arrival", none);
	} else {
		row_at("arrival", l->likely_at_ms);
		print_line("%-12s %s to %s (90 %%)", "range",
			   print_at(l->early_at_ms, from, sizeof(from)),
			   print_at(l->late_at_ms, to, sizeof(to)));
	}
	if (l->doubted_at_ms)
		print_line("%-12s unlikely since %s (%d %%)", "in time",
			   print_at(l->doubted_at_ms, from, sizeof(from)),
			   l->in_time_percent);
	else if (!none && r->deadline_at_ms)
		print_line("%-12s %d %%", "in time", l->in_time_percent);
	if (!none)
		row_at("looked at", l->made_at_ms);
}

static void
print_request(const struct request *r, bool runs)
{
	print_line("%-12s %lld", "request", (long long)r->id.n);
	row("site", r->site);
	row("state", request_state_name(r->state));
	if (r->order == OUTBOX_ORDER_HOLD || r->order == OUTBOX_ORDER_CANCEL)
		row("ordered", r->order == OUTBOX_ORDER_HOLD
				   ? "hold, at its next block"
				   : "cancel, at its next block");
	if (r->is_behind)
		row("waits for", "an earlier request to this site under this name");
	if (view_is_superseded(r))
		print_line("%-12s by request %lld", "superseded",
			   (long long)r->superseded_by.n);
	if (r->supersedes > 0)
		print_line("%-12s %lld older of this name", "supersedes",
			   (long long)r->supersedes);
	row("priority", request_priority_name(r->priority));
	print_package(r);
	row_at("filed", r->filed_at_ms);
	row_at("not before", r->not_before_at_ms);
	row_at("deadline", r->deadline_at_ms);
	if (!request_state_final(r->state))
		row_at("expires", r->expires_at_ms);
	print_outlook(r, runs);
	if (r->state == REQUEST_WAITING)
		row_at("restart", r->restart_at_ms);
	row_at("ended", r->ended_at_ms);
	row("staged on", r->staged_on);
	if (request_state_active(r->state))
		row("sender", r->owner);
	if (r->error_kind != ERR_NONE && r->state != REQUEST_SENT) {
		AUTO_FREE char *error = view_error(r->error_win32, r->error_text);

		row("last error", error);
	}
}

static void
print_connection(const struct outbox_attempt *a)
{
	const char *how = a->cipher[0]      ? "encrypted by "
			  : a->signature[0] ? "signed by "
					    : "neither signed nor encrypted";

	print_line("  connection SMB %s, %s%s", a->dialect, how,
		   a->cipher[0] ? a->cipher : a->signature);
	print_line(
	    "  line       round trip %lld us, %lld retransmits, %lld connection%s",
	    (long long)a->rtt_us, (long long)a->retransmits, (long long)a->connections,
	    a->connections == 1 ? "" : "s");
}

static int
print_attempt(void *self, const struct outbox_attempt *a)
{
	char at[24], connect[24], send[24], flush[24], publish[24], sent[24];

	(void)self;
	print_line("%s", "");
	print_line("attempt %lld   %s  %s", (long long)a->number,
		   print_at(a->started_at_ms, at, sizeof(at)), a->result);
	if (a->server[0])
		print_line("  address    %s %s", a->address, a->server);
	if (a->dialect[0])
		print_connection(a);
	print_line("  time       connect %s, send %s, flush %s, publish %s",
		   num_duration_text(a->connect_ms, connect, sizeof(connect)),
		   num_duration_text(a->send_ms, send, sizeof(send)),
		   num_duration_text(a->flush_ms, flush, sizeof(flush)),
		   num_duration_text(a->publish_ms, publish, sizeof(publish)));
	print_line("  sent       %s, %lld bytes on the wire",
		   num_bytes_text(a->bytes_sent, sent, sizeof(sent)),
		   (long long)a->wire_bytes);
	if (a->error_kind != ERR_NONE) {
		AUTO_FREE char *error = view_error(a->error_win32, a->error_text);

		print_line("  error      %s [%s]", error, err_kind_name(a->error_kind));
	}
	return 0;
}

static int
collect_attempt(void *self, const struct outbox_attempt *a)
{
	(void)json_array_append_new(self, view_attempt_json(a));
	return 0;
}

static int
show_json(struct outbox *o, const struct request *r, bool runs, struct err *e)
{
	json_t *object = view_request_json(r, runs), *history = json_array();

	(void)json_object_set_new(object, "history", history);
	if (outbox_attempts(o, r->id, collect_attempt, history, e) < 0) {
		json_decref(object);
		return -1;
	}
	print_json(object);
	return 0;
}

static int
show(const struct call *call, struct request_id id, struct err *e)
{
	AUTO_OUTBOX struct outbox *o = NULL;
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	AUTO_FREE char *state = place_state(call);
	const bool runs = place_is_locked(state);
	int rc;

	if (place_open_outbox_readonly(call, &o, e) < 0)
		return -1;
	rc = outbox_get(o, id, r, e);
	if (rc == 0)
		return request_id_unknown(id, e);
	if (rc < 0)
		return -1;
	if (call->json)
		return show_json(o, r, runs, e);
	print_request(r, runs);
	return outbox_attempts(o, id, print_attempt, NULL, e) < 0 ? -1 : 0;
}

static int
run(const struct call *call)
{
	struct request_id id;
	struct err e;

	if (request_id_parse(call->arguments[0], &id, &e) < 0)
		return print_failure(FRONT_USAGE, &e);
	return show(call, id, &e) < 0 ? print_failure(FRONT_FAILED, &e) : FRONT_DONE;
}

const struct command command_show = {
    .name = "show",
    .arguments = "ID",
    .summary = "everything about one send request",
    .text =
	"Shows a send request, when it arrives (with a chance of 90 % within the "
	"range;\n"
	"the sender looks at that each minute), and all its attempts: when, to which\n"
	"address, how far, where the time went, what was agreed with the server, and\n"
	"each error.",
    .examples = "  lansender show 12\n",
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
