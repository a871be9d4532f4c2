#include <ctype.h>
#include <string.h>

#include "address/parts.h"
#include "base/str.h"
#include "base/utf.h"
#include "base/winname.h"

enum {
	SHARE_MAX_UNITS = 80, /* UTF-16 units: NNLEN of MS-SRVS 2.2.1, MS-FSCC 2.1.6 */
	PART_MAX_UNITS = 255, /* UTF-16 units: MS-FSCC 2.1.5.2                       */
};

/* Not in a share name (MS-FSCC 2.1.6) and not in a folder's (MS-FSCC 2.1.5.2).
 * Slashes were cut off before. */
static const char not_in_share[] = "\"[]:|<>+=;,*?";
static const char not_in_folder[] = "\"<>:|*?";

/* Names under which Windows offers something else than files. */
static const struct {
	const char *name, *what;
} not_files[] = {
    {"IPC$", "is how Windows programs talk to each other and holds no files"},
    {"PIPE", "is how Windows programs talk to each other and holds no files"},
    {"MAILSLOT", "is how Windows programs talk to each other and holds no files"},
    {"DavWWWRoot", "stands for WebDAV, which goes over HTTP and not over SMB"},
};

/* The sender's own folder below each target folder. */
static const char staging[] = ".lansender";

static int
take_share(const char *share, size_t len, char name[ADDRESS_SHARE_ROOM], struct err *e)
{
	struct quote q;
	size_t bad;

	if (len == 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "there is nothing between two backslashes where the share "
		    "should be; backslashes are not doubled here: type it as "
		    "in \\\\DSSMS\\SMS_SITE");
	if (str_copy_len(name, ADDRESS_SHARE_ROOM, share, len) < 0 ||
	    utf_units(name, len) > SHARE_MAX_UNITS)
		return err_set(e, ERR_INPUT, 0,
			       "the share name \"%s\" is longer than %d characters, "
			       "which no share name is",
			       quote_text(&q, share), SHARE_MAX_UNITS);
	bad = strcspn(name, not_in_share);
	if (name[bad] != '\0')
		return err_set(e, ERR_INPUT, 0,
			       "the share name \"%s\" holds '%c', which none can: type "
			       "it as the server shows it, as in SMS_SITE",
			       quote_text(&q, name), name[bad]);
	if (name[0] == ' ' || name[len - 1] == ' ' || str_eq(name, ".") ||
	    str_eq(name, ".."))
		return err_set(
		    e, ERR_INPUT, 0,
		    "\"%s\" is not the name of a share: type it as the server "
		    "shows it, as in SMS_SITE",
		    quote_text(&q, name));
	for (size_t i = 0; i < COUNT(not_files); i++)
		if (str_eq_nocase(name, not_files[i].name))
			return err_set(e, ERR_INPUT, 0,
				       "the share %s %s: type the share that holds the "
				       "files, as in SMS_SITE",
				       not_files[i].name, not_files[i].what);
	return 0;
}

static int
check_part(const char *part, struct err *e)
{
	const size_t len = strlen(part);
	struct quote q;
	size_t bad = strcspn(part, not_in_folder);

	if (len == 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "there is nothing between two backslashes in the folder; "
		    "backslashes are not doubled here: type it as in "
		    "\\\\DSSMS\\SMS_SITE\\in");
	if (str_eq(part, ".") || str_eq(part, ".."))
		return err_set(e, ERR_INPUT, 0,
			       "the folder holds a part \"%s\": type the whole folder "
			       "without . and .., as in \\\\DSSMS\\SMS_SITE\\in",
			       part);
	if (part[bad] != '\0')
		return err_set(
		    e, ERR_INPUT, 0,
		    "the folder \"%s\" holds '%c', which Windows cannot have "
		    "in a name: choose another folder",
		    quote_text(&q, part), part[bad]);
	if (part[len - 1] == '.' || part[len - 1] == ' ')
		return err_set(e, ERR_INPUT, 0,
			       "the folder \"%s\" ends in a %s, which Windows drops: "
			       "type it without",
			       quote_text(&q, part),
			       part[len - 1] == '.' ? "dot" : "space");
	if (str_eq_nocase(part, staging))
		return err_set(e, ERR_INPUT, 0,
			       "the folder \"%s\" is where packages are staged, and is "
			       "cleared now and then: choose another folder",
			       part);
	if (winname_is_device(part, len))
		return err_set(e, ERR_INPUT, 0,
			       "the folder \"%s\" is the name of a device on Windows: "
			       "choose another folder",
			       quote_text(&q, part));
	if (utf_units(part, len) > PART_MAX_UNITS)
		return err_set(e, ERR_INPUT, 0,
			       "the folder \"%s\" is longer than %d characters, which "
			       "Windows cannot have in a name",
			       quote_text(&q, part), PART_MAX_UNITS);
	return 0;
}

/* Check each part of `folder` and make every slash a '/'. */
static int
check_folder(char *folder, struct err *e)
{
	for (char *part = folder;;) {
		size_t len = strcspn(part, "\\/");
		bool is_last = part[len] == '\0';

		part[len] = '\0';
		if (check_part(part, e) < 0)
			return -1;
		if (is_last)
			return 0;
		part[len] = '/';
		part += len + 1;
	}
}

int
share_parse(const char *text, struct address *out, struct err *e)
{
	char share[ADDRESS_SHARE_ROOM] = "", folder[ADDRESS_FOLDER_ROOM] = "";
	const size_t share_len = strcspn(text, "\\/");
	size_t len = strlen(text);

	while (len > share_len && is_slash(text[len - 1]))
		len--;
	if (take_share(text, share_len, share, e) < 0)
		return -1;
	if (len > share_len) {
		const size_t folder_len = len - share_len - 1;

		if (str_copy_len(folder, sizeof(folder), text + share_len + 1,
				 folder_len) < 0)
			return err_set(e, ERR_INPUT, 0,
				       "the folder is %zu bytes long; the longest that "
				       "can be is %d",
				       folder_len, ADDRESS_FOLDER_ROOM - 1);
		if (check_folder(folder, e) < 0)
			return -1;
	}
	memcpy(out->share, share, sizeof(share));
	memcpy(out->folder, folder, sizeof(folder));
	return 0;
}
