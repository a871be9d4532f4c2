#include "dispatch/weather.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "dispatch/chance.h"
#include "dispatch/learn.h"

/* What is supposed of an address before it was used, and how many samples that is
 * worth: choices.  A line of 1 MB/s, or what its section says; a third or three times
 * as much is common. */
static const double prior_bytes_per_s = 1e6, prior_samples = 0.2;
static const double prior_shape = 1.5, prior_scale = 0.6;
/* 19 of 20 connect, as if that had been seen twenty times; less would have every new
 * site fail now and then. */
static const double prior_connects = 9.5, prior_fails = 0.5;
/* An hour's own mean counts by half once it has so many samples. */
static const double hour_half = 4;
/* No address is slower than a modem; faster than 10 Gbit/s (as file servers are wired),
 * or than its line is said to be, only when it was seen to be: then no more than twice
 * the mean.  Choices: a prior that is wide would draw speeds that there are not. */
static const double least_bytes_per_s = 1e3, most_bytes_per_s = 1.25e9;
static const double most_of_mean = 2;

enum {
	CONNECT_MS = 500,          /* of one never used; a choice */
	CONNECT_FAILED_MS = 21000, /* three SYNs: 3 + 6 + 12 s     */
	PUBLISH_MS = 500,
};

/* What is known of one address. */
struct known {
	double samples, mean, squares; /* of ln(bytes/s); squares: of deviations */
	double hour_mean[OUTBOX_HOURS], hour_samples[OUTBOX_HOURS];
	double connects, failed;
	int64_t connect_ms, publish_ms;
	double most_bytes_per_s;
};

struct drawn {
	uint64_t course; /* it was drawn for; 0: none */
	double mean, deviation, fails;
};

struct weather {
	const struct config *config;
	size_t *first; /* by site: its addresses begin here */
	struct known *known;
	struct drawn *drawn;
	uint64_t seed, course;
};

/* --- what is known --------------------------------------------------------------- */

/* The nearest to the address that says how fast it is; 0: nobody does. */
static double
stated_speed(const struct config_site *s, const struct config_address *a)
{
	const struct config_limits *const nodes[] = {&a->limits, &s->limits,
						     s->line ? &s->line->limits : NULL};

	for (size_t i = 0; i < COUNT(nodes); i++)
		if (nodes[i] && nodes[i]->speed_bytes_per_s > 0)
			return (double)nodes[i]->speed_bytes_per_s;
	return 0;
}

static void
suppose(struct known *k, const struct config *c, const struct config_site *s,
	const struct config_address *a)
{
	const double stated = stated_speed(s, a);
	const double ours = (double)c->sender.limits.speed_bytes_per_s;
	double most = stated > 0 ? stated : most_bytes_per_s;

	if (ours > 0)
		most = fmin(most, ours);
	*k = (struct known){
	    .mean = log(fmin(stated > 0 ? stated : prior_bytes_per_s, most)),
	    .connect_ms = CONNECT_MS,
	    .publish_ms = PUBLISH_MS,
	    .most_bytes_per_s = most,
	};
}

/* All hours of one address; the prior counts as some more samples. */
static void
learn(struct known *k, const struct outbox_learnt *rows, size_t count)
{
	double n = 0, sum = 0, squares = 0, connect_ms = 0, publish_ms = 0;
	const double prior = k->mean;

	for (size_t i = 0; i < count; i++) {
		const struct outbox_learnt *r = &rows[i];

		n += (double)r->samples;
		sum += r->log_sum;
		squares += r->log_squares;
		connect_ms += (double)r->connect_ms;
		publish_ms += (double)r->publish_ms;
		k->connects += (double)r->connects;
		k->failed += (double)r->failed;
		if (r->samples > 0)
			k->hour_mean[r->hour] = r->log_sum / (double)r->samples;
		k->hour_samples[r->hour] = (double)r->samples;
	}
	if (k->connects > 0)
		k->connect_ms = (int64_t)(connect_ms / k->connects);
	if (n <= 0)
		return;
	k->publish_ms = (int64_t)(publish_ms / n);
	k->mean = sum / n;
	k->most_bytes_per_s = fmax(k->most_bytes_per_s, most_of_mean * exp(k->mean));
	k->samples = n;
	k->squares = squares - sum * sum / n;
	if (k->squares < 0)
		k->squares = 0;
	/* How far the prior was off widens the spread, by its small weight. */
	k->squares += n * prior_samples / (n + prior_samples) * (k->mean - prior) *
		      (k->mean - prior) * prior_samples;
}

static const struct outbox_learnt *
rows_of(const char *address, const struct outbox_learnt *rows, size_t count,
	size_t *found)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(rows[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = 0;
	while (low + *found < count && str_eq(rows[low + *found].address, address))
		(*found)++;
	return &rows[low];
}

struct weather *
weather_new(const struct config *c, const struct outbox_learnt *rows, size_t count)
{
	struct weather *w = mem_zero(1, sizeof(*w));
	size_t all = 0;

	w->config = c;
	w->first = mem_zero(c->site_count + 1, sizeof(*w->first));
	for (size_t i = 0; i < c->site_count; i++) {
		w->first[i] = all;
		all += c->sites[i].address_count;
	}
	w->known = mem_zero(all + 1, sizeof(*w->known));
	w->drawn = mem_zero(all + 1, sizeof(*w->drawn));
	for (size_t i = 0; i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].address_count; k++) {
			const struct config_address *a = &c->sites[i].addresses[k];
			struct known *to = &w->known[w->first[i] + k];
			size_t found = 0;
			const struct outbox_learnt *of =
			    count ? rows_of(a->section, rows, count, &found) : NULL;

			suppose(to, c, &c->sites[i], a);
			learn(to, of, found);
		}
	return w;
}

void
weather_free(struct weather *w)
{
	if (!w)
		return;
	mem_free(w->first);
	mem_free(w->known);
	mem_free(w->drawn);
	mem_free(w);
}

/* --- one course ------------------------------------------------------------------ */

void
weather_begin(struct weather *w, uint64_t seed)
{
	w->seed = seed;
	w->course++;
}

/* From the seed and the address alone: it does not matter who is tried first. */
static const struct drawn *
draw_once(struct weather *w, size_t address)
{
	const struct known *k = &w->known[address];
	struct drawn *d = &w->drawn[address];
	struct chance c = {w->seed ^ (address + 1) * UINT64_C(0xD1B54A32D192ED03)};
	double variance, up, down;

	if (d->course == w->course)
		return d;
	d->course = w->course;
	variance = (prior_scale + k->squares / 2) /
		   chance_gamma(&c, prior_shape + k->samples / 2);
	d->deviation = sqrt(variance);
	d->mean =
	    k->mean + chance_normal(&c) * sqrt(variance / (prior_samples + k->samples));
	up = chance_gamma(&c, prior_connects + k->connects);
	down = chance_gamma(&c, prior_fails + k->failed);
	d->fails = down / (up + down);
	return d;
}

static double
hour_moves(const struct known *k, const struct config_address *a, int64_t now_ms)
{
	const int hour = learn_hour(a, now_ms);
	const double n = k->hour_samples[hour];

	return n > 0 ? (k->hour_mean[hour] - k->mean) * n / (n + hour_half) : 0;
}

void
weather_draw(struct weather *w, const struct world_try *t, uint64_t dice,
	     struct world_weather *out)
{
	const struct config_site *s = &w->config->sites[t->request->site];
	const size_t address =
	    w->first[t->request->site] + (size_t)(t->address - s->addresses);
	const struct known *k = &w->known[address];
	const struct drawn *d = draw_once(w, address);
	struct chance c = {dice};
	double speed;

	out->connects = chance_uniform(&c) > d->fails;
	out->connect_ms = out->connects ? k->connect_ms : CONNECT_FAILED_MS;
	speed = exp(d->mean + hour_moves(k, t->address, t->now_ms) +
		    d->deviation * chance_normal(&c));
	out->speed_bytes_per_s =
	    (int64_t)fmax(fmin(speed, k->most_bytes_per_s), least_bytes_per_s);
	out->publish_ms = k->publish_ms;
}
