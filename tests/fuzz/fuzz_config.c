/* Any bytes as a configuration: refused with file, line and a sentence, or a
 * configuration in which everything is where it is looked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Steps from the week's beginning, in order, each another value in its range. */
static void
check_week(const struct config_week *w, int64_t min, int64_t max)
{
	require(w->step_count == 0 ? w->always >= min && w->always <= max
				   : w->step_count >= 2 && w->steps[0].from_min == 0);
	for (int32_t i = 0; i < w->step_count; i++) {
		require(w->steps[i].value >= min && w->steps[i].value <= max);
		require(w->steps[i].from_min < CONFIG_WEEK_MIN);
		require(i == 0 || (w->steps[i].from_min > w->steps[i - 1].from_min &&
				   w->steps[i].value != w->steps[i - 1].value));
	}
}

static void
check_limits(const struct config_limits *l)
{
	check_week(&l->rate, 1, CONFIG_RATE_UNLIMITED);
	require(l->speed_bytes_per_s >= 0 && l->budget.bytes >= 0);
}

static void
check_site(const struct config *c, const struct config_site *site)
{
	unsigned last = 0;

	require(config_site(c, site->code) == site);
	require(!site->line_name == !site->line);
	check_limits(&site->limits);
	for (size_t i = 0; i < site->address_count; i++) {
		const struct config_address *a = &site->addresses[i];

		require(a->number > last);
		require(a->type == CONFIG_TYPE_DIR ? a->path != NULL
						   : a->where.share[0] != '\0');
		check_week(&a->schedule, CONFIG_SLOT_ALL,
			   CONFIG_SLOT_HIGH | CONFIG_SLOT_NO_SUBSTITUTE);
		check_limits(&a->limits);
		require(a->zone != NULL);
		require((a->pulse.block_bytes > 0) == (a->pulse.every_ms > 0));
		last = a->number;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = NULL;
	struct err e = {0};

	if (config_from_bytes("f.conf", (const char *)data, size, &c, &e) < 0) {
		require(c == NULL && e.kind == ERR_INPUT);
		require(strncmp(e.text, "f.conf:", 7) == 0);
		return 0;
	}
	for (size_t i = 0; i < c->site_count; i++)
		check_site(c, &c->sites[i]);
	for (size_t i = 0; i < c->line_count; i++)
		check_limits(&c->lines[i].limits);
	check_limits(&c->sender.limits);
	require(c->sender.reserved_high < c->sender.max_sendings);
	for (size_t i = 0; i < c->group_count; i++)
		require(config_group(c, c->groups[i].name) == &c->groups[i] &&
			c->groups[i].site_count > 0);
	require(c->sender.max_sendings_per_site <= c->sender.max_sendings);
	config_free(c);
	return 0;
}
