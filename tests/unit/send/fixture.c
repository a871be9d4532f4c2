#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "faulty.h"

enum { TREE_FILES = 12 };

void
fixture_folder(char *path, size_t room)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char *template = mem_printf("%s/lansender-send-XXXXXX", base);

	assert_non_null(mkdtemp(template));
	assert_int_equal(str_copy(path, room, template), 0);
	mem_free(template);
}

void
fixture_write(const char *root, const char *path, const char *text)
{
	AUTO_FREE char *full = mem_printf("%s/%s", root, path);
	AUTO_FREE char *folder = mem_dup(full);
	struct err e;

	*strrchr(folder, '/') = '\0';
	assert_int_equal(path_make(folder, 0700, &e), 0);
	assert_int_equal(path_write_file(full, text, strlen(text), 0600, &e), 0);
}

char *
fixture_read(const char *root, const char *path)
{
	AUTO_FREE char *full = mem_printf("%s/%s", root, path);
	char *text = NULL;
	struct stat st;
	struct err e;
	size_t len;

	if (stat(full, &st) < 0 ||
	    path_read_file(full, (size_t)st.st_size, ERR_LOCAL, &text, &len, &e) < 0)
		text = mem_dup("");
	return text;
}

bool
fixture_there(const char *root, const char *path)
{
	AUTO_FREE char *full = mem_printf("%s/%s", root, path);

	return access(full, F_OK) == 0;
}

/* --- the package ----------------------------------------------------------------- */

static void
write_big(const char *path, size_t bytes)
{
	AUTO_FREE char *text = mem_alloc(bytes);
	struct err e;

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)('a' + (i * 7 + i / 1000) % 26);
	assert_int_equal(path_write_file(path, text, bytes, 0600, &e), 0);
}

static void
make_source(struct fixture *f, bool is_tree, size_t big_bytes)
{
	AUTO_FREE char *big = mem_printf(is_tree ? "%s/m/big" : "%s", f->source);
	AUTO_FREE char *empty = mem_printf("%s/empty/inner", f->source);

	if (is_tree) {
		for (int i = 0; i < TREE_FILES; i++) {
			AUTO_FREE char *name = mem_printf("f%d/sub/file%d", i % 3, i);

			fixture_write(f->source, name, name);
		}
		fixture_write(f->source, "nothing", "");
		fixture_write(f->source, "m/beside", "small");
		assert_int_equal(path_make(empty, 0700, &f->e), 0);
	}
	write_big(big, big_bytes);
}

void
fixture_file(struct fixture *f, bool by_reference)
{
	fixture_file_named(f, "setup", by_reference);
}

void
fixture_file_named(struct fixture *f, const char *name, bool by_reference)
{
	const struct package_options o = {
	    .path = f->source, .name = name, .by_reference = by_reference};
	struct outbox_package *p = &f->request.package;
	struct package_info info;

	package_close(f->package);
	if (package_add(f->store, &o, &info, &f->e) < 0)
		fail_msg("%s", f->e.text);
	assert_int_equal(package_open(f->store, info.id, &f->package, &f->e), 0);
	str_copy_cut(p->id, sizeof(p->id), info.id);
	str_copy_cut(p->name, sizeof(p->name), info.name);
	p->is_tree = info.is_tree;
	p->by_reference = info.by_reference;
	p->file_count = info.file_count;
	p->folder_count = info.folder_count;
	p->total_bytes = info.total_bytes;
}

/* --- set-up ---------------------------------------------------------------------- */

static const struct config_limits unlimited = {.rate.always = CONFIG_RATE_UNLIMITED};

static void
make_site(struct fixture *f)
{
	static char code[] = "MS1", description[] = "Madison";

	for (size_t i = 0; i < 2; i++) {
		f->share[i] = mem_printf("%s/share%zu", f->root, i + 1);
		assert_int_equal(path_make(f->share[i], 0700, &f->e), 0);
		str_copy_cut(f->section[i], sizeof(f->section[i]),
			     i == 0 ? "MS1.1" : "MS1.2");
		f->addresses[i] = (struct config_address){
		    .limits = unlimited,
		    .section = f->section[i],
		    .number = (unsigned)i + 1,
		    .type = CONFIG_TYPE_DIR,
		    .path = f->share[i],
		    .zone = zone_utc(),
		};
	}
	f->site = (struct config_site){.limits = unlimited,
				       .code = code,
				       .description = description,
				       .addresses = f->addresses,
				       .address_count = 1};
}

static void
open_log(struct fixture *f)
{
	AUTO_FREE char *path = mem_printf("%s/sender.log", f->root);
	const struct log_options o = {
	    .path = path, .echo_fd = -1, .clock = clock_real()};

	assert_int_equal(log_open(&o, &f->log, &f->e), 0);
}

void
fixture_init(struct fixture *f, bool is_tree, size_t big_bytes)
{
	*f = (struct fixture){0};
	fixture_folder(f->root, sizeof(f->root));
	f->source = mem_printf("%s/source", f->root);
	f->store = mem_printf("%s/store", f->root);
	make_site(f);
	open_log(f);
	make_source(f, is_tree, big_bytes);
	fixture_file(f, false);
	f->stop = stop_new();
	f->settings = (struct config_sender){.limits = unlimited,
					     .max_sendings = 5,
					     .max_sendings_per_site = 3,
					     .retries = 2,
					     .retry_delay_ms = 1,
					     .heartbeat_ms = 60000,
					     .progress_save_ms = 0};
	f->fault = (struct err){.kind = ERR_ATTEMPT, .win32 = 64, .text = "line cut"};
	f->request.id.n = 812;
	str_copy_cut(f->request.token, sizeof(f->request.token), "00c0ffee00c0ffee");
	str_copy_cut(f->request.site, sizeof(f->request.site), "MS1");
}

void
fixture_done(struct fixture *f)
{
	package_close(f->package);
	log_close(f->log);
	stop_free(f->stop);
	assert_int_equal(path_remove_tree(f->root, &f->e), 0);
	mem_free(f->source);
	mem_free(f->store);
	mem_free(f->share[0]);
	mem_free(f->share[1]);
}

/* --- hooks ----------------------------------------------------------------------- */

static int
hook_begin(void *self, struct err *e)
{
	struct fixture *f = self;

	(void)e;
	f->begun++;
	return 0;
}

static void
hook_pause(void *self)
{
	struct fixture *f = self;

	f->paused++;
}

static int
hook_step(void *self, enum request_state to, const char *staged_on, struct err *e)
{
	struct fixture *f = self;

	(void)e;
	assert_true(f->step_count < COUNT(f->steps));
	f->steps[f->step_count] = to;
	str_copy_cut(f->places[f->step_count], PLACE_ROOM, staged_on);
	f->step_count++;
	if (to == REQUEST_SENDING && !str_eq(f->request.staged_on, staged_on)) {
		str_copy_cut(f->request.staged_on, PLACE_ROOM, staged_on);
		f->request.progress = (struct request_progress){0};
	}
	return 0;
}

static int
hook_progress(void *self, const struct request_progress *p, enum outbox_order *order,
	      struct err *e)
{
	struct fixture *f = self;

	(void)e;
	f->last = *p;
	f->reports++;
	if (f->reports == f->stop_after)
		stop_throw(f->stop);
	*order = f->reports == f->order_after ? f->order : OUTBOX_GO_ON;
	return 0;
}

static int
hook_wait_hash(void *self, struct err *e)
{
	struct fixture *f = self;

	(void)e;
	f->hashed++;
	return 0;
}

/* The connections that shall break are lent; for others the attempt opens its own. */
static struct transport *
hook_borrow(void *self, const struct config_address *a)
{
	struct fixture *f = self;
	const unsigned n = f->connections++;
	struct transport *t = f->lent;
	struct err e;

	f->lent = NULL;
	if (t)
		return t;
	if (n >= COUNT(f->fail_at) || f->fail_at[n] == 0)
		return NULL;
	if (transport_open_dir(a->path, f->stop, &t, &e) < 0)
		return NULL;
	/* One more: the probe of a lent connection is a call, too. */
	return faulty_wrap(t, f->fail_at[n] + 1, &f->fault);
}

static void
hook_give_back(void *self, const struct config_address *a, struct transport *t)
{
	struct fixture *f = self;

	assert_non_null(a);
	f->given_back++;
	transport_free(t);
}

static bool
hook_is_over(void *self, int64_t request, const char *token)
{
	const struct fixture *f = self;

	return f->over && request == 7 && strcmp(token, f->over) == 0;
}

struct attempt_result
fixture_run(struct fixture *f)
{
	struct attempt_result result;
	const struct attempt a = {
	    .request = &f->request,
	    .site = &f->site,
	    .settings = &f->settings,
	    .package = f->package,
	    .log = f->log,
	    .clock = clock_real(),
	    .stop = f->stop,
	    .hooks = {.begin = hook_begin,
		      .pause = hook_pause,
		      .step = hook_step,
		      .progress = hook_progress,
		      .wait_hash = hook_wait_hash,
		      .borrow = hook_borrow,
		      .give_back = hook_give_back,
		      .is_over = hook_is_over,
		      .self = f},
	};

	attempt_run(&a, &result);
	f->request.progress = result.progress;
	f->request.attempts++;
	if (result.forget_progress)
		f->request.progress = (struct request_progress){0};
	return result;
}

/* --- looking at it --------------------------------------------------------------- */

static void
check_same(const char *a, const char *b)
{
	struct stat x, y;

	assert_int_equal(lstat(a, &x), 0);
	if (lstat(b, &y) != 0)
		fail_msg("%s is not there", b);
	assert_int_equal(x.st_mode & S_IFMT, y.st_mode & S_IFMT);
	assert_int_equal(x.st_mtim.tv_sec, y.st_mtim.tv_sec);
	assert_int_equal(x.st_mtim.tv_nsec, y.st_mtim.tv_nsec);
	if (S_ISREG(x.st_mode)) {
		AUTO_FREE char *left = fixture_read("", a);
		AUTO_FREE char *right = fixture_read("", b);

		assert_string_equal(left, right);
	}
}

void
fixture_check_published(const struct fixture *f, size_t share)
{
	AUTO_FREE char *live = mem_printf("%s/setup", f->share[share]);
	AUTO_FREE char *ours = fixture_read("", package_manifest_path(f->package));
	AUTO_FREE char *theirs = fixture_read(f->share[share], "setup.sha256");
	AUTO_FREE char *staging = mem_printf(".lansender/812-%s", f->request.token);
	struct package_entry entry;
	struct err e;
	int more;

	assert_true(*ours);
	assert_string_equal(theirs, ours);
	assert_false(fixture_there(f->share[share], staging));
	assert_int_equal(package_rewind(f->package, &e), 0);
	while ((more = package_next(f->package, &entry, &e)) > 0) {
		const char *separator = *entry.path ? "/" : "";
		AUTO_FREE char *source =
		    mem_printf("%s%s%s", f->source, separator, entry.path);
		AUTO_FREE char *there =
		    mem_printf("%s%s%s", live, separator, entry.path);

		check_same(source, there);
	}
	assert_int_equal(more, 0);
}

char *
fixture_log(const struct fixture *f)
{
	AUTO_FREE char *text = fixture_read(f->root, "sender.log");
	AUTO_STR struct str hold = {0};
	struct str out = {0};
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; /* words: a test */
	     line = strtok_r(NULL, "\n", &rest)) {           /* words: a test */
		struct log_event ev;

		str_clear(&hold);
		assert_int_equal(log_parse(line, &hold, &ev), 0);
		str_addf(&out, "%s\n", ev.text);
	}
	return str_take(&out);
}
