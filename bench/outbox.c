/* bench/outbox.c - how fast the outbox is with many requests.  Prints figures; judges
 * nothing.
 *
 *   bench_outbox FOLDER [REQUESTS [SITES]]
 *
 * FOLDER is made and left there: say one on the disk that is to be measured.  Every
 * filing is one transaction to all sites, as `send @GROUP` makes them; "one
 * transaction" files all requests in one, each site once, to REQUESTS sites. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "outbox/outbox.h"

#define DAY INT64_C(86400000)

static int64_t now_ms; /* when it began: nothing is over its lifetime meanwhile */

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of processor time: what counts when others use the machine too. */
static double
cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
print_rate(int64_t count, double wall, double cpu)
{
	(void)printf("%.0f requests/s (%.0f requests per second of processor time)\n",
		     (double)count / wall, (double)count / cpu);
}

static long
resident_kib(void)
{
	AUTO_FREE char *line = NULL;
	char *end = NULL;
	size_t len = 0;
	struct err e;

	if (path_read_file("/proc/self/statm", 4096, ERR_LOCAL, &line, &len, &e) < 0)
		return 0;
	(void)strtol(line, &end, 10); /* size; resident follows, in pages: proc(5) */
	return strtol(end, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static _Noreturn void
give_up(const struct err *e)
{
	(void)fprintf(stderr, "bench_outbox: %s\n", e->text);
	exit(1);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_spread(const char *what, double *s, size_t count)
{
	qsort(s, count, sizeof(*s), compare_doubles);
	(void)printf("%-42s p50 %8.3f ms  p99 %8.3f ms  max %8.3f ms\n", what,
		     s[count / 2] * 1e3, s[count * 99 / 100] * 1e3, s[count - 1] * 1e3);
}

static char **
make_sites(int64_t count)
{
	char **sites = mem_zero((size_t)count, sizeof(*sites));

	for (int64_t i = 0; i < count; i++)
		sites[i] = mem_printf("S%07lld", (long long)i);
	return sites;
}

static void
free_sites(char **sites, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		mem_free(sites[i]);
	mem_free(sites);
}

static void
file_to(struct outbox *o, char **sites, int64_t count, struct request_id *ids)
{
	static int filings;
	struct outbox_package p = {.file_count = 1, .total_bytes = 1000};
	struct outbox_new n = {.package = &p,
			       .sites = (const char *const *)sites,
			       .site_count = (size_t)count,
			       .priority = (enum request_priority)(1 + filings % 3),
			       .now_ms = now_ms,
			       .lifetime_ms = 7 * DAY};
	struct err e;

	(void)snprintf(p.id, sizeof(p.id), "%032x", ++filings);
	(void)snprintf(p.name, sizeof(p.name), "setup-%d", filings);
	if (outbox_add(o, &n, ids, &e) < 0)
		give_up(&e);
}

static void
bench_filing(struct outbox *o, int64_t requests, int64_t site_count)
{
	char **sites = make_sites(site_count);
	AUTO_FREE struct request_id *ids = mem_zero((size_t)site_count, sizeof(*ids));
	double start = now_s();
	double cpu = cpu_s();

	for (int64_t i = 0; i < requests; i += site_count)
		file_to(o, sites, site_count, ids);
	(void)printf("filing %lld to %lld sites, %lld a transaction: ",
		     (long long)requests, (long long)site_count, (long long)site_count);
	print_rate(requests, now_s() - start, cpu_s() - cpu);
	free_sites(sites, site_count);
}

/* In an outbox of its own. */
static void
bench_one_filing(const char *folder, int64_t requests)
{
	AUTO_FREE char *own = path_join(folder, "one");
	AUTO_FREE struct request_id *ids = mem_zero((size_t)requests, sizeof(*ids));
	char **sites = make_sites(requests);
	struct outbox *o = NULL;
	struct err e;
	double start = 0;
	double cpu = 0;

	if (outbox_open(own, &o, &e) < 0)
		give_up(&e);
	start = now_s();
	cpu = cpu_s();
	file_to(o, sites, requests, ids);
	(void)printf("filing %lld in one transaction: ", (long long)requests);
	print_rate(requests, now_s() - start, cpu_s() - cpu);
	outbox_close(o);
	free_sites(sites, requests);
	if (path_remove_tree(own, &e) < 0)
		give_up(&e);
}

static int
take_best(void *self, const struct outbox_site *s)
{
	struct outbox_site *best = self;

	if (s->best.n > 0 &&
	    (best->best.n == 0 || s->best_priority < best->best_priority ||
	     (s->best_priority == best->best_priority && s->best.n < best->best.n)))
		*best = *s;
	return 0;
}

static int
count_one(void *self, const struct outbox_site *s)
{
	(void)s;
	return ++*(int64_t *)self == 50;
}

static int
count_request(void *self, const struct request *r)
{
	(void)r;
	++*(int64_t *)self;
	return 0;
}

/* One turn of a dispatcher that keeps the sites in memory: what changed, then a claim,
 * then the end of the attempt; random sites. */
static void
bench_choosing(struct outbox *o, int64_t site_count)
{
	enum { TURNS = 500 };
	static double look[TURNS];
	static double claim[TURNS];
	static double beat[TURNS];
	static double end[TURNS];
	AUTO_FREE struct request *r = mem_zero(1, sizeof(*r));
	AUTO_FREE struct outbox_site *s = mem_zero(1, sizeof(*s));
	const struct outbox_end sent = {.to = REQUEST_SENT};
	const struct request_progress p = {0, 10, 10};
	enum outbox_order order = OUTBOX_GO_ON;
	int64_t cursor = 0;
	struct err e;
	double t = now_s();

	if (outbox_sites_changed(o, now_ms, &cursor, take_best, s, &e) < 0)
		give_up(&e);
	(void)printf("all %lld sites, first look: %.1f ms\n", (long long)site_count,
		     (now_s() - t) * 1e3);
	for (int i = 0; i < TURNS; i++) {
		char code[32];

		(void)snprintf(code, sizeof(code), "S%07ld", random() % site_count);
		t = now_s();
		if (outbox_sites_changed(o, now_ms, &cursor, take_best, s, &e) < 0 ||
		    outbox_site(o, code, now_ms, s, &e) < 0)
			give_up(&e);
		look[i] = now_s() - t;
		t = now_s();
		if (outbox_claim(o, s->best, "bench:1", now_ms, 300000, r, &e) != 1)
			give_up(&e);
		claim[i] = now_s() - t;
		t = now_s();
		if (outbox_heartbeat(o, r->id, r->owner, now_ms, 300000, &p, &order,
				     &e) < 0)
			give_up(&e);
		beat[i] = now_s() - t;
		if (outbox_step(o, r->id, r->owner, REQUEST_SENDING, "x", now_ms, &e) <
			0 ||
		    outbox_step(o, r->id, r->owner, REQUEST_PUBLISHING, NULL, now_ms,
				&e) < 0)
			give_up(&e);
		t = now_s();
		if (outbox_finish(o, r->id, r->owner, now_ms, &sent, &e) != 0)
			give_up(&e);
		end[i] = now_s() - t;
	}
	print_spread("choosing (what changed, best of a site)", look, TURNS);
	print_spread("claim, durable", claim, TURNS);
	print_spread("heartbeat with progress, grouped", beat, TURNS);
	print_spread("finish, durable", end, TURNS);
}

static void
bench_pages(struct outbox *o)
{
	const struct outbox_filter rows[] = {
	    {.limit = 50},
	    {.limit = 50, .unfinished_only = true},
	    {.limit = 50, .unfinished_only = true, .site = "S0000077"},
	    {.limit = 50, .site = "S0000077"},
	};
	int64_t count = 0;
	struct err e;
	double t = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		t = now_s();
		if (outbox_list(o, &rows[i], count_request, &count, &e) < 0)
			give_up(&e);
		(void)printf("list, page of 50, %s, %s: %.2f ms\n",
			     rows[i].site ? "one site" : "all sites",
			     rows[i].unfinished_only ? "unfinished" : "all",
			     (now_s() - t) * 1e3);
	}
	count = 0;
	t = now_s();
	if (outbox_sites(o, now_ms, true, count_one, &count, &e) < 0)
		give_up(&e);
	(void)printf("sites, page of 50: %.2f ms\n", (now_s() - t) * 1e3);
	count = 100;
	t = now_s();
	if (outbox_sites(o, now_ms, false, count_one, &count, &e) < 0)
		give_up(&e);
	(void)printf("sites, all: %.1f ms\n", (now_s() - t) * 1e3);
	t = now_s();
	if (outbox_recover(o, NULL, now_ms, NULL, NULL, &e) < 0)
		give_up(&e);
	(void)printf("recover, nothing due: %.3f ms\n", (now_s() - t) * 1e3);
}

static struct outbox *
open_timed(const char *folder, const char *what)
{
	struct outbox *o = NULL;
	struct err e;
	double t = now_s();

	if (outbox_open(folder, &o, &e) < 0)
		give_up(&e);
	(void)printf("%s: %.1f ms\n", what, (now_s() - t) * 1e3);
	return o;
}

int
main(int argc, char **argv)
{
	int64_t requests = 1000000;
	int64_t sites = 10000;
	struct outbox *o = NULL;
	struct outbox *second = NULL;

	if (argc < 2 || argc > 4 ||
	    (argc > 2 && num_int(argv[2], 1, 100000000, &requests) < 0) ||
	    (argc > 3 && num_int(argv[3], 100, 1000000, &sites) < 0)) {
		(void)fprintf(stderr,
			      "usage: bench_outbox FOLDER [REQUESTS [SITES]]\n");
		return 2;
	}
	now_ms = clock_wall_ms(clock_real());
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	srandom(1);
	o = open_timed(argv[1], "open, new");
	bench_filing(o, requests, sites);
	outbox_close(o);
	o = open_timed(argv[1], "open, alone: with the check");
	second = open_timed(argv[1], "open, second: without");
	outbox_close(second);
	bench_choosing(o, sites);
	bench_pages(o);
	(void)printf("resident: %.1f MiB\n", (double)resident_kib() / 1024);
	outbox_close(o);
	bench_one_filing(argv[1], requests);
	return 0;
}
