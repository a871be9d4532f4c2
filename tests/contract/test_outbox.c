/* What every backend of the outbox must do: filing, claims, the history, packages.
 * These cases know the door only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"

/* --- filing --- */

static void
a_filing_goes_to_all_its_sites(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1", "MS2", "MS3"};
	const struct outbox_package p = {.id = "abc",
					 .name = "setup-4.2",
					 .is_tree = true,
					 .file_count = 7,
					 .folder_count = 2,
					 .total_bytes = INT64_C(5000000000)};
	const struct outbox_new n = {.package = &p,
				     .sites = sites,
				     .site_count = 3,
				     .priority = REQUEST_HIGH,
				     .now_ms = NOW,
				     .not_before_at_ms = NOW + 5,
				     .deadline_at_ms = NOW + 9,
				     .lifetime_ms = LIFETIME};
	struct request_id ids[3];
	struct request r;

	assert_int_equal(outbox_add(f->o, &n, ids, &f->e), 1);
	for (size_t i = 0; i < COUNT(sites); i++) {
		fixture_get(f, ids[i], &r);
		assert_string_equal(r.site, sites[i]);
		assert_string_equal(r.package.id, "abc");
		assert_string_equal(r.package.name, "setup-4.2");
		assert_true(r.package.is_tree);
		assert_false(r.package.by_reference);
		assert_int_equal(r.package.file_count, 7);
		assert_int_equal(r.package.folder_count, 2);
		assert_int_equal(r.package.total_bytes, INT64_C(5000000000));
		assert_int_equal(r.priority, REQUEST_HIGH);
		assert_int_equal(r.state, REQUEST_PENDING);
		assert_int_equal(r.filed_at_ms, NOW);
		assert_int_equal(r.not_before_at_ms, NOW + 5);
		assert_int_equal(r.deadline_at_ms, NOW + 9);
		assert_int_equal(r.expires_at_ms, NOW + 9);
		assert_int_equal(strlen(r.token), 16);
		assert_int_equal(r.attempts, 0);
	}
	assert_int_equal(outbox_get(f->o, (struct request_id){ids[2].n + 1}, &r, &f->e),
			 0);
}

static void
tokens_differ(void **state)
{
	struct fixture *f = *state;
	struct request a;
	struct request b;

	fixture_get(f, fixture_file(f, "MS1"), &a);
	fixture_get(f, fixture_file(f, "MS1"), &b);
	assert_string_not_equal(a.token, b.token);
}

static void
what_cannot_be_filed_is_refused_in_words(void **state)
{
	struct fixture *f = *state;
	const char *const one[] = {"MS1"};
	const char *const twice[] = {"MS2", "MS1", "MS2"};
	const char *const empty[] = {""};
	const char *const too_long[] = {"123456789012345678901234567890123"};
	const struct outbox_package p = {.id = "a", .name = "n"};
	const struct outbox_package bad = {.id = "a", .name = "n", .total_bytes = -1};
	const struct outbox_package nameless = {.id = "a"};
	char long_key[OUTBOX_KEY_MAX_BYTES + 2] = "";
	const struct {
		struct outbox_new n;
		const char *words;
	} rows[] = {
	    {{&p, one, 0, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "a request needs a site to go to"},
	    {{&p, twice, 3, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "site MS2 stands twice in one filing: name it once"},
	    {{&p, empty, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "site code \"\": it must have 1 to 32 bytes"},
	    {{&p, too_long, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "site code \"123456789012345678901234567890123\": it must have 1 to 32 "
	     "bytes"},
	    {{&p, one, 1, 0, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "priority 0: high, medium or low"},
	    {{&p, one, 1, 4, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "priority 4: high, medium or low"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, 0, NULL, false, 0, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, INT64_MAX, NULL, false, 0, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, -1, 0, LIFETIME, NULL, false, 0, NULL},
	     "a lifetime must be above 0, times must not be before 1970"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, "", false, 0, NULL},
	     "the key of a filing must not be empty"},
	    {{&p, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, long_key, false, 0, NULL},
	     "the key of a filing has 256 bytes, more than the 255 that it may have"},
	    {{&bad, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0, NULL},
	     "package n has a negative size"},
	    {{&nameless, one, 1, REQUEST_LOW, NOW, 0, 0, LIFETIME, NULL, false, 0,
	      NULL},
	     "a package needs an id and a name"},
	};

	memset(long_key, 'k', sizeof(long_key) - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_id ids[3] = {{-1}, {-1}, {-1}};

		assert_int_equal(outbox_add(f->o, &rows[i].n, ids, &f->e), -1);
		assert_int_equal(f->e.kind, ERR_INPUT);
		assert_string_equal(f->e.text, rows[i].words);
		assert_int_equal(ids[0].n, -1);
	}
}

static void
the_same_key_files_once(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1", "MS2"};
	const char *const others[] = {"MS1", "MS3"};
	const struct outbox_package first = {.id = "first", .name = "n"};
	const struct outbox_package second = {.id = "second", .name = "n"};
	const struct outbox_package other = {
	    .id = "other", .name = "m", .file_count = 1, .total_bytes = 5};
	struct outbox_new n = {&first, sites,    2,    REQUEST_LOW, NOW, 0,
			       0,      LIFETIME, "k1", false,       0,   NULL};
	struct request_id a[2];
	struct request_id b[2];

	assert_int_equal(outbox_add(f->o, &n, a, &f->e), 1);
	n.package = &second;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), 0);
	assert_int_equal(a[0].n, b[0].n);
	assert_int_equal(a[1].n, b[1].n);
	assert_int_equal(outbox_has_package(f->o, "first", &f->e), 1);
	assert_int_equal(outbox_has_package(f->o, "second", &f->e), 0);

	n.package = &other;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "the key k1 filed another package, as request 1: n (files "
			    "0, bytes 0), not m (files 1, bytes 5): use another key");
	n.package = &second;
	n.sites = others;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "the key k1 was used to file to other sites (MS2, "
			    "not MS3): use another key");
	n.site_count = 1;
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), -1);
	assert_string_equal(f->e.text,
			    "the key k1 was used to file to 2 sites, not to 1: use "
			    "another key");
	n.key = "k2";
	assert_int_equal(outbox_add(f->o, &n, b, &f->e), 1);
	assert_int_equal(b[0].n, a[1].n + 1);
}

/* Of the same name and size: what is in it decides, where it is known. */
static void
the_same_key_wants_the_same_content(void **state)
{
	struct fixture *f = *state;
	const char *const sites[] = {"MS1"};
	const struct outbox_package first = {.id = "first", .name = "n"};
	const struct outbox_package again = {.id = "again", .name = "n"};
	struct outbox_new n = {.package = &first,
			       .sites = sites,
			       .site_count = 1,
			       .priority = REQUEST_LOW,
			       .now_ms = NOW,
			       .lifetime_ms = LIFETIME,
			       .key = "k1",
			       .content = "aa"};
	struct request_id a, b;

	assert_int_equal(outbox_add(f->o, &n, &a, &f->e), 1);
	n.package = &again;
	assert_int_equal(outbox_add(f->o, &n, &b, &f->e), 0);
	assert_int_equal(b.n, a.n);
	n.content = "bb";
	assert_int_equal(outbox_add(f->o, &n, &b, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "the key k1 filed n as request 1 when its content was "
			    "another: use another key for what is new in it");
	assert_int_equal(outbox_has_package(f->o, "again", &f->e), 0);
	n.content = NULL;
	assert_int_equal(outbox_add(f->o, &n, &b, &f->e), 0);
	/* One that was filed without it. */
	n.key = "k2";
	assert_int_equal(outbox_add(f->o, &n, &a, &f->e), 1);
	n.content = "cc";
	assert_int_equal(outbox_add(f->o, &n, &b, &f->e), 0);
	assert_int_equal(b.n, a.n);
}

/* --- claims, leases --- */

static void
a_claim_takes_once(void **state)
{
	struct fixture *f = *state;
	struct outbox *other = fixture_open(f);
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	struct request r2 = {.id = {77}};

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
	assert_int_equal(r.lease_until_at_ms, NOW + LEASE);
	assert_true(str_starts(r.owner, "host:1#"));
	assert_int_equal(outbox_claim(other, id, "host:2", NOW, LEASE, &r2, &f->e), 0);
	assert_int_equal(r2.id.n, 77);
	assert_int_equal(outbox_claim(other, (struct request_id){id.n + 1}, "host:2",
				      NOW, LEASE, &r2, &f->e),
			 0);
	outbox_close(other);
}

static void
claims_keep_to_the_time(void **state)
{
	struct fixture *f = *state;
	struct request_id later = fixture_file_as(
	    f, "MS1", (struct outbox_new){.not_before_at_ms = NOW + 1000});
	struct request_id waits = fixture_file(f, "MS1");
	struct request_id suspended = fixture_file(f, "MS1");
	struct request r;

	assert_int_equal(
	    outbox_claim(f->o, later, "host:1", NOW + 999, LEASE, &r, &f->e), 0);
	fixture_claim(f, later, NOW + 1000, &r);

	fixture_bring(f, waits, REQUEST_WAITING, &r);
	assert_int_equal(r.restart_at_ms, NOW + 60000);
	assert_int_equal(
	    outbox_claim(f->o, waits, "host:1", NOW + 59999, LEASE, &r, &f->e), 0);
	fixture_claim(f, waits, NOW + 60000, &r);
	assert_int_equal(r.restart_at_ms, 0);

	fixture_bring(f, suspended, REQUEST_SUSPENDED, &r);
	fixture_claim(f, suspended, NOW, &r);
}

static void
names_of_senders_are_checked(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct request r;
	static const char *const names[] = {
	    "", "a#b", "12345678901234567890123456789012345678901234567890"};

	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(
		    outbox_claim(f->o, id, names[i], NOW, LEASE, &r, &f->e), -1);
		assert_non_null(
		    strstr(f->e.text, "must have 1 to 47 bytes and no '#'"));
	}
}

static void
progress_is_kept_and_lasts(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {3, INT64_C(5000000001), INT64_C(7000000000)};
	enum outbox_order order = OUTBOX_LOST;
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW + 10, LEASE, &p, &order, &f->e), 0);
	assert_int_equal(order, OUTBOX_GO_ON);
	assert_int_equal(
	    outbox_heartbeat(f->o, id, r.owner, NOW + 20, LEASE, NULL, &order, &f->e),
	    0);
	outbox_close(f->o);
	f->o = fixture_open(f);
	fixture_get(f, id, &r);
	assert_int_equal(r.progress.entries_done, 3);
	assert_int_equal(r.progress.offset_bytes, INT64_C(5000000001));
	assert_int_equal(r.progress.bytes_done, INT64_C(7000000000));
	assert_int_equal(r.lease_until_at_ms, NOW + 20 + LEASE);
}

/* I8: who lost the lease changes nothing, not even under the same name, and brings
 * nothing back (sms-sender.md 6 row 7). */
static void
who_lost_the_lease_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {9, 9, 9};
	const struct outbox_attempt a = {.result = "sent"};
	const struct outbox_end end = {.to = REQUEST_FAILED, .attempt = &a};
	enum outbox_order order = OUTBOX_GO_ON;
	struct request old;
	struct request new;
	struct request now;

	fixture_bring(f, id, REQUEST_SENDING, &old);
	assert_int_equal(outbox_recover(f->o, NULL, NOW + LEASE, NULL, NULL, &f->e), 0);
	fixture_claim(f, id, NOW + LEASE, &new);
	assert_string_not_equal(old.owner, new.owner);

	assert_int_equal(
	    outbox_heartbeat(f->o, id, old.owner, NOW, LEASE, &p, &order, &f->e), 0);
	assert_int_equal(order, OUTBOX_LOST);
	assert_int_equal(
	    outbox_step(f->o, id, old.owner, REQUEST_SENDING, "x", NOW, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_STOP);
	assert_non_null(strstr(f->e.text, "is no longer ours: its lease ran out"));
	assert_int_equal(outbox_finish(f->o, id, old.owner, NOW, &end, &f->e), 1);
	fixture_get(f, id, &now);
	assert_memory_equal(&now, &new, sizeof(now));

	/* a request that is not there at all */
	assert_int_equal(outbox_finish(f->o, (struct request_id){id.n + 1}, new.owner,
				       NOW, &end, &f->e),
			 1);
	assert_int_equal(outbox_heartbeat(f->o, (struct request_id){id.n + 1},
					  new.owner, NOW, LEASE, &p, &order, &f->e),
			 0);
	assert_int_equal(order, OUTBOX_LOST);
}

static void
another_staging_place_starts_from_nothing(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct request_progress p = {3, 4, 5};
	struct outbox_end end = {.to = REQUEST_PENDING, .progress = &p};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r); /* on \\DSSMS\SMS_SITE */
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(r.progress.offset_bytes, 4); /* the same place: goes on */
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_step(f->o, id, r.owner, REQUEST_SENDING,
				     "\\\\OTHER\\SMS_SITE", NOW, &f->e),
			 0);
	fixture_get(f, id, &r);
	assert_string_equal(r.staged_on, "\\\\OTHER\\SMS_SITE");
	assert_int_equal(r.progress.entries_done, 0);
	assert_int_equal(r.progress.offset_bytes, 0);
	assert_int_equal(r.progress.bytes_done, 0);

	end.forget_progress = true;
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_string_equal(r.staged_on, "");
	assert_int_equal(r.progress.bytes_done, 0);
}

static void
a_staging_place_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	char place[PLACE_ROOM + 1];
	struct request r;

	memset(place, 'x', PLACE_ROOM);
	place[PLACE_ROOM] = '\0';
	fixture_claim(f, id, NOW, &r);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_SENDING, place, NOW, &f->e), -1);
	assert_non_null(strstr(f->e.text, "is longer than 383 bytes"));
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_CONNECTING);
}

/* --- ends and history --- */

static int
keep_last(void *self, const struct outbox_attempt *a)
{
	struct outbox_attempt *all = self;

	assert_in_range(a->number, 1, 3);
	all[a->number - 1] = *a;
	return 0;
}

/* Counted in the outbox, so that a restart forgets none (sms-sender.md 6 row 34). */
static void
each_attempt_is_kept_whole(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	struct err why = {ERR_SITE, 67, 0xC00000CC, "Error 67"};
	const struct outbox_attempt first = {.started_at_ms = NOW,
					     .ended_at_ms = NOW + 9,
					     .address = "MS1.1",
					     .server = "\\\\DSSMS\\SMS_SITE",
					     .result = "retry",
					     .error_kind = ERR_SITE,
					     .error_win32 = 67,
					     .error_ntstatus = 0xC00000CC,
					     .error_text = "Error 67",
					     .bytes_sent = INT64_C(5000000000),
					     .wire_bytes = INT64_C(5000000009),
					     .connect_ms = 1,
					     .send_ms = 2,
					     .flush_ms = 3,
					     .publish_ms = 4,
					     .rtt_us = 5,
					     .retransmits = 6,
					     .connections = 7,
					     .cipher = "AES-128-GCM",
					     .signature = "AES-GMAC",
					     .dialect = "3.1.1"};
	const struct outbox_attempt second = {.result = "sent"};
	struct outbox_end end = {.to = REQUEST_WAITING,
				 .restart_at_ms = NOW + 10,
				 .error = &why,
				 .attempt = &first};
	struct outbox_attempt got[3] = {0};
	struct outbox_site site;
	struct request r;

	fixture_claim(f, id, NOW, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW + 9, &end, &f->e), 0);
	fixture_site(f, "MS1", NOW + 9, &site);
	assert_int_equal(site.error_win32, 67);
	assert_int_equal(site.error_at_ms, NOW + 9);
	assert_string_equal(site.error_text, "Error 67");
	fixture_claim(f, id, NOW + 10, &r);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_SENDING, "x", NOW, &f->e), 0);
	assert_int_equal(
	    outbox_step(f->o, id, r.owner, REQUEST_PUBLISHING, NULL, NOW, &f->e), 0);
	end = (struct outbox_end){.to = REQUEST_SENT, .attempt = &second};
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW + 20, &end, &f->e), 0);
	fixture_get(f, id, &r);
	assert_int_equal(r.attempts, 2);
	assert_int_equal(r.error_kind, ERR_NONE);
	assert_int_equal(r.ended_at_ms, NOW + 20);

	assert_int_equal(outbox_attempts(f->o, id, keep_last, got, &f->e), 0);
	assert_int_equal(got[0].number, 1);
	got[0].number = 0;
	got[0].request.n = 0;
	assert_memory_equal(&got[0], &first, sizeof(first));
	assert_string_equal(got[1].result, "sent");
	assert_int_equal(got[1].request.n, id.n);
	assert_int_equal(got[2].number, 0);

	fixture_site(f, "MS1", NOW, &site);
	assert_int_equal(site.last_sent_at_ms, NOW + 20);
	assert_int_equal(site.error_win32, 0);
	assert_int_equal(site.sent, 1);
}

static void
sent_comes_from_publishing_only(void **state)
{
	struct fixture *f = *state;
	struct request_id id = fixture_file(f, "MS1");
	const struct outbox_end end = {.to = REQUEST_SENT};
	const struct outbox_end nonsense = {.to = REQUEST_SENDING};
	struct request r;

	fixture_bring(f, id, REQUEST_SENDING, &r);
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &end, &f->e), -1);
	assert_non_null(
	    strstr(f->e.text, "is sending: \"sent\" is no step from there"));
	assert_int_equal(outbox_finish(f->o, id, r.owner, NOW, &nonsense, &f->e), -1);
	fixture_get(f, id, &r);
	assert_int_equal(r.state, REQUEST_SENDING);
}

/* --- packages --- */

static int
freed(void *self, const char *id)
{
	str_addf(self, "%s ", id);
	return 0;
}

static int
cannot_free(void *self, const char *id)
{
	(void)id;
	(*(int *)self)++;
	return -7;
}

static struct request_id
file_package(struct fixture *f, const char *package_id, const char *site)
{
	struct outbox_package p = {.name = "n"};

	assert_int_equal(str_copy(p.id, sizeof(p.id), package_id), 0);
	return fixture_file_as(f, site, (struct outbox_new){.package = &p});
}

/* By count, whatever the paths are called (sms-sender.md 6 row 11). */
static void
packages_are_freed_when_nobody_needs_them(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str got = {0};
	struct request_id a1 = file_package(f, "pa", "A");
	struct request_id a2 = file_package(f, "pa", "B");
	struct request_id b = file_package(f, "pb", "A");
	struct request r;

	fixture_bring(f, a1, REQUEST_SENT, &r);
	fixture_bring(f, b, REQUEST_FAILED, &r); /* at NOW */
	assert_int_equal(outbox_free_packages(f->o, NOW, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "");
	fixture_bring(f, a2, REQUEST_CANCELLED, &r);
	assert_int_equal(outbox_free_packages(f->o, NOW, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
	assert_int_equal(outbox_has_package(f->o, "pa", &f->e), 0);
	assert_int_equal(outbox_has_package(f->o, "pb", &f->e), 1);
	assert_int_equal(outbox_has_package(f->o, "pc", &f->e), 0);
	/* a failed one can be retried as long as its package is kept */
	assert_int_equal(outbox_command(f->o, b, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 1);
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
	fixture_bring(f, b, REQUEST_FAILED, &r);
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa pb ");
	assert_int_equal(outbox_command(f->o, b, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_non_null(strstr(f->e.text, "its package was freed since: file it anew"));
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa pb ");
}

static void
a_package_that_could_not_be_freed_comes_again(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str got = {0};
	const char *const sites[] = {"A"};
	const struct outbox_package p = {.id = "pa", .name = "n"};
	const struct outbox_new n = {&p, sites,    1,    REQUEST_LOW, NOW, 0,
				     0,  LIFETIME, NULL, false,       0,   NULL};
	struct request_id id = file_package(f, "pa", "A");
	struct request r;
	int calls = 0;

	fixture_bring(f, id, REQUEST_FAILED, &r);
	assert_int_equal(
	    outbox_free_packages(f->o, NOW + 1, cannot_free, &calls, &f->e), -7);
	assert_int_equal(calls, 1);
	/* its bytes may be half gone: nobody may use them any more */
	assert_int_equal(outbox_has_package(f->o, "pa", &f->e), 0);
	assert_int_equal(outbox_command(f->o, id, OUTBOX_RETRY, NOW, LIFETIME, &f->e),
			 -1);
	assert_int_equal(outbox_add(f->o, &n, &id, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_INPUT);
	assert_string_equal(f->e.text,
			    "package pa (n) is no longer in the store: file it anew");
	assert_int_equal(outbox_free_packages(f->o, NOW + 1, freed, &got, &f->e), 0);
	assert_string_equal(str_text(&got), "pa ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_enter, fixture_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_filing_goes_to_all_its_sites),
	    CASE(tokens_differ),
	    CASE(what_cannot_be_filed_is_refused_in_words),
	    CASE(the_same_key_files_once),
	    CASE(the_same_key_wants_the_same_content),
	    CASE(a_claim_takes_once),
	    CASE(claims_keep_to_the_time),
	    CASE(names_of_senders_are_checked),
	    CASE(progress_is_kept_and_lasts),
	    CASE(who_lost_the_lease_changes_nothing),
	    CASE(another_staging_place_starts_from_nothing),
	    CASE(a_staging_place_that_is_too_long_is_refused),
	    CASE(each_attempt_is_kept_whole),
	    CASE(sent_comes_from_publishing_only),
	    CASE(packages_are_freed_when_nobody_needs_them),
	    CASE(a_package_that_could_not_be_freed_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
