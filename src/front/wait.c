#include "front/wait.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "front/command.h"
#include "front/interrupt.h"
#include "front/print.h"
#include "front/progress.h"
#include "front/view.h"

enum { LOOK_EVERY_MS = 500 }; /* a choice: progress is kept about once a second */

struct watched {
	struct outbox *o;
	const struct request_id *ids;
	size_t count;
	struct request *r; /* scratch: large */
	int64_t bytes, total;
	size_t ended;
};

/* The i-th into w->r.  -1: it cannot be read, or is gone. */
static int
get(struct watched *w, size_t i, struct err *e)
{
	int rc = outbox_get(w->o, w->ids[i], w->r, e);

	if (rc == 0)
		return err_set(e, ERR_REQUEST, 0,
			       "send request %lld is gone from the outbox",
			       (long long)w->ids[i].n);
	return rc < 0 ? -1 : 0;
}

/* Add up where they are.  -1: one cannot be read. */
static int
look(struct watched *w, struct err *e)
{
	w->bytes = w->total = 0;
	w->ended = 0;
	for (size_t i = 0; i < w->count; i++) {
		if (get(w, i, e) < 0)
			return -1;
		w->total += w->r->package.total_bytes;
		w->bytes += w->r->state == REQUEST_SENT ? w->r->package.total_bytes
							: w->r->progress.bytes_done;
		w->ended += request_state_final(w->r->state);
	}
	return 0;
}

static void
say_failed(const struct request *r)
{
	AUTO_FREE char *error = view_error(r->error_win32, r->error_text);

	print_line("request %lld to %s: failed: %s", (long long)r->id.n, r->site,
		   error);
}

static int
say_end(struct watched *w, bool json)
{
	int code = FRONT_DONE;
	struct err e;

	for (size_t i = 0; i < w->count; i++) {
		if (get(w, i, &e) < 0)
			return print_failure(FRONT_FAILED, &e);
		if (w->r->state != REQUEST_SENT)
			code = FRONT_FAILED;
		if (json)
			print_json(view_request_json(w->r, false));
		else if (w->r->state == REQUEST_FAILED)
			say_failed(w->r);
		else
			print_line("request %lld to %s: %s", (long long)w->r->id.n,
				   w->r->site, request_state_name(w->r->state));
	}
	return code;
}

int
wait_for_requests(struct outbox *o, const struct request_id *ids, size_t count,
		  bool json)
{
	const struct stop *stop = interrupt_stop();
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	struct watched w = {.o = o, .ids = ids, .count = count, .r = r};
	struct progress bar;
	struct err e;

	progress_init(&bar, "sending", clock_real());
	for (;;) {
		if (look(&w, &e) < 0) {
			progress_clear(&bar);
			return print_failure(FRONT_FAILED, &e);
		}
		if (w.ended == count)
			break;
		progress_show(&bar, w.bytes, w.total);
		(void)outbox_wait(o, stop, LOOK_EVERY_MS);
		if (stop_thrown(stop)) {
			progress_clear(&bar);
			print_note("no longer waiting; it stays filed: `lansender "
				   "show %lld`",
				   (long long)ids[0].n);
			return FRONT_NOT_NOW;
		}
	}
	progress_clear(&bar);
	return say_end(&w, json);
}
