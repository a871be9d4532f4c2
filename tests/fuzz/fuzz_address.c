/* Any bytes in the server box: refused with a sentence, or printed as something that is
 * understood as the same place and prints as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address a, b;
	struct err e = {0};
	char once[ADDRESS_TEXT_ROOM], twice[ADDRESS_TEXT_ROOM];

	if (address_parse((const char *)data, size, &a, &e) < 0) {
		require(e.kind == ERR_INPUT && e.text[0] != '\0');
		return 0;
	}
	address_print(&a, once, sizeof(once));
	require(strncmp(once, "\\\\", 2) == 0 && once[2] != '\\');
	require(address_parse(once, strlen(once), &b, &e) == 0);
	require(address_same(&a, &b));
	require(strcmp(address_print(&b, twice, sizeof(twice)), once) == 0);
	require(address_set_share(&a, a.share[0] ? a.share : "SMS_SITE", &e) == 0);
	return 0;
}
