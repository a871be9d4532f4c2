/* Any bytes on the control socket: one of three commands, or refused with a sentence
 * that can be said as JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "front/control.h"

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
	AUTO_FREE char *line = NULL;
	enum control_verb verb = CONTROL_STATUS;
	struct err e = {0};

	if (control_parse((const char *)data, size, &verb, &e) == 0) {
		require(verb <= CONTROL_RELOAD && size < CONTROL_LINE_MAX);
		return 0;
	}
	require(e.kind == ERR_INPUT && e.text[0] != '\0');
	line = control_render(control_refusal(&e));
	require(strchr(line, '\n') == line + strlen(line) - 1);
	return 0;
}
