/* Publishing over a local folder, with every single call failing once, before or after
 * it had its effect; after each failure the invariants of publish.h hold, and running
 * it again comes to the end.  Nobody sees half of one (sms-sender.md 6 row 14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "faulty.h"
#include "fixture.h"
#include "send/publish.h"

#define STAGING PUBLISH_FOLDER "/7-00c0ffee"

struct site {
	char root[64];
	char *manifest; /* local: what is published */
	bool is_tree;
	struct err e;
};

/* --- the share, looked at from its own side -------------------------------------- */

static char *
place(const struct site *s, const char *path)
{
	return mem_printf("%s/share/%s", s->root, path);
}

static void
write_text(const struct site *s, const char *path, const char *text)
{
	char *full = place(s, path);
	struct err e;

	assert_int_equal(path_write_file(full, text, strlen(text), 0600, &e), 0);
	mem_free(full);
}

static bool
exists(const struct site *s, const char *path)
{
	char *full = place(s, path);
	bool there = access(full, F_OK) == 0;

	mem_free(full);
	return there;
}

/* The text of a file; "" when it is not there. */
static char *
read_text(const struct site *s, const char *path)
{
	char *full = place(s, path);
	char *text = NULL;
	struct err e;
	size_t len;

	if (path_read_file(full, 1000, ERR_LOCAL, &text, &len, &e) < 0)
		text = mem_dup("");
	mem_free(full);
	return text;
}

static void
make_folder(const struct site *s, const char *path)
{
	char *full = place(s, path);
	struct err e;

	assert_int_equal(path_make(full, 0700, &e), 0);
	mem_free(full);
}

/* A package of that version at `path`, and its manifest beside it. */
static void
make_version(const struct site *s, const char *path, const char *version)
{
	char *inner = mem_printf("%s/deep/file", path);
	char *deep = mem_printf("%s/deep", path);
	char *manifest = mem_printf("%s.sha256", path);

	if (s->is_tree) {
		make_folder(s, deep);
		write_text(s, inner, version);
	} else {
		write_text(s, path, version);
	}
	write_text(s, manifest, version);
	mem_free(inner);
	mem_free(deep);
	mem_free(manifest);
}

/* Which version lies at path; "" for none. */
static char *
version_at(const struct site *s, const char *path)
{
	char *inner = mem_printf(s->is_tree ? "%s/deep/file" : "%s", path);
	char *text = read_text(s, inner);

	mem_free(inner);
	return text;
}

/* P1 to P4 of publish.h, as anybody at the site could see them at this moment. */
static void
check_invariants(const struct site *s, const char *old)
{
	char *live = version_at(s, "setup");
	char *live_manifest = read_text(s, "setup.sha256");
	char *staged = version_at(s, STAGING "/setup");
	char *previous = version_at(s, PUBLISH_PREVIOUS "/setup");
	char *previous_manifest = read_text(s, PUBLISH_PREVIOUS "/setup.sha256");

	assert_true(str_eq(live, "new") || str_eq(live, old) || str_eq(live, ""));
	if (*live_manifest)
		assert_string_equal(live_manifest, live);
	assert_int_equal(str_eq(live, "new") + str_eq(staged, "new"), 1);
	/* The former version is never lost before the new one is in its place. */
	if (*old && !str_eq(live, "new"))
		assert_true(str_eq(live, old) || str_eq(previous, old));
	if (*previous && *previous_manifest)
		assert_string_equal(previous_manifest, previous);
	mem_free(live);
	mem_free(live_manifest);
	mem_free(staged);
	mem_free(previous);
	mem_free(previous_manifest);
}

static void
check_published(const struct site *s, const char *old)
{
	char *live = version_at(s, "setup");
	char *manifest = read_text(s, "setup.sha256");
	char *previous = version_at(s, PUBLISH_PREVIOUS "/setup");

	check_invariants(s, old);
	assert_string_equal(live, "new");
	assert_string_equal(manifest, "new");
	if (*old)
		assert_string_equal(previous, old);
	assert_false(exists(s, STAGING));
	mem_free(live);
	mem_free(manifest);
	mem_free(previous);
}

/* --- set-up ---------------------------------------------------------------------- */

/* old: the version that is published already; older: the one before; "": none. */
static void
site_init(struct site *s, bool is_tree, const char *old, const char *older)
{
	*s = (struct site){.is_tree = is_tree};
	fixture_folder(s->root, sizeof(s->root));
	s->manifest = mem_printf("%s/manifest", s->root);
	assert_int_equal(path_write_file(s->manifest, "new", 3, 0600, &s->e), 0);
	make_folder(s, PUBLISH_PREVIOUS);
	make_folder(s, STAGING);
	if (*old)
		make_version(s, "setup", old);
	if (*older)
		make_version(s, PUBLISH_PREVIOUS "/setup", older);
	make_version(s, STAGING "/setup", "new");
}

static void
site_done(struct site *s)
{
	assert_int_equal(path_remove_tree(s->root, &s->e), 0);
	mem_free(s->manifest);
}

static struct transport *
open_share(struct site *s)
{
	char *share = place(s, "");
	struct transport *t;

	assert_int_equal(transport_open_dir(share, NULL, &t, &s->e), 0);
	mem_free(share);
	return t;
}

static int
run(struct site *s, struct transport *t)
{
	const struct publish p = {.transport = t,
				  .name = "setup",
				  .staging = STAGING,
				  .manifest_path = s->manifest};
	int rc = publish_run(&p, &s->e);

	transport_free(t);
	return rc;
}

static enum publish_found
look(struct site *s)
{
	enum publish_found found = PUBLISH_NOTHING;
	struct publish p = {.transport = open_share(s),
			    .name = "setup",
			    .staging = STAGING,
			    .manifest_path = s->manifest};

	assert_int_equal(publish_look(&p, &found, &s->e), 0);
	transport_free(p.transport);
	return found;
}

static const struct {
	bool is_tree;
	const char *old, *older;
} cases[] = {
    {true, "", ""},  {true, "old", ""},  {true, "old", "older"},
    {false, "", ""}, {false, "old", ""}, {false, "old", "older"},
};

/* --- tests ----------------------------------------------------------------------- */

static void
test_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct site s;

		site_init(&s, cases[i].is_tree, cases[i].old, cases[i].older);
		assert_int_equal(look(&s), PUBLISH_STAGED);
		assert_int_equal(run(&s, open_share(&s)), 0);
		check_published(&s, cases[i].old);
		assert_int_equal(look(&s), PUBLISH_DONE);
		assert_int_equal(run(&s, open_share(&s)), 0); /* and again */
		check_published(&s, cases[i].old);
		site_done(&s);
	}
}

/* The lease, between the steps.  lost_at: the beat that hears that it is lost. */
struct lease {
	int beats, lost_at;
};

static int
beat(void *self, struct err *e)
{
	struct lease *l = self;

	if (++l->beats < l->lost_at)
		return 0;
	return err_set(e, ERR_STOP, 0, "lost");
}

/* Whoever lost its lease takes no further step, not even one back: another goes on. */
static void
test_lost_lease(void **state)
{
	int most = 0;

	(void)state;
	for (int lost_at = 1; most == 0; lost_at++) {
		struct lease lease = {.lost_at = lost_at};
		struct site s;
		struct publish p = {
		    .name = "setup", .staging = STAGING, .beat = beat, .self = &lease};

		site_init(&s, true, "old", "older");
		p.transport = open_share(&s);
		p.manifest_path = s.manifest;
		if (publish_run(&p, &s.e) == 0) {
			most = lease.beats;
		} else {
			assert_int_equal(s.e.kind, ERR_STOP);
			check_invariants(&s, "old");
		}
		transport_free(p.transport);
		assert_int_equal(run(&s, open_share(&s)), 0);
		check_published(&s, "old");
		site_done(&s);
	}
	assert_true(most > 6); /* looks and renames */
}

static void
test_gone(void **state)
{
	struct site s;
	char *staging;

	(void)state;
	site_init(&s, true, "old", "");
	staging = place(&s, STAGING);
	assert_int_equal(path_remove_tree(staging, &s.e), 0);
	assert_int_equal(look(&s), PUBLISH_NOTHING);
	assert_int_equal(run(&s, open_share(&s)), -1);
	assert_int_equal(s.e.kind, ERR_ATTEMPT);
	assert_non_null(strstr(s.e.text, "is gone; it is sent again from the start"));
	assert_true(exists(&s, "setup.sha256"));
	mem_free(staging);
	site_done(&s);
}

/* A manifest whose package somebody took away says nothing true. */
static void
test_manifest_alone(void **state)
{
	struct site s;

	(void)state;
	site_init(&s, false, "", "");
	write_text(&s, "setup.sha256", "stale");
	assert_int_equal(run(&s, open_share(&s)), 0);
	check_published(&s, "");
	site_done(&s);
}

/* Between our last two renames another request has published under the same name: its
 * package keeps its own manifest, and ours is sent again. */
static void
test_another_came_between(void **state)
{
	(void)state;
	for (int is_tree = 0; is_tree < 2; is_tree++) {
		struct site s;
		char *manifest, *staged;

		site_init(&s, is_tree, "", "");
		staged = place(&s, STAGING "/setup");
		assert_int_equal(path_remove_tree(staged, &s.e), 0);
		make_version(&s, "setup", "other");
		assert_int_equal(look(&s), PUBLISH_NOTHING);
		assert_int_equal(run(&s, open_share(&s)), -1);
		assert_int_equal(s.e.kind, ERR_ATTEMPT);
		assert_non_null(strstr(s.e.text, "is gone; it is sent again"));
		manifest = read_text(&s, "setup.sha256");
		assert_string_equal(manifest, "other");
		mem_free(manifest);
		/* The same bytes are as good as ours. */
		make_version(&s, "setup", "new");
		assert_int_equal(look(&s), PUBLISH_MANIFEST);
		assert_int_equal(run(&s, open_share(&s)), 0);
		check_published(&s, "");
		mem_free(staged);
		site_done(&s);
	}
}

/* Fail the k-th call, then the m-th call of the run after it, then let it end. */
static bool
fail_twice(size_t i, unsigned k, unsigned m)
{
	const struct err fault = {.kind = ERR_ATTEMPT, .win32 = 64, .text = "line cut"};
	bool failed;
	struct site s;

	site_init(&s, cases[i].is_tree, cases[i].old, cases[i].older);
	failed = run(&s, faulty_wrap(open_share(&s), k, &fault)) < 0;
	check_invariants(&s, cases[i].old);
	(void)run(&s, faulty_wrap(open_share(&s), m, &fault));
	check_invariants(&s, cases[i].old);
	assert_int_equal(run(&s, open_share(&s)), 0);
	check_published(&s, cases[i].old);
	site_done(&s);
	return failed;
}

static void
test_every_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned k = 1;

		while (fail_twice(i, k, 1 + k % 7))
			k++;
		assert_true(k > 5); /* it did go through the steps */
	}
}

/* --- a line that breaks after the server had done what it was told --------------- */

static struct {
	struct transport *inner;
	struct transport_ops ops;
	unsigned left; /* effects until the break; 0: broken */
} lossy;

static int
after_effect(int rc, struct err *e)
{
	if (rc < 0 || --lossy.left > 0)
		return rc;
	return err_set(e, ERR_UNSURE, 64, "line cut, the answer is lost");
}

static bool
lossy_alive(void *impl)
{
	(void)impl;
	return lossy.left > 0;
}

static void
lossy_free(void *impl)
{
	(void)impl;
	transport_free(lossy.inner);
}

static int
lossy_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	return after_effect(lossy.inner->ops->rename(impl, from, to, replace, e), e);
}

static int
lossy_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	return after_effect(lossy.inner->ops->remove(impl, path, is_dir, e), e);
}

static struct transport *
wrap_lossy(struct transport *inner, unsigned k)
{
	struct transport *t = mem_zero(1, sizeof(*t));

	lossy.inner = inner;
	lossy.left = k;
	lossy.ops = *inner->ops;
	lossy.ops.alive = lossy_alive;
	lossy.ops.free = lossy_free;
	lossy.ops.rename = lossy_rename;
	lossy.ops.remove = lossy_remove;
	t->ops = &lossy.ops;
	t->impl = inner->impl;
	return t;
}

static bool
lose_answer(size_t i, unsigned k)
{
	bool failed;
	struct site s;

	site_init(&s, cases[i].is_tree, cases[i].old, cases[i].older);
	failed = run(&s, wrap_lossy(open_share(&s), k)) < 0;
	check_invariants(&s, cases[i].old);
	assert_int_equal(run(&s, open_share(&s)), 0);
	check_published(&s, cases[i].old);
	site_done(&s);
	return failed;
}

static void
test_every_lost_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned k = 1;

		while (lose_answer(i, k))
			k++;
		assert_true(k > 2);
	}
}

/* --- a program at the site that holds a file ------------------------------------- */

static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
	const char *held; /* what cannot be renamed */
	uint32_t win32;
	bool is_inside; /* something in that folder: only a rename finds out */
	int manifests;  /* of the site, moved */
} locked;

static int
locked_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	if (str_eq(from, locked.held))
		return err_set(e, ERR_ADDRESS, locked.win32, "refused");
	locked.manifests += str_eq(from, "setup.sha256");
	return locked.inner->rename(impl, from, to, replace, e);
}

static int
locked_change(void *impl, const struct transport_change *c, struct err *e)
{
	struct err held;

	if (c->kind != TRANSPORT_TRY_MOVE || locked.is_inside ||
	    !str_eq(c->path, locked.held))
		return locked.inner->change(impl, c, e);
	(void)err_set(&held, ERR_ADDRESS, locked.win32, "refused");
	c->done(c->self, &held);
	return 0;
}

static struct transport *
lock_path(struct transport *t, const char *held, uint32_t win32)
{
	locked.inner = t->ops;
	locked.ops = *t->ops;
	locked.ops.rename = locked_rename;
	locked.ops.change = locked_change;
	locked.manifests = 0;
	locked.held = held;
	locked.win32 = win32;
	t->ops = &locked.ops;
	return t;
}

static void
test_in_use(void **state)
{
	static const struct {
		const char *held;
		uint32_t win32;
		bool is_inside;
		int manifests; /* moved away before that was found out */
		const char *words;
	} rows[] = {
	    {"setup", 32, false, 0, "the former version cannot be moved: a program "},
	    {"setup", 5, false, 0, "the former version cannot be moved: a program "},
	    {"setup", 5, true, 1, "the former version cannot be moved: a program "},
	    {STAGING "/setup", 5, false, 1, "the staged package cannot be moved: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct site s;
		char *live, *manifest;

		site_init(&s, true, "old", "older");
		locked.is_inside = rows[i].is_inside;
		assert_int_equal(
		    run(&s, lock_path(open_share(&s), rows[i].held, rows[i].win32)),
		    -1);
		assert_int_equal(s.e.kind, ERR_ATTEMPT);
		assert_int_equal(s.e.win32, rows[i].win32);
		assert_non_null(strstr(s.e.text, rows[i].words));
		assert_int_equal(locked.manifests, rows[i].manifests);
		check_invariants(&s, "old");
		/* Nothing changed for those at the site. */
		live = version_at(&s, "setup");
		manifest = read_text(&s, "setup.sha256");
		assert_string_equal(live, "old");
		assert_string_equal(manifest, "old");
		mem_free(live);
		mem_free(manifest);
		assert_int_equal(run(&s, open_share(&s)), 0);
		check_published(&s, "old");
		site_done(&s);
	}
}

/* --- another request that publishes under the same name --------------------------- */

static struct {
	struct transport_ops ops;
	const struct transport_ops *inner;
	const struct site *site;
} rival;

/* Just before our package moves to its place, the other's does. */
static int
rival_rename(void *impl, const char *from, const char *to, bool replace, struct err *e)
{
	if (str_eq(from, STAGING "/setup")) {
		char *manifest = place(rival.site, "setup.sha256");

		make_version(rival.site, "setup", "other");
		assert_int_equal(unlink(manifest), 0); /* it has not come so far */
		mem_free(manifest);
	}
	return rival.inner->rename(impl, from, to, replace, e);
}

static struct transport *
let_rival_in(const struct site *s, struct transport *t)
{
	rival.site = s;
	rival.inner = t->ops;
	rival.ops = *t->ops;
	rival.ops.rename = rival_rename;
	t->ops = &rival.ops;
	return t;
}

/* The former version's manifest never comes back beside the other's package. */
static void
test_rival(void **state)
{
	struct site s;
	char *live, *previous, *previous_manifest;

	(void)state;
	site_init(&s, true, "old", "older");
	assert_int_equal(run(&s, let_rival_in(&s, open_share(&s))), -1);
	assert_int_equal(s.e.kind, ERR_ATTEMPT);
	assert_int_equal(s.e.win32, 183);
	assert_false(exists(&s, "setup.sha256"));
	live = version_at(&s, "setup");
	previous = version_at(&s, PUBLISH_PREVIOUS "/setup");
	previous_manifest = read_text(&s, PUBLISH_PREVIOUS "/setup.sha256");
	assert_string_equal(live, "other");
	assert_string_equal(previous, "old");
	assert_string_equal(previous_manifest, "old");
	assert_int_equal(run(&s, open_share(&s)), 0);
	check_published(&s, "other");
	mem_free(live);
	mem_free(previous);
	mem_free(previous_manifest);
	site_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_at_once),
	    cmocka_unit_test(test_lost_lease),
	    cmocka_unit_test(test_gone),
	    cmocka_unit_test(test_manifest_alone),
	    cmocka_unit_test(test_another_came_between),
	    cmocka_unit_test(test_every_failure),
	    cmocka_unit_test(test_every_lost_answer),
	    cmocka_unit_test(test_in_use),
	    cmocka_unit_test(test_rival),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
