#include "base/winname.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"

static bool
eq_nocase(const char *text, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(text, name, len) == 0;
}

/* COM and LPT with one digit, also a superscript one: \u00b9 \u00b2 \u00b3. */
static bool
is_port(const char *stem, size_t len)
{
	const char *digit;

	if (len < 4 || (!eq_nocase(stem, 3, "COM") && !eq_nocase(stem, 3, "LPT")))
		return false;
	digit = stem + 3;
	if (len == 4)
		return *digit >= '0' && *digit <= '9';
	return len == 5 &&
	       (memcmp(digit, "\xc2\xb9", 2) == 0 ||
		memcmp(digit, "\xc2\xb2", 2) == 0 || memcmp(digit, "\xc2\xb3", 2) == 0);
}

bool
winname_is_device(const char *name, size_t len)
{
	static const char *const devices[] = {"CON", "PRN",    "AUX",
					      "NUL", "CONIN$", "CONOUT$"};
	const char *dot = memchr(name, '.', len);
	size_t stem = dot ? (size_t)(dot - name) : len;

	while (stem > 0 && name[stem - 1] == ' ')
		stem--;
	for (size_t i = 0; i < COUNT(devices); i++)
		if (eq_nocase(name, stem, devices[i]))
			return true;
	return is_port(name, stem);
}
