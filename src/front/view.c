#include "front/view.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "front/print.h"

int
view_percent(const struct request *r)
{
	const int64_t total = r->package.total_bytes, done = r->progress.bytes_done;
	int64_t percent = total > 0 ? (int64_t)((double)done * 100 / (double)total) : 0;

	if (r->state == REQUEST_SENT)
		return 100;
	return (int)(percent < 0 ? 0 : percent > 99 ? 99 : percent);
}

bool
view_is_superseded(const struct request *r)
{
	return r->superseded_by.n > 0 &&
	       (r->state == REQUEST_CANCELLED || r->order == OUTBOX_ORDER_CANCEL);
}

const char *
view_progress(const struct request *r, char *buf, size_t room)
{
	const bool moves = r->progress.bytes_done > 0 || request_state_active(r->state);

	buf[0] = '\0';
	if (moves && !request_state_final(r->state))
		(void)snprintf(buf, room, "%d %%", view_percent(r));
	return buf;
}

char *
view_error(uint32_t win32, const char *text)
{
	return win32 ? mem_printf("(%u) %s", win32, text) : mem_dup(text);
}

enum { REMARK_ERROR_BYTES = 60 }; /* a choice: with the columns before, a wide line */

static void
add_orders(const struct request *r, bool sender_runs, struct str *remark)
{
	if (request_state_active(r->state) && !sender_runs)
		str_add(remark, "no sender runs: it stands still; ");
	if (r->order == OUTBOX_ORDER_HOLD)
		str_add(remark, "to be held; ");
	if (r->order == OUTBOX_ORDER_CANCEL)
		str_add(remark, "to be cancelled; ");
}

const char *
view_remark(const struct request *r, bool sender_runs, char *buf, size_t room)
{
	AUTO_FREE char *error = NULL;
	char at[24], text[REMARK_ERROR_BYTES];
	AUTO_STR struct str remark = {0};

	add_orders(r, sender_runs, &remark);
	if (view_is_superseded(r))
		str_addf(&remark, "superseded by request %lld; ",
			 (long long)r->superseded_by.n);
	if (r->state == REQUEST_WAITING && r->restart_at_ms)
		str_addf(&remark, "until %s; ",
			 print_at(r->restart_at_ms, at, sizeof(at)));
	if (r->state == REQUEST_PENDING && r->not_before_at_ms)
		str_addf(&remark, "not before %s; ",
			 print_at(r->not_before_at_ms, at, sizeof(at)));
	if (r->outlook.doubted_at_ms && !request_state_final(r->state))
		str_addf(&remark, "deadline unlikely (%d %%); ",
			 r->outlook.in_time_percent);
	/* What an earlier attempt met is no remark on the one that is under way. */
	if (r->error_kind != ERR_NONE && r->state != REQUEST_SENT &&
	    !request_state_active(r->state)) {
		str_copy_cut(text, sizeof(text), r->error_text);
		error = view_error(r->error_win32, text);
		str_addf(&remark, "%s%s; ", error,
			 strlen(r->error_text) >= sizeof(text) ? "..." : "");
	}
	str_copy_cut(buf, room, str_text(&remark));
	if (remark.len >= 2 && remark.len < room)
		buf[remark.len - 2] = '\0'; /* the last "; " */
	return buf;
}

static json_t *
number_json(int64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
error_json(enum err_kind kind, uint32_t win32, const char *text)
{
	json_t *o;

	if (kind == ERR_NONE)
		return json_null();
	o = json_object();
	(void)json_object_set_new(o, "kind", print_json_text(err_kind_name(kind)));
	(void)json_object_set_new(o, "win32", number_json(win32));
	(void)json_object_set_new(o, "text", print_json_text(text));
	return o;
}

static json_t *
package_json(const struct outbox_package *p)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", print_json_text(p->id));
	(void)json_object_set_new(o, "name", print_json_text(p->name));
	(void)json_object_set_new(o, "tree", json_boolean(p->is_tree));
	(void)json_object_set_new(o, "by_reference", json_boolean(p->by_reference));
	(void)json_object_set_new(o, "files", number_json(p->file_count));
	(void)json_object_set_new(o, "folders", number_json(p->folder_count));
	(void)json_object_set_new(o, "bytes", number_json(p->total_bytes));
	return o;
}

const char *
view_arrival(const struct request *r, bool sender_runs, int64_t now_ms, char *buf,
	     size_t room)
{
	const bool told = !dispatch_no_arrival(r, sender_runs);
	const bool looked_at = sender_runs && r->outlook.made_at_ms > 0 &&
			       !request_state_final(r->state) &&
			       r->state != REQUEST_HELD;

	buf[0] = '\0';
	if (told)
		return print_soon(r->outlook.likely_at_ms, now_ms, buf, room);
	if (looked_at)
		str_copy_cut(buf, room, "never");
	return buf;
}

static json_t *
arrival_json(const struct request *r, bool sender_runs)
{
	const struct outbox_outlook *l = &r->outlook;
	json_t *o;

	if (dispatch_no_arrival(r, sender_runs))
		return json_null();
	o = json_object();
	(void)json_object_set_new(o, "early", print_json_at(l->early_at_ms));
	(void)json_object_set_new(o, "likely", print_json_at(l->likely_at_ms));
	(void)json_object_set_new(o, "late", print_json_at(l->late_at_ms));
	(void)json_object_set_new(o, "in_time_percent",
				  number_json(l->in_time_percent));
	(void)json_object_set_new(o, "looked_at", print_json_at(l->made_at_ms));
	return o;
}

json_t *
view_why_json(const struct dispatch_known *k)
{
	json_t *o;

	if (k->code < 0)
		return json_null();
	o = json_object();
	(void)json_object_set_new(o, "code", number_json(k->code));
	(void)json_object_set_new(o, "reason", print_json_text(k->name));
	(void)json_object_set_new(o, "until", print_json_at(k->until_at_ms));
	(void)json_object_set_new(o, "number", number_json(k->number));
	return o;
}

json_t *
view_request_json(const struct request *r, bool sender_runs)
{
	const struct dispatch_known why = dispatch_known(r, sender_runs);
	static const char *const orders[] = {[OUTBOX_ORDER_HOLD] = "hold",
					     [OUTBOX_ORDER_CANCEL] = "cancel",
					     [OUTBOX_LOST] = NULL};
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", number_json(r->id.n));
	(void)json_object_set_new(o, "site", print_json_text(r->site));
	(void)json_object_set_new(o, "state",
				  print_json_text(request_state_name(r->state)));
	(void)json_object_set_new(o, "behind", json_boolean(r->is_behind));
	(void)json_object_set_new(o, "order", print_json_text(orders[r->order]));
	(void)json_object_set_new(o, "priority",
				  print_json_text(request_priority_name(r->priority)));
	(void)json_object_set_new(o, "package", package_json(&r->package));
	(void)json_object_set_new(o, "bytes_done", number_json(r->progress.bytes_done));
	(void)json_object_set_new(o, "percent", number_json(view_percent(r)));
	(void)json_object_set_new(o, "supersedes", number_json(r->supersedes));
	(void)json_object_set_new(
	    o, "superseded_by",
	    view_is_superseded(r) ? number_json(r->superseded_by.n) : json_null());
	(void)json_object_set_new(o, "attempts", number_json(r->attempts));
	(void)json_object_set_new(o, "filed_at", print_json_at(r->filed_at_ms));
	(void)json_object_set_new(o, "not_before", print_json_at(r->not_before_at_ms));
	(void)json_object_set_new(o, "deadline", print_json_at(r->deadline_at_ms));
	(void)json_object_set_new(o, "expires_at", print_json_at(r->expires_at_ms));
	(void)json_object_set_new(o, "restart_at", print_json_at(r->restart_at_ms));
	(void)json_object_set_new(o, "ended_at", print_json_at(r->ended_at_ms));
	(void)json_object_set_new(o, "why", view_why_json(&why));
	(void)json_object_set_new(o, "arrival", arrival_json(r, sender_runs));
	(void)json_object_set_new(o, "no_arrival",
				  print_json_text(dispatch_no_arrival(r, sender_runs)));
	(void)json_object_set_new(o, "deadline_unlikely_since",
				  print_json_at(request_state_final(r->state)
						    ? 0
						    : r->outlook.doubted_at_ms));
	(void)json_object_set_new(
	    o, "error", error_json(r->error_kind, r->error_win32, r->error_text));
	return o;
}

json_t *
view_attempt_json(const struct outbox_attempt *a)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "number", number_json(a->number));
	(void)json_object_set_new(o, "result", print_json_text(a->result));
	(void)json_object_set_new(o, "started_at", print_json_at(a->started_at_ms));
	(void)json_object_set_new(o, "ended_at", print_json_at(a->ended_at_ms));
	(void)json_object_set_new(o, "address", print_json_text(a->address));
	(void)json_object_set_new(o, "server", print_json_text(a->server));
	(void)json_object_set_new(o, "bytes_sent", number_json(a->bytes_sent));
	(void)json_object_set_new(o, "wire_bytes", number_json(a->wire_bytes));
	(void)json_object_set_new(o, "connect_ms", number_json(a->connect_ms));
	(void)json_object_set_new(o, "send_ms", number_json(a->send_ms));
	(void)json_object_set_new(o, "flush_ms", number_json(a->flush_ms));
	(void)json_object_set_new(o, "publish_ms", number_json(a->publish_ms));
	(void)json_object_set_new(o, "rtt_us", number_json(a->rtt_us));
	(void)json_object_set_new(o, "retransmits", number_json(a->retransmits));
	(void)json_object_set_new(o, "connections", number_json(a->connections));
	(void)json_object_set_new(o, "dialect", print_json_text(a->dialect));
	(void)json_object_set_new(o, "cipher", print_json_text(a->cipher));
	(void)json_object_set_new(o, "signature", print_json_text(a->signature));
	(void)json_object_set_new(
	    o, "error", error_json(a->error_kind, a->error_win32, a->error_text));
	return o;
}
