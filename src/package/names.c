#include "package/names.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/utf.h"
#include "base/winname.h"
#include "package/package.h"

static const char SEPARATORS[] = "<>:\"|?*/\\";

static bool
eq_nocase(const char *a, size_t len, const char *b)
{
	char lower[16];

	return !str_copy_len(lower, sizeof(lower), a, len) && str_eq_nocase(lower, b);
}

static const char *
character_fault(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return "holds a control character";
		if (strchr(SEPARATORS, name[i]))
			return "holds one of <>:\"|?*/\\";
	}
	return NULL;
}

const char *
name_fault(const char *name, size_t len)
{
	const char *fault;

	if (len == 0)
		return "is empty";
	if (!utf_valid(name, len))
		return "is not valid UTF-8";
	fault = character_fault(name, len);
	if (fault)
		return fault;
	if (name[len - 1] == '.')
		return "ends in a dot";
	if (name[len - 1] == ' ')
		return "ends in a space";
	if (utf_units(name, len) > NAME_UNITS_MAX)
		return "is longer than 255 UTF-16 units";
	if (winname_is_device(name, len))
		return "is a reserved name";
	return NULL;
}

static bool
ends_nocase(const char *name, size_t len, const char *suffix)
{
	size_t part = strlen(suffix);

	return len >= part && eq_nocase(name + len - part, part, suffix);
}

const char *
name_fault_package(const char *name, size_t len)
{
	const char *fault = name_fault(name, len);

	if (fault)
		return fault;
	if (eq_nocase(name, len, PACKAGE_STAGING_FOLDER))
		return "is where packages are staged";
	if (ends_nocase(name, len, PACKAGE_MANIFEST_SUFFIX))
		return "ends in .sha256, as manifests do";
	if (utf_units(name, len) > NAME_UNITS_MAX - strlen(PACKAGE_MANIFEST_SUFFIX))
		return "is longer than 248 UTF-16 units, which leaves no room for the "
		       "manifest's name";
	return NULL;
}

void
name_show(const char *name, size_t len, struct str *out)
{
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(name + i, len - i, &used);

		/* Control characters, C1 ones among them, would move a terminal. */
		if (c == UINT32_MAX || c < 0x20 || (c >= 0x7f && c < 0xa0))
			for (size_t k = 0; k < used; k++)
				str_addf(out, "\\x%02x", (unsigned char)name[i + k]);
		else
			str_add_len(out, name + i, used);
	}
}

int
package_name_check(const char *name, size_t len, struct err *e)
{
	const char *fault = name_fault_package(name, len);
	AUTO_STR struct str shown = {0};

	if (!fault)
		return 0;
	name_show(name, len, &shown);
	return err_set(
	    e, ERR_REQUEST, 123,
	    "the package cannot be called \"%s\": that name %s; choose another",
	    str_text(&shown), fault);
}
