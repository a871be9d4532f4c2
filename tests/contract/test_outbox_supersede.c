/* What every backend of the outbox must do: a newer version that supersedes older ones,
 * a filing to very many sites, and what persons order for a while.  These cases know
 * the door only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"

enum { SITES = 10000, HOUR = 3600000 };

static struct request_id
file(struct fixture *f, const char *site, const char *name, bool supersede)
{
	return fixture_file_named(f, site, name,
				  (struct outbox_new){.supersede = supersede});
}

/* --- superseding --- */

/* What becomes of an older one, by its state (L1 lets only one of them be active). */
static void
older_ones_in_every_state(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum request_state from, to;
		enum outbox_order order;
		bool superseded;
	} rows[] = {
	    {REQUEST_PENDING, REQUEST_CANCELLED, OUTBOX_GO_ON, true},
	    {REQUEST_CONNECTING, REQUEST_CONNECTING, OUTBOX_ORDER_CANCEL, true},
	    {REQUEST_SENDING, REQUEST_SENDING, OUTBOX_ORDER_CANCEL, true},
	    {REQUEST_PUBLISHING, REQUEST_PUBLISHING, OUTBOX_GO_ON, false},
	    {REQUEST_SENT, REQUEST_SENT, OUTBOX_GO_ON, false},
	    {REQUEST_WAITING, REQUEST_CANCELLED, OUTBOX_GO_ON, true},
	    {REQUEST_SUSPENDED, REQUEST_CANCELLED, OUTBOX_GO_ON, true},
	    {REQUEST_HELD, REQUEST_CANCELLED, OUTBOX_GO_ON, true},
	    {REQUEST_FAILED, REQUEST_FAILED, OUTBOX_GO_ON, false},
	    {REQUEST_CANCELLED, REQUEST_CANCELLED, OUTBOX_GO_ON, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char site[16];
		struct request_id older, newer;
		struct request r;

		(void)snprintf(site, sizeof(site), "MS%zu", i);
		older = file(f, site, "setup", false);
		fixture_bring(f, older, rows[i].from, &r);
		newer = file(f, site, "Setup", true); /* a server sees one name */
		fixture_get(f, older, &r);
		assert_int_equal(r.state, rows[i].to);
		assert_int_equal(r.order, rows[i].order);
		assert_int_equal(r.superseded_by.n, rows[i].superseded ? newer.n : 0);
		fixture_get(f, newer, &r);
		assert_int_equal(r.state, REQUEST_PENDING);
		assert_int_equal(r.supersedes, rows[i].superseded);
		assert_int_equal(r.is_behind, request_state_active(rows[i].to));
	}
}

/* Of a line of several all go, the turn comes to the newest; others stay. */
static void
a_line_of_several(void **state)
{
	struct fixture *f = *state;
	struct request_id older[4], other, elsewhere, newer;
	struct outbox_site site;
	struct request r;

	for (size_t i = 0; i < COUNT(older); i++)
		older[i] = file(f, "MS1", "setup", false);
	assert_int_equal(
	    outbox_command(f->o, older[2], OUTBOX_HOLD, NOW, LIFETIME, &f->e), 1);
	other = file(f, "MS1", "report", false);
	elsewhere = file(f, "MS2", "setup", false);
	newer = file(f, "MS1", "setup", true);
	for (size_t i = 0; i < COUNT(older); i++) {
		fixture_get(f, older[i], &r);
		assert_int_equal(r.state, REQUEST_CANCELLED);
		assert_int_equal(r.ended_at_ms, NOW);
		assert_int_equal(r.superseded_by.n, newer.n);
	}
	fixture_get(f, newer, &r);
	assert_int_equal(r.supersedes, COUNT(older));
	assert_false(r.is_behind);
	fixture_get(f, other, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	fixture_get(f, elsewhere, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.pending, 2);
	assert_int_equal(site.held, 0);
	assert_int_equal(site.queued_bytes, 2000);
	fixture_claim(f, newer, NOW, &r);
}

/* What was ordered of an active one is obeyed when it ends, and the new one is next. */
static void
an_active_one_gives_way(void **state)
{
	struct fixture *f = *state;
	struct request_id older = file(f, "MS1", "setup", false), newer;
	struct request r;

	fixture_claim(f, older, NOW, &r);
	newer = file(f, "MS1", "setup", true);
	fixture_finish(f, &r, REQUEST_WAITING, NOW + 1);
	fixture_get(f, older, &r);
	assert_int_equal(r.state, REQUEST_CANCELLED);
	assert_int_equal(r.superseded_by.n, newer.n);
	fixture_claim(f, newer, NOW + 1, &r);
}

static int
count_freed(void *self, const char *id)
{
	(void)id;
	++*(int *)self;
	return 0;
}

/* One that is superseded holds its package no longer. */
static void
its_package_goes(void **state)
{
	struct fixture *f = *state;
	int freed = 0;

	(void)file(f, "MS1", "setup", false);
	(void)file(f, "MS1", "setup", true);
	assert_int_equal(outbox_free_packages(f->o, NOW, count_freed, &freed, &f->e),
			 0);
	assert_int_equal(freed, 1);
}

/* --- very many sites --- */

static void
one_filing_to_10000_sites(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char(*codes)[SITE_CODE_ROOM] = mem_zero(SITES, sizeof(*codes));
	AUTO_FREE const char **sites = mem_zero(SITES, sizeof(*sites));
	AUTO_FREE struct request_id *first = mem_zero(SITES, sizeof(*first));
	AUTO_FREE struct request_id *second = mem_zero(SITES, sizeof(*second));
	struct outbox_package p = {.name = "setup", .total_bytes = 1000};
	struct outbox_new n = {.package = &p,
			       .sites = sites,
			       .site_count = SITES,
			       .priority = REQUEST_MEDIUM,
			       .now_ms = NOW,
			       .lifetime_ms = LIFETIME};
	struct request r;

	for (size_t i = 0; i < SITES; i++) {
		(void)snprintf(codes[i], sizeof(codes[i]), "S%zu", i);
		sites[i] = codes[i];
	}
	str_copy_cut(p.id, sizeof(p.id), "a0000000000000000000000000000001");
	assert_int_equal(outbox_add(f->o, &n, first, &f->e), 1);
	str_copy_cut(p.id, sizeof(p.id), "a0000000000000000000000000000002");
	n.supersede = true;
	assert_int_equal(outbox_add(f->o, &n, second, &f->e), 1);
	for (size_t i = 0; i < SITES; i += 111) {
		assert_int_equal(second[i].n, second[0].n + (int64_t)i);
		fixture_get(f, first[i], &r);
		assert_int_equal(r.state, REQUEST_CANCELLED);
		assert_int_equal(r.superseded_by.n, second[i].n);
		fixture_get(f, second[i], &r);
		assert_string_equal(r.site, sites[i]);
		assert_int_equal(r.supersedes, 1);
		assert_false(r.is_behind);
	}
}

/* All or nothing: the last site is impossible, so no older one ends. */
static void
a_filing_that_fails_supersedes_nothing(void **state)
{
	struct fixture *f = *state;
	const char *sites[] = {"MS1", "MS1"};
	struct request_id older = file(f, "MS1", "setup", false), ids[2];
	struct outbox_package p = {.name = "setup",
				   .id = "a0000000000000000000000000000003"};
	const struct outbox_new n = {.package = &p,
				     .sites = sites,
				     .site_count = 2,
				     .priority = REQUEST_MEDIUM,
				     .supersede = true,
				     .now_ms = NOW,
				     .lifetime_ms = LIFETIME};
	struct request r;

	assert_int_equal(outbox_add(f->o, &n, ids, &f->e), -1);
	fixture_get(f, older, &r);
	assert_int_equal(r.state, REQUEST_PENDING);
}

/* --- what persons order for a while --- */

static size_t
list(struct fixture *f, struct outbox *o, int64_t now_ms, struct outbox_override *first)
{
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (outbox_override_list(o, now_ms, &all, &count, &f->e) < 0)
		fail_msg("%s", f->e.text);
	if (count > 0)
		*first = all[0];
	return count;
}

static void
overrides(void **state)
{
	static const struct outbox_override rows[] = {
	    {OUTBOX_LIMIT, "line south", 64000, NOW, NOW + HOUR},
	    {OUTBOX_DRAIN, "", 0, NOW, 0},
	    {OUTBOX_OPEN, "MS1", 0, NOW, NOW + 2 * HOUR},
	    {OUTBOX_LIMIT, "all", INT64_MAX, NOW, 0},
	};
	struct fixture *f = *state;
	struct outbox *other = fixture_open(f);
	struct outbox_override first;

	assert_int_equal(list(f, f->o, NOW, &first), 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(outbox_override_set(f->o, &rows[i], &f->e), 0);
	/* Another process, or this one after a restart, sees them, in order. */
	assert_int_equal(list(f, other, NOW, &first), 4);
	assert_int_equal(first.kind, OUTBOX_DRAIN);
	assert_int_equal(first.set_at_ms, NOW);
	assert_int_equal(list(f, other, NOW + HOUR, &first), 3);
	assert_int_equal(list(f, other, NOW + 2 * HOUR, &first), 2);
	assert_int_equal(outbox_override_clear(other, OUTBOX_DRAIN, "", &f->e), 1);
	assert_int_equal(outbox_override_clear(other, OUTBOX_DRAIN, "", &f->e), 0);
	assert_int_equal(list(f, f->o, NOW, &first), 3);
	assert_string_equal(first.what, "MS1");
	/* The newer word counts. */
	assert_int_equal(
	    outbox_override_set(
		f->o,
		&(struct outbox_override){OUTBOX_OPEN, "MS1", 0, NOW + 1, NOW + HOUR},
		&f->e),
	    0);
	assert_int_equal(list(f, f->o, NOW, &first), 3);
	assert_int_equal(first.until_at_ms, NOW + HOUR);
	outbox_close(other);
}

static void
overrides_that_cannot_be(void **state)
{
	static const struct outbox_override rows[] = {
	    {OUTBOX_LIMIT, "", 64000, NOW, 0}, {OUTBOX_DRAIN, "MS1", 0, NOW, 0},
	    {OUTBOX_LIMIT, "all", -1, NOW, 0}, {OUTBOX_OPEN, "MS1", 0, NOW, NOW},
	    {OUTBOX_OPEN, "MS1", 0, 0, NOW},
	};
	struct fixture *f = *state;
	struct outbox_override first;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(outbox_override_set(f->o, &rows[i], &f->e), -1);
		assert_int_equal(f->e.kind, ERR_INPUT);
	}
	assert_int_equal(list(f, f->o, NOW, &first), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(older_ones_in_every_state),
	    CASE(a_line_of_several),
	    CASE(an_active_one_gives_way),
	    CASE(its_package_goes),
	    CASE(one_filing_to_10000_sites),
	    CASE(a_filing_that_fails_supersedes_nothing),
	    CASE(overrides),
	    CASE(overrides_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
