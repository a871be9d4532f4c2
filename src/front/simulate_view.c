#include "front/simulate_view.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/num.h"
#include "front/print.h"

enum { NAMED = 3 }; /* sites by name; the others are counted */

/* --- what people read ---------------- */

static void
say_sites(const struct dispatch_simulate *a, const struct dispatch_simulated *s)
{
	static const char *const headings[] = {"SITE",    "EARLY", "LIKELY",   "LATE",
					       "IN TIME", "TRIES", "SUSPENDED"};
	struct table t = {.columns = COUNT(headings),
			  .headings = headings,
			  .right = {[4] = true, [5] = true, [6] = true}};

	for (size_t i = 0; i < a->site_count; i++) {
		const struct dispatch_site_course *c = &s->sites[i];
		char early[24], likely[24], late[24], number[24];

		table_add(&t, a->sites[i]);
		table_add(&t, print_at(c->arrival.early_at_ms, early, sizeof(early)));
		table_add(&t,
			  print_at(c->arrival.likely_at_ms, likely, sizeof(likely)));
		table_add(&t, print_at(c->arrival.late_at_ms, late, sizeof(late)));
		(void)snprintf(number, sizeof(number), "%d %%",
			       c->arrival.in_time_percent);
		table_add(&t, number);
		(void)snprintf(number, sizeof(number), "%lld", (long long)c->attempts);
		table_add(&t, number);
		(void)snprintf(number, sizeof(number), "%lld", (long long)c->suspended);
		table_add(&t, number);
	}
	table_print(&t, stdout);
}

static void
say_line(const char *kind, const char *name, const struct dispatch_line_use *u)
{
	char bytes[24], busy[32], peak[32];

	print_line("%s%s: %s in %s, at most %s", kind, name,
		   num_bytes_text(u->bytes, bytes, sizeof(bytes)),
		   num_duration_text(u->busy_ms, busy, sizeof(busy)),
		   num_rate_text(u->peak_bytes_per_s, peak, sizeof(peak)));
}

static void
say_lines(const struct config *c, const struct dispatch_simulated *s)
{
	print_line("%s", "");
	for (size_t i = 0; i < c->line_count; i++)
		say_line("line ", c->lines[i].name, &s->lines[i]);
	say_line("all", "", &s->lines[c->line_count]);
}

/* "MS1, MS2, MS3 and 12 more" */
static void
add_sites(struct str *out, const char *const *sites, size_t count)
{
	for (size_t i = 0; i < count && i < NAMED; i++)
		str_addf(out, "%s%s", i == 0 ? "" : ", ", sites[i]);
	if (count > NAMED)
		str_addf(out, " and %zu more", count - NAMED);
}

static void
say_conflicts(const struct dispatch_simulated *s)
{
	static const char *const headings[] = {"HELD UP BY", "SITES", "LOST", "MOST",
					       "SENT TO MEANWHILE"};
	struct table t = {
	    .columns = COUNT(headings), .headings = headings, .right = {[1] = true}};

	if (s->conflict_count > 0)
		print_line("%s", "");
	for (size_t i = 0; i < s->conflict_count; i++) {
		const struct dispatch_conflict *c = &s->conflicts[i];
		AUTO_STR struct str most = {0}, with = {0};
		char number[24], time[32];

		table_add(&t, c->text);
		(void)snprintf(number, sizeof(number), "%zu", c->site_count);
		table_add(&t, number);
		table_add(&t, num_duration_text(c->lost_ms, time, sizeof(time)));
		str_addf(&most, "%s %s", c->most_site,
			 num_duration_text(c->most_ms, time, sizeof(time)));
		table_add(&t, str_text(&most));
		add_sites(&with, c->with, c->with_count);
		table_add(&t, str_text(&with));
	}
	table_print(&t, stdout);
}

/* What of the queue comes into it, and what does not. */
static void
say_others(const struct dispatch_simulated *s)
{
	if (s->others > 0)
		print_line("with %lld that are queued; of these %lld miss "
			   "their deadline and %lld outlive their lifetime",
			   (long long)s->others, (long long)s->others_late,
			   (long long)s->others_expired);
	if (s->others_held > 0)
		print_line("left out: %lld that a person holds",
			   (long long)s->others_held);
}

static void
say_drain(const struct dispatch_simulated *s)
{
	char until[24];

	if (s->drained_until_at_ms == INT64_MAX)
		print_line("a person drains the sender: nothing arrives before "
			   "`lansender drain off`");
	else if (s->drained_until_at_ms > 0)
		print_line("a person drains the sender until %s",
			   print_at(s->drained_until_at_ms, until, sizeof(until)));
}

void
simulate_print(const struct config *c, const struct dispatch_simulate *a,
	       const struct dispatch_simulated *s)
{
	char bytes[24], filed[24];

	print_line("%s to %zu site%s, filed %s",
		   num_bytes_text(a->bytes, bytes, sizeof(bytes)), a->site_count,
		   a->site_count == 1 ? "" : "s",
		   print_at(s->filed_at_ms, filed, sizeof(filed)));
	say_others(s);
	say_drain(s);
	print_line("%s", "");
	say_sites(a, s);
	say_conflicts(s);
	say_lines(c, s);
}

/* --- what machines read ---------------- */

static json_t *
site_json(const char *site, const struct dispatch_site_course *c)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "site", print_json_text(site));
	(void)json_object_set_new(o, "early", print_json_at(c->arrival.early_at_ms));
	(void)json_object_set_new(o, "likely", print_json_at(c->arrival.likely_at_ms));
	(void)json_object_set_new(o, "late", print_json_at(c->arrival.late_at_ms));
	(void)json_object_set_new(o, "in_time_percent",
				  json_integer(c->arrival.in_time_percent));
	(void)json_object_set_new(o, "started_at", print_json_at(c->started_at_ms));
	(void)json_object_set_new(o, "attempts", json_integer(c->attempts));
	(void)json_object_set_new(o, "suspended", json_integer(c->suspended));
	return o;
}

static json_t *
line_json(const char *name, const struct dispatch_line_use *u)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "line", print_json_text(name));
	(void)json_object_set_new(o, "bytes", json_integer(u->bytes));
	(void)json_object_set_new(o, "busy_ms", json_integer(u->busy_ms));
	(void)json_object_set_new(o, "peak_bytes_per_s",
				  json_integer(u->peak_bytes_per_s));
	return o;
}

static json_t *
conflict_json(const struct dispatch_conflict *c)
{
	json_t *o = json_object(), *with = json_array();

	for (size_t i = 0; i < c->with_count; i++)
		(void)json_array_append_new(with, print_json_text(c->with[i]));
	(void)json_object_set_new(o, "code", json_integer(c->code));
	(void)json_object_set_new(o, "reason", print_json_text(c->name));
	(void)json_object_set_new(o, "text", print_json_text(c->text));
	(void)json_object_set_new(o, "line", print_json_text(c->line));
	(void)json_object_set_new(o, "sites", json_integer((json_int_t)c->site_count));
	(void)json_object_set_new(o, "lost_ms", json_integer(c->lost_ms));
	(void)json_object_set_new(o, "most_site", print_json_text(c->most_site));
	(void)json_object_set_new(o, "most_ms", json_integer(c->most_ms));
	(void)json_object_set_new(o, "with", with);
	return o;
}

void
simulate_print_json(const struct config *c, const struct dispatch_simulate *a,
		    const struct dispatch_simulated *s)
{
	json_t *o = json_object(), *sites = json_array(), *lines = json_array();
	json_t *conflicts = json_array();

	for (size_t i = 0; i < a->site_count; i++)
		(void)json_array_append_new(sites,
					    site_json(a->sites[i], &s->sites[i]));
	for (size_t i = 0; i <= c->line_count; i++)
		(void)json_array_append_new(
		    lines, line_json(i < c->line_count ? c->lines[i].name : NULL,
				     &s->lines[i]));
	for (size_t i = 0; i < s->conflict_count; i++)
		(void)json_array_append_new(conflicts, conflict_json(&s->conflicts[i]));
	(void)json_object_set_new(o, "seed", json_integer((json_int_t)a->seed));
	(void)json_object_set_new(o, "bytes", json_integer(a->bytes));
	(void)json_object_set_new(o, "filed_at", print_json_at(s->filed_at_ms));
	(void)json_object_set_new(o, "drained",
				  json_boolean(s->drained_until_at_ms > 0));
	(void)json_object_set_new(o, "drained_until",
				  print_json_at(s->drained_until_at_ms));
	(void)json_object_set_new(o, "sites", sites);
	(void)json_object_set_new(o, "conflicts", conflicts);
	(void)json_object_set_new(o, "lines", lines);
	(void)json_object_set_new(o, "others", json_integer(s->others));
	(void)json_object_set_new(o, "others_held", json_integer(s->others_held));
	(void)json_object_set_new(o, "others_late", json_integer(s->others_late));
	(void)json_object_set_new(o, "others_expired", json_integer(s->others_expired));
	print_json(o);
}
