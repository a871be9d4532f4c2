#include "send/stage.h"

#include "base/auto.h"
#include "base/crash.h"
#include "base/num.h"
#include "base/str.h"
#include "send/files.h"
#include "send/publish.h"
#include "send/refused.h"
#include "send/verify.h"

enum {
	DISK_FULL = 112, /* ERROR_DISK_FULL, MS-ERREF 2.2 */
	/* What a file costs beyond its bytes, and what is left for others: a cluster of
	 * NTFS's default size, and a little; choices. */
	CLUSTER_BYTES = 4096,
	SPARE_BYTES = 1 << 20,
};

struct stage {
	struct run *run;
	struct publish *publish;
	struct files files;
	char *top; /* remote path of the package in staging */
	struct request_progress from;
	bool is_resumed;
	bool has_begun;     /* files.prefix is what there is */
	bool is_opened;     /* the staging folder, or it was told why not */
	bool is_all_queued; /* every file of the package */
	bool has_manifest;  /* queued, or there */
	bool has_times;     /* every folder has its time */
};

static bool
is_nothing(const struct request_progress *p)
{
	return p->entries_done == 0 && p->offset_bytes == 0;
}

static char *
remote_path(const struct stage *s, const char *path)
{
	return *path ? mem_printf("%s/%s", s->top, path) : mem_dup(s->top);
}

/* --- where to begin -------------------------------------------------------------- */

/* A number that this package cannot have, after a repair or by another hand. */
static bool
is_possible(const struct run *r)
{
	const struct package_info *i = package_get_info(r->a->package);
	const struct request_progress *p = &r->kept;

	return p->entries_done >= 0 &&
	       p->entries_done <= i->file_count + i->folder_count &&
	       p->offset_bytes >= 0 && p->offset_bytes <= p->bytes_done &&
	       p->bytes_done <= i->total_bytes;
}

/* What the outbox keeps counts only for its place, while the staging is there, and when
 * it can be true. */
static int
find_start(struct stage *s, struct err *e)
{
	const struct run *r = s->run;
	struct transport_stat st;
	int there;

	if (!str_eq(r->staged_on, r->place) || is_nothing(&r->kept) || !is_possible(r))
		return 0;
	there = transport_stat(r->transport, s->top, &st, e);
	if (there < 0)
		return -1;
	if (there)
		s->from = r->kept;
	s->is_resumed = there;
	return 0;
}

/* Before the first byte: what has no room shall not load the line. */
static int
check_space(const struct stage *s, struct err *e)
{
	struct run *r = s->run;
	const struct outbox_package *p = &r->a->request->package;
	const int64_t need =
	    p->total_bytes - s->from.bytes_done + SPARE_BYTES +
	    CLUSTER_BYTES * (p->file_count + p->folder_count - s->from.entries_done);
	char need_text[32], free_text[32];
	int64_t free_bytes;

	/* A server that does not tell is told the bytes, and says when it is full. */
	if (transport_space(r->transport, &free_bytes, e) < 0)
		return transport_alive(r->transport) ? 0 : -1;
	if (free_bytes >= need)
		return 0;
	r->too_large = true;
	return err_set(
	    e, ERR_SITE, DISK_FULL,
	    "%s has %s free, the rest of %s needs %s; make room there, %s", r->place,
	    num_bytes_text(free_bytes, free_text, sizeof(free_text)), p->name,
	    num_bytes_text(need, need_text, sizeof(need_text)),
	    r->a->once ? "then run the same command again" : "it is tried again");
}

/* --- folders --------------------------------------------------------------------- */

static void
opened(void *self, const struct err *e)
{
	struct stage *s = self;
	struct run *r = s->run;
	AUTO_FREE char *shown = NULL;

	if (s->is_opened)
		return; /* of two folders the first trouble is told */
	s->is_opened = true;
	shown = run_shown(r, s->top);
	if (e) {
		event_log(r->a->log, &r->about, EVENT_OPEN_ERROR, shown,
			  (unsigned)e->win32);
		return;
	}
	event_log(r->a->log, &r->about, EVENT_OPENED, shown);
	event_log(r->a->log, &r->about, EVENT_SENDING, r->a->request->package.name);
	crash_point("stage.after-make-staging");
}

static void
ours_made(void *self, const struct err *e)
{
	if (e)
		opened(self, e);
}

static int
make_staging(struct stage *s, struct err *e)
{
	struct run *r = s->run;
	AUTO_FREE char *shown = run_shown(r, s->top);

	event_log(r->a->log, &r->about, EVENT_CHECKING, shown);
	event_log(r->a->log, &r->about, EVENT_OPENING, shown);
	if (files_change(&s->files,
			 &(struct transport_change){.kind = TRANSPORT_MAKE_FOLDER,
						    .path = PUBLISH_FOLDER,
						    .hidden = true,
						    .done = ours_made,
						    .self = s},
			 e) < 0)
		return -1;
	return files_change(&s->files,
			    &(struct transport_change){.kind = TRANSPORT_MAKE_FOLDER,
						       .path = r->staging,
						       .done = opened,
						       .self = s},
			    e);
}

/* Also after a resume: it costs little, and a folder that somebody removed would stop
 * everything.  Nothing is waited for: the transport sees to it that what lies in a
 * folder comes behind it. */
static int
make_folders(struct stage *s, struct err *e)
{
	struct run *r = s->run;
	struct package_entry entry;
	int rc = 0;

	if (package_rewind(r->a->package, e) < 0)
		return -1;
	while (r->a->request->package.is_tree &&
	       (rc = package_next(r->a->package, &entry, e)) > 0) {
		AUTO_FREE char *remote = remote_path(s, entry.path);
		const struct transport_change make = {.kind = TRANSPORT_MAKE_FOLDER,
						      .path = remote};

		if (entry.is_folder && files_change(&s->files, &make, e) < 0)
			return -1;
		if (run_beat(r, e) < 0)
			return -1;
	}
	crash_point("stage.after-folders");
	return rc;
}

/* --- files ----------------------------------------------------------------------- */

/* Of the file in progress, what is acknowledged and still there. */
static int
find_offset(struct stage *s, const char *remote, int64_t *out, struct err *e)
{
	const struct run *r = s->run;
	AUTO_FREE char *shown = run_shown(r, remote);
	struct transport_stat st;
	int there = transport_stat(r->transport, remote, &st, e);

	if (there < 0)
		return -1;
	*out = s->from.offset_bytes;
	if (!there || st.is_dir || st.is_link)
		*out = 0;
	else if (st.size_bytes < *out)
		*out = st.size_bytes;
	event_log(r->a->log, &r->about, EVENT_RESUME, shown, (long long)*out);
	return 0;
}

static int
send_file(struct stage *s, const struct package_entry *entry, struct err *e)
{
	AUTO_FREE char *remote = remote_path(s, entry->path);
	struct files_put put = {.entry = entry, .remote = remote, .counts = true};

	if (entry->number == s->from.entries_done && s->from.offset_bytes > 0 &&
	    find_offset(s, remote, &put.start_bytes, e) < 0)
		return -1;
	if (put.start_bytes > entry->size_bytes)
		put.start_bytes = 0;
	return files_put(&s->files, &put, e);
}

static int
queue_manifest(struct stage *s, struct err *e)
{
	const struct attempt *a = s->run->a;
	AUTO_FREE char *remote = mem_printf("%s" PUBLISH_SUFFIX, s->top);
	const char *local = package_manifest_path(a->package);

	s->has_manifest = true;
	event_log(a->log, &s->run->about, EVENT_SENDING, local);
	return files_put_local(&s->files, local, remote, e);
}

static bool
is_hashed(const struct stage *s)
{
	const struct attempt_hooks *h = &s->run->a->hooks;

	return h->has_hash ? h->has_hash(h->self) : !h->wait_hash;
}

/* All files are queued, so the line is busy for a while: the manifest goes along as
 * soon as there is one. */
static void
acked(void *self)
{
	struct stage *s = self;
	struct err unused;

	if (s->is_all_queued && !s->has_manifest && is_hashed(s))
		(void)!queue_manifest(s, &unused); /* the next call says it */
}

/* A server that does things in another order: a file may have been made in the folder
 * since. */
static void
touched(void *self, const struct err *e)
{
	struct stage *s = self;

	(void)e;
	if (s->files.under_way > 0)
		s->has_times = false;
}

/* Behind everything else, since each file that is made in a folder changes the folder's
 * time. */
static int
set_folder_times(struct stage *s, struct err *e)
{
	struct run *r = s->run;
	struct package_entry entry;
	int rc;

	s->has_times = true;
	if (!r->a->request->package.is_tree)
		return 0;
	if (package_rewind(r->a->package, e) < 0)
		return -1;
	while ((rc = package_next(r->a->package, &entry, e)) > 0) {
		AUTO_FREE char *remote =
		    entry.is_folder ? remote_path(s, entry.path) : NULL;
		const struct transport_change touch = {.kind = TRANSPORT_TOUCH_FOLDER,
						       .path = remote,
						       .mtime_ns = entry.mtime_ns,
						       .done = touched,
						       .self = s};

		if (!remote)
			continue;
		if (run_beat(r, e) < 0 || files_change(&s->files, &touch, e) < 0)
			return -1;
	}
	return rc;
}

/* What was there before is looked at once more, and may then be sent anew: too early
 * for the folders' times. */
static int
queue_rest(struct stage *s, struct err *e)
{
	if (is_hashed(s) && queue_manifest(s, e) < 0)
		return -1;
	if (!s->is_resumed && set_folder_times(s, e) < 0)
		return -1;
	return publish_scout(s->publish, e);
}

static int
send_files(struct stage *s, struct err *e)
{
	struct package *p = s->run->a->package;
	struct package_entry entry;
	int64_t entries = 0;
	int rc;

	if (package_rewind(p, e) < 0)
		return -1;
	while ((rc = package_next(p, &entry, e)) > 0) {
		entries = entry.number + 1;
		if (entry.is_folder || entry.number < s->from.entries_done)
			continue;
		if (send_file(s, &entry, e) < 0)
			return -1;
	}
	s->is_all_queued = true;
	if (rc < 0 || queue_rest(s, e) < 0 || files_drain(&s->files, e) < 0)
		return -1;
	prefix_last(&s->files.prefix, entries);
	crash_point("stage.after-files");
	return 0;
}

/* --- the rest -------------------------------------------------------------------- */

static int
finish_manifest(struct stage *s, struct err *e)
{
	const struct attempt *a = s->run->a;

	if (!s->has_manifest &&
	    ((a->hooks.wait_hash && a->hooks.wait_hash(a->hooks.self, e) < 0) ||
	     queue_manifest(s, e) < 0))
		return -1;
	if (files_drain(&s->files, e) < 0)
		return -1;
	event_log(a->log, &s->run->about, EVENT_SENT_FILE,
		  package_manifest_path(a->package));
	crash_point("stage.after-manifest");
	return 0;
}

static int
send_package(struct stage *s, struct err *e)
{
	const struct attempt *a = s->run->a;
	const struct request *q = a->request;
	const int64_t from_ms = clock_mono_ms(a->clock);
	int rc;

	rc = make_folders(s, e);
	if (rc == 0)
		rc = send_files(s, e);
	s->run->history.send_ms += clock_mono_ms(a->clock) - from_ms;
	if (rc < 0)
		return -1;
	event_log(a->log, &s->run->about, EVENT_SENT_FILE, q->package.name);
	/* A package that is filed never changes: each is the first version of itself.
	 */
	event_log(a->log, &s->run->about, EVENT_FINISHED, q->package.name, 1, q->site);
	return 0;
}

/* What came back over one connection before a folder's time came back over another may
 * have been done after it. */
static bool
has_order(const struct run *r)
{
	struct transport_facts f;

	transport_get_facts(r->transport, &f);
	return f.connections <= 1;
}

static int
finish(struct stage *s, struct err *e)
{
	struct run *r = s->run;
	const int64_t from_ms = clock_mono_ms(r->a->clock);
	int rc = 0;

	r->kept = prefix_get(&s->files.prefix);
	if (s->is_resumed)
		rc = verify_run(r, &s->files, e);
	if (rc == 0)
		rc = files_drain(&s->files, e);
	if (rc == 0 && !(s->has_times && has_order(r)))
		rc = set_folder_times(s, e);
	if (rc == 0)
		rc = finish_manifest(s, e);
	r->history.flush_ms += clock_mono_ms(r->a->clock) - from_ms;
	return rc;
}

static int
stage(struct stage *s, struct err *e)
{
	struct run *r = s->run;

	if (find_start(s, e) < 0 || check_space(s, e) < 0 ||
	    run_step(r, REQUEST_SENDING, e) < 0)
		return -1;
	r->kept = s->from;
	files_init(&s->files, r);
	s->files.acked = acked;
	s->files.self = s;
	s->has_begun = true;
	if (make_staging(s, e) < 0 || send_package(s, e) < 0 || finish(s, e) < 0)
		return -1;
	return run_save(r, e);
}

/* --- all of it ------------------------------------------------------------------- */

/* After a failure nothing may stay queued that still speaks of `files`. */
static void
settle(struct stage *s)
{
	struct run *r = s->run;
	struct err unused;

	if (transport_alive(r->transport))
		(void)!transport_drain(r->transport, &unused);
	if (!transport_alive(r->transport))
		run_disconnect(r);
}

int
stage_run(struct run *r, struct publish *p, struct err *e)
{
	struct stage s = {.run = r, .publish = p};
	int rc;

	s.top = mem_printf("%s/%s", r->staging, r->a->request->package.name);
	rc = stage(&s, e);
	if (rc < 0)
		settle(&s);
	if (rc < 0 && s.has_begun && s.files.failed_on)
		refused_blame(r, s.files.failed_on, e);
	if (s.has_begun)
		r->kept = prefix_get(&s.files.prefix);
	files_done(&s.files);
	mem_free(s.top);
	return rc;
}

/* From its first file on, what is staged cannot be gone on with, even when the rest
 * stays.  The manifest goes first: a manifest in staging without its package is taken
 * for one whose package is published (publish.c). */
void
stage_remove(struct run *r)
{
	AUTO_FREE char *manifest =
	    mem_printf("%s/%s" PUBLISH_SUFFIX, r->staging, r->a->request->package.name);
	struct err e;

	if (!r->transport || !transport_alive(r->transport) ||
	    !str_eq(r->staged_on, r->place))
		return;
	r->staging_gone = true;
	/* A name that the server refuses (ERR_REQUEST) is that of nothing there. */
	if (transport_remove(r->transport, manifest, false, &e) < 0 &&
	    e.kind != ERR_REQUEST)
		return;
	(void)!transport_remove_tree(r->transport, r->staging, &e);
}
