#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "address/parts.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf.h"

enum {
	HOST_MAX_BYTES = 253, /* RFC 1035 2.3.4, in text form and without a last dot */
	LABEL_MAX_BYTES = 63, /* RFC 1035 2.3.4                                      */
	PORT_MAX = 65535,
	ZONE_MAX_BYTES = 15, /* IFNAMSIZ - 1, linux/if.h                            */
};

/* How Windows writes an IPv6 address where a colon cannot stand: MS-DTYP 2.2.57. */
static const char literal_suffix[] = ".ipv6-literal.net";

/* Not in a server name: what the UNC grammar of MS-DTYP 2.2.57 leaves out, and '@',
 * which Windows takes for WebDAV.  Slashes and colons were cut off before. */
static const char not_in_host[] = "\"*+,;<=>?[]|@";

const char *
quote_text(struct quote *q, const char *text)
{
	str_copy_cut(q->text, QUOTE_ROOM, text);
	if (strlen(q->text) < strlen(text))
		memcpy(q->text + strlen(q->text), "...", 4);
	return q->text;
}

/* U+0020 and the spaces of other scripts, which pasted text brings along. */
static bool
is_space(uint32_t c)
{
	return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x202F || c == 0x205F || c == 0x3000;
}

static int
check_characters(const char *name, struct err *e)
{
	const size_t len = strlen(name);
	struct quote q;
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		uint32_t c = utf_next(name + i, len - i, &used);

		if (is_space(c))
			return err_set(e, ERR_INPUT, 0,
				       "the server name \"%s\" holds a space; a name "
				       "has none: type it as in DSSMS",
				       quote_text(&q, name));
		if (c < 0x80 && strchr(not_in_host, (int)c))
			return err_set(e, ERR_INPUT, 0,
				       "the server name \"%s\" holds '%c', which no "
				       "name can: type it as in DSSMS",
				       quote_text(&q, name), (int)c);
	}
	return 0;
}

static int
check_labels(const char *name, struct err *e)
{
	struct quote q;
	size_t label;

	for (const char *p = name;; p += label + 1) {
		label = strcspn(p, ".");
		if (label == 0)
			return err_set(e, ERR_INPUT, 0,
				       "the server name \"%s\" has nothing before or "
				       "between its dots: type it as in "
				       "dssms.corp.example",
				       quote_text(&q, name));
		if (label > LABEL_MAX_BYTES)
			return err_set(e, ERR_INPUT, 0,
				       "the part \"%s\" of the server name is %zu "
				       "bytes long; between dots there are at most %d",
				       quote_text(&q, p), label, LABEL_MAX_BYTES);
		if (p[label] == '\0')
			return 0;
	}
}

/* Does the name end in a number, "10", "0x7f"?  Resolvers take such a name for a way to
 * write an IPv4 address: inet_aton(3). */
static bool
ends_in_number(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot ? dot + 1 : name;

	if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
		return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
	return last[strspn(last, "0123456789")] == '\0';
}

/* A zone of an IPv6 address: the number or name of an interface here (RFC 4007). */
static bool
is_zone(const char *zone)
{
	const size_t len = strlen(zone);

	if (len == 0 || len > ZONE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)zone[i]) && !strchr("._-", zone[i]))
			return false;
	return true;
}

/* "2001:DB8:0::1%4" -> "2001:db8::1%4".  false: it is none; *out is untouched. */
static bool
parse_ipv6(const char *text, struct address *out)
{
	const char *zone = strchr(text, '%');
	const size_t len = zone ? (size_t)(zone - text) : strlen(text);
	char number[INET6_ADDRSTRLEN], printed[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (str_copy_len(number, sizeof(number), text, len) < 0 ||
	    inet_pton(AF_INET6, number, &a) != 1 || (zone && !is_zone(zone + 1)))
		return false;
	if (!inet_ntop(AF_INET6, &a, printed, sizeof(printed)))
		return false;
	out->kind = ADDRESS_IPV6;
	str_copy_cut(out->host, sizeof(out->host), printed);
	if (zone)
		str_copy_cut(out->host + strlen(printed),
			     sizeof(out->host) - strlen(printed), zone);
	return true;
}

/* "fe80--1s4.ipv6-literal.net": '-' for ':', 's' for '%'. */
static int
parse_literal(const char *name, struct address *out, struct err *e)
{
	char text[HOST_MAX_BYTES + 1];
	const size_t len = strlen(name) - strlen(literal_suffix);
	struct quote q;

	str_copy_cut(text, sizeof(text), name);
	text[len] = '\0';
	for (char *p = text; *p && *p != '%'; p++) {
		if (*p == '-')
			*p = ':';
		else if (*p == 's' || *p == 'S') {
			*p = '%'; /* the zone goes on to the end as it is */
			break;
		}
	}
	if (!parse_ipv6(text, out))
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is not an IPv6 address: type it as in "
			       "2001-db8--1.ipv6-literal.net or [2001:db8::1]",
			       quote_text(&q, name));
	return 0;
}

static bool
is_literal(const char *name)
{
	const size_t len = strlen(name), tail = strlen(literal_suffix);

	return len > tail && str_eq_nocase(name + len - tail, literal_suffix);
}

static int
parse_name(const char *name, struct address *out, struct err *e)
{
	struct in_addr v4;
	struct quote q;

	if (check_characters(name, e) < 0)
		return -1;
	if (strlen(name) > HOST_MAX_BYTES)
		return err_set(e, ERR_INPUT, 0,
			       "the server name \"%s\" is %zu bytes long; the longest "
			       "that can be is %d",
			       quote_text(&q, name), strlen(name), HOST_MAX_BYTES);
	if (check_labels(name, e) < 0)
		return -1;
	if (is_literal(name))
		return parse_literal(name, out, e);
	if (ends_in_number(name) && inet_pton(AF_INET, name, &v4) != 1)
		return err_set(
		    e, ERR_INPUT, 0,
		    "\"%s\" is not an IPv4 address: type four numbers from 0 "
		    "to 255, as in 192.0.2.7",
		    quote_text(&q, name));
	out->kind = ends_in_number(name) ? ADDRESS_IPV4 : ADDRESS_NAME;
	str_copy_cut(out->host, sizeof(out->host), name);
	return 0;
}

static int
parse_port(const char *text, uint16_t *out, struct err *e)
{
	struct quote q;
	int64_t port;

	/* num_int() would take "-0" */
	if (!isdigit((unsigned char)text[0]) || num_int(text, 1, PORT_MAX, &port) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" behind the colon is not a port: type a number "
			       "from 1 to %d, as in DSSMS:445, or leave it out",
			       quote_text(&q, text), PORT_MAX);
	*out = (uint16_t)port;
	return 0;
}

/* "[2001:db8::1]" or "[2001:db8::1]:1445" */
static int
parse_bracketed(const char *text, struct address *out, struct err *e)
{
	const size_t len = strcspn(text + 1, "]");
	const char *after = text[1 + len] == ']' ? text + len + 2 : NULL;
	char inside[HOST_MAX_BYTES + 1];
	struct quote q;

	if (!after || str_copy_len(inside, sizeof(inside), text + 1, len) < 0 ||
	    !parse_ipv6(inside, out))
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" is not an IPv6 address in brackets: type it as "
			       "in [2001:db8::1] or [2001:db8::1]:1445",
			       quote_text(&q, text));
	if (*after == ':')
		return parse_port(after + 1, &out->port, e);
	if (*after != '\0')
		return err_set(e, ERR_INPUT, 0,
			       "\"%s\" stands behind the bracket: only a port can, as "
			       "in [2001:db8::1]:1445",
			       quote_text(&q, after));
	return 0;
}

/* "2001:db8::1": more than one colon and no brackets. */
static int
parse_bare_ipv6(const char *text, struct address *out, struct err *e)
{
	struct quote q;

	if (parse_ipv6(text, out))
		return 0;
	return err_set(e, ERR_INPUT, 0,
		       "\"%s\" is neither a name with a port nor an IPv6 address: type "
		       "it as in DSSMS:1445 or [2001:db8::1]:1445",
		       quote_text(&q, text));
}

static int
parse_name_and_port(const char *text, struct address *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	const size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char name[ADDRESS_HOST_ROOM * 4]; /* longer ones get their own sentence */
	size_t cut;

	if (colon && parse_port(colon + 1, &out->port, e) < 0)
		return -1;
	if (len == 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "there is no server name before the colon: type it as in "
		    "DSSMS:1445");
	if (str_copy_len(name, sizeof(name), text, len) < 0)
		return err_set(
		    e, ERR_INPUT, 0,
		    "the server name is %zu bytes long; the longest that can "
		    "be is %d",
		    len, HOST_MAX_BYTES);
	cut = len - 1;
	if (cut > 0 &&
	    name[cut] == '.') /* the root of the DNS: "dssms.corp.example." */
		name[cut] = '\0';
	return parse_name(name, out, e);
}

int
host_parse(const char *text, struct address *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	struct address a = *out;
	int rc;

	if (text[0] == '[')
		rc = parse_bracketed(text, &a, e);
	else if (colon && strchr(colon + 1, ':'))
		rc = parse_bare_ipv6(text, &a, e);
	else
		rc = parse_name_and_port(text, &a, e);
	if (rc == 0)
		*out = a;
	return rc;
}
