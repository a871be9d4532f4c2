#include "fault_client.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "fault_login.h"

enum {
	KB = 1000,
	MTIME_STEP = 10000000, /* 100 ns: one second */
	DEADLINE_MS = 10000,   /* where no deadline is what the test is about */
};

static const int64_t first_mtime_100ns = 133000000000000000; /* in 2022 */

/* 70,000 bytes are over what goes as one compound; the last one is several WRITEs. */
static const struct {
	const char *path;
	int64_t size_bytes;
} work[PUTS] = {
    {"in/s0", 3 * KB}, {"in/s1", 3 * KB}, {"in/empty", 0},
    {"in/old", 10},    {"in/m", 70 * KB}, {"in/large", 300 * KB},
};
enum { OLD = 3, LARGE = PUTS - 1 };
static const char done_path[] = "in/old";

static int64_t
size_of(const struct attempt *a, size_t file)
{
	return work[file].size_bytes / (a->tiny ? 100 : 1);
}

static uint8_t
content(size_t file, int64_t offset)
{
	return (uint8_t)(offset * 131 + (offset >> 8) * 7 + (int64_t)file * 17 + 1);
}

static int64_t
mtime(size_t file)
{
	return first_mtime_100ns + (int64_t)file * MTIME_STEP;
}

/* --- one attempt ----------------------------------------------------------------- */

struct putting {
	struct attempt_put *put;
	size_t file;
};

static int
on_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	const struct putting *p = self;

	(void)e;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = content(p->file, offset + (int64_t)i);
	return 0;
}

static void
on_acked(void *self, int64_t upto_bytes)
{
	const struct putting *p = self;

	p->put->acked_bytes = upto_bytes;
}

static void
on_done(void *self, const struct err *e)
{
	const struct putting *p = self;

	p->put->done++;
	p->put->good = e == NULL;
	if (e)
		p->put->err = *e;
}

/* What is there and was acknowledged needs no second time. */
static int
resume_at(struct smb *s, const char *path, const struct attempt_put *put, int64_t *at,
	  struct err *e)
{
	struct smb_stat st;

	*at = 0;
	if (put->acked_bytes == 0)
		return 0;
	int rc = smb_stat(s, path, &st, e);

	if (rc == 1)
		*at =
		    put->acked_bytes < st.size_bytes ? put->acked_bytes : st.size_bytes;
	return rc < 0 ? -1 : 0;
}

static int
put_all(struct smb *s, struct attempt *a, struct err *e)
{
	struct putting self[PUTS];
	int rc = 0;

	for (size_t i = 0; i < PUTS && rc == 0; i++) {
		struct smb_put p = {.path = work[i].path,
				    .size_bytes = size_of(a, i),
				    .mtime_100ns = mtime(i),
				    .read = on_read,
				    .acked = on_acked,
				    .done = on_done,
				    .self = &self[i]};

		if (a->put[i].good)
			continue;
		self[i] = (struct putting){&a->put[i], i};
		if (resume_at(s, p.path, &a->put[i], &p.start_bytes, e) < 0)
			rc = -1;
		if (rc == 0) {
			a->put[i].queued++;
			rc = smb_put(s, &p, e);
		}
	}
	if (smb_drain(s, e) < 0)
		return -1;
	for (size_t i = 0; i < PUTS && rc == 0; i++)
		if (!a->put[i].good) {
			*e = a->put[i].err;
			rc = -1;
		}
	return rc;
}

static int
on_entry(void *self, const char *name, const struct smb_stat *st)
{
	struct attempt *a = self;

	(void)st;
	a->entries++;
	if (strpbrk(name, "/\\") || str_eq(name, "..") || str_eq(name, ".") || !*name)
		a->odd_entry = true;
	return 0;
}

static int
read_back(struct smb *s, const struct attempt *a, struct err *e)
{
	size_t len = (size_t)size_of(a, LARGE), got = 0;
	uint8_t *buf = mem_alloc(len);
	struct smb_file *f;
	int rc = smb_open(s, work[LARGE].path, &f, e);

	if (rc == 0) {
		struct err later;

		rc = smb_read(f, 0, buf, len, &got, e);
		if (smb_close(f, rc == 0 ? e : &later) < 0)
			rc = -1;
	}
	if (rc == 0 && got != len)
		rc = err_set(e, ERR_ATTEMPT, 0, "DSSMS: %s ends after %zu bytes",
			     work[LARGE].path, got);
	for (size_t i = 0; rc == 0 && i < len; i++)
		if (buf[i] != content(LARGE, (int64_t)i))
			rc = err_set(e, ERR_REQUEST, 0, "WRONG BYTE READ at %zu", i);
	mem_free(buf);
	return rc;
}

/* Gone, and this attempt has not put it: the one before has renamed it. */
static int
look(struct smb *s, struct attempt *a, struct err *e)
{
	struct smb_stat st;
	int rc = smb_stat(s, work[LARGE].path, &st, e);

	if (rc == 0 && a->put[LARGE].queued == 0)
		a->step = STEP_RENAME;
	return rc < 0 ? -1 : 0;
}

static int
do_step(struct smb *s, struct attempt *a, struct err *e)
{
	int64_t free_bytes;

	switch (a->step) {
	case STEP_MKDIR:
		return smb_mkdir(s, "in", 0, e) < 0 ? -1 : 0;
	case STEP_PUT:
		return put_all(s, a, e);
	case STEP_LIST:
		a->entries = 0;
		return smb_list(s, "in", on_entry, a, e);
	case STEP_STAT:
		return look(s, a, e);
	case STEP_READ:
		return read_back(s, a, e);
	case STEP_RENAME:
		return smb_rename(s, work[LARGE].path, done_path, true, e);
	case STEP_SPACE:
		return smb_space(s, &free_bytes, e);
	case STEP_ECHO:
		return smb_echo(s, e);
	case STEP_CONNECT:
	case STEP_END:
		break;
	}
	return 0;
}

static int
connect_to(const struct attempt_options *o, uint16_t port, struct smb **out,
	   struct err *e)
{
	bool off = o->anonymous || o->signing == SMB_WANTED;
	struct smb_options c = {
	    .server = "DSSMS",
	    .share = "SMS_SITE",
	    .connect_host = "127.0.0.1",
	    .connect_port = port,
	    .auth = o->anonymous ? SMB_AUTH_ANONYMOUS : SMB_AUTH_NTLM,
	    .account = FAULT_ACCOUNT,
	    .password = FAULT_PASSWORD,
	    .signing = off ? (o->anonymous ? SMB_OFF : SMB_WANTED) : SMB_REQUIRED,
	    .encrypt = o->encrypt ? SMB_REQUIRED : SMB_OFF,
	    .compounds = !o->no_compounds,
	    .write_max_bytes = o->write_max_bytes ? o->write_max_bytes : 64 * 1024,
	    .flush = true,
	    .connect_ms = o->default_deadline ? 0
			  : o->connect_ms     ? o->connect_ms
					      : DEADLINE_MS,
	    .request_ms = o->request_ms ? o->request_ms : DEADLINE_MS,
	    .progress_ms = o->progress_ms ? o->progress_ms : DEADLINE_MS,
	    .clock = clock_real(),
	};

	return smb_connect(&c, out, e);
}

void
attempt_run(const struct attempt_options *o, uint16_t port, struct attempt *a)
{
	int64_t from_ms = clock_mono_ms(clock_real());
	struct smb *s = NULL;
	int rc;

	for (size_t i = 0; i < PUTS; i++)
		a->put[i].queued = a->put[i].done = 0;
	a->err = (struct err){.kind = ERR_NONE};
	a->died = false;
	a->tiny = o->tiny;
	a->step = STEP_CONNECT;
	rc = connect_to(o, port, &s, &a->err);
	while (rc == 0 && a->step != STEP_END) {
		a->step = (enum step)(a->step + 1);
		rc = do_step(s, a, &a->err);
	}
	if (s) {
		a->died = !smb_alive(s);
		smb_get_facts(s, &a->facts);
	}
	smb_free(s);
	a->took_ms = clock_mono_ms(clock_real()) - from_ms;
}

/* --- the judge ------------------------------------------------------------------- */

static void
judge_file(const struct attempt *a, const struct share *share, const char *path,
	   size_t i, struct str *out)
{
	const struct share_file *f = share_find(share, path);

	if (!f) {
		str_addf(out, "%s was reported as done and is not there\n", path);
		return;
	}
	if (f->size_bytes != size_of(a, i)) {
		str_addf(out, "%s was reported as done and has %lld bytes\n", path,
			 (long long)f->size_bytes);
		return;
	}
	for (int64_t k = 0; k < f->size_bytes; k++)
		if (f->bytes[k] != content(i, k)) {
			str_addf(out, "%s: wrong byte at %lld\n", path, (long long)k);
			return;
		}
	if (f->mtime_100ns != mtime(i))
		str_addf(out, "%s was reported as done with another time\n", path);
}

static bool
was_renamed(const struct share *share)
{
	return !share_find(share, work[LARGE].path);
}

static void
judge_puts(const struct attempt *a, const struct share *share, struct str *out)
{
	for (size_t i = 0; i < PUTS; i++) {
		const struct attempt_put *p = &a->put[i];

		if (p->done != p->queued)
			str_addf(out, "%s: done() ran %u times for %u puts\n",
				 work[i].path, p->done, p->queued);
		if (!p->good)
			continue;
		/* A rename that was done although it was said to have failed is not the
		 * put's fault. */
		if (i == LARGE && a->step >= STEP_RENAME && was_renamed(share))
			judge_file(a, share, done_path, i, out);
		else if (i != OLD || a->step < STEP_RENAME || !was_renamed(share))
			judge_file(a, share, work[i].path, i, out);
	}
}

static void
judge_names(const struct share *share, struct str *out)
{
	for (size_t i = 0; i < share->n; i++) {
		const struct share_file *f = share->file[i];
		bool ours = f->gone || !*f->path || str_eq(f->path, "in");

		for (size_t k = 0; k < PUTS && !ours; k++)
			ours = share_find(share, work[k].path) == f;
		if (!ours)
			str_addf(out, "%s was not to be made\n", f->path);
	}
}

/* A sentence that names the server, the share or the file, in one line. */
static void
judge_text(const struct err *e, struct str *out)
{
	bool names = strstr(e->text, "DSSMS") || strstr(e->text, "in/") ||
		     strstr(e->text, "in:") || strstr(e->text, "the share's root");

	if (!names || strlen(e->text) < 20 || !strchr(e->text, ' '))
		str_addf(out, "no sentence: \"%s\"\n", e->text);
	for (const char *p = e->text; *p; p++)
		if (!isprint((unsigned char)*p)) {
			str_addf(out, "the text holds byte %02x\n", (unsigned char)*p);
			break;
		}
	if (e->kind != ERR_ATTEMPT && e->kind != ERR_ADDRESS && e->kind != ERR_SITE)
		str_addf(out, "kind %s: %s\n", err_kind_name(e->kind), e->text);
}

void
attempt_judge(const struct attempt *a, const struct fault_seen *seen,
	      const struct share *share, struct str *out)
{
	judge_puts(a, share, out);
	judge_names(share, out);
	if (a->odd_entry)
		str_addf(out, "a name that is none came out of the list\n");
	if (a->step != STEP_END)
		judge_text(&a->err, out);
	if (seen->complaint[0])
		str_addf(out, "the client: %s\n", seen->complaint);
}

void
attempt_judge_end(const struct attempt *a, const struct share *share, struct str *out)
{
	if (a->step != STEP_END) {
		str_addf(out, "ended at step %d: %s\n", (int)a->step, a->err.text);
		return;
	}
	for (size_t i = 0; i < PUTS; i++)
		if (!a->put[i].good)
			str_addf(out, "%s is not done\n", work[i].path);
	if (!was_renamed(share))
		str_addf(out, "the rename was reported and is not done\n");
	/* one less when the rename over the older file was before */
	if (a->entries != PUTS && a->entries != PUTS - 1)
		str_addf(out, "the list told %u entries\n", a->entries);
}
