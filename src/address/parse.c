#include <ctype.h>
#include <string.h>

#include "address/address.h"
#include "address/parts.h"
#include "base/str.h"
#include "base/utf.h"

enum { INPUT_ROOM = 4096 }; /* a choice: twice the longest form, %-escapes and all */

/* Characters that cannot be seen and come along when text is pasted. */
static bool
is_invisible(uint32_t c)
{
	return c == 0x200B || c == 0x200E || c == 0x200F ||
	       (c >= 0x2028 && c <= 0x202E) || c == 0x2060 ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* The sentences do not repeat the text: it may hold a password that went astray. */
static int
check_text(const char *text, size_t len, struct err *e)
{
	size_t used, n = 1;

	if (len == 0)
		return err_set(e, ERR_INPUT, 0,
			       "the server is empty: type its name, as in DSSMS or "
			       "\\\\DSSMS\\SMS_SITE");
	if (len >= INPUT_ROOM)
		return err_set(
		    e, ERR_INPUT, 0,
		    "the address is %zu bytes long, which none is: type it as "
		    "in \\\\DSSMS\\SMS_SITE",
		    len);
	for (size_t i = 0; i < len; i += used, n++) {
		uint32_t c = utf_next(text + i, len - i, &used);

		if (c == UINT32_MAX)
			return err_set(e, ERR_INPUT, 0,
				       "character %zu of the address is not valid "
				       "UTF-8: type the name again, or save the file "
				       "as UTF-8",
				       n);
		if (c < 0x20 || (c >= 0x7F && c <= 0x9F))
			return err_set(e, ERR_INPUT, 0,
				       "character %zu of the address is a control "
				       "character (0x%02X): type the address again "
				       "without it",
				       n, (unsigned)c);
		if (is_invisible(c))
			return err_set(e, ERR_INPUT, 0,
				       "character %zu of the address cannot be seen "
				       "(U+%04X), as in pasted text: type the address "
				       "by hand",
				       n, (unsigned)c);
	}
	return 0;
}

/* Copy without the spaces and tabs around; checked. */
static int
take_text(const char *text, size_t len, char out[INPUT_ROOM], struct err *e)
{
	while (len && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (check_text(text, len, e) < 0)
		return -1;
	return str_copy_len(out, INPUT_ROOM, text, len);
}

static size_t
slashes(const char *text)
{
	return strspn(text, "\\/");
}

/* Is the part of a path at `text`, up to a slash or the end, this one? */
static bool
part_is(const char *text, const char *name)
{
	const size_t len = strcspn(text, "\\/");

	return len == strlen(name) && strncasecmp(text, name, len) == 0;
}

/* "C:\x", "C:"; also "C:x", but not the port in "C:1445". */
static bool
is_drive(const char *text)
{
	return isalpha((unsigned char)text[0]) && text[1] == ':' &&
	       !isdigit((unsigned char)text[2]);
}

static int
refuse_local(const char *text, struct err *e)
{
	struct quote q;

	return err_set(
	    e, ERR_INPUT, 0,
	    "\"%s\" is a local path, not a server: type the server and share, "
	    "as in \\\\DSSMS\\SMS_SITE",
	    quote_text(&q, text));
}

/* "srv@SSL", "srv@8080", "srv@SSL@8080": what Windows takes for WebDAV. */
static bool
is_webdav(const char *host)
{
	const char *p = strchr(host, '@') + 1;

	if (strncasecmp(p, "SSL", 3) == 0) {
		p += 3;
		p += *p == '@';
	}
	return p[strspn(p, "0123456789")] == '\0' && !strchr(host, ':');
}

/* Nothing before the '@' is repeated but a server's name: it may be a password. */
static int
refuse_at(char *host, struct err *e)
{
	struct quote q;

	if (is_webdav(host)) {
		*strchr(host, '@') = '\0';
		return err_set(
		    e, ERR_INPUT, 0,
		    "a server with @ means WebDAV, which goes over HTTP and "
		    "not over SMB: type \\\\%s\\SHARE with the name of a file "
		    "share",
		    *host ? quote_text(&q, host) : "DSSMS");
	}
	return err_set(e, ERR_INPUT, 0,
		       "an account does not belong into the address: name it as the "
		       "account, and type only the server, as in \\\\DSSMS\\SMS_SITE");
}

/* "DSSMS:1445\SMS_SITE\in": what is left when nothing stands in front any more. */
static int
parse_place(const char *text, struct address *out, struct err *e)
{
	const size_t len = strcspn(text, "\\/");
	const char *share = text + len;
	char host[INPUT_ROOM];

	str_copy_cut(host, sizeof(host), text);
	host[len] = '\0';
	if (len == 0)
		return err_set(e, ERR_INPUT, 0,
			       "there is no server name: type it as in DSSMS or "
			       "\\\\DSSMS\\SMS_SITE");
	if (strchr(host, '@'))
		return refuse_at(host, e);
	if (host_parse(host, out, e) < 0)
		return -1;
	if (slashes(share) == strlen(share))
		return 0;
	return share_parse(share + 1, out, e);
}

/* \\?\UNC\DSSMS\SMS_SITE is a long way to write a server; what else begins with \\?\ is
 * a disk, volume or device of this computer. */
static int
parse_extended(const char *rest, struct address *out, struct err *e)
{
	rest += slashes(rest);
	if (part_is(rest, "UNC")) {
		rest += strlen("UNC");
		return parse_place(rest + slashes(rest), out, e);
	}
	if (is_drive(rest))
		return refuse_local(rest, e);
	return err_set(e, ERR_INPUT, 0,
		       "\\\\?\\ without UNC names a volume or device of one computer: "
		       "type the server and share, as in \\\\DSSMS\\SMS_SITE");
}

static int
parse_path(const char *text, struct address *out, struct err *e)
{
	const size_t n = slashes(text);
	const char *rest = text + n;

	if (n >= 2 && part_is(rest, "?"))
		return parse_extended(rest + 1, out, e);
	if (n >= 2 && part_is(rest, "."))
		return err_set(
		    e, ERR_INPUT, 0,
		    "\\\\.\\ names a pipe or device of one computer: type the "
		    "server and share, as in \\\\DSSMS\\SMS_SITE");
	if (is_drive(rest) || (n == 1 && text[0] == '/' && *rest) ||
	    (n == 0 &&
	     (part_is(rest, ".") || part_is(rest, "..") || part_is(rest, "~"))))
		return refuse_local(text, e);
	if (text[0] == '"')
		return err_set(
		    e, ERR_INPUT, 0,
		    "the address stands in quotation marks: type it without, "
		    "as in \\\\DSSMS\\SMS_SITE");
	return parse_place(rest, out, e);
}

/* -1: it is none. */
static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at)
		return -1;
	return (int)(at - digits) - (at - digits > 15 ? 6 : 0);
}

/* "%20" -> " ", in place (RFC 3986 2.1). */
static int
decode(char *text, struct err *e)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		int high = *p == '%' ? hex_digit(p[1]) : 0;
		int low = *p == '%' && high >= 0 ? hex_digit(p[2]) : 0;

		if (high < 0 || low < 0)
			return err_set(e, ERR_INPUT, 0,
				       "a %% in an smb:// address is followed by two "
				       "hex digits, as in %%20 for a space: type %%25 "
				       "for a %%, or \\\\DSSMS\\SMS_SITE without any");
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		*to = (char)(high << 4 | low);
		if (is_slash(*to) || *to == '\0')
			return err_set(e, ERR_INPUT, 0,
				       "%%%c%c in the address is a character that no "
				       "name holds: type it as in "
				       "smb://DSSMS/SMS_SITE/in",
				       p[1], p[2]);
		to++;
		p += 2;
	}
	*to = '\0';
	return check_text(text, strlen(text), e);
}

/* What follows "smb:". */
static int
parse_url(char *rest, struct address *out, struct err *e)
{
	rest += slashes(rest);
	if (memchr(rest, '@', strcspn(rest, "\\/")))
		return err_set(
		    e, ERR_INPUT, 0,
		    "an account does not belong into the address: name it as "
		    "the account, and type only smb://DSSMS/SMS_SITE");
	if (strpbrk(rest, "?#"))
		return err_set(
		    e, ERR_INPUT, 0,
		    "an smb:// address has no ?options and no #fragment: type "
		    "only smb://DSSMS/SMS_SITE/in (a # in a name is %%23)");
	if (*rest == '\0')
		return parse_place(rest, out, e);
	if (decode(rest, e) < 0)
		return -1;
	if (is_drive(rest))
		return refuse_local(rest, e);
	return parse_place(rest, out, e);
}

/* How long is the scheme of "smb://"?  0: there is none; one letter is a drive. */
static size_t
scheme_length(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) ||
	       (n && strchr("+-.", text[n]) && text[n]))
		n++;
	return n > 1 && text[n] == ':' && slashes(text + n + 1) >= 2 ? n : 0;
}

static int
parse_any(char *text, struct address *out, struct err *e)
{
	const size_t scheme = scheme_length(text);

	if (scheme == 0)
		return parse_path(text, out, e);
	text[scheme] = '\0';
	if (str_eq_nocase(text, "smb") || str_eq_nocase(text, "cifs"))
		return parse_url(text + scheme + 1, out, e);
	if (str_eq_nocase(text, "http") || str_eq_nocase(text, "https"))
		return err_set(e, ERR_INPUT, 0,
			       "%s:// is a web address, and packages go over SMB: type "
			       "the server and share, as in \\\\DSSMS\\SMS_SITE",
			       text);
	text[scheme < QUOTE_ROOM ? scheme : QUOTE_ROOM] = '\0';
	return err_set(e, ERR_INPUT, 0,
		       "%s:// is not a way to reach a file share: type the server and "
		       "share, as in \\\\DSSMS\\SMS_SITE or smb://DSSMS/SMS_SITE",
		       text);
}

int
address_parse(const char *text, size_t len, struct address *out, struct err *e)
{
	struct address a = {0};
	char typed[INPUT_ROOM];

	if (take_text(text, len, typed, e) < 0 || parse_any(typed, &a, e) < 0)
		return -1;
	*out = a;
	return 0;
}

/* Is what `from` names below the share the same as in `to`, or not said in one? */
static int
merge_share(const struct address *from, struct address *to, struct err *e)
{
	if (to->share[0] && utf_compare_nocase(to->share, from->share) != 0) {
		struct quote one, other;

		return err_set(e, ERR_INPUT, 0,
			       "the share is given twice: \"%s\" with the server and "
			       "\"%s\" as the share; leave one out",
			       quote_text(&one, to->share),
			       quote_text(&other, from->share));
	}
	if (to->folder[0] && from->folder[0] &&
	    utf_compare_nocase(to->folder, from->folder) != 0) {
		struct quote one, other;

		return err_set(e, ERR_INPUT, 0,
			       "the folder is given twice: \"%s\" with the server and "
			       "\"%s\" with the share; leave one out",
			       quote_text(&one, to->folder),
			       quote_text(&other, from->folder));
	}
	if (!to->share[0])
		memcpy(to->share, from->share, sizeof(to->share));
	if (!to->folder[0])
		memcpy(to->folder, from->folder, sizeof(to->folder));
	return 0;
}

/* A share typed with its server: "\\DSSMS\SMS_SITE". */
static int
share_with_server(char *text, const struct address *a, struct address *out,
		  struct err *e)
{
	struct address whole = {0};
	struct quote one, other;

	if (parse_any(text, &whole, e) < 0)
		return -1;
	if (utf_compare_nocase(whole.host, a->host) != 0 || !whole.share[0])
		return err_set(
		    e, ERR_INPUT, 0,
		    "the share begins with a server, \"%s\"%s%s%s: type only "
		    "the share, as in SMS_SITE",
		    quote_text(&one, whole.host),
		    whole.share[0] ? ", other than \"" : "",
		    whole.share[0] ? quote_text(&other, a->host) : "",
		    whole.share[0] ? "\"" : "");
	*out = whole;
	return 0;
}

int
address_set_share(struct address *a, const char *share, struct err *e)
{
	struct address given = {0};
	char typed[INPUT_ROOM];
	size_t n;
	int rc;

	if (take_text(share, strlen(share), typed, e) < 0)
		return -1;
	n = slashes(typed);
	if (typed[n] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "the share is empty: type its name, as in SMS_SITE");
	rc = n >= 2 || scheme_length(typed) ? share_with_server(typed, a, &given, e)
					    : share_parse(typed + n, &given, e);
	return rc < 0 ? rc : merge_share(&given, a, e);
}

int
address_parse_endpoint(const char *text, char host[ADDRESS_HOST_ROOM], uint16_t *port,
		       struct err *e)
{
	struct address a;

	if (address_parse(text, strlen(text), &a, e) < 0)
		return -1;
	if (a.share[0])
		return err_set(e, ERR_INPUT, 0,
			       "a share does not belong here: type only the host and "
			       "port, as in 127.0.0.1:1445");
	memcpy(host, a.host, sizeof(a.host));
	*port = a.port;
	return 0;
}
