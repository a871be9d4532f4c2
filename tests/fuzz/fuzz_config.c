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

static void
check_site(const struct config *c, const struct config_site *site)
{
	unsigned last = 0;

	require(config_site(c, site->code) == site);
	for (size_t i = 0; i < site->address_count; i++) {
		const struct config_address *a = &site->addresses[i];

		require(a->number > last);
		require(a->type == CONFIG_TYPE_DIR ? a->path != NULL
						   : a->where.share[0] != '\0');
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
	for (size_t i = 0; i < c->group_count; i++)
		require(config_group(c, c->groups[i].name) == &c->groups[i] &&
			c->groups[i].site_count > 0);
	require(c->sender.max_sendings_per_site <= c->sender.max_sendings);
	config_free(c);
	return 0;
}
